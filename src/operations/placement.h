/*
 * placement.h
 *		Who may have whom, how much that may be, and what the owners have so far.
 */
#ifndef CUSTOMER_TIER_PLACEMENT_H
#define CUSTOMER_TIER_PLACEMENT_H

#include "operations/balance.h"

#define TOLERANCE	1e-9		/* of a limit: sums are rounded */

#define SOMEBODY	(-2)		/* an owner before who is none any longer */

typedef enum Reason
{
	STAYS, FIRST, PINNED, LEFT, TIER, CAPACITY, BALANCE
} Reason;

/* What is given.  Customers come by tiers, the highest first, and in them by weight, the heaviest first. */
typedef struct Allocation
{
	int64		n;
	const double *weight;		/* not below zero */
	const int32 *tier;
	const int32 *group;
	const int32 *pin;			/* an owner, or NOBODY */
	const int32 *now;			/* an owner, NOBODY or SOMEBODY */
	int			owners;
	const Load *owner;			/* with nothing yet */
	const int32 *owner_group;
	const int32 *owner_role;
	int			tiers;
	const int32 *tier_role;		/* -1: of any role */
	int			groups;
	double		most;			/* of a tier's weight, with one owner */
	double		slack;			/* above the mean of load / capacity */
} Allocation;

/* What is found.  */
typedef struct Placement
{
	int32	   *owner;			/* of each customer, or NOBODY */
	uint8	   *why;			/* of customers whom a repair moved */
	Load	   *load;			/* of each owner */
	double	   *tier_load;		/* of each tier and owner */
	int64		moved;			/* customers who had another owner, who is one still */
	int64		broken;			/* owners who have too much, of all or of a tier */
} Placement;

/* a class is a tier in a group: its owners, and how much of it one of them may have */
typedef struct Class
{
	Pool	   *pool;			/* NULL until it is looked for; shared by tiers of one role */
	double		weight;
	double		heaviest;
} Class;

typedef struct Work
{
	const Allocation *a;
	Class	   *class;			/* of each group and tier */
	int32	   *same_role;		/* of each tier, the first one with its role */
	int32	   *owner;			/* by group */
	int32	   *first;			/* in "owner", of each group; one more than there are groups */
	Pool	  **pool;			/* of each owner two, or NULL: the group's, and that of the group and role */
	double	   *most;			/* load / capacity within the rules, of each group */
} Work;

extern void ct_work_begin(Work *w, const Allocation *a);
extern Class *ct_class_at(Work *w, int32 group, int32 tier);
extern void ct_build_pools(Work *w, const Placement *p);
extern void ct_use_tier(Work *w, const Placement *p, Class *c, int32 tier);
extern int32 ct_best_owner(Work *w, const Placement *p, int64 customer, int32 except, bool disperse, bool fair);
extern void ct_put(Work *w, Placement *p, int64 customer, int32 owner);
extern void ct_move(Work *w, Placement *p, int64 customer, int32 owner);

static inline bool
is_within(double load, double limit)
{
	return load <= limit * (1 + TOLERANCE);
}

/* the load up to which an owner is within the rules */
static inline double
load_limit(const Work *w, int32 owner)
{
	return w->most[w->a->owner_group[owner]] * w->a->owner[owner].capacity;
}

static inline bool
may_have(const Allocation *a, int32 owner, int32 group, int32 tier)
{
	return a->owner_group[owner] == group &&
		(a->tier_role[tier] < 0 || a->owner_role[owner] == a->tier_role[tier]);
}

static inline Class *
class_of(Work *w, int64 customer)
{
	return ct_class_at(w, w->a->group[customer], w->a->tier[customer]);
}

/* how much of a class one of its owners may have */
static inline double
class_limit(const Work *w, const Class *c)
{
	return Max(w->a->most * c->weight, c->weight / c->pool->n + c->heaviest);
}

static inline double *
tier_load(const Work *w, const Placement *p, int32 tier, int32 owner)
{
	return &p->tier_load[(int64) tier * w->a->owners + owner];
}

/* what an owner may be given of a class */
static inline double
room_of(const Work *w, const Placement *p, const Class *c, int32 tier, int32 owner)
{
	return class_limit(w, c) * (1 + TOLERANCE) - *tier_load(w, p, tier, owner);
}

/* "heads" is 1, or -1 for a weight that is taken away */
static inline void
add(const Work *w, Placement *p, int64 customer, int32 owner, int heads)
{
	double		weight = heads * w->a->weight[customer];

	p->load[owner].weight += weight;
	p->load[owner].heads += heads;
	*tier_load(w, p, w->a->tier[customer], owner) += weight;
}

#endif							/* CUSTOMER_TIER_PLACEMENT_H */
