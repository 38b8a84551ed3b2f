/*
 * sample.h
 *		The values of an aggregate or a window, gathered to be ordered.
 *
 * A Sample is the typed state of the aggregates that need all values: a flat
 * bytea with slack, appended to in place.  Its parameters, which are the same
 * for every row, are kept before the values.
 */
#ifndef CUSTOMER_TIER_SAMPLE_H
#define CUSTOMER_TIER_SAMPLE_H

#include "compat.h"

typedef struct Sample
{
	int32		vl_len_;		/* the whole room, what is unused included */
	int16		nparams;
	int16		fit;			/* the rule of cuts */
	int64		n;
	double		data[FLEXIBLE_ARRAY_MEMBER];	/* parameters, then values */
} Sample;

#define SAMPLE_VALUES(s)	((s)->data + (s)->nparams)

pg_noreturn extern void customer_tier_sample_corrupt(void);
extern Sample *customer_tier_sample_get(FunctionCallInfo fcinfo, int arg);
extern Sample *customer_tier_sample_state(FunctionCallInfo fcinfo, const double *params, int nparams, bool fit);
extern Sample *customer_tier_sample_add(Sample *s, double value);
extern double *customer_tier_sample_sorted(const Sample *s);
extern double customer_tier_check_value(double value);
extern double customer_tier_check_sum(double sum);
extern void customer_tier_check_fraction(double fraction);
extern void customer_tier_check_transition(FunctionCallInfo fcinfo);
extern Datum customer_tier_cuts_array(Datum *cut, int n);
extern const double *customer_tier_get_params(FunctionCallInfo fcinfo, int arg, int *n);

/* how many of n are the top "fraction" of them, rounded up; 0.07 of 100 is 7 */
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

#endif							/* CUSTOMER_TIER_SAMPLE_H */
