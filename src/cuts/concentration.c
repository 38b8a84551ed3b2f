/*
 * concentration.c
 *		Measures of how unevenly a total is spread over the heads: Gini (1912),
 *		Lorenz (1905), Herfindahl-Hirschman, and the whale curve.
 *
 * A head whose value is zero or below counts as a head that holds nothing, so that
 * all shares are between 0 and 1.  The whale curve is the exception: it is about
 * profit, and subtracts losses.
 */
#include "base/composite.h"
#include "cuts/value_state.h"

#include "fmgr.h"
#include "utils/lsyscache.h"

#include "base/amount.h"
#include "base/steps.h"
#include "cuts/arguments.h"
#include "cuts/select_sorted.h"

PG_FUNCTION_INFO_V1(ct_top_share_accumulate);
PG_FUNCTION_INFO_V1(ct_top_share_accumulate_numeric);
PG_FUNCTION_INFO_V1(ct_top_share_final);
PG_FUNCTION_INFO_V1(ct_gini_final);
PG_FUNCTION_INFO_V1(ct_hhi_final);
PG_FUNCTION_INFO_V1(ct_decile_ratio_final);
PG_FUNCTION_INFO_V1(ct_lorenz_final);
PG_FUNCTION_INFO_V1(ct_whale_curve_final);
PG_FUNCTION_INFO_V1(ct_concentration_final);

#define MAX_POINTS	10000

/* values in descending order */
typedef struct Ranking
{
	const double *value;
	int64		n;
	int64		holders;		/* heads above zero */
	double		total;			/* of their values */
	double		net;			/* of all values */
} Ranking;

static bool
get_ranking(FunctionCallInfo fcinfo, Ranking *r)
{
	ValueState *s = VALUES_GET(fcinfo);
	Sum			sum = {0};

	if (s == NULL)
		return false;
	r->value = ct_values_sorted(s);
	r->n = s->n;
	for (r->holders = 0; r->holders < r->n && r->value[r->holders] > 0; r->holders++)
	{
		CHECK_AT_STEP(r->holders);
		sum_add(&sum, r->value[r->holders]);
	}
	r->total = ct_check_sum(sum_value(&sum));
	FOR_STEPS(i, r->holders, r->n)
		sum_add(&sum, r->value[i]);
	r->net = ct_check_sum(sum_value(&sum));
	/* decimals whose sum is zero leave a rounding error, as doubles hold few of them exactly */
	if (fabs(r->net) <= r->total * SHARE_SLACK)
		r->net = 0;
	return true;
}

/* the sum of the values at places [from, to) that are above zero */
static double
held_by(const Ranking *r, int64 from, int64 to)
{
	Sum			sum = {0};

	FOR_STEPS(i, from, Min(to, r->holders))
		sum_add(&sum, r->value[i]);
	return sum_value(&sum);
}

static double
top_share(const Ranking *r, double top)
{
	return held_by(r, 0, head_count(top, r->n)) / r->total;
}

/*
 * The Gini coefficient is half the mean difference of two heads, relative to the mean:
 * the sum of (n - 1 - 2 i) v[i], divided by n times the total (n - 1 times for a sample).
 * Places with opposite weights are added together.  So all terms are positive, and
 * those of equal values are exactly zero.
 */
static double
gini(const Ranking *r, int64 n)
{
	int			exponent;
	double		total = frexp(r->total, &exponent); /* scaled, so that sums do not overflow */
	double		rest;
	Sum			sum = {0};

	FOR_STEPS(i, 0, r->n / 2)
		sum_add_product(&sum, (double) (r->n - 1 - 2 * i),
						ldexp(Max(r->value[i], 0) - Max(r->value[r->n - 1 - i], 0), -exponent));
	return sum_divide(&sum, n, &rest) / total;
}

static double
hhi(const Ranking *r)
{
	int			exponent;
	double		total = frexp(r->total, &exponent); /* scaled, so that squares do not overflow */
	Sum			sum = {0};

	FOR_STEPS(i, 0, r->holders)
	{
		double		value = ldexp(r->value[i], -exponent);

		sum_add_product(&sum, value, value);
	}
	return sum_value(&sum) / (total * total);
}

