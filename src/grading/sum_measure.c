/*
 * sum_measure.c
 *		Measures that need no ledger, but what the sales of a customer add up to.
 *
 * The presets abc, pyramid, rfm and whale measure total(ledger), orders(ledger) and
 * recency(ledger, as_of), most of them only of who has bought.  These are recognised as they
 * stand; any other expression is evaluated over the ledger, with the same result.
 */
#include "grading/sum_measure.h"

#include "catalog/pg_type.h"
#include "utils/float.h"
#include "utils/fmgroids.h"

#include "base/names.h"
#include "rollup/sales_query.h"

/* a function of ours over the columns ledger and as_of */
static SumKind
sum_kind(const Node *node)
{
	static const struct
	{
		SumKind		kind;
		const char *name;
		int			nargs;
	}			sum[] = {
		{SUM_TOTAL, "total", 1}, {SUM_ORDERS, "orders", 1}, {SUM_RECENCY, "recency", 2}
	};
	Oid			type[2] = {ct_type("ledger"), DATEOID};
	const FuncExpr *f = (const FuncExpr *) node;
	AttrNumber	column = 1;
	ListCell   *cell;

	if (!IsA(node, FuncExpr))
		return SUM_NONE;
	foreach(cell, f->args)
	{
		if (!IsA(lfirst(cell), Var) || lfirst_node(Var, cell)->varattno != column++)
			return SUM_NONE;
	}
	for (int i = 0; i < lengthof(sum); i++)
		if (f->funcid == ct_function(sum[i].name, sum[i].nargs, type))
			return sum[i].kind;
	return SUM_NONE;
}

/* orders(ledger) > 0 */
static bool
is_bought(const Node *node)
{
	const OpExpr *op = (const OpExpr *) node;
	const Const *zero;

	if (!IsA(node, OpExpr) || op->opfuncid != F_INT84GT || sum_kind(linitial(op->args)) != SUM_ORDERS ||
		!IsA(lsecond(op->args), Const))
		return false;
	zero = lsecond_node(Const, op->args);
	return !zero->constisnull && DatumGetInt32(zero->constvalue) == 0;
}

/*
 * ct_sum_measure
 *		What a planned expression over the columns ledger and as_of asks of the sums; SUM_NONE if
 *		that is not all.
 */
SumMeasure
ct_sum_measure(const Expr *measure)
{
	SumMeasure	m = {sum_kind((const Node *) measure), false};
	const CaseExpr *c = (const CaseExpr *) measure;
	const CaseWhen *when;

	if (!IsA(measure, CaseExpr) || c->arg != NULL || list_length(c->args) != 1 ||
		(c->defresult != NULL && !(IsA(c->defresult, Const) && ((const Const *) c->defresult)->constisnull)))
		return m;
	when = linitial_node(CaseWhen, c->args);
	m.bought = is_bought((const Node *) when->expr);
	if (m.bought)
		m.kind = sum_kind((const Node *) when->result);
	return m;
}

/*
 * ct_sum_value
 *		The value of a measure that is not SUM_NONE; NaN for null.
 */
double
ct_sum_value(const SumMeasure *m, const SaleSums *s, DateADT as_of)
{
	if (s->purchases == 0 && (m->bought || m->kind == SUM_RECENCY))
		return get_float8_nan();
	switch (m->kind)
	{
		case SUM_TOTAL:
			return ct_amount_to_double(s->total, SUMS_SCALE);
		case SUM_ORDERS:
			return (double) s->purchases;
		default:
			return as_of - s->last_purchase;
	}
}
