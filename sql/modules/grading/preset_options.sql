-- Options of presets: defaults and checks, and the parts of presets with many options.

CREATE FUNCTION customer_tier_internal.preset_defaults() RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{
    "abc": {"value": "customer_tier.total(ledger)", "shares": [0.80, 0.95], "rule": "fill"},
    "abc_products": {
      "value": "customer_tier.total(ledger, customer_tier.trailing_months(as_of, 12))", "shares": [0.70, 0.90],
      "rule": "fill", "unrated": "no sales"},
    "pyramid": {
      "value": "customer_tier.total(ledger)", "heads": [0.01, 0.05, 0.20],
      "tiers": ["small", "medium", "large", "top"], "unrated": "inactive"},
    "pyramid-1-19-30-50": {
      "value": "customer_tier.total(ledger)", "heads": [0.01, 0.20, 0.50],
      "tiers": ["small", "ordinary", "secondary", "important"], "unrated": "inactive"},
    "rfm": {
      "frequency": "customer_tier.orders(ledger)", "monetary": "customer_tier.total(ledger)",
      "segments": "named", "bins": 5, "rule": "fit_top", "recency_at": null, "frequency_at": null,
      "monetary_at": null, "unrated": null},
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
      "points_at": [500, 1000, 3000, 6000, 15000], "year": "trailing", "or": {}, "top": "false"},
    "prospects": {"conditions": ["need", "budget", "authority"], "unrated": "customer"},
    "contact_groups": {"yes": "interested", "maybe": "undecided", "vip": "vip"},
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
      "heads": [0.02, 0.10], "tiers": ["no call", "call", "call first"]}}'::jsonb
$$;
COMMENT ON FUNCTION customer_tier_internal.preset_defaults() IS
  'support of presets: all presets, with their options as they are if nothing is said';

