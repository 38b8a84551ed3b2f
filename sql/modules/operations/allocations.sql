-- Allocations: whose customers they are.  As for a source, what is declared lies beside the data: a table of one row
-- with a column of this domain, whose columns name the parts by their defaults.

CREATE DOMAIN customer_tier.is_allocation AS boolean CHECK (VALUE);
COMMENT ON DOMAIN customer_tier.is_allocation IS 'marks the table that says what belongs to an allocation';

CREATE TYPE customer_tier_internal.allocation AS (
  state regclass, allocation regclass, scheme regclass, customers regclass, owners regclass, assigned regclass,
  pins regclass, views regclass[]
);
COMMENT ON TYPE customer_tier_internal.allocation IS 'an allocation as it is found: its parts';

CREATE FUNCTION customer_tier_internal.allocation_of(allocation regclass) RETURNS customer_tier_internal.allocation
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a customer_tier_internal.allocation;
  parts regclass[];
BEGIN
  SELECT DISTINCT c.oid::regclass INTO a.state
  FROM pg_depend AS d
       JOIN pg_attrdef AS f ON f.oid = d.objid AND d.classid = 'pg_attrdef'::regclass
       JOIN pg_class AS c ON c.oid = f.adrelid
       JOIN pg_attribute AS m ON m.attrelid = c.oid AND m.attname = 'is_allocation'
  WHERE d.refclassid = 'pg_class'::regclass
    AND d.refobjid = $1
    AND c.relkind = 'r'
    AND c.relowner = (SELECT relowner FROM pg_class WHERE oid = $1)
    AND m.atttypid = 'customer_tier.is_allocation'::regtype
    -- its second part is the scheme, which may have other allocations
    AND array_position(customer_tier_internal.named_parts(c.oid), $1) <> 2;
  IF a.state IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object',
      MESSAGE = format('%s is not an allocation', coalesce($1::text, 'null')),
      HINT = 'SELECT customer_tier.create_allocation(...) makes one; it is named by its view.';
  END IF;
  parts := customer_tier_internal.named_parts(a.state);
  IF cardinality(parts) <> 8
    OR EXISTS (SELECT
               FROM unnest(parts) AS p
                    LEFT JOIN pg_class AS c ON c.oid = p
               WHERE c.relowner IS DISTINCT FROM (SELECT relowner FROM pg_class WHERE oid = a.state)) THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('allocation %s has lost a part, or a part belongs to another owner', $1),
      HINT = 'All its tables and views, and the scheme, have one owner: ALTER TABLE ... OWNER TO.';
  END IF;
  a.allocation := parts[1];
  a.scheme := parts[2];
  a.customers := parts[3];
  a.owners := parts[4];
  a.assigned := parts[5];
  a.pins := parts[6];
  a.views := ARRAY[parts[1], parts[7], parts[8]];
  RETURN a;
END $$;
COMMENT ON FUNCTION customer_tier_internal.allocation_of(regclass) IS
  'an allocation by its view, or another part; an error if there is none';

-- As an allocation of another owner's scheme may be made by anybody, its parts and the scheme must have one owner.
-- Takes no lock: a table that somebody keeps locked, or drops at this moment, is no obstacle.
CREATE VIEW allocations AS
SELECT a.parts[1] AS allocation, a.parts[2] AS scheme, a.parts[7] AS history, a.parts[8] AS loads
FROM (
  SELECT pg_catalog.array_agg(n.part ORDER BY f.adnum, n.place) AS parts
  FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) d.objid
    JOIN pg_catalog.pg_attrdef AS f ON f.adrelid OPERATOR(pg_catalog.=) c.oid
    CROSS JOIN LATERAL pg_catalog.unnest(customer_tier_internal.relations_in(f.adbin))
      WITH ORDINALITY AS n(part, place)
    JOIN pg_catalog.pg_class AS p ON p.oid OPERATOR(pg_catalog.=) n.part
  WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
    AND d.refobjid OPERATOR(pg_catalog.=) 'customer_tier.is_allocation'::pg_catalog.regtype
    AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
    AND c.relkind OPERATOR(pg_catalog.=) 'r'
  GROUP BY c.oid, d.objsubid
  HAVING pg_catalog.count(*) OPERATOR(pg_catalog.=) 8
    AND pg_catalog.bool_and(p.relowner OPERATOR(pg_catalog.=) c.relowner)) AS a
