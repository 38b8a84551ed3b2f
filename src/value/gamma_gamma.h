/*
 * gamma_gamma.h
 *		The Gamma-Gamma model of spending.
 */
#ifndef CUSTOMER_TIER_GAMMA_GAMMA_H
#define CUSTOMER_TIER_GAMMA_GAMMA_H

#include "value/btyd.h"

extern const Model ct_gamma_gamma;

extern double ct_predict_spend(const double *param, double x, double m);

#endif							/* CUSTOMER_TIER_GAMMA_GAMMA_H */
