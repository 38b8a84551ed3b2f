-- Tests the tests: faults are seeded one at a time into the extension's statements and
-- triggers, and the random histories of the suite history must find each one.
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
  command text,  -- when the sales are tracked
  each text,  -- after each statement
  variant text NOT NULL DEFAULT '',
  seed int,
  found text
);

-- refresh: what the queue is made to be before it is merged
INSERT INTO fault (fault, within, good, bad)
SELECT 'refresh ' || fault, 'customer_tier_internal.merge(regclass)', '(PERFORM FROM customer_tier_internal\.as_owner)',
  format('PERFORM customer_tier_internal.run(s.state, format(%L, s.queue)); \1', command)
FROM (VALUES
  ('consumes the queue and merges nothing', 'DELETE FROM %1$s WHERE pack IS NOT NULL'),
  ('loses a row of the queue', 'DELETE FROM %1$s WHERE ctid = (SELECT min(ctid) FROM %1$s WHERE pack IS NOT NULL)'),
  ('loses the last row of the queue', 'DELETE FROM %1$s WHERE ctid = (SELECT max(ctid) FROM %1$s)'),
  ('merges rows twice', 'INSERT INTO %1$s SELECT * FROM %1$s WHERE pack IS NOT NULL'),
  ('merges what was written before TRUNCATE',
    'UPDATE %1$s SET epoch = (SELECT max(epoch) FROM %1$s) WHERE pack IS NOT NULL'),
  ('merges what was written before TRUNCATE, not after it',
    'UPDATE %1$s SET epoch = 1000 - epoch WHERE pack IS NOT NULL AND EXISTS (SELECT FROM %1$s WHERE pack IS NULL)'),
  ('merges nothing of a TRUNCATE''s own epoch', 'UPDATE %1$s SET epoch = epoch + 1 WHERE pack IS NULL'),
  ('sees no TRUNCATE', 'DELETE FROM %1$s WHERE pack IS NULL'),
  ('takes the first TRUNCATE for the last',
    'DELETE FROM %1$s WHERE pack IS NULL AND epoch > (SELECT min(epoch) FROM %1$s WHERE pack IS NULL)'),
  ('sees a TRUNCATE that was none',
    'INSERT INTO %1$s SELECT written_at, epoch + 1, 0, NULL FROM %1$s WHERE pack IS NOT NULL LIMIT 1'),
  ('takes a sale for another',
    'UPDATE %1$s SET pack = set_byte(pack, 2, get_byte(pack, 2) # 2) WHERE length(pack) > 2'),
  ('takes the last amount for another',
    'UPDATE %1$s SET pack = set_byte(pack, length(pack) - 1, get_byte(pack, length(pack) - 1) # 2)'),
  ('does not read a pack to its end', 'UPDATE %1$s SET pack = substr(pack, 1, 2) WHERE sales > 20')) AS f(fault,
  command);
