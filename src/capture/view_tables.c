/*
 * view_tables.c
 *		The parts of a view that is an inner join of a few tables.
 *
 * customer_tier_internal.changes_sql uses them to compute the added and removed sales from
 * the added and removed rows.
 */
#include "base/compat.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"

#include "capture/as_owner.h"
#include "capture/view_join.h"

PG_FUNCTION_INFO_V1(ct_view_tables);

/* the columns of a view of sales; order_id is optional */
static const char *const sale_column[] = {"customer", "sold_at", "amount", "order_id"};

#define ORDER_COLUMN		3

/* the changes of a join of n tables are the union of 2^n - 1 joins */
#define JOINED_TABLES_MAX	4
/* arguments of packed_row */
#define JOINED_COLUMNS_MAX	50

/*
 * Returns the columns of a view that is an inner join of a few tables, and sets *conditions, implicitly ANDed;
 * NIL for another view, or if it depends on more than the rows.
 */
static List *
sale_of_join(Tables *t, Oid view, List **conditions)
{
	Query	   *q = t->query;
	List	   *sale = NIL;

	if (q->setOperations != NULL || q->cteList != NIL || q->hasSubLinks || q->hasWindowFuncs || q->hasTargetSRFs ||
		q->limitCount != NULL || q->limitOffset != NULL || q->distinctClause != NIL || q->rowMarks != NIL ||
		q->groupClause != NIL || q->groupingSets != NIL || q->hasAggs || q->havingQual != NULL)
		return NIL;
	ct_join_tables(t);
	if (!t->good || !t->inner || list_length(t->tables) < 2 || list_length(t->tables) > JOINED_TABLES_MAX)
		return NIL;
	for (int i = 0; i < lengthof(sale_column); i++)
	{
		AttrNumber	n = get_attnum(view, sale_column[i]);

		if (n <= 0 && i == ORDER_COLUMN)
			break;
		if (n <= 0)
			return NIL;
		sale = lappend(sale, ((TargetEntry *) list_nth(q->targetList, n - 1))->expr);
	}
	if (contain_mutable_functions((Node *) sale) || contain_mutable_functions((Node *) t->quals))
		return NIL;
	/* copies, because the caller changes the Vars, and the links point to the originals */
	*conditions = copyObject((List *) ct_flatten_join_alias_vars(q, t->quals));
	return copyObject((List *) ct_flatten_join_alias_vars(q, sale));
}

/* the columns that expressions use of each table */
typedef struct Placing
{
	Tables	   *t;
	Bitmapset  *columns[JOINED_TABLES_MAX];
	bool		good;			/* no whole rows or system columns */
} Placing;

/* for deparsing, turns Vars of table i into Vars of a query i levels up, whose only table it is */
static bool
place_vars(Node *node, void *context)
{
	Placing    *p = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;
		int			i = ct_table_at(p->t, var->varno);

		if (i < 0 || var->varattno <= 0)
		{
			p->good = false;
			return true;
		}
		p->columns[i] = bms_add_member(p->columns[i], var->varattno);
		var->varno = var->varnosyn = 1;
		var->varattnosyn = var->varattno;
		var->varlevelsup = i;
		return false;
	}
	return expression_tree_walker(node, place_vars, context);
}

/*
 * Whether the text of a type's values can be read back in any database, even after objects were renamed.
 */
static bool
has_lasting_text(Oid type)
{
	switch (getBaseType(type))
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case NUMERICOID:
		case FLOAT4OID:
		case FLOAT8OID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case TIMEOID:
		case INTERVALOID:
		case UUIDOID:
		case BYTEAOID:
			return true;
		default:
			return false;
	}
}

/* the names of the columns, and their definitions for a column definition list; false if they cannot be noted */
static bool
columns_of(Oid relid, Bitmapset *columns, Datum *names, Datum *definitions)
{
	StringInfoData name;
	StringInfoData definition;

	initStringInfo(&name);
	initStringInfo(&definition);
	for (int n = -1; (n = bms_next_member(columns, n)) > 0;)
	{
		Oid			type;
		int32		typmod;
		Oid			collation;
		const char *quoted = quote_identifier(get_attname(relid, n, false));

		get_atttypetypmodcoll(relid, n, &type, &typmod, &collation);
		if (!has_lasting_text(type))
			return false;
		appendStringInfo(&name, "%s%s", name.len > 0 ? ", " : "", quoted);
		appendStringInfo(&definition, "%s%s %s", definition.len > 0 ? ", " : "", quoted,
						 format_type_with_typemod(type, typmod));
		if (OidIsValid(collation) && collation != DEFAULT_COLLATION_OID)
			appendStringInfo(&definition, " COLLATE %s", generate_collation_name(collation));
	}
	*names = CStringGetTextDatum(name.data);
	*definitions = CStringGetTextDatum(definition.data);
	return bms_num_members(columns) > 0 && bms_num_members(columns) <= JOINED_COLUMNS_MAX;
}

