/*
 * deltas.h
 *		What writers did to the sales, until it is written to the queue.
 */
#ifndef CUSTOMER_TIER_DELTAS_H
#define CUSTOMER_TIER_DELTAS_H

#include "compat.h"

#include "amount.h"
#include "customer.h"
#include "day.h"
#include "queue.h"

typedef struct Deltas Deltas;

typedef struct CapturedSale
{
	Datum		customer;
	DateADT		day;
	Amount		amount;
	bool		undo;			/* it went */
} CapturedSale;

extern Deltas *customer_tier_deltas_new(const CustomerType *type, const QueueAddress *queue);
extern void customer_tier_deltas_add(Deltas *d, const CapturedSale *sale);
extern void customer_tier_deltas_write(Deltas *d);

extern void customer_tier_gather_begin(Oid relid, const CustomerType *type, const QueueAddress *queue);
extern Deltas *customer_tier_gathering(Oid queue);
extern void customer_tier_gather_end(Oid queue);
extern void customer_tier_gather_write(Oid relid);

#endif							/* CUSTOMER_TIER_DELTAS_H */
