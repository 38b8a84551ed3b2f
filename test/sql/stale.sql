-- Tests materialised views that are refreshed on change: when, by which user, and errors.
SET client_min_messages = notice;
CREATE SCHEMA t_stale;
SET search_path = t_stale, test, public, customer_tier;

CREATE TABLE sale (id int PRIMARY KEY, customer int, amount numeric);
CREATE TABLE name (customer int PRIMARY KEY, name text);
-- tells when it is refreshed, and as whom
CREATE FUNCTION told(what text) RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '% is refreshed', what;
RETURN 0;
END $$;
CREATE VIEW named AS SELECT s.customer, n.name, s.amount FROM t_stale.sale AS s JOIN t_stale.name AS n USING (customer);
CREATE MATERIALIZED VIEW top AS SELECT name, sum(amount) AS total FROM t_stale.named GROUP BY name;
CREATE MATERIALIZED VIEW best AS SELECT max(total) + t_stale.told('best') AS best FROM t_stale.top;
CREATE FUNCTION difference() RETURNS bigint LANGUAGE sql AS
$$SELECT count(*) FROM ((SELECT name, sum(amount) FROM named GROUP BY name EXCEPT TABLE top)
  UNION ALL (TABLE top EXCEPT SELECT name, sum(amount) FROM named GROUP BY name)) AS d$$;
CREATE VIEW state AS SELECT matview, mode, since IS NOT NULL AS marked, watching, error FROM stale
  ORDER BY matview::text;

--
-- Deferred: marked, refreshed by refresh_stale
--
SELECT refresh_on_change('top'), refresh_on_change('best');
SELECT state, matview, marks, reads FROM customer_tier_internal.find_watched() ORDER BY state;
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger
  WHERE tgfoid = 'customer_tier_internal.mark_stale()'::regprocedure ORDER BY 1, 2;
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
  DELETE FROM top_stale_marks;
  EXECUTE sql;
  SELECT count(*) INTO n FROM top_stale_marks;
  RETURN format('%s: %s', sql, n);
END $$;
SELECT marks(sql) FROM unnest(ARRAY['INSERT INTO sale VALUES (4, 2, 1)', 'UPDATE sale SET amount = 2 WHERE id = 4',
  'DELETE FROM sale WHERE id = 4', 'TRUNCATE sale', 'SELECT 1',
  'WITH i AS (INSERT INTO sale VALUES (4, 2, 1) RETURNING *) SELECT * FROM i',
    'INSERT INTO sale VALUES (4, 2, 2) ON CONFLICT (id) DO UPDATE SET amount = 3']) AS sql;
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
SELECT count(*) AS marks FROM top_stale_marks;
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
SELECT customer_tier_internal.refresh_command('top'), customer_tier_internal.refresh_command('best');
CREATE UNIQUE INDEX ON top (name) WHERE total > 0;
CREATE UNIQUE INDEX ON top (lower(name));
SELECT customer_tier_internal.refresh_command('top');
CREATE UNIQUE INDEX ON top (name);
SELECT customer_tier_internal.refresh_command('top');
INSERT INTO sale VALUES (14, 2, 1);
SELECT difference();
-- an older snapshot would not do
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT outcome('INSERT INTO sale VALUES (15, 1, 1) RETURNING id');
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
SELECT matview, reads FROM customer_tier_internal.find_watched()
  WHERE matview IN ('first'::regclass, 'second'::regclass) ORDER BY matview;
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger
  WHERE tgfoid = 'customer_tier_internal.mark_stale()'::regprocedure AND tgname LIKE '%second' ORDER BY 1, 2;
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
SELECT outcome('DROP MATERIALIZED VIEW bad');
DROP MATERIALIZED VIEW bad CASCADE;
UPDATE sale SET amount = 1000 WHERE id = 16;
CALL refresh_stale();
TABLE bad_stale_marks;
TABLE state;
-- one that has its name takes the place
CREATE MATERIALIZED VIEW bad AS SELECT max(amount) AS most FROM t_stale.sale;
SELECT refresh_on_change('bad', 'commit');
UPDATE sale SET amount = 999 WHERE id = 16;
SELECT most FROM bad;
DROP MATERIALIZED VIEW bad CASCADE;
-- and so is what is left
SELECT stop_refresh_on_change('bad_stale');
SELECT to_regclass('bad_stale'), to_regclass('bad_stale_marks'), count(*) FROM pg_trigger WHERE tgname LIKE '%bad%';
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
  DELETE FROM parts_stale_marks;
  DELETE FROM of_one_stale_marks;
  EXECUTE sql;
  SELECT string_agg(matview::text, ' ' ORDER BY matview::text) INTO n FROM stale
  WHERE since IS NOT NULL AND matview IN ('parts'::regclass, 'of_one'::regclass);
  RETURN format('%s: %s', sql, n);
