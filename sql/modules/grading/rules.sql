-- Rules: checks them, qualifies all names, and maps every combination of scores to a tier.

-- A query of all combinations of scores; the first axis varies fastest.
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

-- Adds the tiers to a rule; "labels" has the tier of each combination of scores.
CREATE FUNCTION customer_tier_internal.with_tiers(r customer_tier_internal.rule, tiers text[], labels text[],
  unrated text) RETURNS customer_tier_internal.rule
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong text;
  at integer;
BEGIN
  r.tiers := ARRAY(SELECT t FROM unnest(tiers) WITH ORDINALITY AS u(t, i) GROUP BY t ORDER BY min(i));
  r.unrated := unrated;
  r.map := ARRAY(
    SELECT coalesce(array_position(r.tiers, t), 0)
    FROM unnest(labels) WITH ORDINALITY AS u(t, i)
    ORDER BY i);
  at := array_position(r.map, 0);
  IF unrated = '' THEN
    wrong := 'the tier of customers who lack a score needs a name';
  ELSIF unrated = ANY (r.tiers) THEN
    wrong := format('"%s" is a tier of scores and cannot be that of customers without', unrated);
  ELSIF at IS NOT NULL THEN
    EXECUTE format(
      'SELECT to_jsonb(x)::text FROM (%s OFFSET %s LIMIT 1) AS x',  -- a float as text: none, scores are whole
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
COMMENT ON FUNCTION customer_tier_internal.with_tiers(customer_tier_internal.rule, text[], text[], text) IS
  'support of schemes: a rule with its tiers, checked';

-- names are looked up in the caller's search_path, then in our schema
CREATE FUNCTION customer_tier_internal.scheme_expression(relation regclass, expression text, purpose text, path text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM set_config('search_path', concat_ws(', ', nullif($4, ''), 'customer_tier'), true);
  RETURN customer_tier_internal.sale_expression($1, $2, $3);
END $$;
COMMENT ON FUNCTION customer_tier_internal.scheme_expression(regclass, text, text, text) IS
  'support of schemes: an expression of a scheme, checked, with all names qualified';

-- An axis without a measure has that of the same axis in "own", which is not parsed, as parsing may call functions.
CREATE FUNCTION customer_tier_internal.qualified_axis(axis jsonb, own jsonb, input regclass, path text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN axis -> 'weights' IS NULL THEN
    axis || jsonb_build_object('value', coalesce(
      customer_tier_internal.scheme_expression(input, axis ->> 'value', 'measure', path), own ->> 'value'))
  WHEN jsonb_typeof(axis -> 'measures') = 'array' THEN
    axis || jsonb_build_object('measures', (
      SELECT jsonb_agg(customer_tier_internal.scheme_expression(input, m, 'measure', path) ORDER BY i)
      FROM jsonb_array_elements_text(axis -> 'measures') WITH ORDINALITY AS e(m, i)))
  ELSE axis || jsonb_build_object('measures', own -> 'measures')
END
$$;
COMMENT ON FUNCTION customer_tier_internal.qualified_axis(jsonb, jsonb, regclass, text) IS
  'support of schemes: an axis with its measures, checked, with all names qualified';

-- evaluates the caller's expression for each combination of scores, as the caller
CREATE FUNCTION customer_tier_internal.labels_of(tier text, axes jsonb, sizes integer[], path text) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  query text := format('SELECT pg_catalog.array_agg((%s)::pg_catalog.text) FROM (%s) AS scores', tier,
                       customer_tier_internal.combinations_sql(axes, sizes));
  labels text[];
BEGIN
  PERFORM set_config('search_path', concat_ws(', ', nullif(path, ''), 'customer_tier'), true);
  EXECUTE query INTO labels;
  RETURN labels;
END $$;
COMMENT ON FUNCTION customer_tier_internal.labels_of(text, jsonb, integer[], text) IS
  'support of tiers and simulate: the tiers that an expression of the caller''s gives';

CREATE FUNCTION customer_tier_internal.review_days(review text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN review LIKE '{%' THEN review::text[] ELSE ARRAY[review] END $$;
COMMENT ON FUNCTION customer_tier_internal.review_days(text) IS
  'support of create_scheme and alter_scheme: days of the year, or whose anniversary, as an array';

-- the query of each customer's day whose anniversaries are days of review
CREATE FUNCTION customer_tier_internal.anniversaries_sql(s customer_tier_internal.scheme, review text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text := substr(review[1], length('anniversary of ') + 1);
  type regtype := (SELECT atttypid
                   FROM pg_attribute
                   WHERE attrelid = s.attributes AND attname = name AND attnum > 0 AND NOT attisdropped);
BEGIN
  IF coalesce(review[1], '') NOT LIKE 'anniversary of %' THEN
    RETURN NULL;
  ELSIF type = 'date'::regtype THEN
    RETURN format('SELECT customer, %I AS day FROM %s', name, s.attributes);
  ELSIF name = 'first_day' THEN
    RETURN format('SELECT customer, customer_tier.first_day(ledger) AS day FROM %s', s.ledger);
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'undefined_column',
    MESSAGE = CASE
      WHEN type IS NULL THEN format('customers have no attribute "%s" to review them by', name)
      ELSE format('the attribute "%s" to review customers by is of type %s, not date', name, type)
    END,
    HINT = 'review => ''anniversary of joined'' needs a column joined of the attributes, of type date. '
           '''anniversary of first_day'' is that of the first purchase, and needs none.';
END $$;
COMMENT ON FUNCTION customer_tier_internal.anniversaries_sql(customer_tier_internal.scheme, text[]) IS
  'support of schemes: the query of the days whose anniversaries are days of review; null if there is none';

CREATE FUNCTION customer_tier_internal.check_discipline(r customer_tier_internal.rule) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong text;
  hint text;
BEGIN
  SELECT w.wrong, w.hint INTO wrong, hint
  FROM (
    SELECT format('"%s" is no day of every year', d),
           'For example review => ''{06-30, 12-31}'', or ''anniversary of joined'', a column of the attributes.'
    FROM unnest(r.review) AS d
    WHERE (d IS NULL OR cardinality(r.review) > 1 OR d !~ '^anniversary of ')
      AND (d IS NULL OR d !~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
           OR d IN ('02-29', '02-30', '02-31', '04-31', '06-31', '09-31', '11-31'))
    UNION ALL
    SELECT 'keep is not within (0, 1]', 'With keep => 0.8 whoever has 80 % of a line stays above it.'
    WHERE r.keep <= 0 OR r.keep > 1 OR r.keep = 'NaN'
    UNION ALL
    SELECT 'returns is not within [0, 1]', 'With returns => 0.3 whoever returns more than 30 % is held no longer.'
    WHERE r.returns < 0 OR r.returns > 1 OR r.returns = 'NaN'
    UNION ALL
    SELECT 'hold must be shorter than a thousand years', 'For example hold => ''6 months''.'
    WHERE r.hold < interval '0' OR r.hold > interval '1000 years'
    UNION ALL
    SELECT format('unknown calibrate "%s"', r.calibrate),
           'Lines are found at ''every refresh'', or ''fixed'' until recalibrate.'
    WHERE r.calibrate IS NULL OR r.calibrate NOT IN ('every refresh', 'fixed')
    UNION ALL
    SELECT format('unknown downgrade "%s"', r.downgrade), 'direct, or one_level at a time.'
    WHERE r.downgrade IS NULL OR r.downgrade NOT IN ('direct', 'one_level')) AS w(wrong, hint)
  LIMIT 1;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = wrong, HINT = hint;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_discipline(customer_tier_internal.rule) IS
  'support of schemes: an error if what a rule says of falls is wrong';

-- checks tiers given as a list or a matrix
CREATE FUNCTION customer_tier_internal.check_matrix(r customer_tier_internal.rule, tiers text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  n integer := jsonb_array_length(r.axes);
  first text := r.axes -> 0 ->> 'name';
BEGIN
  IF array_ndims(tiers) <> n OR n > 2 OR array_length(tiers, n) <> r.sizes[1]
    OR n = 2 AND array_length(tiers, 1) <> r.sizes[2] THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = CASE
        WHEN n > 2 THEN 'more than two axes need an expression for the tier'
        ELSE 'the tiers do not fit the scores'
      END,
      HINT = CASE n
        WHEN 1 THEN format('%s has %s scores: that many tiers, the lowest first.', first, r.sizes[1])
        WHEN 2 THEN format('A matrix of %s rows, scores of %s, and %s columns, scores of %s; both lowest first.',
                           r.sizes[2], r.axes -> 1 ->> 'name', r.sizes[1], first)
        ELSE format('For example tier => ''CASE WHEN %s = %s THEN ... END''.', first, r.sizes[1])
      END;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_matrix(customer_tier_internal.rule, text[]) IS
  'support of schemes: an error if tiers are not a list of one axis, or a matrix of two';

CREATE FUNCTION customer_tier_internal.check_listed(tiers text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (SELECT count(DISTINCT t) FROM unnest(tiers) AS t) < cardinality(tiers) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a tier is named twice',
      HINT = 'Every combination of scores leads to exactly one of the tiers.';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_listed(text[]) IS
  'support of schemes: an error if a list has a tier twice';

CREATE FUNCTION customer_tier_internal.check_axes(axes jsonb[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  n integer := coalesce(cardinality(axes), 0);
  wrong text;
BEGIN
  wrong := CASE
    WHEN n NOT BETWEEN 1 AND 6 THEN format('a scheme has one to six axes, not %s', n)
    WHEN EXISTS (SELECT FROM unnest(axes) AS a WHERE a ->> 'name' IS NULL) THEN 'an axis has no name'
    WHEN (SELECT count(DISTINCT a ->> 'name') FROM unnest(axes) AS a) < n THEN 'two axes have the same name'
  END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = wrong,
      HINT = 'axes => ARRAY[axis(''value'', ''total(ledger)'', by => ''share'', at => ''{0.80, 0.95}'')], or a preset.';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_axes(jsonb[]) IS
  'support of schemes: an error if axes are not one to six, each with a name of its own';

-- Adds the axes and their sizes to a rule; "own" are the present axes of the scheme.
CREATE FUNCTION customer_tier_internal.with_axes(r customer_tier_internal.rule, axes jsonb[], own jsonb,
  input regclass, path text) RETURNS customer_tier_internal.rule
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a jsonb;
  product numeric := 1;
BEGIN
  PERFORM customer_tier_internal.check_axes(axes);
  r.axes := '[]';
  r.sizes := NULL;
  FOREACH a IN ARRAY axes LOOP
    a := customer_tier_internal.qualified_axis(a, own -> jsonb_array_length(r.axes), input, path);
    r.axes := r.axes || a;
    r.sizes := r.sizes || customer_tier_internal.axis_size(a);
    product := product * r.sizes[cardinality(r.sizes)];
  END LOOP;
  IF product > 10000 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'more than 10000 combinations of scores';
  END IF;
  RETURN r;
END $$;
COMMENT ON FUNCTION customer_tier_internal.with_axes(customer_tier_internal.rule, jsonb[], jsonb, regclass, text) IS
  'support of schemes: a rule with its axes, checked';

-- Adds the tiers to a rule: a list, a matrix, or an expression with a list.  The expression runs as the owner
-- of the scheme, because its owner may have written it.
CREATE FUNCTION customer_tier_internal.with_tier(r customer_tier_internal.rule, s customer_tier_internal.scheme,
  tiers text[], tier text, unrated text, path text) RETURNS customer_tier_internal.rule
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  labels text[] := ARRAY(SELECT unnest(tiers));
BEGIN
  IF tiers IS NULL OR labels = '{}' OR array_position(labels, NULL) IS NOT NULL OR '' = ANY (tiers) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = 'a scheme needs tiers, each with a name', HINT = 'The lowest first: tiers => ''{C, B, A}''.';
  ELSIF tier IS NOT NULL THEN
    IF array_ndims(tiers) <> 1 THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
        MESSAGE = 'with an expression for the tier, tiers are a list, the lowest first';
    END IF;
    r.matrix := NULL;
    r.tier := customer_tier_internal.scheme_expression(s.scores, tier, 'tier', path);
    SELECT x INTO labels
    FROM customer_tier_internal.as_owner(s.ledger, format(
        'SELECT array_agg(t) FROM (SELECT (%s)::text AS t FROM (%s) AS scores) AS x', r.tier,
        customer_tier_internal.combinations_sql(r.axes, r.sizes))) AS (x text[]);
    PERFORM customer_tier_internal.check_listed(tiers);
  ELSE
    PERFORM customer_tier_internal.check_matrix(r, tiers);
    r.matrix := tiers;
    r.tier := NULL;
    IF array_ndims(tiers) = 1 THEN
      PERFORM customer_tier_internal.check_listed(tiers);
    END IF;
  END IF;
  RETURN customer_tier_internal.with_tiers(r, ARRAY(SELECT unnest(tiers)), labels, unrated);
END $$;
COMMENT ON FUNCTION customer_tier_internal.with_tier(customer_tier_internal.rule, customer_tier_internal.scheme, text[],
  text, text, text) IS 'support of schemes: a rule with its tiers as they were said, checked';

-- Applies changes to the rule "own" of a scheme, or makes a new rule if that is null.  Null arguments keep the
-- present value.
CREATE FUNCTION customer_tier_internal.changed_rule(s customer_tier_internal.scheme, own customer_tier_internal.rule,
  axes jsonb[], tiers text[], tier text, unrated text, calibrate text, downgrade text, hold interval,
  keep double precision, returns numeric, review text[], note text, path text) RETURNS customer_tier_internal.rule
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  r customer_tier_internal.rule := own;
BEGIN
  r := customer_tier_internal.with_axes(r,
    coalesce(axes, ARRAY(
      SELECT a - '{value,measures}'::text[]
      FROM jsonb_array_elements(own.axes) WITH ORDINALITY AS e(a, i)
      ORDER BY i)),
    own.axes, s.input, path);
  IF tiers IS NULL AND tier IS NULL THEN
    tier := own.tier;
    tiers := own.matrix;
  END IF;
  r := customer_tier_internal.with_tier(r, s, coalesce(tiers, own.tiers), tier, coalesce(unrated, own.unrated), path);
  r.calibrate := coalesce(calibrate, own.calibrate);
  r.downgrade := coalesce(downgrade, own.downgrade);
  r.hold := coalesce(hold, own.hold);
  r.keep := nullif(coalesce(keep, own.keep), 1);
  r.returns := nullif(coalesce(returns, own.returns), 1);
  r.review := nullif(coalesce(review, own.review), '{}');
  r.note := note;
  PERFORM customer_tier_internal.check_discipline(r);
  PERFORM customer_tier_internal.anniversaries_sql(s, r.review);
  IF own.version IS NULL THEN
    RETURN r;
  END IF;
  IF (SELECT jsonb_agg(a -> 'name') FROM jsonb_array_elements(r.axes) AS a) <>
     (SELECT jsonb_agg(a -> 'name') FROM jsonb_array_elements(own.axes) AS a) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = 'the axes of a scheme keep their names and order',
      HINT = 'Its history has a column for each. Make another scheme for other axes.';
  ELSIF (SELECT jsonb_agg(a -> 'better') FROM jsonb_array_elements(r.axes) AS a) <>
        (SELECT jsonb_agg(a -> 'better') FROM jsonb_array_elements(own.axes) AS a) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = 'the direction of an axis cannot be changed',
      HINT = 'Its lines of earlier days would mean the opposite. Make another scheme.';
  END IF;
  RETURN r;
END $$;
COMMENT ON FUNCTION customer_tier_internal.changed_rule(customer_tier_internal.scheme, customer_tier_internal.rule,
  jsonb[], text[], text, text, text, text, interval, double precision, numeric, text[], text, text) IS
  'support of create_scheme, alter_scheme and simulate: a rule, with changes, checked';
