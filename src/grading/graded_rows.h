/*
 * graded_rows.h
 *		Compares customers with the state of the last refresh.
 */
#ifndef CUSTOMER_TIER_GRADED_ROWS_H
#define CUSTOMER_TIER_GRADED_ROWS_H

#include "grading/grading.h"

extern bool ct_is_graded(const Grading *g, int64 customer);
extern bool ct_any_stored(const Grading *g);
extern void ct_add_settled(Grading *g, int64 customer);
extern void ct_compare_state(Grading *g, const char *also, const char *state);

#endif							/* CUSTOMER_TIER_GRADED_ROWS_H */
