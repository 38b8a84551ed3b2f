/*
 * grade_customers.c
 *		grade(): computes the tiers of a day, and runs a statement over what has changed.
 *		earned(): returns the tiers of a day.
 *
 * The rows of the measures' query are collected in columns, from which lines and scores are
 * computed.  Then the state of the last refresh is read once and compared.  A customer that
 * equals the state costs no more than that.  The statement reads the result as
 * relations that exist while it runs:
 *
 *	graded	a row for each customer that may have to be written
 *		customer, customer_group
 *		rank			of the tier earned, 0 if a score is missing, null if no longer graded
 *		kept			the rank by the lines that suffice to stay
 *		rank_by_before	the rank by the rule and the lines of an earlier day
 *		scores, vals	a number for each axis
 *		stored			the elements of vals that the state keeps
 *		value, orders, active	total amount, purchases, whether one is recent
 *		place, now_tier, now_earned, now_status, now_since	the row of the state, if there is one
 *		(without a state to compare with, only customer, customer_group, rank and value)
 *	line	customer_group, axis, lines; negated where lower is better
 *	settled	customer_group, rank: heads, value, held, orders, active of those left out of graded
 *	shape	spread, cells: one row, if there is a state to be written
 */
#include "base/compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

#include "base/names.h"
#include "base/query.h"
#include "grading/empty_scores.h"
#include "grading/first_refresh.h"
#include "grading/graded_relations.h"
#include "grading/graded_rows.h"
#include "grading/grading.h"
#include "ledger/ledger_log.h"

PG_FUNCTION_INFO_V1(ct_grade);
PG_FUNCTION_INFO_V1(ct_earned);

/* argument numbers of grade(); earned() has those before ARG_KEEP */
enum
{
	ARG_MEASURES, ARG_DAY, ARG_AXES, ARG_SIZES, ARG_MAP, ARG_TIERS, ARG_UNRATED, ARG_FIXED, ARG_KEEP,
	ARG_AXES_BEFORE, ARG_SIZES_BEFORE, ARG_MAP_BEFORE, ARG_LINES_BEFORE, ARG_STORED, ARG_STATE, ARG_ALSO,
	ARG_NEW_STATE, ARG_NEW_HISTORY, ARG_VERSION, ARG_COMMAND
};

/* the columns of the query of measures */
enum
{
	MEASURES_CUSTOMER, MEASURES_GROUP, MEASURES_LEDGER, MEASURES_VALUES
};

/*
 * Measures
 */

static void
start_measures(void *arg, TupleDesc desc)
{
	Grading    *g = arg;

	if (desc->natts != MEASURES_VALUES + g->rule->ncolumns)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a query of a grading has %d columns, not %d", desc->natts,
						MEASURES_VALUES + g->rule->ncolumns)));
	ct_check_grading_type(g, TupleDescAttr(desc, MEASURES_GROUP)->atttypid, TEXTOID, "customer_group");
	ct_check_grading_type(g, TupleDescAttr(desc, MEASURES_LEDGER)->atttypid, ct_type("ledger"), "ledger");
	g->type = palloc(Max(g->rule->ncolumns, 1) * sizeof(Oid));
	for (int i = 0; i < g->rule->ncolumns; i++)
	{
		g->type[i] = getBaseType(TupleDescAttr(desc, MEASURES_VALUES + i)->atttypid);
		ct_check_measure_type(g->type[i]);
	}
	g->customer = TupleDescAttr(desc, MEASURES_CUSTOMER)->atttypid;
	g->columns = ct_columns_begin(g->customer, TupleDescAttr(desc, MEASURES_CUSTOMER)->attcollation,
								  g->rule->ncolumns, g->with_totals);
}

