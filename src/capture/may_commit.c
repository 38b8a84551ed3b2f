/*
 * may_commit.c
 *		Whether the calling procedure may end the transaction.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "nodes/parsenodes.h"

PG_FUNCTION_INFO_V1(ct_may_commit);

/* may_commit(INOUT possible): PL/pgSQL itself can only try to commit, and fail */
Datum
ct_may_commit(PG_FUNCTION_ARGS)
{
	bool		possible = fcinfo->context != NULL && IsA(fcinfo->context, CallContext) &&
		!((CallContext *) fcinfo->context)->atomic && !IsSubTransaction();
	TupleDesc	desc = CreateTemplateTupleDesc(1);
	Datum		value = BoolGetDatum(possible);
	bool		isnull = false;

	TupleDescInitEntry(desc, 1, "possible", BOOLOID, -1, 0);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), &value, &isnull)));
}
