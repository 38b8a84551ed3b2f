/*
 * capture.c
 *		The trigger that writes down what a statement did to the sales.
 *
 * It appends to the queues of the table's sources, plain tables of the same owner,
 * the sales that came and those that went, as they are.  Triggers with transition
 * tables do so at once; those for each row leave it to gather.c.  It takes no lock that
 * another writer would wait for.  A row's expressions run as the owner, if they call
 * anybody's functions at all.
 *
 * What the trigger needs is named by the constants of its WHEN clause, three for each
 * source: the view that is captured, the queue, and the state.  PostgreSQL renames,
 * dumps and restores them, partitions inherit them, and they are in the relcache
 * whatever the writer's snapshot.
 */
#include "compat.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "common/pg_lzcompress.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "replication/logicalworker.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "as_owner.h"
#include "gather.h"
#include "source_view.h"
#include "state.h"

PG_FUNCTION_INFO_V1(ct_capture);

#define PARTS_A_SOURCE	3
#define CUSTOMER_BYTES_MAX	2500

/* one source of a table, as a trigger captures it */
typedef struct CapturedSource
{
	Oid			view;
	Oid			queue;
	Oid			state;
	int32		epoch;
	SaleType	type;
	Expr	   *expression[SALE_EXPRESSIONS];
} CapturedSource;

/* expressions of a source, ready to be evaluated */
typedef struct Evaluation
{
	ExprState  *expression[SALE_EXPRESSIONS];
} Evaluation;

/* what a trigger's constants mean, kept for the session until something changes */
typedef struct Capture
{
	MemoryContext context;
	Oid			owner;
	Oid			relation;
	bool		calls;			/* functions that are not the server's own */
	bool		valid;
	bool		detached;		/* no longer in the table, but pinned */
	int			pins;			/* calls that are under way, if it calls functions */

	/* kept for the rows of one subtransaction */
	MemoryContext ready;
	ExprContext *econtext;
	Evaluation *evaluation;
	FullTransactionId transaction;
	SubTransactionId subtransaction;

	int			n;
	CapturedSource source[FLEXIBLE_ARRAY_MEMBER];
} Capture;

typedef struct CaptureEntry
{
	Oid			trigger;		/* key */
	Capture    *capture;
} CaptureEntry;

static HTAB *captures;
static uint64 changes;			/* so many times something was forgotten */

static bool
concerns(const Capture *c, Oid relid)
{
	if (!OidIsValid(relid) || c->relation == relid)
		return true;
	for (int i = 0; i < c->n; i++)
		if (c->source[i].view == relid || c->source[i].queue == relid)
			return true;
	return false;
}

static void
forget_relation(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS seq;
	CaptureEntry *e;

	changes++;
	hash_seq_init(&seq, captures);
	while ((e = hash_seq_search(&seq)) != NULL)
		if (concerns(e->capture, relid))
			e->capture->valid = false;
}

static void
forget_all(Datum arg, int cache, uint32 hash)
{
	forget_relation(arg, InvalidOid);
}

/* takes a capture out of use; what is under way goes on as it began */
static void
release(Capture *c)
{
	c->detached = true;
	if (c->pins == 0)
		MemoryContextDelete(c->context);
}

/* drops what is no longer valid, also of triggers that are gone; what is under way stays */
static void
sweep(void)
{
	static uint64 swept;
	HASH_SEQ_STATUS seq;
	CaptureEntry *e;

	if (swept == changes)
		return;
	swept = changes;
	hash_seq_init(&seq, captures);
	while ((e = hash_seq_search(&seq)) != NULL)
	{
		Capture    *c = e->capture;

		if (c->valid)
			continue;
		hash_search(captures, &e->trigger, HASH_REMOVE, NULL);
		release(c);
	}
}