END $$;
SELECT marked(sql)
FROM unnest(ARRAY[
  $$INSERT INTO part SELECT '2026-01-05', i, 1 FROM generate_series(1, 100) AS i$$,
  $$INSERT INTO part VALUES ('2026-02-05', 1, 1)$$,
  $$INSERT INTO part_2_1 VALUES ('2026-02-05', 1, 1)$$,
  $$UPDATE part SET day = '2026-02-06' WHERE customer = 1$$,
  $$DELETE FROM part_1 WHERE customer = 2$$,
  $$TRUNCATE part$$,
  $$CREATE TABLE part_3 PARTITION OF part FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')$$,
  $$INSERT INTO part_3 VALUES ('2026-03-05', 1, 1)$$,
  $$ALTER TABLE part DETACH PARTITION part_3$$,
  $$INSERT INTO part_3 VALUES ('2026-03-05', 1, 1)$$]) AS sql;
CREATE TABLE parent (a int);
CREATE TABLE child () INHERITS (parent);
CREATE MATERIALIZED VIEW heirs AS SELECT count(*) FROM t_stale.parent;
CREATE MATERIALIZED VIEW system AS SELECT count(*) FROM pg_catalog.pg_class;
CREATE MATERIALIZED VIEW nothing AS SELECT 1 AS one;
SELECT outcome(format('SELECT refresh_on_change(%s)', a))
FROM unnest(ARRAY[$$'heirs'$$, $$'system'$$, $$'nothing'$$, $$'sale'$$, $$'named'$$, $$'top', 'daily'$$,
  $$'top', NULL$$, $$NULL$$,
  $$'top', 'commit', ARRAY['named']::regclass[]$$, $$'nothing', 'commit', '{}'$$]) AS a;
SELECT refresh_on_change('nothing', 'deferred', ARRAY['name']::regclass[]);
CREATE TABLE shop (id int, customer int, day date, amount numeric);
CALL track('shop', 'customer', 'amount', 'day');
CREATE MATERIALIZED VIEW worth AS SELECT customer, total(ledger) FROM t_stale.shop_ledger_live;
CREATE MATERIALIZED VIEW worth_then AS SELECT customer, total(ledger) FROM t_stale.shop_ledger;
SELECT refresh_on_change('worth', 'commit'), refresh_on_change('worth_then', 'commit');
SELECT matview, reads FROM customer_tier_internal.find_watched()
WHERE matview IN ('worth'::regclass, 'worth_then'::regclass) ORDER BY 1;
INSERT INTO shop VALUES (1, 7, '2026-01-01', 3);
SELECT (SELECT total FROM worth), (SELECT total FROM worth_then);
CALL refresh_source('shop');
SELECT (SELECT total FROM worth), (SELECT total FROM worth_then);
-- one that joins tables is computed from them
CREATE TABLE line (shop int, amount numeric);
CREATE VIEW lines AS SELECT customer, day AS sold_at, line.amount FROM t_stale.shop JOIN t_stale.line ON shop = id;
CALL track('lines');
CREATE MATERIALIZED VIEW worth_by_line AS SELECT customer, total(ledger) FROM t_stale.lines_ledger_live;
SELECT refresh_on_change('worth_by_line', 'commit');
SELECT matview, reads FROM customer_tier_internal.find_watched() WHERE matview = 'worth_by_line'::regclass;
INSERT INTO line VALUES (1, 8);
TABLE worth_by_line;
CALL refresh_source('lines');
TABLE worth_by_line;
SELECT outcome($$SELECT refresh_on_change('worth', tables => ARRAY['shop_delta']::regclass[])$$);

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
CREATE FUNCTION t_stale.who() RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'runs as %', current_user;
RETURN 0;
END $$;
CREATE MATERIALIZED VIEW mine AS SELECT count(*) + t_stale.who() AS n FROM t_stale.sale;
SELECT outcome($$SELECT refresh_on_change('mine')$$), outcome($$SELECT refresh_on_change('top')$$),
  outcome($$SELECT stop_refresh_on_change('top')$$);
