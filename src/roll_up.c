/*
 * roll_up.c
 *		roll_up(query): every customer's ledger from a query of customer, day, amount.
 *
 * The query runs in the executor, under the caller's own rights, and its rows
 * go straight to the scatter: no tuple is formed, stored or sorted on the way.
 */
#include "scatter.h"

#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "names.h"
#include "sale.h"

PG_FUNCTION_INFO_V1(customer_tier_roll_up);

#define SALE_COLUMNS	3
#define ROWS_A_RESET	1024	/* rows whose detoasted values may wait to be freed */

typedef struct SalesReceiver
{
	DestReceiver pub;
	SaleType	type;
	MemoryContext scratch;
	Scatter    *scatter;
	uint64		rows;
	uint64		no_customer;
	uint64		no_value;		/* no day, or no amount */
} SalesReceiver;

static bool
receive_sale(TupleTableSlot *slot, DestReceiver *self)
{
	SalesReceiver *r = (SalesReceiver *) self;
	MemoryContext old;
	Datum		customer;

	slot_getsomeattrs(slot, SALE_COLUMNS);
	if (unlikely(slot->tts_isnull[0]))
	{
		r->no_customer++;
		return true;
	}
	if (unlikely(slot->tts_isnull[1] || slot->tts_isnull[2]))
	{
		r->no_value++;
		return true;
	}
	old = MemoryContextSwitchTo(r->scratch);
	if (unlikely(++r->rows % ROWS_A_RESET == 0))
		MemoryContextReset(r->scratch);
	customer = slot->tts_values[0];
	if (r->type.customer.len == -1)
		customer = PointerGetDatum(PG_DETOAST_DATUM_PACKED(customer));
	customer_tier_scatter_add(r->scatter, customer,
							  sale_day(&r->type, slot->tts_values[1]),
							  sale_amount(&r->type, slot->tts_values[2]), false);
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

static void
check_columns(SalesReceiver *r, TupleDesc desc, text *time_zone)
{
	if (desc->natts != SALE_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the query of roll_up must return three columns, not %d", desc->natts),
				 errhint("Let it select customer, day and amount, in this order.")));
	customer_tier_sale_type(&r->type,
							TupleDescAttr(desc, 0)->atttypid, TupleDescAttr(desc, 0)->attcollation,
							TupleDescAttr(desc, 1)->atttypid, TupleDescAttr(desc, 2)->atttypid, time_zone);
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

/* the call's column list against what there is to return */
static void
check_result(FunctionCallInfo fcinfo, const SalesReceiver *r, TupleDesc expected)
{
	Oid			ledger = ct_type("ledger");

	if (expected->natts != 2 ||
		getBaseType(TupleDescAttr(expected, 0)->atttypid) != r->type.customer.type ||
		getBaseType(TupleDescAttr(expected, 1)->atttypid) != ledger)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the column list of roll_up does not match its query"),
				 errhint("Call it as: roll_up(...) AS (customer %s, ledger %s.ledger).",
						 format_type_be(r->type.customer.type),
						 quote_identifier(get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid))))));
}

typedef struct RollUpResult
{
	Tuplestorestate *store;
	TupleDesc	desc;
} RollUpResult;

static void
emit_ledger(void *arg, Datum customer, Ledger *ledger)
{
	RollUpResult *result = arg;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	values[0] = customer;
	values[1] = PointerGetDatum(ledger);
	tuplestore_putvalues(result->store, result->desc, values, nulls);
}

static void
report_left_out(const SalesReceiver *r)
{
	if (r->no_customer > 0)
		ereport(NOTICE,
				(errmsg_plural("%llu row without a customer is left out",
							   "%llu rows without a customer are left out",
							   (unsigned long) r->no_customer,
							   (unsigned long long) r->no_customer)));
	if (r->no_value > 0)
		ereport(NOTICE,
				(errmsg_plural("%llu row without a day or an amount is left out",
							   "%llu rows without a day or an amount are left out",
							   (unsigned long) r->no_value,
							   (unsigned long long) r->no_value)));
}

/* roll_up(query text, time_zone text) */
Datum
customer_tier_roll_up(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	SalesReceiver *r;
	PlannedStmt *plan;
	QueryDesc  *query;
	RollUpResult result;
	char	   *sql;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the query of roll_up must not be null")));
	sql = text_to_cstring(PG_GETARG_TEXT_PP(0));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	result.store = rsinfo->setResult;
	result.desc = rsinfo->setDesc;

	r = palloc0(sizeof(SalesReceiver));
	r->pub.receiveSlot = receive_sale;
	r->pub.rStartup = receiver_startup;
	r->pub.rShutdown = receiver_nothing;
	r->pub.rDestroy = receiver_nothing;
	r->pub.mydest = DestNone;
	r->scratch = AllocSetContextCreate(CurrentMemoryContext, "customer_tier row",
									   ALLOCSET_DEFAULT_SIZES);

	plan = plan_query(sql);
	PushCopiedSnapshot(GetActiveSnapshot());
	UpdateActiveSnapshotCommandId();
	query = CreateQueryDesc(plan, sql, GetActiveSnapshot(), InvalidSnapshot,
							&r->pub, NULL, NULL, 0);
	ExecutorStart(query, 0);
	check_columns(r, query->tupDesc, PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1));
	check_result(fcinfo, r, result.desc);
	r->scatter = customer_tier_scatter_begin(&r->type.customer);
	ExecutorRunOnce(query);
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
	PopActiveSnapshot();

	customer_tier_scatter_end(r->scatter, emit_ledger, &result);
	report_left_out(r);
	return (Datum) 0;
}
