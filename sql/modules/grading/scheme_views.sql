-- The views of a scheme.

-- the latest lines of an axis, by group
CREATE FUNCTION customer_tier_internal.last_lines_sql(s customer_tier_internal.scheme, axis integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT DISTINCT ON (customer_group) customer_group, lines
               FROM %s
               WHERE axis = %s
               ORDER BY customer_group, as_of DESC', s.thresholds, axis)
$$;
COMMENT ON FUNCTION customer_tier_internal.last_lines_sql(customer_tier_internal.scheme, integer) IS
  'support of schemes: SQL for the lines that are in force';

-- The distances of the value "x" of an axis from its lines "l": those of the score, or, while a higher tier
-- is held than earned, those of the score that suffices to keep it.
CREATE FUNCTION customer_tier_internal.distances_sql(r customer_tier_internal.rule, i integer) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('(SELECT %1$snullif(kept[at - 1], ''Infinity'') AS line_to_stay,
               x.%2$I - %1$snullif(kept[at - 1], ''Infinity'') AS margin,
               %1$snullif(l.lines[x.scores[%3$s]], ''Infinity'') AS line_to_rise,
               %1$snullif(l.lines[x.scores[%3$s]], ''Infinity'') - x.%2$I AS gap
             FROM (SELECT kept, CASE x.status
                                  WHEN ''held'' THEN greatest(x.scores[%3$s], customer_tier.score(%1$sx.%2$I, kept))
                                  ELSE x.scores[%3$s]
                                END AS at
                   FROM (SELECT customer_tier_internal.kept_lines(l.lines, %4$s) AS kept OFFSET 0) AS k) AS k)',
              CASE a ->> 'better' WHEN 'lower' THEN '-' ELSE '' END, a ->> 'name', i,
              coalesce((customer_tier_internal.json_numbers(ARRAY[r.keep]) ->> 0) || '::float8', 'NULL'))
FROM (SELECT r.axes -> (i - 1) AS a) AS axis
$$;
COMMENT ON FUNCTION customer_tier_internal.distances_sql(customer_tier_internal.rule, integer) IS
  'support of schemes: SQL for the lines next to a value, and how far they are';