WHERE pg_catalog.has_table_privilege(a.parts[1], 'SELECT');
GRANT SELECT ON allocations TO PUBLIC;
COMMENT ON VIEW allocations IS 'the allocations of which the viewer may read the owners of customers';
COMMENT ON COLUMN allocations.allocation IS 'the view of the current owner of each customer';
COMMENT ON COLUMN allocations.scheme IS 'the view of the scheme whose customers they are';
COMMENT ON COLUMN allocations.history IS 'the view of all owners, with their days';
COMMENT ON COLUMN allocations.loads IS 'the view of what each owner has';

CREATE FUNCTION customer_tier_internal.has_column(relation regclass, name text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND attname = $2 AND attnum > 0 AND NOT attisdropped)
$$;
COMMENT ON FUNCTION customer_tier_internal.has_column(regclass, text) IS
  'support of operations: whether a relation has a column';

CREATE FUNCTION customer_tier_internal.cast_is_plain(type regtype, target regtype) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE base AS (
  SELECT $1::oid AS oid
  UNION
  SELECT typbasetype FROM base JOIN pg_type AS t ON t.oid = base.oid WHERE typtype = 'd')
SELECT NOT EXISTS (
  SELECT
  FROM base
       JOIN pg_cast AS c ON castsource = base.oid AND casttarget = target
       JOIN pg_proc AS p ON p.oid = castfunc
       JOIN pg_roles AS a ON a.oid = proowner
  WHERE NOT a.rolsuper)
$$;
COMMENT ON FUNCTION customer_tier_internal.cast_is_plain(regtype, regtype) IS
  'support of create_allocation: whether a cast calls no function of a user who is no superuser';

-- the tables of an allocation and what its users see; the first allocation makes the keys
CREATE FUNCTION customer_tier_internal.make_tables(owner_of regclass, place text, name text, customer text, equal text,
  scheme regclass, most double precision, slack double precision) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  assigned text := format('%s.%I', place, name || '__assigned');
  pins text := format('%s.%I', place, name || '__pin');
  customers text := format('%s.%I', place, name || '__customers');
  owners text := format('%s.%I', place, name || '__owners');
  state text := format('%s.%I', place, name || '__allocation');
  command text;
