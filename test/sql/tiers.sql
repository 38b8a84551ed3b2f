-- Tests tiers(query, preset, day).
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
\set VERBOSITY terse
CREATE SCHEMA t_tiers;
SET search_path = t_tiers, test, public, customer_tier;

CREATE TABLE sale (customer int, day date, amount numeric);
INSERT INTO sale VALUES (1, '2026-01-05', 800), (2, '2026-01-06', 150), (3, '2026-01-07', 40), (4, '2026-01-08', 10),
  (5, '2026-03-01', 500);
\set q 'SELECT customer, day, amount FROM sale'
SELECT * FROM tiers(:'q', 'abc', '2026-01-31') ORDER BY customer;
-- customers of their own type, and with it a join
SELECT t.customer + 0 AS customer, t.tier, min(s.day) AS first_day
FROM tiers(:'q', 'abc', '2026-03-31', options => '{}', customer => NULL::int) AS t JOIN sale AS s USING (customer)
GROUP BY t.customer, t.tier
ORDER BY 1;
SELECT * FROM tiers('SELECT ''x'' || customer, day::timestamptz, amount FROM sale', 'pyramid', '2026-03-31',
  '{"heads": [0.2, 0.4, 0.6]}', time_zone => 'UTC') ORDER BY customer;
-- an expression of the caller's own, with the caller's own names
CREATE FUNCTION twice(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
SELECT customer, tier, vals
FROM tiers(:'q', 'abc', '2026-03-31', '{"value": "twice(total(ledger)) - recency(ledger, as_of)"}')
ORDER BY customer;
-- who lacks a score is in no tier
SELECT count(*) AS n, count(scores[1]) AS scored
FROM tiers(:'q', 'rfm', '2026-01-06');
SELECT count(*) FROM tiers(:'q' || ' WHERE false', 'rfm', '2026-01-06');

-- as a scheme of the same preset says, on every day
INSERT INTO sale
SELECT 1 + (u(7, i) ^ 2 * 300)::int, date '2025-01-01' + (u(7, i + 5000) * 400)::int,
  round((u(7, i + 9000) ^ 3 * 500 - 20)::numeric, 2)
FROM generate_series(1, 4000) AS i;
CALL track('sale', 'customer', 'amount', 'day');
DO $$
DECLARE
  preset text;
  day date;
  n bigint;
BEGIN
  FOREACH preset IN ARRAY '{abc, pyramid, pyramid-1-19-30-50, rfm, rfm8, stars, weighted, whale}'::text[] LOOP
    PERFORM create_scheme('t_tiers.kept', 'sale', preset);
    PERFORM refresh_scheme('kept', '2026-03-31');
    FOREACH day IN ARRAY '{2025-03-01, 2025-12-31, 2026-03-31}'::date[] LOOP
      SELECT count(*) INTO n
      FROM tiers_as_of('kept', day) AS a
        FULL JOIN tiers('SELECT customer, day, amount FROM sale', preset, day) AS b USING (customer)
      WHERE a.tier IS DISTINCT FROM b.tier OR a.rank IS DISTINCT FROM b.rank;
      IF n > 0 THEN
        RAISE EXCEPTION '% as of %: % differ', preset, day, n;
      END IF;
    END LOOP;
    PERFORM drop_scheme('kept');
  END LOOP;
END $$;
-- sums alone are asked, or ledgers: some amounts need these for their decimals, or their size
SELECT unit, count(*) AS differ
FROM unnest('{1, 0.001, 1e12}'::numeric[]) AS unit,
  format('SELECT customer, day, amount * %s FROM sale', unit) AS q,
  LATERAL (
    SELECT customer, tier, rank, scores, vals
    FROM tiers(q, 'rfm', '2025-12-31') AS a
      FULL JOIN tiers(q, 'rfm', '2025-12-31',
        '{"frequency": "0 + orders(ledger)", "monetary": "0 + total(ledger)"}') AS b
        USING (customer, tier, rank, scores, vals)
    WHERE a IS NULL OR b IS NULL) AS d
GROUP BY unit;
SELECT customer, tier, vals
FROM tiers('SELECT * FROM (VALUES (1, date ''2026-01-01'', 9e16), (1, ''2026-01-02'', 9e16)) AS v', 'abc',
  '2026-01-31');
-- and ABC as plain SQL says
SELECT count(*) AS differ
FROM (
  SELECT customer::text, CASE WHEN value <= 0 OR coalesce(above, 0) >= 0.95 * total THEN 'C'
                              WHEN coalesce(above, 0) >= 0.80 * total THEN 'B' ELSE 'A' END AS tier
  FROM (
    SELECT customer, value, sum(value) FILTER (WHERE value > 0) OVER () AS total,
      sum(value) FILTER (WHERE value > 0)
        OVER (ORDER BY value DESC GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS above
    FROM (SELECT customer, sum(amount) AS value
          FROM sale WHERE day <= '2025-12-31' GROUP BY customer) AS s) AS w) AS plain
  FULL JOIN tiers(:'q', 'abc', '2025-12-31') AS t USING (customer)
WHERE plain.tier IS DISTINCT FROM t.tier;

-- with no rights but SELECT, and nothing made
CREATE ROLE regress_customer_tier_reader;
GRANT USAGE ON SCHEMA t_tiers TO regress_customer_tier_reader;
GRANT SELECT ON sale TO regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT tier, count(*) FROM tiers(:'q', 'abc', '2025-12-31') GROUP BY tier ORDER BY tier;
BEGIN READ ONLY;
SELECT count(*) FROM tiers(:'q', 'weighted', '2025-12-31');
COMMIT;
RESET ROLE;
REVOKE SELECT ON sale FROM regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT count(*) FROM tiers(:'q', 'abc', '2025-12-31');
RESET ROLE;
REVOKE ALL ON SCHEMA t_tiers FROM regress_customer_tier_reader;
DROP ROLE regress_customer_tier_reader;

-- what is refused
SELECT outcome(sql) FROM unnest(ARRAY[
  $$SELECT tiers(NULL, 'abc', '2026-01-01')$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'abc', NULL)$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'abc', 'infinity')$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'abd', '2026-01-01')$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'quadrant', '2026-01-01')$$,
  $$SELECT tiers('SELECT customer, day FROM sale', 'abc', '2026-01-01')$$,
  $$SELECT tiers('SELECT customer, day, nothing FROM sale', 'abc', '2026-01-01')$$,
  $$SELECT tiers('DELETE FROM sale', 'abc', '2026-01-01')$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'abc', '2026-01-01', '{}', NULL::bigint)$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'abc', '2026-01-01', '{"value": "nothing(ledger)"}')$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'abc', '2026-01-01', '{"value": "total(ledger), 1"}')$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'abc', '2026-01-01', '{"value": "(SELECT 1)"}')$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'abc', '2026-01-01',
    '{"value": "1) FROM sale; DROP TABLE sale; SELECT (1"}')$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'abc', '2026-01-01', '{"value": "count(*)"}')$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'abc', '2026-01-01', '{"value": "''NaN''::float8"}')$$,
  $$SELECT tiers('SELECT customer, day, amount FROM sale', 'pyramid', '2026-01-01', '{"tiers": ["a", "b"]}')$$]) AS sql;
