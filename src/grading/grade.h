/*
 * grade.h
 *		From the values of all customers to lines, scores and ranks.
 */
#ifndef CUSTOMER_TIER_GRADE_H
#define CUSTOMER_TIER_GRADE_H

#include "base/compat.h"

#include "utils/array.h"
#include "utils/jsonb.h"

#include "cuts/normalise.h"
#include "cuts/weighted_score.h"
#include "grading/columns.h"

typedef enum CutBy
{
	BY_VALUE,
	BY_SHARE,
	BY_HEADS,
	BY_COUNT,
	BY_NATURAL,
	BY_MEAN,
	BY_MEDIAN,
	BY_MEAN_SCORE
} CutBy;

/* an axis of a rule, see axis() and weighted_axis() */
typedef struct Axis
{
	CutBy		by;
	char	   *name;			/* NULL if it is said nowhere */
	bool		fit;			/* the rule of cuts, else fill */
	bool		top;			/* the highest value reaches every line, whatever its ties */
	bool		lower;			/* is better: lines are those of the values with the sign changed */
	int			nat;
	double	   *at;
	int			column;			/* its first column of values */
	int			nmeasures;
	Normalise	normalise;
	Weights    *weights;		/* of measures that are one value together, else NULL */
	int			nlines;
	int			line_at;		/* its first line among those of all axes */
	int			stride;			/* how far apart its scores are in the map */
} Axis;

typedef struct Rule
{
	int			naxes;
	Axis	   *axis;
	int			ncolumns;		/* of values, for all axes */
	int			nlines;			/* of all axes */
	int			nmap;
	const int32 *map;			/* the rank of each combination of scores; those of the first axis run fastest */
	double		keep;			/* the part of a line that suffices to stay above it, 1 if there is none */
} Rule;

#define MAX_AXES			6
#define MAX_COMBINATIONS	10000	/* of scores */

#define SCORE_NULL	0			/* scores count from 1 */
#define RANK_NULL	0			/* of who lacks a score; ranks count from 1 */

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

extern Rule *ct_rule_from(Jsonb *axes, ArrayType *sizes, ArrayType *map, double keep);
extern Grades *ct_find_grades(const Rule *rule, Columns *c);
extern void ct_score_all(Grades *g);
extern void ct_check_measure_type(Oid type);
extern double ct_measure_value(Oid type, Datum d);
extern Datum ct_scores_array(const Grades *g, int64 customer);
extern Datum ct_values_array(const Grades *g, int64 customer, const bool *wanted);
extern int32 ct_rank_by(const Grades *g, const Rule *rule, const double *line, int64 customer, bool kept);

#endif							/* CUSTOMER_TIER_GRADE_H */
