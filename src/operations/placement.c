/*
 * placement.c
 *		Who may have whom, how much that may be, and what the owners have so far.
 *
 * An owner is found in a pool, see pool.h, of those who may have the group and the role.
 */
#include "operations/placement.h"

#include <math.h>

#include "base/steps.h"

static Pool *
make_pool(Work *w, int32 group, int32 tier)
{
	int32	   *owner = w->owner + w->first[group];
	int			most = w->first[group + 1] - w->first[group];
	int32	   *able = palloc(Max(most, 1) * sizeof(int32));
	int			kind = w->a->tier_role[tier] < 0 ? 0 : 1;
	Pool	   *pool;
	int			n = 0;

	for (int i = 0; i < most; i++)
		if (may_have(w->a, owner[i], group, tier))
			able[n++] = owner[i];
	pool = ct_pool_make(able, n, w->a->owner);
	for (int i = 0; i < n; i++)
		w->pool[2 * able[i] + kind] = pool;
	pfree(able);
	return pool;
}

/*
 * ct_class_at
 *		The class of a group and a tier.
 */
Class *
ct_class_at(Work *w, int32 group, int32 tier)
{
	Class	   *class = w->class + (int64) group * w->a->tiers;

	if (class[tier].pool == NULL)
	{
		Class	   *first = &class[w->same_role[tier]];

		if (first->pool == NULL)
			first->pool = make_pool(w, group, tier);
		class[tier].pool = first->pool;
	}
	return &class[tier];
}

static void
update_pools(Work *w, Placement *p, int32 owner)
{
	for (int i = 0; i < 2; i++)
	{
		Pool	   *pool = w->pool[2 * owner + i];

		if (pool == NULL)
			continue;
		if (pool->tier != NOBODY)
			*pool_room(pool, owner) =
				room_of(w, p, ct_class_at(w, w->a->owner_group[owner], pool->tier), pool->tier, owner);
		ct_pool_update(pool, owner);
	}
}

/*
 * ct_put
 *		Gives a customer without an owner to one.
 */
void
ct_put(Work *w, Placement *p, int64 customer, int32 owner)
{
	p->owner[customer] = owner;
	add(w, p, customer, owner, 1);
	update_pools(w, p, owner);
}

/*
 * ct_move
 *		Gives a customer to another owner.
 */
void
ct_move(Work *w, Placement *p, int64 customer, int32 owner)
{
	add(w, p, customer, p->owner[customer], -1);
	update_pools(w, p, p->owner[customer]);
	ct_put(w, p, customer, owner);
}

/*
 * ct_use_tier
 *		From now on the rooms of a class's pool are about its tier.
 */
void
ct_use_tier(Work *w, const Placement *p, Class *c, int32 tier)
{
	Pool	   *pool = c->pool;

	if (pool->tier == tier)
		return;
	pool->tier = tier;
	for (int i = 0; i < pool->n; i++)
		pool->room[i] = room_of(w, p, c, tier, pool->owner[i]);
	ct_pool_build(pool, p->load);
}

/* whether there is room, where that of a pool is about another tier */
typedef struct TierRoom
{
	const Work *w;
	const Placement *p;
	const Class *c;
	int32		tier;
	double		weight;
} TierRoom;

static bool
has_room(void *arg, int32 owner)
{
	const TierRoom *r = arg;

	return r->weight <= room_of(r->w, r->p, r->c, r->tier, owner);
}

/*
 * ct_best_owner
 *		The owner with whom a customer lies best, or NOBODY.
 *
 * "disperse" keeps to what one owner may have of the tier, "fair" to the limit of the load.
 */
int32
ct_best_owner(Work *w, const Placement *p, int64 customer, int32 except, bool disperse, bool fair)
{
	Class	   *c = class_of(w, customer);
	int32		tier = w->a->tier[customer];
	double		weight = w->a->weight[customer];
	TierRoom	room = {w, p, c, tier, weight};
	PoolSearch	search = {
		.weight = weight,
		.most = fair ? w->most[w->a->group[customer]] * (1 + TOLERANCE) : INFINITY,
		.except = except
	};

	if (disperse && c->pool->tier == tier)
		search.roomy = true;
	else if (disperse)
	{
		search.may = has_room;
		search.arg = &room;
	}
	return ct_pool_best(c->pool, &search);
}

