/*
 * grading.h
 *		The state of a call of grade().
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
	int128		held;			/* without negative amounts */
	int64		orders;
	int64		active;
	int			scale;			/* the largest scale of an amount */
} Settled;

typedef struct Grading
{
	DateADT		day;
	Rule	   *rule;
	Rule	   *rule_before;	/* of an earlier day, over the same measures; or NULL */
	double	   *line_before;	/* like "line" of Grades */
	bool	   *known_before;	/* [group] whether line_before has its lines */
	Datum	   *tier;			/* by rank; tier[RANK_NULL] is 0 if there is no unrated tier */
	int			ntiers;
	const bool *stored;			/* [axis] whether the state keeps the value */
	bool		written;		/* graded has all columns, to be written; else customer, group, rank and value */
	Oid		   *type;			/* [column] of a value */
	bool		with_totals;	/* columns have those of customers */
	Columns    *columns;
	Grades	   *grades;
	uint8	   *seen;			/* [customer] */
	int64		next;			/* the probable next customer of the state */
	Settled    *settled;		/* [group][rank] */
	Oid			customer;		/* the type */
	TupleDesc	desc;			/* of graded */
	Tuplestorestate *graded;
	Tuplestorestate *lines;		/* these three only while the statement runs */
	Tuplestorestate *totals;
	Tuplestorestate *shape;
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

/* checks of queries */
extern void ct_check_grading_type(const Grading *g, Oid type, Oid expected, const char *what);
extern void ct_check_grading_columns(const Grading *g, TupleDesc desc, const Oid *type, int n);
extern void ct_check_grading_row(TupleTableSlot *slot, uint32 columns);
extern MemoryContext ct_start_grading_row(Grading *g);

#endif							/* CUSTOMER_TIER_GRADING_H */