static void
receive_measures(void *arg, TupleTableSlot *slot)
{
	Grading    *g = arg;
	MemoryContext old = ct_start_grading_row(g);
	double	   *value = palloc(Max(g->rule->ncolumns, 1) * sizeof(double));
	Datum	   *d = slot->tts_values;
	Datum		customer;
	CustomerTotal total = {0};

	ct_check_grading_row(slot, COLUMN(MEASURES_CUSTOMER) | COLUMN(MEASURES_GROUP) | COLUMN(MEASURES_LEDGER));
	customer = dictionary_key(&g->columns->customers, d[MEASURES_CUSTOMER]);
	for (int i = 0; i < g->rule->ncolumns; i++)
		value[i] = slot->tts_isnull[MEASURES_VALUES + i] ? get_float8_nan() :
			ct_measure_value(g->type[i], d[MEASURES_VALUES + i]);
	if (g->with_totals)
		total = ct_customer_total(ct_get_ledger(d[MEASURES_LEDGER]), g->day);
	ct_columns_add(g->columns, customer, PointerGetDatum(PG_DETOAST_DATUM_PACKED(d[MEASURES_GROUP])), &total, value);
	MemoryContextSwitchTo(old);
}

/*
 * Lines that were found before
 */

typedef struct LinesBefore
{
	Grading    *grading;
	const Rule *rule;
	double	   *line;			/* [group][line] */
	bool	   *known;			/* [group], or NULL */
} LinesBefore;

static void
start_lines(void *arg, TupleDesc desc)
{
	static const Oid type[] = {TEXTOID, INT2OID, FLOAT8ARRAYOID};

	ct_check_grading_columns(((LinesBefore *) arg)->grading, desc, type, lengthof(type));
}

/* receives customer_group, axis, lines; ignores groups without customers */
static void
receive_lines(void *arg, TupleTableSlot *slot)
{
	LinesBefore *l = arg;
	int64		group;
	int			axis;
	ArrayType  *lines;

	ct_check_grading_row(slot, COLUMN(0) | COLUMN(1));
	group = ct_dictionary_find(&l->grading->columns->groups, slot->tts_values[0]);
	axis = DatumGetInt16(slot->tts_values[1]) - 1;
	if (group < 0 || axis < 0 || axis >= l->rule->naxes)
		return;
	if (l->known)
		l->known[group] = true;
	if (slot->tts_isnull[2])
		return;
	lines = DatumGetArrayTypeP(slot->tts_values[2]);
	if (ArrayGetNItems(ARR_NDIM(lines), ARR_DIMS(lines)) == l->rule->axis[axis].nlines && !array_contains_nulls(lines))
		memcpy(l->line + group * l->rule->nlines + l->rule->axis[axis].line_at, ARR_DATA_PTR(lines),
			   l->rule->axis[axis].nlines * sizeof(double));
}

static void
read_lines(Grading *g, const Rule *rule, const char *sql, double *line, bool *known)
{
	LinesBefore l = {g, rule, line, known};

	ct_run_query(sql, "grade", start_lines, receive_lines, &l);
}

/*
 * The function
 */

static char *
text_arg(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

static void
read_tiers(Grading *g, FunctionCallInfo fcinfo)
{
	Datum	   *tier;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P_COPY(ARG_TIERS), TEXTOID, -1, false, TYPALIGN_INT, &tier, NULL, &g->ntiers);
	g->tier = palloc((g->ntiers + 1) * sizeof(Datum));
	g->tier[RANK_NULL] = PG_ARGISNULL(ARG_UNRATED) ? (Datum) 0 :
		PointerGetDatum(PG_GETARG_TEXT_P_COPY(ARG_UNRATED));
	memcpy(g->tier + 1, tier, g->ntiers * sizeof(Datum));
	for (int i = 0; i < g->rule->nmap; i++)
		if (g->rule->map[i] < 1 || g->rule->map[i] > g->ntiers)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a rule has %d tiers, and no rank %d", g->ntiers, g->rule->map[i])));
}

static void
read_stored(Grading *g, FunctionCallInfo fcinfo)
{
	ArrayType  *stored;

	g->stored = palloc0(g->rule->naxes * sizeof(bool));
	if (PG_ARGISNULL(ARG_STORED))
		return;
	stored = PG_GETARG_ARRAYTYPE_P(ARG_STORED);
	if (ARR_NDIM(stored) != 1 || ARR_DIMS(stored)[0] != g->rule->naxes || array_contains_nulls(stored))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a rule of %d axes needs to know of each whether it is stored", g->rule->naxes)));
	g->stored = (const bool *) ARR_DATA_PTR(stored);
}