CREATE FUNCTION customer_tier_internal.wrong_option(preset text, name text, said jsonb, usual jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN usual IS NULL THEN format('preset %s has no option "%s"', preset, name)
  WHEN jsonb_typeof(usual) IN ('array', 'number', 'object') AND jsonb_typeof(said) <> jsonb_typeof(usual)
    OR right(name, 3) = '_at' AND jsonb_typeof(usual) = 'null' AND jsonb_typeof(said) NOT IN ('array', 'null')
    THEN format('option "%s" of preset %s is not what it should be', name, preset)
  WHEN name = 'segments' AND coalesce(said #>> '{}', '') NOT IN ('named', 'codes')
    THEN format('option "segments" of preset %s is named or codes', preset)
  WHEN name = 'year' AND coalesce(said #>> '{}', '') NOT IN ('trailing', 'calendar')
    THEN format('option "year" of preset %s is trailing or calendar', preset)
  WHEN name = 'rule' AND coalesce(said #>> '{}', '') NOT IN ('fill', 'fit', 'fit_top')
    THEN format('option "rule" of preset %s is fill, fit or fit_top', preset)
  WHEN name = 'bins' AND said::numeric NOT IN (2, 3, 4, 5, 6, 7, 8, 9)
    THEN format('option "bins" of preset %s is not a whole number from 2 to 9', preset)
  WHEN name = 'conditions' AND jsonb_array_length(said) NOT BETWEEN 1 AND 25
    THEN format('option "conditions" of preset %s has none, or more than 25', preset)
END
$$;
COMMENT ON FUNCTION customer_tier_internal.wrong_option(text, text, jsonb, jsonb) IS
  'support of presets: what is wrong with an option; null if nothing is';

CREATE FUNCTION customer_tier_internal.preset_options(name text, options jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known jsonb := customer_tier_internal.preset_defaults();
  o jsonb := known -> name;
  wrong text;
BEGIN
  IF o IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown preset "%s"', name),
      HINT = 'Presets are ' || (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(known) AS k) || '.';
  END IF;
  SELECT min(w) INTO wrong
  FROM jsonb_each(options) AS e(k, v), customer_tier_internal.wrong_option(name, k, v, o -> k) AS w;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = wrong,
      HINT = 'Its options, with their defaults: ' || o::text;
  END IF;
  RETURN o || options;
END $$;
COMMENT ON FUNCTION customer_tier_internal.preset_options(text, jsonb) IS
  'support of presets: the options of a preset as they are, checked';

CREATE FUNCTION customer_tier_internal.preset_lines(preset text, o jsonb, option text, how text)
RETURNS double precision[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong text;
BEGIN
  wrong := CASE
    WHEN EXISTS (SELECT FROM jsonb_array_elements(o -> option) AS x WHERE jsonb_typeof(x) <> 'number')
      THEN '"at" are not numbers'
    ELSE customer_tier_internal.wrong_lines(how, customer_tier_internal.floats(o -> option))
  END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('preset %s: %s', preset, replace(wrong, '"at"', format('option "%s"', option))),
      HINT = format('For example options => ''{"%s": %s}''.', option,
                    coalesce(nullif(customer_tier_internal.preset_defaults() -> preset -> option, 'null')::text,
                             '[10, 20, 50, 100]'));
  END IF;
  RETURN customer_tier_internal.floats(o -> option);
END $$;
COMMENT ON FUNCTION customer_tier_internal.preset_lines(text, jsonb, text, text) IS
  'support of presets: the lines that an option says; an error that names the option if they are none';

CREATE FUNCTION customer_tier_internal.preset_needs_attributes(preset text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT preset IN ('quadrant', 'nine_grid', 'sixteen_grid', 'prospects', 'contact_groups') $$;
COMMENT ON FUNCTION customer_tier_internal.preset_needs_attributes(text) IS
  'support of presets: whether a preset reads attributes of customers';

CREATE FUNCTION customer_tier_internal.preset_attributes(preset text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE preset
         WHEN 'prospects' THEN
           'attributes => a table with the columns need, budget and authority, or options => ''{"conditions": '
           '["...", "..."]}'' for other conditions over it.'
         WHEN 'contact_groups' THEN
           'attributes => a table with the columns interested, undecided and vip, or options => ''{"yes": "...", '
           '"maybe": "...", "vip": "..."}'' for other conditions over it.'
         ELSE
           'attributes => a table with a column annual_potential, or options => ''{"potential": "..."}'' for another '
           'expression over it.'
       END
$$;
COMMENT ON FUNCTION customer_tier_internal.preset_attributes(text) IS
  'support of presets: a hint about the attributes that a preset needs';

-- An axis of RFM: cut by heads or by the user's own lines; for rfm8 by the mean score.
CREATE FUNCTION customer_tier_internal.rfm_axis(preset text, o jsonb, axis text, measure text) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN jsonb_typeof(o -> (measure || '_at')) = 'array' THEN
    customer_tier.axis(axis, value, 'value',
                       customer_tier_internal.preset_lines(preset, o, measure || '_at', 'value'), better => better)
  ELSE
    customer_tier.axis(axis, value, CASE preset WHEN 'rfm' THEN 'heads' ELSE 'mean_score' END,
                       ARRAY(SELECT i / bins FROM generate_series(1, bins::int4 - 1) AS i),
                       coalesce(o ->> 'rule', 'fit_top'), better)
END
FROM (SELECT format('CASE WHEN customer_tier.orders(ledger) > 0 THEN %s END',
                    coalesce(o ->> measure, 'customer_tier.recency(ledger, as_of)')) AS value,
             CASE measure WHEN 'recency' THEN 'lower' ELSE 'higher' END AS better,
             coalesce(o ->> 'bins', '5')::numeric::float8 AS bins) AS x
$$;
COMMENT ON FUNCTION customer_tier_internal.rfm_axis(text, jsonb, text, text) IS 'support of presets: an axis of RFM';

CREATE FUNCTION customer_tier_internal.rfm_tiers(preset text, o jsonb, axes jsonb[], OUT tiers text[], OUT tier text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  n integer[] := ARRAY(
    SELECT customer_tier_internal.axis_size(a)
    FROM unnest(axes) WITH ORDINALITY AS u(a, i)
    ORDER BY i);
BEGIN
  IF preset = 'rfm8' THEN
    tier := format('customer_tier.rfm_class8(r = 2, f = 2, m = 2, %L)', o ->> 'language');
    tiers := ARRAY(
      SELECT class
      FROM customer_tier.rfm_classes8(o ->> 'language') WITH ORDINALITY AS c(r, f, m, class, i)
      ORDER BY i DESC);
  ELSIF o ->> 'segments' = 'codes' AND 9 >= ALL (n) THEN
    tier := 'r::text || f::text || m::text';
    tiers := ARRAY(
      SELECT x::text || y || z
      FROM generate_series(1, n[1]) AS x, generate_series(1, n[2]) AS y, generate_series(1, n[3]) AS z
      ORDER BY 1);
  ELSIF o ->> 'segments' = 'codes' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('preset rfm: a code has scores from 1 to 9, and an axis has %s',
                       (SELECT max(x) FROM unnest(n) AS x)),
      HINT = 'Give at most eight lines in each of recency_at, frequency_at and monetary_at.';
  ELSIF 5 = ALL (n) THEN
    tier := 'customer_tier.rfm_segment(r, f, m)';
    tiers := '{Lost, Hibernating, Cannot Lose, At Risk, About To Sleep, Need Attention, Promising, New,
               Potential Loyalist, Loyal, Champions}';
  ELSE
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('preset rfm: the named segments need five scores on each axis, not %s, %s and %s',
                       n[1], n[2], n[3]),
      HINT = 'options => ''{"segments": "codes"}'' takes any number. Else "bins" is 5, and recency_at, frequency_at '
             'and monetary_at have four lines.';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.rfm_tiers(text, jsonb, jsonb[]) IS 'support of presets: the tiers of RFM';

-- Axes and tiers of stars: the better of two measures; conditions over attributes can lift to a star.
CREATE FUNCTION customer_tier_internal.stars(o jsonb, said jsonb, OUT axes jsonb[], OUT tiers text[], OUT tier text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  stars integer := 1 + greatest(jsonb_array_length(o -> 'monthly_at'), jsonb_array_length(o -> 'points_at'));
  calendar boolean := o ->> 'year' = 'calendar';
  wrong text;
BEGIN
  SELECT min(format('preset stars: option "or" has no star "%s" to lift to', k)) INTO wrong
  FROM jsonb_object_keys(o -> 'or') AS k
  WHERE NOT k = ANY (ARRAY(SELECT i::text FROM generate_series(2, stars) AS i));
  IF calendar AND said ? 'points' THEN
    wrong := 'preset stars: options "points" and "year" contradict each other';
  END IF;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = wrong,
      HINT = format('For example options => ''{"year": "calendar", "or": {"%s": "influence > 0.8"}}''.', stars);
  END IF;
  axes := ARRAY[
    customer_tier.axis('monthly', o ->> 'monthly', 'value',
                       customer_tier_internal.preset_lines('stars', o, 'monthly_at', 'value')),
    customer_tier.axis('points', CASE
                                   WHEN calendar THEN
                                     'customer_tier.total(ledger, customer_tier.calendar_year(as_of))'
                                   ELSE o ->> 'points'
                                 END, 'value',
                       customer_tier_internal.preset_lines('stars', o, 'points_at', 'value')),
    customer_tier.axis('lifted', format('CASE WHEN %s THEN %s%s ELSE 1 END', o ->> 'top', stars,
                                        (SELECT string_agg(format(' WHEN %s THEN %s', v, k), '' ORDER BY k::int4 DESC)
                                         FROM jsonb_each_text(o -> 'or') AS e(k, v))),
                       'value', ARRAY(SELECT i::float8 FROM generate_series(2, stars) AS i))];
  tier := 'greatest(monthly, points, lifted) || '' star''';
  tiers := ARRAY(SELECT i || ' star' FROM generate_series(1, stars) AS i);
END $$;
COMMENT ON FUNCTION customer_tier_internal.stars(jsonb, jsonb) IS 'support of presets: axes and tiers of stars';
