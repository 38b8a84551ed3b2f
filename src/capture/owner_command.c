/*
 * owner_command.c
 *		A command that runs as the owner of a relation.
 *
 * Only who has the rights of the owner may ask, so that nobody gains a right.
 */
#include "base/compat.h"

#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "capture/as_owner.h"
#include "capture/gather.h"

PG_FUNCTION_INFO_V1(ct_as_owner);

static Oid
get_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
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
ct_as_owner(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			relid = PG_GETARG_OID(0);
	char	   *command = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Oid			owner = get_owner(relid);
	char	   *datestyle = GetConfigOptionByName("datestyle", NULL, false);
	OwnerSwitch saved;
	MemoryContext context = CurrentMemoryContext;

	if (!object_ownercheck(RelationRelationId, relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);

	/* what is asked may be about the queue */
	ct_gather_write(relid);
	ct_become_owner(&saved, owner);
	/* dates in the command were written in it */
	(void) set_config_option("datestyle", datestyle, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	/* better an error than the rows that a policy leaves */
	(void) set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
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
	ct_resign(&saved);
	return (Datum) 0;
}
