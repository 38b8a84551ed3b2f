-- Sales to ledgers, ledgers to ledgers.  The support functions stay open to
-- everyone: a distributed server calls them by name on its workers.

CREATE FUNCTION customer_tier_internal.ledger_agg_date_numeric(ledger, date, numeric) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_date_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_date_numeric(ledger, date, numeric) IS
  'aggregate support: adds one sale to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_date_numeric(ledger, date, numeric) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_date_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_date_numeric(ledger, date, numeric) IS
  'aggregate support: takes one sale back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_date_bigint(ledger, date, bigint) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_date_bigint'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_date_bigint(ledger, date, bigint) IS
  'aggregate support: adds one sale to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_date_bigint(ledger, date, bigint) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_date_bigint'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_date_bigint(ledger, date, bigint) IS
  'aggregate support: takes one sale back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_date_int(ledger, date, integer) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_date_int'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_date_int(ledger, date, integer) IS
  'aggregate support: adds one sale to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_date_int(ledger, date, integer) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_date_int'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_date_int(ledger, date, integer) IS
  'aggregate support: takes one sale back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_date_smallint(ledger, date, smallint) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_date_smallint'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_date_smallint(ledger, date, smallint) IS
  'aggregate support: adds one sale to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_date_smallint(ledger, date, smallint) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_date_smallint'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_date_smallint(ledger, date, smallint) IS
  'aggregate support: takes one sale back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_timestamp_numeric(ledger, timestamp, numeric) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_timestamp_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_timestamp_numeric(ledger, timestamp, numeric) IS
  'aggregate support: adds one sale to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_timestamp_numeric(ledger, timestamp, numeric) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_timestamp_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_timestamp_numeric(ledger, timestamp, numeric) IS
  'aggregate support: takes one sale back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_timestamptz_numeric(ledger, timestamptz, numeric, text) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_timestamptz_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_timestamptz_numeric(ledger, timestamptz, numeric, text) IS
  'aggregate support: adds one sale to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_timestamptz_numeric(ledger, timestamptz, numeric, text)
RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_timestamptz_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_timestamptz_numeric(ledger, timestamptz, numeric, text) IS
  'aggregate support: takes one sale back from a state';

-- of orders: not strict, for a row without an order counts by itself

CREATE FUNCTION customer_tier_internal.ledger_agg_date_bigint_order(ledger, date, numeric, bigint) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_date_bigint_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_date_bigint_order(ledger, date, numeric, bigint) IS
  'aggregate support: adds one line of an order to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_date_bigint_order(ledger, date, numeric, bigint) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_date_bigint_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_date_bigint_order(ledger, date, numeric, bigint) IS
  'aggregate support: takes one line of an order back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_date_text_order(ledger, date, numeric, text) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_date_text_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_date_text_order(ledger, date, numeric, text) IS
  'aggregate support: adds one line of an order to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_date_text_order(ledger, date, numeric, text) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_date_text_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_date_text_order(ledger, date, numeric, text) IS
  'aggregate support: takes one line of an order back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_date_uuid_order(ledger, date, numeric, uuid) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_date_uuid_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_date_uuid_order(ledger, date, numeric, uuid) IS
  'aggregate support: adds one line of an order to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_date_uuid_order(ledger, date, numeric, uuid) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_date_uuid_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_date_uuid_order(ledger, date, numeric, uuid) IS
  'aggregate support: takes one line of an order back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_timestamp_bigint_order(ledger, timestamp, numeric, bigint)
RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_timestamp_bigint_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_timestamp_bigint_order(ledger, timestamp, numeric, bigint) IS
  'aggregate support: adds one line of an order to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_timestamp_bigint_order(ledger, timestamp, numeric, bigint)
RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_timestamp_bigint_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_timestamp_bigint_order(ledger, timestamp, numeric, bigint) IS
  'aggregate support: takes one line of an order back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_timestamp_text_order(ledger, timestamp, numeric, text) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_timestamp_text_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_timestamp_text_order(ledger, timestamp, numeric, text) IS
  'aggregate support: adds one line of an order to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_timestamp_text_order(ledger, timestamp, numeric, text)
RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_timestamp_text_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_timestamp_text_order(ledger, timestamp, numeric, text) IS
  'aggregate support: takes one line of an order back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_timestamp_uuid_order(ledger, timestamp, numeric, uuid) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_timestamp_uuid_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_timestamp_uuid_order(ledger, timestamp, numeric, uuid) IS
  'aggregate support: adds one line of an order to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_timestamp_uuid_order(ledger, timestamp, numeric, uuid)
RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_timestamp_uuid_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unagg_timestamp_uuid_order(ledger, timestamp, numeric, uuid) IS
  'aggregate support: takes one line of an order back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_timestamptz_bigint_order(ledger, timestamptz, numeric, text, bigint)
RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_timestamptz_bigint_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION
  customer_tier_internal.ledger_agg_timestamptz_bigint_order(ledger, timestamptz, numeric, text, bigint) IS
  'aggregate support: adds one line of an order to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_timestamptz_bigint_order(ledger, timestamptz, numeric, text, bigint)
RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_timestamptz_bigint_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION
  customer_tier_internal.ledger_unagg_timestamptz_bigint_order(ledger, timestamptz, numeric, text, bigint) IS
  'aggregate support: takes one line of an order back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_timestamptz_text_order(ledger, timestamptz, numeric, text, text)
RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_timestamptz_text_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION
  customer_tier_internal.ledger_agg_timestamptz_text_order(ledger, timestamptz, numeric, text, text) IS
  'aggregate support: adds one line of an order to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_timestamptz_text_order(ledger, timestamptz, numeric, text, text)
RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_timestamptz_text_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION
  customer_tier_internal.ledger_unagg_timestamptz_text_order(ledger, timestamptz, numeric, text, text) IS
  'aggregate support: takes one line of an order back from a state';

CREATE FUNCTION customer_tier_internal.ledger_agg_timestamptz_uuid_order(ledger, timestamptz, numeric, text, uuid)
RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_agg_timestamptz_uuid_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION
  customer_tier_internal.ledger_agg_timestamptz_uuid_order(ledger, timestamptz, numeric, text, uuid) IS
  'aggregate support: adds one line of an order to a state';

CREATE FUNCTION customer_tier_internal.ledger_unagg_timestamptz_uuid_order(ledger, timestamptz, numeric, text, uuid)
RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unagg_timestamptz_uuid_order'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION
  customer_tier_internal.ledger_unagg_timestamptz_uuid_order(ledger, timestamptz, numeric, text, uuid) IS
  'aggregate support: takes one line of an order back from a state';

CREATE FUNCTION customer_tier_internal.ledger_accumulate(ledger, ledger) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_accumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_accumulate(ledger, ledger) IS
  'aggregate support: adds a ledger to a state';

CREATE FUNCTION customer_tier_internal.ledger_unaccumulate(ledger, ledger) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_unaccumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_unaccumulate(ledger, ledger) IS
  'aggregate support: takes a ledger back from a state';

CREATE FUNCTION customer_tier_internal.ledger_final(ledger) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_final(ledger) IS 'aggregate support: closes a state';

CREATE AGGREGATE ledger_agg(date, numeric) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_date_numeric,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_date_numeric,
  MINVFUNC = customer_tier_internal.ledger_unagg_date_numeric,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(date, numeric) IS 'the ledger of sales: day, amount';

CREATE AGGREGATE ledger_agg(date, bigint) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_date_bigint,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_date_bigint,
  MINVFUNC = customer_tier_internal.ledger_unagg_date_bigint,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(date, bigint) IS 'the ledger of sales: day, whole amount';

CREATE AGGREGATE ledger_agg(date, integer) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_date_int,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_date_int,
  MINVFUNC = customer_tier_internal.ledger_unagg_date_int,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(date, integer) IS 'the ledger of sales: day, whole amount';

CREATE AGGREGATE ledger_agg(date, smallint) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_date_smallint,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_date_smallint,
  MINVFUNC = customer_tier_internal.ledger_unagg_date_smallint,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(date, smallint) IS 'the ledger of sales: day, whole amount';

CREATE AGGREGATE ledger_agg(timestamp, numeric) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_timestamp_numeric,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_timestamp_numeric,
  MINVFUNC = customer_tier_internal.ledger_unagg_timestamp_numeric,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(timestamp, numeric) IS 'the ledger of sales: time without zone, amount';

