-- Materialised views that are refreshed when their tables change.  Each has, beside the data, a table
-- of marks and a state that names the view and the tables that it reads.

CREATE DOMAIN customer_tier.is_watched AS boolean CHECK (VALUE);
COMMENT ON DOMAIN customer_tier.is_watched IS
  'marks a table as the state of a materialised view that is refreshed on change';

CREATE TYPE customer_tier_internal.watched AS (
  state regclass,
  owner oid,
  matview regclass,
  marks regclass,
  reads regclass[],
  since timestamptz,
  error text,
  failed_at timestamptz
);
COMMENT ON TYPE customer_tier_internal.watched IS
  'a materialised view that is refreshed on change: its parts, null if they are gone, and what its state and '
  'its marks say';

CREATE FUNCTION customer_tier_internal.find_watched(wait boolean DEFAULT false)
RETURNS SETOF customer_tier_internal.watched
AS 'MODULE_PATHNAME', 'ct_find_watched'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED ROWS 20;
COMMENT ON FUNCTION customer_tier_internal.find_watched(boolean) IS
  'the materialised views that are refreshed on change, as far as the caller may read them or their state; '
  'waits for locks on the caller''s own, or takes what can be had now';

CREATE FUNCTION customer_tier_internal.mark_stale() RETURNS trigger
AS 'MODULE_PATHNAME', 'ct_mark_stale'
LANGUAGE C;
COMMENT ON FUNCTION customer_tier_internal.mark_stale() IS
  'the trigger on tables of a materialised view; made by refresh_on_change';

CREATE FUNCTION customer_tier_internal.refresh_at_commit() RETURNS trigger
AS 'MODULE_PATHNAME', 'ct_refresh_at_commit'
LANGUAGE C;
COMMENT ON FUNCTION customer_tier_internal.refresh_at_commit() IS
  'the trigger on marks that refreshes, once for each transaction, what it made stale; made by refresh_on_change';

CREATE FUNCTION customer_tier_internal.mark_watched(state regclass) RETURNS void
AS 'MODULE_PATHNAME', 'ct_mark_watched'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION customer_tier_internal.mark_watched(regclass) IS
  'support of refresh_on_change: marks a materialised view stale, by its state';

CREATE FUNCTION customer_tier_internal.refresh_command(matview regclass) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('REFRESH MATERIALIZED VIEW %s%s',
  CASE WHEN relispopulated
         AND EXISTS (
           SELECT FROM pg_index
           WHERE indrelid = c.oid AND indisunique AND indimmediate AND indisvalid
             AND indpred IS NULL AND indexprs IS NULL)
    THEN 'CONCURRENTLY ' END, c.oid::regclass)
FROM pg_class AS c
WHERE c.oid = $1
$$;
COMMENT ON FUNCTION customer_tier_internal.refresh_command(regclass) IS
  'how a materialised view is refreshed: concurrently, if a unique index allows it; null if it is gone';

-- the state of the view's owner comes first, because any user can create a state that names the view
CREATE FUNCTION customer_tier_internal.watched_or_null(relation regclass) RETURNS customer_tier_internal.watched
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
SELECT f
FROM customer_tier_internal.find_watched(wait => true) AS f
     LEFT JOIN pg_class AS c ON c.oid = f.matview
WHERE $1 IN (f.matview, f.state) AND pg_has_role(f.owner, 'USAGE')
ORDER BY c.relowner IS DISTINCT FROM f.owner, f.state
LIMIT 1
$$;
COMMENT ON FUNCTION customer_tier_internal.watched_or_null(regclass) IS
  'by the materialised view or its state, what the caller has the rights to; null if there is none';

CREATE FUNCTION customer_tier_internal.relations_in(expression pg_node_tree) RETURNS regclass[]
AS 'MODULE_PATHNAME', 'ct_relations_in'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.relations_in(pg_node_tree) IS
  'the relations that an expression names by constants, in their order: of a trigger, or of a default';

CREATE FUNCTION customer_tier_internal.mark_triggers(state regclass) RETURNS SETOF pg_trigger
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT t.*
FROM pg_depend AS d JOIN pg_trigger AS t ON t.oid = d.objid
WHERE d.classid = 'pg_trigger'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1
  AND t.tgfoid = 'customer_tier_internal.mark_stale()'::regprocedure
  AND (customer_tier_internal.relations_in(t.tgqual))[1] = $1
