/*
 * number.h
 *		Numbers of a picture as UTF-8.
 */
#ifndef CUSTOMER_TIER_NUMBER_H
#define CUSTOMER_TIER_NUMBER_H

#include "base/compat.h"

extern char *ct_fixed(double value, int decimals);
extern char *ct_number(bool chinese, double value);
extern char *ct_signed(bool chinese, double value);
extern char *ct_percent(double share);
extern char *ct_part(double share);
extern double ct_tick_step(double range, int ticks);

#endif							/* CUSTOMER_TIER_NUMBER_H */
