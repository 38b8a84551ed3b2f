/*
 * rule.h
 *		The axes of a grading, their cuts, and which combination of scores has which rank.
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

extern Rule *ct_rule_from(Jsonb *axes, ArrayType *sizes, ArrayType *map, double keep);

#endif							/* CUSTOMER_TIER_RULE_H */
