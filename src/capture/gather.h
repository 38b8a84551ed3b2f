/*
 * gather.h
 *		Collects the sales of a statement's rows until the statement ends.
 */
#ifndef CUSTOMER_TIER_GATHER_H
#define CUSTOMER_TIER_GATHER_H

#include "base/compat.h"

#include "capture/queue.h"

extern void ct_gather_begin(Oid relid, Oid state, Oid queue, Oid owner, int32 epoch,
							const CustomerType *type);
extern QueueWriter *ct_gathering(Oid queue);
extern void ct_gather_end(Oid queue);
extern void ct_gather_write(Oid relid);

#endif							/* CUSTOMER_TIER_GATHER_H */