CREATE AGGREGATE ledger_agg(timestamptz, numeric, text) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_timestamptz_numeric,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_timestamptz_numeric,
  MINVFUNC = customer_tier_internal.ledger_unagg_timestamptz_numeric,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(timestamptz, numeric, text) IS
  'the ledger of sales: moment, amount, and the time zone whose days count';

CREATE AGGREGATE ledger_agg(date, numeric, bigint) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_date_bigint_order,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_date_bigint_order,
  MINVFUNC = customer_tier_internal.ledger_unagg_date_bigint_order,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(date, numeric, bigint) IS
  'the ledger of order lines: day, amount, key of the order';

CREATE AGGREGATE ledger_agg(date, numeric, text) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_date_text_order,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_date_text_order,
  MINVFUNC = customer_tier_internal.ledger_unagg_date_text_order,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(date, numeric, text) IS
  'the ledger of order lines: day, amount, key of the order';

CREATE AGGREGATE ledger_agg(date, numeric, uuid) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_date_uuid_order,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_date_uuid_order,
  MINVFUNC = customer_tier_internal.ledger_unagg_date_uuid_order,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(date, numeric, uuid) IS
  'the ledger of order lines: day, amount, key of the order';

CREATE AGGREGATE ledger_agg(timestamp, numeric, bigint) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_timestamp_bigint_order,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_timestamp_bigint_order,
  MINVFUNC = customer_tier_internal.ledger_unagg_timestamp_bigint_order,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(timestamp, numeric, bigint) IS
  'the ledger of order lines: time without zone, amount, key of the order';

CREATE AGGREGATE ledger_agg(timestamp, numeric, text) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_timestamp_text_order,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_timestamp_text_order,
  MINVFUNC = customer_tier_internal.ledger_unagg_timestamp_text_order,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(timestamp, numeric, text) IS
  'the ledger of order lines: time without zone, amount, key of the order';

CREATE AGGREGATE ledger_agg(timestamp, numeric, uuid) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_timestamp_uuid_order,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_timestamp_uuid_order,
  MINVFUNC = customer_tier_internal.ledger_unagg_timestamp_uuid_order,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(timestamp, numeric, uuid) IS
  'the ledger of order lines: time without zone, amount, key of the order';

CREATE AGGREGATE ledger_agg(timestamptz, numeric, text, bigint) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_timestamptz_bigint_order,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_timestamptz_bigint_order,
  MINVFUNC = customer_tier_internal.ledger_unagg_timestamptz_bigint_order,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(timestamptz, numeric, text, bigint) IS
  'the ledger of order lines: moment, amount, the time zone whose days count, key of the order';

CREATE AGGREGATE ledger_agg(timestamptz, numeric, text, text) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_timestamptz_text_order,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_timestamptz_text_order,
  MINVFUNC = customer_tier_internal.ledger_unagg_timestamptz_text_order,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(timestamptz, numeric, text, text) IS
  'the ledger of order lines: moment, amount, the time zone whose days count, key of the order';

CREATE AGGREGATE ledger_agg(timestamptz, numeric, text, uuid) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_agg_timestamptz_uuid_order,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_agg_timestamptz_uuid_order,
  MINVFUNC = customer_tier_internal.ledger_unagg_timestamptz_uuid_order,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE ledger_agg(timestamptz, numeric, text, uuid) IS
  'the ledger of order lines: moment, amount, the time zone whose days count, key of the order';

CREATE AGGREGATE rollup(ledger) (
  STYPE = ledger, SSPACE = 128, SFUNC = customer_tier_internal.ledger_accumulate,
  FINALFUNC = customer_tier_internal.ledger_final,
  COMBINEFUNC = customer_tier_internal.ledger_accumulate, INITCOND = '{}', PARALLEL = SAFE,
  MSTYPE = ledger, MSSPACE = 128, MSFUNC = customer_tier_internal.ledger_accumulate,
  MINVFUNC = customer_tier_internal.ledger_unaccumulate,
  MFINALFUNC = customer_tier_internal.ledger_final, MINITCOND = '{}'
);
COMMENT ON AGGREGATE rollup(ledger) IS 'the sum of ledgers';
