-- Tests that roll_up(query) returns the same bytes as ledger_agg with GROUP BY.
SET client_min_messages = notice;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_roll_up;
SET search_path = t_roll_up, test, public, customer_tier, customer_tier_internal;

\set seed 20261122
\echo seed :seed

-- both ways of one query of three columns: rows of roll_up, of GROUP BY, and how many are the same
CREATE FUNCTION compare(query text, type text, zone text DEFAULT NULL, OUT rolled_up bigint, OUT grouped bigint,
  OUT same bigint) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    WITH q(c, d, a) AS (%1$s), r AS (SELECT * FROM roll_up(%1$L, %3$L) AS (c %2$s, l ledger)),
         g AS (SELECT c, ledger_agg(d, a %4$s) AS l FROM q WHERE c IS NOT NULL AND d IS NOT NULL AND a IS NOT NULL
           GROUP BY c)
    SELECT count(r.l), count(g.l), count(*) FILTER (WHERE ledger_send(r.l) = ledger_send(g.l)) FROM r
      FULL JOIN g USING (c)$q$,
    query, type, zone, ', ' || quote_literal(zone)) INTO rolled_up, grouped, same;
END $$;

CREATE TABLE sale AS
SELECT i AS id, (u(i, :seed) ^ 2 * 500)::int AS c, date '2020-01-01' + (u(i, :seed + 1) * 2000)::int AS day,
  round((u(i, :seed + 2) * 1000 - 100)::numeric, i % 5) AS amount
FROM generate_series(1, 20000) AS i;
CREATE INDEX ON sale (c);
ANALYZE sale;

SELECT * FROM roll_up('SELECT c, day, amount FROM sale WHERE c = 7 AND id < 3000') AS (c int, l ledger);
SELECT c, total(l), orders(l) FROM roll_up($$VALUES ('b', date '2026-01-05', 1.5), ('a', date '2026-01-05', 2.0),
  ('b', '2026-01-06', -0.5)$$) AS (c text, l ledger) ORDER BY c;
SELECT count(*) FROM roll_up('SELECT c, day, amount FROM sale WHERE false') AS (c int, l ledger);
SELECT count(*) FROM roll_up('SELECT NULL::int, NULL::date, NULL::numeric WHERE false') AS (c int, l ledger);
SELECT * FROM roll_up('SELECT 1, date ''2026-01-05'', 5 -- the end') AS (c int, l ledger);
SELECT * FROM roll_up(' ; ; SELECT 1, date ''2026-01-05'', 5; ') AS (c int, l ledger);

