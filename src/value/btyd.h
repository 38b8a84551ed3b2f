/*
 * btyd.h
 *		"Buy till you die" models, which predict purchases from past purchases.
 *
 * The parameters of a model are positive, and have the order and the names of its
 * paper.  The models know a customer by x, t_x and t (x, t_x and n for BG/BB).
 */
#ifndef CUSTOMER_TIER_BTYD_H
#define CUSTOMER_TIER_BTYD_H

#include "value/customer_counts.h"
#include "value/newton.h"

#define MODEL_PARAMS	NEWTON_PARAMS

typedef struct Customer
{
	double		x;
	double		t_x;
	double		t;
} Customer;

typedef struct Model
{
	const char *name;
	int			params;
	/* the fit */
	void		(*start) (const Customers *c, double *param);	/* sets the starting point */
	void	   *(*prepare) (const Customers *c);	/* makes the "data" of the likelihood */
	LogLikelihood likelihood;
	const char *(*remark) (const double *param);	/* a warning about fitted parameters, or NULL */
	/* index of the first of two dropout parameters; as it goes to 0, nobody drops out; 0: the model has none */
	int			dropout;
	/* predictions; NULL for the model of spending */
	double		(*p_alive) (const double *param, const Customer *c);
	/* expected purchases of a customer who is alive */
	double		(*purchases) (const double *param, const Customer *c, double horizon);
	double		(*probability_of_n) (const double *param, double n, double t);
} Model;

/* copies the lower half of a symmetric matrix to its upper half */
static inline void
mirror(int n, double *hessian)
{
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			hessian[i * n + j] = hessian[j * n + i];
}

/*
 * Turns derivatives by the parameters into derivatives by their logarithms.  Of the
 * Hessian, the lower half is given and all is set.
 */
static inline void
by_logarithms(int n, const double *param, double *gradient, double *hessian)
{
	for (int i = 0; i < n; i++)
		gradient[i] *= param[i];
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
			hessian[i * n + j] = hessian[i * n + j] * param[i] * param[j] + (i == j ? gradient[i] : 0);
	mirror(n, hessian);
}

#endif							/* CUSTOMER_TIER_BTYD_H */
