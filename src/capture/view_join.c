/*
 * view_join.c
 *		The tables that a view joins, the equalities that link them, and its conditions.
 */
#include "base/compat.h"

#include "capture/view_join.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "capture/state.h"

/*
 * ct_view_query
 *		A copy of the query of a view; an error for another relation.
 */
Query *
ct_view_query(Oid viewoid)
{
	Relation	view = ct_open_relation(viewoid, AccessShareLock);
	Query	   *q;

	if (view->rd_rel->relkind != RELKIND_VIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a view", RelationGetRelationName(view))));
	q = copyObject(get_view_query(view));
	relation_close(view, AccessShareLock);
	return q;
}

/*
 * ct_column_of
 *		The Var of an expression that is a plain column, below any RelabelType; else NULL.
 */
Var *
ct_column_of(Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node != NULL && IsA(node, Var) && ((Var *) node)->varlevelsup == 0 &&
		((Var *) node)->varattno > 0 ? (Var *) node : NULL;
}

/* adds the equalities of two columns among ANDed conditions */
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

		link->left = ct_column_of(ct_flatten_join_alias_vars(t->query, linitial(op->args)));
		link->right = ct_column_of(ct_flatten_join_alias_vars(t->query, lsecond(op->args)));
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
		t->quals = list_concat(t->quals, list_copy(make_ands_implicit((Expr *) ((FromExpr *) from)->quals)));
	}
	else if (IsA(from, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) from;

		add_tables(t, join->larg, nullable || join->jointype == JOIN_RIGHT || join->jointype == JOIN_FULL);
		add_tables(t, join->rarg, nullable || join->jointype == JOIN_LEFT || join->jointype == JOIN_FULL);
		add_links(t, join->quals);
		t->quals = list_concat(t->quals, list_copy(make_ands_implicit((Expr *) join->quals)));
		t->inner &= join->jointype == JOIN_INNER;
	}
	else
	{
		RangeTblEntry *rte = rt_fetch(((RangeTblRef *) from)->rtindex, t->query->rtable);
		Table	   *table = palloc0(sizeof(Table));

		table->varno = ((RangeTblRef *) from)->rtindex;
		table->relid = rte->relid;
		table->nullable = nullable;
		t->tables = lappend(t->tables, table);
		t->inner &= rte->inh;
		if (rte->rtekind != RTE_RELATION || rte->tablesample != NULL ||
			(rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_PARTITIONED_TABLE))
			t->good = false;
	}
}

/*
 * ct_join_tables
 *		Finds the tables that t->query joins, their links and the conditions.
 */
void
ct_join_tables(Tables *t)
{
	t->good = t->inner = true;
	add_tables(t, (Node *) t->query->jointree, false);
}

/*
 * ct_add_varnos
 *		A walker that collects the tables of an expression; unlike pull_varnos, without outer joins.
 */
bool
ct_add_varnos(Node *node, void *context)
{
	Bitmapset **varnos = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varlevelsup == 0)
		*varnos = bms_add_member(*varnos, ((Var *) node)->varno);
	return expression_tree_walker(node, ct_add_varnos, context);
}

/*
 * ct_table_at
 *		The index in t->tables of the table with a varno; -1 if there is none.
 */
int
ct_table_at(Tables *t, int varno)
{
	for (int i = 0; i < list_length(t->tables); i++)
		if (((Table *) list_nth(t->tables, i))->varno == varno)
			return i;
	return -1;
}

/*
 * ct_operator_text
 *		The qualified name of an operator.
 */
char *
ct_operator_text(Oid operator)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form = (Form_pg_operator) GETSTRUCT(tuple);
	char	   *name = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)),
								NameStr(form->oprname));

	ReleaseSysCache(tuple);
	return name;
}

/*
 * ct_column_name
 *		The quoted name of a column, as text.
 */
Datum
ct_column_name(Oid relid, AttrNumber column)
{
	return CStringGetTextDatum(quote_identifier(get_attname(relid, column, false)));
}