--
-- Customers of every type
--
SELECT type, compare.* FROM (VALUES
  ('bigint', 'c::bigint'), ('int', 'c'), ('smallint', 'c::smallint'),
  ('bigint', '(c - 250)::bigint * 36893488147419103'),
  ('text', 'c::text'), ('text', '''customer '' || repeat(''x'', c % 40) || c'),
  ('text', 'CASE WHEN c % 50 = 0 THEN '''' ELSE c::text END'),
  ('varchar(20)', 'c::varchar(20)'), ('char(8)', 'c::char(8)'), ('char', '''a''::char'),
  ('"char"', 'chr(65 + c % 26)::"char"'), ('name', 'c::name'),
  ('uuid', 'md5(c::text)::uuid'), ('numeric', 'c::numeric'),
  ('numeric', 'CASE WHEN id % 2 = 0 THEN c::numeric ELSE c * 1.000 END'), ('numeric(10,2)', '(c / 7.0)::numeric(10,2)'),
  ('date', 'date ''2000-01-01'' + c'), ('timestamp', 'timestamp ''2000-01-01'' + c * interval ''1 second'''),
  ('timestamptz', 'timestamptz ''2000-01-01'' + c * interval ''1 second'''),
  ('time', 'time ''00:00'' + c * interval ''1 second'''),
  ('interval', 'CASE WHEN id % 2 = 0 THEN make_interval(days => c) ELSE make_interval(hours => 24 * c) END'),
  ('boolean', 'c % 2 = 0'), ('oid', 'c::oid'),
  ('float8', 'CASE WHEN c = 0 AND id % 2 = 0 THEN ''-0'' ELSE c / 3.0::float8 END'), ('real', 'c::real'),
  ('float8', 'CASE WHEN c < 9 THEN ''NaN''::float8 ELSE c END'), ('bytea', 'decode(md5(c::text), ''hex'')'),
  ('inet', '''10.0.0.0''::inet + c'), ('macaddr', '(''08:00:2b:01:02:'' || lpad(to_hex(c % 256), 2, ''0''))::macaddr'),
  ('int[]', 'ARRAY[c % 3, c]'), ('text[]', 'ARRAY[c::text, NULL]'), ('int4range', 'int4range(c, c + 5)'),
  ('jsonb', 'to_jsonb(c)'), ('regtype', '(c + 1)::regtype')
) AS t(type, expr), compare('SELECT ' || expr || ', day, amount FROM sale', type)
ORDER BY type COLLATE "C", expr COLLATE "C";
-- domains; the column list may have the domain or its type
CREATE DOMAIN customer_no AS bigint CHECK (VALUE >= 0);
CREATE DOMAIN customer_name AS text CHECK (VALUE <> '');
CREATE DOMAIN money_amount AS numeric(12, 4);
CREATE DOMAIN sale_day AS date NOT NULL;
CREATE TYPE tier AS ENUM ('silver', 'gold', 'platinum');
SELECT * FROM compare('SELECT c::customer_no, day, amount FROM sale', 'customer_no');
SELECT * FROM compare('SELECT c::customer_no, day, amount FROM sale', 'bigint');
SELECT * FROM compare('SELECT c::text::customer_name, day::sale_day, amount::money_amount FROM sale', 'text');
SELECT * FROM compare('SELECT (enum_range(NULL::tier))[1 + c % 3], day, amount FROM sale', 'tier');
-- equal by a collation: an ICU one, where the server and the database's encoding have them
DO $$
BEGIN
  IF to_regcollation('"und-x-icu"') IS NOT NULL THEN
    CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    IF (SELECT (rolled_up, grouped, same) <> (20, 20, 20)
        FROM compare($q$SELECT (CASE WHEN id % 2 = 0 THEN 'Customer ' ELSE 'CUSTOMER ' END || c % 20) COLLATE caseless,
          day, amount FROM sale$q$, 'text COLLATE caseless')) THEN
      RAISE EXCEPTION 'not equal by a nondeterministic collation: %',
        (SELECT c FROM compare($q$SELECT (CASE
        WHEN id % 2 = 0 THEN 'Customer ' ELSE 'CUSTOMER ' END || c % 20) COLLATE caseless, day, amount
        FROM sale$q$, 'text COLLATE caseless') AS c);
    END IF;
  END IF;
END $$;
SELECT * FROM compare('SELECT c::text COLLATE "C", day, amount FROM sale', 'text');
-- days and amounts of every type
SELECT day, amount, compare.* FROM unnest(ARRAY['day', 'day::timestamp', 'day + time ''23:59:59.999999''',
  'day - interval ''2300 years''']) AS day,
  unnest(ARRAY['amount', 'amount::bigint', 'amount::int', 'id', 'amount::smallint']) AS amount,
  compare('SELECT c, ' || day || ', ' || amount || ' FROM sale', 'int') ORDER BY day COLLATE "C", amount COLLATE "C";
SELECT zone, compare.* FROM unnest(ARRAY['UTC', 'Asia/Shanghai', 'America/New_York', 'Pacific/Apia', '+08',
  'CET-1CEST']) AS zone,
  compare('SELECT c, (day + u(id, 3) * interval ''24 hours'') AT TIME ZONE ''UTC'', amount FROM sale', 'int', zone)
  ORDER BY zone COLLATE "C";
-- a zone changes nothing where there is none to take
SELECT ledger_send((SELECT rollup(l)
  FROM roll_up('SELECT c, day, amount FROM sale', 'Asia/Shanghai') AS (c int, l ledger))) = ledger_send(ledger_agg(day,
  amount)) AS same FROM sale;
SELECT ledger_send((SELECT rollup(l)
  FROM roll_up('SELECT c, day::timestamp, amount FROM sale', time_zone => 'Asia/Shanghai') AS (c int,
  l ledger))) = ledger_send(ledger_agg(day, amount)) AS same FROM sale;

--
-- Many customers, one customer, long names; in little memory and in much
--
CREATE TABLE wide AS
SELECT i AS id, (u(i, 1) * 50000)::int AS c, date '2024-01-01' + (u(i, 2) * 730)::int AS day,
  round((u(i, 3) * 100 - 5)::numeric, 2) AS amount FROM generate_series(1, 300000) AS i;
