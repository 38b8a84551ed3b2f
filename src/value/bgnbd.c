/*
 * bgnbd.c
 *		BG/NBD (Fader, Hardie and Lee 2005) and MBG/NBD (Batislam, Denizel and
 *		Filiztekin 2007; Hoppe and Wagner 2007).
 *
 * Customers purchase at a rate that is Gamma(r, alpha) distributed, and drop out after
 * a purchase with a probability that is Beta(a, b) distributed.  In BG/NBD they can drop
 * out after a repeat purchase only, in MBG/NBD after the first purchase as well.  The
 * log-likelihood of a customer is
 *
 *		sum_{i<x} log(r+i) + sum_{i<k} log((b+i)/(a+b+i)) + r log(alpha) +
 *		log(exp(-(r+x) log(alpha+t)) + a/(b+k-1) exp(-(r+x) log(alpha+t_x)))
 *
 * where k is x in BG/NBD and x + 1 in MBG/NBD.  The last term is absent if k is 0.
 */
#include "value/bgnbd.h"

#include <math.h>

#include "base/steps.h"
#include "value/beta_purchases.h"
#include "value/special.h"

/* the distinct values of a time, and functions of them that depend on the parameters */
typedef struct Times
{
	double	   *value;
	double	   *log_rate;		/* log(alpha + value) */
	double	   *inverse;		/* 1 / (alpha + value) */
	int			n;
} Times;

typedef struct Data
{
	const Customers *c;
	bool		modified;
	const double *more;
	Times		t;
	Times		t_x;
	int		   *at_t;			/* [group]: index in t */
	int		   *at_t_x;			/* [group]: index in t_x */
	double	   *log_dropout;	/* [x]: log(a / (b + k - 1)) */
} Data;

static int
compare_doubles(const void *a, const void *b)
{
	double		p = *(const double *) a;
	double		q = *(const double *) b;

	check_in_sort();
	return p < q ? -1 : p > q;
}

static int *
index_times(Times *times, const Customers *c, Size offset)
{
	int		   *at = alloc_array(c->groups, sizeof(int));
	int			n = 0;

	times->value = alloc_array(c->groups, sizeof(double));
#define TIME(i) (*(const double *) ((const char *) &c->group[i] + offset))
	FOR_STEPS(i, 0, c->groups)
		times->value[i] = TIME(i);
	qsort(times->value, c->groups, sizeof(double), compare_doubles);
	FOR_STEPS(i, 0, c->groups)
	{
		if (n == 0 || times->value[i] != times->value[n - 1])
			times->value[n++] = times->value[i];
	}
	times->n = n;
	times->log_rate = alloc_array(n, sizeof(double));
	times->inverse = alloc_array(n, sizeof(double));
	FOR_STEPS(i, 0, c->groups)
	{
		double		time = TIME(i);

		at[i] = (double *) bsearch(&time, times->value, n, sizeof(double), compare_doubles) - times->value;
	}
#undef TIME
	return at;
}

static void
set_times(Times *times, double alpha)
{
	FOR_STEPS(i, 0, times->n)
	{
		times->log_rate[i] = log(alpha + times->value[i]);
		times->inverse[i] = 1 / (alpha + times->value[i]);
	}
}

/*
 * ct_more_than
 *		The number of customers with more than i repeat purchases, for i = 0 .. most.
 *
 * The array is in the current memory context.
 */
double *
ct_more_than(const Customers *c)
{
	double	   *more = alloc_array(c->most + 1, sizeof(double));

	memset(more, 0, (c->most + 1) * sizeof(double));
	FOR_STEPS(i, 0, c->groups)
	{
		if (c->group[i].x > 0)
			more[(int64) c->group[i].x - 1] += c->group[i].n;
	}
	for (int64 i = c->most - 1; i >= 0; i--)
		more[i] += more[i + 1];
	return more;
}

static Data *
prepare(const Customers *c, bool modified)
{
	Data	   *d = palloc0(sizeof(Data));

	d->c = c;
	d->modified = modified;
	d->more = ct_more_than(c);
	d->at_t = index_times(&d->t, c, offsetof(CustomerCount, t));
	d->at_t_x = index_times(&d->t_x, c, offsetof(CustomerCount, t_x));
	d->log_dropout = alloc_array(c->most + 1, sizeof(double));
	return d;
}

static void *
prepare_bgnbd(const Customers *c)
{
	return prepare(c, false);
}

