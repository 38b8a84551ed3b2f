/*
 * queue.h
 *		The queue of a source: sales that the next refresh merges into the ledgers.
 *
 * A table (written_at, epoch, sales, pack).  A row holds a page of packed sales in their
 * order.  A row without a pack is a marker that the table of sales was emptied: rows with
 * a lower epoch no longer count.
 */
#ifndef CUSTOMER_TIER_QUEUE_H
#define CUSTOMER_TIER_QUEUE_H

#include "base/compat.h"

#include "storage/lockdefs.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

#include "capture/packed_sales.h"

enum
{
	QUEUE_WRITTEN_AT, QUEUE_EPOCH, QUEUE_SALES, QUEUE_PACK, QUEUE_COLUMNS
};

/* appends sales to a queue, a page at a time */
typedef struct QueueWriter
{
	Oid			queue;
	Oid			sales;			/* the table that is captured */
	Oid			owner;			/* of the sales, who must own the queue */
	int32		epoch;
	PackCustomer customer;
	MemoryContext context;
	struct varlena *pack;
	uint8	   *at;				/* where the next sale goes */
	Size		room;			/* bytes of pack */
	int32		n;				/* sales in it */
	SaleBefore	before;
} QueueWriter;

extern Relation ct_queue_open(Oid queue, Oid owner, Oid sales, LOCKMODE lock);
extern int32 ct_queue_epoch(Relation queue, Snapshot snapshot);
extern double ct_queue_rows(Oid queue);
extern int32 ct_queue_write_marker(Oid queue, Oid owner, Oid sales);

extern void ct_queue_begin(QueueWriter *w, Oid queue, Oid owner, Oid sales, int32 epoch, const CustomerType *type);
extern void ct_queue_add(QueueWriter *w, const Sale *sale);
extern void ct_queue_write(QueueWriter *w);

#endif							/* CUSTOMER_TIER_QUEUE_H */
