-- Materialised views that are refreshed when their tables change.

CREATE TABLE matview (
  relation regclass PRIMARY KEY,
  mode text NOT NULL CHECK (mode IN ('commit', 'deferred')),
  tables regclass[] NOT NULL CHECK (array_position(tables, NULL) IS NULL),
  error text,
  failed_at timestamptz
);
COMMENT ON TABLE matview IS 'materialised views that are refreshed when their tables change; see the view stale';
COMMENT ON COLUMN matview.relation IS 'the materialised view';
COMMENT ON COLUMN matview.mode IS 'commit: with the transaction that changes a table; deferred: by refresh_stale';
COMMENT ON COLUMN matview.tables IS 'what it is made of';
COMMENT ON COLUMN matview.error IS 'why its last refresh failed';
COMMENT ON COLUMN matview.failed_at IS 'and when';
SELECT pg_catalog.pg_extension_config_dump('matview', '');
ALTER TABLE matview ENABLE ROW LEVEL SECURITY;
-- nobody makes others' writes refresh something
CREATE POLICY owner ON matview USING (customer_tier.is_owner(relation))
  WITH CHECK (customer_tier.is_owner(relation) AND (SELECT bool_and(customer_tier.is_owner(t) IS TRUE) FROM unnest(tables) AS t));
CREATE POLICY reader ON matview FOR SELECT USING (pg_catalog.has_table_privilege(relation, 'SELECT'));
GRANT SELECT, INSERT, UPDATE, DELETE ON matview TO PUBLIC;

-- Not dumped: a restored materialised view is made anew.
CREATE TABLE mark (
  matview regclass NOT NULL,
  at_commit boolean NOT NULL,
  since timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE mark IS 'a table of these materialised views was written to; writers add rows, a refresh takes those that it sees';
COMMENT ON COLUMN mark.matview IS 'the materialised view';
COMMENT ON COLUMN mark.at_commit IS 'whether the transaction itself refreshes it';
COMMENT ON COLUMN mark.since IS 'when it was written to';
ALTER TABLE mark ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON mark USING (customer_tier.is_owner(matview));
CREATE POLICY reader ON mark FOR SELECT USING (pg_catalog.has_table_privilege(matview, 'SELECT'));
GRANT SELECT, INSERT, DELETE ON mark TO PUBLIC;

CREATE FUNCTION mark_stale() RETURNS trigger
AS 'MODULE_PATHNAME', 'customer_tier_mark_stale'
LANGUAGE C;
COMMENT ON FUNCTION mark_stale() IS 'support of refresh_on_change: the trigger on tables of a materialised view; made by refresh_on_change';

CREATE FUNCTION refresh_command(matview regclass) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('REFRESH MATERIALIZED VIEW %s%s', CASE WHEN relispopulated AND EXISTS (
    SELECT FROM pg_index WHERE indrelid = c.oid AND indisunique AND indimmediate AND indisvalid AND indpred IS NULL AND indexprs IS NULL)
  THEN 'CONCURRENTLY ' END, c.oid::regclass)
FROM pg_class AS c WHERE c.oid = $1
$$;
COMMENT ON FUNCTION refresh_command(regclass) IS 'support of refresh_on_change: how a materialised view is refreshed: concurrently, if a unique index allows it; null if it is gone';

-- A refresh takes its snapshot before it waits for the lock on the view, so that
-- of two the later may have the older snapshot: this lock, in an earlier statement,
-- makes it wait before.
CREATE FUNCTION lock_matview(matview regclass) RETURNS void
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_advisory_xact_lock('customer_tier.matview'::regclass::oid::int, $1::oid::int) $$;
COMMENT ON FUNCTION lock_matview(regclass) IS 'support of refresh_on_change: waits for other refreshes of a materialised view, until the end of the transaction';

-- A view that reads another is stale once that is refreshed.  With the rights of the
-- extension's owner, for it need not be the caller's: who could refresh the one marks the others.
CREATE FUNCTION mark_readers(matview regclass) RETURNS void
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
INSERT INTO customer_tier.mark (matview, at_commit)
SELECT x.relation, x.mode = 'commit' FROM customer_tier.matview AS x JOIN pg_class AS c ON c.oid = x.relation
WHERE $1 = ANY (x.tables) AND $1 <> x.relation AND pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = $1), 'MEMBER')
$$;
COMMENT ON FUNCTION mark_readers(regclass) IS 'support of refresh_stale: marks what reads a materialised view';

-- The rights of the extension's owner: a writer needs none to the view.  It does
-- nothing but REFRESH, which runs the view's query as the view's owner.
CREATE FUNCTION refresh_at_commit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  due regclass[];
  v regclass;