static void *
prepare_mbgnbd(const Customers *c)
{
	return prepare(c, true);
}

static void
start(const Customers *c, double *param)
{
	param[0] = param[2] = param[3] = 1;
	param[1] = c->mean_t > 0 ? c->mean_t : 1;
}

enum
{
	R, ALPHA, A, B
};

#define H(i, j)	hessian[(i) * MODEL_PARAMS + (j)]	/* i >= j */

static double
likelihood(void *data, const double *log_param, double *gradient, double *hessian)
{
	Data	   *d = data;
	const Customers *c = d->c;
	double		r = exp(log_param[R]);
	double		alpha = exp(log_param[ALPHA]);
	double		a = exp(log_param[A]);
	double		b = exp(log_param[B]);
	double		param[MODEL_PARAMS] = {r, alpha, a, b};
	double		value = c->n * r * log_param[ALPHA];

	memset(gradient, 0, MODEL_PARAMS * sizeof(double));
	memset(hessian, 0, MODEL_PARAMS * MODEL_PARAMS * sizeof(double));
	gradient[R] = c->n * log_param[ALPHA];
	gradient[ALPHA] = c->n * r / alpha;
	H(ALPHA, R) = c->n / alpha;
	H(ALPHA, ALPHA) = -c->n * r / (alpha * alpha);

	FOR_STEPS(i, 0, c->most + 1)
	{
		double		buy = d->more[i];
		double		stay = d->modified ? i == 0 ? c->n : d->more[i - 1] : buy;
		double		ir = 1 / (r + i);
		double		ib = 1 / (b + i);
		double		iab = 1 / (a + b + i);

		value += buy * log(r + i) + stay * (a < b + i ? -log1p(a * ib) : log((b + i) * iab));
		gradient[R] += buy * ir;
		gradient[A] -= stay * iab;
		gradient[B] += stay * a * ib * iab;
		H(R, R) -= buy * ir * ir;
		H(A, A) += stay * iab * iab;
		H(B, A) += stay * iab * iab;
		H(B, B) -= stay * a * ib * iab * (ib + iab);
		d->log_dropout[i] = log_param[A] - log(b + i - !d->modified);
	}

	set_times(&d->t, alpha);
	set_times(&d->t_x, alpha);
	FOR_STEPS(i, 0, c->groups)
	{
		const CustomerCount *k = &c->group[i];
		double		n = k->n;
		double		rx = r + k->x;
		double		l1 = d->t.log_rate[d->at_t[i]];
		double		q1 = d->t.inverse[d->at_t[i]];
		double		l2 = d->t_x.log_rate[d->at_t_x[i]];
		double		q2 = d->t_x.inverse[d->at_t_x[i]];
		double		odds = 0;
		double		p1 = 1;		/* probability of being alive */
		double		p2 = 0;		/* of having dropped out */
		double		ib;
		double		dr;
		double		dalpha;

		value -= n * rx * l1;
		if (k->x > 0 || d->modified)
		{
			odds = d->log_dropout[(int64) k->x] + rx * (l1 - l2);
			p1 = logistic_down(odds);
			p2 = logistic_down(-odds);
			value += n * (odds > 0 ? odds + log1p(exp(-odds)) : log1p(exp(odds)));
		}
		gradient[R] -= n * (p1 * l1 + p2 * l2);
		gradient[ALPHA] -= n * rx * (p1 * q1 + p2 * q2);
		H(ALPHA, R) -= n * (p1 * q1 + p2 * q2);
		H(ALPHA, ALPHA) += n * rx * (p1 * q1 * q1 + p2 * q2 * q2);
		if (p2 == 0)
			continue;

		/* as in mixture.h, of two terms; only the second depends on a and b */
		ib = 1 / (b + k->x - !d->modified);
		dr = l1 - l2;
		dalpha = rx * (q1 - q2);
		gradient[A] += n * p2 / a;
		gradient[B] -= n * p2 * ib;
		H(A, A) -= n * p2 / (a * a);
		H(B, B) += n * p2 * ib * ib;
		n *= p1 * p2;
		H(R, R) += n * dr * dr;
		H(ALPHA, R) += n * dr * dalpha;
		H(ALPHA, ALPHA) += n * dalpha * dalpha;
		H(A, R) += n * dr / a;
		H(A, ALPHA) += n * dalpha / a;
		H(A, A) += n / (a * a);
		H(B, R) -= n * dr * ib;
		H(B, ALPHA) -= n * dalpha * ib;
		H(B, A) -= n * ib / a;
		H(B, B) += n * ib * ib;
	}
	by_logarithms(MODEL_PARAMS, param, gradient, hessian);
	return value;
}

