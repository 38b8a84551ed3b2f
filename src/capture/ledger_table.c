/*
 * ledger_table.c
 *		The table of a source's ledgers.
 */
#include "base/compat.h"

#include "capture/ledger_table.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/names.h"
#include "capture/state.h"

/*
 * ct_open_ledgers
 *		Opens a table of ledgers that track() created, and on demand its primary key.
 */
void
ct_open_ledgers(LedgerTable *t, Oid relid, LOCKMODE lock, bool with_index)
{
	TupleDesc	desc;
	Form_pg_attribute customer;
	Oid			family;
	Oid			type;
	Oid			operator;

	t->rel = ct_open_relation(relid, lock);
	desc = RelationGetDescr(t->rel);
	if (t->rel->rd_rel->relkind != RELKIND_RELATION || desc->natts != LEDGER_COLUMNS ||
		TupleDescAttr(desc, CUSTOMER)->attisdropped ||
		TupleDescAttr(desc, LEDGER)->atttypid != ct_type("ledger"))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not the table of ledgers that track made", RelationGetRelationName(t->rel)),
				 errhint("Untrack the source and track it again.")));
	customer = TupleDescAttr(desc, CUSTOMER);
	ct_customer_type(&t->type, customer->atttypid, customer->attcollation);
	ct_pack_customer(&t->pack, &t->type);
	t->index = NULL;
	if (!with_index)
		return;
	/* fills rd_pkindex */
	(void) RelationGetIndexList(t->rel);
	if (OidIsValid(t->rel->rd_pkindex))
		t->index = index_open(t->rel->rd_pkindex, AccessShareLock);
	if (t->index == NULL || t->index->rd_index->indnkeyatts != 1 ||
		t->index->rd_index->indkey.values[0] != CUSTOMER + 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no primary key of its customers", RelationGetRelationName(t->rel)),
				 errhint("ALTER TABLE ... ADD PRIMARY KEY (customer).")));
	family = t->index->rd_opfamily[0];
	type = t->index->rd_opcintype[0];
	operator = get_opfamily_member(family, type, type, BTEqualStrategyNumber);
	ScanKeyEntryInitialize(&t->key, 0, 1, BTEqualStrategyNumber, InvalidOid, t->index->rd_indcollation[0],
						   get_opcode(operator), (Datum) 0);
}

/*
 * ct_close_ledgers
 *		Closes the table and its index, and keeps the locks until the transaction ends.
 */
void
ct_close_ledgers(LedgerTable *t)
{
	if (t->index != NULL)
		index_close(t->index, NoLock);
	table_close(t->rel, NoLock);
}

/*
 * ct_find_ledger
 *		Looks up the row of a customer by a scan of the primary key; stores it in "found".
 */
bool
ct_find_ledger(LedgerTable *t, IndexScanDesc scan, Datum customer, TupleTableSlot *found)
{
	t->key.sk_argument = customer;
	index_rescan(scan, &t->key, 1, NULL, 0);
	return index_getnext_slot(scan, ForwardScanDirection, found);
}