ANALYZE wide;
CREATE TABLE grouped AS SELECT c, ledger_agg(day, amount) AS l FROM wide GROUP BY c;
CREATE FUNCTION same_as_grouped(query text, OUT customers_right boolean, OUT wrong bigint) LANGUAGE sql AS $$
  SELECT count(*) = (SELECT count(DISTINCT c) FROM wide),
    count(*) FILTER (WHERE ledger_send(r.l) IS DISTINCT FROM ledger_send(g.l))
  FROM roll_up(query) AS r(c int, l ledger) FULL JOIN grouped AS g USING (c) $$;
SET work_mem = '64kB';
SELECT * FROM same_as_grouped('SELECT c, day, amount FROM wide');
SET work_mem = '1MB';
SELECT o, compare.* FROM unnest(ARRAY['c', 'day', 'amount', 'c DESC, day']) AS o,
  compare('SELECT c, day, amount FROM wide WHERE id <= 30000 ORDER BY ' || o, 'int') ORDER BY o COLLATE "C";
SET work_mem = '4MB';
SELECT * FROM same_as_grouped('SELECT c, day, amount FROM wide ORDER BY day DESC');
SET work_mem = '1GB';
SELECT * FROM same_as_grouped('SELECT c, day, amount FROM wide ORDER BY amount');
-- one customer with nearly all rows, first, last and in between
SELECT work_mem, o, compare.* FROM unnest(ARRAY['64kB', '1GB']) AS work_mem, set_config('work_mem', work_mem, false),
  unnest(ARRAY['c', 'c DESC', 'id']) AS o,
  compare('SELECT CASE WHEN id % 100 = 0 THEN c ELSE 25000 END AS c, day, amount FROM wide WHERE id <= 50000 ORDER BY '
    || o, 'int') ORDER BY work_mem COLLATE "C", o COLLATE "C";
-- nobody comes twice; everybody comes on a day of his own
SELECT work_mem, compare.* FROM unnest(ARRAY['64kB', '1GB']) AS work_mem, set_config('work_mem', work_mem, false),
  compare('SELECT id::bigint * 1000003, day, amount FROM wide WHERE id <= 60000', 'bigint') ORDER BY work_mem;
-- names of 10 kB, and some longer than a block at its best
SELECT work_mem, compare.* FROM unnest(ARRAY['64kB', '1GB']) AS work_mem, set_config('work_mem', work_mem, false),
  compare('SELECT repeat(md5((id % 100)::text), 313) || id % 100, day, amount FROM wide WHERE id <= 2000', 'text')
  ORDER BY work_mem;
SET work_mem = '64kB';
SELECT * FROM
  compare('SELECT repeat(md5((id % 60)::text), 1 + (id % 60) * (id % 60)) || id % 60, day, amount FROM wide WHERE id '
    '<= 500', 'text');
-- names from TOAST: large and compressed, and large and not
CREATE TABLE toasted AS SELECT i AS id, repeat((i % 50)::text, 20000) AS c1,
  (SELECT string_agg(md5((i % 50 * 1000 + k)::text), '') FROM generate_series(1, 300) AS k) AS c2
FROM generate_series(1, 500) AS i;
SELECT c, compare.* FROM unnest(ARRAY['c1', 'c2']) AS c,
  compare('SELECT ' || c || ', date ''2026-01-01'' + id, id FROM toasted', 'text') ORDER BY c;
RESET work_mem;

--
-- What is left out is told
--
SELECT * FROM roll_up($$VALUES (1, date '2026-01-05', 1.5), (NULL, '2026-01-05', 1.5), (NULL, '2026-01-05', NULL),
  (1, NULL, 1), (1, '2026-01-05', NULL), (2, NULL, NULL)$$) AS (c int, l ledger) ORDER BY c;
SELECT * FROM roll_up($$VALUES (1, date '2026-01-05', 1.5), (NULL, '2026-01-05', 1.5), (2, NULL, 1)$$) AS (c int,
  l ledger) ORDER BY c;
SELECT * FROM roll_up($$SELECT NULL::text, date '2026-01-05', 1.5$$) AS (c text, l ledger);
SET client_min_messages = warning;

