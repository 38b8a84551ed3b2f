-- Tests ledgers of orders on real order lines, for every customer and as of ten days, against
-- plain SQL over the lines.  Run with -v data=DIRECTORY; a difference is an error.
\set ON_ERROR_STOP 1
\set QUIET 1
SET search_path = public, customer_tier;
SET client_min_messages = warning;
CREATE TABLE line (invoice_no text, stock_code text, quantity int, invoice_date timestamp, unit_price numeric,
  customer_id int, country text);
\cd :data
\copy line FROM PROGRAM 'xz -dc online_retail_nodesc.csv.xz' CSV HEADER
ALTER TABLE line ADD id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
CREATE INDEX ON line (customer_id);
ANALYZE line;

-- an order of a customer sums above zero by the day, and is of the first day on which it did
CREATE FUNCTION by_hand(as_of date) RETURNS TABLE (customer int, orders bigint, first_day date, last_day date,
  total numeric)
LANGUAGE sql STABLE AS $$
  WITH line AS MATERIALIZED (
    SELECT customer_id, invoice_no, invoice_date::date AS day, quantity * unit_price AS amount
    FROM line WHERE invoice_date < as_of + 1 AND customer_id IS NOT NULL),
  placed AS (
    SELECT customer_id, invoice_no, min(day) FILTER (WHERE so_far > 0) AS day
    FROM (SELECT customer_id, invoice_no, day,
            sum(sum(amount)) OVER (PARTITION BY customer_id, invoice_no ORDER BY day) AS so_far
          FROM line GROUP BY customer_id, invoice_no, day) AS d
    GROUP BY customer_id, invoice_no),
  kept AS (SELECT customer_id, invoice_no FROM line GROUP BY customer_id, invoice_no HAVING sum(amount) > 0),
  bought AS (
    SELECT customer_id, count(*) AS orders, min(day) AS first_day, max(day) AS last_day
    FROM kept JOIN placed USING (customer_id, invoice_no) GROUP BY customer_id)
  SELECT customer_id, coalesce(orders, 0), first_day, last_day, total
  FROM (SELECT customer_id, sum(amount) AS total FROM line GROUP BY customer_id) AS t
       LEFT JOIN bought USING (customer_id)
$$;
-- a score of 1 to 5: the top 20, 40, 60 and 80 % of heads, a group of equal values in one of them only as a whole
CREATE FUNCTION scored(as_of date) RETURNS TABLE (customer int, r int, f int, m int)
LANGUAGE sql STABLE AS $$
  SELECT customer, (1 + (5 * better_r <= n)::int + (5 * better_r <= 2 * n)::int + (5 * better_r <= 3 * n)::int
                    + (5 * better_r <= 4 * n)::int),
    (1 + (5 * better_f <= n)::int + (5 * better_f <= 2 * n)::int + (5 * better_f <= 3 * n)::int
     + (5 * better_f <= 4 * n)::int),
    (1 + (5 * better_m <= n)::int + (5 * better_m <= 2 * n)::int + (5 * better_m <= 3 * n)::int
     + (5 * better_m <= 4 * n)::int)
  FROM (SELECT customer, count(*) OVER () AS n, count(*) OVER (ORDER BY last_day DESC) AS better_r,
          count(*) OVER (ORDER BY orders DESC) AS better_f, count(*) OVER (ORDER BY total DESC) AS better_m
        FROM by_hand(as_of) WHERE orders > 0) AS x
