/*
 * fit.c
 *		Final functions that fit the value models.
 *
 * The result is a row: the parameters, the columns of FitColumn, then the standard
 * errors of the parameters.  A group that cannot be fitted is not an error, so that a
 * query over many groups goes on; the remark of its row gives the reason.
 */
#include "value/btyd.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/composite.h"
#include "cuts/arguments.h"
#include "value/bgbb.h"
#include "value/bgnbd.h"
#include "value/gamma_gamma.h"
#include "value/pareto_nbd.h"

PG_FUNCTION_INFO_V1(ct_bgnbd_fit_final);
PG_FUNCTION_INFO_V1(ct_mbgnbd_fit_final);
PG_FUNCTION_INFO_V1(ct_pareto_nbd_fit_final);
PG_FUNCTION_INFO_V1(ct_bgbb_fit_final);
PG_FUNCTION_INFO_V1(ct_gamma_gamma_fit_final);
PG_FUNCTION_INFO_V1(ct_fit_from);
PG_FUNCTION_INFO_V1(ct_fit_derivatives);

/* columns between the parameters and their standard errors */
typedef enum FitColumn
{
	LOG_LIKELIHOOD,
	CUSTOMERS,
	REPEATERS,
	ITERATIONS,
	CONVERGED,
	REMARK,
	FIT_COLUMNS
} FitColumn;

#define FEW_REPEATERS	10
#define MOST_CUSTOMERS	9e18	/* fits into bigint */

static const Model *const models[] = {
	&ct_bgnbd, &ct_mbgnbd, &ct_pareto_nbd, &ct_bgbb, &ct_gamma_gamma
};

/* the limit of a model in which nobody drops out: only the other parameters are fitted */
typedef struct NobodyLeaves
{
	const Model *model;
	void	   *data;
	double		log_param[MODEL_PARAMS];
} NobodyLeaves;

#define NOBODY	1e-100			/* stands for 0, because parameters must be positive */

static double
limit_likelihood(void *data, const double *log_param, double *gradient, double *hessian)
{
	NobodyLeaves *limit = data;
	int			n = limit->model->params;
	int			left = limit->model->dropout;
	double		all_gradient[MODEL_PARAMS];
	double		all[MODEL_PARAMS * MODEL_PARAMS];
	double		value;

	memcpy(limit->log_param, log_param, left * sizeof(double));
	value = limit->model->likelihood(limit->data, limit->log_param, all_gradient, all);
	memcpy(gradient, all_gradient, left * sizeof(double));
	for (int i = 0; i < left; i++)
		memcpy(hessian + i * left, all + i * n, left * sizeof(double));
	return value;
}

/*
 * If hardly any customer drops out, the likelihood may be greatest in the limit where
 * nobody does: that of BG/NBD is NBD, for instance.  It rises ever less on the way, so
 * that the search does not arrive there.  So the limit is fitted separately.  Returns
 * true, with the limit in "result", if that is no worse.
 */
static bool
fit_limit(const Model *model, const Customers *c, void *data, const double *start, NewtonResult *result)
{
	NobodyLeaves limit = {model, data, {0}};
	NewtonResult found;

	for (int i = 0; i < model->params; i++)
		limit.log_param[i] = start[i];
	limit.log_param[model->dropout] = log(NOBODY);
	ct_newton(limit_likelihood, &limit, model->dropout, start, c->n, &found);
	if (!(found.value >= result->value))
		return false;
	memcpy(result->log_param, limit.log_param, sizeof(limit.log_param));
	memcpy(result->log_param, found.log_param, model->dropout * sizeof(double));
	memcpy(result->deviation, found.deviation, model->dropout * sizeof(double));
	for (int i = model->dropout; i < model->params; i++)
		result->deviation[i] = NAN;
	result->value = found.value;
	result->iterations += found.iterations;
	result->converged = found.converged;
	result->bounded = found.bounded;
	return true;
}

static void
get_parameters(const NewtonResult *result, int n, double *param)
{
	for (int i = 0; i < n; i++)
		param[i] = exp(result->log_param[i]);
}

/* NULL without customers, and a row without parameters if none of them came back */
static Datum
fit_final(FunctionCallInfo fcinfo, const Model *model)
{
	TupleDesc	desc;
	Datum		values[2 * MODEL_PARAMS + FIT_COLUMNS] = {0};
	bool		nulls[2 * MODEL_PARAMS + FIT_COLUMNS];
	Customers	c;
	const char *remark = NULL;
	int			n = model->params;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != 2 * n + FIT_COLUMNS)
		ct_state_corrupt();
	if (!ct_get_customers((Counts *) PG_GETARG_POINTER(0), &c))
		PG_RETURN_NULL();

	memset(nulls, true, sizeof(nulls));
