/*
 * owner_command.c
 *		Runs a command as the owner of a relation.
 *
 * Only a role with the privileges of the owner may choose the command, so that no role gains
 * a privilege.  A role that may read the relation may ask a few questions: the command is
 * then a function of this extension, and the reader supplies only its argument.
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

/* rethrows an error without the text of the command, which may be long and is internal */
static void
rethrow_without(const char *command, MemoryContext context)
{
	ErrorData  *error;
	char	   *quoted;
	char	   *at;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	/* the position in the command goes, too */
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

/* runs the command and returns its rows, or without rsinfo its single value, a text */
static char *
execute(const char *command, ReturnSetInfo *rsinfo)
{
	MemoryContext context = CurrentMemoryContext;
	char	   *volatile value = NULL;

	SPI_connect();
	PG_TRY();
	{
		if (rsinfo != NULL)
			spi_execute_into(command, rsinfo);
		else
		{
			char	   *found;

			spi_must_run(SPI_execute(command, false, 0), command);
			found = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
			if (found == NULL)
				elog(ERROR, "a question has no answer");
			value = MemoryContextStrdup(context, found);
		}
	}
	PG_CATCH();
	{
		rethrow_without(command, context);
	}
	PG_END_TRY();
	SPI_finish();
	return value;
}

/* runs the command, or with gives_command the command that it returns, as the owner and returns the rows */
static void
run_as(Oid owner, const char *command, const char *datestyle, bool gives_command, ReturnSetInfo *rsinfo)
{
	OwnerSwitch saved;

	ct_become_owner(&saved, owner);
	if (datestyle != NULL)
		(void) set_config_option("datestyle", datestyle, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	/* raise an error instead of silently reading only the rows that a policy permits */
	(void) set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (gives_command)
		command = execute(command, NULL);
	execute(command, rsinfo);
	ct_resign(&saved);
}

/* as_owner(relation, command): the rows of a command that runs as the owner of the relation */
Datum
ct_as_owner(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	char	   *command = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Oid			owner = get_owner(relid);

	if (!object_ownercheck(RelationRelationId, relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);

	/* the command may read the queue */
	ct_gather_write(relid);
	/* the caller wrote dates in the command in this style */
	run_as(owner, command, GetConfigOptionByName("datestyle", NULL, false), false,
		   (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/*
 * ask_owner(relation, question, details): the rows of customer_tier_internal.answer_QUESTION, or of
 * the command that it returns; the caller needs SELECT on the relation
 */
Datum
ct_ask_owner(PG_FUNCTION_ARGS)
{
	static const struct
	{
		const char *name;
		bool		gives_command;
	}			questions[] = {
		{"explain", false}, {"tiers_as_of", true}, {"simulate", false}, {"migration", false}
	};
	Oid			relid = PG_GETARG_OID(0);
	char	   *question = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *details = JsonbToCString(NULL, &PG_GETARG_JSONB_P(2)->root, VARSIZE(PG_GETARG_JSONB_P(2)));
	Oid			owner = get_owner(relid);
	int			i = 0;

	while (i < lengthof(questions) && strcmp(question, questions[i].name) != 0)
		i++;
	if (i == lengthof(questions))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no question \"%s\"", question)));
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	run_as(owner, psprintf("SELECT * FROM " CT_INTERNAL_SCHEMA ".answer_%s(%u::pg_catalog.oid, %s::pg_catalog.jsonb)",
						   questions[i].name, relid, quote_literal_cstr(details)),
		   NULL, questions[i].gives_command, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
