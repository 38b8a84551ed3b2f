/*
 * window_functions.c
 *		Window functions that rank a row's value within its partition.
 *
 * Results depend on the values of the partition only, not on the frame or the order of
 * the window, and equal values get equal results.  The result of NULL is NULL.
 */
#include "base/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "windowapi.h"

#include "base/amount.h"
#include "base/steps.h"
#include "cuts/arguments.h"
#include "cuts/classes.h"
#include "cuts/normalise.h"
#include "cuts/rfm.h"
#include "cuts/select_sorted.h"

PG_FUNCTION_INFO_V1(ct_pareto_share);
PG_FUNCTION_INFO_V1(ct_pareto_share_numeric);
PG_FUNCTION_INFO_V1(ct_percentile_score);
PG_FUNCTION_INFO_V1(ct_percentile_score_numeric);
PG_FUNCTION_INFO_V1(ct_min_max);
PG_FUNCTION_INFO_V1(ct_min_max_numeric);
PG_FUNCTION_INFO_V1(ct_z_score);
PG_FUNCTION_INFO_V1(ct_z_score_numeric);
PG_FUNCTION_INFO_V1(ct_quadrant_window);
PG_FUNCTION_INFO_V1(ct_rfm_class8_window);

#define ROWS_A_RESET	256		/* rows whose arguments may wait to be freed */

typedef double (*Getter) (Datum value);

static double
from_float8(Datum value)
{
	return DatumGetFloat8(value);
}

/* the values of an argument in the partition, without nulls; if "row" is not NULL, their rows as well */
static double *
gather(WindowObject winobj, int arg, Getter get, uint32 *row, int64 *n)
{
	int64		rows = WinGetPartitionRowCount(winobj);
	double	   *value = alloc_array(rows, sizeof(double));
	MemoryContext each = AllocSetContextCreate(CurrentMemoryContext, "customer_tier arguments", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(each);

	*n = 0;
	for (int64 i = 0; i < rows; i++)
	{
		bool		isnull;
		bool		isout;
		Datum		d = WinGetFuncArgInPartition(winobj, arg, i, WINDOW_SEEK_HEAD, false, &isnull, &isout);

		if (!isnull)
		{
			if (row)
				row[*n] = (uint32) i;
			value[(*n)++] = ct_check_value(get(d));
		}
		if (i % ROWS_A_RESET == 0)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextReset(each);
		}
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(each);
	return value;
}

/*
 * pareto_share and percentile_score: one pass down the sorted values finds the results
 * of all rows
 */

typedef struct Shares
{
	double	   *share;			/* of each row of the partition; NaN for a null */
} Shares;

typedef void (*Walk) (double *share, const double *value, int64 n);

/*
 * The results of all rows of the partition, in "context".  WinGetPartitionLocalMemory
 * gives at most 1 GB, so they are allocated separately.
 */
static double *
find_shares(WindowObject winobj, Getter get, Walk walk, MemoryContext context)
{
	int64		rows = WinGetPartitionRowCount(winobj);
	uint32	   *row;
	uint32	   *place;
	double	   *value;
	double	   *share_of;
	double	   *share;
	int64		n;

	if (rows > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows in one window partition"),
				 errhint("Use smaller partitions, or leave out rows that need no result.")));
	row = alloc_array(rows, sizeof(uint32));
	value = gather(winobj, 0, get, row, &n);
	place = alloc_array(n, sizeof(uint32));
	ct_sort_descending(value, place, n);
	share_of = alloc_array(n, sizeof(double));
	walk(share_of, value, n);
	pfree(value);
	share = MemoryContextAllocHuge(context, rows * sizeof(double));
	FOR_STEPS(i, 0, rows)
		share[i] = get_float8_nan();
	FOR_STEPS(i, 0, n)
		share[row[place[i]]] = share_of[i];
	pfree(row);
	pfree(place);
	pfree(share_of);
	return share;
}

static Datum
shared(FunctionCallInfo fcinfo, Getter get, Walk walk)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	Shares	   *s = WinGetPartitionLocalMemory(winobj, sizeof(Shares));
	double		share;

	if (s->share == NULL)
		s->share = find_shares(winobj, get, walk, GetMemoryChunkContext(s));
	share = s->share[WinGetCurrentPosition(winobj)];
	if (isnan(share))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(share);
}

/* values at or below zero come last and add nothing, so that their share is 1 */
static void
walk_pareto(double *share, const double *value, int64 n)
{
	Sum			sum = {0};
	double		total;

	for (int64 i = 0; i < n && value[i] > 0; i++)
	{
		CHECK_AT_STEP(i);
		sum_add(&sum, value[i]);
	}
	total = ct_check_sum(sum_value(&sum));
	memset(&sum, 0, sizeof(Sum));
	FOR_STEPS(i, 0, n)
	{
		if (value[i] > 0)
			sum_add(&sum, value[i]);
		share[i] = value[i] > 0 ? sum_value(&sum) / total : 1;
	}
	ct_share_with_equals(share, value, n);
}

Datum
ct_pareto_share(PG_FUNCTION_ARGS)
{
	return shared(fcinfo, from_float8, walk_pareto);
}

