/*
 * query.c
 *		Runs a query and hands over its rows one by one, without storing them.
 *
 * The query runs with the rights of the caller.
 */
#include "base/query.h"

#include "mb/pg_wchar.h"
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

static void
point_into_sql(void *arg)
{
	QuotedSql  *q = arg;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		/* what is wrong may be where it ends */
		internalerrposition(Max(Min(position - q->offset, pg_mbstrlen(q->sql)), 1));
		internalerrquery(q->sql);
	}
}

/*
 * ct_push_quoted_sql
 *		Makes positions of errors refer to "sql", until ct_pop_quoted_sql.
 *
 * "q" and "sql" must live until then.
 */
void
ct_push_quoted_sql(QuotedSql *q, const char *sql, int offset)
{
	q->sql = sql;
	q->offset = offset;
	q->callback.callback = point_into_sql;
	q->callback.arg = q;
	q->callback.previous = error_context_stack;
	error_context_stack = &q->callback;
}

/*
 * ct_pop_quoted_sql
 *		Ends what ct_push_quoted_sql began.
 */
void
ct_pop_quoted_sql(const QuotedSql *q)
{
	error_context_stack = q->callback.previous;
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
			 errhint("For example: %s('SELECT %s'%s).", function,
					 strcmp(function, "referrals") == 0 ? "customer, referrer FROM referral" :
					 strcmp(function, "funnel") == 0 ? "opportunity, stage, entered_on FROM opportunity" :
					 strcmp(function, "referred_share") == 0 ? "customer, referrer, ledger FROM referral" :
					 "customer_id, sold_at, amount FROM sales",
					 strcmp(function, "tiers") == 0 ? ", 'rfm', '2026-01-01'" :
					 strcmp(function, "funnel") == 0 || strcmp(function, "referred_share") == 0 ? ", ..." : "")));
}

/*
 * ct_run_query_within
 *		Runs a SELECT: calls "start" with its columns, then "receive" with each row.
 *
 * "sql" is put between "before" and "after"; positions of errors are those in "sql".  If it is
 * not a read-only SELECT, the error names "function".  "receive" is called in the current memory
 * context, which is not reset; the slot is valid during the call.  The query takes the locks of
 * any SELECT.
 */
void
ct_run_query_within(const char *before, const char *sql, const char *after, const char *function, StartRows start,
					ReceiveRow receive, void *arg)
{
	char	   *whole = psprintf("%s%s%s", before, sql, after);
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
	PlannedStmt *plan;
	QueryDesc  *query;
	QuotedSql	quoted;

	ct_push_quoted_sql(&quoted, sql, pg_mbstrlen(before));
	plan = plan_query(whole, function);
	ct_pop_quoted_sql(&quoted);
	PushCopiedSnapshot(GetActiveSnapshot());
	UpdateActiveSnapshotCommandId();
	query = CreateQueryDesc(plan, whole, GetActiveSnapshot(), InvalidSnapshot, &r.pub, NULL, NULL, 0);
	ExecutorStart(query, 0);
	start(arg, query->tupDesc);
	ExecutorRunOnce(query);
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
	PopActiveSnapshot();
}

/*
 * ct_run_query
 *		The same for a query as it is.
 */
void
ct_run_query(const char *sql, const char *function, StartRows start, ReceiveRow receive, void *arg)
{
	ct_run_query_within("", sql, "", function, start, receive, arg);
}
