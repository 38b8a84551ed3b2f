/*
 * graded_relations.c
 *		The relations that the statement of a grading reads: graded, line, settled, shape.
 *
 * They exist while it runs, as the transition tables of a trigger do.
 */
#include "grading/graded_relations.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/queryenvironment.h"

#include "base/names.h"
#include "cuts/arguments.h"
#include "grading/shape.h"

/*
 * ct_graded_desc
 *		The columns of graded.
 */
TupleDesc
ct_graded_desc(Oid customer)
{
	static const struct
	{
		const char *name;
		Oid			type;
	}			column[] = {
		{"customer", InvalidOid}, {"customer_group", TEXTOID}, {"rank", INT4OID}, {"kept", INT4OID},
		{"rank_by_before", INT4OID}, {"scores", INT2ARRAYOID}, {"vals", FLOAT8ARRAYOID}, {"stored", FLOAT8ARRAYOID},
		{"value", NUMERICOID}, {"orders", INT8OID}, {"active", BOOLOID}, {"place", TIDOID}, {"now_tier", TEXTOID},
		{"now_earned", TEXTOID}, {"now_status", TEXTOID}, {"now_since", DATEOID}
	};
	TupleDesc	desc = CreateTemplateTupleDesc(lengthof(column));

	for (int i = 0; i < lengthof(column); i++)
		TupleDescInitEntry(desc, i + 1, column[i].name, OidIsValid(column[i].type) ? column[i].type : customer, -1, 0);
	return desc;
}

/*
 * ct_offer_relation
 *		Makes a tuplestore known to the statements of the current SPI connection, by a name.
 */
void
ct_offer_relation(const char *name, TupleDesc desc, Tuplestorestate *store)
{
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));

	relation->md.name = pstrdup(name);
	relation->md.reliddesc = InvalidOid;
	relation->md.tupdesc = desc;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = tuplestore_tuple_count(store);
	relation->reldata = store;
	if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed");
}

static void
offer_lines(Grading *g)
{
	const Grades *grades = g->grades;
	TupleDesc	desc = CreateTemplateTupleDesc(3);
	Tuplestorestate *store = g->lines = tuplestore_begin_heap(false, false, work_mem);

	TupleDescInitEntry(desc, 1, "customer_group", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, 2, "axis", INT2OID, -1, 0);
	TupleDescInitEntry(desc, 3, "lines", FLOAT8ARRAYOID, -1, 0);
	FOR_STEPS(group, 0, grades->ngroups)
	{
		for (int a = 0; a < g->rule->naxes; a++)
		{
			const Axis *axis = &g->rule->axis[a];
			const double *line = GROUP_LINES(grades, group) + axis->line_at;
			Datum	   *lines = palloc(Max(axis->nlines, 1) * sizeof(Datum));
			Datum		values[3] = {grades->columns->groups.key[group], Int16GetDatum(a + 1)};
			bool		nulls[3] = {false, false, isnan(line[0])};

			for (int i = 0; i < axis->nlines; i++)
				lines[i] = Float8GetDatum(line[i]);
			if (!nulls[2])
				values[2] = ct_cuts_array(lines, axis->nlines);
			tuplestore_putvalues(store, desc, values, nulls);
		}
	}
	ct_offer_relation("line", desc, store);
}

/* an integer in units of 10^-TOTAL_SCALE as numeric, with "scale" decimals */
static Datum
total_numeric(int128 value, int scale)
{
	const int64 unit = INT64CONST(1000000000000000000); /* 10^18 */
	Datum		high;
	Datum		low;
	Datum		scaled;

	value /= ct_pow10[TOTAL_SCALE - scale];
	high = ct_amount_to_numeric((int64) (value / unit), 0);
	low = ct_amount_to_numeric((int64) (value % unit), scale);
	scaled = ct_amount_to_numeric(unit / ct_pow10[scale], 0);
	return DirectFunctionCall2(numeric_add, DirectFunctionCall2(numeric_mul, high, scaled), low);
}

static void
offer_settled(Grading *g)
{
	static const char *const name[] = {"customer_group", "rank", "heads", "value", "held", "orders", "active"};
	static const Oid type[] = {TEXTOID, INT4OID, INT8OID, NUMERICOID, NUMERICOID, INT8OID, INT8OID};
	TupleDesc	desc = CreateTemplateTupleDesc(lengthof(name));
	Tuplestorestate *store = g->totals = tuplestore_begin_heap(false, false, work_mem);

	for (int i = 0; i < lengthof(name); i++)
		TupleDescInitEntry(desc, i + 1, name[i], type[i], -1, 0);
	FOR_STEPS(group, 0, g->grades->ngroups)
	{
		for (int rank = 0; rank <= g->ntiers; rank++)
		{
			const Settled *s = &g->settled[group * (g->ntiers + 1) + rank];
			Datum		values[lengthof(name)];
			bool		nulls[lengthof(name)] = {false};

			if (s->heads == 0)
				continue;
			values[0] = g->columns->groups.key[group];
			values[1] = Int32GetDatum(rank);
			values[2] = Int64GetDatum(s->heads);
			values[3] = total_numeric(s->value, s->scale);
			values[4] = total_numeric(s->held, s->scale);
			values[5] = Int64GetDatum(s->orders);
			values[6] = Int64GetDatum(s->active);
			tuplestore_putvalues(store, desc, values, nulls);
		}
	}
	ct_offer_relation("settled", desc, store);
}

/* one row */
static void
offer_shape(Grading *g)
{
	TupleDesc	desc = CreateTemplateTupleDesc(2);
	Datum		values[2] = {ct_spread_array(g->grades), ct_cells_array(g->grades)};
	bool		nulls[2] = {false};

	TupleDescInitEntry(desc, 1, "spread", get_array_type(ct_internal_type("spread")), -1, 0);
	TupleDescInitEntry(desc, 2, "cells", get_array_type(ct_internal_type("cell")), -1, 0);
	g->shape = tuplestore_begin_heap(false, false, work_mem);
	tuplestore_putvalues(g->shape, desc, values, nulls);
	ct_offer_relation("shape", desc, g->shape);
}

/*
 * ct_offer_relations
 *		Registers the relations with the current SPI connection.
 */
void
ct_offer_relations(Grading *g)
{
	ct_offer_relation("graded", g->desc, g->graded);
	offer_lines(g);
	offer_settled(g);
	if (g->written)
		offer_shape(g);
}

/*
 * ct_withdraw_relations
 *		Ends the tuplestores of the relations, which may have temporary files.
 */
void
ct_withdraw_relations(Grading *g)
{
	tuplestore_end(g->graded);
	tuplestore_end(g->lines);
	tuplestore_end(g->totals);
	if (g->shape)
		tuplestore_end(g->shape);
}
