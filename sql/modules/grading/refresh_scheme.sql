-- Refreshing a scheme: its sources, its day, and the call of grade().

-- whether a day of review is after "after" and not after "until"
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

-- whether an anniversary of a day is after "after" and not after "until"; a customer without the day may always fall
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

-- Adds the constraints after the first refresh, because building an index once is faster.
CREATE FUNCTION customer_tier_internal.constrain(s customer_tier_internal.scheme) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = s.state AND contype = 'p') THEN
    FOREACH command IN ARRAY ARRAY[
      format('ALTER TABLE %s ADD PRIMARY KEY (customer)', s.state),
      format('ALTER TABLE %s ADD PRIMARY KEY (customer, valid_from)', s.history),
      format('CREATE INDEX ON %s (valid_from)', s.history),
      format('ALTER TABLE %s REPLICA IDENTITY DEFAULT', s.state),
      format('ALTER TABLE %s REPLICA IDENTITY DEFAULT', s.history)]
    LOOP
      PERFORM customer_tier_internal.run(s.ledger, command);
    END LOOP;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.constrain(customer_tier_internal.scheme) IS
  'support of refresh_scheme: the keys of a scheme''s tables';

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

-- Compares the sum of the entries below zero since the tier was reached with the sum of the entries above zero since
-- one hold before that.
CREATE FUNCTION customer_tier_internal.is_broken(ledger customer_tier.ledger, since date, hold interval, as_of date,
  returns numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(-sum(amount) FILTER (WHERE amount < 0 AND day > since), 0)
       > returns * coalesce(sum(amount) FILTER (WHERE amount > 0), 0)
FROM customer_tier.entries(customer_tier.slice($1, daterange((since - hold)::date, as_of, '(]')))
$$;
COMMENT ON FUNCTION customer_tier_internal.is_broken(customer_tier.ledger, date, interval, date, numeric) IS
  'support of refresh_scheme: whether returns break the hold of a customer''s tier';

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

-- returns how many customers were compared with the history
CREATE FUNCTION customer_tier_internal.grade_and_write(s customer_tier_internal.scheme,
  r customer_tier_internal.rule, as_of date) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
DECLARE
  day text := customer_tier_internal.date_sql(as_of);
  anniversaries text := customer_tier_internal.anniversaries_sql(s, r.review);
  same_day boolean := as_of IS NOT DISTINCT FROM s.as_of;
  first boolean := false;
  last record;
  before customer_tier_internal.rule;
  holds interval[];
  command text;
  looked_at bigint;
BEGIN
  IF s.as_of IS NULL THEN
    SELECT x INTO first
    FROM customer_tier_internal.as_owner(s.ledger, format(
        'SELECT customer_tier_internal.is_bare_table(%1$L) AND customer_tier_internal.is_bare_table(%2$L)
                AND NOT EXISTS (SELECT FROM %1$s) AND NOT EXISTS (SELECT FROM %3$s)', s.state, s.history, s.pins))
      AS (x boolean);
    IF NOT first THEN
      PERFORM customer_tier_internal.constrain(s);
    END IF;
  END IF;
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
      'broken', CASE
        WHEN r.returns IS NULL THEN 'false'
        ELSE format('%1$s < was_since + (%2$L::interval[])[cur]
               AND (SELECT customer_tier_internal.is_broken(l.ledger, was_since, (%2$L::interval[])[cur], %1$s, %3$s)
                    FROM %4$s AS l
                    WHERE l.customer %5$s b.customer)', day, holds, r.returns, s.ledger,
                    customer_tier_internal.equal_of(s))
      END,
      'reviews', CASE
        WHEN anniversaries IS NULL THEN ''
        ELSE format('
    LEFT JOIN (%s) AS review ON review.customer %s b.customer', anniversaries, customer_tier_internal.equal_of(s))
      END,
      'holds', quote_literal(holds) || '::interval[]',
      'one_level', CASE r.downgrade WHEN 'one_level' THEN ', cur - 1' ELSE '' END));
  -- only a rule with the same measures can be applied to these values
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
    -- a row that began on this day has the values of an earlier refresh of the day
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
  IF first THEN
    PERFORM customer_tier_internal.constrain(s);
  END IF;
  RETURN looked_at;
END $$;
COMMENT ON FUNCTION customer_tier_internal.grade_and_write(customer_tier_internal.scheme, customer_tier_internal.rule,
  date) IS
  'support of refresh_scheme: grades all customers and writes what differs';

-- Serializes refreshes of a scheme; a session that waited reads the scheme again.  The ledgers are
-- locked first, in the order of a refresh, to avoid deadlocks.
CREATE FUNCTION customer_tier_internal.locked_scheme(scheme regclass, mode text, without_views boolean DEFAULT false)
RETURNS customer_tier_internal.scheme
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.own_scheme($1, $3);
  ledger regclass;
BEGIN
  FOR ledger IN SELECT * FROM customer_tier_internal.ledgers_of(s) LOOP
    PERFORM customer_tier_internal.run(s.ledger, format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', ledger));
  END LOOP;
  PERFORM customer_tier_internal.run(s.ledger, format('LOCK TABLE %s IN %s MODE', s.state, $2));
  RETURN customer_tier_internal.own_scheme($1, $3);
END $$;
COMMENT ON FUNCTION customer_tier_internal.locked_scheme(regclass, text, boolean) IS
  'support of schemes: a scheme of the caller''s, locked';

-- More than a year between two gradings is unusual.
CREATE FUNCTION customer_tier_internal.warn_of_day(s customer_tier_internal.scheme, as_of date) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
DECLARE
  source customer_tier_internal.source;
  last date;
BEGIN
  FOR source IN SELECT x.*
                FROM customer_tier_internal.ledgers_of(s) AS l, customer_tier_internal.source_of(l) AS x LOOP
    IF customer_tier_internal.capturing(source) IS NOT TRUE OR customer_tier_internal.changed(source) THEN
      RAISE WARNING USING
        MESSAGE = format('%s may have sales that its ledgers do not know of',
                         customer_tier_internal.source_name(source)),
        HINT = format('The view customer_tier.sources says more. CALL customer_tier.rebuild_source(%L) makes the '
                      'ledgers anew.', source.view);
    END IF;
  END LOOP;
  IF as_of - 366 > s.as_of THEN
    RAISE WARNING USING
      MESSAGE = format('%s is more than 366 days after the last refresh of %s, which was as of %s', as_of, s.scheme,
                       s.as_of),
      HINT = format('Earlier days cannot be refreshed after that. If another day was meant, '
                    'SELECT customer_tier.backfill(%L, ...) makes the history anew.', s.scheme);
  END IF;
  -- the first ledgers usually have recent sales, so that the others need not be read
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

-- merges all sources of a scheme, except those that can only be rebuilt
CREATE PROCEDURE customer_tier_internal.merge_sources(s customer_tier_internal.scheme)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source customer_tier_internal.source;
BEGIN
  FOR source IN SELECT x.*
                FROM customer_tier_internal.ledgers_of(s) AS l, customer_tier_internal.source_of(l) AS x LOOP
    CONTINUE WHEN source.queue IS NULL AND source.touches[1] IS NULL;
    IF source.refreshed_at IS NULL THEN
      CALL customer_tier_internal.make_ledgers(source.ledger);
    ELSE
      CALL customer_tier_internal.merge(source.ledger);
    END IF;
    CALL customer_tier_internal.note(source.ledger, NULL);
  END LOOP;
END $$;
COMMENT ON PROCEDURE customer_tier_internal.merge_sources(customer_tier_internal.scheme) IS
  'support of refresh_scheme: merges what is pending of all sources of a scheme';

CREATE FUNCTION customer_tier_internal.refresh_scheme(scheme regclass, as_of date, warn boolean,
  OUT customers bigint, OUT entered bigint, OUT up bigint, OUT down bigint, OUT gone bigint) RETURNS record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.own_scheme($1);
  looked_at bigint;
BEGIN
  PERFORM customer_tier_internal.check_scheme_day(as_of);
  PERFORM customer_tier_internal.check_attributes(a.attributes, a.key)
  FROM customer_tier_internal.attributes_of(s.attributes) AS a;
  PERFORM customer_tier_internal.require_read_committed();
  CALL customer_tier_internal.merge_sources(s);
  s := customer_tier_internal.locked_scheme($1, 'SHARE UPDATE EXCLUSIVE');
  IF as_of < s.as_of THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('%s was refreshed as of %s already', $1, to_json(s.as_of) #>> '{}'),
      HINT = format('SELECT * FROM customer_tier.tiers_as_of(%L, %L) shows an earlier day; backfill makes the '
                    'history anew.', $1, to_json(as_of) #>> '{}');
  END IF;
  PERFORM customer_tier_internal.check_listed_once(s);
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
  -- the next refresh may start before autovacuum does
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

