-- Sources: views of sales whose ledgers are kept.  What is declared lies beside the data:
-- a table of state with a column of this domain, whose columns name the parts by their defaults.

CREATE DOMAIN customer_tier.is_source AS boolean CHECK (VALUE);
COMMENT ON DOMAIN customer_tier.is_source IS 'marks the table that says what belongs to a source';

CREATE TYPE customer_tier_internal.source AS (
  state regclass,
  owner oid,
  sales regclass,
  view regclass,
  capture regclass,
  ledger regclass,
  queue regclass,
  live regclass,
  touches regclass[],
  made_view boolean,
  refreshed_at timestamptz,
  error text,
  failed_at timestamptz
);
COMMENT ON TYPE customer_tier_internal.source IS 'a source as it is found: its parts, null if they are gone, and what its state says';

CREATE FUNCTION customer_tier_internal.find_sources(waits_for oid DEFAULT 0::oid) RETURNS SETOF customer_tier_internal.source
AS 'MODULE_PATHNAME', 'ct_find_sources'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 20;
COMMENT ON FUNCTION customer_tier_internal.find_sources(oid) IS
  'the sources whose state or live ledgers the caller may read; those that somebody keeps locked only if they are of the owner that is waited for';

CREATE FUNCTION customer_tier_internal.sale_expression(relation regclass, expression text, purpose text) RETURNS text
AS 'MODULE_PATHNAME', 'customer_tier_sale_expression'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.sale_expression(regclass, text, text) IS
  'an expression over a row of sales (customer, amount, sold_at or filter), of customers (measure or group) or of scores (tier), checked, with all names qualified';

CREATE FUNCTION customer_tier_internal.expression_uses(relation regclass, expression text, "column" text) RETURNS boolean
AS 'MODULE_PATHNAME', 'customer_tier_expression_uses'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.expression_uses(regclass, text, text) IS
  'whether an expression over a row asks for a column, by its name or in the whole row';

