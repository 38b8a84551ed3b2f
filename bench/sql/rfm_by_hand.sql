CREATE TABLE rfm_by_hand AS
SELECT customer_id, r, f, m, 6 - r AS recency_score, f AS frequency_score, m AS monetary_score
FROM (SELECT customer_id, ntile(5) OVER (ORDER BY last DESC) AS r, ntile(5) OVER (ORDER BY n) AS f,
  ntile(5) OVER (ORDER BY total) AS m
      FROM (SELECT customer_id, date '2026-01-01' - max(sold_at)::date AS last, count(*) AS n, sum(amount) AS total
        FROM sales GROUP BY customer_id) AS t) AS w;