$$;
CREATE FUNCTION expect(what text, given text, expected text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF given IS DISTINCT FROM expected THEN
    RAISE EXCEPTION '%: %, not %', what, given, expected;
  END IF;
END $$;
-- every customer of a table of ledgers, as of a day
CREATE FUNCTION check_ledgers(ledgers text, as_of date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN
  EXECUTE format($q$
    SELECT count(*)
    FROM by_hand(%2$L) AS h
         FULL JOIN (SELECT * FROM %1$s WHERE slice(ledger, daterange(NULL, %2$L, '[]')) <> '{}') AS l USING (customer)
    WHERE (h.orders, h.total) IS DISTINCT FROM
          (orders(l.ledger, daterange(NULL, %2$L, '[]')), total(l.ledger, daterange(NULL, %2$L, '[]')))
       OR %2$L::date - h.last_day IS DISTINCT FROM recency(l.ledger, %2$L)
       OR %2$L::date - h.first_day IS DISTINCT FROM tenure(l.ledger, %2$L)
    $q$, ledgers, as_of) INTO n;
  PERFORM expect(format('customers of %s as of %s that differ', ledgers, as_of), n::text, '0');
END $$;
CREATE TABLE at (day date);
INSERT INTO at SELECT date '2011-12-09' - 41 * i FROM generate_series(0, 8) AS i UNION ALL SELECT '2010-12-01';

CREATE TABLE made AS
SELECT * FROM roll_up('SELECT customer_id, invoice_date, quantity * unit_price, invoice_no FROM line '
                      'WHERE customer_id IS NOT NULL') AS (customer int, ledger ledger);
SELECT expect('orders', sum(orders(ledger))::text, '18532'), expect('customers', count(*)::text, '4372'),
       expect('orders of customer 14646', sum(orders(ledger)) FILTER (WHERE customer = 14646)::text, '73'),
       expect('customers whose invoices are more than their orders', count(*) FILTER (WHERE orders(ledger) <> (
         SELECT count(DISTINCT invoice_no) FROM line WHERE customer_id = customer))::text, '1591')
FROM made \g /dev/null
SELECT format('18532 orders: a table of ledgers of %s bytes for lines of %s', pg_table_size('made'),
  pg_table_size('line'))
  \g (format=unaligned tuples_only)
SELECT expect('ledger_agg and roll_up', count(*) FILTER (WHERE a.ledger IS DISTINCT FROM m.ledger)::text, '0')
FROM made AS m FULL JOIN (
  SELECT customer_id AS customer, ledger_agg(invoice_date, quantity * unit_price, invoice_no) AS ledger
  FROM line WHERE customer_id IS NOT NULL GROUP BY 1) AS a USING (customer) \g /dev/null
SELECT check_ledgers('made', day) FROM at \g /dev/null
SELECT expect('scores and segments as of ' || day, (
  SELECT count(*)
  FROM scored(day) AS s
       FULL JOIN tiers('SELECT customer_id, invoice_date, quantity * unit_price, invoice_no FROM line '
                       'WHERE customer_id IS NOT NULL', 'rfm', day, '{"rule": "fit"}', NULL::int) AS t USING (customer)
  WHERE t.scores::int[] IS DISTINCT FROM ARRAY[s.r, s.f, s.m]
     OR t.tier IS DISTINCT FROM rfm_segment(s.r, s.f, s.m))::text, '0')
FROM at \g /dev/null

-- and when lines come, change and go
CALL track('line', 'customer_id', 'quantity * unit_price', 'invoice_date', order_id => 'invoice_no');
UPDATE line SET quantity = -quantity WHERE id % 97 = 0;
UPDATE line SET invoice_no = (SELECT invoice_no FROM line AS l WHERE l.id = line.id + 40) WHERE id % 89 = 0;
UPDATE line SET invoice_date = invoice_date + interval '9 days' WHERE id % 83 = 0;
UPDATE line SET customer_id = 12347 + id % 500 WHERE id % 79 = 0;
DELETE FROM line WHERE id % 61 = 0;
SELECT check_ledgers('line_ledger_live', day) FROM at \g /dev/null
CALL refresh_source('line');
SELECT check_ledgers('line_ledger', day) FROM at \g /dev/null
SELECT expect('ledgers that are not what the lines give', count(*)::text, '0') FROM verify_source('line') \g /dev/null
