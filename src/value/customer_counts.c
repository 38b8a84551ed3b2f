/*
 * customer_counts.c
 *		The distinct customers of a fit, with their counts.
 *
 * The state is an array to which customers are appended.  After each RUN customers, the
 * run is sorted and equal customers are counted together.  A full state is merged before
 * it is enlarged, so that its size is bounded by the number of distinct customers.  A
 * parallel worker merges its state before it hands it over, so that combining merges two
 * sorted runs.
 *
 * The type of the state is internal, so the executor does not copy it when it grows.
 */
#include "value/customer_counts.h"

#include <math.h>

#include "fmgr.h"

#include "base/steps.h"
#include "cuts/arguments.h"
#include "cuts/value_state.h"

PG_FUNCTION_INFO_V1(ct_customer_accumulate);
PG_FUNCTION_INFO_V1(ct_spend_accumulate);
PG_FUNCTION_INFO_V1(ct_customer_combine);
PG_FUNCTION_INFO_V1(ct_customer_serialize);
PG_FUNCTION_INFO_V1(ct_customer_deserialize);

#define COUNTS_MAGIC	0x43544343
#define FIRST_ROOM		8
#define RUN				16384

struct Counts
{
	int64		n;
	int64		room;
	int64		sorted;			/* number of rows that are in sorted runs */
	CustomerCount *row;
};

/* a state as one datum: of a parallel worker, and for users to examine a fit */
typedef struct CountBytes
{
	int32		vl_len_;
	uint32		magic;
	CustomerCount row[FLEXIBLE_ARRAY_MEMBER];
} CountBytes;

#define BYTES_SIZE(n)	(offsetof(CountBytes, row) + (Size) (n) * sizeof(CustomerCount))

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

/* a state without customers, in the memory context given */
static Counts *
counts_new(MemoryContext context, int64 room)
{
	Counts	   *c = MemoryContextAlloc(context, sizeof(Counts));

	c->n = c->sorted = 0;
	c->room = Max(room, FIRST_ROOM);
	c->row = MemoryContextAllocHuge(context, c->room * sizeof(CustomerCount));
	return c;
}

