/*
 * bgbb.c
 *		BG/BB (Fader, Hardie and Shang 2010): purchases at discrete opportunities.
 *
 * At each of n opportunities the customer buys with a probability that is
 * Beta(alpha, beta) distributed, and before each it drops out with a probability that
 * is Beta(gamma, delta) distributed.  The likelihood is a sum over the number m of
 * opportunities, from t_x to n, before the customer dropped out:
 *
 *		B(alpha+x, beta+m-x) / B(alpha, beta) * B(gamma+1, delta+m) / B(gamma, delta)
 *
 * If it has not dropped out, m is n and the last factor has B(gamma, delta+n).
 */
#include "value/bgbb.h"

#include <math.h>

#include "base/steps.h"
#include "value/mixture.h"
#include "value/special.h"

enum
{
	ALPHA, BETA, GAMMA, DELTA
};

#define MOST_OPPORTUNITIES	1000000

/* logarithm of the rising factorial (theta)_i for i = 0 .. n, and its derivatives by theta */
typedef struct Rising
{
	double	   *log;
	double	   *first;
	double	   *second;
} Rising;

enum
{
	OF_ALPHA, OF_BETA, OF_BOTH, OF_DELTA, OF_GAMMA_DELTA, RISINGS
};

typedef struct Data
{
	const Customers *c;
	int64		n;				/* most opportunities */
	Rising		rising[RISINGS];
} Data;

static void
check_opportunities(double t_x, double n)
{
	if (n != floor(n) || t_x != floor(t_x) || n > MOST_OPPORTUNITIES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("n and t_x must be whole numbers, at most %d", MOST_OPPORTUNITIES),
				 errhint("They count opportunities to buy.")));
}

static void
check_customer(double x, double t_x, double n)
{
	check_opportunities(t_x, n);
	if (x > t_x)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("x must be at most t_x"),
				 errhint("There is at most one purchase at an opportunity.")));
}

static void *
prepare(const Customers *c)
{
	Data	   *d = palloc0(sizeof(Data));

	d->c = c;
	FOR_STEPS(i, 0, c->groups)
	{
		check_customer(c->group[i].x, c->group[i].t_x, c->group[i].t);
		d->n = Max(d->n, (int64) c->group[i].t);
	}
	for (int i = 0; i < RISINGS; i++)
	{
		d->rising[i].log = palloc((d->n + 2) * sizeof(double));
		d->rising[i].first = palloc((d->n + 2) * sizeof(double));
		d->rising[i].second = palloc((d->n + 2) * sizeof(double));
	}
	return d;
}

static void
set_rising(Rising *rising, double theta, int64 n)
{
	rising->log[0] = rising->first[0] = rising->second[0] = 0;
	FOR_STEPS(i, 0, n)
	{
		double		inverse = 1 / (theta + i);

		rising->log[i + 1] = rising->log[i] + log(theta + i);
		rising->first[i + 1] = rising->first[i] + inverse;
		rising->second[i + 1] = rising->second[i] - inverse * inverse;
	}
}

static void
start(const Customers *c, double *param)
{
	for (int i = 0; i < MODEL_PARAMS; i++)
		param[i] = 1;
}

/* adds the term of x purchases at m opportunities, after which the customer dropped out or did not */
static void
add_term(Mixture *mixture, const Data *d, double gamma, int64 x, int64 m, bool gone)
{
	const Rising *a = &d->rising[OF_ALPHA];
	const Rising *b = &d->rising[OF_BETA];
	const Rising *ab = &d->rising[OF_BOTH];
	const Rising *de = &d->rising[OF_DELTA];
	const Rising *gd = &d->rising[OF_GAMMA_DELTA];
	int64		all = m + gone;
	double		g[MIXTURE_PARAMS];
	double		h[MIXTURE_PARAMS][MIXTURE_PARAMS] = {{0}};

	g[ALPHA] = a->first[x] - ab->first[m];
	g[BETA] = b->first[m - x] - ab->first[m];
	g[GAMMA] = (gone ? 1 / gamma : 0) - gd->first[all];
	g[DELTA] = de->first[m] - gd->first[all];
	h[ALPHA][ALPHA] = a->second[x] - ab->second[m];
	h[BETA][ALPHA] = -ab->second[m];
	h[BETA][BETA] = b->second[m - x] - ab->second[m];
	h[GAMMA][GAMMA] = (gone ? -1 / (gamma * gamma) : 0) - gd->second[all];
	h[DELTA][GAMMA] = -gd->second[all];
	h[DELTA][DELTA] = de->second[m] - gd->second[all];
	mixture_add(mixture, 1, a->log[x] + b->log[m - x] - ab->log[m] + (gone ? log(gamma) : 0) +
				de->log[m] - gd->log[all], g, h);
}

