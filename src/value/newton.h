/*
 * newton.h
 *		Maximises a log-likelihood over a few positive parameters.
 */
#ifndef CUSTOMER_TIER_NEWTON_H
#define CUSTOMER_TIER_NEWTON_H

#include "base/compat.h"

#define NEWTON_PARAMS	4		/* at most */

/* returns the log-likelihood; sets its gradient and Hessian (row by row) by the logarithms of the parameters */
typedef double (*LogLikelihood) (void *data, const double *log_param, double *gradient, double *hessian);

typedef struct NewtonResult
{
	double		log_param[NEWTON_PARAMS];
	double		deviation[NEWTON_PARAMS];	/* standard errors of log_param; NaN if unknown */
	double		value;
	int			iterations;
	bool		converged;
	bool		bounded;		/* no parameter goes to zero or infinity */
} NewtonResult;

extern void ct_newton(LogLikelihood f, void *data, int n, const double *start, double weight, NewtonResult *result);

#endif							/* CUSTOMER_TIER_NEWTON_H */
