/*
 * queue.c
 *		Appends to the queue of a source.
 *
 * Writers do not wait for each other, because each appends rows of its own.  A row holds
 * as many sales as fit into a page.
 *
 * Epochs tell sales before a TRUNCATE from sales after it.  A sequence would do, too, but
 * would change the writer's lastval().  A marker gets a higher epoch than any row of the
 * queue.  TRUNCATE holds a lock that excludes other writers, and later writers see the
 * marker.
 */
#include "capture/queue.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "funcapi.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "capture/source_view.h"
#include "capture/table_writer.h"

PG_FUNCTION_INFO_V1(ct_queue_health);

/* the size of a pack whose row fits into a page and is not toasted */
#define PACK_BYTES_MAX		8080
#define SMALL_PACK_BYTES	256
/* an estimate, used where the caller may not count sales */
#define SALES_A_PAGE		300

static bool
is_column(TupleDesc desc, int column, Oid type)
{
	return TupleDescAttr(desc, column)->atttypid == type && !TupleDescAttr(desc, column)->attisdropped;
}

static bool
is_queue(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);

	return rel->rd_rel->relkind == RELKIND_RELATION && rel->rd_rel->relam == HEAP_TABLE_AM_OID &&
		rel->rd_rel->relpersistence == RELPERSISTENCE_PERMANENT &&
		!rel->rd_rel->relhastriggers && !rel->rd_rel->relrowsecurity && !rel->rd_rel->relhasrules &&
		desc->natts == QUEUE_COLUMNS && is_column(desc, QUEUE_WRITTEN_AT, TIMESTAMPTZOID) &&
		is_column(desc, QUEUE_EPOCH, INT4OID) && is_column(desc, QUEUE_SALES, INT4OID) &&
		is_column(desc, QUEUE_PACK, BYTEAOID);
}

/*
 * The only index of a queue, which has its markers.  Packs are inserted without updating
 * indexes, so another index would miss them.
 */
static Oid
marker_index(Relation queue)
{
	List	   *indexes = RelationGetIndexList(queue);
	Oid			index = list_length(indexes) == 1 ? linitial_oid(indexes) : InvalidOid;
	Relation	rel;
	bool		good = false;

	if (OidIsValid(index))
	{
		rel = index_open(index, AccessShareLock);
		good = rel->rd_index->indnkeyatts == 1 && rel->rd_index->indkey.values[0] == QUEUE_EPOCH + 1 &&
			rel->rd_index->indisvalid && RelationGetIndexPredicate(rel) != NIL;
		index_close(rel, NoLock);
	}
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("queue \"%s\" has other indexes than the one it was made with",
						RelationGetRelationName(queue)),
				 errhint("Drop the indexes that were added to it.")));
	return index;
}

/*
 * ct_queue_open
 *		Opens a queue and checks that it is one.
 *
 * Its owner must be the owner of the sales; otherwise a trigger on any table could write
 * to it.  "sales" is for the hint, or InvalidOid.
 */
Relation
ct_queue_open(Oid queue, Oid owner, Oid sales, LOCKMODE lock)
{
	Relation	rel = try_relation_open(queue, lock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("queue with OID %u does not exist", queue)));
	if (rel->rd_rel->relowner != owner)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("queue \"%s\" does not belong to the owner of the sales", RelationGetRelationName(rel)),
				 ct_mend_hint(sales)));
	if (!is_queue(rel))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not the queue that track made", RelationGetRelationName(rel)),
				 ct_mend_hint(sales)));
	return rel;
}

/*
 * ct_queue_epoch
 *		The epoch of the last marker that a snapshot sees; 0 if it sees none.
 */
int32
ct_queue_epoch(Relation queue, Snapshot snapshot)
{
	int32		epoch = 0;
	SysScanDesc scan = systable_beginscan(queue, marker_index(queue), true, snapshot, 0, NULL);
	HeapTuple	tuple;
	bool		isnull;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		epoch = Max(epoch, DatumGetInt32(heap_getattr(tuple, QUEUE_EPOCH + 1, RelationGetDescr(queue), &isnull)));
	systable_endscan(scan);
	return epoch;
}

