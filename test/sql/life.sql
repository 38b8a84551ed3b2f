-- The life of a customer base: holds that end, customers who turn out to be one, who is forgotten, and days
-- that are closed.
SET client_min_messages = error;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_life;
SET search_path = t_life, test, public, customer_tier;

--
-- release
--
CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int, day date, amount numeric);
CALL track('sale', 'customer', 'amount', 'day');
INSERT INTO sale (customer, day, amount)
  VALUES (1, '2026-01-10', 1000), (2, '2026-01-10', 1000), (3, '2026-01-10', 1000), (4, '2026-01-10', 50);
SELECT create_scheme('club', 'sale', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{100, 900}')],
  tiers => '{C, B, A}', hold => '1 year', downgrade => 'one_level', review => '12-31');
SELECT outcome($$SELECT release('club', 1, 'too early')$$);
SELECT * FROM refresh_scheme('club', '2026-01-31');
-- refunds
INSERT INTO sale (customer, day, amount)
  VALUES (1, '2026-02-10', -990), (2, '2026-02-10', -500), (3, '2026-02-10', -990);
SELECT release('club', 1, 'refund', '2026-02-20');
SELECT customers, up, down FROM refresh_scheme('club', '2026-02-15');
SELECT customer, tier, status, held_until FROM club ORDER BY 1;
SELECT customers, up, down FROM refresh_scheme('club', '2026-02-28');
-- ends on the day after the last refresh
SELECT release('club', 2, 'asked for it');
-- who is not held keeps the tier
SELECT release('club', 4, 'for nothing', '2026-03-15');
-- of two of one customer the later one is the note
SELECT release('club', 3, 'first', '2026-03-10'), release('club', 3, 'mistaken', '2026-03-11'),
  release('club', 3, 'second', '2026-03-11');
SELECT customer, released_on, reason FROM club__release ORDER BY 1, 2;
SELECT customers, up, down FROM refresh_scheme('club', '2026-03-31');
SELECT customers, up, down FROM refresh_scheme('club', '2026-03-31');
-- it has ended one hold, and not the next
INSERT INTO sale (customer, day, amount) VALUES (1, '2026-04-10', 2000);
SELECT customers, up, down FROM refresh_scheme('club', '2026-04-30');
INSERT INTO sale (customer, day, amount) VALUES (1, '2026-05-10', -2000);
SELECT customers, up, down FROM refresh_scheme('club', '2026-05-31');
CREATE FUNCTION chain(scheme text) RETURNS TABLE (customer int, tier text, valid_from date, valid_to date,
  previous_tier text, change text, reason text, status text, note text)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT customer::int, tier, valid_from, valid_to, previous_tier, change, reason, '
    'status, replace(note, session_user, ''AUTHOR'') FROM %I ORDER BY 1, 3', scheme || '_history');
END $$;
SELECT * FROM chain('club');
-- the same days again give the same
CREATE TABLE chain_before AS SELECT * FROM chain('club');
SELECT backfill('club', d, d, '1 day'), d FROM (VALUES ('2026-01-31'::date)) AS v(d);
SELECT count(refresh_scheme('club', d))
  FROM unnest('{2026-02-15, 2026-02-28, 2026-03-31, 2026-04-30, 2026-05-31}'::date[]) AS d;
(TABLE chain_before EXCEPT ALL SELECT * FROM chain('club'))
UNION ALL
(SELECT * FROM chain('club') EXCEPT ALL TABLE chain_before);
SELECT outcome(sql) FROM unnest(ARRAY[
  $$SELECT release('club', 1, ' ')$$,
  $$SELECT release('club', NULL::text, 'why')$$,
  $$SELECT release('club', 1, 'why', 'infinity')$$,
  $$SELECT release('club', 1, 'why', '2026-05-31')$$,
  $$SELECT release('club', 17, 'why')$$,
  $$SELECT release('club', 'nobody', 'why')$$,
  $$SELECT release('sale', 1, 'why')$$]) AS sql;
-- a tier given by hand is stronger
SELECT pin('club', 1, 'B', 'friend', '2026-06-01'), refresh_scheme('club', '2026-06-01');
SELECT outcome($$SELECT release('club', 1, 'why')$$);
SELECT unpin('club', 1), release('club', 3, 'nothing to end');
SELECT customers, up, down FROM refresh_scheme('club', '2026-06-30');
SELECT * FROM chain('club') WHERE valid_from >= '2026-06-01';
SELECT drop_scheme('club');

