-- Tracked tables: what is kept, what is refused, and who may.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
SET timezone = 'Pacific/Auckland';
CREATE SCHEMA t_capture;
SET search_path = t_capture, test, public, customer_tier;

--
-- By hand
--
CREATE TABLE sales (id int PRIMARY KEY, customer_id bigint, sold_at timestamptz, quantity int, price numeric(10,2), note text);
INSERT INTO sales VALUES (1, 1, '2026-01-05 15:00+00', 2, 5, 'a'), (2, 1, '2026-01-05 17:00+00', 1, 1.5, 'b'), (3, 2, '2026-01-06 00:00+00', 1, -4, 'c'), (4, NULL, '2026-01-06 00:00+00', 1, 9, 'd');
CALL track('sales', customer => 'customer_id', amount => 'quantity * price', sold_at => 'sold_at', filter => $$note IS DISTINCT FROM 'draft'$$, time_zone => 'Asia/Shanghai');
TABLE sales_ledger ORDER BY customer;
SELECT relation, customer, amount, sold_at, filter, time_zone, capture, ledger, queue, live, refreshed_at IS NOT NULL AS refreshed, pending, capturing FROM sources;
SELECT tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'sales'::regclass ORDER BY tgname;
INSERT INTO sales VALUES (5, 3, '2026-02-01 12:00+00', 1, 10, NULL), (6, 1, '2026-02-01 12:00+00', 1, 0.25, NULL), (7, 3, '2026-02-01 12:00+00', 1, 1, 'draft');
UPDATE sales SET quantity = quantity + 1 WHERE customer_id = 1;
DELETE FROM sales WHERE id = 3;
-- one row for each customer that a statement touched
SELECT c.* FROM sales_delta, unnest(customers, ledgers) AS c(customer, ledger) ORDER BY id, c.customer;
TABLE sales_ledger_live ORDER BY customer;
SELECT count(*) AS differ FROM verify('sales');
-- what is as it was writes nothing
SELECT count(*) AS pending FROM sales_delta;
UPDATE sales SET note = 'x' WHERE note = 'a';
UPDATE sales SET price = price;
DELETE FROM sales WHERE false;
INSERT INTO sales VALUES (8, NULL, '2026-01-01 00:00+00', 1, 1), (9, 3, NULL, 1, 1), (10, 3, '2026-01-01 00:00+00', NULL, 1);
SELECT count(*) AS pending FROM sales_delta;
-- a draft becomes a sale
UPDATE sales SET note = NULL WHERE note = 'draft';
CALL refresh('sales');
TABLE sales_ledger ORDER BY customer;
SELECT count(*) AS pending FROM sales_delta;
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
CALL refresh('sales');
TABLE sales_ledger ORDER BY customer;
SELECT count(*) AS differ FROM verify('sales');
ROLLBACK;
SELECT count(*) AS differ FROM verify('sales');
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
SELECT * FROM verify('sales');
SELECT customer FROM verify('sales', repair => true);
SELECT count(*) AS differ FROM verify('sales');
ALTER TABLE sales ENABLE TRIGGER USER;
SELECT capturing FROM sources;
-- other columns come, go and change; a column that is asked for says who asks
ALTER TABLE sales DROP COLUMN id, ADD COLUMN extra int DEFAULT 5;
INSERT INTO sales (customer_id, sold_at, quantity, price) VALUES (9, '2026-03-01 00:00+00', 1, 1);
SELECT count(*) AS differ FROM verify('sales');
ALTER TABLE sales RENAME COLUMN price TO unit_price;
INSERT INTO sales (customer_id, sold_at, quantity, unit_price) VALUES (9, '2026-03-01 00:00+00', 1, 1);
ALTER TABLE sales RENAME COLUMN unit_price TO price;
ALTER TABLE sales_delta RENAME TO elsewhere;
INSERT INTO sales (customer_id, sold_at, quantity, price) VALUES (9, '2026-03-01 00:00+00', 1, 1);
ALTER TABLE elsewhere RENAME TO sales_delta;
CREATE INDEX by_id ON sales_delta (id);
INSERT INTO sales (customer_id, sold_at, quantity, price) VALUES (9, '2026-03-01 00:00+00', 1, 1);
DROP INDEX by_id;
BEGIN;
ALTER TABLE sales_delta ALTER id DROP IDENTITY;
SELECT outcome($$INSERT INTO sales (customer_id, sold_at, quantity, price) VALUES (9, '2026-03-01 00:00+00', 1, 1)$$);
ROLLBACK;
-- a bad amount stops the statement, and nothing of it is there
INSERT INTO sales (customer_id, sold_at, quantity, price) VALUES (9, '2026-03-01 00:00+00', 1, 1), (9, '2026-03-01 00:00+00', 1, 'NaN');
SELECT count(*) AS differ FROM verify('sales');
CALL untrack('sales');
SELECT to_regclass('sales_ledger'), to_regclass('sales_delta'), to_regclass('sales_ledger_live'), count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'sales'::regclass;
INSERT INTO sales (customer_id, sold_at, quantity, price) VALUES (9, '2026-03-01 00:00+00', 1, 1);

