-- What a refresh of a scheme writes: discipline, history, results.

-- whether a day on which customers may fall lies after one day and not after another
CREATE FUNCTION customer_tier_internal.is_review(review text[], after date, until date) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT review IS NULL OR coalesce(bool_or(d > after AND d <= until), after IS NULL)
FROM generate_series(extract(year FROM after)::int, extract(year FROM until)::int) AS y,
  unnest(review) AS m,
  LATERAL (SELECT make_date(y, left(m, 2)::int, right(m, 2)::int) AS d) AS days
$$;
COMMENT ON FUNCTION customer_tier_internal.is_review(text[], date, date) IS
  'support of schemes: whether customers may fall at this refresh';

-- whether an anniversary of a day lies after one day and not after another; a customer without the day may always fall
CREATE FUNCTION customer_tier_internal.is_anniversary(day date, after date, until date) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN day IS NULL OR after IS NULL THEN true
  WHEN isfinite(day) THEN
    coalesce(lower(customer_tier.anniversary_year(day, until)) > greatest(after, day), false)
  ELSE false
END
$$;
COMMENT ON FUNCTION customer_tier_internal.is_anniversary(date, date, date) IS
  'support of schemes: whether a customer may fall at this refresh, by the anniversary of a day';

-- After the first refresh, for then it is an index build and no million insertions.
-- The history is one chain for each customer: every end is the beginning of another,
-- and just one is open.  So there is no gap and no overlap.
CREATE FUNCTION customer_tier_internal.constrain(s customer_tier_internal.scheme) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = s.state AND contype = 'p') THEN
    FOREACH command IN ARRAY ARRAY[
      format('ALTER TABLE %s ADD PRIMARY KEY (customer)', s.state),
      format('ALTER TABLE %s ADD PRIMARY KEY (customer, valid_from), ADD UNIQUE (customer, valid_to),
              ADD CHECK (valid_from < valid_to)', s.history),
      format('CREATE INDEX ON %s (valid_from)', s.history),
      format('ALTER TABLE %1$s ADD FOREIGN KEY (customer, next_from) REFERENCES %1$s (customer, valid_from)',
             s.history)]
    LOOP
      PERFORM customer_tier_internal.run(s.ledger, command);
    END LOOP;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.constrain(customer_tier_internal.scheme) IS
  'support of refresh_scheme: the keys of a scheme''s tables, and what keeps its history without gap and overlap';

CREATE FUNCTION customer_tier_internal.check_scheme_day(as_of date) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF as_of IS NULL OR NOT isfinite(as_of) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'as_of is not a day',
      HINT = 'Tiers are those of a day: as_of => ''2026-11-30''.';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_scheme_day(date) IS
  'support of schemes: an error if as_of is not a day';

-- What every refresh writes of its lines and of the totals of the tiers.
CREATE FUNCTION customer_tier_internal.results_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
lines_written AS (
  INSERT INTO {thresholds} AS t (as_of, customer_group, axis, version, lines)
  SELECT {day}, l.customer_group, l.axis, {version}, l.lines
  FROM line AS l
    LEFT JOIN (SELECT DISTINCT ON (customer_group, axis) *
               FROM {thresholds}
               ORDER BY customer_group, axis, as_of DESC) AS o USING (customer_group, axis)
  WHERE o.customer_group IS NULL OR o.version <> {version} OR o.lines IS DISTINCT FROM l.lines
  ON CONFLICT (as_of, customer_group, axis) DO UPDATE SET version = EXCLUDED.version, lines = EXCLUDED.lines),
totals_written AS (
  INSERT INTO {trend} (as_of, customer_group, tier, heads, value, held, orders, active)
  SELECT {day}, customer_group, tier, sum(heads), sum(value), sum(held), sum(orders), sum(active)
  FROM (
    SELECT customer_group, ({names})[rank] AS tier, heads, value, held, orders, active
    FROM settled
    UNION ALL
    SELECT customer_group, tier, count(*), sum(value), sum(greatest(value, 0)), sum(orders),
           count(*) FILTER (WHERE active)
    FROM placed
    WHERE tier IS NOT NULL
    GROUP BY customer_group, tier) AS t
  GROUP BY customer_group, tier),
logged AS (
  INSERT INTO {refreshes} AS x (as_of, version)
  VALUES ({day}, {version})
  ON CONFLICT (as_of) DO UPDATE SET version = EXCLUDED.version WHERE x.version <> EXCLUDED.version)
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.results_template() IS
  'support of refresh_scheme: a part of its statements';

-- The first refresh: grade() has written everybody.
CREATE FUNCTION customer_tier_internal.first_refresh_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
WITH
placed AS (SELECT *, NULL::text AS tier FROM graded),
moves_written AS (
  INSERT INTO {moves} (as_of, customer_group, to_tier, change, heads)
  SELECT {day}, customer_group, ({names})[rank], 'new', heads
  FROM settled),
$$ || customer_tier_internal.results_template() || $$
SELECT sum(heads)::bigint FROM settled
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.first_refresh_template() IS
  'support of refresh_scheme: the statement of a first refresh';

/*
 * Any refresh.  Of graded, which has whoever is not as the state says:
 *
 *	today	rows of the history that this day has begun already, with what was before them
 *	before	beside the new scores, what was before the day (was ...)
 *	decided	what discipline makes of them: the rank they get (goes_to)
 *	placed	the tier from now on
 *	turn	whether the tier, or the way they have it, changes on this day
 *
 * Another refresh of the same day decides again, by what was before the day, and corrects
 * what that day has written.  Rows of the state are written by their place (ctid), which
 * grade() has read under the lock of the refresh.
 */
CREATE FUNCTION customer_tier_internal.refresh_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
WITH
pin AS (
  SELECT customer, array_position({names}, tier) AS pinned, pinned_from > {day_before} AS anew,
         format('by %s: %s', author, reason) AS note
  FROM {pins}
  WHERE pinned_from <= {day} AND (until IS NULL OR until > {day})),
today AS MATERIALIZED (
  SELECT y.customer, y.ctid AS begun, b.ctid AS row_before, b.tier, b.status, b.since, b.earned
  FROM {history} AS y
    LEFT JOIN {history} AS b ON b.customer {equal} y.customer AND b.valid_to = y.valid_from
  WHERE y.valid_from = {day}),
before AS (
  SELECT g.*, d.begun, d.row_before,
         CASE WHEN begun IS NULL THEN now_tier ELSE d.tier END AS was,
         CASE WHEN begun IS NULL THEN now_status ELSE d.status END AS was_status,
         CASE WHEN begun IS NULL THEN now_since ELSE d.since END AS was_since,
         CASE WHEN begun IS NULL THEN now_earned ELSE d.earned END AS was_earned
  FROM graded AS g
    LEFT JOIN today AS d ON d.customer {equal} g.customer),
decided AS (
  SELECT b.*, pinned, anew, note, rank IS NULL AS gone, was IS NULL AS fresh, ({names})[rank] AS earned,
         ({names_before})[rank_by_before] AS earned_by_before,
         CASE
           WHEN rank IS NULL THEN NULL
           WHEN pinned IS NOT NULL THEN pinned
           WHEN cur IS NULL OR rank >= cur THEN rank
           WHEN greatest(rank, kept) >= cur OR NOT {may_fall} OR {day} < was_since + ({holds})[cur] THEN cur
           ELSE greatest(rank, kept{one_level})
         END AS goes_to
  FROM (SELECT *, CASE WHEN was_status <> 'pinned' THEN array_position({names}, was) END AS cur FROM before) AS b
    LEFT JOIN pin ON pin.customer {equal} b.customer{reviews}),
placed AS MATERIALIZED (
  SELECT *, CASE WHEN was = tier THEN was_since ELSE {day} END AS since
  FROM (
    SELECT *, ({names})[goes_to] AS tier,
           CASE
             WHEN gone THEN 'left'
             WHEN pinned IS NOT NULL THEN 'pinned'
             WHEN goes_to > rank THEN 'held'
             ELSE 'earned'
           END AS status
    FROM decided
    OFFSET 0) AS d),
turn AS MATERIALIZED (
  SELECT *,
         NOT (fresh AND gone) AND (fresh OR gone OR tier <> was OR status <> was_status OR anew IS TRUE) AS turns,
         CASE
           WHEN gone THEN 'left'
           WHEN fresh THEN 'new'
           WHEN tier = was THEN 'same'
           WHEN array_position({names}, was) IS NULL THEN 'replaced'
           WHEN array_position({names}, tier) > array_position({names}, was) THEN 'up'
           ELSE 'down'
         END AS change,
         CASE
           WHEN gone THEN 'left'
           WHEN status = 'pinned' THEN 'pinned'
           -- LIMIT: by the index, for a planner that expects many would hash the whole history
           WHEN fresh AND (SELECT true FROM {history} AS h
                           WHERE h.customer {equal} placed.customer AND h.valid_from < {day} LIMIT 1) THEN 'returned'
           WHEN fresh THEN 'first'
           WHEN status = 'held' AND tier = was THEN 'held'
           WHEN was_status = 'pinned' THEN 'unpinned'
           WHEN was_status = 'held' AND tier <> was AND earned = was_earned THEN 'hold ended'
           WHEN {rule_changed} AND (earned_by_before IS NULL OR earned_by_before = was_earned) THEN 'rule'
           WHEN earned_by_before = was_earned THEN 'line moved'
           ELSE 'moved'
         END AS reason
  FROM placed
  WHERE begun IS NOT NULL OR fresh OR gone OR tier <> was OR status <> was_status OR anew),
came AS (
  INSERT INTO {state} (customer, customer_group, scores, vals, earned, tier, status, since)
  SELECT customer, customer_group, scores, stored, earned, tier, status, since
  FROM placed
  WHERE place IS NULL AND NOT gone
  ORDER BY customer),
went AS (
  DELETE FROM {state}
  WHERE ctid = ANY (ARRAY(SELECT place FROM placed WHERE gone))),
stayed AS (
  UPDATE {state} AS t
  SET customer_group = n.customer_group, scores = n.scores, vals = n.stored, earned = n.earned, tier = n.tier,
      status = n.status, since = n.since
  FROM placed AS n
  WHERE t.ctid = ANY (ARRAY(SELECT place FROM placed WHERE NOT gone)) AND t.customer {equal} n.customer AND
        ROW(t.customer_group, t.scores, t.vals, t.earned, t.tier, t.status, t.since) IS DISTINCT FROM
        ROW(n.customer_group, n.scores, n.stored, n.earned, n.tier, n.status, n.since)),
-- what this day began, and is not so
removed AS (
  DELETE FROM {history}
  WHERE ctid = ANY (ARRAY(SELECT begun FROM turn WHERE NOT turns))
  RETURNING 1),
corrected AS (
  UPDATE {history} AS h
  SET customer_group = n.customer_group, tier = n.tier, previous_tier = n.was, change = n.change, reason = n.reason,
      note = n.note, status = n.status, since = n.since, earned = n.earned, rule_version = {version},
      scores = n.scores, vals = n.vals
  FROM turn AS n
  WHERE h.ctid = ANY (ARRAY(SELECT begun FROM turn WHERE turns)) AND n.customer {equal} h.customer AND
        ROW(h.customer_group, h.tier, h.previous_tier, h.change, h.reason, h.note, h.status, h.since, h.earned,
            h.rule_version, h.scores, h.vals) IS DISTINCT FROM
        ROW(n.customer_group, n.tier, n.was, n.change, n.reason, n.note, n.status, n.since, n.earned,
            {version}, n.scores, n.vals)),
ended AS (
  UPDATE {history} AS h
  SET valid_to = {day}
  FROM turn AS n
  WHERE h.customer {equal} n.customer AND h.valid_to = 'infinity' AND turns AND begun IS NULL
  RETURNING 1),
-- one end is open at any time: those before are closed first
reopened AS (
  UPDATE {history}
  SET valid_to = 'infinity'
  WHERE ctid = ANY (ARRAY(SELECT row_before FROM turn WHERE NOT turns AND (SELECT count(*) FROM removed) >= 0))),
begun AS (
  INSERT INTO {history} (customer, customer_group, valid_from, valid_to, tier, previous_tier, change, reason, note,
                         status, since, earned, rule_version, scores, vals)
  SELECT customer, customer_group, {day}, 'infinity', tier, was, change, reason, note,
         status, since, earned, {version}, scores, vals
  FROM turn
  WHERE turns AND begun IS NULL AND (SELECT count(*) FROM ended) >= 0
  ORDER BY customer),
$$ || customer_tier_internal.results_template() || $$
SELECT count(*) FROM turn
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.refresh_template() IS 'support of refresh_scheme: its statement';

CREATE FUNCTION customer_tier_internal.rule_before(s customer_tier_internal.scheme, version integer)
RETURNS customer_tier_internal.rule
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  r customer_tier_internal.rule;
BEGIN
  SELECT x.* INTO r.version, r.axes, r.sizes, r.map, r.tiers, r.unrated, r.measured
  FROM customer_tier_internal.as_owner(s.ledger, format(
      'SELECT version, axes, sizes, map, tiers, unrated, measured FROM %s WHERE version = %L', s.rules, version))
    AS x(version int, axes jsonb, sizes int[], map int[], tiers text[], unrated text, measured int);
  RETURN r;
END $$;
COMMENT ON FUNCTION customer_tier_internal.rule_before(customer_tier_internal.scheme, integer) IS
  'support of refresh_scheme: what was graded by in a version of a rule; its measures are not the text that it has';

CREATE FUNCTION customer_tier_internal.note_day(s customer_tier_internal.scheme, as_of date) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT customer_tier_internal.run(s.ledger,
  format('UPDATE %1$s SET as_of = %2$s WHERE as_of IS DISTINCT FROM %2$s', s.declaration,
         coalesce(customer_tier_internal.date_sql($2), 'NULL::date')))
$$;
COMMENT ON FUNCTION customer_tier_internal.note_day(customer_tier_internal.scheme, date) IS
  'support of schemes: the day of the last refresh';

-- how many customers were looked at for the history
CREATE FUNCTION customer_tier_internal.grade_and_write(s customer_tier_internal.scheme,
  r customer_tier_internal.rule, as_of date) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
DECLARE
  day text := customer_tier_internal.date_sql(as_of);
  anniversaries text := customer_tier_internal.anniversaries_sql(s, r.review);
  same_day boolean := as_of IS NOT DISTINCT FROM s.as_of;
  first boolean := s.as_of IS NULL AND (
    SELECT x
    FROM customer_tier_internal.as_owner(s.ledger, format(
        'SELECT customer_tier_internal.is_bare_table(%1$L) AND customer_tier_internal.is_bare_table(%2$L)
                AND NOT EXISTS (SELECT FROM %1$s) AND NOT EXISTS (SELECT FROM %3$s)', s.state, s.history, s.pins))
      AS (x boolean));
  last record;
  before customer_tier_internal.rule;
  holds interval[];
  command text;
  looked_at bigint;
BEGIN
  -- the last refresh of an earlier day
  SELECT x.as_of, x.version INTO last
  FROM customer_tier_internal.as_owner(s.ledger, format(
      'SELECT as_of, version FROM %s WHERE as_of < %s ORDER BY as_of DESC LIMIT 1', s.refreshes, day))
    AS x(as_of date, version int);
  before := customer_tier_internal.rule_before(s, last.version);
  SELECT ARRAY(
    SELECT coalesce(h, r.hold)
    FROM unnest(r.tiers) WITH ORDINALITY AS t(tier, rank)
      LEFT JOIN customer_tier_internal.as_owner(s.ledger, format('SELECT tier, hold FROM %s', s.tier_table))
        AS x(tier text, h interval) USING (tier)
    ORDER BY rank) INTO holds;
  command := customer_tier_internal.interpolate(
    CASE
      WHEN first THEN customer_tier_internal.first_refresh_template()
      ELSE customer_tier_internal.refresh_template()
    END,
    to_jsonb(s) || jsonb_build_object(
      'day', day, 'day_before', customer_tier_internal.date_sql(coalesce(last.as_of, '-infinity')),
      'version', r.version, 'rule_changed', coalesce(before.version <> r.version, false),
      'names', quote_literal(customer_tier_internal.tier_names(r)) || '::text[]',
      'names_before', quote_nullable(customer_tier_internal.tier_names(before)) || '::text[]',
      'equal', customer_tier_internal.equal_of(s),
      'may_fall', CASE
        WHEN anniversaries IS NULL THEN customer_tier_internal.is_review(r.review, last.as_of, as_of)::text
        ELSE format('customer_tier_internal.is_anniversary(review.day, %s, %s)',
                    coalesce(customer_tier_internal.date_sql(last.as_of), 'NULL'), day)
      END,
      'reviews', CASE
        WHEN anniversaries IS NULL THEN ''
        ELSE format('
    LEFT JOIN (%s) AS review ON review.customer %s b.customer', anniversaries, customer_tier_internal.equal_of(s))
      END,
      'holds', quote_literal(holds) || '::interval[]',
      'one_level', CASE r.downgrade WHEN 'one_level' THEN ', cur - 1' ELSE '' END));
  -- the same measures, however they are cut
  IF before.measured <> r.measured THEN
    before.axes := NULL;
  END IF;
  PERFORM
  FROM unnest(ARRAY[s.trend, s.moves]) AS t,
    customer_tier_internal.as_owner(s.ledger, format('DELETE FROM %s WHERE as_of = %s', t, day)) AS x(x int);
  command := customer_tier_internal.grade_sql(s, r, as_of, command, 'looked_at bigint', before,
    CASE WHEN NOT first THEN
      format('SELECT ctid, customer, customer_group, scores, vals, tier, earned, status, since FROM %s', s.state)
    END,
    CASE WHEN NOT first THEN
      format('SELECT customer, NULL::float8[], false, ''''::text
              FROM %1$s
              WHERE pinned_from <= %2$s AND (until IS NULL OR until > %2$s)', s.pins, day)
    END ||
    -- a row that this day began has the values of the last refresh
    CASE WHEN same_day THEN
      format(' UNION ALL
               SELECT customer,
                      CASE WHEN change = ''new'' AND status = ''earned'' AND rule_version = %s THEN vals END,
                      tier IS NULL, customer_group
               FROM %s
               WHERE valid_from = %s', r.version, s.history, day)
    ELSE '' END, first);
  SELECT x INTO looked_at FROM customer_tier_internal.as_owner(s.ledger, command) AS (x bigint);
  IF NOT first THEN
    PERFORM customer_tier_internal.run(s.ledger, format($q$
      INSERT INTO %s (as_of, customer_group, from_tier, to_tier, change, heads)
      SELECT valid_from, customer_group, previous_tier, tier, change, count(*)
      FROM %s
      WHERE valid_from = %s AND previous_tier IS DISTINCT FROM tier
      GROUP BY valid_from, customer_group, previous_tier, tier, change
      $q$, s.moves, s.history, day));
  END IF;
  IF s.as_of IS NULL THEN
    PERFORM customer_tier_internal.constrain(s);
  END IF;
  RETURN looked_at;
END $$;
COMMENT ON FUNCTION customer_tier_internal.grade_and_write(customer_tier_internal.scheme, customer_tier_internal.rule,
  date) IS
  'support of refresh_scheme: grades all customers and writes what differs';

-- One at a time; who waited reads what the other left.  The ledgers are locked first,
-- as by a refresh, so that nobody waits in a circle.
CREATE FUNCTION customer_tier_internal.locked_scheme(scheme regclass, mode text, without_views boolean DEFAULT false)
RETURNS customer_tier_internal.scheme
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.own_scheme($1, $3);
BEGIN
  PERFORM customer_tier_internal.run(s.ledger, format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', s.ledger));
  PERFORM customer_tier_internal.run(s.ledger, format('LOCK TABLE %s IN %s MODE', s.state, $2));
  RETURN customer_tier_internal.own_scheme($1, $3);
END $$;
COMMENT ON FUNCTION customer_tier_internal.locked_scheme(regclass, text, boolean) IS
  'support of schemes: a scheme of the caller''s, locked';

-- A year is the longest time from one grading to the next that is usual.
CREATE FUNCTION customer_tier_internal.warn_of_day(s customer_tier_internal.scheme, as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
DECLARE
  source customer_tier_internal.source := customer_tier_internal.source_of(s.ledger);
  last date;
BEGIN
  IF customer_tier_internal.capturing(source) IS NOT TRUE OR customer_tier_internal.changed(source) THEN
    RAISE WARNING USING
      MESSAGE = format('%s may have sales that its ledgers do not know of', coalesce(source.sales, source.view)),
      HINT = format('The view customer_tier.sources says more. CALL customer_tier.rebuild_source(%L) makes the '
                    'ledgers anew.', source.view);
  END IF;
  IF as_of - 366 > s.as_of THEN
    RAISE WARNING USING
      MESSAGE = format('%s is more than 366 days after the last refresh of %s, which was as of %s', as_of, s.scheme,
                       s.as_of),
      HINT = format('A day before can be refreshed no more after that. If it is not the day that was meant, '
                    'SELECT customer_tier.backfill(%L, ...) makes the history anew.', s.scheme);
  END IF;
  -- mostly some of the first ledgers tell that there are sales, and the others are not read
  SELECT x INTO last
  FROM customer_tier_internal.as_owner(s.ledger, format(
      'SELECT customer_tier.last_day(ledger) FROM %s WHERE customer_tier.last_day(ledger) >= %L::date - 31 LIMIT 1',
      s.ledger, as_of)) AS y(x date);
  IF last IS NULL THEN
    PERFORM customer_tier_internal.warn_of_silence(s.ledger, x, as_of)
    FROM customer_tier_internal.as_owner(s.ledger,
      format('SELECT max(customer_tier.last_day(ledger)) FROM %s', s.ledger)) AS y(x date);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.warn_of_day(customer_tier_internal.scheme, date) IS
  'support of refresh_scheme: warnings if as_of is far from the last refresh, or past the last sale';

CREATE FUNCTION customer_tier_internal.refresh_scheme(scheme regclass, as_of date, warn boolean,
  OUT customers bigint, OUT entered bigint, OUT up bigint, OUT down bigint, OUT gone bigint) RETURNS record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.own_scheme($1);
  source customer_tier_internal.source := customer_tier_internal.source_of(s.ledger);
  looked_at bigint;
BEGIN
  PERFORM customer_tier_internal.check_scheme_day(as_of);
  PERFORM customer_tier_internal.check_attributes(a.attributes, a.key)
  FROM customer_tier_internal.attributes_of(s.attributes) AS a;
  PERFORM customer_tier_internal.require_read_committed();
  IF source.queue IS NOT NULL OR source.touches[1] IS NOT NULL THEN
    IF source.refreshed_at IS NULL THEN
      CALL customer_tier_internal.make_ledgers(s.ledger);
    ELSE
      CALL customer_tier_internal.merge(s.ledger);
    END IF;
    CALL customer_tier_internal.note(s.ledger, NULL);
  END IF;
  s := customer_tier_internal.locked_scheme($1, 'SHARE UPDATE EXCLUSIVE');
  IF as_of < s.as_of THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('%s was refreshed as of %s already', $1, to_json(s.as_of) #>> '{}'),
      HINT = format('SELECT * FROM customer_tier.tiers_as_of(%L, %L) shows an earlier day; backfill makes the '
                    'history anew.', $1, to_json(as_of) #>> '{}');
  END IF;
  IF warn THEN
    PERFORM customer_tier_internal.warn_of_day(s, as_of);
  END IF;
  looked_at := customer_tier_internal.grade_and_write(s, customer_tier_internal.rule_of(s), as_of);
  PERFORM customer_tier_internal.note_day(s, as_of);
  SELECT x.* INTO customers, entered, up, down, gone
  FROM customer_tier_internal.as_owner(s.ledger, format($q$
      SELECT (SELECT coalesce(sum(heads), 0)::bigint FROM %1$s WHERE as_of = %3$s),
             coalesce(sum(heads) FILTER (WHERE change = 'new'), 0)::bigint,
             coalesce(sum(heads) FILTER (WHERE change = 'up'), 0)::bigint,
             coalesce(sum(heads) FILTER (WHERE change = 'down'), 0)::bigint,
             coalesce(sum(heads) FILTER (WHERE change = 'left'), 0)::bigint
      FROM %2$s
      WHERE as_of = %3$s
      $q$, s.trend, s.moves, customer_tier_internal.date_sql(as_of)))
    AS x(a bigint, b bigint, c bigint, d bigint, e bigint);
  -- the next refresh comes before autovacuum does, perhaps
  IF 10 * looked_at > customers THEN
    PERFORM customer_tier_internal.run(s.ledger, format('ANALYZE %s, %s', s.state, s.history));
  END IF;
  PERFORM pg_notify('customer_tier', json_build_object('scheme', $1::text, 'as_of', $2, 'customers', customers,
    'entered', entered, 'up', up, 'down', down, 'gone', gone)::text);
END $$;
COMMENT ON FUNCTION customer_tier_internal.refresh_scheme(regclass, date, boolean) IS
  'support of refresh_scheme and backfill';

CREATE FUNCTION refresh_scheme(scheme regclass, as_of date,
  OUT customers bigint, OUT entered bigint, OUT up bigint, OUT down bigint, OUT gone bigint) RETURNS record
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM customer_tier_internal.refresh_scheme($1, $2, true) $$;
COMMENT ON FUNCTION refresh_scheme(regclass, date) IS
  'grades all customers as of a day and writes what changes; how many there are, and how many entered, rose, fell and '
  'left since the last refresh of an earlier day';

