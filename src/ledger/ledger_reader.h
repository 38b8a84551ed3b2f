/*
 * ledger_reader.h
 *		Reads the closed form of a ledger, see ledger.h.
 */
#ifndef CUSTOMER_TIER_LEDGER_READER_H
#define CUSTOMER_TIER_LEDGER_READER_H

#include "base/compat.h"

#include "ledger/entries.h"

typedef struct varlena Ledger;

#define LEDGER_VERSION		1
#define LEDGER_WITH_ORDERS	2	/* the version, where there are any */
#define LEDGER_OPEN			0x08
#define LEDGER_SCALE_MASK	0x07
#define LEDGER_TAG(version, scale)	((version) << 4 | (scale))

/* the kinds of an entry, where there are orders */
#define KIND_BITS		3
#define KIND_MASK		((1 << KIND_BITS) - 1)
#define KIND_EXPLICIT	1		/* of rows */
#define KIND_SPREAD		1		/* of an order */
#define KIND_ORDER		2
#define KIND_WIDE		4

#define TAG_BYTES		8
/* what takes more bytes as a varint */
#define TAG_WIDE		(UINT64CONST(1) << 7 * TAG_BYTES)

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
	bool		ordered;		/* there are entries of orders */
	uint32		spread;			/* those of orders that have entries of several days */
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
	int64		tag;			/* of the order before */
	const bool *purchase;		/* of the spread entries to come, if they are judged */
} LedgerReader;

extern void ct_ledger_head(const Ledger *l, LedgerHead *head);
extern void ct_ledger_read(const Ledger *l, LedgerReader *r);
extern void ct_ledger_read_until(const Ledger *l, LedgerReader *r, int64 upper);
extern bool ct_ledger_next(LedgerReader *r, LedgerEntry *e);
extern bool ct_ledger_try_read(const uint8 *bytes, Size len, LedgerReader *r);
extern int	ct_ledger_try_next(LedgerReader *r, LedgerEntry *e);
pg_noreturn extern void ct_ledger_corrupt(void);

/* a tag, and no entries */
static inline bool
ledger_is_empty(const Ledger *l)
{
	return VARSIZE_ANY_EXHDR(l) <= 2;
}

#endif							/* CUSTOMER_TIER_LEDGER_READER_H */
