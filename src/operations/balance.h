/*
 * balance.h
 *		Weights shared out to owners of different capacities.
 */
#ifndef CUSTOMER_TIER_BALANCE_H
#define CUSTOMER_TIER_BALANCE_H

#include "base/compat.h"

#include "utils/array.h"

/* what an owner has so far */
typedef struct Load
{
	double		weight;
	double		capacity;		/* above zero */
	int64		heads;
} Load;

extern Load *ct_get_capacities(ArrayType *array, int *n);
extern double ct_check_weight(double weight);

/*
 * Who would have the least load / capacity with a weight.  Where it is the same, who has fewer
 * heads; so for what weighs nothing, or all of that would go to the one with the least load.
 */
typedef struct Best
{
	int32		owner;			/* -1: nobody yet */
	double		load;
	double		heads;
} Best;

#define BEST_OF_NONE	{-1, 0, 0}

/* whether an owner is better, without being taken yet: "load" is the one with the weight */
static inline bool
is_better(const Best *best, const Load *l, double weight, double *load)
{
	*load = weight > 0 ? (l->weight + weight) / l->capacity : 0;
	return best->owner < 0 || *load < best->load ||
		(*load == best->load && l->heads / l->capacity < best->heads);
}

static inline void
take_best(Best *best, int32 owner, const Load *l, double load)
{
	best->owner = owner;
	best->load = load;
	best->heads = l->heads / l->capacity;
}

static inline void
add_load(Load *l, double weight)
{
	l->weight += weight;
	l->heads++;
}

#endif							/* CUSTOMER_TIER_BALANCE_H */
