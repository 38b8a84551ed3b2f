/*
 * watched.c
 *		The states of watched materialized views: reading and finding them.
 *
 * See state.c.  The defaults of a state name the view, its marks, and the tables that the
 * view reads.  matview_stale.c writes and deletes the marks.
 */
#include "capture/watched.h"

#include "access/relation.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "capture/state.h"

PG_FUNCTION_INFO_V1(ct_find_watched);

/* columns of the state */
enum
{
	WATCHED_IS_WATCHED, WATCHED_MATVIEW, WATCHED_MARKS, WATCHED_READS, WATCHED_ERROR, WATCHED_FAILED_AT,
	WATCHED_COLUMNS
};

static const StateColumn watched_column[WATCHED_COLUMNS] =
{
	[WATCHED_IS_WATCHED] = {"is_watched", InvalidOid},
	[WATCHED_MATVIEW] = {"matview", REGCLASSOID},
	[WATCHED_MARKS] = {"marks", REGCLASSOID},
	[WATCHED_READS] = {"reads", REGCLASSARRAYOID},
	[WATCHED_ERROR] = {"error", TEXTOID},
	[WATCHED_FAILED_AT] = {"failed_at", TIMESTAMPTZOID}
};

static const StateKind watched_kind = {watched_column, WATCHED_COLUMNS};

/*
 * ct_read_watched
 *		Reads a state; false if the table is not one.
 */
bool
ct_read_watched(Oid state, bool wait, Watched *w, Relation *rel)
{
	Relation	r;
	List	   *matview;
	List	   *marks;

	if (!ct_state_open(&watched_kind, state, wait, &r))
		return false;
	w->state = state;
	w->owner = r->rd_rel->relowner;
	matview = ct_state_names(r, WATCHED_MATVIEW, InvalidOid);
	w->matview = list_length(matview) == 1 && get_rel_relkind(linitial_oid(matview)) == RELKIND_MATVIEW ?
		linitial_oid(matview) : InvalidOid;
	marks = ct_state_names(r, WATCHED_MARKS, InvalidOid);
	w->marks = w->others_marks = InvalidOid;
	if (list_length(marks) == 1 && ct_owner_of(linitial_oid(marks)) == w->owner)
		w->marks = linitial_oid(marks);
	else if (list_length(marks) == 1)
		w->others_marks = linitial_oid(marks);
	w->reads = ct_state_names(r, WATCHED_READS, InvalidOid);
	if (rel != NULL)
		*rel = r;
	else
		relation_close(r, NoLock);
	return true;
}

/*
 * ct_has_marks_columns
 *		Whether a table is a plain one with the column of marks.
 */
bool
ct_has_marks_columns(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);

	return rel->rd_rel->relkind == RELKIND_RELATION && rel->rd_rel->relam == HEAP_TABLE_AM_OID &&
		rel->rd_rel->relpersistence == RELPERSISTENCE_PERMANENT && !rel->rd_rel->relispartition &&
		!rel->rd_rel->relrowsecurity && !rel->rd_rel->relhasrules && desc->natts == 1 &&
		!TupleDescAttr(desc, 0)->attisdropped && TupleDescAttr(desc, 0)->atttypid == TIMESTAMPTZOID;
}

/*
 * Sets *since to the time of the oldest mark that a bounded scan finds; false if there is
 * none.  A table of marks that is locked, as vacuum does for a moment, counts as having some.
 */
static bool
first_mark(Oid marks, bool wait, TimestampTz *since)
{
	Relation	rel;
	TableScanDesc scan;
	TupleTableSlot *slot;
	bool		any = false;

	*since = GetCurrentStatementStartTimestamp();
	if (wait)
		LockRelationOid(marks, AccessShareLock);
	else if (!ConditionalLockRelationOid(marks, AccessShareLock))
		return true;
	*since = DT_NOEND;
	rel = try_relation_open(marks, NoLock);
	if (rel == NULL)
		return false;
	if (ct_has_marks_columns(rel))
	{
		slot = table_slot_create(rel, NULL);
		scan = ct_scan_bounded(rel);
		while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		{
			bool		isnull;
			TimestampTz at = DatumGetTimestampTz(slot_getattr(slot, 1, &isnull));

			CHECK_FOR_INTERRUPTS();
			if (isnull)
				continue;
			*since = Min(*since, at);
			any = true;
		}
		table_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
	}
	relation_close(rel, NoLock);
	return any;
}

/*
 * find_watched(wait): state, owner, matview, marks, reads, since, and the columns of the state's
 * row.  With "wait", waits for locks on the states whose owner's privileges the caller has.
 */
Datum
ct_find_watched(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, ct_states(&watched_kind))
	{
		Watched		w;
		Relation	rel;
		TimestampTz since;
		Oid			owner = ct_owner_of(lfirst_oid(lc));
		bool		wait = PG_GETARG_BOOL(0) && OidIsValid(owner) && has_privs_of_role(GetUserId(), owner);
		bool		reader;
		Datum		values[6 + WATCHED_COLUMNS - WATCHED_ERROR] = {0};
		bool		nulls[lengthof(values)];

		CHECK_FOR_INTERRUPTS();
		if (!ct_read_watched(lfirst_oid(lc), wait, &w, &rel))
			continue;
		/* a role that may read the view may see whether it is stale */
		reader = OidIsValid(w.matview) && ct_owner_of(w.matview) == w.owner &&
			pg_class_aclcheck(w.matview, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
		if (!reader && !ct_may_read(w.state, WATCHED_FAILED_AT + 1))
		{
			relation_close(rel, AccessShareLock);
			continue;
		}
		memset(nulls, true, sizeof(nulls));
#define PUT(i, value)	(values[i] = (value), nulls[i] = false)
		PUT(0, ObjectIdGetDatum(w.state));
		PUT(1, ObjectIdGetDatum(w.owner));
		if (OidIsValid(w.matview))
			PUT(2, ObjectIdGetDatum(w.matview));
		if (OidIsValid(w.marks))
			PUT(3, ObjectIdGetDatum(w.marks));
		if (w.reads != NIL)
			PUT(4, ct_regclass_array(w.reads));
		if (OidIsValid(w.marks) && (reader || ct_may_read(w.marks, 1)) && first_mark(w.marks, wait, &since))
			PUT(5, TimestampTzGetDatum(since));
		ct_state_row(&watched_kind, rel, WATCHED_ERROR, false, &values[6], &nulls[6]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		relation_close(rel, NoLock);
	}
	return (Datum) 0;
}
