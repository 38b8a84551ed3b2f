/*
 * grading.c
 *		grade(): the tiers of a day, and who differs from the last refresh, for one statement.
 *
 * One pass: the measures' query runs into columns, lines and scores are found there, and the
 * state of the last refresh is read once, as a stream, and compared.  Who is as the state
 * says costs no more than that.  The rest is what the statement reads, as three relations that
 * exist while it runs:
 *
 *	graded	a row for each customer who may have to be written
 *		customer, customer_group
 *		rank			of the tier earned, 0 if a score is missing; null: no longer graded
 *		kept			the rank by the lines that suffice to stay
 *		rank_by_before	the rank by the rule and the lines of an earlier day
 *		scores, vals	a number for each axis
 *		stored			those of vals that the state keeps
 *		value, orders, active	what the customer brought, purchases, whether one is recent
 *		place, now_tier, now_earned, now_status, now_since	the row of the state, if there is one
 *		(without a state to compare with, only customer, customer_group, rank and value)
 *	line	customer_group, axis, lines; where lower is better with the sign changed
 *	settled	customer_group, rank: heads, value, held, orders, active of those left out of graded
 */
#include "grade.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/queryenvironment.h"

#include "bulk_insert.h"
#include "names.h"
#include "query.h"
#include "sample.h"

PG_FUNCTION_INFO_V1(customer_tier_grade);
PG_FUNCTION_INFO_V1(customer_tier_is_bare_table);

#define ROWS_A_RESET	1024	/* rows whose detoasted values may wait to be freed */
#define TOTAL_SCALE		AMOUNT_MAX_SCALE

/* argument numbers of grade() */
enum
{
	ARG_MEASURES, ARG_DAY, ARG_AXES, ARG_SIZES, ARG_MAP, ARG_KEEP, ARG_TIERS, ARG_UNRATED, ARG_FIXED,
	ARG_AXES_BEFORE, ARG_SIZES_BEFORE, ARG_MAP_BEFORE, ARG_LINES_BEFORE, ARG_STORED, ARG_STATE, ARG_ALSO,
	ARG_NEW_STATE, ARG_NEW_HISTORY, ARG_VERSION, ARG_COMMAND
};

/* the columns of the queries, and of graded */
enum
{
	MEASURES_CUSTOMER, MEASURES_GROUP, MEASURES_LEDGER, MEASURES_VALUES
};
enum
{
	STATE_PLACE, STATE_CUSTOMER, STATE_GROUP, STATE_SCORES, STATE_VALS, STATE_TIER, STATE_EARNED, STATE_STATUS,
	STATE_SINCE
};
enum
{
	G_CUSTOMER, G_GROUP, G_RANK, G_KEPT, G_RANK_BEFORE, G_SCORES, G_VALS, G_STORED, G_VALUE, G_ORDERS, G_ACTIVE,
	G_PLACE, G_TIER, G_EARNED, G_STATUS, G_SINCE, G_COLUMNS
};

/* sums over the customers of one group and rank */
typedef struct Settled
{
	int64		heads;
	int128		value;			/* of 10^-TOTAL_SCALE */
	int128		held;			/* without those below zero */
	int64		orders;
	int64		active;
	int			scale;			/* the largest of any of them */
} Settled;

typedef struct Grading
{
	DateADT		day;
	Rule	   *rule;
	Rule	   *rule_before;	/* NULL: none over the same measures */
	double	   *line_before;	/* as line of Grades */
	bool	   *known_before;	/* [group] whether it had lines */
	Datum	   *tier;			/* by rank; that of rank 0 is 0 if customers without a score have none */
	int			ntiers;
	const bool *stored;			/* [axis] whether the state keeps the value */
	bool		written;		/* what differs will be; else who, rank and value will do */
	Oid		   *type;			/* [column] of a value */
	Columns    *columns;
	Grades	   *grades;
	uint8	   *seen;			/* [customer] */
	int64		next;			/* the customer that the state has next, probably */
	Settled    *settled;		/* [group][rank] */
	Oid			customer;		/* the type */
	TupleDesc	desc;			/* of graded */
	Tuplestorestate *graded;
	MemoryContext scratch;
	int64		rows;
} Grading;

