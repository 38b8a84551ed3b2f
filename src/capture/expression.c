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
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "base/names.h"
#include "capture/as_owner.h"
#include "capture/state.h"

PG_FUNCTION_INFO_V1(ct_sale_expression);
PG_FUNCTION_INFO_V1(ct_expression_is_plain);

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
	/* planned: defaults of arguments are there, and functions are inlined */
	planned = (Node *) expression_planner((Expr *) copyObject(expr));
	/* a tier is asked for each combination of scores once, when it is declared */
	if (which == TIER ? contain_volatile_functions(planned) : contain_mutable_functions(planned))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("%s must be %s%s%s", expression_name[which], which == TIER ? "stable" : "immutable",
						sql ? ": " : "", sql ? sql : ""),
				 errdetail("What it gives depends on more than the row, such as the session's time zone."),
				 which < SALE_EXPRESSIONS ?
				 errhint("A timestamptz needs no cast to a day: give the column, and time_zone => 'Asia/Shanghai'.") :
				 which == TIER ? errhint("The same scores always lead to the same tier.") :
				 errhint("The day is as_of.")));
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
	expr = transformExpr(pstate, expr, EXPR_KIND_INDEX_EXPRESSION);
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
	char	   *qualified;
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
	qualified = deparse_expression(expr, deparse_context_for(RelationGetRelationName(rel), relid), false, false);
	AtEOXact_GUC(false, nest);
	relation_close(rel, AccessShareLock);
	PG_RETURN_TEXT_P(cstring_to_text(qualified));
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
