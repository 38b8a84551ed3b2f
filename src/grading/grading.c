/*
 * grading.c
 *		Checks the columns and rows of the queries of a grading.
 */
#include "grading/grading.h"

#include "utils/builtins.h"

#define ROWS_A_RESET	1024	/* rows whose detoasted values may wait to be freed */

/*
 * ct_check_grading_type
 *		Raises an error if a column is not of the expected type; InvalidOid is the type of customers.
 */
void
ct_check_grading_type(const Grading *g, Oid type, Oid expected, const char *what)
{
	if (type != (OidIsValid(expected) ? expected : g->customer))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s of a grading is of type %s, not %s", what, format_type_be(type),
						format_type_be(OidIsValid(expected) ? expected : g->customer))));
}

/*
 * ct_check_grading_columns
 *		Raises an error if the columns of a query are not of the expected types.
 */
void
ct_check_grading_columns(const Grading *g, TupleDesc desc, const Oid *type, int n)
{
	if (desc->natts != n)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a query of a grading has %d columns, not %d", desc->natts, n)));
	for (int i = 0; i < n; i++)
		ct_check_grading_type(g, TupleDescAttr(desc, i)->atttypid, type[i], NameStr(TupleDescAttr(desc, i)->attname));
}

/*
 * ct_check_grading_row
 *		Deforms a row, and raises an error if one of the columns whose bits are set is null.
 */
void
ct_check_grading_row(TupleTableSlot *slot, uint32 columns)
{
	slot_getallattrs(slot);
	for (int i = 0; columns >> i != 0; i++)
		if ((columns >> i & 1) && slot->tts_isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s of a grading must not be null",
							NameStr(TupleDescAttr(slot->tts_tupleDescriptor, i)->attname))));
}

/*
 * ct_start_grading_row
 *		Switches to a memory context that is reset now and then; returns the previous context.
 */
MemoryContext
ct_start_grading_row(Grading *g)
{
	if (++g->rows % ROWS_A_RESET == 0)
		MemoryContextReset(g->scratch);
	return MemoryContextSwitchTo(g->scratch);
}
