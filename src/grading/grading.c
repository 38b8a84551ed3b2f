/*
 * grading.c
 *		Checks of what the queries of a grading give, row by row.
 */
#include "grading/grading.h"

#include "utils/builtins.h"

#define ROWS_A_RESET	1024	/* rows whose detoasted values may wait to be freed */

/*
 * ct_check_grading_type
 *		An error if a column is not of the type that it has to be; 0 stands for that of customers.
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
 *		The same for all columns of a query.
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
 *		An error if a row lacks one of the columns whose bits are set; takes the row apart.
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
 *		To memory that is reset now and then; returns the context to go back to.
 */
MemoryContext
ct_start_grading_row(Grading *g)
{
	if (++g->rows % ROWS_A_RESET == 0)
		MemoryContextReset(g->scratch);
	return MemoryContextSwitchTo(g->scratch);
}
