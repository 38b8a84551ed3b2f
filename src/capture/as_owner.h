/*
 * as_owner.h
 *		The one place where the current user changes.
 */
#ifndef CUSTOMER_TIER_AS_OWNER_H
#define CUSTOMER_TIER_AS_OWNER_H

#include "base/compat.h"

typedef struct OwnerSwitch
{
	Oid			user;
	int			security;
	int			nest;			/* of settings */
} OwnerSwitch;

extern void ct_fix_settings(void);
extern void ct_become_owner(OwnerSwitch *saved, Oid owner);
extern void ct_become_owner_unrestricted(OwnerSwitch *saved, Oid owner);
extern void ct_resign(const OwnerSwitch *saved);

#endif							/* CUSTOMER_TIER_AS_OWNER_H */
