-- Tests sources that join tables: refreshes by noted rows and by noted keys, and random histories.
SET client_min_messages = warning;
CREATE SCHEMA t_joins;
SET search_path = t_joins, test, public, customer_tier;

CREATE TABLE orders (id int PRIMARY KEY, buyer text, day date, state text DEFAULT 'paid');
CREATE TABLE product (id int PRIMARY KEY, price numeric(8, 2));
CREATE TABLE lines (order_id int REFERENCES orders ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE,
                    product_id int REFERENCES product, quantity int)
  PARTITION BY HASH (order_id);
CREATE TABLE lines_0 PARTITION OF lines FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE lines_1 (quantity int, product_id int REFERENCES product,
                      order_id int REFERENCES orders ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE);
ALTER TABLE lines ATTACH PARTITION lines_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);

-- three views of one shop: each line a sale, each order a sale, and one that nobody can take apart
CREATE VIEW shop AS
SELECT o.buyer AS customer, o.day AS sold_at, l.quantity * p.price AS amount
FROM orders AS o JOIN lines AS l ON l.order_id = o.id JOIN product AS p ON p.id = l.product_id
WHERE o.state <> 'draft';
CREATE VIEW shop_orders AS
SELECT lower(o.buyer) AS customer, o.day AS sold_at, coalesce(sum(l.quantity * p.price), 0) AS amount
FROM orders AS o LEFT JOIN (lines AS l JOIN product AS p ON p.id = l.product_id) ON l.order_id = o.id
GROUP BY o.id HAVING count(*) < 50;
CREATE VIEW shop_any AS
SELECT buyer AS customer, day AS sold_at, (SELECT sum(quantity) FROM lines WHERE order_id = o.id) AS amount
FROM orders AS o;

SELECT * FROM customer_tier_internal.view_links('shop');
SELECT * FROM customer_tier_internal.view_links('shop_orders');
SELECT count(*) AS none FROM customer_tier_internal.view_links('shop_any');
SELECT * FROM customer_tier_internal.view_tables('shop') \gx
SELECT count(*) AS none FROM customer_tier_internal.view_tables('shop_orders');
CALL track('shop');
CALL track('shop_orders');
CALL track('shop_any');
SELECT source, sales, capturing, changed, pending FROM sources ORDER BY source;

-- by hand: whom a change touches
INSERT INTO product SELECT i, i FROM generate_series(1, 5) AS i;
INSERT INTO orders
SELECT i, (ARRAY['Ann', 'Bob', 'Cid'])[1 + i % 3], date '2026-01-01' + i
FROM generate_series(1, 9) AS i;
INSERT INTO lines SELECT 1 + i % 9, 1 + i % 5, i FROM generate_series(1, 20) AS i;
CALL refresh_all();
UPDATE lines SET quantity = quantity + 1 WHERE order_id = 3;
SELECT * FROM shop_orders_touched ORDER BY 1;
SELECT * FROM shop_changes ORDER BY customer, amount, undo;
UPDATE product SET price = 7 WHERE id = 2;
SELECT * FROM shop_orders_touched ORDER BY 1;
UPDATE orders SET buyer = 'Dee' WHERE id = 4;
SELECT * FROM shop_orders_touched ORDER BY 1;
SELECT customer, sum(CASE WHEN undo THEN -amount ELSE amount END) AS more
FROM shop_changes
GROUP BY customer
ORDER BY 1;
SELECT customer, total(ledger) FROM shop_ledger_live ORDER BY customer;
SELECT total(ledger_of('shop', 'Dee'::text)) AS dee, ledger_of('shop', 'nobody'::text) AS nobody;
CALL refresh_source('shop');
SELECT customer, total(ledger) FROM shop_ledger ORDER BY customer;
SELECT count(*) AS changes FROM shop_changes;
-- what came and went again is nothing
UPDATE lines SET quantity = quantity + 1;
UPDATE lines SET quantity = quantity - 1;
UPDATE orders SET state = 'paid', id = id;
SELECT count(*) AS changes FROM shop_changes;
CALL refresh_source('shop');
-- no table of the view may lose a column that it uses; a join is not altered piece by piece
SELECT outcome('ALTER TABLE lines DROP COLUMN quantity');
SELECT outcome($$CALL alter_source('shop', column_name => 'quantity', column_type => 'bigint')$$);