/* what seen says of a customer */
#define IN_STATE	1
#define ALSO		2			/* has to be looked at, whatever the state says */

/* what a query, or a table, has to have; 0 stands for the type of customers */
static void
check_type(const Grading *g, Oid type, Oid expected, const char *what)
{
	if (type != (OidIsValid(expected) ? expected : g->customer))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s of a grading is of type %s, not %s", what, format_type_be(type),
						format_type_be(OidIsValid(expected) ? expected : g->customer))));
}

static void
check_columns(const Grading *g, TupleDesc desc, const Oid *type, int n)
{
	if (desc->natts != n)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a query of a grading has %d columns, not %d", desc->natts, n)));
	for (int i = 0; i < n; i++)
		check_type(g, TupleDescAttr(desc, i)->atttypid, type[i], NameStr(TupleDescAttr(desc, i)->attname));
}

/* an error if a row lacks one of its first columns */
static void
check_not_null(TupleTableSlot *slot, uint32 columns)
{
	slot_getallattrs(slot);
	for (int i = 0; columns >> i != 0; i++)
		if ((columns >> i & 1) && slot->tts_isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s of a grading must not be null",
							NameStr(TupleDescAttr(slot->tts_tupleDescriptor, i)->attname))));
}

#define COLUMN(i)	((uint32) 1 << (i))

/* resets what a row before has left, now and then */
static MemoryContext
start_row(Grading *g)
{
	if (++g->rows % ROWS_A_RESET == 0)
		MemoryContextReset(g->scratch);
	return MemoryContextSwitchTo(g->scratch);
}

/*
 * Measures
 */

static void
start_measures(void *arg, TupleDesc desc)
{
	Grading    *g = arg;

	if (desc->natts != MEASURES_VALUES + g->rule->ncolumns)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a query of a grading has %d columns, not %d", desc->natts,
						MEASURES_VALUES + g->rule->ncolumns)));
	check_type(g, TupleDescAttr(desc, MEASURES_GROUP)->atttypid, TEXTOID, "customer_group");
	check_type(g, TupleDescAttr(desc, MEASURES_LEDGER)->atttypid, ct_type("ledger"), "ledger");
	g->type = palloc(Max(g->rule->ncolumns, 1) * sizeof(Oid));
	for (int i = 0; i < g->rule->ncolumns; i++)
	{
		g->type[i] = getBaseType(TupleDescAttr(desc, MEASURES_VALUES + i)->atttypid);
		ct_check_measure_type(g->type[i]);
	}
	g->customer = TupleDescAttr(desc, MEASURES_CUSTOMER)->atttypid;
	g->columns = ct_columns_begin(g->customer, TupleDescAttr(desc, MEASURES_CUSTOMER)->attcollation,
								  g->rule->ncolumns);
}

static void
receive_measures(void *arg, TupleTableSlot *slot)
{
	Grading    *g = arg;
	MemoryContext old = start_row(g);
	double	   *value = palloc(Max(g->rule->ncolumns, 1) * sizeof(double));
	Datum	   *d = slot->tts_values;
	Datum		customer;
	CustomerTotal total;

	check_not_null(slot, COLUMN(MEASURES_CUSTOMER) | COLUMN(MEASURES_GROUP) | COLUMN(MEASURES_LEDGER));
	customer = d[MEASURES_CUSTOMER];
	if (g->columns->customers.type.len == -1)
		customer = PointerGetDatum(PG_DETOAST_DATUM_PACKED(customer));
	for (int i = 0; i < g->rule->ncolumns; i++)
		value[i] = slot->tts_isnull[MEASURES_VALUES + i] ? get_float8_nan() :
			ct_measure_value(g->type[i], d[MEASURES_VALUES + i]);
	total = ct_customer_total(customer_tier_get_ledger(d[MEASURES_LEDGER]), g->day);
	ct_columns_add(g->columns, customer, PointerGetDatum(PG_DETOAST_DATUM_PACKED(d[MEASURES_GROUP])), &total, value);
	MemoryContextSwitchTo(old);
}

