/*
 * customer_sales.h
 *		Computes the ledger of each customer, or sums, from scattered sales.
 */
#ifndef CUSTOMER_TIER_CUSTOMER_SALES_H
#define CUSTOMER_TIER_CUSTOMER_SALES_H

#include "base/compat.h"

#include "rollup/scatter.h"

/* sums of a customer's sales, which do not depend on their order */
typedef struct SaleSums
{
	int64		total;			/* of the scale of the sales */
	int64		purchases;
	DateADT		last_purchase;	/* where there are purchases */
} SaleSums;

typedef void (*EmitLedger) (void *arg, Datum customer, Ledger *ledger);
typedef void (*EmitSums) (void *arg, Datum customer, const SaleSums *sums);

extern void ct_scatter_end(Scatter *s, EmitLedger emit, void *arg);
extern void ct_scatter_end_sums(Scatter *s, EmitSums emit, void *arg);

#endif							/* CUSTOMER_TIER_CUSTOMER_SALES_H */
