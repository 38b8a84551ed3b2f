-- Grading: from ledgers to values, lines, scores and tiers, as one query; and what a refresh writes.

-- {name} in a template becomes the piece of that name, as it is: in pieces nothing is replaced
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

-- a piece of SQL for each axis: {i} is its number, {n} its column, {s} that of its score, {-} its sign
CREATE FUNCTION customer_tier_internal.per_axis(axes jsonb, template text, separator text DEFAULT ', ') RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT string_agg(customer_tier_internal.interpolate($2, jsonb_build_object('i', i, 'n', quote_ident(a ->> 'name'), 's', quote_ident((a ->> 'name') || '_score'),
                                                                   '-', CASE a ->> 'better' WHEN 'lower' THEN '-' ELSE '' END)), $3 ORDER BY i)
FROM jsonb_array_elements($1) WITH ORDINALITY AS e(a, i)
$$;
COMMENT ON FUNCTION customer_tier_internal.per_axis(jsonb, text, text) IS 'support of schemes: SQL for each axis';

-- the tiers by their ranks, as an array that begins at 0: the tier of customers who lack a score
CREATE FUNCTION customer_tier_internal.tier_names(r rule) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET array_nulls = on
AS $$ SELECT format('[0:%s]=%s', cardinality(r.tiers), array_prepend(r.unrated, r.tiers))::text[] $$;
COMMENT ON FUNCTION customer_tier_internal.tier_names(rule) IS 'support of schemes: the tiers by their ranks';