/*
 * Lines that were found before
 */

typedef struct LinesBefore
{
	Grading    *grading;
	const Rule *rule;
	double	   *line;			/* [group][line] */
	bool	   *known;			/* [group], or NULL */
} LinesBefore;

static void
start_lines(void *arg, TupleDesc desc)
{
	static const Oid type[] = {TEXTOID, INT2OID, FLOAT8ARRAYOID};

	check_columns(((LinesBefore *) arg)->grading, desc, type, lengthof(type));
}

/* customer_group, axis, lines; of a group that nobody is in any longer they are left out */
static void
receive_lines(void *arg, TupleTableSlot *slot)
{
	LinesBefore *l = arg;
	int64		group;
	int			axis;
	ArrayType  *lines;

	check_not_null(slot, COLUMN(0) | COLUMN(1));
	group = ct_dictionary_find(&l->grading->columns->groups, slot->tts_values[0]);
	axis = DatumGetInt16(slot->tts_values[1]) - 1;
	if (group < 0 || axis < 0 || axis >= l->rule->naxes)
		return;
	if (l->known)
		l->known[group] = true;
	if (slot->tts_isnull[2])
		return;
	lines = DatumGetArrayTypeP(slot->tts_values[2]);
	if (ArrayGetNItems(ARR_NDIM(lines), ARR_DIMS(lines)) == l->rule->axis[axis].nlines && !array_contains_nulls(lines))
		memcpy(l->line + group * l->rule->nlines + l->rule->axis[axis].line_at, ARR_DATA_PTR(lines),
			   l->rule->axis[axis].nlines * sizeof(double));
}

static void
read_lines(Grading *g, const Rule *rule, const char *sql, double *line, bool *known)
{
	LinesBefore l = {g, rule, line, known};

	ct_run_query(sql, "grade", start_lines, receive_lines, &l);
}

/*
 * Rows of graded
 */

static bool
any_stored(const Grading *g)
{
	for (int a = 0; a < g->rule->naxes; a++)
		if (g->stored[a])
			return true;
	return false;
}

/*
 * A row.  "customer" is -1 for one who is no longer graded, of whom are "gone" and the
 * group; "state" is NULL for one who is not there.
 */
