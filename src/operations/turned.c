/*
 * turned.c
 *		Who has to be written of an allocation: relations for a statement, or rows of a new table.
 */
#include "operations/turned.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/steps.h"
#include "grading/bulk_insert.h"
#include "grading/graded_relations.h"

/* the columns of turned */
enum
{
	T_CUSTOMER, T_OWNER, T_BEFORE, T_REASON, T_NOTE, T_NOW, T_PLACE, T_BEGUN, T_TURNS, T_COLUMNS
};

/* the columns that a first allocation writes */
enum
{
	NEW_CUSTOMER, NEW_OWNER, NEW_REASON, NEW_NOTE, NEW_FROM, NEW_TO, NEW_COLUMNS
};

/*
 * ct_reason_name
 *		A reason as the history says it.
 */
const char *
ct_reason_name(Reason reason)
{
	static const char *const name[] = {NULL, "first", "pinned", "left", "tier", "capacity", "balance"};

	return name[reason];
}

/*
 * ct_turn_begin
 *		Makes turned, once the type of customers is known.
 */
void
ct_turn_begin(Sharing *s)
{
	static const char *const name[] = {
		"customer", "owner", "previous_owner", "reason", "note", "now", "place", "begun", "turns"
	};
	static const Oid type[] = {InvalidOid, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIDOID, BOOLOID, BOOLOID};

	s->desc = CreateTemplateTupleDesc(T_COLUMNS);
	for (int i = 0; i < T_COLUMNS; i++)
		TupleDescInitEntry(s->desc, i + 1, name[i], OidIsValid(type[i]) ? type[i] : s->customer, -1, 0);
	s->turned = tuplestore_begin_heap(false, false, work_mem);
}

static void
count(Sharing *s, int32 owner, int32 before)
{
	if (owner != before && owner == NOBODY)
		s->released++;
	else if (owner != before)
		*(before == NOBODY ? &s->assigned : &s->moved) += 1;
}

static inline void
set_name(const Sharing *s, Datum *values, bool *nulls, int column, int32 owner)
{
	nulls[column] = owner == NOBODY;
	if (!nulls[column])
		values[column] = s->names.key[owner];
}

/* a row of turned, unless what is in force is what it says */
static void
put_turned(Sharing *s, Datum customer, Held *held, int32 owner, Reason reason, Datum note)
{
	bool		turns = owner != held->before;
	Datum		values[T_COLUMNS] = {0};
	bool		nulls[T_COLUMNS] = {false};

	count(s, owner, held->before);
	if (!held->begun && !turns)
		return;
	if (held->begun && turns && owner == held->owner && reason == held->reason && reason != PINNED)
		return;
	values[T_CUSTOMER] = customer;
	set_name(s, values, nulls, T_OWNER, owner);
	set_name(s, values, nulls, T_BEFORE, held->before);
	set_name(s, values, nulls, T_NOW, held->owner);
	nulls[T_REASON] = !turns;
	if (turns)
		values[T_REASON] = CStringGetTextDatum(ct_reason_name(reason));
	values[T_NOTE] = note;
	nulls[T_NOTE] = reason != PINNED;
	values[T_PLACE] = PointerGetDatum(&held->place);
	nulls[T_PLACE] = !ItemPointerIsValid(&held->place);
	values[T_BEGUN] = BoolGetDatum(held->begun);
	values[T_TURNS] = BoolGetDatum(turns);
	tuplestore_putvalues(s->turned, s->desc, values, nulls);
}

static MemoryContext
start_turn(Sharing *s)
{
	CHECK_AT_STEP(++s->rows);
	if (s->rows % STEPS_A_CHECK == 0)
		MemoryContextReset(s->scratch);
	return MemoryContextSwitchTo(s->scratch);
}

/*
 * ct_turn
 *		Puts a customer into turned whose row has to be written.
 */
void
ct_turn(Sharing *s, int64 customer)
{
	MemoryContext old = start_turn(s);

	s->unassigned += s->owner[customer] == NOBODY;
	put_turned(s, s->customers.key[customer], &s->held[customer], s->owner[customer], s->reason[customer],
			   s->note[customer]);
	MemoryContextSwitchTo(old);
}

