-- The view sources: the sources and their health.

CREATE FUNCTION customer_tier_internal.captures_table(sales regclass, queue regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH t AS (
  SELECT tgname FROM pg_trigger AS t
  WHERE tgrelid = $1 AND tgfoid = 'customer_tier_internal.capture()'::regprocedure AND tgenabled = 'A'
    AND EXISTS (SELECT FROM pg_depend
                WHERE classid = 'pg_trigger'::regclass
                  AND objid = t.oid
                  AND refclassid = 'pg_class'::regclass
                  AND refobjid = $2))
SELECT (SELECT count(*) FROM t) = 4
  -- with another owner, every write fails
  AND o.owner = (SELECT relowner FROM pg_class WHERE oid = $1)
  AND NOT EXISTS (SELECT FROM pg_inherits
                       JOIN pg_class AS c ON c.oid = inhparent
                  WHERE $1 IN (inhrelid, inhparent) AND c.relkind = 'r')
  AND CASE WHEN 'customer_tier_change' IN (SELECT tgname FROM t)
    -- each partition has the trigger, enabled as ALWAYS
    THEN NOT EXISTS (SELECT FROM customer_tier_internal.partitions($1) AS p
                          JOIN pg_class AS c ON c.oid = p
                     WHERE c.relowner <> o.owner
                        OR NOT EXISTS (SELECT FROM pg_trigger
                                       WHERE tgrelid = p
                                         AND tgfoid = 'customer_tier_internal.capture()'::regprocedure
                                         AND tgenabled = 'A'))
    -- statement triggers do not capture rows of a subscription
    ELSE NOT EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = $1) END
FROM (SELECT relowner AS owner FROM pg_class WHERE oid = $2) AS o
$$;
COMMENT ON FUNCTION customer_tier_internal.captures_table(regclass, regclass) IS
  'whether nothing that is known writes to a table past its triggers';

CREATE FUNCTION customer_tier_internal.capturing(s customer_tier_internal.source) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN s.view IS NULL OR s.ledger IS NULL OR s.live IS NULL THEN false
  -- the source is only rebuilt, or its tables cannot have triggers
  WHEN s.queue IS NULL AND s.touches IS NULL THEN CASE WHEN s.capture IS NOT NULL AND s.sales IS NOT NULL THEN false END
  WHEN NOT coalesce((SELECT bool_and(customer_tier_internal.captures_table(c.base, c.queue))
                     FROM customer_tier_internal.captures(s) AS c), false) THEN false
  WHEN s.touches IS NOT NULL
    AND EXISTS (SELECT FROM unnest(customer_tier_internal.tables_of(s.view)) AS t
                WHERE NOT EXISTS (SELECT FROM customer_tier_internal.captures(s) AS c WHERE c.base = t)) THEN NULL
  ELSE true END
$$;
COMMENT ON FUNCTION customer_tier_internal.capturing(customer_tier_internal.source) IS
  'whether all writes to the sales are captured; null if that cannot be known';

CREATE FUNCTION customer_tier_internal.changed(s customer_tier_internal.source) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN CASE
    WHEN s.view IS NULL THEN NULL
    WHEN s.capture IS NULL THEN false
    ELSE NOT coalesce(customer_tier_internal.same_source(s.view, s.capture),
                      pg_get_viewdef(s.view) = pg_get_viewdef(s.capture)) END;
EXCEPTION WHEN OTHERS THEN
  -- an error in planning one owner's view must not hide the sources of others
  RETURN true;
END $$;
COMMENT ON FUNCTION customer_tier_internal.changed(customer_tier_internal.source) IS
  'whether the view of a source is not what is captured';

CREATE VIEW customer_tier.sources AS
SELECT f.view AS source, f.sales, f.ledger, f.live, f.queue,
       customer_tier_internal.capturing(f) AS capturing, customer_tier_internal.changed(f) AS changed,
       h.pending, h.oldest_pending, h.queue_bytes, f.refreshed_at, f.error AS last_error, f.failed_at,
       f.closed
FROM customer_tier_internal.find_sources() AS f,
     LATERAL (SELECT sum(q.pending)::bigint AS pending, min(q.oldest) AS oldest_pending,
                     sum(pg_catalog.pg_relation_size(c.queue))::bigint AS queue_bytes
              FROM customer_tier_internal.captures(f) AS c,
                   LATERAL customer_tier_internal.queue_health(c.queue) AS q) AS h;
GRANT SELECT ON customer_tier.sources TO PUBLIC;
COMMENT ON VIEW customer_tier.sources IS
  'the sources whose state the caller may read, with their parts and their health';
COMMENT ON COLUMN customer_tier.sources.source IS
  'the view of its sales, which identifies the source';
COMMENT ON COLUMN customer_tier.sources.sales IS
  'the table of sales; null if the view joins several, or it is gone';
COMMENT ON COLUMN customer_tier.sources.ledger IS
  'table of one ledger for each customer, as of the last refresh';
COMMENT ON COLUMN customer_tier.sources.live IS
  'view of the current ledgers, including pending sales';
COMMENT ON COLUMN customer_tier.sources.queue IS
  'table of the sales written since the last refresh; null for a join, which has a queue for each table';
COMMENT ON COLUMN customer_tier.sources.capturing IS
  'whether all writes are captured; false if writes may bypass the triggers, null if that cannot be known';
COMMENT ON COLUMN customer_tier.sources.changed IS
  'whether the view was replaced and is not what is captured: alter_source or rebuild_source takes it over';
COMMENT ON COLUMN customer_tier.sources.pending IS
  'sales added or removed since the last refresh; null if the caller may not read the queue';
COMMENT ON COLUMN customer_tier.sources.oldest_pending IS
  'when the oldest of them was written';
COMMENT ON COLUMN customer_tier.sources.queue_bytes IS
  'size of the queue on disk';
COMMENT ON COLUMN customer_tier.sources.refreshed_at IS
  'when the ledgers were refreshed or rebuilt last';
COMMENT ON COLUMN customer_tier.sources.last_error IS
  'the error of the last refresh; null if it succeeded';
COMMENT ON COLUMN customer_tier.sources.failed_at IS
  'when the last refresh failed';
COMMENT ON COLUMN customer_tier.sources.closed IS
  'the last closed day: the ledgers keep sales of closed days that are deleted; null if no day is closed';
