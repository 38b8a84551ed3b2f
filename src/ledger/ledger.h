/*
 * ledger.h
 *		What one customer bought, by day.
 *
 * A ledger has two forms.  The closed one is canonical: equal contents have
 * equal bytes.  It is what tables hold and what every function takes:
 *
 *		tag				version << 4 | scale
 *		entries			varint; nothing follows when 0
 *		first day		zigzag, days since 2000-01-01
 *		span			varint, last day - first day
 *		purchases		zigzag, sum over the entries
 *		purchase days	varint, entries with purchases > 0; where there are any:
 *			varint first purchase day - first day, varint last day - last purchase day
 *		total			zigzag, of 10^-scale
 *		then for each entry, ascending by day:
 *			varint (days since the entry before) << 1 | explicit
 *			zigzag amount
 *			if explicit: zigzag purchases, zigzag other rows
 *			else one row: a purchase if amount > 0, otherwise another row
 *
 * The open one, LedgerLog, is the state of an aggregate: a log of rows in the
 * order of their arrival, with room to append, closed by the final function.
 * One that got away all the same (through an aggregate without a final
 * function, say) is closed where it is read.
 */
#ifndef CUSTOMER_TIER_LEDGER_H
#define CUSTOMER_TIER_LEDGER_H

#include "base/compat.h"

#include "utils/date.h"

#include "base/amount.h"
#include "base/steps.h"
#include "base/varint.h"

typedef struct varlena Ledger;

#define LEDGER_VERSION		1
#define LEDGER_OPEN			0x08
#define LEDGER_SCALE_MASK	0x07
#define LEDGER_TAG(scale)	(LEDGER_VERSION << 4 | (scale))

typedef struct LedgerEntry
{
	DateADT		day;
	int64		purchases;
	int64		others;
	int128		amount;			/* of 10^-scale */
} LedgerEntry;

typedef struct LedgerHead
{
	int			scale;
	uint32		entries;
	DateADT		first_day;
	DateADT		last_day;
	int64		purchases;
	uint32		purchase_days;
	DateADT		first_purchase;
	DateADT		last_purchase;
	int64		total;
	const uint8 *data;			/* the entries */
	const uint8 *end;
} LedgerHead;

/* walks the entries of a closed ledger */
typedef struct LedgerReader
{
	LedgerHead	head;
	uint32		left;
	const uint8 *p;
	DateADT		day;
} LedgerReader;

#define LEDGER_TOO_LARGE	"ledger is too large", "Give the customer several ledgers, one for each stretch of years."

extern void ct_ledger_head(const Ledger *l, LedgerHead *head);
extern void ct_ledger_read(const Ledger *l, LedgerReader *r);
extern bool ct_ledger_next(LedgerReader *r, LedgerEntry *e);
extern Ledger *ct_ledger_make(const LedgerHead *h, const uint8 *entries, Size len);
extern Ledger *ct_ledger_encode(LedgerEntry *e, int64 n, int scale);
extern Ledger *ct_ledger_slice(const Ledger *l, int64 lower, int64 upper);
extern Ledger *ct_ledger_normalize(LedgerEntry *e, int64 n, int scale);
extern int64 ct_entries_condense(LedgerEntry *e, int64 n);
extern void ct_entries_rescale(LedgerEntry *e, int64 n, int up);
extern bool ct_ledger_valid(const uint8 *bytes, Size len);
pg_noreturn extern void ct_ledger_corrupt(void);
pg_noreturn extern void ct_count_overflow(void);

/* a tag, and no entries */
static inline bool
ledger_is_empty(const Ledger *l)
{
	return VARSIZE_ANY_EXHDR(l) <= 2;
}

/* a single row needs no counts: its amount says what it is */
static inline void
ledger_entry_one_row(LedgerEntry *e)
{
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

#endif							/* CUSTOMER_TIER_LEDGER_H */
