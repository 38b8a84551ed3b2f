/*
 * cuts.c
 *		Aggregates that find the lines between classes.
 *
 * A line is the least value of the class above it, so equal values are always in one
 * class.  If a group of equal values crosses a limit, it belongs to the higher class
 * under the rule "fill", and to the lower one under the rule "fit".  The line of an
 * empty class is infinity.
 *
 * A share of heads is a quotient that is rounded once, as the limit is, so the two are
 * compared exactly.  A share of value is computed from decimals that a double does not
 * hold exactly.  If it is as near to the limit as their rounding errors, it counts as
 * equal: 0.34 of 0.85 is 0.4.
 */
#include "cuts/cuts.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "base/amount.h"
#include "base/steps.h"
#include "cuts/arguments.h"
#include "cuts/select_sorted.h"
#include "cuts/value_state.h"

PG_FUNCTION_INFO_V1(ct_cuts_accumulate);
PG_FUNCTION_INFO_V1(ct_cuts_accumulate_numeric);
PG_FUNCTION_INFO_V1(ct_share_cuts_final);
PG_FUNCTION_INFO_V1(ct_head_cuts_final);
PG_FUNCTION_INFO_V1(ct_mean_accumulate);
PG_FUNCTION_INFO_V1(ct_mean_accumulate_numeric);
PG_FUNCTION_INFO_V1(ct_mean_combine);
PG_FUNCTION_INFO_V1(ct_mean_cut_final);
PG_FUNCTION_INFO_V1(ct_median_cut_final);

static bool
get_fit(FunctionCallInfo fcinfo, int arg)
{
	text	   *rule = PG_GETARG_TEXT_PP(arg);
	Size		len = VARSIZE_ANY_EXHDR(rule);

	if (len == 3 && memcmp(VARDATA_ANY(rule), "fit", 3) == 0)
		return true;
	if (len == 4 && memcmp(VARDATA_ANY(rule), "fill", 4) == 0)
		return false;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown rule \"%s\"", text_to_cstring(rule)),
			 errhint("The rules are fill and fit.")));
}

/* cuts_accumulate(state, value, limits [, rule]) */
static Datum
accumulate(FunctionCallInfo fcinfo, ValueGetter get)
{
	bool		fit;
	int			n;
	const double *limit;
	ValueState *s;

	if (!ct_values_row(fcinfo))
		return values_as_before(fcinfo);
	fit = PG_NARGS() > 3 && get_fit(fcinfo, 3);
	limit = ct_get_params(fcinfo, 2, &n);
	s = ct_values_state(fcinfo, limit, n, fit);
	if (s->n == 0)
		for (int i = 0; i < n; i++)
		{
			ct_check_fraction(limit[i]);
			if (i > 0 && limit[i] <= limit[i - 1])
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("fractions must be strictly ascending"),
						 errhint("They are cumulative from the top: '{0.80, 0.95}'.")));
		}
	ct_values_add(s, get(PG_GETARG_DATUM(1)));
	PG_RETURN_POINTER(s);
}

Datum
ct_cuts_accumulate(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, DatumGetFloat8);
}

Datum
ct_cuts_accumulate_numeric(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, ct_numeric_to_double);
}

typedef struct Lines
{
	const double *limit;		/* ascending */
	int			n;
	bool		fit;
	double	   *line;			/* the line of limit i is line[n - 1 - i], so that lines ascend */
	int			at;				/* the first limit whose line is not found */
	double		last;			/* the value of the last group that belongs above it, or infinity */
} Lines;

/* the line of limit "at" is where the groups above it end */
static void
next_limit(Lines *l)
{
	l->line[l->n - 1 - l->at++] = l->last;
}

/*
 * Passes the next lower group of equal values.  "before" and "with" are the cumulative
 * shares without and with it.  The group belongs above a limit if it ends within the
 * limit or, under the rule "fill", starts below it.
 */
static void
pass_group(Lines *l, double value, double before, double with, double slack)
{
	while (l->at < l->n &&
		   !(with <= l->limit[l->at] * (1 + slack) ||
			 (!l->fit && before < l->limit[l->at] * (1 - slack))))
		next_limit(l);
	l->last = value;
}

/*
 * ct_find_lines
 *		Finds the lines of "nlimits" ascending shares from the top.
 *
 * The shares are of the sum of the values above zero if "by_value", else of the number
 * of values.  "line" gets as many lines, ascending.  Fails if the sum overflows.
 */
