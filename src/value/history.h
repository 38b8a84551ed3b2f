/*
 * history.h
 *		What the value models take from a ledger.
 */
#ifndef CUSTOMER_TIER_HISTORY_H
#define CUSTOMER_TIER_HISTORY_H

#include "ledger/ledger.h"

/* x, t_x, t and m as of a day, times in units of so many days; false without a purchase by then */
extern bool ct_ledger_history(const Ledger *l, DateADT as_of, double unit, double *history);

#endif							/* CUSTOMER_TIER_HISTORY_H */
