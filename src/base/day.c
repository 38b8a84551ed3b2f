/*
 * day.c
 *		The day of a sale, from a timestamptz and a zone; months on the calendar.
 */
#include "base/day.h"

#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"





/*
 * Between two changes of its offset a zone is plain integer arithmetic.  The
 * stretches met last are kept for the zone asked for last: zones live as long as
 * the backend, and sales of a few years touch a few stretches.
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
	Size		len;			/* 0: none yet */
	pg_tz	   *tz;				/* NULL: ask the server for every day */
	int			used;
	int			next;			/* the stretch to replace next */
	Stretch		stretch[STRETCHES];
}			zone_cache;

void
ct_day_infinite(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("the day of a sale must be finite"),
			 errhint("Leave rows dated infinity out, or give them a real day.")));
}

/* as AT TIME ZONE does it, whatever the name */
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
	/* let the server refuse what it does not know */
	(void) DirectFunctionCall2(timestamptz_zone, PointerGetDatum(zone), TimestampTzGetDatum(t));
	if (len >= ZONE_NAME_MAX)
		return;
	memcpy(zone_cache.name, name, len);
	zone_cache.name[len] = '\0';
	zone_cache.used = zone_cache.next = 0;

	/*
	 * An abbreviation comes before a full name in AT TIME ZONE, and may mean
	 * something else; a name with a slash cannot be one.  A comma is in POSIX
	 * specifications only.
	 */
	zone_cache.tz = NULL;
	if (pg_strcasecmp(zone_cache.name, "UTC") == 0 || pg_strcasecmp(zone_cache.name, "GMT") == 0 ||
		(strchr(zone_cache.name, '/') != NULL && strchr(zone_cache.name, ',') == NULL))
		zone_cache.tz = pg_tzset(zone_cache.name);
	zone_cache.len = len;
}

/* finds, or makes, the stretch of the current zone that t lies in */
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

	/* an earlier moment of a stretch that is known makes it longer */
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

DateADT
ct_day_in_zone(TimestampTz t, text *zone)
{
	Stretch    *s;

	if (TIMESTAMP_NOT_FINITE(t))
		ct_day_infinite();
	if (VARSIZE_ANY_EXHDR(zone) != zone_cache.len || zone_cache.len == 0 ||
		memcmp(VARDATA_ANY(zone), zone_cache.name, zone_cache.len) != 0)
		use_zone(zone, t);

	/* beyond these years the sum below could leave the range of a timestamp */
	if (zone_cache.tz == NULL || zone_cache.len == 0 ||
		t < -1000 * 366 * USECS_PER_DAY || t > 1000 * 366 * USECS_PER_DAY ||
		(s = find_stretch(t)) == NULL)
		return day_by_server(t, zone);
	return day_of_timestamp(t + s->offset);
}

/*
 * ct_get_as_of
 *		An argument that says the day as of which something is asked.
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

/* the same day of another month, or that month's last day */
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
