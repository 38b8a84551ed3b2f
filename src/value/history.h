/*
 * history.h
 *		The history of a customer that the value models use, from a ledger.
 */
#ifndef CUSTOMER_TIER_HISTORY_H
#define CUSTOMER_TIER_HISTORY_H

#include "ledger/ledger.h"

extern bool ct_ledger_history(const Ledger *l, DateADT as_of, double unit, double *history);

#endif							/* CUSTOMER_TIER_HISTORY_H */
