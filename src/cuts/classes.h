/*
 * classes.h
 *		Labels of classes, given which lines a value reaches.
 */
#ifndef CUSTOMER_TIER_CLASSES_H
#define CUSTOMER_TIER_CLASSES_H

#include "base/compat.h"

extern Datum ct_quadrant(bool x_high, bool y_high, Datum labels);

#endif							/* CUSTOMER_TIER_CLASSES_H */
