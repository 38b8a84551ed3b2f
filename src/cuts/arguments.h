/*
 * arguments.h
 *		Checks of the arguments that functions over values take.
 */
#ifndef CUSTOMER_TIER_ARGUMENTS_H
#define CUSTOMER_TIER_ARGUMENTS_H

#include "base/compat.h"

#define MAX_PARAMS		1000

extern double ct_check_value(double value);
extern double ct_check_sum(double sum);
extern void ct_check_fraction(double fraction);
extern MemoryContext ct_check_transition(FunctionCallInfo fcinfo);
pg_noreturn extern void ct_state_corrupt(void);
extern Datum ct_cuts_array(Datum *cut, int n);
extern const double *ct_get_params(FunctionCallInfo fcinfo, int arg, int *n);

/*
 * The number of values in the top "fraction" of n, rounded up.  It compares quotients,
 * because 0.07 * 100 as doubles is above 7.
 */
static inline int64
head_count(double fraction, int64 n)
{
	int64		k = (int64) (fraction * n);

	while (k > 0 && (double) (k - 1) / n >= fraction)
		k--;
	while (k < n && (double) k / n < fraction)
		k++;
	return k;
}

#endif							/* CUSTOMER_TIER_ARGUMENTS_H */
