/*
 * day_window.c
 *		A half-open stretch of days, as a daterange argument says it.
 */
#include "ledger/day_window.h"

#include "utils/rangetypes.h"
#include "utils/typcache.h"

/* ranges of days are half open in their canonical form */
DayWindow
ct_get_window(FunctionCallInfo fcinfo, int arg)
{
	RangeType  *range = PG_GETARG_RANGE_P(arg);
	TypeCacheEntry *typcache = range_get_typcache(fcinfo, RangeTypeGetOid(range));
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;
	DayWindow	w = ALL_DAYS;

	range_deserialize(typcache, range, &lower, &upper, &empty);
	if (empty)
		w.lower = w.upper = 0;
	else
	{
		if (!lower.infinite)
			w.lower = DatumGetDateADT(lower.val);
		if (!upper.infinite)
			w.upper = DatumGetDateADT(upper.val);
	}
	return w;
}
