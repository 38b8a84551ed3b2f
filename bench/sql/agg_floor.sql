-- What the hash aggregate of the server takes for the smallest state.
SELECT count(n)
FROM (SELECT customer_id, count(amount) AS n FROM sales GROUP BY customer_id OFFSET 0) AS customers;
