/*
 * select_sorted.c
 *		Values in descending order: all of them by a radix sort, or those near a
 *		limit by selection.
 *
 * Selection counts and sums the values by the first bits of their keys.  The values of
 * such a bucket have the same sign and exponent, so their fractions are summed as
 * integers: the sum is exact, and does not depend on the order.  Only buckets in which
 * the share crosses a limit are sorted.
 */
#include "cuts/select_sorted.h"

#include "base/steps.h"

#define RADIX_BITS		11
#define RADIX_PASSES	6
#define RADIX_LEAST		512		/* fewer values are sorted faster by comparison */

#define BUCKET_BITS		16		/* sign, exponent and four bits of the fraction */
#define BUCKETS			(1 << BUCKET_BITS)
#define SELECT_LEAST	16384	/* fewer values are sorted faster than put into buckets */

#define FRACTION_BITS	(DBL_MANT_DIG - 1)
#define FRACTION_MASK	((UINT64CONST(1) << FRACTION_BITS) - 1)

static inline uint64
bits_of(double value)
{
	uint64		bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* a key that ascends if finite doubles descend, and the double of a key */
static inline uint64
key_of(double value)
{
	uint64		bits = bits_of(value);

	return bits >> 63 ? bits : ~bits ^ (UINT64CONST(1) << 63);
}

static inline double
value_of(uint64 key)
{
	double		value;

	if (!(key >> 63))
		key = ~key ^ (UINT64CONST(1) << 63);
	memcpy(&value, &key, sizeof(value));
	return value;
}

static inline int
bucket_of(double value)
{
	return (int) (key_of(value) >> (64 - BUCKET_BITS));
}

static int
compare_descending(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x < y) - (x > y);
}

static int
compare_places(const void *a, const void *b, void *value)
{
	return compare_descending((double *) value + *(const uint32 *) a, (double *) value + *(const uint32 *) b);
}

static void
sort_few(double *value, uint32 *place, int64 n)
{
	double		copy[RADIX_LEAST];

	if (place == NULL)
	{
		qsort(value, n, sizeof(double), compare_descending);
		return;
	}
	memcpy(copy, value, n * sizeof(double));
	qsort_arg(place, n, sizeof(uint32), compare_places, copy);
	for (int64 i = 0; i < n; i++)
		value[i] = copy[place[i]];
}

/* least significant digit first; a digit that all keys share is skipped */
static pg_attribute_always_inline void
radix_sort(double *value, uint32 *place, int64 n)
{
	int64		(*count)[1 << RADIX_BITS] = palloc0(RADIX_PASSES * sizeof(*count));
	uint64	   *from = (uint64 *) value;
	uint64	   *to = alloc_array(n, sizeof(*to));
	uint64	   *spare = to;
	uint32	   *from_place = place;
	uint32	   *to_place = place ? alloc_array(n, sizeof(*to_place)) : NULL;
	uint32	   *spare_place = to_place;

	FOR_STEPS(i, 0, n)
	{
		uint64		key = key_of(value[i]);

		from[i] = key;
		for (int pass = 0; pass < RADIX_PASSES; pass++)
			count[pass][(key >> (pass * RADIX_BITS)) & ((1 << RADIX_BITS) - 1)]++;
	}
	for (int pass = 0; pass < RADIX_PASSES; pass++)
	{
		int			shift = pass * RADIX_BITS;
		int64		at = 0;
		uint64	   *swap = from;
		uint32	   *swap_place = from_place;

		if (count[pass][(from[0] >> shift) & ((1 << RADIX_BITS) - 1)] == n)
			continue;
		for (int digit = 0; digit < 1 << RADIX_BITS; digit++)
		{
			int64		here = count[pass][digit];

			count[pass][digit] = at;
			at += here;
		}
		FOR_STEPS(i, 0, n)
		{
			int64		next = count[pass][(from[i] >> shift) & ((1 << RADIX_BITS) - 1)]++;

			to[next] = from[i];
			if (place)
				to_place[next] = from_place[i];
		}
		from = to;
		to = swap;
		from_place = to_place;
		to_place = swap_place;
	}
	/* "from" may be "value" itself: a value overwrites its own key */
	FOR_STEPS(i, 0, n)
		value[i] = value_of(from[i]);
	if (place && from_place != place)
		copy_in_steps(place, from_place, n * sizeof(*place));
	if (place)
		pfree(spare_place);
	pfree(spare);
	pfree(count);
}

/*
 * ct_sort_descending
 *		Sorts "n" finite values in place.
 *
 * If "place" is not NULL, it gets the former index of each value.  Allocates as much
 * memory again while it sorts.
 */
void
ct_sort_descending(double *value, uint32 *place, int64 n)
{
	if (place)
		FOR_STEPS(i, 0, n)
			place[i] = (uint32) i;
	if (n < RADIX_LEAST)
		sort_few(value, place, n);
	else if (place)
		radix_sort(value, place, n);
	else
		radix_sort(value, NULL, n);
}

/* adds the sum of the fractions, implicit bit included, of the values of a bucket */
static void
add_fractions(Sum *s, uint128 fractions, int bucket)
{
	/* keys are complements of the values' bits */
	int			exponent = Max((~bucket >> (BUCKET_BITS - 12)) & 0x7FF, 1) - DBL_MAX_EXP + 1 - FRACTION_BITS;

	sum_add(s, ldexp((double) (uint64) (fractions >> DBL_MANT_DIG), exponent + DBL_MANT_DIG));
	sum_add(s, ldexp((double) (uint64) (fractions & ((UINT64CONST(1) << DBL_MANT_DIG) - 1)), exponent));
}

