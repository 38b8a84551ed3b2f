-- Presets: the gradings of the field, each with options.

-- a row of parameters, and nothing of how they were found
CREATE FUNCTION customer_tier_internal.parameter_literal(type name, parameters jsonb) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('%L::customer_tier.%I',
              '(' || string_agg(coalesce(parameters ->> (attnum - 1), ''), ',' ORDER BY attnum) || ')', type)
FROM pg_attribute
WHERE attrelid = format('customer_tier.%I', type)::regclass AND attnum > 0 AND NOT attisdropped
$$;
COMMENT ON FUNCTION customer_tier_internal.parameter_literal(name, jsonb) IS
  'support of presets: a model of these parameters as a constant';

CREATE FUNCTION customer_tier_internal.relation_named(name text, path text) RETURNS regclass
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM set_config('search_path', $2, true);
  RETURN pg_catalog.to_regclass($1);
END $$;
COMMENT ON FUNCTION customer_tier_internal.relation_named(text, text) IS
  'support of presets: what a name means in a search_path; null if nothing has it';

-- The model is written into the measure: a scheme does not change when a model of that name is fitted anew, and
-- what it wrote can be replayed.
CREATE FUNCTION customer_tier_internal.worth_measure(preset text, o jsonb, path text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text := o ->> 'model';
  model regclass := customer_tier_internal.relation_named(o ->> 'model', path);
  m customer_tier.model;
  p double precision[];
  spend double precision[];
  purchases text;
  customer text;
BEGIN
  IF model IS NOT NULL THEN
    m := customer_tier_internal.model_of(model);
    SELECT x.parameters, x.spend INTO p, spend FROM customer_tier_internal.model_parameters(model) AS x;
  END IF;
  IF model IS NULL OR p IS NULL OR spend IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object',
      MESSAGE = CASE
        WHEN name IS NULL THEN format('preset %s needs a model', preset)
        WHEN model IS NULL THEN format('there is no model "%s"', name)
        WHEN p IS NULL THEN format('model %s has no parameters', model)
        ELSE format('model %s has no parameters of spending', model)
      END,
      HINT = 'SELECT customer_tier.fit_model(''crm.shop_model'', source, as_of); then '
             'options => ''{"model": "crm.shop_model"}''.';
  END IF;
  PERFORM customer_tier_internal.warn_of_model(m);
  purchases := customer_tier_internal.parameter_literal((m.kind || '_model')::name,
                                                        customer_tier_internal.json_numbers(p));
  customer := format('customer_tier.btyd(ledger, as_of, %s)',
                     customer_tier_internal.json_numbers(ARRAY[m.unit_days]) -> 0);
  RETURN CASE preset
           WHEN 'at_risk' THEN format('(1 - customer_tier.p_alive(%s, %s)) * ', purchases, customer)
           ELSE ''
         END
      || format('customer_tier.clv(%s, %s, %s, %s, %s, %s)', purchases,
                customer_tier_internal.parameter_literal('gamma_gamma_model',
                                                         customer_tier_internal.json_numbers(spend)),
                customer, o -> 'horizon', o -> 'rate', o -> 'margin');
END $$;
COMMENT ON FUNCTION customer_tier_internal.worth_measure(text, jsonb, text) IS
  'support of presets: the measure of clv and at_risk, of a model that is kept';

-- what is asked for, what there is
CREATE FUNCTION customer_tier_internal.preset_options(name text, options jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known jsonb := '{
    "abc": {"value": "customer_tier.total(ledger)", "shares": [0.80, 0.95], "rule": "fill"},
    "pyramid": {
      "value": "customer_tier.total(ledger)", "heads": [0.01, 0.05, 0.20],
      "tiers": ["small", "medium", "large", "top"], "unrated": "inactive"},
    "pyramid-1-19-30-50": {
      "value": "customer_tier.total(ledger)", "heads": [0.01, 0.20, 0.50],
      "tiers": ["small", "ordinary", "secondary", "important"], "unrated": "inactive"},
    "rfm": {
      "frequency": "customer_tier.orders(ledger)", "monetary": "customer_tier.total(ledger)",
      "segments": "named", "unrated": null},
    "rfm8": {
      "frequency": "customer_tier.orders(ledger)", "monetary": "customer_tier.total(ledger)",
      "language": "en", "unrated": null},
    "quadrant": {
      "relationship":
        "customer_tier.total(ledger, customer_tier.trailing_months(as_of, 12)) / nullif(annual_potential, 0)",
      "potential": "annual_potential", "relationship_at": 0.5, "potential_heads": 0.2},
    "nine_grid": {
      "potential": "annual_potential",
      "level": "customer_tier.total(ledger, customer_tier.trailing_months(as_of, 12))", "heads": [0.2, 0.5]},
    "sixteen_grid": {
      "potential": "annual_potential",
      "level": "customer_tier.total(ledger, customer_tier.trailing_months(as_of, 12))", "heads": [0.1, 0.3, 0.6]},
    "stars": {
      "monthly": "customer_tier.monthly_average(ledger, as_of, 6)", "monthly_at": [50, 100, 200, 500, 1000],
      "points": "customer_tier.total(ledger, customer_tier.trailing_months(as_of, 12))",
      "points_at": [500, 1000, 3000, 6000, 15000], "top": "false"},
    "weighted": {
      "measures": [
        "customer_tier.total(ledger)", "customer_tier.orders(ledger)", "-customer_tier.recency(ledger, as_of)",
        "customer_tier.total(ledger, customer_tier.trailing_months(as_of, 12))",
        "customer_tier.tenure(ledger, as_of)"],
      "weights": [0.5, 0.2, 0.1, 0.1, 0.1], "normalise": "percentile",
      "heads": [0.05, 0.2, 0.5], "tiers": ["D", "C", "B", "A"]},
    "whale": {"profit": "customer_tier.total(ledger)"},
    "clv": {
      "model": null, "horizon": 52, "rate": 0, "margin": 1,
      "heads": [0.05, 0.20, 0.50], "tiers": ["D", "C", "B", "A"]},
    "at_risk": {
      "model": null, "horizon": 52, "rate": 0, "margin": 1,
      "heads": [0.02, 0.10], "tiers": ["no call", "call", "call first"]}}'::jsonb;
  o jsonb := known -> name;
  unknown text;
BEGIN
  IF o IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown preset "%s"', name),
      HINT = 'Presets are ' || (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(known) AS k) || '.';
  END IF;
  SELECT min(k) INTO unknown FROM jsonb_object_keys(options) AS k WHERE o -> k IS NULL;
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('preset %s has no option "%s"', name, unknown),
      HINT = 'Its options are, as they are if nothing is said, ' || o::text;
  END IF;
  SELECT min(k) INTO unknown
  FROM jsonb_each(options) AS e(k, v)
  WHERE jsonb_typeof(o -> k) IN ('array', 'number') AND jsonb_typeof(o -> k) <> jsonb_typeof(v);
  IF unknown IS NOT NULL OR options ->> 'segments' NOT IN ('named', 'codes') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('option "%s" of preset %s is not what it should be', coalesce(unknown, 'segments'), name),
      HINT = 'Its options are, as they are if nothing is said, ' || o::text;
  END IF;
  RETURN o || options;
END $$;
COMMENT ON FUNCTION customer_tier_internal.preset_options(text, jsonb) IS
  'support of presets: the options of a preset as they are, checked';

CREATE FUNCTION customer_tier_internal.preset(name text, options jsonb, path text, OUT axes jsonb[], OUT tiers text[],
  OUT tier text, OUT unrated text) RETURNS record
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  o jsonb := customer_tier_internal.preset_options(name, options);
  stars integer;
BEGIN
  unrated := o ->> 'unrated';
  CASE
    WHEN name = 'abc' THEN
      axes := ARRAY[customer_tier.axis('value', o ->> 'value', 'share',
                                       customer_tier_internal.floats(o -> 'shares'), o ->> 'rule')];
      tiers := ARRAY(SELECT chr(64 + i) FROM generate_series(jsonb_array_length(o -> 'shares') + 1, 1, -1) AS i);
    WHEN name IN ('pyramid', 'pyramid-1-19-30-50') THEN
      -- a pyramid is of those who have bought; nobody else is ranked
      axes := ARRAY[customer_tier.axis('value',
        format('CASE WHEN customer_tier.orders(ledger) > 0 THEN %s END', o ->> 'value'), 'heads',
        customer_tier_internal.floats(o -> 'heads'))];
      tiers := ARRAY(SELECT jsonb_array_elements_text(o -> 'tiers'));
    WHEN name IN ('rfm', 'rfm8') THEN
      SELECT array_agg(
        customer_tier.axis(a, format('CASE WHEN customer_tier.orders(ledger) > 0 THEN %s END', v),
                           CASE name WHEN 'rfm' THEN 'heads' ELSE 'mean_score' END, '{0.2, 0.4, 0.6, 0.8}', 'fit_top', b)
        ORDER BY i) INTO axes
      FROM (VALUES (1, 'r', 'customer_tier.recency(ledger, as_of)', 'lower'), (2, 'f', o ->> 'frequency', 'higher'),
                   (3, 'm', o ->> 'monetary', 'higher')) AS v(i, a, v, b);
      IF name = 'rfm8' THEN
        tier := format('customer_tier.rfm_class8(r = 2, f = 2, m = 2, %L)', o ->> 'language');
        tiers := ARRAY(SELECT class
                       FROM customer_tier.rfm_classes8(o ->> 'language') WITH ORDINALITY AS c(r, f, m, class, i)
                       ORDER BY i DESC);
      ELSIF o ->> 'segments' = 'codes' THEN
        tier := 'r::text || f::text || m::text';
        tiers := ARRAY(SELECT x::text || y || z
                       FROM generate_series(1, 5) AS x, generate_series(1, 5) AS y, generate_series(1, 5) AS z
                       ORDER BY 1);
      ELSE
        tier := 'customer_tier.rfm_segment(r, f, m)';
        tiers := '{Lost, Hibernating, Cannot Lose, At Risk, About To Sleep, Need Attention, Promising, New,
                   Potential Loyalist, Loyal, Champions}';
      END IF;
    WHEN name = 'quadrant' THEN
      axes := ARRAY[
        customer_tier.axis('relationship', o ->> 'relationship', 'value', ARRAY[(o -> 'relationship_at')::float8]),
        customer_tier.axis('potential', o ->> 'potential', 'heads', ARRAY[(o -> 'potential_heads')::float8])];
      tiers := '{{low_value, ordinary}, {potential, key}}';
    WHEN name IN ('nine_grid', 'sixteen_grid') THEN
      axes := ARRAY[
        customer_tier.axis('level', o ->> 'level', 'heads', customer_tier_internal.floats(o -> 'heads')),
        customer_tier.axis('potential', o ->> 'potential', 'heads', customer_tier_internal.floats(o -> 'heads'))];
      -- A is the highest potential, 1 the highest level
      tiers := (
        SELECT array_agg(row_of ORDER BY i)
        FROM (SELECT i, array_agg(chr(65 + n - i) || (n + 1 - j) ORDER BY j) AS row_of
              FROM (SELECT jsonb_array_length(o -> 'heads') + 1 AS n) AS n, generate_series(1, n) AS i,
                generate_series(1, n) AS j
              GROUP BY i) AS x);
    WHEN name = 'stars' THEN
      axes := ARRAY[
        customer_tier.axis('monthly', o ->> 'monthly', 'value', customer_tier_internal.floats(o -> 'monthly_at')),
        customer_tier.axis('points', o ->> 'points', 'value', customer_tier_internal.floats(o -> 'points_at')),
        customer_tier.axis('lifted', format('CASE WHEN %s THEN 1 ELSE 0 END', o ->> 'top'), 'value', '{1}')];
      stars := 1 + greatest(jsonb_array_length(o -> 'monthly_at'), jsonb_array_length(o -> 'points_at'));
      tier := format('CASE WHEN lifted = 2 THEN %s ELSE greatest(monthly, points) END || '' star''', stars);
      tiers := ARRAY(SELECT i || ' star' FROM generate_series(1, stars) AS i);
    WHEN name = 'weighted' THEN
      axes := ARRAY[customer_tier.weighted_axis('value', ARRAY(SELECT jsonb_array_elements_text(o -> 'measures')),
        customer_tier_internal.floats(o -> 'weights'), o ->> 'normalise', 'heads',
        customer_tier_internal.floats(o -> 'heads'))];
      tiers := ARRAY(SELECT jsonb_array_elements_text(o -> 'tiers'));
    WHEN name = 'whale' THEN
      -- the second line is the least that is more than nothing
      axes := ARRAY[customer_tier.axis('profit', o ->> 'profit', 'value', '{0, 5e-324}')];
      tiers := '{destroys value, break-even, adds value}';
    WHEN name IN ('clv', 'at_risk') THEN
      axes := ARRAY[customer_tier.axis('worth', customer_tier_internal.worth_measure(name, o, path), 'heads',
                                       customer_tier_internal.floats(o -> 'heads'))];
      tiers := ARRAY(SELECT jsonb_array_elements_text(o -> 'tiers'));
  END CASE;
END $$;
COMMENT ON FUNCTION customer_tier_internal.preset(text, jsonb, text) IS
  'support of presets: one, in which a model has a name of the caller''s';

-- no search_path here: a model has a name of the caller's
CREATE FUNCTION preset(name text, options jsonb DEFAULT '{}', OUT axes jsonb[], OUT tiers text[], OUT tier text,
  OUT unrated text) RETURNS record
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $$ SELECT * FROM customer_tier_internal.preset($1, $2, pg_catalog.current_setting('search_path')) $$;
COMMENT ON FUNCTION preset(text, jsonb) IS
  'the axes and tiers of a preset: abc, pyramid, pyramid-1-19-30-50, rfm, rfm8, quadrant, nine_grid, sixteen_grid, '
  'stars, weighted, whale, clv, at_risk';
