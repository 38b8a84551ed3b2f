/*
 * source_view.c
 *		The view of a source, as expressions over a row of the table that it reads.
 *
 * The expression trees come from the view's own rule.  So PostgreSQL handles renamed
 * columns, tables and schemas, and does not drop a column that the view uses.
 */
#include "capture/source_view.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"




/* the built-in functions that convert a timestamptz to a day in a time zone */
#define TIMEZONE_OF_TIMESTAMPTZ		1159	/* timezone(text, timestamptz) */
#define DATE_OF_TIMESTAMP			2029	/* date(timestamp) */

/* the limit of nested views */
#define VIEWS_MAX	100

static const char *const column_name[] = {"customer", "amount", "sold_at", "order_id"};

/* why a trigger cannot capture the rows of a relation in FROM; NULL if it can */
static const char *
why_not_from(RangeTblEntry *rte)
{
	switch (rte->rtekind)
	{
		case RTE_RELATION:
			break;
		case RTE_SUBQUERY:
			return "has subqueries";
		case RTE_FUNCTION:
			return "reads a function";
		case RTE_VALUES:
			return "reads VALUES";
		default:
			return "reads no table";
	}
	if (rte->tablesample != NULL)
		return "has a TABLESAMPLE";
	switch (rte->relkind)
	{
		case RELKIND_VIEW:
		case RELKIND_PARTITIONED_TABLE:
			return rte->inh ? NULL : "reads ONLY a table";
		case RELKIND_RELATION:
			/* has_subclass may still say yes when the last child is gone */
			if (rte->inh && has_subclass(rte->relid) &&
				find_inheritance_children(rte->relid, NoLock) != NIL)
				return "reads a table that others inherit from";
			return has_superclass(rte->relid) ? "reads a table that inherits, or is a partition" : NULL;
		case RELKIND_FOREIGN_TABLE:
			return "reads a foreign table";
		case RELKIND_MATVIEW:
			return "reads a materialized view";
		default:
			return "reads no table";
	}
}

/* why a trigger cannot capture the rows of a query; sets *varno to its relation in FROM */
static const char *
why_not(Query *q, int *varno)
{
	Node	   *from;

	if (q->setOperations != NULL)
		return "combines queries (UNION, INTERSECT or EXCEPT)";
	if (q->cteList != NIL)
		return "has a WITH clause";
	if (q->groupClause != NIL || q->groupingSets != NIL || q->hasAggs || q->havingQual != NULL)
		return "groups rows";
	if (q->distinctClause != NIL)
		return "is DISTINCT";
	if (q->hasWindowFuncs)
		return "has window functions";
	if (q->limitCount != NULL || q->limitOffset != NULL)
		return "has a LIMIT or an OFFSET";
	if (q->hasTargetSRFs)
		return "calls set-returning functions";
	if (q->hasSubLinks)
		return "has subqueries";
	if (q->rowMarks != NIL)
		return "locks rows";
	if (q->jointree->fromlist == NIL)
		return "reads no table";
	from = linitial(q->jointree->fromlist);
	if (list_length(q->jointree->fromlist) > 1 || !IsA(from, RangeTblRef))
		return "joins tables";
	/* 1 since PostgreSQL 16, and 3 before: OLD and NEW came first */
	*varno = ((RangeTblRef *) from)->rtindex;
	return why_not_from(rt_fetch(*varno, q->rtable));
}

/*
 * Returns the query of a view, or NULL and the reason in *why.  If the caller has the
 * privileges of its owner, the lock is kept until the transaction ends, so that the view
 * cannot be replaced meanwhile.
 */
static Query *
read_view(Oid viewoid, Oid owner, bool wait, const char **why)
{
	Relation	view = NULL;
	Query	   *q = NULL;

	if (wait || ConditionalLockRelationOid(viewoid, AccessShareLock))
		view = try_relation_open(viewoid, wait ? AccessShareLock : NoLock);
	if (view == NULL)
		*why = "is locked, or dropped";
	else if (view->rd_rel->relkind != RELKIND_VIEW)
		*why = "is not a view";
	else if (view->rd_rel->relowner != owner)
		*why = "has a view in it that does not belong to the owner of the sales";
	else
		q = copyObject(get_view_query(view));
	/* another caller must not make the owner wait for a lock */
	if (view != NULL)
		relation_close(view, has_privs_of_role(GetUserId(), view->rd_rel->relowner) ? NoLock : AccessShareLock);
	return q;
}

/* the columns and the filter of the outermost view, NULL for a missing order_id; NIL if another column is missing */
static List *
wanted_columns(Oid view, Query *q)
{
	List	   *want = NIL;

	for (int i = 0; i < SALE_FILTER; i++)
	{
		AttrNumber	n = get_attnum(view, column_name[i]);
		TargetEntry *tle = n > 0 ? get_tle_by_resno(q->targetList, n) : NULL;

		if (tle != NULL && tle->resjunk)
			tle = NULL;
		if (tle == NULL && i != SALE_ORDER)
			return NIL;
		want = lappend(want, tle != NULL ? tle->expr : NULL);
	}
	return lappend(want, q->jointree->quals);
}

/*
 * ct_take_view_apart
 *		Finds the columns and the filter of a view as expressions over the table that it reads.
 *
 * Nested views are expanded; all of them must belong to "owner".  Returns false, and sets
 * *why, if triggers on the table cannot capture the rows of the view.  Takes AccessShareLock
 * on the views, kept until the transaction ends; without "wait", a lock that is not available
 * is a reason, too.
 */
