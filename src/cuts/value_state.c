/*
 * value_state.c
 *		The state of aggregates that need all values.
 *
 * Its type is internal, so nobody can make one, and the executor does not copy it when it grows.
 */
#include "cuts/value_state.h"

#include "fmgr.h"
#include "utils/memutils.h"

#include "base/amount.h"
#include "base/steps.h"
#include "cuts/arguments.h"
#include "cuts/select_sorted.h"

PG_FUNCTION_INFO_V1(ct_values_accumulate);
PG_FUNCTION_INFO_V1(ct_values_accumulate_numeric);
PG_FUNCTION_INFO_V1(ct_values_combine);
PG_FUNCTION_INFO_V1(ct_values_serialize);
PG_FUNCTION_INFO_V1(ct_values_deserialize);

#define VALUES_START	8		/* values that a new state has room for */

/* a state as one datum, for a parallel worker's result */
typedef struct ValueBytes
{
	int32		vl_len_;
	int16		nparams;
	int16		fit;
	double		data[FLEXIBLE_ARRAY_MEMBER];	/* parameters, then values */
} ValueBytes;

#define STATE_SIZE(nparams, n)	(offsetof(ValueBytes, data) + ((nparams) + (n)) * sizeof(double))

/* a state without values, in the memory context given */
static ValueState *
new_state(MemoryContext context, const double *params, int nparams, bool fit)
{
	ValueState *s = MemoryContextAlloc(context, offsetof(ValueState, param) + nparams * sizeof(double));

	s->n = 0;
	s->room = VALUES_START;
	s->value = MemoryContextAlloc(context, VALUES_START * sizeof(double));
	s->nparams = nparams;
	s->fit = fit;
	memcpy(s->param, params, nparams * sizeof(double));
	return s;
}

/* makes room for "more" values */
static void
make_room(ValueState *s, int64 more)
{
	if (likely(s->room - s->n >= more))
		return;
	check_state_size(STATE_SIZE(s->nparams, s->n + more), "too many values for one aggregate",
					 "Group the values, or leave out those that do not count; a value takes 8 bytes.");
	s->room = Max(s->n + more, 2 * s->room);
	s->value = repalloc_huge(s->value, s->room * sizeof(double));
}

/*
 * ct_values_row
 *		Whether a row counts: none of the arguments after the state is null.
 */
bool
ct_values_row(FunctionCallInfo fcinfo)
{
	for (int i = 1; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			return false;
	return true;
}

/*
 * ct_values_state
 *		The state in argument 0 of a transition function, or a new one.
 *
 * Fails outside of an aggregate, and if the parameters differ from those of the first row.
 */
ValueState *
ct_values_state(FunctionCallInfo fcinfo, const double *params, int nparams, bool fit)
{
	ValueState *s = VALUES_GET(fcinfo);

	if (s == NULL)
		return new_state(ct_check_transition(fcinfo), params, nparams, fit);
	if (s->nparams != nparams || s->fit != fit || memcmp(s->param, params, nparams * sizeof(double)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the parameters of an aggregate must be the same for every row")));
	return s;
}

/*
 * ct_values_add
 *		Appends a value.
 */
void
ct_values_add(ValueState *s, double value)
{
	make_room(s, 1);
	s->value[s->n++] = ct_check_value(value);
}

/* values_accumulate(state, value [, number]) */
static Datum
accumulate(FunctionCallInfo fcinfo, ValueGetter get)
{
	double		number;
	ValueState *s;

	if (!ct_values_row(fcinfo))
		return values_as_before(fcinfo);
	number = PG_NARGS() > 2 ? PG_GETARG_INT32(2) : 0;
	s = ct_values_state(fcinfo, &number, PG_NARGS() - 2, false);
	ct_values_add(s, get(PG_GETARG_DATUM(1)));
	PG_RETURN_POINTER(s);
}

Datum
ct_values_accumulate(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, DatumGetFloat8);
}

Datum
ct_values_accumulate_numeric(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, ct_numeric_to_double);
}

/* values_combine(a, b): appends the values of another state; their order does not matter */
Datum
ct_values_combine(PG_FUNCTION_ARGS)
{
	ValueState *a;
	const ValueState *b = (ValueState *) PG_GETARG_POINTER(1);

	if (PG_ARGISNULL(1))
		return values_as_before(fcinfo);
	a = ct_values_state(fcinfo, b->param, b->nparams, b->fit);
	make_room(a, b->n);
	copy_in_steps(a->value + a->n, b->value, b->n * sizeof(double));
	a->n += b->n;
	PG_RETURN_POINTER(a);
}

/* values_serialize(state) */
Datum
ct_values_serialize(PG_FUNCTION_ARGS)
{
	const ValueState *s = (ValueState *) PG_GETARG_POINTER(0);
	Size		size = STATE_SIZE(s->nparams, s->n);
	ValueBytes *bytes = palloc(size);

	SET_VARSIZE(bytes, size);
	bytes->nparams = s->nparams;
	bytes->fit = s->fit;
	memcpy(bytes->data, s->param, s->nparams * sizeof(double));
	copy_in_steps(bytes->data + s->nparams, s->value, s->n * sizeof(double));
	PG_RETURN_POINTER(bytes);
}

/* values_deserialize(bytes, nothing): in the current memory context, for values_combine() */
Datum
ct_values_deserialize(PG_FUNCTION_ARGS)
{
	const bytea *bytes = PG_GETARG_BYTEA_PP(0);
	const char *data = VARDATA_ANY(bytes);
	double		param[MAX_PARAMS];
	int16		head[2];		/* as in ValueBytes */
	ValueState *s;
	int64		n;

	memcpy(head, data, sizeof(head));
	data += sizeof(head);
	n = (VARSIZE_ANY_EXHDR(bytes) - sizeof(head)) / sizeof(double) - head[0];
	memcpy(param, data, head[0] * sizeof(double));
	s = new_state(CurrentMemoryContext, param, head[0], head[1]);
	make_room(s, n);
	copy_in_steps(s->value, data + head[0] * sizeof(double), n * sizeof(double));
	s->n = n;
	PG_RETURN_POINTER(s);
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

	copy_in_steps(value, s->value, s->n * sizeof(double));
	ct_sort_descending(value, NULL, s->n);
	return value;
}
