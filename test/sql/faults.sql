-- Faults, seeded one at a time into the extension's statements and triggers: the random
-- histories of the suite history find every one of them.
--
-- A fault in a function is a pattern of its text and what stands there instead; one in the
-- triggers, the live view or the like is a command, run when the sales are tracked.
SET client_min_messages = warning;
SET search_path = t_history, t_history_there, test, public, customer_tier;

CREATE TABLE fault (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  fault text NOT NULL,
  within regprocedure,
  good text,
  bad text,
  command text,
  variant text NOT NULL DEFAULT '',
  seed int,
  found text
);

-- refresh
INSERT INTO fault (fault, within, good, bad) VALUES
  ('refresh does not consume the queue', 'merge_queue(regclass)', 'DELETE FROM %1\$s RETURNING ([^)]*)\)', 'SELECT \1 FROM %1$s)'),
  ('refresh consumes the queue and merges nothing', 'merge_queue(regclass)', 'at IS NULL OR q\.id > at', 'false'),
  ('refresh replaces a ledger instead of adding to it', 'merge_queue(regclass)', 'l\.ledger OPERATOR\(customer_tier\.\+\) c\.ledger', 'c.ledger'),
  ('refresh subtracts', 'merge_queue(regclass)', 'OPERATOR\(customer_tier\.\+\)', 'OPERATOR(customer_tier.-)'),
  ('refresh merges what was written before TRUNCATE', 'merge_queue(regclass)', 'at IS NULL OR q\.id > at', 'true'),
  ('refresh merges what was written before TRUNCATE, not after it', 'merge_queue(regclass)', 'q\.id > at', 'q.id < at'),
  ('refresh adds to ledgers from before TRUNCATE', 'merge_queue(regclass)', ' OR at IS NOT NULL THEN', ' THEN'),
  ('refresh keeps customers from before TRUNCATE', 'merge_queue(regclass)', '\(SELECT at FROM emptied\) IS NOT NULL', 'false'),
  ('refresh sees no TRUNCATE', 'merge_queue(regclass)', 'customers IS NULL', 'false'),
  ('refresh takes the first TRUNCATE for the last', 'merge_queue(regclass)', 'max\(id\)', 'min(id)'),
  ('refresh leaves customers whose sales are all gone', 'merge_queue(regclass)', 'AND customer_tier\.is_empty\(m\.ledger\)', 'AND false'),
  ('refresh changes nobody it has already', 'merge_queue(regclass)', 'WHERE m\.there AND', 'WHERE false AND'),
  ('refresh makes no new customers', 'merge_queue(regclass)', 'WHERE NOT there AND', 'WHERE false AND'),
  ('refresh keeps one change of each customer', 'merge_queue(regclass)', 'customer_tier\.rollup\(c\.ledger\)', '(array_agg(c.ledger))[1]'),
-- rebuild
  ('rebuild does not consume the queue', 'make_ledgers(regclass)', 'DELETE FROM %1\$s', 'DELETE FROM %1$s WHERE false'),
  ('rebuild keeps customers who have no sales', 'make_ledgers(regclass)', 'd\.ledger IS NULL AND', 'false AND'),
  ('rebuild makes no new customers', 'make_ledgers(regclass)', 'WHERE kept IS NULL', 'WHERE false'),
  ('rebuild does not look at ledgers it has', 'make_ledgers(regclass)', ' OR f\.ledger OPERATOR\(customer_tier\.<>\) l\.ledger', ''),
  ('track fills no ledgers', 'track(regclass,text,text,text,text,text,text)', 'CALL customer_tier\.rebuild\(\$1\)', 'NULL'),
