-- Calendars: the days of a year so far, for measures that take a range of days.

CREATE FUNCTION calendar_year(as_of date, first_month integer DEFAULT 1) RETURNS daterange
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$
SELECT pg_catalog.daterange(
  pg_catalog.make_date(
    extract(year FROM as_of)::pg_catalog.int4 OPERATOR(pg_catalog.-)
      (extract(month FROM as_of)::pg_catalog.int4 OPERATOR(pg_catalog.<) first_month)::pg_catalog.int4,
    first_month, 1),
  as_of OPERATOR(pg_catalog.+) 1)
$$;
COMMENT ON FUNCTION calendar_year(date, integer) IS
  'the days of the year up to as_of; a year that begins with another month than January is named by that month';

CREATE FUNCTION anniversary_year(joined date, as_of date) RETURNS daterange
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$
SELECT pg_catalog.daterange(
  CASE WHEN this_year OPERATOR(pg_catalog.<=) as_of THEN this_year
  ELSE (joined OPERATOR(pg_catalog.+)
    pg_catalog.make_interval(years => years OPERATOR(pg_catalog.-) 1))::pg_catalog.date
  END,
  as_of OPERATOR(pg_catalog.+) 1)
FROM (SELECT extract(year FROM as_of)::pg_catalog.int4 OPERATOR(pg_catalog.-)
        extract(year FROM joined)::pg_catalog.int4 AS years) AS y,
  LATERAL (SELECT (joined OPERATOR(pg_catalog.+) pg_catalog.make_interval(years => years))::pg_catalog.date
    AS this_year) AS t
WHERE joined OPERATOR(pg_catalog.<=) as_of
$$;
COMMENT ON FUNCTION anniversary_year(date, date) IS
  'the days from the last anniversary of a day up to as_of; null before that day. February 29 has its anniversary on '
  'February 28 where there is no other';

CREATE FUNCTION same_period_last_year(days daterange) RETURNS daterange
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$
SELECT CASE WHEN pg_catalog.isempty(days) THEN days
  ELSE pg_catalog.daterange(
    (pg_catalog.lower(days) OPERATOR(pg_catalog.-) '1 year'::pg_catalog.interval)::pg_catalog.date,
    (pg_catalog.upper(days) OPERATOR(pg_catalog.-) '1 year'::pg_catalog.interval)::pg_catalog.date)
END
$$;
COMMENT ON FUNCTION same_period_last_year(daterange) IS 'the same days a year before';
