/*
 * order.h
 *		Values in descending order: all of them, or only those near a limit.
 */
#ifndef CUSTOMER_TIER_ORDER_H
#define CUSTOMER_TIER_ORDER_H

#include "compat.h"

#include <float.h>
#include "sum.h"

extern void customer_tier_sort_descending(double *value, uint32 *place, int64 n);

/* neighbours of the descending order, and what is above them */
typedef struct Stretch
{
	double	   *value;
	int64		n;
	int64		heads;			/* how many values are above */
	Sum			sum;			/* theirs, as far as they are above zero */
} Stretch;

/* relative: what the rounding of decimals to doubles may do to a share */
#define SHARE_SLACK		(2 * DBL_EPSILON)

typedef struct Selection
{
	double		total;			/* of the values above zero */
	int			nstretches;
	Stretch    *stretch;
} Selection;

extern Selection *customer_tier_select(const double *value, int64 n, bool by_value,
									   const double *limit, int nlimits);
extern double customer_tier_median(const double *value, int64 n);

#endif							/* CUSTOMER_TIER_ORDER_H */
