-- Changing and untracking sources.

-- After ALTER TABLE ... OWNER TO, gives the parts of the source to the new owner of the sales, too.
-- Triggers and states are user input, and the caller may be a superuser.  So either all parts of one
-- owner are given, if all tables of the source already belong to the new owner, or none.
CREATE FUNCTION customer_tier_internal.give_parts(sales regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  taker oid := (SELECT relowner FROM pg_class WHERE oid = $1);
  named regclass[] := customer_tier_internal.trigger_parts($1);
  st record;
  part record;
BEGIN
  FOR st IN SELECT c.oid::regclass AS state, c.relowner AS giver,
                   customer_tier_internal.named_parts(c.oid::regclass) AS parts
            FROM unnest(named) AS n
                 JOIN pg_class AS c ON c.oid = n
            WHERE c.relkind = 'r'
              AND EXISTS (SELECT FROM pg_attribute
                          WHERE attrelid = c.oid AND atttypid = 'customer_tier.is_source'::regtype)
            ORDER BY 1 LOOP
    FOR part IN SELECT c.oid::regclass AS relation, CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind,
                       c.relowner <> st.giver AS strays
                FROM pg_class AS c
                WHERE c.oid = ANY (st.state || st.parts) AND c.relowner <> taker
                ORDER BY strays DESC, 1 LOOP
      IF part.strays
        OR NOT EXISTS (SELECT FROM unnest(named) AS n
                       WHERE n = ANY (st.parts) AND (customer_tier_internal.flat_view(n)).base = $1)
        OR EXISTS (SELECT FROM unnest(st.parts) AS n
                        JOIN pg_class AS v ON v.oid = n AND v.relkind = 'v',
                        customer_tier_internal.flat_view(n) AS f
                        JOIN pg_class AS c ON c.oid = f.base
                   WHERE c.relowner <> taker) THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
          MESSAGE = format('%s does not belong to the owner of %s', part.relation, $1),
          HINT = format('ALTER %s %s OWNER TO %s; mends the source.', part.kind, part.relation,
            (SELECT quote_ident(rolname) FROM pg_roles WHERE oid = taker));
      END IF;
      EXECUTE format('ALTER %s %s OWNER TO %I', part.kind, part.relation,
        (SELECT rolname FROM pg_roles WHERE oid = taker));
      -- schemas may have been renamed while ALTER waited for a lock, so that it altered another relation
      IF (SELECT relowner FROM pg_class WHERE oid = part.relation) <> taker THEN
        RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
          MESSAGE = format('%s was renamed meanwhile', part.relation);
      END IF;
    END LOOP;
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.give_parts(regclass) IS
  'support of alter_source: all parts to the owner of the sales, with the rights of the caller';

CREATE FUNCTION customer_tier_internal.check_change(s customer_tier_internal.source, column_name name, column_type text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (column_name IS NULL) <> (column_type IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = 'a changed column needs both its name and its new type',
      HINT = 'For example alter_source(''sales'', column_name => ''amount'', column_type => ''numeric(14,2)'').';
  ELSIF column_name IS NOT NULL AND s.sales IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
      MESSAGE = format('source %s is not of one table', s.view),
      HINT = 'Untrack it, change the column, and track it again.';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_change(customer_tier_internal.source, name, text) IS
  'support of alter_source';

-- sets the defaults of a state, which name the parts
CREATE FUNCTION customer_tier_internal.name_parts(s customer_tier_internal.source) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part record;
BEGIN
  FOR part IN SELECT *
              FROM (VALUES ('view', s.view), ('capture', s.capture), ('queue', s.queue), ('live', s.live))
                AS x("column", relation) LOOP
    PERFORM customer_tier_internal.run(s.state, format('ALTER TABLE %s ALTER %I %s', s.state, part."column",
      coalesce('SET' || nullif(customer_tier_internal.default_of(part.relation), ''), 'DROP DEFAULT')));
  END LOOP;
  PERFORM customer_tier_internal.run(s.state,
    format('ALTER TABLE %s ALTER touches %s', s.state,
      coalesce('SET' || customer_tier_internal.default_of_touches(s.touches), 'DROP DEFAULT')));
END $$;
COMMENT ON FUNCTION customer_tier_internal.name_parts(customer_tier_internal.source) IS
  'support of alter_source: what the state names';

-- Any user can name a relation in a default, a trigger or a view, which keeps DROP from dropping it.
-- Objects whose owner may not read the relation are dropped with it; a reader's view prevents DROP.
CREATE FUNCTION customer_tier_internal.is_held_by_reader(relation regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH held AS (
  SELECT d.classid, d.objid,
         -- a default, trigger, rule, policy or constraint has the owner of its relation
         coalesce((SELECT adrelid FROM pg_attrdef WHERE oid = objid AND classid = 'pg_attrdef'::regclass),
                  (SELECT tgrelid FROM pg_trigger WHERE oid = objid AND classid = 'pg_trigger'::regclass),
                  (SELECT ev_class FROM pg_rewrite WHERE oid = objid AND classid = 'pg_rewrite'::regclass),
                  (SELECT polrelid FROM pg_policy WHERE oid = objid AND classid = 'pg_policy'::regclass),
                  (SELECT conrelid FROM pg_constraint
                   WHERE oid = objid AND conrelid <> 0 AND classid = 'pg_constraint'::regclass)) AS relation
  FROM pg_class AS c
       JOIN pg_type AS t ON t.oid = c.reltype,
       LATERAL (VALUES ('pg_class'::regclass, c.oid), ('pg_type'::regclass, t.oid), ('pg_type'::regclass, t.typarray))
         AS r(class, object)
       JOIN pg_depend AS d ON d.refclassid = r.class AND d.refobjid = r.object
  WHERE c.oid = $1 AND d.deptype = 'n')
SELECT EXISTS (
  SELECT FROM held
  WHERE relation IS DISTINCT FROM $1
    -- an object without an owner in pg_shdepend belongs to the bootstrap superuser
    AND coalesce((SELECT has_any_column_privilege(o.refobjid, $1, 'SELECT')
                  FROM pg_shdepend AS o
                  WHERE o.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND o.classid = CASE WHEN relation IS NULL THEN held.classid ELSE 'pg_class'::regclass END
                    AND o.objid = coalesce(relation, held.objid)
                    AND o.deptype = 'o'), true))
$$;
COMMENT ON FUNCTION customer_tier_internal.is_held_by_reader(regclass) IS
  'support of untrack and alter_source: whether an object depends on a part whose owner may read the part';

-- the caller lists views before the relations that they read
CREATE FUNCTION customer_tier_internal.drop_parts(parts regclass[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part record;
BEGIN
  FOR part IN SELECT c.oid::regclass AS relation, CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind
              FROM unnest(parts) WITH ORDINALITY AS u(oid, i)
                   JOIN pg_class AS c ON c.oid = u.oid
              GROUP BY c.oid, c.relkind
              ORDER BY min(i) LOOP
    PERFORM customer_tier_internal.run(part.relation, format('DROP %s %s%s', part.kind, part.relation,
      CASE WHEN NOT customer_tier_internal.is_held_by_reader(part.relation) THEN ' CASCADE' ELSE '' END));
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.drop_parts(regclass[]) IS
  'support of untrack and alter_source: drops parts of a source, in this order';

CREATE PROCEDURE customer_tier_internal.change_source(s customer_tier_internal.source, query text, capture text,
  column_name name, column_type text, using_expression text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  now_ customer_tier_internal.source := s;
  tables regclass[] := ARRAY(SELECT DISTINCT c.base
                             FROM customer_tier_internal.captures(s) AS c
                             WHERE c.base IS NOT NULL);
  place text := (SELECT quote_ident(nspname)
                 FROM pg_class AS c
                      JOIN pg_namespace AS n ON n.oid = relnamespace
                 WHERE c.oid = s.state);
  name text := (SELECT regexp_replace(relname, '_source$', '') FROM pg_class WHERE oid = s.state);
  new_query text := coalesce(query, CASE WHEN column_name IS NOT NULL THEN pg_get_viewdef(s.view) END);
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
  -- the queue is dropped, and the sales of closed days in it may have been archived
  IF s.closed IS NOT NULL AND s.queue IS NOT NULL THEN
    CALL customer_tier_internal.merge(s.state);
  END IF;
  now_.view := CASE WHEN new_query IS NULL THEN s.view END;
  now_.capture := NULL;
  now_.queue := NULL;
  now_.live := NULL;
  now_.touches := NULL;
  PERFORM customer_tier_internal.name_parts(now_);
  PERFORM customer_tier_internal.drop_parts(ARRAY[s.live, customer_tier_internal.touched_view(s), s.capture]
    || s.touches || s.queue || CASE WHEN new_query IS NOT NULL THEN s.view END);
  IF column_name IS NOT NULL THEN
    PERFORM customer_tier_internal.run(s.sales,
      format('ALTER TABLE %s ALTER %I TYPE %s%s', s.sales, column_name, column_type, ' USING ' || using_expression));
  END IF;
  IF new_query IS NOT NULL THEN
    FOREACH command IN ARRAY ARRAY[format('CREATE VIEW %s AS %s', view_name, new_query),
                                   format('COMMENT ON VIEW %s IS %L', view_name, view_comment)]
                               || ARRAY(SELECT format(g, view_name) FROM unnest(view_grants) AS g) LOOP
      PERFORM customer_tier_internal.run(s.state, command);
    END LOOP;
    now_.view := view_name;
  END IF;
  -- the ledgers are kept unless the type of customers has changed
  SELECT format_type(v.atttypid, v.atttypmod) AS type,
         v.atttypid <> l.atttypid OR v.attcollation <> l.attcollation AS differs, v.attcollation
  INTO customer
  FROM pg_attribute AS v, pg_attribute AS l
  WHERE v.attrelid = now_.view AND v.attname = 'customer' AND l.attrelid = s.ledger AND l.attnum = 1;
  IF customer.differs AND s.closed IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('%s has closed days of customers of another type than %s', view_name, customer.type),
      HINT = 'Track another source of that type; name => gives it a name.';
  ELSIF customer.differs THEN
    PERFORM customer_tier_internal.run(s.state, format('DELETE FROM %s', s.ledger));
    PERFORM customer_tier_internal.run(s.state,
      format('ALTER TABLE %s ALTER customer TYPE %s%s USING NULL', s.ledger, customer.type,
        (SELECT format(' COLLATE %I.%I', nspname, collname)
         FROM pg_collation AS c
              JOIN pg_namespace AS n ON n.oid = collnamespace
         WHERE c.oid = customer.attcollation)));
  END IF;
  now_ := customer_tier_internal.make_parts(now_, place, name,
    coalesce(capture, CASE WHEN s.queue IS NULL AND s.touches IS NULL THEN 'none' END));
  PERFORM customer_tier_internal.name_parts(now_);
  PERFORM customer_tier_internal.comment_parts(now_);
  FOREACH command IN ARRAY coalesce(live_grants, '{}') LOOP
    PERFORM customer_tier_internal.run(s.state, format(command, now_.live));
  END LOOP;
  PERFORM customer_tier_internal.make_triggers(b, capture)
    FROM (SELECT DISTINCT base FROM customer_tier_internal.captures(now_)) AS x(b);
END $$;
COMMENT ON PROCEDURE
  customer_tier_internal.change_source(customer_tier_internal.source, text, text, name, text, text) IS
  'support of alter_source';

-- No SET search_path: names in the expressions are looked up in the caller's.  All changes are made in
-- one transaction, which locks other writers out of the sales.
CREATE PROCEDURE customer_tier.alter_source(source regclass, customer text DEFAULT NULL, amount text DEFAULT NULL,
  sold_at text DEFAULT NULL, order_id text DEFAULT NULL, filter text DEFAULT NULL, time_zone text DEFAULT NULL,
  capture text DEFAULT NULL, column_name name DEFAULT NULL, column_type text DEFAULT NULL,
  using_expression text DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
  s customer_tier_internal.source;
  query text;
BEGIN
  PERFORM customer_tier_internal.require_read_committed();
  PERFORM customer_tier_internal.give_parts($1);
  s := customer_tier_internal.own_source($1);
  PERFORM customer_tier_internal.check_change(s, $9, $10);
  IF coalesce($2, $3, $4, $5, $6, $7) IS NOT NULL THEN
    IF $2 IS NULL OR $3 IS NULL OR $4 IS NULL OR s.made_view IS NOT TRUE OR s.sales IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
        MESSAGE = 'customer, amount and sold_at are given together, for a view that track made',
        HINT = 'Of a view of your own, CREATE OR REPLACE VIEW, and then CALL customer_tier.alter_source of it.';
    END IF;
    query := customer_tier_internal.sale_view(s.sales, $2, $3, $4, $5, $6, $7);
  END IF;
  CALL customer_tier_internal.change_source(s, query, $8, $9, $10, $11);
  CALL customer_tier_internal.make_ledgers(s.state);
  CALL customer_tier_internal.note(s.state, NULL);
END $$;
COMMENT ON PROCEDURE customer_tier.alter_source(regclass, text, text, text, text, text, text, text, name, text, text) IS
  'adopts a changed view or owner of a source, or changes its expressions, its capture, or the type of a column '
  'of its sales; rebuilds the ledgers';

CREATE FUNCTION customer_tier_internal.drop_source(s customer_tier_internal.source) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t regclass;
BEGIN
  -- the triggers of the other sources of its tables
  FOR t IN SELECT c.base FROM customer_tier_internal.captures(s) AS c WHERE c.base IS NOT NULL
           UNION
           -- also tables whose view or queue the state no longer names
           SELECT tgrelid
           FROM pg_depend AS d JOIN pg_trigger AS t ON t.oid = d.objid
           WHERE d.classid = 'pg_trigger'::regclass
             AND d.refclassid = 'pg_class'::regclass
             AND d.refobjid = s.state
             AND tgparentid = 0
             AND tgfoid = 'customer_tier_internal.capture()'::regprocedure
           ORDER BY 1 LOOP
    PERFORM customer_tier_internal.make_triggers(t, NULL, s.state);
  END LOOP;
  -- the state first: a session that waited for a lock on it gets the error that the source is not tracked
  PERFORM customer_tier_internal.drop_parts(ARRAY[s.state, s.live, customer_tier_internal.touched_view(s), s.capture]
    || s.touches || s.queue || s.ledger || CASE WHEN s.made_view THEN s.view END);
END $$;
COMMENT ON FUNCTION customer_tier_internal.drop_source(customer_tier_internal.source) IS
  'support of untrack: what track made';

CREATE PROCEDURE customer_tier.untrack(source regclass, drop_closed boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.source_of($1);
  drops text := (SELECT string_agg(command, ' ' ORDER BY command)
                 FROM (SELECT format('SELECT customer_tier.drop_scheme(%L);', coalesce(f.scheme, f.declaration))
                       FROM customer_tier_internal.find_schemes(s.owner) AS f
                       WHERE s.ledger = ANY (f.sources || f.ledger)
                       UNION ALL
                       SELECT format('SELECT customer_tier.drop_model(%L);', f.name)
                       FROM customer_tier_internal.find_models(s.owner) AS f
                       WHERE f.ledger = s.ledger) AS x(command));
BEGIN
  PERFORM customer_tier_internal.check_owner(s.state);
  IF drops IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_in_use',
      MESSAGE = format('%s has schemes or models', $1),
      HINT = 'First ' || drops;
  ELSIF s.closed IS NOT NULL AND s.ledger IS NOT NULL AND drop_closed IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'object_in_use',
      MESSAGE = format('%s has closed days, until %s, and its ledgers may be the only record of their sales',
                       customer_tier_internal.source_name(s), to_json(s.closed) #>> '{}'),
      HINT = format('To drop that record, too: CALL customer_tier.untrack(%L, drop_closed => true);', s.view);
  END IF;
  PERFORM customer_tier_internal.drop_source(s);
END $$;
COMMENT ON PROCEDURE customer_tier.untrack(regclass, boolean) IS
  'untracks a source: drops its triggers, its ledgers, its queue, and its view if track made it; with closed days, '
  'whose sales may be archived, only if "drop_closed" says so';

-- the states that untrack_all drops, including locked ones
CREATE FUNCTION customer_tier_internal.own_states(OUT state regclass, OUT name text, OUT is_source boolean)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
SELECT f.state, format('materialized view %s', coalesce(f.matview, f.state)), false
FROM customer_tier_internal.find_watched(wait => true) AS f
WHERE pg_has_role(f.owner, 'USAGE')
UNION ALL
SELECT f.state, format('source %s', customer_tier_internal.source_name(f)), true
FROM (SELECT DISTINCT relowner
      FROM pg_attribute
           JOIN pg_class AS c ON c.oid = attrelid
      WHERE atttypid = 'customer_tier.is_source'::regtype AND pg_has_role(relowner, 'USAGE')) AS o,
     customer_tier_internal.find_sources(o.relowner) AS f
ORDER BY 3, 1
$$;
COMMENT ON FUNCTION customer_tier_internal.own_states() IS
  'support of untrack_all: the states of the caller''s watched views, then of the sources';

-- as in refresh_all, a failure does not stop the others, and is an error at the end
CREATE PROCEDURE customer_tier.untrack_all()
LANGUAGE plpgsql
AS $$
DECLARE
  s record;
  possible boolean;
  total integer := 0;
  failures text[] := ARRAY[]::text[];
  message text;
BEGIN
  CALL customer_tier_internal.may_commit(possible);
  FOR s IN SELECT * FROM customer_tier_internal.own_states() LOOP
    message := NULL;
    BEGIN
      IF s.is_source THEN
        CALL customer_tier.untrack(s.state, drop_closed => true);
      ELSE
        PERFORM customer_tier.stop_refresh_on_change(s.state);
      END IF;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
    END;
    CONTINUE WHEN message IS NOT NULL AND customer_tier_internal.is_owner(s.state) IS NULL;
    total := total + 1;
    IF message IS NOT NULL THEN
      failures := pg_catalog.array_append(failures, pg_catalog.format('%s: %s', s.name, message));
      RAISE WARNING '% could not be let go of: %', s.name, message;
    END IF;
    IF possible THEN
      COMMIT;
    END IF;
  END LOOP;
  PERFORM customer_tier_internal.check_all_done('sources and materialized views', 'let go of', total, failures,
    possible);
END $$;
COMMENT ON PROCEDURE customer_tier.untrack_all() IS
  'untracks all sources of the caller and ends refresh_on_change of all materialised views, even if their tables '
  'are gone, and ledgers of closed days with them; a warning for each that fails, and an error at the end; call it '
  'before DROP EXTENSION';
