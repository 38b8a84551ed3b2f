/*
 * names.c
 *		Lookup of the extension's own objects by name.
 */
#include "base/names.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

/*
 * ct_type
 *		The OID of a type of the extension, such as the ledger.  Takes no lock.
 */
Oid
ct_type(const char *name)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
						   ObjectIdGetDatum(get_namespace_oid(CT_SCHEMA, false)));
}

/*
 * ct_internal_type
 *		The same of a type that supports others.
 */
Oid
ct_internal_type(const char *name)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
						   ObjectIdGetDatum(get_namespace_oid(CT_INTERNAL_SCHEMA, false)));
}

/*
 * ct_trigger_function
 *		The OID of a trigger function of the extension.  Takes no lock.
 */
Oid
ct_trigger_function(const char *name)
{
	oidvector  *none = buildoidvector(NULL, 0);

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name), PointerGetDatum(none),
						   ObjectIdGetDatum(get_namespace_oid(CT_INTERNAL_SCHEMA, false)));
}

/*
 * ct_function
 *		The OID of a public function of the extension, or InvalidOid.  Takes no lock.
 */
Oid
ct_function(const char *name, int nargs, const Oid *args)
{
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
						   PointerGetDatum(buildoidvector(args, nargs)),
						   ObjectIdGetDatum(get_namespace_oid(CT_SCHEMA, false)));
}
