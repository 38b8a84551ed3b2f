/*
 * as_owner.c
 *		The one place where the current user changes.
 *
 * Expressions over a table may call functions of its owner.  They run as that
 * owner whoever the caller is, in a security-restricted operation and with a
 * fixed search_path, as in REFRESH MATERIALIZED VIEW.
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
 *		Fixes the settings that decide what names and the text of values mean, until the
 *		GUC nest level ends.
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
 *		Switches to "owner", in a security-restricted operation, until ct_resign.
 *
 * After an error, the abort of the (sub)transaction restores the user.
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
 *		As ct_become_owner, without the restriction: for one fixed statement that may queue
 *		a deferred trigger, or for REFRESH MATERIALIZED VIEW, which restricts itself.
 */
void
ct_become_owner_unrestricted(OwnerSwitch *saved, Oid owner)
{
	Oid			user;
	int			security;

	GetUserIdAndSecContext(&user, &security);
	become(saved, owner, (security & ~SECURITY_RESTRICTED_OPERATION) | SECURITY_LOCAL_USERID_CHANGE);
}

/* restores the user and the settings */
void
ct_resign(const OwnerSwitch *saved)
{
	AtEOXact_GUC(false, saved->nest);
	SetUserIdAndSecContext(saved->user, saved->security);
}
