/*
 * named_model.c
 *		Predictions for a ledger by a stored model.
 *
 * The model is read with the rights of the caller, at the first call of a query and
 * whenever the model, the snapshot or the user changes.
 */
#include "value/history.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "base/day.h"
#include "ledger/ledger_log.h"
#include "value/bgnbd.h"
#include "value/gamma_gamma.h"
#include "value/pareto_nbd.h"
#include "value/predict.h"

PG_FUNCTION_INFO_V1(ct_p_alive_named);
PG_FUNCTION_INFO_V1(ct_expected_purchases_named);
PG_FUNCTION_INFO_V1(ct_clv_named);

typedef struct NamedModel
{
	bool		known;			/* are the other fields set? */
	Oid			name;			/* regclass of the model */
	Oid			user;
	TimestampTz transaction;
	TransactionId xmin;
	TransactionId xmax;
	uint32		xcnt;
	CommandId	command;
	const Model *model;			/* NULL if it could not be fitted */
	double		unit_days;
	double		param[MODEL_PARAMS];
	bool		has_spend;
	double		spend[MODEL_PARAMS];
	TaskMemory	task;
} NamedModel;

static const Model *const models[] = {&ct_bgnbd, &ct_mbgnbd, &ct_pareto_nbd};

static bool
get_numbers(int column, int n, double *value)
{
	bool		null;
	Datum		array = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &null);
	ArrayType  *a;

	if (null)
		return false;
	a = DatumGetArrayTypeP(array);
	if (ARR_NDIM(a) != 1 || ARR_DIMS(a)[0] != n || ARR_HASNULL(a))
		return false;
	memcpy(value, ARR_DATA_PTR(a), n * sizeof(double));
	for (int i = 0; i < n; i++)
	{
		ct_check_finite(value[i], "a model's parameter");
		if (value[i] <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a model's parameters must be above 0")));
	}
	return true;
}

static void
look_up(NamedModel *m)
{
	Oid			types[1] = {REGCLASSOID};
	Datum		args[1] = {ObjectIdGetDatum(m->name)};
	char	   *kind;
	bool		null;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("SELECT kind, unit_days, parameters, spend "
							  "FROM customer_tier_internal.model_parameters($1)",
							  1, types, args, NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "model could not be read");
	kind = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	m->unit_days = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &null));
	m->model = NULL;
	for (int i = 0; i < lengthof(models); i++)
		if (strcmp(kind, models[i]->name) == 0 && get_numbers(3, models[i]->params, m->param))
			m->model = models[i];
	m->has_spend = get_numbers(4, ct_gamma_gamma.params, m->spend);
	SPI_finish();
}

static NamedModel *
get_named(FunctionCallInfo fcinfo)
{
	NamedModel *m = fcinfo->flinfo->fn_extra;
	Snapshot	snapshot = GetActiveSnapshot();
	Oid			name = PG_GETARG_OID(0);

	if (m == NULL)
		m = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(NamedModel));
	if (m->known && m->name == name && m->user == GetUserId() &&
		m->transaction == GetCurrentTransactionStartTimestamp() && m->xmin == snapshot->xmin &&
		m->xmax == snapshot->xmax && m->xcnt == snapshot->xcnt && m->command == snapshot->curcid)
		return m;
	m->known = false;
	m->name = name;
	m->user = GetUserId();
	m->transaction = GetCurrentTransactionStartTimestamp();
	m->xmin = snapshot->xmin;
	m->xmax = snapshot->xmax;
	m->xcnt = snapshot->xcnt;
	m->command = snapshot->curcid;
	look_up(m);
	m->known = true;
	return m;
}

/* gets the arguments (model, ledger, as_of); false if there is no fitted model or no purchase */
static bool
get_task(FunctionCallInfo fcinfo, NamedModel **m, Customer *c, double *money)
{
	DateADT		as_of = ct_get_as_of(fcinfo, 2);
	double		history[4];

	*m = get_named(fcinfo);
	if ((*m)->model == NULL ||
		!ct_ledger_history(PG_GETARG_LEDGER(1), as_of, (*m)->unit_days, history))
		return false;
	c->x = history[0];
	c->t_x = history[1];
	c->t = history[2];
	*money = history[3];
	return true;
}

/* p_alive(model text, ledger, as_of) */
Datum
ct_p_alive_named(PG_FUNCTION_ARGS)
{
	NamedModel *m;
	Customer	c;
	double		money;

	if (!get_task(fcinfo, &m, &c, &money))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ct_predict_p_alive(m->model, m->param, &c));
}

/* expected_purchases(model text, ledger, as_of, horizon) */
Datum
ct_expected_purchases_named(PG_FUNCTION_ARGS)
{
	NamedModel *m;
	Customer	c;
	double		money;
	double		horizon = ct_check_horizon(PG_GETARG_FLOAT8(3));

	if (!get_task(fcinfo, &m, &c, &money))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ct_predict_purchases(m->model, m->param, &c, horizon,
										  &m->task, fcinfo->flinfo->fn_mcxt));
}

/* clv(model text, ledger, as_of, horizon, rate, margin) */
Datum
ct_clv_named(PG_FUNCTION_ARGS)
{
	NamedModel *m;
	Customer	c;
	double		money;

	if (!get_task(fcinfo, &m, &c, &money) || !m->has_spend)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ct_predict_clv(m->model, m->param, m->spend, &c, money, PG_GETARG_FLOAT8(3),
									PG_GETARG_FLOAT8(4), PG_GETARG_FLOAT8(5),
									&m->task, fcinfo->flinfo->fn_mcxt));
}