--
-- Customers of other types; many at once; names that need quotes
--
CREATE TABLE "My ""Sales""" ("The Customer" text COLLATE "C", "When" date, "How much" bigint);
CALL track('"My ""Sales"""', customer => 'lower("The Customer")', amount => '"How much"', sold_at => '"When"');
INSERT INTO "My ""Sales""" SELECT CASE i % 2 WHEN 0 THEN 'Customer ' ELSE 'CUSTOMER ' END || i % 700, date '2026-01-01' + i % 50, i - 100 FROM generate_series(1, 5000) AS i;
UPDATE "My ""Sales""" SET "How much" = "How much" * 2 WHERE "How much" % 3 = 0;
DELETE FROM "My ""Sales""" WHERE "How much" % 5 = 0;
SELECT count(*) AS differ, (SELECT count(*) FROM "My ""Sales""_ledger_live") AS live FROM verify('"My ""Sales"""');
CALL refresh('"My ""Sales"""');
SELECT count(*) AS differ, (SELECT count(*) FROM "My ""Sales""_ledger") AS kept FROM verify('"My ""Sales"""');
CALL untrack('"My ""Sales"""');
CREATE TABLE by_uuid (customer uuid, day timestamp, amount numeric);
INSERT INTO by_uuid SELECT md5((i % 10)::text)::uuid, timestamp '2026-01-01' + i * interval '1 hour', i FROM generate_series(1, 50) AS i;
CALL track('by_uuid', 'customer', 'amount', 'day');
INSERT INTO by_uuid SELECT md5((i % 20)::text)::uuid, timestamp '2026-01-01' + i * interval '1 hour', i FROM generate_series(1, 500) AS i;
DELETE FROM by_uuid WHERE amount % 7 = 0;
SELECT count(*) AS differ FROM verify('by_uuid');
CALL refresh('by_uuid');
SELECT count(*) AS differ, (SELECT count(*) FROM by_uuid_ledger) AS kept FROM verify('by_uuid');
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
SELECT count(*) AS differ, (SELECT capturing FROM sources WHERE relation = 'part'::regclass) AS capturing FROM verify('part');
CALL refresh('part');
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
INSERT INTO nest (customer, amount, day) SELECT i % 3, CASE i WHEN 1 THEN 100 WHEN 2 THEN 200 WHEN 3 THEN 50 ELSE i END, '2026-01-05' FROM generate_series(1, 60) AS i;
SELECT count(*) AS rows, (SELECT count(*) FROM verify('nest')) AS wrong FROM nest;
-- many to a statement, few to its queue rows; one by one by way of a partition
CALL refresh('nest');
INSERT INTO nest (customer, amount, day) SELECT i % 40, 10, '2026-01-05' FROM generate_series(1, 500) AS i;
SELECT count(*) AS queue_rows, sum(cardinality(customers)) AS ledgers FROM nest_delta;
INSERT INTO nest_2 (customer, amount, day) SELECT i, 10, '2026-01-05' FROM generate_series(11, 13) AS i;
SELECT count(*) AS queue_rows, (SELECT count(*) FROM verify('nest')) AS wrong FROM nest_delta;
-- who asks amid a statement asks of what was written before it
CREATE FUNCTION asks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE WARNING '% differ at %', (SELECT count(*) FROM verify('nest')), NEW.amount;
  RETURN NEW;
