/*
 * shape.c
 *		What a refresh keeps of everybody: how the values of each axis are spread, and the
 *		customers by their scores.
 *
 * Both are small, so that a picture of a million customers is drawn without reading them.
 * Values are counted by the first bits of their keys, 16 bins to each doubling.  The heads and
 * the sum of a bin are exact, so a Lorenz curve through the edges of the bins is, too.
 */
#include "grading/shape.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "base/composite.h"
#include "base/names.h"
#include "base/sum.h"

#define BIN_BITS	16			/* sign, exponent and four bits of the fraction */
#define BINS		(1 << BIN_BITS)
#define MOST_BINS	1000		/* of an axis; if there are more, neighbours are taken together */

typedef struct Bin
{
	int64		heads;
	double		low;
	double		high;
	Sum			total;
} Bin;

/* bins ascend as values do */
static inline int
bin_of(double value)
{
	uint64		bits;

	memcpy(&bits, &value, sizeof(bits));
	bits = bits >> 63 ? ~bits : bits | UINT64CONST(1) << 63;
	return (int) (bits >> (64 - BIN_BITS));
}

static void
count_values(const double *value, int64 n, Bin *bin)
{
	FOR_STEPS(i, 0, n)
	{
		double		v = value[i] + 0.0; /* -0 is 0 */
		Bin		   *b;

		if (isnan(v))
			continue;
		b = &bin[bin_of(v)];
		b->low = b->heads == 0 ? v : Min(b->low, v);
		b->high = b->heads == 0 ? v : Max(b->high, v);
		b->heads++;
		sum_add(&b->total, v);
	}
}

/* takes neighbours together until there are few enough; returns how many they are */
static int
gather_bins(Bin *bin)
{
	int			bins = 0;

	for (int shift = 0; shift == 0 || bins > MOST_BINS; shift++)
	{
		int			last = -1;

		bins = 0;
		for (int i = 0; i < BINS; i++)
			if (bin[i].heads > 0 && i >> shift != last)
			{
				last = i >> shift;
				bins++;
			}
		if (bins <= MOST_BINS)
		{
			int			to = -1;

			last = -1;
			for (int i = 0; i < BINS; i++)
			{
				if (bin[i].heads == 0)
					continue;
				if (i >> shift != last)
				{
					last = i >> shift;
					bin[++to] = bin[i];
					continue;
				}
				bin[to].heads += bin[i].heads;
				bin[to].high = bin[i].high;
				sum_add_sum(&bin[to].total, &bin[i].total);
			}
		}
	}
	return bins;
}

/* null where the sum is beyond double precision */
static Datum
sum_datum(const Sum *sum, bool *null)
{
	double		value = sum_value(sum);

	*null = !isfinite(value);
	return Float8GetDatum(value);
}

/*
 * ct_spread_array
 *		The bins of the values of each axis, as spread[], in the current memory context.
 */
Datum
ct_spread_array(const Grades *g)
{
	TupleDesc	desc = ct_row_desc(ct_internal_type("spread"));
	int			naxes = g->rule->naxes;
	Datum	   *row = palloc(naxes * MOST_BINS * sizeof(Datum));
	Bin		   *bin = palloc(BINS * sizeof(Bin));
	int			n = 0;

	for (int a = 0; a < naxes; a++)
	{
		int			bins;

		memset(bin, 0, BINS * sizeof(Bin));
		count_values(g->value[a], COLUMNS_SIZE(g->columns), bin);
		bins = gather_bins(bin);
		for (int i = 0; i < bins; i++)
		{
			Datum		values[5] = {
				Int16GetDatum(a + 1), Float8GetDatum(bin[i].low), Float8GetDatum(bin[i].high),
				Int64GetDatum(bin[i].heads)
			};
			bool		nulls[5] = {false};

			values[4] = sum_datum(&bin[i].total, &nulls[4]);
			row[n++] = form_row(desc, values, nulls);
		}
	}
	pfree(bin);
	return ct_rows_array(desc, row, n);
}

/* customers of one combination of scores */
static Datum
cell_row(TupleDesc desc, const Grades *g, int64 customer, int64 heads, const Sum *total)
{
	int			naxes = g->rule->naxes;
	int			dims[1] = {naxes};
	int			lower[1] = {1};
	Datum		mean[MAX_AXES];
	bool		null[MAX_AXES];
	Datum		values[3] = {ct_scores_array(g, customer), Int64GetDatum(heads)};
	bool		nulls[3] = {false};

	for (int a = 0; a < naxes; a++)
	{
		double		rest;
		double		value = sum_divide(&total[a], heads, &rest);

		null[a] = g->score[a][customer] == SCORE_NULL || !isfinite(value);
		mean[a] = Float8GetDatum(value);
	}
	values[2] = PointerGetDatum(construct_md_array(mean, null, 1, dims, lower, FLOAT8OID, sizeof(float8),
												   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	return form_row(desc, values, nulls);
}

/*
 * ct_cells_array
 *		How many customers have each combination of scores, and their mean values, as cell[].
 *
 * A score that is missing is one, too.  In the current memory context.
 */
Datum
ct_cells_array(const Grades *g)
{
	TupleDesc	desc = ct_row_desc(ct_internal_type("cell"));
	int			naxes = g->rule->naxes;
	int64		n = COLUMNS_SIZE(g->columns);
	int64		size = 1;
	int64		cells = 0;
	uint32	   *place = alloc_array(n, sizeof(uint32));
	int64	   *number;
	int64	   *heads;
	int64	   *first;
	Sum		   *total;
	Datum	   *row;

	FOR_STEPS(i, 0, n)
		place[i] = 0;
	for (int a = 0; a < naxes; a++)
	{
		FOR_STEPS(i, 0, n)
			place[i] += g->score[a][i] * size;
		size *= g->rule->axis[a].nlines + 2;
	}
	/* those that are there, in the order of their scores */
	number = palloc0(size * sizeof(int64));
	FOR_STEPS(i, 0, n)
		number[place[i]] = 1;
	for (int64 p = 0; p < size; p++)
		number[p] = number[p] ? cells++ : -1;
	heads = palloc0((cells + 1) * sizeof(int64));
	first = palloc((cells + 1) * sizeof(int64));
	total = palloc0((cells * naxes + 1) * sizeof(Sum));
	FOR_STEPS(i, 0, n)
	{
		int64		cell = number[place[i]];

		if (heads[cell]++ == 0)
			first[cell] = i;
		for (int a = 0; a < naxes; a++)
			if (!isnan(g->value[a][i]))
				sum_add(&total[cell * naxes + a], g->value[a][i]);
	}
	row = palloc((cells + 1) * sizeof(Datum));
	for (int64 cell = 0; cell < cells; cell++)
		row[cell] = cell_row(desc, g, first[cell], heads[cell], &total[cell * naxes]);
	pfree(place);
	return ct_rows_array(desc, row, (int) cells);
}
