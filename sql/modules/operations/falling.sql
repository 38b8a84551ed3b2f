-- Who falls when: customers who hold more than their values earn.

/*
 * {ranked} has for each customer the rank that the values of now earn, the one that suffices to stay,
 * and what the only axis lacks of the lines of either.  A fall takes effect when the hold is over, at
 * the first review after that, and not before the day after the last refresh; or, to what is earned,
 * on the day of a release.
 */
CREATE FUNCTION customer_tier_internal.falling_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
SELECT x.customer, x.tier, x.tier_rank, x.status, x.since, f.falls_on, t.tier AS falls_to,
       CASE WHEN f.released THEN x.missing_to_earn ELSE x.missing END AS missing
FROM ({ranked}) AS x
  CROSS JOIN LATERAL (
    SELECT greatest(coalesce((x.since + coalesce(x.hold, {hold}))::date, '-infinity'), x.as_of + 1) AS free_on) AS h
  CROSS JOIN LATERAL (
    SELECT CASE WHEN x.kept_rank < x.tier_rank THEN {review} END AS review_on,
           (SELECT min(r.released_on)
            FROM {releases} AS r
            WHERE r.customer {equal} x.customer AND r.released_on > x.as_of) AS released_on
    OFFSET 0) AS d
  CROSS JOIN LATERAL (
    SELECT least(d.review_on, d.released_on) AS falls_on,
           coalesce(d.released_on <= d.review_on, d.review_on IS NULL) AS released) AS f
  LEFT JOIN {tiers} AS t ON t.rank = CASE WHEN f.released THEN x.earned_rank ELSE {target} END
WHERE x.earned_rank < x.tier_rank AND x.status <> 'pinned' AND f.falls_on IS NOT NULL
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.falling_template() IS 'support of falling: its query';

