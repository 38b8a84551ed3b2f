-- Runs plpgsql_check on the extension's functions; must return no row.
SET client_min_messages = warning;
CREATE EXTENSION customer_tier;
CREATE EXTENSION plpgsql_check;
SELECT p.oid::regprocedure AS "function", c.lineno, c.level, c.message
FROM pg_proc AS p
     JOIN pg_language AS l ON l.oid = prolang AND lanname = 'plpgsql'
     LEFT JOIN pg_trigger AS t ON t.tgfoid = p.oid AND NOT t.tgisinternal,
     LATERAL plpgsql_check_function_tb(p.oid, coalesce(t.tgrelid, 0), fatal_errors => false) AS c
WHERE pronamespace IN ('customer_tier'::regnamespace, 'customer_tier_internal'::regnamespace)
ORDER BY p.oid::regprocedure::text COLLATE "C", c.lineno;
