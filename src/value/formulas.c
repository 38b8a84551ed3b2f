/*
 * formulas.c
 *		Customer value by formula, and functions of a ledger for the value models.
 */
#include "value/history.h"

#include <math.h>

#include "access/htup_details.h"
#include "fmgr.h"

#include "base/composite.h"
#include "base/day.h"
#include "ledger/ledger_log.h"
#include "value/customer_counts.h"

PG_FUNCTION_INFO_V1(ct_btyd);
PG_FUNCTION_INFO_V1(ct_clv_formula);
PG_FUNCTION_INFO_V1(ct_clv_realised);

#define DAYS_A_YEAR		365.0

static double
get_unit(FunctionCallInfo fcinfo, int arg)
{
	double		unit = ct_check_finite(PG_GETARG_FLOAT8(arg), "unit_days");

	if (unit <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unit_days must be above 0"),
				 errhint("It is the unit of time: 1 for days, 7 for weeks.")));
	return unit;
}

/* btyd(ledger, as_of, unit_days) */
Datum
ct_btyd(PG_FUNCTION_ARGS)
{
	TupleDesc	desc = fcinfo->flinfo->fn_extra;
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	double		unit = get_unit(fcinfo, 2);
	double		history[4];
	Datum		values[4];
	bool		nulls[4] = {false};

	if (desc == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		fcinfo->flinfo->fn_extra = desc = BlessTupleDesc(CreateTupleDescCopy(desc));
		MemoryContextSwitchTo(old);
	}
	if (!ct_ledger_history(PG_GETARG_LEDGER(0), as_of, unit, history))
		PG_RETURN_NULL();
	for (int i = 0; i < 4; i++)
		values[i] = Float8GetDatum(history[i]);
	return form_row(desc, values, nulls);
}

static double
finite_worth(double worth)
{
	if (isnan(worth) || isinf(worth))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range: overflow"),
				 errhint("An infinite horizon needs retention / (1 + rate) below 1.")));
	return worth;
}

/* clv(value, periods, margin, retention, rate, acquisition_cost) */
Datum
ct_clv_formula(PG_FUNCTION_ARGS)
{
	double		value = ct_check_finite(PG_GETARG_FLOAT8(0), "value");
	double		periods = PG_GETARG_FLOAT8(1);
	double		margin = ct_check_finite(PG_GETARG_FLOAT8(2), "margin");
	double		retention = ct_check_finite(PG_GETARG_FLOAT8(3), "retention");
	double		rate = ct_check_finite(PG_GETARG_FLOAT8(4), "rate");
	double		cost = ct_check_finite(PG_GETARG_FLOAT8(5), "acquisition_cost");
	double		payments;

	if (!(periods >= 0))
		ereport(ERROR,
				(errcode(isnan(periods) ? ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE : ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("periods must be at least 0")));
	if (retention < 0 || retention > 1 || rate <= -1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("retention must be between 0 and 1, and rate above -1"),
				 errhint("Both are for one period: 0.8 is 80 %%.")));
	/* the value of all payments in units of the first one: 1 + q + q^2 + ... */
	if (periods == 0)
		payments = 0;
	else if (retention == 1 && rate == 0)
		payments = periods;
	else if (retention == 0)
		payments = fmin(periods, 1);
	else
	{
		/* q - 1, where q is retention / (1 + rate) */
		double		change = (retention - 1 - rate) / (1 + rate);

		payments = change < 0 && isinf(periods) ? -1 / change :
			change == 0 ? periods : expm1(periods * log1p(change)) / change;
	}
	PG_RETURN_FLOAT8(finite_worth(value * margin * payments - cost));
}

/* clv(ledger, as_of, rate): amounts with interest up to the day */
Datum
ct_clv_realised(PG_FUNCTION_ARGS)
{
	DateADT		as_of = ct_get_as_of(fcinfo, 1);
	double		rate = ct_check_finite(PG_GETARG_FLOAT8(2), "rate");
	double		daily;
	double		sum = 0;
	LedgerReader r;
	LedgerEntry e;

	if (rate <= -1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rate must be above -1"),
				 errhint("It is the interest of a year: 0.05 is 5 %%.")));
	daily = log1p(rate) / DAYS_A_YEAR;
	ct_ledger_read(PG_GETARG_LEDGER(0), &r);
	while (ct_ledger_next(&r, &e) && e.day <= as_of)
		sum += (double) e.amount * exp(daily * ((double) as_of - e.day));
	PG_RETURN_FLOAT8(finite_worth(sum / ct_pow10[r.head.scale]));
}
