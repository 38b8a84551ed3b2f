/*
 * as_owner.c
 *		The one place where the current user changes.
 *
 * Expressions over a table may call functions of its owner.  They run as that
 * owner, in a security-restricted operation and with nobody's search_path, as
 * in REFRESH MATERIALIZED VIEW, whoever asks.
 */
#include "capture/as_owner.h"

#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

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
