SELECT count(n), count(total), count(first), count(last)
FROM (SELECT customer_id, count(*) AS n, sum(amount) AS total, min(sold_at) AS first, max(sold_at) AS last
      FROM sales GROUP BY customer_id OFFSET 0) AS customers;
