-- Cuts: aggregates that find the lines between classes.  Their state holds all values.  They have
-- numeric variants because a cast to double precision would cost more than the aggregate itself.

CREATE FUNCTION customer_tier_internal.values_accumulate(internal, double precision) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_values_accumulate'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.values_accumulate(internal, double precision) IS
  'aggregate support: keeps one value';

CREATE FUNCTION customer_tier_internal.values_accumulate(internal, numeric) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_values_accumulate_numeric'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.values_accumulate(internal, numeric) IS 'aggregate support: keeps one value';

CREATE FUNCTION customer_tier_internal.values_accumulate(internal, double precision, integer) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_values_accumulate'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.values_accumulate(internal, double precision, integer) IS
  'aggregate support: keeps one value';

CREATE FUNCTION customer_tier_internal.values_accumulate(internal, numeric, integer) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_values_accumulate_numeric'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.values_accumulate(internal, numeric, integer) IS
  'aggregate support: keeps one value';

CREATE FUNCTION customer_tier_internal.values_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_values_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.values_combine(internal, internal) IS
  'aggregate support: the values of two states';

CREATE FUNCTION customer_tier_internal.values_serialize(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'ct_values_serialize'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.values_serialize(internal) IS
  'aggregate support: a state for another process';

CREATE FUNCTION customer_tier_internal.values_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_values_deserialize'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.values_deserialize(bytea, internal) IS
  'aggregate support: a state from another process';

CREATE FUNCTION customer_tier_internal.cuts_accumulate(internal, double precision, double precision[]) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_cuts_accumulate'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.cuts_accumulate(internal, double precision, double precision[]) IS
  'aggregate support: keeps one value';

CREATE FUNCTION customer_tier_internal.cuts_accumulate(internal, numeric, double precision[]) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_cuts_accumulate_numeric'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.cuts_accumulate(internal, numeric, double precision[]) IS
  'aggregate support: keeps one value';

CREATE FUNCTION customer_tier_internal.cuts_accumulate(internal, double precision, double precision[], text)
RETURNS internal
AS 'MODULE_PATHNAME', 'ct_cuts_accumulate'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.cuts_accumulate(internal, double precision, double precision[], text) IS
  'aggregate support: keeps one value';

CREATE FUNCTION customer_tier_internal.cuts_accumulate(internal, numeric, double precision[], text) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_cuts_accumulate_numeric'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.cuts_accumulate(internal, numeric, double precision[], text) IS
  'aggregate support: keeps one value';

CREATE FUNCTION customer_tier_internal.share_cuts_final(internal) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_share_cuts_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.share_cuts_final(internal) IS 'aggregate support: lines by share of value';

CREATE FUNCTION customer_tier_internal.head_cuts_final(internal) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_head_cuts_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.head_cuts_final(internal) IS 'aggregate support: lines by share of heads';

CREATE FUNCTION customer_tier_internal.natural_cuts_final(internal) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_natural_cuts_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.natural_cuts_final(internal) IS 'aggregate support: natural breaks';

CREATE FUNCTION customer_tier_internal.median_cut_final(internal) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_median_cut_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.median_cut_final(internal) IS 'aggregate support: the median';

CREATE FUNCTION customer_tier_internal.mean_accumulate(double precision[], double precision) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_mean_accumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.mean_accumulate(double precision[], double precision) IS
  'aggregate support: adds one value';

CREATE FUNCTION customer_tier_internal.mean_accumulate(double precision[], numeric) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_mean_accumulate_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.mean_accumulate(double precision[], numeric) IS
  'aggregate support: adds one value';

CREATE FUNCTION customer_tier_internal.mean_combine(double precision[], double precision[]) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_mean_combine'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.mean_combine(double precision[], double precision[]) IS
  'aggregate support: adds two states';

CREATE FUNCTION customer_tier_internal.mean_cut_final(double precision[]) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_mean_cut_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.mean_cut_final(double precision[]) IS 'aggregate support: the mean';

CREATE AGGREGATE share_cuts(value double precision, shares double precision[]) (
  STYPE = internal, SFUNC = customer_tier_internal.cuts_accumulate, FINALFUNC = customer_tier_internal.share_cuts_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE share_cuts(double precision, double precision[]) IS
  'values to reach for the top shares of the total, ascending; the group that crosses a share belongs above it';

CREATE AGGREGATE share_cuts(value numeric, shares double precision[]) (
  STYPE = internal, SFUNC = customer_tier_internal.cuts_accumulate, FINALFUNC = customer_tier_internal.share_cuts_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE share_cuts(numeric, double precision[]) IS
  'values to reach for the top shares of the total, ascending; the group that crosses a share belongs above it';

CREATE AGGREGATE share_cuts(value double precision, shares double precision[], rule text) (
  STYPE = internal, SFUNC = customer_tier_internal.cuts_accumulate, FINALFUNC = customer_tier_internal.share_cuts_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE share_cuts(double precision, double precision[], text) IS
  'values to reach for the top shares of the total, ascending; the rule, fill or fit, determines where a '
  'group that crosses a share belongs';

CREATE AGGREGATE share_cuts(value numeric, shares double precision[], rule text) (
  STYPE = internal, SFUNC = customer_tier_internal.cuts_accumulate, FINALFUNC = customer_tier_internal.share_cuts_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE share_cuts(numeric, double precision[], text) IS
  'values to reach for the top shares of the total, ascending; the rule, fill or fit, determines where a '
  'group that crosses a share belongs';

CREATE AGGREGATE head_cuts(value double precision, fractions double precision[]) (
  STYPE = internal, SFUNC = customer_tier_internal.cuts_accumulate, FINALFUNC = customer_tier_internal.head_cuts_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE head_cuts(double precision, double precision[]) IS
  'values to reach for the top fractions of heads, ascending; the group that crosses a fraction belongs above it';

CREATE AGGREGATE head_cuts(value numeric, fractions double precision[]) (
  STYPE = internal, SFUNC = customer_tier_internal.cuts_accumulate, FINALFUNC = customer_tier_internal.head_cuts_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE head_cuts(numeric, double precision[]) IS
  'values to reach for the top fractions of heads, ascending; the group that crosses a fraction belongs above it';

CREATE AGGREGATE head_cuts(value double precision, fractions double precision[], rule text) (
  STYPE = internal, SFUNC = customer_tier_internal.cuts_accumulate, FINALFUNC = customer_tier_internal.head_cuts_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE head_cuts(double precision, double precision[], text) IS
  'values to reach for the top fractions of heads, ascending; the rule, fill or fit, determines where a '
  'group that crosses a fraction belongs';

CREATE AGGREGATE head_cuts(value numeric, fractions double precision[], rule text) (
  STYPE = internal, SFUNC = customer_tier_internal.cuts_accumulate, FINALFUNC = customer_tier_internal.head_cuts_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE head_cuts(numeric, double precision[], text) IS
  'values to reach for the top fractions of heads, ascending; the rule, fill or fit, determines where a '
  'group that crosses a fraction belongs';

CREATE AGGREGATE natural_cuts(value double precision, classes integer) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.natural_cuts_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE natural_cuts(double precision, integer) IS
  'values to reach for the natural classes (Fisher-Jenks, exact), ascending';

CREATE AGGREGATE natural_cuts(value numeric, classes integer) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.natural_cuts_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE natural_cuts(numeric, integer) IS
  'values to reach for the natural classes (Fisher-Jenks, exact), ascending';

CREATE TYPE class_fit AS (classes integer, goodness double precision, cuts double precision[]);
COMMENT ON TYPE class_fit IS 'how well a number of natural classes fits';
COMMENT ON COLUMN class_fit.classes IS 'number of classes';
COMMENT ON COLUMN class_fit.goodness IS
  'goodness of variance fit: the part of the squared differences from the mean that lies between the classes, 0 to 1';
COMMENT ON COLUMN class_fit.cuts IS 'values to reach, ascending, as natural_cuts gives them';

CREATE FUNCTION customer_tier_internal.natural_fit_final(internal) RETURNS class_fit[]
AS 'MODULE_PATHNAME', 'ct_natural_fit_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.natural_fit_final(internal) IS
  'aggregate support: natural breaks and their fit';

CREATE AGGREGATE natural_fit(value double precision, max_classes integer) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.natural_fit_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE natural_fit(double precision, integer) IS
  'goodness of variance fit and cuts of 2 to max_classes natural classes';

CREATE AGGREGATE natural_fit(value numeric, max_classes integer) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.natural_fit_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE natural_fit(numeric, integer) IS
  'goodness of variance fit and cuts of 2 to max_classes natural classes';

CREATE AGGREGATE mean_cut(value double precision) (
  STYPE = double precision[], SFUNC = customer_tier_internal.mean_accumulate,
  FINALFUNC = customer_tier_internal.mean_cut_final,
  COMBINEFUNC = customer_tier_internal.mean_combine, INITCOND = '{0,0,0,0}', PARALLEL = SAFE
);
COMMENT ON AGGREGATE mean_cut(double precision) IS 'the mean, as the one line between two classes';

CREATE AGGREGATE mean_cut(value numeric) (
  STYPE = double precision[], SFUNC = customer_tier_internal.mean_accumulate,
  FINALFUNC = customer_tier_internal.mean_cut_final,
  COMBINEFUNC = customer_tier_internal.mean_combine, INITCOND = '{0,0,0,0}', PARALLEL = SAFE
);
COMMENT ON AGGREGATE mean_cut(numeric) IS 'the mean, as the one line between two classes';

CREATE AGGREGATE median_cut(value double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.median_cut_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE median_cut(double precision) IS 'the median, as the one line between two classes';

CREATE AGGREGATE median_cut(value numeric) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.median_cut_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE median_cut(numeric) IS 'the median, as the one line between two classes';
