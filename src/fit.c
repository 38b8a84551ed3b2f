/*
 * fit.c
 *		The fits of the value models: final functions over customers counted.
 *
 * A fit's result is a row: the parameters, then what FitColumn lists.  A group that
 * cannot be fitted does not end a query over many: its row says why.
 */
#include "btyd.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "rows.h"
#include "sample.h"

PG_FUNCTION_INFO_V1(customer_tier_bgnbd_fit_final);
PG_FUNCTION_INFO_V1(customer_tier_mbgnbd_fit_final);
PG_FUNCTION_INFO_V1(customer_tier_pareto_nbd_fit_final);
PG_FUNCTION_INFO_V1(customer_tier_bgbb_fit_final);
PG_FUNCTION_INFO_V1(customer_tier_gamma_gamma_fit_final);
PG_FUNCTION_INFO_V1(customer_tier_fit_from);
PG_FUNCTION_INFO_V1(customer_tier_fit_derivatives);

/* after the parameters, and followed by their standard errors */
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
#define MOST_CUSTOMERS	9e18	/* a bigint holds */

static const Model *const models[] = {
	&customer_tier_bgnbd, &customer_tier_mbgnbd, &customer_tier_pareto_nbd, &customer_tier_bgbb, &customer_tier_gamma_gamma
};

/* a group without customers has no row, one without repeat customers no parameters */
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
		customer_tier_sample_corrupt();
	if (!customer_tier_get_customers(fcinfo, 0, &c))
		PG_RETURN_NULL();

	memset(nulls, true, sizeof(nulls));
#define SET(column, value) (values[column] = (value), nulls[column] = false)
	SET(n + CUSTOMERS, Int64GetDatum((int64) fmin(c.n, MOST_CUSTOMERS)));
	SET(n + REPEATERS, Int64GetDatum((int64) fmin(c.repeaters, MOST_CUSTOMERS)));
	SET(n + CONVERGED, BoolGetDatum(false));
	if (c.repeaters == 0)
		remark = "no customer came back: there is nothing to fit";
	else
	{
		NewtonResult result;
		double		start[MODEL_PARAMS];

		model->start(&c, start);
		for (int i = 0; i < n; i++)
			start[i] = log(start[i]);
		customer_tier_newton(model->likelihood, model->prepare(&c), n, start, c.n, &result);
		for (int i = 0; i < n; i++)
		{
			double		param = exp(result.log_param[i]);

			SET(i, Float8GetDatum(param));
			if (isfinite(result.deviation[i]))
				SET(n + FIT_COLUMNS + i, Float8GetDatum(param * result.deviation[i]));
			start[i] = param;
		}
		if (isfinite(result.value))
			SET(n + LOG_LIKELIHOOD, Float8GetDatum(result.value));
		SET(n + ITERATIONS, Int32GetDatum(result.iterations));
		SET(n + CONVERGED, BoolGetDatum(result.converged && result.bounded));
		if (!result.bounded)
			remark = "at the boundary: a parameter runs to zero or infinity, or the customers do not tell it";
		else if (!result.converged)
			remark = "not converged";
		else if ((remark = model->remark(start)) == NULL && c.repeaters < FEW_REPEATERS)
			remark = "few customers came back: see the standard errors";
	}
	if (remark != NULL)
		SET(n + REMARK, CStringGetTextDatum(remark));
#undef SET
	return form_row(desc, values, nulls);
}

Datum
customer_tier_bgnbd_fit_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &customer_tier_bgnbd);
}

Datum
customer_tier_mbgnbd_fit_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &customer_tier_mbgnbd);
}

Datum
customer_tier_pareto_nbd_fit_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &customer_tier_pareto_nbd);
}

Datum
customer_tier_bgbb_fit_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &customer_tier_bgbb);
}

Datum
customer_tier_gamma_gamma_fit_final(PG_FUNCTION_ARGS)
{
	return fit_final(fcinfo, &customer_tier_gamma_gamma);
}

/* (model text, counts bytea, parameters float8[]): the arguments of what follows */
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
	param = customer_tier_get_params(fcinfo, 2, &n);
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
	return customer_tier_get_customers(fcinfo, 1, c) ? model : NULL;
}

static Datum
numbers(Datum *value, int n)
{
	return customer_tier_cuts_array(value, n);
}

/* fit_from(model, counts, start): parameters, log-likelihood, iterations, converged as 1 */
Datum
customer_tier_fit_from(PG_FUNCTION_ARGS)
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
	customer_tier_newton(model->likelihood, model->prepare(&c), n, start, c.n, &result);
	for (int i = 0; i < n; i++)
		value[i] = Float8GetDatum(exp(result.log_param[i]));
	value[n] = Float8GetDatum(result.value);
	value[n + 1] = Float8GetDatum(result.iterations);
	value[n + 2] = Float8GetDatum(result.converged && result.bounded);
	return numbers(value, n + 3);
}

/* fit_derivatives(model, counts, parameters): log-likelihood, gradient, Hessian, by logarithms */
Datum
customer_tier_fit_derivatives(PG_FUNCTION_ARGS)
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
