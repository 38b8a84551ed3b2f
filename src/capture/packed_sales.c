/*
 * packed_sales.c
 *		Reads the packs of sales in a queue.
 *
 * The owner of the queue can write any bytes into it, so a pack is not trusted: every
 * value is checked to be a valid value of its type.
 */
#include "capture/packed_sales.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

/*
 * ct_pack_form
 *		How customers of a base type are packed.
 */
PackForm
ct_pack_form(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case DATEOID:
			return PACK_INTEGER;
		case UUIDOID:
			return PACK_FIXED;
		case BYTEAOID:
			return PACK_BYTES;
		case TEXTOID:
		case VARCHAROID:
			return PACK_TEXT;
		default:
			return PACK_OUTPUT;
	}
}

/*
 * ct_pack_customer
 *		How customers of a type are packed; keeps the pointer to the type.
 */
void
ct_pack_customer(PackCustomer *c, const CustomerType *type)
{
	Oid			function;
	bool		is_varlena;

	memset(c, 0, sizeof(*c));
	c->type = type;
	c->form = ct_pack_form(type->type);
	if (c->form == PACK_OUTPUT)
	{
		getTypeOutputInfo(type->type, &function, &is_varlena);
		fmgr_info(function, &c->output);
		getTypeInputInfo(type->type, &function, &c->io_param);
		fmgr_info(function, &c->input);
	}
}

/*
 * ct_pack_begin
 *		Writes the head of a pack and returns where its sales begin.
 */
uint8 *
ct_pack_begin(const PackCustomer *c, uint8 *p)
{
	*p++ = PACK_VERSION << 4 | c->form;
	*p++ = c->form == PACK_TEXT || c->form == PACK_OUTPUT ? (uint8) GetDatabaseEncoding() : 0;
	return p;
}

/*
 * ct_pack_bytes
 *		The bytes that stand for a customer, which must not be toasted; none for an integer.
 *
 * Those of PACK_OUTPUT are palloc'd, and depend on settings that the caller fixes.
 */
Size
ct_pack_bytes(const PackCustomer *c, Datum customer, const char **bytes)
{
	if (c->form == PACK_INTEGER)
		return 0;
	if (c->form == PACK_OUTPUT)
	{
		*bytes = OutputFunctionCall((FmgrInfo *) &c->output, customer);
		return strlen(*bytes);
	}
	return customer_bytes(c->type, customer, bytes);
}

pg_noreturn static void
corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("sales in the queue are not what capture wrote"),
			 errhint("CALL customer_tier.rebuild_source(...) makes the ledgers anew from the sales.")));
}

/*
 * ct_pack_read
 *		Begins to read a pack, which must not be toasted and outlives the reader.
 */
void
ct_pack_read(PackReader *r, const PackCustomer *c, const struct varlena *pack)
{
	r->customer = c;
	r->p = (const uint8 *) VARDATA_ANY(pack);
	r->end = r->p + VARSIZE_ANY_EXHDR(pack);
	memset(&r->before, 0, sizeof(SaleBefore));
	r->only = NULL;
	if (r->end - r->p < PACK_HEADER || r->p[0] != (PACK_VERSION << 4 | c->form) || !PG_VALID_BE_ENCODING(r->p[1]))
		corrupt();
	r->encoding = r->p[1];
	r->p += PACK_HEADER;
	r->each = c->form == PACK_INTEGER ? NULL :
		AllocSetContextCreate(CurrentMemoryContext, "customer_tier customer", ALLOCSET_SMALL_SIZES);
}

static inline uint64
read_varint(PackReader *r)
{
	uint64		v;

	r->p = get_varint(r->p, r->end, &v);
	if (unlikely(r->p == NULL))
		corrupt();
	return v;
}

/* an integer customer as the type has it */
static inline Datum
integer_customer(const CustomerType *type, int64 v)
{
	switch (type->len)
	{
		case 2:
			return Int16GetDatum((int16) v);
		case 4:
			return type->type == OIDOID ? ObjectIdGetDatum((Oid) v) : Int32GetDatum((int32) v);
		default:
			return Int64GetDatum(v);
	}
}

/* a customer from the bytes that stand for it */
static Datum
customer_of_bytes(PackReader *r, const char *bytes, Size n)
{
	const PackCustomer *c = r->customer;
	MemoryContext old;
	Datum		customer;
	char	   *server;

	MemoryContextReset(r->each);
	old = MemoryContextSwitchTo(r->each);
	if (c->form == PACK_FIXED)
	{
		customer = PointerGetDatum(memcpy(palloc(UUID_LEN), bytes, UUID_LEN));
	}
	else if (c->form == PACK_BYTES)
		customer = PointerGetDatum(cstring_to_text_with_len(bytes, n));
	else
	{
		/* checks the bytes, too */
		server = pg_any_to_server(bytes, n, r->encoding);
		if (server != bytes)
			n = strlen(server);
		customer = PointerGetDatum(cstring_to_text_with_len(server, n));
		if (c->form == PACK_OUTPUT)
			customer = InputFunctionCall((FmgrInfo *) &c->input, TextDatumGetCString(customer),
										 c->io_param, -1);
	}
	MemoryContextSwitchTo(old);
	return customer;
}

/* reads the customer of a sale; false, without a value, if ct_pack_only excludes it */
static bool
read_customer(PackReader *r, Sale *sale)
{
	const PackCustomer *c = r->customer;
	const char *bytes;
	uint64		n;

	if (c->form == PACK_INTEGER)
	{
		sale->customer = integer_customer(c->type, unzigzag(read_varint(r)));
		return true;
	}
	n = c->form == PACK_FIXED ? UUID_LEN : read_varint(r);
	if (n > r->end - r->p)
		corrupt();
	bytes = (const char *) r->p;
	r->p += n;
	if (r->only != NULL && (n != r->nonly || memcmp(bytes, r->only, n) != 0))
		return false;
	sale->customer = customer_of_bytes(r, bytes, n);
	return true;
}

/*
 * ct_pack_only
 *		Skips sales of other customers where bytes decide equality; else the caller must compare.
 */
void
ct_pack_only(PackReader *r, Datum customer)
{
	const PackCustomer *c = r->customer;

	if (c->form == PACK_FIXED || c->form == PACK_BYTES ||
		(c->form == PACK_TEXT && r->encoding == GetDatabaseEncoding() &&
		 get_collation_isdeterministic(c->type->collation)))
		r->nonly = customer_bytes(c->type, customer, &r->only);
}

/*
 * ct_pack_next
 *		The next sale of a pack; false at its end, which frees what the reader holds.
 */
bool
ct_pack_next(PackReader *r, Sale *sale)
{
	while (r->p < r->end)
	{
		bool		wanted = read_customer(r, sale);

		r->p = get_sale(r->p, r->end, &r->before, sale);
		if (unlikely(r->p == NULL ||
					 !IS_VALID_DATE(sale->day) ||
					 sale->amount.scale > AMOUNT_MAX_SCALE || sale->amount.value == PG_INT64_MIN))
			corrupt();
		if (wanted)
			return true;
	}
	if (r->each != NULL)
		MemoryContextDelete(r->each);
	r->each = NULL;
	return false;
}
