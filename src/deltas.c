/*
 * deltas.c
 *		What writers did to the sales, until it is written to the queue.
 *
 * Of one statement, or of one row.  A partitioned table has a trigger for each row;
 * what its rows say is gathered for the statement that is under way, as triggers
 * before and after the statement tell.  Rows that are written to a partition
 * directly have no such statement, and each goes to the queue by itself.
 *
 * Statements nest, and the server does not always fire the trigger after one once:
 * never if somebody takes fewer rows than it returns, and more than once where a
 * foreign key cascades.  So an end without a beginning is nothing, and what no end
 * has written is written before anybody asks for it, or when its subtransaction
 * commits.
 */
#include "deltas.h"

#include "access/xact.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "scatter.h"

#define FEW_SALES		32		/* so many are grouped without a hash table */

struct Deltas
{
	MemoryContext context;
	const CustomerType *type;
	QueueAddress queue;
	ResourceOwner owner;		/* of files */
	Scatter    *scatter;		/* of more than a few */
	int			n;
	CapturedSale few[FEW_SALES];
};

/*
 * A statement under way.  It belongs to one subtransaction, and so does all that it
 * gathers, for that has to be undone with the sales.
 */
typedef struct Gathering
{
	struct Gathering *outer;
	SubTransactionId subtransaction;
	Oid			relid;			/* what it writes to */
	MemoryContext context;
	Deltas	   *deltas;
} Gathering;

static Gathering *innermost;

Deltas *
customer_tier_deltas_new(const CustomerType *type, const QueueAddress *queue)
{
	Deltas	   *d = palloc(sizeof(Deltas));

	d->context = CurrentMemoryContext;
	d->type = type;
	d->queue = *queue;
	d->owner = CurrentResourceOwner;
	d->scatter = NULL;
	d->n = 0;
	return d;
}

static void
begin_scatter(Deltas *d)
{
	MemoryContext old = MemoryContextSwitchTo(d->context);
	ResourceOwner owner = CurrentResourceOwner;

	CurrentResourceOwner = d->owner;
	d->scatter = customer_tier_scatter_begin(d->type);
	CurrentResourceOwner = owner;
	MemoryContextSwitchTo(old);
	for (int i = 0; i < d->n; i++)
		customer_tier_scatter_add(d->scatter, d->few[i].customer, d->few[i].day,
								  d->few[i].amount, d->few[i].undo);
}

void
customer_tier_deltas_add(Deltas *d, const CapturedSale *sale)
{
	if (d->scatter == NULL && d->n < FEW_SALES)
	{
		MemoryContext old = MemoryContextSwitchTo(d->context);

		d->few[d->n] = *sale;
		d->few[d->n++].customer = datumCopy(sale->customer, d->type->byval, d->type->len);
		MemoryContextSwitchTo(old);
		return;
	}
	if (d->scatter == NULL)
		begin_scatter(d);
	customer_tier_scatter_add(d->scatter, sale->customer, sale->day, sale->amount, sale->undo);
}

/* few sales: each with all later ones of its customer */
static void
write_few(Deltas *d, Queue *queue)
{
	const CustomerType *type = d->type;
	bool		done[FEW_SALES] = {false};

	for (int i = 0; i < d->n; i++)
	{
		LedgerLog  *log;
		Datum		customer = d->few[i].customer;

		if (done[i])
			continue;
		log = customer_tier_log_new();
		for (int j = i; j < d->n; j++)
		{
			const CapturedSale *sale = &d->few[j];

			if (done[j] || !same_customer(type, sale->customer, d->few[i].customer))
				continue;
			done[j] = true;
			if (!type->byval && stands_before(type, sale->customer, customer))
				customer = sale->customer;
			log = sale->undo ? customer_tier_log_undo_row(log, sale->day, sale->amount) :
				ledger_log_add_row(log, sale->day, sale->amount);
		}
		customer_tier_queue_add(queue, customer, customer_tier_log_close(log));
	}
}

/* to the queue; there is nothing in d afterwards */
void
customer_tier_deltas_write(Deltas *d)
{
	Queue	   *queue;
	bool		snapshot = !ActiveSnapshotSet();

	if (d->n == 0)
		return;
	/* at the end of a transaction or subtransaction there is none */
	if (snapshot)
		PushActiveSnapshot(GetTransactionSnapshot());
	queue = customer_tier_queue_open(&d->queue);
	if (d->scatter != NULL)
		customer_tier_scatter_end(d->scatter, customer_tier_queue_add, queue);
	else
		write_few(d, queue);
	customer_tier_queue_close(queue);
	if (snapshot)
		PopActiveSnapshot();
	d->scatter = NULL;
	d->n = 0;
}

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
		customer_tier_gather_write(InvalidOid);
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
			customer_tier_deltas_write(innermost->deltas);
		forget(&innermost);
	}
}

void
customer_tier_gather_begin(Oid relid, const CustomerType *type, const QueueAddress *queue)
{
	static bool registered = false;
	MemoryContext context;
	MemoryContext old;
	CustomerType *own;
	Gathering  *g;

	if (!registered)
	{
		RegisterXactCallback(on_transaction, NULL);
		RegisterSubXactCallback(on_subtransaction, NULL);
		registered = true;
	}
	context = AllocSetContextCreate(TopTransactionContext, "customer_tier statement", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	own = palloc(sizeof(CustomerType));
	*own = *type;
	fmgr_info_copy(&own->hash, (FmgrInfo *) &type->hash, context);
	fmgr_info_copy(&own->eq, (FmgrInfo *) &type->eq, context);
	g = palloc(sizeof(Gathering));
	g->outer = innermost;
	g->subtransaction = GetCurrentSubTransactionId();
	g->relid = relid;
	g->context = context;
	g->deltas = customer_tier_deltas_new(own, queue);
	/* the query at hand may end before the statement does */
	g->deltas->owner = CurTransactionResourceOwner;
	innermost = g;
	MemoryContextSwitchTo(old);
}

/* where the innermost statement is, if it belongs to the subtransaction at hand */
static Gathering **
find_gathering(Oid queue)
{
	Gathering **link = &innermost;

	while (*link != NULL && (*link)->deltas->queue.relid != queue)
		link = &(*link)->outer;
	return *link != NULL && (*link)->subtransaction == GetCurrentSubTransactionId() ? link : NULL;
}

/* what the statement under way has gathered, or NULL */
Deltas *
customer_tier_gathering(Oid queue)
{
	Gathering **link = find_gathering(queue);

	return link != NULL ? (*link)->deltas : NULL;
}

void
customer_tier_gather_end(Oid queue)
{
	Gathering **link = find_gathering(queue);

	if (link == NULL)
		return;
	customer_tier_deltas_write((*link)->deltas);
	forget(link);
}

/* what is gathered of a table or of all, for whoever asks for it; statements may go on */
void
customer_tier_gather_write(Oid relid)
{
	for (Gathering *g = innermost; g != NULL; g = g->outer)
	{
		if (g->deltas->n == 0 || (OidIsValid(relid) && g->relid != relid))
			continue;
		/* here it would be undone with the subtransaction, unlike the sales */
		if (g->subtransaction != GetCurrentSubTransactionId())
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("a statement that writes to table %s is not at its end", get_rel_name(relid)),
					 errhint("Commit first, or ask outside of the block that catches exceptions.")));
		customer_tier_deltas_write(g->deltas);
	}
}
