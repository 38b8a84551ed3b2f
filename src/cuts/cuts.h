/*
 * cuts.h
 *		Lines between classes, found in the values of all customers.
 *
 * The functions take n > 0 finite values in any order, and do not change them.
 */
#ifndef CUSTOMER_TIER_CUTS_H
#define CUSTOMER_TIER_CUTS_H

#include "base/compat.h"

extern void ct_find_lines(const double *value, int64 n, bool by_value, const double *limit, int nlimits,
						  bool fit, double *line);
extern double ct_mean(const double *value, int64 n);

#endif							/* CUSTOMER_TIER_CUTS_H */
