/*
 * classes.h
 *		Labels of classes that are known by which lines are reached.
 */
#ifndef CUSTOMER_TIER_CLASSES_H
#define CUSTOMER_TIER_CLASSES_H

#include "compat.h"

extern Datum customer_tier_quadrant(bool x_high, bool y_high, Datum labels);
extern Datum customer_tier_class8(bool r_high, bool f_high, bool m_high, Datum language);

#endif							/* CUSTOMER_TIER_CLASSES_H */
