-- Presets: the gradings of the field, each with options.

-- a row of parameters, and nothing of how they were found
CREATE FUNCTION customer_tier_internal.parameter_literal(type name, parameters jsonb) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('%L::customer_tier.%I', '(' || string_agg(coalesce(parameters ->> (attnum - 1), ''), ',' ORDER BY attnum) || ')', type)
FROM pg_attribute WHERE attrelid = format('customer_tier.%I', type)::regclass AND attnum > 0 AND NOT attisdropped
$$;
COMMENT ON FUNCTION customer_tier_internal.parameter_literal(name, jsonb) IS 'support of presets: a model of these parameters as a constant';

CREATE FUNCTION customer_tier_internal.model_literal(m model) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT customer_tier_internal.parameter_literal((m.kind || '_model')::name, customer_tier_internal.json_numbers(CASE m.kind
  WHEN 'bgnbd' THEN ARRAY[(m.bgnbd).r, (m.bgnbd).alpha, (m.bgnbd).a, (m.bgnbd).b] WHEN 'mbgnbd' THEN ARRAY[(m.mbgnbd).r, (m.mbgnbd).alpha, (m.mbgnbd).a, (m.mbgnbd).b]
  ELSE ARRAY[(m.pareto_nbd).r, (m.pareto_nbd).alpha, (m.pareto_nbd).s, (m.pareto_nbd).beta] END))
$$;
COMMENT ON FUNCTION customer_tier_internal.model_literal(model) IS 'support of presets: the model of purchases as a constant';

CREATE FUNCTION preset(name text, options jsonb DEFAULT '{}', OUT axes jsonb[], OUT tiers text[], OUT tier text, OUT unrated text) RETURNS record
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- what is asked for, what there is
  known jsonb := '{
    "abc": {"value": "customer_tier.total(ledger)", "shares": [0.80, 0.95], "rule": "fill"},
    "pyramid": {"value": "customer_tier.total(ledger)", "heads": [0.01, 0.05, 0.20], "tiers": ["small", "medium", "large", "top"], "unrated": "inactive"},
    "pyramid-1-19-30-50": {"value": "customer_tier.total(ledger)", "heads": [0.01, 0.20, 0.50], "tiers": ["small", "ordinary", "secondary", "important"], "unrated": "inactive"},
    "rfm": {"frequency": "customer_tier.orders(ledger)", "monetary": "customer_tier.total(ledger)", "segments": "named", "unrated": null},
    "rfm8": {"frequency": "customer_tier.orders(ledger)", "monetary": "customer_tier.total(ledger)", "language": "en", "unrated": null},
    "quadrant": {"relationship": "customer_tier.total(ledger, customer_tier.trailing_months(as_of, 12)) / nullif(annual_potential, 0)", "potential": "annual_potential", "relationship_at": 0.5, "potential_heads": 0.2},
    "nine_grid": {"potential": "annual_potential", "level": "customer_tier.total(ledger, customer_tier.trailing_months(as_of, 12))", "heads": [0.2, 0.5]},
    "sixteen_grid": {"potential": "annual_potential", "level": "customer_tier.total(ledger, customer_tier.trailing_months(as_of, 12))", "heads": [0.1, 0.3, 0.6]},
    "stars": {"monthly": "customer_tier.monthly_average(ledger, as_of, 6)", "monthly_at": [50, 100, 200, 500, 1000], "points": "customer_tier.total(ledger, customer_tier.trailing_months(as_of, 12))", "points_at": [500, 1000, 3000, 6000, 15000], "top": "false"},
    "weighted": {"measures": ["customer_tier.total(ledger)", "customer_tier.orders(ledger)", "-customer_tier.recency(ledger, as_of)", "customer_tier.total(ledger, customer_tier.trailing_months(as_of, 12))", "customer_tier.tenure(ledger, as_of)"], "weights": [0.5, 0.2, 0.1, 0.1, 0.1], "normalise": "percentile", "heads": [0.05, 0.2, 0.5], "tiers": ["D", "C", "B", "A"]},
    "whale": {"profit": "customer_tier.total(ledger)"},
    "clv": {"model": null, "horizon": 52, "rate": 0, "margin": 1, "heads": [0.05, 0.20, 0.50], "tiers": ["D", "C", "B", "A"]},
    "at_risk": {"model": null, "horizon": 52, "rate": 0, "margin": 1, "heads": [0.02, 0.10], "tiers": ["no call", "call", "call first"]}}'::jsonb;
  o jsonb := known -> name;
  m customer_tier.model;
  told record;
  unit_days jsonb;
  unknown text;
