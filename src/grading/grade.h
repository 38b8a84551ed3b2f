/*
 * grade.h
 *		Computes lines, scores and ranks from the values of all customers.
 */
#ifndef CUSTOMER_TIER_GRADE_H
#define CUSTOMER_TIER_GRADE_H

#include "base/compat.h"

#include "grading/columns.h"
#include "grading/rule.h"

#define SCORE_NULL	0			/* scores count from 1 */
#define RANK_NULL	0			/* a score is missing; ranks count from 1 */

typedef struct Grades
{
	const Rule *rule;
	Columns    *columns;
	double	  **value;			/* [axis][customer] */
	int16	  **score;			/* [axis][customer] */
	int32	   *rank;
	int64		ngroups;
	double	   *line;			/* [group][line]; NaN where an axis has none */
} Grades;

/* the lines of a group */
#define GROUP_LINES(g, group)	((g)->line + (int64) (group) * (g)->rule->nlines)

extern Grades *ct_find_grades(const Rule *rule, Columns *c);
extern void ct_score_all(Grades *g);
extern void ct_check_measure_type(Oid type);
extern double ct_measure_value(Oid type, Datum d);
extern Datum ct_scores_array(const Grades *g, int64 customer);
extern Datum ct_values_array(const Grades *g, int64 customer, const bool *wanted);
extern int32 ct_rank_by(const Grades *g, const Rule *rule, const double *line, int64 customer, bool kept);

#endif							/* CUSTOMER_TIER_GRADE_H */
