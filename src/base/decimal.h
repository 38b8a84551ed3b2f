/*
 * decimal.h
 *		Doubles as the decimals that they were written as.
 *
 * The decimal of a double is the shortest that is read as this double, and of those
 * the nearest, as PostgreSQL itself writes it at its default extra_float_digits.
 */
#ifndef CUSTOMER_TIER_DECIMAL_H
#define CUSTOMER_TIER_DECIMAL_H

#include "base/compat.h"

extern Datum ct_decimal(double value);
extern bool ct_decimal_rest(double value, double *rest);

#endif							/* CUSTOMER_TIER_DECIMAL_H */
