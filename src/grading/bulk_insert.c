/*
 * bulk_insert.c
 *		Inserts many rows into a table without indexes, triggers and the like, as COPY does.
 */
#include "grading/bulk_insert.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "capture/state.h"

/*
 * ct_table_is_bare
 *		Whether a relation is a table of the current user without indexes, triggers, rules,
 *		policies, checks, parents and partitions, so that an insert has no other effects.
 *
 * relhasindex would still be true after the last index was dropped.
 */
bool
ct_table_is_bare(Oid relid)
{
	Relation	rel = ct_open_relation(relid, AccessShareLock);
	Form_pg_class form = rel->rd_rel;
	bool		bare = form->relkind == RELKIND_RELATION && form->relam == HEAP_TABLE_AM_OID &&
		RelationGetIndexList(rel) == NIL && !form->relhastriggers && !form->relhasrules && !form->relhassubclass &&
		!form->relispartition && !form->relrowsecurity && form->relchecks == 0 &&
		object_ownercheck(RelationRelationId, relid, GetUserId());

	relation_close(rel, AccessShareLock);
	return bare;
}

/*
 * ct_bulk_begin
 *		Takes RowExclusiveLock on a bare table.
 */
BulkInsert *
ct_bulk_begin(Oid relid)
{
	BulkInsert *b = palloc0(sizeof(BulkInsert));

	b->rel = table_open(relid, RowExclusiveLock);
	b->state = GetBulkInsertState();
	b->command = GetCurrentCommandId(true);
	b->context = AllocSetContextCreate(CurrentMemoryContext, "customer_tier bulk insert", ALLOCSET_DEFAULT_SIZES);
	return b;
}

/*
 * ct_bulk_row
 *		A slot for the next row, with all columns null.
 *
 * The caller allocates the values in b->context.
 */
TupleTableSlot *
ct_bulk_row(BulkInsert *b)
{
	TupleTableSlot *slot = b->slot[b->nslots];

	if (slot == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(b));

		slot = b->slot[b->nslots] = table_slot_create(b->rel, NULL);
		MemoryContextSwitchTo(old);
	}
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	return slot;
}

static void
flush(BulkInsert *b)
{
	CHECK_FOR_INTERRUPTS();
	table_multi_insert(b->rel, b->slot, b->nslots, b->command, 0, b->state);
	for (int i = 0; i < b->nslots; i++)
		ExecClearTuple(b->slot[i]);
	MemoryContextReset(b->context);
	b->nslots = 0;
}

/* adds the row in the slot of ct_bulk_row */
void
ct_bulk_put(BulkInsert *b)
{
	ExecStoreVirtualTuple(b->slot[b->nslots++]);
	if (b->nslots == BULK_ROWS)
		flush(b);
}

/* inserts the remaining rows; keeps the lock */
void
ct_bulk_end(BulkInsert *b)
{
	if (b->nslots > 0)
		flush(b);
	for (int i = 0; i < BULK_ROWS && b->slot[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(b->slot[i]);
	FreeBulkInsertState(b->state);
	table_finish_bulk_insert(b->rel, 0);
	table_close(b->rel, NoLock);
	MemoryContextDelete(b->context);
}
