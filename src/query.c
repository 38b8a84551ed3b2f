/*
 * query.c
 *		The rows of a query, one by one, as the executor makes them.
 *
 * The query runs under the caller's own rights.  No row is stored on the way.
 */
#include "query.h"

#include "utils/snapmgr.h"

typedef struct RowReceiver
{
	DestReceiver pub;
	ReceiveRow	receive;
	void	   *arg;
} RowReceiver;

static bool
receive_slot(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *r = (RowReceiver *) self;

	r->receive(r->arg, slot);
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
plan_query(const char *sql, const char *function)
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
			 errmsg("%s needs one SELECT that only reads", function),
			 errhint("For example: %s('SELECT customer_id, sold_at, amount FROM sales'%s).",
					 function, strcmp(function, "tiers") == 0 ? ", 'rfm', '2026-01-01'" : "")));
}

/*
 * ct_run_query
 *		Hands the columns of a SELECT to "start", and then each row to "receive".
 *
 * "function" is named in the message if it is anything else.  Rows are received in the
 * current memory context, which is not reset; their slot is valid during the call.
 */
void
ct_run_query(const char *sql, const char *function, StartRows start, ReceiveRow receive, void *arg)
{
	RowReceiver r = {
		.pub = {
			.receiveSlot = receive_slot,
			.rStartup = receiver_startup,
			.rShutdown = receiver_nothing,
			.rDestroy = receiver_nothing,
			.mydest = DestNone
		},
		.receive = receive,
		.arg = arg
	};
	PlannedStmt *plan = plan_query(sql, function);
	QueryDesc  *query;

	PushCopiedSnapshot(GetActiveSnapshot());
	UpdateActiveSnapshotCommandId();
	query = CreateQueryDesc(plan, sql, GetActiveSnapshot(), InvalidSnapshot, &r.pub, NULL, NULL, 0);
	ExecutorStart(query, 0);
	start(arg, query->tupDesc);
	ExecutorRunOnce(query);
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
	PopActiveSnapshot();
}
