/*
 * gather.c
 *		Collects the sales of a statement's rows until the statement ends.
 *
 * A partitioned table has row triggers.  Their sales are collected for the running
 * statement, whose begin and end two statement triggers report.  A statement that
 * writes to a partition directly does not fire them; then each row is written to the
 * queue by itself.
 *
 * Statements nest, and the server does not always fire the AFTER trigger exactly once:
 * not if its caller fetches fewer rows than it returns, and several times where a
 * foreign key cascades.  So an end without a beginning is ignored, and sales that no end
 * has written are written before the queue is read, or when the subtransaction commits.
 */
#include "capture/gather.h"

#include "access/xact.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "capture/source_state.h"

/*
 * A running statement.  Its sales are written in its own subtransaction, so that a rollback
 * undoes them together with the rows.
 */
typedef struct Gathering
{
	struct Gathering *outer;
	SubTransactionId subtransaction;
	Oid			relid;			/* the table that the statement names */
	Oid			state;			/* of the source */
	MemoryContext context;
	CustomerType type;
	QueueWriter writer;
} Gathering;

static Gathering *innermost;

static void
forget(Gathering **link)
{
	Gathering  *g = *link;

	*link = g->outer;
	MemoryContextDelete(g->context);
}

static void
on_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
		ct_gather_write(InvalidOid);
	else if (event != XACT_EVENT_PARALLEL_PRE_COMMIT)
		innermost = NULL;		/* TopTransactionContext frees the memory */
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_PRE_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (innermost != NULL && innermost->subtransaction == subtransaction)
	{
		if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
			ct_queue_write(&innermost->writer);
		forget(&innermost);
	}
}

/*
 * ct_gather_begin
 *		Begins to collect for a statement that writes to the table "relid" of a source.
 *
 * Ends with ct_gather_end, or with the subtransaction.
 */
void
ct_gather_begin(Oid relid, Oid state, Oid queue, Oid owner, int32 epoch, const CustomerType *type)
{
	static bool registered = false;
	MemoryContext context;
	MemoryContext old;
	Gathering  *g;

	if (!registered)
	{
		RegisterXactCallback(on_transaction, NULL);
		RegisterSubXactCallback(on_subtransaction, NULL);
		registered = true;
	}
	context = AllocSetContextCreate(TopTransactionContext, "customer_tier statement", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	g = palloc(sizeof(Gathering));
	g->type = *type;
	fmgr_info_copy(&g->type.hash, (FmgrInfo *) &type->hash, context);
	fmgr_info_copy(&g->type.eq, (FmgrInfo *) &type->eq, context);
	g->outer = innermost;
	g->subtransaction = GetCurrentSubTransactionId();
	g->relid = relid;
	g->state = state;
	g->context = context;
	ct_queue_begin(&g->writer, queue, owner, relid, epoch, &g->type);
	innermost = g;
	MemoryContextSwitchTo(old);
}

/* the link to the innermost statement of a queue, if it belongs to the current subtransaction */
static Gathering **
find_gathering(Oid queue)
{
	Gathering **link = &innermost;

	while (*link != NULL && (*link)->writer.queue != queue)
		link = &(*link)->outer;
	return *link != NULL && (*link)->subtransaction == GetCurrentSubTransactionId() ? link : NULL;
}

/*
 * ct_gathering
 *		The queue writer of the running statement, or NULL.
 */
QueueWriter *
ct_gathering(Oid queue)
{
	Gathering **link = find_gathering(queue);

	return link != NULL ? &(*link)->writer : NULL;
}

/*
 * ct_gather_end
 *		Writes the sales of the running statement, and ends it.
 */
void
ct_gather_end(Oid queue)
{
	Gathering **link = find_gathering(queue);

	if (link == NULL)
		return;
	ct_queue_write(&(*link)->writer);
	forget(link);
}

/* whether a relation is the table of sales, or a part of the source, of a statement */
static bool
is_part(const Gathering *g, Oid relid)
{
	SourceState s;

	if (relid == g->relid || relid == g->state || relid == g->writer.queue)
		return true;
	if (!ct_read_state(g->state, true, &s, NULL))
		return false;
	for (int i = STATE_VIEW; i <= STATE_LIVE; i++)
		if (s.part[i] == relid)
			return true;
	return false;
}

/*
 * ct_gather_write
 *		Writes the collected sales of a table or of a source, which any of its parts may name;
 *		of all sources for InvalidOid.  The statements stay open.
 */
void
ct_gather_write(Oid relid)
{
	for (Gathering *g = innermost; g != NULL; g = g->outer)
	{
		if (g->writer.n == 0 || (OidIsValid(relid) && !is_part(g, relid)))
			continue;
		/* a rollback of the current subtransaction would undo the queue but not the sales */
		if (g->subtransaction != GetCurrentSubTransactionId())
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("a statement that writes to table \"%s\" is not at its end", get_rel_name(g->relid)),
					 errhint("Commit first, or ask outside of the block that catches exceptions.")));
		ct_queue_write(&g->writer);
	}
}
