/*
 * pareto.c
 *		pareto_share(value) OVER (...): the share of the partition's total that
 *		values as large as this one, or larger, hold together.
 *
 * It depends on the values alone: equal ones get the same share, and neither a
 * frame nor an order of the window changes it.  Values that are not above zero
 * are no part of the total and come after all of it.
 */
#include "sample.h"

#include "fmgr.h"
#include "windowapi.h"

PG_FUNCTION_INFO_V1(customer_tier_pareto_share);

typedef struct Step
{
	double		value;			/* descending, each once */
	double		share;
} Step;

typedef struct Curve
{
	bool		drawn;
	int64		n;
	int64		at;				/* the step of the row before */
	Step		step[FLEXIBLE_ARRAY_MEMBER];
} Curve;

static void
draw(Curve *c, WindowObject winobj, int64 rows)
{
	double	   *value = MemoryContextAllocHuge(CurrentMemoryContext, Max(rows, 1) * sizeof(double));
	double		total;
	Sum			sum = {0, 0};
	int64		n = 0;

	for (int64 i = 0; i < rows; i++)
	{
		bool		isnull;
		bool		isout;
		Datum		d = WinGetFuncArgInPartition(winobj, 0, i, WINDOW_SEEK_HEAD, false, &isnull, &isout);

		CHECK_FOR_INTERRUPTS();
		if (isnull)
			continue;
		value[n] = customer_tier_check_value(DatumGetFloat8(d));
		if (value[n] > 0)
			n++;
	}
	customer_tier_sort_descending(value, n);
	for (int64 i = 0; i < n; i++)
		sum_add(&sum, value[i]);
	total = sum_value(&sum);
	sum.hi = sum.lo = 0;
	c->n = 0;
	for (int64 i = 0; i < n; i++)
	{
		sum_add(&sum, value[i]);
		if (i + 1 < n && value[i + 1] == value[i])
			continue;
		c->step[c->n].value = value[i];
		c->step[c->n++].share = sum_value(&sum) / total;
	}
	c->at = 0;
	c->drawn = true;
	pfree(value);
}

Datum
customer_tier_pareto_share(PG_FUNCTION_ARGS)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	int64		rows = WinGetPartitionRowCount(winobj);
	Curve	   *c = WinGetPartitionLocalMemory(winobj, offsetof(Curve, step) + rows * sizeof(Step));
	bool		isnull;
	double		value;
	int64		low;
	int64		high;

	if (!c->drawn)
		draw(c, winobj, rows);
	value = DatumGetFloat8(WinGetFuncArgCurrent(winobj, 0, &isnull));
	if (isnull)
		PG_RETURN_NULL();
	if (value <= 0 || c->n == 0)
		PG_RETURN_FLOAT8(1.0);

	/* in the order of the values it is this step or the next */
	if (c->step[c->at].value > value && c->at + 1 < c->n)
		c->at++;
	if (c->step[c->at].value != value)
	{
		for (low = 0, high = c->n - 1; low < high;)
		{
			int64		middle = (low + high) / 2;

			if (c->step[middle].value > value)
				low = middle + 1;
			else
				high = middle;
		}
		c->at = low;
	}
	PG_RETURN_FLOAT8(c->step[c->at].share);
}
