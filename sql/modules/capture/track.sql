-- track() and the creation of a source.

CREATE PROCEDURE customer_tier_internal.check_source(source regclass, capture text, is_view boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pg_class;
  what text;
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = $1;
  IF c.oid IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_table',
      MESSAGE = 'there is no table to track';
  END IF;
  IF capture NOT IN ('statement', 'row', 'none') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('unknown capture "%s"', capture),
      HINT = 'Writes are captured by statement, by row (a subscriber of logical replication needs that), '
             'or not at all: statement, row, none.';
  END IF;
  PERFORM customer_tier_internal.check_owner($1);
  what := CASE WHEN c.relpersistence = 't' THEN 'is temporary'
               WHEN is_view AND c.relkind <> 'v' THEN 'is not a view'
               WHEN is_view OR (capture = 'none' AND c.relkind IN ('v', 'm', 'f')) THEN NULL
               WHEN c.relkind = 'v' THEN 'is a view'
               WHEN c.relkind = 'm' THEN 'is a materialized view'
               WHEN c.relkind = 'f' THEN 'is a foreign table'
               WHEN c.relkind NOT IN ('r', 'p') THEN 'is no table'
               WHEN c.relispartition THEN 'is a partition'
               WHEN capture IS DISTINCT FROM 'none'
                 AND c.relkind = 'r'
                 AND EXISTS (SELECT FROM pg_inherits WHERE $1 IN (inhrelid, inhparent))
                 THEN 'inherits or is inherited from' END;
  IF what IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'wrong_object_type',
      MESSAGE = format('%s %s', $1, what),
      HINT = CASE what
               WHEN 'is temporary' THEN 'Track a table that lasts.'
               WHEN 'is a partition' THEN 'Track the table it is a partition of.'
               WHEN 'is not a view' THEN 'Of a table, say customer, amount and sold_at.'
               WHEN 'is a view' THEN 'Track a view of the columns customer, sold_at and amount by its name alone.'
               ELSE 'Its writes cannot be captured. Use capture => ''none'' '
                 'and CALL customer_tier.rebuild_source when you need it.' END;
  END IF;
  IF is_view THEN
    what := (SELECT string_agg(name, ', ' ORDER BY i)
             FROM unnest('{customer, sold_at, amount}'::text[]) WITH ORDINALITY AS u(name, i)
             WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = $1 AND attname = name AND NOT attisdropped));
    IF what IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'undefined_column',
        MESSAGE = format('view %s has no column %s', $1, what),
        HINT = 'The view of a source has a row for each sale, and the columns customer, sold_at and amount; and '
               'order_id, where the rows are lines of orders.';
    END IF;
  END IF;
END $$;
COMMENT ON PROCEDURE customer_tier_internal.check_source(regclass, text, boolean) IS
  'support of track: refuses what cannot be tracked';

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
    RAISE EXCEPTION USING ERRCODE = 'duplicate_object',
      MESSAGE = format('%s is tracked already', $1),
      HINT = format('CALL customer_tier.untrack(%L) first, or alter_source to change it; '
                    'name => makes another source of the table.', $1);
  END IF;
  PERFORM customer_tier_internal.check_free(c.relnamespace, ARRAY[name]);
  PERFORM customer_tier_internal.run($1, format('CREATE VIEW %s.%I AS %s', place, name, query));
  PERFORM customer_tier_internal.run($1,
    format('COMMENT ON VIEW %s.%I IS %L', place, name, format('the sales of %s: a row for each, made by track', $1)));
  RETURN format('%s.%I', place, name)::regclass;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_view(regclass, text, text) IS
  'support of track: the view that a table of sales is tracked by';

CREATE FUNCTION customer_tier_internal.default_of(part regclass) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(format(' DEFAULT %L::pg_catalog.regclass', $1), '') $$;
COMMENT ON FUNCTION customer_tier_internal.default_of(regclass) IS
  'support of track: the default that names a part';

