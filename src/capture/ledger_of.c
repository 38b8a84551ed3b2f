/*
 * ledger_of.c
 *		The current ledger of one customer, including the sales in the queue.
 */
#include "base/compat.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "capture/as_owner.h"
#include "capture/ledger_table.h"
#include "capture/queue.h"
#include "capture/source_state.h"
#include "ledger/ledger_log.h"

PG_FUNCTION_INFO_V1(ct_ledger_of);

/* adds the sales of one customer in the queue */
static LedgerLog *
add_pending(LedgerLog *log, LedgerTable *t, Relation queue, Snapshot snapshot, int32 emptied, Datum customer)
{
	TableScanDesc scan = table_beginscan(queue, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(queue, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		int32		epoch = DatumGetInt32(slot_getattr(slot, QUEUE_EPOCH + 1, &isnull));
		Datum		pack = slot_getattr(slot, QUEUE_PACK + 1, &isnull);
		PackReader	r;
		Sale		sale;

		CHECK_FOR_INTERRUPTS();
		if (isnull || epoch < emptied)
			continue;
		ct_pack_read(&r, &t->pack, PG_DETOAST_DATUM_PACKED(pack));
		ct_pack_only(&r, customer);
		while (ct_pack_next(&r, &sale))
			if (same_customer(&t->type, sale.customer, customer))
				log = log_add_sale(log, &sale);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	return log;
}

/*
 * ledger_of_state(state, customer): the ledger of a customer, including pending sales; empty
 * for an unknown customer.  The caller needs SELECT on the live view.
 */
Datum
ct_ledger_of(PG_FUNCTION_ARGS)
{
	Datum		customer = PG_GETARG_DATUM(1);
	Oid			asked = get_fn_expr_argtype(fcinfo->flinfo, 1);
	SourceState s;
	LedgerTable t;
	OwnerSwitch saved;
	Snapshot	snapshot = GetActiveSnapshot();
	Relation	queue = NULL;
	TupleTableSlot *found;
	IndexScanDesc scan;
	LedgerLog  *log = ct_log_new();
	int32		emptied = 0;

	if (!ct_read_state(PG_GETARG_OID(0), true, &s, NULL) || !OidIsValid(s.part[STATE_LIVE]) ||
		!OidIsValid(s.part[STATE_LEDGER]))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the source has lost its ledgers"),
				 errhint("Untrack it and track it again.")));
	if (pg_class_aclcheck(s.part[STATE_LIVE], GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, get_rel_name(s.part[STATE_LIVE]));
	ct_become_owner(&saved, s.owner);
	ct_open_ledgers(&t, s.part[STATE_LEDGER], AccessShareLock, true);
	if (!OidIsValid(asked) || getBaseType(asked) != t.type.type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("customers of this source are of type %s, not %s", format_type_be(t.type.type),
						OidIsValid(asked) ? format_type_be(asked) : "unknown"),
				 errhint("Cast the customer.")));
	if (t.type.len == -1)
		customer = PointerGetDatum(PG_DETOAST_DATUM_PACKED(customer));
	if (OidIsValid(s.part[STATE_QUEUE]))
	{
		queue = ct_queue_open(s.part[STATE_QUEUE], s.owner, InvalidOid, AccessShareLock);
		emptied = ct_queue_epoch(queue, snapshot);
	}
	found = table_slot_create(t.rel, NULL);
	scan = ct_index_beginscan(t.rel, t.index, snapshot, 1);
	if (emptied == 0 && ct_find_ledger(&t, scan, customer, found))
	{
		bool		isnull;

		log = ct_log_add_ledger(log, slot_getattr(found, LEDGER + 1, &isnull), false);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(found);
	if (queue != NULL)
	{
		log = add_pending(log, &t, queue, snapshot, emptied, customer);
		table_close(queue, NoLock);
	}
	ct_close_ledgers(&t);
	ct_resign(&saved);
	PG_RETURN_POINTER(ct_log_close(log));
}
