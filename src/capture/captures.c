/*
 * captures.c
 *		A cache of what the triggers of tables capture.
 *
 * The WHEN clause of a trigger has three regclass constants for each source: the captured
 * view, the queue and the state.  PostgreSQL renames, dumps and restores such constants,
 * partitions inherit them, and the relcache has them whatever the writer's snapshot is.
 * The session caches what they lead to until an invalidation.
 */
#include "capture/captures.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "capture/as_owner.h"
#include "capture/packed_sales.h"
#include "capture/queue.h"
#include "capture/source_state.h"
#include "capture/source_view.h"
#include "capture/state.h"

#define PARTS_A_SOURCE	3

typedef struct CaptureEntry
{
	Oid			trigger;		/* key */
	Capture    *capture;
} CaptureEntry;

static HTAB *captures;
static uint64 changes;			/* number of invalidations */

static bool
concerns(const Capture *c, Oid relid)
{
	if (!OidIsValid(relid) || c->relation == relid)
		return true;
	for (int i = 0; i < c->n; i++)
		if (c->source[i].view == relid || c->source[i].queue == relid || c->source[i].state == relid)
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

/*
 * ct_release_capture
 *		Frees a capture as soon as no call uses it any more.
 */
void
ct_release_capture(Capture *c)
{
	c->detached = true;
	if (c->pins == 0)
		MemoryContextDelete(c->context);
}

/* removes invalid captures, including those of dropped triggers */
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
		ct_release_capture(c);
	}
}

/* fills a source of a capture from its view and its queue */
static void
read_source(Capture *c, CapturedSource *s, Relation rel)
{
	SourceView	view;
	Node	   *customer;
	Node	   *order;
	Relation	queue;
	Relation	state;
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
	order = (Node *) s->expression[SALE_ORDER];
	ct_sale_type(&s->type, exprType(customer), exprCollation(customer), exprType((Node *) s->expression[SALE_DAY]),
				 exprType((Node *) s->expression[SALE_AMOUNT]), order != NULL ? exprType(order) : InvalidOid, zone);
	/* PACK_OUTPUT calls an output function, which depends on settings and may be user-defined */
	c->calls |= ct_pack_form(s->type.customer.type) == PACK_OUTPUT;
	queue = ct_queue_open(s->queue, c->owner, c->relation, RowExclusiveLock);
	/* the writer's own snapshot may be too old to see the last marker */
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	s->epoch = ct_queue_epoch(queue, snapshot);
	UnregisterSnapshot(snapshot);
	table_close(queue, NoLock);
	/* close_source waits for writers before it changes this */
	state = try_relation_open(s->state, AccessShareLock);
	s->closed = state == NULL ? DATEVAL_NOBEGIN : ct_closed_until(state);
	if (state != NULL)
		relation_close(state, AccessShareLock);
}

/*
 * ct_refuse_capture
 *		The error for a call that does not come from a trigger that track() created.
 */
void
ct_refuse_capture(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("capture is called by the triggers that track makes, and by nothing else")));
}

/*
 * The view, the queue and the state must belong to the owner of the sales; otherwise a trigger
 * on any table could read or write the parts of another owner's source.  The hint names
 * alter_source if only the sales changed owner, or ALTER ... OWNER if one part did.
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
			/* capture does not write to the state, so its owner alone is no error */
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
 * Builds the capture of a trigger.  Runs as the owner, because planning may call functions.
 * These may write to the same table, which then builds a Capture of its own.
 */
static Capture *
read_capture(Relation rel, Trigger *trigger)
{
	List	   *parts = trigger->tgqual == NULL ? NIL : ct_relations_of(ct_read_node(trigger->tgqual));
	int			n = list_length(parts) / PARTS_A_SOURCE;
	MemoryContext context;
	MemoryContext old;
	OwnerSwitch saved;
	uint64		before = changes;
	Capture    *c;

	if (n == 0 || list_length(parts) % PARTS_A_SOURCE != 0)
		ct_refuse_capture();
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

/* whether this subtransaction used the capture before, and so holds the locks on the views */
static bool
is_ready(const Capture *c)
{
	return c->ready != NULL && FullTransactionIdEquals(c->transaction, GetTopFullTransactionId()) &&
		c->subtransaction == GetCurrentSubTransactionId();
}

/*
 * ct_get_capture
 *		Returns what a trigger captures.
 *
 * Keeps AccessShareLock on the views until the transaction ends, so that no session replaces them.
 */
Capture *
ct_get_capture(TriggerData *t)
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
		/* with the lock, a session that replaced the view has invalidated the capture by now */
		for (int i = 0; i < c->n; i++)
			LockRelationOid(c->source[i].view, AccessShareLock);
		if (c->valid)
			return c;
	}
	c = read_capture(t->tg_relation, t->tg_trigger);
	sweep();
	e = hash_search(captures, &t->tg_trigger->tgoid, HASH_ENTER, &found);
	if (found)
		ct_release_capture(e->capture);
	MemoryContextSetParent(c->context, CacheMemoryContext);
	e->capture = c;
	return c;
}

/*
 * ct_get_evaluation
 *		The expressions of a capture, ready for the rows of this call.
 *
 * A row trigger is called for each row and reuses the expressions of the previous row,
 * unless they call functions, which might write to the table themselves.
 */
Evaluation *
ct_get_evaluation(Capture *c, ExprContext **econtext)
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
