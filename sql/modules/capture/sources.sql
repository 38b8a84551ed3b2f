-- Sources: views of sales whose ledgers are kept.  Each source has a state beside the data: a table
-- with a column of this domain, whose column defaults name the parts.

CREATE DOMAIN customer_tier.is_source AS boolean CHECK (VALUE);
COMMENT ON DOMAIN customer_tier.is_source IS
  'marks a table as the state of a source, which names its parts';

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
  closed date,
  made_view boolean,
  refreshed_at timestamptz,
  error text,
  failed_at timestamptz
);
COMMENT ON TYPE customer_tier_internal.source IS
  'a source: its parts, null if they are gone, and the columns of its state';

CREATE FUNCTION customer_tier_internal.find_sources(whose oid DEFAULT 0::oid)
RETURNS SETOF customer_tier_internal.source
AS 'MODULE_PATHNAME', 'ct_find_sources'
LANGUAGE C STABLE PARALLEL RESTRICTED ROWS 20;
COMMENT ON FUNCTION customer_tier_internal.find_sources(oid) IS
  'the sources whose state or live ledgers the caller may read: those of one owner, or all but those that '
  'somebody keeps locked';

CREATE FUNCTION customer_tier_internal.named_parts(state regclass) RETURNS regclass[]
AS 'MODULE_PATHNAME', 'ct_named_parts'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.named_parts(regclass) IS
  'the parts that a state names, whoever owns them';

CREATE FUNCTION customer_tier_internal.trigger_parts(relation regclass) RETURNS regclass[]
AS 'MODULE_PATHNAME', 'ct_trigger_parts'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.trigger_parts(regclass) IS
  'the parts that the triggers of a table of sales name, whoever owns them';

-- finds a source by its view, by its table of sales if that has only one source, or by any of its parts
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
    SELECT array_agg(f ORDER BY f.view) INTO found
    FROM customer_tier_internal.find_sources(owner) AS f
    WHERE f.sales = $1;
  END IF;
  -- the captured view was dropped, or the sales have another owner now
  IF found IS NULL THEN
    SELECT array_agg(f ORDER BY f.view) INTO found
    FROM customer_tier_internal.find_sources() AS f
    WHERE f.made_view
      AND f.sales IS NULL
      AND EXISTS (SELECT FROM pg_rewrite AS r
                       JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                  WHERE r.ev_class = f.view AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1);
  END IF;
  IF cardinality(found) > 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'ambiguous_alias',
      MESSAGE = format('%s has several sources', $1),
      HINT = format('Name one by its view: %s.', (SELECT string_agg(view::text, ', ') FROM unnest(found)));
  END IF;
  RETURN found[1];
END $$;
COMMENT ON FUNCTION customer_tier_internal.source_or_null(regclass) IS
  'a source by its table of sales or one of its parts; null if there is none';

CREATE FUNCTION customer_tier_internal.source_of(relation regclass) RETURNS customer_tier_internal.source
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.source_or_null($1);
BEGIN
  IF s.state IS NULL AND $1 IS NOT NULL AND customer_tier_internal.is_owner($1) IS FALSE THEN
    PERFORM customer_tier_internal.check_owner($1);
  ELSIF s.state IS NULL
    AND EXISTS (SELECT FROM unnest(customer_tier_internal.trigger_parts($1)) AS n
                     JOIN pg_class AS c ON c.oid = n
                WHERE relowner <> (SELECT relowner FROM pg_class WHERE oid = $1)) THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('the source of %s does not belong to the owner of the sales', $1),
      HINT = format('CALL customer_tier.alter_source(%L); mends the source.', $1);
  ELSIF s.state IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object',
      MESSAGE = format('%s is not tracked', coalesce($1::text, 'null')),
      HINT = format(CASE (SELECT relkind FROM pg_class WHERE oid = $1)
                      WHEN 'v' THEN 'CALL customer_tier.track(%L);'
                      ELSE 'CALL customer_tier.track(%L, customer => ..., amount => ..., sold_at => ...);' END, $1);
  END IF;
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.source_of(regclass) IS
  'a source by its table of sales or one of its parts; an error if there is none';

-- the name of a source in messages
CREATE FUNCTION customer_tier_internal.source_name(s customer_tier_internal.source) RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(CASE WHEN (SELECT count(*)
                           FROM customer_tier_internal.find_sources(s.owner) AS f
                           WHERE f.sales = s.sales) = 1 THEN s.sales END, s.view, s.state)::text
$$;
COMMENT ON FUNCTION customer_tier_internal.source_name(customer_tier_internal.source) IS
  'how messages name a source: by its table of sales where that has one source, else by its view';

CREATE FUNCTION customer_tier_internal.check_whole(s customer_tier_internal.source) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF s.ledger IS NULL OR s.live IS NULL OR s.view IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('source %s has lost its %s', customer_tier_internal.source_name(s),
        CASE WHEN s.view IS NULL THEN 'view' WHEN s.ledger IS NULL THEN 'ledgers' ELSE 'live view' END),
      HINT = format('CALL customer_tier.untrack(%L) drops what is left; then it can be tracked again.', s.state);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_whole(customer_tier_internal.source) IS
  'an error for a source that has lost one of its parts';

