/*
 * tiers.c
 *		tiers(query, preset, day): every customer's tier, directly from the rows of a query.
 *
 * The measures of the axes are computed from a temporary ledger for each customer, or from sums
 * of the sales if that is enough.  Rows are returned one by one, so that they are never stored.
 * Everything runs with the caller's privileges.
 */
#include "grading/empty_scores.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "base/names.h"
#include "base/query.h"
#include "grading/sum_measure.h"
#include "rollup/sales_query.h"

PG_FUNCTION_INFO_V1(ct_tiers);

/* argument numbers */
enum
{
	ARG_QUERY, ARG_DAY, ARG_CUSTOMER, ARG_TIME_ZONE, ARG_AXES, ARG_MEASURES, ARG_SIZES, ARG_MAP, ARG_TIERS,
	ARG_UNRATED
};

typedef struct Tiers
{
	DateADT		day;
	Rule	   *rule;
	Columns    *columns;
	Datum		group;			/* of all of them */
	ExprState **measure;
	SumMeasure *sum;			/* the same measures computed from sums */
	bool		sums;			/* all measures can be */
	Oid		   *type;
	double	   *value;
	ExprContext *context;
	TupleTableSlot *slot;		/* ledger, as_of */
	Oid			result;			/* the requested type of customers */
	FmgrInfo	output;			/* if as_text */
	bool		as_text;		/* the result is text, and customers are of another type */
	Datum	   *tier;			/* by rank from 1 */
	int			ntiers;
	Datum		unrated;		/* the tier of customers without a score; 0: they are left out */
	Grades	   *grades;
	TupleDesc	desc;
	int64		next;			/* the customer of the next row */
} Tiers;

/* parses a measure over ledger and as_of with the current search_path */
static Expr *
parse_measure(const char *measure)
{
	static const char before[] = "SELECT (";
	char	   *sql = psprintf("%s%s) FROM (SELECT NULL::customer_tier.ledger AS ledger, "
							   "NULL::pg_catalog.date AS as_of) AS customer", before, measure);
	QuotedSql	quoted;
	List	   *parsed;
	Query	   *query;

	ct_push_quoted_sql(&quoted, measure, strlen(before));
	parsed = pg_parse_query(sql);
	query = linitial_node(Query, pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, parsed),
																	sql, NULL, 0, NULL));
	ct_pop_quoted_sql(&quoted);
	if (list_length(parsed) != 1 || query->commandType != CMD_SELECT || list_length(query->targetList) != 1 ||
		list_length(query->rtable) != 1 || query->hasAggs || query->hasWindowFuncs || query->hasSubLinks ||
		query->hasTargetSRFs || query->groupClause != NIL || query->jointree->quals != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("measure is not one expression: %s", measure),
				 errhint("Give an expression over ledger and as_of, "
						 "such as total(ledger, trailing_months(as_of, 12)).")));
	return linitial_node(TargetEntry, query->targetList)->expr;
}

/* prepares the measures; names are looked up in the caller's search_path, then in our schema */
static void
prepare_measures(Tiers *t, ArrayType *array)
{
	Datum	   *measure;
	int			n;
	TupleDesc	desc = CreateTemplateTupleDesc(2);
	int			nest = NewGUCNestLevel();
	char	   *path = GetConfigOptionByName("search_path", NULL, false);

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &measure, NULL, &n);
	if (n != t->rule->ncolumns)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a rule of %d measures has %d expressions", t->rule->ncolumns, n)));
	(void) set_config_option("search_path", psprintf("%s%s%s", path, path[0] ? ", " : "", CT_SCHEMA),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	t->measure = palloc(n * sizeof(ExprState *));
	t->sum = palloc(n * sizeof(SumMeasure));
	t->sums = true;
	t->type = palloc(n * sizeof(Oid));
	t->value = palloc(n * sizeof(double));
	for (int i = 0; i < n; i++)
	{
		Expr	   *expr = parse_measure(TextDatumGetCString(measure[i]));

		t->type[i] = getBaseType(exprType((Node *) expr));
		ct_check_measure_type(t->type[i]);
		expr = expression_planner(expr);
		t->measure[i] = ExecInitExpr(expr, NULL);
		t->sum[i] = ct_sum_measure(expr);
		t->sums = t->sums && t->sum[i].kind != SUM_NONE;
	}
	AtEOXact_GUC(false, nest);
	TupleDescInitEntry(desc, 1, "ledger", ct_type("ledger"), -1, 0);
	TupleDescInitEntry(desc, 2, "as_of", DATEOID, -1, 0);
	t->slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	t->context = CreateStandaloneExprContext();
	t->context->ecxt_scantuple = t->slot;
}

static void
start_sales(void *arg, const SaleType *type)
{
	Tiers	   *t = arg;
	Oid			output;
	bool		is_varlena;

	t->as_text = t->result == TEXTOID && type->customer.type != TEXTOID;
	if (t->as_text)
	{
		getTypeOutputInfo(type->customer.type, &output, &is_varlena);
		fmgr_info(output, &t->output);
	}
	else if (getBaseType(t->result) != type->customer.type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("customers of the query are of type %s, not %s", format_type_be(type->customer.type),
						format_type_be(t->result)),
				 errhint("Give their type: options => '{}', customer => NULL::%s.",
						 format_type_be(type->customer.type))));
	t->columns = ct_columns_begin(type->customer.type, type->customer.collation, t->rule->ncolumns, false);
}

