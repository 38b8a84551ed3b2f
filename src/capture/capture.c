/*
 * capture.c
 *		The trigger that records which sales a statement added and removed.
 *
 * It appends them to the queues of the table's sources, which are plain tables of the
 * same owner.  Triggers with transition tables write at once; row triggers leave the
 * writing to gather.c.  The trigger takes no lock that blocks another writer.  Expressions
 * that call user-defined functions run as the owner of the sales.
 */
#include "capture/captures.h"

#include "access/htup_details.h"
#include "common/pg_lzcompress.h"
#include "replication/logicalworker.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "capture/as_owner.h"
#include "capture/gather.h"

PG_FUNCTION_INFO_V1(ct_capture);

#define CUSTOMER_BYTES_MAX	2500

/*
 * A customer that is too long for the index of the ledgers would make every refresh fail.
 * The index compresses long values, so the compressed size decides.
 */
static void
check_customer(const struct varlena *customer)
{
	int32		size = VARSIZE_ANY_EXHDR(customer);
	char	   *buffer;

	if (likely(size <= CUSTOMER_BYTES_MAX))
		return;
	buffer = palloc(PGLZ_MAX_OUTPUT(size));
	size = pglz_compress(VARDATA_ANY(customer), size, buffer, PGLZ_strategy_default);
	pfree(buffer);
	if (size < 0 || size > CUSTOMER_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a customer is too long: %d bytes", (int) VARSIZE_ANY_EXHDR(customer)),
				 errhint("At most %d are sure to be taken.  "
						 "Let the customer of the source be a hash, such as md5(...).",
						 CUSTOMER_BYTES_MAX)));
}

/* computes the sale of a row; false if the filter excludes it, or customer, day or amount is null */
static bool
evaluate(const SaleType *type, Evaluation *e, ExprContext *econtext, TupleTableSlot *row, Sale *sale)
{
	Datum		value[SALE_EXPRESSIONS];
	bool		isnull;

	ResetExprContext(econtext);
	econtext->ecxt_scantuple = row;
	if (e->expression[SALE_FILTER] != NULL &&
		(!DatumGetBool(ExecEvalExprSwitchContext(e->expression[SALE_FILTER], econtext, &isnull)) || isnull))
		return false;
	for (int i = 0; i < SALE_ORDER; i++)
	{
		value[i] = ExecEvalExprSwitchContext(e->expression[i], econtext, &isnull);
		if (isnull)
			return false;
	}
	sale->customer = value[SALE_CUSTOMER];
	if (type->customer.len == -1)
	{
		struct varlena *customer = PG_DETOAST_DATUM_PACKED(sale->customer);

		/* a removed sale was checked when it was added */
		if (!sale->undo)
			check_customer(customer);
		sale->customer = PointerGetDatum(customer);
	}
	sale->day = sale_day(type, value[SALE_DAY]);
	sale->amount = sale_amount(type, value[SALE_AMOUNT]);
	sale->ordered = false;
	if (e->expression[SALE_ORDER] != NULL)
	{
		value[SALE_ORDER] = ExecEvalExprSwitchContext(e->expression[SALE_ORDER], econtext, &isnull);
		sale_order(type, value[SALE_ORDER], isnull, sale);
	}
	return true;
}

/*
 * Closed days.  Their sales may be archived, so a DELETE is not captured and the ledgers keep
 * them.  An INSERT counts.  An UPDATE that changes the sale is an error, because the ledgers
 * would keep the old row and add the new one.
 */
static bool
is_kept(const CapturedSource *s, const Sale *sale, bool deletes)
{
	return deletes && sale->undo && sale->day <= s->closed;
}

static void
refuse_change(const CapturedSource *s, const Sale *sale)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a sale of %s cannot be changed: days until %s are closed",
					DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(sale->day))),
					DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(s->closed)))),
			 errhint("Insert a sale with the difference, which counts.  "
					 "Or open the days: CALL customer_tier.close_source(..., until => NULL).")));
}

static bool
same_amount(Amount a, Amount b)
{
	return (int128) a.value * ct_pow10[AMOUNT_MAX_SCALE - a.scale] ==
		(int128) b.value * ct_pow10[AMOUNT_MAX_SCALE - b.scale];
}

static void
check_change(const CapturedSource *s, Evaluation *e, ExprContext *econtext, TupleTableSlot *went, TupleTableSlot *came)
{
	const CustomerType *type = &s->type.customer;
	Sale		old = {.undo = true};
	Sale		new = {.undo = true};
	bool		same;

	if (DATE_IS_NOBEGIN(s->closed) || !evaluate(&s->type, e, econtext, went, &old) || old.day > s->closed)
		return;
	old.customer = datumCopy(old.customer, type->byval, type->len);
	same = evaluate(&s->type, e, econtext, came, &new) && new.day == old.day &&
		same_amount(new.amount, old.amount) &&
		new.ordered == old.ordered && (!new.ordered || new.order == old.order) &&
		same_customer(type, new.customer, old.customer);
	if (!same)
		refuse_change(s, &old);
	if (!type->byval)
		pfree(DatumGetPointer(old.customer));
}

