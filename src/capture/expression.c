/*
 * expression.c
 *		Expressions over a row of sales: what it says of customer, day, amount and order.
 *
 * A row that is changed or deleted is undone from its old contents, so its
 * expressions must give then what they gave before: they must be immutable.
 * They are kept as text with every name qualified, because a trigger reads them
 * while anybody's search_path is in force.
 */
#include "capture/expression.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "base/names.h"
#include "capture/as_owner.h"
#include "capture/mutable.h"
#include "capture/state.h"

PG_FUNCTION_INFO_V1(ct_sale_expression);
PG_FUNCTION_INFO_V1(ct_expression_is_plain);
PG_FUNCTION_INFO_V1(ct_view_expressions);

static const char *const expression_name[] = {
	"customer", "amount", "sold_at", "order_id", "filter", "measure", "group", "tier"
};

/* sales.* and a bare * stand for columns, as many as there are */
static bool
is_star(Node *target)
{
	return (IsA(target, ColumnRef) && IsA(llast(((ColumnRef *) target)->fields), A_Star)) ||
		(IsA(target, A_Indirection) && IsA(llast(((A_Indirection *) target)->indirection), A_Star));
}

/* the one expression of a text; anything around it would change what is asked */
static Node *
raw_expression(const char *sql, SaleExpression which)
{
	List	   *parsed = pg_parse_query(psprintf("SELECT %s", sql));
	SelectStmt *select = list_length(parsed) == 1 ?
		(SelectStmt *) linitial_node(RawStmt, parsed)->stmt : NULL;

	if (select != NULL && IsA(select, SelectStmt) && list_length(select->targetList) == 1 &&
		select->fromClause == NIL && select->whereClause == NULL && select->groupClause == NIL &&
		select->havingClause == NULL && select->windowClause == NIL && select->sortClause == NIL &&
		select->limitCount == NULL && select->limitOffset == NULL && select->lockingClause == NIL &&
		select->distinctClause == NIL && select->intoClause == NULL &&
		select->withClause == NULL && select->op == SETOP_NONE)
	{
		ResTarget  *target = linitial_node(ResTarget, select->targetList);

		if (target->name == NULL && target->indirection == NIL && !is_star(target->val))
			return target->val;
	}
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("%s is not one expression: %s", expression_name[which], sql),
			 which < SALE_EXPRESSIONS ?
			 errhint("Give an expression over the columns of the sales table, such as quantity * unit_price.") :
			 which == TIER ? errhint("Give an expression over the scores, such as rfm_segment(r, f, m).") :
			 errhint("Give an expression over ledger, as_of and the attributes, "
					 "such as total(ledger, trailing_months(as_of, 12)).")));
}

/*
 * ct_check_sale_expression
 *		An error if an expression over varno 1 depends on more than the row's own columns.
 *
 * "sql" is how it was written, for the message, or NULL.
 */
void
ct_check_sale_expression(Node *expr, SaleExpression which, const char *sql)
{
	Bitmapset  *columns = NULL;
	Node	   *planned;

	pull_varattnos(expr, 1, &columns);
	if (bms_next_member(columns, -1) >= 0 &&
		bms_next_member(columns, -1) < -FirstLowInvalidHeapAttributeNumber)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s uses a system column%s%s", expression_name[which], sql ? ": " : "", sql ? sql : ""),
				 errhint("Give an expression over the table's own columns.")));
	if (which < SALE_EXPRESSIONS && bms_is_member(-FirstLowInvalidHeapAttributeNumber, columns))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s uses the whole row%s%s", expression_name[which], sql ? ": " : "", sql ? sql : ""),
				 errhint("Give a column of the table: its name alone stands for the row.")));
	/* planned: defaults of arguments are there, and functions are inlined */
	planned = (Node *) expression_planner((Expr *) copyObject(expr));
	/* a tier is asked for each combination of scores once, when it is declared */
	if (which == TIER ? contain_volatile_functions(planned) : contain_mutable_functions(planned))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("%s must be %s%s%s", expression_name[which], which == TIER ? "stable" : "immutable",
						sql ? ": " : "", sql ? sql : ""),
				 errdetail("%s depends on more than its arguments, such as settings of the session or the clock.",
						   ct_mutable_part(planned, which == TIER)),
				 which == TIER ? errhint("The same scores always lead to the same tier.") :
				 errhint("%s", ct_mutable_remedy(planned, which < SALE_EXPRESSIONS))));
}

