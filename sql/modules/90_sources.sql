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

CREATE FUNCTION customer_tier_internal.find_sources() RETURNS SETOF customer_tier_internal.source
AS 'MODULE_PATHNAME', 'ct_find_sources'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 20;
COMMENT ON FUNCTION customer_tier_internal.find_sources() IS 'the sources whose state or live ledgers the caller may read';

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
BEGIN
  SELECT array_agg(f ORDER BY f.view) INTO found
  FROM customer_tier_internal.find_sources() AS f
  WHERE $1 IN (f.view, f.capture, f.ledger, f.queue, f.live, f.state);
  IF found IS NULL THEN
    SELECT array_agg(f ORDER BY f.view) INTO found FROM customer_tier_internal.find_sources() AS f
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
  ELSIF s.state IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('%s is not tracked', coalesce($1::text, 'null')),
      HINT = format('CALL customer_tier.track(%L, customer => ..., amount => ..., sold_at => ...);', $1);
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
  alien regclass;
BEGIN
  PERFORM customer_tier_internal.check_owner(coalesce(s.sales, s.state));
  SELECT x.oid INTO alien FROM pg_class AS x, pg_class AS state
  WHERE state.oid = s.state AND x.relowner <> state.relowner AND x.oid = ANY (ARRAY[s.sales, s.view, s.capture, s.ledger, s.queue, s.live]::oid[]);
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.own_source(regclass) IS 'source_of, and an error for who has not the rights of its owner';