--
-- Returns that break a hold
--
TRUNCATE sale;
SELECT create_scheme('club', 'sale', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{100, 900}')],
  tiers => '{C, B, A}', hold => '1 year', keep => 0.9, returns => 0.3, review => '12-31');
SELECT hold, keep, returns, review FROM schemes WHERE scheme = 'club'::regclass;
INSERT INTO sale (customer, day, amount)
  VALUES (1, '2026-01-10', 1000), (2, '2026-01-10', 1000), (3, '2024-01-10', 1000), (4, '2026-01-10', 1500),
         (4, '2026-01-31', -500), (5, '2026-01-10', 1000);
SELECT * FROM refresh_scheme('club', '2026-01-31');
INSERT INTO sale (customer, day, amount)
  VALUES (1, '2026-02-10', -300),	-- not above 30 %
         (2, '2026-02-10', -300.01),
         (3, '2026-02-10', -150),	-- of nothing that was bought within a year
         (4, '2026-02-10', -449),	-- what was returned before the tier was reached does not count
         (5, '2026-02-10', -600), (5, '2026-02-20', 1000), (5, '2026-03-05', -1380);
SELECT customers, up, down FROM refresh_scheme('club', '2026-02-28');
SELECT customers, up, down FROM refresh_scheme('club', '2026-03-31');
SELECT * FROM chain('club');
-- 1 breaks none
SELECT alter_scheme('club', returns => 1);
SELECT returns FROM schemes WHERE scheme = 'club'::regclass;
INSERT INTO sale (customer, day, amount) VALUES (4, '2026-04-10', -500);
SELECT customers, up, down FROM refresh_scheme('club', '2026-04-30');
SELECT alter_scheme('club', returns => 0.5);
SELECT customers, up, down FROM refresh_scheme('club', '2026-05-01');
-- a tier with a hold of its own, and one that is held no longer
SELECT alter_tier('club', 'A', hold => '1 month');
INSERT INTO sale (customer, day, amount) VALUES (1, '2026-05-02', -699);
SELECT customers, up, down FROM refresh_scheme('club', '2026-05-31');
SELECT customer, tier, status FROM club ORDER BY 1;
SELECT outcome(sql) FROM unnest(ARRAY[
  $$SELECT alter_scheme('club', returns => -0.1)$$,
  $$SELECT alter_scheme('club', returns => 1.1)$$,
  $$SELECT alter_scheme('club', returns => 'NaN')$$]) AS sql;
SELECT drop_scheme('club');

--
-- merge_customers
--
TRUNCATE sale;
SELECT create_scheme('club', 'sale', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{100, 900}')],
  tiers => '{C, B, A}', hold => '1 year');
INSERT INTO sale (customer, day, amount)
  VALUES (1, '2026-03-10', 50), (3, '2026-01-10', 1000),	-- an old account that is better
         (2, '2026-03-10', 500), (4, '2026-01-10', 50), 	-- one that is not
         (5, '2026-03-10', 950), (6, '2026-01-10', 950),	-- as good
         (7, '2026-03-10', 50), (8, '2026-03-10', 1000);
CREATE TABLE days AS SELECT unnest('{2026-01-31, 2026-02-28, 2026-03-31, 2026-04-30}'::date[]) AS day;
SELECT refresh_scheme('club', day) FROM days WHERE day < '2026-03-01';
SELECT pin('club', 4, 'B', 'two', '2026-02-10', '2026-06-01'), release('club', 3, 'why', '2026-05-05');
SELECT refresh_scheme('club', day) FROM days WHERE day > '2026-02-01';
SELECT pin('club', 2, 'C', 'one', '2026-05-01'), pin('club', 4, 'A', 'after', '2026-07-01'),
  pin('club', 7, 'C', 'stays', '2026-04-30');