/* the rows of a serialized state, a copy in the current memory context */
static Counts *
counts_from_bytes(const bytea *bytes)
{
	Size		size = VARSIZE_ANY_EXHDR(bytes);
	const char *data = VARDATA_ANY(bytes);
	uint32		magic = COUNTS_MAGIC;
	Counts	   *c;

	if (size > 0)
	{
		if (size < sizeof(magic) || (size - sizeof(magic)) % sizeof(CustomerCount) != 0)
			counts_corrupt();
		memcpy(&magic, data, sizeof(magic));
		size -= sizeof(magic);
		data += sizeof(magic);
	}
	if (magic != COUNTS_MAGIC)
		counts_corrupt();
	c = counts_new(CurrentMemoryContext, size / sizeof(CustomerCount));
	c->n = size / sizeof(CustomerCount);
	copy_in_steps(c->row, data, size);
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

/* merges two sorted runs, and counts equal customers together; returns how many are left */
static int64
merge(CustomerCount *to, const CustomerCount *a, int64 in_a, const CustomerCount *b, int64 in_b)
{
	const CustomerCount *a_end = a + in_a;
	const CustomerCount *b_end = b + in_b;
	int64		n = 0;

	FOR_STEPS(i, 0, in_a + in_b)
	{
		const CustomerCount *k = b == b_end || (a < a_end && compare(a, b) <= 0) ? a++ : b++;

		if (n > 0 && compare(&to[n - 1], k) == 0)
			to[n - 1].n += k->n;
		else
			to[n++] = *k;
	}
	return n;
}

/* whether rows are sorted and no two are equal */
static bool
is_condensed(const CustomerCount *row, int64 n)
{
	FOR_STEPS(i, 1, n)
	{
		if (compare(&row[i - 1], &row[i]) >= 0)
			return false;
	}
	return true;
}

/*
 * Sorts rows, and counts equal ones together.  It is a natural merge sort, which makes
 * use of sorted runs.  Returns the number of rows left.
 */
static int64
condense(CustomerCount *row, int64 n)
{
	CustomerCount *buffer;
	CustomerCount *from = row;
	CustomerCount *to;
	int64		runs;

	if (is_condensed(row, n))
		return n;
	to = buffer = alloc_array(n, sizeof(CustomerCount));
	do
	{
		int64		left = 0;

		runs = 0;
		for (int64 a = 0, end; a < n; a = end, runs++)
		{
			int64		b = run_end(from, a, n);

			end = b < n ? run_end(from, b, n) : n;
			left += merge(to + left, from + a, b - a, from + b, end - b);
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

/* merges the runs of a state, which changes nothing of what it means */
static void
merge_runs(Counts *c)
{
	c->n = c->sorted = condense(c->row, c->n);
}

static void
check_size(int64 n)
{
	check_state_size(BYTES_SIZE(n), "too many different customers for one fit",
					 "Round the times, to weeks for example: equal customers are counted together.");
}

static void
counts_add(Counts *c, const CustomerCount *k)
{
	if (unlikely(c->n == c->room))
	{
		merge_runs(c);
		if (c->n > c->room / 4 * 3)
		{
			check_size(2 * c->room);
			c->room *= 2;
			c->row = repalloc_huge(c->row, c->room * sizeof(CustomerCount));
		}
	}
	c->row[c->n++] = *k;
	if (c->n - c->sorted == RUN)
		c->n = c->sorted = c->sorted + condense(&c->row[c->sorted], RUN);
}

/* the state in argument 0 of a transition function, or a new one */
static Counts *
state_arg(FunctionCallInfo fcinfo)
{
	MemoryContext context = ct_check_transition(fcinfo);

	return PG_ARGISNULL(0) ? counts_new(context, FIRST_ROOM) : (Counts *) PG_GETARG_POINTER(0);
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
	Counts	   *c;
	CustomerCount k;

	if (!ct_values_row(fcinfo))
		return values_as_before(fcinfo);
	ct_check_history(PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3));
	check_most(PG_GETARG_FLOAT8(1));
	c = state_arg(fcinfo);
	/* -0 becomes 0 */
	k = (CustomerCount) {PG_GETARG_FLOAT8(1) + 0.0, PG_GETARG_FLOAT8(2) + 0.0, PG_GETARG_FLOAT8(3) + 0.0, 1};
	counts_add(c, &k);
	PG_RETURN_POINTER(c);
}

/* spend_accumulate(state, x, m): m is kept in t */
Datum
ct_spend_accumulate(PG_FUNCTION_ARGS)
{
	Counts	   *c;
	CustomerCount k = {0, 0, 0, 1};

	if (!ct_values_row(fcinfo))
		return values_as_before(fcinfo);
	k.x = PG_GETARG_FLOAT8(1);
	k.t = PG_GETARG_FLOAT8(2);
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
	c = state_arg(fcinfo);
	counts_add(c, &k);
	PG_RETURN_POINTER(c);
}

/* customer_combine(a, b): merges another state, which is one sorted run, as is each that was combined */
Datum
ct_customer_combine(PG_FUNCTION_ARGS)
{
	Counts	   *a;
	const Counts *b = (Counts *) PG_GETARG_POINTER(1);
	CustomerCount *row;

	if (PG_ARGISNULL(1))
		return values_as_before(fcinfo);
	a = state_arg(fcinfo);
	merge_runs(a);
	row = MemoryContextAllocHuge(GetMemoryChunkContext(a), Max(a->n + b->n, FIRST_ROOM) * sizeof(CustomerCount));
	a->room = Max(a->n + b->n, FIRST_ROOM);
	a->n = a->sorted = merge(row, a->row, a->n, b->row, b->n);
	pfree(a->row);
	a->row = row;
	check_size(a->n);
	PG_RETURN_POINTER(a);
}

/* customer_serialize(state) */
Datum
ct_customer_serialize(PG_FUNCTION_ARGS)
{
	Counts	   *c = (Counts *) PG_GETARG_POINTER(0);
	CountBytes *bytes;

	merge_runs(c);
	bytes = palloc(BYTES_SIZE(c->n));
	SET_VARSIZE(bytes, BYTES_SIZE(c->n));
	bytes->magic = COUNTS_MAGIC;
	copy_in_steps(bytes->row, c->row, c->n * sizeof(CustomerCount));
	PG_RETURN_POINTER(bytes);
}

/* customer_deserialize(bytes, nothing): in the current memory context, for customer_combine() */
Datum
ct_customer_deserialize(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(counts_from_bytes(PG_GETARG_BYTEA_PP(0)));
}

/*
 * ct_get_customers
 *		Gets the customers of a state, which are not copied; false if there are none.
 */
bool
ct_get_customers(Counts *state, Customers *c)
{
	double		t = 0;

	merge_runs(state);
	memset(c, 0, sizeof(*c));
	c->group = state->row;
	c->groups = state->n;
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
	return c->groups > 0;
}

/*
 * ct_get_counted
 *		The same for what customer_counts() has returned, or a user has made.
 */
bool
ct_get_counted(const bytea *bytes, Customers *c)
{
	Counts	   *state = counts_from_bytes(bytes);

	FOR_STEPS(i, 0, state->n)
	{
		const CustomerCount *k = &state->row[i];

		if (!(k->n > 0 && k->n < 1e18) || !(k->x >= 0 && k->x <= MOST_PURCHASES) || k->x != floor(k->x) ||
			!(k->t_x >= 0 && k->t_x <= k->t) || isinf(k->t))
			counts_corrupt();
	}
	return ct_get_customers(state, c);
}
