/*
 * predict.c
 *		Predictions for a customer from a model.
 *
 * The SQL functions take the row of a model, and x, t_x and t or a btyd_customer.
 */
#include "value/predict.h"

#include <math.h>

#include "access/htup_details.h"
#include "fmgr.h"
#include "utils/typcache.h"

#include "value/bgbb.h"
#include "value/bgnbd.h"
#include "value/gamma_gamma.h"
#include "value/pareto_nbd.h"

#define MAX_PERIODS		100000
#define ROW_ARGS		3		/* number of leading arguments that may be rows */
#define CALLS_WITHOUT_MEMORY	100

#define MODEL_ROW_SIZE	512		/* larger rows are not kept */

/* the row of a model in the previous call, as it was passed, and its parameters */
typedef struct KeptModel
{
	Size		size;			/* 0 if there is none */
	char		row[MODEL_ROW_SIZE];
	double		param[MODEL_PARAMS];
} KeptModel;

/* kept from call to call, in fn_extra */
typedef struct CallMemory
{
	TupleDesc	desc[ROW_ARGS];
	KeptModel	model[ROW_ARGS];
	TaskMemory	task;
} CallMemory;

/*
 * ct_check_prediction
 *		Returns a finite prediction.  Fails if it overflowed.
 */
double
ct_check_prediction(double value)
{
	if (unlikely(isnan(value) || isinf(value)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range: overflow"),
				 errhint("The model's prediction is beyond double precision.")));
	return value;
}

/*
 * ct_check_horizon
 *		Returns a horizon, which must be finite and at least 0.
 */
double
ct_check_horizon(double horizon)
{
	ct_check_finite(horizon, "horizon");
	if (horizon < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("horizon must be at least 0"),
				 errhint("It is the time ahead, in the unit of t.")));
	return horizon;
}

/*
 * ct_predict_p_alive
 *		The probability that a customer is alive.
 */
double
ct_predict_p_alive(const Model *model, const double *param, const Customer *c)
{
	return ct_check_prediction(model->p_alive(param, c));
}

/* purchases are discounted from the end of their period; the last period ends at the horizon */
static double
discounted_purchases(const Model *model, const double *param, const Customer *c, double horizon, double rate)
{
	double		discount = log1p(rate);
	double		before = 0;
	double		sum = 0;

	if (rate == 0)
		return model->purchases(param, c, horizon);
	if (isinf(horizon))
		return ct_residual_purchases(param, c, discount);
	for (int k = 1; k < horizon + 1; k++)
	{
		double		end = fmin(k, horizon);
		double		purchases = model->purchases(param, c, end);

		CHECK_FOR_INTERRUPTS();
		sum += fmax(purchases - before, 0) * exp(-discount * end);
		before = purchases;
	}
	return sum;
}

/* the slot for a customer, and whether it has the result; NULL during the first calls */
static double *
get_kept(const Model *model, const double *param, const Customer *c, double horizon, double rate,
		 TaskMemory *memory, MemoryContext context, bool *found)
{
	KeptPurchases *kept = memory->kept;
	uint64		at = ct_hash_doubles(c->x, c->t, 0) & (KEPT_PURCHASES - 1);

	*found = false;
	if (memory->calls < CALLS_WITHOUT_MEMORY)
	{
		memory->calls++;
		return NULL;
	}
	if (kept == NULL)
		kept = memory->kept = MemoryContextAllocZero(context, sizeof(KeptPurchases));
	if (kept->model != model || kept->horizon != horizon || kept->rate != rate ||
		memcmp(kept->param, param, model->params * sizeof(double)) != 0)
	{
		kept->model = model;
		kept->horizon = horizon;
		kept->rate = rate;
		memcpy(kept->param, param, model->params * sizeof(double));
		for (int i = 0; i < KEPT_PURCHASES; i++)
			kept->slot[i].x = -1;
		/* if the model changes often, results are not worth keeping */
		memory->calls = 0;
	}
	*found = kept->slot[at].x == c->x && kept->slot[at].t == c->t;
	kept->slot[at].x = c->x;
	kept->slot[at].t = c->t;
	return &kept->slot[at].purchases;
}

/* discounted_purchases, or its kept result */
static double
purchases_if_alive(const Model *model, const double *param, const Customer *c, double horizon, double rate,
				   TaskMemory *memory, MemoryContext context)
{
	bool		found;
	double	   *kept = get_kept(model, param, c, horizon, rate, memory, context, &found);
	double		purchases;

	if (found)
		return *kept;
	if (kept != NULL)
		*kept = NAN;			/* in case the next call fails */
	purchases = discounted_purchases(model, param, c, horizon, rate);
	if (kept != NULL)
		*kept = purchases;
	return purchases;
}

/*
 * ct_predict_purchases
 *		Expected purchases of a customer within a horizon.
 *
 * Results are kept in "memory", allocated in "context".
 */
