-- Presets: well-known gradings, each with options.

-- a constant with the parameters of a model, without the diagnostics of the fit
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

-- The measure contains the parameters of the model, so that a scheme does not change when the model is fitted
-- again, and its history can be replayed.
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

CREATE FUNCTION customer_tier_internal.preset(name text, options jsonb, path text, OUT axes jsonb[], OUT tiers text[],
  OUT tier text, OUT unrated text) RETURNS record
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  o jsonb := customer_tier_internal.preset_options(name, options);
BEGIN
  unrated := o ->> 'unrated';
  CASE
    WHEN name IN ('abc', 'abc_products') THEN
      -- only products with sales are ranked
      axes := ARRAY[customer_tier.axis('value',
        format(CASE name WHEN 'abc' THEN '%s' ELSE 'CASE WHEN (%1$s) > 0 THEN %1$s END' END, o ->> 'value'), 'share',
        customer_tier_internal.preset_lines(name, o, 'shares', 'share'), o ->> 'rule')];
      tiers := ARRAY(SELECT chr(64 + i) FROM generate_series(jsonb_array_length(o -> 'shares') + 1, 1, -1) AS i);
    WHEN name IN ('pyramid', 'pyramid-1-19-30-50') THEN
      -- only customers with purchases are ranked
      axes := ARRAY[customer_tier.axis('value',
        format('CASE WHEN customer_tier.orders(ledger) > 0 THEN %s END', o ->> 'value'), 'heads',
        customer_tier_internal.preset_lines(name, o, 'heads', 'heads'))];
      tiers := ARRAY(SELECT jsonb_array_elements_text(o -> 'tiers'));
    WHEN name IN ('rfm', 'rfm8') THEN
      SELECT array_agg(customer_tier_internal.rfm_axis(name, o, a, m) ORDER BY i) INTO axes
      FROM (VALUES (1, 'r', 'recency'), (2, 'f', 'frequency'), (3, 'm', 'monetary')) AS v(i, a, m);
      SELECT x.tiers, x.tier INTO tiers, tier FROM customer_tier_internal.rfm_tiers(name, o, axes) AS x;
    WHEN name = 'quadrant' THEN
      axes := ARRAY[
        customer_tier.axis('relationship', o ->> 'relationship', 'value', ARRAY[(o -> 'relationship_at')::float8]),
        customer_tier.axis('potential', o ->> 'potential', 'heads', ARRAY[(o -> 'potential_heads')::float8])];
      tiers := '{{low_value, ordinary}, {potential, key}}';
    WHEN name IN ('nine_grid', 'sixteen_grid') THEN
      axes := ARRAY[
        customer_tier.axis('level', o ->> 'level', 'heads',
          customer_tier_internal.preset_lines(name, o, 'heads', 'heads')),
        customer_tier.axis('potential', o ->> 'potential', 'heads',
          customer_tier_internal.preset_lines(name, o, 'heads', 'heads'))];
      -- A is the highest potential, 1 the highest level
      tiers := (
        SELECT array_agg(row_of ORDER BY i)
        FROM (SELECT i, array_agg(chr(65 + n - i) || (n + 1 - j) ORDER BY j) AS row_of
              FROM (SELECT jsonb_array_length(o -> 'heads') + 1 AS n) AS n, generate_series(1, n) AS i,
                generate_series(1, n) AS j
              GROUP BY i) AS x);
    WHEN name = 'stars' THEN
      SELECT x.* INTO axes, tiers, tier FROM customer_tier_internal.stars(o, options) AS x;
    WHEN name = 'prospects' THEN
      -- the number of conditions met; a prospect with purchases is a customer
      axes := ARRAY[customer_tier.axis('met',
        format('CASE WHEN customer_tier.orders(ledger) = 0 THEN %s END',
               (SELECT string_agg(format('coalesce((%s)::int4, 0)', c), ' + ' ORDER BY i)
                FROM jsonb_array_elements_text(o -> 'conditions') WITH ORDINALITY AS e(c, i))),
        'value', ARRAY(SELECT i::float8 FROM generate_series(1, jsonb_array_length(o -> 'conditions')) AS i))];
      tiers := ARRAY(SELECT chr(64 + i)
                     FROM generate_series(jsonb_array_length(o -> 'conditions') + 1, 1, -1) AS i);
    WHEN name = 'contact_groups' THEN
      axes := ARRAY[customer_tier.axis('contact',
        format('CASE WHEN %s THEN 4 WHEN customer_tier.orders(ledger) > 0 THEN 3 WHEN %s THEN 2 WHEN %s THEN 1 '
               'ELSE 0 END', o ->> 'vip', o ->> 'yes', o ->> 'maybe'), 'value', '{1, 2, 3, 4}')];
      tiers := '{N, M, Y, O, VIP}';
    WHEN name = 'weighted' THEN
      axes := ARRAY[customer_tier.weighted_axis('value', ARRAY(SELECT jsonb_array_elements_text(o -> 'measures')),
        customer_tier_internal.floats(o -> 'weights'), o ->> 'normalise', 'heads',
        customer_tier_internal.preset_lines(name, o, 'heads', 'heads'))];
      tiers := ARRAY(SELECT jsonb_array_elements_text(o -> 'tiers'));
    WHEN name = 'whale' THEN
      -- the second line is the least value above zero
      axes := ARRAY[customer_tier.axis('profit', o ->> 'profit', 'value', '{0, 5e-324}')];
      tiers := '{destroys value, break-even, adds value}';
    WHEN name IN ('clv', 'at_risk') THEN
      axes := ARRAY[customer_tier.axis('worth', customer_tier_internal.worth_measure(name, o, path), 'heads',
        customer_tier_internal.preset_lines(name, o, 'heads', 'heads'))];
      tiers := ARRAY(SELECT jsonb_array_elements_text(o -> 'tiers'));
  END CASE;
