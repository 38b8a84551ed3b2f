-- Making, changing and dropping schemes; their tables and views.

-- the tables of a scheme, as the owner of its sales; their columns do not depend on its axes
CREATE FUNCTION customer_tier_internal.make_scheme_tables(s scheme, place text, name text) RETURNS scheme
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t record;
  customer text := (SELECT format('%s%s', format_type(atttypid, atttypmod),
                                  (SELECT ' COLLATE ' || oid::regcollation FROM pg_collation WHERE oid = attcollation AND collname <> 'default'))
                    FROM pg_attribute WHERE attrelid = s.input AND attname = 'customer');
BEGIN
  FOR t IN
    SELECT format('%s.%I', place, name || suffix) AS relation, columns, about
    FROM (VALUES
      ('__state', format('customer %s NOT NULL, customer_group text NOT NULL, scores int2[] NOT NULL, vals float8[], '
                         'earned text NOT NULL, tier text NOT NULL, status text NOT NULL, since date NOT NULL', customer),
        'each customer''s scores and tier, as of the last refresh; vals: what a view cannot compute'),
      ('__history', format('customer %s NOT NULL, customer_group text, valid_from date NOT NULL, valid_to date NOT NULL, '
                           'tier text, previous_tier text, change text NOT NULL, reason text NOT NULL, note text, '
                           'status text, since date, earned text, rule_version int NOT NULL, scores int2[], vals float8[], '
                           'next_from date GENERATED ALWAYS AS (nullif(valid_to, ''infinity'')) STORED', customer),
        'tiers, each with the days on which it held: one chain for each customer, without gap or overlap'),
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
      ('__refresh', 'as_of date PRIMARY KEY, version int NOT NULL', 'the refreshes, and the version of the rule'),
      ('__tier', 'tier text PRIMARY KEY, rank int, name text NOT NULL, description text, colour text, policy jsonb, '
                 'hold interval',
        'names, colours and policies of the tiers; see alter_tier'),
      ('__pin', format('customer %s, tier text NOT NULL, reason text NOT NULL, author text NOT NULL, '
                       'pinned_from date, until date, PRIMARY KEY (customer, pinned_from), CHECK (pinned_from < until)', customer),
        'tiers that are given by hand')) AS v(suffix, columns, about)
  LOOP
    PERFORM customer_tier_internal.run(s.source, format('CREATE TABLE %s (%s)', t.relation, t.columns));
    PERFORM customer_tier_internal.run(s.source, format('COMMENT ON TABLE %s IS %L', t.relation, t.about));
  END LOOP;
  PERFORM customer_tier_internal.run(s.source, format('CREATE INDEX ON %s.%I (as_of)', place, name || '__move'));
  s.state := format('%s.%I', place, name || '__state');
  s.history := format('%s.%I', place, name || '__history');
  s.thresholds := format('%s.%I', place, name || '__threshold');
  s.trend := format('%s.%I', place, name || '__trend');
  s.moves := format('%s.%I', place, name || '__move');
  s.refreshes := format('%s.%I', place, name || '__refresh');
  s.tiers := format('%s.%I', place, name || '__tier');
  s.pins := format('%s.%I', place, name || '__pin');
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_scheme_tables(scheme, text, text) IS
  'support of create_scheme: its tables';

-- the columns of attributes that measures see beside their own
CREATE FUNCTION customer_tier_internal.attribute_columns(attributes regclass) RETURNS SETOF name
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT attname
FROM pg_attribute
WHERE attrelid = attributes AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('customer', 'ledger', 'as_of', 'listed')
ORDER BY attnum
$$;
COMMENT ON FUNCTION customer_tier_internal.attribute_columns(regclass) IS
  'support of schemes: the columns of attributes that measures see';

-- the views that expressions are written over: of a customer, and of scores
CREATE FUNCTION customer_tier_internal.make_input_views(s scheme, axes jsonb[], place text, name text) RETURNS scheme
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source customer_tier_internal.source := customer_tier_internal.source_of(s.source);
  hidden text;
