/*
 * queue.h
 *		The queue of a source: what its sales table's writers leave for the refresher.
 */
#ifndef CUSTOMER_TIER_QUEUE_H
#define CUSTOMER_TIER_QUEUE_H

#include "compat.h"

#include "utils/rel.h"

#include "ledger.h"

typedef struct Queue Queue;

extern Relation customer_tier_queue_find(const char *name, Oid owner, Oid ledger);
extern Oid	customer_tier_queue_customer(Relation queue);
extern Queue *customer_tier_queue_open(Oid relid, Oid sequence);
extern void customer_tier_queue_add(void *queue, Datum customer, Ledger *ledger);
extern void customer_tier_queue_add_emptied(Queue *queue);
extern void customer_tier_queue_close(Queue *queue);

#endif							/* CUSTOMER_TIER_QUEUE_H */
