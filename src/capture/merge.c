/*
 * merge.c
 *		Merges the queue of a source into its ledgers, and groups pending sales for readers.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "base/customer_context.h"
#include "base/names.h"
#include "capture/as_owner.h"
#include "capture/ledger_table.h"
#include "capture/queue.h"
#include "capture/table_writer.h"
#include "ledger/ledger_log.h"
#include "rollup/sales_query.h"
#include "rollup/customer_sales.h"

PG_FUNCTION_INFO_V1(ct_merge_queue);
PG_FUNCTION_INFO_V1(ct_merge_changes);
PG_FUNCTION_INFO_V1(ct_group_sales);

/* adds the sales of a pack to the scatter, which groups them by customer */
static void
scatter_pack(Scatter *s, const PackCustomer *pack, Datum value)
{
	struct varlena *v = PG_DETOAST_DATUM_PACKED(value);
	PackReader	r;
	Sale		sale;

	CHECK_FOR_INTERRUPTS();
	ct_pack_read(&r, pack, v);
	while (ct_pack_next(&r, &sale))
		ct_scatter_add(s, &sale);
	if ((Pointer) v != DatumGetPointer(value))
		pfree(v);
}

/* the state of a merge */
typedef struct Merge
{
	LedgerTable ledgers;
	Relation	queue;
	Snapshot	snapshot;
	int32		emptied;		/* the epoch of the last marker, or 0 */
	Tuplesortstate *changes;
	TupleTableSlot *change;
	int64		changed;		/* ledgers */
} Merge;

static void
sort_change(void *arg, Datum customer, Ledger *ledger)
{
	Merge	   *m = arg;

	ExecClearTuple(m->change);
	m->change->tts_values[CUSTOMER] = customer;
	m->change->tts_values[LEDGER] = PointerGetDatum(ledger);
	m->change->tts_isnull[CUSTOMER] = m->change->tts_isnull[LEDGER] = false;
	ExecStoreVirtualTuple(m->change);
	tuplesort_puttupleslot(m->changes, m->change);
}

/* deletes the rows of the queue and groups their sales; one snapshot decides about both */
static void
take_queue(Merge *m)
{
	Scatter    *scatter = ct_scatter_begin(&m->ledgers.type);
	TableScanDesc scan = table_beginscan(m->queue, m->snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(m->queue, NULL);
	CommandId	cid = GetCurrentCommandId(true);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		TM_FailureData failure;
		int32		epoch = DatumGetInt32(slot_getattr(slot, QUEUE_EPOCH + 1, &isnull));
		Datum		pack = slot_getattr(slot, QUEUE_PACK + 1, &isnull);

		if (!isnull && epoch >= m->emptied)
			scatter_pack(scatter, &m->ledgers.pack, pack);
		if (table_tuple_delete(m->queue, &slot->tts_tid, cid, m->snapshot, InvalidSnapshot, true, &failure,
							   false) != TM_Ok)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("queue \"%s\" was changed by another session", RelationGetRelationName(m->queue)),
					 errhint("Only a refresh takes rows from the queue.")));
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	ct_scatter_end(scatter, sort_change, m);
}

