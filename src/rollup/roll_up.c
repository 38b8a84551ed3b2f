/*
 * roll_up.c
 *		roll_up(query): every customer's ledger as a row.
 */
#include "rollup/sales_query.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "base/names.h"

PG_FUNCTION_INFO_V1(ct_roll_up);

typedef struct RollUpResult
{
	Tuplestorestate *store;
	TupleDesc	desc;
} RollUpResult;

/* checks the call's column definition list against the types of the query */
static void
start_result(void *arg, const SaleType *type)
{
	TupleDesc	expected = ((RollUpResult *) arg)->desc;

	if (expected->natts != 2 ||
		getBaseType(TupleDescAttr(expected, 0)->atttypid) != type->customer.type ||
		getBaseType(TupleDescAttr(expected, 1)->atttypid) != ct_type("ledger"))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the column list of roll_up does not match its query"),
				 errhint("Call it as: roll_up(...) AS (customer %s, ledger %s.ledger).",
						 format_type_be(type->customer.type), CT_SCHEMA)));
}

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

/* roll_up(query text, time_zone text) */
Datum
ct_roll_up(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	RollUpResult result;
	SalesQuery	query = {
		.function = "roll_up",
		.until = ALL_SALES,
		.start = start_result,
		.emit = emit_ledger,
		.arg = &result
	};

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the query of roll_up must not be null")));
	query.sql = text_to_cstring(PG_GETARG_TEXT_PP(0));
	query.time_zone = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	result.store = rsinfo->setResult;
	result.desc = rsinfo->setDesc;
	ct_roll_up_query(&query);
	return (Datum) 0;
}
