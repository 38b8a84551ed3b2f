/*
 * source_view.h
 *		A source is a view: a row for each sale, columns customer, sold_at, amount and
 *		perhaps order_id.
 */
#ifndef CUSTOMER_TIER_SOURCE_VIEW_H
#define CUSTOMER_TIER_SOURCE_VIEW_H

#include "base/compat.h"

#include "utils/rel.h"

#include "capture/expression.h"

/* a view as expression trees over a row of its table, which is varno 1 */
typedef struct SourceView
{
	Oid			base;			/* the table */
	Node	   *expr[SALE_EXPRESSIONS]; /* order and filter may be NULL */
} SourceView;

extern bool ct_take_view_apart(Oid view, Oid owner, bool wait, SourceView *s, const char **why);
extern void ct_source_of_row(Relation rel, Oid view, SourceView *s);
extern int	ct_mend_hint(Oid sales);
extern text *ct_peel_day(Node **day);
extern bool ct_calls_functions(Node *expr);

#endif							/* CUSTOMER_TIER_SOURCE_VIEW_H */