/* both transition tables of an UPDATE have its rows in the same order */
static void
check_changes(TriggerData *t, Capture *c)
{
	TupleTableSlot *went = MakeSingleTupleTableSlot(RelationGetDescr(t->tg_relation), &TTSOpsMinimalTuple);
	TupleTableSlot *came = MakeSingleTupleTableSlot(RelationGetDescr(t->tg_relation), &TTSOpsMinimalTuple);
	ExprContext *econtext;
	Evaluation *e = ct_get_evaluation(c, &econtext);

	tuplestore_select_read_pointer(t->tg_oldtable, 0);
	tuplestore_rescan(t->tg_oldtable);
	tuplestore_select_read_pointer(t->tg_newtable, 0);
	tuplestore_rescan(t->tg_newtable);
	while (tuplestore_gettupleslot(t->tg_oldtable, true, false, went) &&
		   tuplestore_gettupleslot(t->tg_newtable, true, false, came))
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < c->n; i++)
			check_change(&c->source[i], &e[i], econtext, went, came);
	}
	ExecDropSingleTupleTableSlot(went);
	ExecDropSingleTupleTableSlot(came);
}

static bool
any_closed(const Capture *c)
{
	for (int i = 0; i < c->n; i++)
		if (!DATE_IS_NOBEGIN(c->source[i].closed))
			return true;
	return false;
}

static void
add_table(Capture *c, QueueWriter *w, Relation rel, Tuplestorestate *rows, bool undo, bool deletes)
{
	TupleTableSlot *slot;
	ExprContext *econtext = NULL;
	Evaluation *e = NULL;
	Sale		sale = {.undo = undo};

	if (rows == NULL)
		return;
	slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsMinimalTuple);
	/* read pointer 0 is free: queries over a transition table allocate their own */
	tuplestore_select_read_pointer(rows, 0);
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (e == NULL)
			e = ct_get_evaluation(c, &econtext);
		for (int i = 0; i < c->n; i++)
			if (evaluate(&c->source[i].type, &e[i], econtext, slot, &sale) &&
				!is_kept(&c->source[i], &sale, deletes))
				ct_queue_add(&w[i], &sale);
	}
	ExecDropSingleTupleTableSlot(slot);
}

static void
capture_statement(TriggerData *t, Capture *c)
{
	QueueWriter *w = palloc(c->n * sizeof(QueueWriter));
	bool		deletes = TRIGGER_FIRED_BY_DELETE(t->tg_event);

	if (TRIGGER_FIRED_BY_UPDATE(t->tg_event) && any_closed(c))
		check_changes(t, c);
	for (int i = 0; i < c->n; i++)
		ct_queue_begin(&w[i], c->source[i].queue, c->owner, c->relation, c->source[i].epoch,
					   &c->source[i].type.customer);
	add_table(c, w, t->tg_relation, t->tg_oldtable, true, deletes);
	add_table(c, w, t->tg_relation, t->tg_newtable, false, deletes);
	for (int i = 0; i < c->n; i++)
		ct_queue_write(&w[i]);
}

static void
capture_row(TriggerData *t, Capture *c)
{
	bool		inserts = TRIGGER_FIRED_BY_INSERT(t->tg_event);
	bool		deletes = TRIGGER_FIRED_BY_DELETE(t->tg_event);

	/* an UPDATE that moves the row to another partition is a DELETE here, and an INSERT there */
	bool		moves = deletes && HeapTupleHeaderIndicatesMovedPartitions(t->tg_trigtuple->t_data);
	TupleTableSlot *went = inserts ? NULL : t->tg_trigslot;
	TupleTableSlot *came = inserts ? t->tg_trigslot : TRIGGER_FIRED_BY_UPDATE(t->tg_event) ? t->tg_newslot : NULL;
	ExprContext *econtext;
	Evaluation *e = ct_get_evaluation(c, &econtext);

	for (int i = 0; i < c->n; i++)
	{
		CapturedSource *s = &c->source[i];
		QueueWriter *gathering = ct_gathering(s->queue);
		QueueWriter own;
		QueueWriter *w = gathering;
		Sale		sale;

		if (went != NULL && came != NULL)
			check_change(s, &e[i], econtext, went, came);
		if (gathering == NULL)
		{
			w = &own;
			ct_queue_begin(w, s->queue, c->owner, c->relation, s->epoch, &s->type.customer);
		}
		sale.undo = true;
		if (went != NULL && evaluate(&s->type, &e[i], econtext, went, &sale))
		{
			if (!is_kept(s, &sale, deletes))
				ct_queue_add(w, &sale);
			else if (moves)
				refuse_change(s, &sale);
		}
		sale.undo = false;
		if (came != NULL && evaluate(&s->type, &e[i], econtext, came, &sale))
			ct_queue_add(w, &sale);
		if (gathering == NULL)
			ct_queue_write(w);
	}
}