--
-- Random histories
--
CREATE SEQUENCE order_id START 100;
CREATE PROCEDURE change(kind int, s bigint) LANGUAGE plpgsql AS $$
DECLARE
  who text := (ARRAY['Ann', 'Bob', 'Cid', 'Dee', E'\\N\tEve\\', NULL])[1 + (u(s, 1) * 5.99)::int % 6];
  n int := 1 + (u(s, 2) * 4)::int;
  fresh int := nextval('order_id');
  o int := (SELECT id FROM orders ORDER BY hashint8extended(id, s) LIMIT 1);
BEGIN
  CASE kind
    WHEN 1 THEN
      INSERT INTO orders
      SELECT nextval('order_id'), who, date '2026-01-01' + (u(s, i) * 60)::int
      FROM generate_series(1, n) AS i;
    WHEN 2 THEN
      INSERT INTO lines
      SELECT o, 1 + (u(s, i) * 3.99)::int, 1 + i
      FROM generate_series(1, n) AS i
      WHERE o IS NOT NULL;
    WHEN 3 THEN UPDATE lines SET quantity = quantity + 1 WHERE order_id % 5 = s % 5;
    WHEN 4 THEN DELETE FROM lines WHERE product_id = n;
    WHEN 5 THEN UPDATE product SET price = price + 0.25 WHERE id = n;
    WHEN 6 THEN UPDATE orders SET buyer = who WHERE id = o;
    WHEN 7 THEN DELETE FROM orders WHERE id = o;
    WHEN 8 THEN UPDATE orders SET id = nextval('order_id') WHERE id = o;
    WHEN 9 THEN UPDATE lines SET order_id = (SELECT min(id) FROM orders) WHERE product_id = n;
    WHEN 10 THEN
      UPDATE orders SET state = CASE state WHEN 'draft' THEN 'paid' ELSE 'draft' END, day = day + 1
      WHERE id % 4 = s % 4;
    WHEN 11 THEN
      IF s % 4 = 0 THEN
        TRUNCATE lines;
      ELSE
        INSERT INTO lines_0 SELECT order_id, product_id, 5 FROM lines_0 LIMIT 2;
      END IF;
    WHEN 12 THEN CALL refresh_source('shop');
    WHEN 13 THEN CALL refresh_source('shop_orders');
    WHEN 14 THEN CALL refresh_source('shop_any');
    WHEN 15 THEN
      BEGIN
        DELETE FROM orders WHERE id % 2 = 0;
        RAISE EXCEPTION 'back' USING ERRCODE = 'T0001';
      EXCEPTION WHEN SQLSTATE 'T0001' THEN
        UPDATE lines SET product_id = 1 WHERE order_id % 7 = s % 7;
      END;
    WHEN 16 THEN
      WITH gone AS (DELETE FROM lines WHERE order_id = o)
      DELETE FROM orders WHERE id = o;
    WHEN 17 THEN
      -- lines before their order
      SET CONSTRAINTS ALL DEFERRED;
      INSERT INTO lines SELECT fresh, 1 + i % 4, 2 + i FROM generate_series(1, n) AS i;
      INSERT INTO orders VALUES (fresh, who, date '2026-02-01' + n);
    WHEN 18 THEN
      -- a refresh of what is not committed yet, among what follows it
      UPDATE lines SET quantity = quantity + 1 WHERE product_id = n;
      UPDATE orders SET buyer = who WHERE id = o;
      CALL refresh_source('shop');
      DELETE FROM lines WHERE order_id = o;
      UPDATE orders SET id = nextval('order_id') WHERE id = o;
    WHEN 19 THEN
      IF current_setting('server_version_num')::int >= 150000 THEN
        EXECUTE $q$MERGE INTO orders AS t USING (SELECT $1 AS id UNION SELECT nextval('order_id')) AS s ON t.id = s.id
          WHEN MATCHED THEN UPDATE SET day = t.day + 1, buyer = $2
          WHEN NOT MATCHED THEN INSERT (id, buyer, day) VALUES (s.id, $2, '2026-02-01')$q$ USING o, who;
      END IF;
    ELSE UPDATE orders SET day = day WHERE false;
  END CASE;
