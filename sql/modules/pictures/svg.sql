-- Pictures as text: SVG from small arrays, as a view or an aggregate gives them.  They read
-- nothing and depend on no setting.  A null array is one without elements.

CREATE FUNCTION svg_lorenz(curve curve_point[], gini double precision DEFAULT NULL,
  options jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'ct_svg_lorenz'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION svg_lorenz(curve_point[], double precision, jsonb) IS
  'the Lorenz curve of lorenz(), from the best customer down, with the point at which 80 % of the value are reached';

CREATE FUNCTION svg_whale(curve whale_curve, options jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'ct_svg_whale'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION svg_whale(whale_curve, jsonb) IS
  'the curve of whale_curve(): cumulative profit, its peak, and what is lost after it';

CREATE FUNCTION svg_pyramid(tiers text[], heads double precision[], value double precision[],
  colours text[] DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'ct_svg_pyramid'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION svg_pyramid(text[], double precision[], double precision[], text[], jsonb) IS
  'each tier''s part of the heads beside its part of the value; tiers are listed the lowest first';

CREATE FUNCTION svg_flow(from_tiers text[], to_tiers text[], heads double precision[], tiers text[],
  colours text[] DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'ct_svg_flow'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION svg_flow(text[], text[], double precision[], text[], text[], jsonb) IS
  'who moved between two days: from which tier to which; null is outside; tiers lists all, the lowest first';

CREATE FUNCTION svg_heat(x integer[], y integer[], heads double precision[], value double precision[] DEFAULT NULL,
  labels text[] DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'ct_svg_heat'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION svg_heat(integer[], integer[], double precision[], double precision[], text[], jsonb) IS
  'a cell for each pair of scores, with its heads, shaded by its value, or by the heads if there is none';

CREATE FUNCTION svg_quadrant(x double precision[], y double precision[], x_line double precision,
  y_line double precision, names text[] DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'ct_svg_quadrant'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION svg_quadrant(double precision[], double precision[], double precision, double precision, text[],
  jsonb) IS
  'customers on two axes as a density, and the lines that part them in four; names as in a matrix of tiers';

CREATE FUNCTION svg_trend(days date[], tiers_then text[], heads double precision[], tiers text[],
  colours text[] DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'ct_svg_trend'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION svg_trend(date[], text[], double precision[], text[], text[], jsonb) IS
  'tiers over time, from a row for each day and tier; tiers lists all, the lowest first';

CREATE FUNCTION svg_cohorts(cohorts text[], ages integer[], retention double precision[],
  heads double precision[] DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'ct_svg_cohorts'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION svg_cohorts(text[], integer[], double precision[], double precision[], jsonb) IS
  'what part of each cohort is left at each age; cohorts are in the order in which they are given';

CREATE FUNCTION svg_funnel(stages text[], heads double precision[], options jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'ct_svg_funnel'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION svg_funnel(text[], double precision[], jsonb) IS
  'how many reach each stage, and what part goes on to the next';

CREATE FUNCTION svg_bars(labels text[], numbers double precision[], colours text[] DEFAULT NULL,
  options jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'ct_svg_bars'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION svg_bars(text[], double precision[], text[], jsonb) IS
  'a bar for each value; with the option waterfall, how changes lead from a start to an end';
