-- The same in plain SQL: one grouping, then window functions.
CREATE UNLOGGED TABLE result AS
WITH customers AS (
  SELECT customer_id, sum(amount) AS total, count(*) FILTER (WHERE amount > 0) AS orders,
         CAST(max(sold_at) FILTER (WHERE amount > 0) AS date) AS last_day
  FROM sales GROUP BY customer_id),
scored AS (
  SELECT customer_id, total, orders, last_day,
         sum(total) OVER (ORDER BY total DESC) / sum(total) OVER () AS share,
         ntile(5) OVER (ORDER BY last_day) AS r,
         ntile(5) OVER (ORDER BY orders) AS f,
         ntile(5) OVER (ORDER BY total) AS m
  FROM customers)
SELECT customer_id, total, orders, last_day,
       CASE WHEN share <= 0.80 THEN 'A' WHEN share <= 0.95 THEN 'B' ELSE 'C' END AS class, r, f, m
FROM scored;
