/*
 * cuts.c
 *		Aggregates that find the lines between classes, and what is above a line.
 *
 * A line is a value that is reached or not, so equal values are always on the
 * same side of it.  The group of equal values that crosses a limit belongs to the
 * higher class (rule "fill"), or must fit whole and else belongs to the lower one
 * (rule "fit"); a line that nobody reaches is infinity.
 *
 * Shares are compared as quotients rounded once, like the limits they are held
 * against: eight of ten equal values are exactly 0.8 of their sum.
 */
#include "sample.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "amount.h"

PG_FUNCTION_INFO_V1(customer_tier_cuts_accumulate);
PG_FUNCTION_INFO_V1(customer_tier_cuts_accumulate_numeric);
PG_FUNCTION_INFO_V1(customer_tier_share_cuts_final);
PG_FUNCTION_INFO_V1(customer_tier_head_cuts_final);
PG_FUNCTION_INFO_V1(customer_tier_top_share_accumulate);
PG_FUNCTION_INFO_V1(customer_tier_top_share_final);

static void
check_fraction(double fraction)
{
	if (!(fraction > 0 && fraction <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a share must be above 0 and at most 1"),
				 errhint("Shares are fractions that add up from the top: '{0.80, 0.95}'.")));
}

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

/* cuts_accumulate(state, value, limits [, rule]); the rule is the last parameter kept */
static Datum
accumulate(FunctionCallInfo fcinfo, double value)
{
	bool		fit = PG_NARGS() > 3 && get_fit(fcinfo, 3);
	int			n;
	const double *limit = customer_tier_get_params(fcinfo, 2, &n);
	Sample	   *s = customer_tier_sample_state(fcinfo, limit, n, fit);

	if (s->n == 0)
		for (int i = 0; i < n; i++)
		{
			check_fraction(limit[i]);
			if (i > 0 && limit[i] <= limit[i - 1])
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("shares must be ascending"),
						 errhint("Shares add up from the top: '{0.80, 0.95}'.")));
		}
	PG_RETURN_POINTER(customer_tier_sample_add(s, value));
}

Datum
customer_tier_cuts_accumulate(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, PG_GETARG_FLOAT8(1));
}

Datum
customer_tier_cuts_accumulate_numeric(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, customer_tier_numeric_to_double(PG_GETARG_DATUM(1)));
}

/* the state's values, descending, in memory of our own: a final function may be called again */
static double *
sorted_values(const Sample *s)
{
	double	   *value = MemoryContextAllocHuge(CurrentMemoryContext, Max(s->n, 1) * sizeof(double));

	memcpy(value, SAMPLE_VALUES(s), s->n * sizeof(double));
	customer_tier_sort_descending(value, s->n);
	return value;
}

typedef struct Lines
{
	const double *limit;		/* ascending */
	int			n;
	bool		fit;
	Datum	   *line;			/* the line of limit i, descending so far */
	int			at;				/* the first limit that is not settled */
} Lines;

/*
 * One group of equal values on the way down: "before" and "with" it are the
 * shares so far.  It belongs above a limit if it starts below it (fill), or if it
 * ends within it (fit).
 */
static void
pass_group(Lines *l, double value, double before, double with)
{
	while (l->at < l->n &&
		   !(l->fit ? with <= l->limit[l->at] : before < l->limit[l->at]))
		l->at++;
	for (int i = l->at; i < l->n; i++)
		l->line[i] = Float8GetDatum(value);
}

static Lines *
start_lines(const Sample *s)
{
	Lines	   *l = palloc(sizeof(Lines));

	l->limit = s->data;
	l->n = s->nparams;
	l->fit = s->fit;
	l->line = palloc(Max(l->n, 1) * sizeof(Datum));
	l->at = 0;
	for (int i = 0; i < l->n; i++)
		l->line[i] = Float8GetDatum(get_float8_infinity());
	return l;
}

/* float8[], ascending */
static Datum
lines_array(const Lines *l)
{
	Datum	   *ascending = palloc(Max(l->n, 1) * sizeof(Datum));

	for (int i = 0; i < l->n; i++)
		ascending[i] = l->line[l->n - 1 - i];
	return PointerGetDatum(construct_array(ascending, l->n, FLOAT8OID,
										   sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* of the sum of the values above zero */
Datum
customer_tier_share_cuts_final(PG_FUNCTION_ARGS)
{
	Sample	   *s = customer_tier_sample_get(fcinfo, 0);
	Lines	   *l;
	double	   *value;
	double		total;
	Sum			all = {0, 0};
	Sum			sum = {0, 0};
	int64		next;

	if (s == NULL)
		PG_RETURN_NULL();
	l = start_lines(s);
	value = sorted_values(s);
	for (int64 i = 0; i < s->n && value[i] > 0; i++)
		sum_add(&all, value[i]);
	total = sum_value(&all);
	for (int64 i = 0; i < s->n && value[i] > 0 && l->at < l->n; i = next)
	{
		double		before = sum_value(&sum) / total;

		for (next = i; next < s->n && value[next] == value[i]; next++)
			sum_add(&sum, value[next]);
		pass_group(l, value[i], before, sum_value(&sum) / total);
	}
	return lines_array(l);
}

/*
 * Of the number of values.  A group that starts below a fraction starts below
 * the fraction rounded up to whole heads, so with "fill" a small shop has a top
 * customer, too.
 */
Datum
customer_tier_head_cuts_final(PG_FUNCTION_ARGS)
{
	Sample	   *s = customer_tier_sample_get(fcinfo, 0);
	double	   *value;
	Lines	   *l;
	int64		next;

	if (s == NULL)
		PG_RETURN_NULL();
	l = start_lines(s);
	value = sorted_values(s);
	for (int64 i = 0; i < s->n && l->at < l->n; i = next)
	{
		for (next = i; next < s->n && value[next] == value[i]; next++)
			;
		pass_group(l, value[i], (double) i / s->n, (double) next / s->n);
	}
	return lines_array(l);
}

/* pareto_share(value, top): the share of the sum that the top fraction of heads holds */
Datum
customer_tier_top_share_accumulate(PG_FUNCTION_ARGS)
{
	double		top = PG_GETARG_FLOAT8(2);

	check_fraction(top);
	PG_RETURN_POINTER(customer_tier_sample_add(customer_tier_sample_state(fcinfo, &top, 1, false),
											   PG_GETARG_FLOAT8(1)));
}

Datum
customer_tier_top_share_final(PG_FUNCTION_ARGS)
{
	Sample	   *s = customer_tier_sample_get(fcinfo, 0);
	double	   *value;
	int64		heads;
	Sum			all = {0, 0};
	Sum			top = {0, 0};

	if (s == NULL)
		PG_RETURN_NULL();
	if (s->nparams != 1)
		customer_tier_sample_corrupt();
	value = sorted_values(s);
	heads = head_count(s->data[0], s->n);
	for (int64 i = 0; i < s->n && value[i] > 0; i++)
	{
		sum_add(&all, value[i]);
		if (i < heads)
			sum_add(&top, value[i]);
	}
	if (sum_value(&all) == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sum_value(&top) / sum_value(&all));
}