/* appends a row; at the end of a transaction there is no active snapshot */
static void
write_row(Relation queue, int32 epoch, int32 sales, struct varlena *pack)
{
	TupleTableSlot *slot = table_slot_create(queue, NULL);
	bool		push = !ActiveSnapshotSet();

	if (push)
		PushActiveSnapshot(GetTransactionSnapshot());
	ExecClearTuple(slot);
	slot->tts_values[QUEUE_WRITTEN_AT] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	slot->tts_values[QUEUE_EPOCH] = Int32GetDatum(epoch);
	slot->tts_values[QUEUE_SALES] = Int32GetDatum(sales);
	slot->tts_values[QUEUE_PACK] = PointerGetDatum(pack);
	memset(slot->tts_isnull, false, sizeof(bool) * QUEUE_COLUMNS);
	slot->tts_isnull[QUEUE_PACK] = pack == NULL;
	ExecStoreVirtualTuple(slot);
	if (pack != NULL)
		table_tuple_insert(queue, slot, GetCurrentCommandId(true), 0, NULL);
	else
	{
		TableWriter w;

		ct_writer_begin(&w, queue);
		ExecCopySlot(w.slot, slot);
		ct_writer_insert(&w);
		ct_writer_end(&w);
	}
	ExecDropSingleTupleTableSlot(slot);
	if (push)
		PopActiveSnapshot();
}

/*
 * ct_queue_write_marker
 *		Writes a marker that the table of sales was emptied, and returns the new epoch.
 *
 * The caller keeps other writers out until the transaction ends.
 */
int32
ct_queue_write_marker(Oid queue, Oid owner, Oid sales)
{
	Relation	rel = ct_queue_open(queue, owner, sales, RowExclusiveLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	int32		epoch = 0;
	bool		isnull;

	/* of all rows: a session may use the epoch of a marker that was merged meanwhile */
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		epoch = Max(epoch, DatumGetInt32(slot_getattr(slot, QUEUE_EPOCH + 1, &isnull)));
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	if (epoch == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("queue \"%s\" has no epochs left", RelationGetRelationName(rel)),
				 errhint("CALL customer_tier.rebuild_source(...) empties it.")));
	write_row(rel, ++epoch, 0, NULL);
	/* makes sessions read the epoch again, which they cache */
	CacheInvalidateRelcache(rel);
	table_close(rel, NoLock);
	return epoch;
}

/*
 * ct_queue_begin
 *		A writer whose pack lives in the current memory context.
 */
void
ct_queue_begin(QueueWriter *w, Oid queue, Oid owner, Oid sales, int32 epoch, const CustomerType *type)
{
	memset(w, 0, sizeof(*w));
	w->queue = queue;
	w->owner = owner;
	w->sales = sales;
	w->epoch = epoch;
	w->context = CurrentMemoryContext;
	ct_pack_customer(&w->customer, type);
}

/* room for "need" more bytes: a larger pack, or an empty one */
static pg_noinline void
make_room(QueueWriter *w, Size need)
{
	Size		used = w->pack == NULL ? VARHDRSZ : w->at - (uint8 *) w->pack;
	Size		room = Max(w->room, SMALL_PACK_BYTES);

	if (w->n > 0 && used + need > PACK_BYTES_MAX)
	{
		ct_queue_write(w);
		used = VARHDRSZ + PACK_HEADER;
	}
	while (room < used + need + PACK_HEADER)
		room *= 4;
	if (w->pack == NULL)
	{
		w->pack = MemoryContextAllocZero(w->context, room);
		w->at = ct_pack_begin(&w->customer, (uint8 *) VARDATA(w->pack));
	}
	else if (room > w->room)
	{
		w->pack = repalloc(w->pack, room);
		w->at = (uint8 *) w->pack + used;
	}
	w->room = room;
}

