/*
 * decimal.h
 *		The decimal that a double was written as.
 *
 * The decimal of a double is the shortest one that is read as this double, and of
 * several the nearest to it.  PostgreSQL prints it at the default extra_float_digits.
 */
#ifndef CUSTOMER_TIER_DECIMAL_H
#define CUSTOMER_TIER_DECIMAL_H

#include "base/compat.h"

extern Datum ct_decimal(double value);
extern bool ct_decimal_rest(double value, double *rest);

#endif							/* CUSTOMER_TIER_DECIMAL_H */
