/*
 * varint.h
 *		Integers of variable length.
 *
 * A byte has seven bits of the integer, the lowest first, and a continuation bit.
 * Signed integers are zigzag encoded, so that small ones of either sign are short.
 */
#ifndef CUSTOMER_TIER_VARINT_H
#define CUSTOMER_TIER_VARINT_H

#define VARINT_MAX64	10		/* bytes that a 64-bit integer takes at most */
#define VARINT_MAX128	19

#include "port/pg_bitutils.h"

#define VARINT_ROOM		10		/* bytes that a writer may overwrite, whatever length it returns */

#define CONTINUATION	UINT64CONST(0x8080808080808080)

/*
 * Branches on the length would be mispredicted, so the common case has none: up to
 * 56 bits are spread over eight bytes at once, and the first of these are used.  The
 * buffer must have VARINT_ROOM bytes.  Returns the end of what is used.
 */
static inline uint8 *
put_varint(uint8 *p, uint64 v)
{
#ifndef WORDS_BIGENDIAN
	if (likely(v < UINT64CONST(1) << 56))
	{
		int			last = pg_leftmost_one_pos64(v | 1) / 7;

		v = (v & UINT64CONST(0x000000000fffffff)) | (v & UINT64CONST(0x00fffffff0000000)) << 4;
		v = (v & UINT64CONST(0x00003fff00003fff)) | (v & UINT64CONST(0x0fffc0000fffc000)) << 2;
		v = (v & UINT64CONST(0x007f007f007f007f)) | (v & UINT64CONST(0x3f803f803f803f80)) << 1;
		v |= CONTINUATION & ((UINT64CONST(1) << (8 * last)) - 1);
		memcpy(p, &v, sizeof(v));
		return p + last + 1;
	}
#endif
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

/* Returns the end of the integer, or NULL if it is cut off or has more than 64 bits. */
static inline const uint8 *
get_varint(const uint8 *p, const uint8 *end, uint64 *v)
{
	uint64		r = 0;

#ifndef WORDS_BIGENDIAN
	if (likely(end - p >= (ptrdiff_t) sizeof(r)))
	{
		uint64		stop;

		memcpy(&r, p, sizeof(r));
		stop = ~r & CONTINUATION;
		if (likely(stop != 0))
		{
			/* keep the bytes up to the first one without continuation, and join their bits */
			r &= (stop ^ (stop - 1)) & ~CONTINUATION;
			r = (r & UINT64CONST(0x007f007f007f007f)) | (r & UINT64CONST(0x7f007f007f007f00)) >> 1;
			r = (r & UINT64CONST(0x00003fff00003fff)) | (r & UINT64CONST(0x3fff00003fff0000)) >> 2;
			r = (r & UINT64CONST(0x000000000fffffff)) | (r & UINT64CONST(0x0fffffff00000000)) >> 4;
			*v = r;
			return p + pg_rightmost_one_pos64(stop) / 8 + 1;
		}
		r = 0;
	}
#endif
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

/* the same for 128 bits: a partial sum may exceed 64 bits even if the final one does not */
static inline uint8 *
put_varint128(uint8 *p, int128 s)
{
	uint128		v = ((uint128) s << 1) ^ (uint128) (s >> 127);

	if (likely(v <= PG_UINT64_MAX))
		return put_varint(p, (uint64) v);
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
	uint64		small;
	const uint8 *next = get_varint(p, end, &small);

	if (likely(next != NULL))
	{
		*s = unzigzag(small);
		return next;
	}
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