-- the lines that suffice to stay; below zero lower is further from them
CREATE FUNCTION customer_tier_internal.kept_lines(lines double precision[], keep double precision) RETURNS double precision[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN keep IS NULL THEN lines ELSE ARRAY(SELECT CASE WHEN x >= 1e-300 THEN x * keep WHEN x < 0 THEN x / keep ELSE x END FROM unnest(lines) WITH ORDINALITY AS u(x, i) ORDER BY i) END $$;
COMMENT ON FUNCTION customer_tier_internal.kept_lines(double precision[], double precision) IS 'support of schemes: the lines that suffice to stay';

-- the aggregate that finds an axis's lines.  What counts customers needs to know how
-- many there are first, and a mean of scores needs the scores: pass 1 finds those.
CREATE FUNCTION customer_tier_internal.line_sql(axis jsonb, i integer, pass integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- numbers of JSON are decimals: their text is theirs, whatever the settings
  at text := format('customer_tier_internal.floats(%L::jsonb)', axis -> 'at');
  v text := CASE axis ->> 'better' WHEN 'lower' THEN '-' ELSE '' END || 'v' || i;
  heads text := format('customer_tier.head_cuts(%s, %s, %L)', v, at, axis ->> 'rule');
BEGIN
  RETURN CASE axis ->> 'by'
    WHEN 'value' THEN CASE axis ->> 'better' WHEN 'lower' THEN format('(SELECT array_agg(-x ORDER BY -x) FROM unnest(%s) AS x)', at) ELSE at END
    WHEN 'share' THEN format('customer_tier.share_cuts(%s, %s, %L)', v, at, axis ->> 'rule')
    WHEN 'heads' THEN heads
    WHEN 'natural' THEN format('customer_tier.natural_cuts(%s, %s)', v, (axis -> 'at' ->> 0)::numeric::integer)
    WHEN 'mean' THEN format('customer_tier.mean_cut(%s)', v)
    WHEN 'median' THEN format('customer_tier.median_cut(%s)', v)
    -- each by itself: of few customers all are among the first hundred, and among the first thousand
    WHEN 'count' THEN CASE pass WHEN 1 THEN format('ARRAY[count(%s)]::float8[]', v)
      ELSE format('CASE WHEN f.c%s[1] > 0 THEN ARRAY[%s] END', i, (SELECT string_agg(format('(customer_tier.head_cuts(%s, ARRAY[least(%s / greatest(f.c%s[1], 1), 1)], %L))[1]', v, n, i, axis ->> 'rule'), ', ' ORDER BY n::numeric DESC) FROM jsonb_array_elements_text(axis -> 'at') AS n)) END
    WHEN 'mean_score' THEN CASE pass WHEN 1 THEN heads
      ELSE format('ARRAY[coalesce(f.c%1$s[floor(avg(customer_tier.score(%2$s, f.c%1$s)))::int], ''Infinity'')]', i, v) END END;
END $$;
COMMENT ON FUNCTION customer_tier_internal.line_sql(jsonb, integer, integer) IS 'support of schemes: SQL that finds the lines of an axis';

-- how far apart in the map the scores of each axis are: the product of the sizes before
CREATE FUNCTION customer_tier_internal.strides(sizes integer[]) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  strides integer[] := '{1}';
BEGIN
  FOR i IN 1..cardinality(sizes) - 1 LOOP
    strides := strides || strides[i] * sizes[i];
  END LOOP;
  RETURN strides;
END $$;
COMMENT ON FUNCTION customer_tier_internal.strides(integer[]) IS 'support of schemes: how far apart the scores of each axis are in the map of tiers';

-- the rank of a combination of scores; 0 if one is missing
CREATE FUNCTION customer_tier_internal.rank_sql(r rule, template text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('coalesce((%L::int[])[1 + %s], 0)', r.map,
              string_agg(format('(%s - 1) * %s', customer_tier_internal.interpolate($2, jsonb_build_object('i', i, '-', CASE a ->> 'better' WHEN 'lower' THEN '-' ELSE '' END)),
                                (customer_tier_internal.strides(r.sizes))[i]), ' + ' ORDER BY i))
FROM jsonb_array_elements(r.axes) WITH ORDINALITY AS e(a, i)
$$;
COMMENT ON FUNCTION customer_tier_internal.rank_sql(rule, text) IS 'support of schemes: SQL for the rank of a customer''s tier';

/*
 * The tiers of a day, earned by scores alone, as common table expressions:
 *   input   customer, group and values of the day
 *   sample  the values that lines are found from
 *   stored  the lines that were found last, by group
 *   line    the lines of the day: c their values, k those that suffice to stay
 *   graded  customer, grp, values v, scores s, rank and kept (the rank by k)
 * If only some customers are asked for, those in "scope" (another expression), the
 * values of the others are as the last refresh left them, and of these only whoever
 * a line has passed is graded.
 */
CREATE FUNCTION customer_tier_internal.graded_sql(s scheme, r rule, as_of date, partial boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  a jsonb;
  i integer := 0;
  measures text := '';
  computed text := '';
  found text := '';
  first_pass text := '';
  two_passes boolean := false;
  columns text;
  equal text := (SELECT x.equal FROM customer_tier_internal.source_parts(customer_tier_internal.source_of(s.source)) AS x);
  -- DISTINCT, though they are: a planner that does not know it sorts all the others for a merge
  not_in_scope text := format('NOT EXISTS (SELECT FROM (SELECT DISTINCT customer FROM scope) AS z WHERE z.customer %s t.customer)', equal);
  with_line text := CASE WHEN r.per IS NULL THEN 'CROSS JOIN (SELECT * FROM line LIMIT 1) AS line' ELSE 'JOIN line USING (grp)' END;
BEGIN
  FOR a IN SELECT * FROM jsonb_array_elements(r.axes) LOOP
    i := i + 1;
    IF a -> 'measures' IS NULL THEN
      measures := measures || format(', (%s) AS v%s', a ->> 'value', i);
      computed := computed || format(', v%s', i);
    ELSE
      measures := measures || (SELECT string_agg(format(', (%s) AS m%s_%s', m, i, j), '' ORDER BY j) FROM jsonb_array_elements_text(a -> 'measures') WITH ORDINALITY AS e(m, j));
      computed := computed || format(', customer_tier.weighted_score(ARRAY[%s], customer_tier_internal.floats(%L::jsonb)) AS v%s',
        (SELECT string_agg(format('customer_tier.%I(m%s_%s) OVER ()', CASE a ->> 'normalise' WHEN 'percentile' THEN 'percentile_score' ELSE a ->> 'normalise' END, i, j), ', ' ORDER BY j)
         FROM generate_series(1, jsonb_array_length(a -> 'measures')) AS j), a -> 'weights', i);
    END IF;
    first_pass := first_pass || format(', %s AS c%s', customer_tier_internal.line_sql(a, i, 1), i);
    IF a ->> 'by' IN ('count', 'mean_score') THEN
      two_passes := true;
      found := found || format(', %s AS c%s', customer_tier_internal.line_sql(a, i, 2), i);
    ELSE
      found := found || format(', f.c%s', i);
    END IF;
  END LOOP;
  SELECT string_agg(CASE attname WHEN 'ledger' THEN format('customer_tier.slice(ledger, daterange(NULL, %L, ''[]'')) AS ledger', as_of)
                                 WHEN 'as_of' THEN format('%L::date AS as_of', as_of) ELSE quote_ident(attname) END, ', ' ORDER BY attnum)
    INTO columns FROM pg_attribute WHERE attrelid = s.input AND attnum > 0 AND NOT attisdropped;
  RETURN customer_tier_internal.interpolate($q$
    input AS MATERIALIZED (
      SELECT customer, grp{computed} FROM (
        SELECT customer, coalesce(({per})::text, '') AS grp{measures}
        FROM (SELECT {columns} FROM {input} AS t{of_scope} OFFSET 0) AS {name} WHERE listed OR NOT customer_tier.is_empty(ledger)) AS x),
    sample AS (SELECT grp, {v} FROM input{others}),
    stored AS MATERIALIZED (SELECT DISTINCT ON (grp) grp, version, {stored_c} FROM {thresholds} ORDER BY grp, as_of DESC),
    first_pass AS (SELECT {grp} AS grp{first_pass} FROM sample {by_grp}),
    found AS ({found}),
    line AS MATERIALIZED (
      SELECT grp, {c}, {k_of_c} FROM (SELECT f.grp, {c_in_force} FROM found AS f LEFT JOIN stored AS o ON o.grp = f.grp AND {fixed}) AS l),
    {passed}graded AS (
      SELECT customer, grp, {v}, {s}, {rank} AS rank, {kept} AS kept
      FROM (SELECT i.customer, i.grp, {v}, {s_of_c}, {k} FROM (SELECT customer, grp, {v} FROM input {and_passed}) AS i {with_line} {if_rated} OFFSET 0) AS scored)
    $q$, to_jsonb(s) || jsonb_build_object(
      'name', quote_ident((SELECT relname FROM pg_class WHERE oid = s.input)), 'columns', columns, 'per', coalesce(r.per, 'NULL'), 'measures', measures, 'computed', computed,
      'v', customer_tier_internal.per_axis(r.axes, 'v{i}'), 's', customer_tier_internal.per_axis(r.axes, 's{i}'), 'c', customer_tier_internal.per_axis(r.axes, 'c{i}'), 'k', customer_tier_internal.per_axis(r.axes, 'k{i}'),
      'of_scope', CASE WHEN partial THEN format(' WHERE EXISTS (SELECT FROM scope AS z WHERE z.customer %s t.customer)', equal) ELSE '' END,
      -- read in the order of the table: OFFSET 0 keeps the index away
      'others', CASE WHEN partial THEN format(' UNION ALL SELECT grp, %1$s FROM (SELECT customer, grp, %1$s FROM %2$s OFFSET 0) AS t WHERE %3$s', customer_tier_internal.per_axis(r.axes, '{n}'), s.state, not_in_scope) ELSE '' END,
      'stored_c', customer_tier_internal.per_axis(r.axes, '{n} AS c{i}'), 'first_pass', first_pass,
      -- one group is all, and has no lines if it is nobody
      'grp', CASE WHEN r.per IS NULL THEN '''''::text' ELSE 'grp' END, 'by_grp', CASE WHEN r.per IS NULL THEN 'HAVING count(*) > 0' ELSE 'GROUP BY grp' END,
      'found', CASE WHEN NOT two_passes THEN 'SELECT * FROM first_pass'
                    WHEN r.per IS NULL THEN format('SELECT f.grp%s FROM sample CROSS JOIN first_pass AS f GROUP BY f.grp, %s', found, customer_tier_internal.per_axis(r.axes, 'f.c{i}'))
                    ELSE format('SELECT grp%s FROM sample JOIN first_pass AS f USING (grp) GROUP BY grp, %s', found, customer_tier_internal.per_axis(r.axes, 'f.c{i}')) END,
      'k_of_c', customer_tier_internal.per_axis(r.axes, CASE WHEN r.keep IS NULL THEN 'c{i} AS k{i}' ELSE format('customer_tier_internal.kept_lines(c{i}, %s) AS k{i}', customer_tier_internal.json_numbers(ARRAY[r.keep]) -> 0) END),
      'c_in_force', customer_tier_internal.per_axis(r.axes, 'coalesce(o.c{i}, f.c{i}) AS c{i}'), 'fixed', CASE WHEN r.calibrate = 'fixed' THEN format('o.version >= %s', r.calibrated) ELSE 'false' END,
      -- the state is not read at all while the lines are where they were
      'passed', CASE WHEN partial THEN customer_tier_internal.interpolate($q$moved AS MATERIALIZED (SELECT {line_moved} FROM line AS l LEFT JOIN stored AS o USING (grp)),
      passed AS MATERIALIZED (
        SELECT * FROM (
          SELECT customer, t.grp, {values} FROM {state} AS t {with_line} WHERE (SELECT {any_moved} FROM moved) AND ({score_differs}) OFFSET 0) AS t
        WHERE {not_in_scope}),
      $q$, jsonb_build_object('values', customer_tier_internal.per_axis(r.axes, '{n} AS v{i}'), 'state', s.state, 'with_line', with_line, 'not_in_scope', not_in_scope,
        'line_moved', customer_tier_internal.per_axis(r.axes, 'bool_or(l.c{i} IS DISTINCT FROM o.c{i}) AS m{i}'), 'any_moved', customer_tier_internal.per_axis(r.axes, 'm{i}', ' OR '),
        'score_differs', customer_tier_internal.per_axis(r.axes, '(SELECT m{i} FROM moved) AND customer_tier.score({-}{n}, c{i}) <> {s}', ' OR '))) ELSE '' END,
      'and_passed', CASE WHEN partial THEN 'UNION ALL SELECT * FROM passed' ELSE '' END, 'with_line', with_line,
      's_of_c', customer_tier_internal.per_axis(r.axes, 'customer_tier.score({-}v{i}, c{i}) AS s{i}'), 'if_rated', CASE WHEN r.unrated IS NULL THEN 'WHERE ' || customer_tier_internal.per_axis(r.axes, 'v{i} IS NOT NULL', ' AND ') ELSE '' END,
      'rank', customer_tier_internal.rank_sql(r, 's{i}'), 'kept', CASE WHEN r.keep IS NULL THEN 'NULL::integer' ELSE customer_tier_internal.rank_sql(r, 'customer_tier.score({-}v{i}, k{i})') END));
END $$;
COMMENT ON FUNCTION customer_tier_internal.graded_sql(scheme, rule, date, boolean) IS 'support of schemes: the query that grades, as common table expressions';

-- How far a customer is from the lines of an axis, "l" and by the sign "low": of the
-- score, or while more is held than is earned of the score that suffices to keep it.
CREATE FUNCTION customer_tier_internal.distances_sql(r rule, i integer) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT customer_tier_internal.interpolate('(SELECT {low}nullif(kept[at - 1], ''Infinity'') AS line_to_stay, x.{n} - {low}nullif(kept[at - 1], ''Infinity'') AS margin, {low}nullif(l.{n}[x.{s}], ''Infinity'') AS line_to_rise, {low}nullif(l.{n}[x.{s}], ''Infinity'') - x.{n} AS gap
  FROM (SELECT kept, CASE x.status WHEN ''held'' THEN greatest(x.{s}, customer_tier.score({low}x.{n}, kept)) ELSE x.{s} END AS at FROM (SELECT customer_tier_internal.kept_lines(l.{n}, {keep}) AS kept OFFSET 0) AS k) AS k)',
  jsonb_build_object('n', quote_ident(a ->> 'name'), 's', quote_ident((a ->> 'name') || '_score'), 'low', CASE a ->> 'better' WHEN 'lower' THEN '-' ELSE '' END, 'keep', CASE WHEN r.keep IS NULL THEN 'NULL' ELSE (customer_tier_internal.json_numbers(ARRAY[r.keep]) ->> 0) || '::double precision' END))
FROM (SELECT r.axes -> (i - 1) AS a) AS axis
$$;
COMMENT ON FUNCTION customer_tier_internal.distances_sql(rule, integer) IS 'support of schemes: SQL for the lines next to a value';

-- whether a day on which customers may fall lies after one day and not after another
CREATE FUNCTION customer_tier_internal.is_review(review text[], after date, until date) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT review IS NULL OR coalesce(bool_or(d > after AND d <= until), after IS NULL)
FROM generate_series(extract(year FROM after)::int, extract(year FROM until)::int) AS y, unnest(review) AS m, LATERAL (SELECT make_date(y, left(m, 2)::int, right(m, 2)::int) AS d) AS days
$$;
COMMENT ON FUNCTION customer_tier_internal.is_review(text[], date, date) IS 'support of schemes: whether customers may fall at this refresh';

-- After the first refresh, for then it is an index build and no million insertions.
-- The history is one chain for each customer: every end is the beginning of another,
-- and just one is open.  So there is no gap and no overlap.
CREATE FUNCTION customer_tier_internal.constrain(s scheme) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = s.state AND contype = 'p') THEN
    FOREACH command IN ARRAY ARRAY[
      format('ALTER TABLE %s ADD PRIMARY KEY (customer)', s.state),
      format('CREATE INDEX ON %s (customer) WHERE status <> ''earned''', s.state),
      format('ALTER TABLE %s ADD PRIMARY KEY (customer, valid_from), ADD UNIQUE (customer, valid_to), ADD CHECK (valid_from < valid_to)', s.history),
      format('ALTER TABLE %1$s ADD FOREIGN KEY (customer, next_from) REFERENCES %1$s (customer, valid_from)', s.history)] LOOP
      PERFORM FROM customer_tier_internal.as_owner(s.source, command) AS (x int);
    END LOOP;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.constrain(scheme) IS 'support of refresh: the keys of a scheme''s tables, and what keeps its history without gap and overlap';

CREATE FUNCTION customer_tier_internal.check_scheme_day(s scheme, as_of date) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF as_of IS NULL OR NOT isfinite(as_of) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'as_of is not a day', HINT = 'Tiers are those of a day: as_of => ''2026-11-30''.';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_scheme_day(scheme, date) IS 'support of schemes: an error if as_of is not a day';

/*
 * A refresh, in one statement: the tiers of the day, what discipline makes of them,
 * and what differs from the last refresh is written.  Another refresh of the same day
 * decides again, by what was before the day, and corrects what that day has written.
 *
 *   again    customers to be looked at by the next refresh, whatever is sold till then
 *   today    rows of the history that this day has begun already, with the row before
 *   before   what was before the day, beside what is there now
 *   placed   each customer of whom anything is not as it was: earned now (rank), by
 *            the lines to stay (kept), and before the day
 *   drifted  of these, whose tier is settled: only their values are others
 *   decided  what discipline makes of the rest, with the tier that the lines of the last
 *            day would give (by_old)
 *   next     the tier from now on
 *   turn     whether the tier, or the way they have it, changes on this day
 *
 * Rows are written by their place (ctid), which the same statement has read: nothing
 * needs to be found again.
 */
CREATE FUNCTION customer_tier_internal.grade(s scheme, r rule, as_of date) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  last record;
  old customer_tier.rule;
  holds interval[];
  same_axes boolean;
  equal text := (SELECT x.equal FROM customer_tier_internal.source_parts(customer_tier_internal.source_of(s.source)) AS x);
  mode text;
  same_day boolean := as_of IS NOT DISTINCT FROM s.as_of;
  command text;
BEGIN
  -- the last refresh, and the last before the day
  SELECT (array_agg(version ORDER BY day DESC))[1] AS version, max(day) FILTER (WHERE day < as_of) AS day_before, (array_agg(version ORDER BY day DESC) FILTER (WHERE day < as_of))[1] AS version_before
    INTO last FROM customer_tier_internal.as_owner(s.source, format('(SELECT as_of, version FROM %s ORDER BY as_of DESC LIMIT 2)', s.refreshes)) AS x(day date, version int);
  SELECT x.* INTO old FROM customer_tier.rule AS x WHERE x.scheme = s.scheme AND x.version = last.version_before;
  -- the same measures, however they are cut
  same_axes := old.version IS NOT NULL AND (SELECT jsonb_agg(a - '{by,at,rule}'::text[]) FROM jsonb_array_elements(old.axes) AS a) = (SELECT jsonb_agg(a - '{by,at,rule}'::text[]) FROM jsonb_array_elements(r.axes) AS a);
  SELECT ARRAY(SELECT coalesce(h, r.hold) FROM unnest(r.tiers) WITH ORDINALITY AS t(tier, rank) LEFT JOIN customer_tier_internal.as_owner(s.source, format('SELECT tier, hold FROM %s', s.tiers)) AS x(tier text, h interval) USING (tier) ORDER BY rank) INTO holds;
  -- first: nothing is there yet; partial: values of the others do not change with the day
  mode := CASE WHEN s.as_of IS NULL AND NOT EXISTS (SELECT FROM customer_tier_internal.as_owner(s.source, format('SELECT 1 FROM %s LIMIT 1', s.pins)) AS (x int)) THEN 'first'
               WHEN last.version = r.version AND s.attributes IS NULL AND NOT EXISTS (SELECT FROM jsonb_array_elements(r.axes) AS a WHERE a -> 'measures' IS NOT NULL)
                 AND (same_day OR customer_tier_internal.expression_uses(s.input, r.per, 'as_of') IS NOT TRUE AND NOT EXISTS (SELECT FROM jsonb_array_elements(r.axes) AS a WHERE customer_tier_internal.expression_uses(s.input, a ->> 'value', 'as_of'))) THEN 'partial'
               ELSE 'all' END;
  command := customer_tier_internal.interpolate($q$
    WITH {scope}{graded},
    seen AS (DELETE FROM {touched}),
    again AS (INSERT INTO {touched} SELECT customer FROM {input} AS t WHERE NOT customer_tier.is_empty(customer_tier.slice(ledger, daterange({day} + 1, NULL))){of_scope}{or_unrated}),
    lines_written AS (
      INSERT INTO {thresholds} AS t (as_of, grp, version, {columns})
      SELECT {day}, l.grp, {version}, {l_c} FROM line AS l LEFT JOIN stored AS o USING (grp)
      WHERE o.grp IS NULL OR o.version <> {version} OR {line_moved}
      ON CONFLICT (as_of, grp) DO UPDATE SET version = EXCLUDED.version, {columns_excluded}),
    $q$ || CASE mode WHEN 'first' THEN $q$
    came AS (INSERT INTO {state} (customer, grp, {columns}, {score_columns}, earned, tier, status, since)
      SELECT customer, grp, {v}, {s}, tier, tier, 'earned', {day} FROM (SELECT *, ({names})[rank] AS tier FROM graded OFFSET 0) AS g RETURNING customer, tier, {columns}, {score_columns}),
    begun AS (INSERT INTO {history} (customer, valid_from, valid_to, tier, change, reason, status, since, earned, rule_version, {columns}, {score_columns})
      SELECT customer, {day}, 'infinity', tier, 'new', 'first', 'earned', {day}, tier, {version}, {columns}, {score_columns} FROM came RETURNING 1),
    counts AS (SELECT count(*) AS customers, count(*) AS changed, count(*) AS day_entered, 0::bigint AS day_up, 0::bigint AS day_down, 0::bigint AS day_gone FROM begun),
    $q$ ELSE $q$
    pin AS (SELECT customer, array_position({names}, tier) AS pinned, pinned_from > {day_before} AS anew, format('by %s: %s', author, reason) AS note FROM {pins} WHERE pinned_from <= {day} AND (until IS NULL OR until > {day})),
    $q$ || CASE WHEN same_day THEN $q$
    today AS MATERIALIZED (
      SELECT y.ctid AS begun, y.change AS begun_as, y.customer, b.ctid AS row_before, b.tier AS was, b.status AS was_status, b.since AS was_since, b.earned AS was_earned
      FROM {history} AS y LEFT JOIN {history} AS b ON b.customer {equal} y.customer AND b.valid_to = y.valid_from WHERE y.valid_from = {day} AND {in_scope_or_passed}),
    before AS (
      SELECT y.place, coalesce(y.customer, d.customer) AS customer, y.grp, {y_columns}, begun, begun_as, row_before, y.tier AS now, CASE WHEN begun IS NULL THEN y.tier ELSE d.was END AS was,
             CASE WHEN begun IS NULL THEN y.status ELSE d.was_status END AS was_status, CASE WHEN begun IS NULL THEN y.since ELSE d.was_since END AS was_since, CASE WHEN begun IS NULL THEN y.earned ELSE d.was_earned END AS was_earned
      FROM (SELECT ctid AS place, * FROM {state} AS y WHERE {in_scope_or_passed}) AS y FULL JOIN today AS d ON d.customer {equal} y.customer),
    $q$ ELSE $q$
    before AS (
      SELECT y.ctid AS place, y.customer, y.grp, {y_columns}, NULL::tid AS begun, NULL::text AS begun_as, NULL::tid AS row_before, y.tier AS now, y.tier AS was, y.status AS was_status, y.since AS was_since, y.earned AS was_earned
      FROM {state} AS y WHERE {in_scope_or_passed}),
    $q$ END || $q$
    placed AS MATERIALIZED (
      SELECT * FROM (
        SELECT g.*, t.was, t.was_status, t.was_since, t.was_earned, t.now, t.begun, t.begun_as, t.row_before, t.customer AS kept_customer, t.place, t.grp = g.grp AND {as_it_was} AS as_it_was,
               coalesce(t.begun IS NULL AND t.was_status = 'earned' AND t.was = g.earned AND t.was_earned = g.earned AND NOT EXISTS (SELECT FROM pin AS z WHERE z.customer {equal} g.customer), false) AS settled
        FROM (SELECT *, ({names})[rank] AS earned FROM graded OFFSET 0) AS g
             FULL JOIN before AS t ON t.customer {equal} g.customer OFFSET 0) AS p
      WHERE NOT settled OR as_it_was IS NOT TRUE),
    drifted AS (UPDATE {state} AS t SET grp = n.grp, {columns_next}, {scores_next}
      FROM placed AS n WHERE settled AND t.ctid = ANY (ARRAY(SELECT place FROM placed WHERE settled)) AND t.customer {equal} n.customer),
    lines_before AS MATERIALIZED (SELECT DISTINCT ON (grp) grp, {stored_c} FROM {thresholds} WHERE as_of < {day} ORDER BY grp, as_of DESC),
    decided AS (
      SELECT coalesce(p.customer, kept_customer) AS customer, place, begun, begun_as, row_before, p.customer IS NULL AS gone, was IS NULL AS fresh, p.grp, {v}, {s}, earned, rank, was, was_status, was_since, was_earned, now, by_old,
             CASE WHEN p.customer IS NULL THEN NULL
                  WHEN pinned IS NOT NULL THEN pinned
                  WHEN cur IS NULL OR rank >= cur THEN rank
                  WHEN greatest(rank, kept) >= cur OR NOT {may_fall} OR {day} < was_since + ({holds})[cur] THEN cur
                  ELSE greatest(rank, kept{one_level}) END AS goes_to, pinned, anew, note
      FROM (SELECT placed.*, pin.pinned, pin.anew, pin.note, CASE WHEN was_status <> 'pinned' THEN array_position({names}, was) END AS cur
            FROM placed LEFT JOIN pin ON pin.customer {equal} placed.customer WHERE NOT settled OFFSET 0) AS p
           LEFT JOIN LATERAL (SELECT {by_old} AS by_old FROM lines_before AS o WHERE o.grp = p.grp OFFSET 0) AS o ON was_earned <> earned OR was <> earned
      OFFSET 0),
    next AS MATERIALIZED (
      SELECT *, CASE WHEN was = tier THEN was_since ELSE {day} END AS since FROM (
        SELECT *, ({names})[goes_to] AS tier,
               CASE WHEN gone THEN 'left' WHEN pinned IS NOT NULL THEN 'pinned' WHEN goes_to > rank THEN 'held' ELSE 'earned' END AS status
        FROM decided OFFSET 0) AS d),
    came AS (INSERT INTO {state} (customer, grp, {columns}, {score_columns}, earned, tier, status, since)
      SELECT customer, grp, {v}, {s}, earned, tier, status, since FROM next WHERE place IS NULL AND NOT gone ORDER BY customer),
    went AS (DELETE FROM {state} WHERE ctid = ANY (ARRAY(SELECT place FROM next WHERE gone))),
    stayed AS (UPDATE {state} AS t SET grp = n.grp, {columns_next}, {scores_next}, earned = n.earned, tier = n.tier, status = n.status, since = n.since
      FROM next AS n WHERE t.ctid = ANY (ARRAY(SELECT place FROM next WHERE NOT gone)) AND t.customer {equal} n.customer
        AND NOT (t.grp = n.grp AND {as_it_was} AND t.earned = n.earned AND t.tier = n.tier AND t.status = n.status AND t.since = n.since)),
    turn AS MATERIALIZED (
      SELECT customer, begun, begun_as, row_before, was, now, {v}, {s}, earned, tier, status, since,
             NOT (fresh AND gone) AND (fresh OR gone OR tier <> was OR status <> was_status OR anew IS TRUE) AS turns,
             CASE WHEN gone THEN 'left' WHEN fresh THEN 'new' WHEN tier = was THEN 'same'
                  WHEN array_position({names}, was) IS NULL THEN 'replaced' WHEN array_position({names}, tier) > array_position({names}, was) THEN 'up' ELSE 'down' END AS change,
             CASE WHEN gone THEN 'left'
                  WHEN status = 'pinned' THEN 'pinned'
                  -- LIMIT: by the index, for a planner that expects many would hash the whole history
                  WHEN fresh THEN CASE WHEN (SELECT true FROM {history} AS h WHERE h.customer {equal} next.customer AND h.valid_from < {day} LIMIT 1) THEN 'returned' ELSE 'first' END
                  WHEN status = 'held' AND tier = was THEN 'held'
                  WHEN was_status = 'pinned' THEN 'unpinned'
                  WHEN was_status = 'held' AND tier <> was AND earned = was_earned THEN 'hold ended'
                  WHEN {rule_changed} AND (by_old IS NULL OR by_old = was_earned) THEN 'rule'
                  WHEN by_old = was_earned THEN 'line moved'
                  ELSE 'moved' END AS reason, note
      FROM next WHERE begun IS NOT NULL OR fresh OR gone OR tier <> was OR status <> was_status OR anew),
    -- what this day began, and is not so
    removed AS (DELETE FROM {history} WHERE ctid = ANY (ARRAY(SELECT begun FROM turn WHERE NOT turns)) RETURNING 1),
    corrected AS (UPDATE {history} AS h SET tier = n.tier, previous_tier = n.was, change = n.change, reason = n.reason, note = n.note, status = n.status, since = n.since, earned = n.earned, rule_version = {version}, {columns_next}, {scores_next}
      FROM turn AS n WHERE h.ctid = ANY (ARRAY(SELECT begun FROM turn WHERE turns)) AND n.customer {equal} h.customer
        AND ROW(h.tier, h.previous_tier, h.change, h.reason, h.note, h.status, h.since, h.earned, h.rule_version, {h_columns}) IS DISTINCT FROM ROW(n.tier, n.was, n.change, n.reason, n.note, n.status, n.since, n.earned, {version}, {n_columns})),
    open AS MATERIALIZED (SELECT h.ctid AS place FROM {history} AS h WHERE h.valid_to = 'infinity' AND EXISTS (SELECT FROM turn AS n WHERE turns AND begun IS NULL AND n.customer {equal} h.customer)),
    ended AS (UPDATE {history} SET valid_to = {day} WHERE ctid = ANY (ARRAY(SELECT place FROM open)) RETURNING 1),
    -- one end is open at any time: those before are closed first
    reopened AS (UPDATE {history} SET valid_to = 'infinity' WHERE ctid = ANY (ARRAY(SELECT row_before FROM turn WHERE NOT turns AND (SELECT count(*) FROM removed) >= 0))),
    begun AS (INSERT INTO {history} (customer, valid_from, valid_to, tier, previous_tier, change, reason, note, status, since, earned, rule_version, {columns}, {score_columns})
      SELECT n.customer, {day}, 'infinity', n.tier, n.was, n.change, n.reason, n.note, n.status, n.since, n.earned, {version}, {v}, {s}
      FROM turn AS n WHERE (SELECT count(*) FROM ended) >= 0 AND turns AND n.begun IS NULL ORDER BY n.customer),
    -- what differs from the last refresh; and from that of an earlier day what this one adds to what the day had
    counts AS (
      SELECT coalesce((SELECT customers FROM {refreshes} ORDER BY as_of DESC LIMIT 1), 0) + count(*) FILTER (WHERE now IS NULL AND tier IS NOT NULL) - count(*) FILTER (WHERE tier IS NULL AND now IS NOT NULL) AS customers,
             count(*) FILTER (WHERE (now IS NULL) <> (tier IS NULL) OR array_position({names}, tier) <> array_position({names}, now)) AS changed,
             count(*) FILTER (WHERE turns AND change = 'new') - count(*) FILTER (WHERE begun_as = 'new') AS day_entered, count(*) FILTER (WHERE turns AND change = 'up') - count(*) FILTER (WHERE begun_as = 'up') AS day_up,
             count(*) FILTER (WHERE turns AND change = 'down') - count(*) FILTER (WHERE begun_as = 'down') AS day_down, count(*) FILTER (WHERE turns AND change = 'left') - count(*) FILTER (WHERE begun_as = 'left') AS day_gone FROM turn),
    $q$ END || $q$
    logged AS (INSERT INTO {refreshes} AS x (as_of, version, customers, entered, up, down, gone) SELECT {day}, {version}, customers, day_entered, day_up, day_down, day_gone FROM counts
      ON CONFLICT (as_of) DO UPDATE SET version = EXCLUDED.version, customers = EXCLUDED.customers, entered = x.entered + EXCLUDED.entered, up = x.up + EXCLUDED.up, down = x.down + EXCLUDED.down, gone = x.gone + EXCLUDED.gone
      WHERE ROW(EXCLUDED.entered, EXCLUDED.up, EXCLUDED.down, EXCLUDED.gone) <> ROW(0, 0, 0, 0) OR x.version <> EXCLUDED.version OR x.customers <> EXCLUDED.customers)
    SELECT n.customers, coalesce(x.entered, 0) + day_entered, coalesce(x.up, 0) + day_up, coalesce(x.down, 0) + day_down, coalesce(x.gone, 0) + day_gone, changed
    FROM counts AS n LEFT JOIN {refreshes} AS x ON x.as_of = {day}
    $q$, to_jsonb(s) || jsonb_build_object(
      'graded', customer_tier_internal.graded_sql(s, r, as_of, mode = 'partial'), 'day', quote_literal(as_of) || '::date', 'version', r.version, 'names', quote_literal(customer_tier_internal.tier_names(r)) || '::text[]', 'equal', equal,
      'scope', CASE mode WHEN 'partial' THEN format('scope AS MATERIALIZED (SELECT customer FROM %s UNION SELECT customer FROM %s WHERE status <> ''earned'' UNION SELECT customer FROM %s%s), ', s.touched, s.state, s.pins,
        -- who fell today, and now perhaps would not, by a line to stay
        CASE WHEN same_day AND r.keep IS NOT NULL THEN format(' UNION SELECT customer FROM %s WHERE valid_from = %L AND change IN (''down'', ''same'', ''replaced'')', s.history, as_of) ELSE '' END) ELSE '' END,
      'of_scope', CASE mode WHEN 'partial' THEN format(' AND EXISTS (SELECT FROM scope AS z WHERE z.customer %s t.customer)', equal) ELSE '' END,
      'day_before', coalesce(quote_literal(last.day_before), '''-infinity''') || '::date', 'stored_c', customer_tier_internal.per_axis(r.axes, '{n} AS c{i}'),
      'in_scope_or_passed', CASE mode WHEN 'partial' THEN format('EXISTS (SELECT FROM (SELECT customer FROM scope UNION ALL SELECT customer FROM passed) AS z WHERE z.customer %s y.customer)', equal) ELSE 'true' END,
      'y_columns', customer_tier_internal.per_axis(r.axes, 'y.{n}, y.{s}'),
      -- who lacks a score has no row that would keep the other values
      'or_unrated', CASE WHEN r.unrated IS NULL AND jsonb_array_length(r.axes) > 1 THEN ' UNION ALL SELECT customer FROM input WHERE ' || customer_tier_internal.per_axis(r.axes, 'v{i} IS NULL', ' OR ') ELSE '' END,
      'v', customer_tier_internal.per_axis(r.axes, 'v{i}'), 's', customer_tier_internal.per_axis(r.axes, 's{i}'), 'l_c', customer_tier_internal.per_axis(r.axes, 'l.c{i}'), 'line_moved', customer_tier_internal.per_axis(r.axes, 'l.c{i} IS DISTINCT FROM o.c{i}', ' OR '),
      'columns', customer_tier_internal.per_axis(r.axes, '{n}'), 'columns_excluded', customer_tier_internal.per_axis(r.axes, '{n} = EXCLUDED.{n}'), 'columns_next', customer_tier_internal.per_axis(r.axes, '{n} = n.v{i}'),
      'score_columns', customer_tier_internal.per_axis(r.axes, '{s}'), 'scores_next', customer_tier_internal.per_axis(r.axes, '{s} = n.s{i}'),
      'h_columns', customer_tier_internal.per_axis(r.axes, 'h.{n}, h.{s}'), 'n_columns', customer_tier_internal.per_axis(r.axes, 'n.v{i}, n.s{i}'),
      'as_it_was', customer_tier_internal.per_axis(r.axes, 't.{n} IS NOT DISTINCT FROM v{i} AND t.{s} IS NOT DISTINCT FROM s{i}', ' AND '),
      'by_old', CASE WHEN same_axes THEN format('(%L::text[])[%s]', customer_tier_internal.tier_names(old), customer_tier_internal.rank_sql(old, 'customer_tier.score({-}p.v{i}, o.c{i})')) ELSE 'NULL::text' END,
      'rule_changed', coalesce(old.version <> r.version, false)::text, 'may_fall', customer_tier_internal.is_review(r.review, last.day_before, as_of)::text, 'holds', quote_literal(holds) || '::interval[]',
      'one_level', CASE r.downgrade WHEN 'one_level' THEN ', cur - 1' ELSE '' END));
  -- by itself, so that the context of an error has it once
  RETURN QUERY SELECT * FROM customer_tier_internal.as_owner(s.source, command) AS (customers bigint, entered bigint, up bigint, down bigint, gone bigint, changed bigint);
  IF s.as_of IS NULL THEN
    PERFORM customer_tier_internal.constrain(s);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.grade(scheme, rule, date) IS 'support of refresh: grades all customers and writes what differs';

-- One at a time; who waited reads what the other left.  The ledgers are locked first,
-- as by a refresh, so that nobody waits in a circle.
CREATE FUNCTION customer_tier_internal.locked_scheme(scheme regclass, mode text) RETURNS scheme
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.scheme_of($1);
BEGIN
  PERFORM FROM customer_tier_internal.as_owner(s.source, format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', (customer_tier_internal.source_of(s.source)).ledger)) AS (x int);
  PERFORM FROM customer_tier_internal.as_owner(s.source, format('LOCK TABLE %s IN %s MODE', s.state, mode)) AS (x int);
  RETURN customer_tier_internal.scheme_of($1);
END $$;
COMMENT ON FUNCTION customer_tier_internal.locked_scheme(regclass, text) IS 'support of schemes: a scheme, locked';

-- A year is the longest time from one grading to the next that is usual.
CREATE FUNCTION customer_tier_internal.warn_of_day(s scheme, as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  ledgers regclass := (customer_tier_internal.source_of(s.source)).ledger;
BEGIN
  IF as_of - 366 > s.as_of THEN
    RAISE WARNING USING MESSAGE = format('%s is more than 366 days after the last refresh of %s, which was as of %s', as_of, s.scheme, s.as_of),
      HINT = format('A day before can be refreshed no more after that. If it is not the day that was meant, SELECT customer_tier.backfill(%L, ...) makes the history anew.', s.scheme);
  END IF;
  -- mostly some of the first ledgers tell that there are sales, and the others are not read
  IF NOT EXISTS (SELECT FROM customer_tier_internal.as_owner(s.source, format('SELECT 1 FROM %s WHERE customer_tier.last_day(ledger) >= %L::date - 31 LIMIT 1', ledgers, as_of)) AS (x int)) THEN
    PERFORM customer_tier_internal.warn_of_silence(s.source, l.last, as_of) FROM customer_tier_internal.as_owner(s.source, format('SELECT max(customer_tier.last_day(ledger)) FROM %s', ledgers)) AS l (last date);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.warn_of_day(scheme, date) IS 'support of refresh: warnings if as_of is far from the last refresh, or past the last sale';

CREATE FUNCTION customer_tier_internal.refresh_scheme(scheme regclass, as_of date, warn boolean, OUT customers bigint, OUT entered bigint, OUT up bigint, OUT down bigint, OUT gone bigint) RETURNS record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.scheme_of($1);
  changed bigint;
BEGIN
  PERFORM customer_tier_internal.check_scheme_day(s, as_of);
  PERFORM customer_tier_internal.check_attributes(s);
  PERFORM customer_tier_internal.require_read_committed();
  IF coalesce((customer_tier_internal.source_of(s.source)).queue, ((customer_tier_internal.source_of(s.source)).touches)[1]) IS NOT NULL THEN
    IF (customer_tier_internal.source_of(s.source)).refreshed_at IS NULL THEN
      CALL customer_tier_internal.make_ledgers(s.source);
    ELSE
      CALL customer_tier_internal.merge(s.source);
    END IF;
    CALL customer_tier_internal.note(s.source, NULL);
  END IF;
  s := customer_tier_internal.locked_scheme($1, 'SHARE UPDATE EXCLUSIVE');
  IF as_of < s.as_of THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('%s was refreshed as of %s already', $1, s.as_of),
      HINT = format('SELECT * FROM customer_tier.tiers_as_of(%L, %L) shows an earlier day; backfill makes the history anew.', $1, as_of);
  END IF;
  IF warn THEN
    PERFORM customer_tier_internal.warn_of_day(s, as_of);
  END IF;
  SELECT * INTO customers, entered, up, down, gone, changed FROM customer_tier_internal.grade(s, customer_tier_internal.rule_of(s), as_of) AS (a bigint, b bigint, c bigint, d bigint, e bigint, f bigint);
  UPDATE customer_tier.scheme AS x SET as_of = $2 WHERE x.scheme = $1 AND x.as_of IS DISTINCT FROM $2;
  -- the next refresh comes before autovacuum does, perhaps
  IF 10 * changed > customers THEN
    PERFORM FROM customer_tier_internal.as_owner(s.source, format('ANALYZE %s, %s', s.state, s.history)) AS (x int);
  END IF;
  IF changed > 0 THEN
    PERFORM pg_notify('customer_tier', json_build_object('scheme', $1::text, 'as_of', $2, 'entered', entered, 'up', up, 'down', down, 'gone', gone)::text);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.refresh_scheme(regclass, date, boolean) IS 'support of refresh and backfill';

CREATE FUNCTION refresh(scheme regclass, as_of date, OUT customers bigint, OUT entered bigint, OUT up bigint, OUT down bigint, OUT gone bigint) RETURNS record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  SELECT * INTO customers, entered, up, down, gone FROM customer_tier_internal.refresh_scheme($1, $2, true);
END $$;
COMMENT ON FUNCTION refresh(regclass, date) IS 'grades all customers as of a day and writes what changes; how many there are, and how many entered, rose, fell and left since the last refresh of an earlier day';

CREATE FUNCTION customer_tier_internal.tiers_as_of_sql(scheme regclass, as_of date) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.scheme_of($1);
  r customer_tier.rule := customer_tier_internal.rule_of(s);
BEGIN
  PERFORM customer_tier_internal.check_scheme_day(s, as_of);
  RETURN format('WITH %s SELECT customer::text, (%L::text[])[rank], rank FROM graded', customer_tier_internal.graded_sql(s, r, as_of), customer_tier_internal.tier_names(r));
END $$;
COMMENT ON FUNCTION customer_tier_internal.tiers_as_of_sql(regclass, date) IS 'support of tiers_as_of';

CREATE FUNCTION tiers_as_of(scheme regclass, as_of date, OUT customer text, OUT tier text, OUT rank integer) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL UNSAFE
AS $$ SELECT * FROM customer_tier_internal.as_owner((customer_tier_internal.scheme_of($1)).source, customer_tier_internal.tiers_as_of_sql($1, $2)) AS x(customer pg_catalog.text, tier pg_catalog.text, rank pg_catalog.int4) $$;
COMMENT ON FUNCTION tiers_as_of(regclass, date) IS 'the tiers that customers had earned on a day, by the rule in force now, from the ledgers alone';