--
-- What is refused
--
\set VERBOSITY default
SELECT * FROM roll_up('SELECT c, day, amount, id, id FROM sale') AS (c int, l ledger);
SELECT * FROM roll_up('SELECT c, day, amount FROM sale') AS (c bigint, l ledger);
SELECT q AS query, outcome(format('SELECT count(*) FROM roll_up(%L) AS (c int, l ledger)', q)) AS outcome
  FROM unnest(ARRAY[
  'SELECT', 'SELECT c FROM sale', 'SELECT c, day FROM sale', 'SELECT 1, 2, 3, 4, 5',
  'SELECT c, day, amount::float8 FROM sale', 'SELECT c, day, amount::real FROM sale',
    'SELECT c, day, amount::text FROM sale', 'SELECT c, day, amount::money FROM sale', 'SELECT c, day, ''5'' FROM sale',
  'SELECT c, day::text, amount FROM sale', 'SELECT c, id, amount FROM sale', 'SELECT c, now(), amount FROM sale',
    'SELECT c, current_time, amount FROM sale',
  'SELECT point(1,1), day, amount FROM sale', 'SELECT ''{}''::json, day, amount FROM sale',
    'SELECT ''a''::tsvector, day, amount FROM sale',
  '', ' ', ';', '-- nothing', 'SELECT 1, current_date, 1; SELECT 1, current_date, 1', 'SELEC 1',
  'INSERT INTO sale VALUES (1, 1, ''2026-01-01'', 1) RETURNING c, day, amount',
    'UPDATE sale SET c = 1 RETURNING c, day, amount', 'DELETE FROM sale RETURNING c, day, amount', 'TRUNCATE sale',
  'WITH d AS (DELETE FROM sale RETURNING *) SELECT c, day, amount FROM d', 'SELECT c, day, amount FROM sale FOR UPDATE',
    'SELECT c, day, amount FROM sale FOR SHARE', 'SELECT c, day, amount INTO TEMP x FROM sale',
  'CREATE TEMP TABLE x AS SELECT c, day, amount FROM sale', 'EXPLAIN SELECT c, day, amount FROM sale', 'TABLE nowhere',
    'SELECT x, day, amount FROM sale', 'COPY sale TO STDOUT', 'BEGIN', 'COMMIT', 'DO $x$ BEGIN END $x$', 'VACUUM',
    'SET work_mem = 64',
  'SELECT $1, day, amount FROM sale',
  'SELECT c, day, amount + CASE WHEN id = 20000 THEN 0.0000001 ELSE 0 END FROM sale',
    'SELECT c, CASE WHEN id = 777 THEN ''infinity'' ELSE day END, amount FROM sale',
    'SELECT c, day, CASE WHEN id = 20000 THEN ''NaN'' ELSE amount END FROM sale',
  'SELECT c / (id - 20000), day, amount FROM sale', 'SELECT 1, day, 9223372036854775807 FROM sale'
]) WITH ORDINALITY AS i(q, o) ORDER BY o;
SELECT outcome($$SELECT count(*) FROM roll_up(NULL) AS (c int, l ledger)$$);
SELECT outcome($$SELECT count(*)
  FROM roll_up('SELECT c, day::timestamptz, amount FROM sale', 'Nowhere') AS (c int, l ledger)$$);
SELECT l AS column_list, outcome(format('SELECT count(*) FROM roll_up(''SELECT c, day, amount FROM sale'') AS (%s)',
  l)) AS outcome FROM unnest(ARRAY[
  'c int', 'c int, l ledger, x int', 'c text, l ledger', 'c int, l text', 'c int, l bytea', 'l ledger, c int'
]) WITH ORDINALITY AS i(l, o) ORDER BY o;
SELECT outcome('SELECT roll_up(''SELECT c, day, amount FROM sale'')') !~ '^\(' AS refused;
SELECT count(*) FROM sale;

--
-- It sees what the query sees
--
BEGIN;
INSERT INTO sale VALUES (20001, 100001, '2026-01-05', 77);
UPDATE sale SET c = 100002 WHERE c = 3;
DELETE FROM sale WHERE c = 4;
SELECT l FROM roll_up('SELECT c, day, amount FROM sale') AS (c int, l ledger) WHERE c = 100001;
SELECT rolled_up = grouped AND grouped = same AND grouped = (SELECT count(DISTINCT c) FROM sale) AS own_changes
  FROM compare('SELECT c, day, amount FROM sale', 'int');
SAVEPOINT s;
INSERT INTO sale VALUES (20002, 100003, '2026-01-05', 78);
SELECT count(*) FROM roll_up('SELECT c, day, amount FROM sale') AS (c int, l ledger) WHERE c = 100003;
ROLLBACK TO s;
SELECT count(*) FROM roll_up('SELECT c, day, amount FROM sale') AS (c int, l ledger) WHERE c = 100003;
ROLLBACK;
SELECT count(*) FROM roll_up('SELECT c, day, amount FROM sale') AS (c int, l ledger) WHERE c > 100000;
-- within the statement that writes: not its own changes
WITH i AS (INSERT INTO sale VALUES (20003, 100004, '2026-01-05', 78) RETURNING id) SELECT count(*),
  (SELECT count(*) FROM i) FROM roll_up('SELECT c, day, amount FROM sale') AS (c int, l ledger) WHERE c = 100004;
