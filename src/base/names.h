/*
 * names.h
 *		What the extension's C finds by name in its own schemas.
 *
 * Both schemas are members of the extension and belong to a superuser, so that
 * nobody else can rename or replace what is in them.
 */
#ifndef CUSTOMER_TIER_NAMES_H
#define CUSTOMER_TIER_NAMES_H

#include "base/compat.h"

#define CT_SCHEMA			"customer_tier"
#define CT_INTERNAL_SCHEMA	"customer_tier_internal"

extern Oid	ct_type(const char *name);
extern Oid	ct_trigger_function(const char *name);

#endif							/* CUSTOMER_TIER_NAMES_H */
