/*
 * allocation.c
 *		Customers shared out to owners: fair, dispersed, and with as few moves as can be.
 *
 * Rules in this order: pins; roles and groups; dispersion, of a tier nobody has too much;
 * fairness, nobody's load / capacity is too far above the mean of the group; stability.  Who
 * has an owner that may stay keeps the owner; the others are placed, the highest tiers and in
 * them the heaviest first, with whoever then has the least load / capacity.  What breaks a rule
 * after that is repaired by moves: the lightest customer who suffices, else the heaviest who
 * can move.  If sharing out everybody anew moves fewer and breaks no more, that is taken.
 */
#include "operations/allocation.h"

#include "base/steps.h"

/* whether an owner may be given a customer, and by which rule the move is made */
typedef struct Repair
{
	Work	   *w;
	Placement  *p;
	int32		from;
	Reason		why;
} Repair;

/* where pins leave no room for dispersion, the customer is placed all the same */
static void
place(Work *w, Placement *p, int64 customer)
{
	int32		owner;

	ct_use_tier(w, p, class_of(w, customer), w->a->tier[customer]);
	owner = ct_best_owner(w, p, customer, NOBODY, true, false);
	if (owner == NOBODY)
		owner = ct_best_owner(w, p, customer, NOBODY, false, false);
	if (owner != NOBODY)
		ct_put(w, p, customer, owner);
}

/*
 * Moves customers of a list, by weight, the heaviest first, until an excess is gone or nobody
 * can move.  Returns whether somebody moved.  Whoever cannot move now cannot after the next
 * move either, for nobody's room grows: so the list is walked once.
 */
static bool
relieve(Repair *r, const uint32 *list, int64 n, double excess, double limit)
{
	const double *weight = r->w->a->weight;
	bool		moved = false;
	bool		fair = r->why == CAPACITY;

	for (int64 k = 0; k < n && excess > limit * TOLERANCE;)
	{
		int64		low = k;
		int64		high = n;
		int64		at;
		int32		to = NOBODY;

		/* the last that suffices is before low */
		while (low < high)
		{
			int64		middle = low + (high - low) / 2;

			if (weight[list[middle]] >= excess)
				low = middle + 1;
			else
				high = middle;
		}
		if (low == k && weight[list[k]] <= 0)
			break;
		for (at = Max(low - 1, k); at >= k && to == NOBODY; at--)
		{
			CHECK_FOR_INTERRUPTS();
			if (r->w->a->pin[list[at]] == NOBODY)
				to = ct_best_owner(r->w, r->p, list[at], r->from, true, fair);
		}
		if (to != NOBODY)
		{
			at++;
			ct_move(r->w, r->p, list[at], to);
			r->p->why[list[at]] = r->why;
			excess -= weight[list[at]];
			moved = true;
		}
		k = Max(low, k + 1);
	}
	return moved;
}

/* the customers of each owner, in their order: those of owner i from first[i] on */
static uint32 *
customers_by_owner(const Allocation *a, const Placement *p, int64 *first)
{
	uint32	   *list = alloc_array(a->n, sizeof(uint32));
	int64	   *next = alloc_array(a->owners, sizeof(int64));

	memset(first, 0, (a->owners + 1) * sizeof(int64));
	FOR_STEPS(i, 0, a->n)
	{
		if (p->owner[i] >= 0)
			first[p->owner[i] + 1]++;
	}
	for (int o = 0; o < a->owners; o++)
	{
		next[o] = first[o];
		first[o + 1] += first[o];
	}
	FOR_STEPS(i, 0, a->n)
	{
		if (p->owner[i] >= 0)
			list[next[p->owner[i]]++] = (uint32) i;
	}
	pfree(next);
	return list;
}

/* customers of an owner come by tiers, and in them by weight; those of a group are picked */
static void
repair_dispersion(Work *w, Placement *p)
{
	const Allocation *a = w->a;
	int64	   *first = alloc_array(a->owners + 1, sizeof(int64));
	uint32	   *list = customers_by_owner(a, p, first);
	uint32	   *run = alloc_array(a->n, sizeof(uint32));

	for (int32 o = 0; o < a->owners; o++)
		for (int64 i = first[o], next; i < first[o + 1]; i = next)
		{
			Repair		r = {w, p, o, TIER};
			int32		tier = a->tier[list[i]];
			Class	   *c = ct_class_at(w, a->owner_group[o], tier);
			double		limit = c->pool->n > 0 ? class_limit(w, c) : 0;
			double		has = *tier_load(w, p, tier, o);
			int64		n = 0;

			for (next = i; next < first[o + 1] && a->tier[list[next]] == tier; next++)
			{
				CHECK_AT_STEP(next);
				if (a->group[list[next]] == a->owner_group[o])
					run[n++] = list[next];
			}
			if (c->pool->n > 0 && !is_within(has, limit))
			{
				ct_use_tier(w, p, c, tier);
				relieve(&r, run, n, has - limit, limit);
			}
		}
	pfree(first);
	pfree(list);
	pfree(run);
}

