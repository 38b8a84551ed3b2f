/*
 * capture.c
 *		The trigger that writes down what a statement did to the sales.
 *
 * It appends to the queue, a plain table of the source's owner, one ledger for
 * each customer that the statement touched: what came, less what went.  Triggers
 * with transition tables do so at once; those for each row leave it to deltas.c.  It takes
 * no lock that another writer would wait for.  A row's expressions run as the
 * owner of the queue, if they call anybody's functions at all.
 *
 * All that the trigger needs is in its arguments, so that a writer whose snapshot
 * is older than the registration loses nothing:
 *		queue, customer, amount, sold_at, filter or '', time zone or ''
 */
#include "capture.h"

#include "access/transam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "deltas.h"

PG_FUNCTION_INFO_V1(customer_tier_capture);

#define CAPTURE_ARGS	6

/*
 * What a trigger's arguments mean, kept for the session until something changes.
 * An entry that is not valid is freed when the next one is made, unless a call that
 * uses it is under way.
 */
typedef struct Capture
{
	Oid			trigger;		/* key */
	bool		valid;
	Oid			relation;
	QueueAddress queue;
	bool		calls;			/* functions that are not the server's own */
	MemoryContext context;
	SaleType	type;
	Expr	   *expression[SALE_EXPRESSIONS];

	int			depth;			/* calls that are under way, if it calls functions */
	struct Evaluation *ready;	/* kept for the rows of one subtransaction */
	FullTransactionId transaction;
	SubTransactionId subtransaction;
} Capture;

static HTAB *captures;
static uint64 changes;			/* so many times something was forgotten */

static void
forget_relation(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS seq;
	Capture    *c;

	changes++;
	hash_seq_init(&seq, captures);
	while ((c = hash_seq_search(&seq)) != NULL)
		if (!OidIsValid(relid) || c->relation == relid || c->queue.relid == relid)
			c->valid = false;
}

static void
forget_all(Datum arg, int cache, uint32 hash)
{
	forget_relation(arg, InvalidOid);
}

static bool
is_not_of_server(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

static bool
calls_functions(Node *node, void *context)
{
	if (node == NULL)
		return false;
	/* a domain's constraints may call any */
	return IsA(node, CoerceToDomain) || check_functions_in_node(node, is_not_of_server, context) ||
		expression_tree_walker(node, calls_functions, context);
}

/* as the owner, for planning may already call functions, and with nobody's search_path */
static void
read_arguments(Capture *c, Relation rel, char **arg, Oid ledger)
{
	QueueAddress queue = customer_tier_queue_find(arg[0], rel->rd_rel->relowner, ledger);
	MemoryContext old = MemoryContextSwitchTo(c->context);
	int			nest = NewGUCNestLevel();
	Node	   *customer;
	Oid			user;
	int			security;

	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(queue.owner, security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	customer_tier_safe_search_path();
	c->relation = RelationGetRelid(rel);
	c->queue = queue;
	c->calls = false;
	for (int i = 0; i < SALE_EXPRESSIONS; i++)
	{
		Node	   *expr = NULL;

		if (i != SALE_FILTER || arg[i + 1][0] != '\0')
			expr = customer_tier_parse_expression(rel, arg[i + 1], i);
		c->calls |= calls_functions(expr, NULL);
		c->expression[i] = expr ? expression_planner((Expr *) expr) : NULL;
	}
	customer = (Node *) c->expression[SALE_CUSTOMER];
	customer_tier_sale_type(&c->type, exprType(customer), exprCollation(customer),
							exprType((Node *) c->expression[SALE_DAY]),
							exprType((Node *) c->expression[SALE_AMOUNT]),
							arg[CAPTURE_ARGS - 1][0] == '\0' ? NULL : cstring_to_text(arg[CAPTURE_ARGS - 1]));
	if (queue.customer != c->type.customer.type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the customer of a sale is now of type %s, in the queue of type %s",
						format_type_be(c->type.customer.type), format_type_be(queue.customer))));
	AtEOXact_GUC(true, nest);
	SetUserIdAndSecContext(user, security);
	MemoryContextSwitchTo(old);
}

/* entries that are not valid any more: that of a dropped trigger would stay for ever */
static void
free_invalid(void)
{
	HASH_SEQ_STATUS seq;
	Capture    *c;

	hash_seq_init(&seq, captures);
	while ((c = hash_seq_search(&seq)) != NULL)
		if (!c->valid && c->depth == 0)
		{
			MemoryContextDelete(c->context);
			hash_search(captures, &c->trigger, HASH_REMOVE, NULL);
		}
}

