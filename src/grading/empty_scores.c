/*
 * empty_scores.c
 *		Warns of scores without customers, which occur where many customers have the same value.
 */
#include "grading/empty_scores.h"

#include "lib/stringinfo.h"

/* whether an axis is cut as before, so that the warning was given then */
static bool
same_cut(const Axis *a, const Axis *before)
{
	return a->by == before->by && a->fit == before->fit && a->top == before->top && a->nat == before->nat &&
		memcmp(a->at, before->at, a->nat * sizeof(double)) == 0;
}

/* lists the scores of an axis without customers; NULL if there are none, or fewer customers than scores */
static char *
empty_scores(const Grades *g, int axis)
{
	int			nscores = g->rule->axis[axis].nlines + 1;
	int64	   *heads = palloc0((nscores + 1) * sizeof(int64));
	int64		n = COLUMNS_SIZE(g->columns);
	StringInfoData list;

	FOR_STEPS(i, 0, n)
		heads[g->score[axis][i]]++;
	initStringInfo(&list);
	for (int score = 1; score <= nscores; score++)
		if (heads[score] == 0)
			appendStringInfo(&list, "%s%d", list.len > 0 ? ", " : "", score);
	return list.len > 0 && n - heads[SCORE_NULL] >= nscores ? list.data : NULL;
}

/*
 * ct_warn_of_empty_scores
 *		Warns of each axis that is cut by heads and has a score without customers.
 *
 * "before" is the rule of an earlier day, or NULL.  Axes that it cuts the same way are not
 * warned of again.
 */
void
ct_warn_of_empty_scores(const Grades *g, const Rule *before)
{
	for (int i = 0; i < g->rule->naxes; i++)
	{
		const Axis *a = &g->rule->axis[i];
		char	   *empty;

		if ((a->by != BY_HEADS && a->by != BY_MEAN_SCORE) || (before != NULL && same_cut(a, &before->axis[i])) ||
			(empty = empty_scores(g, i)) == NULL)
			continue;
		ereport(WARNING,
				(errmsg("no customer has score %s of axis \"%s\"", empty, a->name ? a->name : "?"),
				 errdetail("Customers with the same value have the same score, and many have the same."),
				 errhint("Lines of your own can separate them: by => 'value', "
						 "or recency_at, frequency_at and monetary_at of preset rfm.")));
	}
}
