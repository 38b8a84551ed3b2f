-- One row for each customer: a table with ledgers, and one with plain summaries.
CREATE TABLE ledgers AS
SELECT * FROM roll_up('SELECT customer_id, sold_at, amount FROM sales', 'UTC')
  AS (customer_id bigint, ledger ledger);
CREATE TABLE summary AS
SELECT customer_id, sum(amount) AS total, count(*) FILTER (WHERE amount > 0) AS orders,
       max(sold_at) FILTER (WHERE amount > 0)::date AS last_day
FROM sales GROUP BY customer_id;
VACUUM ANALYZE ledgers;
VACUUM ANALYZE summary;
-- 100,000 distinct values
CREATE TABLE distinct_value AS
SELECT DISTINCT total::float8 + customer_id / 1e9 AS v FROM summary LIMIT 100000;
VACUUM ANALYZE distinct_value;