BEGIN
  PERFORM customer_tier.require_read_committed();
  -- those of this transaction: none outlives its own.  In one order, whoever locks them.
  SELECT array_agg(DISTINCT matview::oid ORDER BY matview::oid) INTO due FROM customer_tier.mark WHERE at_commit;
  FOREACH v IN ARRAY coalesce(due, '{}') LOOP
    PERFORM customer_tier.lock_matview(v);
  END LOOP;
  DELETE FROM customer_tier.mark WHERE at_commit;
  FOREACH v IN ARRAY coalesce(due, '{}') LOOP
    -- not if it was dropped since
    EXECUTE coalesce(customer_tier.refresh_command(v), 'SELECT');
    -- who is due anyway was made later, and comes later
    INSERT INTO customer_tier.mark (matview, at_commit) SELECT relation, mode = 'commit' FROM customer_tier.matview WHERE v = ANY (tables) AND NOT relation = ANY (due);
  END LOOP;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION refresh_at_commit() IS 'support of refresh_on_change: the trigger that refreshes, once for each transaction, what it made stale';
REVOKE EXECUTE ON FUNCTION refresh_at_commit() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER refresh_at_commit AFTER INSERT ON mark DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.at_commit) EXECUTE FUNCTION customer_tier.refresh_at_commit();
ALTER TABLE mark ENABLE ALWAYS TRIGGER refresh_at_commit;

