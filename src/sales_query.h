/*
 * sales_query.h
 *		A query of customer, day, amount, whose rows go straight to a scatter.
 */
#ifndef CUSTOMER_TIER_SALES_QUERY_H
#define CUSTOMER_TIER_SALES_QUERY_H

#include "compat.h"

#include "executor/execdesc.h"

#include "sale.h"
#include "scatter.h"

/* customer, day, amount; and a boolean, whether the sale is taken back */
#define SALES_ALONE			3
#define SALES_WITH_UNDO		4

typedef struct SalesQuery
{
	DestReceiver pub;
	SaleType	type;
	int			columns;
	QueryDesc  *query;
	MemoryContext scratch;
	Scatter    *scatter;
	uint64		rows;
	uint64		no_customer;
	uint64		no_value;		/* no day, or no amount */
} SalesQuery;

extern void ct_sales_begin(SalesQuery *q, const char *sql, text *time_zone, int columns);
extern Scatter *ct_sales_run(SalesQuery *q);

#endif							/* CUSTOMER_TIER_SALES_QUERY_H */
