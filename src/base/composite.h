/*
 * composite.h
 *		Results of several columns, and of several rows, from an aggregate.
 *
 * A final function returns one value.  For several columns that is a composite
 * value, for several rows an array of them, which the user unnests.
 */
#ifndef CUSTOMER_TIER_COMPOSITE_H
#define CUSTOMER_TIER_COMPOSITE_H

#include "base/compat.h"

#include "access/htup_details.h"

extern TupleDesc ct_row_desc(Oid type);
extern Datum ct_rows_array(TupleDesc desc, Datum *rows, int n);

static inline Datum
form_row(TupleDesc desc, Datum *values, bool *nulls)
{
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

#endif							/* CUSTOMER_TIER_COMPOSITE_H */
