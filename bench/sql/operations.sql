-- What bench/operations asks about; psql variables: customers, owners
CALL track('sales', 'customer_id', 'amount', 'sold_at', time_zone => 'UTC');
SELECT create_scheme('abc', 'sales', 'abc');
SELECT refresh_scheme('abc', '2026-01-01');
SELECT set_policy('abc', 'A', contacts_min => 4, contacts_max => 6, every => '1 month', priority => 1),
  set_policy('abc', 'B', contacts_min => 2, contacts_max => 4, every => '1 month', priority => 2),
  set_policy('abc', 'C', contacts_min => 0, contacts_max => 2, every => '1 month', priority => 3);
CREATE TABLE visit AS
SELECT 1 + (hashint8extended(i, 1) & 2147483647) % :customers AS customer,
  date '2025-10-01' + ((hashint8extended(i, 2) & 2147483647) % 93)::int AS visited_on
FROM generate_series(1, 2 * :customers) AS i;
CALL track('visit', 'customer', '1', 'visited_on');
CREATE TABLE manager AS SELECT i::text AS owner, 1.0 + i % 4 AS capacity FROM generate_series(1, :owners) AS i;
CREATE TABLE referral AS
SELECT i AS customer,
  CASE WHEN hashint8extended(i, 3) % 5 <> 0 THEN (hashint8extended(i, 4) & 2147483647) % i END AS referrer
FROM generate_series(1::bigint, :customers) AS i;
UPDATE referral SET referrer = NULL WHERE referrer = 0;
-- points: a lot for every purchase, and a redemption now and then
CREATE TABLE point_ledger AS
SELECT customer, ledger_agg(day, points) AS ledger
FROM (
  SELECT i AS customer, date '2024-01-01' + ((hashint8extended(i, 10 + n) & 2147483647) % 730)::int AS day,
    CASE WHEN n % 4 = 0 THEN -100 ELSE (hashint8extended(i, 30 + n) & 2147483647) % 100 END AS points
  FROM generate_series(1::bigint, :customers) AS i, generate_series(1, 10) AS n) AS p
GROUP BY customer;
CREATE TABLE weight AS SELECT customer, total(ledger) AS amount FROM sales_ledger;
VACUUM ANALYZE;