/* a source by the constants that name it */
static void
read_source(Capture *c, CapturedSource *s, Relation rel)
{
	SourceView	view;
	Node	   *customer;
	Relation	queue;
	Snapshot	snapshot;
	text	   *zone;

	ct_source_of_row(rel, s->view, &view);
	for (int i = 0; i < SALE_EXPRESSIONS; i++)
	{
		c->calls |= ct_calls_functions(view.expr[i]);
		s->expression[i] = view.expr[i] ? expression_planner((Expr *) view.expr[i]) : NULL;
	}
	zone = ct_peel_day((Node **) &s->expression[SALE_DAY]);
	customer = (Node *) s->expression[SALE_CUSTOMER];
	customer_tier_sale_type(&s->type, exprType(customer), exprCollation(customer),
							exprType((Node *) s->expression[SALE_DAY]),
							exprType((Node *) s->expression[SALE_AMOUNT]), zone);
	/* by an output function, which depends on settings, and may be anybody's */
	c->calls |= ct_pack_form(s->type.customer.type) == PACK_OUTPUT;
	queue = ct_queue_open(s->queue, c->owner, c->relation, RowExclusiveLock);
	/* of now, however old the writer's own snapshot is */
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	s->epoch = ct_queue_epoch(queue, snapshot);
	UnregisterSnapshot(snapshot);
	table_close(queue, NoLock);
}

pg_noreturn static void
refuse_call(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("capture is called by the triggers that track makes, and by nothing else")));
}

/*
 * All that is written to or read belongs to the owner of the sales, else anybody could
 * have others' parts by a trigger on a table of their own.  The hint is the command that
 * mends it: one for the source if all of it stayed behind when the sales were given away,
 * else for what was given away alone.
 */
static void
check_owners(Relation rel, List *parts)
{
	Oid			sales = RelationGetRelid(rel);
	Oid			root = rel->rd_rel->relispartition ? llast_oid(get_partition_ancestors(sales)) : sales;
	Oid			owner = ct_owner_of(root);
	Oid			stray = InvalidOid;
	int			strays = 0;

	for (int i = 0; i < list_length(parts); i++)
		if (ct_owner_of(list_nth_oid(parts, i)) != owner)
		{
			/* the state may be away: it is not written to */
			if (!OidIsValid(stray) && i % PARTS_A_SOURCE != PARTS_A_SOURCE - 1)
				stray = list_nth_oid(parts, i);
			strays++;
		}
	if (!OidIsValid(stray) && owner != rel->rd_rel->relowner)
		stray = sales;
	if (!OidIsValid(stray))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("\"%s\" does not belong to the owner of the sales", get_rel_name(stray)),
			 strays == list_length(parts) ? ct_mend_hint(sales) :
			 errhint("ALTER %s %s OWNER TO %s; mends the source.",
					 get_rel_relkind(stray) == RELKIND_VIEW ? "VIEW" : "TABLE",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(stray)), get_rel_name(stray)),
					 quote_identifier(GetUserNameFromId(owner, false)))));
}

/*
 * As the owner, for planning may already call functions, and with nobody's search_path.
 * They may write to this very table: what they find is another Capture than this.
 */
