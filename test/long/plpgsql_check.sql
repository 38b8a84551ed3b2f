-- What plpgsql_check finds in the extension's PL/pgSQL: nothing.
-- Composite types of tables that a function fills itself, and commands that are made at run time with
-- format(%I, %L), are what it cannot follow.
CREATE EXTENSION IF NOT EXISTS plpgsql_check;
SELECT p.oid::regprocedure AS "function", c.lineno, c.level, c.message
FROM pg_proc AS p JOIN pg_language AS l ON l.oid = prolang AND lanname = 'plpgsql'
     LEFT JOIN pg_trigger AS t ON t.tgfoid = p.oid AND NOT t.tgisinternal,
     LATERAL plpgsql_check_function_tb(p.oid, coalesce(t.tgrelid, 0), fatal_errors => false, other_warnings => true, performance_warnings => false,
                                       extra_warnings => true, security_warnings => true) AS c
WHERE pronamespace IN ('customer_tier'::regnamespace, 'customer_tier_internal'::regnamespace)
ORDER BY 1, 2;