static int
compare_weights(const void *a, const void *b, void *arg)
{
	const double *weight = arg;
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	check_in_sort();
	if (weight[x] != weight[y])
		return weight[x] < weight[y] ? 1 : -1;
	return (x > y) - (x < y);
}

/* An owner with too much gives until none of the own customers can move to one who stays within. */
static void
repair_fairness(Work *w, Placement *p)
{
	const Allocation *a = w->a;
	int64	   *first = alloc_array(a->owners + 1, sizeof(int64));
	bool		moved;

	do
	{
		uint32	   *list = customers_by_owner(a, p, first);

		moved = false;
		for (int32 o = 0; o < a->owners; o++)
		{
			Repair		r = {w, p, o, CAPACITY};
			double		limit = load_limit(w, o);

			if (is_within(p->load[o].weight, limit))
				continue;
			qsort_arg(list + first[o], first[o + 1] - first[o], sizeof(uint32), compare_weights,
					  unconstify(double *, a->weight));
			if (relieve(&r, list + first[o], first[o + 1] - first[o], p->load[o].weight - limit, limit))
				moved = true;
		}
		pfree(list);
	} while (moved);
	pfree(first);
}

static void
judge(Work *w, Placement *p)
{
	const Allocation *a = w->a;

	FOR_STEPS(i, 0, a->n)
	{
		if (a->now[i] >= 0 && p->owner[i] != a->now[i])
			p->moved++;
	}
	for (int32 o = 0; o < a->owners; o++)
	{
		CHECK_FOR_INTERRUPTS();
		p->broken += !is_within(p->load[o].weight, load_limit(w, o));
		for (int32 t = 0; t < a->tiers; t++)
		{
			const Class *c = ct_class_at(w, a->owner_group[o], t);

			p->broken += c->pool->n > 0 &&
				!is_within(*tier_load(w, p, t, o), class_limit(w, c));
		}
	}
}

/* "anew" takes no notice of the owners before */
static Placement *
allocate(Work *w, bool anew)
{
	const Allocation *a = w->a;
	Placement  *p = palloc0(sizeof(Placement));

	p->owner = alloc_array(a->n, sizeof(int32));
	p->why = alloc_array(a->n, sizeof(uint8));
	p->load = palloc(a->owners * sizeof(Load));
	memcpy(p->load, a->owner, a->owners * sizeof(Load));
	p->tier_load = alloc_array((int64) a->tiers * a->owners, sizeof(double));
	clear_in_steps(p->tier_load, (Size) a->tiers * a->owners * sizeof(double));
	FOR_STEPS(i, 0, a->n)
	{
		bool		stays = !anew && a->now[i] >= 0 && may_have(a, a->now[i], a->group[i], a->tier[i]);

		p->owner[i] = a->pin[i] >= 0 ? a->pin[i] : stays ? a->now[i] : NOBODY;
		p->why[i] = anew ? BALANCE : STAYS;
		if (p->owner[i] != NOBODY)
			add(w, p, i, p->owner[i], 1);
	}
	ct_build_pools(w, p);
	FOR_STEPS(i, 0, a->n)
	{
		if (p->owner[i] == NOBODY)
			place(w, p, i);
	}
	repair_dispersion(w, p);
	repair_fairness(w, p);
	judge(w, p);
	return p;
}

/*
 * ct_allocate
 *		Everybody's owner, in the current memory context.
 */
Placement *
ct_allocate(const Allocation *a)
{
	Work		w;
	Placement  *repaired;
	Placement  *fresh;

	ct_work_begin(&w, a);
	repaired = allocate(&w, false);
	if (repaired->moved == 0)
		return repaired;
	fresh = allocate(&w, true);
	return fresh->moved < repaired->moved && fresh->broken <= repaired->broken ? fresh : repaired;
}

/*
 * ct_allocation_reason
 *		Why a customer has the owner that was found.
 */
Reason
ct_allocation_reason(const Allocation *a, const Placement *p, int64 customer)
{
	int32		now = a->now[customer];

	if (p->owner[customer] == now)
		return STAYS;
	if (a->pin[customer] >= 0)
		return PINNED;
	if (now == NOBODY)
		return FIRST;
	if (now == SOMEBODY || p->owner[customer] == NOBODY)
		return LEFT;
	if (!may_have(a, now, a->group[customer], a->tier[customer]))
		return TIER;
	return p->why[customer];
}
