-- explain, tiers_as_of, simulate and migration.  A role that may read the view of a scheme may call the first three;
-- migration needs SELECT on its history.  The functions run as the owner, security-restricted, and a reader supplies
-- only values.  A reader's expression runs as the reader, or is refused.

-- accepts only the view of the scheme, because privileges on its other parts do not count
CREATE FUNCTION customer_tier_internal.asked_scheme(view regclass) RETURNS customer_tier_internal.scheme
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.scheme_of($1);
BEGIN
  IF s.scheme <> $1 THEN
    RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('%s is not the view of a scheme', $1),
      HINT = format('It is %s.', s.scheme);
  END IF;
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.asked_scheme(regclass) IS
  'support of questions: the scheme that a view stands for; an error if there is none';

-- The part of each measure in the weighted scores of a customer, as of the last refresh, from the current ledgers.
-- It reads all customers, because measures are normalised over them.
CREATE FUNCTION customer_tier_internal.explain_parts(s customer_tier_internal.scheme, r customer_tier_internal.rule,
  customer text, OUT axis bigint, OUT n bigint, OUT measure text, OUT value double precision,
  OUT weight double precision, OUT part double precision) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  columns text;
  weighted text;
BEGIN
  -- the columns of the query of measures; those of the weighted axes, beside what is made of them
  SELECT string_agg('m' || i, ', ' ORDER BY i),
         string_agg(format('ARRAY[%s, %s, m%s::float8, customer_tier.%I(m%3$s::float8) OVER ()]', a, j, i, how), ', '
                    ORDER BY i) FILTER (WHERE how IS NOT NULL)
  INTO columns, weighted
  FROM (SELECT row_number() OVER (ORDER BY a, j) AS i, a, j,
               CASE x ->> 'normalise' WHEN 'percentile' THEN 'percentile_score' ELSE x ->> 'normalise' END AS how
        FROM jsonb_array_elements(r.axes) WITH ORDINALITY AS e(x, a)
          LEFT JOIN LATERAL jsonb_array_elements(x -> 'measures') WITH ORDINALITY AS f(m, j) ON true) AS c;
  IF weighted IS NULL OR s.as_of IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT x.axis, x.n, r.axes -> (x.axis - 1)::int -> 'measures' ->> (x.n - 1)::int, x.value, w.weights[x.n],
           x.normal * w.weights[x.n] / (SELECT sum(u) FROM unnest(w.weights) AS u)
    FROM customer_tier_internal.as_owner(s.ledger, format($q$
        SELECT parts[i][1]::bigint, parts[i][2]::bigint, parts[i][3], parts[i][4]
        FROM (SELECT customer, ARRAY[%s] AS parts
              FROM (%s) AS m(customer, customer_group, ledger, %s)) AS normalised, generate_subscripts(parts, 1) AS i
        WHERE customer %s %L
        $q$, weighted, customer_tier_internal.measures_sql(s, r, s.as_of), columns, customer_tier_internal.equal_of(s),
        customer)) AS x(axis bigint, n bigint, value float8, normal float8),
      customer_tier_internal.floats(r.axes -> (x.axis - 1)::int -> 'weights') AS w(weights);
END $$;
COMMENT ON FUNCTION customer_tier_internal.explain_parts(customer_tier_internal.scheme, customer_tier_internal.rule,
  text) IS 'support of explain: the measures of weighted scores';

CREATE FUNCTION customer_tier_internal.answer_explain(relation regclass, details jsonb)
RETURNS TABLE (tier text, status text, since date, held_until date, earned text, pin text, rule text, axis text,
  measure text, value double precision, score integer, changed boolean, line_to_stay double precision,
  margin double precision, line_to_rise double precision, gap double precision, weight double precision,
  part double precision)
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres SET quote_all_identifiers = off
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.asked_scheme(relation);
  r customer_tier_internal.rule := customer_tier_internal.rule_of(s);
  n bigint;
