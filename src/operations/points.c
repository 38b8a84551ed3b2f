/*
 * points.c
 *		Amounts that are used up first in, first out: points that expire, invoices that are paid.
 *
 * One walk over a ledger keeps what came in and is not yet used, a lot for each day, the
 * oldest first.  What goes out takes the oldest lots that are still valid on its day; what
 * goes out beyond them is a debt, which later lots fill first.  Of the movements of one day
 * those that come in are counted before those that go out.
 */
#include "ledger/ledger_log.h"

#include "utils/date.h"
#include "utils/timestamp.h"

#include "base/day.h"

PG_FUNCTION_INFO_V1(ct_points_balance);
PG_FUNCTION_INFO_V1(ct_points_expiring);
PG_FUNCTION_INFO_V1(ct_open_since);
PG_FUNCTION_INFO_V1(ct_overdue);

#define MOST_MONTHS		12000	/* a thousand years */
#define MOST_DAYS		366000

/* whole months and days */
typedef struct Term
{
	int			months;
	int			days;
} Term;

typedef struct Lot
{
	DateADT		day;
	int128		left;			/* above zero */
} Lot;

/* Sums within a valid ledger's fit 128 bits. */
typedef struct Lots
{
	int			scale;
	Lot		   *lot;
	int64		first;			/* the oldest that is left */
	int64		n;
	int128		debt;
} Lots;

static Term
get_term(FunctionCallInfo fcinfo, int arg, const char *name, int least)
{
	Interval   *i = PG_GETARG_INTERVAL_P(arg);
	Term		term;

	if (i->time != 0 || i->month < 0 || i->day < 0 || i->month > MOST_MONTHS || i->day > MOST_DAYS ||
		i->month + i->day < least)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be of whole months and days, from %d day to a thousand years", name, least),
				 errhint("For example '1 year', or '30 days'.")));
	term.months = i->month;
	term.days = i->day;
	return term;
}

/* the last day on which what came in on a day is valid: never before that of an earlier day */
static inline int64
last_valid(const Term *valid, DateADT day)
{
	return (int64) ct_add_months(day, valid->months) + valid->days;
}

static inline void
drop_expired(Lots *lots, const Term *valid, int64 day)
{
	if (valid != NULL)
		while (lots->first < lots->n && last_valid(valid, lots->lot[lots->first].day) < day)
			lots->first++;
}

static void
move_day(Lots *lots, const Term *valid, DateADT day, int128 in, int128 out)
{
	int128		fill = Min(in, lots->debt);

	drop_expired(lots, valid, day);
	lots->debt -= fill;
	if (in > fill)
	{
		lots->lot[lots->n].day = day;
		lots->lot[lots->n++].left = in - fill;
	}
	while (out > 0 && lots->first < lots->n)
	{
		Lot		   *lot = &lots->lot[lots->first];
		int128		taken = Min(out, lot->left);

		out -= taken;
		lot->left -= taken;
		if (lot->left == 0)
			lots->first++;
	}
	lots->debt += out;
}

/* the lots that are left at the close of a day; "valid" is NULL if nothing expires */
static Lots
find_lots(const Ledger *l, DateADT as_of, const Term *valid)
{
	LedgerReader r;
	LedgerEntry e;
	Lots		lots = {0};
	DateADT		day = 0;
	int128		in = 0;
	int128		out = 0;

	ct_ledger_read(l, &r);
	lots.scale = r.head.scale;
	lots.lot = alloc_array(r.head.entries, sizeof(Lot));
	while (ct_ledger_next(&r, &e) && e.day <= as_of)
	{
		if (e.day != day)
		{
			move_day(&lots, valid, day, in, out);
			day = e.day;
			in = out = 0;
		}
		if (e.amount > 0)
			in += e.amount;
		else
			out -= e.amount;
	}
	move_day(&lots, valid, day, in, out);
	drop_expired(&lots, valid, as_of);
	return lots;
}

/* what is left of the lots that are valid up to a day before "until" */
static int128
sum_lots(const Lots *lots, const Term *valid, int64 until)
{
	int128		sum = 0;

	for (int64 i = lots->first; i < lots->n && last_valid(valid, lots->lot[i].day) < until; i++)
	{
		CHECK_AT_STEP(i);
		sum += lots->lot[i].left;
	}
	return sum;
}

static Datum
to_numeric(int128 sum, int scale)
{
	if (sum != (int64) sum || (int64) sum == PG_INT64_MIN)
		ct_amount_overflow();
	return ct_amount_to_numeric((int64) sum, scale);
}

/*
 * points_balance(ledger, as_of, valid)
 *		The points at the close of a day; below zero if more were redeemed than there were.
 */
Datum
ct_points_balance(PG_FUNCTION_ARGS)
{
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	Term		valid = get_term(fcinfo, 2, "valid", 1);
	Lots		lots = find_lots(PG_GETARG_LEDGER(0), as_of, &valid);

	return to_numeric(sum_lots(&lots, &valid, PG_INT64_MAX) - lots.debt, lots.scale);
}

/*
 * points_expiring(ledger, as_of, within, valid)
 *		Of the points at the close of a day, those that are no longer valid on as_of + within.
 */
Datum
ct_points_expiring(PG_FUNCTION_ARGS)
{
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	Term		within = get_term(fcinfo, 2, "within", 0);
	Term		valid = get_term(fcinfo, 3, "valid", 1);
	Lots		lots = find_lots(PG_GETARG_LEDGER(0), as_of, &valid);

	return to_numeric(sum_lots(&lots, &valid, last_valid(&within, as_of)), lots.scale);
}

/*
 * open_since(ledger, as_of)
 *		The day of the oldest amount that nothing has been set against; null if all is settled.
 */
Datum
ct_open_since(PG_FUNCTION_ARGS)
{
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	Lots		lots = find_lots(PG_GETARG_LEDGER(0), as_of, NULL);

	if (lots.first == lots.n)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(lots.lot[lots.first].day);
}

/*
 * overdue(ledger, as_of, term)
 *		Of what is open at the close of a day, the part whose term ended before that day.
 */
Datum
ct_overdue(PG_FUNCTION_ARGS)
{
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	Term		term = get_term(fcinfo, 2, "term", 0);
	Lots		lots = find_lots(PG_GETARG_LEDGER(0), as_of, NULL);

	return to_numeric(sum_lots(&lots, &term, as_of), lots.scale);
}
