/*
 * source_state.c
 *		The state of a source: a table that names its parts, and by which sources are found.
 *
 * See state.c.  The row of the state also has the result of the last refresh.
 */
#include "capture/source_state.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "nodes/primnodes.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "base/names.h"
#include "capture/source_view.h"
#include "capture/state.h"

PG_FUNCTION_INFO_V1(ct_find_sources);
PG_FUNCTION_INFO_V1(ct_trigger_parts);

static const StateColumn state_column[STATE_COLUMNS] =
{
	[STATE_IS_SOURCE] = {"is_source", InvalidOid},
	[STATE_VIEW] = {"view", REGCLASSOID},
	[STATE_CAPTURE] = {"capture", REGCLASSOID},
	[STATE_LEDGER] = {"ledger", REGCLASSOID},
	[STATE_QUEUE] = {"queue", REGCLASSOID},
	[STATE_LIVE] = {"live", REGCLASSOID},
	[STATE_TOUCHES] = {"touches", REGCLASSARRAYOID},
	[STATE_CLOSED] = {"closed", DATEOID},
	[STATE_MADE_VIEW] = {"made_view", BOOLOID},
	[STATE_REFRESHED_AT] = {"refreshed_at", TIMESTAMPTZOID},
	[STATE_ERROR] = {"error", TEXTOID},
	[STATE_FAILED_AT] = {"failed_at", TIMESTAMPTZOID}
};

static const StateKind source_kind = {state_column, STATE_COLUMNS};

/*
 * ct_closed_until
 *		The last closed day of a source, or -infinity.
 *
 * It is the default of a column, so that it is in the relcache, whatever the writer's snapshot is.
 */
DateADT
ct_closed_until(Relation state)
{
	TupleConstr *constr = RelationGetDescr(state)->constr;

	for (int i = 0; constr != NULL && i < constr->num_defval; i++)
		if (constr->defval[i].adnum == STATE_CLOSED + 1 && constr->defval[i].adbin != NULL)
		{
			Node	   *node = ct_read_node(constr->defval[i].adbin);

			if (node != NULL && IsA(node, Const) && ((Const *) node)->consttype == DATEOID &&
				!((Const *) node)->constisnull)
				return DatumGetDateADT(((Const *) node)->constvalue);
		}
	return DATEVAL_NOBEGIN;
}

/*
 * ct_read_state
 *		Reads the parts that a state names; false if the table is not a state.
 *
 * Takes AccessShareLock, without waiting for it unless "wait" is set.  Sets *rel to the
 * open table; if rel is NULL, closes the table and keeps the lock.
 */
bool
ct_read_state(Oid state, bool wait, SourceState *s, Relation *rel)
{
	Relation	r;

	if (!ct_state_open(&source_kind, state, wait, &r))
		return false;
	s->state = state;
	s->owner = r->rd_rel->relowner;
	for (int i = STATE_VIEW; i <= STATE_LIVE; i++)
	{
		List	   *named = ct_state_names(r, i, s->owner);

		s->part[i] = list_length(named) == 1 ? linitial_oid(named) : InvalidOid;
	}
	s->touches = ct_state_names(r, STATE_TOUCHES, s->owner);
	if (rel != NULL)
		*rel = r;
	else
		relation_close(r, NoLock);
	return true;
}

/* whether the caller may read the state or the live ledgers */
static bool
may_see(const SourceState *s)
{
	return ct_may_read(s->state, STATE_REFRESHED_AT + 1) ||
		(OidIsValid(s->part[STATE_LIVE]) &&
		 pg_class_aclcheck(s->part[STATE_LIVE], GetUserId(), ACL_SELECT) == ACLCHECK_OK);
}

/* the table that the captured view reads, if it belongs to the owner of the source */
static Oid
sales_of(const SourceState *s, bool wait)
{
	SourceView	view;
	const char *why;

	if (!OidIsValid(s->part[STATE_CAPTURE]) ||
		!ct_take_view_apart(s->part[STATE_CAPTURE], s->owner, wait, &view, &why))
		return InvalidOid;
	return ct_owner_of(view.base) == s->owner ? view.base : InvalidOid;
}

/* locks the relations that the health of a source is read from; false if that would wait */
static bool
lock_parts(const SourceState *s)
{
	static const int opened[] = {STATE_VIEW, STATE_CAPTURE, STATE_QUEUE};
	ListCell   *lc;

	for (int i = 0; i < lengthof(opened); i++)
		if (OidIsValid(s->part[opened[i]]) && !ConditionalLockRelationOid(s->part[opened[i]], AccessShareLock))
			return false;
	foreach(lc, s->touches)
	{
		if (!ConditionalLockRelationOid(lfirst_oid(lc), AccessShareLock))
			return false;
	}
	return true;
}

/*
 * find_sources(whose): state, owner, sales, the parts, touches, and the columns of the state's row
 *
 * No user-defined code runs: only plain tables are read, without rules or row security.  The
 * sources of one owner, waiting for locks; or, if "whose" is null, those of all owners without
 * waiting, where locked sources are left out.
 */
Datum
ct_find_sources(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			whose = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, ct_states(&source_kind))
	{
		SourceState s;
		Relation	rel;
		Datum		values[3 + STATE_COLUMNS - 1] = {0};
		bool		nulls[lengthof(values)];
		bool		wait = OidIsValid(whose);
		Oid			sales;

		CHECK_FOR_INTERRUPTS();
		if (wait && ct_owner_of(lfirst_oid(lc)) != whose)
			continue;
		if (!ct_read_state(lfirst_oid(lc), wait, &s, &rel))
			continue;
		if (!may_see(&s) || (!wait && !lock_parts(&s)))
		{
			relation_close(rel, AccessShareLock);
			continue;
		}
		memset(nulls, true, sizeof(nulls));
#define PUT(i, value)	(values[i] = (value), nulls[i] = false)
		PUT(0, ObjectIdGetDatum(s.state));
		PUT(1, ObjectIdGetDatum(s.owner));
		sales = sales_of(&s, wait);
		if (OidIsValid(sales))
			PUT(2, ObjectIdGetDatum(sales));
		for (int i = STATE_VIEW; i <= STATE_LIVE; i++)
			if (OidIsValid(s.part[i]))
				PUT(2 + i, ObjectIdGetDatum(s.part[i]));
		if (s.touches != NIL)
			PUT(2 + STATE_TOUCHES, ct_regclass_array(s.touches));
		if (!DATE_IS_NOBEGIN(ct_closed_until(rel)))
			PUT(2 + STATE_CLOSED, DateADTGetDatum(ct_closed_until(rel)));
		ct_state_row(&source_kind, rel, STATE_MADE_VIEW, false, &values[2 + STATE_MADE_VIEW],
					 &nulls[2 + STATE_MADE_VIEW]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		relation_close(rel, NoLock);
	}
	return (Datum) 0;
}

/* trigger_parts(relation): the relations that the capture triggers of a table name */
Datum
ct_trigger_parts(PG_FUNCTION_ARGS)
{
	Relation	rel = ct_open_relation(PG_GETARG_OID(0), AccessShareLock);
	Oid			capture = ct_trigger_function("capture");
	List	   *parts = NIL;

	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *t = &rel->trigdesc->triggers[i];

		if (t->tgfoid == capture && t->tgqual != NULL)
			parts = list_concat_unique_oid(parts, ct_relations_of(ct_read_node(t->tgqual)));
	}
	relation_close(rel, AccessShareLock);
	PG_RETURN_DATUM(ct_regclass_array(parts));
}
