/*
 * classes.c
 *		Classes of values whose lines are known.
 */
#include "cuts/classes.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/amount.h"
#include "cuts/arguments.h"

PG_FUNCTION_INFO_V1(ct_score);
PG_FUNCTION_INFO_V1(ct_score_numeric);
PG_FUNCTION_INFO_V1(ct_classify);
PG_FUNCTION_INFO_V1(ct_classify_numeric);
PG_FUNCTION_INFO_V1(ct_quadrant_class);
PG_FUNCTION_INFO_V1(ct_grid_class);

/* Infinity is valid: it is the line of an empty class. */
static double
check_cut(double cut)
{
	if (unlikely(isnan(cut)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a cut must be a number")));
	return cut;
}

/* 1 + the number of cuts that the value reaches; the cuts are the array argument "arg" */
static int
get_score(FunctionCallInfo fcinfo, double value, int arg, int *ncuts)
{
	const double *cut = ct_get_params(fcinfo, arg, ncuts);
	int			score = 1;

	value = ct_check_value(value);
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

/* label n of an array, counted from 0 in storage order */
static Datum
get_label(ArrayType *labels, int n)
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
ct_score(PG_FUNCTION_ARGS)
{
	int			ncuts;

	PG_RETURN_INT32(get_score(fcinfo, PG_GETARG_FLOAT8(0), 1, &ncuts));
}

Datum
ct_score_numeric(PG_FUNCTION_ARGS)
{
	int			ncuts;

	PG_RETURN_INT32(get_score(fcinfo, ct_numeric_to_double(PG_GETARG_DATUM(0)), 1, &ncuts));
}

/* classify(value, cuts, labels): labels ascend from the lowest class, as the cuts do */
static Datum
get_class(FunctionCallInfo fcinfo, double value)
{
	ArrayType  *labels = PG_GETARG_ARRAYTYPE_P(2);
	int			ncuts;
	int			score = get_score(fcinfo, value, 1, &ncuts);

	if (ARR_NDIM(labels) != 1 || ARR_DIMS(labels)[0] != ncuts + 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d cuts need %d labels", ncuts, ncuts + 1),
				 errhint("Give a label for each class, the lowest first.")));
	return get_label(labels, score - 1);
}

Datum
ct_classify(PG_FUNCTION_ARGS)
{
	return get_class(fcinfo, PG_GETARG_FLOAT8(0));
}

Datum
ct_classify_numeric(PG_FUNCTION_ARGS)
{
	return get_class(fcinfo, ct_numeric_to_double(PG_GETARG_DATUM(0)));
}

/* A label of a matrix.  Its rows are the classes of y, its columns those of x, the lowest first. */
static Datum
get_matrix_label(ArrayType *labels, int columns, int rows, int column, int row)
{
	if (ARR_NDIM(labels) != 2 || ARR_DIMS(labels)[0] != rows || ARR_DIMS(labels)[1] != columns)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("the cuts need %d rows of %d labels", rows, columns),
				 errhint("Give a row for each class of y, the lowest first, with a label for each class of x: "
						 "for a quadrant '{{low_value,ordinary},{potential,key}}'.")));
	return get_label(labels, row * columns + column);
}

/*
 * ct_quadrant
 *		The label of a quadrant as text, in the current memory context.
 *
 * "labels" is a text[], or 0 for the usual names.
 */
Datum
ct_quadrant(bool x_high, bool y_high, Datum labels)
{
	static const char *const name[] = {"low_value", "ordinary", "potential", "key"};

	if (labels == (Datum) 0)
		return PointerGetDatum(cstring_to_text(name[2 * y_high + x_high]));
	return get_matrix_label(DatumGetArrayTypeP(labels), 2, 2, x_high, y_high);
}

/* quadrant_class(x, y, x_cut, y_cut [, labels]) */
Datum
ct_quadrant_class(PG_FUNCTION_ARGS)
{
	double		x = ct_check_value(PG_GETARG_FLOAT8(0));
	double		y = ct_check_value(PG_GETARG_FLOAT8(1));

	return ct_quadrant(x >= check_cut(PG_GETARG_FLOAT8(2)),
					   y >= check_cut(PG_GETARG_FLOAT8(3)),
					   PG_NARGS() > 4 ? PG_GETARG_DATUM(4) : (Datum) 0);
}

/*
 * grid_class(x, y, x_cuts, y_cuts [, labels]): without labels, a code such as A1, where
 * A is the highest class of y and 1 the highest of x
 */
Datum
ct_grid_class(PG_FUNCTION_ARGS)
{
	int			columns;
	int			rows;
	int			column = get_score(fcinfo, PG_GETARG_FLOAT8(0), 2, &columns) - 1;
	int			row = get_score(fcinfo, PG_GETARG_FLOAT8(1), 3, &rows) - 1;

	columns++;
	rows++;
	if (PG_NARGS() > 4)
		return get_matrix_label(PG_GETARG_ARRAYTYPE_P(4), columns, rows, column, row);
	if (rows > 26)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("grid_class has letters for at most 26 classes of y"),
				 errhint("Pass a matrix of labels.")));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%c%d", 'A' + rows - 1 - row, columns - column)));
}
