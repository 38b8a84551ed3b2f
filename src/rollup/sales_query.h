/*
 * sales_query.h
 *		Every customer's ledger from a query of customer, day, amount and optionally order.
 */
#ifndef CUSTOMER_TIER_SALES_QUERY_H
#define CUSTOMER_TIER_SALES_QUERY_H

#include "base/compat.h"

#include "rollup/customer_sales.h"
#include "rollup/sale.h"

typedef struct SalesQuery
{
	const char *function;		/* the SQL function, for messages */
	const char *sql;
	text	   *time_zone;		/* NULL: none */
	DateADT		until;			/* sales after this day do not count */
	bool		undo;			/* the last column says that a sale is taken back; omits the notice about null values */
	void		(*start) (void *arg, const SaleType *type);
	EmitLedger	emit;
	EmitSums	emit_sums;		/* or NULL: instead of emit, where the sums of all customers are known to be exact */
	void	   *arg;			/* of start and emit */
} SalesQuery;

#define SUMS_SCALE	2			/* of the totals that emit_sums gets */

#define ALL_SALES	DATEVAL_NOEND

extern void ct_roll_up_query(const SalesQuery *q);

#endif							/* CUSTOMER_TIER_SALES_QUERY_H */
