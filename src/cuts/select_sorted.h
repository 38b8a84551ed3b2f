/*
 * select_sorted.h
 *		Values in descending order: all of them, or only those near a limit.
 */
#ifndef CUSTOMER_TIER_SELECT_SORTED_H
#define CUSTOMER_TIER_SELECT_SORTED_H

#include "base/compat.h"

#include <float.h>

#include "base/sum.h"

extern void ct_sort_descending(double *value, uint32 *place, int64 n);

/* a range of the descending order, and totals of the values above it */
typedef struct Stretch
{
	double	   *value;
	int64		n;
	int64		heads;			/* number of values above the range */
	Sum			sum;			/* sum of those above zero */
} Stretch;

/* relative error of a share, from rounding decimals to doubles */
#define SHARE_SLACK		(2 * DBL_EPSILON)

typedef struct Selection
{
	double		total;			/* sum of the values above zero */
	int			nstretches;
	Stretch    *stretch;
} Selection;

extern Selection *ct_select(const double *value, int64 n, bool by_value, const double *limit, int nlimits);
extern double ct_median(const double *value, int64 n);

#endif							/* CUSTOMER_TIER_SELECT_SORTED_H */
