-- Concentration: measures of how unevenly a total is spread over the heads.

CREATE FUNCTION customer_tier_internal.top_share_accumulate(internal, double precision, double precision)
RETURNS internal
AS 'MODULE_PATHNAME', 'ct_top_share_accumulate'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.top_share_accumulate(internal, double precision, double precision) IS
  'aggregate support: keeps one value';

CREATE FUNCTION customer_tier_internal.top_share_accumulate(internal, numeric, double precision) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_top_share_accumulate_numeric'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.top_share_accumulate(internal, numeric, double precision) IS
  'aggregate support: keeps one value';

CREATE FUNCTION customer_tier_internal.top_share_final(internal) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_top_share_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.top_share_final(internal) IS 'aggregate support: the share of the top';

CREATE AGGREGATE pareto_share(value double precision, top double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.top_share_accumulate,
  FINALFUNC = customer_tier_internal.top_share_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE pareto_share(double precision, double precision) IS
  'share of the total of values above zero that the top fraction of heads holds';

CREATE AGGREGATE pareto_share(value numeric, top double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.top_share_accumulate,
  FINALFUNC = customer_tier_internal.top_share_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE pareto_share(numeric, double precision) IS
  'share of the total of values above zero that the top fraction of heads holds';

CREATE FUNCTION pareto_share(value double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_pareto_share'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION pareto_share(double precision) IS
  'window function: share of the partition''s total that values as large as this one hold together';

CREATE FUNCTION pareto_share(value numeric) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_pareto_share_numeric'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION pareto_share(numeric) IS
  'window function: share of the partition''s total that values as large as this one hold together';

CREATE FUNCTION customer_tier_internal.gini_final(internal) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_gini_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.gini_final(internal) IS 'aggregate support: the Gini coefficient';

CREATE AGGREGATE gini(value double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate, FINALFUNC = customer_tier_internal.gini_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE gini(double precision) IS
  'Gini coefficient: 0 if all hold the same, near 1 if one of many holds all';

CREATE AGGREGATE gini(value numeric) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate, FINALFUNC = customer_tier_internal.gini_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE gini(numeric) IS 'Gini coefficient: 0 if all hold the same, near 1 if one of many holds all';

CREATE FUNCTION customer_tier_internal.hhi_final(internal) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_hhi_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.hhi_final(internal) IS 'aggregate support: the Herfindahl-Hirschman index';

CREATE AGGREGATE hhi(value double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate, FINALFUNC = customer_tier_internal.hhi_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE hhi(double precision) IS 'Herfindahl-Hirschman index: the sum of the squared shares, 1/n to 1';

CREATE AGGREGATE hhi(value numeric) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate, FINALFUNC = customer_tier_internal.hhi_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE hhi(numeric) IS 'Herfindahl-Hirschman index: the sum of the squared shares, 1/n to 1';

CREATE FUNCTION customer_tier_internal.decile_ratio_final(internal) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_decile_ratio_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.decile_ratio_final(internal) IS
  'aggregate support: top tenth to bottom tenth';

CREATE AGGREGATE decile_ratio(value double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.decile_ratio_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE decile_ratio(double precision) IS
  'what the top tenth of heads holds, divided by what the bottom tenth holds; null if that is nothing';

CREATE AGGREGATE decile_ratio(value numeric) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.decile_ratio_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE decile_ratio(numeric) IS
  'what the top tenth of heads holds, divided by what the bottom tenth holds; null if that is nothing';

CREATE TYPE curve_point AS (heads double precision, share double precision);
COMMENT ON TYPE curve_point IS 'a point of a curve of concentration';
COMMENT ON COLUMN curve_point.heads IS 'part of the heads so far, 0 to 1';
COMMENT ON COLUMN curve_point.share IS 'part of the total that they hold together, 0 to 1';

CREATE FUNCTION customer_tier_internal.lorenz_final(internal) RETURNS curve_point[]
AS 'MODULE_PATHNAME', 'ct_lorenz_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.lorenz_final(internal) IS 'aggregate support: the Lorenz curve';

CREATE AGGREGATE lorenz(value double precision, points integer) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate, FINALFUNC = customer_tier_internal.lorenz_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE lorenz(double precision, integer) IS
  'Lorenz curve: share of the total held by the bottom heads, at so many equal steps';

CREATE AGGREGATE lorenz(value numeric, points integer) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate, FINALFUNC = customer_tier_internal.lorenz_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE lorenz(numeric, integer) IS
  'Lorenz curve: share of the total held by the bottom heads, at so many equal steps';

CREATE TYPE whale_point AS (heads double precision, level double precision);
COMMENT ON TYPE whale_point IS 'a point of a whale curve';
COMMENT ON COLUMN whale_point.heads IS 'part of the heads so far, 0 to 1';
COMMENT ON COLUMN whale_point.level IS
  'cumulative profit relative to the total profit; above 1 where losses follow';

CREATE TYPE whale_curve AS (
  heads bigint, profit double precision, peak double precision, peak_at double precision,
  loss double precision, points whale_point[]
);
COMMENT ON TYPE whale_curve IS 'cumulative profit by heads, the most profitable first';
COMMENT ON COLUMN whale_curve.heads IS 'number of values';
COMMENT ON COLUMN whale_curve.profit IS 'their sum';
COMMENT ON COLUMN whale_curve.peak IS
  'the highest level of the curve, relative to the profit, at least 1; null if there is no profit';
COMMENT ON COLUMN whale_curve.peak_at IS 'part of the heads at which the peak is reached';
COMMENT ON COLUMN whale_curve.loss IS 'profit lost after the peak, in units of the value';
COMMENT ON COLUMN whale_curve.points IS 'the curve at equal steps of the heads';

CREATE FUNCTION customer_tier_internal.whale_curve_final(internal) RETURNS whale_curve
AS 'MODULE_PATHNAME', 'ct_whale_curve_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.whale_curve_final(internal) IS 'aggregate support: the whale curve';

CREATE AGGREGATE whale_curve(profit double precision, points integer) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.whale_curve_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE whale_curve(double precision, integer) IS
  'whale curve: cumulative profit from the most to the least profitable, with its peak and the loss after it';

CREATE AGGREGATE whale_curve(profit numeric, points integer) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.whale_curve_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE whale_curve(numeric, integer) IS
  'whale curve: cumulative profit from the most to the least profitable, with its peak and the loss after it';

CREATE TYPE concentration AS (
  heads bigint,
  holders bigint,
  total double precision,
  net double precision,
  gini double precision,
  gini_sample double precision,
  hhi double precision,
  hhi_normalised double precision,
  equivalent_heads double precision,
  top_1_share double precision,
  top_10_share double precision,
  top_20_share double precision,
  decile_ratio double precision,
  peak double precision,
  peak_at double precision,
  loss double precision
);
COMMENT ON TYPE concentration IS 'how unevenly a total is spread over the heads';
COMMENT ON COLUMN concentration.heads IS 'number of values';
COMMENT ON COLUMN concentration.holders IS 'number of values above zero';
COMMENT ON COLUMN concentration.total IS 'sum of the values above zero, which shares refer to';
COMMENT ON COLUMN concentration.net IS 'sum of all values';
COMMENT ON COLUMN concentration.gini IS 'Gini coefficient';
COMMENT ON COLUMN concentration.gini_sample IS 'Gini coefficient of a small sample: n / (n - 1) times as large';
COMMENT ON COLUMN concentration.hhi IS 'Herfindahl-Hirschman index';
COMMENT ON COLUMN concentration.hhi_normalised IS 'the same between 0 (all hold the same) and 1';
COMMENT ON COLUMN concentration.equivalent_heads IS 'number of equal heads with this index: 1 / hhi';
COMMENT ON COLUMN concentration.top_1_share IS 'share of the total that the top 1 % of heads holds';
COMMENT ON COLUMN concentration.top_10_share IS 'share that the top 10 % holds';
COMMENT ON COLUMN concentration.top_20_share IS 'share that the top 20 % holds';
COMMENT ON COLUMN concentration.decile_ratio IS
  'what the top tenth of heads holds, divided by what the bottom tenth holds';
COMMENT ON COLUMN concentration.peak IS
  'highest cumulative sum relative to net, at least 1; null if net is not above zero';
COMMENT ON COLUMN concentration.peak_at IS 'part of the heads at which the peak is reached';
COMMENT ON COLUMN concentration.loss IS 'sum of the losses after the peak';

CREATE FUNCTION customer_tier_internal.concentration_final(internal) RETURNS concentration
AS 'MODULE_PATHNAME', 'ct_concentration_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.concentration_final(internal) IS
  'aggregate support: all figures of concentration';

CREATE AGGREGATE concentration(value double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.concentration_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE concentration(double precision) IS 'all figures of concentration, in one row';

CREATE AGGREGATE concentration(value numeric) (
  STYPE = internal, SFUNC = customer_tier_internal.values_accumulate,
  FINALFUNC = customer_tier_internal.concentration_final,
  COMBINEFUNC = customer_tier_internal.values_combine, SERIALFUNC = customer_tier_internal.values_serialize,
  DESERIALFUNC = customer_tier_internal.values_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE concentration(numeric) IS 'all figures of concentration, in one row';