BEGIN
  s.input := NULL;
  IF s.attributes IS NULL THEN
    PERFORM customer_tier_internal.run(s.source, format(
      'CREATE VIEW %s.%I AS SELECT customer, ledger, NULL::date AS as_of, false AS listed FROM %s',
      place, name || '__input', source.ledger));
  ELSE
    PERFORM customer_tier_internal.check_attributes(s);
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO hidden
    FROM pg_attribute
    WHERE attrelid = s.attributes AND attnum > 0 AND NOT attisdropped AND
          attname IN ('customer', 'ledger', 'as_of', 'listed') AND attname <> s.key;
    IF hidden IS NOT NULL THEN
      RAISE NOTICE 'measures cannot name these columns of attributes %, which mean something else in them: %', s.attributes, hidden;
    END IF;
    PERFORM customer_tier_internal.run(s.source, format($q$
      CREATE VIEW %1$s.%2$I AS
      SELECT coalesce(l.customer, a.%3$I) AS customer, coalesce(l.ledger, '{}') AS ledger, NULL::date AS as_of,
             a.%3$I IS NOT NULL AS listed%4$s
      FROM %5$s AS l
        FULL JOIN (SELECT * FROM %6$s WHERE %3$I IS NOT NULL) AS a ON a.%3$I %7$s l.customer
      $q$, place, name || '__input', s.key,
      (SELECT string_agg(format(', a.%I', c), '') FROM customer_tier_internal.attribute_columns(s.attributes) AS c),
      source.ledger, s.attributes, customer_tier_internal.equal_of(s)));
  END IF;
  IF EXISTS (SELECT FROM unnest(axes) AS a WHERE a ->> 'name' IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'an axis has no name',
      HINT = 'For example axis(''value'', ''total(ledger)'', by => ''share'', at => ''{0.80, 0.95}'').';
  ELSIF (SELECT count(DISTINCT a ->> 'name') FROM unnest(axes) AS a) < cardinality(axes) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'two axes have the same name';
  END IF;
  PERFORM customer_tier_internal.axis_size(a) FROM unnest(axes) AS a;
  PERFORM customer_tier_internal.run(s.source, format('CREATE VIEW %s.%I AS SELECT %s', place, name || '__score',
    (SELECT string_agg(format('1 AS %I', a ->> 'name'), ', ' ORDER BY i) FROM unnest(axes) WITH ORDINALITY AS u(a, i))));
  PERFORM
  FROM (VALUES ('__input', 'what the measures of a scheme are asked of'),
               ('__score', 'the scores, as the expression for the tier names them')) AS v(suffix, about),
    customer_tier_internal.as_owner(s.source, format('COMMENT ON VIEW %s.%I IS %L', place, name || suffix, about)) AS x(x int);
  s.input := format('%s.%I', place, name || '__input');
  s.scores := format('%s.%I', place, name || '__score');
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_input_views(scheme, jsonb[], text, text) IS
  'support of create_scheme: what a rule needs';

CREATE FUNCTION customer_tier_internal.define_scheme(scheme text, source regclass, preset text, axes jsonb[], tiers text[], tier text, unrated text, attributes regclass, key text, per text, calibrate text,
  downgrade text, hold interval, keep double precision, review text[], options jsonb, note text, path text, place text) RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier.scheme;
  r customer_tier.rule;
  p record;
  names text[];
  name text;
  taken text;
BEGIN
  IF scheme IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a scheme needs a name', HINT = 'It is that of a view, such as crm.abc.';
  END IF;
  names := parse_ident(scheme);
  name := names[cardinality(names)];
  IF cardinality(names) > 2 OR octet_length(name) > 50 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_name', MESSAGE = format('"%s" is no name for a scheme', scheme), HINT = 'It has a schema, if any, and at most 50 bytes.';
  END IF;
  place := quote_ident(CASE cardinality(names) WHEN 2 THEN names[1] ELSE place END);
  IF place IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_schema_name', MESSAGE = 'no schema has been selected to create in', HINT = 'Name one: crm.abc.';
  END IF;
  SELECT format('%s.%I', place, name || suffix) INTO taken FROM unnest('{"", _history, _summary, _migration, _trend, _progress, _thresholds, __input, __score, __current, __state, __history, __threshold, __trend, __move, __refresh, __tier, __pin}'::text[]) AS suffix
  WHERE to_regclass(format('%s.%I', place, name || suffix)) IS NOT NULL LIMIT 1;
  IF taken IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_table', MESSAGE = format('%s exists already', taken), HINT = 'alter_scheme changes a scheme, drop_scheme drops it; else take another name.';
  END IF;
  s.source := (customer_tier_internal.source_of(source)).view;
  s.attributes := attributes;
  s.preset := preset;
  s.version := 1;
  IF preset IN ('quadrant', 'nine_grid', 'sixteen_grid') AND attributes IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('preset %s needs attributes of customers', preset),
      HINT = 'attributes => a table with a column annual_potential, or options => ''{"potential": "..."}'' for another expression over it.';
  ELSIF preset IS NULL AND coalesce(options, '{}') <> '{}' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'options are those of a preset', HINT = 'preset => ''abc'', for example.';
  ELSIF jsonb_typeof(options) <> 'object' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'options are no JSON object', HINT = 'options => ''{"at": [0.8, 0.95]}'', for example.';
  ELSIF preset IS NOT NULL THEN
    SELECT * INTO p FROM customer_tier.preset(preset, coalesce(options, '{}'));
    axes := coalesce(axes, p.axes);
    tiers := coalesce(tiers, p.tiers);
    tier := coalesce(tier, p.tier);
    unrated := coalesce(unrated, p.unrated);
  END IF;
  IF coalesce(cardinality(axes), 0) NOT BETWEEN 1 AND 6 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('a scheme has one to six axes, not %s', coalesce(cardinality(axes), 0)),
      HINT = 'axes => ARRAY[axis(''value'', ''total(ledger)'', by => ''share'', at => ''{0.80, 0.95}'')], or a preset.';
  END IF;
  IF attributes IS NOT NULL THEN
    s.key := coalesce(key, (SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] WHERE indrelid = attributes AND indisprimary AND indnkeyatts = 1));
  END IF;
  s := customer_tier_internal.make_input_views(s, axes, place, name);
  -- the rule is made before the view that stands for the scheme
  r := customer_tier_internal.make_rule(s, axes, tiers, tier, unrated, per, calibrate, downgrade, hold, keep, review, note, path);
  r.version := 1;
  r.calibrated := 1;
  s := customer_tier_internal.make_scheme_tables(s, place, name);
  s.views := customer_tier_internal.make_scheme_views(s, r, place, name);
  s.scheme := s.views[2];
  r.scheme := s.scheme;
  PERFORM customer_tier_internal.put_tiers(s, r);
  INSERT INTO customer_tier.scheme SELECT s.*;
  INSERT INTO customer_tier.rule SELECT r.*;
  RETURN s.scheme;
