/*
 * natural.c
 *		Natural breaks (Fisher 1958, Jenks 1967): the classes with the least sum of
 *		squared differences from the mean of the class, found exactly.
 *
 * The squared error of ranges of a sorted list obeys the quadrangle inequality.  So the
 * best last break does not move down if the end of the list, or the number of classes,
 * grows.  Divide and conquer over the ends therefore takes O(k n log n) steps, and k n
 * integers to trace the breaks back.  Equal values are one point with a weight; n is
 * the number of distinct values.
 */
#include "cuts/natural.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

#include "base/composite.h"
#include "base/steps.h"
#include "cuts/arguments.h"
#include "cuts/select_sorted.h"
#include "cuts/value_state.h"

PG_FUNCTION_INFO_V1(ct_natural_cuts_final);
PG_FUNCTION_INFO_V1(ct_natural_fit_final);

#define MAX_CLASSES		MAX_NATURAL_CLASSES

/* a number with twice the precision of a double */
typedef struct Pair
{
	double		high;
	double		low;
} Pair;

/* sums over the points before one; values are taken relative to their mean, so that little cancels */
typedef struct Prefix
{
	double		weight;
	Pair		sum;
	Pair		squares;
} Prefix;

typedef struct Breaks
{
	int			n;				/* distinct values, ascending */
	double	   *value;
	Prefix	   *prefix;			/* n + 1 */
	double	   *error;			/* [j]: least error of the first j values with k classes */
	double	   *previous;		/* the same with k - 1 classes */
	uint32	  **first;			/* [k][j]: start of the last of k classes of the first j values */
} Breaks;

static inline double
difference(Pair a, Pair b, double *rest)
{
	double		high = two_sum(a.high, -b.high, rest);

	*rest += a.low - b.low;
	return high;
}

static inline Pair
pair_of(const Sum *s)
{
	Pair		p;

	p.high = sum_parts(s, &p.low);
	return p;
}

/* the squared error of values [from, to) as one class: sum(v^2) - sum(v)^2 / n */
static double
squared_error(const Breaks *b, int from, int to)
{
	const Prefix *p = &b->prefix[from];
	const Prefix *q = &b->prefix[to];
	double		n = q->weight - p->weight;
	double		squares_rest;
	double		squares = difference(q->squares, p->squares, &squares_rest);
	double		sum_rest;
	double		sum = difference(q->sum, p->sum, &sum_rest);
	double		product = sum * sum;
	double		product_rest = fma(sum, sum, -product) + 2 * sum * sum_rest;
	double		quotient = product / n;
	double		quotient_rest = (fma(-quotient, n, product) + product_rest) / n;
	double		error = (squares - quotient) + (squares_rest - quotient_rest);

	return to - from > 1 && error > 0 ? error : 0;
}

/* the best start in [low, high] of the last class, which ends before value "to" */
static int
best_break(const Breaks *b, int to, int low, int high, double *error)
{
	int			best = low;

	*error = get_float8_infinity();
	FOR_STEPS(from, low, (int64) high + 1)
	{
		double		e = b->previous[from] + squared_error(b, (int) from, to);

		if (e < *error)
		{
			*error = e;
			best = (int) from;
		}
	}
	return best;
}

/* fills in first[k] for the ends [from, to], whose best breaks lie in [low, high] */
static void
fill_layer(Breaks *b, int k, int from, int to, int low, int high)
{
	while (from <= to)
	{
		int			middle = from + (to - from) / 2;
		int			most = Min(high, middle - 1);
		int			least = k > 2 ? Max(low, (int) b->first[k - 1][middle]) : low;

		b->first[k][middle] = best_break(b, middle, Min(least, most), most, &b->error[middle]);
		fill_layer(b, k, from, middle - 1, low, b->first[k][middle]);
		from = middle + 1;
		low = b->first[k][middle];
	}
}

static void
set_prefix(Prefix *p, double weight, const Sum *sum, const Sum *squares)
{
	p->weight = weight;
	p->sum = pair_of(sum);
	p->squares = pair_of(squares);
}

/* Prepares the search in "values" descending values, and frees them. */
static Breaks *
start_breaks(double *value, int64 values)
{
	Breaks	   *b = palloc(sizeof(Breaks));
	int			exponent = 0;
	double		mean;
	double		rest;
	double		weight = 0;
	Sum			sum = {0};
	Sum			squares = {0};
	int64		n = 0;

	/* scale the values to at most 1, so that squares do not overflow; this does not move the breaks */
	frexp(Max(fabs(value[0]), fabs(value[values - 1])), &exponent);
	FOR_STEPS(i, 0, values)
	{
		n += i == 0 || value[i] != value[i - 1];
		sum_add(&sum, ldexp(value[i], -exponent));
	}
	mean = sum_divide(&sum, values, &rest);
	b->n = (int) n;
	b->value = alloc_array(n, sizeof(double));
	b->prefix = alloc_array(n + 1, sizeof(Prefix));
	memset(&sum, 0, sizeof(Sum));
	n = 0;
	for (int64 i = values - 1; i >= 0; n++)
	{
		double		v = value[i];
		double		d = two_sum(ldexp(v, -exponent), -mean, &rest);

		b->value[n] = v;
		set_prefix(&b->prefix[n], weight, &sum, &squares);
		do
		{
			CHECK_AT_STEP(i);
			weight++;
			sum_add(&sum, d);
			sum_add(&sum, rest);
			sum_add_product(&squares, d, d);
			sum_add_product(&squares, 2 * d, rest);
		} while (--i >= 0 && value[i] == v);
	}
	set_prefix(&b->prefix[n], weight, &sum, &squares);
	pfree(value);
	return b;
}

