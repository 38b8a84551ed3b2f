/*
 * queue.c
 *		Appends to the queue of a source.
 *
 * A row of the queue holds many customers: an array of them beside an array of
 * their ledgers, as many as a page takes.  A row per customer would cost a writer
 * of many sales twice as much, and the refresher still more.
 */
#include "queue.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/sequence.h"
#include "executor/tuptable.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

/* bytes of both arrays, so that the row fits into a page and is not toasted */
#define QUEUE_ROW_BYTES		7900
#define SMALL_ROW_BYTES		256

enum
{
	QUEUE_ID, QUEUE_CUSTOMERS, QUEUE_LEDGERS, QUEUE_COLUMNS
};

/* an array of one dimension without nulls, made in place */
typedef struct ArrayBuffer
{
	Oid			type;
	int16		len;
	bool		byval;
	char		align;
	ArrayType  *array;
	Size		size;			/* in use, with the header */
	Size		room;
} ArrayBuffer;

struct Queue
{
	Relation	rel;
	Oid			sequence;
	int64		id;				/* of the statement; 0 until it writes */
	CommandId	cid;
	BulkInsertState bulk;
	TupleTableSlot *slot;
	int			n;				/* customers in the row */
	ArrayBuffer customers;
	ArrayBuffer ledgers;
};

static void
array_begin(ArrayBuffer *a, Oid type)
{
	a->type = type;
	get_typlenbyvalalign(type, &a->len, &a->byval, &a->align);
	a->room = SMALL_ROW_BYTES;
	a->array = palloc0(a->room);
	a->size = ARR_OVERHEAD_NONULLS(1);
}

static Size
array_size_with(const ArrayBuffer *a, Datum value)
{
	return att_addlength_datum(att_align_nominal(a->size, a->align), a->len, value);
}

static void
array_add(ArrayBuffer *a, Datum value)
{
	Size		start = att_align_nominal(a->size, a->align);
	Size		end = att_addlength_datum(start, a->len, value);
	char	   *at;

	if (end > a->room)
	{
		Size		room = Max(end, Min(2 * a->room, (Size) BLCKSZ));

		a->array = repalloc(a->array, room);
		a->room = room;
	}
	at = (char *) a->array;
	memset(at + a->size, 0, start - a->size);
	if (a->byval)
		store_att_byval(at + start, value, a->len);
	else
		memcpy(at + start, DatumGetPointer(value), end - start);
	a->size = end;
}

static Datum
array_end(ArrayBuffer *a, int n)
{
	ArrayType  *array = a->array;

	SET_VARSIZE(array, a->size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = a->type;
	ARR_DIMS(array)[0] = n;
	ARR_LBOUND(array)[0] = 1;
	a->size = ARR_OVERHEAD_NONULLS(1);
	return PointerGetDatum(array);
}

/* the base type of the customers, InvalidOid if they are no array */
static Oid
queue_customer(Relation queue)
{
	Oid			type = get_element_type(TupleDescAttr(RelationGetDescr(queue), QUEUE_CUSTOMERS)->atttypid);

	return OidIsValid(type) ? getBaseType(type) : InvalidOid;
}

/*
 * Whatever became of the queue, what is written has the types of its columns, and
 * no index misses it; and its owner is that of the sales, else anybody could write
 * to it by a trigger on a table of their own.
 */
static void
check_queue(Relation queue, Oid owner, Oid ledger)
{
	TupleDesc	desc = RelationGetDescr(queue);

	if (queue->rd_rel->relowner != owner)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the sales and the queue %s must have the same owner", RelationGetRelationName(queue))));
	if (queue->rd_rel->relkind != RELKIND_RELATION || desc->natts != QUEUE_COLUMNS ||
		queue->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT ||
		TupleDescAttr(desc, QUEUE_ID)->atttypid != INT8OID ||
		!OidIsValid(queue_customer(queue)) ||
		get_element_type(TupleDescAttr(desc, QUEUE_LEDGERS)->atttypid) != ledger ||
		(queue->rd_rel->relhasindex && RelationGetIndexList(queue) != NIL))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the queue %s is not as it was made", RelationGetRelationName(queue)),
				 errhint("It is a plain, logged table of three columns, a sequence and no index.")));
}

