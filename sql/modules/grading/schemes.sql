-- Schemes: axes with cuts give scores, scores give a tier.  What a scheme is, and its tables.

CREATE TABLE scheme (
  scheme regclass PRIMARY KEY,
  source regclass NOT NULL,
  attributes regclass,
  key text,
  preset text,
  version integer NOT NULL,
  as_of date,
  input regclass NOT NULL,
  state regclass NOT NULL,
  history regclass NOT NULL,
  thresholds regclass NOT NULL,
  refreshes regclass NOT NULL,
  tiers regclass NOT NULL,
  pins regclass NOT NULL,
  trend regclass NOT NULL,
  moves regclass NOT NULL,
  scores regclass NOT NULL,
  views regclass[] NOT NULL
);
COMMENT ON TABLE scheme IS 'the schemes; see the view schemes';
COMMENT ON COLUMN scheme.scheme IS 'the view of its current tiers, which stands for it';
COMMENT ON COLUMN scheme.source IS 'the tracked sales table that it grades by';
COMMENT ON COLUMN scheme.attributes IS 'table of attributes of customers';
COMMENT ON COLUMN scheme.key IS 'their column that says whose they are';
COMMENT ON COLUMN scheme.preset IS 'what it was made from';
COMMENT ON COLUMN scheme.version IS 'the version of its rule that is in force';
COMMENT ON COLUMN scheme.as_of IS 'the day of its last refresh';
COMMENT ON COLUMN scheme.input IS 'view of what its measures are asked of: customer, ledger, attributes';
COMMENT ON COLUMN scheme.state IS 'table of each customer''s scores and tier, as of the last refresh';
COMMENT ON COLUMN scheme.history IS 'table of tiers, each with the days on which it held';
COMMENT ON COLUMN scheme.thresholds IS 'table of the lines, each from the day it was found';
COMMENT ON COLUMN scheme.refreshes IS 'table of the refreshes';
COMMENT ON COLUMN scheme.tiers IS 'table of the tiers: rank, name, colour, policy';
COMMENT ON COLUMN scheme.pins IS 'table of the tiers that are given by hand';
COMMENT ON COLUMN scheme.views IS 'its views: what they share, current tiers, history, summary, migration, trend, progress, thresholds';
COMMENT ON COLUMN scheme.scores IS 'view whose columns are the scores, as the expression for the tier names them';
COMMENT ON COLUMN scheme.trend IS 'table of the tiers'' totals at each refresh';
COMMENT ON COLUMN scheme.moves IS 'table of how many went from tier to tier at each refresh';
SELECT pg_catalog.pg_extension_config_dump('scheme', '');
-- nobody registers what is somebody else's, as for models
CREATE FUNCTION customer_tier_internal.scheme_names(s scheme) RETURNS regclass[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT ARRAY[s.source, s.scheme, s.input, s.state, s.history, s.thresholds, s.refreshes, s.tiers, s.pins, s.trend, s.moves, s.scores] || s.views
$$;
COMMENT ON FUNCTION customer_tier_internal.scheme_names(scheme) IS 'support of schemes: all relations of a scheme that have one owner';

CREATE FUNCTION customer_tier_internal.check_scheme_writer() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM customer_tier_internal.check_named(customer_tier_internal.scheme_names(OLD), false);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM customer_tier_internal.check_named(customer_tier_internal.scheme_names(NEW), true);
    RETURN NEW;
  END IF;
  RETURN OLD;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_scheme_writer() IS 'the trigger on the table of schemes';
CREATE TRIGGER writer BEFORE INSERT OR UPDATE OR DELETE ON scheme FOR EACH ROW EXECUTE FUNCTION customer_tier_internal.check_scheme_writer();
ALTER TABLE scheme ENABLE ALWAYS TRIGGER writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON scheme TO PUBLIC;

CREATE TABLE rule (
  scheme regclass NOT NULL,
  version integer NOT NULL,
  axes jsonb NOT NULL,
  sizes integer[] NOT NULL,
  tiers text[] NOT NULL,
  map integer[] NOT NULL,
  said text NOT NULL,
  unrated text,
  per text,
  calibrate text NOT NULL CHECK (calibrate IN ('every refresh', 'fixed')),
  downgrade text NOT NULL CHECK (downgrade IN ('direct', 'one_level')),
  hold interval,
  keep double precision,
  review text[],
  calibrated integer NOT NULL,
  note text,
  author text NOT NULL DEFAULT session_user,
  made_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (scheme, version)
);
COMMENT ON TABLE rule IS 'the rules of the schemes, in all their versions';
COMMENT ON COLUMN rule.scheme IS 'the scheme';
COMMENT ON COLUMN rule.version IS 'counted from 1';
COMMENT ON COLUMN rule.axes IS 'its axes: name, value, by, at, rule, better';
COMMENT ON COLUMN rule.sizes IS 'how many scores each axis has';
COMMENT ON COLUMN rule.tiers IS 'its tiers, lowest first';
COMMENT ON COLUMN rule.map IS 'the rank of the tier of each combination of scores; those of the first axis run fastest';
COMMENT ON COLUMN rule.said IS 'the same as it was said: a list, a matrix or an expression';
COMMENT ON COLUMN rule.unrated IS 'the tier of customers who lack a score; null: they have none';
COMMENT ON COLUMN rule.per IS 'expression over the attributes: each group has lines of its own';
COMMENT ON COLUMN rule.calibrate IS 'whether lines are found at every refresh, or fixed until recalibrate';
COMMENT ON COLUMN rule.downgrade IS 'direct, or one_level at a time';
COMMENT ON COLUMN rule.hold IS 'how long a tier is kept at least; a tier of its own may say otherwise';
COMMENT ON COLUMN rule.keep IS 'the part of a line that suffices to stay above it';
COMMENT ON COLUMN rule.review IS 'the days of the year (MM-DD) on which customers may fall; null for any';
COMMENT ON COLUMN rule.calibrated IS 'the version since which fixed lines hold';
COMMENT ON COLUMN rule.note IS 'why it was made';
COMMENT ON COLUMN rule.author IS 'by whom';
COMMENT ON COLUMN rule.made_at IS 'and when';
SELECT pg_catalog.pg_extension_config_dump('rule', '');
CREATE FUNCTION customer_tier_internal.check_rule_writer() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM customer_tier_internal.check_named(ARRAY[OLD.scheme], false);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM customer_tier_internal.check_named(ARRAY[NEW.scheme], true);
    RETURN NEW;
  END IF;
  RETURN OLD;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_rule_writer() IS 'the trigger on the table of rules';
CREATE TRIGGER writer BEFORE INSERT OR UPDATE OR DELETE ON rule FOR EACH ROW EXECUTE FUNCTION customer_tier_internal.check_rule_writer();
ALTER TABLE rule ENABLE ALWAYS TRIGGER writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON rule TO PUBLIC;

--
-- Axes
--
CREATE FUNCTION axis(name text, value text, by text DEFAULT 'heads', at double precision[] DEFAULT NULL, rule text DEFAULT 'fill', better text DEFAULT 'higher') RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT jsonb_build_object('name', name, 'value', value, 'by', by, 'at', customer_tier_internal.json_numbers(at), 'rule', rule, 'better', better) $$;
COMMENT ON FUNCTION axis(text, text, text, double precision[], text, text) IS 'an axis of a scheme: a measure over ledger, as_of and attributes, and how it is cut: by value, share, heads, count, natural, mean, median or mean_score';

CREATE FUNCTION weighted_axis(name text, measures text[], weights double precision[], normalise text DEFAULT 'percentile', by text DEFAULT 'heads', at double precision[] DEFAULT NULL, rule text DEFAULT 'fill') RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT jsonb_build_object('name', name, 'measures', to_jsonb(measures), 'weights', customer_tier_internal.json_numbers(weights), 'normalise', normalise, 'by', by, 'at', customer_tier_internal.json_numbers(at), 'rule', rule, 'better', 'higher') $$;
COMMENT ON FUNCTION weighted_axis(text, text[], double precision[], text, text, double precision[], text) IS 'an axis of a scheme: several measures, each normalised over all customers (min_max, z_score or percentile), as one weighted score';

CREATE FUNCTION customer_tier_internal.floats(value jsonb) RETURNS double precision[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT array_agg(CASE jsonb_typeof(x) WHEN 'number' THEN x::float8 ELSE (x #>> '{}')::float8 END ORDER BY i) FROM jsonb_array_elements(CASE jsonb_typeof($1) WHEN 'array' THEN $1 END) WITH ORDINALITY AS e(x, i) $$;
COMMENT ON FUNCTION customer_tier_internal.floats(jsonb) IS 'support of schemes: numbers from JSON';

-- how many scores an axis has; an error if it is not one
CREATE FUNCTION customer_tier_internal.axis_size(axis jsonb) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text := axis ->> 'name';
  how text := axis ->> 'by';
  at float8[] := customer_tier_internal.floats(axis -> 'at');
  wrong text;
BEGIN
  wrong := CASE
    WHEN name IS NULL OR name !~ '^[[:alpha:]_][[:alnum:]_]*$' OR octet_length(name) > 50 THEN 'its name is not a plain word of at most 50 bytes'
    -- by columns of the views beside it
    WHEN name ~ '_score$' OR
         name = ANY ('{customer, customer_group, tier, tier_name, tier_rank, tier_colour, earned, earned_tier,
                       previous_tier, status, since, changed, changed_on, held_until, reason, change, note,
                       valid, valid_from, valid_to, is_current, as_of, scores, vals, rule_version}') THEN 'its name is taken'
    WHEN axis ->> 'value' IS NULL AND axis -> 'measures' IS NULL THEN 'it has no value'
    WHEN how IS NULL OR how NOT IN ('value', 'share', 'heads', 'count', 'natural', 'mean', 'median', 'mean_score') THEN 'it is cut by nothing that is known'
    WHEN coalesce(axis ->> 'better', '') NOT IN ('higher', 'lower') THEN 'better is higher or lower'
    WHEN how IN ('share', 'heads', 'count', 'mean_score') AND coalesce(axis ->> 'rule', '') NOT IN ('fill', 'fit') THEN 'the rule is fill or fit'
    WHEN how IN ('mean', 'median') AND at IS NOT NULL THEN 'a mean or a median takes no "at"'
    WHEN how IN ('mean', 'median') THEN NULL
    WHEN at IS NULL OR cardinality(at) = 0 OR array_position(at, NULL) IS NOT NULL THEN 'it needs "at"'
    WHEN EXISTS (SELECT FROM unnest(at) AS x WHERE x IN (float8 'NaN', float8 'Infinity', float8 '-Infinity')) THEN '"at" is not finite'
    WHEN how = 'natural' AND (cardinality(at) <> 1 OR at[1] <> trunc(at[1]) OR at[1] NOT BETWEEN 2 AND 100) THEN '"at" is the number of natural classes, from 2 to 100'
    WHEN how = 'natural' THEN NULL
    WHEN (SELECT bool_or(x <= before) FROM (SELECT x, lag(x) OVER (ORDER BY i) AS before FROM unnest(at) WITH ORDINALITY AS u(x, i)) AS o) THEN '"at" is not ascending'
    WHEN how IN ('share', 'heads', 'mean_score') AND (at[1] <= 0 OR at[cardinality(at)] > 1) THEN '"at" is not within (0, 1]'
    WHEN how = 'count' AND (at[1] < 1 OR EXISTS (SELECT FROM unnest(at) AS x WHERE x <> trunc(x))) THEN '"at" are not numbers of customers' END;
  IF wrong IS NULL AND axis -> 'measures' IS NOT NULL THEN
    wrong := CASE
      WHEN coalesce(axis ->> 'normalise', '') NOT IN ('min_max', 'z_score', 'percentile') THEN 'measures are normalised by min_max, z_score or percentile'
      WHEN jsonb_array_length(axis -> 'measures') IS DISTINCT FROM cardinality(customer_tier_internal.floats(axis -> 'weights')) THEN 'it needs a weight for each measure'
      WHEN EXISTS (SELECT FROM unnest(customer_tier_internal.floats(axis -> 'weights')) AS w WHERE w IS NULL OR w < 0 OR w IN (float8 'NaN', float8 'Infinity')) THEN 'a weight is negative, or no number'
      WHEN NOT EXISTS (SELECT FROM unnest(customer_tier_internal.floats(axis -> 'weights')) AS w WHERE w > 0) THEN 'no weight is above 0' END;
  END IF;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('axis "%s": %s', name, wrong),
      HINT = 'For example axis(''value'', ''total(ledger)'', by => ''share'', at => ''{0.80, 0.95}'').';
  END IF;
  RETURN CASE WHEN how IN ('mean', 'median', 'mean_score') THEN 2 WHEN how = 'natural' THEN at[1] ELSE cardinality(at) + 1 END;
END $$;
COMMENT ON FUNCTION customer_tier_internal.axis_size(jsonb) IS 'support of schemes: how many scores an axis has';

CREATE FUNCTION customer_tier_internal.scheme_of(scheme regclass) RETURNS scheme
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier.scheme;
BEGIN
  SELECT * INTO s FROM customer_tier.scheme AS x WHERE x.scheme = $1;
  IF s.scheme IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('%s is not a scheme', coalesce($1::text, 'null')),
      HINT = 'The view customer_tier.schemes has them; SELECT customer_tier.create_scheme(...) makes one.';
  ELSIF EXISTS (SELECT FROM pg_class WHERE oid IN (s.scheme, s.input, s.state, s.history, s.thresholds, s.refreshes, s.tiers, s.pins, s.trend, s.moves, s.scores)
                AND relowner <> (SELECT relowner FROM pg_class WHERE oid = s.source)) THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = format('what belongs to %s has not the owner of the sales', $1),
      HINT = 'ALTER TABLE ... OWNER TO, for all of it.';
  END IF;
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.scheme_of(regclass) IS 'support of schemes: a scheme; an error if it is none';

-- one row for each customer, or somebody would count twice
CREATE FUNCTION customer_tier_internal.check_attributes(s scheme) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF s.attributes IS NULL THEN
    RETURN;
  ELSIF NOT EXISTS (SELECT FROM pg_class WHERE oid = s.attributes) THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = format('the attributes of %s are gone', s.scheme),
      HINT = format('SELECT customer_tier.drop_scheme(%L); and make another.', s.scheme);
  ELSIF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = s.attributes AND attname = s.key AND attnum > 0 AND NOT attisdropped) THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = CASE WHEN s.key IS NULL THEN format('attributes %s have no primary key of one column', s.attributes) ELSE format('attributes %s have no column "%s"', s.attributes, s.key) END,
      HINT = 'key => names the column that says whose attributes they are; without it, it is the primary key.';
  ELSIF NOT EXISTS (SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
                    WHERE indrelid = s.attributes AND attname = s.key AND indisunique AND indisvalid AND indnkeyatts = 1 AND indpred IS NULL) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_table_definition', MESSAGE = format('attributes %s may have more than one row with the same %s', s.attributes, s.key),
      HINT = format('First CREATE UNIQUE INDEX ON %s (%I);', s.attributes, s.key);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_attributes(scheme) IS 'support of schemes: an error if attributes cannot be read';

CREATE FUNCTION customer_tier_internal.rule_of(s scheme) RETURNS rule
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT r FROM customer_tier.rule AS r WHERE r.scheme = s.scheme AND r.version = s.version $$;
COMMENT ON FUNCTION customer_tier_internal.rule_of(scheme) IS 'support of schemes: the rule of a scheme that is in force';

-- The scores of all combinations, as a query: those of the first axis run fastest.
CREATE FUNCTION customer_tier_internal.combinations_sql(axes jsonb, sizes integer[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT %s FROM %s ORDER BY %s',
              string_agg(format('s%s AS %I', i, axes -> (i - 1) ->> 'name'), ', ' ORDER BY i),
              string_agg(format('pg_catalog.generate_series(1, %s) AS s%s', sizes[i], i), ', ' ORDER BY i),
              string_agg('s' || i, ', ' ORDER BY i DESC))
FROM generate_series(1, cardinality(sizes)) AS i
$$;
COMMENT ON FUNCTION customer_tier_internal.combinations_sql(jsonb, integer[]) IS
  'support of schemes: SQL for all combinations of scores';

-- A rule with its tiers: "labels" has that of each combination of scores.
CREATE FUNCTION customer_tier_internal.with_tiers(r rule, tiers text[], labels text[], unrated text) RETURNS rule
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong text;
  at integer;
BEGIN
  r.tiers := ARRAY(SELECT t FROM unnest(tiers) WITH ORDINALITY AS u(t, i) GROUP BY t ORDER BY min(i));
  r.unrated := unrated;
  r.map := ARRAY(SELECT coalesce(array_position(r.tiers, t), 0) FROM unnest(labels) WITH ORDINALITY AS u(t, i) ORDER BY i);
  at := array_position(r.map, 0);
  IF unrated = '' THEN
    wrong := 'the tier of customers who lack a score needs a name';
  ELSIF unrated = ANY (r.tiers) THEN
    wrong := format('"%s" is a tier of scores and cannot be that of customers without', unrated);
  ELSIF at IS NOT NULL THEN
    EXECUTE format('SELECT to_jsonb(x)::text FROM (%s OFFSET %s LIMIT 1) AS x',  -- a float as text: none, scores are whole
                   customer_tier_internal.combinations_sql(r.axes, r.sizes), at - 1) INTO wrong;
    wrong := format('the scores %s lead to %s', wrong,
                    coalesce('"' || labels[at] || '", which is not among the tiers', 'no tier'));
  END IF;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = wrong,
      HINT = 'Every combination of scores leads to exactly one of the tiers.';
  END IF;
  RETURN r;
END $$;
COMMENT ON FUNCTION customer_tier_internal.with_tiers(rule, text[], text[], text) IS
  'support of schemes: a rule with its tiers, checked';

--
-- Rules: checked, with every name qualified, every combination of scores mapped
--
CREATE FUNCTION customer_tier_internal.make_rule(s scheme, axes jsonb[], tiers text[], tier text, unrated text, per text, calibrate text, downgrade text, hold interval, keep double precision, review text[], note text, path text) RETURNS rule
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  r customer_tier.rule;
  a jsonb;
  labels text[];
  wrong text;
  n integer := coalesce(cardinality(axes), 0);
BEGIN
  IF n NOT BETWEEN 1 AND 6 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('a scheme has one to six axes, not %s', n),
      HINT = 'axes => ARRAY[axis(''value'', ''total(ledger)'', by => ''share'', at => ''{0.80, 0.95}'')], or a preset.';
  END IF;
  r.scheme := s.scheme;
  r.axes := '[]';
  FOREACH a IN ARRAY axes LOOP
    r.sizes := r.sizes || customer_tier_internal.axis_size(a);
    IF EXISTS (SELECT FROM jsonb_array_elements(r.axes) AS o WHERE o ->> 'name' = a ->> 'name') THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('two axes are named "%s"', a ->> 'name');
    END IF;
    -- names mean what they mean to the caller, and after that what they mean here
    PERFORM set_config('search_path', concat_ws(', ', nullif(path, ''), 'customer_tier'), true);
    a := a || CASE WHEN a -> 'measures' IS NULL THEN pg_catalog.jsonb_build_object('value', customer_tier_internal.sale_expression(s.input, a ->> 'value', 'measure'))
      ELSE pg_catalog.jsonb_build_object('measures', (SELECT pg_catalog.jsonb_agg(customer_tier_internal.sale_expression(s.input, m, 'measure') ORDER BY i) FROM pg_catalog.jsonb_array_elements_text(a -> 'measures') WITH ORDINALITY AS e(m, i))) END;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    r.axes := r.axes || a;
  END LOOP;
  IF per IS NOT NULL THEN
    PERFORM set_config('search_path', concat_ws(', ', nullif(path, ''), 'customer_tier'), true);
    r.per := customer_tier_internal.sale_expression(s.input, per, 'group');
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  END IF;
  IF (SELECT exp(sum(ln(x))) FROM unnest(r.sizes) AS x) > 10000.5 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'more than 10000 combinations of scores';
  END IF;
  IF tiers IS NULL OR cardinality(tiers) = 0 OR array_position(CASE WHEN array_ndims(tiers) = 1 THEN tiers END, NULL) IS NOT NULL OR '' = ANY (tiers) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a scheme needs tiers, each with a name',
      HINT = 'The lowest first: tiers => ''{C, B, A}''.';
  ELSIF tier IS NOT NULL THEN
    IF array_ndims(tiers) <> 1 THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'with an expression for the tier, tiers are a list, the lowest first';
    END IF;
    IF (SELECT count(DISTINCT t) FROM unnest(tiers) AS t) < cardinality(tiers) THEN
      wrong := 'a tier is named twice';
    END IF;
    PERFORM set_config('search_path', concat_ws(', ', nullif(path, ''), 'customer_tier'), true);
    r.said := customer_tier_internal.sale_expression(s.scores, tier, 'tier');
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    -- as the owner: whoever changes a scheme runs what its owner wrote
    SELECT x INTO labels FROM customer_tier_internal.as_owner(s.source, format('SELECT array_agg(t) FROM (SELECT (%s)::text AS t FROM (%s) AS scores) AS x', r.said,
      customer_tier_internal.combinations_sql(r.axes, r.sizes))) AS (x text[]);
  ELSE
    IF array_ndims(tiers) <> n OR n > 2 OR array_length(tiers, n) <> r.sizes[1] OR n = 2 AND array_length(tiers, 1) <> r.sizes[2] THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = CASE WHEN n > 2 THEN 'more than two axes need an expression for the tier' ELSE 'the tiers do not fit the scores' END,
        HINT = CASE n WHEN 1 THEN format('%s has %s scores: that many tiers, the lowest first.', r.axes -> 0 ->> 'name', r.sizes[1])
                      WHEN 2 THEN format('A matrix of %s rows, scores of %s, and %s columns, scores of %s; both lowest first.', r.sizes[2], r.axes -> 1 ->> 'name', r.sizes[1], r.axes -> 0 ->> 'name')
                      ELSE format('For example tier => ''CASE WHEN %s = %s THEN ... END''.', r.axes -> 0 ->> 'name', r.sizes[1]) END;
    END IF;
    r.said := tiers::text;
    labels := ARRAY(SELECT unnest(tiers));
    IF n = 1 AND (SELECT count(DISTINCT t) FROM unnest(labels) AS t) < r.sizes[1] THEN
      wrong := 'a tier is named twice';
    END IF;
  END IF;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = wrong,
      HINT = 'Every combination of scores leads to exactly one of the tiers.';
  END IF;
  r := customer_tier_internal.with_tiers(r, ARRAY(SELECT unnest(tiers)), labels, unrated);
  FOREACH wrong IN ARRAY coalesce(review, '{}') LOOP
    IF wrong IS NULL OR wrong !~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' OR wrong IN ('02-29', '02-30', '02-31', '04-31', '06-31', '09-31', '11-31') THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('"%s" is no day of every year', wrong), HINT = 'For example review => ''{06-30, 12-31}''.';
    END IF;
  END LOOP;
  IF keep <= 0 OR keep > 1 OR keep = 'NaN' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'keep is not within (0, 1]', HINT = 'With keep => 0.8 whoever has 80 % of a line stays above it.';
  ELSIF hold < interval '0' OR hold > interval '1000 years' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'hold is not within a thousand years', HINT = 'For example hold => ''6 months''.';
  ELSIF calibrate IS NULL OR calibrate NOT IN ('every refresh', 'fixed') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown calibrate "%s"', calibrate), HINT = 'Lines are found at ''every refresh'', or ''fixed'' until recalibrate.';
  ELSIF downgrade IS NULL OR downgrade NOT IN ('direct', 'one_level') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown downgrade "%s"', downgrade), HINT = 'direct, or one_level at a time.';
  END IF;
  r.calibrate := calibrate;
  r.downgrade := downgrade;
  r.hold := hold;
  r.keep := nullif(keep, 1);
  r.review := nullif(review, '{}');
  r.note := note;
  r.author := session_user;
  r.made_at := clock_timestamp();
  RETURN r;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_rule(scheme, jsonb[], text[], text, text, text, text, text, interval, double precision, text[], text, text) IS 'support of schemes: a rule, checked';

-- the tiers of a rule, in the table that holds their names and colours
CREATE FUNCTION customer_tier_internal.put_tiers(s scheme, r rule) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM customer_tier_internal.run(s.state, format($q$
    WITH said AS (SELECT t, i - CASE WHEN %3$L::text IS NULL THEN 0 ELSE 1 END AS rank FROM unnest(CASE WHEN %3$L::text IS NULL THEN '{}' ELSE ARRAY[%3$L] END || %2$L::text[]) WITH ORDINALITY AS u(t, i)),
    gone AS (UPDATE %1$s SET rank = NULL WHERE NOT tier = ANY (SELECT t FROM said))
    INSERT INTO %1$s AS x (tier, rank, name) SELECT t, rank, t FROM said
    ON CONFLICT (tier) DO UPDATE SET rank = EXCLUDED.rank WHERE x.rank IS DISTINCT FROM EXCLUDED.rank
    $q$, s.tiers, r.tiers, r.unrated));
END $$;
COMMENT ON FUNCTION customer_tier_internal.put_tiers(scheme, rule) IS 'support of schemes: the table of tiers';