static void
put_graded(Grading *g, int64 customer, Datum gone, Datum group_of_gone, TupleTableSlot *state)
{
	Datum		values[G_COLUMNS] = {0};
	bool		nulls[G_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	if (customer < 0)
	{
		values[G_CUSTOMER] = gone;
		values[G_GROUP] = group_of_gone;
		nulls[G_CUSTOMER] = nulls[G_GROUP] = false;
	}
	else
	{
		const Grades *grades = g->grades;
		uint32		group = g->columns->group[customer];
		const CustomerTotal *total = &g->columns->total[customer];

		memset(nulls, false, G_PLACE * sizeof(bool));
		values[G_CUSTOMER] = g->columns->customers.key[customer];
		values[G_GROUP] = g->columns->groups.key[group];
		values[G_RANK] = Int32GetDatum(grades->rank[customer]);
		values[G_VALUE] = customer_tier_amount_to_numeric(total->amount, total->scale);
		if (!g->written)
		{
			memset(&nulls[G_KEPT], true, (G_VALUE - G_KEPT) * sizeof(bool));
			nulls[G_ORDERS] = nulls[G_ACTIVE] = true;
			tuplestore_putvalues(g->graded, g->desc, values, nulls);
			return;
		}
		nulls[G_KEPT] = g->rule->keep == 1;
		if (!nulls[G_KEPT])
			values[G_KEPT] = Int32GetDatum(ct_rank_by(grades, g->rule, GROUP_LINES(grades, group), customer, true));
		nulls[G_RANK_BEFORE] = g->rule_before == NULL || !g->known_before[group];
		if (!nulls[G_RANK_BEFORE])
			values[G_RANK_BEFORE] = Int32GetDatum(ct_rank_by(grades, g->rule_before, g->line_before +
															 (int64) group * g->rule_before->nlines, customer, false));
		values[G_SCORES] = ct_scores_array(grades, customer);
		values[G_VALS] = ct_values_array(grades, customer, NULL);
		nulls[G_STORED] = !any_stored(g);
		if (!nulls[G_STORED])
			values[G_STORED] = ct_values_array(grades, customer, g->stored);
		values[G_ORDERS] = Int64GetDatum(total->orders);
		values[G_ACTIVE] = BoolGetDatum(total->active);
	}
	if (state != NULL)
	{
		static const int from[] = {
			STATE_PLACE, STATE_TIER, STATE_EARNED, STATE_STATUS, STATE_SINCE
		};

		for (int i = 0; i < lengthof(from); i++)
		{
			values[G_PLACE + i] = state->tts_values[from[i]];
			nulls[G_PLACE + i] = state->tts_isnull[from[i]];
		}
	}
	tuplestore_putvalues(g->graded, g->desc, values, nulls);
}

static void
add_settled(Grading *g, int64 customer)
{
	const CustomerTotal *t = &g->columns->total[customer];
	Settled    *s = &g->settled[(int64) g->columns->group[customer] * (g->ntiers + 1) + g->grades->rank[customer]];
	int128		amount = (int128) t->amount * customer_tier_pow10[TOTAL_SCALE - t->scale];

	s->heads++;
	s->value += amount;
	s->held += Max(amount, 0);
	s->orders += t->orders;
	s->active += t->active;
	s->scale = Max(s->scale, t->scale);
}

/* who lacks a score is in no tier, unless there is one for that */
static bool
is_graded(const Grading *g, int64 customer)
{
	return g->grades->rank[customer] != RANK_NULL || g->tier[RANK_NULL] != (Datum) 0;
}

/*
 * The state
 */

static bool
same_text(Datum a, Datum b)
{
	struct varlena *x = PG_DETOAST_DATUM_PACKED(a);
	struct varlena *y = PG_DETOAST_DATUM_PACKED(b);

	return VARSIZE_ANY_EXHDR(x) == VARSIZE_ANY_EXHDR(y) &&
		memcmp(VARDATA_ANY(x), VARDATA_ANY(y), VARSIZE_ANY_EXHDR(x)) == 0;
}

static bool
same_scores(const Grades *g, int64 customer, Datum scores)
{
	ArrayType  *array = DatumGetArrayTypeP(scores);
	int			n = g->rule->naxes;
	const int16 *score = (const int16 *) ARR_DATA_PTR(array);
	bits8	   *there = ARR_NULLBITMAP(array);

	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != n || ARR_ELEMTYPE(array) != INT2OID)
		return false;
	for (int a = 0; a < n; a++)
	{
		bool		null = there != NULL && (there[a / 8] & (1 << (a % 8))) == 0;

		if (g->score[a][customer] != (null ? SCORE_NULL : *score++))
			return false;
	}
	return true;
}

/* values of the axes that are wanted, or of all */
static bool
same_values(const Grades *g, int64 customer, const bool *wanted, Datum vals)
{
	ArrayType  *array = DatumGetArrayTypeP(vals);
	int			n = g->rule->naxes;
	const double *value = (const double *) ARR_DATA_PTR(array);
	bits8	   *there = ARR_NULLBITMAP(array);

	if (ARR_NDIM(array) != 1 || ARR_DIMS(array)[0] != n || ARR_ELEMTYPE(array) != FLOAT8OID)
		return false;
	for (int a = 0; a < n; a++)
	{
		bool		null = there != NULL && (there[a / 8] & (1 << (a % 8))) == 0;
		double		now = wanted == NULL || wanted[a] ? g->value[a][customer] : get_float8_nan();

		if (null != isnan(now) || (!null && *value++ != now))
			return false;
	}
	return true;
}

