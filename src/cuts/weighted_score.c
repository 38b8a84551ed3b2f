/*
 * weighted_score.c
 *		The weighted mean of measures, correctly rounded.
 *
 * Customers whose weighted sums are equal must get equal scores.  0.2 * 0.025 +
 * 0.1 * 0.025 equals 0.1 * 0.075, but not for the doubles nearest to these decimals.  So
 * the mean is that of the decimals, computed to about 30 digits and rounded.  If these
 * digits do not determine the nearest double, numeric computes it exactly.
 */
#include "cuts/weighted_score.h"

#include <math.h>

#include "fmgr.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"

#include "base/decimal.h"
#include "base/sum.h"
#include "cuts/arguments.h"

PG_FUNCTION_INFO_V1(ct_weighted_score);

#define ERROR_BOUND		0x1p-98 /* of the mean of the absolute values */
#define QUARTER_ULP		0x1p-54 /* at least this part of a double is below the middle to the next */
#define EXACT_DECIMALS	1000	/* enough to tell on which side of the middle of two doubles a mean is */

struct Weights
{
	int			n;
	bool		simple;			/* "rest" is known for all weights */
	double		high;			/* sum of the weights, and its rounding error */
	double		low;
	const double *rest;			/* see ct_decimal_rest */
	double		weight[FLEXIBLE_ARRAY_MEMBER];
};

/* the weights of the previous call, and the argument that they were made from */
typedef struct Argument
{
	Weights    *weights;
	Size		size;
	char		bytes[FLEXIBLE_ARRAY_MEMBER];
} Argument;

/*
 * ct_make_weights
 *		Prepares weights for ct_weighted_mean, in the current memory context.
 *
 * Fails if a weight is negative or not finite, or if all are zero.
 */
Weights *
ct_make_weights(const double *weight, int n)
{
	Weights    *w = palloc0(offsetof(Weights, weight) + 2 * n * sizeof(double));
	double	   *rest = w->weight + n;
	Sum			sum = {0};

	w->n = n;
	w->simple = true;
	w->rest = rest;
	for (int i = 0; i < n; i++)
	{
		if (!(weight[i] >= 0) || isinf(weight[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("weights must be finite and at least 0")));
		w->weight[i] = weight[i];
		w->simple &= ct_decimal_rest(weight[i], &rest[i]);
		sum_add(&sum, weight[i]);
		sum_add(&sum, rest[i]);
	}
	w->high = sum_parts(&sum, &w->low);
	if (n > 0 && w->high == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at least one weight must be above 0")));
	return w;
}

static Weights *
get_weights(FunctionCallInfo fcinfo)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	Argument   *known = fcinfo->flinfo->fn_extra;
	MemoryContext old;
	const double *weight;
	int			n;

	if (known != NULL && known->size == VARSIZE(array) && memcmp(known->bytes, array, known->size) == 0)
		return known->weights;
	fcinfo->flinfo->fn_extra = NULL;
	if (known != NULL)
	{
		pfree(known->weights);
		pfree(known);
	}
	weight = ct_get_params(fcinfo, 1, &n);
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	known = palloc(offsetof(Argument, bytes) + VARSIZE(array));
	known->weights = ct_make_weights(weight, n);
	known->size = VARSIZE(array);
	memcpy(known->bytes, array, known->size);
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = known;
	return known->weights;
}

/* gets the mean; false if the error bound does not exclude that another double is nearer */
static bool
get_mean(const Weights *w, const double *value, double *result)
{
	Sum			sum = {0};
	double		rests = 0;
	double		all = 0;
	double		high;
	double		low;
	double		left;
	bool		up;

	if (!w->simple)
		return false;
	for (int i = 0; i < w->n; i++)
	{
		double		rest;

		if (!ct_decimal_rest(value[i], &rest))
			return false;
		sum_add_product(&sum, value[i], w->weight[i]);
		rests += value[i] * w->rest[i] + rest * (w->weight[i] + w->rest[i]);
		all += fabs(value[i] * w->weight[i]);
	}
	high = sum_parts(&sum, &low);
	high = two_sum(high, low + rests, &low);
	*result = high / w->high;
	left = (fma(-*result, w->high, high) + (low - *result * w->low)) / w->high;
	*result = two_sum(*result, left, &left);
	if (all == 0)
		return true;
	up = left > 0;
	left = fabs(left) + ERROR_BOUND * (all / w->high);
	return left < QUARTER_ULP * fabs(*result) ||
		left < fabs(nextafter(*result, up ? INFINITY : -INFINITY) - *result) / 2;
}

/* the same by PostgreSQL's numeric, which adds and multiplies without rounding */
static double
get_exact_mean(const Weights *w, const double *value)
{
	Datum		sum = ct_decimal(0);
	Datum		weights = sum;
	Datum		mean;

	for (int i = 0; i < w->n; i++)
	{
		Datum		weight = ct_decimal(w->weight[i]);
		Datum		product = DirectFunctionCall2(numeric_mul, ct_decimal(value[i]), weight);

		sum = DirectFunctionCall2(numeric_add, sum, product);
		weights = DirectFunctionCall2(numeric_add, weights, weight);
	}
	/* numeric_div gives at least as many decimals as its first argument has */
	sum = DirectFunctionCall2(numeric_round, sum, Int32GetDatum(EXACT_DECIMALS));
	mean = DirectFunctionCall2(numeric_div, sum, weights);
	return strtod(DatumGetCString(DirectFunctionCall1(numeric_out, mean)), NULL);
}

/*
 * ct_weighted_mean
 *		The weighted mean of one value for each weight, correctly rounded.
 *
 * Fails if a value is not finite.
 */
double
ct_weighted_mean(const Weights *w, const double *value)
{
	double		result;

	for (int i = 0; i < w->n; i++)
		(void) ct_check_value(value[i]);
	if (!get_mean(w, value, &result))
		result = get_exact_mean(w, value);
	return result == 0 ? 0 : result;
}

/* weighted_score(measures, weights): the weighted mean */
Datum
ct_weighted_score(PG_FUNCTION_ARGS)
{
	Weights    *w = get_weights(fcinfo);
	const double *value;
	int			n;

	if (array_contains_nulls(PG_GETARG_ARRAYTYPE_P(0)))
		PG_RETURN_NULL();
	value = ct_get_params(fcinfo, 0, &n);
	if (n != w->n || n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("each measure needs a weight"),
				 errdetail("There are measures: %d, weights: %d.", n, w->n)));
	PG_RETURN_FLOAT8(ct_weighted_mean(w, value));
}
