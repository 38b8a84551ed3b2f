-- Tests tracked tables: the ledgers after each kind of write, errors, and rights.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
SET timezone = 'Pacific/Auckland';
CREATE SCHEMA t_capture;
SET search_path = t_capture, test, public, customer_tier;

--
-- By hand
--
CREATE TABLE sales (id int PRIMARY KEY, customer_id bigint, sold_at timestamptz, quantity int, price numeric(10,2),
  note text);
INSERT INTO sales VALUES (1, 1, '2026-01-05 15:00+00', 2, 5, 'a'), (2, 1, '2026-01-05 17:00+00', 1, 1.5, 'b'),
  (3, 2, '2026-01-06 00:00+00', 1, -4, 'c'), (4, NULL, '2026-01-06 00:00+00', 1, 9, 'd');
CALL track('sales', customer => 'customer_id', amount => 'quantity * price', sold_at => 'sold_at',
  filter => $$note IS DISTINCT FROM 'draft'$$, time_zone => 'Asia/Shanghai');
TABLE sales_ledger ORDER BY customer;
SELECT * FROM found;
SELECT source, sales, ledger, live, queue, capturing, changed, pending, oldest_pending, queue_bytes,
  refreshed_at IS NOT NULL AS refreshed, last_error, failed_at FROM sources;
-- 13 writes AT TIME ZONE as the function that it is
SELECT max(def) FILTER (WHERE v LIKE '%_sale') AS sales_sale,
  max(def) FILTER (WHERE v LIKE '%_capture') AS sales_capture
FROM (SELECT v, regexp_replace(replace(pg_get_viewdef(v::regclass), 'sales.', ''),
                               'timezone\((''[^'']*''::text), (\w+)\)', '(\2 AT TIME ZONE \1)') AS def
      FROM unnest('{sales_sale, sales_capture}'::text[]) AS v) AS s;
SELECT a.attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid) AS "default"
FROM pg_attribute AS a LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = 'sales_source'::regclass AND attnum > 0 ORDER BY attnum;
SELECT relname, relkind, obj_description(oid) FROM pg_class
WHERE relnamespace = 't_capture'::regnamespace AND relkind IN ('r', 'v') AND relname <> 'sales' ORDER BY relname;
SELECT tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'sales'::regclass ORDER BY tgname;
INSERT INTO sales VALUES (5, 3, '2026-02-01 12:00+00', 1, 10, NULL), (6, 1, '2026-02-01 12:00+00', 1, 0.25, NULL),
  (7, 3, '2026-02-01 12:00+00', 1, 1, 'draft');
UPDATE sales SET quantity = quantity + 1 WHERE customer_id = 1;
DELETE FROM sales WHERE id = 3;
-- a row for each statement, of the sales that came and those that went
SELECT epoch, sales, customer, ledger
FROM sales_delta, customer_tier_internal.group_sales(ARRAY[pack]) AS (customer bigint, ledger ledger)
ORDER BY sales_delta.ctid, customer;
SELECT * FROM customer_tier_internal.group_sales((SELECT array_agg(pack) FROM sales_delta)) AS (customer bigint,
  ledger ledger) ORDER BY customer;
TABLE sales_ledger_live ORDER BY customer;
SELECT count(*) AS differ FROM verify_source('sales');
-- what is nobody's or nothing writes nothing; what is as it was says nothing
SELECT count(*) AS rows, sum(sales) AS sales FROM sales_delta;
DELETE FROM sales WHERE false;
INSERT INTO sales VALUES (8, NULL, '2026-01-01 00:00+00', 1, 1), (9, 3, NULL, 1, 1),
  (10, 3, '2026-01-01 00:00+00', NULL, 1);
SELECT count(*) AS rows, sum(sales) AS sales FROM sales_delta;
UPDATE sales SET note = 'x' WHERE note = 'a';
UPDATE sales SET price = price;
SELECT epoch, sales, customer, ledger
FROM (SELECT * FROM sales_delta ORDER BY ctid OFFSET 3) AS q,
  customer_tier_internal.group_sales(ARRAY[pack]) AS (customer bigint, ledger ledger) ORDER BY sales, customer;
-- a draft becomes a sale
UPDATE sales SET note = NULL WHERE note = 'draft';
CALL refresh_source('sales');
TABLE sales_ledger ORDER BY customer;
SELECT pending FROM found;
-- all gone, some back, in one transaction, and the same undone
BEGIN;
INSERT INTO sales VALUES (11, 4, '2026-03-01 00:00+00', 1, 1);
TRUNCATE sales;
INSERT INTO sales VALUES (12, 1, '2026-03-02 00:00+00', 1, 2), (13, 5, '2026-03-02 00:00+00', 1, 3);
TABLE sales_ledger_live ORDER BY customer;
SAVEPOINT s;
TRUNCATE sales;
SELECT count(*) AS nobody FROM sales_ledger_live;
ROLLBACK TO s;
CALL refresh_source('sales');
TABLE sales_ledger ORDER BY customer;
SELECT count(*) AS differ FROM verify_source('sales');
ROLLBACK;
SELECT count(*) AS differ FROM verify_source('sales');
TABLE sales_ledger_live ORDER BY customer;
-- what no trigger saw is found, and mended
SET session_replication_role = replica;
INSERT INTO sales VALUES (20, 6, '2026-03-01 00:00+00', 1, 1);
RESET session_replication_role;
SELECT customer FROM sales_ledger_live WHERE customer = 6;
ALTER TABLE sales DISABLE TRIGGER USER;
INSERT INTO sales VALUES (21, 7, '2026-03-01 00:00+00', 1, 1);
DELETE FROM sales WHERE id = 20;
SELECT capturing FROM sources;
SELECT * FROM verify_source('sales');
SELECT customer FROM verify_source('sales', repair => true);
SELECT count(*) AS differ FROM verify_source('sales');
ALTER TABLE sales ENABLE TRIGGER USER;
SELECT capturing FROM sources;
-- other columns come, go and change; a column that is asked for can be renamed, and not dropped
ALTER TABLE sales DROP COLUMN id, ADD COLUMN extra int DEFAULT 5;
INSERT INTO sales (customer_id, sold_at, quantity, price) VALUES (9, '2026-03-01 00:00+00', 1, 1);
SELECT count(*) AS differ FROM verify_source('sales');
SELECT outcome('ALTER TABLE sales DROP COLUMN price'), outcome('ALTER TABLE sales ALTER price TYPE numeric(12,3)'),
  outcome('DROP TABLE sales');
