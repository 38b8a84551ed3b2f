-- Making, changing and dropping schemes.

-- The ledgers that measures see beside "ledger", by the names that they have in them.
CREATE FUNCTION customer_tier_internal.other_sources(own regclass, sources jsonb, path text, OUT name text,
  OUT ledger regclass) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  example text := 'sources => ''{"visits": "crm.visits"}'', for example: the name of a column, and a source.';
  source customer_tier_internal.source;
  relation text;
  wrong text;
BEGIN
  IF jsonb_typeof(coalesce(sources, '{}')) <> 'object' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'sources must be a JSON object',
      HINT = example;
  END IF;
  FOR name, relation IN SELECT key, value FROM jsonb_each_text(sources) LOOP
    wrong := CASE
      WHEN name !~ '^[[:alpha:]_][[:alnum:]_]*$' OR octet_length(name) > 50
        THEN 'its name is not a plain word of at most 50 bytes'
      WHEN name IN ('customer', 'ledger', 'as_of', 'listed') THEN 'its name is taken'
      WHEN relation IS NULL THEN 'it names no table'
    END;
    IF wrong IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('source "%s": %s', name, wrong),
        HINT = example;
    END IF;
    PERFORM set_config('search_path', path, true);
    source := customer_tier_internal.live_source(relation::regclass);
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    IF source.owner <> (SELECT relowner FROM pg_class WHERE oid = own) THEN
      RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
        MESSAGE = format('source "%s" does not belong to the owner of %s', name, own),
        HINT = 'All sources of a scheme belong to one owner, who sees what it measures.';
    END IF;
    SELECT format('source "%s" has customers of type %s, not %s', name, format_type(x.atttypid, x.atttypmod),
                  format_type(o.atttypid, o.atttypmod)) INTO wrong
    FROM pg_attribute AS o, pg_attribute AS x
    WHERE o.attrelid = own AND o.attname = 'customer' AND x.attrelid = source.ledger AND x.attname = 'customer'
      AND (x.atttypid, x.attcollation) IS DISTINCT FROM (o.atttypid, o.attcollation);
    IF wrong IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch', MESSAGE = wrong,
        HINT = 'Track it with customers of that type: customer => ''customer_id::...''.';
    END IF;
    ledger := source.ledger;
    RETURN NEXT;
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.other_sources(regclass, jsonb, text) IS
  'support of create_scheme: the ledgers of the sources that measures name, checked';

CREATE FUNCTION customer_tier_internal.define_scheme(scheme text, source regclass, preset text, axes jsonb[],
  tiers text[], tier text, unrated text, attributes regclass, key text, per text, calibrate text, downgrade text,
  hold interval, keep double precision, returns numeric, review text[], options jsonb, note text, sources jsonb,
  path text, current text) RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme;
  r customer_tier_internal.rule;
  p record;
  n record;
  named text[];
