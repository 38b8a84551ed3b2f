/*
 * measures.c
 *		What a ledger says of its customer, as of a day.
 *
 * "As of d" is as of the close of day d: sales after it are not seen.  A
 * measure of the whole ledger needs its head alone; one of a window, or as of a
 * day before the last sale, walks the entries once.
 */

#include "ledger/ledger.h"

#include "utils/builtins.h"

#include "base/day.h"
#include "ledger/day_window.h"
#include "ledger/ledger_log.h"

PG_FUNCTION_INFO_V1(ct_total);
PG_FUNCTION_INFO_V1(ct_total_window);
PG_FUNCTION_INFO_V1(ct_orders);
PG_FUNCTION_INFO_V1(ct_orders_window);
PG_FUNCTION_INFO_V1(ct_purchase_days);
PG_FUNCTION_INFO_V1(ct_purchase_days_window);
PG_FUNCTION_INFO_V1(ct_first_day);
PG_FUNCTION_INFO_V1(ct_last_day);
PG_FUNCTION_INFO_V1(ct_recency);
PG_FUNCTION_INFO_V1(ct_tenure);
PG_FUNCTION_INFO_V1(ct_average_order);
PG_FUNCTION_INFO_V1(ct_mean_interval);
PG_FUNCTION_INFO_V1(ct_monthly_average);
PG_FUNCTION_INFO_V1(ct_growth);
PG_FUNCTION_INFO_V1(ct_trend);
PG_FUNCTION_INFO_V1(ct_status);

/* status, by the customer's own rhythm */
#define RHYTHM_UNKNOWN		90	/* days, where there was one purchase day */
#define RHYTHM_LEAST		15
#define SILENT_RHYTHMS		2
#define CHURNED_RHYTHMS		4
#define NEW_DAYS			90
#define LOYAL_DAYS			4	/* purchase days */

/* What a window of a ledger holds.  Sums within a valid ledger's fit 128 bits. */
typedef struct Summary
{
	int128		total;
	int128		purchases;
	int64		purchase_days;
	DateADT		first_purchase; /* where there are purchase days */
	DateADT		last_purchase;
	int			scale;
} Summary;

static void
summarize(const Ledger *l, DayWindow w, Summary *s)
{
	LedgerReader r;
	LedgerEntry e;

	ct_ledger_read(l, &r);
	memset(s, 0, sizeof(*s));
	s->scale = r.head.scale;
	if (r.head.entries == 0)
		return;
	if (w.lower <= r.head.first_day && w.upper > r.head.last_day)
	{
		s->total = r.head.total;
		s->purchases = r.head.purchases;
		s->purchase_days = r.head.purchase_days;
		s->first_purchase = r.head.first_purchase;
		s->last_purchase = r.head.last_purchase;
		return;
	}
	if (w.lower > r.head.last_day || w.upper <= r.head.first_day)
		return;
	/* an order is judged at the end of the window, by all of its lines up to there */
	ct_ledger_read_until(l, &r, w.upper);
	while (ct_ledger_next(&r, &e) && e.day < w.upper)
	{
		if (e.day < w.lower)
			continue;
		s->total += e.amount;
		s->purchases += e.purchases;
		if (e.purchases > 0)
		{
			if (s->purchase_days == 0)
				s->first_purchase = e.day;
			/* a day may have orders, and rows without one */
			if (s->purchase_days == 0 || s->last_purchase != e.day)
				s->purchase_days++;
			s->last_purchase = e.day;
		}
	}
}

/* everything up to the close of the day */
static void
summarize_as_of(const Ledger *l, DateADT as_of, Summary *s)
{
	DayWindow	w = {PG_INT64_MIN, (int64) as_of + 1};

	summarize(l, w, s);
}

/* the sum of a part can pass the 64 bits that the whole fits in */
static int64
to_int64(int128 v)
{
	if (v != (int64) v)
		ct_amount_overflow();
	return (int64) v;
}

static Datum
total_numeric(const Summary *s)
{
	return ct_amount_to_numeric(to_int64(s->total), s->scale);
}

Datum
ct_total(PG_FUNCTION_ARGS)
{
	LedgerHead	head;

	ct_ledger_head(PG_GETARG_LEDGER(0), &head);
	return ct_amount_to_numeric(head.total, head.scale);
}

Datum
ct_total_window(PG_FUNCTION_ARGS)
{
	Summary		s;

	summarize(PG_GETARG_LEDGER(0), ct_get_window(fcinfo, 1), &s);
	return total_numeric(&s);
}

Datum
ct_orders(PG_FUNCTION_ARGS)
{
	LedgerHead	head;

	ct_ledger_head(PG_GETARG_LEDGER(0), &head);
	PG_RETURN_INT64(head.purchases);
}

Datum
ct_orders_window(PG_FUNCTION_ARGS)
{
	Summary		s;

	summarize(PG_GETARG_LEDGER(0), ct_get_window(fcinfo, 1), &s);
	PG_RETURN_INT64(to_int64(s.purchases));
}

Datum
ct_purchase_days(PG_FUNCTION_ARGS)
{
	LedgerHead	head;

	ct_ledger_head(PG_GETARG_LEDGER(0), &head);
	PG_RETURN_INT64(head.purchase_days);
}

Datum
ct_purchase_days_window(PG_FUNCTION_ARGS)
{
	Summary		s;

	summarize(PG_GETARG_LEDGER(0), ct_get_window(fcinfo, 1), &s);
	PG_RETURN_INT64(s.purchase_days);
}