CREATE FUNCTION customer_tier_internal.live_source(relation regclass) RETURNS customer_tier_internal.source
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.source_of($1);
BEGIN
  IF s.ledger IS NULL OR s.live IS NULL THEN
    PERFORM customer_tier_internal.check_whole(s);
  END IF;
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.live_source(regclass) IS
  'source_of, and an error if its ledgers cannot be read';

-- The caller's own sources come first, so that they are refreshed even if functions of another owner
-- hang.  Locked sources of other owners are left out.
CREATE FUNCTION customer_tier_internal.sources_to_refresh() RETURNS SETOF customer_tier_internal.source
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
WITH me AS (SELECT oid FROM pg_roles WHERE rolname = current_user)
SELECT f.*
FROM (SELECT f.* FROM me, customer_tier_internal.find_sources(me.oid) AS f
      UNION ALL
      SELECT f.* FROM me, customer_tier_internal.find_sources() AS f WHERE f.owner <> me.oid) AS f
WHERE pg_has_role(f.owner, 'USAGE') AND f.view IS NOT NULL
-- in the order in which refresh_scheme locks them
ORDER BY f.owner <> (SELECT oid FROM me), f.ledger
$$;
COMMENT ON FUNCTION customer_tier_internal.sources_to_refresh() IS
  'support of refresh_all: the sources that the caller has the rights to, the caller''s own first';

-- source_of, for callers that change the source
CREATE FUNCTION customer_tier_internal.own_source(relation regclass) RETURNS customer_tier_internal.source
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.source_of($1);
  stray record;
BEGIN
  PERFORM customer_tier_internal.check_owner(coalesce(s.sales, s.state));
  SELECT c.oid::regclass AS relation, CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind INTO stray
  FROM unnest(customer_tier_internal.named_parts(s.state)) AS n
       JOIN pg_class AS c ON c.oid = n
  WHERE c.relowner <> s.owner
  ORDER BY 1
  LIMIT 1;
  IF stray.relation IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('%s does not belong to the owner of source %s', stray.relation, s.state),
      HINT = format('ALTER %s %s OWNER TO %s; mends the source.', stray.kind, stray.relation,
        (SELECT quote_ident(rolname) FROM pg_roles WHERE oid = s.owner));
  END IF;
  PERFORM customer_tier_internal.check_whole(s);
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.own_source(regclass) IS
  'source_of, and an error if the caller does not have the privileges of its owner';

-- pieces of the statements of a source
CREATE FUNCTION customer_tier_internal.source_parts(s customer_tier_internal.source,
  OUT customer_type text, OUT columns text, OUT equal text, OUT lock_sales text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  relations regclass[] := customer_tier_internal.tables_of(s.view);
BEGIN
  SELECT format_type(atttypid, NULL),
         format_type(atttypid, NULL)
           || coalesce((SELECT format(' COLLATE %I.%I', nspname, collname)
                        FROM pg_collation AS c
                             JOIN pg_namespace AS n ON n.oid = collnamespace
                        WHERE c.oid = attcollation
                          AND attcollation <> (SELECT typcollation FROM pg_type WHERE oid = atttypid)), ''),
         customer_tier_internal.equality(atttypid)
  INTO customer_type, columns, equal
  FROM pg_attribute
  WHERE attrelid = s.ledger AND attnum = 1;
  columns := format('(customer %s, ledger customer_tier.ledger)', columns);
  -- relations that LOCK TABLE refuses cannot be truncated either
  lock_sales := coalesce((SELECT format('LOCK TABLE %s IN ACCESS SHARE MODE',
                                        string_agg(oid::regclass::text, ', ' ORDER BY oid))
                          FROM pg_class
                          WHERE oid = ANY (relations) AND relkind IN ('r', 'p')), 'SELECT 1 WHERE false');
END $$;
COMMENT ON FUNCTION customer_tier_internal.source_parts(customer_tier_internal.source) IS
  'how the statements of a source write its customers, and lock its sales';

CREATE FUNCTION customer_tier_internal.touched_view(s customer_tier_internal.source) RETURNS regclass
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN cardinality(s.touches) % 2 = 1 THEN s.touches[1] END $$;
COMMENT ON FUNCTION customer_tier_internal.touched_view(customer_tier_internal.source) IS
  'of a join: the view of the customers whose sales are touched; null if they cannot be found';

-- the captured view and the queue of each table of a source
CREATE FUNCTION customer_tier_internal.captures(s customer_tier_internal.source, OUT capture regclass,
  OUT queue regclass, OUT base regclass)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT c, q, (customer_tier_internal.flat_view(c)).base
FROM (SELECT s.capture, s.queue
      UNION ALL
      SELECT s.touches[i], s.touches[i + 1]
      FROM generate_series(1 + cardinality(s.touches) % 2, cardinality(s.touches), 2) AS i) AS x(c, q)
WHERE c IS NOT NULL AND q IS NOT NULL
$$;
COMMENT ON FUNCTION customer_tier_internal.captures(customer_tier_internal.source) IS
  'the captured views and the queues of the tables of a source';
