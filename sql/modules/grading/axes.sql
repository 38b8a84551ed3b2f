-- Axes of a scheme: a measure, and how it is cut.

CREATE FUNCTION axis(name text, value text, by text DEFAULT 'heads', at double precision[] DEFAULT NULL,
  rule text DEFAULT 'fill', better text DEFAULT 'higher') RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object('name', name, 'value', value, 'by', by, 'at', customer_tier_internal.json_numbers(at),
                          'rule', rule, 'better', better)
$$;
COMMENT ON FUNCTION axis(text, text, text, double precision[], text, text) IS
  'an axis of a scheme: a measure over ledger, as_of and attributes, and how it is cut: by value, share, heads, count, '
  'natural, mean, median or mean_score; where a scheme is changed or simulated, null is the measure that it has';

CREATE FUNCTION weighted_axis(name text, measures text[], weights double precision[],
  normalise text DEFAULT 'percentile', by text DEFAULT 'heads', at double precision[] DEFAULT NULL,
  rule text DEFAULT 'fill') RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object('name', name, 'measures', to_jsonb(measures),
                          'weights', customer_tier_internal.json_numbers(weights), 'normalise', normalise, 'by', by,
                          'at', customer_tier_internal.json_numbers(at), 'rule', rule, 'better', 'higher')
$$;
COMMENT ON FUNCTION weighted_axis(text, text[], double precision[], text, text, double precision[], text) IS
  'an axis of a scheme: several measures, each normalised over all customers (min_max, z_score or percentile), as one '
  'weighted score';

CREATE FUNCTION customer_tier_internal.floats(value jsonb) RETURNS double precision[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT array_agg(CASE jsonb_typeof(x) WHEN 'number' THEN x::float8 ELSE (x #>> '{}')::float8 END ORDER BY i)
FROM jsonb_array_elements(CASE jsonb_typeof($1) WHEN 'array' THEN $1 END) WITH ORDINALITY AS e(x, i)
$$;
COMMENT ON FUNCTION customer_tier_internal.floats(jsonb) IS 'support of schemes: numbers from JSON';

CREATE FUNCTION customer_tier_internal.wrong_weights(axis jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN coalesce(axis ->> 'normalise', '') NOT IN ('min_max', 'z_score', 'percentile')
    THEN 'measures are normalised by min_max, z_score or percentile'
  WHEN jsonb_array_length(CASE jsonb_typeof(axis -> 'measures') WHEN 'array' THEN axis -> 'measures' END)
       IS DISTINCT FROM cardinality(weights)
    THEN 'it needs a weight for each measure'
  WHEN EXISTS (SELECT FROM unnest(weights) AS w WHERE w IS NULL OR w < 0 OR w IN (float8 'NaN', float8 'Infinity'))
    THEN 'a weight is negative, or no number'
  WHEN NOT EXISTS (SELECT FROM unnest(weights) AS w WHERE w > 0) THEN 'no weight is above 0'
END
FROM (SELECT customer_tier_internal.floats(axis -> 'weights') AS weights) AS x
$$;
COMMENT ON FUNCTION customer_tier_internal.wrong_weights(jsonb) IS
  'support of schemes: what is wrong with a weighted axis; null if nothing is';

CREATE FUNCTION customer_tier_internal.wrong_lines(how text, at double precision[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN how IN ('mean', 'median') AND at IS NOT NULL THEN 'a mean or a median takes no "at"'
  WHEN how IN ('mean', 'median') THEN NULL
  WHEN at IS NULL OR cardinality(at) = 0 OR array_position(at, NULL) IS NOT NULL THEN 'it needs "at"'
  WHEN EXISTS (SELECT FROM unnest(at) AS x WHERE x IN (float8 'NaN', float8 'Infinity', float8 '-Infinity'))
    THEN '"at" is not finite'
  WHEN how = 'natural' AND (cardinality(at) <> 1 OR at[1] <> trunc(at[1]) OR at[1] NOT BETWEEN 2 AND 100)
    THEN '"at" is the number of natural classes, from 2 to 100'
  WHEN how = 'natural' THEN NULL
  WHEN (SELECT bool_or(x <= before)
        FROM (SELECT x, lag(x) OVER (ORDER BY i) AS before
              FROM unnest(at) WITH ORDINALITY AS u(x, i)) AS o)
    THEN '"at" is not ascending'
  WHEN how IN ('share', 'heads', 'mean_score') AND (at[1] <= 0 OR at[cardinality(at)] > 1)
    THEN '"at" is not within (0, 1]'
  WHEN how = 'count' AND (at[1] < 1 OR EXISTS (SELECT FROM unnest(at) AS x WHERE x <> trunc(x)))
    THEN '"at" are not numbers of customers'
END
$$;
COMMENT ON FUNCTION customer_tier_internal.wrong_lines(text, double precision[]) IS
  'support of schemes: what is wrong with how an axis is cut; null if nothing is';

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
    WHEN name IS NULL OR name !~ '^[[:alpha:]_][[:alnum:]_]*$' OR octet_length(name) > 50
      THEN 'its name is not a plain word of at most 50 bytes'
    -- columns of the scheme's views have these names
    WHEN name ~ '_score$' OR
         name = ANY ('{customer, customer_group, tier, tier_name, tier_rank, tier_colour, earned, earned_tier,
                       previous_tier, status, since, changed, changed_on, held_until, policy, reason, change, note,
                       valid, valid_from, valid_to, is_current, as_of, scores, vals, rule_version}')
      THEN 'the views of a scheme have a column of that name already'
    WHEN axis ->> 'value' IS NULL AND axis -> 'measures' IS NULL THEN 'it has no value'
    WHEN how IS NULL OR how NOT IN ('value', 'share', 'heads', 'count', 'natural', 'mean', 'median', 'mean_score')
      THEN 'it is cut by nothing that is known'
    WHEN coalesce(axis ->> 'better', '') NOT IN ('higher', 'lower') THEN 'better is higher or lower'
    WHEN how IN ('share', 'heads', 'count', 'mean_score')
         AND coalesce(axis ->> 'rule', '') NOT IN ('fill', 'fit', 'fit_top')
      THEN 'the rule is fill, fit or fit_top'
    ELSE coalesce(customer_tier_internal.wrong_lines(how, at),
                  CASE WHEN axis -> 'measures' IS NOT NULL THEN customer_tier_internal.wrong_weights(axis) END)
  END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('axis "%s": %s', name, wrong),
      HINT = CASE WHEN wrong LIKE 'the views%' THEN format('Take another name, such as "axis_%s". ', name) ELSE '' END
             || 'For example axis(''value'', ''total(ledger)'', by => ''share'', at => ''{0.80, 0.95}'').';
  END IF;
  RETURN CASE
    WHEN how IN ('mean', 'median', 'mean_score') THEN 2
    WHEN how = 'natural' THEN at[1]
    ELSE cardinality(at) + 1
  END;
END $$;
COMMENT ON FUNCTION customer_tier_internal.axis_size(jsonb) IS 'support of schemes: how many scores an axis has';
