/*
 * empty_scores.h
 *		Scores that nobody has, because many customers have the same value.
 */
#ifndef CUSTOMER_TIER_EMPTY_SCORES_H
#define CUSTOMER_TIER_EMPTY_SCORES_H

#include "grading/grade.h"

extern void ct_warn_of_empty_scores(const Grades *g, const Rule *before);

#endif							/* CUSTOMER_TIER_EMPTY_SCORES_H */
