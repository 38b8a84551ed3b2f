/*
 * steps.h
 *		Loops over millions of values that end soon after a cancel, and memory for
 *		what they hold.
 *
 * Interrupts are checked between blocks of steps, so that the loop within a block
 * is as fast as one without.  A step takes a few microseconds at most, a block of
 * them a few milliseconds.
 */
#ifndef CUSTOMER_TIER_STEPS_H
#define CUSTOMER_TIER_STEPS_H

#include "base/compat.h"

#include "utils/memutils.h"

#define STEPS_A_CHECK	4096	/* a power of two */
#define BYTES_A_CHECK	((Size) 4 * 1024 * 1024)

/* for loops whose steps cannot be put into blocks: i counts them, up or down */
#define CHECK_AT_STEP(i) \
	do { \
		if (unlikely(((i) & (STEPS_A_CHECK - 1)) == STEPS_A_CHECK - 1)) \
			CHECK_FOR_INTERRUPTS(); \
	} while (0)

static inline int64
next_check(int64 i, int64 n)
{
	CHECK_FOR_INTERRUPTS();
	return Min(i + STEPS_A_CHECK, n);
}

/* for (int64 i = from; i < n; i++), in blocks; "break" must not be used in it */
#define FOR_STEPS(i, from, n) \
	for (int64 i = (from), i##_stop; i < (n);) \
		for (i##_stop = next_check(i, (n)); i < i##_stop; i++)

/* in a comparison function of a sort, which is called n log n times */
static inline void
check_in_sort(void)
{
	static uint32 calls;

	CHECK_AT_STEP(calls++);
}

static inline void
copy_in_steps(void *to, const void *from, Size size)
{
	char	   *t = to;
	const char *f = from;

	for (; size > BYTES_A_CHECK; size -= BYTES_A_CHECK, t += BYTES_A_CHECK, f += BYTES_A_CHECK)
	{
		memcpy(t, f, BYTES_A_CHECK);
		CHECK_FOR_INTERRUPTS();
	}
	memcpy(t, f, size);
}

static inline void
clear_in_steps(void *to, Size size)
{
	char	   *t = to;

	for (; size > BYTES_A_CHECK; size -= BYTES_A_CHECK, t += BYTES_A_CHECK)
	{
		memset(t, 0, BYTES_A_CHECK);
		CHECK_FOR_INTERRUPTS();
	}
	memset(t, 0, size);
}

/*
 * What a function holds is in one of two forms.  The state of an aggregate, and a
 * ledger, is a value of the server and at most MaxAllocSize long.  An array that a
 * function works with has no limit but the memory there is (53200).  "too_many" is
 * the error message, "hint" a remedy.
 */
static inline void
check_state_size(Size size, const char *too_many, const char *hint)
{
	if (unlikely(size > MaxAllocSize))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s", too_many),
				 errdetail("This would take more than the %zu MB that one value of the server may have.",
						   (Size) MaxAllocSize / (1024 * 1024)),
				 errhint("%s", hint)));
}

static inline void *
alloc_state(Size size, const char *too_many, const char *hint)
{
	check_state_size(size, too_many, hint);
	return palloc(size);
}

static inline void *
alloc_array(int64 n, Size each)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * each);
}

#endif							/* CUSTOMER_TIER_STEPS_H */