CREATE PROCEDURE refresh_stale(matview regclass DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v regclass;
  message text;
BEGIN
  PERFORM customer_tier.require_read_committed();
  LOOP
    -- one after the other: a refresh makes those stale that read it
    SELECT min(m.matview::oid) INTO v FROM customer_tier.mark AS m
    WHERE (v IS NULL OR m.matview::oid > v::oid) AND customer_tier.is_owner(m.matview) AND ($1 IS NULL OR m.matview = $1);
    EXIT WHEN v IS NULL;
    PERFORM customer_tier.lock_matview(v);
    BEGIN
      -- marks first: what comes in between is refreshed, and once more
      DELETE FROM customer_tier.mark AS m WHERE m.matview = v;
      EXECUTE customer_tier.refresh_command(v);
      PERFORM customer_tier.mark_readers(v);
      UPDATE customer_tier.matview AS x SET error = NULL, failed_at = NULL WHERE x.relation = v AND x.error IS NOT NULL;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
      UPDATE customer_tier.matview AS x SET error = message, failed_at = clock_timestamp() WHERE x.relation = v;
      RAISE WARNING 'materialized view % could not be refreshed: %', v, message;
    END;
  END LOOP;
END $$;
COMMENT ON PROCEDURE refresh_stale(regclass) IS 'refreshes what is stale, or one of it, as far as it belongs to the caller; one that fails stays stale, with a warning';

-- Views are followed to their tables.  A queue stands for the sales that it is of.
CREATE FUNCTION tables_of(matview regclass) RETURNS regclass[]
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE used AS (
  SELECT $1::oid AS oid
  UNION
  SELECT d.refobjid
  FROM used JOIN pg_rewrite AS r ON r.ev_class = used.oid
       JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> used.oid)
SELECT array_agg(DISTINCT coalesce(s.relation, c.oid::regclass) ORDER BY coalesce(s.relation, c.oid::regclass))
FROM used JOIN pg_class AS c USING (oid) LEFT JOIN customer_tier.source AS s ON s.queue = c.oid
WHERE c.relkind NOT IN ('v', 'S') AND c.oid <> $1
$$;
COMMENT ON FUNCTION tables_of(regclass) IS 'support of refresh_on_change: the tables that a view reads, through other views too; not those that its functions read';

CREATE FUNCTION refresh_on_change(matview regclass, mode text DEFAULT 'deferred', tables regclass[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pg_class;
  t regclass;
  command text;
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = $1;
  IF c.relkind IS DISTINCT FROM 'm' THEN
    RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('%s is no materialized view', coalesce($1::text, 'null'));
  ELSIF NOT customer_tier.is_owner($1) THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('must be owner of materialized view %s', $1);
  ELSIF mode IS NULL OR mode NOT IN ('commit', 'deferred') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown mode "%s"', mode),
      HINT = 'A materialized view is refreshed at commit, or deferred until CALL customer_tier.refresh_stale().';
  END IF;
  tables := coalesce(tables, customer_tier.tables_of($1), '{}');
  IF cardinality(tables) = 0 OR array_position(tables, NULL) IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('materialized view %s reads no table', $1),
      HINT = 'Tables that only its functions read are named by tables => ARRAY[...]::regclass[].';
  END IF;
  FOREACH t IN ARRAY tables LOOP
    PERFORM customer_tier.watch(t);
  END LOOP;
  DELETE FROM customer_tier.mark AS m WHERE m.matview = $1;
  INSERT INTO customer_tier.matview AS x (relation, mode, tables) VALUES ($1, $2, $3)
    ON CONFLICT (relation) DO UPDATE SET mode = EXCLUDED.mode, tables = EXCLUDED.tables, error = NULL, failed_at = NULL;
  -- what came before is not known
  INSERT INTO customer_tier.mark (matview, at_commit) VALUES ($1, mode = 'commit');
  PERFORM customer_tier.unwatch();
END $$;
COMMENT ON FUNCTION refresh_on_change(regclass, text, regclass[]) IS 'from now on a materialised view is refreshed when its tables change: at commit, or deferred until refresh_stale; tables: those it reads, if not given';

CREATE FUNCTION watch(relation regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pg_class;
  what text;
  command text;
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = $1;
  -- refreshes of it mark what reads it
  IF c.relkind = 'm' AND customer_tier.is_owner($1) THEN
    RETURN;
  END IF;
  what := CASE WHEN c.relpersistence = 't' THEN 'is temporary' WHEN c.relkind = 'f' THEN 'is a foreign table' WHEN c.relkind NOT IN ('r', 'p') OR c.oid IS NULL THEN 'is no table'
               WHEN c.relnamespace = 'pg_catalog'::regnamespace THEN 'is a system catalog'
               WHEN c.relkind = 'r' AND NOT c.relispartition AND EXISTS (SELECT FROM pg_inherits WHERE $1 IN (inhrelid, inhparent)) THEN 'inherits or is inherited from' END;
  IF what IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('%s %s: its changes are not seen', $1, what),
      HINT = 'Name the tables whose changes count by tables => ARRAY[...]::regclass[], or refresh the materialized view yourself.';
  END IF;
  -- who wrote before this has marked nothing, and ends before the first refresh
  PERFORM FROM customer_tier.as_owner($1, format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', $1)) AS (x int);
  FOREACH command IN ARRAY CASE WHEN c.relkind = 'p' OR c.relispartition
      THEN ARRAY['customer_tier_stale AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW', 'customer_tier_stale_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT']
      ELSE ARRAY['customer_tier_stale AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT'] END LOOP
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = $1 AND tgname = split_part(command, ' ', 1)) THEN
      PERFORM FROM customer_tier.as_owner($1, format('CREATE TRIGGER %s EXECUTE FUNCTION customer_tier.mark_stale()', format(command, $1))) AS (x int);
    END IF;
    PERFORM FROM customer_tier.as_owner($1, format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', $1, split_part(command, ' ', 1))) AS (x int);
  END LOOP;
END $$;
COMMENT ON FUNCTION watch(regclass) IS 'support of refresh_on_change: the triggers on a table';

-- of all views: policies hide other people's
CREATE FUNCTION is_watched(relation regclass) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT EXISTS (SELECT FROM customer_tier.matview AS x JOIN pg_class AS c ON c.oid = x.relation WHERE $1 = ANY (x.tables)) $$;
COMMENT ON FUNCTION is_watched(regclass) IS 'support of refresh_on_change: whether a materialised view is refreshed when this table changes';

CREATE FUNCTION unwatch() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT tgrelid::regclass AS relation, tgname FROM pg_trigger
           WHERE tgfoid = 'customer_tier.mark_stale()'::regprocedure AND tgparentid = 0 AND customer_tier.is_owner(tgrelid)
             AND NOT customer_tier.is_watched(tgrelid) LOOP
    PERFORM FROM customer_tier.as_owner(t.relation, format('DROP TRIGGER %I ON %s', t.tgname, t.relation)) AS (x int);
  END LOOP;
END $$;
COMMENT ON FUNCTION unwatch() IS 'support of stop_refresh_on_change: drops the triggers that serve no materialised view';

CREATE FUNCTION stop_refresh_on_change(matview regclass) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM customer_tier.matview AS x WHERE x.relation = $1;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('materialized view %s is not refreshed on change, or not yours', $1);
  END IF;
  DELETE FROM customer_tier.mark AS m WHERE m.matview = $1;
  PERFORM customer_tier.unwatch();
END $$;
COMMENT ON FUNCTION stop_refresh_on_change(regclass) IS 'the end of refresh_on_change';

CREATE VIEW stale AS
SELECT relation AS matview, mode, since, watching, error, failed_at
FROM customer_tier.matview AS v,
     LATERAL (SELECT min(m.since) AS since FROM customer_tier.mark AS m WHERE m.matview = v.relation) AS marked,
     LATERAL (SELECT bool_and(coalesce(c.relkind = 'm', false) OR (SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgrelid = c.oid AND tgfoid = 'customer_tier.mark_stale()'::regprocedure AND tgenabled = 'A')
                              = CASE WHEN c.relkind = 'p' OR c.relispartition THEN 2 WHEN c.relkind = 'r' THEN 1 END) AS watching
              FROM unnest(v.tables) AS t LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t) AS triggers
WHERE pg_catalog.has_table_privilege(relation, 'SELECT') AND (since IS NOT NULL OR watching IS NOT TRUE);
GRANT SELECT ON stale TO PUBLIC;
ALTER VIEW stale SET (security_barrier);
COMMENT ON VIEW stale IS 'materialised views that are refreshed on change and are stale, or might be';
COMMENT ON COLUMN stale.matview IS 'the materialised view';
COMMENT ON COLUMN stale.mode IS 'commit or deferred';
COMMENT ON COLUMN stale.since IS 'when its tables were written to first, since its last refresh';
COMMENT ON COLUMN stale.watching IS 'whether all triggers are there and always fire; if not, changes may have been missed';
COMMENT ON COLUMN stale.error IS 'why its last refresh failed';
COMMENT ON COLUMN stale.failed_at IS 'and when';