INSERT INTO sale (customer, day, amount) VALUES (3, '2026-04-10', -900);
SELECT refresh_scheme('club', day) FROM days WHERE day = '2026-04-30';
SELECT * FROM chain('club');
-- the sales are the user's to change
SELECT outcome($$CALL merge_customers('sale', 3, 1)$$);
UPDATE sale SET customer = CASE customer WHEN 8 THEN 7 ELSE customer - 2 END WHERE customer IN (3, 4, 8);
CALL merge_customers('sale', 3, 1);
CALL merge_customers('sale', '4', '2');
-- in one transaction
BEGIN;
UPDATE sale SET customer = 5 WHERE customer = 6;
CALL merge_customers('sale', 6, 5);
COMMIT;
CALL merge_customers('sale', 8, 7);
SELECT customer, tier, status, since, previous_tier, changed_on FROM club ORDER BY 1;
SELECT * FROM chain('club');
SELECT customer, tier, pinned_from, until, reason FROM club__pin ORDER BY 1, 3;
SELECT customer, released_on, reason FROM club__release;
-- the same day once more, and what follows
SELECT * FROM refresh_scheme('club', '2026-04-30');
SELECT * FROM refresh_scheme('club', '2026-05-31');
SELECT * FROM chain('club') WHERE valid_to > '2026-04-30';
-- as if there had been one customer ever since
SELECT backfill('club', '2026-01-31', '2026-05-31', '1 month');
SELECT * FROM chain('club');
SELECT outcome(sql) FROM unnest(ARRAY[
  $$CALL merge_customers('sale', 1, 1)$$,
  $$CALL merge_customers('sale', NULL, '1')$$,
  $$CALL merge_customers('sale', 3, 99)$$,
  $$CALL merge_customers('sale', 'x', '1')$$,
  $$CALL merge_customers('days', 3, 1)$$,
  $$CALL merge_customers('sale', 3, 1)$$]) AS sql;

--
-- forget_customer
--
SELECT outcome($$CALL forget_customer('sale', 1)$$);
CREATE TABLE manager (owner text, capacity int);
INSERT INTO manager VALUES ('Li', 1), ('Wang', 1);
SELECT create_allocation('managers', 'club', 'manager');
SELECT allocate('managers', '2026-05-31');
SELECT pin_owner('managers', '1', 'Li', 'knows', '2026-06-01');
CREATE FUNCTION rows_of(customer int, relation regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM %s WHERE customer = %L', relation, customer) INTO n;
  RETURN n;
END $$;
CREATE FUNCTION parts() RETURNS regclass[] LANGUAGE sql AS $$
SELECT '{sale_ledger, sale_ledger_live, club__state, club__history, club__pin, club__release, managers__assigned,
  managers__pin}'::regclass[] $$;
SELECT pin('club', 1, 'B', 'friend', '2026-06-01');
SELECT r, rows_of(1, r) FROM unnest(parts()) AS r;
DELETE FROM sale WHERE customer = 1;
CALL forget_customer('sale', 1);
SELECT r, rows_of(1, r), rows_of(2, r) > 0 AS others FROM unnest(parts()) AS r;
SELECT pending FROM sources WHERE sales = 'sale'::regclass;
SELECT as_of, tier, heads FROM club_trend WHERE as_of = '2026-05-31' ORDER BY 2;
SELECT * FROM refresh_scheme('club', '2026-06-30');
SELECT outcome($$CALL forget_customer('sale', 1)$$);
SELECT outcome($$CALL forget_customer('sale', NULL::text)$$);
SELECT drop_allocation('managers');
-- attributes would bring them back
CREATE TABLE member (id int PRIMARY KEY, name text);
INSERT INTO member VALUES (1, 'Ann'), (2, 'Bo'), (12, 'Bo');
SELECT create_scheme('known', 'sale', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{100}')],
  tiers => '{b, a}', attributes => 'member');
SELECT * FROM refresh_scheme('known', '2026-06-30');
SELECT outcome($$CALL merge_customers('sale', 12, 2)$$);
SELECT outcome($$CALL forget_customer('sale', 1)$$);
DELETE FROM member WHERE id IN (1, 12);
CALL merge_customers('sale', 12, 2);
CALL forget_customer('sale', 1);
SELECT * FROM chain('known');
SELECT drop_scheme('known'), drop_scheme('club');

--
-- close_source
--
CREATE TABLE shop (id int PRIMARY KEY, customer int, day date, amount numeric(10, 2), note text);
CALL track('shop', 'customer', 'amount', 'day');
INSERT INTO shop VALUES (1, 1, '2025-03-01', 10), (2, 1, '2026-03-01', 20), (3, 2, '2025-12-31', 30),
  (4, 3, '2026-01-01', 40), (5, 4, '2025-06-01', 50);