ALTER TABLE sales RENAME COLUMN price TO unit_price;
INSERT INTO sales (customer_id, sold_at, quantity, unit_price) VALUES (9, '2026-03-01 00:00+00', 1, 1);
-- crosswise
ALTER TABLE sales RENAME COLUMN quantity TO spare;
ALTER TABLE sales RENAME COLUMN extra TO quantity;
ALTER TABLE sales RENAME COLUMN spare TO extra;
INSERT INTO sales (customer_id, sold_at, extra, unit_price) VALUES (9, '2026-03-01 00:00+00', 3, 1);
SELECT count(*) AS differ, ledger_of('sales', 9::bigint) AS of_9 FROM verify_source('sales');
-- tables, views and schemas
ALTER TABLE sales RENAME TO bought;
ALTER TABLE sales_delta RENAME TO elsewhere;
ALTER TABLE sales_ledger RENAME TO balance;
ALTER VIEW sales_capture RENAME TO taken;
ALTER TABLE sales_source RENAME TO state;
CREATE SCHEMA t_capture_other;
ALTER TABLE bought SET SCHEMA t_capture_other;
ALTER TABLE balance SET SCHEMA t_capture_other;
ALTER VIEW taken SET SCHEMA t_capture_other;
ALTER TABLE elsewhere SET SCHEMA t_capture_other;
ALTER SCHEMA t_capture_other RENAME TO t_capture_there;
INSERT INTO t_capture_there.bought (customer_id, sold_at, extra, unit_price) VALUES (9, '2026-03-01 00:00+00', 3, 1);
SELECT count(*) AS differ, (SELECT pending FROM found) AS pending FROM verify_source('sales_sale');
CALL refresh_source('t_capture_there.bought');
DELETE FROM t_capture_there.bought WHERE customer_id = 9 AND extra = 3;
SELECT count(*) AS differ, (SELECT pending FROM found) AS pending FROM verify_source('t_capture_there.balance');
SELECT sales, view, capture, ledger, queue, live FROM found;
ALTER SCHEMA t_capture_there RENAME TO t_capture_other;
ALTER TABLE t_capture_other.bought SET SCHEMA t_capture;
ALTER TABLE bought RENAME TO sales;
ALTER TABLE sales RENAME COLUMN unit_price TO price;
ALTER TABLE sales RENAME COLUMN quantity TO spare;
ALTER TABLE sales RENAME COLUMN extra TO quantity;
-- the queue is what track made, or says so
CREATE INDEX by_time ON t_capture_other.elsewhere (written_at);
INSERT INTO sales (customer_id, sold_at, quantity, price) VALUES (9, '2026-03-01 00:00+00', 1, 1);
DROP INDEX t_capture_other.by_time;
BEGIN;
ALTER TABLE t_capture_other.elsewhere ADD more int;
SELECT outcome($$INSERT INTO sales (customer_id, sold_at, quantity, price) VALUES (9, '2026-03-01 00:00+00', 1, 1)$$);
ROLLBACK;
BEGIN;
DROP INDEX t_capture_other.sales_delta_epoch_idx;
SELECT outcome($$INSERT INTO sales (customer_id, sold_at, quantity, price) VALUES (9, '2026-03-01 00:00+00', 1, 1)$$);
ROLLBACK;
-- a bad amount stops the statement, and nothing of it is there
INSERT INTO sales (customer_id, sold_at, quantity, price)
VALUES (9, '2026-03-01 00:00+00', 1, 1), (9, '2026-03-01 00:00+00', 1, 'NaN');
SELECT count(*) AS differ FROM verify_source('sales');
CALL untrack('sales');
SELECT count(*) AS left_over, (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'sales'::regclass) AS triggers
FROM pg_class WHERE relnamespace IN ('t_capture'::regnamespace, 't_capture_other'::regnamespace)
  AND relkind IN ('r', 'v') AND relname <> 'sales';
DROP SCHEMA t_capture_other;
INSERT INTO sales (customer_id, sold_at, quantity, price) VALUES (9, '2026-03-01 00:00+00', 1, 1);

--
-- Customers of other types; many at once; names that need quotes
--
CREATE TABLE "My ""Sales""" ("The Customer" text COLLATE "C", "When" date, "How much" bigint);
CALL track('"My ""Sales"""', customer => 'lower("The Customer")', amount => '"How much"', sold_at => '"When"');
INSERT INTO "My ""Sales""" SELECT CASE i % 2
  WHEN 0 THEN 'Customer ' ELSE 'CUSTOMER ' END || i % 700, date '2026-01-01' + i % 50, i - 100
FROM generate_series(1, 5000) AS i;
UPDATE "My ""Sales""" SET "How much" = "How much" * 2 WHERE "How much" % 3 = 0;
DELETE FROM "My ""Sales""" WHERE "How much" % 5 = 0;
SELECT count(*) AS differ, (SELECT count(*) FROM "My ""Sales""_ledger_live") AS live
FROM verify_source('"My ""Sales"""');
CALL refresh_source('"My ""Sales"""');
SELECT count(*) AS differ, (SELECT count(*) FROM "My ""Sales""_ledger") AS kept FROM verify_source('"My ""Sales"""');
CALL untrack('"My ""Sales"""');
CREATE TABLE by_uuid (customer uuid, day timestamp, amount numeric);
INSERT INTO by_uuid SELECT md5((i % 10)::text)::uuid, timestamp '2026-01-01' + i * interval '1 hour', i
FROM generate_series(1, 50) AS i;
CALL track('by_uuid', 'customer', 'amount', 'day');
INSERT INTO by_uuid SELECT md5((i % 20)::text)::uuid, timestamp '2026-01-01' + i * interval '1 hour', i
FROM generate_series(1, 500) AS i;
DELETE FROM by_uuid WHERE amount % 7 = 0;
SELECT count(*) AS differ FROM verify_source('by_uuid');
CALL refresh_source('by_uuid');
SELECT count(*) AS differ, (SELECT count(*) FROM by_uuid_ledger) AS kept FROM verify_source('by_uuid');
CALL untrack('by_uuid');