/*
 * ct_build_pools
 *		Builds the trees of all pools anew, for the loads of a placement.
 */
void
ct_build_pools(Work *w, const Placement *p)
{
	FOR_STEPS(i, 0, (int64) w->a->groups * w->a->tiers)
	{
		Pool	   *pool = w->class[i].pool;

		if (pool == NULL || i % w->a->tiers != w->same_role[i % w->a->tiers])
			continue;
		pool->tier = NOBODY;
		ct_pool_build(pool, p->load);
	}
}

/* owners by their groups, and tiers by their roles */
static void
find_order(Work *w)
{
	const Allocation *a = w->a;
	int32	   *next = alloc_array(a->groups, sizeof(int32));

	w->owner = alloc_array(a->owners, sizeof(int32));
	w->first = alloc_array(a->groups + 1, sizeof(int32));
	memset(w->first, 0, (a->groups + 1) * sizeof(int32));
	for (int32 o = 0; o < a->owners; o++)
		w->first[a->owner_group[o] + 1]++;
	for (int g = 0; g < a->groups; g++)
	{
		next[g] = w->first[g];
		w->first[g + 1] += w->first[g];
	}
	for (int32 o = 0; o < a->owners; o++)
		w->owner[next[a->owner_group[o]]++] = o;
	pfree(next);
	w->same_role = alloc_array(a->tiers, sizeof(int32));
	for (int32 t = 0; t < a->tiers; t++)
	{
		CHECK_FOR_INTERRUPTS();
		for (w->same_role[t] = 0; a->tier_role[w->same_role[t]] != a->tier_role[t];)
			w->same_role[t]++;
	}
}

/* what a group has of weight and capacity; a pinned customer weighs in the owner's group */
static void
find_limits(Work *w)
{
	const Allocation *a = w->a;
	double	   *weight = alloc_array(a->groups, sizeof(double));
	double	   *capacity = alloc_array(a->groups, sizeof(double));
	double		sum = 0;

	memset(weight, 0, a->groups * sizeof(double));
	memset(capacity, 0, a->groups * sizeof(double));
	FOR_STEPS(i, 0, a->n)
	{
		Class	   *c = class_of(w, i);

		sum += a->weight[i];
		c->weight += a->weight[i];
		c->heaviest = Max(c->heaviest, a->weight[i]);
		if (a->pin[i] >= 0)
			weight[a->owner_group[a->pin[i]]] += a->weight[i];
		else if (c->pool->n > 0)
			weight[a->group[i]] += a->weight[i];
	}
	for (int32 o = 0; o < a->owners; o++)
	{
		capacity[a->owner_group[o]] += a->owner[o].capacity;
		ct_check_weights(sum / a->owner[o].capacity, capacity[a->owner_group[o]]);
	}
	w->most = alloc_array(a->groups, sizeof(double));
	for (int g = 0; g < a->groups; g++)
		w->most[g] = (1 + a->slack) * (weight[g] / capacity[g]);
	pfree(weight);
	pfree(capacity);
}

/*
 * ct_work_begin
 *		The limits of an allocation; what it allocates is in the current memory context.
 */
void
ct_work_begin(Work *w, const Allocation *a)
{
	w->a = a;
	w->class = alloc_array((int64) a->groups * a->tiers, sizeof(Class));
	clear_in_steps(w->class, (Size) a->groups * a->tiers * sizeof(Class));
	w->pool = alloc_array(2 * (int64) a->owners, sizeof(Pool *));
	clear_in_steps(w->pool, 2 * (Size) a->owners * sizeof(Pool *));
	find_order(w);
	find_limits(w);
}