static void
start_state(void *arg, TupleDesc desc)
{
	static const Oid type[] = {
		TIDOID, InvalidOid, TEXTOID, INT2ARRAYOID, FLOAT8ARRAYOID, TEXTOID, TEXTOID, TEXTOID, DATEOID
	};

	check_columns(arg, desc, type, lengthof(type));
}

static void
receive_state(void *arg, TupleTableSlot *slot)
{
	Grading    *g = arg;
	MemoryContext old = start_row(g);
	Datum	   *d = slot->tts_values;
	Datum		customer;
	int64		number;
	bool		same = false;

	check_not_null(slot, COLUMN(STATE_CUSTOMER) | COLUMN(STATE_GROUP) | COLUMN(STATE_SCORES) | COLUMN(STATE_TIER) |
				   COLUMN(STATE_EARNED) | COLUMN(STATE_STATUS));
	customer = d[STATE_CUSTOMER];
	if (g->columns->customers.type.len == -1)
		customer = PointerGetDatum(PG_DETOAST_DATUM_PACKED(customer));
	number = ct_dictionary_find_next(&g->columns->customers, customer, &g->next);
	if (number >= 0 && !is_graded(g, number))
		number = -1;
	if (number >= 0)
	{
		Datum		tier = g->tier[g->grades->rank[number]];
		struct varlena *status = PG_DETOAST_DATUM_PACKED(d[STATE_STATUS]);

		same = !(g->seen[number] & ALSO) &&
			VARSIZE_ANY_EXHDR(status) == 6 && memcmp(VARDATA_ANY(status), "earned", 6) == 0 &&
			same_text(d[STATE_TIER], tier) && same_text(d[STATE_EARNED], tier) &&
			same_scores(g->grades, number, d[STATE_SCORES]) &&
			same_text(d[STATE_GROUP], g->columns->groups.key[g->columns->group[number]]) &&
			(slot->tts_isnull[STATE_VALS] ? !any_stored(g) :
			 same_values(g->grades, number, g->stored, d[STATE_VALS]));
		g->seen[number] |= IN_STATE;
	}
	if (same)
		add_settled(g, number);
	else
		put_graded(g, number, d[STATE_CUSTOMER], d[STATE_GROUP], slot);
	MemoryContextSwitchTo(old);
}

static void
start_also(void *arg, TupleDesc desc)
{
	static const Oid type[] = {InvalidOid, FLOAT8ARRAYOID, BOOLOID, TEXTOID};

	check_columns(arg, desc, type, lengthof(type));
}

/*
 * customer, vals, gone, customer_group: has to be looked at, unless the values are these;
 * "gone" says that the state does not have the customer.
 */
static void
receive_also(void *arg, TupleTableSlot *slot)
{
	Grading    *g = arg;
	MemoryContext old = start_row(g);
	Datum	   *d = slot->tts_values;
	Datum		customer;
	int64		number;

	check_not_null(slot, COLUMN(0) | COLUMN(2));
	customer = d[0];
	if (g->columns->customers.type.len == -1)
		customer = PointerGetDatum(PG_DETOAST_DATUM_PACKED(customer));
	number = ct_dictionary_find(&g->columns->customers, customer);
	if (number >= 0 && is_graded(g, number))
	{
		if (slot->tts_isnull[1] || !same_values(g->grades, number, NULL, d[1]))
			g->seen[number] |= ALSO;
	}
	else if (DatumGetBool(d[2]) && !slot->tts_isnull[3])
		put_graded(g, -1, d[0], d[3], NULL);
	MemoryContextSwitchTo(old);
}

/*
 * The first refresh
 */

/* the columns that a first refresh writes, of both tables */
enum
{
	NEW_CUSTOMER, NEW_GROUP, NEW_SCORES, NEW_EARNED, NEW_TIER, NEW_STATUS, NEW_SINCE, NEW_COMMON,
	NEW_VALS = NEW_COMMON, NEW_FROM, NEW_TO, NEW_CHANGE, NEW_REASON, NEW_VERSION, NEW_COLUMNS
};

