/*
 * view_links.c
 *		Finds how a changed row leads to its customers, where a view joins tables.
 *
 * The customer is an expression over the columns of one table, the root.  Every other
 * table is linked to the root, or to a table that is linked already, by an equality of
 * two columns in the join.  A changed row touches the customers that the old and new
 * values of its column lead to, through the current rows of the other tables.  If such
 * a row has changed as well, it touches its customers by itself.
 */
#include "base/compat.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "capture/as_owner.h"
#include "capture/view_join.h"

PG_FUNCTION_INFO_V1(ct_view_links);

/* links the table of "own" to the table of "other", if only the latter is linked so far */
static bool
tie(Tables *t, const Link *link, const Var *own, const Var *other)
{
	int			n = ct_table_at(t, own->varno);
	int			m = ct_table_at(t, other->varno);
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
	ct_join_tables(t);
	if (!t->good || contain_agg_clause((Node *) tle->expr))
		return false;
	*customer = ct_flatten_join_alias_vars(q, (Node *) tle->expr);
	(void) ct_add_varnos(*customer, &varnos);
	if (bms_membership(varnos) != BMS_SINGLETON)
		return false;
	*root = ct_table_at(t, bms_singleton_member(varnos));
	table = list_nth(t->tables, *root);
	/* rows that an outer join fills with nulls must have a null customer */
	if (table->nullable && ct_column_of(*customer) == NULL)
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

/*
 * view_links(view): a row for each table that the view joins: its number, the table, the expression that is
 * noted of a changed row, the number of its parent, the column of the parent, and the operator; no rows if
 * customers cannot be found from every table
 */
Datum
ct_view_links(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			viewoid = PG_GETARG_OID(0);
	Tables		t = {0};
	Node	   *customer;
	int			root;
	int			nest = NewGUCNestLevel();

	InitMaterializedSRF(fcinfo, 0);
	t.query = ct_view_query(viewoid);
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

				values[2] = ct_column_name(table->relid, table->key);
				values[3] = Int32GetDatum(table->parent);
				values[4] = ct_column_name(parent->relid, table->parent_key);
				values[5] = CStringGetTextDatum(ct_operator_text(table->operator));
				nulls[3] = nulls[4] = nulls[5] = false;
			}
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		}
	AtEOXact_GUC(false, nest);
	return (Datum) 0;
}
