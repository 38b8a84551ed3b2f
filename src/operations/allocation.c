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

#define TOLERANCE	1e-9		/* of a limit: sums are rounded */

/* a class is a tier in a group: its owners, and how much of it one of them may have */
typedef struct Class
{
	int32	   *owner;			/* NULL until they are looked for */
	int			owners;
	double		weight;
	double		heaviest;
} Class;

typedef struct Work
{
	const Allocation *a;
	Class	   *class;			/* of each group and tier */
	double	   *limit;			/* the load up to which an owner is within the rules */
} Work;

/* whether an owner may be given a customer, and by which rule the move is made */
typedef struct Repair
{
	Work	   *w;
	Placement  *p;
	int32		from;
	Reason		why;
} Repair;

static inline bool
is_within(double load, double limit)
{
	return load <= limit * (1 + TOLERANCE);
}

static inline bool
may_have(const Allocation *a, int32 owner, int32 group, int32 tier)
{
	return a->owner_group[owner] == group &&
		(a->tier_role[tier] < 0 || a->owner_role[owner] == a->tier_role[tier]);
}

static inline Class *
class_at(Work *w, int32 group, int32 tier)
{
	Class	   *c = &w->class[(int64) group * w->a->tiers + tier];

	if (c->owner == NULL)
	{
		c->owner = palloc(w->a->owners * sizeof(int32));
		for (int i = 0; i < w->a->owners; i++)
			if (may_have(w->a, i, group, tier))
				c->owner[c->owners++] = i;
	}
	return c;
}

static inline Class *
class_of(Work *w, int64 customer)
{
	return class_at(w, w->a->group[customer], w->a->tier[customer]);
}

/* how much of a class one of its owners may have */
static inline double
class_limit(const Work *w, const Class *c)
{
	return Max(w->a->most * c->weight, c->weight / c->owners + c->heaviest);
}

static inline double *
tier_load(const Work *w, const Placement *p, int64 customer, int32 owner)
{
	return &p->tier_load[(int64) w->a->tier[customer] * w->a->owners + owner];
}

static void
put(Work *w, Placement *p, int64 customer, int32 owner)
{
	p->owner[customer] = owner;
	add_load(&p->load[owner], w->a->weight[customer]);
	*tier_load(w, p, customer, owner) += w->a->weight[customer];
}

static void
move(Work *w, Placement *p, int64 customer, int32 owner)
{
	int32		before = p->owner[customer];

	p->load[before].weight -= w->a->weight[customer];
	p->load[before].heads--;
	*tier_load(w, p, customer, before) -= w->a->weight[customer];
	put(w, p, customer, owner);
}

/*
 * The owner with whom a customer lies best, or NOBODY.  "disperse" keeps to what one owner may
 * have of the tier, "fair" to the limit of the load.
 */
static int32
best_owner(Work *w, const Placement *p, int64 customer, int32 except, bool disperse, bool fair)
{
	const Class *c = class_of(w, customer);
	double		weight = w->a->weight[customer];
	double		most = class_limit(w, c);
	Best		best = BEST_OF_NONE;

	for (int i = 0; i < c->owners; i++)
	{
		int32		o = c->owner[i];
		double		with;

		if (o == except || !is_better(&best, &p->load[o], weight, &with) ||
			(disperse && !is_within(*tier_load(w, p, customer, o) + weight, most)) ||
			(fair && !is_within(p->load[o].weight + weight, w->limit[o])))
			continue;
		take_best(&best, o, &p->load[o], with);
	}
	return best.owner;
}

/* where pins leave no room for dispersion, the customer is placed all the same */
static void
place(Work *w, Placement *p, int64 customer)
{
	int32		owner = best_owner(w, p, customer, NOBODY, true, false);

	if (owner == NOBODY)
		owner = best_owner(w, p, customer, NOBODY, false, false);
	if (owner != NOBODY)
		put(w, p, customer, owner);
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
				to = best_owner(r->w, r->p, list[at], r->from, true, fair);
		}
		if (to != NOBODY)
		{
			at++;
			move(r->w, r->p, list[at], to);
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
			Class	   *c = class_at(w, a->owner_group[o], a->tier[list[i]]);
			double		limit = c->owners > 0 ? class_limit(w, c) : 0;
			double		has = *tier_load(w, p, list[i], o);
			int64		n = 0;

			for (next = i; next < first[o + 1] && a->tier[list[next]] == a->tier[list[i]]; next++)
			{
				CHECK_AT_STEP(next);
				if (a->group[list[next]] == a->owner_group[o])
					run[n++] = list[next];
			}
			if (c->owners > 0 && !is_within(has, limit))
				relieve(&r, run, n, has - limit, limit);
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

			if (is_within(p->load[o].weight, w->limit[o]))
				continue;
			qsort_arg(list + first[o], first[o + 1] - first[o], sizeof(uint32), compare_weights,
					  unconstify(double *, a->weight));
			if (relieve(&r, list + first[o], first[o + 1] - first[o], p->load[o].weight - w->limit[o], w->limit[o]))
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
		p->broken += !is_within(p->load[o].weight, w->limit[o]);
		for (int32 t = 0; t < a->tiers; t++)
		{
			const Class *c = class_at(w, a->owner_group[o], t);

			p->broken += c->owners > 0 &&
				!is_within(p->tier_load[(int64) t * a->owners + o], class_limit(w, c));
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
		p->owner[i] = NOBODY;
		p->why[i] = anew ? BALANCE : STAYS;
		if (a->pin[i] >= 0)
			put(w, p, i, a->pin[i]);
		else if (!anew && a->now[i] >= 0 && may_have(a, a->now[i], a->group[i], a->tier[i]))
			put(w, p, i, a->now[i]);
	}
	for (int64 i = 0; i < a->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (p->owner[i] == NOBODY)
			place(w, p, i);
	}
	repair_dispersion(w, p);
	repair_fairness(w, p);
	judge(w, p);
	return p;
}

static void
find_limits(Work *w)
{
	const Allocation *a = w->a;
	double	   *weight = alloc_array(a->groups, sizeof(double));
	double	   *capacity = alloc_array(a->groups, sizeof(double));

	for (int g = 0; g < a->groups; g++)
		weight[g] = capacity[g] = 0;
	FOR_STEPS(i, 0, a->n)
	{
		Class	   *c = class_of(w, i);

		c->weight += a->weight[i];
		c->heaviest = Max(c->heaviest, a->weight[i]);
		if (a->pin[i] >= 0)
			weight[a->owner_group[a->pin[i]]] += a->weight[i];
		else if (c->owners > 0)
			weight[a->group[i]] += a->weight[i];
	}
	for (int32 o = 0; o < a->owners; o++)
		capacity[a->owner_group[o]] += a->owner[o].capacity;
	w->limit = palloc(a->owners * sizeof(double));
	for (int32 o = 0; o < a->owners; o++)
	{
		int			g = a->owner_group[o];

		w->limit[o] = (1 + a->slack) * (weight[g] / capacity[g]) * a->owner[o].capacity;
	}
	pfree(weight);
	pfree(capacity);
}

/*
 * ct_allocate
 *		Everybody's owner, in the current memory context.
 */
Placement *
ct_allocate(const Allocation *a)
{
	Work		w = {.a = a};
	Placement  *repaired;
	Placement  *fresh;

	w.class = alloc_array((int64) a->groups * a->tiers, sizeof(Class));
	clear_in_steps(w.class, (Size) a->groups * a->tiers * sizeof(Class));
	find_limits(&w);
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
