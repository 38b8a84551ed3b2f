-- picture(scheme, kind): which of the pictures of a scheme.

-- The picture and its reading.  Of the options, those that say what is shown are used here;
-- how it is shown is the business of svg_*().
CREATE FUNCTION customer_tier_internal.picture_and_reading(scheme regclass, kind text, options jsonb,
  OUT svg text, OUT reading text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
AS $$
DECLARE
  own jsonb := '{"pyramid": ["as_of"], "bars": ["as_of"], "funnel": ["as_of"], "flow": ["as_of"], "trend": ["as_of"],
    "drivers": ["as_of"], "cohorts": ["as_of", "tier"], "lorenz": ["measure"], "whale": ["measure"],
    "natural": ["measure"], "heat": ["axes", "measure"], "quadrant": ["axes"]}'::jsonb;
  language text := coalesce(options ->> 'language', 'en');
  d record;
  o jsonb;
BEGIN
  IF own -> kind IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown kind of picture "%s"', kind),
      HINT = format('It is one of %s.', (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(own) AS k));
  ELSIF jsonb_typeof(options) <> 'object' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'options must be a JSON object',
      HINT = 'For example ''{"title": "Our customers", "language": "zh"}''.';
  END IF;
  SELECT * INTO d FROM customer_tier_internal.refresh_days(scheme, (options ->> 'as_of')::date);
  o := jsonb_build_object('subtitle', format('%s, %s', scheme, to_char(
         CASE WHEN own -> kind ? 'as_of' THEN d.day ELSE d.last_day END, 'YYYY-MM-DD')))
    || (options - ARRAY(SELECT jsonb_array_elements_text(own -> kind)));
  CASE
    WHEN kind IN ('pyramid', 'bars', 'funnel') THEN
      SELECT * INTO svg, reading FROM customer_tier_internal.picture_of_tiers(scheme, kind, d.day, o, language);
    WHEN kind IN ('flow', 'trend', 'drivers') THEN
      SELECT * INTO svg, reading
      FROM customer_tier_internal.picture_of_time(scheme, kind, d.day, d.day_before, d.last_day, o, language);
    WHEN kind = 'cohorts' THEN
      SELECT * INTO svg, reading
      FROM customer_tier_internal.picture_of_cohorts(scheme, d.day, options ->> 'tier', o, language);
    WHEN kind = 'heat' THEN
      SELECT * INTO svg, reading
      FROM customer_tier_internal.picture_of_scores(scheme, d.last_day, options -> 'axes', options ->> 'measure', o,
                                                    language);
    WHEN kind = 'quadrant' THEN
      SELECT * INTO svg, reading
      FROM customer_tier_internal.picture_of_quadrants(scheme, d.last_day, options -> 'axes', o, language);
    ELSE
      SELECT * INTO svg, reading
      FROM customer_tier_internal.picture_of_values(scheme, kind, options ->> 'measure', o, language);
  END CASE;
END $$;
COMMENT ON FUNCTION customer_tier_internal.picture_and_reading(regclass, text, jsonb) IS
  'support of picture and report: a picture of a scheme, and what is to be read in it';

CREATE FUNCTION picture(scheme regclass, kind text, options jsonb DEFAULT '{}') RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT svg FROM customer_tier_internal.picture_and_reading(scheme, kind, options) $$;
COMMENT ON FUNCTION picture(regclass, text, jsonb) IS
  'a picture of a scheme: bars, cohorts, drivers, flow, funnel, heat, lorenz, natural, pyramid, quadrant, trend, whale';
