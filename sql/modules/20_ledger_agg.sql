-- Sales to ledgers, ledgers to ledgers.  The support functions stay open to
-- everyone: a distributed server calls them by name on its workers.

CREATE FUNCTION ledger_agg_date_numeric(ledger, date, numeric) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_agg_date_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_agg_date_numeric(ledger, date, numeric) IS 'aggregate support: adds one sale to a state';

CREATE FUNCTION ledger_unagg_date_numeric(ledger, date, numeric) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_unagg_date_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_unagg_date_numeric(ledger, date, numeric) IS 'aggregate support: takes one sale back from a state';

CREATE FUNCTION ledger_agg_date_bigint(ledger, date, bigint) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_agg_date_bigint'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_agg_date_bigint(ledger, date, bigint) IS 'aggregate support: adds one sale to a state';

CREATE FUNCTION ledger_unagg_date_bigint(ledger, date, bigint) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_unagg_date_bigint'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_unagg_date_bigint(ledger, date, bigint) IS 'aggregate support: takes one sale back from a state';

CREATE FUNCTION ledger_agg_date_int(ledger, date, integer) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_agg_date_int'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_agg_date_int(ledger, date, integer) IS 'aggregate support: adds one sale to a state';

CREATE FUNCTION ledger_unagg_date_int(ledger, date, integer) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_unagg_date_int'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_unagg_date_int(ledger, date, integer) IS 'aggregate support: takes one sale back from a state';

CREATE FUNCTION ledger_agg_date_smallint(ledger, date, smallint) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_agg_date_smallint'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_agg_date_smallint(ledger, date, smallint) IS 'aggregate support: adds one sale to a state';

CREATE FUNCTION ledger_unagg_date_smallint(ledger, date, smallint) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_unagg_date_smallint'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_unagg_date_smallint(ledger, date, smallint) IS 'aggregate support: takes one sale back from a state';

CREATE FUNCTION ledger_agg_timestamp_numeric(ledger, timestamp, numeric) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_agg_timestamp_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_agg_timestamp_numeric(ledger, timestamp, numeric) IS 'aggregate support: adds one sale to a state';

CREATE FUNCTION ledger_unagg_timestamp_numeric(ledger, timestamp, numeric) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_unagg_timestamp_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_unagg_timestamp_numeric(ledger, timestamp, numeric) IS 'aggregate support: takes one sale back from a state';

CREATE FUNCTION ledger_agg_timestamptz_numeric(ledger, timestamptz, numeric, text) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_agg_timestamptz_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_agg_timestamptz_numeric(ledger, timestamptz, numeric, text) IS 'aggregate support: adds one sale to a state';

CREATE FUNCTION ledger_unagg_timestamptz_numeric(ledger, timestamptz, numeric, text) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_unagg_timestamptz_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_unagg_timestamptz_numeric(ledger, timestamptz, numeric, text) IS 'aggregate support: takes one sale back from a state';

CREATE FUNCTION ledger_accumulate(ledger, ledger) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_accumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_accumulate(ledger, ledger) IS 'aggregate support: adds a ledger to a state';

CREATE FUNCTION ledger_unaccumulate(ledger, ledger) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_unaccumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_unaccumulate(ledger, ledger) IS 'aggregate support: takes a ledger back from a state';

CREATE FUNCTION ledger_final(ledger) RETURNS ledger
AS 'MODULE_PATHNAME', 'customer_tier_ledger_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ledger_final(ledger) IS 'aggregate support: closes a state';

CREATE AGGREGATE ledger_agg(date, numeric) (
  STYPE = ledger, SSPACE = 128, SFUNC = ledger_agg_date_numeric, FINALFUNC = ledger_final,
  COMBINEFUNC = ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = ledger_agg_date_numeric, MINVFUNC = ledger_unagg_date_numeric,
  MFINALFUNC = ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(date, numeric) IS 'the ledger of sales: day, amount';

CREATE AGGREGATE ledger_agg(date, bigint) (
  STYPE = ledger, SSPACE = 128, SFUNC = ledger_agg_date_bigint, FINALFUNC = ledger_final,
  COMBINEFUNC = ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = ledger_agg_date_bigint, MINVFUNC = ledger_unagg_date_bigint,
  MFINALFUNC = ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(date, bigint) IS 'the ledger of sales: day, whole amount';

CREATE AGGREGATE ledger_agg(date, integer) (
  STYPE = ledger, SSPACE = 128, SFUNC = ledger_agg_date_int, FINALFUNC = ledger_final,
  COMBINEFUNC = ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = ledger_agg_date_int, MINVFUNC = ledger_unagg_date_int,
  MFINALFUNC = ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(date, integer) IS 'the ledger of sales: day, whole amount';

CREATE AGGREGATE ledger_agg(date, smallint) (
  STYPE = ledger, SSPACE = 128, SFUNC = ledger_agg_date_smallint, FINALFUNC = ledger_final,
  COMBINEFUNC = ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = ledger_agg_date_smallint, MINVFUNC = ledger_unagg_date_smallint,
  MFINALFUNC = ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(date, smallint) IS 'the ledger of sales: day, whole amount';

CREATE AGGREGATE ledger_agg(timestamp, numeric) (
  STYPE = ledger, SSPACE = 128, SFUNC = ledger_agg_timestamp_numeric, FINALFUNC = ledger_final,
  COMBINEFUNC = ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = ledger_agg_timestamp_numeric, MINVFUNC = ledger_unagg_timestamp_numeric,
  MFINALFUNC = ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(timestamp, numeric) IS 'the ledger of sales: time without zone, amount';

CREATE AGGREGATE ledger_agg(timestamptz, numeric, text) (
  STYPE = ledger, SSPACE = 128, SFUNC = ledger_agg_timestamptz_numeric, FINALFUNC = ledger_final,
  COMBINEFUNC = ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = ledger_agg_timestamptz_numeric, MINVFUNC = ledger_unagg_timestamptz_numeric,
  MFINALFUNC = ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(timestamptz, numeric, text) IS 'the ledger of sales: moment, amount, and the time zone whose days count';

CREATE AGGREGATE rollup(ledger) (
  STYPE = ledger, SSPACE = 128, SFUNC = ledger_accumulate, FINALFUNC = ledger_final,
  COMBINEFUNC = ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = ledger_accumulate, MINVFUNC = ledger_unaccumulate,
  MFINALFUNC = ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE rollup(ledger) IS 'the sum of ledgers';
