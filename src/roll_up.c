/*
 * roll_up.c
 *		roll_up(query): every customer's ledger from a query of customer, day, amount.
 */
#include "sales_query.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "names.h"

PG_FUNCTION_INFO_V1(customer_tier_roll_up);

/* the call's column list against what there is to return */
static void
check_result(FunctionCallInfo fcinfo, const SalesQuery *q, TupleDesc expected)
{
	Oid			ledger = ct_type("ledger");

	if (expected->natts != 2 ||
		getBaseType(TupleDescAttr(expected, 0)->atttypid) != q->type.customer.type ||
		getBaseType(TupleDescAttr(expected, 1)->atttypid) != ledger)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the column list of roll_up does not match its query"),
				 errhint("Call it as: roll_up(...) AS (customer %s, ledger %s.ledger).",
						 format_type_be(q->type.customer.type),
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
report_left_out(const SalesQuery *q)
{
	if (q->no_customer > 0)
		ereport(NOTICE,
				(errmsg_plural("%llu row without a customer is left out",
							   "%llu rows without a customer are left out",
							   (unsigned long) q->no_customer,
							   (unsigned long long) q->no_customer)));
	if (q->no_value > 0)
		ereport(NOTICE,
				(errmsg_plural("%llu row without a day or an amount is left out",
							   "%llu rows without a day or an amount are left out",
							   (unsigned long) q->no_value,
							   (unsigned long long) q->no_value)));
}

/* roll_up(query text, time_zone text) */
Datum
customer_tier_roll_up(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	SalesQuery	q;
	RollUpResult result;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the query of roll_up must not be null")));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	result.store = rsinfo->setResult;
	result.desc = rsinfo->setDesc;
	ct_sales_begin(&q, text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1),
				   SALES_ALONE);
	check_result(fcinfo, &q, result.desc);
	customer_tier_scatter_end(ct_sales_run(&q), emit_ledger, &result);
	report_left_out(&q);
	return (Datum) 0;
}
