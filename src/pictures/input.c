/*
 * input.c
 *		What pictures are given: arrays of equal length.
 *
 * A null array is an empty one, as array_agg() of no rows gives it.
 */
#include "pictures/input.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "pictures/canvas.h"
#include "pictures/text.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"

/* the elements of an array argument, which may be null if nulls is not NULL */
static Datum *
get_elements(FunctionCallInfo fcinfo, int arg, const char *name, Oid type, bool **nulls, int *n)
{
	ArrayType  *array;
	Datum	   *elements;
	bool	   *is_null;
	int16		length;
	bool		by_value;
	char		align;

	*n = 0;
	if (PG_ARGISNULL(arg))
		return NULL;
	array = PG_GETARG_ARRAYTYPE_P(arg);
	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(array, type, length, by_value, align, &elements, &is_null, n);
	if (nulls != NULL)
		*nulls = is_null;
	else
		for (int i = 0; i < *n; i++)
			if (is_null[i])
				ereport(ERROR,
						(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						 errmsg("\"%s\" has a null at place %d", name, i + 1),
						 errhint("Leave out unknown values, or replace them: coalesce(..., 0).")));
	return elements;
}

/* Numbers; a null is NaN.  Numbers that are not finite are refused. */
double *
ct_get_numbers(FunctionCallInfo fcinfo, int arg, const char *name, int *n)
{
	bool	   *nulls;
	Datum	   *elements = get_elements(fcinfo, arg, name, FLOAT8OID, &nulls, n);
	double	   *numbers = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (*n + 1));

	for (int i = 0; i < *n; i++)
	{
		numbers[i] = nulls[i] ? get_float8_nan() : DatumGetFloat8(elements[i]);
		if (!nulls[i] && !isfinite(numbers[i]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("\"%s\" has a number that is not finite at place %d", name, i + 1),
					 errhint("A picture shows finite numbers; nullif(..., 'NaN') makes others null.")));
	}
	return numbers;
}

/* Numbers of zero or more, without nulls: heads, and what is drawn as a part of a whole. */
double *
ct_get_positive(FunctionCallInfo fcinfo, int arg, const char *name, int *n)
{
	double	   *numbers;

	(void) get_elements(fcinfo, arg, name, FLOAT8OID, NULL, n);
	numbers = ct_get_numbers(fcinfo, arg, name, n);
	for (int i = 0; i < *n; i++)
		if (numbers[i] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" has a number below zero at place %d", name, i + 1),
					 errhint("It is drawn as a part of a whole; svg_bars() draws numbers below zero.")));
	return numbers;
}

/* Integers without nulls. */
int *
ct_get_integers(FunctionCallInfo fcinfo, int arg, const char *name, int *n)
{
	Datum	   *elements = get_elements(fcinfo, arg, name, INT4OID, NULL, n);
	int		   *integers = palloc(sizeof(int) * (*n + 1));

	for (int i = 0; i < *n; i++)
		integers[i] = DatumGetInt32(elements[i]);
	return integers;
}

/* Texts as UTF-8, each NULL where it is null. */
char	  **
ct_get_texts(FunctionCallInfo fcinfo, int arg, const char *name, int *n)
{
	bool	   *nulls;
	Datum	   *elements = get_elements(fcinfo, arg, name, TEXTOID, &nulls, n);
	char	  **texts = palloc(sizeof(char *) * (*n + 1));

	for (int i = 0; i < *n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		texts[i] = nulls[i] ? NULL : ct_utf8(TextDatumGetCString(elements[i]));
	}
	return texts;
}

/* a colour, and nothing that could be more than one */
static void
check_colour(const char *colour)
{
	size_t		length = strlen(colour);
	bool		hex = colour[0] == '#';
	const char *known = hex ? "0123456789abcdefABCDEF" : "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if ((hex ? length != 4 && length != 7 : length == 0 || length > 24) ||
		strspn(colour + hex, known) != length - hex)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a colour", colour),
				 errhint("A colour is as #1b7837, or a name as teal; null is one of our own.")));
}

/* Colours of n tiers as attributes: what is given for it, or the shade of its rank. */
char	  **
ct_get_colours(FunctionCallInfo fcinfo, int arg, int n)
{
	int			given;
	char	  **colours = ct_get_texts(fcinfo, arg, "colours", &given);
	char	  **paint = palloc(sizeof(char *) * (n + 1));

	if (given > 0)
		ct_check_lengths(given, n, "colours", "tiers");
	for (int i = 0; i < n; i++)
	{
		if (given == 0 || colours[i] == NULL)
			paint[i] = unconstify(char *, ct_shade(i, n));
		else
		{
			check_colour(colours[i]);
			paint[i] = psprintf("fill=\"%s\"", colours[i]);
		}
	}
	return paint;
}

/* Arrays that go together are of one length. */
void
ct_check_lengths(int n, int expected, const char *name, const char *of)
{
	if (n != expected)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("\"%s\" has %d elements, \"%s\" has %d", name, n, of, expected),
				 errhint("Both are of the same rows: array_agg() each, in the same order.")));
}

void
ct_check_classes(int n, int most, const char *what)
{
	if (n > most)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%d %s are too many for a picture", n, what),
				 errhint("At most %d can be told apart: sum up the small ones as \"others\".", most)));
}

/* The place of a text, or -1. */
int
ct_find_text(char **texts, int n, const char *text)
{
	for (int i = 0; i < n; i++)
		if (texts[i] != NULL && strcmp(texts[i], text) == 0)
			return i;
	return -1;
}