CREATE FUNCTION ledgers(source regclass) RETURNS TABLE (customer text, ledger text) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT customer::text, ledger::text FROM %s ORDER BY 1',
    (SELECT s.live FROM sources AS s WHERE s.source = $1));
END $$;
CALL close_source('shop', '2025-12-31');
SELECT pending, closed FROM sources WHERE sales = 'shop'::regclass;
SELECT * FROM ledgers('shop_sale');
-- what is deleted of closed days stays; an open one is undone
DELETE FROM shop WHERE id IN (1, 2);
SELECT * FROM ledgers('shop_sale');
-- what comes late counts
INSERT INTO shop VALUES (6, 2, '2025-11-01', 5), (7, 5, '2024-01-01', 7), (8, 3, '2026-02-01', 1);
SELECT * FROM ledgers('shop_sale');
-- what changes nothing of the sale may be updated, also by INSERT ... ON CONFLICT, and open days anyhow
UPDATE shop SET note = 'seen', amount = amount * 1.0;
INSERT INTO shop VALUES (3, 2, '2025-12-31', 30) ON CONFLICT (id) DO UPDATE SET note = 'again';
UPDATE shop SET amount = amount + 1, day = day + 1 WHERE day > '2025-12-31';
SELECT outcome(sql) FROM unnest(ARRAY[
  'UPDATE shop SET amount = amount + 1 WHERE id = 3',
  'UPDATE shop SET customer = 1',
  'UPDATE shop SET day = ''2026-01-01'' WHERE id = 3',
  'UPDATE shop SET customer = NULL WHERE id = 5',
  'INSERT INTO shop VALUES (3, 2, ''2025-12-31'', 31) ON CONFLICT (id) DO UPDATE SET amount = excluded.amount',
  'TRUNCATE shop']) AS sql;
-- an open sale may go to a closed day, where it counts and stays
UPDATE shop SET day = '2025-12-30' WHERE id = 8;
SELECT * FROM ledgers('shop_sale');
SELECT * FROM verify_source('shop');
CREATE TABLE ledgers_before AS SELECT * FROM ledgers('shop_sale');
DELETE FROM shop WHERE day <= '2025-12-31';
CALL rebuild_source('shop');
SELECT * FROM ledgers('shop_sale') EXCEPT TABLE ledgers_before;
TABLE ledgers_before EXCEPT SELECT * FROM ledgers('shop_sale');
-- with what is pending
INSERT INTO shop VALUES (10, 6, '2025-05-05', 66), (11, 1, '2026-05-05', 11);
CALL rebuild_source('shop');
SELECT * FROM ledgers('shop_sale') WHERE customer IN ('1', '6');
INSERT INTO shop VALUES (12, 6, '2025-05-06', 1), (13, 1, '2026-05-06', 1);
DELETE FROM shop WHERE id = 10;
CALL alter_source('shop', customer => 'customer', amount => '-amount', sold_at => 'day');
SELECT * FROM ledgers('shop_sale') WHERE customer IN ('1', '6');
SELECT * FROM verify_source('shop');
SELECT closed FROM sources WHERE sales = 'shop'::regclass;
SELECT outcome($$CALL alter_source('shop', customer => 'customer::text', amount => 'amount', sold_at => 'day')$$);
CALL alter_source('shop', customer => 'customer', amount => 'amount', sold_at => 'day');
-- what was not captured of open days is found
ALTER TABLE shop DISABLE TRIGGER customer_tier_delete;
DELETE FROM shop;
SELECT outcome($$CALL close_source('shop', '2026-01-31')$$);
ALTER TABLE shop ENABLE ALWAYS TRIGGER customer_tier_delete;
SELECT * FROM verify_source('shop');
CALL rebuild_source('shop');
SELECT * FROM ledgers('shop_sale');
-- customers of closed days can be merged and forgotten
CALL merge_customers('shop', 5, 2);
CALL forget_customer('shop', 6);
SELECT * FROM ledgers('shop_sale');
INSERT INTO shop VALUES (20, 4, '2026-06-01', 1);
SELECT outcome($$CALL merge_customers('shop', 4, 2)$$);
UPDATE shop SET customer = 2 WHERE id = 20;
CALL merge_customers('shop', 4, 2);
SELECT * FROM ledgers('shop_sale');
-- days are closed further, and opened again: then the ledgers have more than the sales
CALL close_source('shop', '2026-06-01');
DELETE FROM shop;
SELECT count(*) FROM verify_source('shop');
CALL close_source('shop', '2025-12-31');
SELECT customer, kept, found FROM verify_source('shop');
CALL close_source('shop', NULL);
SELECT closed FROM sources WHERE sales = 'shop'::regclass;
SELECT customer, kept, found FROM verify_source('shop');
TRUNCATE shop;
SELECT * FROM ledgers('shop_sale');
-- what is pending then is in the ledgers: also that all was gone once
INSERT INTO shop VALUES (1, 1, '2025-03-01', 10);
CALL refresh_source('shop');
TRUNCATE shop;
INSERT INTO shop VALUES (2, 2, '2025-03-01', 20);
CALL close_source('shop', '2025-12-31');
DELETE FROM shop;
SELECT * FROM ledgers('shop_sale');
-- this is all that is known of the sales
SELECT outcome(sql) FROM unnest(ARRAY[$$CALL untrack('shop')$$, $$CALL untrack('shop_sale', NULL)$$]) AS sql;
SELECT count(*) FROM ledgers('shop_sale');
CALL untrack('shop', drop_closed => true);

