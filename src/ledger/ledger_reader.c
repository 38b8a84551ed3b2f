/*
 * ledger_reader.c
 *		Reads the closed form of a ledger, see ledger.h.
 */
#include "ledger/ledger_reader.h"

#include "base/amount.h"
#include "base/steps.h"
#include "base/varint.h"

/*
 * ct_ledger_corrupt
 *		An error for bytes that no function here has made.
 */
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
	uint64		spread = 0;

	memset(h, 0, sizeof(*h));
	h->end = end;
	if (p >= end || (*p >> 4 != LEDGER_VERSION && *p >> 4 != LEDGER_WITH_ORDERS) ||
		(*p & 0x0f) > AMOUNT_MAX_SCALE)
		return false;
	h->ordered = *p >> 4 == LEDGER_WITH_ORDERS;
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
	if (h->ordered && ((p = get_varint(p, end, &spread)) == NULL || spread > n))
		return false;
	h->first_day = (DateADT) unzigzag(first);
	h->last_day = (DateADT) (h->first_day + (int64) span);
	h->purchases = unzigzag(purchases);
	h->purchase_days = (uint32) days;
	h->first_purchase = (DateADT) (h->first_day + (int64) skip_first);
	h->last_purchase = (DateADT) (h->last_day - (int64) skip_last);
	h->total = unzigzag(total);
	h->spread = (uint32) spread;
	h->data = p;
	return true;
}

/*
 * ct_ledger_head
 *		What a ledger says of itself before its entries.
 */
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
	r->tag = 0;
	r->purchase = NULL;
}

/*
 * ct_ledger_read
 *		Begins to read a ledger, which outlives the reader.
 */
void
ct_ledger_read(const Ledger *l, LedgerReader *r)
{
	ct_ledger_head(l, &r->head);
	start_reading(r);
}

/*
 * ct_ledger_try_read
 *		The same of bytes that may be no ledger; false where they are not those of a head.
 *
 * What the head says is not to be believed yet.
 */
bool
ct_ledger_try_read(const uint8 *bytes, Size len, LedgerReader *r)
{
	if (!read_head(bytes, bytes + len, &r->head))
		return false;
	start_reading(r);
	return true;
}

/* what follows the key of an order's entry */
static int
next_order(LedgerReader *r, LedgerEntry *e, int kind)
{
	const uint8 *end = r->head.end;
	uint64		v = 0;
	uint64		lines;
	uint64		amount;

	if (kind & KIND_WIDE)
	{
		if (end - r->p < TAG_BYTES)
			return -1;
		for (int i = TAG_BYTES; i > 0; i--)
			v = v << 8 | r->p[i - 1];
		r->p += TAG_BYTES;
		r->tag = (int64) v;
	}
	else
	{
		if ((r->p = get_varint(r->p, end, &v)) == NULL)
			return -1;
		r->tag = (int64) ((uint64) r->tag + (uint64) unzigzag(v));
	}
	if ((r->p = get_varint(r->p, end, &lines)) == NULL ||
		(r->p = get_varint(r->p, end, &amount)) == NULL)
		return -1;
	e->ordered = true;
	e->spread = (kind & KIND_SPREAD) != 0;
	e->tag = r->tag;
	e->lines = unzigzag(lines);
	e->amount = unzigzag(amount);
	if (likely(!e->spread))
		e->purchases = e->amount > 0;
	else
		e->purchases = r->purchase != NULL && *r->purchase++;
	return 1;
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
	if ((r->p = get_varint(r->p, end, &key)) == NULL)
		return -1;
	if (r->head.ordered)
	{
		if (key & KIND_ORDER)
		{
			r->day = (DateADT) (r->day + (int64) (key >> KIND_BITS));
			e->day = r->day;
			return next_order(r, e, key & KIND_MASK);
		}
		key = key >> KIND_BITS << 1 | (key & KIND_EXPLICIT);
	}
	if ((r->p = get_varint(r->p, end, &amount)) == NULL)
		return -1;
	r->day = (DateADT) (r->day + (int64) (key >> 1));
	e->day = r->day;
	e->amount = unzigzag(amount);
	if (key & 1)
	{
		if ((r->p = get_varint(r->p, end, &purchases)) == NULL ||
			(r->p = get_varint(r->p, end, &others)) == NULL)
			return -1;
		e->ordered = e->spread = false;
		e->purchases = unzigzag(purchases);
		e->others = unzigzag(others);
	}
	else
		ledger_entry_one_row(e);
	return 1;
}

/*
 * ct_ledger_try_next
 *		The next entry, if the bytes have one: 1, 0 at the end, -1 where they are no ledger.
 */
int
ct_ledger_try_next(LedgerReader *r, LedgerEntry *e)
{
	return next_entry(r, e);
}

/*
 * ct_ledger_next
 *		The next entry of a ledger; false at its end.  Whoever walks a long one can be cancelled.
 */
bool
ct_ledger_next(LedgerReader *r, LedgerEntry *e)
{
	int			found = next_entry(r, e);

	CHECK_AT_STEP(r->left);
	if (unlikely(found < 0))
		ct_ledger_corrupt();
	return found != 0;
}

/*
 * ct_ledger_read_until
 *		The same, where orders are judged by what is known of them before a day.
 *
 * The entries up to there say of an order, too, whether it is a purchase.  Where no order has
 * entries of several days, that costs nothing; else a list of these is palloc'd.
 */
void
ct_ledger_read_until(const Ledger *l, LedgerReader *r, int64 upper)
{
	LedgerEntry *e;
	LedgerEntry next;
	bool	   *purchase;
	int64		n = 0;

	ct_ledger_read(l, r);
	if (likely(r->head.spread == 0))
		return;
	e = alloc_array(r->head.spread, sizeof(LedgerEntry));
	while (ct_ledger_next(r, &next) && next.day < upper)
	{
		if (!next.spread)
			continue;
		if (n == r->head.spread)
			ct_ledger_corrupt();
		e[n++] = next;
	}
	ct_entries_judge(e, n);
	/* and the first entry behind "upper", which ends a walk */
	purchase = alloc_array((int64) r->head.spread + 1, sizeof(bool));
	clear_in_steps(purchase, ((Size) r->head.spread + 1) * sizeof(bool));
	FOR_STEPS(i, 0, n)
		purchase[i] = e[i].purchases > 0;
	pfree(e);
	start_reading(r);
	r->purchase = purchase;
}
