/*
 * customer_counts.c
 *		The distinct customers of a fit, with their counts.
 *
 * The state is an array to which customers are appended.  After each RUN customers, the
 * run is sorted and equal customers are counted together, so that the workers of a
 * parallel plan do this work.  The combine function only appends, and the final
 * function merges the sorted runs.  A full state is merged before it is enlarged, so
 * that its size is bounded by the number of distinct customers.
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
#define FIRST_ROOM		8
#define RUN				16384
#define MOST_ROWS		((int64) (MaxAllocSize / sizeof(CustomerCount)) - 1)

typedef struct Counts
{
	int32		vl_len_;
	uint32		magic;
	int64		n;
	int64		sorted;			/* number of rows that are in sorted runs */
	CustomerCount row[FLEXIBLE_ARRAY_MEMBER];
} Counts;

#define COUNTS_SIZE(room)	(offsetof(Counts, row) + (Size) (room) * sizeof(CustomerCount))

/*
 * ct_check_finite
 *		Returns a finite argument, with 0 for -0.  The error names it as "what".
 */
double
ct_check_finite(double value, const char *what)
{
	if (unlikely(isnan(value) || isinf(value)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be a finite number", what)));
	return value == 0 ? 0 : value;
}

/*
 * ct_check_history
 *		Fails unless x, t_x and t can be those of a customer.
 */
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
				 errhint("A customer without repeat purchases has no later purchase.")));
}

static void
counts_corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid state of an aggregate over customers")));
}

/* a state with room for "room" rows, and with the rows of "old" if that is not NULL */
static Counts *
counts_new(int64 room, const Counts *old)
{
	int64		n = old == NULL ? 0 : old->n;
	Counts	   *c = alloc_state(COUNTS_SIZE(room), "too many different customers for one fit",
								"Round the times, to weeks for example: equal customers are counted together.");

	SET_VARSIZE(c, COUNTS_SIZE(room));
	c->magic = COUNTS_MAGIC;
	c->n = n;
	c->sorted = n == 0 ? 0 : old->sorted;
	if (n > 0)
		copy_in_steps(c->row, old->row, n * sizeof(CustomerCount));
	/* users can see the unused room, by calling customer_counts() */
	clear_in_steps(&c->row[n], (room - n) * sizeof(CustomerCount));
	return c;
}

static int64
counts_room(const Counts *c)
{
	return (VARSIZE(c) - offsetof(Counts, row)) / sizeof(CustomerCount);
}

/* the state in an argument, aligned, or NULL for an empty bytea, the initial state */
static Counts *
counts_get(FunctionCallInfo fcinfo, int arg)
{
	struct varlena *v = (struct varlena *) PG_DETOAST_DATUM(PG_GETARG_DATUM(arg));
	Counts	   *c = (Counts *) v;

	if (VARSIZE(v) == VARHDRSZ)
		return NULL;
	if ((Pointer) v != (Pointer) TYPEALIGN(ALIGNOF_DOUBLE, v))
		c = (Counts *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(arg));
	if (VARSIZE(c) < COUNTS_SIZE(FIRST_ROOM) || c->magic != COUNTS_MAGIC || c->n < 1 || c->n > counts_room(c) ||
		c->sorted < 0 || c->sorted > c->n)
		counts_corrupt();
	return c;
}

static inline int
compare(const CustomerCount *a, const CustomerCount *b)
{
	if (a->x != b->x)
		return a->x < b->x ? -1 : 1;
	if (a->t_x != b->t_x)
		return a->t_x < b->t_x ? -1 : 1;
	return a->t < b->t ? -1 : a->t > b->t;
}

/* the end of the sorted run that begins at row "from" */
static int64
run_end(const CustomerCount *row, int64 from, int64 n)
{
	int64		i = from + 1;

	for (; i < n && compare(&row[i - 1], &row[i]) <= 0; i++)
		CHECK_AT_STEP(i);
	return Min(i, n);
}

/*
 * Sorts rows, and counts equal ones together.  It is a natural merge sort, which makes
 * use of sorted runs.  Returns the number of rows left.
 */
