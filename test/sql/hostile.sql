-- Tests findings of the fuzzer (test/long/fuzz): the error must be clear, not an internal one.
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
-- nor for any function that takes one; lines here are functions that say it is an internal error
SELECT f, error
FROM (SELECT p.oid::regprocedure AS f,
             pg_temp.error_of(format('%s %s.%I(%s)', CASE prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END,
               pronamespace::regnamespace, proname,
               (SELECT string_agg(format('%s::%s', CASE WHEN t IN ('regclass'::regtype, 'oid'::regtype) THEN '99999999'
                                                        WHEN t = 'boolean'::regtype THEN 'true' ELSE 'NULL' END,
                                         format_type(t, NULL)), ', ' ORDER BY i)
                FROM unnest(proargtypes::oid[]) WITH ORDINALITY AS u(t, i)))) AS error
      FROM pg_proc AS p JOIN pg_depend AS d ON classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e'
           JOIN pg_extension AS e ON e.oid = refobjid AND refclassid = 'pg_extension'::regclass
      WHERE extname = 'customer_tier' AND prokind IN ('f', 'p') AND 'regclass'::regtype = ANY (proargtypes)) AS s
WHERE error LIKE 'XX000%'
ORDER BY f::text COLLATE "C";
-- a command that no statement can run
CREATE TEMP TABLE mine (i int);
SELECT pg_temp.error_of($$SELECT run('mine', 'COMMIT')$$),
  pg_temp.error_of($$SELECT run('mine', 'COPY mine TO STDOUT')$$);

-- A model whose s is far too large: the integral of dert() never ended.
SET statement_timeout = '10s';
SELECT customer_tier.dert(customer_tier.pareto_nbd_model(2.5, 1000, 1.7976931348623157e308, 0.001), 20, 2.5, 30,
  0.1) AS dert;
SELECT customer_tier.dert(customer_tier.pareto_nbd_model(2.5, 1000, 1e20, 1e-300), 20, 2.5, 30, 1e-30) AS dert;
RESET statement_timeout;
