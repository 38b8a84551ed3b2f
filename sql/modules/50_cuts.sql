-- Cuts: aggregates that find the lines between classes.  State: all values.  The
-- numeric variants spare the cast, which costs more than all the rest.

CREATE FUNCTION cuts_accumulate(bytea, double precision, double precision[]) RETURNS bytea
AS 'MODULE_PATHNAME', 'customer_tier_cuts_accumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cuts_accumulate(bytea, double precision, double precision[]) IS 'aggregate support: keeps one value';

CREATE FUNCTION cuts_accumulate(bytea, numeric, double precision[]) RETURNS bytea
AS 'MODULE_PATHNAME', 'customer_tier_cuts_accumulate_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cuts_accumulate(bytea, numeric, double precision[]) IS 'aggregate support: keeps one value';

CREATE FUNCTION cuts_accumulate(bytea, double precision, double precision[], text) RETURNS bytea
AS 'MODULE_PATHNAME', 'customer_tier_cuts_accumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cuts_accumulate(bytea, double precision, double precision[], text) IS 'aggregate support: keeps one value';

CREATE FUNCTION cuts_accumulate(bytea, numeric, double precision[], text) RETURNS bytea
AS 'MODULE_PATHNAME', 'customer_tier_cuts_accumulate_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cuts_accumulate(bytea, numeric, double precision[], text) IS 'aggregate support: keeps one value';

CREATE FUNCTION top_share_accumulate(bytea, double precision, double precision) RETURNS bytea
AS 'MODULE_PATHNAME', 'customer_tier_top_share_accumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION top_share_accumulate(bytea, double precision, double precision) IS 'aggregate support: keeps one value';

CREATE FUNCTION sample_combine(bytea, bytea) RETURNS bytea
AS 'MODULE_PATHNAME', 'customer_tier_sample_combine'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION sample_combine(bytea, bytea) IS 'aggregate support: the values of two states';

CREATE FUNCTION share_cuts_final(bytea) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'customer_tier_share_cuts_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION share_cuts_final(bytea) IS 'aggregate support: lines by share of value';

CREATE FUNCTION head_cuts_final(bytea) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'customer_tier_head_cuts_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION head_cuts_final(bytea) IS 'aggregate support: lines by share of heads';

CREATE FUNCTION top_share_final(bytea) RETURNS double precision
AS 'MODULE_PATHNAME', 'customer_tier_top_share_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION top_share_final(bytea) IS 'aggregate support: what the top holds';

CREATE AGGREGATE share_cuts(value double precision, shares double precision[]) (
  STYPE = bytea, SFUNC = cuts_accumulate, FINALFUNC = share_cuts_final,
  COMBINEFUNC = sample_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE share_cuts(double precision, double precision[]) IS 'values to reach for the top shares of the total, ascending; the group that crosses a share belongs above it';

CREATE AGGREGATE share_cuts(value numeric, shares double precision[]) (
  STYPE = bytea, SFUNC = cuts_accumulate, FINALFUNC = share_cuts_final,
  COMBINEFUNC = sample_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE share_cuts(numeric, double precision[]) IS 'values to reach for the top shares of the total, ascending; the group that crosses a share belongs above it';

CREATE AGGREGATE share_cuts(value double precision, shares double precision[], rule text) (
  STYPE = bytea, SFUNC = cuts_accumulate, FINALFUNC = share_cuts_final,
  COMBINEFUNC = sample_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE share_cuts(double precision, double precision[], text) IS 'values to reach for the top shares of the total, ascending; rule fill or fit says where the group belongs that crosses a share';

CREATE AGGREGATE share_cuts(value numeric, shares double precision[], rule text) (
  STYPE = bytea, SFUNC = cuts_accumulate, FINALFUNC = share_cuts_final,
  COMBINEFUNC = sample_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE share_cuts(numeric, double precision[], text) IS 'values to reach for the top shares of the total, ascending; rule fill or fit says where the group belongs that crosses a share';

CREATE AGGREGATE head_cuts(value double precision, fractions double precision[]) (
  STYPE = bytea, SFUNC = cuts_accumulate, FINALFUNC = head_cuts_final,
  COMBINEFUNC = sample_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE head_cuts(double precision, double precision[]) IS 'values to reach for the top fractions of heads, ascending; the group that crosses a fraction belongs above it';

CREATE AGGREGATE head_cuts(value numeric, fractions double precision[]) (
  STYPE = bytea, SFUNC = cuts_accumulate, FINALFUNC = head_cuts_final,
  COMBINEFUNC = sample_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE head_cuts(numeric, double precision[]) IS 'values to reach for the top fractions of heads, ascending; the group that crosses a fraction belongs above it';

CREATE AGGREGATE head_cuts(value double precision, fractions double precision[], rule text) (
  STYPE = bytea, SFUNC = cuts_accumulate, FINALFUNC = head_cuts_final,
  COMBINEFUNC = sample_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE head_cuts(double precision, double precision[], text) IS 'values to reach for the top fractions of heads, ascending; rule fill or fit says where the group belongs that crosses a fraction';

CREATE AGGREGATE head_cuts(value numeric, fractions double precision[], rule text) (
  STYPE = bytea, SFUNC = cuts_accumulate, FINALFUNC = head_cuts_final,
  COMBINEFUNC = sample_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE head_cuts(numeric, double precision[], text) IS 'values to reach for the top fractions of heads, ascending; rule fill or fit says where the group belongs that crosses a fraction';

CREATE AGGREGATE pareto_share(value double precision, top double precision) (
  STYPE = bytea, SFUNC = top_share_accumulate, FINALFUNC = top_share_final,
  COMBINEFUNC = sample_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE pareto_share(double precision, double precision) IS 'share of the total of values above zero that the top fraction of heads holds';

CREATE FUNCTION pareto_share(value double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'customer_tier_pareto_share'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION pareto_share(double precision) IS 'window function: share of the partition''s total that values as large as this one hold together';
