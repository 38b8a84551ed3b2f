-- The parts of a scheme other than its views for users: tables, views of expressions, and its declaration.

-- runs as the owner of the ledgers; the columns of the tables do not depend on the axes
CREATE FUNCTION customer_tier_internal.make_scheme_tables(s customer_tier_internal.scheme, place text, name text)
RETURNS customer_tier_internal.scheme
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t record;
  customer text := (
    SELECT format('%s%s', format_type(atttypid, atttypmod),
                  (SELECT ' COLLATE ' || oid::regcollation
                   FROM pg_collation
                   WHERE oid = attcollation AND collname <> 'default'))
    FROM pg_attribute
    WHERE attrelid = s.input AND attname = 'customer');
BEGIN
  FOR t IN
    SELECT suffix, format('%s.%I', place, name || suffix) AS relation, columns, about
    FROM (VALUES
      ('__state', format('customer %s NOT NULL, customer_group text NOT NULL, scores int2[] NOT NULL, vals float8[], '
                         'earned text NOT NULL, tier text NOT NULL, status text NOT NULL, since date NOT NULL',
                         customer),
        'each customer''s scores and tier, as of the last refresh; vals: what a view cannot compute'),
      ('__history', format('customer %s NOT NULL, customer_group text, valid_from date NOT NULL, tier text, '
                           'previous_tier text, change text NOT NULL, reason text NOT NULL, note text, status text, '
                           'since date, earned text, rule_version int NOT NULL, scores int2[], vals float8[]',
                           customer),
        'tiers, each with its first day; it holds until the first day of the customer''s next'),
      ('__threshold', 'as_of date, customer_group text, axis int2, version int NOT NULL, lines float8[], '
                      'PRIMARY KEY (as_of, customer_group, axis)',
        'lines of each axis, each from the day it was found; where lower is better, with the sign changed'),
      ('__trend', 'as_of date, customer_group text, tier text, heads bigint NOT NULL, value numeric NOT NULL, '
                  'held numeric NOT NULL, orders numeric NOT NULL, active bigint NOT NULL, '
                  'PRIMARY KEY (as_of, customer_group, tier)',
        'customers, value, purchases of each tier at each refresh; held: the value of those above zero'),
      ('__move', 'as_of date NOT NULL, customer_group text, from_tier text, to_tier text, change text NOT NULL, '
                 'heads bigint NOT NULL',
        'customers who went from tier to tier, at each refresh since that of an earlier day'),
      ('__refresh', 'as_of date PRIMARY KEY, version int NOT NULL, spread customer_tier_internal.spread[], '
                    'cells customer_tier_internal.cell[]',
        'the refreshes, the version of the rule, and of the last how values and scores are spread'),
      ('__tier', 'tier text PRIMARY KEY, rank int, name text NOT NULL, description text, colour text, policy jsonb, '
                 'hold interval, contacts_min int, contacts_max int, every interval, coverage float8, channel text, '
                 'owner_role text, priority int, credit numeric, discount float8',
        'names, colours and policies of the tiers; see alter_tier'),
      ('__pin', format('customer %s, tier text NOT NULL, reason text NOT NULL, author text NOT NULL, pinned_from date, '
                       'until date, PRIMARY KEY (customer, pinned_from), CHECK (pinned_from < until)', customer),
        'tiers that are given by hand'),
      ('__release', format('customer %s, released_on date, reason text NOT NULL, author text NOT NULL, '
                           'PRIMARY KEY (customer, released_on)', customer),
        'releases: ends of holds'),
      ('__rule', 'version int PRIMARY KEY, axes jsonb NOT NULL, sizes int[] NOT NULL, map int[] NOT NULL, '
                 'tiers text[] NOT NULL, matrix text[], tier text, unrated text, per text, '
                 'calibrate text NOT NULL CHECK (calibrate IN (''every refresh'', ''fixed'')), '
                 'downgrade text NOT NULL CHECK (downgrade IN (''direct'', ''one_level'')), hold interval, '
                 'keep float8, returns numeric, review text[], calibrated int NOT NULL, measured int NOT NULL, '
                 'note text, author text NOT NULL DEFAULT session_user, '
                 'made_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()',
        'the rule in all its versions; expressions as they were said then, for they are read by nobody but you'))
      AS v(suffix, columns, about)
  LOOP
    -- with room for another version of some rows in a page of the state: the index stays as it is then
    PERFORM customer_tier_internal.run(s.ledger, format('CREATE TABLE %s (%s)%s', t.relation, t.columns,
      CASE WHEN t.suffix = '__state' THEN ' WITH (fillfactor = 90)' END));
    PERFORM customer_tier_internal.run(s.ledger, format('COMMENT ON TABLE %s IS %L', t.relation, t.about));
  END LOOP;
  PERFORM customer_tier_internal.run(s.ledger, format('CREATE INDEX ON %s.%I (as_of)', place, name || '__move'));
  -- rows are deleted, even if all tables are published, and keys come with the first refresh
  PERFORM customer_tier_internal.run(s.ledger, format('ALTER TABLE %s.%I REPLICA IDENTITY FULL', place, name || suffix))
  FROM unnest('{__move, __state, __history}'::text[]) AS suffix;
  s.state := format('%s.%I', place, name || '__state');
  s.history := format('%s.%I', place, name || '__history');
  s.thresholds := format('%s.%I', place, name || '__threshold');
  s.trend := format('%s.%I', place, name || '__trend');
  s.moves := format('%s.%I', place, name || '__move');
  s.refreshes := format('%s.%I', place, name || '__refresh');
  s.tier_table := format('%s.%I', place, name || '__tier');
  s.pins := format('%s.%I', place, name || '__pin');
  s.releases := format('%s.%I', place, name || '__release');
  s.rules := format('%s.%I', place, name || '__rule');
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_scheme_tables(customer_tier_internal.scheme, text, text) IS
  'support of create_scheme: its tables';

