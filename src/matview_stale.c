/*
 * matview_stale.c
 *		Materialized views that are marked stale, or refreshed, when their tables change.
 *
 * Beside a watched materialized view, and of the same owner, is a table of marks, to
 * which writers append, and a state (see state.c) whose defaults name the view, the
 * marks, and what the view reads.  A trigger on each table that it reads names the
 * state by a constant of its WHEN clause, so that a writer marks whatever its snapshot.
 *
 * Two have to agree, and both say so by what only they can make: the owner of the
 * table by the trigger, and the owner of the view by the state that names the table.
 *
 * A view that reads another one has its trigger on the marks of that one: a refresh
 * deletes them.
 *
 * In mode "commit" the marks have a deferred trigger, which refreshes once for each
 * transaction.  A deferred trigger can neither be queued nor refresh within a
 * security-restricted operation; so two statements run as the owner of the marks
 * without that restriction: an INSERT into a table that has no code of its owner's,
 * and REFRESH, which restricts by itself.
 */
#include "compat.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "as_owner.h"
#include "names.h"
#include "source_view.h"
#include "state.h"
#include "table_writer.h"

PG_FUNCTION_INFO_V1(ct_mark_stale);
PG_FUNCTION_INFO_V1(ct_refresh_at_commit);
PG_FUNCTION_INFO_V1(ct_mark_watched);
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

typedef struct Watched
{
	Oid			state;
	Oid			owner;
	Oid			matview;		/* whoever owns it; InvalidOid if it is gone */
	Oid			marks;			/* of the same owner; InvalidOid if there are none */
	Oid			others_marks;	/* of another owner; InvalidOid if there are none */
	List	   *reads;			/* whoever owns them */
} Watched;

/*
 * What this session has marked.  A mark stands for all that the same subtransaction
 * writes, until a command comes that might have taken the mark away.
 */
static struct
{
	uint64		transaction;
	SubTransactionId subtransaction;
	CommandId	command;
	List	   *triggers;
	List	   *states;
}			marked;

/* the states whose views this transaction has to refresh, and some more if it was rolled back in part */
static struct
{
	uint64		transaction;
	List	   *states;
}			due;

static uint64
this_transaction(void)
{
	return U64FromFullTransactionId(GetTopFullTransactionId());
}

static bool
is_remembered(void)
{
	return marked.transaction == this_transaction() && marked.subtransaction == GetCurrentSubTransactionId() &&
		marked.command == GetCurrentCommandId(false);
}

static void
remember(Oid trigger, Oid state)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);

	if (!is_remembered())
	{
		marked.transaction = this_transaction();
		marked.subtransaction = GetCurrentSubTransactionId();
		marked.command = GetCurrentCommandId(false);
		marked.triggers = marked.states = NIL;
	}
	marked.triggers = list_append_unique_oid(marked.triggers, trigger);
	marked.states = list_append_unique_oid(marked.states, state);
	MemoryContextSwitchTo(old);
}

static void
add_due(Oid state)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);

	if (due.transaction != this_transaction())
		due.states = NIL;
	due.transaction = this_transaction();
	due.states = list_append_unique_oid(due.states, state);
	MemoryContextSwitchTo(old);
}

/* reads a state; false if the table is none */
static bool
read_watched(Oid state, bool wait, Watched *w, Relation *rel)
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

static char *
qualified_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid));
}

static bool
has_marks_columns(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);

	return rel->rd_rel->relkind == RELKIND_RELATION && rel->rd_rel->relam == HEAP_TABLE_AM_OID &&
		rel->rd_rel->relpersistence == RELPERSISTENCE_PERMANENT && !rel->rd_rel->relispartition &&
		!rel->rd_rel->relrowsecurity && !rel->rd_rel->relhasrules && desc->natts == 1 &&
		!TupleDescAttr(desc, 0)->attisdropped && TupleDescAttr(desc, 0)->atttypid == TIMESTAMPTZOID;
}

/*
 * Whether a table is one of marks, to which a row can be added without any code of
 * its owner's; and whether what such a row marks is refreshed at commit.
 */
static bool
is_marks(Relation rel, bool *at_commit)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;
	bool		good = has_marks_columns(rel) && RelationGetIndexList(rel) == NIL &&
		(constr == NULL || (constr->num_check == 0 && constr->num_defval == 0));

	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *t = &rel->trigdesc->triggers[i];

		if (t->tgfoid == ct_trigger_function("refresh_at_commit") &&
			t->tgtype == (TRIGGER_TYPE_ROW | TRIGGER_TYPE_INSERT) && t->tgqual == NULL && t->tginitdeferred)
			*at_commit |= t->tgenabled == TRIGGER_FIRES_ALWAYS;
		else if (t->tgfoid != ct_trigger_function("mark_stale") ||
				 t->tgtype != (TRIGGER_TYPE_ROW | TRIGGER_TYPE_DELETE))
			good = false;
	}
	return good;
}

