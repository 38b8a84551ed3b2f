/*
 * newton.c
 *		Newton's method with the exact Hessian, damped as by Levenberg.
 *
 * The search is over the logarithms of the parameters, which keeps these positive and
 * makes the steps independent of units.  If a step does not increase the likelihood,
 * it is undone and the damping raised.  The search ends if the quadratic model of the
 * likelihood predicts no gain from the next step.
 */
#include "value/newton.h"

#include <math.h>

#define MAX_ITERATIONS	200
#define MAX_TRIES		40
#define LONGEST_STEP	2.0		/* of a logarithm */
#define FURTHEST		12.0	/* a logarithm that is further from its start goes to the boundary */
#define LEAST_GAIN		1e-10	/* of the log-likelihood */

/* the Cholesky factor of "a" with damping on its diagonal; false if that is not positive definite */
static bool
factor(int n, const double *a, double damping, double l[][NEWTON_PARAMS])
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
		{
			double		sum = a[i * n + j];

			if (i == j)
				sum += damping * (fabs(sum) + 1e-8);
			for (int k = 0; k < j; k++)
				sum -= l[i][k] * l[j][k];
			if (i == j && !(sum > 0))
				return false;
			l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
		}
	return true;
}

static void
solve(int n, double l[][NEWTON_PARAMS], double *x)
{
	for (int i = 0; i < n; i++)
	{
		for (int k = 0; k < i; k++)
			x[i] -= l[i][k] * x[k];
		x[i] /= l[i][i];
	}
	for (int i = n - 1; i >= 0; i--)
	{
		for (int k = i + 1; k < n; k++)
			x[i] -= l[k][i] * x[k];
		x[i] /= l[i][i];
	}
}

/* the negated mean log-likelihood of a customer, so that damping does not depend on their number */
static double
evaluate(LogLikelihood f, void *data, int n, double weight, const double *at, double *gradient, double *hessian)
{
	double		value = f(data, at, gradient, hessian);

	for (int i = 0; i < n; i++)
		gradient[i] /= -weight;
	for (int i = 0; i < n * n; i++)
		hessian[i] /= -weight;
	return -value / weight;
}

/* the decrease of the negated likelihood that its quadratic model predicts for a step */
static double
gain(int n, const double *gradient, const double *hessian, const double *step)
{
	double		sum = 0;

	for (int i = 0; i < n; i++)
	{
		sum -= gradient[i] * step[i];
		for (int j = 0; j < n; j++)
			sum -= 0.5 * step[i] * hessian[i * n + j] * step[j];
	}
	return sum;
}

static void
standard_errors(int n, const double *hessian, double weight, double *deviation)
{
	double		l[NEWTON_PARAMS][NEWTON_PARAMS] = {{0}};
	bool		regular = factor(n, hessian, 0, l);

	for (int i = 0; i < n; i++)
	{
		double		unit[NEWTON_PARAMS] = {0};

		unit[i] = 1;
		if (regular)
			solve(n, l, unit);
		deviation[i] = regular ? sqrt(unit[i] / weight) : NAN;
	}
}

/*
 * ct_newton
 *		Maximises "f" from "start", the logarithms of "n" parameters.
 *
 * "weight" is the number of observations.  "result" is set in any case; its fields tell
 * whether the search converged.  Can be cancelled at each step.
 */
void
ct_newton(LogLikelihood f, void *data, int n, const double *start, double weight, NewtonResult *result)
{
	double		gradient[NEWTON_PARAMS];
	double		hessian[NEWTON_PARAMS * NEWTON_PARAMS];
	double		damping = 1e-3;
	double	   *at = result->log_param;
	double		value;
	bool		stuck = false;

	memcpy(at, start, n * sizeof(double));
	value = evaluate(f, data, n, weight, at, gradient, hessian);
	result->converged = false;
	result->bounded = true;
	for (result->iterations = 0; result->iterations < MAX_ITERATIONS && !result->converged && !stuck && result->bounded;
		 result->iterations++)
	{
		stuck = true;
		for (int try = 0; try < MAX_TRIES; try++)
		{
			double		l[NEWTON_PARAMS][NEWTON_PARAMS] = {{0}};
			double		step[NEWTON_PARAMS] = {0};
			double		next[NEWTON_PARAMS];
			double		next_gradient[NEWTON_PARAMS];
			double		next_hessian[NEWTON_PARAMS * NEWTON_PARAMS];
			double		next_value;
			double		promise;
			double		longest = 0;

			CHECK_FOR_INTERRUPTS();
			if (factor(n, hessian, damping, l))
			{
				for (int i = 0; i < n; i++)
					step[i] = -gradient[i];
				solve(n, l, step);
				for (int i = 0; i < n; i++)
					longest = Max(longest, fabs(step[i]));
				for (int i = 0; i < n; i++)
				{
					if (longest > LONGEST_STEP)
						step[i] *= LONGEST_STEP / longest;
					next[i] = at[i] + step[i];
				}
				promise = gain(n, gradient, hessian, step);
				next_value = evaluate(f, data, n, weight, next, next_gradient, next_hessian);
				if (isfinite(next_value) && next_value < value + 1e-14 * fabs(value))
				{
					double		kept = (value - next_value) / promise;

					/* take the last step as well: it is computed already, and doubles the correct digits */
					result->converged = promise * weight < LEAST_GAIN && damping < 1e-2;
					damping = kept > 0.75 || promise * weight < LEAST_GAIN ? damping * 0.1 :
						kept < 0.25 ? damping * 4 : damping;
					if (damping < 1e-9)
						damping = 0;
					memcpy(at, next, sizeof(next));
					memcpy(gradient, next_gradient, sizeof(gradient));
					memcpy(hessian, next_hessian, sizeof(hessian));
					value = next_value;
					stuck = false;
					break;
				}
				if (promise * weight < LEAST_GAIN && damping < 1e-2)
				{
					/* the remaining gain is below the rounding errors */
					result->converged = true;
					break;
				}
			}
			damping = Max(damping * 8, 1e-3);
		}
		for (int i = 0; i < n; i++)
			if (fabs(at[i] - start[i]) > FURTHEST)
				result->bounded = false;
	}
	result->value = -value * weight;
	standard_errors(n, hessian, weight, result->deviation);
	for (int i = 0; i < n; i++)
		if (!isfinite(result->deviation[i]))
			result->bounded = false;
}
