/*
 * amount.h
 *		Money as an integer of 10^-scale, to and from PostgreSQL's numeric.
 */
#ifndef CUSTOMER_TIER_AMOUNT_H
#define CUSTOMER_TIER_AMOUNT_H

#include "base/compat.h"

#include "common/int.h"

#define AMOUNT_MAX_SCALE	6

typedef struct Amount
{
	int64		value;
	int			scale;			/* value / 10^scale */
} Amount;

extern const int64 ct_pow10[];

extern Amount ct_amount_from_numeric(Datum numeric);
extern Datum ct_amount_to_numeric(int64 value, int scale);
extern double ct_numeric_to_double(Datum numeric);
extern double ct_amount_to_double(int64 value, int scale);
pg_noreturn extern void ct_amount_overflow(void);

/* Most amounts have scale 2, so integers get it too, unless they are too large for it. */
static inline Amount
amount_of_integer(int64 value)
{
	Amount		a;

	if (value == PG_INT64_MIN)
		ct_amount_overflow();
	a.scale = pg_mul_s64_overflow(value, 100, &a.value) ? 0 : 2;
	if (a.scale == 0)
		a.value = value;
	return a;
}

#endif							/* CUSTOMER_TIER_AMOUNT_H */
