-- What the fuzzer found (test/long/fuzz): an error that is clear, not an internal one.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET search_path = public, customer_tier, customer_tier_internal;

-- the code and message of the error that a query gives; that, and no server's line numbers
CREATE FUNCTION pg_temp.error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  RETURN 'none';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ': ' || SQLERRM;
END $$;

-- a relation that is not there, or not any more
SELECT pg_temp.error_of($$SELECT sale_expression(0::regclass, 'a', 'customer')$$);
SELECT pg_temp.error_of($$SELECT expression_is_plain(99999999::oid::regclass, 'a')$$);
