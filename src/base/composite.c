/*
 * composite.c
 *		Results of several columns, and of several rows, from an aggregate.
 */
#include "base/composite.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/*
 * ct_row_desc
 *		The tuple descriptor of a composite type, or of the elements of an array type.
 *
 * The descriptor is a copy in the current memory context.
 */
TupleDesc
ct_row_desc(Oid type)
{
	Oid			element = get_element_type(type);

	return lookup_rowtype_tupdesc_copy(OidIsValid(element) ? element : type, -1);
}

/*
 * ct_rows_array
 *		An array of "n" composite values, in the current memory context.
 */
Datum
ct_rows_array(TupleDesc desc, Datum *rows, int n)
{
	return PointerGetDatum(construct_array(rows, n, desc->tdtypeid, -1, false, TYPALIGN_DOUBLE));
}
