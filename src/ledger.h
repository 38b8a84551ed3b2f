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

#include "compat.h"

#include "utils/date.h"

#include "amount.h"
#include "steps.h"
#include "varint.h"

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

typedef struct LedgerLog
{
	int32		vl_len_;		/* the whole room, what is unused included */
	uint8		tag;			/* where a closed ledger has its own */
	uint8		pad[3];
	int32		used;			/* bytes of log */
	DateADT		last_day;
	uint8		log[FLEXIBLE_ARRAY_MEMBER];
} LedgerLog;

#define LEDGER_LOG_ROOM(l)	((int32) (VARSIZE(l) - offsetof(LedgerLog, log)))
#define LEDGER_ROW_MAX		(VARINT_MAX64 + VARINT_MAX64)	/* VARINT_ROOM is in it */

#define LEDGER_TOO_LARGE	"ledger is too large", "Give the customer several ledgers, one for each stretch of years."

/* ledger.c: the closed form */
extern Ledger *customer_tier_get_ledger(Datum d);
extern void customer_tier_ledger_head(const Ledger *l, LedgerHead *head);
extern void customer_tier_ledger_read(const Ledger *l, LedgerReader *r);
extern bool customer_tier_ledger_next(LedgerReader *r, LedgerEntry *e);
extern Ledger *customer_tier_ledger_make(const LedgerHead *h, const uint8 *entries, Size len);
extern Ledger *customer_tier_ledger_encode(LedgerEntry *e, int64 n, int scale);
extern Ledger *customer_tier_ledger_slice(const Ledger *l, int64 lower, int64 upper);
extern Ledger *customer_tier_ledger_normalize(LedgerEntry *e, int64 n, int scale);
extern int64 customer_tier_entries_condense(LedgerEntry *e, int64 n);
extern void customer_tier_entries_rescale(LedgerEntry *e, int64 n, int up);
extern bool customer_tier_ledger_valid(const uint8 *bytes, Size len);
pg_noreturn extern void customer_tier_ledger_corrupt(void);
pg_noreturn extern void customer_tier_count_overflow(void);

/* ledger_log.c: the open form; each may return a new log, palloc'd */
extern LedgerLog *customer_tier_log_new(void);
extern LedgerLog *customer_tier_log_add_entry(LedgerLog *log, const LedgerEntry *e, int scale);
extern LedgerLog *customer_tier_log_undo_row(LedgerLog *log, DateADT day, Amount amount);
extern LedgerLog *customer_tier_log_add_ledger(LedgerLog *log, Datum d, bool negate);
extern Ledger *customer_tier_log_close(const LedgerLog *log);

#define PG_GETARG_LEDGER(n)		customer_tier_get_ledger(PG_GETARG_DATUM(n))
#define PG_RETURN_LEDGER(l)		PG_RETURN_POINTER(l)

static inline bool
ledger_is_open(const struct varlena *v)
{
	return (*(const uint8 *) VARDATA_ANY(v) & LEDGER_OPEN) != 0;
}

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

/* one sale: the fast path of every aggregate, appending at the end */
static inline LedgerLog *
ledger_log_add_row(LedgerLog *log, DateADT day, Amount amount)
{
	if (likely(amount.scale == (log->tag & LEDGER_SCALE_MASK) &&
			   LEDGER_LOG_ROOM(log) - log->used >= LEDGER_ROW_MAX))
	{
		uint8	   *p = log->log + log->used;

		p = put_varint(p, zigzag((int64) day - log->last_day) << 1);
		p = put_varint(p, zigzag(amount.value));
		log->used = p - log->log;
		log->last_day = day;
		return log;
	}
	else
	{
		LedgerEntry e;

		e.day = day;
		e.amount = amount.value;
		ledger_entry_one_row(&e);
		return customer_tier_log_add_entry(log, &e, amount.scale);
	}
}

#endif							/* CUSTOMER_TIER_LEDGER_H */