#define SET(column, value) (values[column] = (value), nulls[column] = false)
	SET(n + CUSTOMERS, Int64GetDatum((int64) fmin(c.n, MOST_CUSTOMERS)));
	SET(n + REPEATERS, Int64GetDatum((int64) fmin(c.repeaters, MOST_CUSTOMERS)));
	SET(n + CONVERGED, BoolGetDatum(false));
	if (c.repeaters == 0)
		remark = "no customer came back: the model cannot be fitted";
	else
	{
		NewtonResult result;
		double		start[MODEL_PARAMS];
		double		param[MODEL_PARAMS];
		void	   *data = model->prepare(&c);

		model->start(&c, start);
		for (int i = 0; i < n; i++)
			start[i] = log(start[i]);
		ct_newton(model->likelihood, data, n, start, c.n, &result);
		get_parameters(&result, n, param);
		if (model->dropout > 0 && (!result.converged || !result.bounded || model->remark(param) != NULL) &&
			fit_limit(model, &c, data, start, &result))
			get_parameters(&result, n, param);
		for (int i = 0; i < n; i++)
		{
			SET(i, Float8GetDatum(param[i]));
			if (isfinite(result.deviation[i]))
				SET(n + FIT_COLUMNS + i, Float8GetDatum(param[i] * result.deviation[i]));
		}
		if (isfinite(result.value))
			SET(n + LOG_LIKELIHOOD, Float8GetDatum(result.value));
		SET(n + ITERATIONS, Int32GetDatum(result.iterations));
		SET(n + CONVERGED, BoolGetDatum(result.converged && result.bounded));
		if (!result.bounded)
			remark = "at the boundary: a parameter goes to zero or infinity, or the data do not determine it";
		else if (!result.converged)
			remark = "not converged";
		else if ((remark = model->remark(param)) == NULL && c.repeaters < FEW_REPEATERS)
			remark = "few customers came back: see the standard errors";
	}
	if (remark != NULL)
		SET(n + REMARK, CStringGetTextDatum(remark));
#undef SET
	return form_row(desc, values, nulls);
}

Datum
ct_bgnbd_fit_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &ct_bgnbd);
}

Datum
ct_mbgnbd_fit_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &ct_mbgnbd);
}

Datum
ct_pareto_nbd_fit_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &ct_pareto_nbd);
}

Datum
ct_bgbb_fit_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &ct_bgbb);
}

Datum
ct_gamma_gamma_fit_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &ct_gamma_gamma);
}

/* gets the arguments (model text, counts bytea, parameters float8[]); NULL without customers */
static const Model *
get_task(FunctionCallInfo fcinfo, Customers *c, double *log_param)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const Model *model = NULL;
	const double *param;
	int			n;

	for (int i = 0; i < lengthof(models); i++)
		if (strcmp(name, models[i]->name) == 0)
			model = models[i];
	if (model == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown model \"%s\"", name),
				 errhint("The models are bgnbd, mbgnbd, pareto_nbd, bgbb and gamma_gamma.")));
	param = ct_get_params(fcinfo, 2, &n);
	if (n != model->params)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("model %s has %d parameters", name, model->params)));
	for (int i = 0; i < n; i++)
	{
		if (!(param[i] >= 1e-100 && param[i] <= 1e100))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a parameter of a model must be a finite number above zero")));
		log_param[i] = log(param[i]);
	}
	return ct_get_counted(PG_GETARG_BYTEA_PP(1), c) ? model : NULL;
}

static Datum
numbers(Datum *value, int n)
{
	return ct_cuts_array(value, n);
}

/* fit_from(model, counts, start): parameters, log-likelihood, iterations, and 1 if converged */
Datum
ct_fit_from(PG_FUNCTION_ARGS)
{
	Customers	c;
	double		start[MODEL_PARAMS];
	const Model *model = get_task(fcinfo, &c, start);
	NewtonResult result;
	Datum		value[MODEL_PARAMS + 3];
	int			n;

	if (model == NULL || c.repeaters == 0)
		PG_RETURN_NULL();
	n = model->params;
	ct_newton(model->likelihood, model->prepare(&c), n, start, c.n, &result);
	for (int i = 0; i < n; i++)
		value[i] = Float8GetDatum(exp(result.log_param[i]));
	value[n] = Float8GetDatum(result.value);
	value[n + 1] = Float8GetDatum(result.iterations);
	value[n + 2] = Float8GetDatum(result.converged && result.bounded);
	return numbers(value, n + 3);
}

/*
 * fit_derivatives(model, counts, parameters): log-likelihood, and its gradient and
 * Hessian by the logarithms of the parameters
 */
Datum
ct_fit_derivatives(PG_FUNCTION_ARGS)
{
	Customers	c;
	double		param[MODEL_PARAMS];
	const Model *model = get_task(fcinfo, &c, param);
	double		gradient[MODEL_PARAMS];
	double		hessian[MODEL_PARAMS * MODEL_PARAMS];
	Datum		value[1 + MODEL_PARAMS + MODEL_PARAMS * MODEL_PARAMS];
	int			n;

	if (model == NULL)
		PG_RETURN_NULL();
	n = model->params;
	value[0] = Float8GetDatum(model->likelihood(model->prepare(&c), param, gradient, hessian));
	for (int i = 0; i < n; i++)
		value[1 + i] = Float8GetDatum(gradient[i]);
	for (int i = 0; i < n * n; i++)
		value[1 + n + i] = Float8GetDatum(hessian[i]);
	return numbers(value, 1 + n + n * n);
}
