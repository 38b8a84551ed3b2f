-- Tests schemes: their definition, refreshes, holds and reviews, and errors.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
\set VERBOSITY terse
CREATE SCHEMA t_schemes;
SET search_path = t_schemes, test, public, customer_tier;

CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY, customer int, day date, amount numeric);
INSERT INTO sale (customer, day, amount)
VALUES (1, '2026-01-05', 800), (2, '2026-01-06', 150), (3, '2026-01-07', 40), (4, '2026-01-08', 10),
  (5, '2026-03-01', 500);
CALL track('sale', 'customer', 'amount', 'day');

--
-- ABC: lines are found, stored and shown; two refreshes write once
--
SELECT create_scheme('abc', 'sale', preset => 'abc');
SELECT scheme, source, preset, version, as_of, tiers, tier, calibrate, downgrade FROM schemes;
SELECT axes FROM schemes;
SELECT * FROM refresh_scheme('abc', '2026-01-31');
-- the first refresh writes in bulk, before there are indexes
SELECT (SELECT max(cmin::text::int) FROM abc__history) < (SELECT min(cmin::text::int)
  FROM pg_class WHERE oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'abc__history'::regclass)) AS in_bulk;
SELECT * FROM abc ORDER BY customer;
SELECT * FROM abc_thresholds ORDER BY score;
SELECT * FROM abc_summary ORDER BY tier_rank;
CREATE FUNCTION written() RETURNS text LANGUAGE sql AS
$$SELECT string_agg(h.xmin::text || h.ctid::text, ' '
  ORDER BY h.customer) || (SELECT string_agg(s.xmin::text || s.ctid::text, ' ' ORDER BY s.customer)
  FROM abc__state AS s) || (SELECT string_agg(xmin::text, ' ')
  FROM abc__threshold) || (SELECT string_agg(xmin::text, ' ') FROM abc__refresh) FROM abc__history AS h$$;
SELECT written() AS before \gset
SELECT * FROM refresh_scheme('abc', '2026-01-31');
SELECT written() = :'before' AS nothing_written;
-- the customer moves, or the line does
INSERT INTO sale (customer, day, amount) VALUES (3, '2026-02-10', 700);
SELECT * FROM refresh_scheme('abc', '2026-02-28');
SELECT * FROM refresh_scheme('abc', '2026-03-31');
DELETE FROM sale WHERE customer = 4;
SELECT * FROM refresh_scheme('abc', '2026-04-30');
INSERT INTO sale (customer, day, amount) VALUES (4, '2026-05-01', 10);
SELECT * FROM refresh_scheme('abc', '2026-05-31');
SELECT * FROM abc_history ORDER BY customer, valid_from;
SELECT * FROM abc_migration ORDER BY 1, 2;
SELECT * FROM migration('abc', '2026-01-31', '2026-05-31');
SELECT * FROM abc_progress ORDER BY customer;
SELECT * FROM explain('abc', '2');
SELECT * FROM tiers_as_of('abc', '2026-01-31') ORDER BY customer;
-- sales of a later day do not count
SELECT * FROM tiers_as_of('abc', '2026-02-28') EXCEPT SELECT customer::text, tier, array_position('{C,B,A}', tier)
  FROM abc_history WHERE valid_from <= '2026-02-28' AND (valid_to > '2026-02-28' OR valid_to IS NULL);
