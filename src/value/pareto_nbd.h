/*
 * pareto_nbd.h
 *		The Pareto/NBD model.
 */
#ifndef CUSTOMER_TIER_PARETO_NBD_H
#define CUSTOMER_TIER_PARETO_NBD_H

#include "value/btyd.h"

extern const Model ct_pareto_nbd;

extern double ct_residual_purchases(const double *param, const Customer *c, double delta);

#endif							/* CUSTOMER_TIER_PARETO_NBD_H */
