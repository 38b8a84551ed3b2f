-- Messages: what a user reads, whole, with the context that comes with it.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_messages;
SET search_path = t_messages, test, public, customer_tier;
\set SHOW_CONTEXT errors

CREATE TABLE sale (customer int, n int, d text, day date, at timestamptz, amount numeric);
CREATE TABLE s2 (LIKE sale);
INSERT INTO sale VALUES (1, 1, '2026-01-01', '2026-01-01', '2026-01-01', 10);
INSERT INTO s2 TABLE sale;

--
-- Expressions over sales
--
CALL track('s2', 'customer', 'amount::money', 'day');
CALL track('s2', 'customer', 'amount::text::money', 'day');
CALL track('s2', 'to_char(n, ''999'')', 'amount', 'day');
CALL track('s2', '''K'' || at', 'amount', 'day');
CALL track('s2', 'concat(''K'', n)', 'amount', 'day');
CALL track('s2', 'customer', 'amount', 'to_date(d, ''YYYY-MM-DD'')');
CALL track('s2', 'customer', 'amount', 'd::date');
CALL track('s2', 'customer', 'amount', 'at::date');
CALL track('s2', 'customer', 'amount', 'date_trunc(''month'', day)::date');
CALL track('s2', 'customer', 'amount', 'day', filter => 'day < CURRENT_DATE');
CALL track('s2', 'customer', 'amount', 'day', filter => 'at < now()');
CALL track('s2', 's2', 'amount', 'day');
CALL track('s2', 'customer', '(SELECT 1)', 'day');
CALL track('s2', 'customer', 'sum(amount)', 'day');
CALL track('s2', 'customer', 'sum(amount) OVER ()', 'day');
CALL track('s2', 'customer', 'generate_series(1, n)', 'day');
CALL track('s2', 'customer', 'amuont', 'day');
-- what the hints say works
CALL track('s2', '''K'' || n', 'amount', 'make_date(left(d, 4)::int, substr(d, 6, 2)::int, right(d, 2)::int)');
CALL refresh_source('s2');
SELECT customer, first_day(ledger) FROM s2_ledger;
CALL untrack('s2');
CALL track('s2', 'customer', 'amount', 'date_trunc(''month'', day::timestamp)::date');
CALL untrack('s2');

--
-- Measures and axes
--
CALL track('sale', 'customer', 'amount', 'day');
SELECT create_scheme('q', 'sale', 'abc') IS NOT NULL AS made;
CREATE FUNCTION try(value text, name text DEFAULT 'v') RETURNS regclass LANGUAGE sql
AS $$ SELECT customer_tier.create_scheme('x', 't_messages.sale', tiers => '{a, b}',
        axes => ARRAY[customer_tier.axis(name, value, 'value', '{1}')]) $$;
SELECT try('totl(ledger)');
SELECT try('total(leger)');
SELECT try('total(ledger) +');
SELECT try('(SELECT 1)');
SELECT try('count(*)');
SELECT try('total(ledger, daterange(date_trunc(''year'', as_of)::date, as_of))');
SELECT try('as_of - CURRENT_DATE');
SELECT try('total(ledger)', 'status');
SELECT try('total(ledger)', 'r_score');
SELECT score(30, '{90, 60, 30}');
CREATE VIEW v AS SELECT DISTINCT customer, 1 AS potential FROM sale;
SELECT create_scheme('x', 'sale', 'sixteen_grid', attributes => 'v', key => 'customer');

--
-- Questions, and customers who do not exist
--
SELECT * FROM explain('q', 'nobody');
SELECT * FROM explain('q', '2');
SELECT * FROM refresh_scheme('q', '2026-06-30');
SELECT * FROM explain('q', 'nobody');
SELECT * FROM explain('q', '2');
SELECT pin('q', '2', 'A', 'a friend', '2026-07-01');
SELECT pin('q', 'nobody', 'A', 'a friend', '2026-07-01');
-- of a customer whose first sale is not in the ledgers yet
INSERT INTO sale VALUES (2, 1, '2026-06-01', '2026-06-01', '2026-06-01', 10);
SELECT pin('q', '2', 'A', 'a friend', '2026-07-01');
SELECT unpin('q', 'nobody');
SELECT * FROM refresh_scheme('q', NULL);
SELECT * FROM tiers_as_of('q', NULL);
SELECT * FROM simulate('q', axes => ARRAY[axis('value', 'totl(ledger)', 'value', '{1, 2}')]);
SELECT alter_scheme('q', tier => 'CASE value WHEN 1 THEN nobody() END');
SELECT * FROM tiers('SELECT customer, day, amount FROM sale', 'abc', '2026-06-30', '{"value": "totl(ledger)"}');

--
-- An error of a function of a user's keeps what it says of that function
--
CREATE FUNCTION broken(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RAISE EXCEPTION 'no such tariff'; END $$;
SELECT try('broken(total(ledger))') IS NOT NULL AS made;
SELECT * FROM refresh_scheme('x', '2026-06-30');
CREATE FUNCTION outer_function() RETURNS void LANGUAGE plpgsql AS
$$ BEGIN PERFORM customer_tier.pin('t_messages.q', '3', 'A', 'why', '2026-07-01'); END $$;
SELECT outer_function();

--
-- Capture
--
BEGIN ISOLATION LEVEL REPEATABLE READ;
CALL track('s2', 'customer', 'amount', 'day');
ROLLBACK;
SET default_transaction_isolation = 'repeatable read';
CALL track('s2', 'customer', 'amount', 'day');
RESET default_transaction_isolation;
CALL untrack('s2');
BEGIN;
CALL track('s2', 'customer', 'amount', 'day');
ROLLBACK;
INSERT INTO sale VALUES (1, 1, '2026-01-01', '2026-01-01', '2026-01-01', 0.1234567);

DROP SCHEMA t_messages CASCADE;
