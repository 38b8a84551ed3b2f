/*
 * special.c
 *		Special functions for the value models.
 */
#include "value/special.h"

/* positive nodes of Gauss-Legendre on [-1, 1], and their weights; the negative ones are symmetric */
const double ct_gauss[GAUSS_POINTS / 2][2] = {
	{0.9894009349916499326, 0.027152459411754094852},
	{0.94457502307323257608, 0.062253523938647892863},
	{0.86563120238783174388, 0.09515851168249278481},
	{0.7554044083550030339, 0.12462897125553387205},
	{0.61787624440264374845, 0.14959598881657673208},
	{0.45801677765722738634, 0.16915651939500253819},
	{0.28160355077925891323, 0.18260341504492358887},
	{0.095012509837637440185, 0.18945061045506849629}
};

/* from here on the asymptotic series of lgamma and its derivatives are exact to double precision */
#define ASYMPTOTIC	16

/*
 * ct_digamma
 *		First derivative of lgamma, for y > 0.
 */
double
ct_digamma(double y)
{
	double		shift = 0;
	double		q;

	while (y < ASYMPTOTIC)
		shift += 1 / y++;
	q = 1 / (y * y);
	return log(y) - 0.5 / y - shift -
		q * (1.0 / 12 - q * (1.0 / 120 - q * (1.0 / 252 - q * (1.0 / 240 - q / 132))));
}

/*
 * ct_trigamma
 *		Second derivative of lgamma, for y > 0.
 */
double
ct_trigamma(double y)
{
	double		shift = 0;
	double		q;

	while (y < ASYMPTOTIC)
	{
		shift += 1 / (y * y);
		y++;
	}
	q = 1 / (y * y);
	return shift + 1 / y + q / 2 +
		q / y * (1.0 / 6 - q * (1.0 / 30 - q * (1.0 / 42 - q * (1.0 / 30 - q * 5 / 66))));
}

/* lgamma(y) less Stirling's formula */
static double
stirling_rest(double y)
{
	double		q = 1 / (y * y);

	return (1.0 / 12 - q * (1.0 / 360 - q * (1.0 / 1260 - q * (1.0 / 1680 - q / 1188)))) / y;
}

/*
 * ct_lgamma_ratio
 *		lgamma(y + d) - lgamma(y) for d >= 0, without cancellation.
 */
double
ct_lgamma_ratio(double y, double d)
{
	if (y < ASYMPTOTIC)
		return lgamma(y + d) - lgamma(y);
	return (y - 0.5) * log1p(d / y) + d * (log(y + d) - 1) + stirling_rest(y + d) - stirling_rest(y);
}

/*
 * ct_scaled_expint
 *		exp(y) E_s(y), the integral of exp(-y u) (1 + u)^-s over u > 0, for s, y > 0.
 *
 * In v = log(1 + u) the integrand is an entire function.  Gaussian quadrature is applied
 * to panels over which its logarithm changes little.
 */
double
ct_scaled_expint(double s, double y)
{
	double		sum = 0;
	double		v = 0;

	/* the integrand falls at the rate s - 1 + y; panels would be too short to add up, and NaN would never end */
	if (!(s + y <= 1e17))
		return 1 / (s - 1 + y);
	if (y == 0)
		return s > 1 ? 1 / (s - 1) : INFINITY;
	for (;;)
	{
		double		half = fmin(0.5, GAUSS_CHANGE / 2 / (fabs(1 - s) + y * exp(v + 0.25)));
		double		panel = 0;

		v += half;
		for (int i = 0; i < GAUSS_POINTS; i++)
		{
			double		at = v + half * (i % 2 ? 1 : -1) * ct_gauss[i / 2][0];

			panel += ct_gauss[i / 2][1] * exp((1 - s) * at - y * expm1(at));
		}
		v += half;
		sum += panel * half;
		/* the integrand falls, at least at the rate it has here, which bounds the rest */
		if (s - 1 + y * exp(v) > 0 && panel * half < 1e-17 * sum * fmin(1, (s - 1 + y * exp(v)) * half))
			return sum;
	}
}