bool
ct_take_view_apart(Oid view, Oid owner, bool wait, SourceView *s, const char **why)
{
	List	   *want = NIL;		/* one list, to replace Vars in all expressions at once */
	List	   *views = NIL;
	RangeTblEntry *outer = NULL;

	for (;;)
	{
		Query	   *q;
		RangeTblEntry *rte;
		Node	   *quals;
		int			varno;

		*why = "reads itself, or too many views in each other";
		if (list_member_oid(views, view) || list_length(views) >= VIEWS_MAX)
			return false;
		views = lappend_oid(views, view);
		q = read_view(view, owner, wait, why);
		if (q == NULL || (*why = why_not(q, &varno)) != NULL)
			return false;
		rte = rt_fetch(varno, q->rtable);
		quals = q->jointree->quals;
		if (outer == NULL)
		{
			want = wanted_columns(view, q);
			*why = "lacks one of the columns customer, sold_at and amount";
			if (want == NIL)
				return false;
		}
		else
		{
			Node	   *filter;

			want = (List *) ReplaceVarsFromTargetList((Node *) want, 1, 0, outer, q->targetList,
#if PG_VERSION_NUM >= 180000
													  0,
#endif
													  REPLACEVARS_REPORT_ERROR, 0, NULL);
			filter = llast(want);
			/* the inner filter first, as for a security barrier view */
			llast(want) = quals == NULL ? filter : filter == NULL ? quals :
				(Node *) makeBoolExpr(AND_EXPR, list_make2(quals, filter), -1);
		}
		ChangeVarNodes((Node *) want, varno, 1, 0);
		if (rte->relkind != RELKIND_VIEW)
		{
			for (int i = 0; i < SALE_EXPRESSIONS; i++)
				s->expr[i] = list_nth(want, i);
			s->base = rte->relid;
			return true;
		}
		outer = rte;
		view = rte->relid;
	}
}

/*
 * ct_mend_hint
 *		The hint of an error that a writer gets: the command that repairs the source.
 *
 * "sales" is the table that was written to, or a partition of it; or InvalidOid.
 */
int
ct_mend_hint(Oid sales)
{
	char	   *name;

	if (!OidIsValid(sales))
		return errhint("CALL customer_tier.alter_source(...) mends the source.");
	if (get_rel_relispartition(sales))
		sales = llast_oid(get_partition_ancestors(sales));
	name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(sales)), get_rel_name(sales));
	return errhint("CALL customer_tier.alter_source(%s); mends the source.", quote_literal_cstr(name));
}

/*
 * ct_source_of_row
 *		The expressions of a view over the rows of "rel": its table, or a partition of it.
 *
 * Raises an error if the view cannot be captured, or depends on more than the row.
 */
void
ct_source_of_row(Relation rel, Oid view, SourceView *s)
{
	const char *why;

	if (!ct_take_view_apart(view, rel->rd_rel->relowner, true, s, &why))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("writes to the table of view \"%s\" cannot be captured", get_rel_name(view)),
				 errdetail("The view %s.", why),
				 ct_mend_hint(RelationGetRelid(rel))));
	if (s->base != RelationGetRelid(rel))
	{
		Relation	root;

		if (!rel->rd_rel->relispartition ||
			!list_member_oid(get_partition_ancestors(RelationGetRelid(rel)), s->base))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("view \"%s\" reads table \"%s\", not \"%s\"", get_rel_name(view),
							get_rel_name(s->base), RelationGetRelationName(rel)),
					 ct_mend_hint(RelationGetRelid(rel))));
		root = relation_open(s->base, AccessShareLock);
		for (int i = 0; i < SALE_EXPRESSIONS; i++)
			if (s->expr[i] != NULL)
				s->expr[i] = linitial(map_partition_varattnos(list_make1(s->expr[i]), 1, rel, root));
		relation_close(root, NoLock);
	}
	for (int i = 0; i < SALE_EXPRESSIONS; i++)
		if (s->expr[i] != NULL)
		{
#if PG_VERSION_NUM >= 180000
			s->expr[i] = expand_generated_columns_in_expr(s->expr[i], rel, 1);
#endif
			ct_check_sale_expression(s->expr[i], i, NULL);
		}
}

/*
 * ct_peel_day
 *		Splits (moment AT TIME ZONE 'zone')::date into the moment and the zone.
 *
 * Sets *day to the moment and returns the zone, so that the day can be computed by integer
 * arithmetic.  Sets *day to the timestamp of timestamp::date, and returns NULL; otherwise
 * returns NULL.
 */
text *
ct_peel_day(Node **day)
{
	FuncExpr   *f = (FuncExpr *) *day;
	FuncExpr   *zoned;
	Const	   *zone;

	if (!IsA(f, FuncExpr) || f->funcid != DATE_OF_TIMESTAMP)
		return NULL;
	zoned = linitial(f->args);
	*day = (Node *) zoned;
	if (!IsA(zoned, FuncExpr) || zoned->funcid != TIMEZONE_OF_TIMESTAMPTZ)
		return NULL;
	zone = linitial(zoned->args);
	if (!IsA(zone, Const) || zone->constisnull)
		return NULL;
	*day = lsecond(zoned->args);
	return DatumGetTextPP(zone->constvalue);
}

static bool
is_not_of_server(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

static bool
calls_functions(Node *node, void *context)
{
	if (node == NULL)
		return false;
	/* the constraints of a domain may call any function */
	return IsA(node, CoerceToDomain) || check_functions_in_node(node, is_not_of_server, context) ||
		expression_tree_walker(node, calls_functions, context);
}

/*
 * ct_calls_functions
 *		Whether an expression calls functions that are not built in.
 */
bool
ct_calls_functions(Node *expr)
{
	return calls_functions(expr, NULL);
}