/* the command that mends what a writer stumbles over */
static int
hint_to_make_anew(const Watched *w, bool at_commit)
{
	return errhint("SELECT customer_tier.refresh_on_change(%s%s) makes it anew, by who has the rights of both owners.",
				   quote_literal_cstr(qualified_name(w->matview)), at_commit ? ", 'commit'" : "");
}

static void
write_mark(const Watched *w)
{
	Relation	marks = OidIsValid(w->marks) ? try_relation_open(w->marks, RowExclusiveLock) : NULL;
	bool		at_commit = false;
	OwnerSwitch saved;
	TableWriter writer;

	if (OidIsValid(w->others_marks))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the marks of materialized view \"%s\" do not belong to the owner of its state",
						get_rel_name(w->matview)),
				 errhint("ALTER TABLE %s OWNER TO %s puts it right.", qualified_name(w->others_marks),
						 quote_identifier(GetUserNameFromId(w->owner, false)))));
	if (marks == NULL || marks->rd_rel->relowner != w->owner || !is_marks(marks, &at_commit))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the marks of materialized view \"%s\" are not the table that refresh_on_change made",
						get_rel_name(w->matview)),
				 hint_to_make_anew(w, at_commit)));
	if (at_commit && ct_owner_of(w->matview) != w->owner)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the marks of materialized view \"%s\" do not belong to its owner",
						get_rel_name(w->matview)),
				 hint_to_make_anew(w, true)));
	if (at_commit && IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("materialized view %s is refreshed at commit, at isolation level read committed only",
						quote_identifier(get_rel_name(w->matview))),
				 errhint("An older snapshot would not see what others wrote before. "
						 "In mode 'deferred' writers may use any level.")));
	if (at_commit)
	{
		add_due(w->state);
		ct_become_owner_unrestricted(&saved, w->owner);
	}
	else
		ct_become_owner(&saved, w->owner);
	ct_writer_begin(&writer, marks);
	ExecClearTuple(writer.slot);
	writer.slot->tts_values[0] = TimestampTzGetDatum(GetCurrentStatementStartTimestamp());
	writer.slot->tts_isnull[0] = false;
	ExecStoreVirtualTuple(writer.slot);
	ct_writer_insert(&writer);
	ct_writer_end(&writer);
	ct_resign(&saved);
	relation_close(marks, NoLock);
}

static bool
reads(const Watched *w, Relation written)
{
	ListCell   *lc;

	if (list_member_oid(w->reads, RelationGetRelid(written)))
		return true;
	if (!written->rd_rel->relispartition)
		return false;
	/* a partition's trigger may be a clone of its root's */
	foreach(lc, get_partition_ancestors(RelationGetRelid(written)))
		if (list_member_oid(w->reads, lfirst_oid(lc)))
			return true;
	return false;
}

/* whether a table has the marks of a view that this one reads, by the state of that one */
static bool
reads_view_of(const Watched *w, Relation written, Oid state)
{
	Watched		other;

	return OidIsValid(state) && read_watched(state, true, &other, NULL) &&
		other.marks == RelationGetRelid(written) && OidIsValid(other.matview) &&
		ct_owner_of(other.matview) == other.owner && list_member_oid(w->reads, other.matview);
}

static void
mark(Relation written, Oid state, Oid other)
{
	Watched		w;

	if (!read_watched(state, true, &w, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not the state that refresh_on_change made", get_rel_name(state)),
				 errhint("DROP TABLE %s CASCADE; ends refresh_on_change, and then it can be called again.",
						 qualified_name(state))));
	if (!OidIsValid(w.matview))
		return;					/* dropped */
	if (!has_privs_of_role(written->rd_rel->relowner, w.owner) && !reads(&w, written) &&
		!reads_view_of(&w, written, other))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the owner of materialized view \"%s\" has not named table \"%s\" as one that it reads",
						get_rel_name(w.matview), RelationGetRelationName(written)),
				 hint_to_make_anew(&w, false)));
	write_mark(&w);
}

pg_noreturn static void
refuse_call(const char *function)
{
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("%s is called by the triggers that refresh_on_change makes, and by nothing else", function)));
}

/*
 * mark_stale(): the trigger on a table that a watched view reads.  It names the state
 * of the view; on the marks of another view, the state of that one as well.
 */
Datum
ct_mark_stale(PG_FUNCTION_ARGS)
{
	TriggerData *t = (TriggerData *) fcinfo->context;
	List	   *parts;
	Oid			state;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(t->tg_event))
		refuse_call("mark_stale");
	if (is_remembered() && list_member_oid(marked.triggers, t->tg_trigger->tgoid))
		return PointerGetDatum(NULL);
	parts = t->tg_trigger->tgqual == NULL ? NIL : ct_relations_in(stringToNode(t->tg_trigger->tgqual));
	if (list_length(parts) != 1 && list_length(parts) != 2)
		refuse_call("mark_stale");
	state = linitial_oid(parts);
	if (!is_remembered() || !list_member_oid(marked.states, state))
		mark(t->tg_relation, state, list_length(parts) == 2 ? lsecond_oid(parts) : InvalidOid);
	remember(t->tg_trigger->tgoid, state);
	return PointerGetDatum(NULL);
}

