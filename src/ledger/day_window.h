/*
 * day_window.h
 *		A half-open stretch of days, as a daterange argument says it.
 */
#ifndef CUSTOMER_TIER_DAY_WINDOW_H
#define CUSTOMER_TIER_DAY_WINDOW_H

#include "base/compat.h"

#include "utils/date.h"

typedef struct DayWindow
{
	int64		lower;			/* [lower, upper); empty if they are equal */
	int64		upper;
} DayWindow;

#define ALL_DAYS	{PG_INT64_MIN, PG_INT64_MAX}

extern DayWindow ct_get_window(FunctionCallInfo fcinfo, int arg);

#endif							/* CUSTOMER_TIER_DAY_WINDOW_H */