double
ct_predict_purchases(const Model *model, const double *param, const Customer *c, double horizon,
					 TaskMemory *memory, MemoryContext context)
{
	return ct_check_prediction(model->p_alive(param, c) *
							   purchases_if_alive(model, param, c, horizon, 0, memory, context));
}

/*
 * ct_predict_clv
 *		Expected discounted value of a customer's purchases within a horizon.
 *
 * "spend" are the parameters of the Gamma-Gamma model, "m" is the customer's mean.  The
 * horizon may be infinite for Pareto/NBD.  Results are kept as in ct_predict_purchases.
 */
double
ct_predict_clv(const Model *model, const double *param, const double *spend, const Customer *c, double m,
			   double horizon, double rate, double margin, TaskMemory *memory, MemoryContext context)
{
	ct_check_finite(rate, "rate");
	ct_check_finite(margin, "margin");
	ct_check_finite(m, "m");
	if (rate <= -1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rate must be above -1"),
				 errhint("It is the interest of one period: 0.01 is 1 %%.")));
	if (isinf(horizon) && horizon > 0 && model == &ct_pareto_nbd)
	{
		if (rate <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("an infinite horizon needs a rate above 0")));
	}
	else if (ct_check_horizon(horizon) > MAX_PERIODS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("at most %d periods are possible", MAX_PERIODS)));
	return ct_check_prediction(model->p_alive(param, c) *
							   purchases_if_alive(model, param, c, horizon, rate, memory, context) *
							   ct_predict_spend(spend, c->x, m) * margin);
}

/* arguments that are rows; their descriptors are looked up once for a query */

static CallMemory *
call_memory(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallMemory));
	return fcinfo->flinfo->fn_extra;
}

static void
get_columns(FunctionCallInfo fcinfo, int arg, int n, double *value, bool *null)
{
	HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(arg);
	TupleDesc  *desc = call_memory(fcinfo)->desc;
	HeapTupleData tuple;

	if (desc[arg] == NULL || desc[arg]->tdtypeid != HeapTupleHeaderGetTypeId(row) ||
		desc[arg]->tdtypmod != HeapTupleHeaderGetTypMod(row))
	{
		TupleDesc	found = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		desc[arg] = CreateTupleDescCopy(found);
		MemoryContextSwitchTo(old);
		ReleaseTupleDesc(found);
	}
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	for (int i = 0; i < n; i++)
		value[i] = DatumGetFloat8(heap_getattr(&tuple, i + 1, desc[arg], &null[i]));
}

/* gets the parameters of a model; false if they are null because it could not be fitted */
static bool
get_model(FunctionCallInfo fcinfo, int arg, const Model *model, double *param)
{
	KeptModel  *kept = &call_memory(fcinfo)->model[arg];
	void	   *row = PG_GETARG_POINTER(arg);
	Size		size = VARATT_IS_EXTERNAL(row) ? 0 : VARSIZE_ANY(row);
	bool		null[MODEL_PARAMS] = {false};

	if (size > 0 && size == kept->size && memcmp(row, kept->row, size) == 0)
	{
		memcpy(param, kept->param, sizeof(kept->param));
		return true;
	}
	kept->size = 0;
	get_columns(fcinfo, arg, model->params, param, null);
	for (int i = 0; i < model->params; i++)
	{
		if (null[i])
			return false;
		ct_check_finite(param[i], "a model's parameter");
		if (param[i] <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a model's parameters must be above 0")));
	}
	if (size <= MODEL_ROW_SIZE)
	{
		kept->size = size;
		memcpy(kept->row, row, size);
		memcpy(kept->param, param, sizeof(kept->param));
	}
	return true;
}

/* gets x, t_x, t and m from separate arguments, or from a row; false if the row has a null */
static bool
get_customer(FunctionCallInfo fcinfo, int arg, bool row, Customer *c, double *m)
{
	double		value[4] = {0};
	bool		null[4] = {false};

	if (row)
	{
		get_columns(fcinfo, arg, 4, value, null);
		if (null[0] || null[1] || null[2] || (m != NULL && null[3]))
			return false;
	}
	else
		for (int i = 0; i < (m != NULL ? 4 : 3); i++)
			value[i] = PG_GETARG_FLOAT8(arg + i);
	ct_check_history(value[0], value[1], value[2]);
	c->x = value[0];
	c->t_x = value[1];
	c->t = value[2];
	if (m != NULL)
		*m = value[3];
	return true;
}

/* p_alive(model, x, t_x, t), p_alive(model, customer) */
static Datum
p_alive(FunctionCallInfo fcinfo, const Model *model)
{
	double		param[MODEL_PARAMS] = {0};
	Customer	c;

	if (!get_model(fcinfo, 0, model, param) || !get_customer(fcinfo, 1, PG_NARGS() == 2, &c, NULL))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ct_predict_p_alive(model, param, &c));
}

