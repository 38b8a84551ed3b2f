/*
 * sales_query.h
 *		Every customer's ledger from a query of customer, day, amount and optionally order.
 */
#ifndef CUSTOMER_TIER_SALES_QUERY_H
#define CUSTOMER_TIER_SALES_QUERY_H

#include "base/compat.h"

#include "rollup/sale.h"
#include "rollup/scatter.h"

typedef struct SalesQuery
{
	const char *function;		/* the SQL function, for messages */
	const char *sql;
	text	   *time_zone;		/* NULL: none */
	DateADT		until;			/* sales after this day do not count */
	bool		undo;			/* the last column says that a sale is taken back; omits the notice about null values */
	void		(*start) (void *arg, const SaleType *type);
	EmitLedger	emit;
	void	   *arg;			/* of start and emit */
} SalesQuery;

#define ALL_SALES	DATEVAL_NOEND

extern void ct_roll_up_query(const SalesQuery *q);

#endif							/* CUSTOMER_TIER_SALES_QUERY_H */