BEGIN
  FOREACH command IN ARRAY ARRAY[
    format($q$CREATE TABLE %s (customer %s NOT NULL, owner text, previous_owner text, valid_from date NOT NULL,
      valid_to date NOT NULL DEFAULT 'infinity', reason text NOT NULL, note text)$q$,
      assigned, customer),
    -- until the first allocation makes a key: a publication asks for one
    format('ALTER TABLE %s REPLICA IDENTITY FULL', assigned),
    format('COMMENT ON TABLE %s IS %L', assigned,
      'owners of customers, each with the days on which it held; an owner of null: nobody'),
    format('CREATE TABLE %s (customer %s, owner text NOT NULL, reason text NOT NULL, author text NOT NULL, '
      'pinned_from date, until date, PRIMARY KEY (customer, pinned_from), CHECK (pinned_from < until))', pins,
      customer),
    format('COMMENT ON TABLE %s IS %L', pins, 'owners that are given by hand')]
  LOOP
    PERFORM customer_tier_internal.run(owner_of, command);
  END LOOP;
  PERFORM customer_tier_internal.make_view(owner_of, format('%s.%I', place, name), format($q$
    SELECT a.customer, a.owner, c.tier, c.tier_rank, c.customer_group, c.weight, a.valid_from AS since, a.reason,
           a.note, a.previous_owner
    FROM %s AS a
      LEFT JOIN %s AS c ON c.customer %s a.customer
    WHERE a.valid_to = 'infinity' AND a.owner IS NOT NULL$q$, assigned, customers, equal),
    'current owner of each customer');
  PERFORM customer_tier_internal.make_view(owner_of, format('%s.%I', place, name || '_history'), format($q$
    SELECT customer, owner, valid_from, CASE WHEN isfinite(valid_to) THEN valid_to ELSE '9999-12-31' END AS valid_to,
           daterange(valid_from, nullif(valid_to, 'infinity')) AS valid, NOT isfinite(valid_to) AS is_current,
           previous_owner, reason, note
    FROM %s$q$, assigned),
    'owners of each customer, with the days from (included) and to (excluded) on which they held');
  PERFORM customer_tier_internal.make_view(owner_of, format('%s.%I', place, name || '_load'), format($q$
    SELECT o.owner, o.customer_group, o.role, coalesce(l.heads, 0) AS heads, coalesce(l.weight, 0) AS weight,
           o.capacity,           coalesce(l.weight, 0) / o.capacity AS load,
           coalesce(l.weight, 0) / nullif(sum(l.weight) OVER (PARTITION BY o.customer_group), 0) AS share,
           coalesce(l.heads_by_tier, '{}') AS heads_by_tier
    FROM %s AS o
      LEFT JOIN (
        SELECT owner, sum(heads)::bigint AS heads, sum(weight) AS weight,
               jsonb_object_agg(tier, heads) FILTER (WHERE tier IS NOT NULL) AS heads_by_tier
        FROM (SELECT owner, tier, count(*) AS heads, coalesce(sum(weight ORDER BY weight), 0) AS weight
              FROM %s.%I
              GROUP BY owner, tier) AS t
        GROUP BY owner) AS l USING (owner)$q$, owners, place, name),
    'what each owner has, beside what the owner can take');
  PERFORM customer_tier_internal.run(owner_of, format($q$
    CREATE TABLE %s (is_allocation customer_tier.is_allocation NOT NULL DEFAULT true,
      allocation regclass DEFAULT %L::regclass, scheme regclass DEFAULT %L::regclass,
      customers regclass DEFAULT %L::regclass, owners regclass DEFAULT %L::regclass,
      assigned regclass DEFAULT %L::regclass, pins regclass DEFAULT %L::regclass,
      history regclass DEFAULT %L::regclass, loads regclass DEFAULT %L::regclass,
      most float8 NOT NULL, slack float8 NOT NULL, as_of date)
    $q$, state, format('%s.%I', place, name), customer_tier_internal.qualified(scheme), customers, owners, assigned,
    pins,
    format('%s.%I', place, name || '_history'), format('%s.%I', place, name || '_load')));
  PERFORM customer_tier_internal.run(owner_of, format('COMMENT ON TABLE %s IS %L', state,
    'what belongs to an allocation: a row with its settings, and by the defaults of the columns its parts'));
  PERFORM customer_tier_internal.run(owner_of, format('ALTER TABLE %s REPLICA IDENTITY FULL', state));
  PERFORM customer_tier_internal.run(owner_of, format('INSERT INTO %s (most, slack) VALUES (%L::float8, %L::float8)',
    state, customer_tier_internal.json_numbers(ARRAY[most]) ->> 0,
    customer_tier_internal.json_numbers(ARRAY[slack]) ->> 0));
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_tables(regclass, text, text, text, text, regclass, double precision,
  double precision) IS 'support of create_allocation: its tables and views';

-- an allocation, as the owner of its scheme
CREATE FUNCTION customer_tier_internal.define_allocation(allocation text, scheme regclass, owners regclass, weight text,
  per text, most double precision, slack double precision, path text, place text) RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s record;
  names text[];
  name text;
  taken text;
  customer text;
  view text;
