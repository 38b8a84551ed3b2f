/*
 * ledger.c
 *		The closed form of a ledger: reading, encoding, validating.
 *
 * There is one encoder.  Whatever makes a ledger hands it entries, and whatever
 * comes from outside is valid exactly if encoding what was read gives the same
 * bytes again: order, counts, sums, scale and the shortest varints at once.
 */
#include "ledger/ledger.h"

#include "utils/datetime.h"

#define STACK_ENTRIES	32
#define HEAD_MAX		(1 + 8 * VARINT_MAX64)
#define ENTRY_MAX		(4 * VARINT_MAX64)

void
ct_ledger_corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("stored ledger is corrupted")));
}

/* false where the bytes are not those of a head; what it says is not yet believed */
static bool
read_head(const uint8 *p, const uint8 *end, LedgerHead *h)
{
	uint64		n;
	uint64		first;
	uint64		span;
	uint64		purchases;
	uint64		days;
	uint64		skip_first = 0;
	uint64		skip_last = 0;
	uint64		total;

	memset(h, 0, sizeof(*h));
	h->end = end;
	if (p >= end || *p >> 4 != LEDGER_VERSION ||
		(*p & 0x0f) > AMOUNT_MAX_SCALE)
		return false;
	h->scale = *p++ & LEDGER_SCALE_MASK;
	if ((p = get_varint(p, end, &n)) == NULL || n > PG_UINT32_MAX)
		return false;
	h->entries = (uint32) n;
	h->data = p;
	if (n == 0)
		return true;
	if ((p = get_varint(p, end, &first)) == NULL ||
		(p = get_varint(p, end, &span)) == NULL ||
		(p = get_varint(p, end, &purchases)) == NULL ||
		(p = get_varint(p, end, &days)) == NULL)
		return false;
	if (days > 0 &&
		((p = get_varint(p, end, &skip_first)) == NULL ||
		 (p = get_varint(p, end, &skip_last)) == NULL))
		return false;
	if ((p = get_varint(p, end, &total)) == NULL)
		return false;
	h->first_day = (DateADT) unzigzag(first);
	h->last_day = (DateADT) (h->first_day + (int64) span);
	h->purchases = unzigzag(purchases);
	h->purchase_days = (uint32) days;
	h->first_purchase = (DateADT) (h->first_day + (int64) skip_first);
	h->last_purchase = (DateADT) (h->last_day - (int64) skip_last);
	h->total = unzigzag(total);
	h->data = p;
	return true;
}

void
ct_ledger_head(const Ledger *l, LedgerHead *head)
{
	const uint8 *p = (const uint8 *) VARDATA_ANY(l);

	if (unlikely(!read_head(p, p + VARSIZE_ANY_EXHDR(l), head)))
		ct_ledger_corrupt();
}

static void
start_reading(LedgerReader *r)
{
	r->left = r->head.entries;
	r->p = r->head.data;
	r->day = r->head.first_day;
}

void
ct_ledger_read(const Ledger *l, LedgerReader *r)
{
	ct_ledger_head(l, &r->head);
	start_reading(r);
}

/* 1: an entry, 0: the end, -1: no ledger */
static inline int
next_entry(LedgerReader *r, LedgerEntry *e)
{
	uint64		key;
	uint64		amount;
	uint64		purchases;
	uint64		others;
	const uint8 *end = r->head.end;

	if (r->left == 0)
		return r->p == end ? 0 : -1;
	r->left--;
	if ((r->p = get_varint(r->p, end, &key)) == NULL ||
		(r->p = get_varint(r->p, end, &amount)) == NULL)
		return -1;
	r->day = (DateADT) (r->day + (int64) (key >> 1));
	e->day = r->day;
	e->amount = unzigzag(amount);
	if (key & 1)
	{
		if ((r->p = get_varint(r->p, end, &purchases)) == NULL ||
			(r->p = get_varint(r->p, end, &others)) == NULL)
			return -1;
		e->purchases = unzigzag(purchases);
		e->others = unzigzag(others);
	}
	else
		ledger_entry_one_row(e);
	return 1;
}

/* the next entry of a closed ledger, false at its end; whoever walks a long one can be cancelled */
bool
ct_ledger_next(LedgerReader *r, LedgerEntry *e)
{
	int			found = next_entry(r, e);

	CHECK_AT_STEP(r->left);
	if (unlikely(found < 0))
		ct_ledger_corrupt();
	return found != 0;
}

/* how many of "drop" decimals the amount can do without, too */
static inline int
droppable(int128 amount, int drop)
{
	/* 128-bit division is a function call of some size */
	if (likely(amount == (int64) amount))
		while (drop > 0 && (int64) amount % ct_pow10[drop] != 0)
			drop--;
	else
		while (drop > 0 && amount % ct_pow10[drop] != 0)
			drop--;
	return drop;
}

static inline bool
fits64(int128 v)
{
	return v <= PG_INT64_MAX && v >= -PG_INT64_MAX;
}

