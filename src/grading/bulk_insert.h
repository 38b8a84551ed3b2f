/*
 * bulk_insert.h
 *		Inserts many rows into a table without indexes, triggers and the like.
 */
#ifndef CUSTOMER_TIER_BULK_INSERT_H
#define CUSTOMER_TIER_BULK_INSERT_H

#include "base/compat.h"

#include "access/heapam.h"

#define BULK_ROWS	1000		/* inserted at once */

typedef struct BulkInsert
{
	Relation	rel;
	BulkInsertState state;
	CommandId	command;
	MemoryContext context;		/* of values that are not inserted yet */
	int			nslots;
	TupleTableSlot *slot[BULK_ROWS];
} BulkInsert;

extern bool ct_table_is_bare(Oid relid);
extern BulkInsert *ct_bulk_begin(Oid relid);
extern TupleTableSlot *ct_bulk_row(BulkInsert *b);
extern void ct_bulk_put(BulkInsert *b);
extern void ct_bulk_end(BulkInsert *b);

#endif							/* CUSTOMER_TIER_BULK_INSERT_H */
