/*
 * source_state.c
 *		The table that says what belongs to a source, beside the data; and finding them.
 *
 * There is no registry.  A source has a table of its owner's with one row; a column of
 * a domain of ours marks it, and the defaults of its columns name the parts, as
 * constants that PostgreSQL renames and dumps.  All states are found by what depends
 * on the domain.  Anybody can make such a table: what it says is its owner's input, and
 * only parts that belong to the same owner count.
 */
#include "source_state.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "names.h"
#include "source_view.h"

PG_FUNCTION_INFO_V1(ct_find_sources);
PG_FUNCTION_INFO_V1(ct_named_parts);
PG_FUNCTION_INFO_V1(ct_trigger_parts);

/* what is read of a state at most: it is anybody's input */
#define STATE_BLOCKS_MAX	10000
#define STATE_ERROR_BYTES	8192

static const struct
{
	const char *name;
	Oid			type;			/* InvalidOid for the marker */
}			state_column[STATE_COLUMNS] =
{
	[STATE_IS_SOURCE] = {"is_source", InvalidOid},
	[STATE_VIEW] = {"view", REGCLASSOID},
	[STATE_CAPTURE] = {"capture", REGCLASSOID},
	[STATE_LEDGER] = {"ledger", REGCLASSOID},
	[STATE_QUEUE] = {"queue", REGCLASSOID},
	[STATE_LIVE] = {"live", REGCLASSOID},
	[STATE_TOUCHES] = {"touches", REGCLASSARRAYOID},
	[STATE_MADE_VIEW] = {"made_view", BOOLOID},
	[STATE_REFRESHED_AT] = {"refreshed_at", TIMESTAMPTZOID},
	[STATE_ERROR] = {"error", TEXTOID},
	[STATE_FAILED_AT] = {"failed_at", TIMESTAMPTZOID}
};

static bool
is_state(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);

	if (rel->rd_rel->relkind != RELKIND_RELATION || rel->rd_rel->relam != HEAP_TABLE_AM_OID ||
		rel->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT || rel->rd_rel->relhasrules ||
		rel->rd_rel->relrowsecurity || rel->rd_rel->relhassubclass || rel->rd_rel->relispartition ||
		desc->natts != STATE_COLUMNS)
		return false;
	for (int i = 0; i < STATE_COLUMNS; i++)
	{
		Form_pg_attribute a = TupleDescAttr(desc, i);

		if (a->attisdropped || strcmp(NameStr(a->attname), state_column[i].name) != 0 ||
			a->atttypid != (i == STATE_IS_SOURCE ? ct_type("is_source") : state_column[i].type))
			return false;
	}
	return true;
}

/* the relations that a column's default names, as far as they belong to the owner */
static List *
named_by_default(Relation rel, int column, Oid owner)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;
	List	   *named = NIL;

	for (int i = 0; constr != NULL && i < constr->num_defval; i++)
		if (constr->defval[i].adnum == column + 1 && constr->defval[i].adbin != NULL)
		{
			ListCell   *lc;

			foreach(lc, ct_relations_in(stringToNode(constr->defval[i].adbin)))
			{
				HeapTuple	c = SearchSysCache1(RELOID, ObjectIdGetDatum(lfirst_oid(lc)));

				if (!HeapTupleIsValid(c))
					continue;
				if (((Form_pg_class) GETSTRUCT(c))->relowner == owner)
					named = lappend_oid(named, lfirst_oid(lc));
				ReleaseSysCache(c);
			}
		}
	return named;
}

/*
 * ct_read_state
 *		Reads what a state names; false if the table is none.
 *
 * Takes AccessShareLock, without waiting for it unless "wait" is set.  Sets *rel to
 * the open table if it is asked for, else closes it and keeps the lock.
 */
bool
ct_read_state(Oid state, bool wait, SourceState *s, Relation *rel)
{
	Relation	r;

	/* a lock that somebody holds on a table of theirs keeps nobody from seeing the others */
	if (wait)
		LockRelationOid(state, AccessShareLock);
	else if (!ConditionalLockRelationOid(state, AccessShareLock))
		return false;
	r = try_relation_open(state, NoLock);
	if (r == NULL)
	{
		UnlockRelationOid(state, AccessShareLock);
		return false;
	}
	if (!is_state(r))
	{
		relation_close(r, AccessShareLock);
		return false;
	}
	s->state = state;
	s->owner = r->rd_rel->relowner;
	for (int i = STATE_VIEW; i <= STATE_LIVE; i++)
	{
		List	   *named = named_by_default(r, i, s->owner);

		s->part[i] = list_length(named) == 1 ? linitial_oid(named) : InvalidOid;
	}
	s->touches = named_by_default(r, STATE_TOUCHES, s->owner);
	if (rel != NULL)
		*rel = r;
	else
		relation_close(r, NoLock);
	return true;
}

/* the tables that have a column of a type of ours */
static List *
tables_with(Oid type)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *found = NIL;

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(type));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (((Form_pg_depend) GETSTRUCT(tuple))->classid == RelationRelationId)
			found = list_append_unique_oid(found, ((Form_pg_depend) GETSTRUCT(tuple))->objid);
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return found;
}