void
ct_count_overflow(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("number of rows is out of range for type ledger")));
}

static uint8 *
put_head(uint8 *p, const LedgerHead *h)
{
	*p++ = LEDGER_TAG(h->scale);
	p = put_varint(p, h->entries);
	if (h->entries == 0)
		return p;
	p = put_varint(p, zigzag(h->first_day));
	p = put_varint(p, (int64) h->last_day - h->first_day);
	p = put_varint(p, zigzag(h->purchases));
	p = put_varint(p, h->purchase_days);
	if (h->purchase_days > 0)
	{
		p = put_varint(p, (int64) h->first_purchase - h->first_day);
		p = put_varint(p, (int64) h->last_day - h->last_purchase);
	}
	return put_varint(p, zigzag(h->total));
}

static inline uint8 *
put_entry(uint8 *p, DateADT before, const LedgerEntry *e)
{
	bool		one = ledger_entry_is_one_row(e);

	p = put_varint(p, (uint64) ((int64) e->day - before) << 1 | !one);
	p = put_varint(p, zigzag((int64) e->amount));
	if (!one)
	{
		p = put_varint(p, zigzag(e->purchases));
		p = put_varint(p, zigzag(e->others));
	}
	return p;
}

/* what a head says of its entries, on the way */
typedef struct HeadSums
{
	LedgerHead	h;
	int128		total;			/* of 10^-h.scale */
	int128		purchases;
	int			drop;			/* decimals that no amount so far has needed */
} HeadSums;

static inline void
sum_entry(HeadSums *s, const LedgerEntry *e)
{
	if (s->drop > 0)
		s->drop = droppable(e->amount, s->drop);
	s->total += e->amount;
	s->purchases += e->purchases;
	if (e->purchases > 0)
	{
		if (s->h.purchase_days++ == 0)
			s->h.first_purchase = e->day;
		s->h.last_purchase = e->day;
	}
	if (s->h.entries == 0)
		s->h.first_day = e->day;
	s->h.last_day = e->day;
	s->h.entries++;
}

/* the head of all that was summed, at the smallest scale at which every amount is whole */
static const LedgerHead *
sums_head(HeadSums *s)
{
	int128		total = s->total / ct_pow10[s->drop];

	if (!fits64(total))
		ct_amount_overflow();
	if (!fits64(s->purchases))
		ct_count_overflow();
	s->h.scale -= s->drop;
	s->h.total = (int64) total;
	s->h.purchases = (int64) s->purchases;
	return &s->h;
}

/* the ledger of a head and the bytes of its entries */
Ledger *
ct_ledger_make(const LedgerHead *h, const uint8 *entries, Size len)
{
	uint8		head[HEAD_MAX];
	Size		head_len = put_head(head, h) - head;
	Size		size = VARHDRSZ + head_len + len;
	Ledger	   *result;

	result = alloc_state(size, LEDGER_TOO_LARGE);
	SET_VARSIZE(result, size);
	memcpy(VARDATA(result), head, head_len);
	copy_in_steps(VARDATA(result) + head_len, entries, len);
	return result;
}

/*
 * The canonical bytes of n entries, ascending by distinct days.  Empty entries
 * vanish.  The entries are changed.
 */
Ledger *
ct_ledger_encode(LedgerEntry *e, int64 n, int scale)
{
	uint8		stack[STACK_ENTRIES * ENTRY_MAX];
	uint8	   *buf = stack;
	uint8	   *p;
	HeadSums	s = {.h.scale = scale, .drop = scale};
	int64		kept = 0;
	const LedgerHead *h;
	DateADT		day;
	Ledger	   *result;

	FOR_STEPS(i, 0, n)
	{
		if (e[i].amount == 0 && e[i].purchases == 0 && e[i].others == 0)
			continue;
		/* 64 bits with a mirror image */
		if (unlikely(e[i].purchases == PG_INT64_MIN || e[i].others == PG_INT64_MIN))
			ct_count_overflow();
		sum_entry(&s, &e[i]);
		if (kept != i)
			e[kept] = e[i];
		kept++;
	}
	n = kept;
	if (n > PG_UINT32_MAX)
		ct_count_overflow();
	h = sums_head(&s);

	if (n > STACK_ENTRIES)
		buf = alloc_array(n, ENTRY_MAX);
	p = buf;
	*p = 0;						/* for the compiler's sake, when there are no entries */
	day = h->first_day;
	FOR_STEPS(i, 0, n)
	{
		if (unlikely(s.drop > 0))
			e[i].amount /= ct_pow10[s.drop];
		if (unlikely(!fits64(e[i].amount)))
			ct_amount_overflow();
		p = put_entry(p, day, &e[i]);
		day = e[i].day;
	}
	result = ct_ledger_make(h, buf, p - buf);
	if (buf != stack)
		pfree(buf);
	return result;
}

/*
 * The entries of [lower, upper).  Their bytes are those of the ledger itself, but
 * for the first day, unless what needed the last decimals is left out.
 */