END $$;
COMMENT ON FUNCTION customer_tier_internal.define_scheme(text, regclass, text, jsonb[], text[], text, text, regclass, text, text, text, text, interval, double precision, text[], jsonb, text, text, text) IS 'support of create_scheme';

-- no search_path here: names mean what they mean to the caller
CREATE FUNCTION create_scheme(scheme text, source regclass, preset text DEFAULT NULL, axes jsonb[] DEFAULT NULL, tiers text[] DEFAULT NULL, tier text DEFAULT NULL, unrated text DEFAULT NULL,
  attributes regclass DEFAULT NULL, key text DEFAULT NULL, per text DEFAULT NULL, calibrate text DEFAULT 'every refresh', downgrade text DEFAULT 'direct', hold interval DEFAULT NULL,
  keep double precision DEFAULT NULL, review text[] DEFAULT NULL, options jsonb DEFAULT '{}', note text DEFAULT NULL) RETURNS regclass
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
SELECT customer_tier_internal.define_scheme($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, pg_catalog.current_setting('search_path'), pg_catalog.current_schema())
$$;
COMMENT ON FUNCTION create_scheme(text, regclass, text, jsonb[], text[], text, text, regclass, text, text, text, text, interval, double precision, text[], jsonb, text) IS 'makes a scheme over a tracked sales table, from a preset or from axes and tiers; its name is that of the view of current tiers';

CREATE FUNCTION customer_tier_internal.changed_rule(s scheme, axes jsonb[], tiers text[], tier text, unrated text, calibrate text, downgrade text, hold interval, keep double precision, review text[], note text, path text) RETURNS rule
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  old customer_tier.rule := customer_tier_internal.rule_of(s);
  r customer_tier.rule;
