/*
 * expression.h
 *		Expressions over a row of sales: customer, day, amount, order and filter; over a row
 *		of customers: measure and group; and over a row of scores: tier.
 */
#ifndef CUSTOMER_TIER_EXPRESSION_H
#define CUSTOMER_TIER_EXPRESSION_H

#include "base/compat.h"

#include "utils/rel.h"

#include "rollup/sale.h"

typedef enum SaleExpression
{
	SALE_CUSTOMER,
	SALE_AMOUNT,
	SALE_DAY,
	SALE_ORDER,
	SALE_FILTER,
	SALE_EXPRESSIONS,
	MEASURE = SALE_EXPRESSIONS,
	MEASURE_GROUP,
	TIER,
	EXPRESSIONS
} SaleExpression;

extern Node *ct_parse_expression(Relation rel, const char *sql, SaleExpression which);
extern void ct_check_sale_expression(Node *expr, SaleExpression which, const char *sql);

#endif							/* CUSTOMER_TIER_EXPRESSION_H */