void
ct_find_lines(const double *value, int64 n, bool by_value, const double *limit, int nlimits, bool fit, double *line)
{
	Lines		l = {limit, nlimits, fit, line, 0, get_float8_infinity()};
	Selection  *selection = ct_select(value, n, by_value, limit, nlimits);

	if (by_value)
		ct_check_sum(selection->total);
	for (int i = 0; i < selection->nstretches; i++)
	{
		Stretch		at = selection->stretch[i];
		int64		next;

		for (int64 j = 0; j < at.n && l.at < l.n && !(by_value && at.value[j] <= 0); j = next)
		{
			double		group = at.value[j];
			double		before = sum_value(&at.sum) / selection->total;

			next = j;
			do
			{
				CHECK_AT_STEP(next);
				sum_add(&at.sum, group);
			} while (++next < at.n && at.value[next] == group);
			if (by_value)
				pass_group(&l, group, before, sum_value(&at.sum) / selection->total, SHARE_SLACK);
			else
				pass_group(&l, group, (double) (at.heads + j) / n, (double) (at.heads + next) / n, 0);
		}
	}
	while (l.at < nlimits)
		next_limit(&l);
}

/* float8[], ascending */
static Datum
lines_array(const double *line, int n)
{
	Datum	   *lines = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		lines[i] = Float8GetDatum(line[i]);
	return ct_cuts_array(lines, n);
}

/* the lines of a state: by share of the values above zero, or by share of heads */
static Datum
find_lines(FunctionCallInfo fcinfo, bool by_value)
{
	ValueState *s = VALUES_GET(fcinfo);
	double	   *line;

	if (s == NULL)
		PG_RETURN_NULL();
	line = palloc(Max(s->nparams, 1) * sizeof(double));
	ct_find_lines(s->value, s->n, by_value, s->param, s->nparams, s->fit, line);
	return lines_array(line, s->nparams);
}

Datum
ct_share_cuts_final(PG_FUNCTION_ARGS)
{
	return find_lines(fcinfo, true);
}

/*
 * Under the rule "fill", the first group always starts below a fraction.  So the top
 * class has a customer even if the fraction is less than one head.
 */
Datum
ct_head_cuts_final(PG_FUNCTION_ARGS)
{
	return find_lines(fcinfo, false);
}

/* median_cut(value): the same as percentile_cont(0.5) */
Datum
ct_median_cut_final(PG_FUNCTION_ARGS)
{
	ValueState *s = VALUES_GET(fcinfo);
	double		line;

	if (s == NULL)
		PG_RETURN_NULL();
	line = ct_median(s->value, s->n);
	return lines_array(&line, 1);
}

/* the state of mean_cut is a float8[] */
typedef struct Mean
{
	double		n;
	Sum			sum;
} Mean;

#define MEAN(state)		((Mean *) ARR_DATA_PTR(state))

static ArrayType *
get_mean(FunctionCallInfo fcinfo, int arg)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(arg);

	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] != sizeof(Mean) / sizeof(double) ||
		ARR_HASNULL(state) || ARR_ELEMTYPE(state) != FLOAT8OID)
		ct_state_corrupt();
	return state;
}

static Datum
add_to_mean(FunctionCallInfo fcinfo, double value)
{
	ArrayType  *state = get_mean(fcinfo, 0);

	ct_check_transition(fcinfo);
	MEAN(state)->n++;
	sum_add(&MEAN(state)->sum, ct_check_value(value));
	PG_RETURN_POINTER(state);
}

Datum
ct_mean_accumulate(PG_FUNCTION_ARGS)
{
	return add_to_mean(fcinfo, PG_GETARG_FLOAT8(1));
}

Datum
ct_mean_accumulate_numeric(PG_FUNCTION_ARGS)
{
	return add_to_mean(fcinfo, ct_numeric_to_double(PG_GETARG_DATUM(1)));
}

Datum
ct_mean_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *a = get_mean(fcinfo, 0);
	ArrayType  *b = get_mean(fcinfo, 1);

	ct_check_transition(fcinfo);
	MEAN(a)->n += MEAN(b)->n;
	sum_add_sum(&MEAN(a)->sum, &MEAN(b)->sum);
	PG_RETURN_POINTER(a);
}

Datum
ct_mean_cut_final(PG_FUNCTION_ARGS)
{
	Mean	   *m = MEAN(get_mean(fcinfo, 0));
	double		rest;
	double		line;

	if (m->n == 0)
		PG_RETURN_NULL();
	line = ct_check_sum(sum_divide(&m->sum, m->n, &rest));
	return lines_array(&line, 1);
}

/*
 * ct_mean
 *		The mean of n > 0 values, correctly rounded whatever their order.
 */
double
ct_mean(const double *value, int64 n)
{
	Sum			sum = {0};
	double		rest;

	FOR_STEPS(i, 0, n)
		sum_add(&sum, value[i]);
	return ct_check_sum(sum_divide(&sum, n, &rest));
}