Node *
ct_parse_expression(Relation rel, const char *sql, SaleExpression which)
{
	ParseState *pstate = make_parsestate(NULL);
	Node	   *expr = raw_expression(sql, which);
	OwnerSwitch saved;
	bool		as_owner;

	addNSItemToQuery(pstate, addRangeTableEntryForRelation(pstate, rel, AccessShareLock, NULL, false, true),
					 false, true, true);
	expr = transformExpr(pstate, expr, EXPR_KIND_SELECT_TARGET);
	if (pstate->p_hasSubLinks || pstate->p_hasAggs || pstate->p_hasWindowFuncs || pstate->p_hasTargetSRFs)
		ereport(ERROR,
				(errcode(pstate->p_hasSubLinks ? ERRCODE_FEATURE_NOT_SUPPORTED :
						 pstate->p_hasWindowFuncs ? ERRCODE_WINDOWING_ERROR :
						 pstate->p_hasAggs ? ERRCODE_GROUPING_ERROR : ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s uses %s: %s", expression_name[which],
						pstate->p_hasSubLinks ? "a subquery" : pstate->p_hasWindowFuncs ? "a window function" :
						pstate->p_hasAggs ? "an aggregate function" : "a function that returns a set", sql),
				 errhint("It is asked of one row at a time.")));
	if (which == SALE_FILTER)
		expr = coerce_to_boolean(pstate, expr, "filter");
	else if (which == MEASURE)
		expr = coerce_to_specific_type(pstate, expr, FLOAT8OID, "measure");
	else if (exprType(expr) == UNKNOWNOID)
		expr = coerce_to_specific_type(pstate, expr, TEXTOID, expression_name[which]);
	assign_expr_collations(pstate, expr);
	/* planning may call functions: not as a superuser who tracks somebody's table */
	as_owner = has_privs_of_role(GetUserId(), rel->rd_rel->relowner);
	if (as_owner)
		ct_become_owner(&saved, rel->rd_rel->relowner);
	ct_check_sale_expression(expr, which, sql);
	if (as_owner)
		ct_resign(&saved);
	free_parsestate(pstate);
	return expr;
}

/* as text with every name qualified; "expr" is over varno 1, a relation */
static Datum
deparsed(Node *expr, Oid relid)
{
	return CStringGetTextDatum(deparse_expression(expr, deparse_context_for(get_rel_name(relid), relid), false, false));
}

/* a measure is a float8 where it is read, whatever number it says it is */
static Node *
without_cast(Node *measure)
{
	FuncExpr   *f = (FuncExpr *) measure;

	return IsA(f, FuncExpr) && f->funcformat == COERCE_EXPLICIT_CAST && f->funcresulttype == FLOAT8OID ?
		linitial(f->args) : measure;
}

/*
 * sale_expression(relation, sql, which): the expression, checked, with every name
 * in it qualified; "which" is customer, amount, sold_at, order_id or filter, or over a
 * row of customers measure or group, or over a row of scores tier
 */
Datum
ct_sale_expression(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	char	   *sql = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(2));
	int			which = 0;
	Relation	rel;
	Node	   *expr;
	Datum		qualified;
	int			nest;

	while (which < EXPRESSIONS && strcmp(name, expression_name[which]) != 0)
		which++;
	if (which == EXPRESSIONS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no expression of a \"%s\"", name)));
	rel = ct_open_relation(relid, AccessShareLock);
	expr = ct_parse_expression(rel, sql, which);
	nest = NewGUCNestLevel();
	ct_fix_settings();
	qualified = deparsed(which == MEASURE ? without_cast(expr) : expr, relid);
	AtEOXact_GUC(false, nest);
	relation_close(rel, AccessShareLock);
	PG_RETURN_DATUM(qualified);
}

