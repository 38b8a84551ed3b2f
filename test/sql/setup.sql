-- Creates the functions and roles that all suites use.
SET client_min_messages = warning;
CREATE SCHEMA test;
GRANT USAGE ON SCHEMA test TO PUBLIC;
SET search_path = test;

-- roles that an interrupted run left
DO $$
DECLARE
  role name;
BEGIN
  FOR role IN SELECT rolname FROM pg_roles WHERE starts_with(rolname, 'regress_customer_tier_') LOOP
    EXECUTE format('DROP ROLE %I', role);
  END LOOP;
END $$;

-- what values look like, what our own literals mean, and the isolation that a refresh requires,
-- whatever the cluster's settings
DO $$
DECLARE
  setting text;
BEGIN
  FOREACH setting IN ARRAY
    '{extra_float_digits = 1, quote_all_identifiers = off, standard_conforming_strings = on, '
    'array_nulls = on, transform_null_equals = off, '
    'row_security = on, default_transaction_isolation = ''read committed''}'::text[] LOOP
    EXECUTE format('ALTER DATABASE %I SET %s', current_database(), setting);
  END LOOP;
END $$;

-- what becomes of a statement: its error, as one line
CREATE FUNCTION outcome(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
  state text; message text; hint text;
BEGIN
  EXECUTE sql INTO result;
  RETURN coalesce(result, 'null');
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
  RETURN state || ' ' || message || CASE hint WHEN '' THEN '' ELSE ' / ' || hint END;
END $$;

-- a number in [0, 1): the i-th of purpose k, the same on every server
CREATE FUNCTION u(i bigint, k bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$SELECT (hashint8extended(i, k) & 4294967295)::float8 / 4294967296$$;

-- from here on a plan in so many workers is the cheapest, whatever the cluster's settings; null: its settings again
CREATE PROCEDURE workers(n int) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config(name, CASE WHEN n IS NOT NULL THEN value END, false)
  FROM (VALUES ('max_parallel_workers_per_gather', n::text), ('max_parallel_workers', '8'),
    ('min_parallel_table_scan_size', '0'),
               ('parallel_setup_cost', '0'), ('parallel_tuple_cost', '0'), ('seq_page_cost', '1'),
               ('cpu_tuple_cost', '0.01'),
               ('cpu_operator_cost', '0.0025'), ('enable_hashagg', 'on'), ('enable_sort', 'on')) AS v(name, value);
END $$;

-- whether workers aggregate a part each
CREATE FUNCTION is_parallel(sql text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || sql INTO plan;
  RETURN plan::text ~ '"Partial Mode": "Partial"' AND plan::text ~ '"Workers Planned": [12]';
END $$;

-- 300 random inputs of whole numbers and quarters, which float8 holds exactly
CREATE TABLE val AS
SELECT g, i, CASE g % 6
         WHEN 0 THEN floor(u(g * 1000 + i, 20261122) * 5)  -- heavy ties
         WHEN 1 THEN floor(u(g * 1000 + i, 20261122) * 100) - 30  -- negatives
         WHEN 2 THEN floor(exp(u(g * 1000 + i, 20261122) * 12))  -- skew
         WHEN 3 THEN floor(u(g * 1000 + i, 20261122) * 400) / 4 - 5  -- quarters
         WHEN 4 THEN CASE WHEN i = 1 THEN 9000 ELSE 1 + i % 3 END  -- one holds nearly all
         ELSE (g % 4) * 10 END AS v  -- all equal
FROM generate_series(1, 300) AS g, generate_series(1, 1 + (g * 7) % 60) AS i;

-- the sources that the caller may read of, with what is pending
CREATE VIEW found AS
SELECT f.sales, f.view, f.capture, f.ledger, f.queue, f.live, f.made_view, f.refreshed_at IS NOT NULL AS refreshed,
  q.pending, f.error, f.failed_at IS NOT NULL AS failed
FROM customer_tier_internal.find_sources() AS f
  LEFT JOIN LATERAL customer_tier_internal.queue_health(f.queue) AS q ON true;
GRANT SELECT ON found TO PUBLIC;
