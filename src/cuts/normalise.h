/*
 * normalise.h
 *		Normalisation: maps values to a common scale.
 */
#ifndef CUSTOMER_TIER_NORMALISE_H
#define CUSTOMER_TIER_NORMALISE_H

#include "base/compat.h"

typedef enum Normalise
{
	PERCENTILE,
	MIN_MAX,
	Z_SCORE
} Normalise;

/* maps a value to (value - zero) / unit */
typedef struct Scale
{
	bool		made;
	double		zero;
	double		zero_rest;		/* the rounding error of "zero" */
	double		unit;			/* 0 if all values are equal */
} Scale;

static inline double
scale_distance(const Scale *s, double value)
{
	return (value - s->zero) - s->zero_rest;
}

extern void ct_share_with_equals(double *share, const double *value, int64 n);
extern void ct_percentile_shares(double *share, const double *value, int64 n);
extern void ct_min_max_scale(Scale *s, const double *value, int64 n);
extern void ct_z_score_scale(Scale *s, const double *value, int64 n);
extern void ct_normalise(Normalise how, const double *value, int64 n, double *result);

#endif							/* CUSTOMER_TIER_NORMALISE_H */
