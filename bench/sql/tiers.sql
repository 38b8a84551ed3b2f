-- Makes ledgers, finds lines in their values, and compares each value with the lines.
CREATE UNLOGGED TABLE result AS
WITH customers AS MATERIALIZED (
  SELECT customer_id, total(ledger) AS total, orders(ledger) AS orders, last_day(ledger) AS last_day,
         -recency(ledger, DATE '2026-01-01') AS recent
  FROM roll_up('SELECT customer_id, sold_at, amount FROM sales', 'UTC') AS (customer_id bigint, ledger ledger)),
lines AS (
  SELECT share_cuts(total, '{0.80, 0.95}', 'fit') AS abc, head_cuts(recent, '{0.2, 0.4, 0.6, 0.8}') AS r,
         head_cuts(orders, '{0.2, 0.4, 0.6, 0.8}') AS f, head_cuts(total, '{0.2, 0.4, 0.6, 0.8}') AS m
  FROM customers)
SELECT customer_id, total, orders, last_day, classify(total, abc, '{C, B, A}') AS class,
       score(recent, r) AS r, score(orders, f) AS f, score(total, m) AS m
FROM customers, lines;
