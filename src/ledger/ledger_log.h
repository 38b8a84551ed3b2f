/*
 * ledger_log.h
 *		Ledgers in either form: the open one, and any of them closed.
 */
#ifndef CUSTOMER_TIER_LEDGER_LOG_H
#define CUSTOMER_TIER_LEDGER_LOG_H

#include "ledger/ledger.h"

typedef struct LedgerLog
{
	int32		vl_len_;		/* the whole room, what is unused included */
	uint8		tag;			/* where a closed ledger has its own */
	uint8		last_line;		/* bytes of the last record from its order's tag on; 0 if it has none */
	uint8		pad[2];
	int32		used;			/* bytes of log */
	DateADT		last_day;
	uint8		log[FLEXIBLE_ARRAY_MEMBER];
} LedgerLog;

#define LEDGER_LOG_ROOM(l)	((int32) (VARSIZE(l) - offsetof(LedgerLog, log)))
#define LEDGER_ROW_MAX		(VARINT_MAX64 + VARINT_MAX64)	/* VARINT_ROOM is in it */

/* each may return a new log, palloc'd */
extern LedgerLog *ct_log_new(void);
extern LedgerLog *ct_log_add_entry(LedgerLog *log, const LedgerEntry *e, int scale);
extern LedgerLog *ct_log_undo_row(LedgerLog *log, DateADT day, Amount amount);
extern LedgerLog *ct_log_add_line(LedgerLog *log, DateADT day, int64 tag, Amount amount);
extern LedgerLog *ct_log_undo_line(LedgerLog *log, DateADT day, int64 tag, Amount amount);
extern LedgerLog *ct_log_add_ledger(LedgerLog *log, Datum d, bool negate);
extern Ledger *ct_log_close(const LedgerLog *log);

extern Ledger *ct_get_ledger(Datum d);

#define PG_GETARG_LEDGER(n)		ct_get_ledger(PG_GETARG_DATUM(n))
#define PG_RETURN_LEDGER(l)		PG_RETURN_POINTER(l)

static inline bool
ledger_is_open(const struct varlena *v)
{
	return (*(const uint8 *) VARDATA_ANY(v) & LEDGER_OPEN) != 0;
}

/* one sale: the fast path of every aggregate, appending at the end */
static inline LedgerLog *
ledger_log_add_row(LedgerLog *log, DateADT day, Amount amount)
{
	if (likely(log->tag == (LEDGER_TAG(LEDGER_VERSION, amount.scale) | LEDGER_OPEN) &&
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
		return ct_log_add_entry(log, &e, amount.scale);
	}
}

#endif							/* CUSTOMER_TIER_LEDGER_LOG_H */
