-- Grading: one pass over all customers, in C, and a statement that writes those that differ.

-- replaces {name} in a template by the piece of that name; pieces are not searched for names
CREATE FUNCTION customer_tier_internal.interpolate(template text, pieces jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  parts text[] := regexp_split_to_array(template, '[{}]');
BEGIN
  FOR i IN 1..cardinality(parts) / 2 LOOP
    IF pieces ->> parts[2 * i] IS NULL THEN
      RAISE EXCEPTION 'the template has no piece "%"', parts[2 * i];
    END IF;
    parts[2 * i] := pieces ->> parts[2 * i];
  END LOOP;
  RETURN array_to_string(parts, '');
END $$;
COMMENT ON FUNCTION customer_tier_internal.interpolate(text, jsonb) IS 'support of schemes: SQL from a template';

CREATE FUNCTION customer_tier_internal.date_sql(day date) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT format('date %L', to_json(day) #>> '{}') $$;
COMMENT ON FUNCTION customer_tier_internal.date_sql(date) IS
  'support of schemes: a day as a literal, whatever DateStyle is';

CREATE FUNCTION customer_tier_internal.equal_of(s customer_tier_internal.scheme) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT x.equal FROM customer_tier_internal.source_parts(customer_tier_internal.source_of(s.ledger)) AS x $$;
COMMENT ON FUNCTION customer_tier_internal.equal_of(customer_tier_internal.scheme) IS
  'support of schemes: the qualified operator that says whether two customers are the same';

-- By the type's output function, as to_json() and a cast would call functions of the owner of the type.
CREATE FUNCTION customer_tier_internal.customer_text(customer anyelement) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres SET bytea_output = hex SET extra_float_digits = 1
AS $$ BEGIN RETURN format('%s', $1); END $$;
COMMENT ON FUNCTION customer_tier_internal.customer_text(anyelement) IS
  'support of schemes: a customer as a literal, whatever settings are';

-- the tiers by their ranks; the array begins at 0, which is the tier of customers without a score
CREATE FUNCTION customer_tier_internal.tier_names(r customer_tier_internal.rule) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET array_nulls = on
AS $$
SELECT CASE
  WHEN r.tiers IS NOT NULL THEN
    format('[0:%s]=%s', cardinality(r.tiers), array_prepend(r.unrated, r.tiers))::text[]
END
$$;
COMMENT ON FUNCTION customer_tier_internal.tier_names(customer_tier_internal.rule) IS
  'support of schemes: the tiers by their ranks';

-- as kept_line() in src/grading/grade.c: below zero, too, the line to stay is lower
CREATE FUNCTION customer_tier_internal.kept_lines(lines double precision[], keep double precision)
RETURNS double precision[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN keep IS NULL THEN lines
  ELSE ARRAY(
    SELECT CASE WHEN x >= 1e-300 THEN x * keep WHEN x < 0 THEN x / keep ELSE x END
    FROM unnest(lines) WITH ORDINALITY AS u(x, i)
    ORDER BY i)
END
$$;
COMMENT ON FUNCTION customer_tier_internal.kept_lines(double precision[], double precision) IS
  'support of schemes: the lines that suffice to stay';

-- see src/grading/grade_customers.c for the arguments and the relations that the command reads
CREATE FUNCTION customer_tier_internal.grade(measures text, day date, axes jsonb, sizes integer[], map integer[],
  tiers text[], unrated text, fixed text, keep double precision, axes_before jsonb, sizes_before integer[],
  map_before integer[], lines_before text, stored boolean[], state text, also text,
  new_state regclass, new_history regclass, version integer, command text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_grade'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION customer_tier_internal.grade(text, date, jsonb, integer[], integer[], text[], text, text,
  double precision, jsonb, integer[], integer[], text, boolean[], text, text, regclass, regclass, integer, text) IS
  'support of schemes: grades all customers in one pass and runs a command over the result';

CREATE FUNCTION customer_tier_internal.earned(measures text, day date, axes jsonb, sizes integer[], map integer[],
  tiers text[], unrated text, fixed text, OUT customer text, OUT tier text, OUT rank integer) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_earned'
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 100000;
COMMENT ON FUNCTION customer_tier_internal.earned(text, date, jsonb, integer[], integer[], text[], text, text) IS
  'support of schemes: grades all customers in one pass';

CREATE FUNCTION customer_tier_internal.is_bare_table(relation regclass) RETURNS boolean
AS 'MODULE_PATHNAME', 'ct_is_bare_table'
LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.is_bare_table(regclass) IS
  'support of schemes: whether a table of the user has nothing but its columns';

-- the measures of all axes, in the order that grade() expects
CREATE FUNCTION customer_tier_internal.measures(axes jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT array_agg(coalesce(m, a ->> 'value') ORDER BY i, j)
FROM jsonb_array_elements(axes) WITH ORDINALITY AS e(a, i)
  LEFT JOIN LATERAL jsonb_array_elements_text(a -> 'measures') WITH ORDINALITY AS f(m, j) ON true
$$;
COMMENT ON FUNCTION customer_tier_internal.measures(jsonb) IS 'support of schemes: the measures of all axes';

-- The query that grade() reads: customer, customer_group, ledger, and the values of all axes.
CREATE FUNCTION customer_tier_internal.measures_sql(s customer_tier_internal.scheme,
  r customer_tier_internal.rule, as_of date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT customer, coalesce((%s)::text, ''''::text) AS customer_group, ledger%s
FROM (SELECT %s FROM %s OFFSET 0) AS %I
WHERE listed OR NOT customer_tier.is_empty(ledger)',
  coalesce(r.per, 'NULL'),
  (SELECT string_agg(format(',
  %s', m), '' ORDER BY i) FROM unnest(customer_tier_internal.measures(r.axes)) WITH ORDINALITY AS u(m, i)),
  string_agg(
    CASE
      WHEN attname = 'ledger' OR attnum BETWEEN 5 AND 4 + cardinality(s.sources) THEN
        format('customer_tier.slice(%I, daterange(NULL, %s, ''[]'')) AS %1$I', attname,
               customer_tier_internal.date_sql(as_of))
      WHEN attname = 'as_of' THEN customer_tier_internal.date_sql(as_of) || ' AS as_of'
      ELSE quote_ident(attname)
    END, ', ' ORDER BY attnum),
  s.input, (SELECT relname FROM pg_class WHERE oid = s.input))
FROM pg_attribute
WHERE attrelid = s.input AND attnum > 0 AND NOT attisdropped
$$;
COMMENT ON FUNCTION customer_tier_internal.measures_sql(customer_tier_internal.scheme,
  customer_tier_internal.rule, date) IS
  'support of schemes: the query of the values that are graded';

-- A view runs the functions of the views below it as its reader.  Those of a superuser, as of any extension, may be.
CREATE FUNCTION customer_tier_internal.views_are_plain(relation regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE used AS (
  SELECT $1::oid AS oid
  UNION
  SELECT d.refobjid
  FROM used
       JOIN pg_rewrite AS r ON r.ev_class = used.oid
       JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> used.oid
    AND (SELECT relkind FROM pg_class WHERE oid = used.oid) = 'v')
SELECT NOT EXISTS (
  SELECT
  FROM used
       JOIN pg_class AS c ON c.oid = used.oid AND relkind = 'v'
       JOIN pg_rewrite AS r ON r.ev_class = c.oid
       JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
       LEFT JOIN pg_operator AS o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
       LEFT JOIN pg_type AS t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid AND typtype = 'd'
       LEFT JOIN pg_proc AS p ON p.oid = CASE
         WHEN o.oid IS NOT NULL THEN oprcode::oid
         WHEN d.refclassid = 'pg_proc'::regclass THEN d.refobjid
       END
       JOIN pg_roles AS a ON a.oid = coalesce(proowner, typowner)
  WHERE NOT a.rolsuper)
$$;
COMMENT ON FUNCTION customer_tier_internal.views_are_plain(regclass) IS
  'support of schemes: whether a view, and those below it, call no functions of a user who is no superuser';

-- A value is stored if it depends on all customers, or calls a user-defined function, which a
-- view would run as its reader.
CREATE FUNCTION customer_tier_internal.stored_axes(s customer_tier_internal.scheme, r customer_tier_internal.rule)
RETURNS boolean[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT array_agg(
  a -> 'measures' IS NOT NULL OR NOT customer_tier_internal.expression_is_plain(s.input, a ->> 'value')
    OR NOT customer_tier_internal.views_are_plain(s.attributes)
  ORDER BY i)
FROM jsonb_array_elements(r.axes) WITH ORDINALITY AS e(a, i)
$$;
COMMENT ON FUNCTION customer_tier_internal.stored_axes(customer_tier_internal.scheme,
  customer_tier_internal.rule) IS
  'support of schemes: the axes whose values the state keeps';

-- the query of the lines of a rule with fixed calibration
CREATE FUNCTION customer_tier_internal.fixed_lines_sql(s customer_tier_internal.scheme, r customer_tier_internal.rule)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE r.calibrate
  WHEN 'fixed' THEN
    format('SELECT DISTINCT ON (customer_group, axis) customer_group, axis, lines
            FROM %s
            WHERE version >= %s
            ORDER BY customer_group, axis, as_of DESC', s.thresholds, r.calibrated)
END
$$;
COMMENT ON FUNCTION customer_tier_internal.fixed_lines_sql(customer_tier_internal.scheme,
  customer_tier_internal.rule) IS
  'support of schemes: the query of the lines that a rule keeps; null if they are found anew';

-- The call of earned() is in the select list, since all rows would be stored first in FROM.
CREATE FUNCTION customer_tier_internal.earned_sql(s customer_tier_internal.scheme, r customer_tier_internal.rule,
  as_of date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT (x.earned).* FROM (SELECT customer_tier_internal.earned(%L, %L, %L, %L, %L, %L, %L, %L)) AS x',
  customer_tier_internal.measures_sql(s, r, as_of), to_json(as_of) #>> '{}', r.axes, r.sizes, r.map, r.tiers,
  r.unrated, customer_tier_internal.fixed_lines_sql(s, r))
$$;
COMMENT ON FUNCTION customer_tier_internal.earned_sql(customer_tier_internal.scheme, customer_tier_internal.rule,
  date) IS
  'support of schemes: a call of earned';

-- The call of grade() that runs a command over the result of a rule on a day.
CREATE FUNCTION customer_tier_internal.grade_sql(s customer_tier_internal.scheme, r customer_tier_internal.rule,
  as_of date, command text, columns text, before customer_tier_internal.rule DEFAULT NULL, state text DEFAULT NULL,
  also text DEFAULT NULL, bulk boolean DEFAULT false) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT *
FROM customer_tier_internal.grade(%L, %L, %L, %L, %L, %L, %L, %L, %s::float8, %L, %L, %L, %L, %L, %L, %L, %L::regclass,
                                  %L::regclass, %s, %L) AS x(%s)',
  customer_tier_internal.measures_sql(s, r, as_of), to_json(as_of) #>> '{}', r.axes, r.sizes, r.map, r.tiers,
  r.unrated, customer_tier_internal.fixed_lines_sql(s, r),
  coalesce((customer_tier_internal.json_numbers(ARRAY[r.keep]) -> 0)::text, 'NULL'),
  before.axes, before.sizes, before.map,
  format('SELECT DISTINCT ON (customer_group, axis) customer_group, axis, lines
          FROM %s
          WHERE as_of < %s
          ORDER BY customer_group, axis, as_of DESC', s.thresholds, customer_tier_internal.date_sql(as_of)),
  customer_tier_internal.stored_axes(s, r), state, also,
  CASE WHEN bulk THEN s.state END, CASE WHEN bulk THEN s.history END, r.version, command, columns)
$$;
COMMENT ON FUNCTION customer_tier_internal.grade_sql(customer_tier_internal.scheme,
  customer_tier_internal.rule, date, text, text, customer_tier_internal.rule, text, text, boolean) IS
  'support of schemes: a call of grade';

CREATE FUNCTION grading_sql(scheme regclass, as_of date) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT customer_tier_internal.measures_sql(s, customer_tier_internal.rule_of(s), $2)
FROM customer_tier_internal.scheme_of($1) AS s
$$;
COMMENT ON FUNCTION grading_sql(regclass, date) IS
  'the query whose values a refresh as of a day grades: customer, group, ledger, and the measures of the axes';
