/*
 * state.c
 *		States: tables that name the parts of a source, a scheme or a watched view.
 *
 * There is no central registry.  The state of a source, for example, is a table of the same
 * owner with one row.  A column of a marker domain identifies it, and the defaults of its
 * columns name the parts by regclass constants, which PostgreSQL renames and dumps.
 * States are found by the dependencies on the domain.  Any user can create such a table,
 * so its contents are user input, and only parts of the same owner count.
 */
#include "capture/state.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/heapam.h"
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
#include "nodes/nodeFuncs.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/names.h"

PG_FUNCTION_INFO_V1(ct_named_parts);
PG_FUNCTION_INFO_V1(ct_relations_in);

/* limits of what is read from a state, which any user can create */
#define BLOCKS_MAX		16384
#define TEXT_BYTES_MAX	8192
#define VALUE_BYTES_MAX	(1024 * 1024)
#define NODE_DEPTH_MAX	100

/*
 * ct_read_node
 *		The expression of a default or a trigger; NULL if it is none of ours.
 *
 * Any user can create a default that is nested as deeply as the stack of the creator allowed.  It would
 * exceed the stack of those who list all states.
 */
Node *
ct_read_node(const char *nodes)
{
	int			depth = 0;

	for (const char *at = nodes; *at != '\0'; at++)
	{
		if (*at == '\\' && at[1] != '\0')
			at++;
		else if ((*at == '{' || *at == '(') && ++depth > NODE_DEPTH_MAX)
			return NULL;
		else if (*at == '}' || *at == ')')
			depth--;
	}
	return stringToNode(nodes);
}

static bool
collect_relations(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Const) && ((Const *) node)->consttype == REGCLASSOID && !((Const *) node)->constisnull)
		*(List **) context = lappend_oid(*(List **) context, DatumGetObjectId(((Const *) node)->constvalue));
	return expression_tree_walker(node, collect_relations, context);
}

/*
 * ct_relations_of
 *		The regclass constants of an expression, in their order.
 *
 * PostgreSQL records a dependency for each of them, and renames, dumps and restores
 * them with the relation.
 */
List *
ct_relations_of(Node *expr)
{
	List	   *relations = NIL;

	collect_relations(expr, &relations);
	return relations;
}

/* relations_in(expression): the regclass constants of a pg_node_tree */
Datum
ct_relations_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(ct_regclass_array(ct_relations_of(ct_read_node(TextDatumGetCString(PG_GETARG_DATUM(0))))));
}

static bool
is_state(const StateKind *kind, Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);

	if (rel->rd_rel->relkind != RELKIND_RELATION || rel->rd_rel->relam != HEAP_TABLE_AM_OID ||
		rel->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT || rel->rd_rel->relhasrules ||
		rel->rd_rel->relrowsecurity || rel->rd_rel->relhassubclass || rel->rd_rel->relispartition ||
		desc->natts != kind->columns)
		return false;
	for (int i = 0; i < kind->columns; i++)
	{
		Form_pg_attribute a = TupleDescAttr(desc, i);

		if (a->attisdropped || strcmp(NameStr(a->attname), kind->column[i].name) != 0 ||
			a->atttypid != (OidIsValid(kind->column[i].type) ? kind->column[i].type : ct_type(kind->column[i].name)))
			return false;
	}
	return true;
}

/*
 * ct_open_relation
 *		Opens a relation by an OID that is user input; an error if it does not exist.
 */
Relation
ct_open_relation(Oid relid, LOCKMODE lock)
{
	Relation	rel = try_relation_open(relid, lock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no relation with OID %u", relid)));
	return rel;
}

/*
 * ct_state_open
 *		Opens a state; false if the table is not one.
 *
 * Takes AccessShareLock.  Waits for it only if "wait" is set, so that a user who locks a
 * state does not block those who list all states.
 */
bool
ct_state_open(const StateKind *kind, Oid state, bool wait, Relation *rel)
{
	if (wait)
		LockRelationOid(state, AccessShareLock);
	else if (!ConditionalLockRelationOid(state, AccessShareLock))
		return false;
	*rel = try_relation_open(state, NoLock);
	if (*rel == NULL)
	{
		UnlockRelationOid(state, AccessShareLock);
		return false;
	}
	if (is_state(kind, *rel))
		return true;
	relation_close(*rel, AccessShareLock);
	return false;
}

/*
 * ct_state_names
 *		The existing relations that a column's default names; unless "owner" is InvalidOid,
 *		only those of "owner".
 */
List *
ct_state_names(Relation rel, int column, Oid owner)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;
	List	   *named = NIL;

	for (int i = 0; constr != NULL && i < constr->num_defval; i++)
		if (constr->defval[i].adnum == column + 1 && constr->defval[i].adbin != NULL)
		{
			ListCell   *lc;

			foreach(lc, ct_relations_of(ct_read_node(constr->defval[i].adbin)))
			{
				Oid			has = ct_owner_of(lfirst_oid(lc));

				if (OidIsValid(has) && (!OidIsValid(owner) || has == owner))
					named = lappend_oid(named, lfirst_oid(lc));
			}
		}
	return named;
}

