-- A sample shop, the same on every machine: two years of orders of 33,000
-- customers.  Most buy a few times and stay away, some are loyal, a few are
-- wholesale, 3,000 have never bought; some orders are returned.  Who visits whom, too.

CREATE TABLE customer (
  customer_id bigint PRIMARY KEY,
  name text NOT NULL,
  region text NOT NULL,
  annual_potential numeric(12,2) NOT NULL
);
COMMENT ON TABLE customer IS
  'who could buy; annual_potential is what the customer spends in a year, with us or elsewhere';

CREATE TABLE sales (
  sale_id bigint GENERATED ALWAYS AS IDENTITY,
  customer_id bigint,
  sold_at timestamp NOT NULL,
  amount numeric(12,2) NOT NULL
);
COMMENT ON TABLE sales IS 'orders (amount above zero) and returns (below); a null customer paid at the till';

-- a number in [0, 1), of customer i and purpose k
CREATE FUNCTION pg_temp.u(i bigint, k bigint) RETURNS float8
LANGUAGE sql IMMUTABLE
AS 'SELECT (hashint8extended(i, k) & 4294967295) / 4294967296.0';

CREATE TEMP TABLE shopper AS
SELECT i,
       i % 500 = 0 AS wholesale,
       i > 30000 AS idle,
       -- orders a year: few for most, many for some
       CASE WHEN i % 500 = 0 THEN 12 + 20 * pg_temp.u(i, 1)
            ELSE 1.3 / (0.05 + pg_temp.u(i, 1) ^ 0.8) END AS rate,
       CASE WHEN i % 500 = 0 THEN 600 + 2400 * pg_temp.u(i, 2)
            ELSE 12 * exp(2.4 * pg_temp.u(i, 2)) END AS basket,
       -- the day of the first order, and how long the customer stays
       (pg_temp.u(i, 3) ^ 1.3 * 700)::int AS first_day,
       CASE WHEN i % 500 = 0 THEN 2000 ELSE 40 - 420 * ln(1 - pg_temp.u(i, 4)) END AS stays
FROM generate_series(1, 33000) AS i;

INSERT INTO customer
SELECT i, CASE WHEN wholesale THEN 'Wholesale ' ELSE 'Customer ' END || i,
       (ARRAY['North', 'East', 'South', 'West'])[1 + (pg_temp.u(i, 5) * 4)::int % 4],
       round((rate * basket * (1 + 2 * pg_temp.u(i, 6)) + 20)::numeric, 2)
FROM shopper;

INSERT INTO sales (customer_id, sold_at, amount)
WITH orders AS (
  SELECT i, n,
         timestamp '2024-07-01' + make_interval(
           days => (first_day + n * 365.0 / rate * (0.5 + pg_temp.u(i, 100 + n)))::int,
           secs => 8 * 3600 + 12 * 3600 * pg_temp.u(i, 1000 + n)) AS sold_at,
         round((basket * (0.4 + 1.2 * pg_temp.u(i, 2000 + n)))::numeric, 2) AS amount
  FROM shopper, generate_series(0, (rate * least(stays, 730 - first_day) / 365)::int) AS n
  WHERE NOT idle
), everything AS (
  SELECT i AS customer_id, sold_at, amount FROM orders
  UNION ALL -- one order in twenty-five comes back within a month
  SELECT i, sold_at + make_interval(days => (3 + 25 * pg_temp.u(i, 4000 + n))::int), -amount
  FROM orders WHERE pg_temp.u(i, 3000 + n) < 0.04
  UNION ALL -- paid at the till, nobody knows by whom
  SELECT NULL, timestamp '2024-07-01 12:00' + make_interval(hours => 12 * n),
         round((8 + 60 * pg_temp.u(n, 5))::numeric, 2)
  FROM generate_series(0, 1400) AS n
)
SELECT customer_id, date_trunc('second', sold_at), amount FROM everything
WHERE sold_at < '2026-07-01'
ORDER BY sold_at, customer_id, amount;

CREATE TABLE visit (customer_id bigint NOT NULL, visited_on date NOT NULL);
COMMENT ON TABLE visit IS 'visits and calls, of those who bought much more often, of some never';
INSERT INTO visit
SELECT customer_id, date '2026-06-30' - (pg_temp.u(customer_id, 7000 + n) * 180)::int
FROM (SELECT customer_id, sum(amount) AS total FROM sales GROUP BY customer_id) AS s,
  generate_series(1, (least(total / 900, 20) * pg_temp.u(customer_id, 6999) * 2)::int) AS n
WHERE customer_id IS NOT NULL AND total > 0;

CREATE TABLE manager (owner text PRIMARY KEY, capacity int NOT NULL, customer_group text NOT NULL);
COMMENT ON TABLE manager IS 'who looks after customers, of which region, and how much of a full week';
INSERT INTO manager VALUES ('Ann', 5, 'North'), ('Bob', 4, 'North'), ('Cid', 5, 'East'), ('Dee', 5, 'East'),
  ('Eve', 3, 'South'), ('Fay', 5, 'South'), ('Gus', 5, 'West'), ('Hal', 5, 'West');

ANALYZE;