INSERT INTO fault (fault, within, good, bad) VALUES
  ('refresh does not consume the queue', 'customer_tier_internal.merge(regclass)',
    '(PERFORM FROM customer_tier_internal\.as_owner.*)(END)',
   'PERFORM customer_tier_internal.run(s.state, format(''CREATE TABLE t_history.taken AS TABLE %s'', s.queue)); \1
    PERFORM customer_tier_internal.run(s.state, format(''INSERT INTO %s TABLE t_history.taken'', s.queue));
    PERFORM customer_tier_internal.run(s.state, ''DROP TABLE t_history.taken''); \2');

-- what the ledgers make of it
CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql SET search_path = customer_tier, pg_catalog AS $$
BEGIN
  CASE TG_ARGV[0]
    WHEN 'nothing' THEN RETURN NULL;
    WHEN 'replace' THEN NEW.ledger := NEW.ledger - OLD.ledger;
    WHEN 'subtract' THEN NEW.ledger := OLD.ledger - (NEW.ledger - OLD.ledger);
    WHEN 'twice' THEN NEW.ledger := NEW.ledger + (NEW.ledger - OLD.ledger);
    WHEN 'another' THEN NEW.customer := NEW.customer + 1;
  END CASE;
  RETURN NEW;
END $$;
INSERT INTO fault (fault, command)
SELECT 'the ledgers ' || fault,
  format('CREATE TRIGGER spoil BEFORE %s ON sale_ledger FOR EACH ROW EXECUTE FUNCTION spoil(%L)', event, how)
FROM (VALUES
  ('get no new customers', 'INSERT', 'nothing'),
  ('change nobody who is there', 'UPDATE', 'nothing'),
  ('keep customers whose sales are all gone', 'DELETE', 'nothing'),
  ('are replaced instead of added to', 'UPDATE', 'replace'),
  ('are subtracted from', 'UPDATE', 'subtract'),
  ('are added to twice', 'UPDATE', 'twice'),
  ('are another customer''s', 'INSERT', 'another')) AS f(fault, event, how);

-- rebuild
INSERT INTO fault (fault, within, good, bad) VALUES
  ('rebuild does not consume the queue', 'customer_tier_internal.consume_sql(customer_tier_internal.source)',
    'DELETE FROM %s', 'DELETE FROM %s WHERE false'),
  ('rebuild leaves the marker of a TRUNCATE', 'customer_tier_internal.consume_sql(customer_tier_internal.source)',
    'DELETE FROM %s', 'DELETE FROM %s WHERE pack IS NOT NULL'),
  ('rebuild keeps customers who have no sales', 'customer_tier_internal.make_ledgers(regclass)',
    'd\.ledger IS NULL AND', 'false AND'),
  ('rebuild makes no new customers', 'customer_tier_internal.make_ledgers(regclass)', 'WHERE kept IS NULL',
    'WHERE false'),
  ('rebuild does not look at ledgers it has', 'customer_tier_internal.make_ledgers(regclass)',
    ' OR f\.ledger OPERATOR\(customer_tier\.<>\) l\.ledger', ''),
  ('rebuild changes no ledger it has', 'customer_tier_internal.make_ledgers(regclass)',
    'WHERE d\.found %4\$s l\.customer', 'WHERE false'),
  ('track fills no ledgers', 'customer_tier.track(regclass,text,text,text,text,text,text,text)',
    'CALL customer_tier_internal\.attempt\(v, true\)', 'NULL'),
-- the live view
  ('the live view sees no TRUNCATE', 'customer_tier_internal.live_query(customer_tier_internal.source,text,text)',
    'WHERE pack IS NULL\)', 'WHERE false)'),
  ('the live view takes the first TRUNCATE for the last',
    'customer_tier_internal.live_query(customer_tier_internal.source,text,text)', 'max\(epoch\)', 'min(epoch)'),
  ('the live view has what was before TRUNCATE in the ledgers',
    'customer_tier_internal.live_query(customer_tier_internal.source,text,text)',
    ' WHERE \(SELECT epoch FROM emptied\) IS NULL', ''),
  ('the live view has what was before TRUNCATE in the queue',
    'customer_tier_internal.live_query(customer_tier_internal.source,text,text)',
    ' AND epoch >= coalesce\(\(SELECT epoch FROM emptied\), 0\)', ''),
  ('the live view leaves out what was after TRUNCATE',
    'customer_tier_internal.live_query(customer_tier_internal.source,text,text)', 'epoch >= coalesce',
    'epoch > coalesce'),
  ('the live view shows who is kept and pending twice',
    'customer_tier_internal.live_query(customer_tier_internal.source,text,text)',
    ' AND NOT EXISTS \(SELECT FROM kept AS k WHERE k\.customer %4\$s p\.customer\)', ''),
  ('the live view has no new customers', 'customer_tier_internal.live_query(customer_tier_internal.source,text,text)',
    'WHERE NOT customer_tier\.is_empty\(p\.ledger\)', 'WHERE false'),
  ('the live view has whose sales undo each other',
    'customer_tier_internal.live_query(customer_tier_internal.source,text,text)',
    'WHERE p\.customer IS NULL OR NOT [^\n]*', ''),
  ('the live view does not see the queue', 'customer_tier_internal.live_query(customer_tier_internal.source,text,text)',
    'k\.ledger OPERATOR\(customer_tier\.\+\) p\.ledger END', 'k.ledger END'),
  ('the live view subtracts', 'customer_tier_internal.live_query(customer_tier_internal.source,text,text)',
    'OPERATOR\(customer_tier\.\+\)', 'OPERATOR(customer_tier.-)');

-- the queue, between refreshes
INSERT INTO fault (fault, each) VALUES
  ('a row of the queue is deleted',
    'DELETE FROM sale_delta WHERE ctid = (SELECT max(ctid) FROM sale_delta WHERE pack IS NOT NULL)'),
  ('a row of the queue is there twice',
    'INSERT INTO sale_delta SELECT * FROM sale_delta WHERE ctid = (SELECT max(ctid) FROM sale_delta WHERE pack IS '
    'NOT NULL)'),
  ('a marker is deleted', 'DELETE FROM sale_delta WHERE pack IS NULL'),
  ('a marker is of an earlier epoch', 'UPDATE sale_delta SET epoch = 0 WHERE pack IS NULL'),
  ('a marker is of a later epoch', 'UPDATE sale_delta SET epoch = epoch + 1 WHERE pack IS NULL'),
  ('sales are of an earlier epoch', 'UPDATE sale_delta SET epoch = epoch - 1 WHERE pack IS NOT NULL'),
  ('sales are of a later epoch', 'UPDATE sale_delta SET epoch = epoch + 1 WHERE pack IS NOT NULL AND epoch < 1000'),
  ('a pack is changed',
    'UPDATE sale_delta SET pack = set_byte(pack, 3, get_byte(pack, 3) # 16) WHERE length(pack) > 3'),
  ('a pack has lost its end', 'UPDATE sale_delta SET pack = substr(pack, 1, length(pack) - 1) WHERE pack IS NOT NULL'),
  ('a pack is of another version',
    'UPDATE sale_delta SET pack = set_byte(pack, 0, get_byte(pack, 0) + 16) WHERE get_byte(pack, 0) < 32');

-- triggers: what pg_get_triggerdef says, changed
CREATE PROCEDURE change_triggers(which text, good text, bad text) LANGUAGE plpgsql AS $$
DECLARE
  t record;
  n int := 0;
BEGIN
  FOR t IN SELECT tgname, pg_get_triggerdef(oid) AS def FROM pg_trigger
    WHERE tgrelid = 'sale'::regclass AND tgname ~ ('^customer_tier_' || which) LOOP
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
-- by a view beside the one that is captured
CREATE PROCEDURE capture_otherwise(which text, good text, bad text) LANGUAGE plpgsql AS $$
DECLARE
  def text := pg_get_viewdef('sale_capture');
  changed text := regexp_replace(def, good, bad);
BEGIN
  IF changed = def THEN
    RAISE EXCEPTION '% has no %', def, good;
  END IF;
  EXECUTE 'CREATE VIEW other_capture AS ' || changed;
  CALL change_triggers(which, 'sale_capture', 'other_capture');
END $$;
CREATE PROCEDURE queue_elsewhere(which text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM customer_tier_internal.make_queue('sale', 't_history', 'other_delta');
  CALL change_triggers(which, 'sale_delta', 'other_delta');
END $$;

INSERT INTO fault (fault, command, variant) VALUES
  ('no trigger for INSERT', 'DROP TRIGGER customer_tier_insert ON sale', 'plain'),
  ('no trigger for UPDATE', 'DROP TRIGGER customer_tier_update ON sale', 'plain'),
  ('no trigger for DELETE', 'DROP TRIGGER customer_tier_delete ON sale', 'plain'),
  ('no trigger for TRUNCATE', 'DROP TRIGGER customer_tier_truncate ON sale', 'plain'),
  ('a trigger is disabled', 'ALTER TABLE sale DISABLE TRIGGER customer_tier_update', 'plain'),
  ('no trigger for TRUNCATE of the partitioned', 'DROP TRIGGER customer_tier_truncate ON sale', 'partitioned'),
  ('no row trigger on the partitioned', 'DROP TRIGGER customer_tier_change ON sale', 'partitioned'),
  ('the row trigger leaves out UPDATE', $$CALL change_triggers('change', ' OR UPDATE', '')$$, 'partitioned'),
  ('the row trigger leaves out DELETE', $$CALL change_triggers('change', ' OR DELETE| DELETE OR', '')$$, 'partitioned'),
  ('the row trigger leaves out INSERT', $$CALL change_triggers('change', ' INSERT OR', '')$$, 'partitioned'),
  ('the row trigger is for UPDATE OF the customer and the amount alone',
    $$CALL change_triggers('change', 'OR UPDATE', 'OR UPDATE OF customer, amount')$$, 'partitioned'),
  ('the row trigger does not fire in one partition', 'ALTER TABLE sale_2 DISABLE TRIGGER customer_tier_change',
    'partitioned'),
  ('the row trigger is there twice', $$
    DO $do$
    BEGIN
      EXECUTE (SELECT replace(pg_get_triggerdef(oid), 'customer_tier_change', 'customer_tier_again') FROM pg_trigger
        WHERE tgrelid = 'sale'::regclass AND tgname = 'customer_tier_change');
    END $do$ $$, 'partitioned'),
  ('triggers take another amount', $$CALL capture_otherwise('', '\* \S*2\S*\)', '* 3::numeric)')$$, ''),
  ('triggers take another column for the customer',
    $$CALL capture_otherwise('', 'SELECT (sale\.)?customer,', 'SELECT id AS customer,')$$, ''),
  ('triggers take another day', $$CALL capture_otherwise('', 'day AS sold_at', 'day + 1 AS sold_at')$$, ''),
  ('triggers have no filter', $$CALL capture_otherwise('', 'WHERE .*', '')$$, ''),
  ('a trigger filters otherwise than the rest', $$CALL capture_otherwise('update', '<>', '>')$$, 'plain'),
  ('what is captured is not the view',
    $$CREATE OR REPLACE VIEW sale_capture AS SELECT customer, day AS sold_at, amount * 2 AS amount FROM sale$$, ''),
  ('triggers write to another queue', $$CALL queue_elsewhere('')$$, ''),
  ('a trigger writes to another queue than the rest', $$CALL queue_elsewhere('delete')$$, 'plain'),
  ('a trigger notes TRUNCATE in another queue than the rest', $$CALL queue_elsewhere('truncate')$$, ''),
  ('the state names another queue', $$CALL queue_elsewhere('begin');
  ALTER TABLE sale_source ALTER queue SET DEFAULT 't_history.other_delta'::regclass$$, 'partitioned'),
  ('the state names other ledgers', $$CREATE TABLE other_ledger (LIKE sale_ledger INCLUDING ALL);
  INSERT INTO other_ledger TABLE sale_ledger;
  ALTER TABLE sale_source ALTER ledger SET DEFAULT 't_history.other_ledger'::regclass$$, ''),
  ('triggers on a partitioned table for each statement, MERGE moves rows', $$
    DO $do$
    DECLARE
      arguments text := (SELECT substring(pg_get_triggerdef(oid) FROM 'WHEN .*') FROM pg_trigger
        WHERE tgrelid = 'sale'::regclass AND tgname = 'customer_tier_change');
    BEGIN
      DROP TRIGGER customer_tier_change ON sale;
      EXECUTE 'CREATE TRIGGER customer_tier_insert AFTER INSERT ON sale '
        'REFERENCING NEW TABLE AS came FOR EACH STATEMENT '
        || arguments;
      EXECUTE 'CREATE TRIGGER customer_tier_update AFTER UPDATE ON sale '
        'REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT '
        || arguments;
      EXECUTE 'CREATE TRIGGER customer_tier_delete AFTER DELETE ON sale '
        'REFERENCING OLD TABLE AS went FOR EACH STATEMENT '
        || arguments;
    END $do$ $$, 'partitioned'),
  ('triggers take another time zone', $$CALL capture_otherwise('', 'Asia/Shanghai', 'UTC')$$, 'zone'),
  ('triggers take the day before in the time zone', $$CALL capture_otherwise('', 'AS sold_at',
    '- 1 AS sold_at')$$, 'zone'),
  ('triggers that fire in origin alone', 'ALTER TABLE sale ENABLE TRIGGER USER', 'replica'),
  ('one trigger that fires in origin alone', 'ALTER TABLE sale ENABLE TRIGGER customer_tier_update', 'replica plain');

-- what verify does not see, plain SQL does
INSERT INTO fault (fault, within, good, bad, command, variant) VALUES
  ('verify finds nothing, and no trigger for INSERT', 'verify_source(regclass,boolean)', 'ORDER BY 1', 'LIMIT 0',
    'DROP TRIGGER customer_tier_insert ON sale', 'plain');

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
       'CREATE SEQUENCE IF NOT EXISTS sale_id; ALTER SEQUENCE sale_id RESTART; CALL let_go(); DROP VIEW IF EXISTS '
       'other_capture CASCADE; DROP TABLE IF EXISTS other_delta, other_ledger, sale_delta, sale_ledger CASCADE;
        CALL begin_history(partitioned); EXECUTE current_setting(''test.command''); COMMIT;'],
      ['CALL statement(kind, seed * 1000 + step, partitioned);',
       'BEGIN CALL statement(kind, seed * 1000 + step, partitioned); EXECUTE current_setting(''test.each'');
        EXCEPTION WHEN OTHERS THEN INSERT INTO wrong VALUES (seed, partitioned, step, kind, SQLERRM); EXIT; END;'],
      ['SELECT count(*) INTO n FROM verify_source(''sale'');',
       'BEGIN SELECT count(*) INTO n FROM verify_source(''sale'');
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
        'sold_at => ''timezone(''''UTC'''', day::timestamp + (id % 24) * interval ''''1 hour'''')'', time_zone '
        '=> ''Asia/Shanghai''');
    END IF;
    PERFORM set_config('test.command', coalesce(f.command, 'SELECT'), false),
    set_config('test.each', coalesce(f.each, 'SELECT'), false),
            set_config('session_replication_role', CASE
              WHEN f.variant ~ 'replica' THEN 'replica' ELSE 'origin' END, false);
    COMMIT;
    FOR i IN seed..CASE f.fault WHEN 'none' THEN seed + 5 ELSE last END LOOP
      CONTINUE WHEN f.variant ~ 'plain' AND i % 2 = 0 OR f.variant ~ 'partitioned' AND i % 2 = 1;
      CALL faulty_history(i, i % 2 = 0, 25);
      UPDATE fault AS x SET seed = w.seed, found = format('step %s, statement %s: %s', w.step, w.kind, w.what)
      FROM wrong AS w WHERE x.id = f.id;
      DELETE FROM wrong;
      COMMIT;
      EXIT WHEN (SELECT x.seed FROM fault AS x WHERE x.id = f.id) IS NOT NULL;
    END LOOP;
  END LOOP;
END $$;

\set seed 1
\echo seeds from :seed on, until it is found
SET client_min_messages = error;	-- a fault that a refresh finds is a warning of it
CALL seed_faults(:seed, :seed + 200);
SET client_min_messages = warning;
RESET session_replication_role;
CALL restore();
SELECT count(*) AS faults, count(found) AS found FROM fault WHERE fault <> 'none';
SELECT fault, variant, found FROM fault WHERE (found IS NULL) <> (fault = 'none');
CALL end_histories();