END $$;

CREATE TABLE wrong (seed int, step int, kind int, source text, customer text);
-- until something is wrong
CREATE PROCEDURE history(seed int, steps int, fault text DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
  kind int;
BEGIN
  FOR step IN 1..steps LOOP
    kind := 1 + floor(u(seed * 1000 + step, 7) * 19);
    CALL change(kind, seed * 1000 + step);
    COMMIT;
    IF fault IS NOT NULL THEN
      EXECUTE fault;
      COMMIT;
    END IF;
    -- by plain SQL, and with no function that verify_source uses
    INSERT INTO wrong
    SELECT seed, step, kind, source, customer
    FROM (SELECT 'shop' AS source, customer, sum(amount) AS total
          FROM shop
          WHERE customer IS NOT NULL AND amount IS NOT NULL
          GROUP BY customer
          UNION ALL
          SELECT 'shop_orders', customer, sum(amount)
          FROM shop_orders
          WHERE customer IS NOT NULL AND amount IS NOT NULL
          GROUP BY customer
          UNION ALL
          SELECT 'shop_any', customer, sum(amount)
          FROM shop_any
          WHERE customer IS NOT NULL AND amount IS NOT NULL
          GROUP BY customer) AS s
         FULL JOIN
         (SELECT 'shop' AS source, customer, ledger FROM shop_ledger_live
          UNION ALL
          SELECT 'shop_orders', customer, ledger FROM shop_orders_ledger_live
          UNION ALL
          SELECT 'shop_any', customer, ledger FROM shop_any_ledger_live) AS l USING (source, customer)
    WHERE s.total IS DISTINCT FROM total(l.ledger);
    INSERT INTO wrong SELECT seed, step, kind, v.source, v.customer
    FROM (SELECT 'shop' AS source, customer FROM verify_source('shop')
          UNION ALL
          SELECT 'shop_orders', customer FROM verify_source('shop_orders')
          UNION ALL
          SELECT 'shop_any', customer FROM verify_source('shop_any')) AS v;
    EXIT WHEN EXISTS (SELECT FROM wrong);
  END LOOP;
END $$;
\if :{?seed}
\else
\set seed 1
\endif
\echo seeds from :seed on
CALL history(:seed, 40);
CALL history(:seed + 1, 40);
SELECT * FROM wrong ORDER BY seed, step LIMIT 10;
DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM wrong), 'ledgers differ from their sales'; END $$;
SELECT source, capturing, changed FROM sources ORDER BY source;

-- the same histories find faults in what makes the changes
CREATE TABLE fault (id int GENERATED ALWAYS AS IDENTITY, fault text, good text, bad text, command text, step int);
INSERT INTO fault (fault, good, bad, command) VALUES
  ('none', 'SELECT', 'SELECT', NULL),
  ('changes of two tables are not taken away', '# 1\) = 1', '# 0) = 1', NULL),
  ('changes of three tables are taken away', '# 0\) = 1', '# 1) = 1', NULL),
  ('a line is never taken back', 't1\.customer_tier_undo AS undo', 'false AS undo', NULL),
  ('an order is taken back when it comes', 't0\.customer_tier_undo AS undo', 'true AS undo', NULL),
  ('a product does not change', 'FROM shop_queue2', 'FROM shop_queue2 WHERE false', NULL),
  ('the lines of an order are not asked for', 'FROM c0\s+ORDER BY',
   'FROM c0 WHERE id > (SELECT min(id) FROM c0) ORDER BY', NULL),
  ('the filter is left out', 't0\.state <> ''draft''::text', 'true', NULL),
  ('a row of the queue is lost', NULL, NULL,
   'DELETE FROM shop_queue1 WHERE ctid = (SELECT max(ctid) FROM shop_queue1)'),
  ('the queue is there twice', NULL, NULL, 'INSERT INTO shop_queue0 SELECT * FROM shop_queue0'),
  ('a row is noted as another', NULL, NULL,
   'UPDATE shop_queue1 SET pack = set_byte(pack, 3, get_byte(pack, 3) # 1) WHERE get_byte(pack, 3) BETWEEN 48 AND 57'),
  ('a partition has no triggers', NULL, NULL, 'ALTER TABLE lines_1 DISABLE TRIGGER customer_tier_change');