BEGIN
  SELECT * INTO s FROM customer_tier_internal.scheme_parts($2);
  IF allocation IS NULL OR owners IS NULL OR weight IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
      MESSAGE = 'an allocation needs a name, owners and a weight',
      HINT = 'create_allocation(''crm.owners'', ''crm.abc'', owners => ''crm.manager'').';
  ELSIF NOT coalesce(most > 0 AND most <= 1, false) OR NOT coalesce(slack BETWEEN 0 AND 1000, false) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = '"most" is above 0 and at most 1, and "slack" is not below 0',
      HINT = 'most => 0.4: nobody has more than 40 % of a tier; slack => 0.1: nor 10 % more than the mean load.';
  ELSIF NOT customer_tier_internal.has_column(owners, 'owner')
    OR NOT customer_tier_internal.has_column(owners, 'capacity') THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_column',
      MESSAGE = format('%s has no columns owner and capacity', owners),
      HINT = 'Owners are a table or a view of owner, capacity [, customer_group] [, role].';
  END IF;
  IF NOT customer_tier_internal.views_are_plain(owners) OR NOT customer_tier_internal.views_are_plain(s.attributes)
    OR EXISTS (SELECT
               FROM pg_attribute
               WHERE attrelid = owners AND attname = ANY ('{owner, capacity, customer_group, role}')
                 AND NOT customer_tier_internal.cast_is_plain(atttypid,
                       CASE attname WHEN 'capacity' THEN 'float8'::regtype ELSE 'text'::regtype END)) THEN
    RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
      MESSAGE = 'owners and attributes of an allocation call no functions of users',
      HINT = 'Others would run them when they read the allocation. Make a materialized view of the view.';
  END IF;
  per := coalesce(per, CASE WHEN s.grouped AND customer_tier_internal.has_column(owners, 'customer_group')
                            THEN 'customer_group' END);
  IF (per IS NOT NULL) <> customer_tier_internal.has_column(owners, 'customer_group') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = CASE WHEN per IS NULL THEN format('%s has groups, and nothing says those of customers', owners)
                     ELSE format('customers have groups, and %s has no column customer_group', owners) END,
      HINT = 'per => an expression over the customer''s attributes, such as per => ''region''.';
  END IF;
  names := parse_ident(allocation);
  name := names[cardinality(names)];
  IF cardinality(names) > 2 OR octet_length(name) > 50 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_name',
      MESSAGE = format('"%s" is not a name for an allocation', allocation),
      HINT = 'It has a schema, if any, and at most 50 bytes.';
  END IF;
  place := quote_ident(CASE cardinality(names) WHEN 2 THEN names[1] ELSE place END);
  IF place IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_schema_name', MESSAGE = 'no schema has been selected to create in',
      HINT = 'Name one: crm.owners.';
  END IF;
  SELECT format('%s.%I', place, name || suffix) INTO taken
  FROM unnest('{"", _history, _load, __input, __customers, __owners, __assigned, __pin, __allocation}'::text[])
    AS suffix
  WHERE to_regclass(format('%s.%I', place, name || suffix)) IS NOT NULL
  LIMIT 1;
  IF taken IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_table', MESSAGE = format('relation %s exists already', taken),
      HINT = 'drop_allocation drops an allocation; else take another name.';
  END IF;

  view := format('%s.%I', place, name || '__input');
  PERFORM customer_tier_internal.run(s.tier_table, format('CREATE VIEW %s AS SELECT x.*%s FROM %s AS x%s', view,
    (SELECT string_agg(format(', a.%I', attname), '' ORDER BY attnum)
     FROM pg_attribute
     WHERE attrelid = s.attributes AND attnum > 0 AND NOT attisdropped
       AND NOT customer_tier_internal.has_column(s.scheme, attname)), s.scheme,
    CASE WHEN s.attributes IS NOT NULL
         THEN format(' LEFT JOIN %s AS a ON a.%I %s x.customer', s.attributes, s.key, s.equal) ELSE '' END));
  PERFORM customer_tier_internal.run(s.tier_table,
    format('COMMENT ON VIEW %s IS %L', view, 'what weight and group of a customer are asked of'));
  -- names mean what they mean to the caller
  PERFORM set_config('search_path', concat_ws(', ', nullif(path, ''), 'customer_tier'), true);
  weight := customer_tier_internal.sale_expression(view::regclass, weight, 'measure');
  per := CASE WHEN per IS NOT NULL THEN customer_tier_internal.sale_expression(view::regclass, per, 'group') END;
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  -- it is part of views that others may read
  IF NOT customer_tier_internal.expression_is_plain(view::regclass, weight)
    OR NOT customer_tier_internal.expression_is_plain(view::regclass,
             format('CASE WHEN (%s) IS NULL THEN 0 ELSE 1 END', coalesce(per, 'NULL')))
    OR NOT customer_tier_internal.cast_is_plain(
             customer_tier_internal.type_of(view::regclass, coalesce(per, 'NULL::text')), 'text'::regtype) THEN
    RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
      MESSAGE = 'weight and per call no functions but those of PostgreSQL and of customer_tier',
      HINT = 'Others would run them when they read the allocation. An axis of a scheme may call any.';
  END IF;
  PERFORM customer_tier_internal.make_view(s.tier_table, format('%s.%I', place, name || '__customers'), format($q$
    SELECT x.customer, x.tier, x.tier_rank, x.customer_group, x.weight, t.owner_role AS role
    FROM (SELECT customer, tier, tier_rank, coalesce((%s)::text, '') AS customer_group,
                 greatest(coalesce((%s)::float8, 0), 0) AS weight
          FROM %s) AS x
      JOIN %s AS t ON t.tier = x.tier
    $q$, coalesce(per, 'NULL'), weight, view, s.tier_table), 'customers of an allocation, and what they count');
  PERFORM customer_tier_internal.make_view(s.tier_table, format('%s.%I', place, name || '__owners'), format(
    'SELECT owner::text AS owner, capacity::float8 AS capacity, coalesce(%s, %L) AS customer_group, %s AS role FROM %s',
    CASE WHEN per IS NULL THEN 'NULL::text' ELSE 'customer_group::text' END, '',
    CASE WHEN customer_tier_internal.has_column(owners, 'role') THEN 'role::text' ELSE 'NULL::text' END, owners),
    'owners of an allocation');
  customer := (SELECT format_type(atttypid, atttypmod)
                 || coalesce((SELECT format(' COLLATE %I.%I', nspname, collname)
                              FROM pg_collation AS c JOIN pg_namespace AS n ON n.oid = collnamespace
                              WHERE c.oid = attcollation AND collname <> 'default'), '')
               FROM pg_attribute WHERE attrelid = view::regclass AND attname = 'customer');
  PERFORM customer_tier_internal.make_tables(s.tier_table, place, name, customer, s.equal, s.scheme, most, slack);
  RETURN format('%s.%I', place, name)::regclass;
