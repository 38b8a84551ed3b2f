/*
 * normalise.h
 *		Several measures of all customers on one scale, and their weighted mean.
 */
#ifndef CUSTOMER_TIER_NORMALISE_H
#define CUSTOMER_TIER_NORMALISE_H

#include "compat.h"

typedef enum Normalise
{
	PERCENTILE,
	MIN_MAX,
	Z_SCORE
} Normalise;

typedef struct Weights Weights;

/* partition.c: of n finite values; "result" is another array */
extern void ct_normalise(Normalise how, const double *value, int64 n, double *result);

/* weighted_score.c: the weights are checked, and copied into the current memory context */
extern Weights *ct_make_weights(const double *weight, int n);
extern double ct_weighted_mean(const Weights *w, const double *value);

#endif							/* CUSTOMER_TIER_NORMALISE_H */
