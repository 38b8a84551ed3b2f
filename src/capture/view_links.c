/*
 * view_links.c
 *		Whose sales a changed row is part of, where a view joins tables.
 *
 * One table says whose a sale is: the customer is an expression over its columns.  Each
 * other table is tied to it, or to one that is tied already, by an equality of two
 * columns in the join.  A changed row of a table then touches the customers that are
 * found from its column's old and new values through the rows as they are now: where
 * such a row has changed as well, it touches its customers by itself.
 *
 * Where the view is no more than an inner join, the rows that came and went tell the
 * sales that came and went: see customer_tier_internal.changes_sql.
 */
#include "base/compat.h"

#include "access/relation.h"
#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
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
#include "utils/typcache.h"

#include "capture/as_owner.h"
#include "capture/state.h"

PG_FUNCTION_INFO_V1(ct_view_links);
PG_FUNCTION_INFO_V1(ct_view_tables);

/* of a view of sales; it may be without the last */
static const char *const sale_column[] = {"customer", "sold_at", "amount", "order_id"};

#define ORDER_COLUMN		3

/* a sale of n tables comes from 2^n - 1 joins of them and what changed in them */
#define JOINED_TABLES_MAX	4
/* arguments of packed_row */
#define JOINED_COLUMNS_MAX	50

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
	List	   *quals;			/* those of the joins and of WHERE, implicitly ANDed */
	bool		good;
	bool		inner;			/* nothing but inner joins of whole tables */
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

/*
 * The columns of an inner join of a few tables, and its conditions, implicitly ANDed; NIL if it is more, or
 * not of the rows alone.
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
	t->good = t->inner = true;
	add_tables(t, (Node *) q->jointree, false);
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
	/* what is changed here is not what the links are of */
	*conditions = copyObject((List *) ct_flatten_join_alias_vars(q, t->quals));
	return copyObject((List *) ct_flatten_join_alias_vars(q, sale));
}

/* what an expression uses of each table */
typedef struct Placing
{
	Tables	   *t;
	Bitmapset  *columns[JOINED_TABLES_MAX];
	bool		good;			/* columns alone, not rows or what the system adds */
} Placing;

/* for deparsing, Vars of table i become those of a query i levels up, which has that table alone */
static bool
place_vars(Node *node, void *context)
{
	Placing    *p = context;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;
		int			i = table_at(p->t, var->varno);

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
 * Whether values of a type are the same again when they are read back from their text, in any database, whatever
 * was renamed meanwhile.
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

/* the names of the columns, and what defines them in the column list of a function; false if they cannot be noted */
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

/* how another table is asked for the partners of a table's rows: its column and the operator; and the table's own */
static bool
first_link(Tables *t, int i, Datum *asked, Datum *key)
{
	ListCell   *lc;

	foreach(lc, t->links)
	{
		Link	   *link = lfirst(lc);
		bool		left = table_at(t, link->left->varno) == i;
		Var		   *own = left ? link->left : link->right;
		Var		   *other = left ? link->right : link->left;
		Oid			operator = left ? get_commutator(link->operator) : link->operator;
		int			j = table_at(t, other->varno);

		/* keys that are distinct are those that the operator tells apart */
		if (table_at(t, own->varno) != i || !OidIsValid(operator) ||
			!op_in_opfamily(operator, lookup_type_cache(own->vartype, TYPECACHE_BTREE_OPFAMILY)->btree_opf))
			continue;
		*key = column_name(((Table *) list_nth(t->tables, i))->relid, own->varattno);
		*asked = CStringGetTextDatum(psprintf("t%d.%s %s", j,
											  quote_identifier(get_attname(((Table *) list_nth(t->tables, j))->relid,
																		   other->varattno, false)),
											  operator_text(operator)));
		return true;
	}
	return false;
}

static Query *
query_of_view(Oid viewoid)
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
 * view_links(view): a row for each table that the view joins: its number, the expression that is noted of
 * a changed row, the number of the table that it is tied to, that one's column, and the
 * operator; no row if customers cannot be found from each table
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
	t.query = query_of_view(viewoid);
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

/* takes the conditions of one table alone out of a list, and returns them */
static List *
take_filter(List **conditions, int varno)
{
	List	   *filter = NIL;
	List	   *rest = NIL;
	ListCell   *lc;

	foreach(lc, *conditions)
	{
		Bitmapset  *varnos = NULL;

		(void) add_varnos(lfirst(lc), &varnos);
		if (bms_membership(varnos) == BMS_SINGLETON && bms_is_member(varno, varnos))
			filter = lappend(filter, lfirst(lc));
		else
			rest = lappend(rest, lfirst(lc));
	}
	*conditions = rest;
	return filter;
}

/* an expression over the tables of a context, or what all of a list must say */
static char *
expression_text(Node *expr, List *context)
{
	if (expr == NULL || IsA(expr, List))
		expr = (Node *) make_ands_explicit((List *) expr);
	return deparse_expression(expr, context, true, false);
}

/* the columns of a sale as those of a SELECT */
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
 * view_tables(view): a row for each table of a view that is an inner join of a few: its number n, the columns
 * that are used of a row, their definitions, the conditions on the row alone, how another table is
 * asked for its partners and by which of its columns, and of all tables, as t0, t1, ..., the view's
 * columns and other conditions; no row for another view
 */
Datum
ct_view_tables(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			viewoid = PG_GETARG_OID(0);
	Tables		t = {0};
	Placing		used = {.t = &t, .good = true};
	List	   *sale;
	List	   *conditions = NIL;
	List	   *filters = NIL;
	List	   *context = NIL;
	Datum		columns[JOINED_TABLES_MAX][2] = {{0}};
	int			nest = NewGUCNestLevel();

	InitMaterializedSRF(fcinfo, 0);
	t.query = query_of_view(viewoid);
	ct_fix_settings();
	sale = sale_of_join(&t, viewoid, &conditions);
	if (sale == NIL)
	{
		AtEOXact_GUC(false, nest);
		return (Datum) 0;
	}
	for (int i = 0; i < list_length(t.tables); i++)
		filters = lappend(filters, take_filter(&conditions, ((Table *) list_nth(t.tables, i))->varno));
	(void) place_vars((Node *) sale, &used);
	(void) place_vars((Node *) conditions, &used);
	for (int i = 0; i < list_length(t.tables) && used.good; i++)
	{
		Oid			relid = ((Table *) list_nth(t.tables, i))->relid;
		Placing		filter = {.t = &t, .good = true};

		(void) place_vars(list_nth(filters, i), &filter);
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
		values[4] = CStringGetTextDatum(expression_text(list_nth(filters, i), context));
		nulls[5] = nulls[6] = !first_link(&t, i, &values[5], &values[6]);
		values[7] = sale_text(sale, context);
		values[8] = CStringGetTextDatum(expression_text((Node *) conditions, context));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	AtEOXact_GUC(false, nest);
	return (Datum) 0;
}
