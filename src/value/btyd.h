/*
 * btyd.h
 *		"Buy till you die": what a customer's purchases so far say of those to come.
 *
 * Every model has positive parameters, in the order and with the names of its
 * paper.  A customer is known by x, t_x and t (x, t_x and n for BG/BB).
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
	/* the fit: where to start, what to keep ready, the log-likelihood of it, what its result may mean */
	void		(*start) (const Customers *c, double *param);
	void	   *(*prepare) (const Customers *c);
	LogLikelihood likelihood;
	const char *(*remark) (const double *param);
	int			dropout;		/* the first of the two that say who drops out, nobody as it goes to 0; 0: none do */
	/* predictions; none for spending */
	double		(*p_alive) (const double *param, const Customer *c);
	double		(*purchases) (const double *param, const Customer *c, double horizon);	/* if alive */
	double		(*probability_of_n) (const double *param, double n, double t);
} Model;

/* symmetric from its lower half */
static inline void
mirror(int n, double *hessian)
{
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			hessian[i * n + j] = hessian[j * n + i];
}

/* derivatives by parameters to derivatives by their logarithms; the lower half is given */
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
