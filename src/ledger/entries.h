/*
 * entries.h
 *		Entries on their way to a ledger or from it: sorted, added up, judged.
 *
 * An entry is what happened on a day, or to one order on a day.  One without an order counts
 * its rows as they come: those with an amount above zero are purchases.  An order has lines,
 * and whether it is a purchase follows from all of its entries together: it is one if they sum
 * above zero, on the first day on which they did.
 */
#ifndef CUSTOMER_TIER_ENTRIES_H
#define CUSTOMER_TIER_ENTRIES_H

#include "base/compat.h"

#include "utils/date.h"

typedef struct LedgerEntry
{
	DateADT		day;
	bool		ordered;		/* lines of an order, else rows without one */
	bool		spread;			/* of an order that has entries of other days, too */
	int64		tag;			/* of the order */
	int64		purchases;		/* of an order, once judged: 1 on the day on which it counts */
	union
	{
		int64		others;		/* rows that are no purchases */
		int64		lines;		/* of the order */
	};
	int128		amount;			/* of 10^-scale */
} LedgerEntry;

extern int64 ct_entries_condense(LedgerEntry *e, int64 n);
extern void ct_entries_judge(LedgerEntry *e, int64 n);
extern void ct_entries_rescale(LedgerEntry *e, int64 n, int up);
pg_noreturn extern void ct_count_overflow(void);

/* a single row needs no counts: its amount says what it is */
static inline void
ledger_entry_one_row(LedgerEntry *e)
{
	e->ordered = e->spread = false;
	e->purchases = e->amount > 0;
	e->others = e->amount <= 0;
}

static inline bool
ledger_entry_is_one_row(const LedgerEntry *e)
{
	return e->purchases == (e->amount > 0) && e->others == (e->amount <= 0);
}

static inline void
ledger_entry_negate(LedgerEntry *e)
{
	e->amount = -e->amount;
	e->purchases = -e->purchases;
	e->others = -e->others;
}

static inline bool
ledger_entry_is_empty(const LedgerEntry *e)
{
	return e->amount == 0 && e->others == 0 && (e->ordered || e->purchases == 0);
}

/* the order of entries: by day, those without an order first, then by the tag; equal ones add up */
static inline int
ledger_entry_cmp(const LedgerEntry *a, const LedgerEntry *b)
{
	if (likely(a->day != b->day))
		return a->day < b->day ? -1 : 1;
	if (!a->ordered || !b->ordered)
		return a->ordered - b->ordered;
	return a->tag < b->tag ? -1 : a->tag > b->tag;
}

#endif							/* CUSTOMER_TIER_ENTRIES_H */