static Capture *
get_capture(TriggerData *t, Oid ledger)
{
	Capture		made = {0};
	Capture    *c;
	bool		found;
	uint64		before;

	if (captures == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(Oid);
		ctl.entrysize = sizeof(Capture);
		ctl.hcxt = CacheMemoryContext;
		captures = hash_create("customer_tier captures", 16, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		CacheRegisterRelcacheCallback(forget_relation, (Datum) 0);
		CacheRegisterSyscacheCallback(PROCOID, forget_all, (Datum) 0);
		CacheRegisterSyscacheCallback(TYPEOID, forget_all, (Datum) 0);
	}
	c = hash_search(captures, &t->tg_trigger->tgoid, HASH_FIND, NULL);
	if (c != NULL && (c->valid || c->depth > 0))
		return c;				/* what is under way goes on as it began */

	/*
	 * Planning may call functions of the owner, which may write to the same table and
	 * so come here again.  The entry is made apart from the table of entries, and
	 * takes the place of what a call in between has made and left.
	 */
	made.context = AllocSetContextCreate(CurrentMemoryContext, "customer_tier capture", ALLOCSET_SMALL_SIZES);
	before = changes;
	read_arguments(&made, t->tg_relation, t->tg_trigger->tgargs, ledger);
	made.trigger = t->tg_trigger->tgoid;
	made.valid = changes == before;
	free_invalid();
	c = hash_search(captures, &made.trigger, HASH_ENTER, &found);
	Assert(!found || c->depth == 0);
	if (found)
		MemoryContextDelete(c->context);
	MemoryContextSetParent(made.context, CacheMemoryContext);
	*c = made;
	return c;
}

/* expressions, ready to be evaluated */
typedef struct Evaluation
{
	MemoryContext context;
	ExprContext *econtext;
	ExprState  *expression[SALE_EXPRESSIONS];
} Evaluation;

static Evaluation *
evaluation_new(const Capture *c, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "customer_tier expressions", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Evaluation *e = palloc0(sizeof(Evaluation));

	e->context = context;
	e->econtext = CreateStandaloneExprContext();
	for (int i = 0; i < SALE_EXPRESSIONS; i++)
		if (c->expression[i] != NULL)
			e->expression[i] = ExecInitExpr(c->expression[i], NULL);
	MemoryContextSwitchTo(old);
	return e;
}

/*
 * A row trigger is called for each row, and finds what the row before it left.  Not
 * where functions are called that might write to the table themselves.
 */
static Evaluation *
get_evaluation(Capture *c)
{
	FullTransactionId transaction = GetTopFullTransactionId();
	SubTransactionId subtransaction = GetCurrentSubTransactionId();

	if (c->calls)
		return evaluation_new(c, CurrentMemoryContext);
	if (c->ready != NULL && FullTransactionIdEquals(c->transaction, transaction) &&
		c->subtransaction == subtransaction)
		return c->ready;
	if (c->ready != NULL)
		MemoryContextDelete(c->ready->context);
	c->ready = NULL;
	c->ready = evaluation_new(c, c->context);
	c->transaction = transaction;
	c->subtransaction = subtransaction;
	return c->ready;
}

/* what a row says; false if it is nobody's, or nothing that counts */
static bool
evaluate(const Capture *c, Evaluation *e, TupleTableSlot *row, CapturedSale *sale)
{
	const SaleType *type = &c->type;
	Datum		value[SALE_EXPRESSIONS];
	bool		isnull;

	ResetExprContext(e->econtext);
	e->econtext->ecxt_scantuple = row;
	if (e->expression[SALE_FILTER] != NULL &&
		(!DatumGetBool(ExecEvalExprSwitchContext(e->expression[SALE_FILTER], e->econtext, &isnull)) || isnull))
		return false;
	for (int i = 0; i < SALE_FILTER; i++)
	{
		value[i] = ExecEvalExprSwitchContext(e->expression[i], e->econtext, &isnull);
		if (isnull)
			return false;
	}
	sale->customer = value[SALE_CUSTOMER];
	if (type->customer.len == -1)
		sale->customer = PointerGetDatum(PG_DETOAST_DATUM_PACKED(sale->customer));
	sale->day = sale_day(type, value[SALE_DAY]);
	sale->amount = sale_amount(type, value[SALE_AMOUNT]);
	return true;
}

static void
add_table(Deltas *d, Capture *c, Relation rel, Tuplestorestate *rows, bool undo)
{
	TupleTableSlot *slot;
	Evaluation *e = NULL;
	CapturedSale sale = {.undo = undo};

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
			e = get_evaluation(c);
		if (evaluate(c, e, slot, &sale))
			customer_tier_deltas_add(d, &sale);
	}
	ExecDropSingleTupleTableSlot(slot);
}

