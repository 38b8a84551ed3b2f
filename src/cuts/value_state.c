/*
 * value_state.c
 *		The state of aggregates that need all values.
 */
#include "cuts/value_state.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "base/amount.h"
#include "base/steps.h"
#include "cuts/arguments.h"
#include "cuts/select_sorted.h"

PG_FUNCTION_INFO_V1(ct_values_accumulate);
PG_FUNCTION_INFO_V1(ct_values_accumulate_numeric);
PG_FUNCTION_INFO_V1(ct_values_combine);

#define VALUES_HEAD		offsetof(ValueState, data)
#define VALUES_START	8		/* values that a new state has room for */

/*
 * ct_values_corrupt
 *		Reports an invalid state.  As a state is a bytea, users can pass any.
 */
void
ct_values_corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid state of an aggregate over values")));
}

static int64
room(const ValueState *s)
{
	return (int64) ((VARSIZE(s) - VALUES_HEAD) / sizeof(double)) - s->nparams;
}

/*
 * ct_values_get
 *		The state in an argument, or NULL for an empty bytea, the initial state.
 *
 * The result is the argument itself, or an aligned copy in the current memory context.
 * Fails if its lengths are inconsistent.
 */
ValueState *
ct_values_get(FunctionCallInfo fcinfo, int arg)
{
	struct varlena *v = (struct varlena *) PG_DETOAST_DATUM(PG_GETARG_DATUM(arg));
	ValueState *s = (ValueState *) v;

	if (VARSIZE(v) == VARHDRSZ)
		return NULL;
	/* a bytea within a tuple is not aligned for doubles */
	if ((Pointer) v != (Pointer) TYPEALIGN(ALIGNOF_DOUBLE, v))
		s = (ValueState *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(arg));
	if (VARSIZE(s) < VALUES_HEAD || s->nparams < 0 || s->nparams > MAX_PARAMS ||
		s->n < 1 || s->n > room(s))
		ct_values_corrupt();
	return s;
}

/* a state with room for "wanted" values, or as many as the limit allows but at least "values" */
static ValueState *
values_alloc(int64 values, int64 wanted, int nparams)
{
	int64		most = (MaxAllocSize - VALUES_HEAD) / sizeof(double) - nparams;
	Size		size = VALUES_HEAD + (nparams + Max(values, Min(wanted, most))) * sizeof(double);
	ValueState *s;

	s = alloc_state(size, "too many values for one aggregate",
					"Group the values, or leave out those that do not count; a value takes 8 bytes.");
	/* users can see the unused room, through an aggregate of their own over these functions */
	clear_in_steps(s, size);
	SET_VARSIZE(s, size);
	s->nparams = nparams;
	s->fit = false;
	s->n = 0;
	return s;
}

/*
 * ct_values_state
 *		The state in argument 0 of a transition function, or a new one.
 *
 * A new state is in the current memory context, that of the aggregate.  Fails outside
 * of an aggregate, and if the parameters differ from those of the first row.
 */
ValueState *
ct_values_state(FunctionCallInfo fcinfo, const double *params, int nparams, bool fit)
{
	ValueState *s;

	ct_check_transition(fcinfo);
	s = ct_values_get(fcinfo, 0);
	if (s == NULL)
	{
		s = values_alloc(VALUES_START, VALUES_START, nparams);
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

/* returns the state if it has room for "more" values, else a larger copy */
static ValueState *
make_room(ValueState *s, int64 more)
{
	ValueState *larger;

	if (likely(room(s) - s->n >= more))
		return s;
	larger = values_alloc(s->n + more, 2 * room(s), s->nparams);
	larger->fit = s->fit;
	larger->n = s->n;
	copy_in_steps(larger->data, s->data, (s->nparams + s->n) * sizeof(double));
	return larger;
}

/*
 * ct_values_add
 *		Appends a value.  Returns the state, which may have moved.
 */
ValueState *
ct_values_add(ValueState *s, double value)
{
	s = make_room(s, 1);
	STATE_VALUES(s)[s->n++] = ct_check_value(value);
	return s;
}

/* values_accumulate(state, value [, number]) */
static Datum
accumulate(FunctionCallInfo fcinfo, double value)
{
	double		number = PG_NARGS() > 2 ? PG_GETARG_INT32(2) : 0;
	ValueState *s = ct_values_state(fcinfo, &number, PG_NARGS() - 2, false);

	PG_RETURN_POINTER(ct_values_add(s, value));
}

Datum
ct_values_accumulate(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, PG_GETARG_FLOAT8(1));
}

Datum
ct_values_accumulate_numeric(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, ct_numeric_to_double(PG_GETARG_DATUM(1)));
}

/* values_combine(a, b): appends the values of another state; their order does not matter */
Datum
ct_values_combine(PG_FUNCTION_ARGS)
{
	ValueState *a;
	ValueState *b = ct_values_get(fcinfo, 1);

	if (b == NULL)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	a = ct_values_state(fcinfo, b->data, b->nparams, b->fit);
	a = make_room(a, b->n);
	copy_in_steps(STATE_VALUES(a) + a->n, STATE_VALUES(b), b->n * sizeof(double));
	a->n += b->n;
	PG_RETURN_POINTER(a);
}

/*
 * ct_values_sorted
 *		The values in descending order, in the current memory context.
 *
 * They are a copy, because a final function must not change the state.
 */
double *
ct_values_sorted(const ValueState *s)
{
	double	   *value = alloc_array(s->n, sizeof(double));

	copy_in_steps(value, STATE_VALUES(s), s->n * sizeof(double));
	ct_sort_descending(value, NULL, s->n);
	return value;
}
