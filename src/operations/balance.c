/*
 * balance.c
 *		balance(weight, capacities) OVER (...): customers shared out fairly.
 *
 * Longest processing time first on uniform machines: the weights, the largest first, go one
 * after the other to the owner whose load, relative to the capacity, is least with them.  For
 * equal capacities no owner has more than 4/3 - 1/(3m) of the least possible (Graham 1969);
 * for any, load / capacity is at most mean + (m - 1) * w / C, where w is the last weight that
 * the owner was given and C the sum of the capacities.
 */
#include "operations/balance.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "windowapi.h"

#include "base/steps.h"
#include "cuts/select_sorted.h"

PG_FUNCTION_INFO_V1(ct_balance);

#define ROWS_A_RESET	256		/* rows whose arguments may wait to be freed */

/*
 * ct_get_capacities
 *		The owners of an array of capacities, with nothing yet.
 */
Load *
ct_get_capacities(ArrayType *array, int *n)
{
	Datum	   *capacity;
	bool	   *isnull;
	Load	   *load;

	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &capacity, &isnull, n);
	if (*n == 0 || ARR_NDIM(array) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are no owners to share out to"),
				 errhint("Give a capacity for each: balance(weight, '{1, 1, 2}') OVER (...).")));
	load = palloc0(*n * sizeof(Load));
	for (int i = 0; i < *n; i++)
	{
		load[i].capacity = isnull[i] ? 0 : DatumGetFloat8(capacity[i]);
		if (!(load[i].capacity > 0) || isinf(load[i].capacity))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the capacity of owner %d is not above zero", i + 1),
					 errhint("Leave out an owner who can take nobody.")));
	}
	return load;
}

/*
 * ct_check_weight
 *		A weight as it counts: below zero as 0.
 */
double
ct_check_weight(double weight)
{
	if (isnan(weight) || isinf(weight))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a weight must be a finite number")));
	return Max(weight, 0);
}

/*
 * ct_check_weights
 *		An error if all weights with one owner, or the capacity of all, are too large to be compared.
 */
void
ct_check_weights(double load, double capacity)
{
	if (!isfinite(load) || !isfinite(capacity))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("weights and capacities are too large, or too far apart"),
				 errhint("Divide all weights by one number, or all capacities.")));
}

typedef struct Balance
{
	int32	   *owner;			/* of each row of the partition, from 1; 0 for a weight that is null */
	int			n;
	ArrayType  *capacities;
	bool		fixed;			/* they are the same for every row by their expression */
} Balance;