END $$;
CREATE TRIGGER zz_asks AFTER INSERT ON nest_2 FOR EACH ROW EXECUTE FUNCTION asks();
INSERT INTO nest (customer, amount, day) VALUES (20, 11, '2026-01-05');
INSERT INTO nest (customer, amount, day) VALUES (1, 12, '2026-01-05'), (20, 13, '2026-01-05');
DROP TRIGGER zz_asks ON nest_2;
SELECT * FROM verify('nest');
-- a statement that never ends, as one whose rows nobody fetches: what it did is there when somebody asks, or at the end
ALTER TABLE nest DISABLE TRIGGER customer_tier_end;
CALL refresh('nest');
BEGIN;
INSERT INTO nest (customer, amount, day) VALUES (30, 10, '2026-01-05');
SAVEPOINT a;
INSERT INTO nest (customer, amount, day) SELECT 31, 10, '2026-01-05' FROM generate_series(1, 40);
ROLLBACK TO a;
INSERT INTO nest (customer, amount, day) VALUES (32, 10, '2026-01-05');
-- what is undone with the savepoint must not take with it what is older
SELECT outcome('SELECT count(*) FROM verify(''nest'')');
RELEASE a;
SAVEPOINT b;
INSERT INTO nest (customer, amount, day) SELECT 33, 10, '2026-01-05' FROM generate_series(1, 40);
RELEASE b;
COMMIT;
SELECT string_agg(unnest::text, ', ' ORDER BY unnest) AS captured FROM nest_delta, unnest(customers);
SELECT * FROM verify('nest');
BEGIN;
INSERT INTO nest (customer, amount, day) VALUES (34, 10, '2026-01-05');
SELECT outcome('CALL rebuild(''nest'')');
INSERT INTO nest (customer, amount, day) VALUES (35, 10, '2026-01-05');
TRUNCATE nest;
INSERT INTO nest (customer, amount, day) VALUES (36, 10, '2026-01-05');
COMMIT;
SELECT * FROM verify('nest');
TABLE nest_ledger_live ORDER BY customer;
CALL untrack('nest');
-- a plain table, if it is asked for
CREATE TABLE by_row (customer int, amount int, day date);
CALL track('by_row', 'customer', 'amount', 'day', capture => 'row');
INSERT INTO by_row SELECT i % 7, i, '2026-01-05' FROM generate_series(1, 100) AS i;
UPDATE by_row SET customer = customer + 1 WHERE amount % 3 = 0;
DELETE FROM by_row WHERE customer = 2;
SELECT capture, capturing, pending, (SELECT count(*) FROM verify('by_row')) AS wrong FROM sources WHERE relation = 'by_row'::regclass;
TRUNCATE by_row;
SELECT count(*) FROM by_row_ledger_live;
CALL untrack('by_row');

