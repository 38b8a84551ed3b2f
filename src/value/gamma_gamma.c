/*
 * gamma_gamma.c
 *		The Gamma-Gamma model of the value of a purchase (Fader and Hardie 2013, note
 *		025; Fader, Hardie and Lee 2005).
 *
 * The values of a customer's purchases are Gamma(p, nu) distributed, and nu is
 * Gamma(q, gamma) distributed over the customers.  The log-likelihood of x purchases
 * with mean m is
 *
 *		lgamma(px+q) - lgamma(px) - lgamma(q) + q log(gamma) + (px-1) log(m) +
 *		px log(x) - (px+q) log(gamma + m x)
 */
#include "value/gamma_gamma.h"

#include <math.h>

#include "base/steps.h"
#include "value/special.h"

enum
{
	P, Q, GAMMA
};

#define PARAMS	3
#define H(i, j)	hessian[(i) * PARAMS + (j)]

static void *
prepare(const Customers *c)
{
	return unconstify(Customers *, c);
}

/* the mean of the model is that of the customers; purchases spread about as much as customers do */
static void
start(const Customers *c, double *param)
{
	double		sum = 0;

	FOR_STEPS(i, 0, c->groups)
	{
		if (c->group[i].x > 0)
			sum += c->group[i].n * c->group[i].t;
	}
	param[P] = 2;
	param[Q] = 3;
	param[GAMMA] = sum > 0 && isfinite(sum) ? sum / c->repeaters : 1;
}

static double
likelihood(void *data, const double *log_param, double *gradient, double *hessian)
{
	const Customers *c = data;
	double		p = exp(log_param[P]);
	double		q = exp(log_param[Q]);
	double		gamma = exp(log_param[GAMMA]);
	double		param[PARAMS] = {p, q, gamma};
	double		constant = q * log_param[GAMMA] - lgamma(q);
	double		digamma_q = ct_digamma(q);
	double		value = 0;
	double		at = 0;			/* the x for which the following are computed */
	double		ratio = 0;
	double		first = 0;
	double		first_px = 0;
	double		second = 0;
	double		second_px = 0;

	memset(gradient, 0, PARAMS * sizeof(double));
	memset(hessian, 0, PARAMS * PARAMS * sizeof(double));
	FOR_STEPS(i, 0, c->groups)
	{
		double		x = c->group[i].x;
		double		m = c->group[i].t;
		double		n = c->group[i].n;
		double		pxq = p * x + q;
		double		whole;
		double		l;
		double		ig;

		if (x == 0)
			continue;
		if (x != at)
		{
			at = x;
			ratio = ct_lgamma_ratio(p * x, q);
			first = ct_digamma(pxq);
			first_px = ct_digamma(p * x);
			second = ct_trigamma(pxq);
			second_px = ct_trigamma(p * x);
		}
		whole = gamma + m * x;
		l = log(whole);
		ig = 1 / whole;
		value += n * (ratio + constant + p * x * (log(m * x) - l) - q * l - log(m));
		gradient[P] += n * x * (first - first_px + log(m * x) - l);
		gradient[Q] += n * (first - digamma_q + log_param[GAMMA] - l);
		gradient[GAMMA] += n * (q / gamma - pxq * ig);
		H(P, P) += n * x * x * (second - second_px);
		H(Q, P) += n * x * second;
		H(Q, Q) += n * second;
		H(GAMMA, P) -= n * x * ig;
		H(GAMMA, Q) += n * (1 / gamma - ig);
		H(GAMMA, GAMMA) += n * (pxq * ig * ig - q / (gamma * gamma));
	}
	H(Q, Q) -= c->repeaters * ct_trigamma(q);
	by_logarithms(PARAMS, param, gradient, hessian);
	return value;
}

static const char *
remark(const double *param)
{
	return param[Q] <= 1 ? "q is at most 1: the mean over all customers is infinite" : NULL;
}

/*
 * ct_predict_spend
 *		The expected mean value of a customer's purchases, which lies between the
 *		customer's own mean and the mean over all customers.
 *
 * Fails if m is negative, or if the expectation is infinite.
 */
double
ct_predict_spend(const double *param, double x, double m)
{
	double		left = param[P] * x + param[Q] - 1;

	if (x > 0 && m < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("m must be at least 0"),
				 errhint("Use greatest(m, 0) for customers who returned more than they bought.")));
	if (!(left > 0))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the expected spend is infinite"),
				 errhint("The model's q is at most 1, so it has no mean for customers without repeat purchases.")));
	return param[P] * (param[GAMMA] + (x > 0 ? x * m : 0)) / left;
}

const Model ct_gamma_gamma = {
	"gamma_gamma", PARAMS, start, prepare, likelihood, remark, 0, NULL, NULL, NULL
};
