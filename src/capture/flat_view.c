/*
 * flat_view.c
 *		SQL functions about views of sales: whether a view can be captured, its query over
 *		the base table, and whether two views give the same sales.
 */
#include "capture/source_view.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "capture/as_owner.h"
#include "capture/state.h"

PG_FUNCTION_INFO_V1(ct_why_not_captured);
PG_FUNCTION_INFO_V1(ct_check_captured);
PG_FUNCTION_INFO_V1(ct_flat_view);
PG_FUNCTION_INFO_V1(ct_same_source);

static Oid
owner_of(Oid relid)
{
	Relation	rel = ct_open_relation(relid, AccessShareLock);
	Oid			owner = rel->rd_rel->relowner;

	relation_close(rel, AccessShareLock);
	return owner;
}

/* why_not_captured(view): why a trigger cannot capture the sales of a view; null if it can */
Datum
ct_why_not_captured(PG_FUNCTION_ARGS)
{
	Oid			view = PG_GETARG_OID(0);
	SourceView	s;
	const char *why;

	if (ct_take_view_apart(view, owner_of(view), true, &s, &why))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(why));
}

/* check_captured(view): raises now the error that the first write would raise */
Datum
ct_check_captured(PG_FUNCTION_ARGS)
{
	Oid			view = PG_GETARG_OID(0);
	Oid			owner = owner_of(view);
	SourceView	s;
	const char *why;
	Relation	base;
	OwnerSwitch saved;

	if (!ct_take_view_apart(view, owner, true, &s, &why))
		PG_RETURN_VOID();
	base = relation_open(s.base, AccessShareLock);
	/* planning may call the owner's functions */
	ct_become_owner(&saved, owner);
	ct_source_of_row(base, view, &s);
	ct_resign(&saved);
	relation_close(base, NoLock);
	PG_RETURN_VOID();
}

static void
append_expression(StringInfo sql, const char *before, Node *expr, List *context, const char *after)
{
	appendStringInfo(sql, "%s%s%s", before, deparse_expression(expr, context, false, false), after);
}

/*
 * flat_view(view, OUT base, OUT query, OUT sale_query, OUT time_zone): the query of the
 * view over its base table, with every name qualified; sale_query is the same query for
 * roll_up, which takes the time zone as an argument
 */
Datum
ct_flat_view(PG_FUNCTION_ARGS)
{
	Oid			view = PG_GETARG_OID(0);
	SourceView	s;
	const char *why;
	StringInfoData from;
	StringInfoData query;
	StringInfoData sales;
	List	   *context;
	text	   *zone;
	TupleDesc	desc;
	Datum		values[4] = {0};
	bool		nulls[4] = {false, false, false, false};
	int			nest = NewGUCNestLevel();

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	ct_fix_settings();
	initStringInfo(&query);
	initStringInfo(&sales);
	if (!ct_take_view_apart(view, owner_of(view), true, &s, &why))
	{
		appendStringInfo(&sales, "SELECT customer, sold_at, amount%s FROM %s",
						 get_attnum(view, "order_id") != InvalidAttrNumber ? ", order_id" : "",
						 quote_qualified_identifier(get_namespace_name(get_rel_namespace(view)), get_rel_name(view)));
		nulls[0] = nulls[1] = nulls[3] = true;
	}
	else
	{
		context = deparse_context_for(get_rel_name(s.base), s.base);
		initStringInfo(&from);
		appendStringInfo(&from, " FROM %s",
						 quote_qualified_identifier(get_namespace_name(get_rel_namespace(s.base)),
													get_rel_name(s.base)));
		if (s.expr[SALE_FILTER] != NULL)
			append_expression(&from, " WHERE ", s.expr[SALE_FILTER], context, "");
		append_expression(&query, "SELECT ", s.expr[SALE_CUSTOMER], context, " AS customer, ");
		append_expression(&query, "", s.expr[SALE_DAY], context, " AS sold_at, ");
		append_expression(&query, "", s.expr[SALE_AMOUNT], context, " AS amount");
		if (s.expr[SALE_ORDER] != NULL)
			append_expression(&query, ", ", s.expr[SALE_ORDER], context, " AS order_id");
		appendStringInfoString(&query, from.data);
		zone = ct_peel_day(&s.expr[SALE_DAY]);
		append_expression(&sales, "SELECT ", s.expr[SALE_CUSTOMER], context, ", ");
		append_expression(&sales, "", s.expr[SALE_DAY], context, ", ");
		append_expression(&sales, "", s.expr[SALE_AMOUNT], context, "");
		if (s.expr[SALE_ORDER] != NULL)
			append_expression(&sales, ", ", s.expr[SALE_ORDER], context, "");
		appendStringInfoString(&sales, from.data);
		values[0] = ObjectIdGetDatum(s.base);
		values[1] = PointerGetDatum(cstring_to_text(query.data));
		values[3] = PointerGetDatum(zone);
		nulls[3] = zone == NULL;
	}
	values[2] = PointerGetDatum(cstring_to_text(sales.data));
	AtEOXact_GUC(false, nest);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

/*
 * same_source(a, b): whether two views give the same sales from the same table.  Null if one
 * of them cannot be captured.
 */
Datum
ct_same_source(PG_FUNCTION_ARGS)
{
	Oid			owner = owner_of(PG_GETARG_OID(0));
	SourceView	a;
	SourceView	b;
	const char *why;
	OwnerSwitch saved;
	bool		same;

	if (owner_of(PG_GETARG_OID(1)) != owner)
		PG_RETURN_BOOL(false);
	if (!ct_take_view_apart(PG_GETARG_OID(0), owner, true, &a, &why) ||
		!ct_take_view_apart(PG_GETARG_OID(1), owner, true, &b, &why))
		PG_RETURN_NULL();
	same = a.base == b.base;
	/* planning may call built-in functions; those of the owner are excluded below */
	ct_become_owner(&saved, owner);
	for (int i = 0; i < SALE_EXPRESSIONS && same; i++)
	{
		List	   *context;

		if (equal(a.expr[i], b.expr[i]))
			continue;
		if (a.expr[i] == NULL || b.expr[i] == NULL)
			same = false;
		/* a restored view may have another tree for the same expression, such as for IN over varchar */
		else if (ct_calls_functions(a.expr[i]) || ct_calls_functions(b.expr[i]) ||
				 !equal(expression_planner((Expr *) copyObject(a.expr[i])),
						expression_planner((Expr *) copyObject(b.expr[i]))))
		{
			context = deparse_context_for("sales", a.base);
			same = strcmp(deparse_expression(a.expr[i], context, false, false),
						  deparse_expression(b.expr[i], context, false, false)) == 0;
		}
	}
	ct_resign(&saved);
	PG_RETURN_BOOL(same);
}
