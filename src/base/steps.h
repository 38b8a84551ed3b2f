/*
 * steps.h
 *		Long loops that can be cancelled, and memory for large arrays.
 *
 * A loop over millions of values is cut into blocks of steps.  Interrupts are checked
 * between blocks only, so that the loop within a block is as fast as one without
 * checks.  A step takes a few microseconds at most, so a block some milliseconds.
 */
#ifndef CUSTOMER_TIER_STEPS_H
#define CUSTOMER_TIER_STEPS_H

#include "base/compat.h"

#include "utils/memutils.h"

#define STEPS_A_CHECK	4096	/* a power of two */
#define BYTES_A_CHECK	((Size) 4 * 1024 * 1024)

/* for loops that FOR_STEPS cannot express: i counts the steps, up or down */
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

/*
 * for (int64 i = from; i < n; i++), in blocks.  These are two nested loops, so the
 * body must not use "break".
 */
#define FOR_STEPS(i, from, n) \
	for (int64 i = (from), i##_stop; i < (n);) \
		for (i##_stop = next_check(i, (n)); i < i##_stop; i++)

/* for comparison functions, as qsort() itself checks no interrupts */
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
 * The state of an aggregate, like a ledger, is a single datum and has at most
 * MaxAllocSize bytes; alloc_state() allocates one.  "too_many" is the error message
 * beyond that, and "hint" its hint.
 *
 * A working array is limited by the available memory only; alloc_array() allocates one
 * in the current memory context.
 */
static inline void
check_state_size(Size size, const char *too_many, const char *hint)
{
	if (unlikely(size > MaxAllocSize))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s", too_many),
				 errdetail("This would take more than %zu MB, the limit for a single value.",
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
