/*
 * stale.c
 *		The trigger that marks materialised views stale whose tables are written to.
 *
 * It has no arguments: what is to be marked is looked up by the table, with a
 * snapshot of the moment.  So a writer whose own snapshot is older than the
 * registration marks as well, and a trigger that somebody puts on a table that is
 * not registered marks nothing.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(customer_tier_mark_stale);

/* columns of customer_tier.matview */
enum
{
	MATVIEW_RELATION, MATVIEW_MODE, MATVIEW_TABLES
};

/*
 * The last mark of this session.  It stands for all that the same subtransaction
 * writes to the table, until a command comes that might have taken the mark away.
 */
static struct
{
	Oid			relation;
	uint64		transaction;
	SubTransactionId subtransaction;
	CommandId	command;		/* that comes after it */
}			last;

static bool
is_marked(Oid relid)
{
	return last.relation == relid &&
		last.transaction == U64FromFullTransactionId(GetTopFullTransactionId()) &&
		last.subtransaction == GetCurrentSubTransactionId() &&
		last.command == GetCurrentCommandId(false);
}

static bool
contains_any(Datum tables, List *relids)
{
	ArrayType  *array = DatumGetArrayTypeP(tables);
	const Oid  *oid = (const Oid *) ARR_DATA_PTR(array);
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	for (int i = 0; i < n && !ARR_HASNULL(array); i++)
		if (list_member_oid(relids, oid[i]))
			return true;
	return false;
}

static void
write_mark(Datum matview, bool at_commit)
{
	Oid			types[] = {REGCLASSOID, BOOLOID};
	Datum		values[] = {matview, BoolGetDatum(at_commit)};

	if (SPI_execute_with_args("INSERT INTO customer_tier.mark (matview, at_commit) VALUES ($1, $2)",
							  2, types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "a materialized view could not be marked");
}

Datum
customer_tier_mark_stale(PG_FUNCTION_ARGS)
{
	TriggerData *t = (TriggerData *) fcinfo->context;
	Relation	matviews;
	TableScanDesc scan;
	TupleTableSlot *slot;
	Snapshot	snapshot;
	Oid			relid;
	List	   *written;
	Oid			user;
	int			security;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(t->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("mark_stale is called by the triggers that refresh_on_change makes, and by nothing else")));
	relid = RelationGetRelid(t->tg_relation);
	if (is_marked(relid))
		return PointerGetDatum(NULL);

	/* a partition's trigger may be a clone of its root's */
	written = t->tg_relation->rd_rel->relispartition ? get_partition_ancestors(relid) : NIL;
	written = lappend_oid(written, relid);
	matviews = table_open(get_relname_relid("matview", get_func_namespace(fcinfo->flinfo->fn_oid)), AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = table_beginscan(matviews, snapshot, 0, NULL);
	slot = table_slot_create(matviews, NULL);
	/* as who owns the marks; not restricted, for a mark may have a deferred trigger */
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(matviews->rd_rel->relowner,
						   (security & ~SECURITY_RESTRICTED_OPERATION) | SECURITY_LOCAL_USERID_CHANGE);
	SPI_connect();
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		at_commit;

		slot_getallattrs(slot);
		/* one that is dropped leaves its row behind */
		if (!contains_any(slot->tts_values[MATVIEW_TABLES], written) ||
			!SearchSysCacheExists1(RELOID, slot->tts_values[MATVIEW_RELATION]))
			continue;
		at_commit = strcmp(TextDatumGetCString(slot->tts_values[MATVIEW_MODE]), "commit") == 0;
		if (at_commit && IsolationUsesXactSnapshot())
			ereport(ERROR,
					(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
					 errmsg("materialized view %s is refreshed at commit, at isolation level read committed only",
							quote_identifier(get_rel_name(DatumGetObjectId(slot->tts_values[MATVIEW_RELATION])))),
					 errhint("An older snapshot would not see what others wrote before. In mode 'deferred' writers may use any level.")));
		write_mark(slot->tts_values[MATVIEW_RELATION], at_commit);
	}
	SPI_finish();
	SetUserIdAndSecContext(user, security);
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(matviews, AccessShareLock);

	last.relation = relid;
	last.transaction = U64FromFullTransactionId(GetTopFullTransactionId());
	last.subtransaction = GetCurrentSubTransactionId();
	last.command = GetCurrentCommandId(false);
	return PointerGetDatum(NULL);
}
