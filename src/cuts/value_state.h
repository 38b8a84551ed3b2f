/*
 * value_state.h
 *		The state of aggregates that need all values.
 *
 * A ValueState is a flat bytea with unused room at the end; values are appended in
 * place.  The parameters of the aggregate, which must be the same for every row, are
 * kept before the values.
 */
#ifndef CUSTOMER_TIER_VALUE_STATE_H
#define CUSTOMER_TIER_VALUE_STATE_H

#include "base/compat.h"

typedef struct ValueState
{
	int32		vl_len_;		/* includes the unused room */
	int16		nparams;
	int16		fit;			/* of aggregates that find cuts: is the rule "fit"? */
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