-- what track makes
  ('rebuild and verify forget the filter', 'sale_query(source)', ''' WHERE '' \|\| s\.filter', ''''''),
  ('the live view sees no TRUNCATE', 'make_source(regclass,text,text,text,text,text,text)', 'WHERE customers IS NULL', 'WHERE false'),
  ('the live view takes the first TRUNCATE for the last', 'make_source(regclass,text,text,text,text,text,text)', 'max\(id\)', 'min(id)'),
  ('the live view has what was before TRUNCATE in the ledgers', 'make_source(regclass,text,text,text,text,text,text)', 'WHERE \(SELECT at FROM emptied\) IS NULL', ''),
  ('the live view has what was before TRUNCATE in the queue', 'make_source(regclass,text,text,text,text,text,text)', 'WHERE q\.id > coalesce\(\(SELECT at FROM emptied\), 0\)', ''),
  ('the live view leaves out what is there twice', 'make_source(regclass,text,text,text,text,text,text)', 'UNION ALL', 'UNION'),
  ('the live view does not see the queue', 'make_source(regclass,text,text,text,text,text,text)', 'UNION ALL', 'EXCEPT ALL'),
  ('triggers have no filter', 'make_source(regclass,text,text,text,text,text,text)', 'coalesce\(\$5, ''''\)', ''''''),
  ('triggers take another column for the day', 'make_source(regclass,text,text,text,text,text,text)', '\$4, coalesce\(\$5', '''date ''''2026-01-01'''''', coalesce($5');

-- triggers: what pg_get_triggerdef says, changed
CREATE PROCEDURE change_triggers(which text, good text, bad text) LANGUAGE plpgsql AS $$
DECLARE
  t record;
  n int := 0;
BEGIN
  FOR t IN SELECT tgname, pg_get_triggerdef(oid) AS def FROM pg_trigger WHERE tgrelid = 'sale'::regclass AND tgname ~ ('^customer_tier_' || which) LOOP
    IF t.def ~ good THEN
      n := n + 1;
      EXECUTE format('DROP TRIGGER %I ON sale', t.tgname);
      EXECUTE regexp_replace(t.def, good, bad, 'g');
      EXECUTE format('ALTER TABLE sale ENABLE ALWAYS TRIGGER %I', t.tgname);
    END IF;
  END LOOP;
  IF n = 0 THEN
    RAISE EXCEPTION 'no trigger % has %', which, good;
  END IF;
END $$;

INSERT INTO fault (fault, command, variant) VALUES
  ('no trigger for INSERT', 'DROP TRIGGER customer_tier_insert ON sale', 'plain'),
  ('no trigger for UPDATE', 'DROP TRIGGER customer_tier_update ON sale', 'plain'),
  ('no trigger for DELETE', 'DROP TRIGGER customer_tier_delete ON sale', 'plain'),
  ('no trigger for TRUNCATE', 'DROP TRIGGER customer_tier_truncate ON sale', 'plain'),
  ('no trigger for TRUNCATE of the partitioned', 'DROP TRIGGER customer_tier_truncate ON sale', 'partitioned'),
  ('no row trigger on the partitioned', 'DROP TRIGGER customer_tier_change ON sale', 'partitioned'),
  ('the row trigger leaves out UPDATE', $$CALL change_triggers('change', ' OR UPDATE', '')$$, 'partitioned'),
  ('the row trigger leaves out DELETE', $$CALL change_triggers('change', ' OR DELETE| DELETE OR', '')$$, 'partitioned'),
  ('the row trigger leaves out INSERT', $$CALL change_triggers('change', ' INSERT OR', '')$$, 'partitioned'),
  ('the row trigger is for UPDATE OF the customer and the amount alone', $$CALL change_triggers('change', 'OR UPDATE', 'OR UPDATE OF customer, amount')$$, 'partitioned'),
  ('the row trigger does not fire in one partition', 'ALTER TABLE sale_2 DISABLE TRIGGER customer_tier_change', 'partitioned'),
  ('the row trigger is there twice', $$
    DO $do$
    BEGIN
      EXECUTE (SELECT replace(pg_get_triggerdef(oid), 'customer_tier_change', 'customer_tier_again') FROM pg_trigger WHERE tgrelid = 'sale'::regclass AND tgname = 'customer_tier_change');
    END $do$ $$, 'partitioned'),
  ('triggers take another amount', $$CALL change_triggers('', '\* \S*2\S*\)''', '* 3::numeric)''')$$, ''),
  ('triggers take the amount for 1', $$CALL change_triggers('', '''[^'']*amount \*[^'']*''', '''1''')$$, ''),
  ('a trigger filters otherwise than the rest', $$CALL change_triggers('update', '<>', '>')$$, 'plain'),
  ('triggers on a partitioned table for each statement, MERGE moves rows', $$
    DO $do$
    DECLARE
      arguments text := (SELECT substring(pg_get_triggerdef(oid) FROM 'EXECUTE FUNCTION.*') FROM pg_trigger WHERE tgrelid = 'sale'::regclass AND tgname = 'customer_tier_change');
    BEGIN
      DROP TRIGGER customer_tier_change ON sale;
      EXECUTE 'CREATE TRIGGER customer_tier_insert AFTER INSERT ON sale REFERENCING NEW TABLE AS came FOR EACH STATEMENT ' || arguments;
      EXECUTE 'CREATE TRIGGER customer_tier_update AFTER UPDATE ON sale REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT ' || arguments;
      EXECUTE 'CREATE TRIGGER customer_tier_delete AFTER DELETE ON sale REFERENCING OLD TABLE AS went FOR EACH STATEMENT ' || arguments;
    END $do$ $$, 'partitioned'),
  ('triggers take another time zone', $$CALL change_triggers('', 'Asia/Shanghai', 'UTC')$$, 'zone'),
  ('triggers take no time zone', $$CALL change_triggers('', 'Asia/Shanghai', '')$$, 'zone'),
  ('triggers that fire in origin alone', 'ALTER TABLE sale ENABLE TRIGGER USER', 'replica'),
  ('one trigger that fires in origin alone', 'ALTER TABLE sale ENABLE TRIGGER customer_tier_update', 'replica plain');