static const char *
remark(const double *param)
{
	return param[A] < 0.001 * (param[A] + param[B]) ? "at the boundary: hardly any customer drops out" : NULL;
}

/* predictions */

static double
p_alive(const double *param, const Customer *c, bool modified)
{
	double		rx = param[R] + c->x;

	if (c->x == 0 && !modified)
		return 1;
	return logistic_down(log(param[A] / (param[B] + c->x - !modified)) +
						 rx * log1p((c->t - c->t_x) / (param[ALPHA] + c->t_x)));
}

static double
p_alive_bgnbd(const double *param, const Customer *c)
{
	return p_alive(param, c, false);
}

static double
p_alive_mbgnbd(const double *param, const Customer *c)
{
	return p_alive(param, c, true);
}

static double
purchases_bgnbd(const double *param, const Customer *c, double horizon)
{
	return ct_beta_purchases(param[R] + c->x, param[A], param[B] + c->x, horizon / (param[ALPHA] + c->t));
}

static double
purchases_mbgnbd(const double *param, const Customer *c, double horizon)
{
	return ct_beta_purchases(param[R] + c->x, param[A], param[B] + c->x + 1, horizon / (param[ALPHA] + c->t));
}

/*
 * ct_negative_binomial
 *		P(N = n) for the number N of purchases in a time of w alpha, at a rate that is
 *		Gamma(shape, alpha) distributed.
 */
double
ct_negative_binomial(double shape, double w, double n)
{
	double		l = log1p(w);
	double		ways = shape > n + 1 ? ct_lgamma_ratio(shape, n) - lgamma(n + 1) :
		ct_lgamma_ratio(n + 1, shape) - log(n + shape) - lgamma(shape);

	return exp(ways - shape * l + (n > 0 ? n * (log(w) - l) : 0));
}

/* P(N >= n) */
static double
at_least(double shape, double w, double n)
{
	double		z = w / (1 + w);
	double		sum = 0;
	double		term;

	if (n > shape * w)
	{
		/* sum the upper tail, whose terms fall */
		term = ct_negative_binomial(shape, w, n);
		for (int64 i = n; term > 1e-18 * sum / (1 + w); i++)
		{
			CHECK_AT_STEP(i);
			sum += term;
			term *= (shape + i) / (i + 1) * z;
		}
		return sum;
	}
	/* sum the lower part downwards from n - 1; it is not near 1, so the difference does not cancel */
	term = n > 0 ? ct_negative_binomial(shape, w, n - 1) : 0;
	for (int64 i = (int64) n - 1; i >= 0 && term > 1e-18 * sum; i--)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		sum += term;
		term *= i / ((shape + i - 1) * z);
	}
	return 1 - sum;
}

/*
 * The probability of n purchases in (0, t]: the customer did not drop out, or did so
 * after the last of them, which in the modified model may be the first purchase.
 */
static double
probability_of_n(const double *param, double n, double t, bool modified)
{
	double		a = param[A];
	double		b = param[B];
	double		k = n + modified;
	double		w = t / param[ALPHA];
	double		stay = exp(ct_lgamma_ratio(b, a) - ct_lgamma_ratio(b + k, a));
	double		result;

	if (t == 0 && n > 0)
		return 0;
	result = stay * ct_negative_binomial(param[R], w, n);
	if (k > 0)
		result += stay * a / (b + k - 1) * at_least(param[R], w, n);
	return result;
}

static double
probability_of_n_bgnbd(const double *param, double n, double t)
{
	return probability_of_n(param, n, t, false);
}

static double
probability_of_n_mbgnbd(const double *param, double n, double t)
{
	return probability_of_n(param, n, t, true);
}

const Model ct_bgnbd = {
	"bgnbd", 4, start, prepare_bgnbd, likelihood, remark, 2, p_alive_bgnbd, purchases_bgnbd, probability_of_n_bgnbd
};

const Model ct_mbgnbd = {
	"mbgnbd", 4, start, prepare_mbgnbd, likelihood, remark, 2, p_alive_mbgnbd, purchases_mbgnbd, probability_of_n_mbgnbd
};