static double
likelihood(void *data, const double *log_param, double *gradient, double *hessian)
{
	Data	   *d = data;
	double		param[MODEL_PARAMS];
	double		value = 0;

	for (int i = 0; i < MODEL_PARAMS; i++)
		param[i] = exp(log_param[i]);
	set_rising(&d->rising[OF_ALPHA], param[ALPHA], d->n + 1);
	set_rising(&d->rising[OF_BETA], param[BETA], d->n + 1);
	set_rising(&d->rising[OF_BOTH], param[ALPHA] + param[BETA], d->n + 1);
	set_rising(&d->rising[OF_DELTA], param[DELTA], d->n + 1);
	set_rising(&d->rising[OF_GAMMA_DELTA], param[GAMMA] + param[DELTA], d->n + 1);
	memset(gradient, 0, MODEL_PARAMS * sizeof(double));
	memset(hessian, 0, MODEL_PARAMS * MODEL_PARAMS * sizeof(double));
	for (int64 i = 0; i < d->c->groups; i++)
	{
		const CustomerCount *k = &d->c->group[i];
		Mixture		mixture;

		if ((i & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
		mixture_start(&mixture);
		add_term(&mixture, d, param[GAMMA], k->x, k->t, false);
		for (int64 m = k->t_x; m < k->t; m++)
		{
			if ((m & 0xFF) == 0)
				CHECK_FOR_INTERRUPTS();
			add_term(&mixture, d, param[GAMMA], k->x, m, true);
		}
		value += mixture_total(&mixture, k->n, gradient, hessian);
	}
	by_logarithms(MODEL_PARAMS, param, gradient, hessian);
	return value;
}

static const char *
remark(const double *param)
{
	return param[GAMMA] < 0.001 * (param[GAMMA] + param[DELTA]) ?
		"at the boundary: hardly any customer drops out" : NULL;
}

/* predictions */

/* the probability of being there for opportunity n + 1 */
static double
p_alive(const double *param, const Customer *c)
{
	double		ab = param[ALPHA] + param[BETA];
	double		gd = param[GAMMA] + param[DELTA];
	double		gone = 0;
	int64		m;
	double		term;

	check_customer(c->x, c->t_x, c->t);
	m = (int64) c->t - 1;
	/* odds of having dropped out after m opportunities, for m from n - 1 down */
	term = (param[GAMMA] / (param[DELTA] + m)) * ((ab + m) / (param[BETA] + m - c->x));
	for (; m >= c->t_x; m--)
	{
		if ((m & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		gone += term;
		term *= ((ab + m - 1) / (param[BETA] + m - 1 - c->x)) * ((gd + m) / (param[DELTA] + m - 1));
	}
	return (param[DELTA] + c->t) / (gd + c->t) / (1 + gone);
}

static double
purchases(const double *param, const Customer *c, double horizon)
{
	double		there = 1;
	double		sum = 0;

	check_opportunities(0, horizon);
	for (int64 k = 1; k <= horizon; k++)
	{
		if ((k & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		sum += there;
		there *= (param[DELTA] + c->t + k) / (param[GAMMA] + param[DELTA] + c->t + k);
	}
	return sum * ((param[ALPHA] + c->x) / (param[ALPHA] + param[BETA] + c->t));
}

/* log of C(m, n) B(alpha+n, beta+m-n) / B(alpha, beta) */
static double
log_buys(const double *param, double n, double m)
{
	double		ab = param[ALPHA] + param[BETA];

	return lgamma(m + 1) - lgamma(n + 1) - lgamma(m - n + 1) +
		ct_lgamma_ratio(param[ALPHA], n) + ct_lgamma_ratio(param[BETA], m - n) -
		ct_lgamma_ratio(ab, m);
}

/* n purchases at t opportunities */
static double
probability_of_n(const double *param, double n, double t)
{
	double		gd = param[GAMMA] + param[DELTA];
	double		sum;

	check_opportunities(0, t);
	if (n > t)
		return 0;
	sum = exp(log_buys(param, n, t) + ct_lgamma_ratio(param[DELTA], t) - ct_lgamma_ratio(gd, t));
	for (int64 m = n; m < t; m++)
	{
		if ((m & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		sum += exp(log_buys(param, n, m) + ct_lgamma_ratio(param[DELTA], m) -
				   ct_lgamma_ratio(gd, m)) *
			(param[GAMMA] / (gd + m));
	}
	return sum;
}

const Model ct_bgbb = {
	"bgbb", 4, start, prepare, likelihood, remark, 2, p_alive, purchases, probability_of_n
};
