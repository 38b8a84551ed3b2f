/*
 * rule.h
 *		The rule of a grading: axes, their cuts, and the rank of each combination of scores.
 */
#ifndef CUSTOMER_TIER_RULE_H
#define CUSTOMER_TIER_RULE_H

#include "base/compat.h"

#include "utils/array.h"
#include "utils/jsonb.h"

#include "cuts/normalise.h"
#include "cuts/weighted_score.h"

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
	char	   *name;			/* or NULL */
	bool		fit;			/* fit or fit_top, else fill */
	bool		top;			/* the highest value reaches every line, whatever its ties */
	bool		lower;			/* lower is better: values and lines are negated */
	int			nat;
	double	   *at;
	int			column;			/* its first column of values */
	int			nmeasures;
	Normalise	normalise;
	Weights    *weights;		/* of the measures of a weighted axis, else NULL */
	int			nlines;
	int			line_at;		/* its first line among those of all axes */
	int			stride;			/* distance of its scores in the map */
} Axis;

typedef struct Rule
{
	int			naxes;
	Axis	   *axis;
	int			ncolumns;		/* of values, for all axes */
	int			nlines;			/* of all axes */
	int			nmap;
	const int32 *map;			/* the rank of each combination of scores; the first axis varies fastest */
	double		keep;			/* the part of a line that suffices to stay above it, 1 if there is none */
} Rule;

#define MAX_AXES			6
#define MAX_COMBINATIONS	10000	/* of scores */

extern Rule *ct_rule_from(Jsonb *axes, ArrayType *sizes, ArrayType *map, double keep);

#endif							/* CUSTOMER_TIER_RULE_H */
