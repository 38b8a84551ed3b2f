-- Days, and periods of whole months or whole days.

CREATE FUNCTION customer_tier_internal.check_day(as_of date) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- in the views 9999-12-31 stands for no end, and periods before and after have to be days, too
  IF NOT coalesce(as_of >= '0001-01-01' AND as_of < '9999-12-31', false) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = 'as_of is not a day of the years 1 to 9999',
      HINT = 'Give the day as of which is asked: as_of => ''2026-11-30''.';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_day(date) IS 'support of operations: an error if as_of is not a day';

CREATE FUNCTION customer_tier_internal.check_every(every interval) RETURNS interval
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- by its parts: a month is no number of days
  IF every IS NULL
    OR every <> make_interval(months => customer_tier_internal.months_of(every), days => extract(day FROM every)::int)
    OR extract(day FROM every) <> 0 AND (extract(month FROM every) <> 0 OR extract(year FROM every) <> 0)
    OR every < interval '1 day' OR every > interval '1000 years' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = 'a period is of whole months, or of whole days, up to a thousand years',
      HINT = 'For example ''1 month'', ''1 year'' or ''7 days''.';
  END IF;
  RETURN every;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_every(interval) IS
  'an interval of whole months or of whole days; an error for another one';

CREATE FUNCTION customer_tier_internal.months_of(every interval) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT extract(year FROM every)::int * 12 + extract(month FROM every)::int $$;
COMMENT ON FUNCTION customer_tier_internal.months_of(interval) IS 'the months of a period; 0 if it is of days';

-- Periods of the calendar have numbers: months are counted from a January, days from a Monday.
CREATE FUNCTION customer_tier_internal.period_number(day date, months integer, days integer) RETURNS integer
AS 'MODULE_PATHNAME', 'ct_period_number'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.period_number(date, integer, integer) IS
  'the number of the calendar''s period that a day is in';

CREATE FUNCTION customer_tier_internal.period_start(number integer, months integer, days integer) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
-- not before the first day that there is
SELECT CASE
  WHEN months = 0 THEN date '2000-01-03' + greatest(number::bigint * days, -2451547)::int
  WHEN number::bigint * months < -4712 * 12 THEN date '4714-11-24 BC'
  ELSE (date '2000-01-01' + make_interval(months => number * months - 24000))::date
END
$$;
COMMENT ON FUNCTION customer_tier_internal.period_start(integer, integer, integer) IS
  'the first day of the calendar''s period of a number';

CREATE FUNCTION customer_tier_internal.period_of(as_of date, every interval, calendar boolean) RETURNS daterange
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN calendar THEN
    daterange(customer_tier_internal.period_start(n, m, d), customer_tier_internal.period_start(n + 1, m, d))
  WHEN m > 0 THEN customer_tier.trailing_months(as_of, m)
  ELSE daterange(as_of + 1 - d, as_of + 1)
END
FROM (SELECT customer_tier_internal.months_of(every) AS m, extract(day FROM every)::int AS d) AS e,
  LATERAL (SELECT customer_tier_internal.period_number(as_of, m, d) AS n) AS p
$$;
COMMENT ON FUNCTION customer_tier_internal.period_of(date, interval, boolean) IS
  'the period that ends with a day, or the calendar''s period that it is in';