typedef struct NewTable
{
	BulkInsert *bulk;
	AttrNumber	column[NEW_COLUMNS];
} NewTable;

/* of the state only the first columns are written */
static void
open_new_table(const Grading *g, NewTable *t, Oid relid, int columns)
{
	static const Oid type[] = {
		InvalidOid, TEXTOID, INT2ARRAYOID, TEXTOID, TEXTOID, TEXTOID, DATEOID, FLOAT8ARRAYOID, DATEOID,
		DATEOID, TEXTOID, TEXTOID, INT4OID
	};
	static const char *const name[] = {
		"customer", "customer_group", "scores", "earned", "tier", "status", "since", "vals", "valid_from",
		"valid_to", "change", "reason", "rule_version"
	};

	t->bulk = ct_bulk_begin(relid);
	for (int i = 0; i < NEW_COLUMNS; i++)
	{
		t->column[i] = get_attnum(relid, name[i]);
		if (i < columns)
			check_type(g, get_atttype(relid, t->column[i]), type[i], name[i]);
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

/* everybody enters with the tier earned */
static void
write_all(Grading *g, Oid state, Oid history, int version)
{
	NewTable	states;
	NewTable	histories;
	Datum		common[NEW_COMMON];
	Datum		new = CStringGetTextDatum("new");
	Datum		first = CStringGetTextDatum("first");
	bool		stored = any_stored(g);
	MemoryContext old = CurrentMemoryContext;

	if (!ct_is_bare_table(state) || !ct_is_bare_table(history))
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

		if (!is_graded(g, i))
			continue;
		/* both are flushed at once */
		MemoryContextSwitchTo(states.bulk->context);
		common[NEW_CUSTOMER] = g->columns->customers.key[i];
		common[NEW_GROUP] = g->columns->groups.key[g->columns->group[i]];
		common[NEW_SCORES] = ct_scores_array(g->grades, i);
		common[NEW_EARNED] = common[NEW_TIER] = g->tier[g->grades->rank[i]];
		slot = start_new_row(&histories, common);
		set_column(&histories, slot, NEW_VALS, ct_values_array(g->grades, i, NULL));
		set_column(&histories, slot, NEW_FROM, DateADTGetDatum(g->day));
		set_column(&histories, slot, NEW_TO, DateADTGetDatum(DATEVAL_NOEND));
		set_column(&histories, slot, NEW_CHANGE, new);
		set_column(&histories, slot, NEW_REASON, first);
		set_column(&histories, slot, NEW_VERSION, Int32GetDatum(version));
		ct_bulk_put(histories.bulk);
		slot = start_new_row(&states, common);
		if (stored)
			set_column(&states, slot, NEW_VALS, ct_values_array(g->grades, i, g->stored));
		ct_bulk_put(states.bulk);
		add_settled(g, i);
	}
	MemoryContextSwitchTo(old);
	ct_bulk_end(histories.bulk);
	ct_bulk_end(states.bulk);
	CommandCounterIncrement();
}

/*
 * The relations that the command reads
 */

static TupleDesc
graded_desc(Oid customer)
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

static void
offer(const char *name, TupleDesc desc, Tuplestorestate *store)
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
offer_lines(const Grading *g)
{
	const Grades *grades = g->grades;
	TupleDesc	desc = CreateTemplateTupleDesc(3);
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);

	TupleDescInitEntry(desc, 1, "customer_group", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, 2, "axis", INT2OID, -1, 0);
	TupleDescInitEntry(desc, 3, "lines", FLOAT8ARRAYOID, -1, 0);
	FOR_STEPS(group, 0, grades->ngroups)
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
				values[2] = customer_tier_cuts_array(lines, axis->nlines);
			tuplestore_putvalues(store, desc, values, nulls);
		}
	offer("line", desc, store);
}

