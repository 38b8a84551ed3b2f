/*
 * view_links.c
 *		Whose sales a changed row is part of, where a view joins tables.
 *
 * One table says whose a sale is: the customer is an expression over its columns.  Each
 * other table is tied to it, or to one that is tied already, by an equality of two
 * columns in the join.  A changed row of a table then touches the customers that are
 * found from its column's old and new values through the rows as they are now: where
 * such a row has changed as well, it touches its customers by itself.
 */
#include "compat.h"

#include "access/relation.h"
#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/guc.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "as_owner.h"
#include "state.h"

PG_FUNCTION_INFO_V1(ct_view_links);

/* one equality of two columns */
typedef struct Link
{
	Var		   *left;
	Var		   *right;
	Oid			operator;
} Link;

/* a table of the view, and how it is tied */
typedef struct Table
{
	int			varno;
	Oid			relid;
	bool		nullable;		/* an outer join may put nulls for its rows */
	bool		tied;
	int			parent;			/* of the list; -1 for the one with the customer */
	AttrNumber	key;			/* the column that ties it */
	AttrNumber	parent_key;
	Oid			operator;		/* parent's column, then its own */
} Table;

typedef struct Tables
{
	Query	   *query;
	List	   *tables;
	List	   *links;
	bool		good;
} Tables;

/* a plain column, whatever it is relabelled as */
static Var *
column_of(Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node != NULL && IsA(node, Var) && ((Var *) node)->varlevelsup == 0 &&
		((Var *) node)->varattno > 0 ? (Var *) node : NULL;
}

/* the equalities among the conditions that all must hold */
static void
add_links(Tables *t, Node *quals)
{
	if (quals == NULL)
		return;
	if (IsA(quals, List))
	{
		ListCell   *lc;

		foreach(lc, (List *) quals)
			add_links(t, lfirst(lc));
	}
	else if (is_andclause(quals))
		add_links(t, (Node *) ((BoolExpr *) quals)->args);
	else if (IsA(quals, OpExpr) && list_length(((OpExpr *) quals)->args) == 2)
	{
		OpExpr	   *op = (OpExpr *) quals;
		Link	   *link = palloc(sizeof(Link));

		link->left = column_of(ct_flatten_join_alias_vars(t->query, linitial(op->args)));
		link->right = column_of(ct_flatten_join_alias_vars(t->query, lsecond(op->args)));
		link->operator = op->opno;
		if (link->left != NULL && link->right != NULL && link->left->varno != link->right->varno &&
			op_mergejoinable(op->opno, exprType(linitial(op->args))))
			t->links = lappend(t->links, link);
	}
}

static void
add_tables(Tables *t, Node *from, bool nullable)
{
	if (IsA(from, FromExpr))
	{
		ListCell   *lc;

		foreach(lc, ((FromExpr *) from)->fromlist)
			add_tables(t, lfirst(lc), nullable);
		add_links(t, ((FromExpr *) from)->quals);
	}
	else if (IsA(from, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) from;

		add_tables(t, join->larg, nullable || join->jointype == JOIN_RIGHT || join->jointype == JOIN_FULL);
		add_tables(t, join->rarg, nullable || join->jointype == JOIN_LEFT || join->jointype == JOIN_FULL);
		add_links(t, join->quals);
	}
	else
	{
		RangeTblEntry *rte = rt_fetch(((RangeTblRef *) from)->rtindex, t->query->rtable);
		Table	   *table = palloc0(sizeof(Table));

		table->varno = ((RangeTblRef *) from)->rtindex;
		table->relid = rte->relid;
		table->nullable = nullable;
		t->tables = lappend(t->tables, table);
		if (rte->rtekind != RTE_RELATION || rte->tablesample != NULL ||
			(rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_PARTITIONED_TABLE))
			t->good = false;
	}
}

/* the tables of an expression; unlike pull_varnos, without the joins that may null them */
static bool
add_varnos(Node *node, void *context)
{
	Bitmapset **varnos = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varlevelsup == 0)
		*varnos = bms_add_member(*varnos, ((Var *) node)->varno);
	return expression_tree_walker(node, add_varnos, context);
}

static int
table_at(Tables *t, int varno)
{
	for (int i = 0; i < list_length(t->tables); i++)
		if (((Table *) list_nth(t->tables, i))->varno == varno)
			return i;
	return -1;
}