static int64
condense(CustomerCount *row, int64 n)
{
	CustomerCount *buffer = alloc_array(n, sizeof(CustomerCount));
	CustomerCount *from = row;
	CustomerCount *to = buffer;
	int64		runs;

	do
	{
		int64		left = 0;

		runs = 0;
		for (int64 a = 0, end; a < n; a = end, runs++)
		{
			int64		a_end = run_end(from, a, n);
			int64		b = a_end;

			end = a_end < n ? run_end(from, a_end, n) : n;
			for (int64 i = a; i < end; i++)
			{
				const CustomerCount *k = b == end || (a < a_end && compare(&from[a], &from[b]) <= 0) ?
					&from[a++] : &from[b++];

				CHECK_AT_STEP(i);
				if (left > 0 && compare(&to[left - 1], k) == 0)
					to[left - 1].n += k->n;
				else
					to[left++] = *k;
			}
		}
		n = left;
		to = from;
		from = to == row ? buffer : row;
	} while (runs > 1);
	if (from != row)
		copy_in_steps(row, from, n * sizeof(CustomerCount));
	pfree(buffer);
	return n;
}

static Counts *
counts_add(Counts *c, const CustomerCount *k)
{
	if (unlikely(c->n == counts_room(c)))
	{
		c->n = c->sorted = condense(c->row, c->n);
		if (c->n > counts_room(c) / 4 * 3)
			c = counts_new(2 * counts_room(c), c);
	}
	c->row[c->n++] = *k;
	if (c->n - c->sorted == RUN)
		c->n = c->sorted = c->sorted + condense(&c->row[c->sorted], RUN);
	return c;
}

static Counts *
state_arg(FunctionCallInfo fcinfo)
{
	Counts	   *c;

	ct_check_transition(fcinfo);
	c = counts_get(fcinfo, 0);
	return c == NULL ? counts_new(FIRST_ROOM, NULL) : c;
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
	/* -0 becomes 0 */
	k.x += 0.0;
	k.t_x += 0.0;
	k.t += 0.0;
	PG_RETURN_POINTER(counts_add(state_arg(fcinfo), &k));
}

/* spend_accumulate(state, x, m): m is kept in t */
Datum
ct_spend_accumulate(PG_FUNCTION_ARGS)
{
	CustomerCount k = {PG_GETARG_FLOAT8(1), 0, PG_GETARG_FLOAT8(2), 1};

	ct_check_history(k.x, 0, 0);
	ct_check_finite(k.t, "m");
	check_most(k.x);
	k.x += 0.0;
	/* without repeat purchases, m has no meaning */
	if (k.x == 0)
		k.t = 0;
	else if (k.t <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("m must be above 0 where x is above 0"),
				 errdetail("In the model of spending, every purchase has a value above 0."),
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
	if (a->n + b->n > MOST_ROWS)
		a->n = a->sorted = condense(a->row, a->n);
	if (a->n + b->n > counts_room(a))
		a = counts_new(a->n + b->n, a);
	copy_in_steps(&a->row[a->n], b->row, b->n * sizeof(CustomerCount));
	a->n += b->n;
	a->sorted = a->n;
	PG_RETURN_POINTER(a);
}

/*
 * ct_get_customers
 *		Gets the customers of the state in an argument; false if there are none.
 *
 * They are a copy in the current memory context, as a final function must not change
 * the state.  Fails if the state is invalid.
 */
bool
ct_get_customers(FunctionCallInfo fcinfo, int arg, Customers *c)
{
	Counts	   *state = counts_get(fcinfo, arg);
	double		t = 0;

	memset(c, 0, sizeof(*c));
	if (state == NULL)
		return false;
	c->group = alloc_array(state->n, sizeof(CustomerCount));
	FOR_STEPS(i, 0, state->n)
	{
		const CustomerCount *k = &state->row[i];

		/* fit_from() takes any bytea from the user */
		if (!(k->n > 0 && k->n < 1e18) || !(k->x >= 0 && k->x <= MOST_PURCHASES) || k->x != floor(k->x) ||
			!(k->t_x >= 0 && k->t_x <= k->t) || isinf(k->t))
			counts_corrupt();
		c->group[i] = *k;
	}
	c->groups = condense(c->group, state->n);
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
