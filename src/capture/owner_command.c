/*
 * owner_command.c
 *		A command that runs as the owner of a relation.
 *
 * Only who has the rights of the owner may say what runs, so that nobody gains a right.  Who
 * may read a relation may ask a few questions of its owner: what runs then is ours, and all
 * that the reader gives is a value.
 */
#include "base/compat.h"

#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/names.h"
#include "capture/as_owner.h"
#include "capture/gather.h"

PG_FUNCTION_INFO_V1(ct_as_owner);
PG_FUNCTION_INFO_V1(ct_ask_owner);

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
	/* nor where in it */
	if (error->internalquery != NULL && strcmp(error->internalquery, command) == 0)
	{
		error->internalquery = NULL;
		error->internalpos = 0;
	}
	quoted = psprintf("SQL statement \"%s\"\n", command);
	if (error->context != NULL && (at = strstr(error->context, quoted)) != NULL)
		memmove(at, at + strlen(quoted), strlen(at + strlen(quoted)) + 1);
	ReThrowError(error);
}

/* the command's rows, as the owner */
static void
run_as(Oid owner, const char *command, const char *datestyle, ReturnSetInfo *rsinfo)
{
	OwnerSwitch saved;
	MemoryContext context = CurrentMemoryContext;

	ct_become_owner(&saved, owner);
	if (datestyle != NULL)
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
}

/* as_owner(relation, command): the command's rows */
Datum
ct_as_owner(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	char	   *command = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Oid			owner = get_owner(relid);

	if (!object_ownercheck(RelationRelationId, relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);

	/* what is asked may be about the queue */
	ct_gather_write(relid);
	/* dates in the command were written in its style */
	run_as(owner, command, GetConfigOptionByName("datestyle", NULL, false), (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/*
 * ask_owner(relation, question, details): the rows of customer_tier_internal.answer_QUESTION,
 * for who may read the relation
 */
Datum
ct_ask_owner(PG_FUNCTION_ARGS)
{
	static const char *const questions[] = {"explain", "tiers_as_of", "simulate", "migration"};
	Oid			relid = PG_GETARG_OID(0);
	char	   *question = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *details = JsonbToCString(NULL, &PG_GETARG_JSONB_P(2)->root, VARSIZE(PG_GETARG_JSONB_P(2)));
	Oid			owner = get_owner(relid);
	int			i = 0;

	while (i < lengthof(questions) && strcmp(question, questions[i]) != 0)
		i++;
	if (i == lengthof(questions))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no question \"%s\"", question)));
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	run_as(owner, psprintf("SELECT * FROM " CT_INTERNAL_SCHEMA ".answer_%s(%u::pg_catalog.oid, %s::pg_catalog.jsonb)",
						   questions[i], relid, quote_literal_cstr(details)),
		   NULL, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