CREATE FUNCTION customer_tier_internal.default_of_touches(touches regclass[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT ' DEFAULT ARRAY[' || string_agg(format('%L::pg_catalog.regclass', t), ', ' ORDER BY i) || ']'
  FROM unnest($1) WITH ORDINALITY AS u(t, i) $$;
COMMENT ON FUNCTION customer_tier_internal.default_of_touches(regclass[]) IS
  'support of track: the default that names the parts of a join';

CREATE FUNCTION customer_tier_internal.make_state(place text, name text, s customer_tier_internal.source,
  made_view boolean)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY ARRAY[
      format($q$CREATE TABLE %s.%I (is_source customer_tier.is_source PRIMARY KEY,
        view regclass%s, capture regclass%s, ledger regclass%s, queue regclass%s, live regclass%s,
        touches regclass[]%s, closed date, made_view boolean DEFAULT %s, refreshed_at timestamptz, error text,
          failed_at timestamptz)$q$,
        place, name, customer_tier_internal.default_of(s.view), customer_tier_internal.default_of(s.capture),
        customer_tier_internal.default_of(s.ledger), customer_tier_internal.default_of(s.queue),
        customer_tier_internal.default_of(s.live), customer_tier_internal.default_of_touches(s.touches),
        CASE WHEN $4 THEN 'true' ELSE 'false' END),
      -- nulls: the defaults name the parts, and a stored OID would not survive a dump
      format('INSERT INTO %s.%I VALUES (true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, %L)', place, name, $4),
      format('GRANT SELECT (is_source, refreshed_at, failed_at) ON %s.%I TO pg_monitor', place, name)] LOOP
    PERFORM customer_tier_internal.run(s.view, command);
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_state(text, text, customer_tier_internal.source, boolean) IS
  'support of track: the table that says what belongs to a source';

-- creates the captured view, the queues and the live view of a source that has its ledgers
CREATE FUNCTION customer_tier_internal.make_parts(INOUT s customer_tier_internal.source, place text, name text,
  capture text)
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
    -- a copy for triggers and refreshes, because the user may replace the view
    PERFORM customer_tier_internal.run(s.view,
      format('CREATE VIEW %s.%I AS %s', place, name || '_capture', coalesce(flat.query, pg_get_viewdef(s.view))));
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
  PERFORM FROM customer_tier_internal.as_owner(s.view,
    format('SELECT count(*) FROM customer_tier.roll_up(%L, %L) AS %s',
      flat.sale_query || ' LIMIT 0', flat.time_zone, p.columns)) AS (x bigint);
  PERFORM customer_tier_internal.run(s.view,
    format('CREATE VIEW %s.%I AS %s', place, name || '_ledger_live',
      customer_tier_internal.live_query(s, p.columns, p.equal)));
  s.live := format('%s.%I', place, name || '_ledger_live');
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_parts(customer_tier_internal.source, text, text, text) IS
  'support of track: what captures the sales of a view, and the live ledgers';

CREATE FUNCTION customer_tier_internal.comment_parts(s customer_tier_internal.source) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT customer_tier_internal.run(s.view,
  format('COMMENT ON %s %s IS %L', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, relation,
    format(comment, coalesce(s.sales, s.view))))
FROM (VALUES (s.ledger, 'ledgers of %s, as of the last refresh'),
             (s.queue, 'what has been written to %s since the last refresh'),
             (s.live, 'ledgers of %s, right at any moment'),
             (s.capture, 'the sales of %s as they are captured'),
             (s.state, 'the state of the source %s and, by the defaults of its columns, its parts'))
       AS x(relation, comment)
     JOIN pg_class AS c ON c.oid = relation;
SELECT customer_tier_internal.run(s.view, format('COMMENT ON COLUMN %s.%I IS %L', relation, "column", comment))
FROM unnest(ARRAY[s.ledger, s.live]) AS relation,
     (VALUES ('customer', 'the customer'),
             ('ledger', 'what the customer bought, by day')) AS x("column", comment)
$$;
COMMENT ON FUNCTION customer_tier_internal.comment_parts(customer_tier_internal.source) IS
  'support of track: the comments of what it makes';

-- creates, as the owner of the view, all parts but the view
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
  -- the customers of the ledgers have the type of the view
  PERFORM customer_tier_internal.run($1, format($q$
    CREATE TABLE %1$s.%2$I WITH (fillfactor = 90) AS
    SELECT customer, '{}'::customer_tier.ledger AS ledger FROM %3$s WITH NO DATA
    $q$, place, name || '_ledger', $1));
  s.view := $1;
  s.ledger := format('%s.%I', place, name || '_ledger');
  IF EXISTS (SELECT FROM pg_attribute
                  JOIN pg_type AS t ON t.oid = atttypid
             WHERE attrelid = s.ledger AND attnum = 1 AND typlen = -1 AND typelem <> 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch',
      MESSAGE = 'a customer cannot be an array',
      HINT = 'Make a row or a text of it.';
  END IF;
  PERFORM customer_tier_internal.run($1,
    format('ALTER TABLE %s ADD PRIMARY KEY (customer), ALTER COLUMN ledger SET NOT NULL', s.ledger));
  s := customer_tier_internal.make_parts(s, place, name, capture);
  PERFORM customer_tier_internal.make_state(place, name || '_source', s, made_view);
  s.state := format('%s.%I', place, name || '_source');
  PERFORM customer_tier_internal.comment_parts(s);
  PERFORM customer_tier_internal.make_triggers(b, capture)
    FROM (SELECT DISTINCT base FROM customer_tier_internal.captures(s)) AS x(b);
END $$;
COMMENT ON PROCEDURE customer_tier_internal.make_source(regclass, boolean, text) IS
  'support of track: the tables, the views and the triggers of a source';

-- No SET search_path: a procedure with it cannot commit, and names in the expressions are looked up
-- in the caller's.
CREATE PROCEDURE customer_tier.track(source regclass, customer text DEFAULT NULL, amount text DEFAULT NULL,
  sold_at text DEFAULT NULL, order_id text DEFAULT NULL, filter text DEFAULT NULL, time_zone text DEFAULT NULL,
  capture text DEFAULT NULL, name text DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
  by_view boolean := coalesce($2, $3, $4, $5, $6, $7, $9) IS NULL;
  v pg_catalog.regclass := $1;
  possible boolean;
BEGIN
  CALL customer_tier_internal.check_source($1, $8, by_view);
  IF NOT by_view THEN
    IF $2 IS NULL OR $3 IS NULL OR $4 IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
        MESSAGE = 'customer, amount and sold_at are needed to track a table',
        HINT = 'Each is an expression over a row of the table.';
    END IF;
    v := customer_tier_internal.make_view($1, $9, customer_tier_internal.sale_view($1, $2, $3, $4, $5, $6, $7));
  END IF;
  IF (customer_tier_internal.source_or_null(v)).state IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_object',
      MESSAGE = pg_catalog.format('%s is tracked already', v),
      HINT = pg_catalog.format('CALL customer_tier.untrack(%L) first, or alter_source to change it.', v);
  END IF;
  CALL customer_tier_internal.make_source(v, NOT by_view, $8);
  -- commit, so that writers wait only until the triggers exist, and not for the ledgers
  CALL customer_tier_internal.may_commit(possible);
  IF possible THEN
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  END IF;
  CALL customer_tier_internal.attempt(v, true);
END $$;
COMMENT ON PROCEDURE customer_tier.track(regclass, text, text, text, text, text, text, text, text) IS
  'keeps the ledgers of a table of sales, by expressions over its row, or of a view of customer, sold_at, amount and, '
  'where its rows are lines of orders, order_id';
