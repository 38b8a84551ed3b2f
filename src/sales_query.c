/*
 * sales_query.c
 *		A query of customer, day, amount, whose rows go straight to a scatter.
 *
 * It runs in the executor, under the caller's own rights: no tuple is formed, stored
 * or sorted on the way.
 */
#include "sales_query.h"

#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#define ROWS_A_RESET	1024	/* rows whose detoasted values may wait to be freed */

static bool
receive_sale(TupleTableSlot *slot, DestReceiver *self)
{
	SalesQuery *q = (SalesQuery *) self;
	MemoryContext old;
	Datum		customer;

	slot_getallattrs(slot);
	if (unlikely(slot->tts_isnull[0]))
	{
		q->no_customer++;
		return true;
	}
	if (unlikely(slot->tts_isnull[1] || slot->tts_isnull[2]))
	{
		q->no_value++;
		return true;
	}
	old = MemoryContextSwitchTo(q->scratch);
	if (unlikely(++q->rows % ROWS_A_RESET == 0))
		MemoryContextReset(q->scratch);
	customer = slot->tts_values[0];
	if (q->type.customer.len == -1)
		customer = PointerGetDatum(PG_DETOAST_DATUM_PACKED(customer));
	customer_tier_scatter_add(q->scatter, customer,
							  sale_day(&q->type, slot->tts_values[1]),
							  sale_amount(&q->type, slot->tts_values[2]),
							  q->columns == SALES_WITH_UNDO && DatumGetBool(slot->tts_values[3]));
	MemoryContextSwitchTo(old);
	return true;
}

static void
receiver_startup(DestReceiver *self, int operation, TupleDesc desc)
{
}

static void
receiver_nothing(DestReceiver *self)
{
}

static PlannedStmt *
plan_query(const char *sql)
{
	List	   *parsed = pg_parse_query(sql);
	List	   *rewritten;
	Query	   *query;

	if (list_length(parsed) == 1 &&
		IsA(linitial_node(RawStmt, parsed)->stmt, SelectStmt))
	{
		rewritten = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, parsed),
													   sql, NULL, 0, NULL);
		query = linitial_node(Query, rewritten);
		if (list_length(rewritten) == 1 && query->commandType == CMD_SELECT &&
			!query->hasModifyingCTE && query->rowMarks == NIL)
			return pg_plan_query(query, sql, CURSOR_OPT_PARALLEL_OK, NULL);
	}
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("roll_up needs one SELECT that only reads"),
			 errhint("For example: roll_up('SELECT customer_id, sold_at, amount FROM sales').")));
}

/*
 * ct_sales_begin
 *		Begins a query of so many columns, and says of what types they are.
 */
void
ct_sales_begin(SalesQuery *q, const char *sql, text *time_zone, int columns)
{
	PlannedStmt *plan = plan_query(sql);
	TupleDesc	desc;

	memset(q, 0, sizeof(*q));
	q->pub.receiveSlot = receive_sale;
	q->pub.rStartup = receiver_startup;
	q->pub.rShutdown = receiver_nothing;
	q->pub.rDestroy = receiver_nothing;
	q->pub.mydest = DestNone;
	q->columns = columns;
	q->scratch = AllocSetContextCreate(CurrentMemoryContext, "customer_tier row", ALLOCSET_DEFAULT_SIZES);
	PushCopiedSnapshot(GetActiveSnapshot());
	UpdateActiveSnapshotCommandId();
	q->query = CreateQueryDesc(plan, sql, GetActiveSnapshot(), InvalidSnapshot, &q->pub, NULL, NULL, 0);
	ExecutorStart(q->query, 0);
	desc = q->query->tupDesc;
	if (desc->natts != columns)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the query of roll_up must return three columns, not %d", desc->natts),
				 errhint("Let it select customer, day and amount, in this order.")));
	customer_tier_sale_type(&q->type,
							TupleDescAttr(desc, 0)->atttypid, TupleDescAttr(desc, 0)->attcollation,
							TupleDescAttr(desc, 1)->atttypid, TupleDescAttr(desc, 2)->atttypid, time_zone);
}

/*
 * ct_sales_run
 *		Runs it to its end, and returns what its rows went to.
 */
Scatter *
ct_sales_run(SalesQuery *q)
{
	q->scatter = customer_tier_scatter_begin(&q->type.customer);
	ExecutorRunOnce(q->query);
	ExecutorFinish(q->query);
	ExecutorEnd(q->query);
	FreeQueryDesc(q->query);
	PopActiveSnapshot();
	return q->scatter;
}
