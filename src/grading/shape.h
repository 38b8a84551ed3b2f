/*
 * shape.h
 *		What a refresh keeps of everybody.
 */
#ifndef CUSTOMER_TIER_SHAPE_H
#define CUSTOMER_TIER_SHAPE_H

#include "grading/grade.h"

extern Datum ct_spread_array(const Grades *g);
extern Datum ct_cells_array(const Grades *g);

#endif							/* CUSTOMER_TIER_SHAPE_H */
