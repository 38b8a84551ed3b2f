-- Tests that each object of the extension has a comment and is labelled right, and calls all functions with nulls.
SET client_min_messages = warning;
CREATE SCHEMA t_catalog;
SET search_path = t_catalog, test, public, customer_tier;

CREATE VIEW member AS
SELECT classid, objid, objsubid FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'customer_tier') AND deptype = 'e';
CREATE VIEW func AS SELECT p.* FROM pg_proc AS p JOIN member ON classid = 'pg_proc'::regclass AND objid = p.oid;

-- each object has a comment; array types, casts and what only holds others together need none
SELECT pg_describe_object(classid, objid, objsubid) AS without_comment FROM member
WHERE classid NOT IN ('pg_cast'::regclass, 'pg_opfamily'::regclass, 'pg_amop'::regclass, 'pg_amproc'::regclass)
  AND obj_description(objid, classid::regclass::name) IS NULL
  AND NOT (classid = 'pg_type'::regclass
    AND EXISTS (SELECT FROM pg_type AS t
    WHERE t.oid = objid AND (t.typelem <> 0 AND t.typcategory = 'A' OR t.typrelid <> 0)))
ORDER BY 1;
SELECT count(*) > 60 AS many FROM member;
-- in two schemas, of which one has what users call
SELECT pg_describe_object(classid, objid, objsubid) AS elsewhere FROM member
WHERE (pg_identify_object(classid, objid, objsubid)).schema NOT IN ('customer_tier', 'customer_tier_internal');
SELECT nspname, pg_get_userbyid(nspowner) = current_user AS of_superuser,
  has_schema_privilege('public', oid, 'USAGE') AS usage, has_schema_privilege('public', oid, 'CREATE') AS "create"
FROM pg_namespace WHERE nspname LIKE 'customer\_tier%' ORDER BY 1;
SELECT pg_describe_object(classid, objid, objsubid) AS no_member
FROM (SELECT 'pg_proc'::regclass AS classid, oid AS objid, 0 AS objsubid, pronamespace AS namespace FROM pg_proc
  UNION ALL SELECT 'pg_class'::regclass, oid, 0, relnamespace FROM pg_class WHERE relkind NOT IN ('i', 't', 'c')
  UNION ALL SELECT 'pg_type'::regclass, oid, 0, typnamespace FROM pg_type
  WHERE typtype <> 'c' AND typcategory <> 'A') AS o
WHERE namespace IN ('customer_tier'::regnamespace, 'customer_tier_internal'::regnamespace)
  AND (classid, objid) NOT IN (SELECT classid, objid FROM member);
-- what \df shows of the first: what users call
SELECT proname::text COLLATE "C" AS name, prokind AS kind, count(*) AS forms FROM func
WHERE pronamespace = 'customer_tier'::regnamespace GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) AS not_relocatable FROM pg_extension WHERE extname = 'customer_tier' AND NOT extrelocatable;
-- nothing runs with other rights; what is not C has a search_path, or names schemas throughout
SELECT oid::regprocedure AS security_definer FROM func WHERE prosecdef ORDER BY oid::regprocedure::text COLLATE "C";
-- there is no registry: no table, nothing that a dump would have of ours, no row security
SELECT oid::regclass AS "table", relrowsecurity FROM pg_class
  JOIN member ON classid = 'pg_class'::regclass AND objid = oid
WHERE relkind NOT IN ('v', 'c') OR relrowsecurity;
SELECT extconfig AS configuration FROM pg_extension WHERE extname = 'customer_tier';
SELECT oid::regprocedure AS "function" FROM func
JOIN (SELECT oid AS lang, lanname FROM pg_language) AS l ON lang = prolang
WHERE lanname NOT IN ('c', 'internal') AND proconfig IS NULL ORDER BY oid::regprocedure::text COLLATE "C";
SELECT oid::regprocedure AS closed_to_some FROM func WHERE proacl IS NOT NULL;
-- every C symbol is the SQL name with the extension's prefix
SELECT oid::regprocedure AS "function", prosrc FROM func
WHERE prolang = (SELECT oid FROM pg_language WHERE lanname = 'c') AND prosrc !~ '^(customer_tier|ct)_[a-z0-9_]+$';
-- no text of a function means something else without standard_conforming_strings: a backslash stands in E'' only
SELECT oid::regprocedure AS "function" FROM func WHERE regexp_replace(prosrc, $x$E'[^']*'$x$, '', 'g') LIKE '%\\%'
ORDER BY oid::regprocedure::text COLLATE "C";
-- volatility, parallel safety, strictness
SELECT oid::regprocedure::text COLLATE "C" AS "function", prokind AS kind, provolatile AS volatility,
  proparallel AS parallel, proisstrict AS strict, proleakproof AS leakproof, proretset AS set FROM func ORDER BY 1;
SELECT aggfnoid::regprocedure::text COLLATE "C" AS aggregate, aggtransfn, aggcombinefn, aggfinalfn, aggminvtransfn,
  aggtranstype::regtype AS state, agginitval AS start, aggserialfn FROM pg_aggregate