static Capture *
read_capture(Relation rel, Trigger *trigger)
{
	List	   *parts = trigger->tgqual == NULL ? NIL : ct_relations_in(stringToNode(trigger->tgqual));
	int			n = list_length(parts) / PARTS_A_SOURCE;
	MemoryContext context;
	MemoryContext old;
	OwnerSwitch saved;
	uint64		before = changes;
	Capture    *c;

	if (n == 0 || list_length(parts) % PARTS_A_SOURCE != 0)
		refuse_call();
	check_owners(rel, parts);
	context = AllocSetContextCreate(CurrentMemoryContext, "customer_tier capture", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	c = palloc0(offsetof(Capture, source) + n * sizeof(CapturedSource));
	c->context = context;
	c->owner = rel->rd_rel->relowner;
	c->relation = RelationGetRelid(rel);
	c->n = n;
	ct_become_owner(&saved, c->owner);
	for (int i = 0; i < n; i++)
	{
		c->source[i].view = list_nth_oid(parts, PARTS_A_SOURCE * i);
		c->source[i].queue = list_nth_oid(parts, PARTS_A_SOURCE * i + 1);
		c->source[i].state = list_nth_oid(parts, PARTS_A_SOURCE * i + 2);
		read_source(c, &c->source[i], rel);
	}
	ct_resign(&saved);
	MemoryContextSwitchTo(old);
	c->valid = changes == before;
	return c;
}

/* whether it served this subtransaction before, which then holds the locks it needs */
static bool
is_ready(const Capture *c)
{
	return c->ready != NULL && FullTransactionIdEquals(c->transaction, GetTopFullTransactionId()) &&
		c->subtransaction == GetCurrentSubTransactionId();
}

static Capture *
get_capture(TriggerData *t)
{
	CaptureEntry *e;
	Capture    *c;
	bool		found;

	if (captures == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(Oid);
		ctl.entrysize = sizeof(CaptureEntry);
		ctl.hcxt = CacheMemoryContext;
		captures = hash_create("customer_tier captures", 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		CacheRegisterRelcacheCallback(forget_relation, (Datum) 0);
		CacheRegisterSyscacheCallback(PROCOID, forget_all, (Datum) 0);
		CacheRegisterSyscacheCallback(TYPEOID, forget_all, (Datum) 0);
	}
	sweep();
	e = hash_search(captures, &t->tg_trigger->tgoid, HASH_FIND, NULL);
	if (e != NULL)
	{
		c = e->capture;
		if (c->valid && is_ready(c))
			return c;
		/* who replaces a view waits for this transaction, or has told us by now */
		for (int i = 0; i < c->n; i++)
			LockRelationOid(c->source[i].view, AccessShareLock);
		if (c->valid)
			return c;
	}
	c = read_capture(t->tg_relation, t->tg_trigger);
	sweep();
	e = hash_search(captures, &t->tg_trigger->tgoid, HASH_ENTER, &found);
	if (found)
		release(e->capture);
	MemoryContextSetParent(c->context, CacheMemoryContext);
	e->capture = c;
	return c;
}

/*
 * A row trigger is called for each row, and finds what the row before it left.  Not
 * where functions are called that might write to the table themselves.
 */
static Evaluation *
get_evaluation(Capture *c, ExprContext **econtext)
{
	MemoryContext old;
	MemoryContext context = CurrentMemoryContext;
	Evaluation *evaluation;

	if (!c->calls && is_ready(c))
	{
		*econtext = c->econtext;
		return c->evaluation;
	}
	if (!c->calls)
	{
		if (c->ready != NULL)
			MemoryContextDelete(c->ready);
		c->ready = NULL;
		context = AllocSetContextCreate(c->context, "customer_tier expressions", ALLOCSET_SMALL_SIZES);
	}
	old = MemoryContextSwitchTo(context);
	*econtext = CreateStandaloneExprContext();
	evaluation = palloc0(c->n * sizeof(Evaluation));
	for (int i = 0; i < c->n; i++)
		for (int j = 0; j < SALE_EXPRESSIONS; j++)
			if (c->source[i].expression[j] != NULL)
				evaluation[i].expression[j] = ExecInitExpr(c->source[i].expression[j], NULL);
	MemoryContextSwitchTo(old);
	if (!c->calls)
	{
		c->ready = context;
		c->econtext = *econtext;
		c->evaluation = evaluation;
		c->transaction = GetTopFullTransactionId();
		c->subtransaction = GetCurrentSubTransactionId();
	}
	return evaluation;
}

/*
 * A customer whom the index of the ledgers does not take would let every refresh fail.
 * An index compresses what is long.
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
				 errhint("At most %d are sure to be taken.  Let the customer of the source be a hash, such as md5(...).",
						 CUSTOMER_BYTES_MAX)));
}

/* what a row says; false if it is nobody's, or nothing that counts */
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
	for (int i = 0; i < SALE_FILTER; i++)
	{
		value[i] = ExecEvalExprSwitchContext(e->expression[i], econtext, &isnull);
		if (isnull)
			return false;
	}
	sale->customer = value[SALE_CUSTOMER];
	if (type->customer.len == -1)
	{
		struct varlena *customer = PG_DETOAST_DATUM_PACKED(sale->customer);

		/* what goes came in before */
		if (!sale->undo)
			check_customer(customer);
		sale->customer = PointerGetDatum(customer);
	}
	sale->day = sale_day(type, value[SALE_DAY]);
	sale->amount = sale_amount(type, value[SALE_AMOUNT]);
	return true;
}

static void
add_table(Capture *c, QueueWriter *w, Relation rel, Tuplestorestate *rows, bool undo)
{
	TupleTableSlot *slot;
	ExprContext *econtext = NULL;
	Evaluation *e = NULL;
	Sale		sale = {.undo = undo};

	if (rows == NULL)
		return;
	slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsMinimalTuple);
	/* read pointer 0 is nobody's: queries over a transition table have their own */
	tuplestore_select_read_pointer(rows, 0);
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (e == NULL)
			e = get_evaluation(c, &econtext);
		for (int i = 0; i < c->n; i++)
			if (evaluate(&c->source[i].type, &e[i], econtext, slot, &sale))
				ct_queue_add(&w[i], &sale);
	}
	ExecDropSingleTupleTableSlot(slot);
}

