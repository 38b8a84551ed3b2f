/*
 * query.h
 *		The rows of a query, one by one, as the executor makes them.
 */
#ifndef CUSTOMER_TIER_QUERY_H
#define CUSTOMER_TIER_QUERY_H

#include "base/compat.h"

typedef void (*StartRows) (void *arg, TupleDesc desc);
typedef void (*ReceiveRow) (void *arg, TupleTableSlot *slot);

/* while it is pushed, errors point into a text that a user gave */
typedef struct QuotedSql
{
	ErrorContextCallback callback;
	const char *sql;
	int			offset;			/* characters of ours before it, in what is parsed */
} QuotedSql;

extern void ct_push_quoted_sql(QuotedSql *q, const char *sql, int offset);
extern void ct_pop_quoted_sql(const QuotedSql *q);
extern void ct_run_query(const char *sql, const char *function, StartRows start, ReceiveRow receive, void *arg);

#endif							/* CUSTOMER_TIER_QUERY_H */
