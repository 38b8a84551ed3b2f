-- Refreshing a source: merging its queue into its ledgers, or rebuilding them from its sales.

CREATE FUNCTION customer_tier_internal.lock_source(s customer_tier_internal.source,
  mode text DEFAULT 'SHARE UPDATE EXCLUSIVE')
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM customer_tier_internal.run(s.state, format('LOCK TABLE %s IN %s MODE', s.ledger, mode));
END $$;
COMMENT ON FUNCTION customer_tier_internal.lock_source(customer_tier_internal.source, text) IS
  'serializes refreshes of a source; does not block readers and writers';

-- Reads the sales, so unlike a merge it waits for locks on them.  Closed days are taken from the ledgers, because
-- their sales may have been archived.
CREATE FUNCTION customer_tier_internal.rolled_up(s customer_tier_internal.source, columns text, equal text)
RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET datestyle = iso
AS $$
SELECT CASE
  WHEN s.closed IS NULL THEN found
  ELSE format($q$(
    SELECT customer, ledger
    FROM (SELECT coalesce(o.customer, c.customer) AS customer,
                 coalesce(o.ledger, '{}') OPERATOR(customer_tier.+) coalesce(c.ledger, '{}') AS ledger
          FROM (SELECT customer, customer_tier.slice(ledger, daterange(%1$L, NULL, '()')) AS ledger FROM %2$s) AS o
               FULL JOIN
               (SELECT customer, customer_tier.slice(ledger, daterange(NULL, %1$L, '(]')) AS ledger FROM %3$s) AS c
                 ON c.customer %4$s o.customer) AS both_parts
    WHERE NOT customer_tier.is_empty(ledger)) AS x
    $q$, s.closed, found, s.live, equal)
END
FROM customer_tier_internal.flat_view(coalesce(s.capture, s.view)),
     LATERAL format('customer_tier.roll_up(%L, %L) AS %s', sale_query, time_zone, columns) AS found
$$;
COMMENT ON FUNCTION customer_tier_internal.rolled_up(customer_tier_internal.source, text, text) IS
  'how the statements of a source make its ledgers anew';

-- the statement that rebuilds the ledgers also empties the queues
CREATE FUNCTION customer_tier_internal.consume_sql(s customer_tier_internal.source) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(string_agg(format('consumed_%s AS (DELETE FROM %s), ', i, q), '' ORDER BY i), '')
FROM customer_tier_internal.captures(s) WITH ORDINALITY AS u(capture, q, base, i)
$$;
COMMENT ON FUNCTION customer_tier_internal.consume_sql(customer_tier_internal.source) IS
  'support of rebuild_source: the queues of a source, emptied by the same statement';

