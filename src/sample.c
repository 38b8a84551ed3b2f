/*
 * sample.c
 *		The values of an aggregate or a window, gathered to be ordered.
 */
#include "sample.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "amount.h"
#include "order.h"
#include "steps.h"

PG_FUNCTION_INFO_V1(customer_tier_sample_accumulate);
PG_FUNCTION_INFO_V1(customer_tier_sample_accumulate_numeric);
PG_FUNCTION_INFO_V1(customer_tier_sample_combine);

#define SAMPLE_HEAD		offsetof(Sample, data)
#define SAMPLE_START	8		/* values that a new sample has room for */
#define MAX_PARAMS		1000

double
customer_tier_check_value(double value)
{
	if (unlikely(isnan(value) || isinf(value)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a value to be ranked must be a finite number"),
				 errhint("NaN and infinity have no rank; leave such rows out or correct them.")));
	return value == 0 ? 0 : value;	/* -0 is 0 */
}

/* a sum of finite values, or what was made from it */
double
customer_tier_check_sum(double sum)
{
	if (unlikely(isnan(sum) || isinf(sum)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range: overflow"),
				 errhint("The sum of the values, or the distance between them, is beyond double precision.")));
	return sum;
}

void
customer_tier_check_fraction(double fraction)
{
	if (!(fraction > 0 && fraction <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a fraction must be above 0 and at most 1"),
				 errhint("It is a part of the total, or of the heads, from the top: 0.2 is 20 %%.")));
}

/* a transition changes its state in place, which only an aggregate may ask for */
void
customer_tier_check_transition(FunctionCallInfo fcinfo)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("aggregate function called in non-aggregate context")));
}

void
customer_tier_sample_corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid state of an aggregate over values")));
}

static int64
room(const Sample *s)
{
	return (int64) ((VARSIZE(s) - SAMPLE_HEAD) / sizeof(double)) - s->nparams;
}

/* a state argument; NULL while it is the empty bytea that aggregates start with */
Sample *
customer_tier_sample_get(FunctionCallInfo fcinfo, int arg)
{
	struct varlena *v = (struct varlena *) PG_DETOAST_DATUM(PG_GETARG_DATUM(arg));
	Sample	   *s = (Sample *) v;

	if (VARSIZE(v) == VARHDRSZ)
		return NULL;
	/* a value within a tuple has the alignment of bytea */
	if ((Pointer) v != (Pointer) TYPEALIGN(ALIGNOF_DOUBLE, v))
		s = (Sample *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(arg));
	if (VARSIZE(s) < SAMPLE_HEAD || s->nparams < 0 || s->nparams > MAX_PARAMS ||
		s->n < 1 || s->n > room(s))
		customer_tier_sample_corrupt();
	return s;
}

/* room for "values" at least, and for "wanted" if there is so much */
static Sample *
sample_alloc(int64 values, int64 wanted, int nparams)
{
	int64		most = (MaxAllocSize - SAMPLE_HEAD) / sizeof(double) - nparams;
	Size		size = SAMPLE_HEAD + (nparams + Max(values, Min(wanted, most))) * sizeof(double);
	Sample	   *s;

	s = alloc_state(size, "too many values for one aggregate",
					"Group the values, or leave out those that do not count; a value takes 8 bytes.");
	/* what is unused leaves the server as well: to workers, to who makes an aggregate of it */
	clear_in_steps(s, size);
	SET_VARSIZE(s, size);
	s->nparams = nparams;
	s->fit = false;
	s->n = 0;
	return s;
}

/* argument 0 of a transition function, to append to */
Sample *
customer_tier_sample_state(FunctionCallInfo fcinfo, const double *params, int nparams, bool fit)
{
	Sample	   *s;

	customer_tier_check_transition(fcinfo);
	s = customer_tier_sample_get(fcinfo, 0);
	if (s == NULL)
	{
		s = sample_alloc(SAMPLE_START, SAMPLE_START, nparams);
		s->fit = fit;
		memcpy(s->data, params, nparams * sizeof(double));
	}
	else if (s->nparams != nparams || s->fit != fit ||
			 memcmp(s->data, params, nparams * sizeof(double)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the parameters of an aggregate must be the same for every row")));
	return s;
}

/* the same sample with room for "more" values, or a larger copy */
static Sample *
make_room(Sample *s, int64 more)
{
	Sample	   *larger;

	if (likely(room(s) - s->n >= more))
		return s;
	larger = sample_alloc(s->n + more, 2 * room(s), s->nparams);
	larger->fit = s->fit;
	larger->n = s->n;
	copy_in_steps(larger->data, s->data, (s->nparams + s->n) * sizeof(double));
	return larger;
}

Sample *
customer_tier_sample_add(Sample *s, double value)
{
	s = make_room(s, 1);
	SAMPLE_VALUES(s)[s->n++] = customer_tier_check_value(value);
	return s;
}

/* sample_accumulate(state, value [, number]) */
static Datum
accumulate(FunctionCallInfo fcinfo, double value)
{
	double		number = PG_NARGS() > 2 ? PG_GETARG_INT32(2) : 0;
	Sample	   *s = customer_tier_sample_state(fcinfo, &number, PG_NARGS() - 2, false);

	PG_RETURN_POINTER(customer_tier_sample_add(s, value));
}

Datum
customer_tier_sample_accumulate(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, PG_GETARG_FLOAT8(1));
}

Datum
customer_tier_sample_accumulate_numeric(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, customer_tier_numeric_to_double(PG_GETARG_DATUM(1)));
}

/* combines the states of two workers; the order of values does not matter later */
Datum
customer_tier_sample_combine(PG_FUNCTION_ARGS)
{
	Sample	   *a;
	Sample	   *b = customer_tier_sample_get(fcinfo, 1);

	if (b == NULL)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	a = customer_tier_sample_state(fcinfo, b->data, b->nparams, b->fit);
	a = make_room(a, b->n);
	copy_in_steps(SAMPLE_VALUES(a) + a->n, SAMPLE_VALUES(b), b->n * sizeof(double));
	a->n += b->n;
	PG_RETURN_POINTER(a);
}

/*
 * The state's values, descending, in memory of our own: a final function may be
 * called again.
 */
double *
customer_tier_sample_sorted(const Sample *s)
{
	double	   *value = alloc_array(s->n, sizeof(double));

	copy_in_steps(value, SAMPLE_VALUES(s), s->n * sizeof(double));
	customer_tier_sort_descending(value, NULL, s->n);
	return value;
}

/* a float8[] argument, without nulls, in the order given */
const double *
customer_tier_get_params(FunctionCallInfo fcinfo, int arg, int *n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(arg);

	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (ARR_NDIM(array) > 1 || *n > MAX_PARAMS || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("expected a one-dimensional array without nulls, of at most %d numbers", MAX_PARAMS)));
	return (const double *) ARR_DATA_PTR(array);
}

/* cuts, as every aggregate that finds them returns them */
Datum
customer_tier_cuts_array(Datum *cut, int n)
{
	return PointerGetDatum(construct_array(cut, n, FLOAT8OID,
										   sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