/* an integer of 10^-TOTAL_SCALE as numeric, with as many decimals as there are */
static Datum
total_numeric(int128 value, int scale)
{
	const int64 unit = INT64CONST(1000000000000000000);	/* 10^18 */
	Datum		high;
	Datum		low;
	Datum		scaled;

	value /= customer_tier_pow10[TOTAL_SCALE - scale];
	high = customer_tier_amount_to_numeric((int64) (value / unit), 0);
	low = customer_tier_amount_to_numeric((int64) (value % unit), scale);
	scaled = customer_tier_amount_to_numeric(unit / customer_tier_pow10[scale], 0);
	return DirectFunctionCall2(numeric_add, DirectFunctionCall2(numeric_mul, high, scaled), low);
}

static void
offer_settled(const Grading *g)
{
	static const char *const name[] = {"customer_group", "rank", "heads", "value", "held", "orders", "active"};
	static const Oid type[] = {TEXTOID, INT4OID, INT8OID, NUMERICOID, NUMERICOID, INT8OID, INT8OID};
	TupleDesc	desc = CreateTemplateTupleDesc(lengthof(name));
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);

	for (int i = 0; i < lengthof(name); i++)
		TupleDescInitEntry(desc, i + 1, name[i], type[i], -1, 0);
	FOR_STEPS(group, 0, g->grades->ngroups)
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
	offer("settled", desc, store);
}

/*
 * The function
 */

static char *
text_arg(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

static void
read_tiers(Grading *g, FunctionCallInfo fcinfo)
{
	Datum	   *tier;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(ARG_TIERS), TEXTOID, -1, false, TYPALIGN_INT, &tier, NULL, &g->ntiers);
	g->tier = palloc((g->ntiers + 1) * sizeof(Datum));
	g->tier[RANK_NULL] = PG_ARGISNULL(ARG_UNRATED) ? (Datum) 0 : PG_GETARG_DATUM(ARG_UNRATED);
	memcpy(g->tier + 1, tier, g->ntiers * sizeof(Datum));
	for (int i = 0; i < g->rule->nmap; i++)
		if (g->rule->map[i] < 1 || g->rule->map[i] > g->ntiers)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a rule has %d tiers, and no rank %d", g->ntiers, g->rule->map[i])));
}

static void
read_stored(Grading *g, FunctionCallInfo fcinfo)
{
	ArrayType  *stored;

	g->stored = palloc0(g->rule->naxes * sizeof(bool));
	if (PG_ARGISNULL(ARG_STORED))
		return;
	stored = PG_GETARG_ARRAYTYPE_P(ARG_STORED);
	if (ARR_NDIM(stored) != 1 || ARR_DIMS(stored)[0] != g->rule->naxes || array_contains_nulls(stored))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a rule of %d axes needs to know of each whether it is stored", g->rule->naxes)));
	g->stored = (const bool *) ARR_DATA_PTR(stored);
}