BEGIN
  IF scheme IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a scheme needs a name',
      HINT = 'It is that of a view, such as crm.abc.';
  END IF;
  SELECT * INTO n
  FROM customer_tier_internal.name_to_make('scheme', scheme, current,
    '{"", _history, _summary, _migration, _trend, _progress, _thresholds, _spread, _cells, __scheme, __attribute,
      __input, __measure, __score, __rating, __current, __state, __history, __threshold, __trend, __move, __refresh,
      __tier, __pin, __release, __rule}');
  IF n.taken IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_table', MESSAGE = format('%s exists already', n.taken),
      HINT = 'alter_scheme changes a scheme, drop_scheme drops it; else take another name.';
  END IF;
  s.ledger := (customer_tier_internal.live_source(source)).ledger;
  SELECT coalesce(array_agg(x.name ORDER BY i), '{}'), coalesce(array_agg(x.ledger ORDER BY i), '{}')
  INTO named, s.sources
  FROM customer_tier_internal.other_sources(s.ledger, sources, path) WITH ORDINALITY AS x(name, ledger, i);
  s.preset := preset;
  IF customer_tier_internal.preset_needs_attributes(preset) AND attributes IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('preset %s needs attributes of customers', preset),
      HINT = customer_tier_internal.preset_attributes(preset);
  ELSIF preset IS NULL AND coalesce(options, '{}') <> '{}' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'options are those of a preset',
      HINT = 'preset => ''abc'', for example.';
  ELSIF jsonb_typeof(options) <> 'object' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'options must be a JSON object',
      HINT = 'options => ''{"at": [0.8, 0.95]}'', for example.';
  ELSIF preset IS NOT NULL THEN
    SELECT * INTO p FROM customer_tier_internal.preset(preset, coalesce(options, '{}'), path);
    axes := coalesce(axes, p.axes);
    tiers := coalesce(tiers, p.tiers);
    tier := coalesce(tier, p.tier);
    unrated := coalesce(unrated, p.unrated);
  END IF;
  PERFORM customer_tier_internal.check_axes(axes);
  PERFORM customer_tier_internal.axis_size(a) FROM unnest(axes) AS a;
  IF attributes IS NOT NULL THEN
    key := coalesce(key, (SELECT attname
                          FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
                          WHERE indrelid = attributes AND indisprimary AND indnkeyatts = 1));
  END IF;
  s := customer_tier_internal.make_input_views(s, attributes, key, named, axes, n.place, n.relname);
  IF preset IS NOT NULL THEN
    PERFORM customer_tier_internal.check_preset_measures(preset, coalesce(options, '{}'), s.input, p.axes, path);
  END IF;
  -- the rule is made before the view of the scheme exists
  r.per := customer_tier_internal.scheme_expression(s.input, per, 'group', path);
  r := customer_tier_internal.changed_rule(s, r, axes, tiers, tier, unrated, calibrate, downgrade, hold, keep, returns,
                                           review, note, path);
  r.version := 1;
  r.calibrated := 1;
  r.measured := 1;
  s := customer_tier_internal.make_scheme_tables(s, n.place, n.relname);
  PERFORM customer_tier_internal.make_rule_views(s, r, format('%s.%I', n.place, n.relname || '__measure'),
                                                 format('%s.%I', n.place, n.relname || '__rating'));
  s.measures := format('%s.%I', n.place, n.relname || '__measure');
  s.rating := format('%s.%I', n.place, n.relname || '__rating');
  PERFORM customer_tier_internal.run(s.ledger, format('COMMENT ON VIEW %s.%I IS %L', n.place, relname, about))
  FROM (VALUES ('__attribute', 'the attributes of customers, as the measures of a scheme see them'),
               ('__input', 'what the measures of a scheme are asked of'),
               ('__measure', 'the measures of a scheme, an array for each axis; as_of is null here'),
               ('__score', 'the scores, as the expression for the tier names them'),
               ('__rating', 'the expression for the tier, if there is one')) AS v(suffix, about),
    LATERAL (SELECT n.relname || suffix) AS x(relname)
  WHERE suffix <> '__attribute' OR attributes IS NOT NULL;
  s := customer_tier_internal.make_scheme_views(s, r, n.place, n.relname);
  s.declaration := customer_tier_internal.make_declaration(s, format('%s.%I', n.place, n.relname || '__scheme'));
  PERFORM customer_tier_internal.put_rule(s, r);
  RETURN s.scheme;
END $$;
COMMENT ON FUNCTION customer_tier_internal.define_scheme(text, regclass, text, jsonb[], text[], text, text, regclass,
  text, text, text, text, interval, double precision, numeric, text[], jsonb, text, jsonb, text, text) IS
  'support of create_scheme';