CREATE PROCEDURE customer_tier_internal.make_ledgers(source regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
  p record;
BEGIN
  PERFORM customer_tier_internal.require_read_committed();
  SELECT * INTO p FROM customer_tier_internal.source_parts(s);
  -- locks before the snapshot, to exclude a TRUNCATE between them, and other refreshes
  PERFORM customer_tier_internal.run(s.state, p.lock_sales);
  PERFORM customer_tier_internal.lock_source(s);
  -- one statement, so that one snapshot covers the sales and the queue
  PERFORM customer_tier_internal.run(s.state, format($q$
    WITH %1$sdiffer AS MATERIALIZED (
      SELECT f.customer AS found, f.ledger, l.customer AS kept
      FROM (SELECT * FROM %2$s) AS f FULL JOIN %3$s AS l ON l.customer %4$s f.customer
      WHERE f.ledger IS NULL OR l.ledger IS NULL OR f.ledger OPERATOR(customer_tier.<>) l.ledger),
    gone AS (DELETE FROM %3$s AS l USING differ AS d WHERE d.ledger IS NULL AND d.kept %4$s l.customer),
    other AS (UPDATE %3$s AS l SET ledger = d.ledger FROM differ AS d WHERE d.found %4$s l.customer)
    INSERT INTO %3$s (customer, ledger) SELECT found, ledger FROM differ WHERE kept IS NULL ORDER BY found
    $q$, customer_tier_internal.consume_sql(s), customer_tier_internal.rolled_up(s, p.columns, p.equal), s.ledger,
    p.equal));
END $$;
COMMENT ON PROCEDURE customer_tier_internal.make_ledgers(regclass) IS
  'support of rebuild_source: sales to ledgers, in one statement';

CREATE PROCEDURE customer_tier_internal.merge(source regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
  p record;
BEGIN
  PERFORM customer_tier_internal.require_read_committed();
  SELECT * INTO p FROM customer_tier_internal.source_parts(s);
  -- locks before the snapshot, to exclude other refreshes, and a TRUNCATE after the markers of a join
  -- were read
  IF s.touches IS NOT NULL THEN
    PERFORM customer_tier_internal.run(s.state, p.lock_sales);
  END IF;
  PERFORM customer_tier_internal.lock_source(s);
  IF s.touches IS NOT NULL THEN
    CALL customer_tier_internal.merge_touched(s, p.equal);
    RETURN;
  END IF;
  PERFORM FROM customer_tier_internal.as_owner(s.state,
    format('SELECT customer_tier_internal.merge_queue(%L, %L)', s.queue, s.ledger)) AS (n bigint);
END $$;
COMMENT ON PROCEDURE customer_tier_internal.merge(regclass) IS
  'support of refresh_source: queue to ledgers, in one statement';

-- an eighth of its tables' size: a changed row is noted twice, more tersely than its table has it, and joined
CREATE FUNCTION customer_tier_internal.many_changes_sql(s customer_tier_internal.source) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format(' OR (SELECT sum(length(pack)) FROM (%s) AS p) > %s',
  string_agg(format('SELECT pack FROM %s', queue), ' UNION ALL '),
  greatest(1 << 20,
    sum((SELECT sum(pg_relation_size(p))
         FROM (SELECT base UNION ALL SELECT customer_tier_internal.partitions(base)) AS x(p))) / 8))
FROM customer_tier_internal.captures(s)
WHERE customer_tier_internal.changes_view(s) IS NOT NULL
HAVING count(*) > 0
$$;
COMMENT ON FUNCTION customer_tier_internal.many_changes_sql(customer_tier_internal.source) IS
  'support of refresh_source: SQL for whether so much of a join changed that it is sooner made anew; null if '
  'its changes are not noted';

CREATE PROCEDURE customer_tier_internal.merge_touched(s customer_tier_internal.source, equal text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  all_touched boolean;
  consumed text := (SELECT string_agg(format('consumed_%s AS (DELETE FROM %s WHERE pack IS NOT NULL), ', i, queue), ''
                                      ORDER BY i)
                    FROM customer_tier_internal.captures(s) WITH ORDINALITY AS c(capture, queue, base, i));
BEGIN
  SELECT x INTO all_touched
  FROM customer_tier_internal.as_owner(s.state,
    'SELECT ' || customer_tier_internal.all_touched_sql(s) || coalesce(customer_tier_internal.many_changes_sql(s), ''))
    AS (x boolean);
  IF all_touched THEN
    CALL customer_tier_internal.make_ledgers(s.state);
    RETURN;
  ELSIF customer_tier_internal.touched_view(s) IS NULL THEN
    RETURN;
  ELSIF customer_tier_internal.changes_view(s) IS NOT NULL THEN
    PERFORM FROM customer_tier_internal.as_owner(s.state,
      format('WITH %s SELECT customer_tier_internal.merge_changes(%L, %L)', rtrim(consumed, ', '),
        format('SELECT customer, sold_at, amount%s, undo FROM %s',
          customer_tier_internal.order_column(customer_tier_internal.changes_view(s)),
          customer_tier_internal.changes_view(s)),
        s.ledger)) AS (n bigint);
    RETURN;
  END IF;
  PERFORM customer_tier_internal.run(s.state, format($q$
    WITH %1$stouched AS MATERIALIZED (SELECT DISTINCT customer FROM %2$s WHERE customer IS NOT NULL),
    found AS MATERIALIZED (%3$s),
    differ AS MATERIALIZED (
      SELECT t.customer, l.customer AS kept, f.ledger
      FROM touched AS t
           LEFT JOIN found AS f ON f.customer %4$s t.customer
           LEFT JOIN %5$s AS l ON l.customer %4$s t.customer
      WHERE f.ledger IS NULL AND l.ledger IS NOT NULL
         OR f.ledger IS NOT NULL AND l.ledger IS NULL
         OR f.ledger OPERATOR(customer_tier.<>) l.ledger),
    gone AS (DELETE FROM %5$s AS l USING differ AS d WHERE d.ledger IS NULL AND d.kept %4$s l.customer),
    other AS (UPDATE %5$s AS l SET ledger = d.ledger FROM differ AS d
              WHERE d.ledger IS NOT NULL AND d.kept %4$s l.customer)
    INSERT INTO %5$s (customer, ledger) SELECT customer, ledger FROM differ WHERE kept IS NULL ORDER BY customer
    $q$,
      consumed, customer_tier_internal.touched_view(s),
      customer_tier_internal.touched_ledgers_sql(s, 'SELECT customer FROM touched')
        || customer_tier_internal.grouped_sql(s),
      equal, s.ledger));
END $$;
COMMENT ON PROCEDURE customer_tier_internal.merge_touched(customer_tier_internal.source, text) IS
  'support of refresh_source: the ledgers of a join, by what changed in its tables or, for the customers whose sales '
  'were touched, from the sales';

CREATE PROCEDURE customer_tier_internal.note(source regclass, error text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.source_or_null($1);
BEGIN
  IF s.state IS NOT NULL THEN
    -- after the restore of a dump without data, the state has no row
    PERFORM customer_tier_internal.run(s.state, format($q$
      INSERT INTO %1$s AS x (is_source, view, capture, ledger, queue, live, touches, closed, refreshed_at, error,
                              failed_at)
      VALUES (true, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
              CASE WHEN %2$L IS NULL THEN clock_timestamp() END, %2$L,
              CASE WHEN %2$L IS NOT NULL THEN clock_timestamp() END)
      ON CONFLICT (is_source) DO UPDATE
      SET refreshed_at = coalesce(excluded.refreshed_at, x.refreshed_at),
          error = excluded.error,
          failed_at = excluded.failed_at
      $q$, s.state, $2));
  END IF;
END $$;
COMMENT ON PROCEDURE customer_tier_internal.note(regclass, text) IS
  'support of refresh_source and rebuild_source: how it went';

-- no SET search_path: a procedure with it cannot commit
CREATE FUNCTION customer_tier_internal.customer_in(context text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT substring($1, '^ledger of customer [^\n]*') $$;
COMMENT ON FUNCTION customer_tier_internal.customer_in(text) IS
  'support of refreshes: whose ledger an error is about, from its context';

CREATE PROCEDURE customer_tier_internal.attempt(source regclass, anew boolean)
LANGUAGE plpgsql
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
  state text;
  message text;
  detail text;
  hint text;
  context text;
  customer text;
  possible boolean;
BEGIN
  CALL customer_tier_internal.may_commit(possible);
  BEGIN
    -- if the first fill failed, there are no ledgers to merge into
    IF anew OR s.refreshed_at IS NULL OR (s.queue IS NULL AND s.touches IS NULL) THEN
      CALL customer_tier_internal.make_ledgers($1);
    ELSE
      CALL customer_tier_internal.merge($1);
    END IF;
    CALL customer_tier_internal.note($1, NULL);
    RETURN;
  EXCEPTION WHEN OTHERS THEN
    -- if the caller's transaction is rolled back, so would be the note of the error
    IF NOT possible THEN
      RAISE;
    END IF;
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
      hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
  END;
  customer := customer_tier_internal.customer_in(context);
  CALL customer_tier_internal.note($1, pg_catalog.concat_ws(', ', message, customer));
  COMMIT;
  -- a session that waited for untrack() gets the error that the source is not tracked
  IF state = '42P01' THEN
    PERFORM customer_tier_internal.source_of($1);
  END IF;
  -- the context of the error without internal statements
  RAISE EXCEPTION USING ERRCODE = state,
    MESSAGE = message,
    DETAIL = coalesce(nullif(detail, ''),
      pg_catalog.format('In the sales of %s.', pg_catalog.concat_ws(', ', coalesce(s.sales, s.view), customer))),
    HINT = coalesce(nullif(hint, ''), CASE
      WHEN s.refreshed_at IS NULL
      THEN pg_catalog.format('The source is there, but has no ledgers yet. '
                             'CALL customer_tier.refresh_source(%L) tries again; if a sale is in the way that '
                             'cannot be changed now, untrack, mend it, and track again.', $1)
      ELSE 'All is as it was before. The view customer_tier.sources keeps this error until it goes well.' END);
END $$;
COMMENT ON PROCEDURE customer_tier_internal.attempt(regclass, boolean) IS
  'support of refresh_source and rebuild_source: does it, or notes why not';

CREATE PROCEDURE customer_tier.rebuild_source(source regclass)
LANGUAGE plpgsql
AS $$
BEGIN
  IF customer_tier_internal.changed(customer_tier_internal.own_source($1)) THEN
    CALL customer_tier.alter_source($1);
  ELSE
    CALL customer_tier_internal.attempt($1, true);
  END IF;
END $$;
COMMENT ON PROCEDURE customer_tier.rebuild_source(regclass) IS
  'makes the ledgers of a source anew from its sales; writes only what differs';

CREATE PROCEDURE customer_tier.refresh_source(source regclass)
LANGUAGE plpgsql
AS $$
BEGIN
  CALL customer_tier_internal.attempt($1, false);
END $$;
COMMENT ON PROCEDURE customer_tier.refresh_source(regclass) IS
  'merges what has been written to the sales of a source into its ledgers';

-- A failure does not stop the others, and is an error at the end.  No SET search_path, so that the
-- procedure can commit; functions that depend on names have one.
CREATE PROCEDURE customer_tier.refresh_all(as_of date DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
  s customer_tier_internal.source;
  scheme pg_catalog.regclass;
  possible boolean;
  total integer := 0;
  failures text[] := ARRAY[]::text[];
  message text;
  context text;
BEGIN
  PERFORM customer_tier_internal.require_read_committed();
  CALL customer_tier_internal.may_commit(possible);
  FOR s IN SELECT * FROM customer_tier_internal.sources_to_refresh() LOOP
    message := NULL;
    BEGIN
      CALL customer_tier_internal.attempt(s.state, false);
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, context = PG_EXCEPTION_CONTEXT;
      message := pg_catalog.concat_ws(', ', message, customer_tier_internal.customer_in(context));
    END;
    -- another session has untracked the source meanwhile
    CONTINUE WHEN message IS NOT NULL AND customer_tier_internal.is_owner(s.state) IS NULL;
    total := total + 1;
    IF message IS NOT NULL THEN
      failures := pg_catalog.array_append(failures,
        pg_catalog.format('%s: %s', customer_tier_internal.source_name(s), message));
      RAISE WARNING 'source % could not be refreshed: %', customer_tier_internal.source_name(s), message;
      BEGIN
        CALL customer_tier_internal.note(s.state, message);
      EXCEPTION WHEN OTHERS THEN
        NULL;	-- a state that refuses it is its owner's matter
      END;
    END IF;
    IF possible THEN
      COMMIT;
    END IF;
  END LOOP;
  IF as_of IS NOT NULL THEN
    FOR scheme IN SELECT * FROM customer_tier_internal.schemes_to_refresh() LOOP
      message := NULL;
      BEGIN
        PERFORM customer_tier.refresh_scheme(scheme, as_of);
      EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
      END;
      total := total + 1;
      IF message IS NOT NULL THEN
        failures := pg_catalog.array_append(failures, pg_catalog.format('%s: %s', scheme, message));
        RAISE WARNING 'scheme % could not be refreshed: %', scheme, message;
      END IF;
      IF possible THEN
        COMMIT;
      END IF;
    END LOOP;
  END IF;
  PERFORM customer_tier_internal.check_all_done(
    CASE WHEN as_of IS NULL THEN 'sources' ELSE 'sources and schemes' END, 'refreshed', total, failures, possible);
END $$;
COMMENT ON PROCEDURE customer_tier.refresh_all(date) IS
  'refreshes all sources of the caller and, with a day, all schemes, for a scheduler: a warning for each that '
  'fails, and an error at the end';

CREATE FUNCTION customer_tier.verify_source(source regclass, repair boolean DEFAULT false, OUT customer text,
  OUT kept customer_tier.ledger, OUT found customer_tier.ledger)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
  p record;
  n bigint;
BEGIN
  SELECT * INTO p FROM customer_tier_internal.source_parts(s);
  -- the lock comes before the snapshot
  PERFORM customer_tier_internal.run(s.state, p.lock_sales);
  RETURN QUERY
  SELECT *
  FROM customer_tier_internal.as_owner(s.state, format($q$
    SELECT coalesce(f.customer, l.customer)::text, coalesce(l.ledger, '{}'), coalesce(f.ledger, '{}')
    FROM (SELECT * FROM %1$s) AS f FULL JOIN %2$s AS l ON l.customer %3$s f.customer
    WHERE coalesce(l.ledger, '{}') OPERATOR(customer_tier.<>) coalesce(f.ledger, '{}') ORDER BY 1
    $q$, customer_tier_internal.rolled_up(s, p.columns, p.equal), s.live, p.equal))
    AS (customer text, kept customer_tier.ledger, found customer_tier.ledger);
  GET DIAGNOSTICS n = ROW_COUNT;
  IF repair AND n > 0 THEN
    CALL customer_tier.rebuild_source($1);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier.verify_source(regclass, boolean) IS
  'the customers whose ledger, including pending sales, differs from their sales of open days: none, unless writes '
  'were not captured; with repair, corrects these ledgers';

CREATE FUNCTION customer_tier_internal.ledger_of_state(state regclass, customer anyelement) RETURNS customer_tier.ledger
AS 'MODULE_PATHNAME', 'ct_ledger_of'
LANGUAGE C STRICT STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION customer_tier_internal.ledger_of_state(regclass, anyelement) IS
  'support of ledger_of';

CREATE FUNCTION customer_tier_internal.live_ledger(live regclass, customer anyelement) RETURNS customer_tier.ledger
AS 'MODULE_PATHNAME', 'ct_live_ledger'
LANGUAGE C STRICT STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION customer_tier_internal.live_ledger(regclass, anyelement) IS
  'support of ledger_of, for a join: null for an unknown customer; the caller needs SELECT on the view';

CREATE FUNCTION customer_tier_internal.live_ledgers(live regclass, OUT customer text, OUT ledger customer_tier.ledger)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_live_ledgers'
LANGUAGE C STRICT STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION customer_tier_internal.live_ledgers(regclass) IS
  'the rows of a live view, computed as its owner; the caller needs SELECT on the view';

CREATE FUNCTION customer_tier.ledger_of(source regclass, customer anyelement) RETURNS customer_tier.ledger
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.live_source($1);
BEGIN
  IF s.touches IS NULL THEN
    RETURN customer_tier_internal.ledger_of_state(s.state, $2);
  END IF;
  RETURN coalesce(customer_tier_internal.live_ledger(s.live, $2), '{}'::customer_tier.ledger);
END $$;
COMMENT ON FUNCTION customer_tier.ledger_of(regclass, anyelement) IS
  'the ledger of one customer, including pending sales; empty for an unknown customer; needs SELECT on the live view';