BEGIN
  IF tiers IS NULL AND tier IS NULL THEN
    IF left(old.said, 1) = '{' THEN
      tiers := old.said::text[];
    ELSE
      tiers := old.tiers;
      tier := old.said;
    END IF;
  ELSIF tiers IS NULL THEN
    tiers := old.tiers;
  END IF;
  r := customer_tier_internal.make_rule(s, coalesce(axes, ARRAY(SELECT a FROM jsonb_array_elements(old.axes) WITH ORDINALITY AS e(a, i) ORDER BY i)), tiers, tier, coalesce(unrated, old.unrated), old.per,
    coalesce(calibrate, old.calibrate), coalesce(downgrade, old.downgrade), coalesce(hold, old.hold), coalesce(keep, old.keep), coalesce(review, old.review), note, path);
  IF (SELECT jsonb_agg(a -> 'name') FROM jsonb_array_elements(r.axes) AS a) <> (SELECT jsonb_agg(a -> 'name') FROM jsonb_array_elements(old.axes) AS a) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'the axes of a scheme keep their names and order',
      HINT = 'Its history has a column for each. Make another scheme for other axes.';
  END IF;
  IF EXISTS (SELECT FROM jsonb_array_elements(r.axes) WITH ORDINALITY AS n(a, i) JOIN jsonb_array_elements(old.axes) WITH ORDINALITY AS o(a, i) USING (i) WHERE n.a -> 'better' <> o.a -> 'better') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'what is better on an axis of a scheme stays as it is',
      HINT = 'Its lines of earlier days would mean the opposite. Make another scheme.';
  END IF;
  SELECT max(x.version) + 1 INTO r.version FROM customer_tier.rule AS x WHERE x.scheme = s.scheme;
  r.calibrated := CASE WHEN r.axes = old.axes AND r.calibrate = old.calibrate THEN old.calibrated ELSE r.version END;
  RETURN r;
END $$;
COMMENT ON FUNCTION customer_tier_internal.changed_rule(scheme, jsonb[], text[], text, text, text, text, interval, double precision, text[], text, text) IS 'support of alter_scheme and simulate: the rule, with changes';

CREATE FUNCTION customer_tier_internal.redefine_scheme(scheme regclass, axes jsonb[], tiers text[], tier text, unrated text, calibrate text, downgrade text, hold interval, keep double precision, review text[], note text, path text, recalibrate boolean DEFAULT false) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.locked_scheme($1, 'SHARE UPDATE EXCLUSIVE');
  r customer_tier.rule;
  c pg_class;
  gone text;
BEGIN
  r := customer_tier_internal.changed_rule(s, axes, tiers, tier, unrated, calibrate, downgrade, hold, keep, review, note, path);
  SELECT x INTO gone FROM customer_tier_internal.as_owner(s.source, format('SELECT string_agg(DISTINCT tier, '', '') FROM %s WHERE NOT tier = ANY (%L) AND (until IS NULL OR until > coalesce(%L::date + 1, ''-infinity''))', s.pins, array_remove(r.tiers || r.unrated, NULL), s.as_of)) AS (x text);
  IF gone IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_in_use', MESSAGE = format('customers are pinned to what would be a tier no more: %s', gone), HINT = 'unpin them first. How a tier is shown changes alter_tier.';
  END IF;
  IF recalibrate THEN
    r.calibrated := r.version;
  END IF;
  INSERT INTO customer_tier.rule SELECT r.*;
  PERFORM customer_tier_internal.put_tiers(s, r);
  SELECT * INTO c FROM pg_class WHERE oid = s.scheme;
  UPDATE customer_tier.scheme AS x SET version = r.version,
    views = customer_tier_internal.make_scheme_views(s, r, quote_ident((SELECT nspname FROM pg_namespace WHERE oid = c.relnamespace)), c.relname) WHERE x.scheme = s.scheme;
  RETURN r.version;
END $$;
COMMENT ON FUNCTION customer_tier_internal.redefine_scheme(regclass, jsonb[], text[], text, text, text, text, interval, double precision, text[], text, text, boolean) IS 'support of alter_scheme';

CREATE FUNCTION alter_scheme(scheme regclass, axes jsonb[] DEFAULT NULL, tiers text[] DEFAULT NULL, tier text DEFAULT NULL, unrated text DEFAULT NULL, calibrate text DEFAULT NULL, downgrade text DEFAULT NULL,
  hold interval DEFAULT NULL, keep double precision DEFAULT NULL, review text[] DEFAULT NULL, note text DEFAULT NULL) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$ SELECT customer_tier_internal.redefine_scheme($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, pg_catalog.current_setting('search_path')) $$;
COMMENT ON FUNCTION alter_scheme(regclass, jsonb[], text[], text, text, text, text, interval, double precision, text[], text) IS 'a new version of a scheme''s rule, in force from the next refresh; what is null stays as it is';

CREATE FUNCTION recalibrate(scheme regclass, note text DEFAULT NULL) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT customer_tier_internal.redefine_scheme($1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, coalesce($2, 'recalibrated'), 'pg_catalog, pg_temp', true) $$;
COMMENT ON FUNCTION recalibrate(regclass, text) IS 'a scheme with fixed lines finds them anew at the next refresh; this is a version of its rule';

CREATE FUNCTION drop_scheme(scheme regclass) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.scheme_of($1);
  o record;