CREATE FUNCTION customer_tier_internal.as_owner(relation regclass, command text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'customer_tier_as_owner'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION customer_tier_internal.as_owner(regclass, text) IS
  'runs a command as the owner of a relation, security-restricted, for those who have the rights of the owner';

-- a command that returns nothing
CREATE FUNCTION customer_tier_internal.run(relation regclass, command text) RETURNS void
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM customer_tier_internal.as_owner(relation, command) AS (x integer);
END $$;
COMMENT ON FUNCTION customer_tier_internal.run(regclass, text) IS 'as_owner for a command that returns nothing';

CREATE FUNCTION customer_tier_internal.capture() RETURNS trigger
AS 'MODULE_PATHNAME', 'ct_capture'
LANGUAGE C;
COMMENT ON FUNCTION customer_tier_internal.capture() IS 'the trigger on the table of a source; made by track';

CREATE FUNCTION customer_tier_internal.why_not_captured(view regclass) RETURNS text
AS 'MODULE_PATHNAME', 'ct_why_not_captured'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.why_not_captured(regclass) IS
  'what keeps writes to the tables of a view from telling what becomes of its rows; null if nothing does';

CREATE FUNCTION customer_tier_internal.check_captured(view regclass) RETURNS void
AS 'MODULE_PATHNAME', 'ct_check_captured'
LANGUAGE C STRICT STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION customer_tier_internal.check_captured(regclass) IS
  'an error for a view of one table whose expressions are not of the row alone, or whose table belongs to another owner';

CREATE FUNCTION customer_tier_internal.flat_view(view regclass, OUT base regclass, OUT query text, OUT sale_query text, OUT time_zone text)
AS 'MODULE_PATHNAME', 'ct_flat_view'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.flat_view(regclass) IS
  'the query of a view over its table itself; and the same for roll_up, with the time zone taken out';

CREATE FUNCTION customer_tier_internal.same_source(a regclass, b regclass) RETURNS boolean
AS 'MODULE_PATHNAME', 'ct_same_source'
LANGUAGE C STRICT STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION customer_tier_internal.same_source(regclass, regclass) IS
  'whether two views say the same of a row of one table; null if one of them cannot be captured';

CREATE FUNCTION customer_tier_internal.merge_queue(queue regclass, ledger regclass) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_merge_queue'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION customer_tier_internal.merge_queue(regclass, regclass) IS
  'takes the queue, adds it to the ledgers, and returns whose changed';

CREATE FUNCTION customer_tier_internal.group_sales(packs bytea[]) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_group_sales'
LANGUAGE C STRICT STABLE PARALLEL SAFE ROWS 1000;
COMMENT ON FUNCTION customer_tier_internal.group_sales(bytea[]) IS
  'what packed sales say of each customer: customer, ledger; an empty ledger where they undo each other';

CREATE FUNCTION customer_tier_internal.ledger_of_state(state regclass, customer anyelement) RETURNS customer_tier.ledger
AS 'MODULE_PATHNAME', 'ct_ledger_of'
LANGUAGE C STRICT STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION customer_tier_internal.ledger_of_state(regclass, anyelement) IS 'support of ledger_of';

CREATE FUNCTION customer_tier_internal.queue_health(queue regclass, OUT pending bigint, OUT oldest timestamptz)
AS 'MODULE_PATHNAME', 'ct_queue_health'
LANGUAGE C STRICT STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION customer_tier_internal.queue_health(regclass) IS
  'sales in a queue, and when the oldest was written; null for who may not read its columns sales and written_at';

CREATE FUNCTION customer_tier_internal.is_owner(relation regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = $1 $$;
COMMENT ON FUNCTION customer_tier_internal.is_owner(regclass) IS
  'whether the current user has the rights of the owner of a relation; null if it is gone';

CREATE FUNCTION customer_tier_internal.check_owner(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF customer_tier_internal.is_owner($1) IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('must be owner of %s', coalesce($1::text, 'the relation'));
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_owner(regclass) IS 'an error for who has not the rights of the owner of a relation';

-- by its view, its table of sales if that has one source, or any of its parts
CREATE FUNCTION customer_tier_internal.source_or_null(relation regclass) RETURNS customer_tier_internal.source
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found customer_tier_internal.source[];
  owner oid := (SELECT relowner FROM pg_class WHERE oid = $1);
BEGIN
  SELECT array_agg(f ORDER BY f.view) INTO found
  FROM customer_tier_internal.find_sources(owner) AS f
  WHERE $1 IN (f.view, f.capture, f.ledger, f.queue, f.live, f.state);
  IF found IS NULL THEN
    SELECT array_agg(f ORDER BY f.view) INTO found FROM customer_tier_internal.find_sources(owner) AS f
    WHERE f.sales = $1 OR f.made_view AND f.sales IS NULL
      AND EXISTS (SELECT FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                  WHERE r.ev_class = f.view AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1);
  END IF;
  IF cardinality(found) > 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'ambiguous_alias', MESSAGE = format('%s has several sources', $1),
      HINT = format('Name one by its view: %s.', (SELECT string_agg(view::text, ', ') FROM unnest(found)));
  END IF;
  RETURN found[1];
END $$;
COMMENT ON FUNCTION customer_tier_internal.source_or_null(regclass) IS 'a source by its table of sales or one of its parts; null if there is none';

CREATE FUNCTION customer_tier_internal.source_of(relation regclass) RETURNS customer_tier_internal.source
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.source_or_null($1);
BEGIN
  IF s.state IS NULL AND $1 IS NOT NULL AND customer_tier_internal.is_owner($1) IS FALSE THEN
    PERFORM customer_tier_internal.check_owner($1);
  ELSIF s.state IS NULL AND EXISTS (SELECT FROM unnest(customer_tier_internal.trigger_parts($1)) AS n JOIN pg_class AS c ON c.oid = n
                                    WHERE relowner <> (SELECT relowner FROM pg_class WHERE oid = $1)) THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = format('the source of %s does not belong to the owner of the sales', $1),
      HINT = format('CALL customer_tier.alter_source(%L); mends the source.', $1);
  ELSIF s.state IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('%s is not tracked', coalesce($1::text, 'null')),
      HINT = format(CASE (SELECT relkind FROM pg_class WHERE oid = $1) WHEN 'v' THEN 'CALL customer_tier.track(%L);'
                    ELSE 'CALL customer_tier.track(%L, customer => ..., amount => ..., sold_at => ...);' END, $1);
  END IF;
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.source_of(regclass) IS 'a source by its table of sales or one of its parts; an error if there is none';

-- the same, for who may change it
CREATE FUNCTION customer_tier_internal.own_source(relation regclass) RETURNS customer_tier_internal.source
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.source_of($1);
  stray record;
BEGIN
  PERFORM customer_tier_internal.check_owner(coalesce(s.sales, s.state));
  SELECT c.oid::regclass AS relation, CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind INTO stray
  FROM unnest(customer_tier_internal.named_parts(s.state)) AS n JOIN pg_class AS c ON c.oid = n WHERE c.relowner <> s.owner ORDER BY 1 LIMIT 1;
  IF stray.relation IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = format('%s does not belong to the owner of source %s', stray.relation, s.state),
      HINT = format('ALTER %s %s OWNER TO %s; mends the source.', stray.kind, stray.relation, (SELECT quote_ident(rolname) FROM pg_roles WHERE oid = s.owner));
  END IF;
  IF s.ledger IS NULL OR s.live IS NULL OR s.view IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = format('source %s has lost its %s', s.state,
        CASE WHEN s.view IS NULL THEN 'view' WHEN s.ledger IS NULL THEN 'ledgers' ELSE 'live view' END),
      HINT = format('CALL customer_tier.untrack(%L) drops what is left.', s.state);
  END IF;
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.own_source(regclass) IS 'source_of, and an error for who has not the rights of its owner';

-- how a source's statements name its parts
CREATE FUNCTION customer_tier_internal.source_parts(s customer_tier_internal.source,
  OUT customer_type text, OUT columns text, OUT equal text, OUT lock_sales text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  relations regclass[] := customer_tier_internal.tables_of(s.view);
BEGIN
  SELECT format_type(atttypid, NULL),
         format_type(atttypid, NULL) || coalesce((SELECT format(' COLLATE %I.%I', nspname, collname)
           FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = collnamespace
           WHERE c.oid = attcollation AND attcollation <> (SELECT typcollation FROM pg_type WHERE oid = atttypid)), ''),
         customer_tier_internal.equality(atttypid)
    INTO customer_type, columns, equal
  FROM pg_attribute WHERE attrelid = s.ledger AND attnum = 1;
  columns := format('(customer %s, ledger customer_tier.ledger)', columns);
  -- what LOCK TABLE does not take, no TRUNCATE empties either
  lock_sales := coalesce((SELECT format('LOCK TABLE %s IN ACCESS SHARE MODE', string_agg(oid::regclass::text, ', ' ORDER BY oid))
                          FROM pg_class WHERE oid = ANY (relations) AND relkind IN ('r', 'p')), 'SELECT 1 WHERE false');
END $$;
COMMENT ON FUNCTION customer_tier_internal.source_parts(customer_tier_internal.source) IS
  'how the statements of a source write its customers, and lock its sales';

-- waits for who has the sales locked, as a merge does not
CREATE FUNCTION customer_tier_internal.rolled_up(s customer_tier_internal.source, columns text) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('customer_tier.roll_up(%L, %L) AS %s', sale_query, time_zone, columns) FROM customer_tier_internal.flat_view(coalesce(s.capture, s.view))
$$;
COMMENT ON FUNCTION customer_tier_internal.rolled_up(customer_tier_internal.source, text) IS 'how the statements of a source make its ledgers anew';

-- the server's own where the type has none: an enum, a domain and the like
CREATE FUNCTION customer_tier_internal.equality(type oid) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('OPERATOR(%s.%s)', coalesce(max(quote_ident(nspname)), 'pg_catalog'), coalesce(max(oprname), '='))
FROM pg_opclass JOIN pg_amop ON amopfamily = opcfamily AND amopstrategy = 1 AND amoplefttype = opcintype AND amoprighttype = opcintype
     JOIN pg_operator AS o ON o.oid = amopopr JOIN pg_namespace AS n ON n.oid = oprnamespace
WHERE opcdefault AND opcmethod = (SELECT oid FROM pg_am WHERE amname = 'hash') AND opcintype = $1
$$;
COMMENT ON FUNCTION customer_tier_internal.equality(oid) IS 'the operator by which a type is hashed, qualified';

-- views are followed to their tables
CREATE FUNCTION customer_tier_internal.tables_of(view regclass) RETURNS regclass[]
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE used AS (
  SELECT $1::oid AS oid
  UNION
  SELECT d.refobjid
  FROM used JOIN pg_rewrite AS r ON r.ev_class = used.oid
       JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> used.oid)
SELECT array_agg(DISTINCT c.oid::regclass ORDER BY c.oid::regclass)
FROM used JOIN pg_class AS c USING (oid)
WHERE c.relkind NOT IN ('v', 'S') AND c.oid <> $1
$$;
COMMENT ON FUNCTION customer_tier_internal.tables_of(regclass) IS 'the tables that a view reads, through other views too; not those that its functions read';

CREATE FUNCTION customer_tier_internal.require_read_committed() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION USING ERRCODE = 'active_sql_transaction', MESSAGE = 'a refresh works at isolation level read committed only',
      HINT = 'An older snapshot would not see what the refresh before it did.';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.require_read_committed() IS 'an error at another isolation level';

--
-- Making a source
--
CREATE FUNCTION customer_tier_internal.stem(relname text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT left(relname, n) FROM generate_series(length(relname), 1, -1) AS n WHERE octet_length(left(relname, n)) <= 63 - 12 LIMIT 1
$$;
COMMENT ON FUNCTION customer_tier_internal.stem(text) IS 'of a name, what leaves room for _ledger_live';

CREATE FUNCTION customer_tier_internal.by_row(sales regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = $1 AND tgfoid = 'customer_tier_internal.capture()'::regprocedure AND tgname = 'customer_tier_change')
$$;
COMMENT ON FUNCTION customer_tier_internal.by_row(regclass) IS 'whether writes to a table are captured by a trigger for each row';

-- one set of triggers serves all sources of a table
CREATE FUNCTION customer_tier_internal.make_triggers(sales regclass, capture text, leaving regclass DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  by_row boolean := coalesce(capture, CASE WHEN customer_tier_internal.by_row($1) THEN 'row' END) = 'row' OR (SELECT relkind = 'p' FROM pg_class WHERE oid = $1);
  parts text;
  t record;
BEGIN
  PERFORM customer_tier_internal.run($1, format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', $1));
  PERFORM customer_tier_internal.drop_triggers($1);
  SELECT string_agg(format('%L::pg_catalog.regclass, %L::pg_catalog.regclass, %L::pg_catalog.regclass', f.capture, f.queue, f.state), ', ' ORDER BY f.view) INTO parts
  FROM (SELECT c.capture, c.queue, f.state, f.view
        FROM customer_tier_internal.find_sources((SELECT relowner FROM pg_class WHERE oid = $1)) AS f, LATERAL customer_tier_internal.captures(f) AS c
        WHERE c.base = $1 AND f.owner = (SELECT relowner FROM pg_class WHERE oid = $1) AND f.state IS DISTINCT FROM $3) AS f;
  IF parts IS NULL THEN
    RETURN;
  END IF;
  FOR t IN SELECT split_part(how, ': ', 1) AS name, split_part(how, ': ', 2) AS event
           FROM unnest(CASE WHEN by_row
             -- rows, for transition tables are wrong if MERGE moves one; and the statement that they belong to
             THEN ARRAY['begin: BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT',
                        'change: AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW',
                        'end: AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT',
                        'truncate: BEFORE TRUNCATE ON %s FOR EACH STATEMENT']
             ELSE ARRAY['insert: AFTER INSERT ON %s REFERENCING NEW TABLE AS came FOR EACH STATEMENT',
                        'update: AFTER UPDATE ON %s REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT',
                        'delete: AFTER DELETE ON %s REFERENCING OLD TABLE AS went FOR EACH STATEMENT',
                        'truncate: BEFORE TRUNCATE ON %s FOR EACH STATEMENT'] END) AS how LOOP
    PERFORM customer_tier_internal.run($1, format('CREATE TRIGGER %I %s WHEN (ARRAY[%s] IS NOT NULL) EXECUTE FUNCTION customer_tier_internal.capture()',
      'customer_tier_' || t.name, format(t.event, $1), parts));
    PERFORM customer_tier_internal.run($1, format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', $1, 'customer_tier_' || t.name));
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_triggers(regclass, text, regclass) IS
  'the triggers on a table of sales, for all of its sources but one that leaves; none if it has none';

CREATE FUNCTION customer_tier_internal.check_free(place oid, names text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  taken regclass := (SELECT oid FROM pg_class WHERE relnamespace = $1 AND relname = ANY ($2) ORDER BY array_position($2, relname::text) LIMIT 1);
BEGIN
  IF taken IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_table', MESSAGE = format('relation %s, which would be made, exists already', taken),
      HINT = 'Rename it or drop it, or name the source: CALL customer_tier.track(..., name => ''...'').';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_free(oid, text[]) IS 'an error if a name that is to be made is taken';

-- what captures the sales of a view, and the live ledgers; the ledgers are there
CREATE FUNCTION customer_tier_internal.make_parts(INOUT s customer_tier_internal.source, place text, name text, capture text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  flat record;
  p record;
BEGIN
  s.capture := NULL;
  s.queue := NULL;
  s.touches := NULL;
  s.sales := NULL;
  SELECT * INTO flat FROM customer_tier_internal.flat_view(s.view);
  IF capture IS DISTINCT FROM 'none' THEN
    PERFORM customer_tier_internal.check_captured(s.view);
    -- what triggers and refreshes read; the user's view may be replaced
    PERFORM customer_tier_internal.run(s.view, format('CREATE VIEW %s.%I AS %s', place, name || '_capture', coalesce(flat.query, pg_get_viewdef(s.view))));
    s.capture := format('%s.%I', place, name || '_capture');
    IF flat.query IS NULL THEN
      s.touches := customer_tier_internal.make_touches(s, place, name);
    ELSE
      s.sales := flat.base;
      PERFORM customer_tier_internal.make_queue(s.view, place, name || '_delta');
      s.queue := format('%s.%I', place, name || '_delta');
    END IF;
  END IF;
  SELECT * INTO p FROM customer_tier_internal.source_parts(s);
  -- an error now, not at the first sale
  PERFORM FROM customer_tier_internal.as_owner(s.view, format('SELECT count(*) FROM customer_tier.roll_up(%L, %L) AS %s', flat.sale_query || ' LIMIT 0', flat.time_zone, p.columns)) AS (x bigint);
  PERFORM customer_tier_internal.run(s.view, format('CREATE VIEW %s.%I AS %s', place, name || '_ledger_live', customer_tier_internal.live_query(s, p.columns, p.equal)));
  s.live := format('%s.%I', place, name || '_ledger_live');
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_parts(customer_tier_internal.source, text, text, text) IS 'support of track: what captures the sales of a view, and the live ledgers';

CREATE FUNCTION customer_tier_internal.comment_parts(s customer_tier_internal.source) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT customer_tier_internal.run(s.view, format('COMMENT ON %s %s IS %L', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, relation, format(comment, coalesce(s.sales, s.view))))
FROM (VALUES (s.ledger, 'ledgers of %s, as of the last refresh'), (s.queue, 'what has been written to %s since the last refresh'),
             (s.live, 'ledgers of %s, right at any moment'), (s.capture, 'the sales of %s as they are captured'),
             (s.state, 'the state of the source %s and, by the defaults of its columns, its parts')) AS x(relation, comment)
     JOIN pg_class AS c ON c.oid = relation;
SELECT customer_tier_internal.run(s.view, format('COMMENT ON COLUMN %s.%I IS %L', relation, "column", comment))
FROM unnest(ARRAY[s.ledger, s.live]) AS relation, (VALUES ('customer', 'the customer'), ('ledger', 'what the customer bought, by day')) AS x("column", comment)
$$;
COMMENT ON FUNCTION customer_tier_internal.comment_parts(customer_tier_internal.source) IS 'support of track: the comments of what it makes';

-- what track makes beside the view, as its owner
CREATE PROCEDURE customer_tier_internal.make_source(view regclass, made_view boolean, capture text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v pg_class;
  place text;
  name text;
  s customer_tier_internal.source;
BEGIN
  SELECT * INTO v FROM pg_class WHERE oid = $1;
  place := (SELECT quote_ident(nspname) FROM pg_namespace WHERE oid = v.relnamespace);
  name := customer_tier_internal.stem(regexp_replace(v.relname, '_sale$', ''));
  PERFORM customer_tier_internal.check_free(v.relnamespace,
    ARRAY[name || '_ledger', name || '_delta', name || '_ledger_live', name || '_capture', name || '_source']);
  -- the ledgers: their customer is of the view's type
  PERFORM customer_tier_internal.run($1, format($q$
    CREATE TABLE %1$s.%2$I WITH (fillfactor = 90) AS SELECT customer, '{}'::customer_tier.ledger AS ledger FROM %3$s WITH NO DATA
    $q$, place, name || '_ledger', $1));
  s.view := $1;
  s.ledger := format('%s.%I', place, name || '_ledger');
  IF EXISTS (SELECT FROM pg_attribute JOIN pg_type AS t ON t.oid = atttypid WHERE attrelid = s.ledger AND attnum = 1 AND typlen = -1 AND typelem <> 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch', MESSAGE = 'a customer cannot be an array', HINT = 'Make a row or a text of it.';
  END IF;
  PERFORM customer_tier_internal.run($1, format('ALTER TABLE %s ADD PRIMARY KEY (customer), ALTER COLUMN ledger SET NOT NULL', s.ledger));
  s := customer_tier_internal.make_parts(s, place, name, capture);
  PERFORM customer_tier_internal.make_state(place, name || '_source', s, made_view);
  s.state := format('%s.%I', place, name || '_source');
  PERFORM customer_tier_internal.comment_parts(s);
  PERFORM customer_tier_internal.make_triggers(b, capture) FROM (SELECT DISTINCT base FROM customer_tier_internal.captures(s)) AS x(b);
END $$;
COMMENT ON PROCEDURE customer_tier_internal.make_source(regclass, boolean, text) IS 'support of track: the tables, the views and the triggers of a source';

CREATE FUNCTION customer_tier_internal.make_queue(relation regclass, place text, name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY ARRAY[
      'CREATE TABLE %1$s.%2$I (written_at timestamptz NOT NULL, epoch integer NOT NULL, sales integer NOT NULL, pack bytea) WITH (toast_tuple_target = 8160)',
      'ALTER TABLE %1$s.%2$I ALTER pack SET STORAGE EXTERNAL',
      -- rows are deleted, also where all tables are published
      'ALTER TABLE %1$s.%2$I REPLICA IDENTITY FULL',
      'CREATE INDEX ON %1$s.%2$I (epoch) WHERE pack IS NULL',
      'GRANT SELECT (written_at, sales) ON %1$s.%2$I TO pg_monitor'] LOOP
    PERFORM customer_tier_internal.run($1, format(command, place, name));
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_queue(regclass, text, text) IS 'support of track: a table that writers append to';

CREATE FUNCTION customer_tier_internal.live_query(s customer_tier_internal.source, columns text, equal text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN s.queue IS NOT NULL THEN format($q$
    WITH emptied AS (SELECT max(epoch) AS epoch FROM %2$s WHERE pack IS NULL),
    pending AS MATERIALIZED (
      SELECT customer, ledger
      FROM customer_tier_internal.group_sales((
        SELECT array_agg(pack) FROM %2$s WHERE pack IS NOT NULL AND epoch >= coalesce((SELECT epoch FROM emptied), 0))) AS %3$s),
    kept AS (SELECT customer, ledger FROM %1$s WHERE (SELECT epoch FROM emptied) IS NULL)
    SELECT k.customer, CASE WHEN p.customer IS NULL THEN k.ledger ELSE k.ledger OPERATOR(customer_tier.+) p.ledger END AS ledger
    FROM kept AS k LEFT JOIN pending AS p ON p.customer %4$s k.customer
    WHERE p.customer IS NULL OR NOT customer_tier.is_empty(k.ledger OPERATOR(customer_tier.+) p.ledger)
    UNION ALL
    SELECT p.customer, p.ledger FROM pending AS p
    WHERE NOT customer_tier.is_empty(p.ledger) AND NOT EXISTS (SELECT FROM kept AS k WHERE k.customer %4$s p.customer)
    $q$, s.ledger, s.queue, columns, equal)
  WHEN s.touches IS NULL THEN format('SELECT customer, ledger FROM %s', s.ledger)
  -- whose sales are touched is computed from the sales; everybody's, where that is not known
  ELSE format($q$
    WITH emptied AS MATERIALIZED (SELECT %5$s AS all_touched),
    touched AS MATERIALIZED (%6$s)
    SELECT customer, ledger FROM %1$s AS l
    WHERE NOT (SELECT all_touched FROM emptied) AND NOT EXISTS (SELECT FROM touched AS t WHERE t.customer %4$s l.customer)
    UNION ALL
    (%7$s)
    $q$, s.ledger, NULL, columns, equal, customer_tier_internal.all_touched_sql(s),
    coalesce('SELECT customer FROM ' || customer_tier_internal.touched_view(s), format('SELECT customer FROM %s WHERE false', s.ledger)),
    customer_tier_internal.touched_ledgers_sql(s, 'SELECT customer FROM touched') || ' OR (SELECT all_touched FROM emptied)'
      || customer_tier_internal.grouped_sql()) END
$$;
COMMENT ON FUNCTION customer_tier_internal.live_query(customer_tier_internal.source, text, text) IS
  'support of track: the query of ledgers and queue together';

--
-- A join: each table has a queue of its own, which notes not sales but the customers, or the keys
-- by which customers are found, of the rows that were touched.  "touches" begins with the view of
-- touched customers, if they can be found, and has a view and a queue for each table.
--
CREATE FUNCTION customer_tier_internal.view_links(view regclass, OUT n integer, OUT relation regclass, OUT key text, OUT parent integer, OUT parent_key text, OUT operator text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_view_links'
LANGUAGE C STRICT STABLE PARALLEL SAFE ROWS 3;
COMMENT ON FUNCTION customer_tier_internal.view_links(regclass) IS
  'the tables that a view joins: what is noted of a changed row of each, and how customers are found from it; no row if they cannot be';

CREATE FUNCTION customer_tier_internal.touched_view(s customer_tier_internal.source) RETURNS regclass
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN cardinality(s.touches) % 2 = 1 THEN s.touches[1] END $$;
COMMENT ON FUNCTION customer_tier_internal.touched_view(customer_tier_internal.source) IS 'of a join: the view of the customers whose sales are touched; null if they cannot be found';

-- what a source notes of each table: the captured view, and the queue
CREATE FUNCTION customer_tier_internal.captures(s customer_tier_internal.source, OUT capture regclass, OUT queue regclass, OUT base regclass) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT c, q, (customer_tier_internal.flat_view(c)).base
FROM (SELECT s.capture, s.queue
      UNION ALL
      SELECT s.touches[i], s.touches[i + 1] FROM generate_series(1 + cardinality(s.touches) % 2, cardinality(s.touches), 2) AS i) AS x(c, q)
WHERE c IS NOT NULL AND q IS NOT NULL
$$;
COMMENT ON FUNCTION customer_tier_internal.captures(customer_tier_internal.source) IS 'what triggers on the tables of a source write, and where';

CREATE FUNCTION customer_tier_internal.all_touched_sql(s customer_tier_internal.source) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT string_agg(format('EXISTS (SELECT FROM %s%s)', queue, CASE WHEN customer_tier_internal.touched_view(s) IS NOT NULL THEN ' WHERE pack IS NULL' END), ' OR ')
FROM customer_tier_internal.captures(s)
$$;
COMMENT ON FUNCTION customer_tier_internal.all_touched_sql(customer_tier_internal.source) IS 'of a join: SQL for whether everybody''s sales may have changed';

CREATE FUNCTION customer_tier_internal.touched_ledgers_sql(s customer_tier_internal.source, touched text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT customer, customer_tier.ledger_agg(sold_at::date, amount::numeric) AS ledger FROM %s WHERE customer IN (%s)', coalesce(s.capture, s.view), touched)
$$;
COMMENT ON FUNCTION customer_tier_internal.touched_ledgers_sql(customer_tier_internal.source, text) IS 'of a join: SQL for the ledgers of some customers, from the sales';

CREATE FUNCTION customer_tier_internal.grouped_sql() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT ' GROUP BY customer HAVING customer IS NOT NULL AND NOT customer_tier.is_empty(customer_tier.ledger_agg(sold_at::date, amount::numeric))'
$$;
COMMENT ON FUNCTION customer_tier_internal.grouped_sql() IS 'the end of touched_ledgers_sql';

-- customers by the keys of a table: the path through the tables that tie it
CREATE FUNCTION customer_tier_internal.path_sql(view regclass, n integer) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE link AS (SELECT * FROM customer_tier_internal.view_links($1)),
path AS (
  SELECT l.n, NULL::text AS sql FROM link AS l WHERE l.parent IS NULL
  UNION ALL
  SELECT l.n, CASE WHEN p.parent IS NULL
      THEN format('SELECT %s AS customer, %s AS key FROM %s', p.key, l.parent_key, customer_tier_internal.qualified(p.relation))
      ELSE format('SELECT m.customer, t.%s AS key FROM %s AS t JOIN (%s) AS m ON m.key %s t.%s', l.parent_key, customer_tier_internal.qualified(p.relation), path.sql, p.operator, p.key) END
  FROM path JOIN link AS l ON l.parent = path.n JOIN link AS p ON p.n = path.n)
SELECT sql FROM path WHERE path.n = $2
$$;
COMMENT ON FUNCTION customer_tier_internal.path_sql(regclass, integer) IS 'support of track: SQL for the customers of each key of a table of a join';

CREATE FUNCTION customer_tier_internal.make_touches(s customer_tier_internal.source, place text, name text) RETURNS regclass[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  touches regclass[] := '{}';
  touched text[] := '{}';
  t record;
  key_type text;
  view text;
  queue text;
BEGIN
  FOR t IN
      SELECT l.n, l.relation, l.key, l.parent, l.operator FROM customer_tier_internal.view_links(s.view) AS l
      UNION ALL
      -- where customers are not found, that something was touched
      SELECT (row_number() OVER (ORDER BY b))::integer, b, '0', NULL, NULL FROM unnest(customer_tier_internal.tables_of(s.view)) AS b JOIN pg_class AS c ON c.oid = b
      WHERE NOT EXISTS (SELECT FROM customer_tier_internal.view_links(s.view)) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
        AND c.relnamespace <> 'pg_catalog'::regnamespace AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid AND c.relkind = 'r' OR inhrelid = c.oid)
        AND c.relowner = (SELECT relowner FROM pg_class WHERE oid = s.view)
      ORDER BY 1 LOOP
    view := format('%s.%I', place, name || '_touch' || t.n);
    queue := format('%s.%I', place, name || '_queue' || t.n);
    PERFORM customer_tier_internal.run(s.view, format('CREATE VIEW %s AS SELECT %s AS customer, ''2000-01-01''::pg_catalog.date AS sold_at, 0 AS amount FROM %s', view, t.key,
      customer_tier_internal.qualified(t.relation)));
    PERFORM customer_tier_internal.run(s.view, format('COMMENT ON VIEW %s IS %L', view, format('what is noted of a row of %s that is touched', t.relation)));
    PERFORM customer_tier_internal.make_queue(s.view, place, name || '_queue' || t.n);
    PERFORM customer_tier_internal.run(s.view, format('COMMENT ON TABLE %s IS %L', queue, format('rows of %s that were touched since the last refresh', t.relation)));
    touches := touches || view::regclass || queue::regclass;
    key_type := (SELECT format_type(atttypid, NULL) || coalesce((SELECT format(' COLLATE %I.%I', nspname, collname) FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = collnamespace
                   WHERE c.oid = attcollation AND attcollation <> (SELECT typcollation FROM pg_type WHERE oid = atttypid)), '')
                 FROM pg_attribute WHERE attrelid = view::regclass AND attnum = 1);
    touched := touched || CASE WHEN t.parent IS NULL
      THEN format('SELECT k.key AS customer FROM customer_tier_internal.group_sales((SELECT array_agg(pack) FROM %s)) AS k(key %s, ledger customer_tier.ledger)', queue, key_type)
      ELSE format('SELECT m.customer FROM (%s) AS m JOIN customer_tier_internal.group_sales((SELECT array_agg(pack) FROM %s)) AS k(key %s, ledger customer_tier.ledger) ON m.key %s k.key',
                  customer_tier_internal.path_sql(s.view, t.n), queue, key_type, t.operator) END;
  END LOOP;
  IF EXISTS (SELECT FROM customer_tier_internal.view_links(s.view)) THEN
    view := format('%s.%I', place, name || '_touched');
    PERFORM customer_tier_internal.run(s.view, format('CREATE VIEW %s AS %s', view, array_to_string(touched, ' UNION ')));
    PERFORM customer_tier_internal.run(s.view, format('COMMENT ON VIEW %s IS %L', view, 'the customers whose sales were touched since the last refresh'));
    touches := view::regclass || touches;
  END IF;
  RETURN nullif(touches, '{}');
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_touches(customer_tier_internal.source, text, text) IS
  'support of track: what notes the rows of joined tables that are touched';

CREATE FUNCTION customer_tier_internal.make_state(place text, name text, s customer_tier_internal.source, made_view boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY ARRAY[
      format($q$CREATE TABLE %s.%I (is_source customer_tier.is_source PRIMARY KEY, view regclass%s, capture regclass%s, ledger regclass%s,
        queue regclass%s, live regclass%s, touches regclass[]%s, made_view boolean DEFAULT %s, refreshed_at timestamptz, error text, failed_at timestamptz)$q$,
        place, name, customer_tier_internal.default_of(s.view), customer_tier_internal.default_of(s.capture), customer_tier_internal.default_of(s.ledger),
        customer_tier_internal.default_of(s.queue), customer_tier_internal.default_of(s.live),
        customer_tier_internal.default_of_touches(s.touches), CASE WHEN $4 THEN 'true' ELSE 'false' END),
      -- the defaults name the parts, and no number of a relation is stored
      format('INSERT INTO %s.%I VALUES (true, NULL, NULL, NULL, NULL, NULL, NULL, %L)', place, name, $4),
      format('GRANT SELECT (is_source, refreshed_at, failed_at) ON %s.%I TO pg_monitor', place, name)] LOOP
    PERFORM customer_tier_internal.run(s.view, command);
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_state(text, text, customer_tier_internal.source, boolean) IS 'support of track: the table that says what belongs to a source';

CREATE FUNCTION customer_tier_internal.default_of(part regclass) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(format(' DEFAULT %L::pg_catalog.regclass', $1), '') $$;
COMMENT ON FUNCTION customer_tier_internal.default_of(regclass) IS 'support of track: the default that names a part';

CREATE FUNCTION customer_tier_internal.default_of_touches(touches regclass[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT ' DEFAULT ARRAY[' || string_agg(format('%L::pg_catalog.regclass', t), ', ' ORDER BY i) || ']' FROM unnest($1) WITH ORDINALITY AS u(t, i) $$;
COMMENT ON FUNCTION customer_tier_internal.default_of_touches(regclass[]) IS 'support of track: the default that names the parts of a join';

-- what track(table, ...) writes; what is unqualified means what it means to the caller
CREATE FUNCTION customer_tier_internal.sale_view(source regclass, customer text, amount text, sold_at text, filter text, time_zone text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $$
DECLARE
  day text := customer_tier_internal.sale_expression($1, $4, 'sold_at');
BEGIN
  PERFORM '1970-01-01 00:00+00'::pg_catalog.timestamptz AT TIME ZONE $6;	-- an error now, not at the first sale
  RETURN pg_catalog.format('SELECT %s AS customer, %s AS sold_at, %s AS amount FROM %s', customer_tier_internal.sale_expression($1, $2, 'customer'),
    CASE customer_tier_internal.type_of($1, day)
      WHEN 'timestamp with time zone'::pg_catalog.regtype THEN
        CASE WHEN $6 IS NULL THEN day ELSE pg_catalog.format('((%s) AT TIME ZONE %L)::pg_catalog.date', day, $6) END
      WHEN 'timestamp without time zone'::pg_catalog.regtype THEN pg_catalog.format('(%s)::pg_catalog.date', day)
      ELSE day END,
    customer_tier_internal.sale_expression($1, $3, 'amount'), customer_tier_internal.qualified($1))
    || coalesce(' WHERE ' || customer_tier_internal.sale_expression($1, $5, 'filter'), '');
END $$;
COMMENT ON FUNCTION customer_tier_internal.sale_view(regclass, text, text, text, text, text) IS 'support of track: the query of the view that it writes';

CREATE FUNCTION customer_tier_internal.qualified(relation regclass) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT format('%I.%I', nspname, relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace WHERE c.oid = $1 $$;
COMMENT ON FUNCTION customer_tier_internal.qualified(regclass) IS 'the name of a relation, with its schema';

CREATE FUNCTION customer_tier_internal.type_of(relation regclass, expression text) RETURNS regtype
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT t FROM customer_tier_internal.as_owner($1, format('SELECT pg_typeof((SELECT %s FROM %s LIMIT 0))', expression, $1)) AS (t regtype));
END $$;
COMMENT ON FUNCTION customer_tier_internal.type_of(regclass, text) IS 'the type of an expression over a row, for who has the rights of the owner';

CREATE PROCEDURE customer_tier_internal.check_source(source regclass, capture text, is_view boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pg_class;
  what text;
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = $1;
  IF c.oid IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = 'there is no table to track';
  END IF;
  IF capture NOT IN ('statement', 'row', 'none') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown capture "%s"', capture),
      HINT = 'Writes are captured by statement, by row (a subscriber of logical replication needs that), or not at all: statement, row, none.';
  END IF;
  PERFORM customer_tier_internal.check_owner($1);
  what := CASE WHEN c.relpersistence = 't' THEN 'is temporary'
               WHEN is_view AND c.relkind <> 'v' THEN 'is no view'
               WHEN is_view OR (capture = 'none' AND c.relkind IN ('v', 'm', 'f')) THEN NULL
               WHEN c.relkind = 'v' THEN 'is a view' WHEN c.relkind = 'm' THEN 'is a materialized view' WHEN c.relkind = 'f' THEN 'is a foreign table'
               WHEN c.relkind NOT IN ('r', 'p') THEN 'is no table'
               WHEN c.relispartition THEN 'is a partition'
               WHEN capture IS DISTINCT FROM 'none' AND c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE $1 IN (inhrelid, inhparent)) THEN 'inherits or is inherited from' END;
  IF what IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('%s %s', $1, what),
      HINT = CASE what WHEN 'is temporary' THEN 'Track a table that lasts.' WHEN 'is a partition' THEN 'Track the table it is a partition of.'
                       WHEN 'is no view' THEN 'Of a table, say customer, amount and sold_at.'
                       WHEN 'is a view' THEN 'Track a view of the columns customer, sold_at and amount by its name alone.'
                       ELSE 'Its writes cannot be captured. Use capture => ''none'' and CALL customer_tier.rebuild_source when you need it.' END;
  END IF;
  IF is_view THEN
    what := (SELECT string_agg(name, ', ' ORDER BY i) FROM unnest('{customer, sold_at, amount}'::text[]) WITH ORDINALITY AS u(name, i)
             WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = $1 AND attname = name AND NOT attisdropped));
    IF what IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = format('view %s has no column %s', $1, what),
        HINT = 'The view of a source has a row for each sale, and the columns customer, sold_at and amount.';
    END IF;
  END IF;
END $$;
COMMENT ON PROCEDURE customer_tier_internal.check_source(regclass, text, boolean) IS 'support of track: refuses what cannot be tracked';

CREATE PROCEDURE customer_tier_internal.may_commit(INOUT possible boolean DEFAULT NULL)
AS 'MODULE_PATHNAME', 'customer_tier_may_commit'
LANGUAGE C;
COMMENT ON PROCEDURE customer_tier_internal.may_commit(boolean) IS
  'whether the procedure that calls this may commit: not within a transaction that somebody else began';

-- No search_path here: a procedure with one may not commit, and names in the expressions
-- mean what they mean to the caller.
CREATE PROCEDURE customer_tier.track(source regclass, customer text DEFAULT NULL, amount text DEFAULT NULL, sold_at text DEFAULT NULL,
  filter text DEFAULT NULL, time_zone text DEFAULT NULL, capture text DEFAULT NULL, name text DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
  by_view boolean := coalesce($2, $3, $4, $5, $6, $8) IS NULL;
  v pg_catalog.regclass := $1;
  possible boolean;
BEGIN
  CALL customer_tier_internal.check_source($1, $7, by_view);
  IF NOT by_view THEN
    IF $2 IS NULL OR $3 IS NULL OR $4 IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'customer, amount and sold_at are needed to track a table',
        HINT = 'Each is an expression over a row of the table.';
    END IF;
    v := customer_tier_internal.make_view($1, $8, customer_tier_internal.sale_view($1, $2, $3, $4, $5, $6));
  END IF;
  IF (customer_tier_internal.source_or_null(v)).state IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_object', MESSAGE = pg_catalog.format('%s is tracked already', v),
      HINT = pg_catalog.format('CALL customer_tier.untrack(%L) first, or alter_source to change it.', v);
  END IF;
  CALL customer_tier_internal.make_source(v, NOT by_view, $7);
  -- writers wait for the triggers, not for the ledgers
  CALL customer_tier_internal.may_commit(possible);
  IF possible THEN
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  END IF;
  CALL customer_tier_internal.attempt(v, true);
END $$;
COMMENT ON PROCEDURE customer_tier.track(regclass, text, text, text, text, text, text, text) IS
  'keeps the ledgers of a table of sales, by expressions over its row, or of a view of customer, sold_at and amount';

-- with the privileges and the search_path of the owner
CREATE FUNCTION customer_tier_internal.make_view(sales regclass, name text, query text) RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pg_class;
  place text;
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = $1;
  place := (SELECT quote_ident(nspname) FROM pg_namespace WHERE oid = c.relnamespace);
  name := coalesce(name, customer_tier_internal.stem(c.relname) || '_sale');
  IF (customer_tier_internal.source_or_null(to_regclass(format('%s.%I', place, name)))).state IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_object', MESSAGE = format('%s is tracked already', $1),
      HINT = format('CALL customer_tier.untrack(%L) first, or alter_source to change it; name => makes another source of the table.', $1);
  END IF;
  PERFORM customer_tier_internal.check_free(c.relnamespace, ARRAY[name]);
  PERFORM customer_tier_internal.run($1, format('CREATE VIEW %s.%I AS %s', place, name, query));
  PERFORM customer_tier_internal.run($1, format('COMMENT ON VIEW %s.%I IS %L', place, name, format('the sales of %s: a row for each, made by track', $1)));
  RETURN format('%s.%I', place, name)::regclass;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_view(regclass, text, text) IS 'support of track: the view that a table of sales is tracked by';

--
-- Keeping it
--
CREATE FUNCTION customer_tier_internal.lock_source(s customer_tier_internal.source, mode text DEFAULT 'SHARE UPDATE EXCLUSIVE') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM customer_tier_internal.run(s.state, format('LOCK TABLE %s IN %s MODE', s.ledger, mode));
END $$;
COMMENT ON FUNCTION customer_tier_internal.lock_source(customer_tier_internal.source, text) IS 'one refresh at a time; readers and writers go on';

CREATE PROCEDURE customer_tier_internal.make_ledgers(source regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
  p record;
BEGIN
  PERFORM customer_tier_internal.require_read_committed();
  SELECT * INTO p FROM customer_tier_internal.source_parts(s);
  -- locks before the snapshot: no TRUNCATE comes between, and there is one refresher
  PERFORM customer_tier_internal.run(s.state, p.lock_sales);
  PERFORM customer_tier_internal.lock_source(s);
  -- one statement, one snapshot: the sales and the queue of that moment
  PERFORM customer_tier_internal.run(s.state, format($q$
    WITH %1$sdiffer AS MATERIALIZED (
      SELECT f.customer AS found, f.ledger, l.customer AS kept
      FROM (SELECT * FROM %2$s) AS f FULL JOIN %3$s AS l ON l.customer %4$s f.customer
      WHERE f.ledger IS NULL OR l.ledger IS NULL OR f.ledger OPERATOR(customer_tier.<>) l.ledger),
    gone AS (DELETE FROM %3$s AS l USING differ AS d WHERE d.ledger IS NULL AND d.kept %4$s l.customer),
    other AS (UPDATE %3$s AS l SET ledger = d.ledger FROM differ AS d WHERE d.found %4$s l.customer)%5$s
    INSERT INTO %3$s (customer, ledger) SELECT found, ledger FROM differ WHERE kept IS NULL ORDER BY found
    $q$, customer_tier_internal.consume_sql(s), customer_tier_internal.rolled_up(s, p.columns), s.ledger, p.equal,
         customer_tier_internal.touch_sql(s.view, 'SELECT coalesce(found, kept) FROM differ')));
END $$;
COMMENT ON PROCEDURE customer_tier_internal.make_ledgers(regclass) IS 'support of rebuild_source: sales to ledgers, in one statement';

-- the queues that are taken with what they say made anew
CREATE FUNCTION customer_tier_internal.consume_sql(s customer_tier_internal.source) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(string_agg(format('consumed_%s AS (DELETE FROM %s), ', i, q), '' ORDER BY i), '')
FROM customer_tier_internal.captures(s) WITH ORDINALITY AS u(capture, q, base, i)
$$;
COMMENT ON FUNCTION customer_tier_internal.consume_sql(customer_tier_internal.source) IS 'support of rebuild_source: the queues of a source, emptied by the same statement';

CREATE PROCEDURE customer_tier_internal.merge(source regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
  p record;
  touch text;
BEGIN
  PERFORM customer_tier_internal.require_read_committed();
  SELECT * INTO p FROM customer_tier_internal.source_parts(s);
  -- a lock before the snapshot: one refresher at a time
  PERFORM customer_tier_internal.lock_source(s);
  IF s.touches IS NOT NULL THEN
    CALL customer_tier_internal.merge_touched(s, p.equal);
    RETURN;
  END IF;
  touch := customer_tier_internal.touch_sql(s.view, 'SELECT customer FROM changed');
  PERFORM FROM customer_tier_internal.as_owner(s.state, format('WITH changed AS MATERIALIZED (SELECT customer FROM customer_tier_internal.merge_queue(%L, %L) AS (customer %s))%s SELECT count(*) FROM changed',
    s.queue, s.ledger, p.customer_type, touch)) AS (n bigint);
END $$;
COMMENT ON PROCEDURE customer_tier_internal.merge(regclass) IS 'support of refresh_source: queue to ledgers, in one statement';

CREATE PROCEDURE customer_tier_internal.merge_touched(s customer_tier_internal.source, equal text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  all_touched boolean;
BEGIN
  SELECT x INTO all_touched FROM customer_tier_internal.as_owner(s.state, 'SELECT ' || customer_tier_internal.all_touched_sql(s)) AS (x boolean);
  IF all_touched THEN
    CALL customer_tier_internal.make_ledgers(s.state);
    RETURN;
  ELSIF customer_tier_internal.touched_view(s) IS NULL THEN
    RETURN;
  END IF;
  -- a marker that came meanwhile stays, and the next refresh makes all anew
  PERFORM customer_tier_internal.run(s.state, format($q$
    WITH %1$stouched AS MATERIALIZED (SELECT DISTINCT customer FROM %2$s WHERE customer IS NOT NULL),
    found AS MATERIALIZED (%3$s),
    differ AS MATERIALIZED (
      SELECT t.customer, l.customer AS kept, f.ledger
      FROM touched AS t LEFT JOIN found AS f ON f.customer %4$s t.customer LEFT JOIN %5$s AS l ON l.customer %4$s t.customer
      WHERE f.ledger IS NULL AND l.ledger IS NOT NULL OR f.ledger IS NOT NULL AND l.ledger IS NULL OR f.ledger OPERATOR(customer_tier.<>) l.ledger),
    gone AS (DELETE FROM %5$s AS l USING differ AS d WHERE d.ledger IS NULL AND d.kept %4$s l.customer),
    other AS (UPDATE %5$s AS l SET ledger = d.ledger FROM differ AS d WHERE d.ledger IS NOT NULL AND d.kept %4$s l.customer)%6$s
    INSERT INTO %5$s (customer, ledger) SELECT customer, ledger FROM differ WHERE kept IS NULL ORDER BY customer
    $q$, (SELECT string_agg(format('consumed_%s AS (DELETE FROM %s WHERE pack IS NOT NULL), ', i, queue), '' ORDER BY i) FROM customer_tier_internal.captures(s) WITH ORDINALITY AS c(capture, queue, base, i)),
    customer_tier_internal.touched_view(s), customer_tier_internal.touched_ledgers_sql(s, 'SELECT customer FROM touched') || customer_tier_internal.grouped_sql(),
    equal, s.ledger, customer_tier_internal.touch_sql(s.view, 'SELECT customer FROM differ')));
END $$;
COMMENT ON PROCEDURE customer_tier_internal.merge_touched(customer_tier_internal.source, text) IS
  'support of refresh_source: the ledgers of the customers whose sales in a join were touched, from the sales';

CREATE PROCEDURE customer_tier_internal.note(source regclass, error text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.source_or_null($1);
BEGIN
  IF s.state IS NOT NULL THEN
    -- where a dump without data was restored, there is no row yet; the parts are not stored
    PERFORM customer_tier_internal.run(s.state, format($q$
      INSERT INTO %1$s AS x (is_source, view, capture, ledger, queue, live, touches, refreshed_at, error, failed_at)
      VALUES (true, NULL, NULL, NULL, NULL, NULL, NULL, CASE WHEN %2$L IS NULL THEN clock_timestamp() END, %2$L, CASE WHEN %2$L IS NOT NULL THEN clock_timestamp() END)
      ON CONFLICT (is_source) DO UPDATE SET refreshed_at = coalesce(excluded.refreshed_at, x.refreshed_at), error = excluded.error, failed_at = excluded.failed_at
      $q$, s.state, $2));
  END IF;
END $$;
COMMENT ON PROCEDURE customer_tier_internal.note(regclass, text) IS 'support of refresh_source and rebuild_source: how it went';

-- no search_path here: a procedure with one may not commit
CREATE PROCEDURE customer_tier_internal.attempt(source regclass, anew boolean)
LANGUAGE plpgsql
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
  state text;
  message text;
  detail text;
  context text;
  hint text;
  possible boolean;
BEGIN
  CALL customer_tier_internal.may_commit(possible);
  BEGIN
    -- where the first fill did not come to its end, there is nothing to merge into
    IF anew OR s.refreshed_at IS NULL OR (s.queue IS NULL AND s.touches IS NULL) THEN
      CALL customer_tier_internal.make_ledgers($1);
    ELSE
      CALL customer_tier_internal.merge($1);
    END IF;
    CALL customer_tier_internal.note($1, NULL);
    RETURN;
  EXCEPTION WHEN OTHERS THEN
    -- the note of it would not outlive somebody else's transaction
    IF NOT possible THEN
      RAISE;
    END IF;
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, context = PG_EXCEPTION_CONTEXT, hint = PG_EXCEPTION_HINT;
  END;
  CALL customer_tier_internal.note($1, message);
  COMMIT;
  -- a session that waited for untrack() gets the error that the source is not tracked
  IF state = '42P01' THEN
    PERFORM customer_tier_internal.source_of($1);
  END IF;
  -- where it was, but for our own statements
  RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message,
    DETAIL = coalesce(nullif(detail, ''), pg_catalog.format('In the sales of %s.', coalesce(s.sales, s.view))),
    HINT = coalesce(nullif(hint, ''), CASE
      WHEN s.refreshed_at IS NULL THEN pg_catalog.format('The source is there, but has no ledgers yet. CALL customer_tier.refresh_source(%L) tries again; if a sale is in the way that cannot be changed now, untrack, mend it, and track again.', $1)
      ELSE 'All is as it was before. The view customer_tier.sources keeps this error until it goes well.' END);
END $$;
COMMENT ON PROCEDURE customer_tier_internal.attempt(regclass, boolean) IS 'support of refresh_source and rebuild_source: does it, or notes why not';

CREATE PROCEDURE customer_tier.rebuild_source(source regclass)
LANGUAGE plpgsql
AS $$
BEGIN
  IF customer_tier_internal.changed(customer_tier_internal.own_source($1)) THEN
    CALL customer_tier.alter_source($1);
  ELSE
    CALL customer_tier_internal.attempt($1, true);
  END IF;
END $$;
COMMENT ON PROCEDURE customer_tier.rebuild_source(regclass) IS 'makes the ledgers of a source anew from its sales; writes only what differs';

CREATE PROCEDURE customer_tier.refresh_source(source regclass)
LANGUAGE plpgsql
AS $$
BEGIN
  CALL customer_tier_internal.attempt($1, false);
END $$;
COMMENT ON PROCEDURE customer_tier.refresh_source(regclass) IS 'merges what has been written to the sales of a source into its ledgers';

CREATE FUNCTION customer_tier.verify_source(source regclass, repair boolean DEFAULT false, OUT customer text, OUT kept customer_tier.ledger, OUT found customer_tier.ledger) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
  p record;
  n bigint;
BEGIN
  SELECT * INTO p FROM customer_tier_internal.source_parts(s);
  -- the lock comes before the snapshot
  PERFORM customer_tier_internal.run(s.state, p.lock_sales);
  RETURN QUERY SELECT * FROM customer_tier_internal.as_owner(s.state, format($q$
    SELECT coalesce(f.customer, l.customer)::text, coalesce(l.ledger, '{}'), coalesce(f.ledger, '{}')
    FROM (SELECT * FROM %1$s) AS f FULL JOIN %2$s AS l ON l.customer %3$s f.customer
    WHERE coalesce(l.ledger, '{}') OPERATOR(customer_tier.<>) coalesce(f.ledger, '{}') ORDER BY 1
    $q$, customer_tier_internal.rolled_up(s, p.columns), s.live, p.equal)) AS (customer text, kept customer_tier.ledger, found customer_tier.ledger);
  GET DIAGNOSTICS n = ROW_COUNT;
  IF repair AND n > 0 THEN
    CALL customer_tier.rebuild_source($1);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier.verify_source(regclass, boolean) IS
  'the customers whose ledger, with what is pending, is not what their sales give: none, unless writes were not captured; with repair they are mended';

CREATE FUNCTION customer_tier.ledger_of(source regclass, customer anyelement) RETURNS customer_tier.ledger
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.source_of($1);
  found customer_tier.ledger;
BEGIN
  IF s.touches IS NULL THEN
    RETURN customer_tier_internal.ledger_of_state(s.state, $2);
  END IF;
  EXECUTE format('SELECT ledger FROM %s WHERE customer %s $1', s.live, (SELECT equal FROM customer_tier_internal.source_parts(s))) INTO found USING $2;
  RETURN coalesce(found, '{}'::customer_tier.ledger);
END $$;
COMMENT ON FUNCTION customer_tier.ledger_of(regclass, anyelement) IS
  'the ledger of one customer with what is pending, for who may read the live view; an empty one for nobody';

--
-- Changing it, and letting go of it
--
CREATE FUNCTION customer_tier_internal.named_parts(state regclass) RETURNS regclass[]
AS 'MODULE_PATHNAME', 'ct_named_parts'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.named_parts(regclass) IS 'the parts that a state names, whoever owns them';

CREATE FUNCTION customer_tier_internal.trigger_parts(relation regclass) RETURNS regclass[]
AS 'MODULE_PATHNAME', 'ct_trigger_parts'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.trigger_parts(regclass) IS 'the parts that the triggers of a table of sales name, whoever owns them';

-- Who changed the owner of the sales gives the new one the parts, too.  Triggers and states are their
-- owners' input, and the caller may be a superuser: so it is all that one owner has of a source, every
-- table of which belongs to the new owner by now, or nothing.
CREATE FUNCTION customer_tier_internal.give_parts(sales regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  taker oid := (SELECT relowner FROM pg_class WHERE oid = $1);
  named regclass[] := customer_tier_internal.trigger_parts($1);
  st record;
  part record;
BEGIN
  FOR st IN SELECT c.oid::regclass AS state, c.relowner AS giver, customer_tier_internal.named_parts(c.oid::regclass) AS parts
            FROM unnest(named) AS n JOIN pg_class AS c ON c.oid = n
            WHERE c.relkind = 'r' AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND atttypid = 'customer_tier.is_source'::regtype) ORDER BY 1 LOOP
    FOR part IN SELECT c.oid::regclass AS relation, CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind, c.relowner <> st.giver AS strays
                FROM pg_class AS c WHERE c.oid = ANY (st.state || st.parts) AND c.relowner <> taker ORDER BY strays DESC, 1 LOOP
      IF part.strays OR NOT EXISTS (SELECT FROM unnest(named) AS n WHERE n = ANY (st.parts) AND (customer_tier_internal.flat_view(n)).base = $1)
         OR EXISTS (SELECT FROM unnest(st.parts) AS n JOIN pg_class AS v ON v.oid = n AND v.relkind = 'v', customer_tier_internal.flat_view(n) AS f JOIN pg_class AS c ON c.oid = f.base
                    WHERE c.relowner <> taker) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('%s does not belong to the owner of %s', part.relation, $1),
          HINT = format('ALTER %s %s OWNER TO %s; mends the source.', part.kind, part.relation, (SELECT quote_ident(rolname) FROM pg_roles WHERE oid = taker));
      END IF;
      EXECUTE format('ALTER %s %s OWNER TO %I', part.kind, part.relation, (SELECT rolname FROM pg_roles WHERE oid = taker));
    END LOOP;
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.give_parts(regclass) IS 'support of alter_source: all parts to the owner of the sales, with the rights of the caller';

CREATE FUNCTION customer_tier_internal.drop_triggers(sales regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = $1 AND tgfoid = 'customer_tier_internal.capture()'::regprocedure LOOP
    PERFORM customer_tier_internal.run($1, format('DROP TRIGGER %I ON %s', t.tgname, $1));
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.drop_triggers(regclass) IS 'support of untrack: the triggers of a table of sales';

CREATE FUNCTION customer_tier_internal.drop_source(s customer_tier_internal.source) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t regclass;
  part record;
BEGIN
  -- the triggers of the other sources of its tables
  FOR t IN SELECT DISTINCT c.base FROM customer_tier_internal.captures(s) AS c WHERE c.base IS NOT NULL ORDER BY 1 LOOP
    PERFORM customer_tier_internal.make_triggers(t, NULL, s.state);
  END LOOP;
  -- readers before what they read; a session that waited for this finds the state gone
  FOR part IN SELECT c.oid::regclass AS relation, c.relkind
              FROM unnest(ARRAY[s.state, s.live, customer_tier_internal.touched_view(s), s.capture] || s.touches || s.queue || s.ledger || CASE WHEN s.made_view THEN s.view END) WITH ORDINALITY AS u(oid, i)
                   JOIN pg_class AS c ON c.oid = u.oid GROUP BY c.oid, c.relkind ORDER BY min(i) LOOP
    PERFORM customer_tier_internal.run(part.relation, format('DROP %s %s', CASE part.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, part.relation));
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.drop_source(customer_tier_internal.source) IS 'support of untrack: what track made';

CREATE PROCEDURE customer_tier.untrack(source regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.source_of($1);
  drops text := (SELECT string_agg(format('SELECT customer_tier.drop_scheme(%L);', scheme), ' ') FROM customer_tier.scheme AS x WHERE x.source = s.view);
BEGIN
  PERFORM customer_tier_internal.check_owner(s.state);
  IF drops IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_in_use', MESSAGE = format('%s has schemes', $1), HINT = 'First ' || drops;
  END IF;
  PERFORM customer_tier_internal.drop_source(s);
END $$;
COMMENT ON PROCEDURE customer_tier.untrack(regclass) IS 'lets go of a source: drops its triggers, its ledgers, its queue, and its view if track made it';

CREATE PROCEDURE customer_tier.untrack_all()
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  w customer_tier_internal.watched;
  s customer_tier_internal.source;
BEGIN
  FOR w IN SELECT * FROM customer_tier_internal.find_watched(wait => true) AS f WHERE pg_has_role(f.owner, 'USAGE') ORDER BY f.state LOOP
    PERFORM customer_tier.stop_refresh_on_change(w.state);
  END LOOP;
  -- also those that somebody keeps locked
  FOR s IN SELECT f.* FROM (SELECT DISTINCT relowner FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid WHERE atttypid = 'customer_tier.is_source'::regtype AND pg_has_role(relowner, 'USAGE')) AS o,
                           customer_tier_internal.find_sources(o.relowner) AS f WHERE f.owner = o.relowner ORDER BY f.state LOOP
    CALL customer_tier.untrack(s.state);
  END LOOP;
END $$;
COMMENT ON PROCEDURE customer_tier.untrack_all() IS 'lets go of all sources of the caller''s and of all materialised views that are refreshed on change, also where the tables are gone; before DROP EXTENSION';

CREATE PROCEDURE customer_tier.refresh_all()
LANGUAGE plpgsql
AS $$
DECLARE
  s customer_tier_internal.source;
BEGIN
  FOR s IN SELECT * FROM customer_tier_internal.find_sources() AS f WHERE pg_catalog.pg_has_role(f.owner, 'USAGE') AND f.view IS NOT NULL ORDER BY f.state LOOP
    CALL customer_tier.refresh_source(s.state);
  END LOOP;
END $$;
COMMENT ON PROCEDURE customer_tier.refresh_all() IS 'refreshes all sources of the caller''s, for a scheduler';

CREATE FUNCTION customer_tier_internal.grants_on(relation regclass) RETURNS text[]
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT array_agg(format('GRANT %s ON %s TO %s%s', privilege_type, $1, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END))
FROM pg_class AS c, aclexplode(relacl) LEFT JOIN pg_roles AS r ON r.oid = grantee
WHERE c.oid = $1 AND grantee <> relowner
$$;
COMMENT ON FUNCTION customer_tier_internal.grants_on(regclass) IS 'support of alter_source: the privileges on a relation, as commands';

CREATE FUNCTION customer_tier_internal.check_change(s customer_tier_internal.source, "column" name, type text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF ("column" IS NULL) <> (type IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a column is changed to a type: one of them is not said',
      HINT = 'For example alter_source(''sales'', "column" => ''amount'', type => ''numeric(14,2)'').';
  ELSIF "column" IS NOT NULL AND s.sales IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = format('source %s is not of one table', s.view),
      HINT = 'Untrack it, change the column, and track it again.';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_change(customer_tier_internal.source, name, text) IS 'support of alter_source';

-- No search_path here: names in the expressions mean what they mean to the caller.  All of it is
-- one transaction, in which nobody else writes to the sales.
CREATE PROCEDURE customer_tier.alter_source(source regclass, customer text DEFAULT NULL, amount text DEFAULT NULL, sold_at text DEFAULT NULL,
  filter text DEFAULT NULL, time_zone text DEFAULT NULL, capture text DEFAULT NULL, "column" name DEFAULT NULL, type text DEFAULT NULL, "using" text DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
  s customer_tier_internal.source;
  query text;
BEGIN
  PERFORM customer_tier_internal.require_read_committed();
  PERFORM customer_tier_internal.give_parts($1);
  s := customer_tier_internal.own_source($1);
  PERFORM customer_tier_internal.check_change(s, $8, $9);
  IF coalesce($2, $3, $4, $5, $6) IS NOT NULL THEN
    IF $2 IS NULL OR $3 IS NULL OR $4 IS NULL OR s.made_view IS NOT TRUE OR s.sales IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'customer, amount and sold_at are given together, for a view that track made',
        HINT = 'Of a view of your own, CREATE OR REPLACE VIEW, and then CALL customer_tier.alter_source of it.';
    END IF;
    query := customer_tier_internal.sale_view(s.sales, $2, $3, $4, $5, $6);
  END IF;
  CALL customer_tier_internal.change_source(s, query, $7, $8, $9, $10);
  CALL customer_tier_internal.make_ledgers(s.state);
  CALL customer_tier_internal.note(s.state, NULL);
END $$;
COMMENT ON PROCEDURE customer_tier.alter_source(regclass, text, text, text, text, text, text, name, text, text) IS
  'takes over what became of a source''s view and owner, or changes its expressions, its capture, or the type of a column of its sales; and makes the ledgers anew';

-- the defaults of a state name these parts from now on
CREATE FUNCTION customer_tier_internal.name_parts(s customer_tier_internal.source) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part record;
BEGIN
  FOR part IN SELECT * FROM (VALUES ('view', s.view), ('capture', s.capture), ('queue', s.queue), ('live', s.live)) AS x("column", relation) LOOP
    PERFORM customer_tier_internal.run(s.state, format('ALTER TABLE %s ALTER %I %s', s.state, part."column",
      coalesce('SET' || nullif(customer_tier_internal.default_of(part.relation), ''), 'DROP DEFAULT')));
  END LOOP;
  PERFORM customer_tier_internal.run(s.state, format('ALTER TABLE %s ALTER touches %s', s.state, coalesce('SET' || customer_tier_internal.default_of_touches(s.touches), 'DROP DEFAULT')));
END $$;
COMMENT ON FUNCTION customer_tier_internal.name_parts(customer_tier_internal.source) IS 'support of alter_source: what the state names';

CREATE PROCEDURE customer_tier_internal.change_source(s customer_tier_internal.source, query text, capture text, "column" name, type text, "using" text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  now_ customer_tier_internal.source := s;
  tables regclass[] := ARRAY(SELECT DISTINCT c.base FROM customer_tier_internal.captures(s) AS c WHERE c.base IS NOT NULL);
  place text := (SELECT quote_ident(nspname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace WHERE c.oid = s.state);
  name text := (SELECT regexp_replace(relname, '_source$', '') FROM pg_class WHERE oid = s.state);
  new_query text := coalesce(query, CASE WHEN "column" IS NOT NULL THEN pg_get_viewdef(s.view) END);
  view_name text := customer_tier_internal.qualified(s.view);
  view_grants text[] := customer_tier_internal.grants_on(s.view);
  view_comment text := obj_description(s.view, 'pg_class');
  live_grants text[] := customer_tier_internal.grants_on(s.live);
  customer record;
  t regclass;
  command text;
BEGIN
  FOREACH t IN ARRAY tables LOOP
    capture := coalesce(capture, CASE WHEN customer_tier_internal.by_row(t) THEN 'row' END);
    PERFORM customer_tier_internal.run(t, format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', t));
    PERFORM customer_tier_internal.make_triggers(t, capture, s.state);
  END LOOP;
  PERFORM customer_tier_internal.lock_source(s, 'ACCESS EXCLUSIVE');
  now_.view := CASE WHEN new_query IS NULL THEN s.view END;
  now_.capture := NULL;
  now_.queue := NULL;
  now_.live := NULL;
  now_.touches := NULL;
  PERFORM customer_tier_internal.name_parts(now_);
  FOR t IN SELECT c.oid FROM unnest(ARRAY[s.live, customer_tier_internal.touched_view(s), s.capture] || s.touches || s.queue || CASE WHEN new_query IS NOT NULL THEN s.view END) WITH ORDINALITY AS u(oid, i)
             JOIN pg_class AS c ON c.oid = u.oid GROUP BY c.oid ORDER BY min(i) LOOP
    PERFORM customer_tier_internal.run(t, format('DROP %s %s', CASE (SELECT relkind FROM pg_class WHERE oid = t) WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, t));
  END LOOP;
  IF "column" IS NOT NULL THEN
    PERFORM customer_tier_internal.run(s.sales, format('ALTER TABLE %s ALTER %I TYPE %s%s', s.sales, "column", type, ' USING ' || "using"));
  END IF;
  IF new_query IS NOT NULL THEN
    FOREACH command IN ARRAY ARRAY[format('CREATE VIEW %s AS %s', view_name, new_query), format('COMMENT ON VIEW %s IS %L', view_name, view_comment)] || view_grants LOOP
      PERFORM customer_tier_internal.run(s.state, command);
    END LOOP;
    now_.view := view_name;
  END IF;
  -- the ledgers are kept, unless their customers are of another type now
  SELECT format_type(v.atttypid, v.atttypmod) AS type, v.atttypid <> l.atttypid OR v.attcollation <> l.attcollation AS differs, v.attcollation INTO customer
  FROM pg_attribute AS v, pg_attribute AS l WHERE v.attrelid = now_.view AND v.attname = 'customer' AND l.attrelid = s.ledger AND l.attnum = 1;
  IF customer.differs THEN
    PERFORM customer_tier_internal.run(s.state, format('DELETE FROM %s', s.ledger));
    PERFORM customer_tier_internal.run(s.state, format('ALTER TABLE %s ALTER customer TYPE %s%s USING NULL', s.ledger, customer.type,
      (SELECT format(' COLLATE %I.%I', nspname, collname) FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = collnamespace WHERE c.oid = customer.attcollation)));
  END IF;
  now_ := customer_tier_internal.make_parts(now_, place, name, coalesce(capture, CASE WHEN s.queue IS NULL AND s.touches IS NULL THEN 'none' END));
  PERFORM customer_tier_internal.name_parts(now_);
  PERFORM customer_tier_internal.comment_parts(now_);
  FOREACH command IN ARRAY coalesce(live_grants, '{}') LOOP
    PERFORM customer_tier_internal.run(s.state, command);
  END LOOP;
  PERFORM customer_tier_internal.make_triggers(b, capture) FROM (SELECT DISTINCT base FROM customer_tier_internal.captures(now_)) AS x(b);
END $$;
COMMENT ON PROCEDURE customer_tier_internal.change_source(customer_tier_internal.source, text, text, name, text, text) IS 'support of alter_source';

--
-- Health
--
-- unlike pg_partition_tree, without a lock that somebody could keep
CREATE FUNCTION customer_tier_internal.partitions(root regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE p AS (
  SELECT inhrelid FROM pg_inherits WHERE inhparent = $1
  UNION ALL
  SELECT i.inhrelid FROM p JOIN pg_inherits AS i ON i.inhparent = p.inhrelid)
SELECT inhrelid::regclass FROM p
$$;
COMMENT ON FUNCTION customer_tier_internal.partitions(regclass) IS 'the partitions of a table, and theirs';

CREATE FUNCTION customer_tier_internal.captures_table(sales regclass, queue regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH t AS (
  SELECT tgname FROM pg_trigger AS t
  WHERE tgrelid = $1 AND tgfoid = 'customer_tier_internal.capture()'::regprocedure AND tgenabled = 'A'
    AND EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_trigger'::regclass AND objid = t.oid AND refclassid = 'pg_class'::regclass AND refobjid = $2))
SELECT (SELECT count(*) FROM t) = 4
  -- else every write fails
  AND o.owner = (SELECT relowner FROM pg_class WHERE oid = $1)
  AND NOT EXISTS (SELECT FROM pg_inherits JOIN pg_class AS c ON c.oid = inhparent WHERE $1 IN (inhrelid, inhparent) AND c.relkind = 'r')
  AND CASE WHEN 'customer_tier_change' IN (SELECT tgname FROM t)
    -- each partition has the trigger, and it fires always
    THEN NOT EXISTS (SELECT FROM customer_tier_internal.partitions($1) AS p JOIN pg_class AS c ON c.oid = p
                     WHERE c.relowner <> o.owner
                        OR NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = p AND tgfoid = 'customer_tier_internal.capture()'::regprocedure AND tgenabled = 'A'))
    -- triggers for statements do not see what a subscription writes
    ELSE NOT EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = $1) END
FROM (SELECT relowner AS owner FROM pg_class WHERE oid = $2) AS o
$$;
COMMENT ON FUNCTION customer_tier_internal.captures_table(regclass, regclass) IS 'whether nothing that is known writes to a table past its triggers';

CREATE FUNCTION customer_tier_internal.capturing(s customer_tier_internal.source) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN s.view IS NULL OR s.ledger IS NULL OR s.live IS NULL THEN false
  -- rebuilt only, or what it reads cannot be watched
  WHEN s.queue IS NULL AND s.touches IS NULL THEN CASE WHEN s.capture IS NOT NULL AND s.sales IS NOT NULL THEN false END
  WHEN NOT coalesce((SELECT bool_and(customer_tier_internal.captures_table(c.base, c.queue)) FROM customer_tier_internal.captures(s) AS c), false) THEN false
  WHEN s.touches IS NOT NULL AND EXISTS (SELECT FROM unnest(customer_tier_internal.tables_of(s.view)) AS t
                                         WHERE NOT EXISTS (SELECT FROM customer_tier_internal.captures(s) AS c WHERE c.base = t)) THEN NULL
  ELSE true END
$$;
COMMENT ON FUNCTION customer_tier_internal.capturing(customer_tier_internal.source) IS 'whether all writes to the sales are captured; null where nobody can know';

CREATE FUNCTION customer_tier_internal.changed(s customer_tier_internal.source) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN CASE WHEN s.view IS NULL THEN NULL WHEN s.capture IS NULL THEN false
    ELSE NOT coalesce(customer_tier_internal.same_source(s.view, s.capture), pg_get_viewdef(s.view) = pg_get_viewdef(s.capture)) END;
EXCEPTION WHEN OTHERS THEN
  -- a view of one owner's that cannot be planned hides nobody else's
  RETURN true;
END $$;
COMMENT ON FUNCTION customer_tier_internal.changed(customer_tier_internal.source) IS 'whether the view of a source is not what is captured';

CREATE VIEW customer_tier.sources AS
SELECT f.view AS source, f.sales, f.ledger, f.live, f.queue, customer_tier_internal.capturing(f) AS capturing, customer_tier_internal.changed(f) AS changed,
       h.pending, h.oldest_pending, h.queue_bytes, f.refreshed_at, f.error AS last_error, f.failed_at
FROM customer_tier_internal.find_sources() AS f,
     LATERAL (SELECT sum(q.pending)::bigint AS pending, min(q.oldest) AS oldest_pending, sum(pg_catalog.pg_relation_size(c.queue))::bigint AS queue_bytes
              FROM customer_tier_internal.captures(f) AS c, LATERAL customer_tier_internal.queue_health(c.queue) AS q) AS h;
GRANT SELECT ON customer_tier.sources TO PUBLIC;
COMMENT ON VIEW customer_tier.sources IS 'the sources whose state the caller may read: what belongs to them, and their health';
COMMENT ON COLUMN customer_tier.sources.source IS 'the view of its sales, which stands for it';
COMMENT ON COLUMN customer_tier.sources.sales IS 'the table of sales; null if the view joins several, or it is gone';
COMMENT ON COLUMN customer_tier.sources.ledger IS 'table of one ledger for each customer, as of the last refresh';
COMMENT ON COLUMN customer_tier.sources.live IS 'view of the ledgers with what is pending: right at any moment';
COMMENT ON COLUMN customer_tier.sources.queue IS 'table of what has been written since; null for a join, which has one for each table';
COMMENT ON COLUMN customer_tier.sources.capturing IS 'whether all writes are captured; false if something writes past the triggers, null where nobody can know';
COMMENT ON COLUMN customer_tier.sources.changed IS 'whether the view was replaced and is not what is captured: alter_source or rebuild_source takes it over';
COMMENT ON COLUMN customer_tier.sources.pending IS 'rows that were written, changed or deleted since the last refresh; null for who may not read that';
COMMENT ON COLUMN customer_tier.sources.oldest_pending IS 'when the oldest of them was written';
COMMENT ON COLUMN customer_tier.sources.queue_bytes IS 'size of the queue on disk';
COMMENT ON COLUMN customer_tier.sources.refreshed_at IS 'when the ledgers were refreshed or rebuilt last';
COMMENT ON COLUMN customer_tier.sources.last_error IS 'why that failed since; null if it did not';
COMMENT ON COLUMN customer_tier.sources.failed_at IS 'and when';
