/*
 * natural.h
 *		Natural classes: the lines that minimise the variance within the classes.
 */
#ifndef CUSTOMER_TIER_NATURAL_H
#define CUSTOMER_TIER_NATURAL_H

#include "base/compat.h"

#define MAX_NATURAL_CLASSES	100

extern void ct_natural_lines(const double *value, int64 n, int classes, double *line);

#endif							/* CUSTOMER_TIER_NATURAL_H */
