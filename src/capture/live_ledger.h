/*
 * live_ledger.h
 *		Views of live ledgers, read as their owners.
 */
#ifndef CUSTOMER_TIER_LIVE_LEDGER_H
#define CUSTOMER_TIER_LIVE_LEDGER_H

#include "capture/as_owner.h"

extern const char *ct_read_live_as_owner(Oid live, OwnerSwitch *saved);

#endif							/* CUSTOMER_TIER_LIVE_LEDGER_H */
