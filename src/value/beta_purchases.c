/*
 * beta_purchases.c
 *		Expected purchases of a customer who may drop out after each purchase, as in
 *		BG/NBD and MBG/NBD, and has not dropped out yet.
 *
 * The purchase rate is Gamma(s, beta), the probability to drop out Beta(a, b), and
 * w = horizon / beta:
 *
 *		M = E_p[(1 - (1 + p w)^-s) / p]
 *
 * The paper's form with 2F1 suffers from cancellation, has poles at a = 1 and
 * a + b = 1, and its series converges too slowly for customers with many purchases.
 * So there are three forms; each is used where it is short and does not cancel.
 */
#include "value/beta_purchases.h"

#include <math.h>
#include <stdbool.h>

#define DIGITS			1e-17	/* a series ends when the relative rest is smaller */
#define SHORT_SERIES	400
#define MAX_TERMS		20000
#define CANCELLATION	300.0	/* greatest ratio of the largest term to the result */
#define STEP			0.2		/* greatest step of the trapezoid rule */
#define STEP_OF_DEVIATION	0.4 /* the same, in standard deviations of logit p */
#define MAX_STEPS		10000
#define FAR				0x1p500 /* where terms are scaled down */
#define TAIL			6.0		/* distance of the tails from where the integrand bends */

/*
 * M = sum P(N = n) A(n) / sum P(N = n), where N is negative binomial (s, z), z =
 * w / (1 + w), and A(n) = sum (b)_j / (a + b)_j over j < n.  All terms are positive.
 */
static bool
by_counts(double s, double a, double b, double w, double *result)
{
	double		z = w / (1 + w);
	double		left = 1 / (1 + w); /* 1 - z */
	double		p = 1;
	double		survival = 1;
	double		purchases = 0;
	double		sum = 0;
	double		all = 1;

	for (int n = 1; n <= MAX_TERMS; n++)
	{
		double		ratio = (s + (n - 1)) / n * z;
		double		term;

		p *= ratio;
		purchases += survival;
		survival *= (b + (n - 1)) / (a + b + (n - 1));
		term = p * purchases;
		sum += term;
		all += p;
		if (all > FAR)
		{
			p /= FAR;
			sum /= FAR;
			all /= FAR;
		}
		if (n > s * w)
		{
			/* no later ratio of terms exceeds this, so a geometric series bounds the rest */
			double		most = s >= 1 ? ratio : z;
			double		room = s >= 1 ? 1 - ratio : left;

			if (room > 0 && p * most < DIGITS * all * room &&
				term * most * (1 + 1 / (n * room)) < DIGITS * sum * room)
			{
				*result = sum / all;
				return true;
			}
		}
	}
	return false;
}

/*
 * Euler's transformation of the 2F1 series.  The number of purchases so far is in the
 * denominator as well, so the series stays short.  With C = a + b - 1 and
 * S = sum (a)_{n-1} (C - s)_n z^n / ((C)_n n!),
 *
 *		M = -C expm1(-(a - 1) log1p(w) + log1p((a - 1) S)) / (a - 1)
 *
 * and C (log1p(w) - S) at a = 1.
 */
static bool
by_euler(double s, double a, double b, double w, double *result)
{
	double		z = w / (1 + w);
	double		c = a + b - 1;
	double		d = c - s;
	double		l = log1p(w);
	double		term = d / c * z;
	double		sum = term;
	double		largest = fabs(term);

	for (int n = 1; n <= SHORT_SERIES; n++)
	{
		double		next;

		term *= (a + n - 1) * (d + n) / ((c + n) * (n + 1)) * z;
		sum += term;
		largest = fmax(largest, fabs(term));
		if (!(largest < 1e300))
			return false;
		next = fabs((a + n) * (d + n + 1) / ((c + n + 1) * (n + 2)) * z);
		if (next < 1 && fabs(term) <= DIGITS * fabs(sum) && fabs(term) * next <= DIGITS * fabs(sum) * (1 - next))
		{
			*result = a == 1 ? c * (l - sum) : -c * expm1(-(a - 1) * l + log1p((a - 1) * sum)) / (a - 1);
			/* fail if the result is a small difference, or alternating terms of S cancel */
			return *result > 0.02 * c * fmin(1, l) && c * exp(-(a - 1) * l) * largest < CANCELLATION * *result;
		}
	}
	return false;
}

/*
 * The integral over p by the trapezoid rule, in u of
 *
 *		logit p = u + exp(u - right) - exp(-(u + left))
 *
 * Between -left and right logit p is nearly u, and the singularities of the integrand
 * are about pi / 2 from the real axis, so that the rule converges fast.  Further out p
 * or 1 - p is so small that the integrand is a power of it, which may fall slowly; the
 * exponentials make the tails short whatever the power is.  All terms are positive.
 */
static double
by_integral(double s, double a, double b, double w)
{
	double		left = TAIL + fmax(log1p(w) + log(fmax(s, 1)), log1p(b / a));
	double		right = TAIL + log1p(a / b);
	double		step = fmin(STEP, STEP_OF_DEVIATION * sqrt(1 / a + 1 / b));
	double		center = log(a / b);
	double		peak = -a * log1p(b / a) - b * log1p(a / b);
	double		sum = 0;
	double		all = 0;

	for (int side = 0; side < 2; side++)
		for (int i = side; i < MAX_STEPS; i++)
		{
			double		u = center + (side ? -step : step) * i;
			double		up = exp(u - right);
			double		down = exp(-(u + left));
			double		logit = u + up - down;
			double		e = exp(-fabs(logit));
			double		rest = log1p(e);
			double		log_p = (logit < 0 ? logit : 0) - rest;
			double		log_q = (logit > 0 ? -logit : 0) - rest;
			double		p = (logit < 0 ? e : 1) / (1 + e);
			double		density = exp(a * log_p + b * log_q - peak) * (1 + up + down);
			double		term = density * (p > 1e-300 ? -expm1(-s * log1p(p * w)) / p : s * w);

			sum += term;
			all += density;
			if (i > 8 && term < DIGITS / 10 * sum && density < DIGITS / 10 * all)
				break;
		}
	return sum / all;
}

/*
 * ct_beta_purchases
 *		Expected purchases M; see the head of this file.  s, a and b are above zero, w
 *		at least zero.
 */
double
ct_beta_purchases(double s, double a, double b, double w)
{
	/* number of terms of by_counts that are not negligible */
	double		terms = s * w + 8 * sqrt(s * w * (1 + w)) + 42 * (1 + w);
	double		result;

	if (w == 0)
		return 0;
	if (terms <= SHORT_SERIES && by_counts(s, a, b, w, &result))
		return result;
	if (a < 50 && s > 5 && a + b > 3 && by_euler(s, a, b, w, &result))
		return result;
	return by_integral(s, a, b, w);
}