-- no SET search_path: names are looked up in the caller's
CREATE FUNCTION create_scheme(scheme text, source regclass, preset text DEFAULT NULL, axes jsonb[] DEFAULT NULL,
  tiers text[] DEFAULT NULL, tier text DEFAULT NULL, unrated text DEFAULT NULL, attributes regclass DEFAULT NULL,
  key text DEFAULT NULL, per text DEFAULT NULL, calibrate text DEFAULT 'every refresh',
  downgrade text DEFAULT 'direct', hold interval DEFAULT NULL, keep double precision DEFAULT NULL,
  returns numeric DEFAULT NULL, review text DEFAULT NULL, options jsonb DEFAULT '{}', note text DEFAULT NULL,
  sources jsonb DEFAULT NULL) RETURNS regclass
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
SELECT customer_tier_internal.define_scheme($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
  $15, customer_tier_internal.review_days($16), $17, $18, $19,
  pg_catalog.current_setting('search_path'), pg_catalog.current_schema())
$$;
COMMENT ON FUNCTION create_scheme(text, regclass, text, jsonb[], text[], text, text, regclass, text, text, text, text,
  interval, double precision, numeric, text, jsonb, text, jsonb) IS
  'makes a scheme over a source, from a preset or from axes and tiers; its name is that of the view of current tiers';

CREATE FUNCTION customer_tier_internal.redefine_scheme(scheme regclass, axes jsonb[], tiers text[], tier text,
  unrated text, calibrate text, downgrade text, hold interval, keep double precision, returns numeric, review text[],
  note text, sources jsonb, path text, recalibrate boolean DEFAULT false) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.locked_scheme($1, 'SHARE UPDATE EXCLUSIVE', true);
  own customer_tier_internal.rule := customer_tier_internal.rule_of(s);
  r customer_tier_internal.rule;
  gone text;
  n record;
  made customer_tier_internal.scheme;
BEGIN
  -- a view that was dropped has the name of the declaration
  SELECT quote_ident(nspname) AS place, regexp_replace(relname, '__scheme$', '') AS name INTO n
  FROM pg_class AS c
       JOIN pg_namespace AS place ON place.oid = relnamespace
  WHERE c.oid = s.declaration;
  s := customer_tier_internal.change_sources(s, sources, path);
  PERFORM customer_tier_internal.add_attributes(s);
  r := customer_tier_internal.changed_rule(s, own, axes, tiers, tier, unrated, calibrate, downgrade, hold, keep,
                                           returns, review, note, path);
  SELECT x INTO gone
  FROM customer_tier_internal.as_owner(s.ledger, format(
      'SELECT string_agg(DISTINCT tier, '', '')
       FROM %s
       WHERE NOT tier = ANY (%L) AND (until IS NULL OR until > coalesce(%L::date + 1, ''-infinity''))',
      s.pins, array_remove(r.tiers || r.unrated, NULL), s.as_of)) AS (x text);
  IF gone IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_in_use',
      MESSAGE = format('customers are pinned to tiers that the scheme would lose: %s', gone),
      HINT = 'unpin them first. alter_tier changes how a tier is shown.';
  END IF;
  r.version := own.version + 1;
  r.calibrated := CASE
    WHEN r.axes = own.axes AND r.calibrate = own.calibrate AND NOT recalibrate THEN own.calibrated
    ELSE r.version
  END;
  -- the same measures, however they are cut
  r.measured := CASE
    WHEN sources IS NULL AND (SELECT jsonb_agg(a - '{by,at,rule}'::text[]) FROM jsonb_array_elements(r.axes) AS a) =
         (SELECT jsonb_agg(a - '{by,at,rule}'::text[]) FROM jsonb_array_elements(own.axes) AS a) THEN own.measured
    ELSE r.version
  END;
  PERFORM customer_tier_internal.make_rule_views(s, r, s.measures::text, s.rating::text);
  made := customer_tier_internal.make_scheme_views(s, r, n.place, n.name);
  PERFORM customer_tier_internal.run(s.ledger, format('ALTER TABLE %s ALTER %I SET%s', s.declaration, m.part,
                                                      customer_tier_internal.default_of(m.relation)))
  FROM customer_tier_internal.parts_of(made) AS m
       JOIN customer_tier_internal.parts_of(s) AS p USING (part)
  WHERE m.relation IS DISTINCT FROM p.relation;
  PERFORM customer_tier_internal.put_rule(s, r);
  RETURN r.version;
