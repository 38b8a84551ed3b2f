SELECT count(total)
FROM (SELECT customer_id, sum(amount) AS total FROM sales GROUP BY customer_id OFFSET 0) AS customers;
