/*
 * customer_counts.c
 *		Customers counted by what a value model knows of them.
 *
 * Open addressing with linear probing; at most three quarters of the slots are
 * taken.  What becomes of the state does not depend on the order of the rows:
 * whoever reads it sorts.
 */
#include "value/customer_counts.h"

#include <math.h>

#include "fmgr.h"

#include "base/steps.h"
#include "cuts/arguments.h"

PG_FUNCTION_INFO_V1(ct_customer_accumulate);
PG_FUNCTION_INFO_V1(ct_spend_accumulate);
PG_FUNCTION_INFO_V1(ct_customer_combine);

#define COUNTS_MAGIC	0x43544343
#define FIRST_SLOTS		16

typedef struct Counts
{
	int32		vl_len_;
	uint32		magic;
	int64		slots;			/* a power of two */
	int64		taken;
	CustomerCount slot[FLEXIBLE_ARRAY_MEMBER];
} Counts;

#define COUNTS_SIZE(slots)	(offsetof(Counts, slot) + (Size) (slots) * sizeof(CustomerCount))

double
ct_check_finite(double value, const char *what)
{
	if (unlikely(isnan(value) || isinf(value)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be a finite number", what)));
	return value == 0 ? 0 : value;
}

void
ct_check_history(double x, double t_x, double t)
{
	ct_check_finite(x, "x");
	ct_check_finite(t_x, "t_x");
	ct_check_finite(t, "t");
	if (unlikely(x < 0 || x != floor(x)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("x must be a whole number, at least 0"),
				 errhint("It is the number of purchases after the first one.")));
	if (unlikely(t_x < 0 || t_x > t))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("t_x must be between 0 and t"),
				 errhint("Both count from the first purchase: t_x to the last one, t to the day of observation.")));
	if (unlikely(x == 0 && t_x != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("t_x must be 0 where x is 0"),
				 errhint("Who did not come back has no later purchase.")));
}

static void
counts_corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid state of an aggregate over customers")));
}

static Counts *
counts_new(int64 slots)
{
	Counts	   *c = alloc_state(COUNTS_SIZE(slots), "too many different customers for one fit",
								"Round the times, to weeks for example: equal customers are counted together.");

	clear_in_steps(c, COUNTS_SIZE(slots));
	SET_VARSIZE(c, COUNTS_SIZE(slots));
	c->magic = COUNTS_MAGIC;
	c->slots = slots;
	return c;
}

/* a state argument; NULL while it is the empty bytea that aggregates start with */
static Counts *
counts_get(FunctionCallInfo fcinfo, int arg)
{
	struct varlena *v = (struct varlena *) PG_DETOAST_DATUM(PG_GETARG_DATUM(arg));
	Counts	   *c = (Counts *) v;

	if (VARSIZE(v) == VARHDRSZ)
		return NULL;
	if ((Pointer) v != (Pointer) TYPEALIGN(ALIGNOF_DOUBLE, v))
		c = (Counts *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(arg));
	if (VARSIZE(c) < COUNTS_SIZE(FIRST_SLOTS) || c->magic != COUNTS_MAGIC || c->slots < FIRST_SLOTS ||
		c->slots > (int64) (MaxAllocSize / sizeof(CustomerCount)) || (c->slots & (c->slots - 1)) != 0 ||
		VARSIZE(c) != COUNTS_SIZE(c->slots) || c->taken < 0 || c->taken > c->slots / 4 * 3)
		counts_corrupt();
	return c;
}

static uint64
count_hash(const CustomerCount *k)
{
	return ct_hash_doubles(k->x, k->t_x, k->t);
}

/* there is an empty slot, or else the table is no table of ours */
static void
counts_put(Counts *c, const CustomerCount *k)
{
	uint64		at = count_hash(k) & (c->slots - 1);

	for (int64 i = 0; i < c->slots; i++, at = (at + 1) & (c->slots - 1))
	{
		CustomerCount *slot = &c->slot[at];

		if (slot->n == 0)
		{
			*slot = *k;
			c->taken++;
			return;
		}
		if (slot->x == k->x && slot->t_x == k->t_x && slot->t == k->t)
		{
			slot->n += k->n;
			return;
		}
	}
	counts_corrupt();
}

