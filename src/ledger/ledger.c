/*
 * ledger.c
 *		The closed form of a ledger: encoding, validating.
 *
 * There is one encoder.  Whatever makes a ledger hands it entries, and whatever
 * comes from outside is valid exactly if encoding what was read gives the same
 * bytes again: order, counts, sums, scale and the shortest varints at once.
 */
#include "ledger/ledger.h"

#include "utils/datetime.h"

#define STACK_ENTRIES	32
#define HEAD_MAX		(1 + 9 * VARINT_MAX64)
#define ENTRY_MAX		(4 * VARINT_MAX64)
#define ENTRY_MIN		2		/* bytes */

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

static uint8 *
put_head(uint8 *p, const LedgerHead *h)
{
	*p++ = LEDGER_TAG(h->ordered ? LEDGER_WITH_ORDERS : LEDGER_VERSION, h->scale);
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
	p = put_varint(p, zigzag(h->total));
	return h->ordered ? put_varint(p, h->spread) : p;
}

/* what an entry is told apart from */
typedef struct EntryBefore
{
	bool		ordered;		/* there are entries of orders */
	DateADT		day;
	int64		tag;
} EntryBefore;

static uint8 *
put_order(uint8 *p, EntryBefore *before, const LedgerEntry *e)
{
	uint64		gap = (int64) e->day - before->day;
	uint64		step = zigzag((int64) ((uint64) e->tag - (uint64) before->tag));
	int			kind = KIND_ORDER | (e->spread ? KIND_SPREAD : 0) | (step >= TAG_WIDE ? KIND_WIDE : 0);

	p = put_varint(p, gap << KIND_BITS | kind);
	if (kind & KIND_WIDE)
		for (int i = 0; i < TAG_BYTES; i++)
			*p++ = (uint8) ((uint64) e->tag >> (8 * i));
	else
		p = put_varint(p, step);
	before->day = e->day;
	before->tag = e->tag;
	p = put_varint(p, zigzag(e->lines));
	return put_varint(p, zigzag((int64) e->amount));
}

