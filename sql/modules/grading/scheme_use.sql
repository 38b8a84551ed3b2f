-- Asking schemes: why, what if, since when; and tiers that are given by hand.

CREATE FUNCTION pin(scheme regclass, customer text, tier text, reason text, pinned_from date, until date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.scheme_of($1);
  r customer_tier.rule := customer_tier_internal.rule_of(s);
BEGIN
  IF tier IS NULL OR NOT (tier = ANY (r.tiers) OR coalesce(tier = r.unrated, false)) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('%s has no tier "%s"', $1, tier), HINT = 'Its tiers are ' || array_to_string(r.tiers, ', ') || '.';
  ELSIF coalesce(btrim(reason), '') = '' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a tier is given by hand for a reason', HINT = 'It is kept in the history: reason => ''...''.';
  ELSIF customer IS NULL OR pinned_from IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'a pin needs a customer and the day from which it holds';
  ELSIF until <= pinned_from THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a pin ends after it begins';
  END IF;
  -- what was in force before stays known: a backfill asks for it
  PERFORM customer_tier_internal.run(s.source, customer_tier_internal.interpolate($q$
    WITH ended AS (UPDATE {pins} SET until = {from} WHERE customer {equal} {customer} AND pinned_from < {from} AND (until IS NULL OR until > {from})),
    later AS (DELETE FROM {pins} WHERE customer {equal} {customer} AND pinned_from > {from})
    INSERT INTO {pins} AS p (customer, tier, reason, author, pinned_from, until) VALUES ({customer}, {tier}, {reason}, {author}, {from}, {until})
    ON CONFLICT (customer, pinned_from) DO UPDATE SET tier = EXCLUDED.tier, reason = EXCLUDED.reason, author = EXCLUDED.author, until = EXCLUDED.until
    $q$, jsonb_build_object('pins', s.pins, 'equal', customer_tier_internal.equal_of(s), 'customer', quote_literal($2), 'tier', quote_literal($3),
      'reason', quote_literal($4), 'author', quote_literal(session_user), 'from', quote_literal($5) || '::date', 'until', quote_nullable($6) || '::date')));
END $$;
COMMENT ON FUNCTION pin(regclass, text, text, text, date, date) IS 'gives a customer a tier by hand, from a day until another (not included); in force at the next refresh';

CREATE FUNCTION unpin(scheme regclass, customer text, unpinned_from date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.scheme_of($1);
  n bigint;
BEGIN
  unpinned_from := coalesce(unpinned_from, s.as_of + 1, '-infinity');
  SELECT count(*) INTO n FROM customer_tier_internal.as_owner(s.source, format($q$
    WITH ended AS (UPDATE %1$s SET until = %2$L WHERE customer %3$s %4$L AND pinned_from < %2$L AND (until IS NULL OR until > %2$L) RETURNING true),
    gone AS (DELETE FROM %1$s WHERE customer %3$s %4$L AND pinned_from >= %2$L RETURNING true)
    SELECT * FROM ended UNION ALL SELECT * FROM gone
    $q$, s.pins, unpinned_from, customer_tier_internal.equal_of(s), $2)) AS (ended boolean);
  IF n = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'no_data_found', MESSAGE = format('customer %s has no pin in %s', $2, $1);
  END IF;
END $$;
COMMENT ON FUNCTION unpin(regclass, text, date) IS 'ends a pin: from a day, or if none is said after the last refresh; the customer has the tier earned again';

CREATE FUNCTION pin(scheme regclass, customer anyelement, tier text, reason text, pinned_from date,
  until date DEFAULT NULL) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT customer_tier.pin($1, to_json($2) #>> '{}', $3, $4, $5, $6) $$;
COMMENT ON FUNCTION pin(regclass, anyelement, text, text, date, date) IS
  'the same for a customer of the type that customers have';

CREATE FUNCTION unpin(scheme regclass, customer anyelement, unpinned_from date DEFAULT NULL) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT customer_tier.unpin($1, to_json($2) #>> '{}', $3) $$;
COMMENT ON FUNCTION unpin(regclass, anyelement, date) IS 'the same for a customer of the type that customers have';

CREATE FUNCTION explain(scheme regclass, customer text, OUT tier text, OUT status text, OUT since date,
  OUT held_until date, OUT earned text, OUT pin text, OUT rule text, OUT axis text, OUT measure text,
  OUT value double precision, OUT score integer, OUT changed boolean, OUT line_to_stay double precision,
  OUT margin double precision, OUT line_to_rise double precision, OUT gap double precision) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres SET quote_all_identifiers = off
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.scheme_of($1);
  r customer_tier.rule := customer_tier_internal.rule_of(s);
  n bigint;
BEGIN
  RETURN QUERY
    SELECT x.tier, x.status, x.since, x.held_until, x.earned, x.pin,
      -- what of the rule speaks here
      (SELECT string_agg(format('%s = %s', quote_ident(a ->> 'name'), x.scores[i]), ', ' ORDER BY i)
       FROM jsonb_array_elements(r.axes) WITH ORDINALITY AS e(a, i)) || ' is ' || x.earned,
      a ->> 'name', coalesce(a ->> 'value', format('%s of %s, weights %s', a ->> 'normalise', a ->> 'measures', a ->> 'weights')),
      x.value, x.score, x.changed, x.line_to_stay, x.margin, x.line_to_rise, x.gap
    FROM customer_tier_internal.as_owner(s.source, customer_tier_internal.interpolate($q$
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
        $q$, to_jsonb(s) || jsonb_build_object('day', coalesce(customer_tier_internal.date_sql(s.as_of), 'NULL'), 'progress', s.views[7],
          'equal', customer_tier_internal.equal_of(s), 'customer', quote_literal($2))))
      AS x(tier text, status text, since date, held_until date, earned text, pin text, scores int2[], axis text,
           value float8, score integer, changed boolean, line_to_stay float8, margin float8, line_to_rise float8, gap float8)
      JOIN jsonb_array_elements(r.axes) WITH ORDINALITY AS e(a, i) ON a ->> 'name' = x.axis
    ORDER BY i;
  GET DIAGNOSTICS n = ROW_COUNT;
  IF n = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'no_data_found', MESSAGE = format('%s has no customer %s', $1, $2),
      HINT = CASE
        WHEN s.as_of IS NULL THEN format('It was not refreshed yet: SELECT * FROM customer_tier.refresh_scheme(%L, as_of => ...);', $1)
        ELSE format('Not as of %s, its last refresh.', s.as_of)
      END;
  END IF;
END $$;
COMMENT ON FUNCTION explain(regclass, text) IS
  'why a customer has a tier: for each axis the value now, the score, the line to stay and the line to rise, and how far they are';

CREATE FUNCTION explain(scheme regclass, customer anyelement, OUT tier text, OUT status text, OUT since date,
  OUT held_until date, OUT earned text, OUT pin text, OUT rule text, OUT axis text, OUT measure text,
  OUT value double precision, OUT score integer, OUT changed boolean, OUT line_to_stay double precision,
  OUT margin double precision, OUT line_to_rise double precision, OUT gap double precision) RETURNS SETOF record
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM customer_tier.explain($1, to_json($2) #>> '{}') $$;
COMMENT ON FUNCTION explain(regclass, anyelement) IS 'the same for a customer of the type that customers have';

CREATE FUNCTION customer_tier_internal.simulate_rule(scheme regclass, axes jsonb[], tiers text[], tier text, unrated text, path text) RETURNS TABLE (customer text, tier_now text, tier_then text, change text, value numeric)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.scheme_of($1);
  r customer_tier.rule := customer_tier_internal.changed_rule(s, $2, $3, $4, $5, NULL, NULL, NULL, NULL, NULL, NULL, $6);
BEGIN
  IF s.as_of IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = format('%s has no tiers yet', $1),
      HINT = format('SELECT * FROM customer_tier.refresh_scheme(%L, as_of => ...);', $1);
  END IF;
  RETURN QUERY SELECT * FROM customer_tier_internal.as_owner(s.source, customer_tier_internal.grade_sql(s, r, s.as_of, format($q$
      SELECT b.customer::text, tier_now, tier_then,
             CASE
               WHEN tier_now IS NULL THEN 'new'
               WHEN tier_then IS NULL THEN 'left'
               WHEN tier_now = tier_then THEN 'same'
               WHEN was IS NULL THEN 'replaced'
               WHEN rank > was THEN 'up'
               ELSE 'down'
             END,
             coalesce(value, 0)
      FROM (
        SELECT coalesce(g.customer, t.customer) AS customer, t.tier AS tier_now, (%1$L::text[])[g.rank] AS tier_then,
               g.rank, array_position(%1$L::text[], t.tier) AS was,
               coalesce(g.value, (SELECT customer_tier.total(customer_tier.slice(i.ledger, daterange(NULL, %5$s, '[]')))
                                  FROM %4$s AS i WHERE i.customer %3$s t.customer)) AS value
        FROM graded AS g
          FULL JOIN %2$s AS t ON t.customer %3$s g.customer) AS b
      ORDER BY b.customer
      $q$, customer_tier_internal.tier_names(r), s.state, customer_tier_internal.equal_of(s), s.input, customer_tier_internal.date_sql(s.as_of)),
      'customer text, tier_now text, tier_then text, change text, value numeric'))
    AS (customer text, tier_now text, tier_then text, change text, value numeric);
END $$;
COMMENT ON FUNCTION customer_tier_internal.simulate_rule(regclass, jsonb[], text[], text, text, text) IS 'support of simulate';

CREATE FUNCTION simulate(scheme regclass, axes jsonb[] DEFAULT NULL, tiers text[] DEFAULT NULL, tier text DEFAULT NULL, unrated text DEFAULT NULL) RETURNS TABLE (customer text, tier_now text, tier_then text, change text, value numeric)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$ SELECT * FROM customer_tier_internal.simulate_rule($1, $2, $3, $4, $5, pg_catalog.current_setting('search_path')) $$;
COMMENT ON FUNCTION simulate(regclass, jsonb[], text[], text, text) IS 'each customer''s tier now, and the one earned if the rule were another, as of the last refresh; writes nothing';

CREATE FUNCTION simulate_migration(scheme regclass, axes jsonb[] DEFAULT NULL, tiers text[] DEFAULT NULL, tier text DEFAULT NULL, unrated text DEFAULT NULL) RETURNS TABLE (tier_now text, tier_then text, change text, heads bigint, value numeric)
LANGUAGE sql VOLATILE PARALLEL UNSAFE
AS $$ SELECT tier_now, tier_then, change, pg_catalog.count(*), pg_catalog.sum(value) FROM customer_tier_internal.simulate_rule($1, $2, $3, $4, $5, pg_catalog.current_setting('search_path')) GROUP BY tier_now, tier_then, change ORDER BY tier_now, tier_then $$;
COMMENT ON FUNCTION simulate_migration(regclass, jsonb[], text[], text, text) IS 'how many customers, and what value, would go from which tier to which if the rule were another; writes nothing';

CREATE FUNCTION migration(scheme regclass, from_day date, to_day date, OUT from_tier text, OUT to_tier text, OUT heads bigint) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.scheme_of($1);
BEGIN
  RETURN QUERY SELECT * FROM customer_tier_internal.as_owner(s.source, format($q$
    SELECT b.tier, n.tier, count(*) FROM (SELECT customer, tier FROM %1$s WHERE valid_from <= %2$L AND valid_to > %2$L AND tier IS NOT NULL) AS b
      FULL JOIN (SELECT customer, tier FROM %1$s WHERE valid_from <= %3$L AND valid_to > %3$L AND tier IS NOT NULL) AS n ON n.customer %4$s b.customer
    GROUP BY b.tier, n.tier ORDER BY b.tier, n.tier
    $q$, s.history, from_day, to_day, customer_tier_internal.equal_of(s))) AS (from_tier text, to_tier text, heads bigint);
END $$;
COMMENT ON FUNCTION migration(regclass, date, date) IS 'how many customers went from which tier to which between two days, by the history; null: not graded';

CREATE FUNCTION customer_tier_internal.schemes_to_refresh() RETURNS SETOF regclass
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT scheme
FROM customer_tier.scheme
WHERE customer_tier_internal.is_owner(source) AND EXISTS (SELECT FROM pg_class WHERE oid = scheme)
ORDER BY scheme::text COLLATE "C"
$$;
COMMENT ON FUNCTION customer_tier_internal.schemes_to_refresh() IS 'support of refresh_all: the schemes of the caller''s';

-- What another refresh of the last day asks for is kept: the rows that ended on it.
CREATE FUNCTION prune_history(scheme regclass, before date) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.locked_scheme($1, 'SHARE UPDATE EXCLUSIVE');
  n bigint;
BEGIN
  SELECT x INTO n
  FROM customer_tier_internal.as_owner(s.source, format(
      'WITH pruned AS (DELETE FROM %s WHERE valid_to <= %s AND valid_to < %s RETURNING 1) SELECT count(*) FROM pruned',
      s.history, customer_tier_internal.date_sql(before),
      customer_tier_internal.date_sql(coalesce(s.as_of, '-infinity')))) AS (x bigint);
  RETURN n;
END $$;
COMMENT ON FUNCTION prune_history(regclass, date) IS
  'deletes the stretches of a scheme''s history that ended before a day; the rest stays one chain for each customer';

CREATE FUNCTION backfill(scheme regclass, from_day date, to_day date, every interval DEFAULT '1 month') RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier.scheme := customer_tier_internal.scheme_of($1);
  n bigint := 0;
  d date := from_day;
BEGIN
  PERFORM customer_tier_internal.check_scheme_day(from_day);
  PERFORM customer_tier_internal.check_scheme_day(to_day);
  IF every < interval '1 day' OR from_day > to_day THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'no day to go through', HINT = 'For example backfill(''crm.abc'', ''2026-01-01'', ''2026-11-30'', ''1 month'').';
  END IF;
  s := customer_tier_internal.locked_scheme($1, 'SHARE ROW EXCLUSIVE');
  PERFORM FROM unnest(ARRAY[s.state, s.history, s.thresholds, s.trend, s.moves, s.refreshes]) AS t, LATERAL customer_tier_internal.as_owner(s.source, format('DELETE FROM %s', t)) AS x(x int);
  UPDATE customer_tier.scheme AS x SET as_of = NULL WHERE x.scheme = $1;
  -- counted from the first day: months have their own lengths
  WHILE d <= to_day LOOP
    PERFORM customer_tier_internal.refresh_scheme($1, d, false);
    n := n + 1;
    d := (from_day + n * every)::date;
  END LOOP;
  IF (customer_tier_internal.scheme_of($1)).as_of < to_day THEN
    PERFORM customer_tier_internal.refresh_scheme($1, to_day, false);
    n := n + 1;
  END IF;
  PERFORM customer_tier_internal.warn_of_day(customer_tier_internal.scheme_of($1), to_day);
  RETURN n;
END $$;
COMMENT ON FUNCTION backfill(regclass, date, date, interval) IS 'makes the history of a scheme anew from the ledgers, as if it had been refreshed on these days; the number of days';

--
-- Tiers of any query, with nothing kept
--
CREATE FUNCTION customer_tier_internal.rule_of_preset(preset text, options jsonb, path text) RETURNS rule
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  p record;
  r customer_tier.rule;
  labels text[];
BEGIN
  IF preset IN ('quadrant', 'nine_grid', 'sixteen_grid') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('preset %s needs attributes of customers', preset),
      HINT = 'create_scheme(..., attributes => ...) has them; a query of sales has not.';
  END IF;
  SELECT * INTO p FROM customer_tier.preset(preset, options);
  r.axes := to_jsonb(p.axes);
  r.sizes := ARRAY(SELECT customer_tier_internal.axis_size(a) FROM unnest(p.axes) WITH ORDINALITY AS u(a, i) ORDER BY i);
  labels := p.tiers;
  IF p.tier IS NOT NULL THEN
    -- as the caller, whose call it is
    PERFORM set_config('search_path', concat_ws(', ', nullif(path, ''), 'customer_tier'), true);
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg((%s)::pg_catalog.text) FROM (%s) AS scores', p.tier,
      customer_tier_internal.combinations_sql(r.axes, r.sizes)) INTO labels;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  ELSIF cardinality(p.tiers) <> r.sizes[1] THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'the tiers do not fit the scores',
      HINT = format('%s has %s scores: that many tiers, the lowest first.', r.axes -> 0 ->> 'name', r.sizes[1]);
  END IF;
  RETURN customer_tier_internal.with_tiers(r, p.tiers, labels, p.unrated);
END $$;
COMMENT ON FUNCTION customer_tier_internal.rule_of_preset(text, jsonb, text) IS
  'support of tiers: the rule of a preset';

CREATE FUNCTION customer_tier_internal.tiers(query text, as_of date, INOUT customer anyelement, time_zone text,
  axes jsonb, measures text[], sizes integer[], map integer[], tiers text[], unrated text,
  OUT tier text, OUT rank integer, OUT scores smallint[], OUT vals double precision[]) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_tiers'
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 100000;
COMMENT ON FUNCTION customer_tier_internal.tiers(text, date, anyelement, text, jsonb, text[], integer[], integer[], text[], text) IS
  'support of tiers: grades the customers of a query by a rule';

-- no search_path here: names in the query and in the options mean what they mean to the caller
CREATE FUNCTION tiers(query text, preset text, as_of date, options jsonb, INOUT customer anyelement,
  time_zone text DEFAULT NULL, OUT tier text, OUT rank integer, OUT scores smallint[], OUT vals double precision[])
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL UNSAFE COST 100000 ROWS 100000
AS $$
SELECT t.*
FROM customer_tier_internal.rule_of_preset($2, $4, pg_catalog.current_setting('search_path')) AS r,
  customer_tier_internal.tiers($1, $3, $5, $6, r.axes, customer_tier_internal.measures(r.axes), r.sizes, r.map,
                               r.tiers, r.unrated) AS t
$$;
COMMENT ON FUNCTION tiers(text, text, date, jsonb, anyelement, text) IS
  'the tiers of all customers of a query of customer, day, amount, by a preset, as of a day; customers are of the type of "customer"; nothing is made or kept';

CREATE FUNCTION tiers(query text, preset text, as_of date, options jsonb DEFAULT '{}', time_zone text DEFAULT NULL,
  OUT customer text, OUT tier text, OUT rank integer, OUT scores smallint[], OUT vals double precision[])
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL UNSAFE COST 100000 ROWS 100000
AS $$ SELECT * FROM customer_tier.tiers($1, $2, $3, $4, NULL::pg_catalog.text, $5) $$;
COMMENT ON FUNCTION tiers(text, text, date, jsonb, text) IS
  'the tiers of all customers of a query of customer, day, amount, by a preset, as of a day; nothing is made or kept';