BEGIN
  -- views first, they do not read each other; the state last, whose owner it is when the sales are gone
  FOR o IN SELECT x.oid, format('DROP %s %s', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, x.oid::regclass) AS command FROM pg_class AS x
           WHERE x.oid = ANY (s.views) OR x.oid IN (s.input, s.scores, s.state, s.history, s.thresholds, s.refreshes, s.tiers, s.pins, s.trend, s.moves)
           ORDER BY relkind = 'v' DESC, x.oid = s.state, x.oid DESC LOOP
    PERFORM customer_tier_internal.run(CASE WHEN EXISTS (SELECT FROM pg_class WHERE oid = s.source) THEN s.source ELSE s.state END, o.command);
  END LOOP;
  DELETE FROM customer_tier.rule AS x WHERE x.scheme = s.scheme;
  DELETE FROM customer_tier.scheme AS x WHERE x.scheme = s.scheme;
END $$;
COMMENT ON FUNCTION drop_scheme(regclass) IS 'drops a scheme with its tables, its history and its views';

CREATE FUNCTION alter_tier(scheme regclass, tier text, name text DEFAULT NULL, description text DEFAULT NULL, colour text DEFAULT NULL, policy jsonb DEFAULT NULL, hold interval DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.scheme_of($1);
  n bigint;
BEGIN
  IF hold < interval '0' OR hold > interval '1000 years' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'hold is not within a thousand years', HINT = 'For example hold => ''6 months''.';
  END IF;
  SELECT count(*) INTO n FROM customer_tier_internal.as_owner(s.source, format('UPDATE %s SET name = coalesce(%L, name), description = coalesce(%L, description), colour = coalesce(%L, colour), policy = coalesce(%L, policy), hold = coalesce(%L, hold) WHERE tier = %L RETURNING tier',
    s.tiers, $3, $4, $5, $6, $7, $2)) AS (tier text);
  IF n = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('%s has no tier "%s"', $1, $2);
  END IF;
END $$;
COMMENT ON FUNCTION alter_tier(regclass, text, text, text, text, jsonb, interval) IS 'how a tier is shown, what it means and brings, and how long it is held; what is null stays as it is';

CREATE VIEW schemes AS
SELECT s.scheme, s.source, s.attributes, s.preset, s.version, s.as_of, r.axes, r.tiers, r.said AS tier, r.unrated, r.per, r.calibrate, r.downgrade, r.hold, r.keep, r.review, r.note, r.author, r.made_at
FROM customer_tier.scheme AS s JOIN customer_tier.rule AS r USING (scheme, version)
-- if its view is gone, whoever could drop what is left
WHERE coalesce(pg_catalog.has_table_privilege(s.scheme, 'SELECT'), customer_tier_internal.is_owner(s.source), customer_tier_internal.is_owner(s.state));
ALTER VIEW schemes SET (security_barrier);
GRANT SELECT ON schemes TO PUBLIC;
COMMENT ON VIEW schemes IS 'the schemes, each with the rule in force';
COMMENT ON COLUMN schemes.scheme IS 'the view of its current tiers';
COMMENT ON COLUMN schemes.source IS 'the tracked sales table';
COMMENT ON COLUMN schemes.attributes IS 'table of attributes of customers';
COMMENT ON COLUMN schemes.preset IS 'what it was made from';
COMMENT ON COLUMN schemes.version IS 'the version of its rule';
COMMENT ON COLUMN schemes.as_of IS 'the day of its last refresh';
COMMENT ON COLUMN schemes.axes IS 'its axes';
COMMENT ON COLUMN schemes.tiers IS 'its tiers, lowest first';
COMMENT ON COLUMN schemes.tier IS 'how scores lead to tiers: a list, a matrix or an expression';
COMMENT ON COLUMN schemes.unrated IS 'the tier of customers who lack a score';
COMMENT ON COLUMN schemes.per IS 'whose groups have lines of their own';
COMMENT ON COLUMN schemes.calibrate IS 'when lines are found: every refresh, or fixed';
COMMENT ON COLUMN schemes.downgrade IS 'direct or one_level';
COMMENT ON COLUMN schemes.hold IS 'how long a tier is kept at least';
COMMENT ON COLUMN schemes.keep IS 'the part of a line that suffices to stay above it';
COMMENT ON COLUMN schemes.review IS 'the days of the year on which customers may fall';
COMMENT ON COLUMN schemes.note IS 'why this version was made';
COMMENT ON COLUMN schemes.author IS 'by whom';
COMMENT ON COLUMN schemes.made_at IS 'and when';
