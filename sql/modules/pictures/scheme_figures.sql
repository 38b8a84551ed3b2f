-- What pictures show of a scheme.  All of it is read from the scheme's views, as the
-- caller: SELECT on them is enough.

-- The view beside that of a scheme: by its name; after one was renamed, by what both read.
CREATE FUNCTION customer_tier_internal.view_beside(scheme regclass, suffix text) RETURNS regclass
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found regclass;
BEGIN
  SELECT b.oid INTO found
  FROM pg_class AS a
    JOIN pg_class AS b ON b.relnamespace = a.relnamespace AND b.relname = a.relname || suffix
  WHERE a.oid = scheme;
  IF found IS NULL THEN
    -- views that read what this one reads, of the same owner
    WITH reads AS (
      SELECT r.ev_class AS reader, d.refobjid AS source
      FROM pg_rewrite AS r
        JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
          AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class)
    SELECT min(b.oid::bigint)::oid INTO found
    FROM reads AS x
      JOIN reads AS y ON y.source = x.source
      JOIN pg_class AS a ON a.oid = x.reader
      JOIN pg_class AS b ON b.oid = y.reader AND b.relowner = a.relowner AND b.relkind = 'v'
    WHERE x.reader = scheme AND right(b.relname, length(suffix)) = suffix
    HAVING count(DISTINCT b.oid) = 1;
  END IF;
  IF found IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = format('%s is not the view of a scheme', scheme),
      DETAIL = format('There is no view "%s" beside it.', suffix),
      HINT = 'A scheme is named by the view of its customers: picture(''crm.abc'', ''pyramid'').';
  END IF;
  RETURN found;
END $$;
COMMENT ON FUNCTION customer_tier_internal.view_beside(regclass, text) IS
  'support of picture: a view of a scheme, by its suffix';

-- The measures of a scheme are the columns of its view that have a score.
CREATE FUNCTION customer_tier_internal.measures_of(scheme regclass) RETURNS text[]
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(array_agg(m.attname::text ORDER BY m.attnum), '{}')
FROM pg_attribute AS m
  JOIN pg_attribute AS s ON s.attrelid = m.attrelid AND s.attname = m.attname || '_score' AND NOT s.attisdropped
WHERE m.attrelid = scheme AND m.attnum > 0 AND m.atttypid = 'float8'::regtype AND s.atttypid = 'int4'::regtype
$$;
COMMENT ON FUNCTION customer_tier_internal.measures_of(regclass) IS 'support of picture: the measures of a scheme';

-- The measure that is worth: what is asked for, "value", the money of RFM, or the first.
CREATE FUNCTION customer_tier_internal.measure_to_show(scheme regclass, asked text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  measures text[] := customer_tier_internal.measures_of(scheme);
BEGIN
  IF asked IS NOT NULL AND asked <> ALL (measures) OR measures = '{}' THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = format('%s has no measure "%s"', scheme, asked),
      HINT = coalesce('Its measures are ' || nullif(array_to_string(measures, ', '), '') || '.',
                      'A scheme is named by the view of its customers.');
  END IF;
  RETURN coalesce(asked,
    (SELECT m FROM unnest('{value, m, profit, worth}'::text[]) WITH ORDINALITY AS u(m, i)
     WHERE m = ANY (measures) ORDER BY i LIMIT 1),
    measures[1]);
END $$;
COMMENT ON FUNCTION customer_tier_internal.measure_to_show(regclass, text) IS
  'support of picture: the measure that is asked for, or the one that is worth';

-- The last refresh on or before a day, and the one before it.
CREATE FUNCTION customer_tier_internal.refresh_days(scheme regclass, until date, OUT day date, OUT day_before date,
  OUT last_day date)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE format('SELECT max(as_of) FILTER (WHERE as_of <= coalesce($1, as_of)), max(as_of) FROM %s',
                 customer_tier_internal.view_beside(scheme, '_trend'))
    INTO day, last_day USING until;
  IF last_day IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = format('%s has no tiers yet', scheme),
      HINT = format('SELECT * FROM customer_tier.refresh_scheme(%L, as_of => ...);', scheme);
  ELSIF day IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('%s was not refreshed by %s', scheme, to_char(until, 'YYYY-MM-DD')),
      HINT = 'backfill() makes the tiers of earlier days.';
  END IF;
  EXECUTE format('SELECT max(as_of) FROM %s WHERE as_of < $1', customer_tier_internal.view_beside(scheme, '_trend'))
    INTO day_before USING day;
END $$;
COMMENT ON FUNCTION customer_tier_internal.refresh_days(regclass, date) IS
  'support of picture: the refresh that a picture shows, the one before it, and the last of all';

-- The tiers as of a refresh, the lowest first.  A colour is there if the view has it.
CREATE FUNCTION customer_tier_internal.tiers_on(scheme regclass, day date)
RETURNS TABLE (place bigint, tier text, label text, colour text, heads double precision, value double precision,
  orders double precision, held double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  FOR place, tier, label, colour, heads, value, orders, held IN EXECUTE format($q$
    WITH counted AS (
      SELECT tier, sum(heads)::float8 AS heads, sum(value)::float8 AS value, sum(orders)::float8 AS orders,
             sum(held)::float8 AS held
      FROM %s
      WHERE as_of = $1
      GROUP BY tier
      HAVING sum(heads) > 0),
    known AS (
      SELECT tier, tier_rank, coalesce(tier_name, tier) AS name, to_jsonb(s) ->> 'tier_colour' AS colour
      FROM %s AS s)
    SELECT row_number() OVER (ORDER BY tier_rank NULLS FIRST, tier COLLATE "C"), tier,
           CASE
             WHEN count(*) OVER (PARTITION BY name) > 1 THEN format('%%s (%%s)', name, tier)
             ELSE coalesce(name, tier)
           END,
           colour, coalesce(heads, 0), coalesce(value, 0), coalesce(orders, 0), coalesce(held, 0)
    FROM counted
      FULL JOIN known USING (tier)
    ORDER BY 1
    $q$, customer_tier_internal.view_beside(scheme, '_trend'), customer_tier_internal.view_beside(scheme, '_summary'))
    USING day
  LOOP
    RETURN NEXT;
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.tiers_on(regclass, date) IS
  'support of picture: the tiers of a scheme as of a refresh, the lowest first; held: of customers above zero';

-- Who went from which tier to which at a refresh.
CREATE FUNCTION customer_tier_internal.moves_on(scheme regclass, day date, day_before date, last_day date)
RETURNS TABLE (from_tier text, to_tier text, heads double precision)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  FOR from_tier, to_tier, heads IN EXECUTE CASE
    WHEN day = last_day THEN format('SELECT from_tier, to_tier, sum(heads)::float8 FROM %s GROUP BY 1, 2 ORDER BY 1, 2',
                                    customer_tier_internal.view_beside(scheme, '_migration'))
    ELSE format($q$
      SELECT b.tier, n.tier, count(*)::float8
      FROM (SELECT customer, tier FROM %1$s WHERE valid_from <= $1 AND valid_to > $1 AND tier IS NOT NULL) AS b
        FULL JOIN (SELECT customer, tier FROM %1$s WHERE valid_from <= $2 AND valid_to > $2 AND tier IS NOT NULL) AS n
          ON n.customer = b.customer
      GROUP BY 1, 2
      ORDER BY 1, 2
      $q$, customer_tier_internal.view_beside(scheme, '_history'))
    END USING day_before, day
  LOOP
    RETURN NEXT;
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.moves_on(regclass, date, date, date) IS
  'support of picture: how many went from which tier to which at a refresh';
