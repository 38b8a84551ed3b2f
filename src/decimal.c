/*
 * decimal.c
 *		Doubles as the decimals that they were written as.
 */
#include "decimal.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

PG_FUNCTION_INFO_V1(customer_tier_json_numbers);

#define MOST_DIGITS		17		/* of a shortest decimal */
#define FEWEST_DIGITS	15		/* every decimal of so many is a double of its own */
#define LARGEST			1e15	/* with fewer digits than that before the point */
#define SMALLEST		1e-6	/* and so many zeros behind it, powers of 10 are exact */

static const double pow10[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

/* numeric, of a finite value, whatever extra_float_digits is */
Datum
customer_tier_decimal(double value)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, digits);
	return DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/*
 * What the decimal of a value is above the value, to 2^-100 of it; false where that
 * is not found by arithmetic alone.
 *
 * The value times a power of ten, as a double and what rounding took from it, is
 * rounded to 15, 16 and 17 digits; the first result that is nearer to the value than
 * to other doubles is the decimal.
 */
bool
customer_tier_decimal_rest(double value, double *rest)
{
	double		v = fabs(value);
	union
	{
		double		d;
		uint64		u;
	}			bits = {v};
	int			exponent = (int) (bits.u >> 52) - 1023;
	int			scale;
	double		scaled;
	double		left;
	double		half;
	int64		whole;

	*rest = 0;
	if (v == 0)
		return true;
	if (!(v >= SMALLEST && v < LARGEST))
		return false;
	/* the digits before the point, less one: of log10(v) the whole part, or one less: exact, or one too many */
	scale = Min(MOST_DIGITS - 1 - (int) floor(exponent * 0.30102999566398119), lengthof(pow10) - 1);
	scaled = v * pow10[scale];
	left = fma(v, pow10[scale], -scaled);
	if (scaled > 1e17 || (scaled == 1e17 && left >= 0))
	{
		scale--;
		scaled = v * pow10[scale];
		left = fma(v, pow10[scale], -scaled);
	}
	whole = (int64) scaled;

	/* half of the way to the next double */
	bits.u = (uint64) (exponent - 53 + 1023) << 52;
	half = pow10[scale] * bits.d;
	bits.d = v;
	for (int64 unit = 100; unit > 0; unit /= 10)
	{
		int64		units = whole / unit;
		double		part = ((double) (whole % unit) + left) / (double) unit;
		double		up = floor(part + 0.5);
		double		above;

		if (up == part + 0.5 && (units + (int64) up) % 2 != 0)
			up--;				/* halves go to the even one */
		above = (double) ((units + (int64) up) * unit - whole) - left;
		if (unit == 1 || fabs(above) < half)
		{
			/* below a power of two doubles are denser */
			if (unit > 1 && above < 0 && (bits.u & ((UINT64CONST(1) << 52) - 1)) == 0 && -above >= half / 2)
				continue;
			above /= pow10[scale];
			*rest = value < 0 ? -above : above;
			return true;
		}
	}
	pg_unreachable();
}

/* json_numbers(numbers): as JSON, which has no infinity: that is a string there */
Datum
customer_tier_json_numbers(PG_FUNCTION_ARGS)
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
			v.val.numeric = DatumGetNumeric(customer_tier_decimal(d));
		}
		pushJsonbValue(&state, WJB_ELEM, &v);
	}
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
}