END $$;
COMMENT ON FUNCTION customer_tier_internal.define_allocation(text, regclass, regclass, text, text, double precision,
  double precision, text, text) IS 'support of create_allocation';

-- no search_path here: names mean what they mean to the caller
CREATE FUNCTION create_allocation(allocation text, scheme regclass, owners regclass, weight text DEFAULT '1',
  per text DEFAULT NULL, most double precision DEFAULT 0.4, slack double precision DEFAULT 0.1) RETURNS regclass
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
SELECT customer_tier_internal.define_allocation($1, $2, $3, $4, $5, $6, $7, pg_catalog.current_setting('search_path'),
  pg_catalog.current_schema())
$$;
COMMENT ON FUNCTION create_allocation(text, regclass, regclass, text, text, double precision, double precision) IS
  'makes an allocation of the customers of a scheme to owners, a table of owner, capacity [, customer_group] [, role]; '
  'weight and per are expressions over the view of the scheme and its attributes';

CREATE FUNCTION drop_allocation(allocation regclass) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a customer_tier_internal.allocation := customer_tier_internal.allocation_of($1);
  input regclass := (SELECT refobjid
                     FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
                          JOIN pg_class AS c ON c.oid = refobjid
                     WHERE r.ev_class = a.customers AND d.refclassid = 'pg_class'::regclass AND relkind = 'v'
                       AND refobjid <> a.customers
                     LIMIT 1);
  part text;
BEGIN
  FOREACH part IN ARRAY ARRAY[format('TABLE %s', a.state), format('VIEW %s', a.views[3]), format('VIEW %s', a.views[2]),
    format('VIEW %s', a.views[1]), format('VIEW %s', a.customers), format('VIEW %s', a.owners),
    format('VIEW %s', input), format('TABLE %s', a.pins), format('TABLE %s', a.assigned)] LOOP
    PERFORM customer_tier_internal.run(a.assigned, 'DROP ' || part);
  END LOOP;
END $$;
COMMENT ON FUNCTION drop_allocation(regclass) IS 'drops an allocation with its history';

