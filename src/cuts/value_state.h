/*
 * value_state.h
 *		The state of aggregates that need all values.
 *
 * Values are appended in place.  The parameters of the aggregate, which must be the same for
 * every row, are kept beside them.
 */
#ifndef CUSTOMER_TIER_VALUE_STATE_H
#define CUSTOMER_TIER_VALUE_STATE_H

#include "base/compat.h"

typedef struct ValueState
{
	int64		n;
	int64		room;
	double	   *value;
	int16		nparams;
	bool		fit;			/* of aggregates that find cuts: is the rule "fit"? */
	double		param[FLEXIBLE_ARRAY_MEMBER];
} ValueState;

/* the state in argument 0, or NULL if no value was kept */
#define VALUES_GET(fcinfo) \
	((fcinfo)->args[0].isnull ? NULL : (ValueState *) DatumGetPointer((fcinfo)->args[0].value))

/* reads an amount of a row */
typedef double (*ValueGetter) (Datum value);

extern bool ct_values_row(FunctionCallInfo fcinfo);
extern ValueState *ct_values_state(FunctionCallInfo fcinfo, const double *params, int nparams, bool fit);
extern void ct_values_add(ValueState *s, double value);
extern double *ct_values_sorted(const ValueState *s);

/* the result of a transition function that passes over a row */
static inline Datum
values_as_before(FunctionCallInfo fcinfo)
{
	fcinfo->isnull = PG_ARGISNULL(0);
	return PG_GETARG_DATUM(0);
}

#endif							/* CUSTOMER_TIER_VALUE_STATE_H */
