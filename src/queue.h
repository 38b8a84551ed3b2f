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

/* which queue, and what it must be whenever it is opened */
typedef struct QueueAddress
{
	Oid			relid;
	Oid			sequence;		/* of its id */
	Oid			owner;
	Oid			customer;		/* base type */
	Oid			ledger;			/* type */
} QueueAddress;

extern QueueAddress customer_tier_queue_find(const char *name, Oid owner, Oid ledger);
extern Queue *customer_tier_queue_open(const QueueAddress *address);
extern void customer_tier_queue_add(void *queue, Datum customer, Ledger *ledger);
extern void customer_tier_queue_add_emptied(Queue *queue);
extern void customer_tier_queue_close(Queue *queue);

#endif							/* CUSTOMER_TIER_QUEUE_H */