/* with others of its statement, or by itself */
static void
add_row(Capture *c, Evaluation *e, TupleTableSlot *row, bool undo, Deltas **itself)
{
	CapturedSale sale = {.undo = undo};
	Deltas	   *d;

	if (row == NULL || !evaluate(c, e, row, &sale))
		return;
	d = customer_tier_gathering(c->queue.relid);
	if (d == NULL)
	{
		if (*itself == NULL)
			*itself = customer_tier_deltas_new(&c->type.customer, &c->queue);
		d = *itself;
	}
	customer_tier_deltas_add(d, &sale);
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

static void
write_emptied(const Capture *c)
{
	Queue	   *queue = customer_tier_queue_open(&c->queue);

	customer_tier_queue_add_emptied(queue);
	customer_tier_queue_close(queue);
}

static void
capture(TriggerData *t, Capture *c)
{
	Deltas	   *d = NULL;
	Evaluation *e;
	bool		inserts = TRIGGER_FIRED_BY_INSERT(t->tg_event);

	switch (get_event(t))
	{
		case EMPTIED:
			customer_tier_gather_write(c->relation);
			write_emptied(c);
			break;
		case STATEMENT_BEGINS:
			customer_tier_gather_begin(c->relation, &c->type.customer, &c->queue);
			break;
		case STATEMENT_ENDS:
			customer_tier_gather_end(c->queue.relid);
			break;
		case STATEMENT:
			d = customer_tier_deltas_new(&c->type.customer, &c->queue);
			add_table(d, c, t->tg_relation, t->tg_oldtable, true);
			add_table(d, c, t->tg_relation, t->tg_newtable, false);
			break;
		case ROW:
			e = get_evaluation(c);
			add_row(c, e, inserts ? NULL : t->tg_trigslot, true, &d);
			add_row(c, e, inserts ? t->tg_trigslot : TRIGGER_FIRED_BY_UPDATE(t->tg_event) ? t->tg_newslot : NULL, false, &d);
			break;
		case NO_EVENT:
			break;
	}
	if (d != NULL)
		customer_tier_deltas_write(d);
}

/* somebody's functions run as the owner of the queue, who might write to the sales by them */
static void
capture_as_owner(TriggerData *t, Capture *c)
{
	int			nest = NewGUCNestLevel();
	Oid			user;
	int			security;

	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(c->queue.owner, security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	customer_tier_safe_search_path();
	c->depth++;
	PG_TRY();
	{
		capture(t, c);
	}
	PG_FINALLY();
	{
		c->depth--;
	}
	PG_END_TRY();
	AtEOXact_GUC(false, nest);
	SetUserIdAndSecContext(user, security);
}

static void
say_where(void *arg)
{
	char	   *name = RelationGetRelationName((Relation) arg);

	errcontext("capture of sales of table %s; customer_tier.untrack lets go of it", quote_identifier(name));
}

Datum
customer_tier_capture(PG_FUNCTION_ARGS)
{
	TriggerData *t = (TriggerData *) fcinfo->context;
	ErrorContextCallback where;
	MemoryContext context;
	MemoryContext old;
	Capture    *c;

	if (!CALLED_AS_TRIGGER(fcinfo) || t->tg_trigger->tgnargs != CAPTURE_ARGS || get_event(t) == NO_EVENT)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("capture is called by the triggers that track makes, and by nothing else")));

	where.callback = say_where;
	where.arg = t->tg_relation;
	where.previous = error_context_stack;
	error_context_stack = &where;
	context = AllocSetContextCreate(CurrentMemoryContext, "customer_tier deltas", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	c = get_capture(t, customer_tier_ledger_type(fcinfo->flinfo->fn_oid));
	if (c->calls)
		capture_as_owner(t, c);
	else
		capture(t, c);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	error_context_stack = where.previous;
	return PointerGetDatum(NULL);
}
