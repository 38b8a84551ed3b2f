/*
 * scatter.h
 *		Groups the sales of many customers into ledgers, in any order and in bounded memory.
 */
#ifndef CUSTOMER_TIER_SCATTER_H
#define CUSTOMER_TIER_SCATTER_H

#include "base/compat.h"

#include "rollup/sale.h"

typedef struct Scatter Scatter;
typedef void (*EmitLedger) (void *arg, Datum customer, Ledger *ledger);

extern Scatter *ct_scatter_begin(const CustomerType *type);
extern void ct_scatter_add(Scatter *s, const Sale *sale);
extern void ct_scatter_end(Scatter *s, EmitLedger emit, void *arg);

#endif							/* CUSTOMER_TIER_SCATTER_H */