Ledger *
ct_ledger_slice(const Ledger *l, int64 lower, int64 upper)
{
	LedgerReader r;
	LedgerEntry e;
	LedgerEntry *part;
	HeadSums	s = {0};
	const uint8 *p;
	const uint8 *first = NULL;
	const uint8 *end = NULL;
	Ledger	   *result;
	Size		len;
	int64		n = 0;

	ct_ledger_read(l, &r);
	/* a window over all of it, as in replays of a recent day, decodes nothing */
	if (r.head.entries == 0 || (r.head.first_day >= lower && r.head.last_day < upper))
		return unconstify(Ledger *, l);
	if (r.head.first_day >= upper || r.head.last_day < lower)
		return ct_ledger_encode(NULL, 0, 0);

	s.h.scale = s.drop = r.head.scale;
	for (p = r.p; ct_ledger_next(&r, &e) && e.day < upper; p = r.p)
	{
		if (e.day < lower)
			continue;
		if (first == NULL)
			first = p;
		sum_entry(&s, &e);
		end = r.p;
	}
	if (likely(first != NULL && s.drop == 0))
	{
		/* no days lie before the first: of its key the flag remains, in one byte */
		for (p = first; *p & 0x80; p++)
			;
		len = end - p;
		result = ct_ledger_make(sums_head(&s), p, len);
		((uint8 *) result)[VARSIZE(result) - len] = *first & 1;
		return result;
	}
	part = alloc_array((int64) s.h.entries + 1, sizeof(LedgerEntry));
	ct_ledger_read(l, &r);
	while (n < s.h.entries && ct_ledger_next(&r, &part[n]))
		if (part[n].day >= lower)
			n++;
	result = ct_ledger_encode(part, n, r.head.scale);
	pfree(part);
	return result;
}

static int
compare_days(const void *a, const void *b)
{
	DateADT		x = ((const LedgerEntry *) a)->day;
	DateADT		y = ((const LedgerEntry *) b)->day;

	check_in_sort();
	return (x > y) - (x < y);
}

/* amounts of 10^-scale as amounts of 10^-(scale + up) */
void
ct_entries_rescale(LedgerEntry *e, int64 n, int up)
{
	if (up > 0)
		FOR_STEPS(i, 0, n)
			e[i].amount *= ct_pow10[up];
}

/* entries in any order become one a day, ascending; how many are left */
int64
ct_entries_condense(LedgerEntry *e, int64 n)
{
	int64		first = 1;
	int64		sorted;
	int64		last;

	for (; first < n && e[first].day > e[first - 1].day; first++)
		CHECK_AT_STEP(first);
	if (first >= n)
		return n;
	for (sorted = first; sorted < n && e[sorted].day >= e[sorted - 1].day; sorted++)
		CHECK_AT_STEP(sorted);
	if (sorted < n)
	{
		qsort(e, n, sizeof(LedgerEntry), compare_days);
		first = 1;
	}
	last = first - 1;
	FOR_STEPS(i, first, n)
	{
		if (e[i].day != e[last].day)
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

/* the ledger of entries in any order */
Ledger *
ct_ledger_normalize(LedgerEntry *e, int64 n, int scale)
{
	return ct_ledger_encode(e, ct_entries_condense(e, n), scale);
}

/*
 * Is this, byte by byte, what the encoder makes?  Each entry and then the head is
 * put again from what was read of it; nothing is allocated.
 */
bool
ct_ledger_valid(const uint8 *bytes, Size len)
{
	LedgerReader r;
	HeadSums	s = {0};
	LedgerEntry e;
	uint8		again[Max(HEAD_MAX, ENTRY_MAX)];
	int			found;

	if (!read_head(bytes, bytes + len, &r.head))
		return false;
	start_reading(&r);
	s.h.scale = s.drop = r.head.scale;
	s.h.first_day = s.h.last_day = r.head.first_day;
	for (;;)
	{
		const uint8 *p = r.p;

		CHECK_FOR_INTERRUPTS();
		if ((found = next_entry(&r, &e)) <= 0)
			break;
		/* ascending real days; something happened; 64 bits with a mirror image */
		if (!IS_VALID_DATE(e.day) || (s.h.entries == 0 ? e.day != s.h.first_day : e.day <= s.h.last_day) ||
			(e.amount == 0 && e.purchases == 0 && e.others == 0) ||
			!fits64(e.amount) || !fits64(e.purchases) || !fits64(e.others))
			return false;
		if (put_entry(again, s.h.last_day, &e) - again != r.p - p ||
			memcmp(again, p, r.p - p) != 0)
			return false;
		sum_entry(&s, &e);
	}
	if (found < 0 || s.drop > 0 || !fits64(s.total) || !fits64(s.purchases))
		return false;
	return put_head(again, sums_head(&s)) - again == r.head.data - bytes &&
		memcmp(again, bytes, r.head.data - bytes) == 0;
}
