/*
 * varint.h
 *		Integers of variable length: seven bits a byte, the lowest first, and
 *		zigzag for the signed ones, so that small numbers of either sign are short.
 */
#ifndef CUSTOMER_TIER_VARINT_H
#define CUSTOMER_TIER_VARINT_H

#define VARINT_MAX64	10		/* bytes that a 64-bit integer can take */
#define VARINT_MAX128	19

static inline uint8 *
put_varint(uint8 *p, uint64 v)
{
	while (v >= 0x80)
	{
		*p++ = (uint8) v | 0x80;
		v >>= 7;
	}
	*p++ = (uint8) v;
	return p;
}

static inline uint64
zigzag(int64 v)
{
	return ((uint64) v << 1) ^ (uint64) (v >> 63);
}

static inline int64
unzigzag(uint64 v)
{
	return (int64) (v >> 1) ^ -(int64) (v & 1);
}

/* NULL when the bytes end too soon or say more than 64 bits */
static inline const uint8 *
get_varint(const uint8 *p, const uint8 *end, uint64 *v)
{
	uint64		r = 0;

	for (int shift = 0; p < end && shift < 70; shift += 7)
	{
		uint8		b = *p++;

		if (shift == 63 && b > 1)
			return NULL;
		r |= (uint64) (b & 0x7f) << shift;
		if (b < 0x80)
		{
			*v = r;
			return p;
		}
	}
	return NULL;
}

/* the same for sums on their way, which may pass 64 bits before they end within */
static inline uint8 *
put_varint128(uint8 *p, int128 s)
{
	uint128		v = ((uint128) s << 1) ^ (uint128) (s >> 127);

	while (v >= 0x80)
	{
		*p++ = (uint8) v | 0x80;
		v >>= 7;
	}
	*p++ = (uint8) v;
	return p;
}

static inline const uint8 *
get_varint128(const uint8 *p, const uint8 *end, int128 *s)
{
	uint128		v = 0;

	for (int shift = 0; p < end && shift < 128; shift += 7)
	{
		uint8		b = *p++;

		v |= (uint128) (b & 0x7f) << shift;
		if (b < 0x80)
		{
			*s = (int128) (v >> 1) ^ -(int128) (v & 1);
			return p;
		}
	}
	return NULL;
}

#endif							/* CUSTOMER_TIER_VARINT_H */