--
-- A partitioned table
--
CREATE TABLE part (customer int, day date, amount numeric) PARTITION BY LIST (customer);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1, 2);
CREATE TABLE part_2 (amount numeric, day date, customer int);
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (3, 4);
CALL track('part', 'customer', 'amount', 'day');
INSERT INTO part SELECT 1 + i % 4, date '2026-01-01' + i, i FROM generate_series(1, 40) AS i;
INSERT INTO part_2 VALUES (7, '2026-05-01', 3);
UPDATE part SET customer = 4 WHERE customer = 1 AND amount > 20;
TABLE part_ledger_live ORDER BY customer;
CREATE TABLE part_3 PARTITION OF part DEFAULT;
UPDATE part SET customer = 5 WHERE customer = 2;
SELECT count(*) AS differ FROM verify_source('part');
SELECT capturing FROM sources WHERE sales = 'part'::regclass;
CALL refresh_source('part');
SELECT customer, total(ledger) FROM part_ledger ORDER BY customer;
TRUNCATE part;
SELECT count(*) AS live FROM part_ledger_live;

--
-- Statements inside statements, with triggers for each row
--
CREATE TABLE nest (customer int, amount int, day date) PARTITION BY LIST (customer);
CREATE TABLE nest_1 PARTITION OF nest FOR VALUES IN (1);
CREATE TABLE nest_2 PARTITION OF nest DEFAULT;
CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.amount BETWEEN 3 AND 8 THEN
    -- the same table again, and back; and a partition of it
    BEGIN
      INSERT INTO nest (customer, amount, day) VALUES (NEW.customer + 1, 1, NEW.day), (NEW.customer, 2, NEW.day);
      DELETE FROM nest WHERE amount = 100;
      INSERT INTO nest_2 (customer, amount, day) VALUES (9, 1, NEW.day);
      IF NEW.amount % 2 = 0 THEN
        RAISE EXCEPTION 'back' USING ERRCODE = 'T0001';
      END IF;
    EXCEPTION WHEN SQLSTATE 'T0001' THEN
      UPDATE nest SET amount = amount + 1 WHERE amount = 200;
    END;
    UPDATE nest SET day = day + 1, customer = 3 - customer WHERE amount = 50 AND customer < 3;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER more_before BEFORE INSERT ON nest FOR EACH ROW EXECUTE FUNCTION more();
CREATE TRIGGER more_after AFTER INSERT ON nest FOR EACH ROW EXECUTE FUNCTION more();
CALL track('nest', 'customer', 'amount', 'day');
INSERT INTO nest (customer, amount, day) SELECT i % 3, CASE i WHEN 1 THEN 100 WHEN 2 THEN 200
  WHEN 3 THEN 50 ELSE i END, '2026-01-05' FROM generate_series(1, 60) AS i;
SELECT count(*) AS rows, (SELECT count(*) FROM verify_source('nest')) AS wrong FROM nest;
-- many to a statement, few to its queue rows; one by one by way of a partition
CALL refresh_source('nest');
INSERT INTO nest (customer, amount, day) SELECT i % 40, 10, '2026-01-05' FROM generate_series(1, 500) AS i;
SELECT count(*) AS queue_rows, sum(sales) AS sales FROM nest_delta;
INSERT INTO nest_2 (customer, amount, day) SELECT i, 10, '2026-01-05' FROM generate_series(11, 13) AS i;
SELECT count(*) AS queue_rows, (SELECT count(*) FROM verify_source('nest')) AS wrong FROM nest_delta;
-- who asks amid a statement asks of what was written before it
CREATE FUNCTION asks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE WARNING '% differ at %', (SELECT count(*) FROM verify_source('nest')), NEW.amount;
  RETURN NEW;
END $$;
CREATE TRIGGER zz_asks AFTER INSERT ON nest_2 FOR EACH ROW EXECUTE FUNCTION asks();
INSERT INTO nest (customer, amount, day) VALUES (20, 11, '2026-01-05');
INSERT INTO nest (customer, amount, day) VALUES (1, 12, '2026-01-05'), (20, 13, '2026-01-05');
DROP TRIGGER zz_asks ON nest_2;
SELECT * FROM verify_source('nest');
-- a statement that never ends, as one whose rows nobody fetches: what it did is there when somebody asks, or at the end
ALTER TABLE nest DISABLE TRIGGER customer_tier_end;
CALL refresh_source('nest');
BEGIN;
INSERT INTO nest (customer, amount, day) VALUES (30, 10, '2026-01-05');
SAVEPOINT a;
INSERT INTO nest (customer, amount, day) SELECT 31, 10, '2026-01-05' FROM generate_series(1, 40);
ROLLBACK TO a;
INSERT INTO nest (customer, amount, day) VALUES (32, 10, '2026-01-05');
-- what is undone with the savepoint must not take with it what is older
SELECT outcome('SELECT count(*) FROM verify_source(''nest'')');
RELEASE a;
SAVEPOINT b;
INSERT INTO nest (customer, amount, day) SELECT 33, 10, '2026-01-05' FROM generate_series(1, 40);
RELEASE b;
COMMIT;
SELECT string_agg(customer::text, ', ' ORDER BY customer) AS captured
FROM customer_tier_internal.group_sales((SELECT array_agg(pack) FROM nest_delta)) AS (customer int, ledger ledger);
SELECT * FROM verify_source('nest');
BEGIN;
INSERT INTO nest (customer, amount, day) VALUES (34, 10, '2026-01-05');
SELECT outcome('CALL rebuild_source(''nest'')');
INSERT INTO nest (customer, amount, day) VALUES (35, 10, '2026-01-05');
TRUNCATE nest;
INSERT INTO nest (customer, amount, day) VALUES (36, 10, '2026-01-05');
COMMIT;
SELECT * FROM verify_source('nest');
TABLE nest_ledger_live ORDER BY customer;
CALL untrack('nest');
-- a plain table, if it is asked for
CREATE TABLE by_row (customer int, amount int, day date);
CALL track('by_row', 'customer', 'amount', 'day', capture => 'row');
INSERT INTO by_row SELECT i % 7, i, '2026-01-05' FROM generate_series(1, 100) AS i;
UPDATE by_row SET customer = customer + 1 WHERE amount % 3 = 0;
DELETE FROM by_row WHERE customer = 2;
SELECT pending, (SELECT count(*) FROM verify_source('by_row')) AS wrong FROM found WHERE sales = 'by_row'::regclass;
SELECT capturing, pending, oldest_pending IS NOT NULL AS waits, queue_bytes > 0 AS on_disk FROM sources
WHERE sales = 'by_row'::regclass;
TRUNCATE by_row;
SELECT count(*) FROM by_row_ledger_live;
CALL untrack('by_row');

