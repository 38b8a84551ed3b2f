/*
 * sum.h
 *		A sum of doubles with three times their precision, so that shares and means
 *		are right to the last digit, in whatever order the values come.
 */
#ifndef CUSTOMER_TIER_SUM_H
#define CUSTOMER_TIER_SUM_H

#include <math.h>

typedef struct Sum
{
	double		high;
	double		middle;			/* what rounding took from the high part */
	double		low;			/* and from the middle one */
} Sum;

/* a + b, and exactly what rounding took from it (Knuth) */
static inline double
two_sum(double a, double b, double *rest)
{
	double		sum = a + b;
	double		b_part = sum - a;

	*rest = (a - (sum - b_part)) + (b - b_part);
	return sum;
}

static inline void
sum_add(Sum *s, double v)
{
	double		rest;

	s->high = two_sum(s->high, v, &rest);
	s->middle = two_sum(s->middle, rest, &rest);
	s->low += rest;
}

static inline void
sum_add_product(Sum *s, double a, double b)
{
	double		product = a * b;
	double		rest;

	sum_add(s, product);
	s->middle = two_sum(s->middle, fma(a, b, -product), &rest);
	s->low += rest;
}

static inline void
sum_add_sum(Sum *s, const Sum *t)
{
	sum_add(s, t->high);
	sum_add(s, t->middle);
	sum_add(s, t->low);
}

/* the nearest double, and what is left */
static inline double
sum_parts(const Sum *s, double *rest)
{
	double		left;
	double		high = two_sum(s->high, s->middle, &left);

	return two_sum(high, left + s->low, rest);
}

static inline double
sum_value(const Sum *s)
{
	double		rest;

	return sum_parts(s, &rest);
}

/* a mean: of equal values that value; and what is left of it */
static inline double
sum_divide(const Sum *s, double n, double *rest)
{
	double		left;
	double		high = sum_parts(s, &left);
	double		quotient = high / n;

	return two_sum(quotient, (fma(-quotient, n, high) + left) / n, rest);
}

#endif							/* CUSTOMER_TIER_SUM_H */
