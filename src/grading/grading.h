/*
 * grading.h
 *		A grading: what grade() works with from its queries to the statement that it runs.
 */
#ifndef CUSTOMER_TIER_GRADING_H
#define CUSTOMER_TIER_GRADING_H

#include "base/compat.h"

#include "utils/tuplestore.h"

#include "grading/grade.h"

#define TOTAL_SCALE		AMOUNT_MAX_SCALE

/* sums over the customers of one group and rank */
typedef struct Settled
{
	int64		heads;
	int128		value;			/* of 10^-TOTAL_SCALE */
	int128		held;			/* without those below zero */
	int64		orders;
	int64		active;
	int			scale;			/* the largest of any of them */
} Settled;

typedef struct Grading
{
	DateADT		day;
	Rule	   *rule;
	Rule	   *rule_before;	/* NULL: none over the same measures */
	double	   *line_before;	/* as line of Grades */
	bool	   *known_before;	/* [group] whether it had lines */
	Datum	   *tier;			/* by rank; that of rank 0 is 0 if customers without a score have none */
	int			ntiers;
	const bool *stored;			/* [axis] whether the state keeps the value */
	bool		written;		/* what differs will be; else who, rank and value will do */
	Oid		   *type;			/* [column] of a value */
	Columns    *columns;
	Grades	   *grades;
	uint8	   *seen;			/* [customer] */
	int64		next;			/* the customer that the state has next, probably */
	Settled    *settled;		/* [group][rank] */
	Oid			customer;		/* the type */
	TupleDesc	desc;			/* of graded */
	Tuplestorestate *graded;
	Tuplestorestate *lines;		/* these two while the statement runs */
	Tuplestorestate *totals;
	MemoryContext scratch;
	int64		rows;
} Grading;

/* the columns of graded */
enum
{
	G_CUSTOMER, G_GROUP, G_RANK, G_KEPT, G_RANK_BEFORE, G_SCORES, G_VALS, G_STORED, G_VALUE, G_ORDERS, G_ACTIVE,
	G_PLACE, G_TIER, G_EARNED, G_STATUS, G_SINCE, G_COLUMNS
};

#define COLUMN(i)	((uint32) 1 << (i))

/* errors for queries and tables that are not as they have to be */
extern void ct_check_grading_type(const Grading *g, Oid type, Oid expected, const char *what);
extern void ct_check_grading_columns(const Grading *g, TupleDesc desc, const Oid *type, int n);
extern void ct_check_grading_row(TupleTableSlot *slot, uint32 columns);
extern MemoryContext ct_start_grading_row(Grading *g);

#endif							/* CUSTOMER_TIER_GRADING_H */