-- The views as (suffix, comment, query).  The first one identifies the scheme.
CREATE FUNCTION customer_tier_internal.scheme_views(s customer_tier_internal.scheme, r customer_tier_internal.rule,
  current text, OUT suffix text, OUT description text, OUT query text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
DECLARE
  equal text := customer_tier_internal.equal_of(s);
  grouped text := CASE WHEN r.per IS NULL THEN '' ELSE 'x.customer_group, ' END;
  stored boolean[] := customer_tier_internal.stored_axes(s, r);
  a jsonb;
  i integer := 0;
  sign text;
  names text := '';
  now text := '';
  computed text[];
  scores text := '';
  history text := '';
  line_joins text := '';
  differs text := '';
  progress text[];
  thresholds text[];
  axis_names text[];
  cells text := '';
  means text := '';
BEGIN
  FOR a IN SELECT * FROM jsonb_array_elements(r.axes) LOOP
    i := i + 1;
    sign := CASE a ->> 'better' WHEN 'lower' THEN '-' ELSE '' END;
    names := names || format(', x.%I', a ->> 'name');
    axis_names := axis_names || (a ->> 'name');
    cells := cells || format(', c.scores[%s]::int AS %I', i, (a ->> 'name') || '_score');
    means := means || format(', c.means[%s] AS %I', i, a ->> 'name');
    scores := scores || format(', x.scores[%s]::int AS %I', i, (a ->> 'name') || '_score');
    history := history || format(', x.vals[%s] AS %I', i, a ->> 'name');
    now := now || CASE
      WHEN stored[i] THEN format(', x.vals[%s] AS %I', i, a ->> 'name')
      ELSE format(', v.%I', a ->> 'name')
    END;
    IF NOT stored[i] THEN
      computed := computed || format('(%s)::float8 AS %I', a ->> 'value', a ->> 'name');
    END IF;
    line_joins := line_joins || format(E'\n      LEFT JOIN (%s) AS l%s ON l%2$s.customer_group = x.customer_group',
                                       customer_tier_internal.last_lines_sql(s, i), i);
    differs := differs || format('%1$sx.scores[%2$s] IS DISTINCT FROM customer_tier.score(%3$sx.%4$I, l%2$s.lines)',
                                 CASE i WHEN 1 THEN '' ELSE ' OR ' END, i, sign, a ->> 'name');
    progress := progress || format($q$
      SELECT x.customer, x.tier, t.rank AS tier_rank, %1$L AS axis, x.%1$I AS value, x.scores[%2$s]::int AS score,
             x.scores[%2$s] IS DISTINCT FROM customer_tier.score(%5$sx.%1$I, l.lines) AS changed,
             d.line_to_stay, d.margin, d.line_to_rise, d.gap
      FROM %3$s AS x
        LEFT JOIN %4$s AS t USING (tier)
        JOIN (%6$s) AS l USING (customer_group),
        LATERAL %7$s AS d
      $q$, a ->> 'name', i, current, s.tier_table, sign,
      customer_tier_internal.last_lines_sql(s, i), customer_tier_internal.distances_sql(r, i));
    thresholds := thresholds || format($q$
      SELECT x.as_of, %s%L AS axis, o::integer + 1 AS score, %s nullif(line, 'Infinity') AS line, %L AS reached_by,
             x.version AS rule_version
      FROM %s AS x, unnest(x.lines) WITH ORDINALITY AS u(line, o)
      WHERE x.axis = %s
      $q$, grouped, a ->> 'name', sign, CASE a ->> 'better' WHEN 'lower' THEN 'this or less' ELSE 'this or more' END,
      s.thresholds, i);
  END LOOP;
  RETURN QUERY VALUES
  ('__current', 'what the views of a scheme share: the state beside the values as of the last refresh', format($q$
    SELECT x.customer, x.customer_group, x.scores, x.earned, x.tier, x.status, x.since, d.as_of%s
    FROM %s AS x
      CROSS JOIN (SELECT max(as_of) AS as_of FROM %s) AS d%s
    $q$, now, s.state, s.refreshes,
    CASE WHEN computed IS NOT NULL THEN format($q$
      LEFT JOIN %s AS l ON l.customer %s x.customer%s%s,
      LATERAL (
        SELECT %s
        FROM (SELECT x.customer, k.ledger, d.as_of, true AS listed%s
              FROM (SELECT %s OFFSET 0) AS k) AS %I) AS v
      $q$, s.ledger, equal,
      CASE
        WHEN s.attributes IS NULL THEN ''
        ELSE format(' LEFT JOIN %s AS a ON a.customer %s x.customer', s.attributes, equal)
      END,
      customer_tier_internal.source_joins_sql(s, 'x.customer'), array_to_string(computed, ', '),
      customer_tier_internal.input_columns_sql(s, customer_tier_internal.input_names(s), 'k.%s'),
      -- Each ledger is sliced once.  Attributes stay outside: those that no measure names are not joined.
      (SELECT string_agg(
         format('customer_tier.slice(coalesce(%s.ledger, ''{}''), daterange(NULL, d.as_of, ''[]'')) AS %s', alias,
                CASE alias WHEN 'l' THEN 'ledger' ELSE alias END), ', ')
       FROM unnest(ARRAY['l'] || ARRAY(SELECT 's' || n FROM generate_subscripts(s.sources, 1) AS n)) AS u(alias)),
      (SELECT relname FROM pg_class WHERE oid = s.input))
    ELSE '' END));
  RETURN QUERY VALUES
  ('', 'current tier of each customer', format($q$
    SELECT x.customer, x.tier, t.name AS tier_name, t.rank AS tier_rank, t.colour AS tier_colour, x.status, x.since,
           nullif(h.previous_tier, x.tier) AS previous_tier,
           CASE WHEN h.previous_tier <> x.tier THEN x.since END AS changed_on,
           CASE
             WHEN x.status = 'held' THEN nullif((x.since + coalesce(t.hold, %s))::date, 'infinity')
           END AS held_until,
           x.earned AS earned_tier, %s AS changed, t.policy, %s%s%s
    FROM %s AS x
      LEFT JOIN %s AS t USING (tier)
      LEFT JOIN %s AS h ON h.customer %s x.customer AND h.valid_from = x.since%s
    $q$, coalesce(quote_literal(r.hold), 'NULL') || '::interval', differs, grouped, substr(names, 3), scores,
    current, s.tier_table, s.history, equal, line_joins)),
  ('_history',
   'tiers of each customer, with the days from (included) and to (excluded) on which they held',
   format($q$
    SELECT x.customer, x.tier, t.rank AS tier_rank, x.valid_from,
           CASE WHEN isfinite(x.valid_to) THEN x.valid_to ELSE '9999-12-31' END AS valid_to,
           daterange(x.valid_from, nullif(x.valid_to, 'infinity')) AS valid, NOT isfinite(x.valid_to) AS is_current,
           x.previous_tier, x.change, x.reason, x.note, x.status, x.rule_version%s%s
    FROM %s AS x
      LEFT JOIN %s AS t USING (tier)
    $q$, history, scores, customer_tier_internal.stretches_sql(s.history), s.tier_table)),
  ('_summary', 'each tier''s part of the customers beside its part of the value', format($q$
    SELECT t.tier, t.name AS tier_name, t.rank AS tier_rank, coalesce(heads, 0) AS heads,
           coalesce(heads, 0) / nullif(sum(heads) OVER (), 0)::float8 AS head_share,
           coalesce(value, 0) AS value, (coalesce(held, 0) / nullif(sum(held) OVER (), 0))::float8 AS value_share,
           coalesce(orders, 0) AS orders, (value / nullif(orders, 0))::float8 AS average_order,
           active / nullif(heads, 0)::float8 AS active_share, t.colour AS tier_colour
    FROM %s AS t
      LEFT JOIN (SELECT tier, sum(heads)::bigint AS heads, sum(value) AS value, sum(held) AS held,
                        sum(orders)::bigint AS orders, sum(active)::bigint AS active
                 FROM %s
                 WHERE as_of = (SELECT max(as_of) FROM %s)
                 GROUP BY tier) AS n USING (tier)
    WHERE t.rank IS NOT NULL OR heads > 0
    $q$, s.tier_table, s.trend, s.refreshes)),
  ('_migration',
   'customers by the tier of the last refresh of an earlier day and the tier now; null: not graded',
   format($q$
    WITH last AS (SELECT max(as_of) AS as_of FROM %s),
    moved AS (
      SELECT from_tier, to_tier, change, sum(heads)::bigint AS heads
      FROM %s
      WHERE as_of = (SELECT as_of FROM last)
      GROUP BY from_tier, to_tier, change),
    stayed AS (
      SELECT tier,
             sum(heads)::bigint - coalesce((SELECT sum(heads) FROM moved WHERE to_tier = tier), 0)::bigint AS heads
      FROM %s
      WHERE as_of = (SELECT as_of FROM last)
      GROUP BY tier)
    SELECT from_tier, f.rank AS from_rank, to_tier, t.rank AS to_rank, m.heads, m.change
    FROM (SELECT * FROM moved UNION ALL SELECT tier, tier, 'same', heads FROM stayed WHERE heads > 0) AS m
      LEFT JOIN %4$s AS f ON f.tier = from_tier
      LEFT JOIN %4$s AS t ON t.tier = to_tier
    $q$, s.refreshes, s.moves, s.trend, s.tier_table)),
  ('_trend',
   'each tier at each refresh, with who entered, rose, fell and left since that of an earlier day',
   format($q$
    SELECT x.as_of, %sx.tier, t.rank AS tier_rank, sum(x.heads)::bigint AS heads, sum(x.value) AS value,
           sum(x.orders)::bigint AS orders, sum(x.entered)::bigint AS entered, sum(x.up)::bigint AS up,
           sum(x.down)::bigint AS down, sum(x.gone)::bigint AS gone, sum(x.held) AS held
    FROM (
      SELECT as_of, customer_group, tier, heads, value, orders, 0 AS entered, 0 AS up, 0 AS down, 0 AS gone,
             held
      FROM %s
      UNION ALL
      SELECT as_of, customer_group, coalesce(to_tier, from_tier), 0, 0, 0,
             CASE change WHEN 'new' THEN heads ELSE 0 END, CASE change WHEN 'up' THEN heads ELSE 0 END,
             CASE change WHEN 'down' THEN heads ELSE 0 END, CASE change WHEN 'left' THEN heads ELSE 0 END, 0
      FROM %s) AS x
      LEFT JOIN %s AS t USING (tier)
    GROUP BY x.as_of, %sx.tier, t.rank
    $q$, grouped, s.trend, s.moves, s.tier_table, grouped)),
  ('_progress', 'for each customer and axis, how far it is to the next line and how far above the last',
    array_to_string(progress, ' UNION ALL ')),
  ('_thresholds', 'lines of each axis, each from the day it was found', array_to_string(thresholds, ' UNION ALL ')),
  ('_spread',
   'how the values of each axis are spread at the last refresh: customers whose values are near to each other',
   format($q$
    SELECT x.as_of, (%L::text[])[u.axis] AS axis, u.low, u.high, u.heads, u.total
    FROM %s AS x, unnest(x.spread) AS u
    $q$, axis_names, s.refreshes)),
  ('_cells', 'customers by their scores at the last refresh, and the mean of each axis', format($q$
    SELECT x.as_of%s, c.heads%s
    FROM %s AS x, unnest(x.cells) AS c
    $q$, cells, means, s.refreshes));
END $$;
COMMENT ON FUNCTION customer_tier_internal.scheme_views(customer_tier_internal.scheme, customer_tier_internal.rule,
  text) IS 'support of create_scheme: its views';

CREATE FUNCTION customer_tier_internal.column_comment(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce('{
  "customer": "the customer",
  "tier": "the tier",
  "tier_name": "the tier as it is shown",
  "tier_rank": "its rank, 1 for the lowest",
  "tier_colour": "its colour",
  "status": "earned; held: more than earned now, not yet taken away; pinned: given by hand",
  "since": "the day from which the tier is held",
  "earned_tier": "the tier that the scores alone give",
  "customer_group": "the group whose lines count",
  "valid_from": "first day",
  "valid_to": "the day after the last; 9999-12-31 if it holds now",
  "valid": "the days on which it held, or holds",
  "changed_on": "the day on which the tier changed last; null if it is the first, or a merge began it",
  "held_until": "the day on which a held tier may be taken away",
  "policy": "what the tier brings beside the columns of scheme_tiers",
  "changed": "whether the values now would give another score than the last refresh has found",
  "entered": "customers who were not graded before",
  "up": "customers who rose to the tier",
  "down": "customers who fell to it",
  "gone": "customers who are graded no longer, of the tier they had",
  "from_rank": "its rank",
  "to_rank": "its rank",
  "is_current": "whether it holds now",
  "previous_tier": "the tier before; null if there was none",
  "change": "new, up, down, same, left, or replaced: the tier before is none any more",
  "reason": "first, returned, left, moved, line moved, rule, held, hold ended, hold broken, released, pinned, ...",
  "note": "of a pin or a release by whom, and why",
  "rule_version": "the version of the rule",
  "heads": "customers",
  "head_share": "part of all customers, 0 to 1",
  "value": "in _summary all that they brought, else the measure",
  "held": "what the customers above zero brought; value_share is the part of it",
  "value_share": "part of what the customers above zero brought, 0 to 1; who is at zero or below holds nothing",
  "orders": "purchases",
  "average_order": "value of a purchase",
  "active_share": "part of its customers with a purchase in the last 365 days, 0 to 1",
  "from_tier": "the tier of the last refresh of an earlier day",
  "to_tier": "the tier now",
  "axis": "the axis",
  "score": "the score, 1 for the lowest",
  "line_to_stay": "the line of this score, less what keep forgives; while a tier is held, of the score that keeps it",
  "margin": "how far the value is above it; below zero where lower is better",
  "line_to_rise": "the line of the next score; null for the highest",
  "gap": "what the value lacks of it; below zero where lower is better",
  "as_of": "the day it was found",
  "line": "the value to reach; null: nobody does",
  "low": "the least value of these customers",
  "high": "the greatest value",
  "total": "the sum of their values",
  "reached_by": "this or more, or this or less"}'::json ->> $1,
  CASE WHEN right($1, 6) = '_score' THEN 'score of ' || left($1, -6) ELSE 'value of the measure ' || $1 END)
$$;
COMMENT ON FUNCTION customer_tier_internal.column_comment(text) IS 'support of create_scheme: what a column means';

-- creates or recreates the views; a renamed view keeps its name
CREATE FUNCTION customer_tier_internal.make_scheme_views(INOUT s customer_tier_internal.scheme,
  r customer_tier_internal.rule, place text, name text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  made regclass[] := ARRAY[s.current_view, s.scheme, s.history_view, s.summary_view, s.migration_view, s.trend_view,
                           s.progress_view, s.thresholds_view, s.spread_view, s.cells_view];
  v record;
  c record;
  view text;
BEGIN
  FOR v IN SELECT suffix, description, query, row_number() OVER () AS n
           FROM customer_tier_internal.scheme_views(s, r,
             coalesce(s.current_view::text, format('%s.%I', place, name || '__current'))) LOOP
    view := coalesce(made[v.n]::text, format('%s.%I', place, name || v.suffix));
    PERFORM customer_tier_internal.run(s.ledger, format('CREATE OR REPLACE VIEW %s AS %s', view, v.query));
    PERFORM customer_tier_internal.run(s.ledger, format('COMMENT ON VIEW %s IS %L', view, v.description));
    FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = view::regclass AND attnum > 0 LOOP
      PERFORM customer_tier_internal.run(s.ledger, format('COMMENT ON COLUMN %s.%I IS %L', view, c.attname,
        customer_tier_internal.column_comment(c.attname)));
    END LOOP;
    made[v.n] := view;
  END LOOP;
  s.current_view := made[1];
  s.scheme := made[2];
  s.history_view := made[3];
  s.summary_view := made[4];
  s.migration_view := made[5];
  s.trend_view := made[6];
  s.progress_view := made[7];
  s.thresholds_view := made[8];
  s.spread_view := made[9];
  s.cells_view := made[10];
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_scheme_views(customer_tier_internal.scheme, customer_tier_internal.rule,
  text, text) IS 'support of create_scheme and alter_scheme: its views';