-- the queue is made otherwise while a statement is under way
CREATE TABLE forger (customer bigint, amount int, day date);
CALL track('forger', 'customer', 'amount', 'day', capture => 'row');
ALTER TABLE forger DISABLE TRIGGER customer_tier_end;
DROP VIEW forger_ledger_live CASCADE;
BEGIN;
INSERT INTO forger VALUES (81985529216486895, 1, '2026-01-05');
ALTER TABLE forger_delta ALTER pack TYPE text USING NULL;
COMMIT;
BEGIN;
INSERT INTO forger VALUES (1, 1, '2026-01-05');
ALTER TABLE forger_delta ALTER sales TYPE bigint;
COMMIT;
BEGIN;
INSERT INTO forger VALUES (1, 1, '2026-01-05');
ALTER TABLE forger_delta ADD more int;
COMMIT;
SELECT outcome($$SELECT verify_source('forger')$$), outcome($$SELECT ledger_of('forger', 1::bigint)$$);
CALL untrack('forger');
-- a domain's constraint calls functions, too: as the owner; and they may write and change what is asked
CREATE FUNCTION one() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION plant() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  CREATE OR REPLACE FUNCTION t_capture.one() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2';
  INSERT INTO t_capture.forger VALUES (3, 1, '2026-01-05');
  RETURN 1;
END $$;
CREATE FUNCTION planted(x bigint) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
  IF x = 2 THEN PERFORM t_capture.plant(); END IF;
  RETURN current_setting('search_path') = 'pg_catalog, pg_temp' OR x = 0;
END $$;
CREATE DOMAIN trap AS bigint CHECK (t_capture.planted(VALUE));
TRUNCATE forger;
CALL track('forger', 'customer::t_capture.trap', 'amount', 'day', capture => 'row');
INSERT INTO forger VALUES (2, 1, '2026-01-05'), (7, 1, '2026-01-05'), (8, 1, '2026-01-05');
SELECT customer, ledger FROM forger_ledger_live ORDER BY 1;
CALL untrack('forger');
DROP TABLE forger;
-- files go with the subtransaction
CREATE TABLE spilled (customer text, amount int, day date);
CALL track('spilled', 'customer', '100 / amount', 'day');
SET work_mem = '64kB';
BEGIN;
SAVEPOINT a;
INSERT INTO spilled SELECT 'somebody with a rather long name ' || i, CASE i WHEN 20000 THEN 0 ELSE 1 END, '2026-01-05'
FROM generate_series(1, 20000) AS i;
ROLLBACK TO a;
SELECT count(*) AS files FROM pg_ls_tmpdir();
COMMIT;
INSERT INTO spilled SELECT 'somebody with a rather long name ' || i, 1, '2026-01-05'
FROM generate_series(1, 20000) AS i;
SELECT count(*) AS live, sum(total(ledger)) FROM spilled_ledger_live;
RESET work_mem;
-- who fills again what is emptied, by whatever trigger
CREATE TABLE emptied (customer int, amount int, day date);
CALL track('emptied', 'customer', 'amount', 'day');
CREATE FUNCTION fill_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO emptied VALUES (1, 5, '2026-01-05');
  INSERT INTO spilled VALUES ('seed', 5, '2026-01-05');
  RETURN NULL;
END $$;
CREATE TRIGGER a_first AFTER TRUNCATE ON emptied FOR EACH STATEMENT EXECUTE FUNCTION fill_again();
CREATE TRIGGER z_last AFTER TRUNCATE ON emptied FOR EACH STATEMENT EXECUTE FUNCTION fill_again();
INSERT INTO emptied VALUES (2, 5, '2026-01-05');
TRUNCATE emptied, spilled;
SELECT * FROM verify_source('emptied');
SELECT * FROM verify_source('spilled');
TABLE emptied_ledger_live;
-- customers who leave and come back: the index of the ledgers has dead entries of theirs
CREATE TABLE dead (customer int, amount int, day date);
CALL track('dead', 'customer', 'amount', 'day');
INSERT INTO dead SELECT i, 1, '2026-01-05' FROM generate_series(1, 300) AS i;
CALL refresh_source('dead');
DELETE FROM dead;
CALL refresh_source('dead');
INSERT INTO dead SELECT i, 1, '2026-01-05' FROM generate_series(1, 300) AS i;
CALL refresh_source('dead');
DELETE FROM dead WHERE customer % 2 = 0;
CALL refresh_source('dead');
INSERT INTO dead SELECT i, 1, '2026-01-05' FROM generate_series(1, 300) AS i;
CALL refresh_source('dead');
SELECT count(*) AS differ, (SELECT sum(total(ledger)) FROM dead_ledger) AS total FROM verify_source('dead');
CALL untrack('dead');
DROP TABLE dead;
-- another table's statement is no matter
CREATE TABLE busy (customer int, amount int, day date);
CALL track('busy', 'customer', 'amount', 'day', capture => 'row');
CREATE FUNCTION empties() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  BEGIN
    TRUNCATE spilled;
    PERFORM verify_source('emptied');
  EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'failed: %', SQLERRM;
  END;
  RETURN NULL;
END $$;
CREATE TRIGGER z_empties AFTER INSERT ON busy FOR EACH ROW EXECUTE FUNCTION empties();
INSERT INTO busy VALUES (1, 1, '2026-01-05'), (2, 1, '2026-01-05');
SELECT (SELECT count(*) FROM verify_source('busy')) AS busy, (SELECT count(*) FROM verify_source('spilled')) AS spilled;
CALL untrack('busy'); CALL untrack('emptied'); CALL untrack('spilled');
DROP TABLE busy, emptied, spilled;

--
-- Sources are views: a table has several, a user writes some, some cannot be captured
--
CREATE TABLE line (id int PRIMARY KEY, customer int, product text, day date, amount numeric, cost numeric, state text);
INSERT INTO line SELECT i, i % 5, 'p' || i % 3, date '2026-01-01' + i, i, i / 2.0, CASE
  WHEN i % 7 = 0 THEN 'draft' ELSE 'sold' END FROM generate_series(1, 50) AS i;
CALL track('line', 'customer', 'amount', 'day', filter => $$state <> 'draft'$$);
CALL track('line', 'product', 'amount - cost', 'day', name => 'profit_sale');
CREATE VIEW sold AS SELECT * FROM line WHERE state IN ('sold', 'sent');
CREATE VIEW late AS SELECT product || '!' AS customer, day + 1 AS sold_at, amount, id FROM sold
WHERE day > '2026-01-20';
CALL track('late');
SELECT * FROM found ORDER BY view::text;
SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'line'::regclass AND NOT tgisinternal
ORDER BY tgname;
SELECT outcome($$CALL refresh_source('line')$$), outcome($$CALL track('line', 'customer', 'amount', 'day')$$),
  outcome($$CALL track('late')$$), outcome($$CALL track('line', 'customer', 'amount', 'day', name => 'late')$$);
