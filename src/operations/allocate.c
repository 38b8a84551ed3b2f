/*
 * allocate.c
 *		allocate(): an allocation from arrays of SQL, and into them.
 */
#include "operations/allocation.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"

#include "base/steps.h"

PG_FUNCTION_INFO_V1(ct_allocate_arrays);

#define MOST_CLASSES	100000000

/* argument numbers */
enum
{
	ARG_WEIGHT, ARG_TIER, ARG_GROUP, ARG_PIN, ARG_NOW, ARG_CAPACITY, ARG_OWNER_GROUP, ARG_OWNER_ROLE,
	ARG_TIER_ROLE, ARG_MOST, ARG_SLACK
};

static void
refuse(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("an allocation cannot be made of these numbers: %s", what)));
}

/* the elements of an array without nulls, as they lie in it */
static const void *
elements(FunctionCallInfo fcinfo, int arg, Oid type, int64 *n)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(arg);

	if (ARR_ELEMTYPE(array) != type || ARR_NDIM(array) > 1 || array_contains_nulls(array))
		refuse("arrays must be lists without nulls");
	*n = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	return ARR_DATA_PTR(array);
}

/* numbers from "least" up to, and without, "end" */
static const int32 *
numbers(FunctionCallInfo fcinfo, int arg, int64 n, int32 least, int64 end)
{
	int64		count;
	const int32 *number = elements(fcinfo, arg, INT4OID, &count);

	if (count != n)
		refuse("arrays must be of one length");
	FOR_STEPS(i, 0, n)
	{
		if (number[i] < least || number[i] >= end)
			refuse("a number is out of range");
	}
	return number;
}

static int
count_of(const int32 *number, int64 n, int count)
{
	FOR_STEPS(i, 0, n)
		count = Max(count, number[i] + 1);
	return count;
}

static ArrayType *
make_array(int64 n)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + n * sizeof(int32);
	ArrayType  *array;

	check_state_size(size, "too many customers for one allocation", "Make an allocation for each group.");
	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = INT4OID;
	ARR_DIMS(array)[0] = (int) n;
	ARR_LBOUND(array)[0] = 1;
	return array;
}

/*
 * allocate(weights, tiers, groups, pins, now, capacities, owner_groups, owner_roles, tier_roles, most, slack)
 *		The owner and the reason of each customer, see allocation.h.
 */
Datum
ct_allocate_arrays(PG_FUNCTION_ARGS)
{
	Allocation	a = {0};
	Placement  *p;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};
	ArrayType  *owner;
	ArrayType  *reason;
	const double *weight;
	int64		n;

	weight = elements(fcinfo, ARG_WEIGHT, FLOAT8OID, &a.n);
	a.weight = weight;
	FOR_STEPS(i, 0, a.n)
	{
		if (ct_check_weight(weight[i]) != weight[i])
			refuse("a weight is below zero");
	}
	a.owner = ct_get_capacities(PG_GETARG_ARRAYTYPE_P(ARG_CAPACITY), &a.owners);
	a.owner_group = numbers(fcinfo, ARG_OWNER_GROUP, a.owners, 0, PG_INT32_MAX);
	a.owner_role = numbers(fcinfo, ARG_OWNER_ROLE, a.owners, -1, PG_INT32_MAX);
	a.tier_role = elements(fcinfo, ARG_TIER_ROLE, INT4OID, &n);
	a.tiers = (int) n;
	a.tier = numbers(fcinfo, ARG_TIER, a.n, 0, a.tiers);
	a.group = numbers(fcinfo, ARG_GROUP, a.n, 0, PG_INT32_MAX);
	a.pin = numbers(fcinfo, ARG_PIN, a.n, NOBODY, a.owners);
	a.now = numbers(fcinfo, ARG_NOW, a.n, SOMEBODY, a.owners);
	a.groups = count_of(a.owner_group, a.owners, count_of(a.group, a.n, 0));
	a.most = PG_GETARG_FLOAT8(ARG_MOST);
	a.slack = PG_GETARG_FLOAT8(ARG_SLACK);
	if (!(a.most > 0 && a.most <= 1) || !(a.slack >= 0 && a.slack <= 1000))
		refuse("\"most\" is above 0 and at most 1, \"slack\" is not below 0");
	if ((int64) a.groups * a.tiers > MOST_CLASSES || (int64) a.owners * a.tiers > MOST_CLASSES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many groups, tiers and owners for one allocation"),
				 errhint("Make an allocation for each group.")));

	p = ct_allocate(&a);
	owner = make_array(a.n);
	reason = make_array(a.n);
	FOR_STEPS(i, 0, a.n)
	{
		((int32 *) ARR_DATA_PTR(owner))[i] = p->owner[i];
		((int32 *) ARR_DATA_PTR(reason))[i] = ct_allocation_reason(&a, p, i);
	}
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "a composite result was expected");
	values[0] = PointerGetDatum(owner);
	values[1] = PointerGetDatum(reason);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
