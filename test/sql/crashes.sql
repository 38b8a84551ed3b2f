-- Tests calls that crashed a session in the past, and that memory does not grow.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_crashes;
SET search_path = t_crashes, test, public, customer_tier, customer_tier_internal;

--
-- What the grammar gives that is no expression
--
CREATE TABLE sale (customer int, day date, amount numeric);
SELECT e, outcome(format('SELECT sale_expression(''sale'', %L, ''customer'')', e)) AS outcome
FROM unnest(ARRAY['*', ' * ', '*, 1', 'sale.*', 't_crashes.sale.*', '(sale).*', '(*)', 'DEFAULT', '', '1; 2',
  'customer AS c',
  'VALUES (1)', 'TABLE sale', '$1', 'count(*)', '(SELECT *)']) WITH ORDINALITY AS u(e, i) ORDER BY i;
SELECT p, outcome(format('SELECT sale_expression(''sale'', ''*'', %L)', p)) AS outcome
FROM unnest('{customer, amount, sold_at, filter, measure, group, tier}'::text[]) WITH ORDINALITY AS u(p, i) ORDER BY i;
SELECT outcome('SELECT expression_is_plain(''sale'', ''*'')');
SELECT outcome('CALL track(''sale'', ''*'', ''amount'', ''day'')');
SELECT outcome('CALL track(''sale'', ''customer'', ''amount'', ''day'', filter => ''sale.*'')');
CALL track('sale', 'customer', 'amount', 'day');
SELECT o, outcome(format('SELECT create_scheme(''starred'', ''sale'', %s)', o)) AS outcome
FROM unnest(ARRAY[$$axes => ARRAY[axis('points', '*', 'value', '{1}')], tiers => '{a, b}'$$,
  $$axes => ARRAY[weighted_axis('points', '{*, orders(ledger)}', '{1, 1}', at => '{0.5}')], tiers => '{a, b}'$$,
  $$axes => ARRAY[axis('points', 'total(ledger)', 'value', '{1}')], tiers => '{a, b}', per => '*'$$,
  $$axes => ARRAY[axis('points', 'total(ledger)', 'value', '{1}')], tiers => '{a, b}', tier => '*'$$]) AS o;
CALL untrack('sale');

