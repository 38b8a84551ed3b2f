/*
 * value_state.h
 *		The values of an aggregate or a window, gathered to be ordered.
 *
 * A Sample is the typed state of the aggregates that need all values: a flat
 * bytea with slack, appended to in place.  Its parameters, which are the same
 * for every row, are kept before the values.
 */
#ifndef CUSTOMER_TIER_VALUE_STATE_H
#define CUSTOMER_TIER_VALUE_STATE_H

#include "base/compat.h"

typedef struct Sample
{
	int32		vl_len_;		/* the whole room, what is unused included */
	int16		nparams;
	int16		fit;			/* the rule of cuts */
	int64		n;
	double		data[FLEXIBLE_ARRAY_MEMBER];	/* parameters, then values */
} Sample;

#define SAMPLE_VALUES(s)	((s)->data + (s)->nparams)

pg_noreturn extern void ct_sample_corrupt(void);
extern Sample *ct_sample_get(FunctionCallInfo fcinfo, int arg);
extern Sample *ct_sample_state(FunctionCallInfo fcinfo, const double *params, int nparams, bool fit);
extern Sample *ct_sample_add(Sample *s, double value);
extern double *ct_sample_sorted(const Sample *s);

#endif							/* CUSTOMER_TIER_VALUE_STATE_H */