/*
 * ct_turn_gone
 *		The same for a customer who is in no tier any longer.
 */
void
ct_turn_gone(Sharing *s, Datum customer, Held *held)
{
	put_turned(s, customer, held, NOBODY, LEFT, (Datum) 0);
}

/*
 * ct_write_first
 *		Writes everybody's owner into a bare table, as COPY does.
 */
void
ct_write_first(Sharing *s, Oid relation)
{
	static const char *const name[] = {"customer", "owner", "reason", "note", "valid_from", "valid_to"};
	static const Oid type[] = {InvalidOid, TEXTOID, TEXTOID, TEXTOID, DATEOID, DATEOID};
	AttrNumber	column[NEW_COLUMNS];
	BulkInsert *bulk;
	Datum		reason[] = {
		(Datum) 0, CStringGetTextDatum(ct_reason_name(FIRST)), CStringGetTextDatum(ct_reason_name(PINNED))
	};

	if (!ct_table_is_bare(relation))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the table of a first allocation must be a bare table of the user")));
	bulk = ct_bulk_begin(relation);
	for (int i = 0; i < NEW_COLUMNS; i++)
	{
		column[i] = get_attnum(relation, name[i]);
		if (get_atttype(relation, column[i]) != (i == NEW_CUSTOMER ? s->customer : type[i]))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of an allocation is of another type", name[i])));
	}
	FOR_STEPS(i, 0, s->customers.n)
	{
		Datum		values[NEW_COLUMNS];
		TupleTableSlot *slot;

		count(s, s->owner[i], NOBODY);
		s->unassigned += s->owner[i] == NOBODY;
		if (s->owner[i] == NOBODY)
			continue;
		slot = ct_bulk_row(bulk);
		values[NEW_CUSTOMER] = s->customers.key[i];
		values[NEW_OWNER] = s->names.key[s->owner[i]];
		values[NEW_REASON] = reason[s->reason[i]];
		values[NEW_NOTE] = s->note[i];
		values[NEW_FROM] = DateADTGetDatum(s->day);
		values[NEW_TO] = DateADTGetDatum(DATEVAL_NOEND);
		for (int k = 0; k < NEW_COLUMNS; k++)
			if (k != NEW_NOTE || s->reason[i] == PINNED)
			{
				slot->tts_values[column[k] - 1] = values[k];
				slot->tts_isnull[column[k] - 1] = false;
			}
		ct_bulk_put(bulk);
	}
	ct_bulk_end(bulk);
	CommandCounterIncrement();
}

/*
 * ct_offer_turned
 *		Makes turned and shared known to the statements of the current SPI connection.
 */
void
ct_offer_turned(Sharing *s)
{
	static const char *const name[] = {"assigned", "moved", "released", "unassigned", "loads"};
	TupleDesc	desc = CreateTemplateTupleDesc(lengthof(name));
	Datum	   *load = alloc_array(s->owners, sizeof(Datum));
	Datum		values[lengthof(name)] = {
		Int64GetDatum(s->assigned), Int64GetDatum(s->moved), Int64GetDatum(s->released), Int64GetDatum(s->unassigned)
	};
	bool		nulls[lengthof(name)] = {false};

	for (int i = 0; i < lengthof(name); i++)
		TupleDescInitEntry(desc, i + 1, name[i], i < lengthof(name) - 1 ? INT8OID : FLOAT8ARRAYOID, -1, 0);
	for (int i = 0; i < s->owners; i++)
		load[i] = Float8GetDatum(s->load[i].weight / s->load[i].capacity);
	values[lengthof(name) - 1] = PointerGetDatum(construct_array(load, s->owners, FLOAT8OID, sizeof(float8),
																 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	s->result = tuplestore_begin_heap(false, false, work_mem);
	tuplestore_putvalues(s->result, desc, values, nulls);
	ct_offer_relation("turned", s->desc, s->turned);
	ct_offer_relation("shared", desc, s->result);
}