/* ties a table to one that is tied, if the link does so */
static bool
tie(Tables *t, const Link *link, const Var *own, const Var *other)
{
	int			n = table_at(t, own->varno);
	int			m = table_at(t, other->varno);
	Table	   *table = list_nth(t->tables, n);
	Oid			operator = link->right == own ? link->operator : get_commutator(link->operator);

	if (table->tied || !((Table *) list_nth(t->tables, m))->tied || !OidIsValid(operator))
		return false;
	table->tied = true;
	table->parent = m;
	table->key = own->varattno;
	table->parent_key = other->varattno;
	table->operator = operator;
	return true;
}

/* whether customers can be found from every table; "customer" becomes an expression over varno 1 */
static bool
find_links(Tables *t, Oid view, Node **customer, int *root)
{
	Query	   *q = t->query;
	AttrNumber	n = get_attnum(view, "customer");
	TargetEntry *tle = n > 0 ? get_tle_by_resno(q->targetList, n) : NULL;
	Bitmapset  *varnos = NULL;
	Table	   *table;
	bool		more = true;

	if (tle == NULL || q->setOperations != NULL || q->cteList != NIL || q->hasSubLinks || q->hasWindowFuncs ||
		q->hasTargetSRFs || q->limitCount != NULL || q->limitOffset != NULL || q->hasDistinctOn ||
		q->groupingSets != NIL || q->rowMarks != NIL)
		return false;
	t->good = true;
	add_tables(t, (Node *) q->jointree, false);
	if (!t->good || contain_agg_clause((Node *) tle->expr))
		return false;
	*customer = ct_flatten_join_alias_vars(q, (Node *) tle->expr);
	(void) add_varnos(*customer, &varnos);
	if (bms_membership(varnos) != BMS_SINGLETON)
		return false;
	*root = table_at(t, bms_singleton_member(varnos));
	table = list_nth(t->tables, *root);
	/* nulls that a join puts must be nobody's */
	if (table->nullable && column_of(*customer) == NULL)
		return false;
	table->tied = true;
	table->parent = -1;
	ChangeVarNodes(*customer, table->varno, 1, 0);
	while (more)
	{
		ListCell   *lc;

		more = false;
		foreach(lc, t->links)
		{
			Link	   *link = lfirst(lc);

			more |= tie(t, link, link->left, link->right) || tie(t, link, link->right, link->left);
		}
	}
	for (int i = 0; i < list_length(t->tables); i++)
		if (!((Table *) list_nth(t->tables, i))->tied)
			return false;
	return true;
}

static char *
operator_text(Oid operator)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form = (Form_pg_operator) GETSTRUCT(tuple);
	char	   *name = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)),
								NameStr(form->oprname));

	ReleaseSysCache(tuple);
	return name;
}

static Datum
column_name(Oid relid, AttrNumber column)
{
	return CStringGetTextDatum(quote_identifier(get_attname(relid, column, false)));
}

/*
 * view_links(view): a row for each table that the view joins: its number, the expression that is noted of
 * a changed row, the number of the table that it is tied to, that one's column, and the
 * operator; no row if customers cannot be found from each table
 */
Datum
ct_view_links(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			viewoid = PG_GETARG_OID(0);
	Relation	view = ct_open_relation(viewoid, AccessShareLock);
	Tables		t = {0};
	Node	   *customer;
	int			root;
	int			nest = NewGUCNestLevel();

	InitMaterializedSRF(fcinfo, 0);
	if (view->rd_rel->relkind != RELKIND_VIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a view", RelationGetRelationName(view))));
	t.query = copyObject(get_view_query(view));
	relation_close(view, AccessShareLock);
	ct_fix_settings();
	if (find_links(&t, viewoid, &customer, &root))
		for (int i = 0; i < list_length(t.tables); i++)
		{
			Table	   *table = list_nth(t.tables, i);
			Datum		values[6] = {0};
			bool		nulls[6] = {false, false, false, true, true, true};

			values[0] = Int32GetDatum(i);
			values[1] = ObjectIdGetDatum(table->relid);
			if (i == root)
			{
				List	   *context = deparse_context_for(get_rel_name(table->relid), table->relid);

				values[2] = CStringGetTextDatum(deparse_expression(customer, context, false, false));
			}
			else
			{
				Table	   *parent = list_nth(t.tables, table->parent);

				values[2] = column_name(table->relid, table->key);
				values[3] = Int32GetDatum(table->parent);
				values[4] = column_name(parent->relid, table->parent_key);
				values[5] = CStringGetTextDatum(operator_text(table->operator));
				nulls[3] = nulls[4] = nulls[5] = false;
			}
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		}
	AtEOXact_GUC(false, nest);
	return (Datum) 0;
}
