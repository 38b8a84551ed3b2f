-- A fifth of the sales as orders of five lines each; one line of sixteen comes back on a later day.
CREATE TABLE lines AS
SELECT id AS order_id, customer_id, sold_at + n % 16 / 15 * INTERVAL '9 days' AS sold_at,
       (CASE WHEN n % 16 = 15 THEN -1 ELSE 1 END * amount / 5)::numeric(12, 2) AS amount
FROM (SELECT *, row_number() OVER () AS row FROM sales WHERE id % 5 = 0) AS sales,
     LATERAL generate_series(row * 5, row * 5 + 4) AS n
ORDER BY sold_at, order_id;
VACUUM ANALYZE lines;
CREATE TABLE order_ledgers AS
SELECT * FROM roll_up('SELECT customer_id, sold_at, amount, order_id FROM lines', 'UTC')
  AS (customer_id bigint, ledger ledger);
VACUUM ANALYZE order_ledgers;
