/*
 * classes.h
 *		Labels of classes that are known by which lines are reached.
 */
#ifndef CUSTOMER_TIER_CLASSES_H
#define CUSTOMER_TIER_CLASSES_H

#include "base/compat.h"

extern Datum ct_quadrant(bool x_high, bool y_high, Datum labels);

#endif							/* CUSTOMER_TIER_CLASSES_H */