-- The end of a stretch is computed, so that there is no gap or overlap, and that one turn writes one row.
CREATE FUNCTION customer_tier_internal.stretches_sql(history regclass) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format(
  '(SELECT *, lead(valid_from, 1, ''infinity'') OVER (PARTITION BY customer ORDER BY valid_from) AS valid_to FROM %s)',
  history)
$$;
COMMENT ON FUNCTION customer_tier_internal.stretches_sql(regclass) IS
  'support of schemes: the history with the day after the last of each stretch';

-- leaves out columns whose names have another meaning in measures, such as the names of sources
CREATE FUNCTION customer_tier_internal.attribute_columns(attributes regclass, sources text[]) RETURNS SETOF name
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT attname
FROM pg_attribute
WHERE attrelid = attributes AND attnum > 0 AND NOT attisdropped
  AND NOT attname::text = ANY ('{customer, ledger, as_of, listed}' || sources)
ORDER BY attnum
$$;
COMMENT ON FUNCTION customer_tier_internal.attribute_columns(regclass, text[]) IS
  'support of schemes: the columns of attributes that measures see beside their own';

CREATE FUNCTION customer_tier_internal.make_attributes_view(s customer_tier_internal.scheme, attributes regclass,
  key name, sources text[], view text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  hidden text;
BEGIN
  PERFORM customer_tier_internal.check_attributes(attributes, key);
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO hidden
  FROM pg_attribute
  WHERE attrelid = attributes AND attnum > 0 AND NOT attisdropped AND attname <> key
    AND attname::text = ANY ('{customer, ledger, as_of, listed}' || sources);
  IF hidden IS NOT NULL THEN
    RAISE NOTICE 'measures cannot name these columns of attributes %, which mean something else in them: %',
      attributes, hidden;
  END IF;
  PERFORM customer_tier_internal.run(s.ledger,
    format('CREATE VIEW %s AS SELECT %I AS customer%s FROM %s WHERE %2$I IS NOT NULL', view, key,
           (SELECT string_agg(format(', %I', c), '')
            FROM customer_tier_internal.attribute_columns(attributes, sources) AS c),
           attributes));
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_attributes_view(customer_tier_internal.scheme, regclass, name, text[],
  text) IS 'support of create_scheme: the view of attributes';

-- The columns of the input after its own four: the ledgers of other sources, then the attributes.  "names" has their
-- names; "ledger" is the expression of a source's ledger, with %s for its alias.
CREATE FUNCTION customer_tier_internal.input_columns_sql(s customer_tier_internal.scheme, names text[], ledger text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT string_agg(CASE
    WHEN i <= cardinality(s.sources) THEN format(', ' || ledger || ' AS %I', 's' || i, name)
    ELSE format(', a.%I AS %I', a.attname, name)
  END, '' ORDER BY i)
FROM unnest(names) WITH ORDINALITY AS u(name, i)
     LEFT JOIN pg_attribute AS a ON attrelid = s.attributes AND attnum = i - cardinality(s.sources) + 1
$$;
COMMENT ON FUNCTION customer_tier_internal.input_columns_sql(customer_tier_internal.scheme, text[], text) IS
  'support of schemes: SQL for what measures see beside a ledger';

-- the current names of these columns in the input
CREATE FUNCTION customer_tier_internal.input_names(s customer_tier_internal.scheme) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = s.input AND attnum > 4 ORDER BY attnum) $$;
COMMENT ON FUNCTION customer_tier_internal.input_names(customer_tier_internal.scheme) IS
  'support of schemes: the sources and the attributes that measures see, by their names';

CREATE FUNCTION customer_tier_internal.source_joins_sql(s customer_tier_internal.scheme, customer text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT string_agg(format(' LEFT JOIN %s AS s%s ON s%2$s.customer %s %s', ledger, i,
                         customer_tier_internal.equal_of(s), customer), '' ORDER BY i)
FROM unnest(s.sources) WITH ORDINALITY AS u(ledger, i)
$$;
COMMENT ON FUNCTION customer_tier_internal.source_joins_sql(customer_tier_internal.scheme, text) IS
  'support of schemes: SQL that joins the ledgers of other sources to a customer';

-- The customers are those with a ledger in the scheme's own source, and those listed in the attributes.
CREATE FUNCTION customer_tier_internal.input_sql(s customer_tier_internal.scheme, names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN s.attributes IS NULL THEN
    format('SELECT l.customer, l.ledger, NULL::date AS as_of, false AS listed%s FROM %s AS l%s', columns, s.ledger,
           customer_tier_internal.source_joins_sql(s, 'l.customer'))
  ELSE
    format($q$
      SELECT coalesce(l.customer, a.customer) AS customer, coalesce(l.ledger, '{}') AS ledger,
             NULL::date AS as_of, a.customer IS NOT NULL AS listed%s
      FROM %s AS l
        FULL JOIN %s AS a ON a.customer %s l.customer%s
      $q$, columns, s.ledger, s.attributes, customer_tier_internal.equal_of(s),
      customer_tier_internal.source_joins_sql(s, 'coalesce(l.customer, a.customer)'))
END
FROM customer_tier_internal.input_columns_sql(s, names, 'coalesce(%s.ledger, ''{}'')') AS x(columns)
$$;
COMMENT ON FUNCTION customer_tier_internal.input_sql(customer_tier_internal.scheme, text[]) IS
  'support of schemes: the query of what measures are asked of';

-- the views that expressions are written over: of a customer, and of scores
CREATE FUNCTION customer_tier_internal.make_input_views(s customer_tier_internal.scheme, attributes regclass, key name,
  sources text[], axes jsonb[], place text, name text) RETURNS customer_tier_internal.scheme
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v record;
BEGIN
  IF attributes IS NOT NULL THEN
    PERFORM customer_tier_internal.make_attributes_view(s, attributes, key, sources,
                                                        format('%s.%I', place, name || '__attribute'));
    s.attributes := format('%s.%I', place, name || '__attribute');
  END IF;
  FOR v IN
    SELECT format('%s.%I', place, name || suffix) AS view, query
    FROM (VALUES
      ('__input', customer_tier_internal.input_sql(s, sources || ARRAY(
         SELECT c::text FROM customer_tier_internal.attribute_columns(s.attributes, sources) AS c))),
      ('__score', (SELECT 'SELECT ' || string_agg(format('1 AS %I', a ->> 'name'), ', ' ORDER BY i)
                   FROM unnest(axes) WITH ORDINALITY AS u(a, i)))) AS x(suffix, query) LOOP
    PERFORM customer_tier_internal.run(s.ledger, format('CREATE VIEW %s AS %s', v.view, v.query));
  END LOOP;
  s.input := format('%s.%I', place, name || '__input');
  s.scores := format('%s.%I', place, name || '__score');
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_input_views(customer_tier_internal.scheme, regclass, name, text[],
  jsonb[], text, text) IS 'support of create_scheme: what expressions are written over';

-- Replaces the sources that measures name.  CREATE OR REPLACE VIEW can only append columns, so a name can get
-- another source, but a new name cannot be added once the view has attributes.
CREATE FUNCTION customer_tier_internal.change_sources(INOUT s customer_tier_internal.scheme, sources jsonb, path text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  names text[] := customer_tier_internal.input_names(s);
  o record;
BEGIN
  IF sources IS NULL THEN
    RETURN;
  END IF;
  FOR o IN SELECT x.*, array_position(names, x.name) AS place
           FROM customer_tier_internal.other_sources(s.ledger, sources, path) AS x
           ORDER BY x.name COLLATE "C" LOOP
    IF o.place <= cardinality(s.sources) THEN
      s.sources[o.place] := o.ledger;
    ELSIF o.place IS NULL AND cardinality(names) = cardinality(s.sources) THEN
      s.sources := s.sources || o.ledger;
      names := names || o.name;
    ELSE
      RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
        MESSAGE = format('source "%s" cannot be added to a scheme that has attributes', o.name),
        HINT = 'Give one of its sources another one by its name, or make another scheme.';
    END IF;
  END LOOP;
  PERFORM customer_tier_internal.run(s.ledger, format('CREATE OR REPLACE VIEW %s AS %s', s.input,
                                                      customer_tier_internal.input_sql(s, names)));
  PERFORM customer_tier_internal.run(s.ledger, format('ALTER TABLE %s ALTER sources %s', s.declaration,
    coalesce('SET' || customer_tier_internal.default_of_touches(nullif(s.sources, '{}')), 'DROP DEFAULT')));
END $$;
COMMENT ON FUNCTION customer_tier_internal.change_sources(customer_tier_internal.scheme, jsonb, text) IS
  'support of alter_scheme: replaces or adds the sources that measures name';

-- Adds new columns of the attributes to the input, after the existing ones.
CREATE FUNCTION customer_tier_internal.add_attributes(s customer_tier_internal.scheme) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a record;
  seen text[] := customer_tier_internal.input_names(s);
  added text[];
BEGIN
  SELECT * INTO a FROM customer_tier_internal.attributes_of(s.attributes);
  -- known columns are found by the dependencies of the view, because they may have been renamed
  added := ARRAY(
    SELECT attname::text
    FROM pg_attribute
    WHERE attrelid = a.attributes AND attnum > 0 AND NOT attisdropped
      AND NOT attname::text = ANY ('{customer, ledger, as_of, listed}' || seen)
      AND NOT EXISTS (SELECT FROM pg_rewrite AS r
                           JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                      WHERE r.ev_class = s.attributes AND d.refclassid = 'pg_class'::regclass
                        AND d.refobjid = a.attributes AND d.refobjsubid = attnum)
    ORDER BY attnum);
  IF added = '{}' THEN
    RETURN;
  END IF;
  PERFORM customer_tier_internal.run(s.ledger, format(
    'CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s WHERE %I IS NOT NULL', s.attributes,
    (SELECT string_agg(x, ', ' ORDER BY i, j)
     FROM (SELECT 1, n, format('%s AS %I', expressions[1], name)
           FROM customer_tier_internal.view_expressions(s.attributes, true) WITH ORDINALITY AS e(name, expressions, n)
           UNION ALL
           SELECT 2, n, quote_ident(name)
           FROM unnest(added) WITH ORDINALITY AS u(name, n)) AS c(i, j, x)), a.attributes, a.key));
  PERFORM customer_tier_internal.run(s.ledger, format('CREATE OR REPLACE VIEW %s AS %s', s.input,
                                                      customer_tier_internal.input_sql(s, seen || added)));
END $$;
COMMENT ON FUNCTION customer_tier_internal.add_attributes(customer_tier_internal.scheme) IS
  'support of alter_scheme: makes new columns of attributes known to measures';

-- The views with the expressions of a rule.  A column of measures is an array, so that its type does not depend
-- on the number of measures.
CREATE FUNCTION customer_tier_internal.make_rule_views(s customer_tier_internal.scheme, r customer_tier_internal.rule,
  measures text, rating text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM customer_tier_internal.run(s.ledger,
    format('CREATE OR REPLACE VIEW %s AS SELECT customer, %s AS customer_group, %s FROM %s', measures,
           coalesce(r.per, 'NULL::text'),
           (SELECT string_agg(format('ARRAY[%s] AS %I',
                     (SELECT string_agg(format('(%s)::float8', m), ', ' ORDER BY j)
                      FROM unnest(customer_tier_internal.measures(jsonb_build_array(a))) WITH ORDINALITY AS u(m, j)),
                     a ->> 'name'), ', ' ORDER BY i)
            FROM jsonb_array_elements(r.axes) WITH ORDINALITY AS e(a, i)), s.input));
  PERFORM customer_tier_internal.run(s.ledger,
    format('CREATE OR REPLACE VIEW %s AS SELECT %s AS tier FROM %s', rating,
           coalesce('(' || r.tier || ')::text', 'NULL::text'), s.scores));
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_rule_views(customer_tier_internal.scheme, customer_tier_internal.rule,
  text, text) IS 'support of create_scheme and alter_scheme: the views that have the expressions of a rule';

-- writes the tiers of a rule to the table of their names and colours
CREATE FUNCTION customer_tier_internal.put_tiers(s customer_tier_internal.scheme, r customer_tier_internal.rule)
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT customer_tier_internal.run(s.ledger, format($q$
  WITH said AS (
    SELECT t, i - CASE WHEN %3$L::text IS NULL THEN 0 ELSE 1 END AS rank
    FROM unnest(CASE WHEN %3$L::text IS NULL THEN '{}' ELSE ARRAY[%3$L] END || %2$L::text[])
      WITH ORDINALITY AS u(t, i)),
  gone AS (
    UPDATE %1$s
    SET rank = NULL
    WHERE NOT tier = ANY (SELECT t FROM said))
  INSERT INTO %1$s AS x (tier, rank, name)
  SELECT t, rank, t
  FROM said
  ON CONFLICT (tier) DO UPDATE SET rank = EXCLUDED.rank WHERE x.rank IS DISTINCT FROM EXCLUDED.rank
  $q$, s.tier_table, r.tiers, r.unrated))
$$;
COMMENT ON FUNCTION customer_tier_internal.put_tiers(customer_tier_internal.scheme, customer_tier_internal.rule) IS
  'support of schemes: the table of tiers';

-- Writes a rule as a version, and puts it in force in the declaration.
CREATE FUNCTION customer_tier_internal.put_rule(s customer_tier_internal.scheme, r customer_tier_internal.rule)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
BEGIN
  PERFORM customer_tier_internal.run(s.ledger,
    format('INSERT INTO %s (version, axes, sizes, map, tiers, matrix, tier, unrated, per, calibrate, downgrade, hold, '
           'keep, returns, review, calibrated, measured, note) '
           'VALUES (%L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %L, %s, %L, %L, %L, %L, %L)',
           s.rules, r.version, r.axes, r.sizes, r.map, r.tiers, r.matrix, r.tier, r.unrated, r.per, r.calibrate,
           r.downgrade, r.hold, coalesce(customer_tier_internal.json_numbers(ARRAY[r.keep]) ->> 0, 'NULL'), r.returns,
           r.review, r.calibrated, r.measured, r.note));
  PERFORM customer_tier_internal.run(s.ledger, format($q$
    UPDATE %s AS d
    SET version = r.version, sizes = r.sizes, map = r.map, tiers = r.tiers, matrix = r.matrix, unrated = r.unrated,
        axes = (SELECT jsonb_agg(a - '{value,measures}'::text[] ORDER BY i)
                FROM jsonb_array_elements(r.axes) WITH ORDINALITY AS e(a, i)),
        calibrate = r.calibrate, downgrade = r.downgrade, hold = r.hold, keep = r.keep, returns = r.returns,
        review = r.review, calibrated = r.calibrated, measured = r.measured, note = r.note, author = r.author,
        made_at = r.made_at
    FROM %s AS r
    WHERE r.version = %L
    $q$, s.declaration, s.rules, r.version));
  PERFORM customer_tier_internal.put_tiers(s, r);
END $$;
COMMENT ON FUNCTION customer_tier_internal.put_rule(customer_tier_internal.scheme, customer_tier_internal.rule) IS
  'support of create_scheme and alter_scheme: puts a rule in force';

CREATE FUNCTION customer_tier_internal.parts_of(s customer_tier_internal.scheme, OUT part text, OUT relation regclass)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
VALUES ('ledger', s.ledger), ('attributes', s.attributes), ('input', s.input), ('measures', s.measures),
       ('scores', s.scores), ('rating', s.rating), ('state', s.state), ('history', s.history),
       ('thresholds', s.thresholds), ('refreshes', s.refreshes), ('tier_table', s.tier_table), ('pins', s.pins),
       ('releases', s.releases),
       ('trend', s.trend), ('moves', s.moves), ('rules', s.rules), ('current_view', s.current_view),
       ('scheme', s.scheme), ('history_view', s.history_view), ('summary_view', s.summary_view),
       ('migration_view', s.migration_view), ('trend_view', s.trend_view), ('progress_view', s.progress_view),
       ('thresholds_view', s.thresholds_view), ('spread_view', s.spread_view), ('cells_view', s.cells_view)
$$;
COMMENT ON FUNCTION customer_tier_internal.parts_of(customer_tier_internal.scheme) IS
  'support of create_scheme and alter_scheme: what the declaration of a scheme names';

-- The table that declares a scheme.  Its defaults name the parts, because a stored OID would not survive a dump.
CREATE FUNCTION customer_tier_internal.make_declaration(s customer_tier_internal.scheme, declaration text)
RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY ARRAY[
    format('CREATE TABLE %s (is_scheme customer_tier.is_scheme PRIMARY KEY, %s, sources regclass[]%s, preset text, '
           'as_of date, version int, axes jsonb, sizes int[], map int[], tiers text[], matrix text[], unrated text, '
           'calibrate text, downgrade text, hold interval, keep float8, returns numeric, review text[], '
           'calibrated int, measured int, note text, author text, made_at timestamptz)', declaration,
           (SELECT string_agg(format('%I regclass%s', part, customer_tier_internal.default_of(relation)), ', ')
            FROM customer_tier_internal.parts_of(s)),
           customer_tier_internal.default_of_touches(nullif(s.sources, '{}'))),
    format('INSERT INTO %s VALUES (true, %s, NULL, %L)', declaration,
           (SELECT string_agg('NULL', ', ') FROM customer_tier_internal.parts_of(s)), s.preset),
    format('GRANT SELECT (is_scheme, preset, as_of, version, made_at) ON %s TO pg_monitor', declaration),
    format('COMMENT ON TABLE %s IS %L', declaration,
           'the declaration of a scheme: its rule and, by the defaults of its columns, its parts')] LOOP
    PERFORM customer_tier_internal.run(s.ledger, command);
  END LOOP;
  RETURN declaration;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_declaration(customer_tier_internal.scheme, text) IS
  'support of create_scheme: the table that declares a scheme';
