/*
 * sale.c
 *		A sale: customer, day, amount and optionally order, of the types that a query has.
 */
#include "rollup/sale.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/*
 * ct_customer_type
 *		Looks up how customers of a type, or of a domain over it, are hashed and compared.
 *
 * Raises an error for a type that is not supported.
 */
void
ct_customer_type(CustomerType *c, Oid customer, Oid collation)
{
	Oid			base = getBaseType(customer);
	TypeCacheEntry *type = lookup_type_cache(base, TYPECACHE_EQ_OPR_FINFO | TYPECACHE_HASH_PROC_FINFO);

	if (!OidIsValid(type->eq_opr) || !OidIsValid(type->hash_proc))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("customers of type %s cannot be grouped", format_type_be(base)),
				 errhint("The customer needs a type with equality and a hash, such as bigint, text or uuid.")));
	if (type->typlen == -2)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("customers of type %s cannot be grouped", format_type_be(base)),
				 errhint("Cast the customer to text.")));
	c->type = base;
	c->collation = collation;
	c->len = type->typlen;
	c->byval = type->typbyval;
	c->integer = base == INT8OID || base == INT4OID || base == INT2OID || base == OIDOID;
	fmgr_info_copy(&c->eq, &type->eq_opr_finfo, CurrentMemoryContext);
	fmgr_info_copy(&c->hash, &type->hash_proc_finfo, CurrentMemoryContext);
}

/*
 * ct_sale_type
 *		Checks the types of the columns or expressions; "order" is InvalidOid without orders.
 */
void
ct_sale_type(SaleType *s, Oid customer, Oid collation, Oid day, Oid amount, Oid order, text *time_zone)
{
	ct_customer_type(&s->customer, customer, collation);
	s->day = getBaseType(day);
	s->time_zone = time_zone;
	if (s->day == TIMESTAMPTZOID && time_zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a timestamp with time zone has no day without a zone"),
				 errhint("Name it: time_zone => 'Asia/Shanghai'.")));
	if (s->day != DATEOID && s->day != TIMESTAMPOID && s->day != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the time of a sale is of type %s, not a day", format_type_be(day)),
				 errhint("Let it be a date or a timestamp.")));

	s->amount = getBaseType(amount);
	if (s->amount != NUMERICOID && s->amount != INT8OID && s->amount != INT4OID && s->amount != INT2OID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the amount of a sale is of type %s, not an exact number", format_type_be(amount)),
				 errhint("Let it be numeric or an integer; a float8 becomes exact by round(amount::numeric, 2).")));

	s->order = OidIsValid(order) ? getBaseType(order) : InvalidOid;
	if (OidIsValid(s->order))
		ct_check_order_type(s->order);
}
