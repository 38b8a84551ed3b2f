/*
 * expression.c
 *		Expressions over a row of sales, for customer, day, amount, order and filter.
 *
 * When a row is updated or deleted, its sale is undone from the old row.  The expressions
 * must then give the same values as before, so they must be immutable.  They are stored
 * as text with every name qualified, because the search_path of a writer may be any.
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

/* sales.* and * stand for any number of columns */
static bool
is_star(Node *target)
{
	return (IsA(target, ColumnRef) && IsA(llast(((ColumnRef *) target)->fields), A_Star)) ||
		(IsA(target, A_Indirection) && IsA(llast(((A_Indirection *) target)->indirection), A_Star));
}

/* parses a text that must be one expression, without any other clause of a SELECT */
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
 *		Raises an error if an expression over varno 1 depends on more than the row's own columns.
 *
 * "sql" is the expression as the user wrote it, for the message, or NULL.
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
	/* planning adds default arguments and inlines functions, whose volatility counts, too */
	planned = (Node *) expression_planner((Expr *) copyObject(expr));
	/* a tier is evaluated once for each combination of scores, when the scheme is declared */
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
				 errhint("It is evaluated for one row at a time.")));
	if (which == SALE_FILTER)
		expr = coerce_to_boolean(pstate, expr, "filter");
	else if (which == MEASURE)
		expr = coerce_to_specific_type(pstate, expr, FLOAT8OID, "measure");
	else if (exprType(expr) == UNKNOWNOID)
		expr = coerce_to_specific_type(pstate, expr, TEXTOID, expression_name[which]);
	assign_expr_collations(pstate, expr);
	/* planning may call functions of the owner, which must not run as a superuser */
	as_owner = has_privs_of_role(GetUserId(), rel->rd_rel->relowner);
	if (as_owner)
		ct_become_owner(&saved, rel->rd_rel->relowner);
	ct_check_sale_expression(expr, which, sql);
	if (as_owner)
		ct_resign(&saved);
	free_parsestate(pstate);
	return expr;
}

/* deparses an expression over varno 1; the caller fixes search_path, so that names are qualified */
static Datum
deparsed(Node *expr, Oid relid)
{
	return CStringGetTextDatum(deparse_expression(expr, deparse_context_for(get_rel_name(relid), relid), false, false));
}

/* removes a cast to float8 around a measure: the reader of a measure casts it again */
static Node *
without_cast(Node *measure)
{
	FuncExpr   *f = (FuncExpr *) measure;

	return IsA(f, FuncExpr) && f->funcformat == COERCE_EXPLICIT_CAST && f->funcresulttype == FLOAT8OID ?
		linitial(f->args) : measure;
}

/*
 * sale_expression(relation, sql, which): checks an expression and qualifies every name in it
 *
 * "which" is customer, amount, sold_at, order_id or filter over a row of sales, measure or
 * group over a row of customers, or tier over a row of scores.
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

/* returns the query of a view over one relation, and the relation in *from; NULL for anything else */
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
 * view_expressions(view, wait): the columns of a view over one relation, with their expressions
 *
 * A column of measures is an array and has one expression for each element; other columns have
 * one.  Without "wait", a locked view, or a relation that is no such view, gives no rows.
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
				 errmsg("relation with OID %u is not a view of expressions over one relation", relid),
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

/* whether a function is neither built in nor of this extension */
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
	/* the checks of a domain may call any function */
	if (IsA(node, CoerceToDomain) || check_functions_in_node(node, is_foreign_function, context))
		return true;
	return expression_tree_walker(node, calls_foreign_function, context);
}

/* expression_is_plain(relation, sql): whether a measure calls only built-in functions and those of this extension */
Datum
ct_expression_is_plain(PG_FUNCTION_ARGS)
{
	char	   *sql = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Relation	rel = ct_open_relation(PG_GETARG_OID(0), AccessShareLock);
	Node	   *expr = ct_parse_expression(rel, sql, MEASURE);

	relation_close(rel, AccessShareLock);
	PG_RETURN_BOOL(!calls_foreign_function(expr, NULL));
}
