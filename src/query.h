/*
 * query.h
 *		The rows of a query, one by one, as the executor makes them.
 */
#ifndef CUSTOMER_TIER_QUERY_H
#define CUSTOMER_TIER_QUERY_H

#include "compat.h"

typedef void (*StartRows) (void *arg, TupleDesc desc);
typedef void (*ReceiveRow) (void *arg, TupleTableSlot *slot);

extern void ct_run_query(const char *sql, const char *function, StartRows start, ReceiveRow receive, void *arg);

#endif							/* CUSTOMER_TIER_QUERY_H */
