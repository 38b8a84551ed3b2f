/*
 * order_tag.c
 *		What stands for an order in a ledger: 64 bits made of its key.
 */
#include "ledger/order_tag.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "base/steps.h"

/* the fraction of the golden ratio and the finalizer of MurmurHash3, in 64 bits */
#define GOLDEN	UINT64CONST(0x9E3779B97F4A7C15)
#define MIX_1	UINT64CONST(0xFF51AFD7ED558CCD)
#define MIX_2	UINT64CONST(0xC4CEB9FE1A85EC53)

/*
 * ct_check_order_type
 *		An error for a base type that the keys of orders cannot have.
 */
void
ct_check_order_type(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case UUIDOID:
			return;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("orders cannot be told apart by a key of type %s", format_type_be(type)),
					 errhint("Let order_id be bigint, text or uuid: cast it to one of them, such as order_id::text.")));
	}
}

/* a bijection in which each bit of x changes about half of those that are returned */
static inline uint64
mix(uint64 x)
{
	x = (x ^ x >> 33) * MIX_1;
	x = (x ^ x >> 33) * MIX_2;
	return x ^ x >> 33;
}

/*
 * Words of eight bytes, the lowest first, are mixed in one after the other, and the number of
 * bytes before them.  So keys of one length of at most eight bytes never share a tag.
 */
static int64
tag_of_bytes(const unsigned char *p, Size n)
{
	uint64		tag = mix((uint64) n + GOLDEN);

	for (Size i = 0; i < n; i += 8)
	{
		uint64		word = 0;

		for (Size j = Min(n - i, 8); j > 0; j--)
			word = word << 8 | p[i + j - 1];
		tag = mix(tag ^ word) + GOLDEN;
		CHECK_AT_STEP(i / 8);
	}
	return (int64) tag;
}

static int64
tag_of_text(const char *bytes, int n)
{
	char	   *utf8 = (char *) bytes;
	int64		tag;

	/* where the server knows no encoding, bytes are what they are */
	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		utf8 = pg_server_to_any(bytes, n, PG_UTF8);
	if (utf8 == bytes)
		return tag_of_bytes((const unsigned char *) bytes, n);
	tag = tag_of_bytes((const unsigned char *) utf8, strlen(utf8));
	pfree(utf8);
	return tag;
}

/*
 * ct_order_tag
 *		The tag of a key whose base type ct_check_order_type lets pass.
 */
int64
ct_order_tag(Oid type, Datum key)
{
	text	   *t;
	int			n;
	int64		tag;

	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(key);
		case INT4OID:
			return DatumGetInt32(key);
		case INT8OID:
			return DatumGetInt64(key);
		case UUIDOID:
			return tag_of_bytes(DatumGetUUIDP(key)->data, UUID_LEN);
		default:
			t = DatumGetTextPP(key);
			n = VARSIZE_ANY_EXHDR(t);
			/* blanks at the end of a char(n) are no part of it, as in a cast to text */
			if (type == BPCHAROID)
				n = bpchartruelen(VARDATA_ANY(t), n);
			tag = tag_of_text(VARDATA_ANY(t), n);
			if ((Pointer) t != DatumGetPointer(key))
				pfree(t);
			return tag;
	}
}
