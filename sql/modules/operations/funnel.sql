-- Prospects on their way: how many come to each stage, how many go on, and how long it takes.

CREATE FUNCTION customer_tier_internal.funnel(opportunities text[], stages_of text[], days date[], stages text[],
  as_of date, lost_stages text[], OUT stage text, OUT entered bigint, OUT here bigint, OUT moved_on bigint,
  OUT lost bigint, OUT conversion double precision, OUT median_days double precision, OUT days_90 double precision,
  OUT weekly_entries double precision)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  unknown text;
BEGIN
  stages := ARRAY(SELECT x FROM unnest(stages) WITH ORDINALITY AS u(x, i) ORDER BY i);
  lost_stages := ARRAY(SELECT x FROM unnest(lost_stages) AS x);
  IF cardinality(stages) = 0 OR array_position(stages, NULL) IS NOT NULL
    OR (SELECT count(DISTINCT x) < count(*) FROM unnest(stages || lost_stages) AS x) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a funnel needs a list of different stages',
      HINT = 'In their order: ''{contact, offer, contract}''; and those that end it: lost_stages => ''{declined}''.';
  END IF;
  PERFORM customer_tier_internal.check_day(as_of);
  SELECT min(x) INTO unknown FROM unnest(stages_of) AS x WHERE x <> ALL (stages || lost_stages);
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown stage "%s"', unknown),
      HINT = 'Name it among the stages, or among those that end the way: lost_stages.';
  END IF;
  IF '-infinity' = ANY (days) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a stage was entered on no day, -infinity',
      HINT = 'Leave the day null where it is not known.';
  END IF;
  RETURN QUERY
  WITH seen AS (
    SELECT o, array_position(stages, s) AS n, d FROM unnest(opportunities, stages_of, days) AS u(o, s, d)
    WHERE o IS NOT NULL AND s IS NOT NULL AND d <= as_of),
  -- how far each came; it is lost if nothing but losses is known after the last loss, or on its day
  way AS (
    SELECT o, coalesce(max(n), 1) AS furthest,
           CASE WHEN max(d) FILTER (WHERE n IS NULL) >= coalesce(max(d) FILTER (WHERE n IS NOT NULL), '-infinity')
                THEN max(d) FILTER (WHERE n IS NULL) END AS lost_on
    FROM seen
    GROUP BY o),
  -- a later stage implies the earlier ones
  entry AS (
    SELECT w.o, i, w.furthest, w.lost_on,
           coalesce(min(f.d) OVER (PARTITION BY w.o ORDER BY i DESC), w.lost_on) AS entered_on
    FROM way AS w
      CROSS JOIN LATERAL generate_series(1, w.furthest) AS i
      LEFT JOIN (SELECT o, n, min(d) AS d FROM seen GROUP BY o, n) AS f ON f.o = w.o AND f.n = i),
  stay AS (
    SELECT i, furthest > i AS went_on, furthest = i AND lost_on IS NOT NULL AS was_lost, entered_on,
           CASE WHEN furthest > i THEN lead(entered_on) OVER (PARTITION BY o ORDER BY i) ELSE lost_on END
             - entered_on AS stayed
    FROM entry)
  SELECT stages[n], count(i), count(*) FILTER (WHERE i IS NOT NULL AND NOT went_on AND NOT was_lost),
         count(*) FILTER (WHERE went_on), count(*) FILTER (WHERE was_lost),
         CASE WHEN n < cardinality(stages) THEN count(*) FILTER (WHERE went_on) / nullif(count(i), 0)::float8 END,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY stayed), percentile_cont(0.9) WITHIN GROUP (ORDER BY stayed),
         count(i) * 7 / nullif(as_of - (SELECT min(entered_on) FROM stay) + 1, 0)::float8
  FROM generate_series(1, cardinality(stages)) AS n
    LEFT JOIN stay ON i = n
  GROUP BY n
  ORDER BY n;
END $$;
COMMENT ON FUNCTION customer_tier_internal.funnel(text[], text[], date[], text[], date, text[]) IS 'support of funnel';

-- no search_path here: names in the query mean what they mean to the caller
CREATE FUNCTION funnel(query text, stages text[], as_of date, lost_stages text[] DEFAULT '{}', OUT stage text,
  OUT entered bigint, OUT here bigint, OUT moved_on bigint, OUT lost bigint, OUT conversion double precision,
  OUT median_days double precision, OUT days_90 double precision, OUT weekly_entries double precision)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $$
DECLARE
  opportunities pg_catalog.text[];
  stages_of pg_catalog.text[];
  days pg_catalog.date[];
BEGIN
  BEGIN
    SELECT pg_catalog.array_agg(o), pg_catalog.array_agg(s), pg_catalog.array_agg(d)
    INTO opportunities, stages_of, days
    FROM customer_tier_internal.read_query('funnel',
        'q.o::pg_catalog.text, q.s::pg_catalog.text, q.d::pg_catalog.date', $1, 'o, s, d')
      AS x(o pg_catalog.text, s pg_catalog.text, d pg_catalog.date);
  EXCEPTION WHEN invalid_column_reference THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_column_reference',
      MESSAGE = 'the query of funnel does not return three columns',
      HINT = 'Let it select opportunity, stage and the day on which it was entered, in this order.';
  END;
  RETURN QUERY SELECT * FROM customer_tier_internal.funnel(opportunities, stages_of, days, $2, $3, $4);
END $$;
COMMENT ON FUNCTION funnel(text, text[], date, text[]) IS
  'the stages of a query of opportunity, stage, entered_on, as of a day: how many entered each, are here, moved on or '
  'were lost in it, the part that moved on, days in it by the median and the 90th percentile, entries a week';
