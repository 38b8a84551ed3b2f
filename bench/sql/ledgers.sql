-- One row for each customer, twice: with a ledger, and as a plain summary.
CREATE TABLE ledgers AS
SELECT * FROM roll_up('SELECT customer_id, sold_at, amount FROM sales', 'UTC')
  AS (customer_id bigint, ledger ledger);
CREATE TABLE summary AS
SELECT customer_id, sum(amount) AS total, count(*) FILTER (WHERE amount > 0) AS orders,
       max(sold_at) FILTER (WHERE amount > 0)::date AS last_day
FROM sales GROUP BY customer_id;
VACUUM ANALYZE ledgers;
VACUUM ANALYZE summary;
-- a hundred thousand values, each once
CREATE TABLE distinct_value AS
SELECT DISTINCT total::float8 + customer_id / 1e9 AS v FROM summary LIMIT 100000;
VACUUM ANALYZE distinct_value;