/* the purposes of the triggers that track() creates */
typedef enum Event
{
	NO_EVENT, EMPTIED, STATEMENT_BEGINS, STATEMENT_ENDS, STATEMENT, ROW
} Event;

static Event
get_event(const TriggerData *t)
{
	TriggerEvent event = t->tg_event;

	/* the marker precedes the TRUNCATE, because rows that AFTER triggers insert must count */
	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		return TRIGGER_FIRED_BEFORE(event) ? EMPTIED : NO_EVENT;
	if (TRIGGER_FIRED_FOR_ROW(event))
		return TRIGGER_FIRED_AFTER(event) ? ROW : NO_EVENT;
	/* without transition tables, row triggers capture the rows */
	if (t->tg_oldtable == NULL && t->tg_newtable == NULL)
		return TRIGGER_FIRED_BEFORE(event) ? STATEMENT_BEGINS : STATEMENT_ENDS;
	return (t->tg_oldtable == NULL) == (TRIGGER_FIRED_BY_INSERT(event) != 0) &&
		(t->tg_newtable == NULL) == (TRIGGER_FIRED_BY_DELETE(event) != 0) ? STATEMENT : NO_EVENT;
}

/* whether a subscription replicates the queue, whose rows then contain these sales already */
static bool
is_replicated(Oid queue)
{
	CatCList   *list = SearchSysCacheList1(SUBSCRIPTIONRELMAP, ObjectIdGetDatum(queue));
	bool		found = list->n_members > 0;

	ReleaseSysCacheList(list);
	return found;
}

static void
capture(TriggerData *t, Capture *c)
{
	if (IsLogicalWorker() && is_replicated(c->source[0].queue))
		return;
	switch (get_event(t))
	{
		case EMPTIED:
			if (any_closed(c))
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("cannot truncate table \"%s\" because it has closed days",
								RelationGetRelationName(t->tg_relation)),
						 errhint("DELETE the rows: the ledgers keep sales of closed days.  "
								 "A partition of closed days can be dropped or truncated.")));
			ct_gather_write(c->relation);
			for (int i = 0; i < c->n; i++)
				c->source[i].epoch = ct_queue_write_marker(c->source[i].queue, c->owner, c->relation);
			break;
		case STATEMENT_BEGINS:
			for (int i = 0; i < c->n; i++)
				ct_gather_begin(c->relation, c->source[i].state, c->source[i].queue, c->owner,
								c->source[i].epoch, &c->source[i].type.customer);
			break;
		case STATEMENT_ENDS:
			for (int i = c->n - 1; i >= 0; i--)
				ct_gather_end(c->source[i].queue);
			break;
		case STATEMENT:
			capture_statement(t, c);
			break;
		case ROW:
			capture_row(t, c);
			break;
		case NO_EVENT:
			break;
	}
}

/* pinned, as the owner's functions may write to the sales and so replace the capture */
static void
capture_as_owner(TriggerData *t, Capture *c)
{
	OwnerSwitch saved;

	ct_become_owner(&saved, c->owner);
	c->pins++;
	PG_TRY();
	{
		capture(t, c);
	}
	PG_FINALLY();
	{
		if (--c->pins == 0 && c->detached)
			ct_release_capture(c);
	}
	PG_END_TRY();
	ct_resign(&saved);
}

static void
say_where(void *arg)
{
	errcontext("capture of sales of table \"%s\"", RelationGetRelationName((Relation) arg));
}

/* capture(): the trigger that track() creates on the table of one or more sources */
Datum
ct_capture(PG_FUNCTION_ARGS)
{
	TriggerData *t = (TriggerData *) fcinfo->context;
	ErrorContextCallback where;
	MemoryContext context;
	MemoryContext old;
	Capture    *c;

	if (!CALLED_AS_TRIGGER(fcinfo) || get_event(t) == NO_EVENT)
		ct_refuse_capture();
	where.callback = say_where;
	where.arg = t->tg_relation;
	where.previous = error_context_stack;
	error_context_stack = &where;
	context = AllocSetContextCreate(CurrentMemoryContext, "customer_tier capture call", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	c = ct_get_capture(t);
	if (c->calls)
		capture_as_owner(t, c);
	else
		capture(t, c);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	error_context_stack = where.previous;
	return PointerGetDatum(NULL);
}
