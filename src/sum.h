/*
 * sum.h
 *		A sum of doubles with twice their precision, so that shares and means are
 *		right to the last digit, in whatever order the values come.
 */
#ifndef CUSTOMER_TIER_SUM_H
#define CUSTOMER_TIER_SUM_H

#include <math.h>

typedef struct Sum
{
	double		hi;
	double		lo;
} Sum;

static inline void
sum_add(Sum *s, double v)
{
	double		t = s->hi + v;
	double		b = t - s->hi;

	s->lo += (s->hi - (t - b)) + (v - b);
	s->hi = t;
}

static inline void
sum_add_product(Sum *s, double a, double b)
{
	double		p = a * b;

	sum_add(s, p);
	s->lo += fma(a, b, -p);
}

static inline double
sum_value(const Sum *s)
{
	return s->hi + s->lo;
}

/* the mean of equal values is that value */
static inline double
sum_divide(const Sum *s, double n)
{
	double		q = s->hi / n;

	return q + (fma(-q, n, s->hi) + s->lo) / n;
}

#endif							/* CUSTOMER_TIER_SUM_H */
