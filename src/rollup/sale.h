/*
 * sale.h
 *		A sale: customer, day, amount and optionally order, of the types that a query has.
 */
#ifndef CUSTOMER_TIER_SALE_H
#define CUSTOMER_TIER_SALE_H

#include "base/compat.h"

#include "catalog/pg_type.h"

#include "base/amount.h"
#include "base/customer.h"
#include "base/day.h"
#include "ledger/ledger_log.h"
#include "ledger/order_tag.h"

typedef struct SaleType
{
	CustomerType customer;
	Oid			day;			/* date, timestamp or timestamptz */
	Oid			amount;			/* numeric or an integer */
	Oid			order;			/* of the order's key; InvalidOid without orders */
	text	   *time_zone;		/* for a timestamptz */
} SaleType;

typedef struct Sale
{
	Datum		customer;
	DateADT		day;
	bool		undo;			/* the sale is taken back */
	bool		ordered;		/* the sale is a line of an order */
	int64		order;			/* the tag of the order */
	Amount		amount;
} Sale;

extern void ct_customer_type(CustomerType *c, Oid customer, Oid collation);
extern void ct_sale_type(SaleType *s, Oid customer, Oid collation, Oid day, Oid amount, Oid order, text *time_zone);

static inline Amount
sale_amount(const SaleType *s, Datum d)
{
	switch (s->amount)
	{
		case INT8OID:
			return amount_of_integer(DatumGetInt64(d));
		case INT4OID:
			return amount_of_integer(DatumGetInt32(d));
		case INT2OID:
			return amount_of_integer(DatumGetInt16(d));
		default:
			return ct_amount_from_numeric(d);
	}
}

static inline DateADT
sale_day(const SaleType *s, Datum d)
{
	switch (s->day)
	{
		case DATEOID:
			return day_of_date(DatumGetDateADT(d));
		case TIMESTAMPOID:
			return day_of_timestamp(DatumGetTimestamp(d));
		default:
			return ct_day_in_zone(DatumGetTimestampTz(d), s->time_zone);
	}
}

static inline void
sale_order(const SaleType *s, Datum d, bool isnull, Sale *sale)
{
	sale->ordered = !isnull;
	if (!isnull)
		sale->order = ct_order_tag(s->order, d);
}

/* adds a sale to the ledger of its customer */
static inline LedgerLog *
log_add_sale(LedgerLog *log, const Sale *sale)
{
	if (likely(!sale->ordered && !sale->undo))
		return ledger_log_add_row(log, sale->day, sale->amount);
	if (!sale->ordered)
		return ct_log_undo_row(log, sale->day, sale->amount);
	return sale->undo ? ct_log_undo_line(log, sale->day, sale->order, sale->amount) :
		ct_log_add_line(log, sale->day, sale->order, sale->amount);
}

#endif							/* CUSTOMER_TIER_SALE_H */