-- orders: lines of closed days stay with those of open ones
CALL track('shop', 'customer', 'amount', 'day', order_id => 'note');
INSERT INTO shop VALUES (1, 1, '2025-12-31', 10, 'a'), (2, 1, '2026-01-01', 20, 'a'), (3, 1, '2026-01-02', 5, 'b');
CALL close_source('shop', '2025-12-31');
SELECT outcome($$UPDATE shop SET note = 'c' WHERE id = 1$$);
CREATE TABLE orders_before AS SELECT * FROM ledgers('shop_sale');
DELETE FROM shop WHERE id = 1;
CALL rebuild_source('shop');
SELECT count(*) FROM (SELECT * FROM ledgers('shop_sale') EXCEPT TABLE orders_before) AS d;
SELECT * FROM verify_source('shop');
CALL untrack('shop', drop_closed => true);

-- several sources of a table, one of which is closed
TRUNCATE shop;
CALL track('shop', 'customer', 'amount', 'day');
CALL track('shop', 'note', 'amount', 'day', name => 'by_note');
CALL close_source('by_note', '2025-12-31');
INSERT INTO shop VALUES (1, 1, '2025-12-31', 10, 'a'), (2, 1, '2026-01-01', 20, 'a');
UPDATE shop SET customer = 2;
SELECT outcome($$UPDATE shop SET note = 'b'$$);
DELETE FROM shop;
SELECT * FROM ledgers('shop_sale');
SELECT * FROM ledgers('by_note');
CALL untrack('by_note', drop_closed => true);
CALL untrack('shop_sale', drop_closed => true);

-- partitions of closed days are dropped and detached; a row that moves to another is an update
CREATE TABLE till (id int, customer int, day date, amount numeric) PARTITION BY RANGE (day);
CREATE TABLE till_2024 PARTITION OF till FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE till_2025 PARTITION OF till FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (customer);
CREATE TABLE till_2025_1 PARTITION OF till_2025 FOR VALUES IN (1);
CREATE TABLE till_2025_2 PARTITION OF till_2025 FOR VALUES IN (2);
CREATE TABLE till_2026 PARTITION OF till FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CALL track('till', 'customer', 'amount', 'day');
INSERT INTO till SELECT 100 * y + c, c, make_date(y, 6, c), 10 * c + y - 2024
  FROM generate_series(2024, 2026) AS y, generate_series(1, 2) AS c;
CALL close_source('till', '2025-12-31');
SELECT outcome(sql) FROM unnest(ARRAY[
  'UPDATE till SET amount = amount + 1 WHERE day < ''2025-01-01''',
  'UPDATE till_2024 SET amount = amount + 1',
  'UPDATE till SET day = ''2026-06-06'' WHERE day < ''2025-01-01''',
  'UPDATE till_2025 SET customer = 2 WHERE customer = 1',
  'TRUNCATE till']) AS sql;
