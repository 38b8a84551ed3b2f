/*
 * day.h
 *		The day of a sale, from a date, a timestamp, or a timestamptz and a time zone.
 */
#ifndef CUSTOMER_TIER_DAY_H
#define CUSTOMER_TIER_DAY_H

#include "base/compat.h"

#include "utils/date.h"
#include "utils/timestamp.h"

pg_noreturn extern void ct_day_infinite(void);
extern DateADT ct_day_in_zone(TimestampTz t, text *zone);
extern DateADT ct_get_as_of(FunctionCallInfo fcinfo, int arg);
extern int	ct_get_months(FunctionCallInfo fcinfo, int arg, int least);
extern DateADT ct_add_months(DateADT day, int64 months);

static inline DateADT
day_of_date(DateADT d)
{
	if (unlikely(DATE_NOT_FINITE(d)))
		ct_day_infinite();
	return d;
}

static inline DateADT
day_of_timestamp(Timestamp t)
{
	if (unlikely(TIMESTAMP_NOT_FINITE(t)))
		ct_day_infinite();
	return (DateADT) (t >= 0 ? t / USECS_PER_DAY : -((USECS_PER_DAY - 1 - t) / USECS_PER_DAY));
}

#endif							/* CUSTOMER_TIER_DAY_H */
