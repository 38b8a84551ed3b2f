/*
 * first_refresh.c
 *		Writes the rows of a first refresh, which are those of all customers.
 */
#include "grading/first_refresh.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"

#include "grading/bulk_insert.h"
#include "grading/graded_rows.h"

PG_FUNCTION_INFO_V1(ct_is_bare_table);

/* the columns of both tables that a first refresh writes */
enum
{
	NEW_CUSTOMER, NEW_GROUP, NEW_SCORES, NEW_EARNED, NEW_TIER, NEW_STATUS, NEW_SINCE, NEW_COMMON,
	NEW_VALS = NEW_COMMON, NEW_FROM, NEW_CHANGE, NEW_REASON, NEW_VERSION, NEW_COLUMNS
};

typedef struct NewTable
{
	BulkInsert *bulk;
	AttrNumber	column[NEW_COLUMNS];
} NewTable;

/* opens a table to write its first "columns" of these columns */
static void
open_new_table(const Grading *g, NewTable *t, Oid relid, int columns)
{
	static const Oid type[] = {
		InvalidOid, TEXTOID, INT2ARRAYOID, TEXTOID, TEXTOID, TEXTOID, DATEOID, FLOAT8ARRAYOID, DATEOID,
		TEXTOID, TEXTOID, INT4OID
	};
	static const char *const name[] = {
		"customer", "customer_group", "scores", "earned", "tier", "status", "since", "vals", "valid_from",
		"change", "reason", "rule_version"
	};

	t->bulk = ct_bulk_begin(relid);
	for (int i = 0; i < NEW_COLUMNS; i++)
	{
		t->column[i] = get_attnum(relid, name[i]);
		if (i < columns)
			ct_check_grading_type(g, get_atttype(relid, t->column[i]), type[i], name[i]);
	}
}

static void
set_column(NewTable *t, TupleTableSlot *slot, int column, Datum value)
{
	slot->tts_values[t->column[column] - 1] = value;
	slot->tts_isnull[t->column[column] - 1] = false;
}

static TupleTableSlot *
start_new_row(NewTable *t, const Datum *common)
{
	TupleTableSlot *slot = ct_bulk_row(t->bulk);

	for (int i = 0; i < NEW_COMMON; i++)
		set_column(t, slot, i, common[i]);
	return slot;
}

/*
 * ct_write_all
 *		Writes the state and the history of all customers, who enter with the tier earned and are settled.
 */
void
ct_write_all(Grading *g, Oid state, Oid history, int version)
{
	NewTable	states;
	NewTable	histories;
	Datum		common[NEW_COMMON];
	Datum		new = CStringGetTextDatum("new");
	Datum		first = CStringGetTextDatum("first");
	bool		stored = ct_any_stored(g);
	MemoryContext old = CurrentMemoryContext;

	if (!ct_table_is_bare(state) || !ct_table_is_bare(history))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the tables of a first refresh must be bare tables of the user")));
	open_new_table(g, &states, state, NEW_VALS + 1);
	open_new_table(g, &histories, history, NEW_COLUMNS);
	common[NEW_STATUS] = CStringGetTextDatum("earned");
	common[NEW_SINCE] = DateADTGetDatum(g->day);
	FOR_STEPS(i, 0, COLUMNS_SIZE(g->columns))
	{
		TupleTableSlot *slot;

		if (!ct_is_graded(g, i))
			continue;
		/* both tables insert their rows at the same time, so the state's context serves both */
		MemoryContextSwitchTo(states.bulk->context);
		common[NEW_CUSTOMER] = g->columns->customers.key[i];
		common[NEW_GROUP] = g->columns->groups.key[g->columns->group[i]];
		common[NEW_SCORES] = ct_scores_array(g->grades, i);
		common[NEW_EARNED] = common[NEW_TIER] = g->tier[g->grades->rank[i]];
		slot = start_new_row(&histories, common);
		set_column(&histories, slot, NEW_VALS, ct_values_array(g->grades, i, NULL));
		set_column(&histories, slot, NEW_FROM, DateADTGetDatum(g->day));
		set_column(&histories, slot, NEW_CHANGE, new);
		set_column(&histories, slot, NEW_REASON, first);
		set_column(&histories, slot, NEW_VERSION, Int32GetDatum(version));
		ct_bulk_put(histories.bulk);
		slot = start_new_row(&states, common);
		if (stored)
			set_column(&states, slot, NEW_VALS, ct_values_array(g->grades, i, g->stored));
		ct_bulk_put(states.bulk);
		ct_add_settled(g, i);
	}
	MemoryContextSwitchTo(old);
	ct_bulk_end(histories.bulk);
	ct_bulk_end(states.bulk);
	CommandCounterIncrement();
}

/* is_bare_table(relation): whether grade() can write a first refresh there */
Datum
ct_is_bare_table(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ct_table_is_bare(PG_GETARG_OID(0)));
}
