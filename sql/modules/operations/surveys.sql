-- What customers were asked.

CREATE FUNCTION customer_tier_internal.nps_accumulate(bigint[], double precision) RETURNS bigint[]
AS 'MODULE_PATHNAME', 'ct_nps_accumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.nps_accumulate(bigint[], double precision) IS
  'aggregate support: counts one answer';

CREATE FUNCTION customer_tier_internal.csat_accumulate(bigint[], double precision, double precision) RETURNS bigint[]
AS 'MODULE_PATHNAME', 'ct_csat_accumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.csat_accumulate(bigint[], double precision, double precision) IS
  'aggregate support: counts one answer';

CREATE FUNCTION customer_tier_internal.survey_combine(bigint[], bigint[]) RETURNS bigint[]
AS 'MODULE_PATHNAME', 'ct_survey_combine'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.survey_combine(bigint[], bigint[]) IS 'aggregate support: adds two states';

CREATE FUNCTION customer_tier_internal.nps_final(bigint[]) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_nps_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.nps_final(bigint[]) IS 'aggregate support: the net promoter score';

CREATE FUNCTION customer_tier_internal.csat_final(bigint[]) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_csat_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.csat_final(bigint[]) IS 'aggregate support: the part that is satisfied';

CREATE AGGREGATE nps(score double precision) (
  STYPE = bigint[], SFUNC = customer_tier_internal.nps_accumulate, FINALFUNC = customer_tier_internal.nps_final,
  COMBINEFUNC = customer_tier_internal.survey_combine, INITCOND = '{0,0,0}', PARALLEL = SAFE
);
COMMENT ON AGGREGATE nps(double precision) IS
  'net promoter score: the part of scores of 9 and 10 less the part of scores up to 6, in percentage points';

CREATE AGGREGATE csat(score double precision, satisfied_from double precision) (
  STYPE = bigint[], SFUNC = customer_tier_internal.csat_accumulate, FINALFUNC = customer_tier_internal.csat_final,
  COMBINEFUNC = customer_tier_internal.survey_combine, INITCOND = '{0,0,0}', PARALLEL = SAFE
);
COMMENT ON AGGREGATE csat(double precision, double precision) IS
  'part of the scores that reach the one from which a customer is satisfied, 0 to 1';

-- Kano's table: rows are answers to "if it is there", columns to "if it is missing"
CREATE FUNCTION kano(functional integer, dysfunctional integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF functional NOT BETWEEN 1 AND 5 OR dysfunctional NOT BETWEEN 1 AND 5 THEN
    RAISE EXCEPTION USING ERRCODE = 'numeric_value_out_of_range', MESSAGE = 'an answer is from 1 to 5',
      HINT = '1: I like it, 2: it must be, 3: neutral, 4: I can live with it, 5: I dislike it.';
  END IF;
  RETURN substr(('{QAAAO,RIIIM,RIIIM,RIIIM,RRRRQ}'::text[])[functional], dysfunctional, 1);
END $$;
COMMENT ON FUNCTION kano(integer, integer) IS
  'what a feature is to a customer, by the answers (1 to 5) if it is there and if it is missing: A attractive, '
  'O one-dimensional, M must-be, I indifferent, R reverse, Q questionable';
