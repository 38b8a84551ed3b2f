/*
 * pool.c
 *		Owners, and who of them has the least load / capacity with one weight more.
 *
 * The owners are the leaves of a binary tree, sorted by their capacities.  A node knows the
 * least load / capacity of its owners and their largest capacity, so what is below it is at
 * least load + weight / capacity: a search leaves out what cannot be better than the best so
 * far.  Owners of one capacity are in the same order whatever the weight is, and a node of
 * such owners knows who is the first of them.  Only that owner is looked at, unless something
 * else forbids it.  So a search takes O(log n) for each different capacity, and mostly less.
 *
 * Where load / capacity is the same, who has fewer heads for the capacity comes first, then
 * the lower number.  What weighs nothing goes by heads alone: by loads, all of it would go to
 * the one with the least.
 */
#include "operations/pool.h"

#include <float.h>
#include <math.h>

#include "base/steps.h"

struct PoolNode
{
	int32		lightest;		/* NOBODY in a node without owners */
	int32		fewest;			/* the owner with the least heads / capacity */
	double		load;			/* load / capacity of the lightest */
	double		least;			/* capacity */
	double		largest;
	double		room;			/* of any of them */
};

/* load / capacity as it is computed can be below its bound by this */
#define BOUND_SLACK		(1 - 8 * DBL_EPSILON)

/* the best so far */
typedef struct Best
{
	const Pool *pool;
	const PoolSearch *search;
	int32		owner;
	double		load;
	double		heads;
} Best;

static inline double
heads_of(const Pool *pool, int32 owner)
{
	return pool->load[owner].heads / pool->load[owner].capacity;
}

/* whether a node's owner of fewest heads comes before another one */
static inline bool
has_fewer(const Pool *pool, int32 a, int32 b)
{
	double		x = heads_of(pool, a);
	double		y = heads_of(pool, b);

	return x < y || (x == y && a < b);
}

static void
join_nodes(const Pool *pool, PoolNode *node, const PoolNode *a, const PoolNode *b)
{
	if (b->lightest == NOBODY)
	{
		*node = *a;
		return;
	}
	*node = a->load < b->load || (a->load == b->load && has_fewer(pool, a->lightest, b->lightest)) ? *a : *b;
	node->fewest = has_fewer(pool, a->fewest, b->fewest) ? a->fewest : b->fewest;
	node->least = a->least;
	node->largest = b->largest;
	node->room = Max(a->room, b->room);
}

static void
set_leaf(Pool *pool, int leaf)
{
	int32		owner = pool->owner[leaf];
	const Load *l = &pool->load[owner];
	double		load = l->weight / l->capacity;

	pool->node[pool->size + leaf] = (PoolNode) {owner, owner, load, l->capacity, l->capacity, pool->room[leaf]};
}

static int
compare_capacities(const void *a, const void *b, void *arg)
{
	const Load *load = arg;
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	check_in_sort();
	if (load[x].capacity != load[y].capacity)
		return load[x].capacity < load[y].capacity ? -1 : 1;
	return (x > y) - (x < y);
}

/*
 * ct_pool_make
 *		A pool of owners, whose numbers are places in "load", with room for any weight.
 *
 * Its tree has to be built.
 */
Pool *
ct_pool_make(const int32 *owner, int n, const Load *load)
{
	Pool	   *pool = palloc0(sizeof(Pool));
	int32		last = 0;

	pool->n = n;
	pool->tier = NOBODY;
	pool->owner = alloc_array(n, sizeof(int32));
	memcpy(pool->owner, owner, n * sizeof(int32));
	pool->first = n > 0 ? owner[0] : 0;
	for (int i = 0; i < n; i++)
	{
		pool->first = Min(pool->first, owner[i]);
		last = Max(last, owner[i]);
	}
	qsort_arg(pool->owner, n, sizeof(int32), compare_capacities, unconstify(Load *, load));
	pool->leaf = alloc_array(last - pool->first + 1, sizeof(int32));
	for (int i = 0; i < n; i++)
		pool->leaf[pool->owner[i] - pool->first] = i;
	pool->room = alloc_array(n, sizeof(double));
	for (int i = 0; i < n; i++)
		pool->room[i] = INFINITY;
	for (pool->size = 1; pool->size < n;)
		pool->size *= 2;
	pool->node = alloc_array(2 * pool->size, sizeof(PoolNode));
	return pool;
}

/*
 * ct_pool_build
 *		Builds the tree for loads that the owners have now, and rooms that have been set.
 */
void
ct_pool_build(Pool *pool, const Load *load)
{
	pool->load = load;
	for (int i = 0; i < pool->size; i++)
		if (i < pool->n)
			set_leaf(pool, i);
		else
			pool->node[pool->size + i].lightest = NOBODY;
	for (int i = pool->size - 1; i > 0; i--)
		join_nodes(pool, &pool->node[i], &pool->node[2 * i], &pool->node[2 * i + 1]);
}

/*
 * ct_pool_update
 *		Takes notice of what an owner has now, and has room for, once the tree is built.
 */
void
ct_pool_update(Pool *pool, int32 owner)
{
	int			leaf = pool->leaf[owner - pool->first];

	if (pool->load == NULL)
		return;
	set_leaf(pool, leaf);
	for (int i = (pool->size + leaf) / 2; i > 0; i /= 2)
		join_nodes(pool, &pool->node[i], &pool->node[2 * i], &pool->node[2 * i + 1]);
}

/* whether an owner may be taken; the best so far, if it is better */
static bool
consider(Best *best, int32 owner)
{
	const PoolSearch *s = best->search;
	const Load *l = &best->pool->load[owner];
	double		load = s->weight > 0 ? (l->weight + s->weight) / l->capacity : 0;
	double		heads = heads_of(best->pool, owner);

	if (owner == s->except || load > s->most ||
		(s->roomy && s->weight > *pool_room(best->pool, owner)) ||
		(s->may != NULL && !s->may(s->arg, owner)))
		return false;
	if (best->owner == NOBODY || load < best->load ||
		(load == best->load && (heads < best->heads || (heads == best->heads && owner < best->owner))))
	{
		best->owner = owner;
		best->load = load;
		best->heads = heads;
	}
	return true;
}

static inline double
bound_of(const PoolNode *node, double weight)
{
	return weight > 0 ? (node->load + weight / node->largest) * BOUND_SLACK : 0;
}

static void
search_node(Best *best, int at)
{
	const PoolSearch *s = best->search;
	const PoolNode *node = &best->pool->node[at];
	double		bound = bound_of(node, s->weight);
	int			next = 2 * at;

	if (node->lightest == NOBODY || bound > s->most || (s->roomy && s->weight > node->room))
		return;
	if (best->owner != NOBODY &&
		(s->weight > 0 ? bound > best->load : !has_fewer(best->pool, node->fewest, best->owner)))
		return;
	if ((s->weight <= 0 || node->least == node->largest) &&
		consider(best, s->weight > 0 ? node->lightest : node->fewest))
		return;
	if (at >= best->pool->size)
		return;
	/* the better half first */
	if (best->pool->node[next + 1].lightest != NOBODY &&
		bound_of(&best->pool->node[next + 1], s->weight) < bound_of(&best->pool->node[next], s->weight))
		next++;
	search_node(best, next);
	search_node(best, next ^ 1);
}

/*
 * ct_pool_best
 *		The owner who would have the least load / capacity, or NOBODY.
 */
int32
ct_pool_best(const Pool *pool, const PoolSearch *search)
{
	Best		best = {.pool = pool, .search = search, .owner = NOBODY};

	if (pool->n > 0)
		search_node(&best, 1);
	return best.owner;
}