/*
 * ct_scan_bounded
 *		Begins a scan of at most BLOCKS_MAX pages, because any user can create a large state.
 */
TableScanDesc
ct_scan_bounded(Relation rel)
{
	TableScanDesc scan = table_beginscan_strat(rel, GetActiveSnapshot(), 0, NULL, true, false);

	heap_setscanlimits(scan, 0, Min(RelationGetNumberOfBlocks(rel), BLOCKS_MAX));
	return scan;
}

/* shortens a text at a character boundary */
static text *
cut_text(text *t)
{
	int			n = VARSIZE_ANY_EXHDR(t);

	return cstring_to_text_with_len(VARDATA_ANY(t), pg_mbcliplen(VARDATA_ANY(t), n,
																 Min(n, TEXT_BYTES_MAX - MAX_MULTIBYTE_CHAR_LEN)));
}

/*
 * ct_state_row
 *		Reads the columns from "first" on of the row of a state; without "all", only those
 *		that the caller may read.
 *
 * A text is cut to TEXT_BYTES_MAX, and another value above VALUE_BYTES_MAX becomes null.
 * No user-defined code runs.
 */
void
ct_state_row(const StateKind *kind, Relation rel, int first, bool all, Datum *values, bool *nulls)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = ct_scan_bounded(rel);

	if (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		for (int i = first; i < kind->columns; i++)
		{
			Form_pg_attribute a = TupleDescAttr(RelationGetDescr(rel), i);
			Datum		value = slot_getattr(slot, i + 1, &nulls[i - first]);

			if (!nulls[i - first])
				nulls[i - first] = !(all || ct_may_read(RelationGetRelid(rel), i + 1)) ||
					(a->attlen == -1 && a->atttypid != TEXTOID && toast_raw_datum_size(value) > VALUE_BYTES_MAX);
			if (nulls[i - first])
				continue;
			if (a->atttypid == TEXTOID)
				value = PointerGetDatum(cut_text((text *) PG_DETOAST_DATUM_SLICE(value, 0, TEXT_BYTES_MAX)));
			else if (a->attlen == -1)
				value = PointerGetDatum(PG_DETOAST_DATUM(value));
			values[i - first] = datumCopy(value, a->attbyval, a->attlen);
		}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/*
 * ct_states
 *		The tables with a column of the marker domain of a kind.
 */
List *
ct_states(const StateKind *kind)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *found = NIL;

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(ct_type(kind->column[0].name)));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (((Form_pg_depend) GETSTRUCT(tuple))->classid == RelationRelationId)
			found = list_append_unique_oid(found, ((Form_pg_depend) GETSTRUCT(tuple))->objid);
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return found;
}

/*
 * ct_may_read
 *		Whether the current user may read a column.
 */
bool
ct_may_read(Oid relid, AttrNumber column)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck(relid, column, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/*
 * ct_owner_of
 *		The owner of a relation; InvalidOid if it is gone.
 */
Oid
ct_owner_of(Oid relid)
{
	HeapTuple	c = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(c))
	{
		owner = ((Form_pg_class) GETSTRUCT(c))->relowner;
		ReleaseSysCache(c);
	}
	return owner;
}

/*
 * ct_regclass_array
 *		A list of relations as a regclass[].
 */
Datum
ct_regclass_array(const List *oids)
{
	Datum	   *element = palloc(Max(list_length(oids), 1) * sizeof(Datum));
	int			n = 0;
	ListCell   *lc;

	foreach(lc, oids)
		element[n++] = ObjectIdGetDatum(lfirst_oid(lc));
	return PointerGetDatum(construct_array(element, n, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT));
}

/* named_parts(state): the relations that the defaults of its columns name, of any owner */
Datum
ct_named_parts(PG_FUNCTION_ARGS)
{
	Relation	rel = ct_open_relation(PG_GETARG_OID(0), AccessShareLock);
	List	   *parts = NIL;

	for (int i = 0; i < RelationGetDescr(rel)->natts; i++)
		parts = list_concat(parts, ct_state_names(rel, i, InvalidOid));
	relation_close(rel, AccessShareLock);
	PG_RETURN_DATUM(ct_regclass_array(parts));
}
