/*
 * arguments.c
 *		Checks of the arguments that functions over values take.
 */
#include "cuts/arguments.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"

/*
 * ct_check_value
 *		Returns a value to be ranked, with 0 for -0.  Fails for NaN and infinity.
 */
double
ct_check_value(double value)
{
	if (unlikely(isnan(value) || isinf(value)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a value to be ranked must be a finite number"),
				 errhint("NaN and infinity have no rank; leave such rows out or correct them.")));
	return value == 0 ? 0 : value;
}

/*
 * ct_check_sum
 *		Returns a sum of finite values, or a number computed from one.  Fails if it
 *		overflowed.
 */
double
ct_check_sum(double sum)
{
	if (unlikely(isnan(sum) || isinf(sum)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range: overflow"),
				 errhint("The sum of the values, or the distance between them, is beyond double precision.")));
	return sum;
}

/*
 * ct_check_fraction
 *		Fails unless 0 < fraction <= 1.
 */
void
ct_check_fraction(double fraction)
{
	if (!(fraction > 0 && fraction <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a fraction must be above 0 and at most 1"),
				 errhint("It is a part of the total, or of the heads, from the top: 0.2 is 20 %%.")));
}

/*
 * ct_check_transition
 *		The memory context of the aggregate that calls a transition function.
 *
 * Fails if there is none: the function changes its state in place, which would change the
 * data of any other caller.
 */
MemoryContext
ct_check_transition(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("aggregate function called in non-aggregate context")));
	return context;
}

/*
 * ct_state_corrupt
 *		Reports an invalid state.  A state that is an array or a bytea can be anything that a
 *		user passes.
 */
void
ct_state_corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid state of an aggregate over values")));
}

/*
 * ct_cuts_array
 *		"n" cuts as float8[], in the current memory context.
 */
Datum
ct_cuts_array(Datum *cut, int n)
{
	return PointerGetDatum(construct_array(cut, n, FLOAT8OID,
										   sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * ct_get_params
 *		The numbers of a float8[] argument, which must have one dimension and no nulls.
 *
 * The result points into the argument, or into its detoasted copy in the current
 * memory context.
 */
const double *
ct_get_params(FunctionCallInfo fcinfo, int arg, int *n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(arg);

	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (ARR_NDIM(array) > 1 || *n > MAX_PARAMS || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("expected a one-dimensional array without nulls, of at most %d numbers", MAX_PARAMS)));
	return (const double *) ARR_DATA_PTR(array);
}
