-- Creates the sources that scripts/check-upgrade upgrades, with all kinds of queue entries.
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
-- schemes with attributes, groups, an expression of the tier, pins and history; a model
CREATE TABLE person (id int PRIMARY KEY, region text, potential numeric);
INSERT INTO person SELECT i, 'r' || i % 2, 50 + i * 10 FROM generate_series(0, 9) AS i;
CREATE FUNCTION crm.level(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT (ARRAY[''low'', ''high''])[$1]';
SELECT create_scheme('crm.grade', 'sales_sale', 'rfm', hold => '1 month'),
       create_scheme('crm.regional', 'part', attributes => 'person', per => 'region', unrated => 'none',
         axes => ARRAY[axis('share', 'total(ledger) / nullif(potential, 0)', 'heads', '{0.4}')],
         tiers => '{low, high}', tier => 'crm.level(share)');
SELECT refresh_scheme('grade', '2026-02-01'), refresh_scheme('grade', '2026-02-20'),
       refresh_scheme('regional', '2026-02-20'), pin('grade', 'b3', 'Champions', 'a friend', '2026-02-25');
SELECT (fit_model('crm.model', 'sales_sale', '2026-02-20')).kind;
CREATE TABLE kept AS
SELECT 'grade' AS scheme, h::text AS row FROM grade_history AS h
UNION ALL SELECT 'regional', r::text FROM regional AS r
UNION ALL SELECT 'model', p_alive('model', ledger, '2026-02-20')::text FROM sales_ledger
UNION ALL SELECT 'rule', (to_jsonb(s) - '{made_at}'::text[])::text FROM schemes AS s;
UPDATE sales SET amount = amount + 1 WHERE id % 5 = 0;
DELETE FROM sales WHERE id % 9 = 0;
TRUNCATE part;
INSERT INTO part VALUES (1, '2026-02-01', 5), (9, '2026-02-02', 6);
UPDATE lines SET amount = 1 WHERE order_id = 3;
UPDATE orders SET buyer = md5('new')::uuid WHERE id = 4;
SELECT 'pending before: ' || string_agg(source || ' ' || pending, ', ' ORDER BY source::text) FROM sources;