INSERT INTO line SELECT i, i % 6, 'p' || i % 4, date '2026-01-01' + i, i, i / 2.0, CASE
  WHEN i % 7 = 0 THEN 'draft' ELSE 'sent' END FROM generate_series(51, 90) AS i;
UPDATE line SET state = 'sold' WHERE id = 7;
DELETE FROM line WHERE id % 10 = 3;
SELECT v.view, f.pending, v.differ, v.repaired
FROM (SELECT s AS view, (SELECT count(*) FROM verify_source(s)) AS differ,
  (SELECT count(*) FROM verify_source(s, repair => true)) AS repaired
  FROM unnest('{line_sale, profit_sale, late}'::regclass[]) AS s) AS v JOIN found AS f USING (view) ORDER BY view::text;
SELECT ledger_of('line_sale', 1) = (SELECT ledger FROM line_ledger_live WHERE customer = 1) AS of_1,
  ledger_of('profit_sale', 'p1'::text) = (SELECT ledger FROM profit_ledger_live WHERE customer = 'p1') AS of_p1,
  ledger_of('line_sale', 99) AS of_nobody, ledger_of('late', NULL::text) IS NULL AS of_null;
SELECT outcome($$SELECT ledger_of('line_sale', 'x'::text)$$), outcome($$SELECT ledger_of('line', 1)$$),
  outcome($$SELECT ledger_of('sold', 1)$$);
-- two grow, and are emptied, together; one goes, the others stay
TRUNCATE line;
INSERT INTO line VALUES (1, 1, 'p1', '2026-03-01', 10, 4, 'sold');
SELECT ledger_of('line_sale', 1) AS sales, ledger_of('profit_sale', 'p1'::text) AS profit,
  ledger_of('late', 'p1!'::text) AS late, ledger_of('late', 'p2!'::text) AS nobody;