/* for few values: all of them, sorted, as one stretch */
static Selection *
select_all(const double *value, int64 n)
{
	Selection  *result = palloc(sizeof(Selection));
	Stretch    *all = palloc0(sizeof(Stretch));
	Sum			sum = {0};

	all->value = palloc((Size) Max(n, 1) * sizeof(double));
	all->n = n;
	memcpy(all->value, value, n * sizeof(double));
	ct_sort_descending(all->value, NULL, n);
	for (int64 i = 0; i < n && all->value[i] > 0; i++)
		sum_add(&sum, all->value[i]);
	result->total = sum_value(&sum);
	result->nstretches = 1;
	result->stretch = all;
	return result;
}

/*
 * ct_select
 *		Finds the values near the places where the cumulative share exceeds a limit.
 *
 * The share is of the sum of the values above zero if "by_value", else of their number.
 * The limits ascend.  The bucket above each place is included, because the group that
 * ends exactly at the limit may be there.  The result is in the current memory context.
 */
Selection *
ct_select(const double *value, int64 n, bool by_value, const double *limit, int nlimits)
{
	int			nbuckets = by_value ? BUCKETS / 2 : BUCKETS;	/* buckets of positive values come first */
	Selection  *result;
	Stretch    *stretch;
	Stretch		here = {0};
	int64	   *count;
	uint128    *fractions;
	int			last = -1;		/* the last bucket that is not empty */
	int			at = 0;
	int64		heads = 0;
	int64		room = 0;
	double	   *values;
	Sum			sum = {0};

	if (n < SELECT_LEAST)
		return select_all(value, n);

	count = palloc0(BUCKETS * sizeof(*count));
	fractions = palloc0(BUCKETS / 2 * sizeof(*fractions));
	FOR_STEPS(i, 0, n)
	{
		uint64		bits = bits_of(value[i]);
		int			b = bucket_of(value[i]);

		count[b]++;
		if (b < BUCKETS / 2)
			fractions[b] += (bits & FRACTION_MASK) | (bits > FRACTION_MASK ? FRACTION_MASK + 1 : 0);
	}

	result = palloc(sizeof(Selection));
	result->nstretches = 0;
	result->stretch = stretch = palloc((2 * nlimits + 1) * sizeof(Stretch));
	for (int b = 0; b < BUCKETS / 2; b++)
		if (count[b] > 0)
			add_fractions(&sum, fractions[b], b);
	result->total = sum_value(&sum);

	/* from here on count[b] is the stretch that bucket b goes to, or -1 */
	memset(&sum, 0, sizeof(Sum));
	for (int b = 0; b < nbuckets; b++)
	{
		Stretch		above = here;
		int			reached = at;

		if (count[b] == 0 || (by_value && fractions[b] == 0))
		{
			count[b] = -1;
			continue;
		}
		here.n = count[b];
		here.heads = heads;
		here.sum = sum;
		count[b] = -1;
		heads += here.n;
		if (b < BUCKETS / 2)
			add_fractions(&sum, fractions[b], b);
		while (reached < nlimits &&
			   (by_value ? sum_value(&sum) / result->total : (double) heads / n) >
			   limit[reached] * (by_value ? 1 + SHARE_SLACK : 1))
			reached++;
		if (reached > at)
		{
			if (last >= 0 && count[last] < 0)
			{
				count[last] = result->nstretches;
				stretch[result->nstretches++] = above;
			}
			count[b] = result->nstretches;
			stretch[result->nstretches++] = here;
		}
		at = reached;
		last = b;
	}
	/* if a limit is never exceeded, the last bucket is next to it */
	if (at < nlimits && last >= 0 && count[last] < 0)
	{
		count[last] = result->nstretches;
		stretch[result->nstretches++] = here;
	}
	for (int b = nbuckets; b < BUCKETS; b++)
		count[b] = -1;

	for (int i = 0; i < result->nstretches; i++)
		room += stretch[i].n;
	values = alloc_array(room, sizeof(double));
	for (int i = 0; i < result->nstretches; i++)
	{
		stretch[i].value = values;
		values += stretch[i].n;
		stretch[i].n = 0;
	}
	FOR_STEPS(i, 0, n)
	{
		int64		s = count[bucket_of(value[i])];

		if (s >= 0)
			stretch[s].value[stretch[s].n++] = value[i];
	}
	for (int i = 0; i < result->nstretches; i++)
		ct_sort_descending(stretch[i].value, NULL, stretch[i].n);
	pfree(count);
	pfree(fractions);
	return result;
}

/* the value at a place of the descending order, counted from 1, which must be in a stretch */
static double
value_at(const Selection *s, int64 place)
{
	for (int i = 0; i < s->nstretches; i++)
	{
		const Stretch *at = &s->stretch[i];

		if (place > at->heads && place <= at->heads + at->n)
			return at->value[place - at->heads - 1];
	}
	pg_unreachable();
}

/*
 * ct_median
 *		The median of n > 0 values, as percentile_cont(0.5) computes it.
 */
double
ct_median(const double *value, int64 n)
{
	int64		upper = (n + 1) / 2;
	int64		lower = n / 2 + 1;
	double		limit[] = {(double) upper / n, (double) lower / n};
	Selection  *s = ct_select(value, n, false, limit, upper == lower ? 1 : 2);
	double		low = value_at(s, lower);
	double		high = value_at(s, upper);
	double		median = low + 0.5 * (high - low);

	return isinf(median) ? low / 2 + high / 2 : median;
}
