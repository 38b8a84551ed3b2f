/*
 * predict.h
 *		Predictions for a customer from a model.
 */
#ifndef CUSTOMER_TIER_PREDICT_H
#define CUSTOMER_TIER_PREDICT_H

#include "value/btyd.h"

/*
 * Expected purchases of a customer who is alive depend on x and t only, which many
 * customers share.  So results are kept for the following customers, as long as the
 * model, the horizon and the rate stay the same.
 */
#define KEPT_PURCHASES	16384	/* a power of two */

typedef struct KeptPurchases
{
	const Model *model;
	double		param[MODEL_PARAMS];
	double		horizon;
	double		rate;
	struct
	{
		double		x;			/* -1: empty */
		double		t;
		double		purchases;
	}			slot[KEPT_PURCHASES];
} KeptPurchases;

/* the kept results; the first calls of a query are counted only, and need no memory */
typedef struct TaskMemory
{
	int			calls;
	KeptPurchases *kept;
} TaskMemory;

extern double ct_check_prediction(double value);
extern double ct_check_horizon(double horizon);
extern double ct_predict_p_alive(const Model *model, const double *param, const Customer *c);
extern double ct_predict_purchases(const Model *model, const double *param, const Customer *c, double horizon,
								   TaskMemory *memory, MemoryContext context);
extern double ct_predict_clv(const Model *model, const double *param, const double *spend, const Customer *c,
							 double m, double horizon, double rate, double margin,
							 TaskMemory *memory, MemoryContext context);

#endif							/* CUSTOMER_TIER_PREDICT_H */