-- the queue is made otherwise while a statement is under way
CREATE TABLE forger (customer bigint, amount int, day date);
CALL track('forger', 'customer', 'amount', 'day', capture => 'row');
ALTER TABLE forger DISABLE TRIGGER customer_tier_end;
DROP VIEW forger_ledger_live;
BEGIN;
INSERT INTO forger VALUES (81985529216486895, 1, '2026-01-05');
ALTER TABLE forger_delta ALTER customers TYPE text[] USING NULL;
COMMIT;
BEGIN;
INSERT INTO forger VALUES (1, 1, '2026-01-05');
ALTER TABLE forger_delta ALTER ledgers TYPE bigint[] USING NULL;
COMMIT;
BEGIN;
INSERT INTO forger VALUES (1, 1, '2026-01-05');
ALTER TABLE forger_delta ADD more int;
COMMIT;
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
INSERT INTO spilled SELECT 'somebody with a rather long name ' || i, CASE i WHEN 20000 THEN 0 ELSE 1 END, '2026-01-05' FROM generate_series(1, 20000) AS i;
ROLLBACK TO a;
SELECT count(*) AS files FROM pg_ls_tmpdir();
COMMIT;
INSERT INTO spilled SELECT 'somebody with a rather long name ' || i, 1, '2026-01-05' FROM generate_series(1, 20000) AS i;
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
SELECT * FROM verify('emptied');
SELECT * FROM verify('spilled');
TABLE emptied_ledger_live;
-- another table's statement is no matter
CREATE TABLE busy (customer int, amount int, day date);
CALL track('busy', 'customer', 'amount', 'day', capture => 'row');
CREATE FUNCTION empties() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  BEGIN
    TRUNCATE spilled;
    PERFORM verify('emptied');
  EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'failed: %', SQLERRM;
  END;
  RETURN NULL;
END $$;
CREATE TRIGGER z_empties AFTER INSERT ON busy FOR EACH ROW EXECUTE FUNCTION empties();
INSERT INTO busy VALUES (1, 1, '2026-01-05'), (2, 1, '2026-01-05');
SELECT (SELECT count(*) FROM verify('busy')) AS busy, (SELECT count(*) FROM verify('spilled')) AS spilled;
CALL untrack('busy'); CALL untrack('emptied'); CALL untrack('spilled');
DROP TABLE busy, emptied, spilled;

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
  $$'v', 'customer_id', 'price', 'sold_at'$$, $$'fleeting', 'customer', 'amount', 'day'$$, $$'parent', 'customer', 'amount', 'day'$$, $$'child', 'customer', 'amount', 'day'$$, $$'part_1', 'customer', 'amount', 'day'$$, $$'part', 'customer', 'amount', 'day'$$,
  $$'sales', 'nobody', 'price', 'sold_at'$$, $$'sales', 'customer_id', 'price +', 'sold_at'$$, $$'sales', 'customer_id', 'price, 1', 'sold_at'$$, $$'sales', 'customer_id', 'price FROM sales', 'sold_at'$$, $$'sales', 'customer_id', 'price; DROP TABLE sales', 'sold_at'$$, $$'sales', 'customer_id', '', 'sold_at'$$, $$'sales', 'customer_id', 'sum(price)', 'sold_at'$$,
  $$'sales', 'customer_id', '(SELECT 1)', 'sold_at'$$, $$'sales', 'tableoid', 'price', 'sold_at'$$, $$'sales', 'customer_id', 'price', 'sold_at::date'$$, $$'sales', 'customer_id', 'stable_one()', 'sold_at'$$, $$'sales', 'customer_id', 'price', 'now()'$$, $$'sales', 'customer_id', 'price', 'sold_at', 'price'$$,
  $$'odd', 'customer', '1', 'day'$$, $$'odd', '1', 'amount', 'day'$$, $$'odd', '1', '1', 'amount'$$, $$'odd', '1', '1', 'at'$$, $$'sales', 'customer_id', 'price', 'sold_at', capture => 'since'$$
]) WITH ORDINALITY AS i(s, o) ORDER BY o;
SELECT outcome('CALL refresh(''sales'')'), outcome('CALL rebuild(''sales'')'), outcome('SELECT verify(''sales'')'), outcome('CALL untrack(''sales'')');
SELECT outcome('SELECT capture()');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT outcome($$CALL refresh('part')$$), outcome($$CALL rebuild('part')$$);
ROLLBACK;
-- without capture there is rebuild
CALL track('v', 'customer_id', 'price', 'sold_at', time_zone => 'UTC', capture => 'none');
SELECT count(*) AS ledgers FROM v_ledger;
INSERT INTO sales (customer_id, sold_at, price) VALUES (99, '2026-03-01 00:00+00', 1);
SELECT * FROM verify('v');
CALL rebuild('v');
SELECT count(*) AS differ FROM verify('v');
CALL untrack('v');
CALL untrack('part');
CREATE MATERIALIZED VIEW mv AS SELECT * FROM sales;
CALL track('mv', 'customer_id', 'price', 'sold_at', time_zone => 'UTC', capture => 'none');
SELECT (SELECT count(*) FROM mv_ledger) AS ledgers, count(*) AS differ FROM verify('mv');
CALL untrack('mv');
-- customers of an enum, of a domain, of a varchar
CREATE TYPE grade AS ENUM ('high', 'low');
CREATE DOMAIN code AS text CHECK (value <> '');
CREATE TABLE kinds (e grade, c code, v varchar(10), day date, amount int);
CREATE PROCEDURE try(customer text) LANGUAGE plpgsql AS $$
BEGIN
  CALL track('kinds', customer, 'amount', 'day');
  INSERT INTO kinds SELECT CASE i % 2 WHEN 0 THEN 'high' ELSE 'low' END::grade, i % 3, i % 4, date '2026-01-01' + i, i FROM generate_series(1, 60) AS i;
  COMMIT;
  CALL refresh('kinds');
  DELETE FROM kinds WHERE amount % 5 = 0;
  CALL refresh('kinds');
  COMMIT;