Datum
ct_first_day(PG_FUNCTION_ARGS)
{
	LedgerHead	head;

	ct_ledger_head(PG_GETARG_LEDGER(0), &head);
	if (head.purchase_days == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(head.first_purchase);
}

Datum
ct_last_day(PG_FUNCTION_ARGS)
{
	LedgerHead	head;

	ct_ledger_head(PG_GETARG_LEDGER(0), &head);
	if (head.purchase_days == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(head.last_purchase);
}

Datum
ct_recency(PG_FUNCTION_ARGS)
{
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	Summary		s;

	summarize_as_of(PG_GETARG_LEDGER(0), as_of, &s);
	if (s.purchase_days == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(as_of - s.last_purchase);
}

Datum
ct_tenure(PG_FUNCTION_ARGS)
{
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	Summary		s;

	summarize_as_of(PG_GETARG_LEDGER(0), as_of, &s);
	if (s.purchase_days == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(as_of - s.first_purchase);
}

static Datum
divide(Datum total, int64 by)
{
	return DirectFunctionCall2(numeric_div, total,
							   ct_amount_to_numeric(by, 0));
}

Datum
ct_average_order(PG_FUNCTION_ARGS)
{
	LedgerHead	head;

	ct_ledger_head(PG_GETARG_LEDGER(0), &head);
	if (head.purchases <= 0)
		PG_RETURN_NULL();
	return divide(ct_amount_to_numeric(head.total, head.scale), head.purchases);
}

Datum
ct_mean_interval(PG_FUNCTION_ARGS)
{
	LedgerHead	head;

	ct_ledger_head(PG_GETARG_LEDGER(0), &head);
	if (head.purchase_days < 2)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8((double) (head.last_purchase - head.first_purchase) /
					 (head.purchase_days - 1));
}

/* the month "back" months before the one that ends with as_of; 0 is that one itself */
static DayWindow
months_before(DateADT as_of, int64 back, int64 months)
{
	DayWindow	w;

	w.upper = ct_add_months(as_of + 1, -back);
	w.lower = ct_add_months(as_of + 1, -back - months);
	return w;
}

Datum
ct_monthly_average(PG_FUNCTION_ARGS)
{
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	int			months = ct_get_months(fcinfo, 2, 1);
	Summary		s;

	summarize(PG_GETARG_LEDGER(0), months_before(as_of, 0, months), &s);
	return divide(total_numeric(&s), months);
}

Datum
ct_growth(PG_FUNCTION_ARGS)
{
	Ledger	   *l = PG_GETARG_LEDGER(0);
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	int			months = ct_get_months(fcinfo, 2, 1);
	Summary		now;
	Summary		before;

	summarize(l, months_before(as_of, months, months), &before);
	if (before.total <= 0)
		PG_RETURN_NULL();
	summarize(l, months_before(as_of, 0, months), &now);
	PG_RETURN_FLOAT8((double) (now.total - before.total) / (double) before.total);
}

/* least squares over the months' totals, the oldest at 1 */
Datum
ct_trend(PG_FUNCTION_ARGS)
{
	LedgerReader r;
	LedgerEntry e;
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	int			months = ct_get_months(fcinfo, 2, 2);
	int			month = 0;
	DayWindow	w = months_before(as_of, months, 0);
	int128		weighted = 0;

	/*
	 * slope = sum((2 i - months - 1) total_i) * 6 / (months (months^2 - 1)), with whole numbers up to the last
	 * division
	 */
	ct_ledger_read(PG_GETARG_LEDGER(0), &r);
	while (ct_ledger_next(&r, &e) && e.day <= as_of)
	{
		while (e.day >= w.upper)
			w = months_before(as_of, months - ++month, 1);
		if (month > 0)
			weighted += e.amount * (2 * month - months - 1);
	}
	PG_RETURN_FLOAT8((double) weighted * 6.0 /
					 ((double) months * ((double) months * months - 1.0)) /
					 (double) ct_pow10[r.head.scale]);
}

/* status(ledger, as_of [, new_days, loyal_days, silent_days, churned_days]) */
Datum
ct_status(PG_FUNCTION_ARGS)
{
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	double		new_days = NEW_DAYS;
	double		loyal_days = LOYAL_DAYS;
	double		silent_days;
	double		churned_days;
	double		recency;
	const char *status;
	Summary		s;

	summarize_as_of(PG_GETARG_LEDGER(0), as_of, &s);
	if (PG_NARGS() > 2)
	{
		new_days = PG_GETARG_INT32(2);
		loyal_days = PG_GETARG_INT32(3);
		silent_days = PG_GETARG_INT32(4);
		churned_days = PG_GETARG_INT32(5);
		if (new_days < 0 || loyal_days < 1 || silent_days < 0 || churned_days < silent_days)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("status needs new_days >= 0, loyal_days >= 1 and 0 <= silent_days <= churned_days")));
	}
	else
	{
		double		rhythm = s.purchase_days < 2 ? RHYTHM_UNKNOWN :
			(double) (s.last_purchase - s.first_purchase) / (s.purchase_days - 1);

		silent_days = SILENT_RHYTHMS * Max(rhythm, RHYTHM_LEAST);
		churned_days = CHURNED_RHYTHMS * Max(rhythm, RHYTHM_LEAST);
	}

	recency = (double) as_of - s.last_purchase;
	if (s.purchase_days == 0)
		status = "prospect";
	else if (recency > churned_days)
		status = "churned";
	else if (recency > silent_days)
		status = "silent";
	else if ((double) as_of - s.first_purchase <= new_days)
		status = "new";
	else if (s.purchase_days >= loyal_days)
		status = "loyal";
	else
		status = "active";
	PG_RETURN_TEXT_P(cstring_to_text(status));
}
