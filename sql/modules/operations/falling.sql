-- Who falls when: customers who hold more than their values give.

/*
 * {kept} has for each customer the rank that the values of now give, by the lines that suffice to
 * stay, and what the only axis lacks of the line that keeps the tier.  A fall takes effect when the
 * hold is over, at the first review after that, and not before the day after the last refresh.
 */
CREATE FUNCTION customer_tier_internal.falling_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
SELECT x.customer, x.tier, x.tier_rank, x.status, x.since, f.falls_on, t.tier AS falls_to, x.missing
FROM ({kept}) AS x
  LEFT JOIN {tiers} AS t ON t.rank = {target}
  CROSS JOIN LATERAL (
    SELECT greatest(coalesce((x.since + coalesce(x.hold, {hold}))::date, '-infinity'), x.as_of + 1) AS free_on) AS h
  CROSS JOIN LATERAL (SELECT customer_tier_internal.next_review({review}, h.free_on) AS falls_on) AS f
WHERE x.kept_rank < x.tier_rank AND x.status <> 'pinned'
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

CREATE FUNCTION customer_tier_internal.falling_sql(scheme regclass) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
DECLARE
  s record;
  r record;
  keep text;
  a jsonb;
  i integer;
  place text := '1';
  step integer := 1;
  lines text := '';
  missing text := 'NULL::float8';
  worse boolean[];
BEGIN
  SELECT * INTO s FROM customer_tier_internal.scheme_parts($1);
  SELECT * INTO r FROM customer_tier_internal.scheme_discipline($1);
  keep := coalesce((customer_tier_internal.json_numbers(ARRAY[r.keep]) ->> 0) || '::float8', 'NULL::float8');
  FOR a, i IN SELECT * FROM jsonb_array_elements(r.axes) WITH ORDINALITY LOOP
    -- the scores of the first axis run fastest
    place := place || format(' + (customer_tier.score(%sx.%I, l%s.lines) - 1) * %s',
                             CASE a ->> 'better' WHEN 'lower' THEN '-' ELSE '' END, a ->> 'name', i, step);
    step := step * r.sizes[i];
    lines := lines || format('
    LEFT JOIN (SELECT DISTINCT ON (customer_group) customer_group,
                      customer_tier_internal.kept_lines(lines, %s) AS lines
               FROM %s WHERE axis = %s ORDER BY customer_group, as_of DESC) AS l%3$s USING (customer_group)', keep,
                             s.thresholds, i);
    worse := worse || (a ->> 'better' IS NOT DISTINCT FROM 'lower');
  END LOOP;
  IF cardinality(worse) = 1 THEN
    missing := format('(SELECT %1$s(l1.lines[n - 1]) - x.%2$I FROM unnest(%3$L::int[]) WITH ORDINALITY AS m(rank, n)
       WHERE rank >= t.rank ORDER BY n LIMIT 1)', CASE WHEN worse[1] THEN '-' ELSE '' END,
      r.axes -> 0 ->> 'name', r.map);
  END IF;
  RETURN customer_tier_internal.interpolate(customer_tier_internal.falling_template(), jsonb_build_object(
    'kept', format('
    SELECT x.customer, x.tier, t.rank AS tier_rank, x.status, x.since, x.as_of, t.hold,
           coalesce((%L::int[])[%s], 0) AS kept_rank, %s AS missing
    FROM %s AS x%s
      JOIN %s AS t ON t.tier = x.tier', r.map, place, missing, s.current_view, lines, s.tier_table),
    'tiers', s.tier_table, 'hold', format('%L::interval', r.hold), 'review', format('%L::text[]', r.review),
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