static void
read_rule_before(Grading *g, FunctionCallInfo fcinfo)
{
	int64		n;

	if (PG_ARGISNULL(ARG_AXES_BEFORE) || PG_ARGISNULL(ARG_SIZES_BEFORE) || PG_ARGISNULL(ARG_MAP_BEFORE) ||
		PG_ARGISNULL(ARG_LINES_BEFORE))
		return;
	g->rule_before = ct_rule_from(PG_GETARG_JSONB_P(ARG_AXES_BEFORE), PG_GETARG_ARRAYTYPE_P(ARG_SIZES_BEFORE),
								  PG_GETARG_ARRAYTYPE_P(ARG_MAP_BEFORE), 1);
	if (g->rule_before->naxes != g->rule->naxes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rule of %d axes had %d before", g->rule->naxes, g->rule_before->naxes)));
	n = g->columns->groups.n * g->rule_before->nlines;
	g->line_before = alloc_array(n, sizeof(double));
	g->known_before = palloc0(Max(g->columns->groups.n, 1) * sizeof(bool));
	FOR_STEPS(i, 0, n)
		g->line_before[i] = get_float8_nan();
	read_lines(g, g->rule_before, text_arg(fcinfo, ARG_LINES_BEFORE), g->line_before,
			   g->known_before);
}

/* computes the ranks of all customers, from the arguments that grade() and earned() share */
static Grading *
grade_customers(FunctionCallInfo fcinfo, const char *function, double keep, bool with_totals)
{
	Grading    *g = palloc0(sizeof(Grading));

	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i) && (i <= ARG_TIERS || i == ARG_COMMAND))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument %d of %s must not be null", i + 1, function)));
	g->day = PG_GETARG_DATEADT(ARG_DAY);
	if (DATE_NOT_FINITE(g->day))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of is not a day")));
	g->rule = ct_rule_from(PG_GETARG_JSONB_P(ARG_AXES), PG_GETARG_ARRAYTYPE_P(ARG_SIZES),
						   PG_GETARG_ARRAYTYPE_P(ARG_MAP), keep);
	g->with_totals = with_totals;
	read_tiers(g, fcinfo);
	g->scratch = AllocSetContextCreate(CurrentMemoryContext, "customer_tier row", ALLOCSET_DEFAULT_SIZES);
	ct_run_query(text_arg(fcinfo, ARG_MEASURES), function, start_measures, receive_measures, g);
	g->grades = ct_find_grades(g->rule, g->columns);
	if (!PG_ARGISNULL(ARG_FIXED))
		read_lines(g, g->rule, text_arg(fcinfo, ARG_FIXED), g->grades->line, NULL);
	ct_score_all(g->grades);
	return g;
}

/*
 * grade(measures, day, axes, sizes, map, tiers, unrated, fixed, keep, axes_before, sizes_before, map_before,
 *		lines_before, stored, state, also, new_state, new_history, version, command)
 *
 * "measures", "fixed", "lines_before", "state" and "also" are queries; "command" is the
 * statement whose rows are returned.  All run as the caller.  If new_state and new_history are
 * given, bare tables of the caller, all customers are written there and are settled.
 */
