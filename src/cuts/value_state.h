/*
 * value_state.h
 *		The values of an aggregate or a window, gathered to be ordered.
 *
 * A ValueState is the typed state of the aggregates that need all values: a flat
 * bytea with slack, appended to in place.  Its parameters, which are the same
 * for every row, are kept before the values.
 */
#ifndef CUSTOMER_TIER_VALUE_STATE_H
#define CUSTOMER_TIER_VALUE_STATE_H

#include "base/compat.h"

typedef struct ValueState
{
	int32		vl_len_;		/* the whole room, what is unused included */
	int16		nparams;
	int16		fit;			/* the rule of cuts */
	int64		n;
	double		data[FLEXIBLE_ARRAY_MEMBER];	/* parameters, then values */
} ValueState;

#define STATE_VALUES(s)	((s)->data + (s)->nparams)

pg_noreturn extern void ct_values_corrupt(void);
extern ValueState *ct_values_get(FunctionCallInfo fcinfo, int arg);
extern ValueState *ct_values_state(FunctionCallInfo fcinfo, const double *params, int nparams, bool fit);
extern ValueState *ct_values_add(ValueState *s, double value);
extern double *ct_values_sorted(const ValueState *s);

#endif							/* CUSTOMER_TIER_VALUE_STATE_H */
