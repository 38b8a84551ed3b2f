/*
 * empty_scores.h
 *		Warns of scores without customers.
 */
#ifndef CUSTOMER_TIER_EMPTY_SCORES_H
#define CUSTOMER_TIER_EMPTY_SCORES_H

#include "grading/grade.h"

extern void ct_warn_of_empty_scores(const Grades *g, const Rule *before);

#endif							/* CUSTOMER_TIER_EMPTY_SCORES_H */