CREATE FUNCTION customer_tier_internal.next_review(review text[], from_day date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN review IS NULL OR NOT isfinite(from_day) THEN from_day
  ELSE (SELECT min(d)
        FROM unnest(review) AS m, generate_series(0, 1) AS i,
          LATERAL (SELECT make_date(extract(year FROM from_day)::int + i, left(m, 2)::int, right(m, 2)::int) AS d
                   ) AS days
        WHERE d >= from_day)
END
$$;
COMMENT ON FUNCTION customer_tier_internal.next_review(text[], date) IS
  'support of falling: the first day on which customers may fall, from a day on';

CREATE FUNCTION customer_tier_internal.next_anniversary(day date, from_day date) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN day IS NULL OR NOT isfinite(from_day) THEN from_day
  WHEN isfinite(day) THEN
    (SELECT min(d)
     FROM (SELECT greatest(extract(year FROM from_day)::int - extract(year FROM day)::int, 0) AS n) AS y,
       generate_series(n, n + 1) AS years,
       LATERAL (SELECT (day + make_interval(years => years))::date AS d) AS days
     WHERE d >= from_day AND d > day)
END
$$;
COMMENT ON FUNCTION customer_tier_internal.next_anniversary(date, date) IS
  'support of falling: the same for a customer who is reviewed on the anniversaries of a day; null: never';

CREATE FUNCTION customer_tier_internal.falling_sql(scheme regclass) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
DECLARE
  s record;
  r record;
  keep text;
  anniversaries text;
  a jsonb;
  i integer;
  earned text := '1';
  kept text := '1';
  step integer := 1;
  lines text := '';
  missing text := 'NULL::float8 AS missing, NULL::float8 AS missing_to_earn';
BEGIN
  SELECT * INTO s FROM customer_tier_internal.scheme_parts($1);
  SELECT * INTO r FROM customer_tier_internal.scheme_discipline($1);
  anniversaries := customer_tier_internal.anniversaries_sql(customer_tier_internal.scheme_of($1), r.review);
  keep := coalesce((customer_tier_internal.json_numbers(ARRAY[r.keep]) ->> 0) || '::float8', 'NULL::float8');
  FOR a, i IN SELECT * FROM jsonb_array_elements(r.axes) WITH ORDINALITY LOOP
    -- the scores of the first axis run fastest
    earned := earned || format(' + (customer_tier.score(%sx.%I, l%s.lines) - 1) * %s',
                               CASE a ->> 'better' WHEN 'lower' THEN '-' ELSE '' END, a ->> 'name', i, step);
    kept := kept || format(' + (customer_tier.score(%sx.%I, l%s.kept) - 1) * %s',
                           CASE a ->> 'better' WHEN 'lower' THEN '-' ELSE '' END, a ->> 'name', i, step);
    step := step * r.sizes[i];
    lines := lines || format('
    LEFT JOIN (SELECT DISTINCT ON (customer_group) customer_group, lines,
                      customer_tier_internal.kept_lines(lines, %s) AS kept
               FROM %s WHERE axis = %s ORDER BY customer_group, as_of DESC) AS l%3$s USING (customer_group)', keep,
                             s.thresholds, i);
  END LOOP;
  IF i = 1 THEN
    missing := (
      SELECT string_agg(format('(SELECT %1$s(l1.%4$s[n - 1]) - x.%2$I
       FROM unnest(%3$L::int[]) WITH ORDINALITY AS m(rank, n) WHERE rank >= t.rank ORDER BY n LIMIT 1) AS %5$s',
        CASE a ->> 'better' WHEN 'lower' THEN '-' ELSE '' END, a ->> 'name', r.map, which, alias), ', ')
      FROM (VALUES ('kept', 'missing'), ('lines', 'missing_to_earn')) AS v(which, alias));
  END IF;
  RETURN customer_tier_internal.interpolate(customer_tier_internal.falling_template(), jsonb_build_object(
    'ranked', format('
    SELECT *, greatest(earned_rank, stay_rank) AS kept_rank
    FROM (SELECT x.customer, x.tier, t.rank AS tier_rank, x.status, x.since, x.as_of, t.hold,
                 coalesce((%L::int[])[%s], 0) AS earned_rank, coalesce((%1$L::int[])[%3$s], 0) AS stay_rank, %4$s
          FROM %5$s AS x%6$s
            JOIN %7$s AS t ON t.tier = x.tier) AS ranked', r.map, earned, kept, missing, s.current_view, lines,
      s.tier_table),
    'tiers', s.tier_table, 'releases', s.releases, 'equal', s.equal, 'hold', format('%L::interval', r.hold),
    'review', CASE
      -- without reviews each customer falls when the hold is over: a call for each would take most of the time
      WHEN anniversaries IS NULL AND r.review IS NULL THEN 'h.free_on'
      WHEN anniversaries IS NULL THEN format('customer_tier_internal.next_review(%L::text[], h.free_on)', r.review)
      ELSE format('customer_tier_internal.next_anniversary(
                     (SELECT a.day FROM (%s) AS a WHERE a.customer %s x.customer), h.free_on)', anniversaries, s.equal)
    END,
    'target', CASE r.downgrade WHEN 'one_level' THEN 'x.tier_rank - 1' ELSE 'x.kept_rank' END));
END $$;
COMMENT ON FUNCTION customer_tier_internal.falling_sql(regclass) IS 'support of falling: its query';

CREATE FUNCTION falling(scheme regclass, OUT customer text, OUT tier text, OUT tier_rank integer, OUT status text,
  OUT since date, OUT falls_on date, OUT falls_to text, OUT missing double precision) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s record;
BEGIN
  SELECT * INTO s FROM customer_tier_internal.scheme_parts($1);
  PERFORM customer_tier_internal.check_refreshed($1, s.as_of);
  RETURN QUERY
  SELECT *
  FROM customer_tier_internal.as_owner(s.tier_table, format('
    SELECT customer::text, tier, tier_rank, status, since, falls_on, falls_to, missing
    FROM (%s) AS f ORDER BY falls_on, tier_rank DESC, f.customer', customer_tier_internal.falling_sql($1)))
    AS x(customer text, tier text, tier_rank int, status text, since date, falls_on date, falls_to text,
         missing float8);
END $$;
COMMENT ON FUNCTION falling(regclass) IS
  'customers whose values of now do not give the tier that they have: when they fall, where to, and what the value '
  'lacks of the line that keeps the tier (of a scheme with one axis); if nothing else happens until then';

