-- Sales of two years, in the order of time.  Each customer has its own rate, which is
-- exponentially distributed (so the number of sales is geometric), its own level of spending,
-- and a first day.  3 % of the sales are returns.
-- psql variables: sales, customers
SELECT setseed(0.42);
SET work_mem = '1GB';

CREATE TABLE sales AS
SELECT row_number() OVER (ORDER BY sold_at, customer_id) AS id, customer_id, sold_at, amount
FROM (
  SELECT customer_id,
         date_trunc('second', TIMESTAMPTZ '2026-01-01' - random() * left_to_buy) AS sold_at,
         (CASE WHEN random() < 0.03 THEN -1 ELSE 1 END
          * (1 + level * -ln(1 - random())))::numeric(12, 2) AS amount
  FROM (
    SELECT customer_id, 1 + floor(rate * -ln(1 - random()))::int AS n,
           10 + 40 * -ln(1 - random()) AS level,
           INTERVAL '1 day' + random() * INTERVAL '729 days' AS left_to_buy
    FROM (SELECT :sales / :customers::float8 - 0.5 AS rate) AS mean,
         generate_series(1, :customers::bigint) AS customer_id
    OFFSET 0
  ) AS customers, generate_series(1, n)
  OFFSET 0
) AS sales
ORDER BY id;
VACUUM ANALYZE sales;