-- how a source's statements name its parts
CREATE FUNCTION customer_tier_internal.source_parts(s customer_tier_internal.source,
  OUT customer_type text, OUT columns text, OUT equal text, OUT lock_sales text, OUT rolled_up text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  relations regclass[] := customer_tier_internal.tables_of(s.view);
  flat record;
BEGIN
  IF s.view IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = format('the sales of %s are gone', coalesce(s.ledger, s.state)),
      HINT = format('CALL customer_tier.untrack(%L);', coalesce(s.ledger, s.state));
  END IF;
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
  SELECT * INTO flat FROM customer_tier_internal.flat_view(coalesce(s.capture, s.view));
  rolled_up := format('customer_tier.roll_up(%L, %L) AS %s', flat.sale_query, flat.time_zone, columns);
END $$;
COMMENT ON FUNCTION customer_tier_internal.source_parts(customer_tier_internal.source) IS
  'how the statements of a source write its customers, and its ledgers made anew';

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

-- the sales table of the parts, which all triggers on it name
CREATE FUNCTION customer_tier_internal.make_triggers(sales regclass, capture text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  by_row boolean := capture = 'row' OR (SELECT relkind = 'p' FROM pg_class WHERE oid = $1)
    OR EXISTS (SELECT FROM pg_trigger WHERE tgrelid = $1 AND tgfoid = 'customer_tier_internal.capture()'::regprocedure AND tgname = 'customer_tier_change');
  parts text;
  t record;
BEGIN
  PERFORM customer_tier_internal.run($1, format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', $1));
  FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = $1 AND tgfoid = 'customer_tier_internal.capture()'::regprocedure LOOP
    PERFORM customer_tier_internal.run($1, format('DROP TRIGGER %I ON %s', t.tgname, $1));
  END LOOP;
  SELECT string_agg(format('%L::pg_catalog.regclass, %L::pg_catalog.regclass, %L::pg_catalog.regclass', f.capture, f.queue, f.state), ', ' ORDER BY f.view) INTO parts
  FROM customer_tier_internal.find_sources() AS f WHERE f.sales = $1 AND f.queue IS NOT NULL AND f.capture IS NOT NULL;
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
COMMENT ON FUNCTION customer_tier_internal.make_triggers(regclass, text) IS
  'the triggers on a table of sales, for all of its sources; none if it has none';

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

-- what track makes beside the view, as its owner
CREATE PROCEDURE customer_tier_internal.make_source(view regclass, made_view boolean, capture text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v pg_class;
  place text;
  name text;
  why text := customer_tier_internal.why_not_captured($1);
  flat record;
  part record;
  p record;
  s customer_tier_internal.source;
  touch record;
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
  s.ledger := format('%s.%I', place, name || '_ledger');
  IF EXISTS (SELECT FROM pg_attribute JOIN pg_type AS t ON t.oid = atttypid WHERE attrelid = s.ledger AND attnum = 1 AND typlen = -1 AND typelem <> 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch', MESSAGE = 'a customer cannot be an array', HINT = 'Make a row or a text of it.';
  END IF;
  PERFORM customer_tier_internal.run($1, format('ALTER TABLE %s ADD PRIMARY KEY (customer), ALTER COLUMN ledger SET NOT NULL', s.ledger));
  s.view := $1;
  s.sales := NULL;
  IF why IS NULL AND capture IS DISTINCT FROM 'none' THEN
    PERFORM customer_tier_internal.check_captured($1);
    SELECT * INTO flat FROM customer_tier_internal.flat_view($1);
    s.sales := flat.base;
    PERFORM customer_tier_internal.run($1, format('CREATE VIEW %s.%I AS %s', place, name || '_capture', flat.query));
    s.capture := format('%s.%I', place, name || '_capture');
    PERFORM customer_tier_internal.make_queue($1, place, name || '_delta');
    s.queue := format('%s.%I', place, name || '_delta');
  END IF;
  SELECT * INTO p FROM customer_tier_internal.source_parts(s);
  -- an error now, not at the first sale
  PERFORM FROM customer_tier_internal.as_owner($1, format('SELECT count(*) FROM customer_tier.roll_up(%L, %L) AS %s',
    (SELECT sale_query || ' LIMIT 0' FROM customer_tier_internal.flat_view(coalesce(s.capture, s.view))),
    (SELECT time_zone FROM customer_tier_internal.flat_view(coalesce(s.capture, s.view))), p.columns)) AS (x bigint);
  PERFORM customer_tier_internal.make_live($1, place, name || '_ledger_live', s, p.columns, p.equal);
  s.live := format('%s.%I', place, name || '_ledger_live');
  PERFORM customer_tier_internal.make_state(place, name || '_source', s, made_view);
  FOR part IN SELECT * FROM (VALUES (s.ledger, 'TABLE', 'ledgers of %s, as of the last refresh'), (s.queue, 'TABLE', 'what has been written to %s since the last refresh'),
      (s.live, 'VIEW', 'ledgers of %s, right at any moment'), (s.capture, 'VIEW', 'what capture reads of a row of %s'),
      (format('%s.%I', place, name || '_source')::regclass, 'TABLE', 'the state of the source %s, and, by the defaults of its columns, its parts')) AS x(relation, kind, comment)
      WHERE relation IS NOT NULL LOOP
    PERFORM customer_tier_internal.run($1, format('COMMENT ON %s %s IS %L', part.kind, part.relation, format(part.comment, coalesce(s.sales, s.view))));
  END LOOP;
  FOR part IN SELECT * FROM (VALUES (s.live, 'customer', 'the customer'), (s.live, 'ledger', 'what the customer bought, by day'),
      (s.ledger, 'customer', 'the customer'), (s.ledger, 'ledger', 'what the customer bought, by day')) AS x(relation, "column", comment) LOOP
    PERFORM customer_tier_internal.run($1, format('COMMENT ON COLUMN %s.%I IS %L', part.relation, part."column", part.comment));
  END LOOP;
  IF s.sales IS NOT NULL THEN
    PERFORM customer_tier_internal.make_triggers(s.sales, capture);
  END IF;
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

CREATE FUNCTION customer_tier_internal.make_live(relation regclass, place text, name text, s customer_tier_internal.source, columns text, equal text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF s.queue IS NULL THEN
    PERFORM customer_tier_internal.run($1, format('CREATE VIEW %s.%I AS SELECT customer, ledger FROM %s', place, name, s.ledger));
    RETURN;
  END IF;
  PERFORM customer_tier_internal.run($1, format($q$
    CREATE VIEW %1$s.%2$I AS
    WITH emptied AS (SELECT max(epoch) AS epoch FROM %4$s WHERE pack IS NULL),
    pending AS MATERIALIZED (
      SELECT customer, ledger
      FROM customer_tier_internal.group_sales((
        SELECT array_agg(pack) FROM %4$s WHERE pack IS NOT NULL AND epoch >= coalesce((SELECT epoch FROM emptied), 0))) AS %5$s),
    kept AS (SELECT customer, ledger FROM %3$s WHERE (SELECT epoch FROM emptied) IS NULL)
    SELECT k.customer, CASE WHEN p.customer IS NULL THEN k.ledger ELSE k.ledger OPERATOR(customer_tier.+) p.ledger END AS ledger
    FROM kept AS k LEFT JOIN pending AS p ON p.customer %6$s k.customer
    WHERE p.customer IS NULL OR NOT customer_tier.is_empty(k.ledger OPERATOR(customer_tier.+) p.ledger)
    UNION ALL
    SELECT p.customer, p.ledger FROM pending AS p
    WHERE NOT customer_tier.is_empty(p.ledger) AND NOT EXISTS (SELECT FROM kept AS k WHERE k.customer %6$s p.customer)
    $q$, place, name, s.ledger, s.queue, columns, equal));
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_live(regclass, text, text, customer_tier_internal.source, text, text) IS
  'support of track: the view of ledgers and queue together';

CREATE FUNCTION customer_tier_internal.make_state(place text, name text, s customer_tier_internal.source, made_view boolean) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY ARRAY[
      format($q$CREATE TABLE %s.%I (is_source customer_tier.is_source PRIMARY KEY, view regclass%s, capture regclass%s, ledger regclass%s,
        queue regclass%s, live regclass%s, touches regclass[]%s, made_view boolean, refreshed_at timestamptz, error text, failed_at timestamptz)$q$,
        place, name, customer_tier_internal.default_of(s.view), customer_tier_internal.default_of(s.capture), customer_tier_internal.default_of(s.ledger),
        customer_tier_internal.default_of(s.queue), customer_tier_internal.default_of(s.live),
        (SELECT ' DEFAULT ARRAY[' || string_agg(quote_literal(t) || '::pg_catalog.regclass', ', ' ORDER BY i) || ']' FROM unnest(s.touches) WITH ORDINALITY AS u(t, i))),
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
    $q$, customer_tier_internal.consume_sql(s), p.rolled_up, s.ledger, p.equal,
         customer_tier_internal.touch_sql(s.view, 'SELECT coalesce(found, kept) FROM differ')));
END $$;
COMMENT ON PROCEDURE customer_tier_internal.make_ledgers(regclass) IS 'support of rebuild_source: sales to ledgers, in one statement';

-- the queues that are taken with what they say made anew
CREATE FUNCTION customer_tier_internal.consume_sql(s customer_tier_internal.source) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(string_agg(format('consumed_%s AS (DELETE FROM %s), ', i, q), '' ORDER BY i), '')
FROM unnest(array_remove(ARRAY[s.queue] || s.touches, NULL)) WITH ORDINALITY AS u(q, i) JOIN pg_class AS c ON c.oid = q WHERE relkind = 'r'
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
  touch := customer_tier_internal.touch_sql(s.view, 'SELECT customer FROM changed');
  PERFORM FROM customer_tier_internal.as_owner(s.state, format('WITH changed AS MATERIALIZED (SELECT customer FROM customer_tier_internal.merge_queue(%L, %L) AS (customer %s))%s SELECT count(*) FROM changed',
    s.queue, s.ledger, p.customer_type, touch)) AS (n bigint);
END $$;
COMMENT ON PROCEDURE customer_tier_internal.merge(regclass) IS 'support of refresh_source: queue to ledgers, in one statement';

CREATE PROCEDURE customer_tier_internal.note(source regclass, error text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.source_or_null($1);
BEGIN
  IF s.state IS NOT NULL THEN
    PERFORM customer_tier_internal.run(s.state, CASE WHEN $2 IS NULL THEN format('UPDATE %s SET refreshed_at = clock_timestamp(), error = NULL, failed_at = NULL', s.state)
      ELSE format('UPDATE %s SET error = %L, failed_at = clock_timestamp()', s.state, $2) END);
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
  CALL customer_tier_internal.attempt($1, true);
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
    $q$, p.rolled_up, s.live, p.equal)) AS (customer text, kept customer_tier.ledger, found customer_tier.ledger);
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

-- who changed the owner of the sales gives the new one the parts, too
CREATE FUNCTION customer_tier_internal.give_parts(sales regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part record;
BEGIN
  FOR part IN
      SELECT DISTINCT c.oid::regclass AS relation, c.relkind, o.rolname
      FROM unnest(customer_tier_internal.trigger_parts($1)) AS t, pg_class AS sales JOIN pg_roles AS o ON o.oid = sales.relowner, pg_class AS c
      WHERE sales.oid = $1 AND c.relowner <> sales.relowner
        AND (c.oid = t OR c.oid IN (SELECT n FROM unnest(CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = t AND atttypid = 'customer_tier.is_source'::regtype)
                                                           THEN customer_tier_internal.named_parts(t) END) AS n)) LOOP
    EXECUTE format('ALTER %s %s OWNER TO %I', CASE part.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, part.relation, part.rolname);
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
  tables regclass[];
  by_row oid[];
  t regclass;
  part record;
BEGIN
  -- the tables whose triggers name a part of it
  tables := ARRAY(SELECT DISTINCT x.oid::regclass FROM (
      SELECT s.sales::oid UNION
      SELECT tgrelid FROM pg_depend AS d JOIN pg_trigger AS t ON t.oid = d.objid
      WHERE d.classid = 'pg_trigger'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (ARRAY[s.queue, s.capture, s.state]::oid[] || s.touches::oid[])
        AND tgfoid = 'customer_tier_internal.capture()'::regprocedure AND tgparentid = 0) AS x(oid)
    WHERE x.oid IS NOT NULL ORDER BY 1);
  by_row := ARRAY(SELECT tgrelid FROM pg_trigger WHERE tgrelid = ANY (tables::oid[]) AND tgfoid = 'customer_tier_internal.capture()'::regprocedure AND tgname = 'customer_tier_change');
  FOREACH t IN ARRAY tables LOOP
    PERFORM customer_tier_internal.run(t, format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', t));
    PERFORM customer_tier_internal.drop_triggers(t);
  END LOOP;
  -- a session that waited for this finds the state gone; its defaults name the rest
  FOR part IN SELECT c.oid::regclass AS relation, c.relkind FROM unnest(ARRAY[s.state, s.live, s.capture] || s.touches || s.queue || s.ledger || CASE WHEN s.made_view THEN s.view END)
                WITH ORDINALITY AS u(oid, i) JOIN pg_class AS c ON c.oid = u.oid ORDER BY i LOOP
    PERFORM customer_tier_internal.run(part.relation, format('DROP %s %s', CASE part.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, part.relation));
  END LOOP;
  -- those of its other sources
  FOREACH t IN ARRAY tables LOOP
    PERFORM customer_tier_internal.make_triggers(t, CASE WHEN t = ANY (by_row) THEN 'row' END);
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.drop_source(customer_tier_internal.source) IS 'support of untrack: what track made';

CREATE PROCEDURE customer_tier.untrack(source regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
  drops text := (SELECT string_agg(format('SELECT customer_tier.drop_scheme(%L);', scheme), ' ') FROM customer_tier.scheme AS x WHERE x.source = s.view);
BEGIN
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
  FOR w IN SELECT * FROM customer_tier_internal.find_watched() AS f WHERE pg_has_role(f.owner, 'USAGE') ORDER BY f.state LOOP
    PERFORM customer_tier.stop_refresh_on_change(w.state);
  END LOOP;
  FOR s IN SELECT * FROM customer_tier_internal.find_sources() AS f WHERE pg_has_role(f.owner, 'USAGE') ORDER BY f.state LOOP
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
