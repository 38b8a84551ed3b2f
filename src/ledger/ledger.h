/*
 * ledger.h
 *		What one customer bought, by day and, where orders have keys, by order.
 *
 * A ledger has two forms.  The closed one is canonical: equal contents have
 * equal bytes.  It is what tables hold and what every function takes:
 *
 *		tag				version << 4 | scale
 *		entries			varint; nothing follows when 0
 *		first day		zigzag, days since 2000-01-01
 *		span			varint, last day - first day
 *		purchases		zigzag, sum over the entries
 *		purchase days	varint, days with purchases > 0; where there are any:
 *			varint first purchase day - first day, varint last day - last purchase day
 *		total			zigzag, of 10^-scale
 *
 * Version 1 has entries of days alone, ascending:
 *		varint (days since the entry before) << 1 | explicit
 *		zigzag amount
 *		if explicit: zigzag purchases, zigzag other rows
 *		else one row: a purchase if amount > 0, otherwise another row
 *
 * Version 2 has entries of orders, too, and these only where there is one.  The head goes on:
 *		spread			varint, entries of orders that have entries of several days
 * and the entries ascend by day, on a day rows without an order first, then by the order's tag
 * as a signed integer:
 *		varint (days since the entry before) << 3 | kind
 *		of rows, kind 0 or 1 for explicit: as above
 *		of an order, kind ORDER, with SPREAD if it has entries of several days:
 *			zigzag tag - tag of the order before (0 before the first), modulo 2^64; or where
 *				that takes more than eight bytes, kind WIDE: the tag itself, eight bytes,
 *				the lowest first
 *			zigzag lines
 *			zigzag amount
 * The purchases of an order are not stored but follow from its amounts, see entries.h.
 *
 * The open one, LedgerLog, is the state of an aggregate: a log of rows in the
 * order of their arrival, with room to append, closed by the final function.
 * One that got away all the same (through an aggregate without a final
 * function, say) is closed where it is read.
 */
#ifndef CUSTOMER_TIER_LEDGER_H
#define CUSTOMER_TIER_LEDGER_H

#include "base/compat.h"

#include "base/amount.h"
#include "base/steps.h"
#include "base/varint.h"
#include "ledger/ledger_reader.h"

#define LEDGER_TOO_LARGE	"ledger is too large", "Give the customer several ledgers, one for each stretch of years."

extern Ledger *ct_ledger_make(const LedgerHead *h, const uint8 *entries, Size len);
extern Ledger *ct_ledger_encode(LedgerEntry *e, int64 n, int scale);
extern Ledger *ct_ledger_slice(const Ledger *l, int64 lower, int64 upper);
extern Ledger *ct_ledger_normalize(LedgerEntry *e, int64 n, int scale);
extern bool ct_ledger_valid(const uint8 *bytes, Size len);

#endif							/* CUSTOMER_TIER_LEDGER_H */