RESET ROLE;
SELECT refresh_on_change('mine', 'commit');
SET ROLE regress_customer_tier_clerk;
INSERT INTO sale VALUES (20, 1, 1);
SELECT outcome('SELECT * FROM mine'), left(outcome('REFRESH MATERIALIZED VIEW mine'), 5),
  outcome($$INSERT INTO mine_stale_marks VALUES (now())$$),
  outcome('LOCK TABLE mine_stale IN SHARE UPDATE EXCLUSIVE MODE'),
       outcome($$SELECT customer_tier_internal.mark_watched('mine_stale')$$),
       outcome($$SELECT customer_tier_internal.drop_watched(NULL)$$),
       outcome('SELECT count(*) FROM customer_tier_internal.find_watched()'), outcome('SELECT count(*) FROM stale');
-- a table of one's own is no way to somebody's view
CREATE TEMP TABLE own (a int);
CREATE TRIGGER forge AFTER INSERT ON own FOR EACH STATEMENT EXECUTE FUNCTION customer_tier_internal.mark_stale();
SELECT outcome('INSERT INTO own VALUES (1)');
DROP TRIGGER forge ON own;
CREATE TRIGGER forge AFTER INSERT ON own FOR EACH STATEMENT WHEN ('mine_stale'::regclass IS NOT NULL)
EXECUTE FUNCTION customer_tier_internal.mark_stale();
SELECT outcome('INSERT INTO own VALUES (1)');
DROP TRIGGER forge ON own;
CREATE TRIGGER forge AFTER INSERT ON own
FOR EACH STATEMENT WHEN (ARRAY['mine_stale'::regclass, 'top_stale'] IS NOT NULL)
EXECUTE FUNCTION customer_tier_internal.mark_stale();
SELECT outcome('INSERT INTO own VALUES (1)');
DROP TRIGGER forge ON own;
CREATE CONSTRAINT TRIGGER forge_too AFTER INSERT ON own FOR EACH ROW
EXECUTE FUNCTION customer_tier_internal.refresh_at_commit();
INSERT INTO own VALUES (1);
SELECT outcome('SELECT customer_tier_internal.mark_stale()'),
  outcome('SELECT customer_tier_internal.refresh_at_commit()');
DROP TABLE own;
RESET ROLE;
SET ROLE regress_customer_tier_analyst;
SELECT count(*) AS mine FROM customer_tier_internal.find_watched() WHERE pg_has_role(owner, 'USAGE');
-- a view of one's own is no way into somebody's writes: names says its owner
ALTER TABLE mine_stale ALTER reads SET DEFAULT ARRAY['sale', 'name']::regclass[];
SELECT outcome($$SELECT refresh_on_change('mine', tables => ARRAY['name']::regclass[])$$);
RESET ROLE;
INSERT INTO name VALUES (20, 'nobody');
-- who has lost the rights to a table, or never had them, may let go of it
SET ROLE regress_customer_tier_analyst;
SELECT stop_refresh_on_change('mine');
RESET ROLE;
SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%mine';
SELECT refresh_on_change('mine', 'commit');
-- what the owner adds to the marks is not run by writers
SET ROLE regress_customer_tier_analyst;
CREATE FUNCTION t_stale.evil() RETURNS trigger
LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'runs as % of %', current_user, session_user;
END $$;
CREATE FUNCTION t_stale.evil(timestamptz) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE EXCEPTION 'runs as % of %', current_user, session_user;
END $$;
CREATE TRIGGER evil AFTER INSERT ON mine_stale_marks FOR EACH ROW EXECUTE FUNCTION t_stale.evil();
RESET ROLE;
SELECT outcome('INSERT INTO sale VALUES (21, 1, 1) RETURNING id');
SET ROLE regress_customer_tier_analyst;
DROP TRIGGER evil ON mine_stale_marks;
CREATE TRIGGER evil AFTER INSERT ON mine_stale_marks FOR EACH ROW WHEN (t_stale.evil(NEW.since))
EXECUTE FUNCTION customer_tier_internal.refresh_at_commit();
RESET ROLE;
SELECT outcome('INSERT INTO sale VALUES (21, 1, 1) RETURNING id');
SET ROLE regress_customer_tier_analyst;
DROP TRIGGER evil ON mine_stale_marks;
CREATE INDEX evil ON mine_stale_marks (t_stale.evil(since));
RESET ROLE;
SELECT outcome('INSERT INTO sale VALUES (21, 1, 1) RETURNING id');
DROP INDEX evil;
ALTER TABLE mine_stale_marks ADD CONSTRAINT evil CHECK (t_stale.evil(since)) NOT VALID;
SELECT outcome('INSERT INTO sale VALUES (21, 1, 1) RETURNING id');
ALTER TABLE mine_stale_marks DROP CONSTRAINT evil;
INSERT INTO sale VALUES (21, 1, 1);