END $$;
CALL try('e');
SELECT (SELECT count(*) FROM kinds_ledger) AS ledgers, count(*) AS differ FROM verify('kinds');
CALL untrack('kinds');
CALL try('c');
SELECT (SELECT count(*) FROM kinds_ledger) AS ledgers, count(*) AS differ FROM verify('kinds');
CALL untrack('kinds');
CALL try('v');
SELECT (SELECT count(*) FROM kinds_ledger) AS ledgers, count(*) AS differ FROM verify('kinds');
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
SELECT outcome('SELECT count(*) FROM t_capture.shop_delta'), outcome('INSERT INTO t_capture.shop_delta (customers) VALUES (NULL)'), outcome('CALL refresh(''shop'')'), outcome('CALL untrack(''shop'')');
SELECT outcome('SELECT * FROM customer_tier.as_owner(''t_capture.shop'', ''SELECT 1'') AS (x int)');
-- nor by a table of their own whose trigger names the queue
CREATE TABLE forged (customer int, day date, amount numeric);
CREATE TRIGGER forge AFTER INSERT ON forged REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION capture('t_capture.shop_delta', 'customer', 'amount', 'day', '', '');
INSERT INTO forged VALUES (1, '2026-01-01', 1000000);
CREATE TRIGGER row_forge BEFORE INSERT ON forged FOR EACH ROW EXECUTE FUNCTION capture('t_capture.shop_delta', 'customer', 'amount', 'day', '', '');
DROP TRIGGER forge ON forged;
INSERT INTO forged VALUES (1, '2026-01-01', 1000000);
DROP TRIGGER row_forge ON forged;
CREATE TRIGGER no_tables AFTER INSERT ON forged FOR EACH STATEMENT EXECUTE FUNCTION capture('t_capture.shop_delta', 'customer', 'amount', 'day', '', '');
INSERT INTO forged VALUES (1, '2026-01-01', 1000000);
DROP TRIGGER no_tables ON forged;
-- nor by registering what others then read
CREATE FUNCTION spring() RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'sprung as %', current_user; RETURN 1; END $$;
CREATE VIEW trap AS SELECT ARRAY[spring()] AS customers;
INSERT INTO customer_tier.source SELECT 'forged', '1', '1', '1', NULL, NULL, 'none', 'trap', 'trap', 'trap';
RESET ROLE;
SELECT relation, pending FROM sources ORDER BY relation::text;
SET ROLE regress_customer_tier_writer;
DELETE FROM customer_tier.source;
INSERT INTO customer_tier.source SELECT 't_capture.shop', '1', '1', '1', NULL, NULL, 'none', 'forged', 'forged', 'forged';
UPDATE customer_tier.source SET amount = '1';
DELETE FROM customer_tier.source;
SELECT count(*) AS may_not_read FROM sources;
-- a name that means something else to the writer
CREATE FUNCTION t_capture.net(int) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 0.0';
SET ROLE regress_customer_tier_reader;
SELECT relation, pending, capturing FROM sources;
SELECT outcome('CALL refresh(''shop'')'), outcome('SELECT verify(''shop'')'), outcome('CALL track(''shop'', ''customer'', ''amount'', ''day'')');
RESET ROLE;
-- a superuser refreshes with the owner's rights, not with theirs
CALL refresh('shop');
CALL rebuild('shop');
SELECT customer, total(ledger) FROM shop_ledger ORDER BY customer;
SET client_min_messages = warning;
-- a policy that the owner is under as well would hide sales: an error, not a part
SET ROLE regress_customer_tier_owner;
ALTER TABLE shop ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY a_part ON shop USING (customer = 1);
SELECT outcome($$CALL rebuild('shop')$$), outcome($$SELECT verify('shop')$$);
CALL refresh('shop');
CALL untrack('shop');
RESET ROLE;
--
-- A refresh that fails is noted, and leaves all as it was; what is gone can be let go of
--
CREATE TABLE bill (id int, customer int, day date, amount numeric);
CALL track('bill', 'customer', 'amount', 'day');
INSERT INTO bill VALUES (1, 1, '2026-01-01', 5);
CREATE VIEW noted AS SELECT relation, pending, lag > '0' AS lags, capturing, error, failed_at IS NOT NULL AS failed FROM sources;
ALTER TABLE bill_ledger ADD CHECK (customer > 1);
CALL refresh('bill');
TABLE noted;
-- in a transaction of somebody else's there is nobody to note it
\set VERBOSITY terse
BEGIN;
CALL rebuild('bill');
ROLLBACK;
CALL rebuild('bill');
\set VERBOSITY default
ALTER TABLE bill_ledger DROP CONSTRAINT bill_ledger_customer_check;
CALL refresh('bill');
TABLE noted;
ALTER TABLE bill_delta SET UNLOGGED;
SELECT outcome($$INSERT INTO bill VALUES (1, 1, '2026-01-01', 5)$$);
ALTER TABLE bill_delta SET LOGGED;
\set VERBOSITY terse
CALL rebuild('bill');
\set VERBOSITY default
DROP TABLE bill;
SELECT count(*), bool_or(capturing) AS capturing FROM sources;
CREATE TABLE bill (id int, customer int, day date, amount numeric, tags text[]);
SELECT regexp_replace(outcome($$CALL track('bill', 'customer', 'amount', 'day')$$), '[0-9]{5,}\)', 'OID)');
DO $$BEGIN EXECUTE (SELECT format('CALL customer_tier.untrack(%s)', relation::oid) FROM customer_tier.sources); END $$;
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
SELECT relation, refreshed_at IS NULL AS not_filled, error FROM sources WHERE relation = 'fine'::regclass;
CALL untrack('fine');
UPDATE fine SET amount = 1;
CALL track('fine', 'customer', 'amount', 'at', time_zone => 'UTC');
TABLE fine_ledger;

DROP SCHEMA t_capture CASCADE;
DROP ROLE regress_customer_tier_owner, regress_customer_tier_writer, regress_customer_tier_reader;
