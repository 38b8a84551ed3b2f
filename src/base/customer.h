/*
 * customer.h
 *		Hashing and comparing customers, whose type is that of the query's column.
 */
#ifndef CUSTOMER_TIER_CUSTOMER_H
#define CUSTOMER_TIER_CUSTOMER_H

#include "base/compat.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "utils/datum.h"

#define CUSTOMER_HASH_BITS	29

typedef struct CustomerType
{
	Oid			type;
	Oid			collation;
	int16		len;
	bool		byval;
	bool		integer;		/* customers are equal if and only if their datums are */
	FmgrInfo	hash;
	FmgrInfo	eq;
} CustomerType;

static inline uint32
hash_customer(const CustomerType *type, Datum customer)
{
	uint32		hash;

	if (likely(type->integer))
		return (uint64) customer * UINT64CONST(0x9E3779B97F4A7C15) >> (64 - CUSTOMER_HASH_BITS);
	hash = DatumGetUInt32(FunctionCall1Coll((FmgrInfo *) &type->hash, type->collation, customer));
	return murmurhash32(hash) >> (32 - CUSTOMER_HASH_BITS);
}

static inline bool
same_customer(const CustomerType *type, Datum a, Datum b)
{
	if (type->integer)
		return a == b;
	return datumIsEqual(a, b, type->byval, type->len) ||
		DatumGetBool(FunctionCall2Coll((FmgrInfo *) &type->eq, type->collation, a, b));
}

/* the bytes of a customer of a type that is not passed by value, without a header */
static inline Size
customer_bytes(const CustomerType *type, Datum customer, const char **bytes)
{
	if (type->len > 0)
	{
		*bytes = DatumGetPointer(customer);
		return type->len;
	}
	*bytes = VARDATA_ANY(DatumGetPointer(customer));
	return VARSIZE_ANY_EXHDR(DatumGetPointer(customer));
}

/*
 * Some types have equal values that are displayed differently, such as citext, or
 * the numerics 1.0 and 1.00.  Of such values the one with the least bytes is shown,
 * so that the result does not depend on the order of the rows.
 */
static inline bool
stands_before(const CustomerType *type, Datum a, Datum b)
{
	const char *abytes;
	const char *bbytes;
	Size		alen = customer_bytes(type, a, &abytes);
	Size		blen = customer_bytes(type, b, &bbytes);
	int			cmp = memcmp(abytes, bbytes, Min(alen, blen));

	return cmp < 0 || (cmp == 0 && alen < blen);
}

#endif							/* CUSTOMER_TIER_CUSTOMER_H */
