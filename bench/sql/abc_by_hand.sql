CREATE TABLE abc_by_hand AS
SELECT customer_id, total, CASE WHEN total > 0 AND before < 0.80 * all_of_it THEN 'A' WHEN total > 0
  AND before < 0.95 * all_of_it THEN 'B' ELSE 'C' END AS tier
FROM (SELECT customer_id, total, sum(greatest(total, 0)) OVER (ORDER BY total DESC) - total AS before,
  sum(greatest(total, 0)) OVER () AS all_of_it
      FROM (SELECT customer_id, sum(amount) AS total FROM sales GROUP BY customer_id) AS t) AS w;
