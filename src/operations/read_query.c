/*
 * read_query.c
 *		The rows of a query that the user passed, for functions written in SQL.
 */
#include "base/compat.h"

#include "funcapi.h"
#include "utils/builtins.h"

#include "base/query.h"

PG_FUNCTION_INFO_V1(ct_read_query);

static void
start_rows(void *arg, TupleDesc desc)
{
	const ReturnSetInfo *rsinfo = arg;

	for (int i = 0; i < Max(desc->natts, rsinfo->setDesc->natts); i++)
		if (i >= desc->natts || i >= rsinfo->setDesc->natts ||
			TupleDescAttr(desc, i)->atttypid != TupleDescAttr(rsinfo->setDesc, i)->atttypid)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("the column list of read_query does not match its columns")));
}

static void
put_row(void *arg, TupleTableSlot *slot)
{
	tuplestore_puttupleslot(((ReturnSetInfo *) arg)->setResult, slot);
}

/*
 * read_query(function, columns, query, names)
 *		SELECT columns FROM (query) AS q(names), under the caller's own rights.
 *
 * Unlike EXECUTE, errors show no more than the query that the user passed to "function".
 */
Datum
ct_read_query(PG_FUNCTION_ARGS)
{
	char	   *function;
	char	   *before;
	char	   *after;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the query of %s must not be null",
						PG_ARGISNULL(0) ? "read_query" : text_to_cstring(PG_GETARG_TEXT_PP(0)))));
	function = text_to_cstring(PG_GETARG_TEXT_PP(0));
	before = psprintf("SELECT %s FROM (", text_to_cstring(PG_GETARG_TEXT_PP(1)));
	after = psprintf("\n) AS q(%s)", text_to_cstring(PG_GETARG_TEXT_PP(3)));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	ct_run_query_within(before, text_to_cstring(PG_GETARG_TEXT_PP(2)), after, function, start_rows, put_row,
						fcinfo->resultinfo);
	return (Datum) 0;
}