static void
read_rule_before(Grading *g, FunctionCallInfo fcinfo)
{
	int64		n;

	if (PG_ARGISNULL(ARG_AXES_BEFORE) || PG_ARGISNULL(ARG_SIZES_BEFORE) || PG_ARGISNULL(ARG_MAP_BEFORE) ||
		PG_ARGISNULL(ARG_LINES_BEFORE))
		return;
	g->rule_before = ct_rule_from(PG_GETARG_JSONB_P(ARG_AXES_BEFORE), PG_GETARG_ARRAYTYPE_P(ARG_SIZES_BEFORE),
								  PG_GETARG_ARRAYTYPE_P(ARG_MAP_BEFORE), 1);
	if (g->rule_before->naxes != g->rule->naxes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rule of %d axes had %d before", g->rule->naxes, g->rule_before->naxes)));
	n = g->columns->groups.n * g->rule_before->nlines;
	g->line_before = alloc_array(n, sizeof(double));
	g->known_before = palloc0(Max(g->columns->groups.n, 1) * sizeof(bool));
	FOR_STEPS(i, 0, n)
		g->line_before[i] = get_float8_nan();
	read_lines(g, g->rule_before, text_arg(fcinfo, ARG_LINES_BEFORE), g->line_before,
			   g->known_before);
}

/*
 * grade(measures, day, axes, sizes, map, keep, tiers, unrated, fixed, axes_before, sizes_before, map_before,
 *		lines_before, stored, state, also, new_state, new_history, version, command)
 *
 * "measures", "fixed", "lines_before", "state" and "also" are queries; "command" is the
 * statement whose rows are returned.  All run as the caller.  With new_state and new_history,
 * bare tables of the caller, everybody is written there, and is settled.
 */
Datum
customer_tier_grade(PG_FUNCTION_ARGS)
{
	Grading    *g = palloc0(sizeof(Grading));
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		n;

	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i) && (i <= ARG_MAP || i == ARG_TIERS || i == ARG_COMMAND))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument %d of grade must not be null", i + 1)));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	g->day = PG_GETARG_DATEADT(ARG_DAY);
	if (DATE_NOT_FINITE(g->day))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of is not a day")));
	g->rule = ct_rule_from(PG_GETARG_JSONB_P(ARG_AXES), PG_GETARG_ARRAYTYPE_P(ARG_SIZES),
						   PG_GETARG_ARRAYTYPE_P(ARG_MAP), PG_ARGISNULL(ARG_KEEP) ? 1 : PG_GETARG_FLOAT8(ARG_KEEP));
	read_tiers(g, fcinfo);
	read_stored(g, fcinfo);
	g->scratch = AllocSetContextCreate(CurrentMemoryContext, "customer_tier row", ALLOCSET_DEFAULT_SIZES);

	ct_run_query(text_arg(fcinfo, ARG_MEASURES), "grade", start_measures, receive_measures, g);
	g->grades = ct_find_grades(g->rule, g->columns);
	if (!PG_ARGISNULL(ARG_FIXED))
		read_lines(g, g->rule, text_arg(fcinfo, ARG_FIXED), g->grades->line, NULL);
	ct_score(g->grades);
	read_rule_before(g, fcinfo);

	n = COLUMNS_SIZE(g->columns);
	g->written = !PG_ARGISNULL(ARG_STATE);
	g->desc = graded_desc(g->customer);
	g->graded = tuplestore_begin_heap(false, false, work_mem);
	g->seen = MemoryContextAllocExtended(CurrentMemoryContext, Max(n, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	g->settled = MemoryContextAllocExtended(CurrentMemoryContext,
											Max(g->grades->ngroups, 1) * (g->ntiers + 1) * sizeof(Settled),
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	if (!PG_ARGISNULL(ARG_ALSO))
		ct_run_query(text_arg(fcinfo, ARG_ALSO), "grade", start_also, receive_also, g);
	if (!PG_ARGISNULL(ARG_STATE))
		ct_run_query(text_arg(fcinfo, ARG_STATE), "grade", start_state, receive_state, g);
	if (!PG_ARGISNULL(ARG_NEW_STATE) && !PG_ARGISNULL(ARG_NEW_HISTORY) && !PG_ARGISNULL(ARG_VERSION))
	{
		write_all(g, PG_GETARG_OID(ARG_NEW_STATE), PG_GETARG_OID(ARG_NEW_HISTORY), PG_GETARG_INT32(ARG_VERSION));
		n = 0;
	}
	FOR_STEPS(i, 0, n)
	{
		if (!(g->seen[i] & IN_STATE) && is_graded(g, i))
		{
			MemoryContext old = start_row(g);

			put_graded(g, i, (Datum) 0, (Datum) 0, NULL);
			MemoryContextSwitchTo(old);
		}
	}
	MemoryContextReset(g->scratch);

	SPI_connect();
	offer("graded", g->desc, g->graded);
	offer_lines(g);
	offer_settled(g);
	spi_execute_into(text_to_cstring(PG_GETARG_TEXT_PP(ARG_COMMAND)), rsinfo);
	SPI_finish();
	return (Datum) 0;
}

/* is_bare_table(relation): whether grade() can write a first refresh there */
Datum
customer_tier_is_bare_table(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ct_is_bare_table(PG_GETARG_OID(0)));
}