static void
receive_ledger(void *arg, Datum customer, Ledger *ledger)
{
	Tiers	   *t = arg;

	ResetExprContext(t->context);
	ExecClearTuple(t->slot);
	t->slot->tts_values[0] = PointerGetDatum(ledger);
	t->slot->tts_values[1] = DateADTGetDatum(t->day);
	t->slot->tts_isnull[0] = t->slot->tts_isnull[1] = false;
	ExecStoreVirtualTuple(t->slot);
	for (int i = 0; i < t->rule->ncolumns; i++)
	{
		bool		isnull;
		Datum		d = ExecEvalExprSwitchContext(t->measure[i], t->context, &isnull);

		t->value[i] = isnull ? get_float8_nan() : ct_measure_value(t->type[i], d);
	}
	ct_columns_add(t->columns, customer, t->group, NULL, t->value);
}

static void
receive_sums(void *arg, Datum customer, const SaleSums *sums)
{
	Tiers	   *t = arg;

	for (int i = 0; i < t->rule->ncolumns; i++)
		t->value[i] = ct_sum_value(&t->sum[i], sums, t->day);
	ct_columns_add(t->columns, customer, t->group, NULL, t->value);
}

/* grades the customers of the query */
static Tiers *
grade_query(FunctionCallInfo fcinfo)
{
	Tiers	   *t = palloc0(sizeof(Tiers));
	SalesQuery	query = {0};

	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i) && i != ARG_CUSTOMER && i != ARG_TIME_ZONE && i != ARG_UNRATED)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the query, the preset and the day of tiers must not be null")));
	if (get_call_result_type(fcinfo, NULL, &t->desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	BlessTupleDesc(t->desc);
	t->day = PG_GETARG_DATEADT(ARG_DAY);
	if (DATE_NOT_FINITE(t->day))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of is not a day"),
				 errhint("Tiers are those of a day: as_of => '2026-11-30'.")));
	t->rule = ct_rule_from(PG_GETARG_JSONB_P(ARG_AXES), PG_GETARG_ARRAYTYPE_P(ARG_SIZES),
						   PG_GETARG_ARRAYTYPE_P(ARG_MAP), 1);
	t->result = TupleDescAttr(t->desc, 0)->atttypid;
	t->group = PointerGetDatum(cstring_to_text(""));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P_COPY(ARG_TIERS), TEXTOID, -1, false, TYPALIGN_INT, &t->tier, NULL,
					  &t->ntiers);
	if (!PG_ARGISNULL(ARG_UNRATED))
		t->unrated = PointerGetDatum(PG_GETARG_TEXT_P_COPY(ARG_UNRATED));
	prepare_measures(t, PG_GETARG_ARRAYTYPE_P(ARG_MEASURES));
	query.function = "tiers";
	query.sql = text_to_cstring(PG_GETARG_TEXT_PP(ARG_QUERY));
	query.time_zone = PG_ARGISNULL(ARG_TIME_ZONE) ? NULL : PG_GETARG_TEXT_PP(ARG_TIME_ZONE);
	query.until = t->day;
	query.start = start_sales;
	query.emit = receive_ledger;
	query.emit_sums = t->sums ? receive_sums : NULL;
	query.arg = t;
	ct_roll_up_query(&query);
	t->grades = ct_find_grades(t->rule, t->columns);
	ct_score_all(t->grades);
	ct_warn_of_empty_scores(t->grades, NULL);
	return t;
}

/* returns the row of a customer: customer, tier, rank, scores, vals */
static Datum
tier_row(Tiers *t, int64 customer)
{
	int			rank = t->grades->rank[customer];
	Datum		values[5];
	bool		nulls[5] = {false};

	if (rank < 0 || rank > t->ntiers)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rule has %d tiers, and no rank %d", t->ntiers, rank)));
	values[0] = t->columns->customers.key[customer];
	if (t->as_text)
		values[0] = PointerGetDatum(cstring_to_text(OutputFunctionCall(&t->output, values[0])));
	values[1] = rank == RANK_NULL ? t->unrated : t->tier[rank - 1];
	values[2] = Int32GetDatum(rank);
	values[3] = ct_scores_array(t->grades, customer);
	values[4] = ct_values_array(t->grades, customer, NULL);
	return HeapTupleGetDatum(heap_form_tuple(t->desc, values, nulls));
}

/* tiers(query, day, customer, time_zone, axes, measures, sizes, map, tiers, unrated), see tiers() in SQL */
Datum
ct_tiers(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	Tiers	   *t;
	int64		customer;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = grade_query(fcinfo);
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	t = call->user_fctx;
	do
	{
		customer = t->next++;
		if (customer == COLUMNS_SIZE(t->columns))
			SRF_RETURN_DONE(call);
		CHECK_AT_STEP(customer);
	} while (t->grades->rank[customer] == RANK_NULL && t->unrated == (Datum) 0);
	SRF_RETURN_NEXT(call, tier_row(t, customer));
}
