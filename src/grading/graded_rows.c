/*
 * graded_rows.c
 *		Compares customers with the state of the last refresh, and adds those that differ to graded.
 */
#include "grading/graded_rows.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/float.h"

#include "base/query.h"

/* the columns of the query of the state */
enum
{
	STATE_PLACE, STATE_CUSTOMER, STATE_GROUP, STATE_SCORES, STATE_VALS, STATE_TIER, STATE_EARNED, STATE_STATUS,
	STATE_SINCE
};

/* bits of "seen" */
#define IN_STATE	1
#define ALSO		2			/* goes to graded even if it equals the state */

/*
 * Rows of graded
 */

/*
 * ct_any_stored
 *		Whether the state keeps the value of any axis.
 */
bool
ct_any_stored(const Grading *g)
{
	for (int a = 0; a < g->rule->naxes; a++)
		if (g->stored[a])
			return true;
	return false;
}

/*
 * Adds a row to graded.  "customer" is -1 for a customer that is no longer graded, who is
 * "gone" of "group_of_gone"; "state" is NULL for a customer that the state does not have.
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
		values[G_VALUE] = ct_amount_to_numeric(total->amount, total->scale);
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
		nulls[G_STORED] = !ct_any_stored(g);
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

/*
 * ct_add_settled
 *		Adds a customer to the totals of the group and rank.
 */
void
ct_add_settled(Grading *g, int64 customer)
{
	const CustomerTotal *t = &g->columns->total[customer];
	Settled    *s = &g->settled[(int64) g->columns->group[customer] * (g->ntiers + 1) + g->grades->rank[customer]];
	int128		amount = (int128) t->amount * ct_pow10[TOTAL_SCALE - t->scale];

	s->heads++;
	s->value += amount;
	s->held += Max(amount, 0);
	s->orders += t->orders;
	s->active += t->active;
	s->scale = Max(s->scale, t->scale);
}

/*
 * ct_is_graded
 *		Whether a customer has a tier; one without a score has only if there is an unrated tier.
 */
bool
ct_is_graded(const Grading *g, int64 customer)
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

/* whether the values of the wanted axes, or of all, equal those of the state */
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

	ct_check_grading_columns(arg, desc, type, lengthof(type));
}

static void
receive_state(void *arg, TupleTableSlot *slot)
{
	Grading    *g = arg;
	MemoryContext old = ct_start_grading_row(g);
	Datum	   *d = slot->tts_values;
	Datum		customer;
	int64		number;
	bool		same = false;

	ct_check_grading_row(slot, COLUMN(STATE_CUSTOMER) | COLUMN(STATE_GROUP) | COLUMN(STATE_SCORES) |
						 COLUMN(STATE_TIER) | COLUMN(STATE_EARNED) | COLUMN(STATE_STATUS));
	customer = dictionary_key(&g->columns->customers, d[STATE_CUSTOMER]);
	number = ct_dictionary_find_next(&g->columns->customers, customer, &g->next);
	if (number >= 0 && !ct_is_graded(g, number))
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
			(slot->tts_isnull[STATE_VALS] ? !ct_any_stored(g) :
			 same_values(g->grades, number, g->stored, d[STATE_VALS]));
		g->seen[number] |= IN_STATE;
	}
	if (same)
		ct_add_settled(g, number);
	else
		put_graded(g, number, d[STATE_CUSTOMER], d[STATE_GROUP], slot);
	MemoryContextSwitchTo(old);
}

static void
start_also(void *arg, TupleDesc desc)
{
	static const Oid type[] = {InvalidOid, FLOAT8ARRAYOID, BOOLOID, TEXTOID};

	ct_check_grading_columns(arg, desc, type, lengthof(type));
}

/*
 * Receives customer, vals, gone, customer_group: the customer goes to graded unless its values
 * are vals.  "gone" says that the state does not have the customer.
 */
static void
receive_also(void *arg, TupleTableSlot *slot)
{
	Grading    *g = arg;
	MemoryContext old = ct_start_grading_row(g);
	Datum	   *d = slot->tts_values;
	Datum		customer;
	int64		number;

	ct_check_grading_row(slot, COLUMN(0) | COLUMN(2));
	customer = dictionary_key(&g->columns->customers, d[0]);
	number = ct_dictionary_find(&g->columns->customers, customer);
	if (number >= 0 && ct_is_graded(g, number))
	{
		if (slot->tts_isnull[1] || !same_values(g->grades, number, NULL, d[1]))
			g->seen[number] |= ALSO;
	}
	else if (DatumGetBool(d[2]) && !slot->tts_isnull[3])
		put_graded(g, -1, d[0], d[3], NULL);
	MemoryContextSwitchTo(old);
}

/*
 * ct_compare_state
 *		Adds customers that differ from the state to graded, and the others to settled.
 *
 * "also" and "state" are queries, or NULL.
 */
void
ct_compare_state(Grading *g, const char *also, const char *state)
{
	if (also != NULL)
		ct_run_query(also, "grade", start_also, receive_also, g);
	if (state != NULL)
		ct_run_query(state, "grade", start_state, receive_state, g);
	FOR_STEPS(i, 0, COLUMNS_SIZE(g->columns))
	{
		if (!(g->seen[i] & IN_STATE) && ct_is_graded(g, i))
		{
			MemoryContext old = ct_start_grading_row(g);

			put_graded(g, i, (Datum) 0, (Datum) 0, NULL);
			MemoryContextSwitchTo(old);
		}
	}
}