--
-- Names and owners
--
ALTER MATERIALIZED VIEW mine RENAME TO "My view";
ALTER TABLE mine_stale_marks RENAME TO "Marks";
ALTER TABLE mine_stale RENAME TO "State";
CREATE SCHEMA t_stale_2;
GRANT USAGE ON SCHEMA t_stale_2 TO PUBLIC;
ALTER TABLE "Marks" SET SCHEMA t_stale_2;
ALTER TABLE sale RENAME TO sold;
INSERT INTO sold VALUES (22, 1, 1);
SELECT (SELECT n FROM "My view") - count(*) AS difference FROM sold;
SELECT * FROM state WHERE matview = '"My view"'::regclass;
ALTER TABLE sold RENAME TO sale;
-- another owner of the view: refused with the way out at commit, told of where it is deferred
ALTER MATERIALIZED VIEW "My view" OWNER TO regress_customer_tier_clerk;
SELECT outcome('INSERT INTO sale VALUES (23, 1, 1) RETURNING id');
SELECT * FROM state WHERE matview = '"My view"'::regclass;
SET ROLE regress_customer_tier_clerk;
SELECT count(*) FROM stale WHERE matview = '"My view"'::regclass;
RESET ROLE;
GRANT CREATE ON SCHEMA t_stale TO regress_customer_tier_clerk;
SELECT refresh_on_change('"My view"', 'deferred');
SELECT state, matview, marks, reads, owner::regrole FROM customer_tier_internal.find_watched()
WHERE matview = '"My view"'::regclass;
INSERT INTO sale VALUES (23, 1, 1);
ALTER MATERIALIZED VIEW "My view" OWNER TO regress_customer_tier_analyst;
INSERT INTO sale VALUES (24, 1, 1);
SELECT * FROM state WHERE matview = '"My view"'::regclass;
SELECT refresh_on_change('"My view"', 'commit');
SELECT (SELECT n FROM "My view") - count(*) AS difference FROM sale;
-- another owner of the table, or of the marks
ALTER TABLE sale OWNER TO regress_customer_tier_clerk;
INSERT INTO sale VALUES (25, 1, 1);
SELECT (SELECT n FROM "My view") - count(*) AS difference FROM sale;
ALTER TABLE "My view_stale_marks" OWNER TO regress_customer_tier_clerk;
SELECT outcome('INSERT INTO sale VALUES (26, 1, 1) RETURNING id');
ALTER TABLE "My view_stale_marks" OWNER TO regress_customer_tier_analyst;
ALTER TABLE sale OWNER TO CURRENT_USER;
-- a state that no longer is one
ALTER TABLE "My view_stale" ADD note text;
SELECT outcome('INSERT INTO sale VALUES (26, 1, 1) RETURNING id');
DROP TABLE "My view_stale" CASCADE;
INSERT INTO sale VALUES (26, 1, 1);
SELECT outcome($$SELECT refresh_on_change('"My view"')$$);
DROP TABLE "My view_stale_marks";

-- pg_monitor sees what is stale, but neither errors nor queries
SELECT refresh_on_change('"My view"');
SET ROLE pg_monitor;
SELECT matview::text, mode, since IS NOT NULL AS marked, watching, error FROM stale
WHERE matview::text LIKE '%My view%';
RESET ROLE;

-- the triggers go with the last view, at once
SELECT outcome($$SELECT stop_refresh_on_change('sale')$$);
-- what depends on it is not dropped unasked
SELECT left(outcome($$CALL untrack('shop')$$), 60);
SET client_min_messages = warning;
DROP MATERIALIZED VIEW worth, worth_then, worth_by_line CASCADE;
SET client_min_messages = notice;
CALL untrack_all();
SELECT count(*) AS triggers, (SELECT count(*) FROM customer_tier_internal.find_watched()) AS watched FROM pg_trigger
WHERE tgfoid = 'customer_tier_internal.mark_stale()'::regprocedure;
SELECT outcome($$SELECT stop_refresh_on_change('top')$$);
SET client_min_messages = warning;
DROP SCHEMA t_stale, t_stale_2 CASCADE;
DROP OWNED BY regress_customer_tier_analyst, regress_customer_tier_clerk;
DROP ROLE regress_customer_tier_analyst, regress_customer_tier_clerk;
