/*
 * day.c
 *		The day of a timestamptz in a time zone, and calendar months.
 */
#include "base/day.h"

#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#define MAX_MONTHS	12000		/* a thousand years */

/*
 * The offset of a zone is constant between two of its changes, so that the day is
 * integer arithmetic there.  The cache holds the last used zone and some of these
 * stretches, because the sales of some years lie in few of them.  pg_tzset() keeps
 * zones until the backend ends.
 */
#define ZONE_NAME_MAX	64
#define STRETCHES		8

typedef struct Stretch
{
	TimestampTz from;			/* [from, until) */
	TimestampTz until;
	int64		offset;			/* microseconds east of UTC */
} Stretch;

static struct
{
	char		name[ZONE_NAME_MAX];
	Size		len;			/* 0: the cache is empty */
	pg_tz	   *tz;				/* NULL: timestamptz_zone() computes each day */
	int			used;
	int			next;			/* the stretch to replace next */
	Stretch		stretch[STRETCHES];
}			zone_cache;

/*
 * ct_day_infinite
 *		Reports that a sale is dated infinity.
 */
void
ct_day_infinite(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("the day of a sale must be finite"),
			 errhint("Leave rows dated infinity out, or give them a real day.")));
}

/* as AT TIME ZONE computes it, for any zone that it accepts */
static DateADT
day_by_server(TimestampTz t, text *zone)
{
	return day_of_timestamp(DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone,
																  PointerGetDatum(zone),
																  TimestampTzGetDatum(t))));
}

static void
use_zone(text *zone, TimestampTz t)
{
	const char *name = VARDATA_ANY(zone);
	Size		len = VARSIZE_ANY_EXHDR(zone);

	zone_cache.len = 0;
	/* fails if the zone is unknown */
	(void) DirectFunctionCall2(timestamptz_zone, PointerGetDatum(zone), TimestampTzGetDatum(t));
	if (len >= ZONE_NAME_MAX)
		return;
	memcpy(zone_cache.name, name, len);
	zone_cache.name[len] = '\0';
	zone_cache.used = zone_cache.next = 0;

	/*
	 * AT TIME ZONE looks for an abbreviation before it looks for a full name, and they may differ.  A name with a
	 * slash is no abbreviation, and one without a comma is no POSIX specification, so that pg_tzset() finds the same
	 * zone.
	 */
	zone_cache.tz = NULL;
	if (pg_strcasecmp(zone_cache.name, "UTC") == 0 || pg_strcasecmp(zone_cache.name, "GMT") == 0 ||
		(strchr(zone_cache.name, '/') != NULL && strchr(zone_cache.name, ',') == NULL))
		zone_cache.tz = pg_tzset(zone_cache.name);
	zone_cache.len = len;
}

/* The stretch of the current zone that contains t; it is added to the cache if missing. */
static Stretch *
find_stretch(TimestampTz t)
{
	TimestampTz second = t - (t % USECS_PER_SEC + USECS_PER_SEC) % USECS_PER_SEC;
	pg_time_t	start = timestamptz_to_time_t(second);
	pg_time_t	boundary = 0;
	long int	before;
	long int	after;
	int			before_dst;
	int			after_dst;
	int			found;
	Stretch		s;

	for (int i = 0; i < zone_cache.used; i++)
		if (t >= zone_cache.stretch[i].from && t < zone_cache.stretch[i].until)
			return &zone_cache.stretch[i];

	found = pg_next_dst_boundary(&start, &before, &before_dst,
								 &boundary, &after, &after_dst, zone_cache.tz);
	if (found < 0)
		return NULL;
	s.from = second;
	s.until = found > 0 ? time_t_to_timestamptz(boundary) : DT_NOEND;
	s.offset = (int64) before * USECS_PER_SEC;

	/* t is before the known part of a stretch: extend it */
	for (int i = 0; i < zone_cache.used; i++)
		if (zone_cache.stretch[i].until == s.until)
		{
			zone_cache.stretch[i].from = s.from;
			return &zone_cache.stretch[i];
		}
	if (zone_cache.used < STRETCHES)
		zone_cache.used++;
	zone_cache.stretch[zone_cache.next] = s;
	found = zone_cache.next;
	zone_cache.next = (zone_cache.next + 1) % STRETCHES;
	return &zone_cache.stretch[found];
}

/*
 * ct_day_in_zone
 *		The day of "t" in a time zone, equal to (t AT TIME ZONE zone)::date.
 *
 * Fails if "t" is infinite or the zone is unknown.
 */
DateADT
ct_day_in_zone(TimestampTz t, text *zone)
{
	Stretch    *s;

	if (TIMESTAMP_NOT_FINITE(t))
		ct_day_infinite();
	if (VARSIZE_ANY_EXHDR(zone) != zone_cache.len || zone_cache.len == 0 ||
		memcmp(VARDATA_ANY(zone), zone_cache.name, zone_cache.len) != 0)
		use_zone(zone, t);

	/* further from 2000 than this the sum below could overflow a timestamp */
	if (zone_cache.tz == NULL || zone_cache.len == 0 ||
		t < -1000 * 366 * USECS_PER_DAY || t > 1000 * 366 * USECS_PER_DAY ||
		(s = find_stretch(t)) == NULL)
		return day_by_server(t, zone);
	return day_of_timestamp(t + s->offset);
}

/*
 * ct_get_as_of
 *		The as_of argument of a measure, which must be finite.
 */
DateADT
ct_get_as_of(FunctionCallInfo fcinfo, int arg)
{
	DateADT		as_of = PG_GETARG_DATEADT(arg);

	if (DATE_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("as_of must be a finite date")));
	return as_of;
}

/*
 * ct_get_months
 *		The number of months that a measure is asked for, "least" or more.
 */
int
ct_get_months(FunctionCallInfo fcinfo, int arg, int least)
{
	int			months = PG_GETARG_INT32(arg);

	if (months < least || months > MAX_MONTHS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("months must be between %d and %d", least, MAX_MONTHS)));
	return months;
}

/*
 * ct_add_months
 *		The same day of a later or earlier month, or that month's last day.
 */
DateADT
ct_add_months(DateADT day, int64 months)
{
	int			year;
	int			month;
	int			mday;
	int64		m;

	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	m = (int64) year * 12 + month - 1 + months;
	year = (int) (m >= 0 ? m / 12 : -((11 - m) / 12));
	month = (int) (m - (int64) year * 12) + 1;
	if (m / 12 > 5874897 || m / 12 < -4713 || !IS_VALID_JULIAN(year, month, 1))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range"),
				 errhint("Use fewer months.")));
	mday = Min(mday, day_tab[isleap(year)][month - 1]);
	return date2j(year, month, mday) - POSTGRES_EPOCH_JDATE;
}