CREATE FUNCTION pin_owner(allocation regclass, customer text, owner text, reason text, pinned_from date,
  until date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
AS $$
DECLARE
  a customer_tier_internal.allocation := customer_tier_internal.allocation_of($1);
  known boolean;
  there boolean;
BEGIN
  IF coalesce(btrim(reason), '') = '' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a pin needs a reason',
      HINT = 'It is kept in the history: reason => ''...''.';
  ELSIF customer IS NULL OR pinned_from IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
      MESSAGE = 'a pin needs a customer and the day from which it holds';
  ELSIF until <= pinned_from THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a pin ends after it begins';
  ELSIF NOT isfinite(pinned_from) OR NOT coalesce(isfinite(until), true) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'the days of a pin are finite',
      HINT = 'A pin without an end has until => NULL.';
  END IF;
  SELECT * INTO known, there
  FROM customer_tier_internal.as_owner(a.state, format(
      'SELECT EXISTS (SELECT FROM %s WHERE owner = %L), EXISTS (SELECT FROM %s WHERE customer %s %L)', a.owners, $3,
      a.customers, (customer_tier_internal.scheme_parts(a.scheme)).equal, $2)) AS x(known boolean, there boolean);
  IF NOT known OR NOT there THEN
    RAISE EXCEPTION USING ERRCODE = 'no_data_found',
      MESSAGE = CASE WHEN known THEN format('%s has no customer %s', a.scheme, $2)
                     ELSE format('%s has no owner "%s"', $1, $3) END;
  END IF;
  PERFORM customer_tier_internal.run(a.state, customer_tier_internal.interpolate($q$
    WITH ended AS (UPDATE {pins} SET until = {from} WHERE customer {equal} {customer} AND pinned_from < {from}
                     AND (until IS NULL OR until > {from})),
    later AS (DELETE FROM {pins} WHERE customer {equal} {customer} AND pinned_from > {from})
    INSERT INTO {pins} AS p (customer, owner, reason, author, pinned_from, until)
    VALUES ({customer}, {owner}, {reason}, {author}, {from}, {until})
    ON CONFLICT (customer, pinned_from) DO UPDATE
    SET owner = EXCLUDED.owner, reason = EXCLUDED.reason, author = EXCLUDED.author, until = EXCLUDED.until
    $q$, jsonb_build_object('pins', a.pins, 'equal', (customer_tier_internal.scheme_parts(a.scheme)).equal,
      'customer', quote_literal($2), 'owner', quote_literal($3), 'reason', quote_literal($4),
      'author', quote_literal(session_user), 'from', quote_literal($5) || '::date',
      'until', quote_nullable($6) || '::date')));
END $$;
COMMENT ON FUNCTION pin_owner(regclass, text, text, text, date, date) IS
  'gives a customer an owner by hand, from a day until another (not included); in force at the next allocate';

CREATE FUNCTION unpin_owner(allocation regclass, customer text, unpinned_from date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
AS $$
DECLARE
  a customer_tier_internal.allocation := customer_tier_internal.allocation_of($1);
  n bigint;
BEGIN
  IF customer IS NULL OR NOT coalesce(isfinite(unpinned_from), true) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = 'a pin is ended of a customer, from a finite day';
  END IF;
  SELECT count(*) INTO n
  FROM customer_tier_internal.as_owner(a.state, customer_tier_internal.interpolate($q$
      WITH day AS (SELECT coalesce({from}, as_of + 1, '-infinity') AS day FROM {state}),
      ended AS (UPDATE {pins} SET until = day FROM day
                WHERE customer {equal} {customer} AND pinned_from < day AND (until IS NULL OR until > day)
                RETURNING true),
      gone AS (DELETE FROM {pins} USING day WHERE customer {equal} {customer} AND pinned_from >= day RETURNING true)
      SELECT * FROM ended UNION ALL SELECT * FROM gone
      $q$, jsonb_build_object('pins', a.pins, 'state', a.state, 'customer', quote_literal($2),
        'equal', (customer_tier_internal.scheme_parts(a.scheme)).equal,
        'from', quote_nullable($3) || '::date'))) AS (ended boolean);
  IF n = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'no_data_found', MESSAGE = format('customer %s has no pin in %s', $2, $1);
  END IF;
END $$;
COMMENT ON FUNCTION unpin_owner(regclass, text, date) IS
  'ends a pin: from a day, or if none is said after the last allocate; the customer may keep the owner';
