/*
 * amount.c
 *		Money as an integer of 10^-scale, to and from PostgreSQL's numeric.
 *
 * numeric.c keeps its storage format to itself, but the format is fixed by
 * pg_upgrade: a header of sign, display scale and weight, then digits of base
 * 10000.  Reading the digits here costs no more than reading the column;
 * numeric's own conversions cost several times that.
 */
#include "amount.h"

#define DIGIT_BASE			10000
#define DIGIT_DECIMALS		4

#define HEADER_SHORT		0x8000
#define HEADER_SPECIAL		0xC000	/* NaN and the infinities */
#define HEADER_NEGATIVE		0x4000	/* long header */
#define SHORT_NEGATIVE		0x2000
#define SHORT_DSCALE_SHIFT	7
#define SHORT_WEIGHT_SIGN	0x0040
#define SHORT_WEIGHT_MASK	0x003F

const int64 customer_tier_pow10[] = {
	INT64CONST(1), INT64CONST(10), INT64CONST(100), INT64CONST(1000),
	INT64CONST(10000), INT64CONST(100000), INT64CONST(1000000)
};

void
customer_tier_amount_overflow(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("amount is out of range for type ledger"),
			 errhint("An amount, a day's sum and a total must each fit into 64 bits at the ledger's number of decimals.")));
}

/*
 * The smallest scale would cost a division for each row: amounts come at scale
 * 2, or at 4 or 6 where they need it, or at what is left when they are huge.
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
		customer_tier_amount_overflow();
	a.value = (int64) value;
	a.scale = scale;
	return a;
}

Amount
customer_tier_amount_from_numeric(Datum numeric)
{
	struct varlena *v = PG_DETOAST_DATUM_PACKED(numeric);
	const char *p = VARDATA_ANY(v);
	Size		len = VARSIZE_ANY_EXHDR(v);
	bool		negative;
	int			weight;
	int			ndigits;
	int			fraction;		/* digits after the point */
	uint16		header;
	Amount		a;

	memcpy(&header, p, sizeof(header));
	if (likely((header & HEADER_SPECIAL) == HEADER_SHORT))
	{
		negative = (header & SHORT_NEGATIVE) != 0;
		weight = (header & SHORT_WEIGHT_MASK) -
			((header & SHORT_WEIGHT_SIGN) ? SHORT_WEIGHT_MASK + 1 : 0);
		p += sizeof(uint16);
		len -= sizeof(uint16);
	}
	else if ((header & HEADER_SPECIAL) == HEADER_SPECIAL)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount must be a finite number"),
				 errhint("NaN and infinity cannot be summed; leave such rows out or correct them.")));
	else
	{
		int16		w;

		negative = (header & HEADER_SPECIAL) == HEADER_NEGATIVE;
		memcpy(&w, p + sizeof(uint16), sizeof(w));
		weight = w;
		p += 2 * sizeof(uint16);
		len -= 2 * sizeof(uint16);
	}

	ndigits = (int) (len / sizeof(int16));
	if (ndigits == 0)
	{
		a.value = 0;
		a.scale = 2;
		return a;
	}
	fraction = ndigits - 1 - weight;

	if (likely(weight <= 2 && fraction <= 1))
	{
		/* below 10^12 with up to four decimals */
		int64		value = 0;

		for (int i = 0; i < ndigits; i++)
		{
			int16		digit;

			memcpy(&digit, p + i * sizeof(int16), sizeof(digit));
			value = value * DIGIT_BASE + digit;
		}
		for (int i = fraction; i < 0; i++)
			value *= DIGIT_BASE;
		a.scale = 2;
		if (fraction <= 0)
			value *= 100;
		else if (value % 100 == 0)
			value /= 100;
		else
			a.scale = 4;
		a.value = negative ? -value : value;
		return a;
	}
	else
	{
		int128		value = 0;

		if (weight > 4)			/* from 10^20 on */
			customer_tier_amount_overflow();
		/* stored digits never end in zero: more than two of fraction are too fine */
		for (int i = 0; i < Min(ndigits, weight + 4); i++)
		{
			int16		digit;

			memcpy(&digit, p + i * sizeof(int16), sizeof(digit));
			value = value * DIGIT_BASE + digit;
		}
		for (int i = fraction; i < 0; i++)
			value *= DIGIT_BASE;
		if (fraction > 2)
		{
			/* any value that is no multiple of 100 says "too many decimals" */
			value = 1;
			fraction = 2;
		}
		return amount_reduce(negative ? -value : value,
							 Max(fraction, 0) * DIGIT_DECIMALS);
	}
}

/* numeric with exactly "scale" decimals */
Datum
customer_tier_amount_to_numeric(int64 value, int scale)
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

/* the nearest float8: both parts are exact below 2^53, and one division rounds once */
double
customer_tier_amount_to_double(int64 value, int scale)
{
	return (double) value / (double) customer_tier_pow10[scale];
}