static bool
may_read(Oid relid, AttrNumber column)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck(relid, column, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* the table that a captured view reads, if it belongs to the owner */
static Oid
sales_of(const SourceState *s, bool wait)
{
	SourceView	view;
	const char *why;
	HeapTuple	c;
	Oid			base = InvalidOid;

	if (!OidIsValid(s->part[STATE_CAPTURE]) ||
		!ct_take_view_apart(s->part[STATE_CAPTURE], s->owner, wait, &view, &why))
		return InvalidOid;
	c = SearchSysCache1(RELOID, ObjectIdGetDatum(view.base));
	if (!HeapTupleIsValid(c))
		return InvalidOid;
	if (((Form_pg_class) GETSTRUCT(c))->relowner == s->owner)
		base = view.base;
	ReleaseSysCache(c);
	return base;
}

/* whether what tells the health of a source can be opened without waiting */
static bool
lock_parts(const SourceState *s)
{
	static const int opened[] = {STATE_VIEW, STATE_CAPTURE, STATE_QUEUE};
	ListCell   *lc;

	for (int i = 0; i < lengthof(opened); i++)
		if (OidIsValid(s->part[opened[i]]) && !ConditionalLockRelationOid(s->part[opened[i]], AccessShareLock))
			return false;
	foreach(lc, s->touches)
		if (!ConditionalLockRelationOid(lfirst_oid(lc), AccessShareLock))
			return false;
	return true;
}

/* without half a character at the end */
static text *
cut_text(text *t)
{
	int			n = VARSIZE_ANY_EXHDR(t);

	return cstring_to_text_with_len(VARDATA_ANY(t), pg_mbcliplen(VARDATA_ANY(t), n, Min(n, STATE_ERROR_BYTES - MAX_MULTIBYTE_CHAR_LEN)));
}

static Datum
regclass_array(List *oids)
{
	Datum	   *element = palloc(Max(list_length(oids), 1) * sizeof(Datum));
	int			n = 0;
	ListCell   *lc;

	foreach(lc, oids)
		element[n++] = ObjectIdGetDatum(lfirst_oid(lc));
	return PointerGetDatum(construct_array(element, n, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT));
}

/*
 * find_sources(waits_for): state, owner, sales, the parts, touches, and what the state's row
 * says.  Nobody's code runs: only plain tables are read, without rules or row security.
 * And nobody's lock is waited for but that of one owner, whose source is asked about: the
 * sources that somebody keeps locked are left out.
 */
Datum
ct_find_sources(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			waits_for = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, tables_with(ct_type("is_source")))
	{
		SourceState s;
		Relation	rel;
		TableScanDesc scan;
		TupleTableSlot *slot;
		Datum		values[3 + STATE_COLUMNS - 1] = {0};
		bool		nulls[lengthof(values)];

		bool		wait = OidIsValid(waits_for) && ct_owner_of(lfirst_oid(lc)) == waits_for;
		Oid			sales;

		CHECK_FOR_INTERRUPTS();
		if (!may_read(lfirst_oid(lc), STATE_REFRESHED_AT + 1) || !ct_read_state(lfirst_oid(lc), wait, &s, &rel))
			continue;
		if (!wait && !lock_parts(&s))
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
			PUT(2 + STATE_TOUCHES, regclass_array(s.touches));
		slot = table_slot_create(rel, NULL);
		scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
		/* one row, and not one that has to be looked for; a longer text than an error has is cut */
		if (RelationGetNumberOfBlocks(rel) <= STATE_BLOCKS_MAX &&
			table_scan_getnextslot(scan, ForwardScanDirection, slot))
			for (int i = STATE_MADE_VIEW; i < STATE_COLUMNS; i++)
			{
				bool		isnull;
				Datum		value = slot_getattr(slot, i + 1, &isnull);

				if (isnull || !may_read(s.state, i + 1))
					continue;
				if (i == STATE_ERROR)
					value = PointerGetDatum(cut_text((text *) PG_DETOAST_DATUM_SLICE(value, 0, STATE_ERROR_BYTES)));
				PUT(2 + i, value);
			}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		table_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
		relation_close(rel, NoLock);
	}
	return (Datum) 0;
}

/* named_parts(state): what the defaults of its columns name, whoever owns it */
Datum
ct_named_parts(PG_FUNCTION_ARGS)
{
	Relation	rel = relation_open(PG_GETARG_OID(0), AccessShareLock);
	TupleConstr *constr = RelationGetDescr(rel)->constr;
	List	   *parts = NIL;

	for (int i = 0; constr != NULL && i < constr->num_defval; i++)
		if (constr->defval[i].adbin != NULL)
			parts = list_concat(parts, ct_relations_in(stringToNode(constr->defval[i].adbin)));
	relation_close(rel, AccessShareLock);
	PG_RETURN_DATUM(regclass_array(parts));
}

/* trigger_parts(relation): what the triggers of a table name that capture its sales */
Datum
ct_trigger_parts(PG_FUNCTION_ARGS)
{
	Relation	rel = relation_open(PG_GETARG_OID(0), AccessShareLock);
	Oid			capture = ct_trigger_function("capture");
	List	   *parts = NIL;

	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *t = &rel->trigdesc->triggers[i];

		if (t->tgfoid == capture && t->tgqual != NULL)
			parts = list_concat_unique_oid(parts, ct_relations_in(stringToNode(t->tgqual)));
	}
	relation_close(rel, AccessShareLock);
	PG_RETURN_DATUM(regclass_array(parts));
}