Datum
ct_grade(PG_FUNCTION_ARGS)
{
	Grading    *g;
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int64		n;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	g = grade_customers(fcinfo, "grade", PG_ARGISNULL(ARG_KEEP) ? 1 : PG_GETARG_FLOAT8(ARG_KEEP), true);
	read_stored(g, fcinfo);
	read_rule_before(g, fcinfo);
	if (!PG_ARGISNULL(ARG_STATE) || !PG_ARGISNULL(ARG_NEW_STATE))
		ct_warn_of_empty_scores(g->grades, g->rule_before);

	n = COLUMNS_SIZE(g->columns);
	g->written = !PG_ARGISNULL(ARG_STATE) || !PG_ARGISNULL(ARG_NEW_STATE);
	g->desc = ct_graded_desc(g->customer);
	g->graded = tuplestore_begin_heap(false, false, work_mem);
	g->seen = MemoryContextAllocExtended(CurrentMemoryContext, Max(n, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	g->settled = MemoryContextAllocExtended(CurrentMemoryContext,
											Max(g->grades->ngroups, 1) * (g->ntiers + 1) * sizeof(Settled),
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	if (!PG_ARGISNULL(ARG_NEW_STATE) && !PG_ARGISNULL(ARG_NEW_HISTORY) && !PG_ARGISNULL(ARG_VERSION))
		ct_write_all(g, PG_GETARG_OID(ARG_NEW_STATE), PG_GETARG_OID(ARG_NEW_HISTORY), PG_GETARG_INT32(ARG_VERSION));
	else
		ct_compare_state(g, text_arg(fcinfo, ARG_ALSO), text_arg(fcinfo, ARG_STATE));
	MemoryContextReset(g->scratch);

	SPI_connect();
	ct_offer_relations(g);
	spi_execute_into(text_to_cstring(PG_GETARG_TEXT_PP(ARG_COMMAND)), rsinfo);
	ct_withdraw_relations(g);
	SPI_finish();
	return (Datum) 0;
}

/* what earned() keeps between its rows */
typedef struct EarnedRows
{
	Grading    *grading;
	TupleDesc	desc;
	ExprState  *as_text;		/* of a customer */
	ExprContext *context;
	TupleTableSlot *slot;		/* customer */
	int64		next;
} EarnedRows;

static EarnedRows *
start_earned(FunctionCallInfo fcinfo)
{
	EarnedRows *e = palloc0(sizeof(EarnedRows));
	TupleDesc	desc = CreateTemplateTupleDesc(1);
	Node	   *customer;

	if (get_call_result_type(fcinfo, NULL, &e->desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	BlessTupleDesc(e->desc);
	e->grading = grade_customers(fcinfo, "earned", 1, false);
	TupleDescInitEntry(desc, 1, "customer", e->grading->customer, -1, 0);
	customer = (Node *) makeVar(1, 1, e->grading->customer, -1, TupleDescAttr(desc, 0)->attcollation, 0);
	customer = coerce_to_target_type(NULL, customer, e->grading->customer, TEXTOID, -1, COERCION_EXPLICIT,
									 COERCE_EXPLICIT_CAST, -1);
	e->as_text = ExecInitExpr(expression_planner((Expr *) customer), NULL);
	e->slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	e->context = CreateStandaloneExprContext();
	e->context->ecxt_scantuple = e->slot;
	return e;
}

/* returns the row of a customer: customer, tier, rank */
static Datum
earned_row(EarnedRows *e, int64 customer)
{
	const Grading *g = e->grading;
	Datum		values[3];
	bool		nulls[3] = {false};

	ResetExprContext(e->context);
	ExecClearTuple(e->slot);
	e->slot->tts_values[0] = g->columns->customers.key[customer];
	e->slot->tts_isnull[0] = false;
	ExecStoreVirtualTuple(e->slot);
	values[0] = ExecEvalExprSwitchContext(e->as_text, e->context, &nulls[0]);
	values[1] = g->tier[g->grades->rank[customer]];
	values[2] = Int32GetDatum(g->grades->rank[customer]);
	return HeapTupleGetDatum(heap_form_tuple(e->desc, values, nulls));
}

/*
 * earned(measures, day, axes, sizes, map, tiers, unrated, fixed): customer, tier, rank
 *
 * Rows are returned one by one, so that they are not stored.
 */
Datum
ct_earned(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	EarnedRows *e;
	int64		customer;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = start_earned(fcinfo);
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	e = call->user_fctx;
	do
	{
		customer = e->next++;
		if (customer == COLUMNS_SIZE(e->grading->columns))
			SRF_RETURN_DONE(call);
		CHECK_AT_STEP(customer);
	} while (!ct_is_graded(e->grading, customer));
	SRF_RETURN_NEXT(call, earned_row(e, customer));
}
