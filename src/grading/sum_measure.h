/*
 * sum_measure.h
 *		Measures that need no ledger, but what the sales of a customer add up to.
 */
#ifndef CUSTOMER_TIER_SUM_MEASURE_H
#define CUSTOMER_TIER_SUM_MEASURE_H

#include "base/compat.h"

#include "nodes/primnodes.h"

#include "rollup/customer_sales.h"

typedef enum SumKind
{
	SUM_NONE,
	SUM_TOTAL,
	SUM_ORDERS,
	SUM_RECENCY
} SumKind;

typedef struct SumMeasure
{
	SumKind		kind;
	bool		bought;			/* null of who has bought nothing */
} SumMeasure;

extern SumMeasure ct_sum_measure(const Expr *measure);
extern double ct_sum_value(const SumMeasure *m, const SaleSums *s, DateADT as_of);

#endif							/* CUSTOMER_TIER_SUM_MEASURE_H */
