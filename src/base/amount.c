/*
 * amount.c
 *		Money as an integer of 10^-scale, to and from PostgreSQL's numeric.
 *
 * This file reads and writes the storage format of numeric, which is private to
 * numeric.c but cannot change because of pg_upgrade: a header of sign, display scale
 * and weight, then digits of base 10000.  Reading the digits here costs no more than
 * reading the column; the conversions of numeric.c cost several times that.
 */
#include "base/amount.h"

#include <float.h>

#include "utils/fmgrprotos.h"

#define DIGIT_BASE			10000
#define DIGIT_DECIMALS		4

#define HEADER_SHORT		0x8000
#define HEADER_SPECIAL		0xC000	/* NaN and the infinities */
#define HEADER_NEGATIVE		0x4000	/* in a long header */
#define SHORT_NEGATIVE		0x2000
#define SHORT_DSCALE_SHIFT	7
#define SHORT_WEIGHT_SIGN	0x0040
#define SHORT_WEIGHT_MASK	0x003F

const int64 ct_pow10[] = {
	INT64CONST(1), INT64CONST(10), INT64CONST(100), INT64CONST(1000),
	INT64CONST(10000), INT64CONST(100000), INT64CONST(1000000)
};

/*
 * ct_amount_overflow
 *		Reports that an amount or a sum of amounts exceeds 64 bits.
 */
void
ct_amount_overflow(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("amount is out of range for type ledger"),
			 errhint("An amount, a day's sum and a total must each fit into 64 bits "
					 "at the ledger's number of decimals.")));
}

/*
 * Finding the smallest scale would cost a division for each row.  So amounts get
 * scale 2, or 4 or 6 if they need it, or a smaller one if they are too large for it.
 */
static Amount
amount_reduce(int128 value, int scale)
{
	Amount		a;

	while (scale > 2 && value % 100 == 0)
	{
		value /= 100;
		scale -= 2;
	}
	if (scale > AMOUNT_MAX_SCALE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount has more than %d decimals", AMOUNT_MAX_SCALE),
				 errhint("Round it first: round(amount, 2).")));
	while (scale > 0 && (value > PG_INT64_MAX || value < -PG_INT64_MAX) &&
		   value % 10 == 0)
	{
		value /= 10;
		scale--;
	}
	if (value > PG_INT64_MAX || value < -PG_INT64_MAX)
		ct_amount_overflow();
	a.value = (int64) value;
	a.scale = scale;
	return a;
}

/* a numeric's digits of base 10000; the first is worth 10000^weight */
typedef struct Digits
{
	const char *p;
	int			n;
	int			weight;
	bool		negative;
	bool		special;
} Digits;

static inline Digits
get_digits(Datum numeric)
{
	struct varlena *v = PG_DETOAST_DATUM_PACKED(numeric);
	Size		len = VARSIZE_ANY_EXHDR(v);
	uint16		header;
	Digits		d;

	d.p = VARDATA_ANY(v);
	memcpy(&header, d.p, sizeof(header));
	d.special = (header & HEADER_SPECIAL) == HEADER_SPECIAL;
	if (likely((header & HEADER_SPECIAL) == HEADER_SHORT))
	{
		d.negative = (header & SHORT_NEGATIVE) != 0;
		d.weight = (header & SHORT_WEIGHT_MASK) -
			((header & SHORT_WEIGHT_SIGN) ? SHORT_WEIGHT_MASK + 1 : 0);
		d.p += sizeof(uint16);
		len -= sizeof(uint16);
	}
	else
	{
		int16		weight = 0;

		if (!d.special)
			memcpy(&weight, d.p + sizeof(uint16), sizeof(weight));
		d.negative = (header & HEADER_SPECIAL) == HEADER_NEGATIVE;
		d.weight = weight;
		d.p += 2 * sizeof(uint16);
		len -= Min(len, 2 * sizeof(uint16));
	}
	d.n = (int) (len / sizeof(int16));
	return d;
}

static inline int
get_digit(const Digits *d, int i)
{
	int16		digit;

	memcpy(&digit, d->p + i * sizeof(int16), sizeof(digit));
	return digit;
}

/* gets a value below 10^12 with at most four decimals, times 10^4; false for others */
static inline bool
small_value(const Digits *d, int64 *value)
{
	int			fraction = d->n - 1 - d->weight;

	if (unlikely(d->special || d->weight > 2 || fraction > 1))
		return false;
	*value = 0;
	if (d->n > 0)
	{
		for (int i = 0; i < d->n; i++)
			*value = *value * DIGIT_BASE + get_digit(d, i);
		for (int i = fraction; i < 1; i++)
			*value *= DIGIT_BASE;
		if (d->negative)
			*value = -*value;
	}
	return true;
}