/* the query of a view over one relation, or NULL; *from is that relation */
static Query *
view_over_one(Relation view, Oid *from)
{
	Query	   *q = view->rd_rel->relkind == RELKIND_VIEW ? copyObject(get_view_query(view)) : NULL;
	RangeTblRef *ref = q != NULL && list_length(q->jointree->fromlist) == 1 ? linitial(q->jointree->fromlist) : NULL;

	if (ref == NULL || !IsA(ref, RangeTblRef) || rt_fetch(ref->rtindex, q->rtable)->rtekind != RTE_RELATION ||
		q->hasAggs || q->hasWindowFuncs || q->hasSubLinks || q->hasTargetSRFs || q->groupClause != NIL)
		return NULL;
	*from = rt_fetch(ref->rtindex, q->rtable)->relid;
	ChangeVarNodes((Node *) q->targetList, ref->rtindex, 1, 0);
	return q;
}

#define LAST_KEY	2			/* of the columns of the view of measures: customer, customer_group */

/*
 * view_expressions(view, wait): each column of a view over one relation, and its expression with
 * every name qualified; of the columns of measures, which are arrays, one for each element.  Without
 * "wait", a view that is locked or is none has no row.
 */
Datum
ct_view_expressions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			relid = PG_GETARG_OID(0);
	bool		wait = PG_GETARG_BOOL(1);
	Relation	view;
	Query	   *q;
	Oid			from = InvalidOid;
	int			nest;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	if (!wait && !ConditionalLockRelationOid(relid, AccessShareLock))
		return (Datum) 0;
	view = try_relation_open(relid, wait ? AccessShareLock : NoLock);
	q = view != NULL ? view_over_one(view, &from) : NULL;
	if (q == NULL && wait)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relation with OID %u is no view of expressions over one relation", relid),
				 errhint("It was replaced: what a scheme measures is changed by alter_scheme.")));
	nest = NewGUCNestLevel();
	ct_fix_settings();
	foreach(lc, q != NULL ? q->targetList : NIL)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		bool		measures = tle->resno > LAST_KEY && IsA(tle->expr, ArrayExpr);
		List	   *exprs = measures ? ((ArrayExpr *) tle->expr)->elements : list_make1(tle->expr);
		Datum	   *deparsed_text = palloc(Max(list_length(exprs), 1) * sizeof(Datum));
		Datum		values[2];
		bool		nulls[2] = {false};
		int			n = 0;
		ListCell   *e;

		foreach(e, exprs)
			deparsed_text[n++] = deparsed(measures ? without_cast(lfirst(e)) : lfirst(e), from);
		values[0] = CStringGetTextDatum(tle->resname);
		values[1] = PointerGetDatum(construct_array(deparsed_text, n, TEXTOID, -1, false, TYPALIGN_INT));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	AtEOXact_GUC(false, nest);
	if (view != NULL)
		relation_close(view, AccessShareLock);
	else if (!wait)
		UnlockRelationOid(relid, AccessShareLock);
	return (Datum) 0;
}

/* a function of the server or of ours */
static bool
is_foreign_function(Oid function, void *context)
{
	Oid			schema = get_func_namespace(function);
	char	   *name = get_namespace_name(schema);

	return schema != PG_CATALOG_NAMESPACE && strcmp(name, CT_SCHEMA) != 0 && strcmp(name, CT_INTERNAL_SCHEMA) != 0;
}

static bool
calls_foreign_function(Node *node, void *context)
{
	if (node == NULL)
		return false;
	/* a domain's checks may call anything */
	if (IsA(node, CoerceToDomain) || check_functions_in_node(node, is_foreign_function, context))
		return true;
	return expression_tree_walker(node, calls_foreign_function, context);
}

/* expression_is_plain(relation, sql): whether a measure calls no function but the server's and ours */
Datum
ct_expression_is_plain(PG_FUNCTION_ARGS)
{
	char	   *sql = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Relation	rel = ct_open_relation(PG_GETARG_OID(0), AccessShareLock);
	Node	   *expr = ct_parse_expression(rel, sql, MEASURE);

	relation_close(rel, AccessShareLock);
	PG_RETURN_BOOL(!calls_foreign_function(expr, NULL));
}
