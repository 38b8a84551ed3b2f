/*
 * gather.c
 *		What a statement's rows did to the sales, until the statement ends.
 *
 * A partitioned table has a trigger for each row; what its rows say is gathered for
 * the statement that is under way, as triggers before and after the statement tell.
 * Rows that are written to a partition directly have no such statement, and each
 * goes to the queue by itself.
 *
 * Statements nest, and the server does not always fire the trigger after one once:
 * never if somebody takes fewer rows than it returns, and more than once where a
 * foreign key cascades.  So an end without a beginning is nothing, and what no end
 * has written is written before anybody asks for it, or when its subtransaction
 * commits.
 */
#include "capture/gather.h"

#include "access/xact.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "capture/source_state.h"

/*
 * A statement under way.  It belongs to one subtransaction, and so does all that it
 * gathers, for that has to be undone with the sales.
 */
typedef struct Gathering
{
	struct Gathering *outer;
	SubTransactionId subtransaction;
	Oid			relid;			/* what it writes to */
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
		innermost = NULL;		/* its memory goes with the transaction's */
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
 *		A statement begins that writes to the sales "relid" of a source.
 *
 * What it gathers lives until ct_gather_end, or until its subtransaction ends.
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

/* where the innermost statement is, if it belongs to the subtransaction at hand */
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
 *		The writer of the statement under way, or NULL.
 */
QueueWriter *
ct_gathering(Oid queue)
{
	Gathering **link = find_gathering(queue);

	return link != NULL ? &(*link)->writer : NULL;
}

/*
 * ct_gather_end
 *		Writes what the statement under way has gathered, and forgets it.
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

/* whether a relation is the sales of a statement's source, or one of its parts */
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
 *		Writes what is gathered of a table of sales, or of a source by any of its parts,
 *		or of all for InvalidOid; statements go on.
 */
void
ct_gather_write(Oid relid)
{
	for (Gathering *g = innermost; g != NULL; g = g->outer)
	{
		if (g->writer.n == 0 || (OidIsValid(relid) && !is_part(g, relid)))
			continue;
		/* here it would be undone with the subtransaction, unlike the sales */
		if (g->subtransaction != GetCurrentSubTransactionId())
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("a statement that writes to table \"%s\" is not at its end", get_rel_name(g->relid)),
					 errhint("Commit first, or ask outside of the block that catches exceptions.")));
		ct_queue_write(&g->writer);
	}
}