/* mark_watched(state): a mark by who has the rights of the owner */
Datum
ct_mark_watched(PG_FUNCTION_ARGS)
{
	Oid			state = PG_GETARG_OID(0);
	Watched		w;

	if (!object_ownercheck(RelationRelationId, state, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(state));
	if (!read_watched(state, true, &w, NULL) || !OidIsValid(w.matview))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not the state of a materialized view", get_rel_name(state))));
	write_mark(&w);
	PG_RETURN_VOID();
}

/* deletes the marks that this statement sees, and those that it made; false if there are none */
static bool
take_marks(const Watched *w)
{
	OwnerSwitch saved;
	bool		any;

	if (!OidIsValid(w->marks))
		return false;
	ct_become_owner(&saved, w->owner);
	SPI_connect();
	if (SPI_execute(psprintf("DELETE FROM ONLY %s", qualified_name(w->marks)), false, 0) != SPI_OK_DELETE)
		elog(ERROR, "marks could not be taken");
	any = SPI_processed > 0;
	SPI_finish();
	ct_resign(&saved);
	return any;
}

static void
refresh_scheme(const Watched *w)
{
	OwnerSwitch saved;
	Oid			type = REGCLASSOID;
	Datum		matview = ObjectIdGetDatum(w->matview);
	char	   *command;

	if (ct_owner_of(w->matview) != w->owner)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the marks of materialized view \"%s\" do not belong to its owner",
						get_rel_name(w->matview)),
				 hint_to_make_anew(w, true)));
	ct_become_owner_unrestricted(&saved, w->owner);
	SPI_connect();
	if (SPI_execute_with_args("SELECT customer_tier_internal.refresh_command($1)",
							  1, &type, &matview, NULL, false, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "there is no command to refresh a materialized view");
	command = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (command != NULL && SPI_execute(command, false, 0) < 0)
		elog(ERROR, "a materialized view could not be refreshed");
	SPI_finish();
	ct_resign(&saved);
}

static int
by_matview(const ListCell *a, const ListCell *b)
{
	return oid_cmp(&((Watched *) lfirst(a))->matview, &((Watched *) lfirst(b))->matview);
}

/* what this transaction has marked */
static void
refresh_due(void)
{
	List	   *views = NIL;
	List	   *taken = NIL;
	ListCell   *lc;

	/* taking marks marks the views that read this one, which are then due as well */
	while (due.transaction == this_transaction() && due.states != NIL)
	{
		Watched    *w = palloc(sizeof(Watched));
		Oid			state = linitial_oid(due.states);

		due.states = list_delete_first(due.states);
		if (!read_watched(state, true, w, NULL) || !take_marks(w) || !OidIsValid(w->matview) ||
			list_member_oid(taken, state))
			continue;
		taken = lappend_oid(taken, state);
		views = lappend(views, w);
	}
	/* in one order, whoever locks them */
	list_sort(views, by_matview);

	/*
	 * A refresh takes its snapshot before it waits for the lock on the view, so that of
	 * two the later may have the older snapshot.  This lock, which only the owner may
	 * take, makes it wait before.
	 */
	foreach(lc, views)
		LockRelationOid(((Watched *) lfirst(lc))->state, ShareUpdateExclusiveLock);
	foreach(lc, views)
	{
		Watched    *w = lfirst(lc);

		/* not if it was dropped since */
		if (read_watched(w->state, true, w, NULL) && OidIsValid(w->matview))
			refresh_scheme(w);
	}
}

/*
 * refresh_at_commit(): the deferred trigger on marks.  The first of a transaction does
 * what all have to do.
 *
 * The server stops its timer before a transaction commits.  Who waits here for
 * another's refresh, or for readers of the view, still ends with the own
 * statement_timeout.
 */
Datum
ct_refresh_at_commit(PG_FUNCTION_ARGS)
{
	bool		timed;

	if (!CALLED_AS_TRIGGER(fcinfo))
		refuse_call("refresh_at_commit");
	timed = StatementTimeout > 0 && MyBackendType == B_BACKEND && !get_timeout_active(STATEMENT_TIMEOUT);
	if (timed)
		enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
	PG_TRY();
	{
		refresh_due();
	}
	PG_FINALLY();
	{
		if (timed)
			disable_timeout(STATEMENT_TIMEOUT, false);
	}
	PG_END_TRY();
	return PointerGetDatum(NULL);
}

/*
 * When the first of the marks was made, as far as a scan goes that anybody may ask for;
 * false if there is none.  Marks that are locked just now, as vacuum does for a moment,
 * are taken for some.
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
	if (has_marks_columns(rel))
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
 * find_watched(wait): state, owner, matview, marks, reads, since, and what the state's row
 * says.  Waits for locks on what the caller has the rights to, if asked to.
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
		if (!read_watched(lfirst_oid(lc), wait, &w, &rel))
			continue;
		/* who may read the view sees whether it is stale */
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
		ct_state_row(&watched_kind, rel, WATCHED_ERROR, &values[6], &nulls[6]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		relation_close(rel, NoLock);
	}
	return (Datum) 0;
}