DELETE FROM sale WHERE c = 100004;
-- views, partitions, joins, aggregates, other functions
CREATE VIEW big_sale AS SELECT c AS customer, day, amount FROM sale WHERE amount > 500;
SELECT rolled_up > 100 AND rolled_up = same AND same = grouped AS view FROM compare('TABLE big_sale', 'int');
CREATE TABLE part (id int, c int, day date, amount numeric) PARTITION BY RANGE (day);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (MINVALUE) TO ('2022-06-01');
CREATE TABLE part_2 (junk text, amount numeric, day date, id int, c int);
ALTER TABLE part_2 DROP COLUMN junk;
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES FROM ('2022-06-01') TO (MAXVALUE);
INSERT INTO part SELECT * FROM sale;
SELECT count(*) AS customers, count(*) FILTER (WHERE ledger_send(p.l) = ledger_send(s.l)) AS same
FROM roll_up('SELECT c, day, amount FROM part') AS p(c int, l ledger)
  FULL JOIN roll_up('SELECT c, day, amount FROM sale') AS s(c int, l ledger) USING (c);
SELECT * FROM
  compare('SELECT s.c, b.day, sum(s.amount) FROM sale AS s JOIN sale AS b ON s.id = b.id + 1 GROUP BY s.c, b.day',
  'int');
SELECT * FROM
  compare('SELECT c, day, amount FROM sale WHERE c < 100 '
    'UNION ALL SELECT c + 1000, day, -amount FROM sale WHERE c >= 100', 'int');
SELECT * FROM compare('SELECT c, day, amount FROM sale ORDER BY id LIMIT 100 OFFSET 50', 'int');
SELECT orders(l) FROM roll_up($$SELECT 1,
  (SELECT last_day(l) FROM roll_up('SELECT 1, current_date - 1, 5') AS (c int, l ledger)), 5$$) AS (c int, l ledger);
-- a parallel plan below
ALTER TABLE wide SET (parallel_workers = 2);
CALL workers(2);
SELECT * FROM same_as_grouped('SELECT c, day, amount FROM wide');
CALL workers(NULL);
-- the rights and the policies are those of the caller
CREATE ROLE regress_customer_tier_clerk;
GRANT USAGE ON SCHEMA t_roll_up, customer_tier TO regress_customer_tier_clerk;
SET ROLE regress_customer_tier_clerk;
SELECT outcome($$SELECT count(*) FROM roll_up('SELECT c, day, amount FROM sale') AS (c int, l ledger)$$);
RESET ROLE;
GRANT SELECT ON sale TO regress_customer_tier_clerk;
CREATE POLICY low ON sale TO regress_customer_tier_clerk USING (c < 20);
ALTER TABLE sale ENABLE ROW LEVEL SECURITY;
SET ROLE regress_customer_tier_clerk;
SELECT count(*), max(c) FROM roll_up('SELECT c, day, amount FROM sale') AS (c int, l ledger);
RESET ROLE;
SELECT count(*), max(c) FROM roll_up('SELECT c, day, amount FROM sale') AS (c int, l ledger);
ALTER TABLE sale DISABLE ROW LEVEL SECURITY;
DROP POLICY low ON sale;
DROP OWNED BY regress_customer_tier_clerk;
DROP ROLE regress_customer_tier_clerk;

--
-- How it is called: cursors, LIMIT, prepared, in functions, correlated
--
SELECT count(*) FROM (SELECT * FROM roll_up('SELECT c, day, amount FROM sale') AS (c int, l ledger) LIMIT 3) AS l;
BEGIN;
DECLARE r SCROLL CURSOR FOR SELECT c,
  orders(l) = (SELECT count(*) FROM sale AS s WHERE s.c = r.c AND amount > 0) AS right_orders
