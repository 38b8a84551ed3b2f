/*
 * names.h
 *		Lookup of the extension's own objects by name.
 *
 * Both schemas are members of the extension and belong to a superuser, so that
 * other users cannot rename or replace the objects in them.
 */
#ifndef CUSTOMER_TIER_NAMES_H
#define CUSTOMER_TIER_NAMES_H

#include "base/compat.h"

#define CT_SCHEMA			"customer_tier"
#define CT_INTERNAL_SCHEMA	"customer_tier_internal"

extern Oid	ct_type(const char *name);
extern Oid	ct_internal_type(const char *name);
extern Oid	ct_trigger_function(const char *name);
extern Oid	ct_function(const char *name, int nargs, const Oid *args);

#endif							/* CUSTOMER_TIER_NAMES_H */
