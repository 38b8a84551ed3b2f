/*
 * mixture.h
 *		The logarithm of a sum of exponentials, with gradient and Hessian.
 *
 * The likelihood of a customer is a sum over the times when it may have dropped out.
 * With the terms' shares of the sum as weights, the gradient of its logarithm is the
 * mean of the gradients of the terms' logarithms; the Hessian is the mean of their
 * Hessians plus the covariance of their gradients.
 */
#ifndef CUSTOMER_TIER_MIXTURE_H
#define CUSTOMER_TIER_MIXTURE_H

#include <math.h>
#include <string.h>

#define MIXTURE_PARAMS	4

typedef struct Mixture
{
	double		top;			/* sums are relative to exp(top) */
	double		weight;
	double		gradient[MIXTURE_PARAMS];
	double		second[MIXTURE_PARAMS][MIXTURE_PARAMS]; /* lower half */
} Mixture;

static inline void
mixture_start(Mixture *m)
{
	memset(m, 0, sizeof(*m));
	m->top = -INFINITY;
}

/* adds "amount" times a term, given its logarithm f, with gradient g and Hessian h (lower half) */
static inline void
mixture_add(Mixture *m, double amount, double f, const double *g, double h[MIXTURE_PARAMS][MIXTURE_PARAMS])
{
	double		w;

	if (f > m->top)
	{
		double		shrink = exp(m->top - f);

		m->top = f;
		m->weight *= shrink;
		for (int i = 0; i < MIXTURE_PARAMS; i++)
		{
			m->gradient[i] *= shrink;
			for (int j = 0; j <= i; j++)
				m->second[i][j] *= shrink;
		}
	}
	w = amount * exp(f - m->top);
	m->weight += w;
	for (int i = 0; i < MIXTURE_PARAMS; i++)
	{
		m->gradient[i] += w * g[i];
		for (int j = 0; j <= i; j++)
			m->second[i][j] += w * (h[i][j] + g[i] * g[j]);
	}
}

/* adds n times the derivatives to totals, and returns n times the logarithm */
static inline double
mixture_total(const Mixture *m, double n, double *gradient, double *hessian)
{
	for (int i = 0; i < MIXTURE_PARAMS; i++)
	{
		double		gi = m->gradient[i] / m->weight;

		gradient[i] += n * gi;
		for (int j = 0; j <= i; j++)
			hessian[i * MIXTURE_PARAMS + j] += n * (m->second[i][j] / m->weight - gi * m->gradient[j] / m->weight);
	}
	return n * (m->top + log(m->weight));
}

#endif							/* CUSTOMER_TIER_MIXTURE_H */
