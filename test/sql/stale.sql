-- Materialised views that are refreshed on change: when, by whom, and what is refused.
SET client_min_messages = notice;
CREATE SCHEMA t_stale;
SET search_path = t_stale, test, public, customer_tier;

CREATE TABLE sale (id int PRIMARY KEY, customer int, amount numeric);
CREATE TABLE name (customer int PRIMARY KEY, name text);
-- tells when it is refreshed, and as whom
CREATE FUNCTION told(what text) RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '% is refreshed', what; RETURN 0; END $$;
CREATE VIEW named AS SELECT s.customer, n.name, s.amount FROM t_stale.sale AS s JOIN t_stale.name AS n USING (customer);
CREATE MATERIALIZED VIEW top AS SELECT name, sum(amount) AS total FROM t_stale.named GROUP BY name;
CREATE MATERIALIZED VIEW best AS SELECT max(total) + t_stale.told('best') AS best FROM t_stale.top;
CREATE FUNCTION difference() RETURNS bigint LANGUAGE sql AS
$$SELECT count(*) FROM ((SELECT name, sum(amount) FROM named GROUP BY name EXCEPT TABLE top) UNION ALL (TABLE top EXCEPT SELECT name, sum(amount) FROM named GROUP BY name)) AS d$$;
CREATE VIEW state AS SELECT matview, mode, since IS NOT NULL AS marked, watching, error FROM stale ORDER BY matview::text;

