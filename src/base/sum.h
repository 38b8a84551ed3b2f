/*
 * sum.h
 *		Sums of doubles with three times the precision of a double.
 *
 * Shares and means that are computed from such a sum are correctly rounded, and do
 * not depend on the order of the values.
 */
#ifndef CUSTOMER_TIER_SUM_H
#define CUSTOMER_TIER_SUM_H

#include <math.h>

typedef struct Sum
{
	double		high;
	double		middle;			/* rounding errors of the high part */
	double		low;			/* rounding errors of the middle part */
} Sum;

/* a + b, and its exact rounding error (Knuth, The Art of Computer Programming 2, 4.2.2) */
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

/* the nearest double, and the sum's excess over it */
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

/* the quotient rounded, and its excess over that; the mean of equal values is that value */
static inline double
sum_divide(const Sum *s, double n, double *rest)
{
	double		left;
	double		high = sum_parts(s, &left);
	double		quotient = high / n;

	return two_sum(quotient, (fma(-quotient, n, high) + left) / n, rest);
}

#endif							/* CUSTOMER_TIER_SUM_H */