WHERE aggfnoid IN (SELECT oid FROM func) ORDER BY 1;
SELECT oid::regoperator::text COLLATE "C" AS operator, oprcode, oprcom::regoperator, oprnegate::regoperator, oprcanhash,
  oprcanmerge, oprrest, oprjoin FROM pg_operator
WHERE oid IN (SELECT objid FROM member WHERE classid = 'pg_operator'::regclass) ORDER BY 1;
SELECT amvalidate(oid) FROM pg_opclass WHERE oid IN (SELECT objid FROM member WHERE classid = 'pg_opclass'::regclass);
-- columns of row types, tables and views have comments
SELECT count(*) > 20 AS many_columns,
  count(*) FILTER (WHERE col_description(attrelid, attnum) IS NULL) AS without_comment
FROM pg_attribute JOIN pg_type AS t ON attrelid = typrelid
JOIN member ON classid = 'pg_type'::regclass AND objid = t.oid
WHERE attnum > 0 AND typnamespace = 'customer_tier'::regnamespace;
SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class AS c ON attrelid = c.oid
WHERE attnum > 0 AND NOT attisdropped AND relnamespace = 'customer_tier'::regnamespace AND relkind IN ('r', 'v', 'c')
  AND col_description(attrelid, attnum) IS NULL;

--
-- Called with NULL for every argument, for each alone, and with odd ones
--
CREATE FUNCTION sample_of(type regtype, n int) RETURNS text LANGUAGE sql AS $$
SELECT (CASE type::text
  WHEN 'ledger' THEN ARRAY['{}', '{2026-01-05:1:49.9, 2026-02-11:2+1:-80.1}',
    '{4714-11-24 BC:-3-2:9223372036854775807, 5874897-12-31:0+7:-9223372036854775807}']
  WHEN 'date' THEN ARRAY['2026-01-05', 'infinity', '4714-11-24 BC']
    WHEN 'timestamp without time zone' THEN ARRAY['2026-01-05', 'infinity', '294276-12-31']
    WHEN 'timestamp with time zone' THEN ARRAY['2026-01-05', '-infinity', '294276-12-31']
  WHEN 'numeric' THEN ARRAY['5', 'NaN', '-1e1000']
    WHEN 'bigint' THEN ARRAY['5', '-9223372036854775808', '9223372036854775807']
    WHEN 'integer' THEN ARRAY['5', '-2147483648', '2147483647'] WHEN 'smallint' THEN ARRAY['5', '-32768', '32767']
  WHEN 'double precision' THEN ARRAY['0.5', 'NaN', 'Infinity']
    WHEN 'double precision[]' THEN ARRAY['{0.5}', '{}', '{NULL,{1}}']
    WHEN 'text[]' THEN ARRAY['{a,b}', '{}', '{{a,b},{c,d}}']
  WHEN 'text' THEN ARRAY['UTC', '', 'fit'] WHEN 'boolean' THEN ARRAY['true', 'false', 'true']
    WHEN 'daterange' THEN ARRAY['[2026-01-05,)', 'empty', '[-infinity,infinity]']
    WHEN 'bytea' THEN ARRAY['', '\x00', '\x0000000000000000ffffffffffffffff0000000000000000']
  WHEN 'cstring' THEN ARRAY['{}', '', '{2026-01-05:1:1}'] END)[n] $$;