BEGIN
  IF o IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown preset "%s"', name),
      HINT = 'Presets are ' || (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(known) AS k) || '.';
  END IF;
  SELECT min(k) INTO unknown FROM jsonb_object_keys(options) AS k WHERE o -> k IS NULL;
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('preset %s has no option "%s"', name, unknown),
      HINT = 'Its options are, as they are if nothing is said, ' || o::text;
  END IF;
  SELECT min(k) INTO unknown FROM jsonb_each(options) AS e(k, v) WHERE jsonb_typeof(o -> k) IN ('array', 'number') AND jsonb_typeof(o -> k) <> jsonb_typeof(v);
  IF unknown IS NOT NULL OR options ->> 'segments' NOT IN ('named', 'codes') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('option "%s" of preset %s is not what it should be', coalesce(unknown, 'segments'), name),
      HINT = 'Its options are, as they are if nothing is said, ' || o::text;
  END IF;
  o := o || options;
  unrated := o ->> 'unrated';
  CASE
    WHEN name = 'abc' THEN
      axes := ARRAY[customer_tier.axis('value', o ->> 'value', 'share', customer_tier_internal.floats(o -> 'shares'), o ->> 'rule')];
      tiers := ARRAY(SELECT chr(64 + i) FROM generate_series(jsonb_array_length(o -> 'shares') + 1, 1, -1) AS i);
    WHEN name IN ('pyramid', 'pyramid-1-19-30-50') THEN
      -- a pyramid is of those who have bought; nobody else is ranked
      axes := ARRAY[customer_tier.axis('value', format('CASE WHEN customer_tier.orders(ledger) > 0 THEN %s END', o ->> 'value'), 'heads', customer_tier_internal.floats(o -> 'heads'))];
      tiers := ARRAY(SELECT jsonb_array_elements_text(o -> 'tiers'));
    WHEN name IN ('rfm', 'rfm8') THEN
      SELECT array_agg(customer_tier.axis(a, format('CASE WHEN customer_tier.orders(ledger) > 0 THEN %s END', v),
                                          CASE name WHEN 'rfm' THEN 'heads' ELSE 'mean_score' END, '{0.2, 0.4, 0.6, 0.8}', 'fit', b) ORDER BY i) INTO axes
      FROM (VALUES (1, 'r', 'customer_tier.recency(ledger, as_of)', 'lower'), (2, 'f', o ->> 'frequency', 'higher'), (3, 'm', o ->> 'monetary', 'higher')) AS v(i, a, v, b);
      IF name = 'rfm8' THEN
        tier := format('customer_tier.rfm_class8(r = 2, f = 2, m = 2, %L)', o ->> 'language');
        tiers := ARRAY(SELECT class FROM customer_tier.rfm_classes8(o ->> 'language') WITH ORDINALITY AS c(r, f, m, class, i) ORDER BY i DESC);
      ELSIF o ->> 'segments' = 'codes' THEN
        tier := 'r::text || f::text || m::text';
        tiers := ARRAY(SELECT x::text || y || z FROM generate_series(1, 5) AS x, generate_series(1, 5) AS y, generate_series(1, 5) AS z ORDER BY 1);
      ELSE
        tier := 'customer_tier.rfm_segment(r, f, m)';
        tiers := '{Lost, Hibernating, Cannot Lose, At Risk, About To Sleep, Need Attention, Promising, New, Potential Loyalist, Loyal, Champions}';
      END IF;
    WHEN name = 'quadrant' THEN
      axes := ARRAY[customer_tier.axis('relationship', o ->> 'relationship', 'value', ARRAY[(o -> 'relationship_at')::float8]),
                    customer_tier.axis('potential', o ->> 'potential', 'heads', ARRAY[(o -> 'potential_heads')::float8])];
      tiers := '{{low_value, ordinary}, {potential, key}}';
    WHEN name IN ('nine_grid', 'sixteen_grid') THEN
      axes := ARRAY[customer_tier.axis('level', o ->> 'level', 'heads', customer_tier_internal.floats(o -> 'heads')),
                    customer_tier.axis('potential', o ->> 'potential', 'heads', customer_tier_internal.floats(o -> 'heads'))];
      -- A is the highest potential, 1 the highest level
      tiers := (SELECT array_agg(row_of ORDER BY i) FROM (SELECT i, array_agg(chr(65 + n - i) || (n + 1 - j) ORDER BY j) AS row_of
        FROM (SELECT jsonb_array_length(o -> 'heads') + 1 AS n) AS n, generate_series(1, n) AS i, generate_series(1, n) AS j GROUP BY i) AS x);
    WHEN name = 'stars' THEN
      axes := ARRAY[customer_tier.axis('monthly', o ->> 'monthly', 'value', customer_tier_internal.floats(o -> 'monthly_at')),
                    customer_tier.axis('points', o ->> 'points', 'value', customer_tier_internal.floats(o -> 'points_at')),
                    customer_tier.axis('lifted', format('CASE WHEN %s THEN 1 ELSE 0 END', o ->> 'top'), 'value', '{1}')];
      tier := format('CASE WHEN lifted = 2 THEN %s ELSE greatest(monthly, points) END || '' star''', 1 + greatest(jsonb_array_length(o -> 'monthly_at'), jsonb_array_length(o -> 'points_at')));
      tiers := ARRAY(SELECT i || ' star' FROM generate_series(1, 1 + greatest(jsonb_array_length(o -> 'monthly_at'), jsonb_array_length(o -> 'points_at'))) AS i);
    WHEN name = 'weighted' THEN
      axes := ARRAY[customer_tier.weighted_axis('value', ARRAY(SELECT jsonb_array_elements_text(o -> 'measures')), customer_tier_internal.floats(o -> 'weights'), o ->> 'normalise', 'heads', customer_tier_internal.floats(o -> 'heads'))];
      tiers := ARRAY(SELECT jsonb_array_elements_text(o -> 'tiers'));
    WHEN name = 'whale' THEN
      -- the second line is the least that is more than nothing
      axes := ARRAY[customer_tier.axis('profit', o ->> 'profit', 'value', '{0, 5e-324}')];
      tiers := '{destroys value, break-even, adds value}';
    WHEN name IN ('clv', 'at_risk') THEN
      -- The model is written into the measure: a scheme does not change when a model of
      -- that name is fitted anew, and what it wrote can be replayed.
      SELECT * INTO m FROM customer_tier.model AS x WHERE x.name = o ->> 'model';
      SELECT * INTO told FROM customer_tier_internal.model_parameters(m.name);
      IF m.name IS NULL OR told.parameters IS NULL OR told.spend IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = CASE WHEN o ->> 'model' IS NULL THEN format('preset %s needs a model', name) WHEN m.name IS NULL OR told.parameters IS NOT NULL THEN format('there is no model "%s" with spending', o ->> 'model') ELSE format('model "%s" has no parameters', o ->> 'model') END,
          HINT = 'SELECT customer_tier.fit_model(''shop'', source, as_of); then options => ''{"model": "shop"}''.';
      END IF;
      PERFORM customer_tier_internal.warn_of_model(m);
      unit_days := customer_tier_internal.json_numbers(ARRAY[m.unit_days]) -> 0;
      axes := ARRAY[customer_tier.axis('worth', CASE name WHEN 'clv' THEN '' ELSE format('(1 - customer_tier.p_alive(%s, customer_tier.btyd(ledger, as_of, %s))) * ', customer_tier_internal.model_literal(m), unit_days) END
        || format('customer_tier.clv(%s, %s, customer_tier.btyd(ledger, as_of, %s), %s, %s, %s)', customer_tier_internal.model_literal(m), customer_tier_internal.parameter_literal('gamma_gamma_model', customer_tier_internal.json_numbers(told.spend)), unit_days, o -> 'horizon', o -> 'rate', o -> 'margin'),
        'heads', customer_tier_internal.floats(o -> 'heads'))];
      tiers := ARRAY(SELECT jsonb_array_elements_text(o -> 'tiers'));
  END CASE;
END $$;
COMMENT ON FUNCTION preset(text, jsonb) IS 'the axes and tiers of a preset: abc, pyramid, pyramid-1-19-30-50, rfm, rfm8, quadrant, nine_grid, sixteen_grid, stars, weighted, whale, clv, at_risk';