--
-- Planning of the capture's expressions calls functions, which write to the same table
--
CREATE TABLE armed (times int);
INSERT INTO armed VALUES (0);
CREATE FUNCTION writes(n int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  UPDATE t_crashes.armed SET times = times - 1 WHERE times > 0;
  IF FOUND THEN
    INSERT INTO t_crashes.sale VALUES (n, '2026-01-02', 1);
  END IF;
  RETURN true;
END $$;
CREATE FUNCTION seems_immutable(n int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
$$BEGIN RETURN t_crashes.writes(n); END$$;
CALL track('sale', 'customer', 'amount', 'day', filter => 't_crashes.seems_immutable(2)');
UPDATE armed SET times = 3;
INSERT INTO sale VALUES (1, '2026-01-01', 5);
INSERT INTO sale VALUES (1, '2026-01-01', 5);
SELECT times FROM armed;
TABLE sale_ledger_live ORDER BY customer;
-- the same when the entry is made anew, and without an end
ALTER TABLE sale ADD COLUMN note text;
UPDATE armed SET times = 2;
INSERT INTO sale VALUES (1, '2026-01-01', 5);
TABLE sale_ledger_live ORDER BY customer;
ALTER TABLE sale ADD COLUMN remark text;
UPDATE armed SET times = 1000000;
SELECT left(outcome('INSERT INTO t_crashes.sale VALUES (1, ''2026-01-01'', 5)'), 26);
UPDATE armed SET times = 0;
INSERT INTO sale VALUES (1, '2026-01-01', 5);
TABLE sale_ledger_live ORDER BY customer;
SELECT count(*) AS differ FROM verify_source('sale');
CALL untrack('sale');

--
-- Statements without an end are written when a savepoint or the transaction ends, where there is no snapshot
--
CREATE TABLE part (customer text, day date, amount numeric) PARTITION BY RANGE (day);
CREATE TABLE part_1 PARTITION OF part DEFAULT;
CALL track('part', 'customer', 'amount', 'day');
ALTER TABLE part DISABLE TRIGGER customer_tier_end;
BEGIN;
SAVEPOINT a;
INSERT INTO part SELECT i, '2026-01-01', i FROM generate_series(1, 5) AS i;
RELEASE a;
-- few, many, and long ones
INSERT INTO part SELECT i, '2026-01-01', i FROM generate_series(1, 50) AS i;
INSERT INTO part VALUES (repeat(md5('1'), 1000), '2026-01-01', 1);
COMMIT;
SELECT count(*) AS customers, sum(total(ledger)), max(length(customer)) FROM part_ledger_live;
CALL untrack('part');

--
-- What a session keeps of triggers goes with them
--
CREATE PROCEDURE come_and_go() LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 20 LOOP
    EXECUTE 'CREATE TABLE goes (customer int, day date, amount numeric)';
    CALL track('goes', 'customer', 'amount', 'day');
    EXECUTE 'INSERT INTO goes VALUES (1, ''2026-01-01'', 1)';
    CALL untrack('goes');
    EXECUTE 'DROP TABLE goes';
  END LOOP;
END $$;
CALL come_and_go();
-- 13 cannot tell
SELECT CASE WHEN to_regclass('pg_catalog.pg_backend_memory_contexts') IS NULL THEN 'few'
  ELSE outcome($$SELECT CASE WHEN count(*) < 5 THEN 'few' ELSE count(*)::text END
    FROM pg_backend_memory_contexts WHERE name = 'customer_tier capture'$$) END AS kept;

--
-- Text is the inverse of all counts
--
SELECT l::text, l::text::ledger = l AS same
FROM (SELECT '{2026-01-05:999999999999999999:1}'::ledger + '{2026-01-05:999999999999999999-999999999999999999:1}' AS
  l) AS s;
SELECT l::text, l::text::ledger = l AS same
FROM unnest('{"{2026-01-05:9223372036854775807:1}", "{2026-01-05:-9223372036854775807:1}",
  "{2026-01-05:0-9223372036854775807:1}", "{2026-01-05:0+9223372036854775807:0}"}'::ledger[]) AS l;
SELECT l, outcome(format('SELECT %L::ledger', l))
FROM unnest('{"{2026-01-05:9223372036854775808:1}", "{2026-01-05:0-9999999999999999999:1}",
  "{2026-01-05:00000000000000000001:1}", "{12345678-01-05:1:1}", "{2026-001-05:1:1}"}'::text[]) AS l;
-- a count has a mirror image, so that -l is there, or an error
SELECT s, outcome(format('SELECT -(%s)', s))
FROM unnest(ARRAY[$$'{2026-01-05:-9223372036854775807:1}'::ledger + '{2026-01-05:-1:1}'$$,
  $$'{2026-01-05:0-9223372036854775807:1}'::ledger - '{2026-01-05:0+1:1}'$$,
  $$'{2026-01-05:0-9223372036854775807:1}'::ledger$$]) AS s;

--
-- What would be larger than a value of the server can be is refused
--
SELECT outcome('SELECT natural_cuts(i, 100) FROM generate_series(1, 2700000) AS i');

RESET client_min_messages;

-- what grade() is given by who calls it directly: types, nulls, ranks and lines are looked at before they are used
CREATE FUNCTION graded_by(measures text, axes jsonb DEFAULT '[{"by": "value", "at": [1], "better": "higher"}]',
  sizes int[] DEFAULT '{2}', map int[] DEFAULT '{1,2}', keep float8 DEFAULT NULL, fixed text DEFAULT NULL,
  state text DEFAULT NULL, also text DEFAULT NULL, stored boolean[] DEFAULT NULL, new_state regclass DEFAULT NULL,
  day date DEFAULT '2026-01-01')
RETURNS text LANGUAGE sql AS $$
SELECT outcome(format('SELECT n FROM customer_tier_internal.grade(%L, %L, %L, %L, %L, %L, NULL, %L, %L, NULL, NULL,
  NULL, NULL, %L, %L, %L, %L, %L, 1, %L) AS x(n bigint)', measures, day, axes, sizes, map, '{a,b}', fixed, keep, stored,
  state, also, new_state, new_state, 'SELECT count(*) FROM graded'))
$$;
\set good 'SELECT 1, ''''::text, ''{}''::customer_tier.ledger, 5.0'
SELECT graded_by(:'good');
SELECT graded_by(m) FROM unnest(ARRAY['SELECT 1, 2, 3, 4', 'SELECT 1', 'SELECT 1, ''''::text, 3, 4',
  'SELECT NULL::text, ''''::text, ''{}''::customer_tier.ledger, 4',
  'SELECT 1, NULL::text, ''{}''::customer_tier.ledger, 4',
  'SELECT 1, ''''::text, NULL::customer_tier.ledger, 4',
  'SELECT 1, ''''::text, ''{}''::customer_tier.ledger, ''4''::text',
  'SELECT point(1, 1), ''''::text, ''{}''::customer_tier.ledger, 4',
  'SELECT 1, ''''::text, ''{}''::customer_tier.ledger, ''NaN''::float8', 'DROP TABLE sale']) AS m;
SELECT graded_by(:'good', axes => a) FROM unnest(ARRAY['{}', '[]', '[1]', '[{}]', 'null',
  '[{"by": "value", "at": ["x"], "better": "higher"}]', '[{"by": "value", "at": [2, 1], "better": "higher"}]',
  '[{"by": "heads", "at": [2], "rule": "fit", "better": "higher"}]',
  '[{"by": "count", "at": [0], "rule": "fit", "better": "lower"}]',
  '[{"by": "natural", "at": [2000], "better": "higher"}]', '[{"by": "value", "at": [1], "better": "worse"}]',
  '[{"by": "value", "at": [1], "better": "higher", "measures": ["a"], "weights": [], "normalise": "z_score"}]',
  '[{"by": "value", "at": [1], "better": "higher", "measures": ["a"], "weights": [-1], "normalise": "z_score"}]'
  ]::jsonb[]) AS a;
SELECT graded_by(:'good', sizes => s, map => m)
FROM (VALUES ('{2}'::int[], '{1,3}'::int[]), ('{2}', '{0,1}'), ('{2}', '{1}'), ('{2}', '{1,NULL}'), ('{NULL}', '{1,2}'),
  ('{}', '{}'), ('{2,2}', '{1,2}'), ('{-1}', '{1,2}'), ('{2000000000}', '{1,2}'), ('{{2}}', '{{1,2}}')) AS v(s, m);
SELECT graded_by(:'good', keep => 0), graded_by(:'good', keep => 'NaN'), graded_by(:'good', day => 'infinity'),
  graded_by(:'good', stored => '{}'), graded_by(:'good', stored => '{NULL}');
SELECT graded_by(:'good', fixed => f) FROM unnest(ARRAY['SELECT 1', 'SELECT 1, 2, 3',
  'SELECT NULL::text, 1::int2, NULL::float8[]', 'SELECT ''''::text, 7::int2, ''{1}''::float8[]',
  'SELECT ''''::text, 1::int2, ''{1,2,3}''::float8[]', 'SELECT ''''::text, 1::int2, ''{NULL}''::float8[]',
  'SELECT ''''::text, 1::int2, ''{{1}}''::float8[]']) AS f;
SELECT graded_by(:'good', state => 'SELECT ' || s) FROM unnest(ARRAY['1', '1, 2, 3, 4, 5, 6, 7, 8, 9',
  '''(0,1)''::tid, 1, ''''::text, NULL::int2[], NULL::float8[], ''a''::text, ''a''::text, ''earned''::text,
    NULL::date',
  '''(0,1)''::tid, 1::bigint, ''''::text, ''{1}''::int2[], NULL::float8[], ''a''::text, ''a''::text, ''''::text,
    NULL::date',
  '''(0,1)''::tid, 1, ''''::text, ''{{1,2},{3,4}}''::int2[], ''{}''::float8[], ''b''::text, ''b''::text,
    ''earned''::text, NULL::date']) AS s;
SELECT graded_by(:'good', also => a) FROM unnest(ARRAY['SELECT 1',
  'SELECT NULL::int, NULL::float8[], true, ''''::text', 'SELECT 1, ''{{1,2}}''::float8[], false, NULL::text',
  'SELECT 2, NULL::float8[], true, NULL::text']) AS a;
-- nor does it write into a table that is not made for it
CREATE TABLE crooked (customer text, customer_group text, scores int2[], earned text, tier text, status text,
  since date, vals float8[]);
CREATE TABLE keyed (customer int PRIMARY KEY);
CREATE VIEW seen_through AS SELECT 1 AS customer;
SELECT graded_by(:'good', new_state => t) FROM unnest('{crooked, keyed, seen_through, pg_class}'::regclass[]) AS t;
-- more customers than the memory of a grading
SET work_mem = '64kB';
SELECT outcome($$SELECT count(*)
  FROM tiers('SELECT i, date ''2026-01-01'', 1 FROM generate_series(1, 300000) AS i', 'rfm', '2026-01-01')$$);
RESET work_mem;
-- the rule before is of as many axes
SELECT outcome(format('SELECT n FROM customer_tier_internal.grade(%L, %L, %L, %L, %L, %L, NULL, NULL, NULL, %L, %L, %L,
  %L, NULL, NULL, NULL, NULL, NULL, NULL, %L) AS x(n bigint)', :'good',
  '2026-01-01', a, '{2}', '{1,2}', '{a,b}', before, sizes, '{1,2,1,2}', 'SELECT ''''::text, 1::int2, ''{1}''::float8[]',
  'SELECT count(*) FROM graded'))
FROM (SELECT '[{"by": "value", "at": [1], "better": "higher"}]'::jsonb AS a) AS a,
  LATERAL (VALUES (a || a, '{2,2}'), (a || a, NULL), (a, '{4}')) AS v(before, sizes);