END $$;
COMMENT ON FUNCTION customer_tier_internal.preset(text, jsonb, text) IS
  'support of presets: one, in which a model has a name of the caller''s';

-- no SET search_path: the name of a model is looked up in the caller's
CREATE FUNCTION preset(name text, options jsonb DEFAULT '{}', OUT axes jsonb[], OUT tiers text[], OUT tier text,
  OUT unrated text) RETURNS record
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $$ SELECT * FROM customer_tier_internal.preset($1, $2, pg_catalog.current_setting('search_path')) $$;
COMMENT ON FUNCTION preset(text, jsonb) IS
  'the axes and tiers of a preset: abc, abc_products, pyramid, pyramid-1-19-30-50, rfm, rfm8, quadrant, nine_grid, '
  'sixteen_grid, stars, prospects, contact_groups, weighted, whale, clv, at_risk';

-- If a measure of a preset names a missing column, the error names the option to set.
CREATE FUNCTION customer_tier_internal.check_preset_measures(preset text, options jsonb, input regclass, axes jsonb[],
  path text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong text;
BEGIN
  PERFORM customer_tier_internal.scheme_expression(input, m, 'measure', path)
  FROM unnest(customer_tier_internal.measures(to_jsonb(axes))) AS m;
EXCEPTION WHEN undefined_column THEN
  GET STACKED DIAGNOSTICS wrong = MESSAGE_TEXT;
  RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = format('preset %s: %s', preset, wrong),
    HINT = (
      SELECT format('It is named in options => ''{%s}'', which may have another expression.',
                    string_agg(format('"%s": %s', k, v), ', ' ORDER BY k))
      FROM jsonb_each(customer_tier_internal.preset_options(preset, options)) AS e(k, v)
      WHERE strpos(v::text, split_part(wrong, '"', 2)) > 0);
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_preset_measures(text, jsonb, regclass, jsonb[], text) IS
  'support of create_scheme: an error that names the option of a preset whose expression has no column';