--
-- Deferred: marked, refreshed by refresh_stale
--
SELECT refresh_on_change('top'), refresh_on_change('best');
SELECT relation, mode, tables FROM matview ORDER BY 1;
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgfoid = 'mark_stale()'::regprocedure ORDER BY 1, 2;
TABLE state;
CALL refresh_stale();
TABLE state;
INSERT INTO name VALUES (1, 'Ada'), (2, 'Bo');
INSERT INTO sale VALUES (1, 1, 10), (2, 1, 20), (3, 2, 5);
TABLE state;
SELECT difference();
CALL refresh_stale();
TABLE state;
SELECT difference(), best FROM best;
-- each kind of write marks; what is rolled back does not
CREATE FUNCTION marks(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
  DELETE FROM customer_tier.mark;
  EXECUTE sql;
  SELECT count(*) INTO n FROM customer_tier.mark WHERE matview = 'top'::regclass;
  RETURN format('%s: %s', sql, n);
END $$;
SELECT marks(sql) FROM unnest(ARRAY['INSERT INTO sale VALUES (4, 2, 1)', 'UPDATE sale SET amount = 2 WHERE id = 4', 'DELETE FROM sale WHERE id = 4', 'TRUNCATE sale', 'SELECT 1',
  'WITH i AS (INSERT INTO sale VALUES (4, 2, 1) RETURNING *) SELECT * FROM i', 'INSERT INTO sale VALUES (4, 2, 2) ON CONFLICT (id) DO UPDATE SET amount = 3']) AS sql;
CALL refresh_stale();
BEGIN;
SAVEPOINT a;
INSERT INTO sale VALUES (5, 1, 1);
ROLLBACK TO a;
TABLE state;
INSERT INTO sale VALUES (5, 1, 1);
SAVEPOINT b;
INSERT INTO sale VALUES (6, 1, 1);
RELEASE b;
ROLLBACK TO a;
INSERT INTO sale VALUES (7, 1, 1);
COMMIT;
SELECT count(*) AS marks FROM mark WHERE matview = 'top'::regclass;
-- written, refreshed and written again in one transaction
BEGIN;
CALL refresh_stale();
INSERT INTO sale VALUES (8, 1, 1);
CALL refresh_stale();
SELECT difference();
INSERT INTO sale VALUES (9, 1, 1);
SELECT difference();
COMMIT;
TABLE state;
CALL refresh_stale('top');
TABLE state;
CALL refresh_stale();

--
-- At commit: once for a transaction, in the order they were made
--
SELECT refresh_on_change('top', 'commit'), refresh_on_change('best', 'commit');
INSERT INTO sale VALUES (10, 1, 100);
SELECT difference(), best FROM best;
BEGIN;
INSERT INTO sale VALUES (11, 1, 1);
UPDATE sale SET amount = amount + 1;
DELETE FROM sale WHERE id = 3;
UPDATE name SET name = 'Ada L.' WHERE customer = 1;
SELECT difference();
COMMIT;
SELECT difference(), best FROM best;
BEGIN;
INSERT INTO sale VALUES (12, 1, 1);
ROLLBACK;
-- now, and once more at the end
BEGIN;
INSERT INTO sale VALUES (12, 1, 1);
SET CONSTRAINTS ALL IMMEDIATE;
SELECT difference();
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO sale VALUES (13, 1, 1);
COMMIT;
SELECT difference();
TABLE state;
-- with a unique index readers go on
SELECT refresh_command('top'), refresh_command('best');
CREATE UNIQUE INDEX ON top (name) WHERE total > 0;
CREATE UNIQUE INDEX ON top (lower(name));
SELECT refresh_command('top');
CREATE UNIQUE INDEX ON top (name);
SELECT refresh_command('top');
INSERT INTO sale VALUES (14, 2, 1);
SELECT difference();
-- an older snapshot would not do
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT outcome('INSERT INTO sale VALUES (15, 1, 1)');
ROLLBACK;
SELECT refresh_on_change('top', 'deferred'), refresh_on_change('best', 'deferred');
CALL refresh_stale();
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO sale VALUES (15, 1, 1);
SELECT outcome('CALL refresh_stale()');
COMMIT;
TABLE state;

-- a view that reads another is stale once that is refreshed, whatever their modes
CREATE TABLE base (x int);
CREATE MATERIALIZED VIEW first AS SELECT count(*) AS n FROM t_stale.base;
CREATE MATERIALIZED VIEW second AS SELECT n FROM t_stale.first;
SELECT refresh_on_change('second', 'commit'), refresh_on_change('first', 'deferred');
SELECT relation, tables FROM matview WHERE relation IN ('first'::regclass, 'second'::regclass) ORDER BY relation;
INSERT INTO base VALUES (1);
CALL refresh_stale('first');
SELECT (SELECT n FROM first) AS first, (SELECT n FROM second) AS second;
SELECT refresh_on_change('second', 'deferred');
INSERT INTO base VALUES (1);
CALL refresh_stale();
SELECT (SELECT n FROM first) AS first, (SELECT n FROM second) AS second, count(*) AS stale FROM stale;
-- at commit, whatever the role of the session
SELECT refresh_on_change('first', 'commit');
SET session_replication_role = replica;
INSERT INTO base VALUES (1);
RESET session_replication_role;
SELECT n FROM first;
SELECT stop_refresh_on_change('second'), stop_refresh_on_change('first');

--
-- One that fails stays stale; the others are refreshed
--
CREATE MATERIALIZED VIEW bad AS SELECT 1 / (max(amount) - 1000) AS q FROM t_stale.sale;
SELECT refresh_on_change('bad');
INSERT INTO sale VALUES (16, 1, 1000);
CALL refresh_stale();
TABLE state;
SELECT difference();
UPDATE sale SET amount = 1 WHERE id = 16;
CALL refresh_stale();
TABLE state;
SELECT refresh_on_change('bad', 'commit');
SELECT outcome('UPDATE sale SET amount = 1000 WHERE id = 16; SET CONSTRAINTS ALL IMMEDIATE');
UPDATE sale SET amount = 1000 WHERE id = 16;
SELECT amount FROM sale WHERE id = 16;
-- dropped: writers go on
DROP MATERIALIZED VIEW bad;
UPDATE sale SET amount = 1000 WHERE id = 16;
CALL refresh_stale();
SELECT count(*) FROM mark WHERE matview NOT IN (SELECT oid FROM pg_class);
-- triggers that do not fire are told of
ALTER TABLE sale DISABLE TRIGGER USER;
TABLE state;
ALTER TABLE sale ENABLE TRIGGER USER;
SELECT refresh_on_change('top'), refresh_on_change('best');
CALL refresh_stale();
TABLE state;
SET session_replication_role = replica;
DELETE FROM sale WHERE id = 16;
RESET session_replication_role;
TABLE state;

--
-- Partitions, inheritance and tracked sales
--
CREATE TABLE part (day date, customer int, amount numeric) PARTITION BY RANGE (day);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY LIST (customer);
CREATE TABLE part_2_1 PARTITION OF part_2 DEFAULT;
CREATE MATERIALIZED VIEW parts AS SELECT count(*), sum(amount) FROM t_stale.part;
CREATE MATERIALIZED VIEW of_one AS SELECT sum(amount) FROM t_stale.part_1;
SELECT refresh_on_change('parts'), refresh_on_change('of_one');
CALL refresh_stale();
CREATE FUNCTION marked(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE n text;
BEGIN
  DELETE FROM customer_tier.mark;
  EXECUTE sql;
  SELECT string_agg(matview::text, ' ' ORDER BY matview::text) INTO n FROM customer_tier.mark;
  RETURN format('%s: %s', sql, n);
END $$;
SELECT marked(sql) FROM unnest(ARRAY[$$INSERT INTO part SELECT '2026-01-05', i, 1 FROM generate_series(1, 100) AS i$$, $$INSERT INTO part VALUES ('2026-02-05', 1, 1)$$, $$INSERT INTO part_2_1 VALUES ('2026-02-05', 1, 1)$$,
  $$UPDATE part SET day = '2026-02-06' WHERE customer = 1$$, $$DELETE FROM part_1 WHERE customer = 2$$, $$TRUNCATE part$$, $$CREATE TABLE part_3 PARTITION OF part FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')$$,
  $$INSERT INTO part_3 VALUES ('2026-03-05', 1, 1)$$, $$ALTER TABLE part DETACH PARTITION part_3$$, $$INSERT INTO part_3 VALUES ('2026-03-05', 1, 1)$$]) AS sql;
CREATE TABLE parent (a int);
CREATE TABLE child () INHERITS (parent);
CREATE MATERIALIZED VIEW heirs AS SELECT count(*) FROM t_stale.parent;
CREATE MATERIALIZED VIEW system AS SELECT count(*) FROM pg_catalog.pg_class;
CREATE MATERIALIZED VIEW nothing AS SELECT 1 AS one;
SELECT outcome(format('SELECT refresh_on_change(%s)', a)) FROM unnest(ARRAY[$$'heirs'$$, $$'system'$$, $$'nothing'$$, $$'sale'$$, $$'named'$$, $$'top', 'daily'$$, $$'top', NULL$$, $$NULL$$,
  $$'top', 'commit', ARRAY['named']::regclass[]$$, $$'nothing', 'commit', '{}'$$]) AS a;
SELECT refresh_on_change('nothing', 'deferred', ARRAY['name']::regclass[]);
CREATE TABLE shop (id int, customer int, day date, amount numeric);
CALL track('shop', 'customer', 'amount', 'day');
CREATE MATERIALIZED VIEW worth AS SELECT customer, total(ledger) FROM t_stale.shop_ledger_live;
CREATE MATERIALIZED VIEW worth_then AS SELECT customer, total(ledger) FROM t_stale.shop_ledger;
SELECT refresh_on_change('worth', 'commit'), refresh_on_change('worth_then', 'commit');
SELECT relation, tables FROM matview WHERE relation IN ('worth'::regclass, 'worth_then'::regclass) ORDER BY 1;
INSERT INTO shop VALUES (1, 7, '2026-01-01', 3);
SELECT (SELECT total FROM worth), (SELECT total FROM worth_then);
CALL refresh('shop');
SELECT (SELECT total FROM worth), (SELECT total FROM worth_then);

--
-- Rights: the view's query runs as its owner; a writer needs none
--
CREATE ROLE regress_customer_tier_analyst;
CREATE ROLE regress_customer_tier_clerk;
GRANT USAGE ON SCHEMA t_stale, test, customer_tier TO regress_customer_tier_analyst, regress_customer_tier_clerk;
GRANT CREATE ON SCHEMA t_stale TO regress_customer_tier_analyst;
GRANT SELECT ON sale TO regress_customer_tier_analyst;
GRANT SELECT, INSERT, DELETE ON sale TO regress_customer_tier_clerk;
SET ROLE regress_customer_tier_analyst;
CREATE FUNCTION t_stale.who() RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'runs as %', current_user; RETURN 0; END $$;
CREATE MATERIALIZED VIEW mine AS SELECT count(*) + t_stale.who() AS n FROM t_stale.sale;
SELECT outcome($$SELECT refresh_on_change('mine')$$), outcome($$SELECT refresh_on_change('top')$$), outcome($$SELECT stop_refresh_on_change('top')$$);
RESET ROLE;
SELECT refresh_on_change('mine', 'commit');
SET ROLE regress_customer_tier_clerk;
INSERT INTO sale VALUES (20, 1, 1);
SELECT outcome('SELECT * FROM mine'), left(outcome('REFRESH MATERIALIZED VIEW mine'), 5), outcome($$INSERT INTO customer_tier.mark VALUES ('mine', true)$$),
       outcome($$INSERT INTO customer_tier.matview VALUES ('mine', 'commit', '{}')$$), outcome($$SELECT mark_readers('top'), (SELECT count(*) FROM customer_tier.mark)$$), outcome('SELECT count(*) FROM customer_tier.matview'), outcome('SELECT count(*) FROM stale');
-- a table of one's own is no way to somebody's view
CREATE TEMP TABLE own (a int);
CREATE TRIGGER forge AFTER INSERT ON own FOR EACH STATEMENT EXECUTE FUNCTION mark_stale();
INSERT INTO own VALUES (1);
CREATE CONSTRAINT TRIGGER forge_too AFTER INSERT ON own FOR EACH ROW EXECUTE FUNCTION refresh_at_commit();
DROP TABLE own;
RESET ROLE;
SET ROLE regress_customer_tier_analyst;
SELECT count(*) AS mine FROM matview;
-- a view of one's own is no way into somebody's writes
SELECT outcome($$UPDATE customer_tier.matview SET tables = ARRAY['name']::regclass[]$$);
SELECT stop_refresh_on_change('mine');
RESET ROLE;
-- the triggers go with the last view
SELECT stop_refresh_on_change(relation) FROM (SELECT relation FROM matview WHERE relation IN (SELECT oid FROM pg_class) ORDER BY relation) AS m;
SELECT count(*) FROM pg_trigger WHERE tgfoid = 'mark_stale()'::regprocedure;
SELECT outcome($$SELECT stop_refresh_on_change('top')$$);
-- what depends on it is not dropped unasked
CALL untrack('shop');
SET client_min_messages = warning;
DROP MATERIALIZED VIEW worth, worth_then;
CALL untrack('shop');
DROP SCHEMA t_stale CASCADE;
DROP OWNED BY regress_customer_tier_analyst, regress_customer_tier_clerk;
DROP ROLE regress_customer_tier_analyst, regress_customer_tier_clerk;
