-- Classes: comparing a value with its lines.

CREATE FUNCTION score(value double precision, cuts double precision[]) RETURNS integer
AS 'MODULE_PATHNAME', 'ct_score'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION score(double precision, double precision[]) IS '1 + the number of cut points reached';

CREATE FUNCTION score(value numeric, cuts double precision[]) RETURNS integer
AS 'MODULE_PATHNAME', 'ct_score_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION score(numeric, double precision[]) IS '1 + the number of cut points reached';

CREATE FUNCTION classify(value double precision, cuts double precision[], labels text[]) RETURNS text
AS 'MODULE_PATHNAME', 'ct_classify'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION classify(double precision, double precision[], text[]) IS
  'the label of the class that the value reaches; labels from the lowest class up';

CREATE FUNCTION classify(value numeric, cuts double precision[], labels text[]) RETURNS text
AS 'MODULE_PATHNAME', 'ct_classify_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION classify(numeric, double precision[], text[]) IS
  'the label of the class that the value reaches; labels from the lowest class up';

CREATE FUNCTION quadrant_class(x double precision, y double precision, x_cut double precision, y_cut double precision)
RETURNS text
AS 'MODULE_PATHNAME', 'ct_quadrant_class'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION quadrant_class(double precision, double precision, double precision, double precision) IS
  'low_value, ordinary (x reaches its cut), potential (y does) or key (both do)';

CREATE FUNCTION quadrant_class(x double precision, y double precision, x_cut double precision, y_cut double precision,
  labels text[]) RETURNS text
AS 'MODULE_PATHNAME', 'ct_quadrant_class'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION quadrant_class(double precision, double precision, double precision, double precision, text[]) IS
  'the label at the value''s place: rows of the labels go with y, columns with x, low first';

CREATE FUNCTION quadrant_class(x double precision, y double precision) RETURNS text
AS 'MODULE_PATHNAME', 'ct_quadrant_window'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION quadrant_class(double precision, double precision) IS
  'window function: the quadrant, with the partition''s medians as cuts';

CREATE FUNCTION quadrant_class(x double precision, y double precision, labels text[]) RETURNS text
AS 'MODULE_PATHNAME', 'ct_quadrant_window'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION quadrant_class(double precision, double precision, text[]) IS
  'window function: the label of the quadrant, with the partition''s medians as cuts';

CREATE FUNCTION grid_class(x double precision, y double precision, x_cuts double precision[], y_cuts double precision[])
RETURNS text
AS 'MODULE_PATHNAME', 'ct_grid_class'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION grid_class(double precision, double precision, double precision[], double precision[]) IS
  'place in a grid: a letter for the class of y, A the highest, and a number for that of x, 1 the highest';

CREATE FUNCTION grid_class(x double precision, y double precision, x_cuts double precision[], y_cuts double precision[],
  labels text[]) RETURNS text
AS 'MODULE_PATHNAME', 'ct_grid_class'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION grid_class(double precision, double precision, double precision[], double precision[], text[]) IS
  'the label at the place in a grid: rows of the labels go with y, columns with x, low first';

CREATE FUNCTION rfm_segment(r integer, f integer, m integer) RETURNS text
AS 'MODULE_PATHNAME', 'ct_rfm_segment'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rfm_segment(integer, integer, integer) IS
  'the named segment of recency, frequency and monetary scores of 1 to 5, 5 the best';

CREATE FUNCTION rfm_grid_segment(r integer, f integer) RETURNS text
AS 'MODULE_PATHNAME', 'ct_rfm_grid_segment'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rfm_grid_segment(integer, integer) IS
  'the named segment of recency and frequency scores of 1 to 5, 5 the best';

CREATE FUNCTION rfm_class8(r_high boolean, f_high boolean, m_high boolean, language text DEFAULT 'en') RETURNS text
AS 'MODULE_PATHNAME', 'ct_rfm_class8'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rfm_class8(boolean, boolean, boolean, text) IS
  'one of the eight classes, by which scores are high; in English (en) or Chinese (zh)';

CREATE FUNCTION rfm_class8(r double precision, f double precision, m double precision, high text DEFAULT 'mean',
  language text DEFAULT 'en') RETURNS text
AS 'MODULE_PATHNAME', 'ct_rfm_class8_window'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rfm_class8(double precision, double precision, double precision, text, text) IS
  'window function: one of the eight classes; high is above the partition''s mean or median';

CREATE FUNCTION weighted_score(measures double precision[], weights double precision[]) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_weighted_score'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION weighted_score(double precision[], double precision[]) IS 'the weighted mean of the measures';

CREATE FUNCTION min_max(value double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_min_max'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION min_max(double precision) IS
  'window function: the value''s place between the partition''s least (0) and greatest (1)';

CREATE FUNCTION min_max(value numeric) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_min_max_numeric'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION min_max(numeric) IS
  'window function: the value''s place between the partition''s least (0) and greatest (1)';

CREATE FUNCTION z_score(value double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_z_score'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION z_score(double precision) IS
  'window function: distance from the partition''s mean in its standard deviations';

CREATE FUNCTION z_score(value numeric) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_z_score_numeric'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION z_score(numeric) IS
  'window function: distance from the partition''s mean in its standard deviations';

CREATE FUNCTION percentile_score(value double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_percentile_score'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION percentile_score(double precision) IS
  'window function: the part of the other values in the partition that are smaller, 0 to 1';

CREATE FUNCTION percentile_score(value numeric) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_percentile_score_numeric'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION percentile_score(numeric) IS
  'window function: the part of the other values in the partition that are smaller, 0 to 1';
