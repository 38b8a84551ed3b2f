/*
 * weighted_score.h
 *		The weighted mean of several measures of a customer.
 */
#ifndef CUSTOMER_TIER_WEIGHTED_SCORE_H
#define CUSTOMER_TIER_WEIGHTED_SCORE_H

#include "base/compat.h"

typedef struct Weights Weights;

extern Weights *ct_make_weights(const double *weight, int n);
extern double ct_weighted_mean(const Weights *w, const double *value);

#endif							/* CUSTOMER_TIER_WEIGHTED_SCORE_H */