/* the weights of the partition's rows, without nulls, and the rows they are in */
static double *
gather_weights(WindowObject winobj, int64 rows, uint32 *row, int64 *n)
{
	double	   *weight = alloc_array(rows, sizeof(double));
	MemoryContext each = AllocSetContextCreate(CurrentMemoryContext, "customer_tier arguments", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(each);

	*n = 0;
	for (int64 i = 0; i < rows; i++)
	{
		bool		isnull;
		bool		isout;
		Datum		d = WinGetFuncArgInPartition(winobj, 0, i, WINDOW_SEEK_HEAD, false, &isnull, &isout);

		if (!isnull)
		{
			row[*n] = (uint32) i;
			weight[(*n)++] = ct_check_weight(DatumGetFloat8(d));
		}
		if (i % ROWS_A_RESET == 0)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(each);
		}
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(each);
	return weight;
}

/* equal weights, which sorting leaves in any order, by their rows */
static int
compare_rows(const void *a, const void *b)
{
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	check_in_sort();
	return (x > y) - (x < y);
}

/* the load / capacity that all would have if weights could be cut; a little more, for sums are rounded */
static double
mean_load(const double *weight, int64 n, const Load *load, int owners)
{
	Sum			total = {0};
	Sum			capacity = {0};

	FOR_STEPS(i, 0, n)
	{
		sum_add(&total, weight[i]);
	}
	for (int i = 0; i < owners; i++)
	{
		sum_add(&capacity, load[i].capacity);
		ct_check_weights(total.high / load[i].capacity, capacity.high);
	}
	return sum_value(&total) / sum_value(&capacity) * (1 + 1e-12);
}

/* a pool of all owners, with nothing yet */
static Pool *
pool_of_all(const Load *load, int n)
{
	int32	   *owner = palloc(n * sizeof(int32));
	Pool	   *pool;

	for (int i = 0; i < n; i++)
		owner[i] = i;
	pool = ct_pool_make(owner, n, load);
	ct_pool_build(pool, load);
	return pool;
}

/* what weighs nothing goes to owners who are not above the mean */
static void
close_above(Pool *pool, const Load *load, double mean)
{
	for (int i = 0; i < pool->n; i++)
		if (load[pool->owner[i]].weight > mean * load[pool->owner[i]].capacity)
			pool->room[i] = -1;
	ct_pool_build(pool, load);
}

static void
share_out(Balance *b, WindowObject winobj, Load *load, MemoryContext context)
{
	int64		rows = WinGetPartitionRowCount(winobj);
	uint32	   *row;
	uint32	   *place;
	double	   *weight;
	double		mean;
	Pool	   *pool = pool_of_all(load, b->n);
	bool		weighs = true;
	int64		n;
	int64		next;

	if (rows > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows in one window partition"),
				 errhint("Partition the window, or leave out rows that do not count.")));
	row = alloc_array(rows, sizeof(uint32));
	weight = gather_weights(winobj, rows, row, &n);
	mean = mean_load(weight, n, load, b->n);
	place = alloc_array(n, sizeof(uint32));
	ct_sort_descending(weight, place, n);
	b->owner = MemoryContextAllocHuge(context, Max(rows, 1) * sizeof(int32));
	clear_in_steps(b->owner, rows * sizeof(int32));
	for (int64 from = 0; from < n; from = next)
	{
		for (next = from + 1; next < n && weight[next] == weight[from]; next++)
			CHECK_AT_STEP(next);
		qsort(place + from, next - from, sizeof(uint32), compare_rows);
		for (int64 i = from; i < next; i++)
		{
			PoolSearch	search = {.weight = weight[i], .most = INFINITY, .except = NOBODY, .roomy = true};
			int32		owner;

			CHECK_AT_STEP(i);
			if (weighs && weight[i] <= 0)
			{
				close_above(pool, load, mean);
				weighs = false;
			}
			owner = Max(ct_pool_best(pool, &search), 0);
			add_load(&load[owner], weight[i]);
			ct_pool_update(pool, owner);
			b->owner[row[place[i]]] = owner + 1;
		}
	}
	pfree(row);
	pfree(weight);
	pfree(place);
}

static bool
same_capacities(const ArrayType *a, const ArrayType *b)
{
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

/*
 * balance(weight, capacities) OVER (...)
 *		The number of the owner, a place in the array, whom the row goes to.
 *
 * Equal weights go in the window's order.  A frame has no effect.
 */
Datum
ct_balance(PG_FUNCTION_ARGS)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	Balance    *b = WinGetPartitionLocalMemory(winobj, sizeof(Balance));
	bool		isnull;
	Datum		array = WinGetFuncArgCurrent(winobj, 1, &isnull);
	int32		owner;

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the capacities of balance must not be null")));
	if (b->owner == NULL)
	{
		MemoryContext context = GetMemoryChunkContext(b);
		MemoryContext old = MemoryContextSwitchTo(context);

		b->capacities = DatumGetArrayTypePCopy(array);
		b->fixed = get_fn_expr_arg_stable(fcinfo->flinfo, 1);
		MemoryContextSwitchTo(old);
		share_out(b, winobj, ct_get_capacities(b->capacities, &b->n), context);
	}
	else if (!b->fixed && !same_capacities(b->capacities, DatumGetArrayTypeP(array)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the capacities must be the same for every row of a window partition"),
				 errhint("Where groups have owners of their own: OVER (PARTITION BY ...).")));
	owner = b->owner[WinGetCurrentPosition(winobj)];
	if (owner == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(owner);
}
