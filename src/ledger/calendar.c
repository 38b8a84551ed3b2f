/*
 * calendar.c
 *		Ranges of days that a calendar gives, for measures of a window.
 */

#include "base/compat.h"

#include "catalog/pg_type.h"
#include "utils/datetime.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"

#include "base/day.h"

PG_FUNCTION_INFO_V1(ct_trailing_months);
PG_FUNCTION_INFO_V1(ct_calendar_year);
PG_FUNCTION_INFO_V1(ct_anniversary_year);
PG_FUNCTION_INFO_V1(ct_same_period_last_year);

static Datum
make_days(FunctionCallInfo fcinfo, DateADT from, DateADT until)
{
	RangeBound	lower = {.val = DateADTGetDatum(from), .inclusive = true, .lower = true};
	RangeBound	upper = {.val = DateADTGetDatum(until)};

	if (!DATE_NOT_FINITE(until) && !(IS_VALID_DATE(from) && IS_VALID_DATE(until)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range")));
	PG_RETURN_RANGE_P(ct_make_range(range_get_typcache(fcinfo, DATERANGEOID), &lower, &upper));
}

/* trailing_months(as_of, months) */
Datum
ct_trailing_months(PG_FUNCTION_ARGS)
{
	DateADT		as_of = PG_GETARG_DATEADT(0);
	int			months = ct_get_months(fcinfo, 1, 0);

	if (DATE_NOT_FINITE(as_of))
		return make_days(fcinfo, as_of, as_of);
	return make_days(fcinfo, ct_add_months(as_of + 1, -months), as_of + 1);
}

/* calendar_year(as_of, first_month) */
Datum
ct_calendar_year(PG_FUNCTION_ARGS)
{
	DateADT		as_of = ct_get_as_of(fcinfo, 0);
	int			first_month = PG_GETARG_INT32(1);
	int			year;
	int			month;
	int			mday;

	if (first_month < 1 || first_month > 12)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("first_month must be between 1 and 12")));
	j2date(as_of + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	return make_days(fcinfo, date2j(year - (month < first_month), first_month, 1) - POSTGRES_EPOCH_JDATE, as_of + 1);
}

/* anniversary_year(joined, as_of) */
Datum
ct_anniversary_year(PG_FUNCTION_ARGS)
{
	DateADT		joined = PG_GETARG_DATEADT(0);
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	DateADT		anniversary;
	int			year;
	int			year_joined;
	int			month;
	int			mday;

	if (joined > as_of)
		PG_RETURN_NULL();
	if (DATE_NOT_FINITE(joined))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("joined must be a finite date")));
	j2date(joined + POSTGRES_EPOCH_JDATE, &year_joined, &month, &mday);
	j2date(as_of + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	anniversary = ct_add_months(joined, (year - year_joined) * 12);
	if (anniversary > as_of)
		anniversary = ct_add_months(joined, (year - year_joined - 1) * 12);
	return make_days(fcinfo, anniversary, as_of + 1);
}

static void
year_before(RangeBound *bound)
{
	DateADT		day = DatumGetDateADT(bound->val);

	if (!bound->infinite && !DATE_NOT_FINITE(day))
		bound->val = DateADTGetDatum(ct_add_months(day, -12));
}

/* same_period_last_year(days) */
Datum
ct_same_period_last_year(PG_FUNCTION_ARGS)
{
	RangeType  *days = PG_GETARG_RANGE_P(0);
	TypeCacheEntry *type = range_get_typcache(fcinfo, DATERANGEOID);
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_deserialize(type, days, &lower, &upper, &empty);
	if (empty)
		PG_RETURN_RANGE_P(days);
	year_before(&lower);
	year_before(&upper);
	PG_RETURN_RANGE_P(ct_make_range(type, &lower, &upper));
}
