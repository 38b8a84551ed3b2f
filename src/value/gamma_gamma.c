/*
 * gamma_gamma.c
 *		What a purchase brings: the Gamma-Gamma model (Fader and Hardie 2013, note
 *		025; Fader, Hardie and Lee 2005).
 *
 * A customer's purchases are Gamma(p, nu), nu is Gamma(q, gamma) over the
 * customers.  Of x purchases with mean m the log-likelihood is
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

/* a spread between purchases as between customers; the mean is met */
static void
start(const Customers *c, double *param)
{
	double		sum = 0;

	FOR_STEPS(i, 0, c->groups)
		if (c->group[i].x > 0)
			sum += c->group[i].n * c->group[i].t;
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
	double		at = 0;			/* the x that what follows is for */
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

/* mean value of a purchase of a customer: between its own mean and that of all */
double
ct_predict_spend(const double *param, double x, double m)
{
	double		left = param[P] * x + param[Q] - 1;

	if (x > 0 && m < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("m must be at least 0"),
				 errhint("greatest(m, 0) stands for a customer who gave back more than it bought.")));
	if (!(left > 0))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the expected spend is infinite"),
				 errhint("The model's q is at most 1: it has no mean for who did not come back.")));
	return param[P] * (param[GAMMA] + (x > 0 ? x * m : 0)) / left;
}

const Model ct_gamma_gamma = {
	"gamma_gamma", PARAMS, start, prepare, likelihood, remark, 0, NULL, NULL, NULL
};
