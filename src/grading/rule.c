/*
 * rule.c
 *		Reads a rule from its axes as JSON.
 *
 * SQL checks a rule when it is declared.  Because any user can call grade(), everything that
 * array sizes and indexes depend on is checked here again.
 */
#include "grading/rule.h"

#include <math.h>

#include "utils/fmgrprotos.h"

#include "base/amount.h"
#include "cuts/arguments.h"
#include "cuts/natural.h"

#define MAX_MEASURES	100		/* of an axis */

pg_noreturn static void
wrong_rule(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a rule has an invalid %s", what)));
}

static JsonbValue *
field(JsonbContainer *object, const char *name)
{
	JsonbValue *v = JsonContainerIsObject(object) ?
		getKeyJsonValueFromContainer(object, name, strlen(name), NULL) : NULL;

	return v == NULL || v->type == jbvNull ? NULL : v;
}

static char *
text_field(JsonbContainer *object, const char *name)
{
	JsonbValue *v = field(object, name);

	return v != NULL && v->type == jbvString ? pnstrdup(v->val.string.val, v->val.string.len) : NULL;
}

/* the index of a text field in a NULL-terminated list of names */
static int
choice(JsonbContainer *object, const char *name, const char *const *names)
{
	JsonbValue *v = field(object, name);

	for (int i = 0; v != NULL && v->type == jbvString && names[i] != NULL; i++)
		if (v->val.string.len == strlen(names[i]) && memcmp(v->val.string.val, names[i], v->val.string.len) == 0)
			return i;
	wrong_rule(name);
}

/* an array of numbers; NULL if there is none */
static double *
numbers(JsonbContainer *object, const char *name, int *n)
{
	JsonbValue *v = field(object, name);
	double	   *result;

	*n = 0;
	if (v == NULL)
		return NULL;
	if (v->type != jbvBinary || !JsonContainerIsArray(v->val.binary.data))
		wrong_rule(name);
	*n = JsonContainerSize(v->val.binary.data);
	result = palloc(Max(*n, 1) * sizeof(double));
	for (int i = 0; i < *n; i++)
	{
		JsonbValue *number = getIthJsonbValueFromContainer(v->val.binary.data, i);

		if (number->type != jbvNumeric)
			wrong_rule(name);
		result[i] = DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(number->val.numeric)));
	}
	return result;
}

/* "at" must be ascending and finite; fractions above 0 and at most 1, numbers of customers at least 1 */
static void
check_at(const Axis *a)
{
	bool		parts = a->by == BY_SHARE || a->by == BY_HEADS || a->by == BY_MEAN_SCORE;

	for (int i = 0; i < a->nat; i++)
	{
		ct_check_value(a->at[i]);
		if ((i > 0 && a->at[i] <= a->at[i - 1]) || (a->by == BY_COUNT && a->at[i] < 1))
			wrong_rule("at");
		if (parts)
			ct_check_fraction(a->at[i]);
	}
	if ((a->by == BY_NATURAL && !(a->at[0] >= 2 && a->at[0] <= MAX_NATURAL_CLASSES)) ||
		(a->by == BY_MEAN_SCORE && a->nat < 1))
		wrong_rule("at");
}

static void
read_axis(Axis *a, JsonbContainer *object, int size)
{
	static const char *const by[] = {
		"value", "share", "heads", "count", "natural", "mean", "median", "mean_score", NULL
	};
	static const char *const rule[] = {"fill", "fit", "fit_top", NULL};
	static const char *const better[] = {"higher", "lower", NULL};
	static const char *const normalise[] = {"percentile", "min_max", "z_score", NULL};
	int			nweights;
	double	   *weight;

	a->name = text_field(object, "name");
	a->by = choice(object, "by", by);
	a->lower = choice(object, "better", better) == 1;
	a->at = numbers(object, "at", &a->nat);
	if (a->by == BY_SHARE || a->by == BY_HEADS || a->by == BY_COUNT || a->by == BY_MEAN_SCORE)
	{
		a->fit = choice(object, "rule", rule) > 0;
		a->top = choice(object, "rule", rule) > 1;
	}
	a->nmeasures = 1;
	if (field(object, "measures") != NULL)
	{
		weight = numbers(object, "weights", &nweights);
		if (nweights < 1 || nweights > MAX_MEASURES)
			wrong_rule("weights");
		a->nmeasures = nweights;
		a->normalise = choice(object, "normalise", normalise);
		a->weights = ct_make_weights(weight, nweights);
	}
	a->nlines = size - 1;
	switch (a->by)
	{
		case BY_MEAN:
		case BY_MEDIAN:
		case BY_MEAN_SCORE:
			if (size != 2)
				wrong_rule("size");
			break;
		case BY_NATURAL:
			if (a->nat != 1 || a->at[0] != size)
				wrong_rule("size");
			break;
		default:
			if (a->nat != a->nlines)
				wrong_rule("size");
	}
	check_at(a);
	if (a->lower && a->by == BY_VALUE)
		for (int i = 0, j = a->nat - 1; i <= j; i++, j--)
		{
			double		swap = a->at[i];

			a->at[i] = -a->at[j];
			a->at[j] = -swap;
		}
}

/*
 * ct_rule_from
 *		Reads a rule into the current memory context.
 */
Rule *
ct_rule_from(Jsonb *axes, ArrayType *sizes, ArrayType *map, double keep)
{
	Rule	   *r = palloc0(sizeof(Rule));
	int			combinations = 1;

	if (!JB_ROOT_IS_ARRAY(axes) || ARR_NDIM(sizes) != 1 || ARR_DIMS(sizes)[0] != JB_ROOT_COUNT(axes) ||
		ARR_NDIM(map) != 1 || array_contains_nulls(sizes) || array_contains_nulls(map))
		wrong_rule("shape");
	r->naxes = JB_ROOT_COUNT(axes);
	if (r->naxes < 1 || r->naxes > MAX_AXES || ARR_DIMS(map)[0] > MAX_COMBINATIONS)
		wrong_rule("number of axes");
	r->axis = palloc0(r->naxes * sizeof(Axis));
	r->nmap = ARR_DIMS(map)[0];
	r->map = (const int32 *) ARR_DATA_PTR(map);
	r->keep = keep;
	if (!(keep > 0 && keep <= 1))
		wrong_rule("keep");
	for (int i = 0; i < r->naxes; i++)
	{
		JsonbValue *object = getIthJsonbValueFromContainer(&axes->root, i);
		int32		size = ((const int32 *) ARR_DATA_PTR(sizes))[i];
		Axis	   *a = &r->axis[i];

		if (object->type != jbvBinary || size < 1 || size > r->nmap)
			wrong_rule("axis");
		read_axis(a, object->val.binary.data, size);
		a->column = r->ncolumns;
		r->ncolumns += a->nmeasures;
		a->line_at = r->nlines;
		r->nlines += a->nlines;
		a->stride = combinations;
		combinations *= size;
		if (combinations > r->nmap)
			wrong_rule("map");
	}
	if (combinations != r->nmap)
		wrong_rule("map");
	return r;
}