CREATE FUNCTION attempt(sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE sql;
  RETURN 'done';
EXCEPTION WHEN OTHERS THEN
  RETURN CASE WHEN SQLSTATE IN ('XX000') THEN SQLSTATE || ' ' || SQLERRM ELSE SQLSTATE END;
END $$;
CREATE TABLE call AS
SELECT p.oid::regprocedure::text COLLATE "C" AS f, k,
       CASE WHEN proretset AND prorettype = 'record'::regtype
         AND proargmodes IS NULL THEN 'SELECT * FROM %s AS (c int, l ledger)'
         WHEN prokind = 'w' THEN 'SELECT %s OVER ()' WHEN prokind = 'p' THEN 'CALL %s'
         WHEN proname = 'as_owner' THEN 'SELECT * FROM %s AS (x int)' ELSE 'SELECT %s' END AS frame,
       format('%s.%I(%s)', pronamespace::regnamespace, proname, (SELECT string_agg(CASE
           WHEN k = 0 OR k > 0 AND o = k OR t = 'internal'::regtype OR sample_of(t, 1) IS NULL THEN 'NULL'
           ELSE quote_literal(sample_of(t, CASE WHEN k > 0 THEN 1
             WHEN k >= -3 THEN -k ELSE 1 + (-k + o::int * ((-k) % 3)) % 3 END)) END || '::' || t, ', ' ORDER BY o)
         FROM unnest(proargtypes::regtype[]) WITH ORDINALITY AS a(t, o))) AS expr
FROM func AS p, generate_series(-9, 6) AS k WHERE k <= pronargs AND NOT (k < 0 AND proname IN ('roll_up', 'as_owner'));
UPDATE call SET expr = regexp_replace(expr, '''\{NULL,\{1\}\}''', '''{NULL}''', 'g');
SELECT count(*) > 500 AS many_calls, count(*) FILTER (WHERE outcome LIKE 'XX000%') AS internal_errors
FROM (SELECT attempt(format(frame, expr)) AS outcome FROM call) AS o;
SELECT DISTINCT f, outcome FROM (SELECT f, attempt(format(frame, expr)) AS outcome FROM call) AS o
WHERE outcome LIKE 'XX000%' ORDER BY f;
-- strict functions and those with NULLs alone end without an error
SELECT f, attempt(format(frame, expr)) AS outcome FROM call
WHERE k = 0 AND f !~ '[(,]internal' AND attempt(format(frame, expr)) <> 'done' ORDER BY f;

--
-- Support functions outside of an aggregate, with states nobody made
--
-- a transition has no state to change
SELECT f, attempt(format(frame, expr)) AS outcome FROM call
WHERE k = -1 AND f !~ '[(,]internal'
  AND f ~ '^(customer_tier_internal\.)?(ledger_(un)?agg_|ledger_(un)?accumulate|'
    'cuts_acc|top_share_acc|values_|mean_(acc|comb))'
  ORDER BY f;
SELECT customer_tier_internal.ledger_final('{2026-01-05:1:5}');
SELECT count(*) FILTER (WHERE attempt(format('SELECT customer_tier_internal.mean_cut_final(%L)',
  m)) LIKE 'XX000%') AS internal_errors
FROM unnest(ARRAY['{}', '{1,2}', '{1,2,3,4,5}', '{0,1,2,3}', '{NaN,NaN,NaN,NaN}', '{1,NULL,2,3}', '{{1,2,3,4}}',
  '[2:5]={1,2,3,4}', '{1,Infinity,-Infinity,0}']) AS m;
-- the same through an aggregate made by somebody, where it counts as a support function
CREATE AGGREGATE mean_on_any(double precision) (STYPE = double precision[],
  SFUNC = customer_tier_internal.mean_accumulate, FINALFUNC = customer_tier_internal.mean_cut_final,
  INITCOND = '{1,2}');
CREATE AGGREGATE open_ledger(date, numeric) (STYPE = ledger, SFUNC = customer_tier_internal.ledger_agg_date_numeric,
  INITCOND = '{}');
CREATE AGGREGATE add_up(ledger) (STYPE = ledger, SFUNC = customer_tier_internal.ledger_accumulate);
SELECT attempt('SELECT mean_on_any(1)') LIKE 'XX001' AS refused;
-- a state of all values is internal: nobody has one, and only a superuser makes aggregates of it
SELECT attempt('SELECT customer_tier_internal.values_combine(''\x01''::bytea, ''\x01''::bytea)') <> 'done' AS refused,
  attempt('SELECT customer_tier_internal.values_deserialize(''\x01''::bytea, NULL)') <> 'done' AS refused,
  attempt('SELECT customer_tier_internal.values_combine(NULL, NULL)') <> 'done' AS refused;
-- states that come from a table add up as well
CREATE AGGREGATE combine_means(double precision[]) (STYPE = double precision[],
  SFUNC = customer_tier_internal.mean_combine);
SELECT combine_means(m) FROM (VALUES ('{1,5,0,0}'::double precision[]), ('{1,7,0,0}')) AS v(m);
-- an open state that got away is closed where it is read
SELECT open_ledger(date '2026-01-05' + i % 2, i) AS text FROM generate_series(1, 5) AS i;
CREATE TABLE got_away AS SELECT c, open_ledger(date '2026-01-05' + i % (c * 300), i) AS l
FROM generate_series(1, 2000) AS i, generate_series(1, 3) AS c GROUP BY c;
SELECT c, total(l), orders(l), purchase_days(l), l = e AS equal,
  customer_tier_internal.ledger_hash(l) = customer_tier_internal.ledger_hash(e) AS same_hash,
  customer_tier_internal.ledger_send(l) = customer_tier_internal.ledger_send(e) AS same_sent, l - e AS difference,
  is_empty(l) AS empty
FROM got_away JOIN (SELECT c, ledger_agg(date '2026-01-05' + i % (c * 300), i) AS e
  FROM generate_series(1, 2000) AS i, generate_series(1, 3) AS c GROUP BY c) AS e USING (c) ORDER BY c;
SELECT total(rollup(l)) AS rolled_up, total(add_up(l)) AS added_up FROM got_away;
SELECT add_up(l) FROM unnest(ARRAY[NULL, '{2026-01-05:1:5}', '{2026-01-06:1:6}']::ledger[]) AS l;
-- the state given is not changed
SELECT l, (SELECT add_up(x) FROM unnest(ARRAY[l, '{2026-01-06:1:6}']::ledger[]) AS x) AS sum, l AS again
FROM (SELECT '{2026-01-05:1:5}'::ledger AS l OFFSET 0) AS l;

DROP SCHEMA t_catalog CASCADE;