/* the queue of that name; it stays locked */
QueueAddress
customer_tier_queue_find(const char *name, Oid owner, Oid ledger)
{
	RangeVar   *range = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(name)));
	QueueAddress address = {.relid = RangeVarGetRelid(range, RowExclusiveLock, true),.owner = owner,.ledger = ledger};
	Relation	queue;
	List	   *sequences;

	if (!OidIsValid(address.relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the queue %s is not there", name)));
	queue = table_open(address.relid, NoLock);
	check_queue(queue, owner, ledger);
	sequences = getOwnedSequences(address.relid);
	if (sequences == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the queue %s has no sequence", name)));
	address.sequence = linitial_oid(sequences);
	address.customer = queue_customer(queue);
	table_close(queue, NoLock);
	return address;
}

/* it may have changed since it was found, in this very statement */
Queue *
customer_tier_queue_open(const QueueAddress *address)
{
	Queue	   *q = palloc0(sizeof(Queue));
	TupleDesc	desc;

	q->rel = table_open(address->relid, RowExclusiveLock);
	check_queue(q->rel, address->owner, address->ledger);
	if (queue_customer(q->rel) != address->customer)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the queue %s is not of customers of type %s any more",
						RelationGetRelationName(q->rel), format_type_be(address->customer))));
	q->sequence = address->sequence;
	q->cid = GetCurrentCommandId(true);
	q->slot = table_slot_create(q->rel, NULL);
	desc = RelationGetDescr(q->rel);
	array_begin(&q->customers, get_element_type(TupleDescAttr(desc, QUEUE_CUSTOMERS)->atttypid));
	array_begin(&q->ledgers, address->ledger);
	return q;
}

/*
 * A TRUNCATE locks writers out, so that numbers tell what came before it.  Until
 * the next command, all rows that a row trigger writes have the same.
 */
static int64
statement_number(const Queue *q)
{
	static Oid	sequence;
	static FullTransactionId transaction;
	static SubTransactionId subtransaction;
	static CommandId command;
	static int64 number;

	if (sequence != q->sequence || !FullTransactionIdEquals(transaction, GetTopFullTransactionId()) ||
		subtransaction != GetCurrentSubTransactionId() || command != q->cid)
	{
		number = nextval_internal(q->sequence, false);
		sequence = q->sequence;
		transaction = GetTopFullTransactionId();
		subtransaction = GetCurrentSubTransactionId();
		command = q->cid;
	}
	return number;
}

/* without customers: all sales are gone, and what came before no longer counts */
static void
write_row(Queue *q)
{
	TupleTableSlot *slot = q->slot;
	bool		emptied = q->n == 0;

	if (q->id == 0)
		q->id = statement_number(q);
	else if (q->bulk == NULL)
	{
		/* the caller's context may be gone before the next row */
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(q));

		q->bulk = GetBulkInsertState();
		MemoryContextSwitchTo(old);
	}
	ExecClearTuple(slot);
	slot->tts_values[QUEUE_ID] = Int64GetDatum(q->id);
	slot->tts_isnull[QUEUE_ID] = false;
	slot->tts_isnull[QUEUE_CUSTOMERS] = slot->tts_isnull[QUEUE_LEDGERS] = emptied;
	if (!emptied)
	{
		slot->tts_values[QUEUE_CUSTOMERS] = array_end(&q->customers, q->n);
		slot->tts_values[QUEUE_LEDGERS] = array_end(&q->ledgers, q->n);
	}
	ExecStoreVirtualTuple(slot);
	table_tuple_insert(q->rel, slot, q->cid, 0, q->bulk);
	q->n = 0;
}

void
customer_tier_queue_add(void *queue, Datum customer, Ledger *ledger)
{
	Queue	   *q = queue;

	if (ledger_is_empty(ledger))
		return;
	/* as arrays have their elements */
	if (q->customers.len == -1)
		customer = PointerGetDatum(PG_DETOAST_DATUM(customer));
	if (q->n > 0 &&
		array_size_with(&q->customers, customer) +
		array_size_with(&q->ledgers, PointerGetDatum(ledger)) > QUEUE_ROW_BYTES)
		write_row(q);
	array_add(&q->customers, customer);
	array_add(&q->ledgers, PointerGetDatum(ledger));
	q->n++;
}

void
customer_tier_queue_add_emptied(Queue *q)
{
	Assert(q->n == 0);
	write_row(q);
}

void
customer_tier_queue_close(Queue *q)
{
	if (q->n > 0)
		write_row(q);
	if (q->bulk != NULL)
	{
		table_finish_bulk_insert(q->rel, 0);
		FreeBulkInsertState(q->bulk);
	}
	ExecDropSingleTupleTableSlot(q->slot);
	table_close(q->rel, NoLock);
}