/* expected_purchases(model, x, t_x, t, horizon), (model, customer, horizon), (model, horizon) */
static Datum
expected_purchases(FunctionCallInfo fcinfo, const Model *model)
{
	double		param[MODEL_PARAMS] = {0};
	Customer	c = {0, 0, 0};
	double		horizon = ct_check_horizon(PG_GETARG_FLOAT8(PG_NARGS() - 1));

	if (!get_model(fcinfo, 0, model, param) ||
		(PG_NARGS() > 2 && !get_customer(fcinfo, 1, PG_NARGS() == 3, &c, NULL)))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ct_predict_purchases(model, param, &c, horizon,
										  &call_memory(fcinfo)->task, fcinfo->flinfo->fn_mcxt));
}

/* probability_of_n(model, n, t) */
static Datum
probability_of_n(FunctionCallInfo fcinfo, const Model *model)
{
	double		param[MODEL_PARAMS] = {0};
	double		n = PG_GETARG_INT32(1);
	double		t = ct_check_horizon(PG_GETARG_FLOAT8(2));

	if (!get_model(fcinfo, 0, model, param))
		PG_RETURN_NULL();
	if (n < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("n must be at least 0")));
	PG_RETURN_FLOAT8(ct_check_prediction(fmin(model->probability_of_n(param, n, t), 1)));
}

/* clv(model, spend, x, t_x, t, m, horizon, rate, margin), (model, spend, customer, horizon, rate, margin) */
static Datum
clv(FunctionCallInfo fcinfo, const Model *model)
{
	double		param[MODEL_PARAMS] = {0};
	double		spend[MODEL_PARAMS] = {0};
	double		m;
	Customer	c;
	int			last = PG_NARGS() - 1;

	if (!get_model(fcinfo, 0, model, param) || !get_model(fcinfo, 1, &ct_gamma_gamma, spend) ||
		!get_customer(fcinfo, 2, PG_NARGS() == 6, &c, &m))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ct_predict_clv(model, param, spend, &c, m, PG_GETARG_FLOAT8(last - 2),
									PG_GETARG_FLOAT8(last - 1), PG_GETARG_FLOAT8(last),
									&call_memory(fcinfo)->task, fcinfo->flinfo->fn_mcxt));
}

#define PREDICTION(function, model) \
PG_FUNCTION_INFO_V1(ct_##function##_##model); \
Datum \
ct_##function##_##model(PG_FUNCTION_ARGS) \
{ \
	return function(fcinfo, &ct_##model); \
}

PREDICTION(p_alive, bgnbd)
PREDICTION(p_alive, mbgnbd)
PREDICTION(p_alive, pareto_nbd)
PREDICTION(p_alive, bgbb)
PREDICTION(expected_purchases, bgnbd)
PREDICTION(expected_purchases, mbgnbd)
PREDICTION(expected_purchases, pareto_nbd)
PREDICTION(expected_purchases, bgbb)
PREDICTION(probability_of_n, bgnbd)
PREDICTION(probability_of_n, mbgnbd)
PREDICTION(probability_of_n, pareto_nbd)
PREDICTION(probability_of_n, bgbb)
PREDICTION(clv, bgnbd)
PREDICTION(clv, mbgnbd)
PREDICTION(clv, pareto_nbd)

PG_FUNCTION_INFO_V1(ct_dert);
PG_FUNCTION_INFO_V1(ct_expected_spend);

/* dert(model, x, t_x, t, delta), dert(model, customer, delta) */
Datum
ct_dert(PG_FUNCTION_ARGS)
{
	double		param[MODEL_PARAMS] = {0};
	Customer	c;
	double		delta = ct_check_finite(PG_GETARG_FLOAT8(PG_NARGS() - 1), "delta");

	if (!get_model(fcinfo, 0, &ct_pareto_nbd, param) || !get_customer(fcinfo, 1, PG_NARGS() == 3, &c, NULL))
		PG_RETURN_NULL();
	if (delta <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("delta must be above 0"),
				 errhint("It is the continuous discount rate per unit of t: ln(1 + rate).")));
	PG_RETURN_FLOAT8(ct_check_prediction(ct_pareto_nbd.p_alive(param, &c) *
										 ct_residual_purchases(param, &c, delta)));
}

/* expected_spend(model, x, m), expected_spend(model, customer) */
Datum
ct_expected_spend(PG_FUNCTION_ARGS)
{
	double		param[MODEL_PARAMS] = {0};
	Customer	c;
	double		m;

	if (!get_model(fcinfo, 0, &ct_gamma_gamma, param))
		PG_RETURN_NULL();
	if (PG_NARGS() == 2)
	{
		if (!get_customer(fcinfo, 1, true, &c, &m))
			PG_RETURN_NULL();
	}
	else
	{
		c.x = PG_GETARG_FLOAT8(1);
		m = PG_GETARG_FLOAT8(2);
		ct_check_history(c.x, 0, 0);
	}
	ct_check_finite(m, "m");
	PG_RETURN_FLOAT8(ct_check_prediction(ct_predict_spend(param, c.x, m)));
}
