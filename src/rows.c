/*
 * rows.c
 *		Results of several columns, and of several rows, from an aggregate.
 */
#include "rows.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* of a composite type, or of an array of one */
TupleDesc
customer_tier_row_desc(Oid type)
{
	Oid			element = get_element_type(type);

	return lookup_rowtype_tupdesc_copy(OidIsValid(element) ? element : type, -1);
}

Datum
customer_tier_rows_array(TupleDesc desc, Datum *rows, int n)
{
	return PointerGetDatum(construct_array(rows, n, desc->tdtypeid, -1, false, TYPALIGN_DOUBLE));
}