/* what the top tenth of heads holds, divided by what the bottom tenth holds; false if that is nothing */
static bool
decile_ratio(const Ranking *r, double *ratio)
{
	int64		tenth = head_count(0.1, r->n);
	double		bottom = held_by(r, r->n - tenth, r->n);

	if (bottom <= 0)
		return false;
	*ratio = ct_check_sum(held_by(r, 0, tenth) / bottom);
	return true;
}

/* pareto_share(value, top): the share of the total that the top fraction of heads holds */
static Datum
accumulate_top(FunctionCallInfo fcinfo, ValueGetter get)
{
	double		top;
	ValueState *s;

	if (!ct_values_row(fcinfo))
		return values_as_before(fcinfo);
	top = PG_GETARG_FLOAT8(2);
	ct_check_fraction(top);
	s = ct_values_state(fcinfo, &top, 1, false);
	ct_values_add(s, get(PG_GETARG_DATUM(1)));
	PG_RETURN_POINTER(s);
}

Datum
ct_top_share_accumulate(PG_FUNCTION_ARGS)
{
	return accumulate_top(fcinfo, DatumGetFloat8);
}

Datum
ct_top_share_accumulate_numeric(PG_FUNCTION_ARGS)
{
	return accumulate_top(fcinfo, ct_numeric_to_double);
}

Datum
ct_top_share_final(PG_FUNCTION_ARGS)
{
	ValueState *s = VALUES_GET(fcinfo);
	double		limit;
	int64		heads;
	Selection  *selection;
	Stretch    *at;

	if (s == NULL)
		PG_RETURN_NULL();
	heads = head_count(s->param[0], s->n);
	limit = (double) heads / s->n;
	selection = ct_select(s->value, s->n, false, &limit, 1);
	if (ct_check_sum(selection->total) == 0)
		PG_RETURN_NULL();
	/* find the stretch that contains the last head of the top, and add its part of the top */
	at = selection->stretch;
	while (heads > at->heads + at->n)
		at++;
	for (int64 i = 0; i < heads - at->heads && at->value[i] > 0; i++)
	{
		CHECK_AT_STEP(i);
		sum_add(&at->sum, at->value[i]);
	}
	PG_RETURN_FLOAT8(sum_value(&at->sum) / selection->total);
}

