/*
 * classes.c
 *		From a value and its lines to a class: comparisons only.
 */
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "amount.h"
#include "sample.h"

PG_FUNCTION_INFO_V1(customer_tier_score);
PG_FUNCTION_INFO_V1(customer_tier_score_numeric);
PG_FUNCTION_INFO_V1(customer_tier_classify);
PG_FUNCTION_INFO_V1(customer_tier_classify_numeric);
PG_FUNCTION_INFO_V1(customer_tier_quadrant_class);
PG_FUNCTION_INFO_V1(customer_tier_rfm_segment);

static double
check_number(double value)
{
	if (unlikely(isnan(value)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("NaN belongs to no class"),
				 errhint("Leave such rows out or correct them.")));
	return value;
}

/* 1 + the number of cut points reached */
static int
get_score(FunctionCallInfo fcinfo, double value, int *ncuts)
{
	const double *cut = customer_tier_get_params(fcinfo, 1, ncuts);
	int			score = 1;

	value = check_number(value);
	for (int i = 0; i < *ncuts; i++)
	{
		if (unlikely(isnan(cut[i]) || (i > 0 && cut[i] < cut[i - 1])))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("cuts must be ascending numbers")));
		score += value >= cut[i];
	}
	return score;
}

/* the n-th label of an array, from 0, in storage order */
static Datum
get_label(FunctionCallInfo fcinfo, ArrayType *labels, int n)
{
	char	   *p = ARR_DATA_PTR(labels);

	if (array_contains_nulls(labels))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("labels must not be null")));
	for (int i = 0; i < n; i++)
	{
		p = att_addlength_pointer(p, -1, p);
		p = (char *) att_align_nominal(p, TYPALIGN_INT);
	}
	return PointerGetDatum(PG_DETOAST_DATUM_COPY(PointerGetDatum(p)));
}

Datum
customer_tier_score(PG_FUNCTION_ARGS)
{
	int			ncuts;

	PG_RETURN_INT32(get_score(fcinfo, PG_GETARG_FLOAT8(0), &ncuts));
}

Datum
customer_tier_score_numeric(PG_FUNCTION_ARGS)
{
	int			ncuts;

	PG_RETURN_INT32(get_score(fcinfo, customer_tier_numeric_to_double(PG_GETARG_DATUM(0)), &ncuts));
}

/* classify(value, cuts, labels): the lowest class first, like the cuts */
static Datum
get_class(FunctionCallInfo fcinfo, double value)
{
	ArrayType  *labels = PG_GETARG_ARRAYTYPE_P(2);
	int			ncuts;
	int			score = get_score(fcinfo, value, &ncuts);

	if (ARR_NDIM(labels) != 1 || ARR_DIMS(labels)[0] != ncuts + 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d cuts need %d labels", ncuts, ncuts + 1),
				 errhint("Give a label for each class, the lowest first.")));
	return get_label(fcinfo, labels, score - 1);
}

Datum
customer_tier_classify(PG_FUNCTION_ARGS)
{
	return get_class(fcinfo, PG_GETARG_FLOAT8(0));
}

Datum
customer_tier_classify_numeric(PG_FUNCTION_ARGS)
{
	return get_class(fcinfo, customer_tier_numeric_to_double(PG_GETARG_DATUM(0)));
}

/*
 * quadrant_class(x, y, x_cut, y_cut [, labels]): rows of the labels go with y,
 * columns with x, the low ones first.
 */
Datum
customer_tier_quadrant_class(PG_FUNCTION_ARGS)
{
	static const char *const name[] = {"low_value", "ordinary", "potential", "key"};
	ArrayType  *labels;
	double		x = check_number(PG_GETARG_FLOAT8(0));
	double		y = check_number(PG_GETARG_FLOAT8(1));
	int			quadrant = 2 * (y >= check_number(PG_GETARG_FLOAT8(3))) +
	(x >= check_number(PG_GETARG_FLOAT8(2)));

	if (PG_NARGS() < 5)
		PG_RETURN_TEXT_P(cstring_to_text(name[quadrant]));
	labels = PG_GETARG_ARRAYTYPE_P(4);
	if (ARR_NDIM(labels) != 2 || ARR_DIMS(labels)[0] != 2 || ARR_DIMS(labels)[1] != 2)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a quadrant needs two rows of two labels"),
				 errhint("For example '{{low_value,ordinary},{potential,key}}': low y first, in it low x first.")));
	return get_label(fcinfo, labels, quadrant);
}

/* the eleven segments, by recency, frequency and monetary score of 1 to 5 */
Datum
customer_tier_rfm_segment(PG_FUNCTION_ARGS)
{
	static const char segment[5][5][6] = {
		{"DDXXX", "DHHRR", "DHRRR", "DRRXR", "DRRXX"},
		{"HHSXX", "SHHRR", "SHHRR", "SRRRR", "SRRRR"},
		{"NSOOO", "SHPWW", "SHPWL", "PPWLL", "PPPLL"},
		{"NNOOO", "NNPOO", "PPPWL", "PPWLC", "PPPCC"},
		{"NNOOO", "OOOOO", "PPPWW", "PPLCC", "PPPCC"}
	};
	int			r = PG_GETARG_INT32(0);
	int			f = PG_GETARG_INT32(1);
	int			m = PG_GETARG_INT32(2);
	const char *name;

	if (r < 1 || r > 5 || f < 1 || f > 5 || m < 1 || m > 5)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("RFM scores must be between 1 and 5, not %d %d %d", r, f, m)));
	switch (segment[r - 1][f - 1][m - 1])
	{
		case 'C':
			name = "Champions";
			break;
		case 'L':
			name = "Loyal";
			break;
		case 'P':
			name = "Potential Loyalist";
			break;
		case 'N':
			name = "New";
			break;
		case 'O':
			name = "Promising";
			break;
		case 'W':
			name = "Need Attention";
			break;
		case 'S':
			name = "About To Sleep";
			break;
		case 'R':
			name = "At Risk";
			break;
		case 'X':
			name = "Cannot Lose";
			break;
		case 'H':
			name = "Hibernating";
			break;
		default:
			name = "Lost";
			break;
	}
	PG_RETURN_TEXT_P(cstring_to_text(name));
}
