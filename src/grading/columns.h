/*
 * columns.h
 *		The customers of a grading in columns: customer, group, values and totals.
 *
 * A customer takes 4 bytes for the group, 8 for each value, 24 for the totals, if the columns have
 * them, and 8 for the customer, plus its bytes if it is not passed by value.
 */
#ifndef CUSTOMER_TIER_COLUMNS_H
#define CUSTOMER_TIER_COLUMNS_H

#include "base/compat.h"

#include "base/customer.h"
#include "ledger/ledger.h"

/* different datums of one type, numbered from 0 in the order in which they came */
typedef struct Dictionary
{
	CustomerType type;
	MemoryContext context;		/* of the copies */
	int64		n;
	int64		room;
	Datum	   *key;
	uint32	   *slot;			/* 1 + number, 0 if it is empty; NULL until the first search */
	uint32		mask;
	char	   *at;				/* where the next copy goes */
	char	   *end;
	Size		used;			/* bytes of copies and slots */
} Dictionary;

/* a customer's part of the totals of a tier */
typedef struct CustomerTotal
{
	int64		amount;			/* of 10^-scale */
	int64		orders;
	int8		scale;
	bool		active;			/* a purchase within ACTIVE_DAYS */
} CustomerTotal;

#define ACTIVE_DAYS	365

typedef struct Columns
{
	Dictionary	customers;
	Dictionary	groups;			/* texts; empty if all customers are one group */
	int			nvalues;
	uint32	   *group;
	double	  **value;			/* NaN: null */
	CustomerTotal *total;		/* NULL: none */
	int64		room;
	Size		most;			/* limit of memory in bytes */
} Columns;

/* a key as the dictionary's functions take it */
static inline Datum
dictionary_key(const Dictionary *d, Datum key)
{
	return d->type.len == -1 ? PointerGetDatum(PG_DETOAST_DATUM_PACKED(key)) : key;
}

extern void ct_dictionary_begin(Dictionary *d, Oid type, Oid collation);
extern void ct_dictionary_append(Dictionary *d, Datum key);
extern int64 ct_dictionary_find(Dictionary *d, Datum key);
extern int64 ct_dictionary_find_next(Dictionary *d, Datum key, int64 *next);
extern uint32 ct_dictionary_number(Dictionary *d, Datum key);

extern Columns *ct_columns_begin(Oid customer, Oid collation, int nvalues, bool totals);
extern void ct_columns_add(Columns *c, Datum customer, Datum group, const CustomerTotal *total,
						   const double *value);
extern CustomerTotal ct_customer_total(const Ledger *ledger, DateADT as_of);

#define COLUMNS_SIZE(c)		((c)->customers.n)

#endif							/* CUSTOMER_TIER_COLUMNS_H */