END $$;
COMMENT ON FUNCTION customer_tier_internal.redefine_scheme(regclass, jsonb[], text[], text, text, text, text, interval,
  double precision, numeric, text[], text, jsonb, text, boolean) IS 'support of alter_scheme';

CREATE FUNCTION alter_scheme(scheme regclass, axes jsonb[] DEFAULT NULL, tiers text[] DEFAULT NULL,
  tier text DEFAULT NULL, unrated text DEFAULT NULL, calibrate text DEFAULT NULL, downgrade text DEFAULT NULL,
  hold interval DEFAULT NULL, keep double precision DEFAULT NULL, returns numeric DEFAULT NULL,
  review text DEFAULT NULL, note text DEFAULT NULL, sources jsonb DEFAULT NULL) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
SELECT customer_tier_internal.redefine_scheme($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
  customer_tier_internal.review_days($11), $12, $13, pg_catalog.current_setting('search_path'))
$$;
COMMENT ON FUNCTION alter_scheme(regclass, jsonb[], text[], text, text, text, text, interval, double precision,
  numeric, text, text, jsonb) IS
  'makes a new version of a scheme''s rule, in force from the next refresh; null arguments keep the present value';

CREATE FUNCTION recalibrate(scheme regclass, note text DEFAULT NULL) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT customer_tier_internal.redefine_scheme($1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  coalesce($2, 'recalibrated'), NULL, 'pg_catalog, pg_temp', true)
$$;
COMMENT ON FUNCTION recalibrate(regclass, text) IS
  'makes a scheme with fixed lines compute them again at the next refresh, by a new version of its rule';

-- also drops the rest of a damaged scheme; keeps parts of other owners
CREATE FUNCTION drop_scheme(scheme regclass) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.scheme_or_null($1);
  named regclass[];
  part record;
BEGIN
  IF s.declaration IS NULL THEN
    s := customer_tier_internal.scheme_of($1);
  END IF;
  PERFORM customer_tier_internal.check_owner(coalesce(s.scheme, s.declaration));
  named := customer_tier_internal.named_parts(s.declaration);
  PERFORM customer_tier_internal.run(s.declaration, format('DROP TABLE %s', s.declaration));
  -- views first, the newest first, because they read tables and older views
  FOR part IN SELECT c.oid, CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind
              FROM unnest(named) AS n
                   JOIN pg_class AS c ON c.oid = n
              WHERE c.relowner = s.owner AND NOT c.oid = ANY (array_remove(s.sources || s.ledger, NULL))
              GROUP BY c.oid, c.relkind
              ORDER BY relkind = 'v' DESC, c.oid DESC LOOP
    PERFORM customer_tier_internal.run(part.oid, format('DROP %s %s', part.kind, part.oid::regclass));
  END LOOP;
END $$;
COMMENT ON FUNCTION drop_scheme(regclass) IS 'drops a scheme with its tables, its history and its views';

CREATE FUNCTION alter_tier(scheme regclass, tier text, name text DEFAULT NULL, description text DEFAULT NULL,
  colour text DEFAULT NULL, policy jsonb DEFAULT NULL, hold interval DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.own_scheme($1);
  n bigint;
BEGIN
  IF hold < interval '0' OR hold > interval '1000 years' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'hold must be shorter than a thousand years',
      HINT = 'For example hold => ''6 months''.';
  END IF;
  SELECT count(*) INTO n
  FROM customer_tier_internal.as_owner(s.ledger, format(
      'UPDATE %s
       SET name = coalesce(%L, name), description = coalesce(%L, description), colour = coalesce(%L, colour),
           policy = coalesce(%L, policy), hold = coalesce(%L, hold)
       WHERE tier = %L
       RETURNING tier',
      s.tier_table, $3, $4, $5, $6, $7, $2)) AS (tier text);
  IF n = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('%s has no tier "%s"', $1, $2);
  END IF;
END $$;
COMMENT ON FUNCTION alter_tier(regclass, text, text, text, text, jsonb, interval) IS
  'changes the name, description, colour, policy and hold of a tier; null arguments keep the present value';