-- what verify does not see, plain SQL does
INSERT INTO fault (fault, within, good, bad, command, variant) VALUES
  ('verify finds nothing, and no trigger for INSERT', 'verify_source(regclass,boolean)', 'ORDER BY 1', 'LIMIT 0', 'DROP TRIGGER customer_tier_insert ON sale', 'plain');

-- without a fault nothing is found, in any variant
INSERT INTO fault (fault, variant) VALUES ('none', ''), ('none', 'zone'), ('none', 'replica');

-- the histories themselves, with a place for a command, and with errors that count as found
DO $$
DECLARE
  change text[];
  def text := pg_get_functiondef('history(bigint, boolean, int)'::regprocedure);
  before text;
BEGIN
  FOREACH change SLICE 1 IN ARRAY ARRAY[
      ['t_history.history', 't_history.faulty_history'],
      ['CALL begin_history(partitioned);',
       'CREATE SEQUENCE IF NOT EXISTS sale_id; ALTER SEQUENCE sale_id RESTART; CALL begin_history(partitioned); EXECUTE current_setting(''test.command''); COMMIT;'],
      ['CALL statement(kind, seed * 1000 + step, partitioned);',
       'BEGIN CALL statement(kind, seed * 1000 + step, partitioned);
        EXCEPTION WHEN OTHERS THEN INSERT INTO wrong VALUES (seed, partitioned, step, kind, SQLERRM); EXIT; END;']] LOOP
    before := def;
    def := replace(def, change[1], change[2]);
    IF def = before THEN
      RAISE EXCEPTION 'history has no %', change[1];
    END IF;
  END LOOP;
  EXECUTE def;
END $$;

-- what is changed comes back
CREATE TABLE original AS
SELECT f.oid::regprocedure AS function, pg_get_functiondef(f.oid) AS def
FROM pg_proc AS f WHERE oid IN (SELECT within FROM fault) OR oid = 'begin_history(boolean)'::regprocedure;
CREATE PROCEDURE restore() LANGUAGE plpgsql AS $$
DECLARE
  o original;
BEGIN
  FOR o IN SELECT * FROM original WHERE pg_get_functiondef(function) <> def LOOP
    EXECUTE o.def;
  END LOOP;
END $$;

CREATE PROCEDURE change_function(fault text, function regprocedure, good text, bad text) LANGUAGE plpgsql AS $$
DECLARE
  def text := (SELECT o.def FROM original AS o WHERE o.function = $2);
  changed text := regexp_replace(def, good, bad, 'g');
BEGIN
  IF changed = def THEN
    RAISE EXCEPTION 'fault "%": % has no %', fault, function, good;
  END IF;
  EXECUTE changed;
END $$;

CREATE PROCEDURE seed_faults(seed int, last int) LANGUAGE plpgsql AS $$
DECLARE
  f fault;
BEGIN
  FOR f IN SELECT * FROM fault ORDER BY id LOOP
    CALL restore();
    IF f.within IS NOT NULL THEN
      CALL change_function(f.fault, f.within, f.good, f.bad);
    END IF;
    IF f.variant ~ 'zone' THEN
      CALL change_function('time zone', 'begin_history(boolean)', 'sold_at => ''day''',
        'sold_at => ''timezone(''''UTC'''', day::timestamp + (id % 24) * interval ''''1 hour'''')'', time_zone => ''Asia/Shanghai''');
    END IF;
    PERFORM set_config('test.command', coalesce(f.command, 'SELECT'), false),
            set_config('session_replication_role', CASE WHEN f.variant ~ 'replica' THEN 'replica' ELSE 'origin' END, false);
    COMMIT;
    FOR i IN seed..CASE f.fault WHEN 'none' THEN seed + 5 ELSE last END LOOP
      CONTINUE WHEN f.variant ~ 'plain' AND i % 2 = 0 OR f.variant ~ 'partitioned' AND i % 2 = 1;
      CALL faulty_history(i, i % 2 = 0, 25);
      UPDATE fault AS x SET seed = w.seed, found = format('step %s, statement %s: %s', w.step, w.kind, w.what) FROM wrong AS w WHERE x.id = f.id;
      DELETE FROM wrong;
      COMMIT;
      EXIT WHEN (SELECT x.seed FROM fault AS x WHERE x.id = f.id) IS NOT NULL;
    END LOOP;
  END LOOP;
END $$;

\set seed 1
\echo seeds from :seed on, until it is found
CALL seed_faults(:seed, :seed + 200);
RESET session_replication_role;
CALL restore();
SELECT fault, variant, found FROM fault WHERE (found IS NULL) <> (fault = 'none');