static inline uint8 *
put_entry(uint8 *p, EntryBefore *before, const LedgerEntry *e)
{
	bool		one;
	uint64		gap;

	if (unlikely(e->ordered))
		return put_order(p, before, e);
	one = ledger_entry_is_one_row(e);
	gap = (int64) e->day - before->day;
	p = put_varint(p, gap << (before->ordered ? KIND_BITS : 1) | !one);
	before->day = e->day;
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

static void
start_sums(HeadSums *s, int scale)
{
	memset(s, 0, sizeof(HeadSums));
	s->h.scale = scale;
	s->drop = scale;
}

static inline void
sum_entry(HeadSums *s, const LedgerEntry *e)
{
	if (s->drop > 0)
		s->drop = droppable(e->amount, s->drop);
	s->total += e->amount;
	s->purchases += e->purchases;
	if (e->purchases > 0)
	{
		if (s->h.purchase_days == 0)
			s->h.first_purchase = e->day;
		/* a day may have orders, and rows without one */
		if (s->h.purchase_days == 0 || s->h.last_purchase != e->day)
			s->h.purchase_days++;
		s->h.last_purchase = e->day;
	}
	s->h.ordered |= e->ordered;
	s->h.spread += e->ordered && e->spread;
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
 * The canonical bytes of n condensed entries.  Empty entries vanish.  The entries are
 * changed.
 */
Ledger *
ct_ledger_encode(LedgerEntry *e, int64 n, int scale)
{
	uint8		stack[STACK_ENTRIES * ENTRY_MAX];
	uint8	   *buf = stack;
	uint8	   *p;
	HeadSums	s;
	int64		kept = 0;
	const LedgerHead *h;
	EntryBefore before = {0};
	Ledger	   *result;

	start_sums(&s, scale);
	FOR_STEPS(i, 0, n)
	{
		if (ledger_entry_is_empty(&e[i]))
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
	if (s.h.ordered)
	{
		/* again, now that all entries of each order are there */
		ct_entries_judge(e, n);
		start_sums(&s, scale);
		FOR_STEPS(i, 0, n)
			sum_entry(&s, &e[i]);
	}
	h = sums_head(&s);

	if (n > STACK_ENTRIES)
		buf = alloc_array(n, ENTRY_MAX);
	p = buf;
	*p = 0;						/* for the compiler's sake, when there are no entries */
	before.ordered = h->ordered;
	before.day = h->first_day;
	FOR_STEPS(i, 0, n)
	{
		if (unlikely(s.drop > 0))
			e[i].amount /= ct_pow10[s.drop];
		if (unlikely(!fits64(e[i].amount)))
			ct_amount_overflow();
		p = put_entry(p, &before, &e[i]);
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
	/* what an order is told by may be left out */
	if (likely(first != NULL && s.drop == 0 && !r.head.ordered))
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

/* the ledger of entries in any order */
Ledger *
ct_ledger_normalize(LedgerEntry *e, int64 n, int scale)
{
	return ct_ledger_encode(e, ct_entries_condense(e, n), scale);
}

/*
 * The entries of a ledger with orders, judged; NULL where they are none.  There is room for as
 * many as the bytes can hold, whatever the head says.
 */
static LedgerEntry *
judged_entries(LedgerReader r)
{
	int64		n = 0;
	LedgerEntry *e;
	int			found;

	if (r.head.entries > (r.head.end - r.p) / ENTRY_MIN)
		return NULL;
	e = alloc_array((int64) r.head.entries + 1, sizeof(LedgerEntry));
	for (; (found = ct_ledger_try_next(&r, &e[n])) > 0; n++)
		CHECK_AT_STEP(n);
	if (found == 0)
		ct_entries_judge(e, n);
	else
	{
		pfree(e);
		e = NULL;
	}
	return e;
}

/*
 * Is this, byte by byte, what the encoder makes?  Each entry and then the head is
 * put again from what was read of it; but for orders nothing is allocated.
 */
bool
ct_ledger_valid(const uint8 *bytes, Size len)
{
	LedgerReader r;
	HeadSums	s = {0};
	LedgerEntry e;
	LedgerEntry last = {0};
	LedgerEntry *judged = NULL;
	EntryBefore before = {0};
	uint8		again[Max(HEAD_MAX, ENTRY_MAX)];
	int			found;

	if (!ct_ledger_try_read(bytes, len, &r))
		return false;
	if (r.head.ordered && (judged = judged_entries(r)) == NULL)
		return false;
	s.h.scale = s.drop = r.head.scale;
	before.ordered = r.head.ordered;
	before.day = r.head.first_day;
	for (;;)
	{
		const uint8 *p = r.p;

		CHECK_FOR_INTERRUPTS();
		if ((found = ct_ledger_try_next(&r, &e)) <= 0)
			break;
		if (judged != NULL)
			e = judged[s.h.entries];
		/* ascending real days; something happened; 64 bits with a mirror image */
		if (!IS_VALID_DATE(e.day) ||
			(s.h.entries == 0 ? e.day != r.head.first_day : ledger_entry_cmp(&e, &last) <= 0) ||
			ledger_entry_is_empty(&e) ||
			!fits64(e.amount) || !fits64(e.purchases) || !fits64(e.others))
			return false;
		if (put_entry(again, &before, &e) - again != r.p - p ||
			memcmp(again, p, r.p - p) != 0)
			return false;
		sum_entry(&s, &e);
		last = e;
	}
	if (judged != NULL)
		pfree(judged);
	if (found < 0 || s.drop > 0 || !fits64(s.total) || !fits64(s.purchases))
		return false;
	return put_head(again, sums_head(&s)) - again == r.head.data - bytes &&
		memcmp(again, bytes, r.head.data - bytes) == 0;
}
