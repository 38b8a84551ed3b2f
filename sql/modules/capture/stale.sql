-- The view stale: materialised views that need a refresh.

CREATE FUNCTION customer_tier_internal.is_watching(state regclass, relation regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN relkind = 'm' THEN
    -- the trigger is on the marks of that view
    EXISTS (SELECT FROM customer_tier_internal.mark_triggers($1) AS t
                 JOIN pg_attrdef AS d ON d.adrelid = (customer_tier_internal.relations_in(t.tgqual))[2]
            WHERE tgenabled = 'A' AND (customer_tier_internal.relations_in(d.adbin))[1] = $2)
  ELSE
    -- tgtype has all events (4, 8, 16 and 32); 1 is FOR EACH ROW
    (SELECT bit_or(tgtype) & 60 = 60
     AND (NOT customer_tier_internal.is_watched_by_row($2) OR bit_or(tgtype) FILTER (WHERE tgtype & 1 = 1) & 28 = 28)
     FROM customer_tier_internal.mark_triggers($1)
     WHERE tgrelid = $2 AND tgenabled = 'A' AND cardinality(tgattr::int2[]) = 0)
    AND NOT EXISTS (SELECT FROM pg_trigger AS t
                    WHERE t.tgrelid IN (SELECT $2 UNION ALL SELECT customer_tier_internal.partitions($2))
                      AND t.tgfoid = 'customer_tier_internal.mark_stale()'::regprocedure
                      AND t.tgenabled <> 'A'
                      AND (customer_tier_internal.relations_in(t.tgqual))[1] = $1)
  END
FROM pg_class WHERE oid = $2
$$;
COMMENT ON FUNCTION customer_tier_internal.is_watching(regclass, regclass) IS
  'support of the view stale: whether all changes of a relation are marked by a state';

CREATE VIEW customer_tier.stale WITH (security_barrier) AS
SELECT * FROM (
SELECT w.matview,
       CASE WHEN t.tgenabled IS NULL THEN 'deferred'::text ELSE 'commit' END AS mode,
       w.since,
       w.owner = c.relowner
         AND w.marks IS NOT NULL
         AND coalesce(t.tgenabled = 'A', true)
         AND coalesce((SELECT pg_catalog.bool_and(coalesce(customer_tier_internal.is_watching(w.state, r), false))
                       FROM pg_catalog.unnest(w.reads) AS r), false) AS watching,
       CASE WHEN w.owner = c.relowner THEN w.error
            ELSE pg_catalog.format('the materialized view belongs to %I, and what refresh_on_change made for it to %I',
              pg_catalog.pg_get_userbyid(c.relowner), pg_catalog.pg_get_userbyid(w.owner)) END AS error,
       w.failed_at
FROM customer_tier_internal.find_watched() AS w
     JOIN pg_catalog.pg_class AS c ON c.oid = w.matview
     LEFT JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = w.marks
       AND t.tgfoid = 'customer_tier_internal.refresh_at_commit()'::regprocedure
WHERE w.owner = c.relowner OR pg_catalog.pg_has_role(w.owner, 'USAGE')) AS x
WHERE since IS NOT NULL OR NOT watching;
COMMENT ON VIEW customer_tier.stale IS
  'materialised views that are refreshed on change and are stale, or might be';
COMMENT ON COLUMN customer_tier.stale.matview IS
  'the materialised view';
COMMENT ON COLUMN customer_tier.stale.mode IS
  'commit or deferred';
COMMENT ON COLUMN customer_tier.stale.since IS
  'time of the first write to its tables since its last refresh';
COMMENT ON COLUMN customer_tier.stale.watching IS
  'whether all triggers exist and are enabled as ALWAYS; if not, changes may have been missed';
COMMENT ON COLUMN customer_tier.stale.error IS
  'why its last refresh failed';
COMMENT ON COLUMN customer_tier.stale.failed_at IS
  'when its last refresh failed';
GRANT SELECT ON customer_tier.stale TO PUBLIC;