/* finds the best breaks, and their errors, for each number of classes up to "most" */
static void
find_breaks(Breaks *b, int most, double *error_of)
{
	check_state_size((Size) most * (b->n + 1) * sizeof(uint32), "too many distinct values for so many natural classes",
					 "Round the values first, or ask for fewer classes.");
	b->error = alloc_array(b->n + 1, sizeof(double));
	b->previous = alloc_array(b->n + 1, sizeof(double));
	b->first = palloc0((most + 1) * sizeof(uint32 *));
	FOR_STEPS(j, 1, (int64) b->n + 1)
		b->error[j] = squared_error(b, 0, (int) j);
	error_of[1] = b->error[b->n];
	for (int k = 2; k <= most; k++)
	{
		double	   *swap = b->previous;

		b->previous = b->error;
		b->error = swap;
		b->first[k] = alloc_array(b->n + 1, sizeof(uint32));
		fill_layer(b, k, k, b->n, k - 1, b->n - 1);
		error_of[k] = b->error[b->n];
	}
}

/* the least value of each class but the lowest; infinity if there are only k < "classes" classes */
static void
break_lines(const Breaks *b, int k, int classes, double *line)
{
	uint32		end = b->n;

	for (int i = k; i < classes; i++)
		line[i - 1] = get_float8_infinity();
	for (int i = k; i > 1; i--)
	{
		end = b->first[i][end];
		line[i - 2] = b->value[end];
	}
}

static Datum
breaks_array(const Breaks *b, int k, int classes)
{
	double		line[MAX_CLASSES];
	Datum		lines[MAX_CLASSES];

	break_lines(b, k, classes, line);
	for (int i = 0; i < classes - 1; i++)
		lines[i] = Float8GetDatum(line[i]);
	return ct_cuts_array(lines, classes - 1);
}

/*
 * ct_natural_lines
 *		Finds the classes - 1 lines between natural classes, ascending.
 *
 * "n" is above zero.  If there are fewer distinct values than classes, the last lines
 * are infinite.
 */
void
ct_natural_lines(const double *value, int64 n, int classes, double *line)
{
	double	   *sorted = alloc_array(n, sizeof(double));
	double		error[MAX_CLASSES + 1];
	Breaks	   *b;

	copy_in_steps(sorted, value, n * sizeof(double));
	ct_sort_descending(sorted, NULL, n);
	b = start_breaks(sorted, n);
	find_breaks(b, Min(classes, b->n), error);
	break_lines(b, Min(classes, b->n), classes, line);
}

static int
get_classes(const ValueState *s)
{
	if (!(s->param[0] >= 1 && s->param[0] <= MAX_CLASSES))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of natural classes must be between 1 and %d", MAX_CLASSES)));
	return (int) s->param[0];
}

Datum
ct_natural_cuts_final(PG_FUNCTION_ARGS)
{
	ValueState *s = VALUES_GET(fcinfo);
	Breaks	   *b;
	double		error[MAX_CLASSES + 1];
	int			classes;

	if (s == NULL)
		PG_RETURN_NULL();
	classes = get_classes(s);
	b = start_breaks(ct_values_sorted(s), s->n);
	find_breaks(b, Min(classes, b->n), error);
	return breaks_array(b, Min(classes, b->n), classes);
}

/* natural_fit(value, max_classes): class_fit[], a row for each number of classes from 2 */
Datum
ct_natural_fit_final(PG_FUNCTION_ARGS)
{
	ValueState *s = VALUES_GET(fcinfo);
	Breaks	   *b;
	double		error[MAX_CLASSES + 1];
	int			classes;
	TupleDesc	desc;
	Datum		row[MAX_CLASSES];

	if (s == NULL)
		PG_RETURN_NULL();
	classes = get_classes(s);
	b = start_breaks(ct_values_sorted(s), s->n);
	classes = Min(classes, b->n);
	find_breaks(b, classes, error);
	desc = ct_row_desc(get_func_rettype(fcinfo->flinfo->fn_oid));
	for (int k = 2; k <= classes; k++)
	{
		Datum		values[3];
		bool		nulls[lengthof(values)] = {false};

		values[0] = Int32GetDatum(k);
		values[1] = Float8GetDatum(error[1] > 0 ? 1 - error[k] / error[1] : 1);
		values[2] = breaks_array(b, k, k);
		row[k - 2] = form_row(desc, values, nulls);
	}
	return ct_rows_array(desc, row, Max(classes - 1, 0));
}
