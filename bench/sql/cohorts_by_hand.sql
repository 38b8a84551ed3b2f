SELECT count(*) FROM (
  SELECT f.cohort, s.month, count(DISTINCT s.customer_id) AS active, sum(s.amount) AS value
  FROM (SELECT customer_id, amount, date_trunc('month', sold_at AT TIME ZONE 'UTC') AS month FROM sales
        WHERE sold_at < '2026-01-02 00:00+00') AS s
    JOIN (SELECT customer_id, date_trunc('month', min(sold_at) AT TIME ZONE 'UTC') AS cohort FROM sales
          WHERE amount > 0 GROUP BY customer_id) AS f USING (customer_id)
  GROUP BY f.cohort, s.month) AS c
