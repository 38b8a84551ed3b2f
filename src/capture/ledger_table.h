/*
 * ledger_table.h
 *		The table of a source's ledgers: its columns and its primary key.
 */
#ifndef CUSTOMER_TIER_LEDGER_TABLE_H
#define CUSTOMER_TIER_LEDGER_TABLE_H

#include "access/genam.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"

#include "base/customer.h"
#include "capture/packed_sales.h"

/* columns of a table of ledgers; what is sorted for it has the same */
enum
{
	CUSTOMER, LEDGER, LEDGER_COLUMNS
};

/* what follows from the type of a table of ledgers */
typedef struct LedgerTable
{
	Relation	rel;
	CustomerType type;
	PackCustomer pack;
	Relation	index;			/* the primary key */
	ScanKeyData key;
} LedgerTable;

extern void ct_open_ledgers(LedgerTable *t, Oid relid, LOCKMODE lock, bool with_index);
extern void ct_close_ledgers(LedgerTable *t);
extern bool ct_find_ledger(LedgerTable *t, IndexScanDesc scan, Datum customer, TupleTableSlot *found);

#endif							/* CUSTOMER_TIER_LEDGER_TABLE_H */