static Counts *
counts_add(Counts *c, const CustomerCount *k)
{
	if (unlikely(c->taken >= c->slots / 4 * 3))
	{
		Counts	   *larger = counts_new(2 * c->slots);

		FOR_STEPS(i, 0, c->slots)
			if (c->slot[i].n != 0)
				counts_put(larger, &c->slot[i]);
		c = larger;
	}
	counts_put(c, k);
	return c;
}

static Counts *
state_arg(FunctionCallInfo fcinfo)
{
	Counts	   *c;

	ct_check_transition(fcinfo);
	c = counts_get(fcinfo, 0);
	return c == NULL ? counts_new(FIRST_SLOTS) : c;
}

static void
check_most(double x)
{
	if (unlikely(x > MOST_PURCHASES))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many purchases of one customer for a fit"),
				 errdetail("At most %d are possible.", MOST_PURCHASES)));
}

/* customer_accumulate(state, x, t_x, t) */
Datum
ct_customer_accumulate(PG_FUNCTION_ARGS)
{
	CustomerCount k = {PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3), 1};

	ct_check_history(k.x, k.t_x, k.t);
	check_most(k.x);
	/* -0 is 0 */
	k.x += 0.0;
	k.t_x += 0.0;
	k.t += 0.0;
	PG_RETURN_POINTER(counts_add(state_arg(fcinfo), &k));
}

/* spend_accumulate(state, x, m): m takes the place of t */
Datum
ct_spend_accumulate(PG_FUNCTION_ARGS)
{
	CustomerCount k = {PG_GETARG_FLOAT8(1), 0, PG_GETARG_FLOAT8(2), 1};

	ct_check_history(k.x, 0, 0);
	ct_check_finite(k.t, "m");
	check_most(k.x);
	k.x += 0.0;
	/* who did not come back tells nothing of repeat purchases */
	if (k.x == 0)
		k.t = 0;
	else if (k.t <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("m must be above 0 where x is"),
				 errdetail("The model of spending knows no purchase for nothing."),
				 errhint("Leave such customers out: FILTER (WHERE m > 0).")));
	PG_RETURN_POINTER(counts_add(state_arg(fcinfo), &k));
}

Datum
ct_customer_combine(PG_FUNCTION_ARGS)
{
	Counts	   *a;
	Counts	   *b = counts_get(fcinfo, 1);

	if (b == NULL)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	a = state_arg(fcinfo);
	FOR_STEPS(i, 0, b->slots)
		if (b->slot[i].n != 0)
			a = counts_add(a, &b->slot[i]);
	PG_RETURN_POINTER(a);
}

static int
compare_counts(const void *a, const void *b)
{
	const CustomerCount *p = a;
	const CustomerCount *q = b;

	check_in_sort();
	if (p->x != q->x)
		return p->x < q->x ? -1 : 1;
	if (p->t_x != q->t_x)
		return p->t_x < q->t_x ? -1 : 1;
	return p->t < q->t ? -1 : p->t > q->t;
}

/* the state's customers, in memory of our own; false if there are none */
bool
ct_get_customers(FunctionCallInfo fcinfo, int arg, Customers *c)
{
	Counts	   *state = counts_get(fcinfo, arg);
	double		t = 0;

	memset(c, 0, sizeof(*c));
	if (state == NULL || state->taken == 0)
		return false;
	c->group = alloc_array(state->taken, sizeof(CustomerCount));
	FOR_STEPS(i, 0, state->slots)
	{
		const CustomerCount *k = &state->slot[i];

		if (k->n == 0)
			continue;
		/* the state may be anything that somebody made */
		if (c->groups >= state->taken || !(k->n > 0 && k->n < 1e18) || !(k->x >= 0 && k->x <= MOST_PURCHASES) ||
			k->x != floor(k->x) ||
			!(k->t_x >= 0 && k->t_x <= k->t) || isinf(k->t))
			counts_corrupt();
		c->group[c->groups++] = *k;
	}
	if (c->groups != state->taken)
		counts_corrupt();
	qsort(c->group, c->groups, sizeof(CustomerCount), compare_counts);
	FOR_STEPS(i, 0, c->groups)
	{
		const CustomerCount *k = &c->group[i];

		c->n += k->n;
		if (k->x > 0)
			c->repeaters += k->n;
		t += k->n * k->t;
		c->most = Max(c->most, (int64) k->x);
	}
	c->mean_t = t / c->n;
	return true;
}