/* deletes all ledgers, because the table of sales was emptied */
static void
delete_all(Merge *m, TableWriter *w)
{
	TableScanDesc scan = table_beginscan(m->ledgers.rel, m->snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(m->ledgers.rel, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		m->changed++;
		ct_writer_delete(w, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

static void
put_row(TableWriter *w, Datum customer, Ledger *ledger)
{
	ExecClearTuple(w->slot);
	w->slot->tts_values[CUSTOMER] = customer;
	w->slot->tts_values[LEDGER] = PointerGetDatum(ledger);
	w->slot->tts_isnull[CUSTOMER] = w->slot->tts_isnull[LEDGER] = false;
	ExecStoreVirtualTuple(w->slot);
}

/*
 * Applies one customer's change to the customer's row, or inserts a row.  Only the sum is
 * allocated in "each": the scan and trigger functions may keep what they allocate.
 */
static void
apply(Merge *m, TableWriter *w, IndexScanDesc scan, TupleTableSlot *found, MemoryContext each)
{
	MemoryContext old;
	bool		isnull;
	Datum		customer = slot_getattr(m->change, CUSTOMER + 1, &isnull);
	Datum		change = slot_getattr(m->change, LEDGER + 1, &isnull);
	LedgerLog  *log;
	Ledger	   *sum;

	if (m->emptied == 0)
		m->changed++;
	if (m->emptied != 0 || !ct_find_ledger(&m->ledgers, scan, customer, found))
	{
		if (ledger_is_empty((Ledger *) DatumGetPointer(change)))
			return;
		put_row(w, customer, (Ledger *) DatumGetPointer(change));
		ct_writer_insert(w);
		if (m->emptied != 0)
			m->changed++;
		return;
	}
	old = MemoryContextSwitchTo(each);
	log = ct_log_add_ledger(ct_log_new(), slot_getattr(found, LEDGER + 1, &isnull), false);
	sum = ct_log_close(ct_log_add_ledger(log, change, false));
	MemoryContextSwitchTo(old);
	if (ledger_is_empty(sum))
		ct_writer_delete(w, found);
	else
	{
		/* keep the customer of the row: equal values may differ in bytes */
		put_row(w, slot_getattr(found, CUSTOMER + 1, &isnull), sum);
		ct_writer_update(w, found);
	}
}

static void
apply_all(Merge *m)
{
	TableWriter w;
	IndexScanDesc scan = ct_index_beginscan(m->ledgers.rel, m->ledgers.index, m->snapshot, 1);
	TupleTableSlot *found = table_slot_create(m->ledgers.rel, NULL);
	MemoryContext each = AllocSetContextCreate(CurrentMemoryContext, "customer_tier merge", ALLOCSET_DEFAULT_SIZES);
	CustomerContext context;
	bool		isnull;

	ct_writer_begin(&w, m->ledgers.rel);
	if (m->emptied != 0)
		delete_all(m, &w);
	ct_push_customer(&context, &m->ledgers.type);
	while (tuplesort_gettupleslot(m->changes, true, false, m->change, NULL))
	{
		CHECK_FOR_INTERRUPTS();
		context.customer = slot_getattr(m->change, CUSTOMER + 1, &isnull);
		apply(m, &w, scan, found, each);
		ExecClearTuple(w.slot);
		ExecClearTuple(found);
		MemoryContextReset(each);
	}
	ct_pop_customer(&context);
	ct_writer_end(&w);
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(found);
	MemoryContextDelete(each);
}

static void
check_owner(Oid relid)
{
	if (!object_ownercheck(RelationRelationId, relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(relid));
}

/* opens the ledgers, which the caller must own, and begins a sort by customer */
static void
begin_merge(Merge *m, Oid ledger)
{
	AttrNumber	column = 1;
	Oid			less;
	bool		nulls_first = false;

	check_owner(ledger);
	memset(m, 0, sizeof(*m));
	ct_open_ledgers(&m->ledgers, ledger, RowExclusiveLock, true);
	m->snapshot = GetActiveSnapshot();
	m->change = MakeSingleTupleTableSlot(RelationGetDescr(m->ledgers.rel), &TTSOpsMinimalTuple);
	less = lookup_type_cache(m->ledgers.type.type, TYPECACHE_LT_OPR)->lt_opr;
	m->changes = tuplesort_begin_heap(RelationGetDescr(m->ledgers.rel), 1, &column, &less, &m->ledgers.type.collation,
									  &nulls_first, work_mem, NULL, 0);
}

static void
end_merge(Merge *m)
{
	tuplesort_performsort(m->changes);
	apply_all(m);
	tuplesort_end(m->changes);
	ExecDropSingleTupleTableSlot(m->change);
	ct_close_ledgers(&m->ledgers);
}

/*
 * merge_queue(queue, ledger): moves the sales of the queue to the ledgers and returns how
 * many ledgers changed.  The caller holds the lock that serializes refreshes, taken in an
 * earlier statement so that the snapshot is later.
 */
Datum
ct_merge_queue(PG_FUNCTION_ARGS)
{
	Oid			queue = PG_GETARG_OID(0);
	Merge		m;

	check_owner(queue);
	begin_merge(&m, PG_GETARG_OID(1));
	m.queue = ct_queue_open(queue, m.ledgers.rel->rd_rel->relowner, InvalidOid, RowExclusiveLock);
	m.emptied = ct_queue_epoch(m.queue, m.snapshot);
	take_queue(&m);
	end_merge(&m);
	table_close(m.queue, NoLock);
	PG_RETURN_INT64(m.changed);
}

static void
start_changes(void *arg, const SaleType *type)
{
	Merge	   *m = arg;

	if (type->customer.type != m->ledgers.type.type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the changes are not of customers of type %s", format_type_be(m->ledgers.type.type))));
}

/*
 * merge_changes(query, ledger): as merge_queue, for the rows of a query of customer, day, amount, optionally order,
 * and undo; the calling statement deletes from the queues that the query reads
 */
Datum
ct_merge_changes(PG_FUNCTION_ARGS)
{
	Merge		m;
	SalesQuery	query = {
		.function = "merge_changes",
		.until = ALL_SALES,
		.undo = true,
		.start = start_changes,
		.emit = sort_change,
		.arg = &m
	};

	begin_merge(&m, PG_GETARG_OID(1));
	query.sql = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ct_roll_up_query(&query);
	end_merge(&m);
	PG_RETURN_INT64(m.changed);
}

static void
put_group(void *arg, Datum customer, Ledger *ledger)
{
	ReturnSetInfo *r = arg;
	Datum		values[LEDGER_COLUMNS] = {customer, PointerGetDatum(ledger)};
	bool		nulls[LEDGER_COLUMNS] = {false, false};

	tuplestore_putvalues(r->setResult, r->setDesc, values, nulls);
}

/*
 * group_sales(packs) AS (customer type, ledger ledger): the sales of packs as a ledger for
 * each customer; an empty ledger if they cancel out
 */
Datum
ct_group_sales(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ArrayType  *packs = PG_GETARG_ARRAYTYPE_P(0);
	CustomerType type;
	PackCustomer pack;
	ArrayIterator it;
	Scatter    *scatter;
	Form_pg_attribute customer;
	OwnerSwitch saved;
	Datum		value;
	bool		isnull;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (rsinfo->setDesc->natts != LEDGER_COLUMNS ||
		getBaseType(TupleDescAttr(rsinfo->setDesc, LEDGER)->atttypid) != ct_type("ledger"))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the column list of group_sales must be of a customer and a ledger")));
	customer = TupleDescAttr(rsinfo->setDesc, CUSTOMER);
	ct_customer_type(&type, customer->atttypid, customer->attcollation);
	ct_pack_customer(&pack, &type);
	/* only to fix the settings: values are read with those they were written with */
	ct_become_owner(&saved, GetUserId());
	scatter = ct_scatter_begin(&type);
	it = array_create_iterator(packs, 0, NULL);
	while (array_iterate(it, &value, &isnull))
		if (!isnull)
			scatter_pack(scatter, &pack, value);
	array_free_iterator(it);
	ct_scatter_end(scatter, put_group, rsinfo);
	ct_resign(&saved);
	return (Datum) 0;
}
