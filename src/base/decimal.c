/*
 * decimal.c
 *		The decimal that a double was written as.
 */
#include "base/decimal.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

PG_FUNCTION_INFO_V1(ct_json_numbers);

#define MOST_DIGITS		17		/* of a shortest decimal */

/* between these the powers of 10 that ct_decimal_rest() needs are exact doubles */
#define LARGEST			1e15
#define SMALLEST		1e-6
#define SHIFT			0x1.8p52	/* a sum with it has no places behind the point */

static const double pow10[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

/*
 * ct_decimal
 *		The decimal of a finite double, as numeric.
 *
 * Unlike a cast, it does not depend on extra_float_digits.
 */
Datum
ct_decimal(double value)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, digits);
	return DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* rounds to the nearest integer, halves to the even one; |x| must be below 2^51 */
static inline double
nearest(double x)
{
	return (x + SHIFT) - SHIFT;
}

/*
 * ct_decimal_rest
 *		Finds how much the decimal of a value exceeds the value.
 *
 * "rest" is exact to 2^-100 of the value.  Returns false if the value is out of the
 * range that this method handles.
 *
 * The value is multiplied by a power of ten, into an integer and the rounding error
 * of the product.  That is rounded to 15, 16 and 17 digits.  The first of these
 * decimals that is nearer to the value than to any other double is the result.
 */
bool
ct_decimal_rest(double value, double *rest)
{
	double		v = fabs(value);
	union
	{
		double		d;
		uint64		u;
	}			bits = {v},
				step;
	int			exponent = (int) (bits.u >> 52) - 1023;
	int			scale;
	double		scaled;
	double		left;
	double		half;
	double		above;
	int64		whole;
	int			last;
	double		part;
	bool		denser;

	*rest = 0;
	if (v == 0)
		return true;
	if (!(v >= SMALLEST && v < LARGEST))
		return false;
	/* exponent * 1233 >> 12 is the integer part of log10(v), or one less: the scale is right or one too large */
	scale = Min(MOST_DIGITS - 1 - (exponent * 1233 >> 12), lengthof(pow10) - 1);
	scaled = v * pow10[scale];
	left = fma(v, pow10[scale], -scaled);
	if (scaled > 1e17 || (scaled == 1e17 && left >= 0))
	{
		scale--;
		scaled = v * pow10[scale];
		left = fma(v, pow10[scale], -scaled);
	}
	whole = (int64) scaled;

	/* half the distance to the next double; below a power of two the distance is half as long */
	step.u = (uint64) (exponent - 53 + 1023) << 52;
	half = pow10[scale] * step.d;
	denser = (bits.u & ((UINT64CONST(1) << 52) - 1)) == 0;
#define NEAR_ENOUGH	(fabs(above) < (denser && above < 0 ? half / 2 : half))

	/* 15 digits; a tie needs no care, as neither candidate would be near enough */
	last = (int) (whole % 100);
	part = last + left;
	above = 100 * nearest(part * 0.01) - last - left;
	if (!NEAR_ENOUGH)
	{
		/* 16 digits */
		last = (int) (whole % 10);
		part = (last + left) * 0.1;
		above = nearest(part);
		if (unlikely(fabs(part - above) == 0.5) && ((whole / 10 + (int) above) & 1) != 0)
			above += above > part ? -1 : 1;
		above = 10 * above - last - left;
		if (!NEAR_ENOUGH)
		{
			/* 17 digits */
			above = nearest(left);
			if (unlikely(fabs(left - above) == 0.5) && ((whole + (int) above) & 1) != 0)
				above += above > left ? -1 : 1;
			above -= left;
		}
	}
#undef NEAR_ENOUGH
	above /= pow10[scale];
	*rest = value < 0 ? -above : above;
	return true;
}

/*
 * json_numbers(numbers float8[])
 *		The numbers as a JSON array; NaN and infinity become strings, as JSON lacks them.
 */
Datum
ct_json_numbers(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	JsonbParseState *state = NULL;
	Datum	   *values;
	bool	   *nulls;
	int			n;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("expected a one-dimensional array of numbers")));
	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, &nulls, &n);
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n; i++)
	{
		JsonbValue	v = {.type = jbvNull};
		double		d = nulls[i] ? 0 : DatumGetFloat8(values[i]);

		if (!isfinite(d))
		{
			v.type = jbvString;
			v.val.string.val = isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity";
			v.val.string.len = strlen(v.val.string.val);
		}
		else if (!nulls[i])
		{
			v.type = jbvNumeric;
			v.val.numeric = DatumGetNumeric(ct_decimal(d));
		}
		pushJsonbValue(&state, WJB_ELEM, &v);
	}
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
}
