/*
 * normalise.c
 *		Normalisation: maps values to a common scale.
 *
 * Equal values get equal results, and results do not depend on the order of the values.
 */
#include "cuts/normalise.h"

#include <math.h>

#include "base/steps.h"
#include "base/sum.h"
#include "cuts/arguments.h"
#include "cuts/select_sorted.h"

/*
 * ct_share_with_equals
 *		Gives each of a run of equal values the share of the last one.
 */
void
ct_share_with_equals(double *share, const double *value, int64 n)
{
	for (int64 i = n - 2; i >= 0; i--)
	{
		CHECK_AT_STEP(i);
		if (value[i] == value[i + 1])
			share[i] = share[i + 1];
	}
}

/*
 * ct_percentile_shares
 *		For each of n descending values, the fraction of the others that are below it.
 *
 * This is percent_rank() OVER (ORDER BY value), with 0 for a single value.
 */
void
ct_percentile_shares(double *share, const double *value, int64 n)
{
	FOR_STEPS(i, 0, n)
		share[i] = n > 1 ? (double) (n - 1 - i) / (n - 1) : 0;
	ct_share_with_equals(share, value, n);
}

/*
 * ct_min_max_scale
 *		The scale on which the least of n > 0 values is 0, and the greatest 1.
 */
void
ct_min_max_scale(Scale *s, const double *value, int64 n)
{
	double		max = value[0];

	s->zero = value[0];
	FOR_STEPS(i, 1, n)
	{
		s->zero = Min(s->zero, value[i]);
		max = Max(max, value[i]);
	}
	s->unit = ct_check_sum(max - s->zero);
}

/*
 * ct_z_score_scale
 *		The scale on which the mean of n > 0 values is 0, and their standard deviation 1.
 *
 * It is the standard deviation of a population, not of a sample.
 */
void
ct_z_score_scale(Scale *s, const double *value, int64 n)
{
	Sum			sum = {0};
	double		farthest = 0;
	double		rest;

	FOR_STEPS(i, 0, n)
		sum_add(&sum, value[i]);
	s->zero = ct_check_sum(sum_divide(&sum, n, &s->zero_rest));
	FOR_STEPS(i, 0, n)
		farthest = Max(farthest, fabs(scale_distance(s, value[i])));
	if (farthest == 0)
		return;
	/* relative to the farthest value, squares do not overflow */
	ct_check_sum(farthest);
	memset(&sum, 0, sizeof(Sum));
	FOR_STEPS(i, 0, n)
	{
		double		part = scale_distance(s, value[i]) / farthest;

		sum_add_product(&sum, part, part);
	}
	s->unit = farthest * sqrt(sum_divide(&sum, n, &rest));
}

/*
 * ct_normalise
 *		Computes percentile_score, min_max or z_score of n values, in any order.
 *
 * "result" has room for n values.  Working memory is freed.
 */
void
ct_normalise(Normalise how, const double *value, int64 n, double *result)
{
	Scale		s = {0};
	double	   *sorted;
	double	   *share;
	uint32	   *place;

	if (how != PERCENTILE)
	{
		if (n > 0 && how == MIN_MAX)
			ct_min_max_scale(&s, value, n);
		else if (n > 0)
			ct_z_score_scale(&s, value, n);
		FOR_STEPS(i, 0, n)
			result[i] = s.unit == 0 ? 0 : scale_distance(&s, value[i]) / s.unit;
		return;
	}
	sorted = alloc_array(n, sizeof(double));
	place = alloc_array(n, sizeof(uint32));
	share = alloc_array(n, sizeof(double));
	copy_in_steps(sorted, value, n * sizeof(double));
	ct_sort_descending(sorted, place, n);
	ct_percentile_shares(share, sorted, n);
	FOR_STEPS(i, 0, n)
		result[place[i]] = share[i];
	pfree(sorted);
	pfree(place);
	pfree(share);
}
