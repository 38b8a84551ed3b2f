-- Calendars: ranges of days up to a day, for measures that take one.

-- "trailing" alone is a reserved word
CREATE FUNCTION trailing_months(as_of date, months integer) RETURNS daterange
AS 'MODULE_PATHNAME', 'ct_trailing_months'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION trailing_months(date, integer) IS 'the months that end with as_of, as a range of days';

CREATE FUNCTION calendar_year(as_of date, first_month integer DEFAULT 1) RETURNS daterange
AS 'MODULE_PATHNAME', 'ct_calendar_year'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION calendar_year(date, integer) IS
  'the days of the year up to as_of; a year that begins with another month than January is named by that month';

CREATE FUNCTION anniversary_year(joined date, as_of date) RETURNS daterange
AS 'MODULE_PATHNAME', 'ct_anniversary_year'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION anniversary_year(date, date) IS
  'the days from the last anniversary of a day up to as_of; null before that day. February 29 has its anniversary on '
  'February 28 where there is no other';

CREATE FUNCTION same_period_last_year(days daterange) RETURNS daterange
AS 'MODULE_PATHNAME', 'ct_same_period_last_year'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION same_period_last_year(daterange) IS 'the same days a year before';
