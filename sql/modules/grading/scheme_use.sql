-- Using schemes: pins, backfill and pruning of the history, and tiers of any query.

CREATE FUNCTION pin(scheme regclass, customer text, tier text, reason text, pinned_from date,
  until date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.own_scheme($1);
  known boolean;
BEGIN
  IF tier IS NULL OR NOT (tier = ANY (s.tiers) OR coalesce(tier = s.unrated, false)) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('%s has no tier "%s"', $1, tier),
      HINT = 'Its tiers are ' || array_to_string(s.tiers, ', ') || '.';
  ELSIF coalesce(btrim(reason), '') = '' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a pin needs a reason',
      HINT = 'It is kept in the history: reason => ''...''.';
  ELSIF customer IS NULL OR pinned_from IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
      MESSAGE = 'a pin needs a customer and the day from which it holds';
  ELSIF until <= pinned_from THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a pin ends after it begins';
  END IF;
  -- a known customer has sales, including pending ones, or attributes, or had a tier
  SELECT x INTO known
  FROM customer_tier_internal.as_owner(s.ledger,
    'SELECT ' || (SELECT string_agg(format('EXISTS (SELECT FROM %s WHERE customer %s %L)', r,
                                           customer_tier_internal.equal_of(s), $2), ' OR ' ORDER BY i)
                  FROM unnest(ARRAY[s.ledger, s.attributes, s.history,
                                    (customer_tier_internal.source_of(s.ledger)).live])
                    WITH ORDINALITY AS u(r, i)
                  WHERE r IS NOT NULL)) AS y(x boolean);
  IF NOT known THEN
    RAISE EXCEPTION USING ERRCODE = 'no_data_found', MESSAGE = format('%s has no customer %s', $1, $2),
      HINT = 'Only customers with sales or attributes have a tier.';
  END IF;
  -- earlier pins are kept, because backfill reads them
  PERFORM customer_tier_internal.run(s.ledger, customer_tier_internal.interpolate($q$
    WITH ended AS (
      UPDATE {pins}
      SET until = {from}
      WHERE customer {equal} {customer} AND pinned_from < {from} AND (until IS NULL OR until > {from})),
    later AS (
      DELETE FROM {pins}
      WHERE customer {equal} {customer} AND pinned_from > {from})
    INSERT INTO {pins} AS p (customer, tier, reason, author, pinned_from, until)
    VALUES ({customer}, {tier}, {reason}, {author}, {from}, {until})
    ON CONFLICT (customer, pinned_from) DO UPDATE
      SET tier = EXCLUDED.tier, reason = EXCLUDED.reason, author = EXCLUDED.author, until = EXCLUDED.until
    $q$, jsonb_build_object('pins', s.pins, 'equal', customer_tier_internal.equal_of(s), 'customer', quote_literal($2),
      'tier', quote_literal($3), 'reason', quote_literal($4), 'author', quote_literal(session_user),
      'from', quote_literal($5) || '::date', 'until', quote_nullable($6) || '::date')));
END $$;
COMMENT ON FUNCTION pin(regclass, text, text, text, date, date) IS
  'gives a customer a tier by hand, from a day until another (not included); in force at the next refresh';

CREATE FUNCTION unpin(scheme regclass, customer text, unpinned_from date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.own_scheme($1);
  n bigint;
BEGIN
  unpinned_from := coalesce(unpinned_from, s.as_of + 1, '-infinity');
  SELECT count(*) INTO n
  FROM customer_tier_internal.as_owner(s.ledger, format($q$
      WITH ended AS (
        UPDATE %1$s
        SET until = %2$L
        WHERE customer %3$s %4$L AND pinned_from < %2$L AND (until IS NULL OR until > %2$L)
        RETURNING true),
      gone AS (
        DELETE FROM %1$s
        WHERE customer %3$s %4$L AND pinned_from >= %2$L
        RETURNING true)
      SELECT * FROM ended UNION ALL SELECT * FROM gone
      $q$, s.pins, unpinned_from, customer_tier_internal.equal_of(s), $2)) AS (ended boolean);
  IF n = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'no_data_found', MESSAGE = format('customer %s has no pin in %s', $2, $1);
  END IF;
END $$;
COMMENT ON FUNCTION unpin(regclass, text, date) IS
  'ends a pin from a day on, by default after the last refresh; the customer returns to the tier earned';

CREATE FUNCTION pin(scheme regclass, customer anyelement, tier text, reason text, pinned_from date,
  until date DEFAULT NULL) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT customer_tier.pin($1, customer_tier_internal.customer_text($2), $3, $4, $5, $6) $$;
COMMENT ON FUNCTION pin(regclass, anyelement, text, text, date, date) IS
  'the same for a customer of the type that customers have';

CREATE FUNCTION unpin(scheme regclass, customer anyelement, unpinned_from date DEFAULT NULL) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT customer_tier.unpin($1, customer_tier_internal.customer_text($2), $3) $$;
COMMENT ON FUNCTION unpin(regclass, anyelement, date) IS 'the same for a customer of the type that customers have';

CREATE FUNCTION customer_tier_internal.schemes_to_refresh() RETURNS SETOF regclass
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH me AS (SELECT oid FROM pg_roles WHERE rolname = current_user)
SELECT coalesce(f.scheme, f.declaration)
FROM (SELECT f.* FROM me, customer_tier_internal.find_schemes(me.oid) AS f
      UNION ALL
      SELECT f.* FROM me, customer_tier_internal.find_schemes() AS f WHERE f.owner <> me.oid) AS f
WHERE pg_has_role(f.owner, 'USAGE')
ORDER BY f.owner <> (SELECT oid FROM me), coalesce(f.scheme, f.declaration)::text COLLATE "C"
$$;
COMMENT ON FUNCTION customer_tier_internal.schemes_to_refresh() IS
  'support of refresh_all: the schemes that the caller has the rights to, the caller''s own first';

-- Keeps rows that ended on the day of the last refresh, because another refresh of that day needs them.
CREATE FUNCTION prune_history(scheme regclass, before date) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.locked_scheme($1, 'SHARE UPDATE EXCLUSIVE');
  n bigint;
BEGIN
  SELECT x INTO n
  FROM customer_tier_internal.as_owner(s.ledger, format(
      'WITH pruned AS (
         DELETE FROM %1$s AS h
         WHERE EXISTS (SELECT FROM %1$s AS n
                       WHERE n.customer %2$s h.customer AND n.valid_from > h.valid_from AND n.valid_from <= %3$s
                         AND n.valid_from < %4$s)
           AND NOT EXISTS (SELECT FROM %5$s AS x WHERE x.customer %2$s h.customer AND x.since <= h.valid_from)
         RETURNING 1)
       SELECT count(*) FROM pruned', s.history, customer_tier_internal.equal_of(s),
      customer_tier_internal.date_sql(before), customer_tier_internal.date_sql(coalesce(s.as_of, '-infinity')),
      s.state))
    AS (x bigint);
  RETURN n;
END $$;
COMMENT ON FUNCTION prune_history(regclass, date) IS
  'deletes the stretches of a scheme''s history that ended before a day, but those of the current tier; the rest stays '
  'one chain for each customer';

CREATE FUNCTION backfill(scheme regclass, from_day date, to_day date, every interval DEFAULT '1 month') RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.own_scheme($1);
  n bigint := 0;
  d date := from_day;
  t regclass;
BEGIN
  PERFORM customer_tier_internal.check_scheme_day(from_day);
  PERFORM customer_tier_internal.check_scheme_day(to_day);
  IF every < interval '1 day' OR from_day > to_day THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'no day to go through',
      HINT = 'For example backfill(''crm.abc'', ''2026-01-01'', ''2026-11-30'', ''1 month'').';
  END IF;
  s := customer_tier_internal.locked_scheme($1, 'SHARE ROW EXCLUSIVE');
  FOREACH t IN ARRAY ARRAY[s.state, s.history, s.thresholds, s.trend, s.moves, s.refreshes] LOOP
    PERFORM customer_tier_internal.run(s.ledger, format('DELETE FROM %s', t));
  END LOOP;
  PERFORM customer_tier_internal.note_day(s, NULL);
  -- multiples of the interval from the first day, as months differ in length
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
COMMENT ON FUNCTION backfill(regclass, date, date, interval) IS
  'rebuilds the history of a scheme from the ledgers, as if it had been refreshed on these days; returns their number';

--
-- Tiers of any query, with nothing kept
--
CREATE FUNCTION customer_tier_internal.rule_of_preset(preset text, options jsonb, path text)
RETURNS customer_tier_internal.rule
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  p record;
  r customer_tier_internal.rule;
  labels text[];
BEGIN
  IF customer_tier_internal.preset_needs_attributes(preset) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('preset %s needs attributes of customers', preset),
      HINT = 'create_scheme(..., attributes => ...) has them; a query of sales has none.';
  END IF;
  SELECT * INTO p FROM customer_tier_internal.preset(preset, options, path);
  r.axes := to_jsonb(p.axes);
  r.sizes := ARRAY(
    SELECT customer_tier_internal.axis_size(a)
    FROM unnest(p.axes) WITH ORDINALITY AS u(a, i)
    ORDER BY i);
  labels := p.tiers;
  IF p.tier IS NOT NULL THEN
    labels := customer_tier_internal.labels_of(p.tier, r.axes, r.sizes, path);
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
COMMENT ON FUNCTION customer_tier_internal.tiers(text, date, anyelement, text, jsonb, text[], integer[], integer[],
  text[], text) IS
  'support of tiers: grades the customers of a query by a rule';

-- no SET search_path: names in the query and in the options are looked up in the caller's.  A set-returning function
-- in the select list returns row by row; in FROM all rows would be stored first.
CREATE FUNCTION tiers(query text, preset text, as_of date, options jsonb, INOUT customer anyelement,
  time_zone text DEFAULT NULL, OUT tier text, OUT rank integer, OUT scores smallint[], OUT vals double precision[])
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL UNSAFE COST 100000 ROWS 100000
AS $$
SELECT (t.tiers).*
FROM (
  SELECT customer_tier_internal.tiers($1, $3, $5, $6, r.axes, customer_tier_internal.measures(r.axes), r.sizes, r.map,
                                      r.tiers, r.unrated)
  FROM customer_tier_internal.rule_of_preset($2, $4, pg_catalog.current_setting('search_path')) AS r) AS t
$$;
COMMENT ON FUNCTION tiers(text, text, date, jsonb, anyelement, text) IS
  'the tiers of all customers of a query of customer, day, amount, by a preset, as of a day; customers are of the type '
  'of "customer"; nothing is made or kept';

CREATE FUNCTION tiers(query text, preset text, as_of date, options jsonb DEFAULT '{}', time_zone text DEFAULT NULL,
  OUT customer text, OUT tier text, OUT rank integer, OUT scores smallint[], OUT vals double precision[])
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL UNSAFE COST 100000 ROWS 100000
AS $$ SELECT * FROM customer_tier.tiers($1, $2, $3, $4, NULL::pg_catalog.text, $5) $$;
COMMENT ON FUNCTION tiers(text, text, date, jsonb, text) IS
  'the tiers of all customers of a query of customer, day, amount, by a preset, as of a day; nothing is made or kept';
