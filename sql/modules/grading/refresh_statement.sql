-- The statement of a refresh, which writes lines, totals, state and history.

-- The part that writes lines and totals, in every refresh.
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
    SELECT customer_group, tier, count(*), sum(value), sum(greatest(value, 0 * value)), sum(orders),
           count(*) FILTER (WHERE active)
    FROM placed
    WHERE tier IS NOT NULL
    GROUP BY customer_group, tier) AS t
  GROUP BY customer_group, tier),
logged AS (
  INSERT INTO {refreshes} AS x (as_of, version, spread, cells)
  SELECT {day}, {version}, spread, cells
  FROM shape
  ON CONFLICT (as_of) DO UPDATE
    SET version = EXCLUDED.version, spread = EXCLUDED.spread, cells = EXCLUDED.cells
    WHERE ROW(x.version, x.spread, x.cells) IS DISTINCT FROM ROW(EXCLUDED.version, EXCLUDED.spread, EXCLUDED.cells)),
-- how values were spread is kept for the last refresh
forgotten AS (
  UPDATE {refreshes}
  SET spread = NULL, cells = NULL
  WHERE as_of <> {day} AND spread IS NOT NULL)
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.results_template() IS
  'support of refresh_scheme: a part of its statements';

-- The first refresh: grade() has already written state and history.
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
 *	today	rows of the history that this day has begun already
 *	before	beside the new scores, what was before the day (was ...)
 *	decided	what discipline makes of them: the rank they get (goes_to), and whether a release or
 *		returns end the hold (freed)
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
release AS (
  SELECT DISTINCT ON (customer) customer, format('by %s: %s', author, reason) AS note
  FROM {releases}
  WHERE released_on > {day_before} AND released_on <= {day}
  ORDER BY customer, released_on DESC),
today AS MATERIALIZED (
  SELECT customer, ctid AS begun
  FROM {history}
  WHERE valid_from = {day}),
before AS (
  SELECT g.*, d.begun,
         CASE WHEN begun IS NULL THEN now_tier ELSE b.tier END AS was,
         CASE WHEN begun IS NULL THEN now_status ELSE b.status END AS was_status,
         CASE WHEN begun IS NULL THEN now_since ELSE b.since END AS was_since
  FROM graded AS g
    LEFT JOIN today AS d ON d.customer {equal} g.customer
    LEFT JOIN LATERAL (
      SELECT tier, status, since
      FROM {history} AS h
      WHERE begun IS NOT NULL AND h.customer {equal} g.customer AND h.valid_from < {day}
      ORDER BY valid_from DESC
      LIMIT 1) AS b ON true),
decided AS (
  SELECT f.*, rank IS NULL AS gone, was IS NULL AS fresh, ({names})[rank] AS earned,
         ({names_before})[rank_by_before] AS earned_by_before,
         CASE was_status
           WHEN 'held' THEN rank_by_before < array_position({names_before}, was)
           ELSE ({names_before})[rank_by_before] = was
         END AS same_by_before,
         CASE
           WHEN rank IS NULL THEN NULL
           WHEN pinned IS NOT NULL THEN pinned
           WHEN cur IS NULL OR rank >= cur OR freed IS NOT NULL THEN rank
           WHEN greatest(rank, kept) >= cur OR NOT may_fall OR {day} < was_since + ({holds})[cur] THEN cur
           ELSE greatest(rank, kept{one_level})
         END AS goes_to
  FROM (
    SELECT b.*, pinned, anew, {may_fall} AS may_fall, coalesce(pin.note, release.note) AS note,
           CASE
             WHEN pinned IS NOT NULL OR cur IS NULL OR rank >= cur THEN NULL
             WHEN release.note IS NOT NULL THEN 'released'
             WHEN {broken} THEN 'hold broken'
           END AS freed
    FROM (SELECT *, CASE WHEN was_status <> 'pinned' THEN array_position({names}, was) END AS cur FROM before) AS b
      LEFT JOIN pin ON pin.customer {equal} b.customer
      LEFT JOIN release ON release.customer {equal} b.customer{reviews}) AS f),
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
         CASE WHEN status = 'pinned' OR freed = 'released' THEN note END AS said,
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
           -- LIMIT makes the planner use the index instead of hashing the whole history
           WHEN fresh AND (SELECT true FROM {history} AS h
                           WHERE h.customer {equal} placed.customer AND h.valid_from < {day} LIMIT 1) THEN 'returned'
           WHEN fresh THEN 'first'
           WHEN status = 'held' AND tier = was THEN 'held'
           WHEN was_status = 'pinned' THEN 'unpinned'
           WHEN freed IS NOT NULL THEN freed
           WHEN was_status = 'held' AND goes_to < cur THEN 'hold ended'
           WHEN {rule_changed} AND (earned_by_before IS NULL OR same_by_before) THEN 'rule'
           WHEN same_by_before THEN 'line moved'
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
-- stretches that began on this day and are no longer right
removed AS (
  DELETE FROM {history}
  WHERE ctid = ANY (ARRAY(SELECT begun FROM turn WHERE NOT turns))),
corrected AS (
  UPDATE {history} AS h
  SET customer_group = n.customer_group, tier = n.tier, previous_tier = n.was, change = n.change, reason = n.reason,
      note = n.said, status = n.status, since = n.since, earned = n.earned, rule_version = {version},
      scores = n.scores, vals = n.vals
  FROM turn AS n
  WHERE h.ctid = ANY (ARRAY(SELECT begun FROM turn WHERE turns)) AND n.customer {equal} h.customer AND
        ROW(h.customer_group, h.tier, h.previous_tier, h.change, h.reason, h.note, h.status, h.since, h.earned,
            h.rule_version, h.scores, h.vals) IS DISTINCT FROM
        ROW(n.customer_group, n.tier, n.was, n.change, n.reason, n.said, n.status, n.since, n.earned,
            {version}, n.scores, n.vals)),
begun AS (
  INSERT INTO {history} (customer, customer_group, valid_from, tier, previous_tier, change, reason, note,
                         status, since, earned, rule_version, scores, vals)
  SELECT customer, customer_group, {day}, tier, was, change, reason, said,
         status, since, earned, {version}, scores, vals
  FROM turn
  WHERE turns AND begun IS NULL
  ORDER BY customer),
$$ || customer_tier_internal.results_template() || $$
SELECT count(*) FROM turn
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.refresh_template() IS 'support of refresh_scheme: its statement';