BEGIN
  RETURN QUERY
    WITH parts AS MATERIALIZED (
      SELECT * FROM customer_tier_internal.explain_parts(s, r, details ->> 'customer')),
    found AS MATERIALIZED (
      SELECT *
      FROM customer_tier_internal.as_owner(s.ledger, customer_tier_internal.interpolate($q$
          SELECT x.tier, x.status, x.since, CASE WHEN x.held_until > {day} THEN x.held_until END, x.earned_tier,
            (SELECT format('%s, by %s, from %s%s: %s', p.tier, p.author, to_json(p.pinned_from) #>> ARRAY[]::text[],
                           ' until ' || (to_json(p.until) #>> ARRAY[]::text[]), p.reason)
             FROM {pins} AS p
             WHERE p.customer {equal} x.customer
             ORDER BY pinned_from DESC
             LIMIT 1),
            (SELECT scores FROM {state} AS z WHERE z.customer {equal} x.customer),
            p.axis, p.value, p.score, p.changed, p.line_to_stay, p.margin, p.line_to_rise, p.gap
          FROM {scheme} AS x
            JOIN {progress} AS p ON p.customer {equal} x.customer
          WHERE x.customer {equal} {customer} AND p.customer {equal} {customer}
          $q$, to_jsonb(s) || jsonb_build_object('day', coalesce(customer_tier_internal.date_sql(s.as_of), 'NULL'),
            'progress', s.progress_view, 'equal', customer_tier_internal.equal_of(s),
            'customer', quote_literal(details ->> 'customer'))))
        AS x(tier text, status text, since date, held_until date, earned text, pin text, scores int2[], axis text,
             value float8, score integer, changed boolean, line_to_stay float8, margin float8, line_to_rise float8,
             gap float8)),
    said AS (
      SELECT x.*, i,
        -- the part of the rule that decides the tier
        (SELECT string_agg(format('%s = %s', quote_ident(a ->> 'name'), x.scores[i]), ', ' ORDER BY i)
         FROM jsonb_array_elements(r.axes) WITH ORDINALITY AS e(a, i)) || ' is ' || x.earned AS rule,
        coalesce(a ->> 'value', format('%s of %s, weights %s', a ->> 'normalise', a ->> 'measures', a ->> 'weights'))
          AS measure
      FROM found AS x
        JOIN jsonb_array_elements(r.axes) WITH ORDINALITY AS e(a, i) ON a ->> 'name' = x.axis)
    SELECT x.tier, x.status, x.since, x.held_until, x.earned, x.pin, x.rule, x.axis, m.measure, m.value, m.score,
           m.changed, m.line_to_stay, m.margin, m.line_to_rise, m.gap, m.weight, m.part
    FROM said AS x,
      LATERAL (
        SELECT 0 AS n, x.measure, x.value, x.score, x.changed, x.line_to_stay, x.margin, x.line_to_rise, x.gap,
               NULL::float8 AS weight, NULL::float8 AS part
        UNION ALL
        SELECT p.n, p.measure, p.value, NULL, NULL, NULL, NULL, NULL, NULL, p.weight, p.part
        FROM parts AS p
        WHERE p.axis = x.i) AS m
    ORDER BY x.i, m.n;
  GET DIAGNOSTICS n = ROW_COUNT;
  IF n = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'no_data_found',
      MESSAGE = format('%s has no customer %s', relation, details ->> 'customer'),
      HINT = CASE
        WHEN s.as_of IS NULL THEN
          format('It was not refreshed yet: SELECT * FROM customer_tier.refresh_scheme(%L, as_of => ...);', relation)
        ELSE format('Not as of %s, its last refresh.', s.as_of)
      END;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.answer_explain(regclass, jsonb) IS 'support of explain';

CREATE FUNCTION explain(scheme regclass, customer text, OUT tier text, OUT status text, OUT since date,
  OUT held_until date, OUT earned text, OUT pin text, OUT rule text, OUT axis text, OUT measure text,
  OUT value double precision, OUT score integer, OUT changed boolean, OUT line_to_stay double precision,
  OUT margin double precision, OUT line_to_rise double precision, OUT gap double precision,
  OUT weight double precision, OUT part double precision) RETURNS SETOF record
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT *
FROM customer_tier_internal.ask_owner($1, 'explain', jsonb_build_object('customer', $2))
  AS x(tier text, status text, since date, held_until date, earned text, pin text, rule text, axis text, measure text,
       value float8, score integer, changed boolean, line_to_stay float8, margin float8, line_to_rise float8,
       gap float8, weight float8, part float8)
$$;
COMMENT ON FUNCTION explain(regclass, text) IS
  'why a customer has a tier: for each axis the value now, the score, the line to stay and the line to rise, and how '
  'far they are; for each measure of a weighted score its value and its part of the score';

CREATE FUNCTION explain(scheme regclass, customer anyelement, OUT tier text, OUT status text, OUT since date,
  OUT held_until date, OUT earned text, OUT pin text, OUT rule text, OUT axis text, OUT measure text,
  OUT value double precision, OUT score integer, OUT changed boolean, OUT line_to_stay double precision,
  OUT margin double precision, OUT line_to_rise double precision, OUT gap double precision,
  OUT weight double precision, OUT part double precision) RETURNS SETOF record
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM customer_tier.explain($1, customer_tier_internal.customer_text($2)) $$;
COMMENT ON FUNCTION explain(regclass, anyelement) IS 'the same for a customer of the type that customers have';

-- The statement, which ask_owner runs as the owner: its many rows are stored once.
CREATE FUNCTION customer_tier_internal.answer_tiers_as_of(relation regclass, details jsonb) RETURNS text
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.asked_scheme(relation);
  as_of date := (details ->> 'as_of')::date;
BEGIN
  PERFORM customer_tier_internal.check_owner(s.ledger);
  PERFORM customer_tier_internal.check_scheme_day(as_of);
  PERFORM customer_tier_internal.check_listed_once(s);
  RETURN customer_tier_internal.earned_sql(s, customer_tier_internal.rule_of(s), as_of);
END $$;
COMMENT ON FUNCTION customer_tier_internal.answer_tiers_as_of(regclass, jsonb) IS 'support of tiers_as_of';

-- without a search_path of its own it is inlined
CREATE FUNCTION tiers_as_of(scheme regclass, as_of date, OUT customer text, OUT tier text, OUT rank integer)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $$
SELECT *
FROM customer_tier_internal.ask_owner($1, 'tiers_as_of', pg_catalog.jsonb_build_object('as_of', $2))
  AS x(customer pg_catalog.text, tier pg_catalog.text, rank pg_catalog.int4)
$$;
COMMENT ON FUNCTION tiers_as_of(regclass, date) IS
  'the tiers that customers had earned on a day, by the present rule, computed from the ledgers only';

CREATE FUNCTION customer_tier_internal.answer_migration(relation regclass, details jsonb)
RETURNS TABLE (from_tier text, to_tier text, heads bigint)
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := (
    SELECT f
    FROM customer_tier_internal.find_schemes((SELECT relowner FROM pg_class WHERE oid = relation)) AS f
    WHERE f.history_view = relation
    ORDER BY f.declaration
    LIMIT 1);
BEGIN
  IF s.declaration IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'wrong_object_type',
      MESSAGE = format('%s is not the history of a scheme', relation);
  END IF;
  RETURN QUERY
    SELECT *
    FROM customer_tier_internal.as_owner(s.ledger, format($q$
        WITH at (day, customer, tier) AS (
          SELECT day, customer, tier
          FROM %s AS h, unnest('{1, 2}'::int[], ARRAY[%L, %L]::date[]) AS d(day, at)
          WHERE valid_from <= at AND valid_to > at AND tier IS NOT NULL)
        SELECT b.tier, n.tier, count(*)
        FROM (SELECT * FROM at WHERE day = 1) AS b
          FULL JOIN (SELECT * FROM at WHERE day = 2) AS n ON n.customer %s b.customer
        GROUP BY b.tier, n.tier
        ORDER BY b.tier, n.tier
        $q$, customer_tier_internal.stretches_sql(s.history), details ->> 'from', details ->> 'to',
        customer_tier_internal.equal_of(s)))
      AS x(from_tier text, to_tier text, heads bigint);
END $$;
COMMENT ON FUNCTION customer_tier_internal.answer_migration(regclass, jsonb) IS 'support of migration';

CREATE FUNCTION migration(scheme regclass, from_day date, to_day date, OUT from_tier text, OUT to_tier text,
  OUT heads bigint) RETURNS SETOF record
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT x.*
FROM customer_tier_internal.scheme_of($1) AS s,
  customer_tier_internal.ask_owner(s.history_view, 'migration', jsonb_build_object('from', $2, 'to', $3))
    AS x(from_tier text, to_tier text, heads bigint)
$$;
COMMENT ON FUNCTION migration(regclass, date, date) IS
  'how many customers moved from each tier to each other between two days, by the history; null means not graded';

--
-- Another rule
--
-- counted: the moves are counted where they are found, and not told of each customer.
CREATE FUNCTION customer_tier_internal.simulation_sql(s customer_tier_internal.scheme, r customer_tier_internal.rule,
  counted boolean) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF s.as_of IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('%s has no tiers yet', s.scheme),
      HINT = format('SELECT * FROM customer_tier.refresh_scheme(%L, as_of => ...);', s.scheme);
  END IF;
  RETURN customer_tier_internal.grade_sql(s, r, s.as_of, format($q$
      SELECT %6$s, tier_now, tier_then,
             CASE
               WHEN tier_now IS NULL THEN 'new'
               WHEN tier_then IS NULL THEN 'left'
               WHEN tier_now = tier_then THEN 'same'
               WHEN was IS NULL THEN 'replaced'
               WHEN rank > was THEN 'up'
               ELSE 'down'
             END,
             %7$s
      FROM (
        SELECT coalesce(g.customer, t.customer) AS customer, t.tier AS tier_now, (%1$L::text[])[g.rank] AS tier_then,
               g.rank, array_position(%1$L::text[], t.tier) AS was,
               coalesce(g.value, (SELECT customer_tier.total(customer_tier.slice(i.ledger, daterange(NULL, %5$s, '[]')))
                                  FROM %4$s AS i
                                  WHERE i.customer %3$s t.customer)) AS value
        FROM graded AS g
          FULL JOIN %2$s AS t ON t.customer %3$s g.customer) AS b
      %8$s
      $q$, customer_tier_internal.tier_names(r), s.state, customer_tier_internal.equal_of(s), s.input,
      customer_tier_internal.date_sql(s.as_of),
      CASE WHEN counted THEN 'NULL::text' ELSE 'b.customer::text' END,
      CASE WHEN counted THEN 'count(*), sum(coalesce(value, 0))' ELSE '1::bigint, coalesce(value, 0)' END,
      CASE WHEN counted THEN 'GROUP BY tier_now, tier_then, 4' ELSE 'ORDER BY b.customer' END),
    'customer text, tier_now text, tier_then text, change text, heads bigint, value numeric');
END $$;
COMMENT ON FUNCTION
  customer_tier_internal.simulation_sql(customer_tier_internal.scheme, customer_tier_internal.rule, boolean) IS
  'support of simulate: what customers have, and what they would have by another rule';

-- a reader may change the lines of axes, but not their measures
CREATE FUNCTION customer_tier_internal.answer_simulate(relation regclass, details jsonb)
RETURNS TABLE (customer text, tier_now text, tier_then text, change text, heads bigint, value numeric)
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.asked_scheme(relation);
  own customer_tier_internal.rule := customer_tier_internal.rule_of(s);
  r customer_tier_internal.rule := own;
  tiers text[] := (details ->> 'tiers')::text[];
  labels text[] := (details ->> 'labels')::text[];
  unrated text := coalesce(details ->> 'unrated', own.unrated);
BEGIN
  PERFORM customer_tier_internal.check_listed_once(s);
  r := customer_tier_internal.with_axes(r, ARRAY(
    SELECT o - '{value,measures}'::text[]
           || jsonb_build_object('by', a -> 'by', 'at', a -> 'at', 'rule', a -> 'rule')
    FROM jsonb_array_elements(own.axes) WITH ORDINALITY AS x(o, i)
      JOIN jsonb_array_elements(coalesce(details -> 'axes', own.axes)) WITH ORDINALITY AS y(a, i) USING (i)
    ORDER BY i), own.axes, s.input, NULL);
  IF labels IS NULL THEN
    r := customer_tier_internal.with_tier(r, s, coalesce(tiers, own.matrix, own.tiers),
                                          CASE WHEN tiers IS NULL THEN own.tier END, unrated, NULL);
  ELSE
    PERFORM customer_tier_internal.check_listed(coalesce(tiers, own.tiers));
    r := customer_tier_internal.with_tiers(r, coalesce(tiers, own.tiers), labels, unrated);
  END IF;
  RETURN QUERY
    SELECT *
    FROM customer_tier_internal.as_owner(s.ledger,
          customer_tier_internal.simulation_sql(s, r, (details ->> 'counted')::boolean))
      AS x(customer text, tier_now text, tier_then text, change text, heads bigint, value numeric);
END $$;
COMMENT ON FUNCTION customer_tier_internal.answer_simulate(regclass, jsonb) IS 'support of simulate, for a reader';

CREATE FUNCTION customer_tier_internal.simulate_rule(scheme regclass, axes jsonb[], tiers text[], tier text,
  unrated text, path text, counted boolean)
RETURNS TABLE (customer text, tier_now text, tier_then text, change text, heads bigint, value numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.scheme_of($1);
  own customer_tier_internal.rule := customer_tier_internal.rule_of(s);
  r customer_tier_internal.rule := own;
BEGIN
  IF customer_tier_internal.is_owner(s.declaration) THEN
    PERFORM customer_tier_internal.check_listed_once(s);
    r := customer_tier_internal.changed_rule(s, own, axes, tiers, tier, unrated, NULL, NULL, NULL, NULL, NULL, NULL,
                                             NULL, path);
    RETURN QUERY
      SELECT *
      FROM customer_tier_internal.as_owner(s.ledger, customer_tier_internal.simulation_sql(s, r, counted))
        AS x(customer text, tier_now text, tier_then text, change text, heads bigint, value numeric);
    RETURN;
  ELSIF NOT has_table_privilege($1, 'SELECT') THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('permission denied for view %s', $1);
  END IF;
  IF axes IS NOT NULL THEN
    r := customer_tier_internal.with_axes(r, axes, own.axes, s.input, path);
    IF (SELECT jsonb_agg(a - '{by,at,rule}'::text[]) FROM jsonb_array_elements(r.axes) AS a) <>
       (SELECT jsonb_agg(a - '{by,at,rule}'::text[]) FROM jsonb_array_elements(own.axes) AS a) THEN
      RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
        MESSAGE = format('must be owner of %s to use other measures', s.scheme),
        HINT = 'Readers can cut its measures by other lines: axis(name, NULL, by, at), of all its axes.';
    END IF;
  END IF;
  RETURN QUERY
    SELECT *
    FROM customer_tier_internal.ask_owner($1, 'simulate', jsonb_strip_nulls(jsonb_build_object(
        'axes', r.axes, 'tiers', tiers::text, 'unrated', unrated, 'counted', counted,
        'labels', CASE WHEN tier IS NOT NULL THEN
                    customer_tier_internal.labels_of(tier, r.axes, r.sizes, path)::text
                  END)))
      AS x(customer text, tier_now text, tier_then text, change text, heads bigint, value numeric);
END $$;
COMMENT ON FUNCTION customer_tier_internal.simulate_rule(regclass, jsonb[], text[], text, text, text, boolean) IS
  'support of simulate';

CREATE FUNCTION simulate(scheme regclass, axes jsonb[] DEFAULT NULL, tiers text[] DEFAULT NULL, tier text DEFAULT NULL,
  unrated text DEFAULT NULL)
RETURNS TABLE (customer text, tier_now text, tier_then text, change text, value numeric)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
SELECT customer, tier_now, tier_then, change, value
FROM customer_tier_internal.simulate_rule($1, $2, $3, $4, $5, pg_catalog.current_setting('search_path'), false)
$$;
COMMENT ON FUNCTION simulate(regclass, jsonb[], text[], text, text) IS
  'each customer''s present tier, and the tier earned under another rule, as of the last refresh; writes nothing';

CREATE FUNCTION simulate_migration(scheme regclass, axes jsonb[] DEFAULT NULL, tiers text[] DEFAULT NULL,
  tier text DEFAULT NULL, unrated text DEFAULT NULL)
RETURNS TABLE (tier_now text, tier_then text, change text, heads bigint, value numeric)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$
SELECT tier_now, tier_then, change, heads, value
FROM customer_tier_internal.simulate_rule($1, $2, $3, $4, $5, pg_catalog.current_setting('search_path'), true)
ORDER BY tier_now, tier_then
$$;
COMMENT ON FUNCTION simulate_migration(regclass, jsonb[], text[], text, text) IS
  'how many customers, and what value, would move from each tier to each other under another rule; writes nothing';
