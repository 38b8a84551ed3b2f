-- Tests faults that were seen in use and that no other suite covers.
\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS t_seen CASCADE;
CREATE SCHEMA t_seen;
SET search_path = t_seen, customer_tier, public;
CREATE TABLE sale (customer int, day date, amount numeric);
INSERT INTO sale SELECT i, '2026-01-01', i FROM generate_series(1, 3) AS i;

-- the default of an argument is part of the expression: this one is another one at each call
CREATE FUNCTION moment(customer int, at timestamptz DEFAULT clock_timestamp()) RETURNS int
LANGUAGE sql IMMUTABLE AS 'SELECT extract(epoch FROM at)::int';
CREATE FUNCTION fixed(customer int, at timestamptz DEFAULT '2026-01-01 00:00+00') RETURNS int
LANGUAGE sql IMMUTABLE AS 'SELECT customer';
CALL track('sale', 'moment(customer)', 'amount', 'day');
CREATE VIEW moments AS SELECT moment(customer) AS customer, day AS sold_at, amount FROM sale;
CALL track('moments');
CALL track('sale', 'customer', 'amount', 'day', filter => 'moment(customer) > 0');
CALL track('sale', 'fixed(customer)', 'amount', 'day');
CALL untrack('sale');

-- whatever isolation a session has by default, and within a transaction
SET default_transaction_isolation = 'repeatable read';
CALL track('sale', 'customer', 'amount', 'day');
RESET default_transaction_isolation;
SELECT count(*) AS ledgers, (SELECT capturing FROM sources WHERE source = 'sale_sale'::regclass) FROM sale_ledger;
CALL untrack('sale');
BEGIN;
CALL track('sale', 'customer', 'amount', 'day');
INSERT INTO sale VALUES (4, '2026-01-01', 4);
COMMIT;
SELECT count(*) AS ledgers, (SELECT count(*) FROM sale_ledger_live) AS live FROM sale_ledger;

-- an amount that no ledger holds is refused before it is written
INSERT INTO sale VALUES (5, '2026-01-01', 0.1234567);
INSERT INTO sale VALUES (5, '2026-01-01', 0.1234560);
SELECT ledger_of('sale', 5);

-- tools order by all columns
SELECT * FROM sale_ledger_live ORDER BY 1, 2 LIMIT 1;
SELECT attname, col_description(attrelid, attnum) AS comment
FROM pg_attribute
WHERE attrelid = 'sale_ledger_live'::regclass
ORDER BY attnum;

-- a number that is no relation
CALL rebuild_source(1::regclass);
SELECT ledger_of(1::regclass, 1);
SELECT customer_tier_internal.why_not_captured(1);

-- what nobody captures is unknown, and a scheme over it says so
CREATE VIEW unseen AS SELECT customer, day AS sold_at, amount FROM sale;
CALL track('unseen', capture => 'none');
SELECT capturing, pending FROM sources WHERE source = 'unseen'::regclass;
SELECT create_scheme('grade', 'unseen', 'abc');
INSERT INTO sale VALUES (1, '2026-01-01', 100000);
SELECT refresh_scheme('grade', '2026-01-02');
SELECT drop_scheme('grade');
CALL untrack('unseen');
CALL untrack('sale');
DROP SCHEMA t_seen CASCADE;
