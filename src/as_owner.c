/*
 * as_owner.c
 *		The one place where the current user changes.
 *
 * Expressions over a table may call functions of its owner.  They run as that
 * owner, in a security-restricted operation and with nobody's search_path, as
 * in REFRESH MATERIALIZED VIEW, whoever asks.  Asking for a command is for those who
 * have the rights of the owner anyway, so that nobody gains a right.
 */
#include "as_owner.h"

#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "gather.h"

PG_FUNCTION_INFO_V1(customer_tier_as_owner);

/*
 * ct_fix_settings
 *		Until the GUC nest level ends, names are the server's alone, and values have one text.
 */
void
ct_fix_settings(void)
{
	static const char *const setting[][2] = {
		{"search_path", "pg_catalog, pg_temp"},
		{"datestyle", "ISO, YMD"},
		{"intervalstyle", "postgres"},
		{"extra_float_digits", "3"},
		{"bytea_output", "hex"},
		{"quote_all_identifiers", "off"},
		{"standard_conforming_strings", "on"},
		{"array_nulls", "on"},
		{"transform_null_equals", "off"}
	};

	for (int i = 0; i < lengthof(setting); i++)
		(void) set_config_option(setting[i][0], setting[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

static void
become(OwnerSwitch *saved, Oid owner, int security)
{
	GetUserIdAndSecContext(&saved->user, &saved->security);
	saved->nest = NewGUCNestLevel();
	SetUserIdAndSecContext(owner, security);
	ct_fix_settings();
}

/*
 * ct_become_owner
 *		From here to ct_resign the user is "owner", in a security-restricted operation.
 *
 * An error in between puts the user back with its (sub)transaction.
 */
void
ct_become_owner(OwnerSwitch *saved, Oid owner)
{
	Oid			user;
	int			security;

	GetUserIdAndSecContext(&user, &security);
	become(saved, owner, security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
}

/*
 * ct_become_owner_unrestricted
 *		The same for one fixed statement of ours that may queue a deferred trigger, or
 *		be REFRESH MATERIALIZED VIEW, which restricts what it runs by itself.
 */
void
ct_become_owner_unrestricted(OwnerSwitch *saved, Oid owner)
{
	Oid			user;
	int			security;

	GetUserIdAndSecContext(&user, &security);
	become(saved, owner, (security & ~SECURITY_RESTRICTED_OPERATION) | SECURITY_LOCAL_USERID_CHANGE);
}

/* back to who it was, with their settings */
void
ct_resign(const OwnerSwitch *saved)
{
	AtEOXact_GUC(false, saved->nest);
	SetUserIdAndSecContext(saved->user, saved->security);
}

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
customer_tier_as_owner(PG_FUNCTION_ARGS)
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
