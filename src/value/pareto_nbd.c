/*
 * pareto_nbd.c
 *		Pareto/NBD (Schmittlein, Morrison and Colombo 1987).
 *
 * Customers purchase at a rate that is Gamma(r, alpha) distributed, and drop out at a
 * rate that is Gamma(s, beta) distributed.  The likelihood of a customer, divided by
 * Gamma(r+x) / Gamma(r) alpha^r beta^s, is
 *
 *		(alpha+t)^-(r+x) (beta+t)^-s +
 *		s * the integral of (alpha+y)^-(r+x) (beta+y)^-(s+1) over y in (t_x, t)
 *
 * The papers write the integral with 2F1.  Here it is computed by Gaussian quadrature
 * in v = log(min(alpha, beta) + y), in which the logarithm of the integrand is smooth.
 */
#include "value/pareto_nbd.h"

#include <math.h>

#include "base/steps.h"
#include "value/bgnbd.h"
#include "value/mixture.h"
#include "value/special.h"

enum
{
	R, ALPHA, S, BETA
};

/* the integral ends where the rest is smaller than the greatest panel by this much, in logarithms */
#define NEGLIGIBLE	41.0
#define MOST_PANELS	1e6

/*
 * Receives a point of the integral: y, the logarithms of (alpha + y) / (alpha + from) and
 * of (beta + y) / (beta + from), the logarithm f of the integrand, and its weight.
 */
typedef void (*Visit) (void *arg, double y, double log_alpha, double log_beta, double f, double weight);

/*
 * Visits the quadrature points of s times the integral of (alpha+y)^-ra (beta+y)^-(s+1)
 * over y in (from, to), divided by (alpha+from)^-ra (beta+from)^-s.
 */
static void
visit_lifetimes(const double *param, double ra, double from, double to, Visit visit, void *arg)
{
	double		alpha = param[ALPHA] + from;
	double		beta = param[BETA] + from;
	double		least = fmin(alpha, beta);
	double		span = (to - from) / least;
	double		end = isinf(span) ? log(to - from) - log(least) : log1p(span);
	double		constant = log(param[S] * (least / beta));
	double		highest = -INFINITY;

	for (double v = 0; v < end;)
	{
		double		ahead = fmin(v + 2, end);
		double		y = least * exp(ahead);

		/* until "ahead", the slope of the integrand's logarithm is between 1 - fall and 1 */
		double		fall = ra * (y / (alpha - least + y)) + (param[S] + 1) * (y / (beta - least + y));
		double		half = fmin((ahead - v) / 2, GAUSS_CHANGE / 2 / (1 + fall));
		double		top = -INFINITY;
		double		f;

		CHECK_FOR_INTERRUPTS();
		v += half;
		for (int i = 0; i < GAUSS_POINTS; i++)
		{
			double		at = v + half * (i % 2 ? 1 : -1) * ct_gauss[i / 2][0];
			double		beyond = least * expm1(at);
			double		log_alpha = least == alpha ? at : log1p(beyond / alpha);
			double		log_beta = least == beta ? at : log1p(beyond / beta);

			f = constant + at - ra * log_alpha - (param[S] + 1) * log_beta;
			top = fmax(top, f);
			visit(arg, from + beyond, log_alpha, log_beta, f, half * ct_gauss[i / 2][1]);
		}
		highest = fmax(highest, top + log(half * ct_gauss[0][1]));
		v = v + half < end - 1e-15 * end ? v + half : end;
		if (v < end)
		{
			double		beyond = least * expm1(v);
			double		slope = ra * (least + beyond) / (alpha + beyond) + (param[S] + 1) * (least + beyond) /
				(beta + beyond) - 1;

			f = constant + v - ra * log1p(beyond / alpha) - (param[S] + 1) * log1p(beyond / beta);
			if (slope > 0 && f - log(slope) < highest - NEGLIGIBLE)
				break;
		}
	}
}

/* the fit */

typedef struct Data
{
	const Customers *c;
	const double *more;
} Data;

typedef struct Point
{
	Mixture		mixture;
	const double *param;
	double		ra;
	double		log_alpha;		/* log(alpha + t_x) */
	double		log_beta;		/* log(beta + t_x) */
} Point;

/*
 * Adds the term of dropping out at y, or of being alive at y = t.  The latter lacks the
 * factor s, and has a lower power of beta + y.
 */
static void
add_term(Point *p, double y, double log_alpha, double log_beta, double f, double weight, bool gone)
{
	double		s = p->param[S] + gone;
	double		ia = 1 / (p->param[ALPHA] + y);
	double		ib = 1 / (p->param[BETA] + y);
	double		is = gone ? 1 / p->param[S] : 0;
	double		g[MIXTURE_PARAMS];
	double		h[MIXTURE_PARAMS][MIXTURE_PARAMS] = {{0}};

	g[R] = -(p->log_alpha + log_alpha);
	g[ALPHA] = -p->ra * ia;
	g[S] = is - (p->log_beta + log_beta);
	g[BETA] = -s * ib;
	h[ALPHA][R] = -ia;
	h[ALPHA][ALPHA] = p->ra * ia * ia;
	h[S][S] = -is * is;
	h[BETA][S] = -ib;
	h[BETA][BETA] = s * ib * ib;
	mixture_add(&p->mixture, weight, f, g, h);
}

static void
add_gone(void *arg, double y, double log_alpha, double log_beta, double f, double weight)
{
	add_term(arg, y, log_alpha, log_beta, f, weight, true);
}

static void *
prepare(const Customers *c)
{
	Data	   *d = palloc(sizeof(Data));

	d->c = c;
	d->more = ct_more_than(c);
	return d;
}

static void
start(const Customers *c, double *param)
{
	param[R] = param[S] = 1;
	param[ALPHA] = param[BETA] = c->mean_t > 0 ? c->mean_t : 1;
}