/*
 * ct_queue_add
 *		Adds a sale, and writes a row when a page is full.
 */
void
ct_queue_add(QueueWriter *w, const Sale *sale)
{
	const char *bytes = NULL;
	Size		nbytes = ct_pack_bytes(&w->customer, sale->customer, &bytes);
	Size		need = PACKED_SALE_MAX + nbytes;

	if (unlikely(w->pack == NULL || w->at - (uint8 *) w->pack + need > Min(w->room, PACK_BYTES_MAX)))
		make_room(w, need);
	w->at = pack_sale(w->at, &w->customer, sale, bytes, nbytes, &w->before);
	w->n++;
}

/*
 * ct_queue_write
 *		Writes the pack, unless it is empty, in the current subtransaction.
 */
void
ct_queue_write(QueueWriter *w)
{
	Relation	queue;

	if (w->n == 0)
		return;
	queue = ct_queue_open(w->queue, w->owner, w->sales, RowExclusiveLock);
	SET_VARSIZE(w->pack, w->at - (uint8 *) w->pack);
	write_row(queue, w->epoch, w->n, w->pack);
	table_close(queue, NoLock);
	w->at = (uint8 *) VARDATA(w->pack) + PACK_HEADER;
	w->n = 0;
	memset(&w->before, 0, sizeof(SaleBefore));
}

static bool
may_count(Oid queue)
{
	return pg_class_aclcheck(queue, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		(pg_attribute_aclcheck(queue, QUEUE_SALES + 1, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
		 pg_attribute_aclcheck(queue, QUEUE_WRITTEN_AT + 1, GetUserId(), ACL_SELECT) == ACLCHECK_OK);
}

/* counts the sales in a queue, and each marker as one; *oldest is when the oldest was written */
static int64
count_sales(Relation queue, TimestampTz *oldest)
{
	TupleTableSlot *slot = table_slot_create(queue, NULL);
	TableScanDesc scan = table_beginscan(queue, GetActiveSnapshot(), 0, NULL);
	int64		pending = 0;

	*oldest = DT_NOEND;
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		pending += Max(DatumGetInt32(slot_getattr(slot, QUEUE_SALES + 1, &isnull)), 1);
		*oldest = Min(*oldest, DatumGetTimestampTz(slot_getattr(slot, QUEUE_WRITTEN_AT + 1, &isnull)));
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return pending;
}

/*
 * ct_queue_rows
 *		How many sales a queue has, for the planner; estimated from its size if the caller
 *		may not count them.
 */
double
ct_queue_rows(Oid queue)
{
	Relation	rel = try_relation_open(queue, AccessShareLock);
	TimestampTz oldest;
	double		rows = 0;

	if (rel == NULL)
		return 0;
	if (is_queue(rel))
		rows = may_count(queue) && ActiveSnapshotSet() ? count_sales(rel, &oldest) :
			(double) RelationGetNumberOfBlocks(rel) * SALES_A_PAGE;
	relation_close(rel, AccessShareLock);
	return rows;
}

/*
 * queue_health(queue, OUT pending, OUT oldest): nulls if the caller may not read the columns
 * sales and written_at, or if the queue is locked
 */
Datum
ct_queue_health(PG_FUNCTION_ARGS)
{
	Oid			queue = PG_GETARG_OID(0);
	Relation	rel = NULL;
	TupleDesc	desc;
	int64		pending;
	TimestampTz oldest;
	Datum		values[2] = {0};
	bool		nulls[2] = {true, true};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (may_count(queue) && ConditionalLockRelationOid(queue, AccessShareLock))
		rel = try_relation_open(queue, NoLock);
	if (rel != NULL && is_queue(rel))
	{
		pending = count_sales(rel, &oldest);
		values[0] = Int64GetDatum(pending);
		values[1] = TimestampTzGetDatum(oldest);
		nulls[0] = false;
		nulls[1] = pending == 0;
	}
	if (rel != NULL)
		relation_close(rel, NoLock);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