FROM roll_up('SELECT c, day, amount FROM sale') AS r(c int, l ledger) ORDER BY c;
FETCH 2 FROM r;
MOVE FORWARD 400 FROM r;
FETCH 1 FROM r;
FETCH PRIOR FROM r;
FETCH FIRST FROM r;
CLOSE r;
DECLARE r CURSOR WITH HOLD FOR SELECT *
FROM roll_up('SELECT c, day, amount FROM sale WHERE c = 7 AND id < 3000') AS (c int, l ledger);
COMMIT;
FETCH ALL FROM r;
CLOSE r;
PREPARE p(text) AS SELECT count(*), sum(total(l)) FROM roll_up($1) AS (c int, l ledger);
EXECUTE p('SELECT c, day, amount::int FROM sale WHERE c < 10');
SELECT count(DISTINCT c), sum(amount::int) FROM sale WHERE c < 10;
EXECUTE p('SELECT 1, date ''2026-01-05'', 5');
EXECUTE p('SELECT c, day FROM sale');
EXECUTE p('SELECT 1, date ''2026-01-05'', 6');
EXECUTE p('SELECT 1, timestamp ''2026-01-05 12:00'', 7::bigint');
EXECUTE p('SELECT 1, date ''2026-01-05'', 8 WHERE false');
EXECUTE p('SELECT 1, date ''2026-01-05'', 9');
DO $$
BEGIN
  FOR i IN 1..50 LOOP
    PERFORM FROM roll_up('SELECT c, day, amount FROM sale WHERE c = ' || i) AS r(c int, l ledger)
      WHERE orders(l) <> (SELECT count(*) FROM sale WHERE sale.c = i AND amount > 0) OR r.c <> i;
    IF FOUND THEN RAISE EXCEPTION 'wrong: %', i; END IF;
  END LOOP;
END $$;
SELECT count(*) AS calls, sum(n) AS customers
FROM (SELECT i, (SELECT count(*)
  FROM roll_up('SELECT c, day, amount FROM sale WHERE c BETWEEN 0 AND ' || i) AS (c int, l ledger)) AS n
  FROM generate_series(0, 20) AS i) AS s;
CREATE TABLE tier_input AS SELECT * FROM roll_up('SELECT c, day, amount FROM sale') AS (customer int, ledger ledger);
SELECT count(*) = (SELECT count(DISTINCT c) FROM sale) AS filled FROM tier_input;

--
-- A timeout ends it, spilling or not, and leaves nothing behind
--
-- the session's own temporary files
CREATE FUNCTION temp_files() RETURNS bigint
LANGUAGE sql AS $$SELECT count(*) FROM pg_ls_tmpdir() WHERE name ~ ('^pgsql_tmp' || pg_backend_pid() || '\.')$$;
CREATE FUNCTION cancelled(query text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM count(*) FROM roll_up(query) AS (c int, l ledger);
  RETURN false;
EXCEPTION WHEN query_canceled THEN
  RETURN true;
END $$;
SET work_mem = '256kB';
SET statement_timeout = '300ms';
SELECT cancelled('SELECT i % 1000003, date ''2026-01-01'', 1 FROM generate_series(1, 1000000000) AS i') AS cancelled;
SET statement_timeout = 0;
SELECT temp_files();
-- files are there while it spills
SELECT total(rollup(l)) > 0 AS spilled
FROM roll_up('SELECT c, day, CASE WHEN id = 100000 THEN temp_files() ELSE 0 END FROM wide WHERE id <= 100000') AS
  (c int, l ledger);
SELECT * FROM compare('SELECT c, day, amount FROM wide WHERE id <= 100000', 'int');
-- an error in the middle of a spill
SELECT left(outcome($$SELECT count(*)
  FROM roll_up('SELECT c / (300000 - id), day, amount FROM wide') AS (c int, l ledger)$$), 5) AS state, temp_files();
-- part of what is there is read, and then no more
SELECT count(*) FROM (SELECT * FROM roll_up('SELECT c, day, amount FROM wide WHERE id <= 100000') AS (c int, l ledger)
  LIMIT 10) AS l;
SELECT temp_files();
SET work_mem = '1GB';
SELECT total(rollup(l)) > 0 AS spilled
FROM roll_up('SELECT c, day, CASE WHEN id = 100000 THEN temp_files() ELSE 0 END FROM wide WHERE id <= 100000') AS
  (c int, l ledger);
SET statement_timeout = '300ms';
SELECT cancelled('SELECT i % 1000003, date ''2026-01-01'', 1 FROM generate_series(1, 1000000000) AS i') AS cancelled;
SET statement_timeout = 0;
RESET work_mem;
SELECT * FROM compare('SELECT c, day, amount FROM wide WHERE id <= 100000', 'int');

DROP SCHEMA t_roll_up CASCADE;