/*
 * ct_amount_from_numeric
 *		The exact amount of a numeric, which must be finite, within 64 bits, and have
 *		at most AMOUNT_MAX_SCALE decimals.
 */
Amount
ct_amount_from_numeric(Datum numeric)
{
	Digits		d = get_digits(numeric);
	int			fraction = d.n - 1 - d.weight;
	int128		value = 0;
	Amount		a;

	if (likely(small_value(&d, &a.value)))
	{
		a.scale = 4;
		if (a.value % 100 == 0)
		{
			a.value /= 100;
			a.scale = 2;
		}
		return a;
	}
	if (d.special)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount must be a finite number"),
				 errhint("NaN and infinity cannot be summed; leave such rows out or correct them.")));
	if (d.weight > 4)			/* from 10^20 on */
		ct_amount_overflow();
	/* the last stored digit is never zero, so three of fraction are more than eight decimals */
	if (fraction > 2)
		return amount_reduce(1, 2 * DIGIT_DECIMALS);
	for (int i = 0; i < d.n; i++)
		value = value * DIGIT_BASE + get_digit(&d, i);
	for (int i = fraction; i < 0; i++)
		value *= DIGIT_BASE;
	return amount_reduce(d.negative ? -value : value, Max(fraction, 0) * DIGIT_DECIMALS);
}

/*
 * ct_numeric_to_double
 *		The same as a cast to float8.
 *
 * The cast prints and reads text.  A small value is an exact integer divided by 10^4,
 * which is rounded once as well.
 */
double
ct_numeric_to_double(Datum numeric)
{
	Digits		d = get_digits(numeric);
	int64		value;

	if (likely(small_value(&d, &value) &&
			   value <= INT64CONST(1) << DBL_MANT_DIG && value >= -(INT64CONST(1) << DBL_MANT_DIG)))
		return (double) value / ct_pow10[DIGIT_DECIMALS];
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, numeric));
}

/*
 * ct_amount_to_double
 *		value / 10^scale as the nearest double, which is that of its numeric.
 */
double
ct_amount_to_double(int64 value, int scale)
{
	if (likely(value <= INT64CONST(1) << DBL_MANT_DIG && value >= -(INT64CONST(1) << DBL_MANT_DIG)))
		return (double) value / ct_pow10[scale];
	return ct_numeric_to_double(ct_amount_to_numeric(value, scale));
}

/*
 * ct_amount_to_numeric
 *		A numeric with exactly "scale" decimals, in the current memory context.
 */
Datum
ct_amount_to_numeric(int64 value, int scale)
{
	int			fraction = (scale + DIGIT_DECIMALS - 1) / DIGIT_DECIMALS;
	uint128		v = value < 0 ? -(uint128) value : (uint128) value;
	int16		digits[8];
	int			first = lengthof(digits);
	int			last = lengthof(digits);
	int			weight = -fraction - 1;
	uint16		header;
	Size		len;
	struct varlena *result;
	char	   *p;

	for (int i = scale; i < fraction * DIGIT_DECIMALS; i++)
		v *= 10;
	if (likely(v <= PG_UINT64_MAX))
	{
		uint64		w = (uint64) v;

		for (; w > 0; w /= DIGIT_BASE, weight++)
			digits[--first] = (int16) (w % DIGIT_BASE);
	}
	else
		for (; v > 0; v /= DIGIT_BASE, weight++)
			digits[--first] = (int16) (v % DIGIT_BASE);
	while (last > first && digits[last - 1] == 0)
		last--;
	if (last == first)
		weight = 0;

	header = HEADER_SHORT | (uint16) (scale << SHORT_DSCALE_SHIFT) |
		(value < 0 ? SHORT_NEGATIVE : 0) |
		(weight < 0 ? SHORT_WEIGHT_SIGN : 0) | (weight & SHORT_WEIGHT_MASK);
	len = VARHDRSZ + sizeof(uint16) + (last - first) * sizeof(int16);
	result = palloc(len);
	SET_VARSIZE(result, len);
	p = VARDATA(result);
	memcpy(p, &header, sizeof(header));
	memcpy(p + sizeof(header), digits + first, (last - first) * sizeof(int16));
	return PointerGetDatum(result);
}
