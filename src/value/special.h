/*
 * special.h
 *		Special functions for the value models.  They do not depend on the server.
 */
#ifndef CUSTOMER_TIER_SPECIAL_H
#define CUSTOMER_TIER_SPECIAL_H

#include <math.h>

#define GAUSS_POINTS	16
/* greatest change of the integrand's logarithm within a panel for which these points suffice */
#define GAUSS_CHANGE	16.0

extern const double ct_gauss[GAUSS_POINTS / 2][2];	/* node, weight */

extern double ct_digamma(double y);
extern double ct_trigamma(double y);
extern double ct_lgamma_ratio(double y, double d);
extern double ct_scaled_expint(double s, double y);

/* log(exp(a) + exp(b)) */
static inline double
log_add(double a, double b)
{
	return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));
}

/* 1 / (1 + exp(d)) */
static inline double
logistic_down(double d)
{
	return d > 0 ? exp(-d) / (1 + exp(-d)) : 1 / (1 + exp(d));
}

/* (1 - (1 + w)^-c) / c, and its limit log(1 + w) for c = 0 */
static inline double
power_integral(double c, double w)
{
	double		l = log1p(w);

	return c == 0 ? l : -expm1(-c * l) / c;
}

#endif							/* CUSTOMER_TIER_SPECIAL_H */