/* finds a link to look up the join partners of table i: *asked is the other column and the operator, *key the own */
static bool
first_link(Tables *t, int i, Datum *asked, Datum *key)
{
	ListCell   *lc;

	foreach(lc, t->links)
	{
		Link	   *link = lfirst(lc);
		bool		left = ct_table_at(t, link->left->varno) == i;
		Var		   *own = left ? link->left : link->right;
		Var		   *other = left ? link->right : link->left;
		Oid			operator = left ? get_commutator(link->operator) : link->operator;
		int			j = ct_table_at(t, other->varno);

		/* the operator must have the equality by which DISTINCT compares keys */
		if (ct_table_at(t, own->varno) != i || !OidIsValid(operator) ||
			!op_in_opfamily(operator, lookup_type_cache(own->vartype, TYPECACHE_BTREE_OPFAMILY)->btree_opf))
			continue;
		*key = ct_column_name(((Table *) list_nth(t->tables, i))->relid, own->varattno);
		*asked = CStringGetTextDatum(psprintf("t%d.%s %s", j,
											  quote_identifier(get_attname(((Table *) list_nth(t->tables, j))->relid,
																		   other->varattno, false)),
											  ct_operator_text(operator)));
		return true;
	}
	return false;
}

/* removes the conditions that use only one table from a list, and returns them */
static List *
take_filter(List **conditions, int varno)
{
	List	   *filter = NIL;
	List	   *rest = NIL;
	ListCell   *lc;

	foreach(lc, *conditions)
	{
		Bitmapset  *varnos = NULL;

		(void) ct_add_varnos(lfirst(lc), &varnos);
		if (bms_membership(varnos) == BMS_SINGLETON && bms_is_member(varno, varnos))
			filter = lappend(filter, lfirst(lc));
		else
			rest = lappend(rest, lfirst(lc));
	}
	*conditions = rest;
	return filter;
}

/* the text of an expression, or of a list of ANDed conditions, over the tables of a context */
static char *
expression_text(Node *expr, List *context)
{
	if (expr == NULL || IsA(expr, List))
		expr = (Node *) make_ands_explicit((List *) expr);
	return deparse_expression(expr, context, true, false);
}

/* the columns of a sale as a select list */
static Datum
sale_text(List *sale, List *context)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < list_length(sale); i++)
		appendStringInfo(&text, "%s%s AS %s", i > 0 ? ", " : "", expression_text(list_nth(sale, i), context),
						 sale_column[i]);
	return CStringGetTextDatum(text.data);
}

/*
 * view_tables(view): a row for each table of a view that is an inner join of a few tables: its number n, the
 * table, the columns that the view uses, their definitions, the conditions on this table alone, the column of
 * another table and the operator that look up join partners, and its own column; also, over the tables t0, t1,
 * ..., the view's columns and its other conditions.  No rows for another view.
 */
Datum
ct_view_tables(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			viewoid = PG_GETARG_OID(0);
	Tables		t = {0};
	Placing		used = {&t, {NULL}, true};
	List	   *sale;
	List	   *conditions = NIL;
	List	   *filters[JOINED_TABLES_MAX] = {NIL};
	List	   *context = NIL;
	Datum		columns[JOINED_TABLES_MAX][2] = {{0}};
	int			nest = NewGUCNestLevel();

	InitMaterializedSRF(fcinfo, 0);
	t.query = ct_view_query(viewoid);
	ct_fix_settings();
	sale = sale_of_join(&t, viewoid, &conditions);
	if (sale == NIL)
	{
		AtEOXact_GUC(false, nest);
		return (Datum) 0;
	}
	for (int i = 0; i < list_length(t.tables); i++)
		filters[i] = take_filter(&conditions, ((Table *) list_nth(t.tables, i))->varno);
	(void) place_vars((Node *) sale, &used);
	(void) place_vars((Node *) conditions, &used);
	for (int i = 0; i < list_length(t.tables) && used.good; i++)
	{
		Oid			relid = ((Table *) list_nth(t.tables, i))->relid;
		Placing		filter = {&t, {NULL}, true};

		(void) place_vars((Node *) filters[i], &filter);
		used.good = filter.good && columns_of(relid, used.columns[i], &columns[i][0], &columns[i][1]);
		context = list_concat(context, deparse_context_for(psprintf("t%d", i), relid));
	}
	for (int i = 0; i < list_length(t.tables) && used.good; i++)
	{
		Datum		values[9] = {0};
		bool		nulls[9] = {false};

		values[0] = Int32GetDatum(i);
		values[1] = ObjectIdGetDatum(((Table *) list_nth(t.tables, i))->relid);
		values[2] = columns[i][0];
		values[3] = columns[i][1];
		values[4] = CStringGetTextDatum(expression_text((Node *) filters[i], context));
		nulls[5] = nulls[6] = !first_link(&t, i, &values[5], &values[6]);
		values[7] = sale_text(sale, context);
		values[8] = CStringGetTextDatum(expression_text((Node *) conditions, context));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	AtEOXact_GUC(false, nest);
	return (Datum) 0;
}
