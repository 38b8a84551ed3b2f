/*
 * entries.c
 *		Entries on their way to a ledger or from it: sorted, added up, judged.
 */
#include "ledger/entries.h"

#include "base/amount.h"
#include "base/steps.h"

#define STACK_PARTS		32

/* an entry of an order among others */
typedef struct OrderPart
{
	int64		tag;
	int64		i;				/* of the entry */
} OrderPart;

/*
 * ct_count_overflow
 *		An error for more rows than 64 bits can count.
 */
void
ct_count_overflow(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("number of rows is out of range for type ledger")));
}

/*
 * ct_entries_rescale
 *		Amounts of 10^-scale as amounts of 10^-(scale + up).
 */
void
ct_entries_rescale(LedgerEntry *e, int64 n, int up)
{
	if (up > 0)
		FOR_STEPS(i, 0, n)
			e[i].amount *= ct_pow10[up];
}

static int
compare_entries(const void *a, const void *b)
{
	check_in_sort();
	return ledger_entry_cmp(a, b);
}

/*
 * ct_entries_condense
 *		Entries in any order become one for each day or order of a day, ascending.
 *
 * Returns how many are left.
 */
int64
ct_entries_condense(LedgerEntry *e, int64 n)
{
	int64		first = 1;
	int64		sorted;
	int64		last;

	for (; first < n && ledger_entry_cmp(&e[first], &e[first - 1]) > 0; first++)
		CHECK_AT_STEP(first);
	if (first >= n)
		return n;
	for (sorted = first; sorted < n && ledger_entry_cmp(&e[sorted], &e[sorted - 1]) >= 0; sorted++)
		CHECK_AT_STEP(sorted);
	if (sorted < n)
	{
		qsort(e, n, sizeof(LedgerEntry), compare_entries);
		first = 1;
	}
	last = first - 1;
	FOR_STEPS(i, first, n)
	{
		if (ledger_entry_cmp(&e[i], &e[last]) != 0)
		{
			last++;
			if (last != i)
				e[last] = e[i];
			continue;
		}
		e[last].amount += e[i].amount;
		if (pg_add_s64_overflow(e[last].purchases, e[i].purchases, &e[last].purchases) ||
			pg_add_s64_overflow(e[last].others, e[i].others, &e[last].others))
			ct_count_overflow();
	}
	return last + 1;
}

static int
compare_parts(const void *a, const void *b)
{
	const OrderPart *x = a;
	const OrderPart *y = b;

	check_in_sort();
	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	return x->i < y->i ? -1 : 1;
}

/* the parts of one order, ascending by day, which are n: which of them is the purchase */
static void
judge_order(LedgerEntry *e, const OrderPart *part, int64 n)
{
	LedgerEntry *purchase = NULL;
	int128		sum = 0;

	FOR_STEPS(i, 0, n)
	{
		LedgerEntry *at = &e[part[i].i];

		at->spread = true;
		at->purchases = 0;
		sum += at->amount;
		if (sum > 0 && purchase == NULL)
			purchase = at;
	}
	if (sum > 0)
		purchase->purchases = 1;
}

/*
 * ct_entries_judge
 *		Which entries of orders are purchases, and which orders have entries of several days.
 *
 * The entries are condensed.  They are all that is known of these orders by some day.
 */
void
ct_entries_judge(LedgerEntry *e, int64 n)
{
	OrderPart	stack[STACK_PARTS];
	OrderPart  *part = stack;
	int64		parts = 0;
	int64		first = 0;
	bool		ascending = true;
	int64		last_tag = 0;

	FOR_STEPS(i, 0, n)
	{
		if (!e[i].ordered)
			continue;
		e[i].spread = false;
		e[i].purchases = e[i].amount > 0;
		ascending = ascending && (parts == 0 || e[i].tag > last_tag);
		last_tag = e[i].tag;
		parts++;
	}
	/* orders that are numbered as they come are of a day each */
	if (ascending)
		return;
	if (parts > STACK_PARTS)
		part = alloc_array(parts, sizeof(OrderPart));
	parts = 0;
	FOR_STEPS(i, 0, n)
	{
		if (e[i].ordered)
		{
			part[parts].tag = e[i].tag;
			part[parts++].i = i;
		}
	}
	qsort(part, parts, sizeof(OrderPart), compare_parts);
	FOR_STEPS(i, 0, parts)
	{
		if (i + 1 == parts || part[i + 1].tag != part[i].tag)
		{
			if (i > first)
				judge_order(e, part + first, i + 1 - first);
			first = i + 1;
		}
	}
	if (part != stack)
		pfree(part);
}
