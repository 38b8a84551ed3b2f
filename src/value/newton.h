/*
 * newton.h
 *		The greatest value of a function of a few logarithms.
 */
#ifndef CUSTOMER_TIER_NEWTON_H
#define CUSTOMER_TIER_NEWTON_H

#include "base/compat.h"

#define NEWTON_PARAMS	4		/* at most */

/* value, gradient and Hessian (row by row) of a log-likelihood by the logarithms of its parameters */
typedef double (*LogLikelihood) (void *data, const double *log_param, double *gradient, double *hessian);

typedef struct NewtonResult
{
	double		log_param[NEWTON_PARAMS];
	double		deviation[NEWTON_PARAMS];	/* standard errors of the above; NaN: none */
	double		value;
	int			iterations;
	bool		converged;
	bool		bounded;		/* away from zero and infinity */
} NewtonResult;

extern void ct_newton(LogLikelihood f, void *data, int n, const double *start, double weight,
								NewtonResult *result);

#endif							/* CUSTOMER_TIER_NEWTON_H */