CALL untrack('profit_sale');
SELECT view FROM found ORDER BY view::text;
INSERT INTO line VALUES (2, 2, 'p1', '2026-03-01', 10, 4, 'sold');
SELECT outcome($$DROP VIEW sold$$), outcome($$DROP VIEW late$$);
CALL refresh_all();
SELECT view, pending, (SELECT count(*) FROM verify_source(view)) AS differ FROM found ORDER BY view::text;
-- a view that is replaced: what is captured stays what it was, till somebody says otherwise
SELECT changed AS before FROM sources WHERE source = 'late'::regclass;
CREATE OR REPLACE VIEW late AS SELECT product || '!' AS customer, day + 1 AS sold_at, amount * 2 AS amount, id FROM sold
WHERE day > '2026-01-20';
SELECT changed AS after FROM sources WHERE source = 'late'::regclass;
INSERT INTO line VALUES (3, 2, 'p1', '2026-03-01', 10, 4, 'sold');
SELECT count(*) AS differ FROM verify_source('late');
SELECT ledger_of('late', 'p1!'::text);
-- what cannot be captured is made anew at each refresh
CREATE TABLE factor (product text PRIMARY KEY, factor numeric);
INSERT INTO factor VALUES ('p1', 3);
CREATE VIEW joined AS SELECT customer, day AS sold_at, amount * factor AS amount FROM line JOIN factor USING (product);
CALL track('joined', capture => 'none');
SELECT * FROM found WHERE view = 'joined'::regclass;
UPDATE factor SET factor = 5;
SELECT * FROM verify_source('joined');
CALL refresh_source('joined');
SELECT count(*) AS differ, ledger_of('joined', 2) FROM verify_source('joined');
-- why not, in words
CREATE FUNCTION why(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  said text;
BEGIN
  EXECUTE 'CREATE VIEW t_capture.tried AS ' || query;
  said := coalesce(customer_tier_internal.why_not_captured('t_capture.tried'), 'captured');
  DROP VIEW t_capture.tried;
  RETURN said;
END $$;
CREATE TABLE line_parent (customer int, sold_at date, amount int);
CREATE TABLE line_child () INHERITS (line_parent);
SELECT q AS query, why(q) FROM unnest(ARRAY['SELECT customer, sold_at, amount FROM late',
  'SELECT customer, sold_at FROM late', 'SELECT customer, day AS sold_at, amount FROM ONLY line',
  'SELECT customer, day AS sold_at, amount FROM ONLY part', 'SELECT * FROM joined',
  'SELECT customer, day AS sold_at, sum(amount) AS amount FROM line GROUP BY 1, 2',
  'SELECT DISTINCT customer, day AS sold_at, amount FROM line',
  'SELECT customer, day AS sold_at, amount FROM line LIMIT 5',
  'SELECT customer, day AS sold_at, sum(amount) OVER () AS amount FROM line',
  'SELECT customer, day AS sold_at, generate_series(1, 2) AS amount FROM line',
  'SELECT customer, day AS sold_at, (SELECT max(factor) FROM factor) AS amount FROM line',
  'SELECT customer, day AS sold_at, amount FROM line WHERE product IN (SELECT product FROM factor)',
  'SELECT customer, day AS sold_at, amount FROM line UNION ALL SELECT 1, NULL, 1',
  'WITH l AS (SELECT * FROM line) SELECT customer, day AS sold_at, amount FROM l',
  'SELECT customer, day AS sold_at, amount FROM (SELECT * FROM line) AS l',
  'SELECT 1 AS customer, date ''2026-01-01'' AS sold_at, 1 AS amount',
  'SELECT customer, day AS sold_at, amount FROM line TABLESAMPLE system (10)',
  'SELECT customer, day AS sold_at, amount FROM line FOR UPDATE',
  'SELECT 1 AS customer, NULL::date AS sold_at, x AS amount FROM generate_series(1, 3) AS x',
  'VALUES (1, date ''2026-01-01'', 2)', 'TABLE line_parent', 'TABLE line_child']) AS q;
-- whose expressions are no good at all is no source, and nothing is left
CREATE VIEW unsound AS SELECT customer, (amount || ' days')::interval + now() AS sold_at, amount FROM line;
CREATE VIEW unstable AS SELECT customer, current_date AS sold_at, amount FROM line;
CREATE VIEW of_system AS SELECT tableoid AS customer, day AS sold_at, amount FROM line;
CREATE VIEW lacking AS SELECT customer, day FROM line;
SELECT v, outcome('CALL track(''t_capture.' || v || ''')')
FROM unnest('{unsound, unstable, of_system, lacking, line}'::text[]) AS v;
SELECT relname FROM pg_class WHERE relname ~ '^(unsound|unstable|of_system|lacking)_' ORDER BY 1;
CALL untrack('line_sale'); CALL untrack('late_capture'); CALL untrack('joined_source');
SELECT (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'line'::regclass AND NOT tgisinternal) AS triggers,
  to_regclass('late') IS NOT NULL AS own_view, to_regclass('line_sale') IS NULL AS our_view;
DROP TABLE line CASCADE;
DROP TABLE factor, line_parent CASCADE;

--
-- What is refused
--
CREATE VIEW v AS SELECT * FROM sales;
CREATE TEMP TABLE fleeting (customer int, day date, amount numeric);
CREATE TABLE parent (customer int, day date, amount numeric);
CREATE TABLE child () INHERITS (parent);
CREATE FUNCTION stable_one() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE TABLE odd (customer point, day date, amount float8, at timestamptz, ok boolean);
SELECT s AS call, outcome('CALL track(' || s || ')') AS outcome FROM unnest(ARRAY[
  $$'v', 'customer_id', 'price', 'sold_at'$$, $$'fleeting', 'customer', 'amount', 'day'$$,
    $$'parent', 'customer', 'amount', 'day'$$, $$'child', 'customer', 'amount', 'day'$$,
    $$'part_1', 'customer', 'amount', 'day'$$, $$'part', 'customer', 'amount', 'day'$$,
  $$'sales', 'nobody', 'price', 'sold_at'$$, $$'sales', 'customer_id', 'price +', 'sold_at'$$,
    $$'sales', 'customer_id', 'price, 1', 'sold_at'$$, $$'sales', 'customer_id', 'price FROM sales', 'sold_at'$$,
    $$'sales', 'customer_id', 'price; DROP TABLE sales', 'sold_at'$$, $$'sales', 'customer_id', '', 'sold_at'$$,
    $$'sales', 'customer_id', 'sum(price)', 'sold_at'$$,
  $$'sales', 'customer_id', '(SELECT 1)', 'sold_at'$$, $$'sales', 'tableoid', 'price', 'sold_at'$$,
    $$'sales', 'customer_id', 'price', 'sold_at::date'$$, $$'sales', 'customer_id', 'stable_one()', 'sold_at'$$,
    $$'sales', 'customer_id', 'price', 'now()'$$,
    $$'sales', 'customer_id', 'price', 'sold_at', NULL, 'price'$$,
  $$'odd', 'customer', '1', 'day'$$, $$'odd', '1', 'amount', 'day'$$, $$'odd', '1', '1', 'amount'$$,
    $$'odd', '1', '1', 'at'$$, $$'sales', 'customer_id', 'price', 'sold_at', capture => 'since'$$
]) WITH ORDINALITY AS i(s, o) ORDER BY o;
SELECT outcome('CALL refresh_source(''sales'')'), outcome('CALL rebuild_source(''sales'')'),
  outcome('SELECT verify_source(''sales'')'), outcome('CALL untrack(''sales'')');
SELECT outcome('SELECT customer_tier_internal.capture()');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT outcome($$CALL refresh_source('part')$$), outcome($$CALL rebuild_source('part')$$);
ROLLBACK;
-- without capture there is rebuild
CALL track('v', 'customer_id', 'price', 'sold_at', time_zone => 'UTC', capture => 'none');
SELECT count(*) AS ledgers FROM v_ledger;
INSERT INTO sales (customer_id, sold_at, price) VALUES (99, '2026-03-01 00:00+00', 1);
SELECT * FROM verify_source('v');
CALL rebuild_source('v');
SELECT count(*) AS differ FROM verify_source('v');
CALL untrack('v');
CALL untrack('part');
CREATE MATERIALIZED VIEW mv AS SELECT * FROM sales;
CALL track('mv', 'customer_id', 'price', 'sold_at', time_zone => 'UTC', capture => 'none');
SELECT (SELECT count(*) FROM mv_ledger) AS ledgers, count(*) AS differ FROM verify_source('mv');
CALL untrack('mv');
-- customers of an enum, of a domain, of a varchar
CREATE TYPE grade AS ENUM ('high', 'low');
CREATE DOMAIN code AS text CHECK (value <> '');
CREATE TABLE kinds (e grade, c code, v varchar(10), day date, amount int);
CREATE PROCEDURE try(customer text) LANGUAGE plpgsql AS $$
BEGIN
  CALL track('kinds', customer, 'amount', 'day');
  INSERT INTO kinds SELECT CASE i % 2 WHEN 0 THEN 'high' ELSE 'low' END::grade, i % 3, i % 4, date '2026-01-01' + i, i
    FROM generate_series(1, 60) AS i;
  COMMIT;
  CALL refresh_source('kinds');
  DELETE FROM kinds WHERE amount % 5 = 0;
  CALL refresh_source('kinds');
  COMMIT;
END $$;
CALL try('e');
SELECT (SELECT count(*) FROM kinds_ledger) AS ledgers, count(*) AS differ FROM verify_source('kinds');
CALL untrack('kinds');
CALL try('c');
SELECT (SELECT count(*) FROM kinds_ledger) AS ledgers, count(*) AS differ FROM verify_source('kinds');
CALL untrack('kinds');
CALL try('v');
SELECT (SELECT count(*) FROM kinds_ledger) AS ledgers, count(*) AS differ FROM verify_source('kinds');
CALL untrack('kinds');

--
-- Rights
--
CREATE ROLE regress_customer_tier_owner;
CREATE ROLE regress_customer_tier_writer;
CREATE ROLE regress_customer_tier_reader;
GRANT USAGE, CREATE ON SCHEMA t_capture TO regress_customer_tier_owner, regress_customer_tier_writer;
GRANT USAGE ON SCHEMA t_capture TO regress_customer_tier_reader;
SET ROLE regress_customer_tier_owner;
CREATE TABLE shop (customer int, day date, amount numeric);
CREATE FUNCTION net(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RAISE NOTICE 'net runs as %, path %', current_user, current_setting('search_path');
  RETURN $1 / 2;
END $$;
REVOKE EXECUTE ON FUNCTION net(numeric) FROM PUBLIC;
INSERT INTO shop VALUES (1, '2026-01-01', 10);
SET client_min_messages = notice;
CALL track('shop', 'customer', 'net(amount)', 'day');
GRANT SELECT ON shop TO regress_customer_tier_reader;
GRANT INSERT ON shop TO regress_customer_tier_writer;
RESET ROLE;
SELECT relname, relowner::regrole FROM pg_class WHERE relname ~ '^shop' ORDER BY 1;
-- who may write to the sales needs no right to what is kept, and gets none
SET ROLE regress_customer_tier_writer;
INSERT INTO shop VALUES (2, '2026-01-02', 20);
SELECT outcome('SELECT count(*) FROM t_capture.shop_delta'),
  outcome('INSERT INTO t_capture.shop_delta VALUES (now(), 0, 1, NULL)'), outcome('CALL refresh_source(''shop'')'),
  outcome('CALL untrack(''shop'')');
SELECT outcome('SELECT * FROM customer_tier_internal.as_owner(''t_capture.shop'', ''SELECT 1'') AS (x int)');
-- nor by a table of their own whose trigger names the queue
CREATE TABLE forged (customer int, day date, amount numeric);
CREATE TRIGGER forge AFTER INSERT ON forged REFERENCING NEW TABLE AS came
FOR EACH STATEMENT WHEN (ARRAY['t_capture.shop_capture'::regclass, 't_capture.shop_delta'::regclass,
  't_capture.shop_source'::regclass] IS NOT NULL) EXECUTE FUNCTION customer_tier_internal.capture();
INSERT INTO forged VALUES (1, '2026-01-01', 1000000);
DROP TRIGGER forge ON forged;
CREATE VIEW forged_capture AS SELECT customer, day AS sold_at, amount FROM forged;
CREATE TRIGGER forge AFTER INSERT ON forged REFERENCING NEW TABLE AS came
FOR EACH STATEMENT WHEN (ARRAY['t_capture.forged_capture'::regclass, 't_capture.shop_delta'::regclass,
  't_capture.shop_source'::regclass] IS NOT NULL) EXECUTE FUNCTION customer_tier_internal.capture();
INSERT INTO forged VALUES (1, '2026-01-01', 1000000);
DROP TRIGGER forge ON forged;
CREATE TRIGGER row_forge BEFORE INSERT ON forged
FOR EACH ROW WHEN (ARRAY['t_capture.forged_capture'::regclass, 't_capture.shop_delta'::regclass,
  't_capture.shop_source'::regclass] IS NOT NULL) EXECUTE FUNCTION customer_tier_internal.capture();
INSERT INTO forged VALUES (1, '2026-01-01', 1000000);
DROP TRIGGER row_forge ON forged;
CREATE TRIGGER no_parts AFTER INSERT ON forged REFERENCING NEW TABLE AS came FOR EACH STATEMENT
EXECUTE FUNCTION customer_tier_internal.capture();
INSERT INTO forged VALUES (1, '2026-01-01', 1000000);
DROP TRIGGER no_parts ON forged;
CREATE TRIGGER two_parts AFTER INSERT ON forged REFERENCING NEW TABLE AS came
FOR EACH STATEMENT WHEN (ARRAY['forged_capture'::regclass, 'shop_delta'::regclass] IS NOT NULL)
EXECUTE FUNCTION customer_tier_internal.capture();
INSERT INTO forged VALUES (1, '2026-01-01', 1000000);
DROP TRIGGER two_parts ON forged;
-- nor by a state that names what is not theirs; and what they make of it is theirs to see, and runs nothing
CREATE FUNCTION spring() RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'sprung as %', current_user;
RETURN 1;
END $$;
CREATE TABLE forged_source (is_source is_source PRIMARY KEY, view regclass DEFAULT 't_capture.forged_capture'::regclass,
  capture regclass DEFAULT 't_capture.forged_capture'::regclass,
  ledger regclass DEFAULT 't_capture.shop_ledger'::regclass,
  queue regclass DEFAULT 't_capture.shop_delta'::regclass, live regclass DEFAULT 't_capture.shop_ledger_live'::regclass,
  touches regclass[], closed date, made_view boolean, refreshed_at timestamptz, error text, failed_at timestamptz);
INSERT INTO forged_source (is_source, error) VALUES (true, repeat('x', 20000));
SELECT sales, view, ledger, queue, live, length(error) > 8000 AS cut FROM found;
SELECT outcome('CALL refresh_source(''t_capture.forged'')'), outcome('SELECT verify_source(''t_capture.forged'')'),
  outcome('SELECT ledger_of(''t_capture.forged'', 1)');
CREATE TABLE other_source (is_source is_source, view regclass DEFAULT 't_capture.forged_capture'::regclass);
CREATE TABLE sprung_source (is_source is_source DEFAULT spring() = 1, view regclass,
  capture regclass DEFAULT (CASE spring() WHEN 1 THEN 't_capture.forged_capture' END)::regclass, ledger regclass,
  queue regclass, live regclass, touches regclass[], closed date, made_view boolean, refreshed_at timestamptz,
  error text, failed_at timestamptz);
ALTER TABLE sprung_source ENABLE ROW LEVEL SECURITY;
CREATE VIEW viewed_source AS SELECT * FROM forged_source;
SELECT count(*) FROM found;
RESET ROLE;
SELECT sales, view, ledger, queue, live, pending, length(error) > 8000 AS cut FROM found ORDER BY view::text;
SELECT outcome('CALL refresh_source(''forged'')'), outcome('SELECT verify_source(''forged'')');
DROP VIEW viewed_source;
DROP TABLE other_source, sprung_source;
CALL untrack('forged');
SELECT relname FROM pg_class WHERE relname ~ '^(forged|shop)' AND relkind IN ('r', 'v') ORDER BY relname;
DROP TABLE forged;
SET ROLE regress_customer_tier_writer;
SELECT count(*) AS may_not_read FROM found;
-- a name that means something else to the writer
CREATE FUNCTION t_capture.net(int) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 0.0';
SET ROLE regress_customer_tier_reader;
SELECT sales, view, pending FROM found;
SELECT source, pending, capturing FROM sources;
SELECT outcome($$SELECT ledger_of('shop', 1)$$);
RESET ROLE;
-- the live ledgers are enough to ask them; a monitor sees what waits, and nobody's sales
GRANT SELECT ON shop_ledger_live TO regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT sales, view, refreshed, pending FROM found;
SELECT ledger_of('shop', 1), ledger_of('shop_ledger_live', 2);
RESET ROLE;
REVOKE SELECT ON shop_ledger_live FROM regress_customer_tier_reader;
GRANT pg_monitor TO regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT source, sales, capturing, pending, queue_bytes > 0 AS on_disk, refreshed_at IS NOT NULL AS refreshed, last_error
FROM sources;
SELECT outcome($$SELECT ledger_of('shop', 1)$$),
  outcome($$SELECT count(pack) FROM shop_delta$$), outcome($$SELECT count(*) FROM shop_source WHERE error IS NULL$$);
SELECT outcome('CALL refresh_source(''shop'')'), outcome('SELECT verify_source(''shop'')'),
  outcome('CALL track(''shop'', ''customer'', ''amount'', ''day'')');
RESET ROLE;
-- a superuser refreshes with the owner's rights, not with theirs
CALL refresh_source('shop');
CALL rebuild_source('shop');
SELECT customer, total(ledger) FROM shop_ledger ORDER BY customer;
SET client_min_messages = warning;
-- a policy that the owner is under as well would hide sales: an error, not a part
SET ROLE regress_customer_tier_owner;
ALTER TABLE shop ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY a_part ON shop USING (customer = 1);
SELECT outcome($$CALL rebuild_source('shop')$$), outcome($$SELECT verify_source('shop')$$);
CALL refresh_source('shop');
CALL untrack('shop');
RESET ROLE;
--
-- A refresh that fails is noted, and leaves all as it was; what is gone can be let go of
--
CREATE TABLE bill (id int, customer int, day date, amount numeric);
CALL track('bill', 'customer', 'amount', 'day');
INSERT INTO bill VALUES (1, 1, '2026-01-01', 5);
CREATE VIEW noted AS SELECT source, sales, pending, oldest_pending IS NOT NULL AS waits, capturing, changed,
  refreshed_at IS NOT NULL AS refreshed, last_error, failed_at IS NOT NULL AS failed FROM sources;
ALTER TABLE bill_ledger ADD CHECK (customer > 1);
\set SHOW_CONTEXT never
CALL refresh_source('bill');
\set SHOW_CONTEXT errors
TABLE noted;
-- in a transaction of somebody else's there is nobody to note it
\set VERBOSITY terse
BEGIN;
CALL rebuild_source('bill');
ROLLBACK;
CALL rebuild_source('bill');
\set VERBOSITY default
ALTER TABLE bill_ledger DROP CONSTRAINT bill_ledger_customer_check;
CALL refresh_source('bill');
TABLE noted;
ALTER TABLE bill_delta SET UNLOGGED;
SELECT outcome($$INSERT INTO bill VALUES (1, 1, '2026-01-01', 5)$$);
ALTER TABLE bill_delta SET LOGGED;
\set VERBOSITY terse
CALL rebuild_source('bill');
\set VERBOSITY default
SELECT outcome('DROP TABLE bill');
DROP TABLE bill CASCADE;
SELECT * FROM found;
TABLE noted;
CREATE TABLE bill (id int, customer int, day date, amount numeric, tags text[]);
SELECT outcome($$CALL track('bill', 'customer', 'amount', 'day')$$), outcome($$CALL refresh_source('bill_ledger')$$),
  outcome($$CALL rebuild_source('bill_source')$$), outcome($$SELECT verify_source('bill_ledger')$$);
CALL untrack('bill_ledger');
SELECT relname FROM pg_class WHERE relname LIKE 'bill%' AND relkind IN ('r', 'v');
-- a state that names its queue no more
CALL track('bill', 'customer', 'amount', 'day');
ALTER TABLE bill_source ALTER queue DROP DEFAULT;
CALL untrack('bill_source');
SELECT relname, (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'bill'::regclass) AS triggers FROM pg_class
WHERE relname LIKE 'bill%' AND relkind IN ('r', 'v');
DROP TABLE bill_delta;
CREATE TABLE bill_delta (a int);
SELECT outcome($$CALL track('bill', 'customer', 'amount', 'day')$$);
DROP TABLE bill_delta;
SELECT outcome($$CALL track('bill', 'tags', 'amount', 'day')$$);

-- a zone that is none, and a sale that no ledger can have: what is tracked, and the way out
CREATE TABLE fine (customer int, at timestamptz, amount numeric);
INSERT INTO fine VALUES (1, '2026-01-01', 1.0000001);
SELECT outcome($$CALL track('fine', 'customer', 'amount', 'at', time_zone => 'Mars/X')$$);
\set VERBOSITY terse
CALL track('fine', 'customer', 'amount', 'at', time_zone => 'UTC');
\set VERBOSITY default
SELECT sales, refreshed, error FROM found WHERE sales = 'fine'::regclass;
CALL untrack('fine');
UPDATE fine SET amount = 1;
CALL track('fine', 'customer', 'amount', 'at', time_zone => 'UTC');
TABLE fine_ledger;

-- all of them, also what has lost its sales; those of another stay to a role
CREATE TABLE lost (customer int, day date, amount numeric);
CALL track('lost', 'customer', 'amount', 'day');
CREATE TABLE ours (customer int, day date, amount numeric);
ALTER TABLE ours OWNER TO regress_customer_tier_owner;
CALL track('ours', 'customer', 'amount', 'day');
DROP TABLE lost CASCADE;
SET ROLE regress_customer_tier_owner;
CALL refresh_all();
CALL untrack_all();
SELECT count(*) FROM found;
RESET ROLE;
SELECT view, ledger FROM found ORDER BY ledger::text;
CALL untrack_all();
SELECT count(*) AS sources, (SELECT count(*) FROM pg_class
  WHERE relname ~ '^(lost|ours|fine)_' AND relnamespace = 't_capture'::regnamespace) AS left_over FROM found;

-- amounts that are in range one by one, and not together: the error says whose they are
CREATE TABLE vast (customer int, day date, amount numeric);
CALL track('vast', 'customer', 'amount', 'day');
INSERT INTO vast VALUES (1, '2026-01-01', 1), (7, '2026-01-01', 5000000000000000000);
CALL refresh_source('vast');
INSERT INTO vast VALUES (1, '2026-01-02', 1), (7, '2026-01-02', 5000000000000000000);
CALL refresh_source('vast');
SELECT last_error, pending FROM sources WHERE sales = 'vast'::regclass;
DELETE FROM vast WHERE customer = 7 AND day = '2026-01-02';
CALL refresh_source('vast');
SELECT last_error, pending FROM sources WHERE sales = 'vast'::regclass;
CALL untrack('vast');
DROP TABLE vast;
DROP SCHEMA t_capture CASCADE;
DROP ROLE regress_customer_tier_owner, regress_customer_tier_writer, regress_customer_tier_reader;
