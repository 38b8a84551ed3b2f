/*
 * packed_sales.h
 *		Packs of sales, which writers put into a queue: a page of sales in their order.
 *
 * A pack is a bytea that keeps its meaning after a dump and restore in another database:
 *		version << 4 | form of the customers
 *		encoding of the database, if the customers are text
 *		then for each sale
 *			customer: zigzag if an integer, else its bytes, after their number unless fixed
 *			the rest of the sale, see sale_bytes.h
 * Customers of a type whose bytes have a meaning only in this database, such as an enum,
 * are written by the type's output function.
 */
#ifndef CUSTOMER_TIER_PACKED_SALES_H
#define CUSTOMER_TIER_PACKED_SALES_H

#include "base/compat.h"

#include "rollup/sale_bytes.h"

#define PACK_VERSION	1
#define PACK_HEADER		2

typedef enum PackForm
{
	PACK_INTEGER,				/* by value */
	PACK_FIXED,					/* sixteen bytes, of a uuid */
	PACK_BYTES,					/* any bytes */
	PACK_TEXT,					/* bytes in the encoding of the database */
	PACK_OUTPUT					/* text that the type's input function reads */
} PackForm;

/* how customers of a type are packed */
typedef struct PackCustomer
{
	const CustomerType *type;
	PackForm	form;
	FmgrInfo	output;			/* of PACK_OUTPUT */
	FmgrInfo	input;
	Oid			io_param;
} PackCustomer;

/* reads a pack; the customer of a sale is valid until the next sale is read */
typedef struct PackReader
{
	const PackCustomer *customer;
	const uint8 *p;
	const uint8 *end;
	SaleBefore	before;
	int			encoding;
	MemoryContext each;			/* of the customer at hand */
	const char *only;			/* bytes of the only customer to read, or NULL for all */
	Size		nonly;
} PackReader;

extern PackForm ct_pack_form(Oid type);
extern void ct_pack_customer(PackCustomer *c, const CustomerType *type);
extern uint8 *ct_pack_begin(const PackCustomer *c, uint8 *p);
extern Size ct_pack_bytes(const PackCustomer *c, Datum customer, const char **bytes);
extern void ct_pack_read(PackReader *r, const PackCustomer *c, const struct varlena *pack);
extern void ct_pack_only(PackReader *r, Datum customer);
extern bool ct_pack_next(PackReader *r, Sale *sale);

/* bytes that a sale takes at most, without those of its customer */
#define PACKED_SALE_MAX	(VARINT_MAX64 + SALE_BYTES_MAX)

/* appends a sale; "bytes" are those that ct_pack_bytes gave, if any */
static inline uint8 *
pack_sale(uint8 *p, const PackCustomer *c, const Sale *sale, const char *bytes, Size nbytes, SaleBefore *before)
{
	if (c->form == PACK_INTEGER)
		p = put_varint(p, zigzag((int64) sale->customer));
	else
	{
		if (c->form != PACK_FIXED)
			p = put_varint(p, nbytes);
		memcpy(p, bytes, nbytes);
		p += nbytes;
	}
	return put_sale(p, before, sale);
}

#endif							/* CUSTOMER_TIER_PACKED_SALES_H */
