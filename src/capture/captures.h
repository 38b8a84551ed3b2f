/*
 * captures.h
 *		A cache of what the triggers of tables capture.
 */
#ifndef CUSTOMER_TIER_CAPTURES_H
#define CUSTOMER_TIER_CAPTURES_H

#include "base/compat.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"

#include "capture/expression.h"
#include "rollup/sale.h"

/* one source of a table, as a trigger captures it */
typedef struct CapturedSource
{
	Oid			view;
	Oid			queue;
	Oid			state;
	int32		epoch;
	DateADT		closed;			/* the last closed day, or -infinity */
	SaleType	type;
	Expr	   *expression[SALE_EXPRESSIONS];
} CapturedSource;

/* expressions of a source, ready to be evaluated */
typedef struct Evaluation
{
	ExprState  *expression[SALE_EXPRESSIONS];
} Evaluation;

/* what a trigger captures; cached until an invalidation */
typedef struct Capture
{
	MemoryContext context;
	Oid			owner;
	Oid			relation;
	bool		calls;			/* whether expressions call functions that are not built in */
	bool		valid;
	bool		detached;		/* removed from the hash table, to be freed when unpinned */
	int			pins;			/* running calls; counted only if "calls" is set */

	/* kept for the rows of one subtransaction */
	MemoryContext ready;
	ExprContext *econtext;
	Evaluation *evaluation;
	FullTransactionId transaction;
	SubTransactionId subtransaction;

	int			n;
	CapturedSource source[FLEXIBLE_ARRAY_MEMBER];
} Capture;
extern Capture *ct_get_capture(TriggerData *t);
extern Evaluation *ct_get_evaluation(Capture *c, ExprContext **econtext);
extern void ct_release_capture(Capture *c);
pg_noreturn extern void ct_refuse_capture(void);

#endif							/* CUSTOMER_TIER_CAPTURES_H */