$$;
COMMENT ON FUNCTION customer_tier_internal.mark_triggers(regclass) IS
  'support of refresh_on_change: the triggers that mark by a state; of a partitioned table, its own';

-- A queue is replaced by the tables that it captures; the live view of a join reads these tables itself.
CREATE FUNCTION customer_tier_internal.tables_to_watch(matview regclass) RETURNS regclass[]
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
SELECT array_agg(DISTINCT coalesce(s.sales, t))
FROM unnest(customer_tier_internal.tables_of($1)) AS t
     LEFT JOIN customer_tier_internal.find_sources() AS s ON t = s.queue OR t = ANY (s.touches)
WHERE s.state IS NULL OR s.sales IS NOT NULL
$$;
COMMENT ON FUNCTION customer_tier_internal.tables_to_watch(regclass) IS
  'support of refresh_on_change: the tables whose changes a materialised view shows';

CREATE FUNCTION customer_tier_internal.check_watchable(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pg_class;
  what text;
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = $1;
  what := CASE
    WHEN c.relpersistence = 't' THEN 'is temporary'
    WHEN c.relkind = 'f' THEN 'is a foreign table'
    WHEN c.relkind NOT IN ('r', 'p', 'm') OR c.oid IS NULL THEN 'is no table'
    WHEN c.relnamespace = 'pg_catalog'::regnamespace THEN 'is a system catalog'
    WHEN c.relkind = 'r'
      AND NOT c.relispartition
      AND EXISTS (SELECT FROM pg_inherits WHERE $1 IN (inhrelid, inhparent)) THEN 'inherits or is inherited from'
    WHEN EXISTS (SELECT FROM customer_tier_internal.find_sources() AS f
                 WHERE $1 = f.queue OR $1 = ANY (f.touches)) THEN 'is the queue of a source' END;
  IF what IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'wrong_object_type',
      MESSAGE = format('%s %s: its changes are not seen', $1, what),
      HINT = 'Name the tables whose changes count by tables => ARRAY[...]::regclass[], '
             'or refresh the materialized view yourself.';
  END IF;
  PERFORM customer_tier_internal.check_owner($1);
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_watchable(regclass) IS
  'support of refresh_on_change: an error for a relation without triggers, or of another owner';

-- PostgreSQL refuses to alter or drop a table with deferred triggers that have not fired yet
CREATE FUNCTION customer_tier_internal.settle(marks regclass) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text := (SELECT format('%I.%I', nspname, conname)
                FROM pg_trigger AS t
                     JOIN pg_constraint AS c ON c.oid = t.tgconstraint
                     JOIN pg_namespace AS n ON n.oid = c.connamespace
                WHERE t.tgrelid = $1 AND t.tgfoid = 'customer_tier_internal.refresh_at_commit()'::regprocedure
                LIMIT 1);
BEGIN
  IF name IS NOT NULL THEN
    EXECUTE format('SET CONSTRAINTS %s IMMEDIATE', name);
    EXECUTE format('SET CONSTRAINTS %s DEFERRED', name);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.settle(regclass) IS
  'support of refresh_on_change: refreshes now what this transaction has marked for its commit';

-- Runs as the owner of the table, so that no user can attach a refresh to another user's writes.
CREATE FUNCTION customer_tier_internal.watch(w customer_tier_internal.watched, relation regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pg_class;
  other customer_tier_internal.watched;
  target regclass := $2;
  stem text;
  name text;
  t record;
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = $2;
  IF c.relkind = 'm' THEN
    -- a refresh of that view deletes its marks; if it is not watched, its refreshes are not noticed
    SELECT f.* INTO other
    FROM customer_tier_internal.find_watched(wait => true) AS f
    WHERE f.matview = $2 AND f.owner = c.relowner
    ORDER BY f.state
    LIMIT 1;
    IF other.marks IS NULL THEN
      RETURN;
    END IF;
    target := other.marks;
    PERFORM customer_tier_internal.settle(target);
  END IF;
  -- the name must be unique: two views of one name may read a table, and a partition has its root's triggers, too
  SELECT left(relname, n) INTO stem
  FROM pg_class, generate_series(length(relname), 1, -1) AS n
  WHERE pg_class.oid = w.matview
    AND octet_length(left(relname, n)) <= 63 - octet_length('customer_tier_stale__999_truncate')
  ORDER BY n DESC
  LIMIT 1;
  SELECT x.name INTO name
  FROM (SELECT i, 'customer_tier_stale_' || stem || CASE WHEN i > 1 THEN '_' || i ELSE '' END AS name
        FROM generate_series(1, 999) AS i) AS x
  WHERE NOT EXISTS (SELECT FROM pg_trigger
                    WHERE tgrelid IN (SELECT target UNION SELECT relid FROM pg_partition_tree(target))
                      AND tgname IN (x.name, x.name || '_truncate'))
  ORDER BY i LIMIT 1;
  FOR t IN SELECT name || u.suffix AS name, u.event
           FROM (VALUES
               ('marks', '', 'DELETE ON %s FOR EACH ROW'),
               ('rows', '', 'INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW'),
               ('rows', '_truncate', 'TRUNCATE ON %s FOR EACH STATEMENT'),
               ('statements', '', 'INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT'))
             AS u(how, suffix, event)
           WHERE how = CASE
               WHEN c.relkind = 'm' THEN 'marks'
               WHEN customer_tier_internal.is_watched_by_row($2) THEN 'rows'
               ELSE 'statements' END LOOP
    PERFORM customer_tier_internal.run(target,
      format('CREATE TRIGGER %I AFTER %s WHEN (ARRAY[%s] IS NOT NULL) '
             'EXECUTE FUNCTION customer_tier_internal.mark_stale()',
        t.name, format(t.event, target),
        (SELECT string_agg(format('%L::pg_catalog.regclass', p), ', ' ORDER BY i)
         FROM unnest(ARRAY[w.state, other.state]) WITH ORDINALITY AS u(p, i)
         WHERE p IS NOT NULL)));
    PERFORM customer_tier_internal.run(target, format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', target, t.name));
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.watch(customer_tier_internal.watched, regclass) IS
  'support of refresh_on_change: the triggers on what a materialised view reads';

-- logical replication applies rows, for which no statement trigger fires
CREATE FUNCTION customer_tier_internal.is_watched_by_row(relation regclass) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT relkind = 'p' OR relispartition OR EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = $1)
FROM pg_class
WHERE oid = $1
$$;
COMMENT ON FUNCTION customer_tier_internal.is_watched_by_row(regclass) IS
  'support of refresh_on_change: whether a table needs triggers for each row';

CREATE FUNCTION customer_tier_internal.make_watched(matview regclass, mode text, reads regclass[])
RETURNS customer_tier_internal.watched
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  w customer_tier_internal.watched;
  c pg_class;
  place text;
  name text;
  taken regclass;
  command text;
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = $1;
  place := (SELECT quote_ident(nspname) FROM pg_namespace WHERE oid = c.relnamespace);
  name := customer_tier_internal.stem(c.relname) || '_stale';
  -- drop the state of a dropped view of this name
  SELECT f.* INTO w
  FROM customer_tier_internal.find_watched(wait => true) AS f
  WHERE f.state = to_regclass(format('%s.%I', place, name)) AND f.matview IS NULL AND pg_has_role(f.owner, 'USAGE');
  IF w.state IS NOT NULL THEN
    PERFORM customer_tier_internal.drop_watched(w);
  END IF;
  taken := coalesce(to_regclass(format('%s.%I', place, name)), to_regclass(format('%s.%I', place, name || '_marks')));
  IF taken IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_table',
      MESSAGE = format('relation %s, which would be made, exists already', taken),
      HINT = 'Rename it or drop it.';
  END IF;
  FOREACH command IN ARRAY ARRAY[
      'CREATE TABLE %1$s.%3$I (since timestamptz NOT NULL)',
      -- lets a refresh delete marks where a publication has all tables
      'ALTER TABLE %1$s.%3$I REPLICA IDENTITY FULL',
      'GRANT SELECT (since) ON %1$s.%3$I TO pg_monitor',
      'COMMENT ON TABLE %1$s.%3$I IS %7$L',
      'COMMENT ON COLUMN %1$s.%3$I.since IS ''when one of its tables was written to''',
      -- the defaults name the parts, because a stored OID would not survive a dump
      'CREATE TABLE %1$s.%2$I (is_watched customer_tier.is_watched PRIMARY KEY, '
        'matview regclass DEFAULT %4$L::pg_catalog.regclass, marks regclass DEFAULT %5$L::pg_catalog.regclass, '
        'reads regclass[] DEFAULT ARRAY[%6$s], error text, failed_at timestamptz)',
      'INSERT INTO %1$s.%2$I VALUES (true, NULL, NULL, NULL)',
      'GRANT SELECT (is_watched, failed_at) ON %1$s.%2$I TO pg_monitor',
      'COMMENT ON TABLE %1$s.%2$I IS %8$L',
      'COMMENT ON COLUMN %1$s.%2$I.error IS ''why its last refresh failed''',
      'COMMENT ON COLUMN %1$s.%2$I.failed_at IS ''and when'''] LOOP
    PERFORM customer_tier_internal.run($1,
      format(command, place, name, name || '_marks', $1, format('%s.%I', place, name || '_marks'),
        (SELECT string_agg(format('%L::pg_catalog.regclass', r), ', ' ORDER BY r) FROM unnest(reads) AS r),
        format('marks of writers to the tables of %s, since its last refresh', $1),
        format('the state of %s, which is refreshed on change, and, by the defaults of its columns, its parts', $1)));
  END LOOP;
  IF mode = 'commit' THEN
    PERFORM customer_tier_internal.run($1,
      format('CREATE CONSTRAINT TRIGGER customer_tier_refresh AFTER INSERT ON %s.%I '
             'DEFERRABLE INITIALLY DEFERRED FOR EACH ROW '
             'EXECUTE FUNCTION customer_tier_internal.refresh_at_commit()', place, name || '_marks'));
    PERFORM customer_tier_internal.run($1,
      format('ALTER TABLE %s.%I ENABLE ALWAYS TRIGGER customer_tier_refresh', place, name || '_marks'));
  END IF;
  SELECT f.* INTO w
  FROM customer_tier_internal.find_watched(wait => true) AS f
  WHERE f.state = to_regclass(format('%s.%I', place, name));
  RETURN w;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_watched(regclass, text, regclass[]) IS
  'support of refresh_on_change: the marks and the state';

CREATE FUNCTION customer_tier.refresh_on_change(matview regclass, mode text DEFAULT 'deferred',
  tables regclass[] DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  w customer_tier_internal.watched;
  readers oid[];
  t regclass;
BEGIN
  IF (SELECT relkind FROM pg_class WHERE oid = $1) IS DISTINCT FROM 'm' THEN
    RAISE EXCEPTION USING ERRCODE = 'wrong_object_type',
      MESSAGE = format('%s is not a materialized view', coalesce($1::text, 'null'));
  ELSIF NOT customer_tier_internal.is_owner($1) THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
      MESSAGE = format('must be owner of materialized view %s', $1);
  ELSIF mode IS NULL OR mode NOT IN ('commit', 'deferred') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('unknown mode "%s"', mode),
      HINT = 'A materialized view is refreshed at commit, or deferred until CALL customer_tier.refresh_stale().';
  END IF;
  tables := coalesce(tables, customer_tier_internal.tables_to_watch($1), '{}');
  IF cardinality(tables) = 0 OR array_position(tables, NULL) IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('materialized view %s reads no table', $1),
      HINT = 'Tables that only its functions read are named by tables => ARRAY[...]::regclass[].';
  END IF;
  tables := ARRAY(SELECT DISTINCT r FROM unnest(tables) AS r ORDER BY r);
  FOREACH t IN ARRAY tables LOOP
    PERFORM customer_tier_internal.check_watchable(t);
  END LOOP;
  w := customer_tier_internal.watched_or_null($1);
  -- the views that read this one, if its marks have triggers for them already, or the caller owns them, too
  readers := ARRAY(SELECT (customer_tier_internal.relations_in(tgqual))[1] FROM pg_trigger
                   WHERE tgrelid = w.marks AND tgfoid = 'customer_tier_internal.mark_stale()'::regprocedure);
  IF w.state IS NOT NULL THEN
    PERFORM customer_tier_internal.drop_watched(w);
  END IF;
  w := customer_tier_internal.make_watched($1, mode, tables);
  FOREACH t IN ARRAY tables LOOP
    -- waits for writers that have made no marks, so that the first refresh sees their rows
    PERFORM customer_tier_internal.watch(w, t);
  END LOOP;
  PERFORM customer_tier_internal.watch(f, $1) FROM customer_tier_internal.find_watched() AS f
  WHERE $1 = ANY (f.reads)
    AND f.state <> w.state
    AND f.matview IS NOT NULL
    AND (f.state = ANY (readers) OR pg_has_role(f.owner, 'USAGE'))
  ORDER BY f.state;
  -- earlier changes are not known
  PERFORM customer_tier_internal.mark_watched(w.state);
END $$;
COMMENT ON FUNCTION customer_tier.refresh_on_change(regclass, text, regclass[]) IS
  'refreshes a materialised view from now on when its tables change: at commit, or deferred until refresh_stale; '
  'tables: by default those that it reads';

--
-- Refreshing, and ending refresh_on_change
--
CREATE PROCEDURE customer_tier.refresh_stale(matview regclass DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  w customer_tier_internal.watched;
  last oid := 0;
  message text;
BEGIN
  PERFORM customer_tier_internal.require_read_committed(); LOOP
    -- one by one: a refresh makes the views that read the refreshed one stale
    SELECT f.* INTO w
    FROM customer_tier_internal.find_watched(wait => true) AS f
         JOIN pg_class AS c ON c.oid = f.matview
    WHERE f.matview::oid > last
      AND f.since IS NOT NULL
      AND pg_has_role(f.owner, 'USAGE')
      AND c.relowner = f.owner
      AND ($1 IS NULL OR f.matview = $1)
    ORDER BY f.matview::oid, f.state LIMIT 1;
    EXIT WHEN w.state IS NULL;
    last := w.matview;
    BEGIN
      -- REFRESH takes its snapshot before it waits for the lock on the view, so the later of
      -- two could have the older snapshot.  This lock makes it wait before that.
      PERFORM customer_tier_internal.run(w.state, format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', w.state));
    EXCEPTION WHEN undefined_table THEN
      CONTINUE;
    END;
    BEGIN
      -- marks first: a write between the two statements leaves a mark, at worst for one more refresh
      PERFORM customer_tier_internal.run(w.state, format('DELETE FROM ONLY %s', w.marks));
      EXECUTE customer_tier_internal.refresh_command(w.matview);
      PERFORM customer_tier_internal.run(w.state,
        format('UPDATE %s SET error = NULL, failed_at = NULL WHERE error IS NOT NULL', w.state));
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
      PERFORM customer_tier_internal.run(w.state,
        format('UPDATE %s SET error = %L, failed_at = clock_timestamp()', w.state, message));
      RAISE WARNING 'materialized view % could not be refreshed: %', w.matview, message;
    END;
  END LOOP;
END $$;
COMMENT ON PROCEDURE customer_tier.refresh_stale(regclass) IS
  'refreshes the stale materialised views of the caller, or one of them; one that fails stays stale, with a '
  'warning';

CREATE FUNCTION customer_tier_internal.drop_watched(w customer_tier_internal.watched) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t record;
BEGIN
  PERFORM customer_tier_internal.settle(w.marks);
  FOR t IN SELECT tgrelid::regclass AS relation, tgname FROM customer_tier_internal.mark_triggers(w.state) UNION
           -- the triggers of views that read this one
           SELECT tgrelid::regclass, tgname
           FROM pg_trigger
           WHERE tgrelid = w.marks AND tgfoid = 'customer_tier_internal.mark_stale()'::regprocedure
           ORDER BY 1, 2 LOOP
    IF customer_tier_internal.is_owner(t.relation) THEN
      PERFORM customer_tier_internal.run(t.relation, format('DROP TRIGGER %I ON %s', t.tgname, t.relation));
    END IF;
  END LOOP;
  -- CASCADE, because triggers of tables that the caller no longer owns remain, and any user can name the
  -- state or the marks in a trigger or a default.  The state first, because its defaults name the marks.
  PERFORM customer_tier_internal.run(w.state, format('DROP TABLE %s CASCADE', w.state));
  IF w.marks IS NOT NULL THEN
    PERFORM customer_tier_internal.run(w.marks, format('DROP TABLE %s CASCADE', w.marks));
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.drop_watched(customer_tier_internal.watched) IS
  'support of stop_refresh_on_change: what refresh_on_change made';

CREATE FUNCTION customer_tier.stop_refresh_on_change(matview regclass) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  w customer_tier_internal.watched := customer_tier_internal.watched_or_null($1);
BEGIN
  IF w.state IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object',
      MESSAGE = format('materialized view %s is not refreshed on change, or not yours', $1);
  END IF;
  PERFORM customer_tier_internal.drop_watched(w);
END $$;
COMMENT ON FUNCTION customer_tier.stop_refresh_on_change(regclass) IS
  'ends refresh_on_change of a materialised view; if the view was dropped, give its state';
