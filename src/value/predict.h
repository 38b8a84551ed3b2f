/*
 * predict.h
 *		What models foretell of a customer, for whoever has the two.
 */
#ifndef CUSTOMER_TIER_PREDICT_H
#define CUSTOMER_TIER_PREDICT_H

#include "value/btyd.h"

/*
 * The purchases of who is still there depend on x and t alone, and many customers
 * share these: what was computed for one task is kept for the next customer.
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

/* a task's memory, which a query's first customers do without */
typedef struct TaskMemory
{
	int			calls;
	KeptPurchases *kept;
} TaskMemory;

/* 22003 for what does not fit a double */
extern double ct_check_prediction(double value);
extern double ct_check_horizon(double horizon);
extern double ct_predict_p_alive(const Model *model, const double *param, const Customer *c);
extern double ct_predict_purchases(const Model *model, const double *param, const Customer *c,
										double horizon,
											  TaskMemory *memory, MemoryContext context);
extern double ct_predict_clv(const Model *model, const double *param, const double *spend, const Customer *c,
										double m,
										double horizon, double rate, double margin, TaskMemory *memory,
										MemoryContext context);

#endif							/* CUSTOMER_TIER_PREDICT_H */