static void
capture_statement(TriggerData *t, Capture *c)
{
	QueueWriter *w = palloc(c->n * sizeof(QueueWriter));

	for (int i = 0; i < c->n; i++)
		ct_queue_begin(&w[i], c->source[i].queue, c->owner, c->relation, c->source[i].epoch,
					   &c->source[i].type.customer);
	add_table(c, w, t->tg_relation, t->tg_oldtable, true);
	add_table(c, w, t->tg_relation, t->tg_newtable, false);
	for (int i = 0; i < c->n; i++)
		ct_queue_write(&w[i]);
}

static void
capture_row(TriggerData *t, Capture *c)
{
	bool		inserts = TRIGGER_FIRED_BY_INSERT(t->tg_event);
	TupleTableSlot *went = inserts ? NULL : t->tg_trigslot;
	TupleTableSlot *came = inserts ? t->tg_trigslot : TRIGGER_FIRED_BY_UPDATE(t->tg_event) ? t->tg_newslot : NULL;
	ExprContext *econtext;
	Evaluation *e = get_evaluation(c, &econtext);

	for (int i = 0; i < c->n; i++)
	{
		CapturedSource *s = &c->source[i];
		QueueWriter *gathering = ct_gathering(s->queue);
		QueueWriter own;
		QueueWriter *w = gathering;
		Sale		sale;

		if (gathering == NULL)
		{
			w = &own;
			ct_queue_begin(w, s->queue, c->owner, c->relation, s->epoch, &s->type.customer);
		}
		sale.undo = true;
		if (went != NULL && evaluate(&s->type, &e[i], econtext, went, &sale))
			ct_queue_add(w, &sale);
		sale.undo = false;
		if (came != NULL && evaluate(&s->type, &e[i], econtext, came, &sale))
			ct_queue_add(w, &sale);
		if (gathering == NULL)
			ct_queue_write(w);
	}
}

/* what a trigger that track makes is there for */
typedef enum Event
{
	NO_EVENT, EMPTIED, STATEMENT_BEGINS, STATEMENT_ENDS, STATEMENT, ROW
} Event;

static Event
get_event(const TriggerData *t)
{
	TriggerEvent event = t->tg_event;

	/* before: rows that others' triggers write afterwards are there to stay */
	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		return TRIGGER_FIRED_BEFORE(event) ? EMPTIED : NO_EVENT;
	if (TRIGGER_FIRED_FOR_ROW(event))
		return TRIGGER_FIRED_AFTER(event) ? ROW : NO_EVENT;
	/* without tables the rows come one by one */
	if (t->tg_oldtable == NULL && t->tg_newtable == NULL)
		return TRIGGER_FIRED_BEFORE(event) ? STATEMENT_BEGINS : STATEMENT_ENDS;
	return (t->tg_oldtable == NULL) == (TRIGGER_FIRED_BY_INSERT(event) != 0) &&
		(t->tg_newtable == NULL) == (TRIGGER_FIRED_BY_DELETE(event) != 0) ? STATEMENT : NO_EVENT;
}

/* on a subscriber that is sent the publisher's queue, too, that one stands for the sales */
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

/* somebody's functions run as the owner, who might write to the sales by them */
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
			release(c);
	}
	PG_END_TRY();
	ct_resign(&saved);
}

static void
say_where(void *arg)
{
	errcontext("capture of sales of table \"%s\"", RelationGetRelationName((Relation) arg));
}

/* capture(): the trigger on the table of one or more sources; made by track */
Datum
ct_capture(PG_FUNCTION_ARGS)
{
	TriggerData *t = (TriggerData *) fcinfo->context;
	ErrorContextCallback where;
	MemoryContext context;
	MemoryContext old;
	Capture    *c;

	if (!CALLED_AS_TRIGGER(fcinfo) || get_event(t) == NO_EVENT)
		refuse_call();
	where.callback = say_where;
	where.arg = t->tg_relation;
	where.previous = error_context_stack;
	error_context_stack = &where;
	context = AllocSetContextCreate(CurrentMemoryContext, "customer_tier capture call", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	c = get_capture(t);
	if (c->calls)
		capture_as_owner(t, c);
	else
		capture(t, c);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	error_context_stack = where.previous;
	return PointerGetDatum(NULL);
}
