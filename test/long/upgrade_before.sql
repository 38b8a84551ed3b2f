-- What scripts/check-upgrade upgrades: sources with all that a queue may hold.
CREATE EXTENSION customer_tier;
CREATE ROLE owner;
CREATE SCHEMA crm AUTHORIZATION owner;
SET ROLE owner;
SET search_path = crm, customer_tier;
SET client_min_messages = warning;
CREATE TYPE who AS ENUM ('ann', 'bob', 'cid');
CREATE TABLE sales (id int GENERATED ALWAYS AS IDENTITY, buyer text, kind crm.who, day timestamptz, amount numeric);
CREATE TABLE part (buyer int, day date, amount int) PARTITION BY LIST (buyer);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1, 2);
CREATE TABLE part_2 PARTITION OF part DEFAULT;
CREATE TABLE orders (id int PRIMARY KEY, buyer uuid, day date);
CREATE TABLE lines (order_id int REFERENCES orders, amount numeric);
CREATE VIEW shop AS
SELECT o.buyer AS customer, o.day AS sold_at, l.amount
FROM orders AS o JOIN lines AS l ON l.order_id = o.id;
CALL track('sales', 'buyer', 'amount', 'day', time_zone => 'Asia/Shanghai');
CALL track('sales', 'kind', 'amount', 'day', time_zone => 'UTC', name => 'sales_by_kind');
CALL track('part', 'buyer', 'amount', 'day');
CALL track('shop');
INSERT INTO sales (buyer, kind, day, amount)
SELECT 'b' || i % 7, (ARRAY['ann', 'bob', 'cid'])[1 + i % 3]::crm.who,
       timestamptz '2026-01-01 00:00+00' + i * interval '5 hours', i / 4.0
FROM generate_series(1, 200) AS i;
INSERT INTO part SELECT i % 5, date '2026-01-01' + i, i FROM generate_series(1, 50) AS i;
INSERT INTO orders SELECT i, md5((i % 4)::text)::uuid, date '2026-01-01' + i FROM generate_series(1, 30) AS i;
INSERT INTO lines SELECT 1 + i % 30, i FROM generate_series(1, 90) AS i;
CALL refresh_all();
UPDATE sales SET amount = amount + 1 WHERE id % 5 = 0;
DELETE FROM sales WHERE id % 9 = 0;
TRUNCATE part;
INSERT INTO part VALUES (1, '2026-02-01', 5), (9, '2026-02-02', 6);
UPDATE lines SET amount = 1 WHERE order_id = 3;
UPDATE orders SET buyer = md5('new')::uuid WHERE id = 4;
SELECT 'pending before: ' || string_agg(source || ' ' || pending, ', ' ORDER BY source::text) FROM sources;
