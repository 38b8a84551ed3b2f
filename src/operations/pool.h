/*
 * pool.h
 *		Owners, and who of them has the least load / capacity with one weight more.
 */
#ifndef CUSTOMER_TIER_POOL_H
#define CUSTOMER_TIER_POOL_H

#include "base/compat.h"

#define NOBODY		(-1)

/* what an owner has so far */
typedef struct Load
{
	double		weight;
	double		capacity;		/* above zero */
	int64		heads;
} Load;

typedef struct PoolNode PoolNode;

typedef struct Pool
{
	int			n;
	int32	   *owner;			/* by capacity, then by number */
	int32		first;			/* the least number of an owner */
	int32	   *leaf;			/* of each number from "first" on */
	double	   *room;			/* the largest weight that each leaf takes */
	const Load *load;			/* by number */
	int			size;			/* leaves of the tree */
	PoolNode   *node;
	int32		tier;			/* that the rooms are about, or NOBODY: of any weight */
} Pool;

/* which owner is looked for */
typedef struct PoolSearch
{
	double		weight;
	double		most;			/* load / capacity with the weight, at most */
	int32		except;
	bool		roomy;			/* keeps to the rooms */
	bool		(*may) (void *arg, int32 owner);	/* or NULL */
	void	   *arg;
} PoolSearch;

extern Pool *ct_pool_make(const int32 *owner, int n, const Load *load);
extern void ct_pool_build(Pool *pool, const Load *load);
extern void ct_pool_update(Pool *pool, int32 owner);
extern int32 ct_pool_best(const Pool *pool, const PoolSearch *search);

static inline double *
pool_room(const Pool *pool, int32 owner)
{
	return &pool->room[pool->leaf[owner - pool->first]];
}

static inline void
add_load(Load *l, double weight)
{
	l->weight += weight;
	l->heads++;
}

#endif							/* CUSTOMER_TIER_POOL_H */
