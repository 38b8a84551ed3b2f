/*
 * matview_stale.c
 *		Materialized views that are marked stale, or refreshed, when their tables change.
 *
 * The owner of a watched materialized view also owns a table of marks, to which writers
 * append, and a state (see state.c), whose defaults name the view, the marks and the tables
 * that the view reads.  Each of these tables has a trigger whose WHEN clause names the
 * state by a constant, so that a writer finds it whatever its snapshot is.
 *
 * Both owners have to agree: the owner of the table by the trigger, and the owner of the
 * view by the state that names the table.
 *
 * If a view reads another watched view, the trigger is on the marks of that view: a
 * refresh deletes them.
 *
 * In mode "commit" the marks have a deferred trigger, which refreshes once for each
 * transaction.  A security-restricted operation can neither queue a deferred trigger nor
 * refresh.  So two statements run as the owner of the marks without that restriction: an
 * INSERT into a table without user-defined code, and REFRESH, which restricts itself.
 */
#include "base/compat.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/partition.h"
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

#include "base/names.h"
#include "capture/as_owner.h"
#include "capture/state.h"
#include "capture/table_writer.h"
#include "capture/watched.h"

PG_FUNCTION_INFO_V1(ct_mark_stale);
PG_FUNCTION_INFO_V1(ct_refresh_at_commit);
PG_FUNCTION_INFO_V1(ct_mark_watched);

/*
 * The marks that this session has made.  A mark covers later writes of the same
 * subtransaction and command; a later command might have deleted the mark.
 */
static struct
{
	uint64		transaction;
	SubTransactionId subtransaction;
	CommandId	command;
	List	   *triggers;
	List	   *states;
}			marked;

/* the states whose views this transaction has to refresh; may include those of rolled back subtransactions */
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
static char *
qualified_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid));
}

/*
 * Whether a table is a table of marks to which an INSERT runs no user-defined code.
 * Sets *at_commit if its view is refreshed at commit.
 */
static bool
is_marks(Relation rel, bool *at_commit)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;
	bool		good = ct_has_marks_columns(rel) && RelationGetIndexList(rel) == NIL &&
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

/* a hint for a writer: the command that recreates the marks */
static int
hint_to_make_anew(const Watched *w, bool at_commit)
{
	return errhint("SELECT customer_tier.refresh_on_change(%s%s) makes them again; "
				   "this needs the privileges of both owners.",
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
	{
		if (list_member_oid(w->reads, lfirst_oid(lc)))
			return true;
	}
	return false;
}

/* whether "written" is the table of marks of another view, given by its state, that this view reads */
static bool
reads_view_of(const Watched *w, Relation written, Oid state)
{
	Watched		other;

	return OidIsValid(state) && ct_read_watched(state, true, &other, NULL) &&
		other.marks == RelationGetRelid(written) && OidIsValid(other.matview) &&
		ct_owner_of(other.matview) == other.owner && list_member_oid(w->reads, other.matview);
}

static void
mark(Relation written, Oid state, Oid other)
{
	Watched		w;

	if (!ct_read_watched(state, true, &w, NULL))
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
 * mark_stale(): the trigger on a table that a watched view reads.  Its WHEN clause names the
 * state of the view; if the table is the marks of another view, also the state of that view.
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
	parts = t->tg_trigger->tgqual == NULL ? NIL : ct_relations_of(ct_read_node(t->tg_trigger->tgqual));
	if (list_length(parts) != 1 && list_length(parts) != 2)
		refuse_call("mark_stale");
	state = linitial_oid(parts);
	if (!is_remembered() || !list_member_oid(marked.states, state))
		mark(t->tg_relation, state, list_length(parts) == 2 ? lsecond_oid(parts) : InvalidOid);
	remember(t->tg_trigger->tgoid, state);
	return PointerGetDatum(NULL);
}

/* mark_watched(state): marks a view as stale; only its owner may */
Datum
ct_mark_watched(PG_FUNCTION_ARGS)
{
	Oid			state = PG_GETARG_OID(0);
	Watched		w;

	if (!object_ownercheck(RelationRelationId, state, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(state));
	if (!ct_read_watched(state, true, &w, NULL) || !OidIsValid(w.matview))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not the state of a materialized view", get_rel_name(state))));
	write_mark(&w);
	PG_RETURN_VOID();
}

/* deletes the visible marks of a view; false if there are none */
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
refresh(const Watched *w)
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

/* refreshes the views that this transaction has marked */
static void
refresh_due(void)
{
	List	   *views = NIL;
	List	   *taken = NIL;
	ListCell   *lc;

	/* deleting marks also marks the views that read this one, and adds them to due.states */
	while (due.transaction == this_transaction() && due.states != NIL)
	{
		Watched    *w = palloc(sizeof(Watched));
		Oid			state = linitial_oid(due.states);

		due.states = list_delete_first(due.states);
		if (!ct_read_watched(state, true, w, NULL) || !take_marks(w) || !OidIsValid(w->matview) ||
			list_member_oid(taken, state))
			continue;
		taken = lappend_oid(taken, state);
		views = lappend(views, w);
	}
	/* all sessions lock in the same order, to avoid deadlocks */
	list_sort(views, by_matview);

	/*
	 * REFRESH takes its snapshot before it waits for the lock on the view, so the later of two could have the older
	 * snapshot.  This lock makes it wait before that; only the owner may take it.
	 */
	foreach(lc, views)
		LockRelationOid(((Watched *) lfirst(lc))->state, ShareUpdateExclusiveLock);
	foreach(lc, views)
	{
		Watched    *w = lfirst(lc);

		/* the view may have been dropped meanwhile */
		if (ct_read_watched(w->state, true, w, NULL) && OidIsValid(w->matview))
			refresh(w);
	}
}

/*
 * refresh_at_commit(): the deferred trigger on marks.  The first call in a transaction
 * refreshes all views that are due.
 *
 * The server disables statement_timeout before it fires deferred triggers.  It is enabled
 * again here, because a refresh may wait for another refresh or for readers of the view.
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
