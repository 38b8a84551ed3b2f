/*
 * allocation.h
 *		Customers and owners, by numbers from 0: who has whom, and by which rules.
 */
#ifndef CUSTOMER_TIER_ALLOCATION_H
#define CUSTOMER_TIER_ALLOCATION_H

#include "operations/balance.h"

#define NOBODY		(-1)
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

extern Placement *ct_allocate(const Allocation *a);
extern Reason ct_allocation_reason(const Allocation *a, const Placement *p, int64 customer);

#endif							/* CUSTOMER_TIER_ALLOCATION_H */