CREATE PROCEDURE find_faults(seed int, seeds int, steps int) LANGUAGE plpgsql AS $$
DECLARE
  good text := pg_get_viewdef('shop_changes');
  f fault;
BEGIN
  FOR f IN SELECT * FROM fault ORDER BY id LOOP
    IF f.good IS NOT NULL THEN
      ASSERT good ~ f.good, f.fault;
      EXECUTE 'CREATE OR REPLACE VIEW shop_changes AS ' || regexp_replace(good, f.good, f.bad, 'g');
    END IF;
    FOR i IN 0 .. seeds - 1 LOOP
      CALL history(seed + i, steps, f.command);
      UPDATE fault SET step = (SELECT min(w.step) FROM wrong AS w) WHERE id = f.id;
      DELETE FROM wrong;
      COMMIT;
      EXIT WHEN (SELECT step FROM fault WHERE id = f.id) IS NOT NULL;
    END LOOP;
    EXECUTE 'CREATE OR REPLACE VIEW shop_changes AS ' || good;
    ALTER TABLE lines_1 ENABLE ALWAYS TRIGGER customer_tier_change;
    COMMIT;
    CALL rebuild_source('shop');
  END LOOP;
END $$;
CALL find_faults(:seed, 6, 40);
SELECT fault, step IS NOT NULL AS found FROM fault ORDER BY id;
DO $$ BEGIN ASSERT (SELECT step FROM fault WHERE fault = 'none') IS NULL, 'a fault where there is none'; END $$;

-- the user's view is replaced: noticed, and taken over by alter_source
CREATE OR REPLACE VIEW shop AS
SELECT o.buyer AS customer, o.day AS sold_at, l.quantity * p.price * 2 AS amount
FROM orders AS o JOIN lines AS l ON l.order_id = o.id JOIN product AS p ON p.id = l.product_id
WHERE o.state <> 'draft';
SELECT changed FROM sources WHERE source = 'shop'::regclass;
INSERT INTO lines SELECT id, 1, 1 FROM orders;
SELECT count(*) AS differ FROM verify_source('shop');
CALL alter_source('shop');
SELECT changed FROM sources WHERE source = 'shop'::regclass;
SELECT count(*) AS differ FROM verify_source('shop');
-- renamed and moved, tables and columns
ALTER TABLE lines RENAME COLUMN order_id TO o;
ALTER TABLE orders RENAME TO purchase;
CREATE SCHEMA t_joins_2;
ALTER TABLE product SET SCHEMA t_joins_2;
UPDATE t_joins_2.product SET price = price + 1;
INSERT INTO lines (o, product_id, quantity) SELECT id, 2, 3 FROM purchase;
SELECT count(*) AS differ FROM verify_source('shop');
CALL refresh_source('shop');
SELECT count(*) AS differ FROM verify_source('shop');

-- which joins are told from their rows; and that they are
CREATE TYPE kind AS ENUM ('line', 'gift');
CREATE TABLE head (id bigint PRIMARY KEY, customer varchar(20), at timestamptz, parent bigint,
                   state kind DEFAULT 'line');