Datum
ct_pareto_share_numeric(PG_FUNCTION_ARGS)
{
	return shared(fcinfo, ct_numeric_to_double, walk_pareto);
}

Datum
ct_percentile_score(PG_FUNCTION_ARGS)
{
	return shared(fcinfo, from_float8, ct_percentile_shares);
}

Datum
ct_percentile_score_numeric(PG_FUNCTION_ARGS)
{
	return shared(fcinfo, ct_numeric_to_double, ct_percentile_shares);
}

/*
 * min_max and z_score: the value on a scale that the partition defines
 */

static Datum
scaled(FunctionCallInfo fcinfo, Getter get, void (*make) (Scale *s, const double *value, int64 n))
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	Scale	   *s = WinGetPartitionLocalMemory(winobj, sizeof(Scale));
	bool		isnull;
	Datum		d;

	if (!s->made)
	{
		int64		n;
		double	   *values = gather(winobj, 0, get, NULL, &n);

		if (n > 0)
			make(s, values, n);
		s->made = true;
		pfree(values);
	}
	d = WinGetFuncArgCurrent(winobj, 0, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(s->unit == 0 ? 0 : scale_distance(s, ct_check_value(get(d))) / s->unit);
}

Datum
ct_min_max(PG_FUNCTION_ARGS)
{
	return scaled(fcinfo, from_float8, ct_min_max_scale);
}

Datum
ct_min_max_numeric(PG_FUNCTION_ARGS)
{
	return scaled(fcinfo, ct_numeric_to_double, ct_min_max_scale);
}

Datum
ct_z_score(PG_FUNCTION_ARGS)
{
	return scaled(fcinfo, from_float8, ct_z_score_scale);
}

Datum
ct_z_score_numeric(PG_FUNCTION_ARGS)
{
	return scaled(fcinfo, ct_numeric_to_double, ct_z_score_scale);
}

/*
 * quadrant_class and rfm_class8: each argument is compared with its median or mean in
 * the partition
 */

#define MAX_AXES	3

typedef struct Axes
{
	bool		made;
	bool		by_mean;
	double		line[MAX_AXES];
} Axes;

static void
find_axes(Axes *a, WindowObject winobj, int naxes, bool by_mean)
{
	for (int axis = 0; axis < naxes; axis++)
	{
		int64		n;
		double	   *values = gather(winobj, axis, from_float8, NULL, &n);
		Sum			sum = {0};

		if (n > 0 && by_mean)
		{
			double		rest;

			FOR_STEPS(i, 0, n)
				sum_add(&sum, values[i]);
			a->line[axis] = ct_check_sum(sum_divide(&sum, n, &rest));
		}
		else if (n > 0)
			a->line[axis] = ct_median(values, n);
		pfree(values);
	}
	a->by_mean = by_mean;
	a->made = true;
}

/* the values of the current row; false if one of them is NULL */
static bool
get_axes(WindowObject winobj, int naxes, double *value)
{
	for (int axis = 0; axis < naxes; axis++)
	{
		bool		isnull;
		Datum		d = WinGetFuncArgCurrent(winobj, axis, &isnull);

		if (isnull)
			return false;
		value[axis] = DatumGetFloat8(d);
	}
	return true;
}

/* quadrant_class(x, y [, labels]) OVER (): the cuts are the medians of the partition */
Datum
ct_quadrant_window(PG_FUNCTION_ARGS)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	Axes	   *a = WinGetPartitionLocalMemory(winobj, sizeof(Axes));
	double		value[2];
	Datum		labels = (Datum) 0;
	bool		isnull = false;

	if (!a->made)
		find_axes(a, winobj, 2, false);
	if (PG_NARGS() > 2)
		labels = WinGetFuncArgCurrent(winobj, 2, &isnull);
	if (!get_axes(winobj, 2, value) || isnull)
		PG_RETURN_NULL();
	return ct_quadrant(value[0] >= a->line[0], value[1] >= a->line[1], labels);
}

/* rfm_class8(r, f, m [, high [, language]]) OVER (): a value is high above the mean, or the median */
Datum
ct_rfm_class8_window(PG_FUNCTION_ARGS)
{
	WindowObject winobj = PG_WINDOW_OBJECT();
	Axes	   *a = WinGetPartitionLocalMemory(winobj, sizeof(Axes));
	double		value[3];
	Datum		high;
	Datum		language;
	bool		isnull;
	char	   *by;
	bool		by_mean;

	high = WinGetFuncArgCurrent(winobj, 3, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	language = WinGetFuncArgCurrent(winobj, 4, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	by = TextDatumGetCString(high);
	by_mean = strcmp(by, "mean") == 0;
	if (!by_mean && strcmp(by, "median") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"high\" must be mean or median, not \"%s\"", by),
				 errhint("To use lines of your own, pass booleans: rfm_class8(r >= 4, f >= 4, m >= 4).")));
	if (!a->made)
		find_axes(a, winobj, 3, by_mean);
	else if (a->by_mean != by_mean)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"high\" must be the same for every row")));
	if (!get_axes(winobj, 3, value))
		PG_RETURN_NULL();
	return ct_class8(value[0] > a->line[0], value[1] > a->line[1], value[2] > a->line[2], language);
}
