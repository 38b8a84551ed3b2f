/*
 * grade.c
 *		Computes lines, scores and ranks from the values of all customers.
 *
 * All data are arrays over the customers.  On each axis a customer has one value: a
 * measure, or the weighted mean of several measures, each normalised over all customers.
 * The lines of an axis are computed from the values of each group.  A score is 1 plus the
 * number of lines that a value reaches; the rule's map gives the rank of the scores.
 */
#include "grading/grade.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "base/amount.h"
#include "cuts/arguments.h"
#include "cuts/cuts.h"
#include "cuts/natural.h"
#include "cuts/select_sorted.h"
#include "cuts/weighted_score.h"

#define ROWS_A_RESET	1024	/* customers whose exact means are freed at once */
#define LEAST_KEPT		1e-300	/* below this, the product with "keep" would lose precision */

/*
 * Values
 */

/* collects the values that are not null, and on demand their customers */
static int64
not_null(const double *value, int64 n, double *result, uint32 *customer)
{
	int64		count = 0;

	FOR_STEPS(i, 0, n)
	{
		if (isnan(value[i]))
			continue;
		if (customer != NULL)
			customer[count] = (uint32) i;
		result[count++] = value[i];
	}
	return count;
}

/* the weighted mean of normalised measures; null if one of them is null */
static double *
weighted_values(const Axis *a, const Columns *c)
{
	int64		n = COLUMNS_SIZE(c);
	double	   *value = alloc_array(n, sizeof(double));
	double	   *there = alloc_array(n, sizeof(double));
	double	   *normal = alloc_array(n, sizeof(double));
	uint32	   *customer = alloc_array(n, sizeof(uint32));
	double	  **measure = palloc(a->nmeasures * sizeof(double *));
	double	   *one = palloc(a->nmeasures * sizeof(double));
	MemoryContext each = AllocSetContextCreate(CurrentMemoryContext, "customer_tier means", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;

	for (int j = 0; j < a->nmeasures; j++)
	{
		double	   *normalised = alloc_array(n, sizeof(double));
		int64		count = not_null(c->value[a->column + j], n, there, customer);

		ct_normalise(a->normalise, there, count, normal);
		FOR_STEPS(i, 0, n)
			normalised[i] = get_float8_nan();
		FOR_STEPS(i, 0, count)
			normalised[customer[i]] = normal[i];
		measure[j] = normalised;
	}
	old = MemoryContextSwitchTo(each);
	FOR_STEPS(i, 0, n)
	{
		bool		null = false;

		for (int j = 0; j < a->nmeasures; j++)
		{
			one[j] = measure[j][i];
			null |= isnan(one[j]);
		}
		value[i] = null ? get_float8_nan() : ct_weighted_mean(a->weights, one);
		if (i % ROWS_A_RESET == 0)
			MemoryContextReset(each);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(each);
	for (int j = 0; j < a->nmeasures; j++)
		pfree(measure[j]);
	pfree(there);
	pfree(normal);
	pfree(customer);
	return value;
}

/*
 * ct_measure_value
 *		The value of a measure that is not null; ct_check_measure_type has checked the type.
 */
double
ct_measure_value(Oid type, Datum d)
{
	switch (type)
	{
		case FLOAT8OID:
			return ct_check_value(DatumGetFloat8(d));
		case FLOAT4OID:
			return ct_check_value(DatumGetFloat4(d));
		case NUMERICOID:
			return ct_numeric_to_double(d);
		case INT8OID:
			return (double) DatumGetInt64(d);
		case INT4OID:
			return DatumGetInt32(d);
		default:
			return DatumGetInt16(d);
	}
}

/*
 * ct_check_measure_type
 *		Raises an error for a type that ct_measure_value does not support.
 */
void
ct_check_measure_type(Oid type)
{
	if (type != FLOAT8OID && type != FLOAT4OID && type != NUMERICOID && type != INT8OID && type != INT4OID &&
		type != INT2OID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a measure is of type %s, not a number", format_type_be(type))));
}

/*
 * Lines
 */

static int
reached(double value, const double *line, int nlines)
{
	int			n = 0;

	for (int i = 0; i < nlines; i++)
		n += value >= line[i];
	return n;
}

/* lowers lines above the highest value to it, so that it has the best score */
static void
reach_all(const double *value, int64 n, double *line, int nlines)
{
	double		highest = -get_float8_infinity();

	FOR_STEPS(i, 0, n)
		highest = Max(highest, value[i]);
	for (int i = 0; i < nlines; i++)
		line[i] = Min(line[i], highest);
}

/* the line that separates scores above the mean score from others, where scores are by shares of heads */
static double
mean_score_line(const Axis *a, const double *value, int64 n)
{
	double	   *line = palloc(a->nat * sizeof(double));
	int64		scores = n;

	if (n == 0)
		return get_float8_infinity();
	ct_find_lines(value, n, false, a->at, a->nat, a->fit, line);
	if (a->top)
		reach_all(value, n, line, a->nat);
	FOR_STEPS(i, 0, n)
		scores += reached(value[i], line, a->nat);
	/* with m the integer part of the mean, the scores above it begin at m + 1, whose line is line[m - 1] */
	return scores / n <= a->nat ? line[scores / n - 1] : get_float8_infinity();
}

/* finds the lines of an axis from the values of a group, none of which is null */
static void
find_axis_lines(const Axis *a, const double *value, int64 n, double *line)
{
	for (int i = 0; i < a->nlines; i++)
		line[i] = a->by == BY_VALUE ? a->at[i] : get_float8_nan();
	if (a->by == BY_MEAN_SCORE)
		line[0] = mean_score_line(a, value, n);
	else if (n > 0)
		switch (a->by)
		{
			case BY_SHARE:
			case BY_HEADS:
				ct_find_lines(value, n, a->by == BY_SHARE, a->at, a->nat, a->fit, line);
				break;
			case BY_COUNT:
				/* one call each: the parts are equal if there are fewer customers than they ask for */
				for (int i = 0; i < a->nat; i++)
				{
					double		part = Min(a->at[i] / n, 1);

					ct_find_lines(value, n, false, &part, 1, a->fit, &line[a->nlines - 1 - i]);
				}
				break;
			case BY_NATURAL:
				ct_natural_lines(value, n, a->nlines + 1, line);
				break;
			case BY_MEAN:
				line[0] = ct_mean(value, n);
				break;
			case BY_MEDIAN:
				line[0] = ct_median(value, n);
				break;
			default:
				break;
		}
	if (a->top && n > 0)
		reach_all(value, n, line, a->nlines);
}

/* the customers ordered by group; *start has the begin of each group, and the end */
static uint32 *
order_by_group(const Columns *c, int64 **start)
{
	int64		n = COLUMNS_SIZE(c);
	int64		ngroups = c->groups.n;
	int64	   *at = MemoryContextAllocExtended(CurrentMemoryContext, (ngroups + 1) * sizeof(int64),
												MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int64	   *next = alloc_array(ngroups + 1, sizeof(int64));
	uint32	   *order = alloc_array(n, sizeof(uint32));

	FOR_STEPS(i, 0, n)
		at[c->group[i] + 1]++;
	FOR_STEPS(i, 0, ngroups)
		at[i + 1] += at[i];
	copy_in_steps(next, at, (ngroups + 1) * sizeof(int64));
	FOR_STEPS(i, 0, n)
		order[next[c->group[i]]++] = (uint32) i;
	pfree(next);
	*start = at;
	return order;
}

/*
 * ct_find_grades
 *		The value of each axis for all customers, and the lines of each group.
 *
 * ct_score_all computes the scores, so that the caller can replace lines before.  The
 * result is allocated in the current memory context.
 */
Grades *
ct_find_grades(const Rule *rule, Columns *c)
{
	Grades	   *g = palloc0(sizeof(Grades));
	int64		n = COLUMNS_SIZE(c);
	double	   *sample = alloc_array(n, sizeof(double));
	int64	   *start;
	uint32	   *order = order_by_group(c, &start);

	g->rule = rule;
	g->columns = c;
	g->ngroups = c->groups.n;
	g->value = palloc(rule->naxes * sizeof(double *));
	g->line = alloc_array(g->ngroups * rule->nlines, sizeof(double));
	for (int a = 0; a < rule->naxes; a++)
	{
		const Axis *axis = &rule->axis[a];

		g->value[a] = axis->weights ? weighted_values(axis, c) : c->value[axis->column];
		FOR_STEPS(group, 0, g->ngroups)
		{
			MemoryContext each = AllocSetContextCreate(CurrentMemoryContext, "customer_tier lines",
													   ALLOCSET_DEFAULT_SIZES);
			MemoryContext old = MemoryContextSwitchTo(each);
			int64		values = 0;

			for (int64 i = start[group]; i < start[group + 1]; i++)
			{
				double		value = g->value[a][order[i]];

				CHECK_AT_STEP(i);
				if (!isnan(value))
					sample[values++] = axis->lower && value != 0 ? -value : value;
			}
			find_axis_lines(axis, sample, values, GROUP_LINES(g, group) + axis->line_at);
			MemoryContextSwitchTo(old);
			MemoryContextDelete(each);
		}
	}
	pfree(sample);
	pfree(order);
	pfree(start);
	return g;
}

/*
 * Scores and ranks
 */

/* the score of a value; SCORE_NULL if the value or the lines are null */
static inline int
score_of(const Axis *a, double value, const double *line)
{
	if (isnan(value) || (a->nlines > 0 && isnan(line[0])))
		return SCORE_NULL;
	return 1 + reached(a->lower ? -value : value, line, a->nlines);
}

/*
 * ct_score_all
 *		Computes the scores and ranks of all customers by the lines of their groups.
 */
void
ct_score_all(Grades *g)
{
	const Rule *r = g->rule;
	const Columns *c = g->columns;
	int64		n = COLUMNS_SIZE(c);

	g->score = palloc(r->naxes * sizeof(int16 *));
	g->rank = alloc_array(n, sizeof(int32));
	for (int a = 0; a < r->naxes; a++)
	{
		const Axis *axis = &r->axis[a];
		const double *value = g->value[a];
		int16	   *score = g->score[a] = alloc_array(n, sizeof(int16));

		FOR_STEPS(i, 0, n)
			score[i] = score_of(axis, value[i], GROUP_LINES(g, c->group[i]) + axis->line_at);
	}
	FOR_STEPS(i, 0, n)
	{
		int			at = 0;

		for (int a = 0; a < r->naxes && at >= 0; a++)
			at = g->score[a][i] == SCORE_NULL ? -1 : at + (g->score[a][i] - 1) * r->axis[a].stride;
		g->rank[i] = at >= 0 ? r->map[at] : RANK_NULL;
	}
}

/* the line that suffices to stay above a line; below zero, that is a lower line, too */
static inline double
kept_line(double line, double keep)
{
	return line >= LEAST_KEPT ? line * keep : line < 0 ? line / keep : line;
}

/*
 * ct_rank_by
 *		The rank of a customer by other lines, of a rule over the same measures.
 *
 * With "kept", by the lines that suffice to stay.
 */
int32
ct_rank_by(const Grades *g, const Rule *rule, const double *line, int64 customer, bool kept)
{
	int			at = 0;

	for (int a = 0; a < rule->naxes; a++)
	{
		const Axis *axis = &rule->axis[a];
		double		value = g->value[a][customer];
		int			score = 0;

		if (isnan(value) || (axis->nlines > 0 && isnan(line[axis->line_at])))
			return RANK_NULL;
		if (axis->lower)
			value = -value;
		for (int i = 0; i < axis->nlines; i++)
			score += value >= (kept ? kept_line(line[axis->line_at + i], rule->keep) : line[axis->line_at + i]);
		at += score * axis->stride;
	}
	return rule->map[at];
}

/*
 * Rows
 */

/* an array of n elements, of which those whose bits are set in "there" are not null; the data is still to come */
static ArrayType *
axes_array(Oid type, Size each, int n, int there)
{
	bool		nulls = there != (1 << n) - 1;
	Size		offset = nulls ? ARR_OVERHEAD_WITHNULLS(1, n) : ARR_OVERHEAD_NONULLS(1);
	Size		size = offset + pg_popcount32(there) * each;
	ArrayType  *array = palloc0(size);

	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = nulls ? offset : 0;
	array->elemtype = type;
	ARR_DIMS(array)[0] = n;
	ARR_LBOUND(array)[0] = 1;
	if (ARR_HASNULL(array))
		*ARR_NULLBITMAP(array) = (bits8) there;
	return array;
}

/*
 * ct_scores_array
 *		The scores of a customer as int2[]; null for a score that is missing.
 */
Datum
ct_scores_array(const Grades *g, int64 customer)
{
	int			n = g->rule->naxes;
	int			there = 0;
	ArrayType  *array;
	int16	   *score;

	for (int a = 0; a < n; a++)
		there |= (g->score[a][customer] != SCORE_NULL) << a;
	array = axes_array(INT2OID, sizeof(int16), n, there);
	score = (int16 *) ARR_DATA_PTR(array);
	for (int a = 0; a < n; a++)
		if (there >> a & 1)
			*score++ = g->score[a][customer];
	return PointerGetDatum(array);
}

/*
 * ct_values_array
 *		The values of a customer as float8[]; null for axes that are not wanted.
 */
Datum
ct_values_array(const Grades *g, int64 customer, const bool *wanted)
{
	int			n = g->rule->naxes;
	int			there = 0;
	ArrayType  *array;
	double	   *value;

	for (int a = 0; a < n; a++)
		there |= (!isnan(g->value[a][customer]) && (wanted == NULL || wanted[a])) << a;
	array = axes_array(FLOAT8OID, sizeof(double), n, there);
	value = (double *) ARR_DATA_PTR(array);
	for (int a = 0; a < n; a++)
		if (there >> a & 1)
			*value++ = g->value[a][customer];
	return PointerGetDatum(array);
}
