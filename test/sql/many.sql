-- Tests refresh_all and untrack_all: a source that fails must be reported and must not affect
-- the others, a missing part must be reported, and other users must not prevent untrack.
\set ON_ERROR_STOP off
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS t_many CASCADE;
CREATE SCHEMA t_many;
CREATE ROLE regress_customer_tier_keeper;
CREATE ROLE regress_customer_tier_viewer;
CREATE ROLE regress_customer_tier_stranger;
GRANT ALL ON SCHEMA t_many TO regress_customer_tier_keeper, regress_customer_tier_viewer,
  regress_customer_tier_stranger;
SET search_path = t_many, customer_tier, public;
SET ROLE regress_customer_tier_keeper;
CREATE TABLE one (customer int, day date, amount numeric);
CREATE TABLE two (LIKE one);
CREATE TABLE three (LIKE one);
INSERT INTO one VALUES (1, '2026-01-01', 5);
CALL track('one', 'customer', 'amount', 'day');
CALL track('two', 'customer', 'amount', 'day');
CALL track('three', 'customer', 'amount', 'day');
CALL track('three', 'customer', 'amount', 'day', name => 'again');
CREATE PROCEDURE write_all() LANGUAGE sql AS $$
  INSERT INTO t_many.one VALUES (1, '2026-01-02', 5);
  INSERT INTO t_many.two VALUES (1, '2026-01-02', 5);
  INSERT INTO t_many.three VALUES (1, '2026-01-02', 5);
$$;
CREATE VIEW health AS
SELECT source, pending, last_error
FROM sources
WHERE source::text ~ 'one|two|three|again';

-- a source whose ledgers cannot be written: the others are refreshed, each failure is told and kept
CALL write_all();
ALTER TABLE two_ledger ADD CHECK (customer > 1);
CALL refresh_all();
TABLE health ORDER BY source::text;
-- and schemes, if a day is given
ALTER TABLE two_ledger DROP CONSTRAINT two_ledger_customer_check;
SELECT create_scheme('t_many.good', 'one', 'abc'), create_scheme('t_many.bad', 'one', 'abc');
ALTER TABLE bad__refresh ADD CHECK (as_of < '2026-01-01');
CALL refresh_all('2026-01-31');
SELECT scheme, as_of FROM schemes ORDER BY scheme::text;
SELECT drop_scheme('good'), drop_scheme('bad');
ALTER TABLE two_ledger ADD CHECK (customer > 1) NOT VALID;
-- a state that refuses even the note of it
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE 'not mine';
END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON three_source FOR EACH ROW EXECUTE FUNCTION refuse();
CALL write_all();
CALL refresh_all();
TABLE health ORDER BY source::text;
DROP TRIGGER refuse ON three_source;
-- within a transaction nothing is kept
BEGIN;
CALL write_all();
CALL refresh_all();
ROLLBACK;
ALTER TABLE two_ledger DROP CONSTRAINT two_ledger_customer_check;
BEGIN;
CALL write_all();
CALL refresh_all();
COMMIT;
TABLE health ORDER BY source::text;
BEGIN ISOLATION LEVEL REPEATABLE READ;
CALL refresh_all();
ROLLBACK;

-- the live view is gone: whatever reads it says so, by the name that users know
DROP VIEW two_ledger_live CASCADE;
SELECT ledger_of('two', 1);
SELECT fit_model('t_many', 'two', '2026-01-02');
SELECT * FROM calibrate_holdout('two', '2026-01-01', '2026-01-02');
CALL refresh_source('two');
CALL refresh_all();
CALL alter_source('two');
CALL untrack('two');
-- of a table with several sources it is the view
DROP VIEW again_ledger_live CASCADE;
SELECT ledger_of('again', 1);
CALL untrack('again');
SELECT * FROM calibrate_holdout('one', '2026-01-01', '2026-01-02');

-- strangers name the parts, without a right to any of them
CALL track('two', 'customer', 'amount', 'day');
CREATE FUNCTION strange() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  part text;
BEGIN
  FOREACH part IN ARRAY '{two_sale, two_capture, two_delta, two_ledger, two_ledger_live, two_source}'::text[] LOOP
    EXECUTE format('CREATE TABLE strange_%1$s (name regclass DEFAULT %1$L::regclass, data %1$s, many %1$s[])', part);
    EXECUTE format('CREATE VIEW strange_view_%1$s AS SELECT %1$L::regclass, * FROM %1$s', part);
    EXECUTE format('CREATE FUNCTION strange(%1$s) RETURNS int LANGUAGE sql AS $f$ SELECT 1 $f$', part);
    EXECUTE format('CREATE TRIGGER strange AFTER INSERT ON strange_%1$s FOR EACH ROW '
                   'WHEN (%1$L::regclass IS NOT NULL) EXECUTE FUNCTION suppress_redundant_updates_trigger()', part);
    EXECUTE format('ALTER TABLE strange_%1$s ADD CHECK (name <> %1$L::regclass)', part);
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION strange() TO regress_customer_tier_stranger;
SET ROLE regress_customer_tier_stranger;
SELECT strange();
SELECT * FROM strange_view_two_ledger;
SET ROLE regress_customer_tier_keeper;
-- a reader's view keeps what it reads, as it keeps any relation
GRANT SELECT ON two_ledger_live TO regress_customer_tier_viewer;
SET ROLE regress_customer_tier_viewer;
CREATE VIEW report AS SELECT customer, total(ledger) FROM two_ledger_live;
SET ROLE regress_customer_tier_keeper;
\set VERBOSITY sqlstate
CALL alter_source('two', 'customer', 'amount * 2', 'day');
CALL untrack('two');
SET ROLE regress_customer_tier_viewer;
SELECT * FROM report;
DROP VIEW report;
SET ROLE regress_customer_tier_keeper;
CALL alter_source('two', 'customer', 'amount * 2', 'day');
SELECT total(ledger) FROM two_ledger_live;
DROP FUNCTION strange();
SET ROLE regress_customer_tier_stranger;
DROP FUNCTION IF EXISTS strange(two_ledger), strange(two_source);
SELECT relname, count(*) FILTER (WHERE attnum > 0 AND NOT attisdropped) AS columns
FROM pg_class
     JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relname LIKE 'strange%'
GROUP BY 1
ORDER BY relname COLLATE "C";
SET ROLE regress_customer_tier_keeper;
CALL untrack('two');

-- letting go of all: what cannot be let go of is told, the rest is gone
CREATE VIEW kept AS TABLE three_ledger_live;
CREATE MATERIALIZED VIEW best AS SELECT max(amount) FROM one;
SELECT refresh_on_change('best');
\set VERBOSITY default
BEGIN;
CALL untrack_all();
ROLLBACK;
SELECT count(*) FROM health;
CALL untrack_all();
SELECT source FROM health;
SELECT * FROM stale WHERE matview = 'best'::regclass;
DROP VIEW kept;
CALL untrack_all();
SELECT source FROM health;

RESET ROLE;
DROP SCHEMA t_many CASCADE;
DROP OWNED BY regress_customer_tier_keeper, regress_customer_tier_viewer, regress_customer_tier_stranger;
DROP ROLE regress_customer_tier_keeper, regress_customer_tier_viewer, regress_customer_tier_stranger;
