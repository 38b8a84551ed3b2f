/*
 * cuts.h
 *		The lines between classes, found in the values of all customers.
 *
 * Each takes n > 0 finite values in any order, and leaves them as they are.
 */
#ifndef CUSTOMER_TIER_CUTS_H
#define CUSTOMER_TIER_CUTS_H

#include "base/compat.h"

extern void ct_find_lines(const double *value, int64 n, bool by_value, const double *limit, int nlimits,
						  bool fit, double *line);
extern double ct_mean(const double *value, int64 n);

#endif							/* CUSTOMER_TIER_CUTS_H */