-- another rule, before anyone moves
SELECT * FROM simulate_migration('abc', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{100, 600}')]);
SELECT * FROM simulate('abc', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{100, 600}')])
  WHERE change <> 'same';
SELECT written() AS before \gset
SELECT alter_scheme('abc', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{100, 600}')], note => 'round lines');
SELECT written() = :'before' AS not_yet;
SELECT * FROM refresh_scheme('abc', '2026-05-31');
SELECT customer, tier, valid_from, previous_tier, change, reason, rule_version FROM abc_history WHERE is_current
  ORDER BY customer;
SELECT version, note, axes -> 0 -> 'at' AS at FROM abc__rule ORDER BY version;
SELECT alter_tier('abc', 'A', 'Key customers', 'who bring most', '#b03060', '{"discount": 0.1}');
SELECT customer, tier, tier_name, tier_colour FROM abc WHERE tier = 'A' ORDER BY customer;
-- every view and every column of it is commented
SELECT c.relname, a.attname FROM pg_class AS c
  LEFT JOIN pg_attribute AS a ON attrelid = c.oid AND attnum > 0 AND col_description(c.oid, attnum) IS NULL
  WHERE relname LIKE 'abc%' AND relname NOT LIKE '%\_\_%' AND relkind = 'v'
  AND (a.attname IS NOT NULL OR obj_description(c.oid) IS NULL);

--
-- Pins
--
SELECT pin('abc', '2', 'A', 'friend of the house', '2026-06-01', '2026-07-01');
SELECT * FROM refresh_scheme('abc', '2026-05-31');
SELECT customer, tier, earned_tier, status FROM abc WHERE customer = 2;
SELECT * FROM refresh_scheme('abc', '2026-06-30');
SELECT customer, tier, earned_tier, status FROM abc WHERE customer = 2;
SELECT tier, status, earned, regexp_replace(pin, 'by .*, from', 'by AUTHOR, from') AS pin FROM explain('abc', '2');
SELECT * FROM refresh_scheme('abc', '2026-07-01');
SELECT customer, tier, status FROM abc WHERE customer = 2;
SELECT pin('abc', '2', 'C', 'does not pay', '2026-07-02');
SELECT * FROM refresh_scheme('abc', '2026-07-02');
SELECT unpin('abc', '2');
SELECT * FROM refresh_scheme('abc', '2026-07-03');
SELECT tier, valid_from, valid_to, previous_tier, change, reason, status FROM abc_history WHERE customer = 2
  ORDER BY valid_from;
SELECT outcome(sql) FROM unnest(ARRAY[$$SELECT pin('abc', '2', 'D', 'x', '2026-06-01')$$, $$SELECT pin('abc', '2', 'A',
  ' ', '2026-06-01')$$, $$SELECT pin('abc', 'x', 'A', 'why', '2026-06-01')$$,
  $$SELECT pin('abc', '2', 'A', 'why', '2026-06-01', '2026-06-01')$$, $$SELECT pin('abc', NULL, 'A', 'why',
    '2026-06-01')$$, $$SELECT unpin('abc', '2')$$]) AS sql;

--
-- History: nobody makes a gap or an overlap, for a stretch has no end of its own
--
CREATE FUNCTION not_a_chain() RETURNS bigint LANGUAGE sql AS $$
SELECT count(*) FROM (
  SELECT valid_from, valid_to, is_current, valid, lead(valid_from, 1, '9999-12-31') OVER w AS next,
    row_number() OVER w = count(*) OVER (PARTITION BY customer) AS last
  FROM abc_history WINDOW w AS (PARTITION BY customer ORDER BY valid_from)) AS h
WHERE valid_to <> next OR is_current <> last
  OR valid <> daterange(valid_from, CASE WHEN NOT last THEN next END) $$;
SELECT not_a_chain();
-- a turn adds a row, and writes none of before again
SELECT count(*) FROM (
  SELECT xmin::text AS writer, lead(xmin::text) OVER (PARTITION BY customer ORDER BY valid_from) AS next
  FROM abc__history) AS h
WHERE writer = next;
SELECT outcome(sql) FROM unnest(ARRAY[
  $$UPDATE abc__history SET valid_from = '2026-05-31' WHERE customer = 2 AND valid_from > '2026-05-31'$$,
  $$INSERT INTO abc__history (customer, valid_from, change, reason, rule_version)
  SELECT customer, valid_from, 'up', 'x', 1 FROM abc__history$$]) AS sql;
BEGIN;
DELETE FROM abc__history WHERE customer = 2 AND valid_from = '2026-06-30';
UPDATE abc__history SET valid_from = valid_from + 3 WHERE customer = 2 AND valid_from = '2026-07-03';
INSERT INTO abc__history (customer, valid_from, change, reason, rule_version) VALUES (2, '2020-01-01', 'up', 'x', 1),
  (2, '2030-01-01', 'up', 'x', 1);
SELECT not_a_chain();
ROLLBACK;

--
-- Discipline, day by day: points (the total of the trailing month) against lines 10, 20, 30
--
CREATE TABLE points (customer int, day date, amount numeric);
CALL track('points', 'customer', 'amount', 'day');
CREATE FUNCTION held_tiers(name text, points int[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  d date := '2026-01-31';
  i int;
  result text := '';
  t record;
BEGIN
  DELETE FROM points;
  FOR i IN 1 .. cardinality(points) LOOP
    INSERT INTO points VALUES (1, date '2026-01-31' + (i - 1) * 30, points[i]);
    PERFORM refresh_scheme(name::regclass, date '2026-01-31' + (i - 1) * 30);
    EXECUTE format('SELECT tier, status, (SELECT reason FROM %I WHERE is_current) AS reason, '
      '(SELECT valid_from FROM %1$I WHERE is_current) AS valid_from FROM %I',
      name || '_history', name) INTO t;
    result := result || format('%s %s%s%s; ', points[i], t.tier, CASE t.status
      WHEN 'earned' THEN '' ELSE ' ' || t.status END, CASE
      WHEN t.valid_from = date '2026-01-31' + (i - 1) * 30 THEN ' (' || t.reason || ')' ELSE '' END);
  END LOOP;
  RETURN result;
END $$;
CREATE FUNCTION points_axis() RETURNS jsonb
LANGUAGE sql AS $$SELECT axis('points', 'total(ledger, daterange(as_of - 29, as_of, ''[]''))', 'value',
  '{10, 20, 30}')$$;
SELECT create_scheme('free', 'points', axes => ARRAY[points_axis()], tiers => '{t1, t2, t3, t4}'),
       create_scheme('slow', 'points', axes => ARRAY[points_axis()], tiers => '{t1, t2, t3, t4}',
         downgrade => 'one_level'),
       create_scheme('holding', 'points', axes => ARRAY[points_axis()], tiers => '{t1, t2, t3, t4}',
         hold => '3 months'),
       create_scheme('keeping', 'points', axes => ARRAY[points_axis()], tiers => '{t1, t2, t3, t4}', keep => 0.8),
       create_scheme('reviewed', 'points', axes => ARRAY[points_axis()], tiers => '{t1, t2, t3, t4}',
         review => '{06-30, 12-31}'),
       create_scheme('bank', 'points', axes => ARRAY[points_axis()], tiers => '{t1, t2, t3, t4}',
         review => '{06-30, 12-31}', hold => '1 month', downgrade => 'one_level', keep => 0.8);
SELECT name, held_tiers(name, '{35, 5, 5, 5, 5, 25, 5, 5}')
FROM unnest('{free, slow, holding, reviewed, bank}'::text[]) AS name;
-- a hold ends on its day: since 30 June, three months
SELECT x.day, (refresh_scheme('holding', x.day)).down FROM unnest(ARRAY['2026-08-30', '2026-09-29']::date[]) AS x(day);
SELECT tier, status, since, held_until, earned FROM explain('holding', '1');
-- a rule alone takes no held tier away
SELECT alter_scheme('holding', tiers => '{u1, t2, t3, t4}',
  axes => ARRAY[axis('points', 'total(ledger, daterange(as_of - 29, as_of, ''[]''))', 'value', '{100, 200, 300}')]);
SELECT * FROM refresh_scheme('holding', '2026-09-29');
SELECT tier, earned_tier, status FROM holding;
SELECT * FROM refresh_scheme('holding', '2026-09-30');
SELECT tier, earned_tier, status FROM holding;
-- a tier has a hold of its own
SELECT alter_tier('holding', 't4', hold => '1 year');
INSERT INTO points VALUES (1, '2026-10-01', 1000);
SELECT * FROM refresh_scheme('holding', '2026-10-01');
SELECT * FROM refresh_scheme('holding', '2027-09-30');
SELECT tier, status, since, held_until, earned FROM explain('holding', '1');
SELECT * FROM refresh_scheme('holding', '2027-10-01');
SELECT valid_from, tier, change, reason, status FROM holding_history ORDER BY 1;
-- 80 % of a line suffices to stay, not to rise
SELECT held_tiers('keeping', '{24, 35, 24, 23, 16, 15, 8, 7, 24}');
SELECT customer_tier_internal.is_review('{06-30, 12-31}', d - 1, d) AS review, d
FROM unnest(ARRAY['2026-06-29', '2026-06-30', '2026-07-01', '2026-12-31', '2027-01-01']::date[]) AS d;
SELECT customer_tier_internal.is_review('{06-30, 12-31}', '2026-01-01', '2026-06-29'),
  customer_tier_internal.is_review('{06-30, 12-31}', '2026-07-01', '2027-01-15'),
  customer_tier_internal.is_review('{06-30}', '2026-07-01', '2028-06-30'),
  customer_tier_internal.is_review(NULL, '2026-07-01', '2026-07-02');

--
-- Attributes, groups, fixed lines, customers without a purchase
--
CREATE TABLE customer (customer_id int PRIMARY KEY, region text, annual_potential numeric, vip boolean DEFAULT false);
INSERT INTO customer VALUES (1, 'N', 1000), (2, 'N', 200), (3, 'S', 10000), (4, 'S', 30), (6, 'S', 5000);
SELECT create_scheme('relation', 'sale', attributes => 'customer',
  axes => ARRAY[axis('relationship', 'total(ledger, trailing_months(as_of, 12)) / annual_potential', 'value', '{0.5}'),
  axis('potential', 'annual_potential', 'heads', '{0.4}')],
  tiers => '{{low_value, ordinary}, {potential, key}}', unrated => 'unknown');
SELECT * FROM refresh_scheme('relation', '2026-06-30');
SELECT * FROM relation ORDER BY customer;
UPDATE customer SET annual_potential = 9 WHERE customer_id = 4;
INSERT INTO customer VALUES (5, 'N', 400);
SELECT * FROM refresh_scheme('relation', '2026-06-30');
SELECT customer, tier, relationship, potential, status FROM relation ORDER BY customer;
SELECT * FROM relation_summary ORDER BY tier_rank;
SELECT create_scheme('regional', 'sale', attributes => 'customer',
  axes => ARRAY[axis('value', 'total(ledger)', 'heads', '{0.34}')], tiers => '{rest, best}', per => 'region',
  calibrate => 'fixed');
SELECT * FROM refresh_scheme('regional', '2026-06-30');
SELECT customer, customer_group, tier, value FROM regional ORDER BY customer;
SELECT * FROM regional_thresholds ORDER BY customer_group;
INSERT INTO sale (customer, day, amount) VALUES (2, '2026-07-01', 5000), (7, '2026-07-01', 1);
SELECT * FROM refresh_scheme('regional', '2026-07-31');
SELECT customer, customer_group, tier, value FROM regional ORDER BY customer;
SELECT * FROM regional_thresholds ORDER BY customer_group, as_of;
SELECT recalibrate('regional');
SELECT * FROM refresh_scheme('regional', '2026-07-31');
SELECT * FROM regional_thresholds ORDER BY customer_group, as_of;
-- each way to cut
SELECT how, at, (SELECT create_scheme('cut_' || how, 'sale', axes => ARRAY[axis('value', 'total(ledger)', how, at)],
  tiers => '{low, high}')), (SELECT customers FROM refresh_scheme(('cut_' || how)::regclass, '2026-06-30'))
FROM (VALUES ('value', '{500}'::float8[]), ('share', '{0.7}'), ('heads', '{0.4}'), ('count', '{2}'), ('natural', '{2}'),
  ('mean', NULL), ('median', NULL), ('mean_score', '{0.25, 0.5, 0.75}')) AS v(how, at);
SELECT 'value' AS cut, line FROM cut_value_thresholds UNION ALL SELECT 'share', line FROM cut_share_thresholds
UNION ALL SELECT 'heads', line FROM cut_heads_thresholds UNION ALL SELECT 'count', line FROM cut_count_thresholds
UNION ALL SELECT 'natural', line FROM cut_natural_thresholds UNION ALL SELECT 'mean', line FROM cut_mean_thresholds
UNION ALL SELECT 'median', line FROM cut_median_thresholds UNION ALL SELECT 'mean_score', line
FROM cut_mean_score_thresholds ORDER BY 1;
SELECT share_cuts(total, '{0.7}'), head_cuts(total, '{0.4}'), natural_cuts(total, 2), mean_cut(total), median_cut(total)
FROM (SELECT total(slice(ledger, '(,2026-07-01)')) FROM sale_ledger) AS t WHERE total <> 0;
SELECT drop_scheme(scheme) FROM schemes WHERE scheme::text LIKE 'cut%';

--
-- The field's seeds
--
CREATE TABLE seed (customer int, day date, amount numeric);
CREATE TABLE seed_attribute (customer int PRIMARY KEY, annual_potential numeric, vip boolean);
INSERT INTO seed SELECT i, '2026-06-01', i * 10 FROM generate_series(1, 9) AS i;
INSERT INTO seed_attribute SELECT i, CASE i % 3 WHEN 0 THEN 1000 WHEN 1 THEN 100 ELSE 10 END * CASE
  WHEN i % 2 = 0 THEN 1 ELSE 2 END, i = 1 FROM generate_series(1, 10) AS i;
CALL track('seed', 'customer', 'amount', 'day');
SELECT create_scheme('quadrant', 'seed', 'quadrant', attributes => 'seed_attribute'),
  create_scheme('nine', 'seed', 'nine_grid', attributes => 'seed_attribute'),
  create_scheme('sixteen', 'seed', 'sixteen_grid', attributes => 'seed_attribute'),
       create_scheme('stars', 'seed', 'stars', attributes => 'seed_attribute',
         options => '{"top": "vip", "monthly_at": [2, 4, 8, 10, 12], "points_at": [70, 80, 90, 100, 110]}'),
       create_scheme('weighted', 'seed', 'weighted'),
       create_scheme('whale', 'seed', 'whale', options => '{"profit": "total(ledger) - 50"}'),
       create_scheme('curry', 'seed', 'pyramid'),
       create_scheme('textbook', 'seed', 'pyramid-1-19-30-50', attributes => 'seed_attribute');
SELECT (SELECT entered FROM refresh_scheme(scheme, '2026-06-30')) AS entered, scheme FROM schemes
WHERE source = 'seed_sale'::regclass ORDER BY scheme::text;
SELECT s.customer, q.tier AS quadrant, n.tier AS nine, x.tier AS sixteen, t.tier AS stars, w.tier AS weighted,
  h.tier AS whale, c.tier AS curry, b.tier AS textbook
FROM seed_attribute AS s LEFT JOIN quadrant AS q USING (customer) LEFT JOIN nine AS n USING (customer)
LEFT JOIN sixteen AS x USING (customer) LEFT JOIN stars AS t USING (customer) LEFT JOIN weighted AS w USING (customer)
     LEFT JOIN whale AS h USING (customer) LEFT JOIN curry AS c USING (customer)
     LEFT JOIN textbook AS b USING (customer) ORDER BY customer;
SELECT scheme, tiers, tier FROM schemes WHERE source = 'seed_sale'::regclass ORDER BY scheme::text;
-- 50/20/10/10/10 of the normalised measures, by hand
SELECT w.customer, round(w.value::numeric, 9) = round(by_hand::numeric, 9) AS equal
FROM weighted AS w JOIN (SELECT customer,
  weighted_score(ARRAY[percentile_score(total(ledger)::float8) OVER (),
  percentile_score(orders(ledger)::float8) OVER (), percentile_score(-recency(ledger, '2026-06-30')::float8) OVER (),
  percentile_score(total(ledger, trailing_months('2026-06-30', 12))::float8) OVER (),
  percentile_score(tenure(ledger, '2026-06-30')::float8) OVER ()], '{0.5, 0.2, 0.1, 0.1, 0.1}') AS by_hand
    FROM seed_ledger) AS b USING (customer) ORDER BY customer;

--
-- Once found wrong
--
-- customers that are equal and look different
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
CREATE TABLE cs (c citext, day date, amount numeric);
INSERT INTO cs VALUES ('bob', '2026-01-01', 10), ('amy', '2026-01-01', 100), ('cal', '2026-01-01', 1);
CALL track('cs', 'c', 'amount', 'day');
SELECT create_scheme('cs_tier', 'cs', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{50}')],
  tiers => '{low, high}');
SELECT * FROM refresh_scheme('cs_tier', '2026-06-30');
INSERT INTO cs VALUES ('BOB', '2026-02-01', 1000);
SELECT pin('cs_tier', 'CAL', 'high', 'a friend', '2026-01-01');
SELECT * FROM refresh_scheme('cs_tier', '2026-06-30');
SELECT customer, tier, status, value FROM cs_tier ORDER BY lower(customer::text);
SELECT tier, pin IS NOT NULL AS pinned, axis, score, line_to_stay, margin, line_to_rise, gap
FROM explain('cs_tier', 'Cal');
SELECT unpin('cs_tier', 'caL');
-- fewer customers than are counted: all are among the first
SELECT create_scheme('counted', 'seed', axes => ARRAY[axis('value', 'total(ledger)', 'count', '{3, 100, 1000}')],
  tiers => '{none, some, more, first}');
SELECT * FROM refresh_scheme('counted', '2026-06-30');
SELECT tier, heads FROM counted_summary ORDER BY tier_rank;
SELECT axis, score, line FROM counted_thresholds ORDER BY score;
-- a group that depends on the day
SELECT create_scheme('by_day', 'seed', axes => ARRAY[axis('value', 'total(ledger)', 'median')], tiers => '{low, top}',
  per => $$CASE WHEN as_of < '2026-07-01' THEN 'june' WHEN customer > 5 THEN 'high' ELSE 'low' END$$);
SELECT * FROM refresh_scheme('by_day', '2026-06-30');
SELECT * FROM refresh_scheme('by_day', '2026-07-30');
SELECT customer_group, count(*) FROM by_day GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM simulate('by_day') WHERE change <> 'same';
-- tiers that are no more; pins on them
SELECT pin('counted', '1', 'none', 'a test', '2026-01-01');
SELECT outcome($$SELECT alter_scheme('counted', tiers => '{nobody, some, more, first}')$$);
SELECT unpin('counted', '1');
SELECT alter_scheme('counted', tiers => '{None, Some, More, First}');
SELECT * FROM refresh_scheme('counted', '2026-06-30');
SELECT change, reason, count(*) FROM counted_history WHERE is_current GROUP BY 1, 2 ORDER BY 1, 2;
-- corrections of the same day are told as from the day before
CREATE TABLE fix (customer int, day date, amount numeric);
INSERT INTO fix VALUES (1, '2026-01-01', 100), (2, '2026-01-01', 5);
CALL track('fix', 'customer', 'amount', 'day');
SELECT create_scheme('fixed', 'fix', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{50}')],
  tiers => '{low, high}');
SELECT * FROM refresh_scheme('fixed', '2026-06-30');
UPDATE fix SET amount = 5 WHERE customer = 1;
SELECT * FROM refresh_scheme('fixed', '2026-06-30');
UPDATE fix SET amount = 500 WHERE customer = 2;
SELECT * FROM refresh_scheme('fixed', '2026-07-01');
UPDATE fix SET amount = 5 WHERE customer = 2;
SELECT * FROM refresh_scheme('fixed', '2026-07-01');
SELECT customer, tier, valid_from, valid_to, previous_tier, change, reason FROM fixed_history ORDER BY 1, 3;
-- a preset's measures are ours, whatever else has their names
CREATE FUNCTION t_schemes.total(ledger) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 0.0';
SELECT create_scheme('ours', 'seed', 'abc'),
  create_scheme('theirs', 'seed', 'abc', options => '{"value": "total(ledger)"}');
SELECT scheme, axes -> 0 ->> 'value' AS value FROM schemes WHERE scheme IN ('ours'::regclass, 'theirs'::regclass)
  ORDER BY scheme::text;
SELECT drop_scheme('ours'), drop_scheme('theirs');
DROP FUNCTION t_schemes.total(ledger) CASCADE;
-- names of somebody's own functions are kept with their schemas; views that are there are not
-- replaced, those renamed are found
CREATE FUNCTION seg(int) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT CASE $1 WHEN 1 THEN 'low' ELSE 'high' END$$;
SELECT create_scheme('own', 'seed', axes => ARRAY[axis('value', 'total(ledger)', 'median')], tiers => '{low, high}',
  tier => 'seg(value)', calibrate => 'fixed', review => '{06-30}');
SELECT recalibrate('own');
SELECT alter_scheme('own', review => '{}');
SELECT review FROM schemes WHERE scheme = 'own'::regclass;
ALTER VIEW own RENAME TO mine;
CREATE VIEW mine_summary AS SELECT 1 AS x;
SELECT alter_scheme('mine', keep => 0.8);
SELECT outcome($$SELECT create_scheme('mine', 'seed', 'abc')$$);
-- a view of it is not dropped by chance; what is left is dropped by the declaration
SELECT outcome('DROP VIEW mine');
SET client_min_messages = error;
DROP VIEW mine CASCADE;
SET client_min_messages = warning;
SELECT scheme FROM schemes WHERE scheme::text LIKE '%\_\_scheme';
SELECT outcome($$SELECT refresh_scheme('own__scheme', '2026-06-30')$$);
SELECT drop_scheme('own__scheme');
SELECT relname FROM pg_class WHERE relname LIKE 'own%' AND relnamespace = 't_schemes'::regnamespace;
TABLE mine_summary;
SELECT outcome('CALL untrack(''fix'')');

--
-- Refused, by name
--
SELECT outcome('SELECT create_scheme(' || args || ')') FROM unnest(ARRAY[
  $$'x', 'sale'$$, $$'x', 'sale', 'best'$$, $$'x', 'sale', 'abc', options => '{"share": [0.5]}'$$,
    $$'abc', 'sale', 'abc'$$, $$'nowhere.x', 'sale', 'abc'$$, $$'a.b.c', 'sale', 'abc'$$, $$NULL, 'sale', 'abc'$$,
    $$'x', 'customer', 'abc'$$,
  $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'size', '{1}')], tiers => '{a, b}'$$,
    $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{2, 1}')], tiers => '{a, b, c}'$$,
  $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'share', '{0.5, 1.5}')], tiers => '{a, b, c}'$$,
    $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{NaN}')], tiers => '{a, b}'$$,
  $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{1}')], tiers => '{a, b, c}'$$,
    $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{1}')], tiers => '{a, a}'$$,
  $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{1}')], tiers => '{a, NULL}'$$,
    $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{1}')]$$,
  $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{1}'), axis('v', 'orders(ledger)', 'value', '{1}')],
    tiers => '{{a, b}, {c, d}}'$$,
  $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{1}'), axis('w', 'orders(ledger)', 'value', '{1}')],
    tiers => '{{a, b, c}, {d, e, f}}'$$,
  $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{1}'), axis('w', 'orders(ledger)', 'value', '{1}')],
    tiers => '{a, b}', tier => 'CASE WHEN v = 2 THEN ''a'' WHEN w = 2 THEN ''b'' END'$$,
  $$'x', 'sale', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{1}'), axis('w', 'orders(ledger)', 'value', '{1}')],
    tiers => '{a, b}', tier => 'CASE WHEN v = 2 THEN ''a'' WHEN w = 2 THEN ''c'' ELSE ''b'' END'$$,
  $$'x', 'sale', axes => ARRAY[axis('v', 'turnover(ledger)', 'value', '{1}')], tiers => '{a, b}'$$,
    $$'x', 'sale', axes => ARRAY[axis('v', 'current_date - as_of', 'value', '{1}')], tiers => '{a, b}'$$,
  $$'x', 'sale', axes => ARRAY[axis('v', 'ledger', 'value', '{1}')], tiers => '{a, b}'$$,
    $$'x', 'sale', axes => ARRAY[axis('v', 'sum(1)', 'value', '{1}')], tiers => '{a, b}'$$,
    $$'x', 'sale', axes => ARRAY[axis('v', '1 FROM pg_class', 'value', '{1}')], tiers => '{a, b}'$$,
  $$'x', 'sale', axes => ARRAY[axis('tier', 'total(ledger)', 'value', '{1}')], tiers => '{a, b}'$$,
    $$'x', 'sale', 'abc', keep => 2$$, $$'x', 'sale', 'abc', hold => '-1 day'$$, $$'x', 'sale', 'abc',
    review => '{02-30}'$$, $$'x', 'sale', 'abc', downgrade => 'never'$$,
  $$'x', 'sale', 'abc', calibrate => 'daily'$$, $$'x', 'sale', 'abc', unrated => 'A'$$, $$'x', 'sale',
  'quadrant'$$, $$'x', 'sale', 'quadrant', attributes => 'customer', key => 'name'$$, $$'x', 'sale', 'abc',
  attributes => 'customer', key => 'region'$$]) AS args;
SELECT count(*) AS left_over FROM pg_class WHERE relname LIKE 'x%' AND relnamespace = 't_schemes'::regnamespace;
SELECT outcome(sql) FROM unnest(ARRAY[$$SELECT refresh_scheme('abc', NULL)$$,
  $$SELECT refresh_scheme('abc', 'infinity')$$,
  $$SELECT refresh_scheme('abc', '2026-01-01')$$, $$SELECT refresh_scheme('sale', '2026-01-01')$$,
  $$SELECT explain('abc', '99')$$,
  $$SELECT alter_tier('abc', 'D', 'x')$$,
  $$SELECT alter_scheme('abc', axes => ARRAY[axis('other', 'total(ledger)', 'value', '{1, 2}')])$$,
    $$SELECT backfill('abc', '2026-02-01', '2026-01-01')$$, $$SELECT drop_scheme('sale')$$, $$SELECT tiers_as_of('abc',
    NULL)$$]) AS sql;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT outcome($$SELECT refresh_scheme('abc', '2026-08-01')$$);
ROLLBACK;

--
-- Replay
--
SELECT backfill('abc', '2026-01-31', '2026-06-15', '1 month');
SELECT * FROM abc_trend ORDER BY as_of, tier_rank;
SELECT customer, tier, valid_from, valid_to, reason FROM abc_history ORDER BY customer, valid_from;
-- the history can be thinned, and goes on
SELECT prune_history('abc', '2026-03-31');
SELECT min(valid_to), count(*) FROM abc_history;
SELECT prune_history('abc', '2030-01-01'), prune_history('abc', '2030-01-01') AS nothing_left;
SELECT customer, tier, valid_from, valid_to, reason FROM abc_history ORDER BY customer, valid_from;
SELECT * FROM refresh_scheme('abc', '2026-06-15');
SELECT customer, tier, valid_from, valid_to, reason FROM abc_history ORDER BY customer, valid_from;
-- what there was before the current tier stays known
CREATE TABLE bought (customer int, day date, amount numeric);
CALL track('bought', 'customer', 'amount', 'day');
INSERT INTO bought VALUES (1, '2026-01-01', 50), (1, '2026-01-08', 100), (1, '2026-01-12', -100), (1, '2026-01-20', 1);
SELECT create_scheme('thin', 'bought', hold => '1 year', tiers => '{a,b}',
  axes => ARRAY[axis('value', 'total(ledger)', by => 'value', at => '{100}')]);
SELECT FROM unnest('{2026-01-05,2026-01-10,2026-01-15,2026-01-20}'::date[]) AS day, refresh_scheme('thin', day);
SELECT prune_history('thin', '2026-01-20');
SELECT customer, tier, status, previous_tier, changed_on FROM thin;
SELECT tier, status, valid_from, valid_to FROM thin_history ORDER BY valid_from;

--
-- Rights: who may read the tiers reads them; who owns the sales changes them
--
CREATE ROLE regress_customer_tier_bi;
CREATE ROLE regress_customer_tier_crm;
GRANT USAGE ON SCHEMA t_schemes, test TO regress_customer_tier_bi, regress_customer_tier_crm;
GRANT SELECT ON abc, abc_history TO regress_customer_tier_bi;
SET ROLE regress_customer_tier_bi;
SELECT count(*) FROM abc;
SELECT scheme, version FROM schemes;
SELECT outcome(sql) FROM unnest(ARRAY[$$SELECT refresh_scheme('abc', '2026-08-01')$$, $$SELECT alter_scheme('abc',
  keep => 0.5)$$, $$SELECT pin('abc', '1', 'A', 'me', '2026-01-01')$$, $$SELECT drop_scheme('abc')$$,
  $$SELECT tiers_as_of('abc', '2026-01-01')$$, $$SELECT create_scheme('x', 'sale', 'abc')$$, $$SELECT count(*)
  FROM abc__state$$]) AS sql;
RESET ROLE;
-- a measure's function runs as the owner of the sales
CREATE TABLE crm_sale (customer int, day date, amount numeric);
ALTER TABLE crm_sale OWNER TO regress_customer_tier_crm;
GRANT CREATE ON SCHEMA t_schemes TO regress_customer_tier_crm;
CREATE FUNCTION who(ledger) RETURNS float8
LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE WARNING 'measured as %, path %', current_user,
  current_setting('search_path');
RETURN 1;
END $$;
INSERT INTO crm_sale VALUES (1, '2026-01-01', 1);
CALL track('crm_sale', 'customer', 'amount', 'day');
SELECT create_scheme('crm', 'crm_sale', axes => ARRAY[axis('who', 'who(ledger)', 'value', '{1}')], tiers => '{a, b}');
SELECT * FROM refresh_scheme('crm', '2026-01-31');
SELECT DISTINCT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname ~ '^crm(_|$)' AND relkind IN ('r', 'v');
SET ROLE regress_customer_tier_crm;
SELECT * FROM refresh_scheme('crm', '2026-02-28');
-- what they wrote runs as them, whoever changes their scheme
CREATE FUNCTION spring(int) RETURNS text LANGUAGE plpgsql STABLE AS $$BEGIN RAISE WARNING 'sprung as %', current_user;
RETURN 'b';
END $$;
SELECT create_scheme('trap', 'crm_sale', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{1}')], tiers => '{a, b}',
  tier => 'spring(v)');
RESET ROLE;
SELECT alter_scheme('trap', note => 'by a superuser');
SELECT recalibrate('trap');
SELECT count(*) FROM simulate('trap') LIMIT 0;
SELECT drop_scheme('crm'), drop_scheme('trap');

-- the last value of an axis goes; a measure asks for the day by way of the whole row
CREATE TABLE few (customer int, amount int, day date);
CALL track('few', 'customer', 'amount', 'day');
INSERT INTO few VALUES (1, 10, '2026-01-01'), (2, 1, '2026-01-01');
SELECT create_scheme('best', 'few',
  axes => ARRAY[axis('p', 'CASE WHEN total(ledger) > 5 THEN total(ledger) END', 'count', '{3}')], tiers => '{B, A}');
SELECT create_scheme('aged', 'few', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{60}')], tiers => '{B, A}');
CREATE FUNCTION age_of(x aged__input) RETURNS float8 IMMUTABLE
  LANGUAGE plpgsql AS $$BEGIN RETURN x.as_of - date '2026-01-01';
END $$;
SELECT alter_scheme('aged', axes => ARRAY[axis('v', 't_schemes.age_of(aged__input)', 'value', '{60}')]);
SELECT f.* FROM unnest('{best, aged}'::regclass[]) AS s, refresh_scheme(s, '2026-02-15') AS f;
UPDATE few SET amount = 1 WHERE customer = 1;
SELECT f.* FROM unnest('{best, aged}'::regclass[]) AS s, refresh_scheme(s, '2026-04-15') AS f;
SELECT customer, tier, v FROM aged ORDER BY customer;
UPDATE few SET amount = 7 WHERE customer = 2;
SELECT * FROM refresh_scheme('best', '2026-04-16');
SELECT customer, tier, p FROM best;
-- a function that a measure calls is not dropped by chance
SELECT outcome('DROP FUNCTION age_of');
SELECT alter_scheme('aged', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{60}')]);
DROP FUNCTION age_of;

-- another refresh of the same day decides by what was before the day
SELECT create_scheme('patient', 'few', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{5, 50}')],
  tiers => '{C, B, A}', hold => '6 months', keep => 0.8);
TRUNCATE few;
INSERT INTO few VALUES (1, 60, '2026-01-01'), (2, 20, '2026-01-01'), (3, 1, '2026-01-01');
SELECT * FROM refresh_scheme('patient', '2026-01-31');
UPDATE few SET amount = 999 WHERE customer = 3;
DELETE FROM few WHERE customer = 2;
SELECT * FROM refresh_scheme('patient', '2026-02-28');
UPDATE few SET amount = 1 WHERE customer = 3;
INSERT INTO few VALUES (2, 20, '2026-01-01'), (4, 7, '2026-02-02');
SELECT * FROM refresh_scheme('patient', '2026-02-28');
SELECT customer, tier, valid_from, valid_to, change, reason FROM patient_history ORDER BY 1, 3;
SELECT customer, tier, since FROM patient ORDER BY 1;
SELECT * FROM patient_trend ORDER BY as_of, tier_rank;
-- customers of their own type
SELECT pin('patient', 1, 'C', 'typed', '2027-01-01'), unpin('patient', 1, '2027-01-01'),
  (SELECT count(*) FROM explain('patient', 1));
-- the line to stay is what keep makes of it
UPDATE few SET amount = 45 WHERE customer = 1;
SELECT f.entered, x.* FROM refresh_scheme('patient', '2026-09-30') AS f, explain('patient', '1') AS x;
UPDATE few SET amount = 30 WHERE customer = 1;
SELECT f.entered, x.tier, x.status, x.line_to_stay, x.margin, x.line_to_rise, x.gap
  FROM refresh_scheme('patient', '2026-10-31') AS f, explain('patient', '1') AS x;
SELECT customer, axis, line_to_stay, margin, line_to_rise, gap FROM patient_progress ORDER BY 1;
-- who would leave is among those who move
DELETE FROM few WHERE customer = 4;
CALL refresh_source('few');
SELECT * FROM simulate('patient') ORDER BY 1;
-- the moves are those of the customers
SELECT count(*) AS moves, bool_and(m.heads = s.heads AND m.value = s.value) AS are_those
FROM simulate_migration('patient') AS m
  FULL JOIN (SELECT tier_now, tier_then, change, count(*) AS heads, sum(value) AS value
             FROM simulate('patient') GROUP BY 1, 2, 3) AS s USING (tier_now, tier_then, change);
-- a pin that another replaces is known, and begins a row of its own
SELECT pin('patient', '2', 'A', 'first', '2026-11-01'), refresh_scheme('patient', '2026-11-01');
SELECT pin('patient', '2', 'A', 'second', '2026-11-10'), refresh_scheme('patient', '2026-11-10');
SELECT unpin('patient', '2', '2026-11-20'), refresh_scheme('patient', '2026-11-20');
SELECT customer, tier, pinned_from, until, reason FROM patient__pin ORDER BY 3;
SELECT tier, valid_from, valid_to, change, reason, replace(note, current_user, 'AUTHOR') AS note FROM patient_history
  WHERE customer = 2 ORDER BY 2;
SELECT backfill('patient', '2026-11-01', '2026-11-21', '5 days');
SELECT tier, valid_from, valid_to, change, reason, replace(note, current_user, 'AUTHOR') AS note FROM patient_history
  WHERE customer = 2 ORDER BY 2;
SELECT alter_scheme('patient', tiers => '{low, mid, high}');
-- lines that are fixed stay through what is no other axis, and nobody's line is null on either side
SELECT create_scheme('still', 'few',
  axes => ARRAY[axis('v', 'total(ledger)', 'heads', '{0.5}'),
  axis('d', 'recency(ledger, as_of)', 'heads', '{0.01}', 'fit', 'lower')], tiers => '{{D, C}, {B, A}}',
  calibrate => 'fixed');
SELECT * FROM refresh_scheme('still', '2026-11-01');
INSERT INTO few SELECT i, 100, '2026-11-02' FROM generate_series(10, 20) AS i;
SELECT alter_scheme('still', keep => 0.9);
SELECT * FROM refresh_scheme('still', '2026-11-03');
SELECT * FROM still_thresholds ORDER BY as_of, axis;
SELECT tier_now, tier_then, heads FROM simulate_migration('still');
SELECT recalibrate('still');
SELECT * FROM refresh_scheme('still', '2026-11-04');
SELECT as_of, axis, line FROM still_thresholds WHERE as_of = '2026-11-04' ORDER BY axis DESC;
SELECT outcome(sql) FROM unnest(ARRAY[
  $$SELECT alter_scheme('still',
    axes => ARRAY[axis('v', 'total(ledger)', 'heads', '{0.5}'),
    axis('d', 'recency(ledger, as_of)', 'heads', '{0.01}', 'fit')])$$,
  $$SELECT create_scheme('x', 'few', axes => ARRAY[axis('since', 'total(ledger)', 'mean')], tiers => '{b, a}')$$,
  $$SELECT create_scheme('x', 'few', axes => ARRAY[NULL::jsonb], tiers => '{b, a}')$$,
  $$SELECT create_scheme('x', 'few', axes => ARRAY['[]'::jsonb], tiers => '{b, a}')$$,
  $$SELECT create_scheme('x', 'few', axes => ARRAY[weighted_axis('v', '{total(ledger)}', '{0}', at => '{0.5}')],
    tiers => '{b, a}')$$,
  $$SELECT create_scheme('x', 'few', axes => ARRAY[axis('v', 'total(ledger)', 'mean')], tiers => '{b, a}',
    options => '{"value": "1"}')$$,
  $$SELECT create_scheme('x', 'few', 'abc', options => '[]')$$,
  $$SELECT create_scheme('x', 'few', 'abc', unrated => '')$$,
  $$SELECT pin('still', '1', '', 'why', '2026-11-04')$$,
  $$SELECT alter_tier('still', 'A', hold => '-1 month')$$]) AS sql;
-- attributes that are not one row for each customer any more, or not there
CREATE TABLE rank_of (customer int PRIMARY KEY, n int);
SELECT create_scheme('ranked', 'few', axes => ARRAY[axis('n', 'n', 'value', '{5}')], tiers => '{b, a}',
  attributes => 'rank_of');
ALTER TABLE rank_of DROP CONSTRAINT rank_of_pkey;
SELECT outcome($$SELECT refresh_scheme('ranked', '2026-11-30')$$);
SELECT outcome('DROP TABLE rank_of');
SET client_min_messages = error;
DROP TABLE rank_of CASCADE;
SET client_min_messages = warning;
SELECT outcome($$SELECT refresh_scheme('ranked__scheme', '2026-11-30')$$);
SELECT scheme, attributes FROM schemes WHERE scheme::text LIKE 'ranked%';
SELECT drop_scheme('ranked__scheme');
-- the 125 codes
SELECT create_scheme('codes', 'few', 'rfm', options => '{"segments": "codes"}');
SELECT * FROM refresh_scheme('codes', '2026-11-30');
SELECT cardinality(tiers) AS codes,
  (SELECT string_agg(DISTINCT r_score || '' || f_score || m_score, ' ') = string_agg(DISTINCT codes.tier, ' ')
  FROM codes) AS right_codes FROM schemes WHERE scheme = 'codes'::regclass;
-- what does not fit into memory leaves no file behind
INSERT INTO few SELECT i, i, '2026-11-02' FROM generate_series(1000, 7000) AS i;
SET work_mem = '64kB';
SELECT customers > 6000 AS all FROM refresh_scheme('codes', '2026-12-01');
SELECT count(*) > 6000 AS all FROM simulate('codes');
SELECT count(*) > 6000 AS all FROM tiers_as_of('codes', '2026-12-01');
RESET work_mem;
DELETE FROM few WHERE customer >= 1000;
-- a view of it was dropped, and the sales
SET client_min_messages = error;
DROP VIEW still_progress CASCADE;
SET client_min_messages = warning;
SELECT outcome($$SELECT explain('still', '1')$$);
SELECT alter_scheme('still', note => 'makes it again');
SELECT count(*) AS progress FROM still_progress;
CREATE TABLE brief (customer int, amount int, day date);
CALL track('brief', 'customer', 'amount', 'day');
SELECT create_scheme('short_lived', 'brief', 'abc');
DROP TABLE brief CASCADE;
SELECT drop_scheme('short_lived');
CALL untrack('brief_ledger');

SELECT drop_scheme(scheme) FROM schemes ORDER BY scheme::text;
SELECT count(*) AS left_over FROM pg_class WHERE relname LIKE '%\_\_%' AND relnamespace = 't_schemes'::regnamespace;
SELECT count(*) FROM schemes;
CALL untrack('sale');
CALL untrack('few');
DROP SCHEMA t_schemes CASCADE;
DROP OWNED BY regress_customer_tier_bi, regress_customer_tier_crm;
DROP ROLE regress_customer_tier_bi, regress_customer_tier_crm;
