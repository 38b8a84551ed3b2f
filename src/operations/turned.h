/*
 * turned.h
 *		An allocation as it is read from queries, and who has to be written.
 */
#ifndef CUSTOMER_TIER_TURNED_H
#define CUSTOMER_TIER_TURNED_H

#include "base/compat.h"

#include "storage/itemptr.h"
#include "utils/date.h"
#include "utils/tuplestore.h"

#include "grading/columns.h"
#include "operations/allocation.h"

/* the row of a customer that is in force, if the place is valid */
typedef struct Held
{
	ItemPointerData place;
	bool		begun;			/* on the day that is decided again */
	uint8		reason;			/* why */
	int32		owner;			/* in it, a number of an owner's name, or NOBODY */
	int32		before;			/* before the day */
} Held;

/* customers by numbers in the order in which they were read */
typedef struct Sharing
{
	DateADT		day;
	Dictionary	customers;
	Dictionary	groups;			/* names of groups, of roles, and of owners: */
	Dictionary	roles;
	Dictionary	names;			/* those there are, and behind them those of before */
	int64		room;
	double	   *weight;
	int32	   *tier;
	int32	   *group;
	int32	   *pin;
	Datum	   *note;			/* of a pin */
	Held	   *held;
	uint32	   *order;			/* customers in the order in which they are placed */
	int32	   *owner;			/* what is found, by customer: an owner, or NOBODY */
	uint8	   *reason;
	int			owners;
	int			owner_room;
	Load	   *load;			/* of each owner; and what was found */
	int32	   *owner_group;
	int32	   *owner_role;
	int			tiers;
	int32	   *tier_role;
	int64		next;			/* the customer that is probably read next */
	Oid			customer;		/* the type */
	TupleDesc	desc;			/* of what is written */
	Tuplestorestate *turned;
	Tuplestorestate *result;
	int64		assigned;
	int64		moved;
	int64		released;
	int64		unassigned;
	int64		rows;
	MemoryContext scratch;
} Sharing;

extern const char *ct_reason_name(Reason reason);
extern void ct_turn_begin(Sharing *s);
extern void ct_turn(Sharing *s, int64 customer);
extern void ct_turn_gone(Sharing *s, Datum customer, Held *held);
extern void ct_write_first(Sharing *s, Oid relation);
extern void ct_offer_turned(Sharing *s);

#endif							/* CUSTOMER_TIER_TURNED_H */
