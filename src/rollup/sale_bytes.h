/*
 * sale_bytes.h
 *		A sale as bytes, without its customer: in a pack of the queue, and while sales are
 *		scattered.
 *
 *		varint zigzag(day - day before) << 3 | scale, or SPECIAL and then a byte
 *			scale | CAME unless it is taken back | ORDERED if it is a line of an order
 *		zigzag amount
 *		of an order: zigzag tag - tag of the order before, modulo 2^64
 */
#ifndef CUSTOMER_TIER_SALE_BYTES_H
#define CUSTOMER_TIER_SALE_BYTES_H

#include "base/compat.h"

#include "base/varint.h"
#include "rollup/sale.h"

/* the most bytes that a sale takes, with those that writing may touch */
#define SALE_BYTES_MAX	(3 * VARINT_MAX64 + 1 + VARINT_ROOM)

#define SALE_SPECIAL	7
#define SALE_CAME		0x08
#define SALE_ORDERED	0x10

/* the previous sale, which the next one is encoded relative to */
typedef struct SaleBefore
{
	DateADT		day;
	int64		order;
} SaleBefore;

static inline uint8 *
put_sale(uint8 *p, SaleBefore *before, const Sale *sale)
{
	bool		special = sale->undo || sale->ordered;

	p = put_varint(p, zigzag((int64) sale->day - before->day) << 3 | (special ? SALE_SPECIAL : sale->amount.scale));
	before->day = sale->day;
	if (unlikely(special))
		*p++ = (uint8) (sale->amount.scale | (sale->undo ? 0 : SALE_CAME) | (sale->ordered ? SALE_ORDERED : 0));
	p = put_varint(p, zigzag(sale->amount.value));
	if (unlikely(sale->ordered))
	{
		p = put_varint(p, zigzag((int64) ((uint64) sale->order - (uint64) before->order)));
		before->order = sale->order;
	}
	return p;
}

/* reads the rest of a sale with a byte of flags: one that is taken back, or of an order */
static inline const uint8 *
get_special(const uint8 *p, const uint8 *end, SaleBefore *before, Sale *sale)
{
	uint64		v;
	uint8		flags;

	if (p >= end)
		return NULL;
	flags = *p++;
	sale->amount.scale = flags & ~(SALE_CAME | SALE_ORDERED);
	sale->undo = !(flags & SALE_CAME);
	sale->ordered = (flags & SALE_ORDERED) != 0;
	if ((p = get_varint(p, end, &v)) == NULL)
		return NULL;
	sale->amount.value = unzigzag(v);
	if (sale->ordered)
	{
		if ((p = get_varint(p, end, &v)) == NULL)
			return NULL;
		before->order = sale->order = (int64) ((uint64) before->order + (uint64) unzigzag(v));
	}
	return p;
}

/* reads a sale except for its customer; NULL if the bytes are invalid */
static inline const uint8 *
get_sale(const uint8 *p, const uint8 *end, SaleBefore *before, Sale *sale)
{
	uint64		v;

	if (unlikely((p = get_varint(p, end, &v)) == NULL))
		return NULL;
	before->day = sale->day = (DateADT) (before->day + unzigzag(v >> 3));
	sale->amount.scale = v & SALE_SPECIAL;
	if (unlikely(sale->amount.scale == SALE_SPECIAL))
		return get_special(p, end, before, sale);
	sale->undo = sale->ordered = false;
	if (unlikely((p = get_varint(p, end, &v)) == NULL))
		return NULL;
	sale->amount.value = unzigzag(v);
	return p;
}

#endif							/* CUSTOMER_TIER_SALE_BYTES_H */