static double
likelihood(void *data, const double *log_param, double *gradient, double *hessian)
{
	Data	   *d = data;
	const Customers *c = d->c;
	double		param[MODEL_PARAMS];
	double		value = 0;
	double		r;
	double		s;

	for (int i = 0; i < MODEL_PARAMS; i++)
		param[i] = exp(log_param[i]);
	r = param[R];
	s = param[S];
	memset(gradient, 0, MODEL_PARAMS * sizeof(double));
	memset(hessian, 0, MODEL_PARAMS * MODEL_PARAMS * sizeof(double));
#define H(i, j)	hessian[(i) * MODEL_PARAMS + (j)]
	gradient[R] = c->n * log_param[ALPHA];
	gradient[ALPHA] = c->n * r / param[ALPHA];
	gradient[S] = c->n * log_param[BETA];
	gradient[BETA] = c->n * s / param[BETA];
	H(ALPHA, R) = c->n / param[ALPHA];
	H(ALPHA, ALPHA) = -c->n * r / (param[ALPHA] * param[ALPHA]);
	H(BETA, S) = c->n / param[BETA];
	H(BETA, BETA) = -c->n * s / (param[BETA] * param[BETA]);
	FOR_STEPS(i, 0, c->most)
	{
		value += d->more[i] * log(r + i);
		gradient[R] += d->more[i] / (r + i);
		H(R, R) -= d->more[i] / ((r + i) * (r + i));
	}
	for (int64 i = 0; i < c->groups; i++)
	{
		const CustomerCount *k = &c->group[i];
		Point		p;
		double		log_alpha = log1p((k->t - k->t_x) / (param[ALPHA] + k->t_x));
		double		log_beta = log1p((k->t - k->t_x) / (param[BETA] + k->t_x));

		if ((i & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
		mixture_start(&p.mixture);
		p.param = param;
		p.ra = r + k->x;
		p.log_alpha = log(param[ALPHA] + k->t_x);
		p.log_beta = log(param[BETA] + k->t_x);
		add_term(&p, k->t, log_alpha, log_beta, -p.ra * log_alpha - s * log_beta, 1, false);
		visit_lifetimes(param, p.ra, k->t_x, k->t, add_gone, &p);
		value += mixture_total(&p.mixture, k->n, gradient, hessian) -
			k->n * (r * log1p(k->t_x / param[ALPHA]) + k->x * p.log_alpha + s * log1p(k->t_x / param[BETA]));
	}
	by_logarithms(MODEL_PARAMS, param, gradient, hessian);
#undef H
	return value;
}

static const char *
remark(const double *param)
{
	return param[S] < 0.001 * fmin(1, param[BETA]) ? "at the boundary: hardly any customer drops out" : NULL;
}

/* predictions */

typedef struct Odds
{
	double		alive;			/* logarithm of the likelihood of being alive */
	double		sum;			/* odds of having dropped out */
} Odds;

static void
add_odds(void *arg, double y, double log_alpha, double log_beta, double f, double weight)
{
	Odds	   *o = arg;

	o->sum += weight * exp(f - o->alive);
}

static double
p_alive(const double *param, const Customer *c)
{
	Odds		o = {0, 0};
	double		ra = param[R] + c->x;

	o.alive = -ra * log1p((c->t - c->t_x) / (param[ALPHA] + c->t_x)) -
		param[S] * log1p((c->t - c->t_x) / (param[BETA] + c->t_x));
	visit_lifetimes(param, ra, c->t_x, c->t, add_odds, &o);
	return 1 / (1 + o.sum);
}

static double
purchases(const double *param, const Customer *c, double horizon)
{
	return (param[R] + c->x) * ((param[BETA] + c->t) / (param[ALPHA] + c->t)) *
		power_integral(param[S] - 1, horizon / (param[BETA] + c->t));
}

/*
 * ct_residual_purchases
 *		All future purchases of a customer who is alive, discounted at the continuous
 *		rate "delta": DERT (Fader, Hardie and Lee 2005) divided by P(alive).
 */
double
ct_residual_purchases(const double *param, const Customer *c, double delta)
{
	double		beta = param[BETA] + c->t;

	return (param[R] + c->x) * (beta / (param[ALPHA] + c->t)) * ct_scaled_expint(param[S], delta * beta);
}

/* the integral over the time of dropping out, in v = log(1 + y / least); more purchases need shorter panels */
static double
probability_of_n(const double *param, double n, double t)
{
	double		least = fmin(param[ALPHA], param[BETA]);
	double		end = log1p(t / least);
	double		sum = ct_negative_binomial(param[R], t / param[ALPHA], n) *
		exp(-param[S] * log1p(t / param[BETA]));
	double		panels;
	double		half;

	if (t == 0)
		return n > 0 ? 0 : 1;
	panels = ceil(end * fmax(0.5, (param[R] + param[S] + n + 2) / GAUSS_CHANGE));
	if (!(panels <= MOST_PANELS))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("n, or a parameter of the model, is too large")));
	half = end / panels / 2;
	for (int64 i = 0; i < panels; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < GAUSS_POINTS; k++)
		{
			double		v = (2 * i + 1) * half + half * (k % 2 ? 1 : -1) * ct_gauss[k / 2][0];
			double		y = least * expm1(v);

			sum += half * ct_gauss[k / 2][1] *
				ct_negative_binomial(param[R], y / param[ALPHA], n) *
				param[S] * exp(-param[S] * log1p(y / param[BETA])) * ((least + y) / (param[BETA] + y));
		}
	}
	return sum;
}

const Model ct_pareto_nbd = {
	"pareto_nbd", 4, start, prepare, likelihood, remark, 2, p_alive, purchases, probability_of_n
};
