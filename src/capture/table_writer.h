/*
 * table_writer.h
 *		Writes rows of a plain table, with its indexes, constraints and triggers.
 */
#ifndef CUSTOMER_TIER_TABLE_WRITER_H
#define CUSTOMER_TIER_TABLE_WRITER_H

#include "base/compat.h"

#include "utils/rel.h"

typedef struct TableWriter
{
	Relation	rel;
	EState	   *estate;
	ResultRelInfo *result;
	EPQState	epq;
	TupleTableSlot *slot;		/* for the caller to fill with a row */
} TableWriter;

extern void ct_writer_begin(TableWriter *w, Relation rel);
extern void ct_writer_insert(TableWriter *w);
extern void ct_writer_update(TableWriter *w, TupleTableSlot *old);
extern void ct_writer_delete(TableWriter *w, TupleTableSlot *old);
extern void ct_writer_end(TableWriter *w);

#endif							/* CUSTOMER_TIER_TABLE_WRITER_H */
