-- Merging customers carries their owners: on each day the own one, or else that of the duplicate.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
\set VERBOSITY terse
CREATE SCHEMA t_merge;
SET search_path = t_merge, test, public, customer_tier;
CREATE TABLE sale (customer int, day date, amount numeric);
CREATE TABLE manager (owner text PRIMARY KEY, capacity int);
CALL track('sale', 'customer', 'amount', 'day');
SELECT create_scheme('abc', 'sale', 'abc');

-- what no history has
SET check_function_bodies = off;
CREATE FUNCTION wrong() RETURNS TABLE (customer int, valid_from date) LANGUAGE sql AS $$
SELECT customer, valid_from
FROM (SELECT *, lag(valid_to) OVER w AS ended, lag(owner) OVER w AS before, lead(valid_from) OVER w AS next
      FROM owners__assigned WINDOW w AS (PARTITION BY customer ORDER BY valid_from)) AS chain
WHERE ended <> valid_from OR before IS DISTINCT FROM previous_owner OR owner IS NOT DISTINCT FROM before
  OR (next IS NULL) <> (valid_to = 'infinity') OR ended IS NULL AND owner IS NULL $$;
CREATE FUNCTION owner_on(customer int, day date) RETURNS text LANGUAGE sql AS
$$ SELECT owner FROM owners__assigned AS a WHERE a.customer = $1 AND valid_from <= $2 AND valid_to > $2 $$;

--
-- One by one
--
INSERT INTO sale SELECT i, '2026-01-10', 10 FROM generate_series(1, 8) AS i;
INSERT INTO manager VALUES ('Ann', 1), ('Bob', 1);
SELECT customers FROM refresh_scheme('abc', '2026-01-31');
SELECT create_allocation('owners', 'abc', 'manager', slack => 1000, most => 1);
SELECT count(pin_owner('owners', i::text, owner, 'so', '2026-02-01', '2026-02-02'))
FROM generate_series(1, 8) AS i, LATERAL (SELECT CASE WHEN i % 2 = 1 THEN 'Ann' ELSE 'Bob' END AS owner) AS o;
SELECT assigned FROM allocate('owners', '2026-02-01');
-- 9 is new, 7 goes
INSERT INTO sale VALUES (9, '2026-02-02', 10);
DELETE FROM sale WHERE customer = 7;
SELECT entered, gone FROM refresh_scheme('abc', '2026-02-02');
SELECT assigned, moved, released FROM allocate('owners', '2026-02-02');
-- 7 is there again, 10 is new, and nobody is allocated since; 2 and 8 are pinned to Ann from the next day on
INSERT INTO sale VALUES (7, '2026-02-03', 10), (10, '2026-02-03', 10);
SELECT entered FROM refresh_scheme('abc', '2026-02-03');
SELECT pin_owner('owners', i::text, 'Ann', 'wish', '2026-02-04') FROM unnest('{2, 8}'::int[]) AS i;
CREATE FUNCTION merge(gone int, kept int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE sale SET customer = kept WHERE customer = gone;
  CALL merge_customers('sale', gone, kept);
END $$;
-- the own owner stays, and a pin of the duplicate would change that
SELECT merge(2, 1), merge(4, 3);
-- who had nobody for a while, or never, gets those of the duplicate
SELECT merge(6, 7), merge(8, 10);
SELECT customer, owner, previous_owner, valid_from, valid_to, reason FROM owners__assigned
ORDER BY customer, valid_from;
SELECT customer, owner, reason, pinned_from, until FROM owners__pin WHERE until IS NULL ORDER BY 1, 4;
SELECT * FROM wrong();
SELECT assigned, moved, released, unassigned FROM allocate('owners', '2026-02-04');
SELECT customer, owner, previous_owner, reason FROM owners__assigned WHERE valid_from = '2026-02-04' ORDER BY 1;
-- a day that was merged on can be decided again
SELECT assigned, moved, released, unassigned FROM allocate('owners', '2026-02-04');
SELECT * FROM wrong();
-- a failure merges nothing
SELECT outcome('CALL merge_customers(''sale'', 5, 9)'), owner_on(5, '2026-02-04');
SELECT drop_allocation('owners');

--
-- Random histories, against the owners of each day
--
CREATE PROCEDURE live(seed int, days int) LANGUAGE plpgsql AS $$
DECLARE
  day date;
  one record;
  bad text;
BEGIN
  PERFORM setseed(seed / 1e9);
  FOR d IN 1..days LOOP
    day := date '2026-02-10' + d;
    INSERT INTO sale SELECT i, day, 1 + floor(random() * 50) FROM generate_series(1, 60) AS i WHERE random() < 0.1;
    DELETE FROM sale WHERE customer % 20 = floor(random() * 20);
    DELETE FROM manager;
    INSERT INTO manager
    SELECT 'm' || i, 1 + floor(random() * 3) FROM generate_series(1, 6) AS i WHERE i = 1 OR random() < 0.7;
    PERFORM refresh_scheme('abc', day);
    -- not on every day, so that some have nobody
    IF d = 1 OR random() < 0.7 THEN
      PERFORM allocate('owners', day);
    END IF;
    FOR one IN SELECT a.customer AS gone, b.customer AS kept
               FROM abc AS a JOIN abc AS b ON a.customer <> b.customer ORDER BY random() LIMIT 2 LOOP
      CONTINUE WHEN NOT EXISTS (SELECT FROM sale WHERE customer = one.gone)
        OR NOT EXISTS (SELECT FROM sale WHERE customer = one.kept);
      IF random() < 0.3 AND EXISTS (SELECT FROM owners__customers WHERE customer = one.gone) THEN
        PERFORM pin_owner('owners', one.gone::text, 'm1', 'by chance', day + 1);
      END IF;
      CREATE TEMP TABLE expected AS
      SELECT x::date AS day, coalesce(owner_on(one.kept, x::date), owner_on(one.gone, x::date)) AS owner
      FROM generate_series(date '2026-02-10', day + 1, '1 day') AS x;
      PERFORM merge(one.gone, one.kept);
      SELECT string_agg(e.day::text, ', ') INTO bad FROM expected AS e
      WHERE e.owner IS DISTINCT FROM owner_on(one.kept, e.day);
      IF bad IS NOT NULL OR EXISTS (SELECT FROM wrong())
        OR EXISTS (SELECT FROM owners__assigned WHERE customer = one.gone)
        OR EXISTS (SELECT FROM owners__pin WHERE customer = one.gone) THEN
        RAISE EXCEPTION 'seed %, day %, % to %: %', seed, d, one.gone, one.kept, bad;
      END IF;
      DROP TABLE expected;
    END LOOP;
    IF random() < 0.3 THEN
      PERFORM allocate('owners', day);
      IF EXISTS (SELECT FROM wrong()) THEN
        RAISE EXCEPTION 'seed %, day %: allocated after merging', seed, d;
      END IF;
    END IF;
  END LOOP;
END $$;
SELECT create_allocation('owners', 'abc', 'manager', slack => 0.5);
\echo seed 20261128
CALL live(20261128, 40);
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE reason = 'merged') > 5 AS merged,
  count(*) FILTER (WHERE owner IS NULL) > 0 AS gone FROM owners__assigned;
DROP SCHEMA t_merge CASCADE;