CREATE TABLE item (id int, "Head" int, "a ""b" float8, kind kind DEFAULT 'line', note text);
CREATE VIEW a_filters AS
SELECT h.customer, (h.at AT TIME ZONE 'UTC')::date AS sold_at, ("a ""b")::numeric(8, 2) AS amount
FROM head AS h JOIN item AS i ON "Head" = h.id AND i.kind = 'line'
WHERE h.state <> 'gift' AND coalesce(i.note, '') <> 'no';
CREATE VIEW no_subquery AS
SELECT customer, date '2026-01-01' + i.id AS sold_at, "Head" AS amount
FROM head JOIN (SELECT 1) AS x ON true, item AS i;
CREATE VIEW a_self AS
SELECT p.customer, (h.at AT TIME ZONE 'UTC')::date AS sold_at, 1 AS amount
FROM head AS h JOIN head AS p ON h.parent = p.id;
CREATE VIEW a_merged AS
SELECT customer, date '2026-01-01' AS sold_at, id AS amount FROM head JOIN item USING (id);
CREATE VIEW a_cross AS
SELECT customer, date '2026-01-01' AS sold_at, "Head" AS amount FROM head, item WHERE head.id < item.id;
CREATE VIEW no_kind AS
SELECT i.kind AS customer, date '2026-01-01' AS sold_at, 1 AS amount FROM head AS h JOIN item AS i ON "Head" = h.id;
CREATE VIEW no_stable AS
SELECT customer, at::date AS sold_at, 1 AS amount FROM head AS h JOIN item AS i ON "Head" = h.id;
CREATE VIEW no_row AS
SELECT customer, date '2026-01-01' AS sold_at, 1 AS amount
FROM head AS h JOIN item AS i ON "Head" = h.id
WHERE i IS DISTINCT FROM h;
CREATE VIEW no_only AS
SELECT customer, date '2026-01-01' AS sold_at, 1 AS amount FROM head AS h JOIN ONLY item AS i ON "Head" = h.id;
CREATE VIEW no_five AS
SELECT a.customer, date '2026-01-01' AS sold_at, 1 AS amount
FROM head AS a JOIN head AS b USING (id) JOIN head AS c USING (id) JOIN head AS d USING (id) JOIN head AS e USING (id);
SELECT relname, (SELECT count(*) FROM customer_tier_internal.view_tables(oid)) AS tables
FROM pg_class
WHERE relnamespace = 't_joins'::regnamespace AND relname ~ '^(a|no)_'
ORDER BY relname;
CALL track('a_filters');
CALL track('a_self');
CALL track('a_merged');
CALL track('a_cross');
INSERT INTO head
SELECT i, E'c\t' || i % 3, '2026-01-01 12:00+00', i - 1, CASE WHEN i % 5 = 0 THEN 'gift' ELSE 'line' END::kind
FROM generate_series(1, 12) AS i;
INSERT INTO item
SELECT i, i % 10, i / 4.0, CASE WHEN i % 7 = 0 THEN 'gift' END::kind, nullif('no', repeat('no', i % 2))
FROM generate_series(1, 40) AS i;
INSERT INTO item SELECT i, i % 10, i / 4.0, 'line', E'\\N' FROM generate_series(1, 40) AS i;
CREATE VIEW differing AS
SELECT 'a_filters' AS source, customer FROM verify_source('a_filters') UNION ALL
SELECT 'a_self', customer FROM verify_source('a_self') UNION ALL
SELECT 'a_merged', customer FROM verify_source('a_merged') UNION ALL
SELECT 'a_cross', customer FROM verify_source('a_cross');
SELECT count(*) AS differ, (SELECT count(*) FROM a_filters_ledger_live) AS filters,
       (SELECT count(*) FROM a_self_ledger_live) AS self, (SELECT count(*) FROM a_merged_ledger_live) AS merged,
       (SELECT count(*) FROM a_cross_ledger_live) AS "cross"
FROM differing;
CALL refresh_all();
UPDATE head SET state = CASE state WHEN 'gift' THEN 'line' ELSE 'gift' END::kind, parent = parent + 1 WHERE id % 2 = 0;
UPDATE item SET kind = 'line', note = NULL, "Head" = "Head" + 1 WHERE id % 3 = 0;
DELETE FROM item WHERE id % 5 = 0;
SELECT count(*) AS differ FROM differing;
CALL refresh_all();
SELECT count(*) AS differ FROM differing;

CALL untrack_all();
SELECT relname
FROM pg_class
WHERE relnamespace IN ('t_joins'::regnamespace, 't_joins_2'::regnamespace)
  AND relkind IN ('r', 'v')
  AND relname LIKE 'shop%'
ORDER BY relname;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgfoid = 'customer_tier_internal.capture()'::regprocedure;
DROP SCHEMA t_joins, t_joins_2 CASCADE;
