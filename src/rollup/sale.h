/*
 * sale.h
 *		What a sale is made of: a customer, a day, an amount, of whatever types they are.
 */
#ifndef CUSTOMER_TIER_SALE_H
#define CUSTOMER_TIER_SALE_H

#include "base/compat.h"

#include "catalog/pg_type.h"

#include "base/amount.h"
#include "base/customer.h"
#include "base/day.h"

typedef struct SaleType
{
	CustomerType customer;
	Oid			day;			/* date, timestamp or timestamptz */
	Oid			amount;			/* numeric or an integer */
	text	   *time_zone;		/* of a timestamptz */
} SaleType;

typedef struct Sale
{
	Datum		customer;
	DateADT		day;
	Amount		amount;
	bool		undo;			/* it is taken back */
} Sale;

extern void ct_customer_type(CustomerType *c, Oid customer, Oid collation);
extern void ct_sale_type(SaleType *s, Oid customer, Oid collation, Oid day, Oid amount, text *time_zone);

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

#endif							/* CUSTOMER_TIER_SALE_H */