UPDATE till SET id = id + 1;
UPDATE till SET day = '2025-05-05' WHERE day = '2026-06-01';
SELECT * FROM ledgers('till_sale');
CREATE TABLE tills_before AS SELECT * FROM ledgers('till_sale');
DELETE FROM till_2025_1;
DELETE FROM till WHERE day = '2024-06-01';
DROP TABLE till_2024;
ALTER TABLE till DETACH PARTITION till_2025;
SELECT * FROM ledgers('till_sale') EXCEPT TABLE tills_before;
SELECT * FROM verify_source('till');
CALL rebuild_source('till');
SELECT * FROM ledgers('till_sale') EXCEPT TABLE tills_before;
-- as of a day they are there
SELECT create_scheme('club', 'till', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{25}')], tiers => '{b, a}');
SELECT * FROM tiers_as_of('club', '2025-12-31') ORDER BY 1;
SELECT drop_scheme('club');
CALL untrack('till', drop_closed => true);

-- without capture: what is rebuilt keeps closed days
CALL track('shop', 'customer', 'amount', 'day', capture => 'none');
INSERT INTO shop VALUES (1, 1, '2025-12-31', 10), (2, 1, '2026-01-01', 20);
CALL rebuild_source('shop');
CALL close_source('shop', '2025-12-31');
DELETE FROM shop;
INSERT INTO shop VALUES (3, 3, '2026-01-01', 3);
CALL rebuild_source('shop');
SELECT * FROM ledgers('shop_sale');
CALL untrack('shop', drop_closed => true);
CREATE TABLE pos (id int PRIMARY KEY, customer int, day date);
CREATE TABLE item (pos int, amount numeric);
CREATE VIEW receipt AS SELECT customer, day AS sold_at, amount FROM pos JOIN item ON item.pos = pos.id;
CALL track('receipt');
SELECT outcome(sql) FROM unnest(ARRAY[
  $$CALL close_source('receipt', '2026-01-01')$$,
  $$CALL close_source('pos', '2026-01-01')$$,
  $$CALL close_source('sale', 'infinity')$$]) AS sql;
CALL untrack('receipt');

-- whose source is used by a scheme, by its own or another name
CREATE TABLE visit (customer int, day date);
CALL track('visit', 'customer', '1', 'day');
SELECT create_scheme('club', 'sale', axes => ARRAY[axis('visits', 'orders(visits)', 'value', '{1}')], tiers => '{b, a}',
  sources => '{"visits": "visit"}');
SELECT outcome(sql) FROM unnest(ARRAY[$$CALL untrack('visit')$$, $$CALL untrack('sale')$$]) AS sql;
-- its sources can be others
INSERT INTO sale (customer, day, amount) VALUES (1, '2026-01-01', 1), (2, '2026-01-01', 1);
INSERT INTO visit VALUES (1, '2026-01-01');
SELECT refresh_scheme('club', '2026-01-31');
CREATE TABLE call (customer int, day date);
CALL track('call', 'customer', '1', 'day');
INSERT INTO call VALUES (2, '2026-01-01'), (2, '2026-01-02');
SELECT customer, tier, visits FROM club ORDER BY 1;
SELECT alter_scheme('club', sources => '{"visits": "call"}', note => 'calls');
CALL untrack('visit');
SELECT refresh_scheme('club', '2026-02-01');
SELECT customer, tier, visits FROM club ORDER BY 1;
SELECT * FROM chain('club');
SELECT alter_scheme('club', sources => '{"own": "sale"}', axes => ARRAY[axis('visits', 'orders(visits) + orders(own)',
  'value', '{2}')]);
SELECT refresh_scheme('club', '2026-02-02');
SELECT sources FROM schemes WHERE scheme = 'club'::regclass;
SELECT customer, tier, visits FROM club ORDER BY 1;
SELECT tier_now, tier_then FROM simulate('club');
CREATE TABLE person (id int PRIMARY KEY, age int);
SELECT create_scheme('known', 'sale', axes => ARRAY[axis('visits', 'orders(visits) + age', 'value', '{1}')],
  tiers => '{b, a}', attributes => 'person', sources => '{"visits": "call"}');
SELECT alter_scheme('known', sources => '{"visits": "sale"}');
SELECT outcome(sql) FROM unnest(ARRAY[
  $$SELECT alter_scheme('known', sources => '{"more": "call"}')$$,
  $$SELECT alter_scheme('known', sources => '{"age": "call"}')$$,
  $$SELECT alter_scheme('known', sources => '{"visits": "nothing"}')$$]) AS sql;
SELECT drop_scheme('known'), drop_scheme('club');
DROP SCHEMA t_life CASCADE;
