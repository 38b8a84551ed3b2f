/*
 * query.h
 *		Runs a query and hands over its rows one by one, without storing them.
 */
#ifndef CUSTOMER_TIER_QUERY_H
#define CUSTOMER_TIER_QUERY_H

#include "base/compat.h"

typedef void (*StartRows) (void *arg, TupleDesc desc);
typedef void (*ReceiveRow) (void *arg, TupleTableSlot *slot);

/* while this is pushed, positions of errors refer to a text that the user passed */
typedef struct QuotedSql
{
	ErrorContextCallback callback;
	const char *sql;
	int			offset;			/* characters that we put before it for the parser */
} QuotedSql;

extern void ct_push_quoted_sql(QuotedSql *q, const char *sql, int offset);
extern void ct_pop_quoted_sql(const QuotedSql *q);
extern void ct_run_query_within(const char *before, const char *sql, const char *after, const char *function,
								StartRows start, ReceiveRow receive, void *arg);
extern void ct_run_query(const char *sql, const char *function, StartRows start, ReceiveRow receive, void *arg);

#endif							/* CUSTOMER_TIER_QUERY_H */