Datum
ct_gini_final(PG_FUNCTION_ARGS)
{
	Ranking		r;

	if (!get_ranking(fcinfo, &r) || r.total == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(gini(&r, r.n));
}

Datum
ct_hhi_final(PG_FUNCTION_ARGS)
{
	Ranking		r;

	if (!get_ranking(fcinfo, &r) || r.total == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(hhi(&r));
}

Datum
ct_decile_ratio_final(PG_FUNCTION_ARGS)
{
	Ranking		r;
	double		ratio;

	if (!get_ranking(fcinfo, &r) || !decile_ratio(&r, &ratio))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ratio);
}

/* the number of equal parts of the heads, after each of which a curve has a point */
static int
get_points(FunctionCallInfo fcinfo)
{
	ValueState *s = VALUES_GET(fcinfo);

	if (!(s->param[0] >= 1 && s->param[0] <= MAX_POINTS))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of points must be between 1 and %d", MAX_POINTS)));
	return (int) s->param[0];
}

/*
 * The curve over the heads in the order given, as an array of (heads, share or level).
 * A point that falls within a head is interpolated linearly.
 */
static Datum
draw(TupleDesc desc, const double *value, int64 n, double total, int points)
{
	Datum	   *row = palloc((points + 1) * sizeof(Datum));
	Sum			sum = {0};
	int64		at = 0;

	for (int i = 0; i <= points; i++)
	{
		int64		whole = (int64) ((int128) n * i / points);
		int64		part = (int64) ((int128) n * i % points);
		Sum			here;
		Datum		values[2];
		bool		nulls[2] = {false, total <= 0};

		FOR_STEPS(j, at, whole)
			sum_add(&sum, value[j]);
		at = whole;
		here = sum;
		if (part > 0)
			sum_add_product(&here, (double) part / points, value[at]);
		values[0] = Float8GetDatum((double) i / points);
		values[1] = Float8GetDatum(sum_value(&here) / total);
		row[i] = form_row(desc, values, nulls);
	}
	return ct_rows_array(desc, row, points + 1);
}

/* lorenz(value, points): curve_point[], from the smallest to the largest value */
Datum
ct_lorenz_final(PG_FUNCTION_ARGS)
{
	Ranking		r;
	double	   *ascending;

	if (!get_ranking(fcinfo, &r) || r.total == 0)
		PG_RETURN_NULL();
	ascending = alloc_array(r.n, sizeof(double));
	FOR_STEPS(i, 0, r.n)
		ascending[i] = Max(r.value[r.n - 1 - i], 0);
	return draw(ct_row_desc(get_func_rettype(fcinfo->flinfo->fn_oid)),
				ascending, r.n, r.total, get_points(fcinfo));
}

/* the sum of the values below zero, negated */
static double
loss(const Ranking *r)
{
	Sum			sum = {0};

	FOR_STEPS(i, r->holders, r->n)
		sum_add(&sum, -r->value[i]);
	return ct_check_sum(sum_value(&sum));
}

/* whale_curve(profit, points): the cumulative profit, from the largest to the smallest value */
Datum
ct_whale_curve_final(PG_FUNCTION_ARGS)
{
	Ranking		r;
	TupleDesc	desc;
	Datum		values[6];
	bool		nulls[lengthof(values)] = {false};

	if (!get_ranking(fcinfo, &r))
		PG_RETURN_NULL();
	desc = ct_row_desc(get_func_rettype(fcinfo->flinfo->fn_oid));
	values[0] = Int64GetDatum(r.n);
	values[1] = Float8GetDatum(r.net);
	values[2] = Float8GetDatum(r.total / r.net);
	nulls[2] = r.net <= 0;
	values[3] = Float8GetDatum((double) r.holders / r.n);
	values[4] = Float8GetDatum(loss(&r));
	values[5] = draw(ct_row_desc(TupleDescAttr(desc, 5)->atttypid),
					 r.value, r.n, r.net, get_points(fcinfo));
	return form_row(desc, values, nulls);
}

/* concentration(value): all figures in one row */
Datum
ct_concentration_final(PG_FUNCTION_ARGS)
{
	enum
	{
		HEADS, HOLDERS, TOTAL, NET, GINI, GINI_SAMPLE, HHI, HHI_NORMALISED, EQUIVALENT,
		TOP_1, TOP_10, TOP_20, DECILE_RATIO, PEAK, PEAK_AT, LOSS, COLUMNS
	};
	Ranking		r;
	double		ratio = 0;
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS] = {false};

	if (!get_ranking(fcinfo, &r))
		PG_RETURN_NULL();
	values[HEADS] = Int64GetDatum(r.n);
	values[HOLDERS] = Int64GetDatum(r.holders);
	values[TOTAL] = Float8GetDatum(r.total);
	values[NET] = Float8GetDatum(r.net);
	values[GINI] = Float8GetDatum(gini(&r, r.n));
	values[GINI_SAMPLE] = Float8GetDatum(gini(&r, r.n - 1));
	values[HHI] = Float8GetDatum(hhi(&r));
	values[HHI_NORMALISED] = Float8GetDatum(Max(hhi(&r) - 1.0 / r.n, 0) / (1 - 1.0 / r.n));
	values[EQUIVALENT] = Float8GetDatum(1 / hhi(&r));
	values[TOP_1] = Float8GetDatum(top_share(&r, 0.01));
	values[TOP_10] = Float8GetDatum(top_share(&r, 0.1));
	values[TOP_20] = Float8GetDatum(top_share(&r, 0.2));
	nulls[DECILE_RATIO] = !decile_ratio(&r, &ratio);
	values[DECILE_RATIO] = Float8GetDatum(ratio);
	values[PEAK] = Float8GetDatum(r.total / r.net);
	values[PEAK_AT] = Float8GetDatum((double) r.holders / r.n);
	values[LOSS] = Float8GetDatum(loss(&r));
	for (int i = GINI; i <= TOP_20; i++)
		nulls[i] = r.total == 0;
	nulls[GINI_SAMPLE] |= r.n == 1;
	nulls[HHI_NORMALISED] |= r.n == 1;
	nulls[PEAK] = r.net <= 0;
	return form_row(ct_row_desc(get_func_rettype(fcinfo->flinfo->fn_oid)), values, nulls);
}
