/*
 * as_owner.c
 *		A command about a table, run with the rights of the table's owner.
 *
 * Expressions over a table may call functions of its owner.  They run as that
 * owner, in a security-restricted operation and with nobody's search_path, as
 * in REFRESH MATERIALIZED VIEW, whoever asks.  Asking is for those who could
 * become the owner anyway, so that nobody gains a right.
 */
#include "capture.h"
#include "deltas.h"

#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(customer_tier_as_owner);

static Oid
get_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no table with OID %u", relid)));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Without the command: a statement of ours may be long, and what failed in it is not ours. */
static void
rethrow_without(const char *command, MemoryContext context)
{
	ErrorData  *error;
	char	   *quoted;
	char	   *at;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	quoted = psprintf("SQL statement \"%s\"\n", command);
	if (error->context != NULL && (at = strstr(error->context, quoted)) != NULL)
		memmove(at, at + strlen(quoted), strlen(at + strlen(quoted)) + 1);
	ReThrowError(error);
}

/* as_owner(relation, command): the command's rows */
Datum
customer_tier_as_owner(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			relid = PG_GETARG_OID(0);
	char	   *command = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Oid			owner = get_owner(relid);
	Oid			user;
	int			security;
	int			nest;
	MemoryContext context = CurrentMemoryContext;

	GetUserIdAndSecContext(&user, &security);
	if (!object_ownercheck(RelationRelationId, relid, user))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(relid));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);

	SetUserIdAndSecContext(owner, security | SECURITY_RESTRICTED_OPERATION);
	nest = NewGUCNestLevel();
	customer_tier_safe_search_path();
	/* better an error than the rows that a policy leaves */
	(void) set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	/* what is asked may be about the queue */
	customer_tier_gather_write(relid);
	SPI_connect();
	PG_TRY();
	{
		spi_execute_into(command, rsinfo);
	}
	PG_CATCH();
	{
		rethrow_without(command, context);
	}
	PG_END_TRY();
	SPI_finish();
	AtEOXact_GUC(false, nest);
	SetUserIdAndSecContext(user, security);
	return (Datum) 0;
}
