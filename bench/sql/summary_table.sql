CREATE TABLE summary_table AS
SELECT customer_id, count(*) AS n, sum(amount) AS total, min(sold_at) AS first, max(sold_at) AS last,
  count(*) FILTER (WHERE amount > 0) AS orders
FROM sales GROUP BY customer_id;
