/*
 * live_ledger.c
 *		The rows of a view of live ledgers, for one customer or for all.
 *
 * Such a view may call functions of its owner.  Here they run as that owner: PostgreSQL
 * itself would call them as the reader, who may be a superuser.  The statements are
 * fixed; the reader supplies only the customer.
 */
#include "capture/live_ledger.h"

#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "capture/state.h"

PG_FUNCTION_INFO_V1(ct_live_ledger);
PG_FUNCTION_INFO_V1(ct_live_ledgers);

/* the qualified equality operator of a type */
static char *
equality(Oid type)
{
	Oid			operator = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("customers of type %s have no equality", format_type_be(type))));
	form = (Form_pg_operator) GETSTRUCT(tuple);
	name = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)),
					NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return name;
}

/*
 * ct_read_live_as_owner
 *		Checks that the caller may read a view, switches to its owner, and returns its qualified name.
 */
const char *
ct_read_live_as_owner(Oid live, OwnerSwitch *saved)
{
	if (get_rel_relkind(live) != RELKIND_VIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation with OID %u is not a view of ledgers", live)));
	if (pg_class_aclcheck(live, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, get_rel_name(live));
	ct_become_owner(saved, ct_owner_of(live));
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(live)), get_rel_name(live));
}

/* live_ledger(live, customer): the ledger of a customer; null for an unknown customer */
Datum
ct_live_ledger(PG_FUNCTION_ARGS)
{
	Oid			live = PG_GETARG_OID(0);
	Datum		customer = PG_GETARG_DATUM(1);
	Oid			asked = get_fn_expr_argtype(fcinfo->flinfo, 1);
	OwnerSwitch saved;
	const char *name = ct_read_live_as_owner(live, &saved);
	AttrNumber	column = get_attnum(live, "customer");
	Oid			type = column > 0 ? getBaseType(get_atttype(live, column)) : InvalidOid;
	Datum		ledger = (Datum) 0;
	bool		isnull = true;

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" has no column customer", get_rel_name(live))));
	if (!OidIsValid(asked) || getBaseType(asked) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("customers of this source are of type %s, not %s", format_type_be(type),
						OidIsValid(asked) ? format_type_be(asked) : "unknown"),
				 errhint("Cast the customer.")));
	SPI_connect();
	/* any user can create such a view, with a column "ledger" of any type */
	if (SPI_execute_with_args(psprintf("SELECT ledger::customer_tier.ledger FROM %s WHERE customer %s $1",
									   name, equality(type)),
							  1, &type, &customer, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "a ledger could not be read");
	if (SPI_processed > 0)
		ledger = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
		ledger = SPI_datumTransfer(ledger, false, -1);
	SPI_finish();
	ct_resign(&saved);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(ledger);
}

/* live_ledgers(live): customer, as text, and ledger */
Datum
ct_live_ledgers(PG_FUNCTION_ARGS)
{
	OwnerSwitch saved;
	const char *name;

	InitMaterializedSRF(fcinfo, 0);
	name = ct_read_live_as_owner(PG_GETARG_OID(0), &saved);
	SPI_connect();
	spi_execute_into(psprintf("SELECT customer::pg_catalog.text, ledger::customer_tier.ledger FROM %s", name),
					 (ReturnSetInfo *) fcinfo->resultinfo);
	SPI_finish();
	ct_resign(&saved);
	return (Datum) 0;
}
