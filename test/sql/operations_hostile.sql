-- What operations make of input that is meant to break them: capacities, circles, types, queries of users.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
\set VERBOSITY terse
CREATE SCHEMA t_operations_hostile;
SET search_path = t_operations_hostile, test, public, customer_tier;

-- capacities that differ from row to row
SELECT outcome('SELECT sum(b) FROM (SELECT balance(i, ARRAY[i, 1]::float8[]) OVER () AS b
                                    FROM generate_series(1, 5) AS i) AS x');
SELECT sum(b) FROM (SELECT balance(i, (SELECT ARRAY[2, 1]::float8[])) OVER () AS b
                    FROM generate_series(1, 5) AS i) AS x;

-- circles: whatever the order of rows, the same one is named, from its least member on
CREATE TABLE brought (customer text, referrer text);
INSERT INTO brought VALUES ('t2', 't1'), ('t1', 'c'), ('c', 'd'), ('d', 'b'), ('b', 'c'), ('y', 'z'), ('z', 'y'),
  ('root', NULL), (NULL, 'b'), ('x', 'root');
SELECT DISTINCT outcome(format('SELECT * FROM referrals(%L)',
  format('SELECT * FROM brought ORDER BY md5(customer || %s)', i))) FROM generate_series(1, 50) AS i;
SELECT outcome('SELECT * FROM referrals(''SELECT 1, 1'')');
SELECT outcome('SELECT * FROM referrals(''VALUES (1, 2), (2, 1)'')');
-- equal customers who look different are one
SELECT outcome('SELECT * FROM referrals(''VALUES (1.0, 2.00), (2.0, 1.000)'')');
SELECT outcome('SELECT * FROM referrals(''SELECT float8 ''''-0'''', float8 ''''0'''''')');
SELECT outcome('SELECT * FROM referrals(''SELECT float8 ''''NaN'''', float8 ''''NaN'''''')');
-- a long chain, and it closed
SELECT max(depth), max(descendants), count(*) FILTER (WHERE root = 1) AS of_one
FROM referrals('SELECT i, nullif(i - 1, 0) FROM generate_series(1, 200000) AS i', NULL::int);
SELECT outcome('SELECT * FROM referrals(''SELECT i, i % 200000 + 1 FROM generate_series(1, 200000) AS i'')');
-- a domain has passed its checks only as itself
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
SELECT outcome('SELECT * FROM referrals(''SELECT -1, -2'', NULL::positive)');
SELECT outcome('SELECT * FROM referrals(''SELECT positive ''''1'''', -2'', NULL::positive)');
SELECT * FROM referrals('SELECT positive ''1'', positive ''2''', NULL::positive) ORDER BY 1;
SELECT outcome(format('SELECT * FROM referrals(%L)', q))
FROM unnest(ARRAY['SELECT ROW(1), ROW(2)', 'SELECT ''a''::cstring, ''b''::cstring', 'SELECT json ''1'', json ''2''',
  'SELECT 1, 2; SELECT 3', 'DELETE FROM brought', 'nonsense', '', NULL]) AS q;

-- queries of a user: errors are about them, and they only read
\set VERBOSITY default
SELECT * FROM funnel('SELECT customer, nonsense, date ''2026-01-01'' FROM brought', '{a}', '2026-01-01');
SELECT * FROM funnel('SELECT 1, 2, 3', '{a}', '2026-01-01');
SELECT * FROM referred_share('SELECT customer FRM brought', '[2026-01-01,2026-02-01)');
\set VERBOSITY terse
SELECT outcome(format('SELECT * FROM funnel(%L, ''{a}'', ''2026-01-01'')', q))
FROM unnest(ARRAY['SELECT 1, 2', 'SELECT 1/0, ''a'', date ''2026-01-01''', 'SELECT 1, ''a'', ''x''', 'nonsense',
  'SELECT 1, ''a'', date ''2026-01-01'') AS q(o, s, d); DROP TABLE brought; --',
  'WITH d AS (DELETE FROM brought RETURNING *) SELECT customer, customer, now() FROM d',
  'SELECT 1, ''a'', date ''-infinity''', 'SELECT 1, ''a'', date ''2026-01-01'' -- a comment', NULL]) AS q;
SELECT outcome(format('SELECT * FROM referred_share(%L, ''[2026-01-01,2026-02-01)'')', q))
FROM unnest(ARRAY['SELECT 1, 2', 'SELECT 1, 2, 3', 'SELECT 1, 2, ''x''', 'SELECT 1, 2, ''{}''; DROP TABLE brought',
  NULL]) AS q;
SELECT count(*) FROM brought;
-- arrays of any shape are lists of stages
SELECT stage, entered FROM funnel('SELECT 1, ''b'', date ''2026-01-01''', '[5:6]={a,b}', '2026-01-01');
SELECT stage, entered FROM funnel('SELECT 1, ''b'', date ''2026-01-01''', '{{a},{b}}', '2026-01-01');

-- surveys
SELECT outcome(format('SELECT nps(x), csat(x, 8) FROM unnest(%L::float8[]) AS x', a))
FROM unnest('{"{}","{NULL}","{9,NULL,9,0}","{-0}","{11}","{-1}","{8.5}","{NaN}","{Infinity}"}'::text[]) AS a;
SELECT g, nps(x), csat(x, 8) FROM (VALUES (1, 10), (1, 0), (2, NULL)) AS v(g, x) GROUP BY g ORDER BY g;
SELECT outcome('SELECT csat(9, ''NaN'')');
SELECT outcome(format('SELECT kano(%s, %s)', f, d))
FROM (VALUES ('0', '1'), ('1', '6'), ('NULL', '9'), ('-2147483648', '2147483647')) AS v(f, d);
SELECT outcome(format('SELECT customer_tier_internal.nps_final(%L)', s))
FROM unnest('{"{1,2}","{1,1,1}","{-1,0,0}","{NULL,0,0}","{{1,0,0}}"}'::text[]) AS s;

-- revenue that is next to nothing
SELECT (drivers(1, 1, 1, 1e100, 1, 1, 1, 1e-300)).reason;

-- a campaign leaves out equal customers alike, or says that it cannot
CREATE DOMAIN number AS numeric;
CREATE DOMAIN number_of_theirs AS number;
CREATE TYPE hue AS ENUM ('red', 'blue');
SELECT count(*) FILTER (WHERE control_group(1.0::number_of_theirs, 0.5, s)
                              <> control_group(1.00::number_of_theirs, 0.5, s)) AS domains,
  count(*) FILTER (WHERE control_group('a'::char(3), 0.5, s) <> control_group('a'::char(5), 0.5, s)) AS padded,
  count(*) FILTER (WHERE control_group(float8 '-0', 0.5, s) <> control_group(float8 '0', 0.5, s)) AS zeros,
  count(*) FILTER (WHERE control_group('red'::hue, 0.5, s) <> control_group('red'::text, 0.5, s)) AS enums
FROM (SELECT i::text FROM generate_series(1, 100) AS i) AS x(s);
SELECT outcome(format('SELECT control_group(%s, 0.5, ''s'')', c))
FROM unnest(ARRAY['interval ''1 day''', 'jsonb ''1.0''', 'ARRAY[1.0]', 'ROW(1.0)', 'NULL::text']) AS c;
DROP SCHEMA t_operations_hostile CASCADE;
