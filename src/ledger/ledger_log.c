/*
 * ledger_log.c
 *		The open form of a ledger: rows as they come, with room for more.
 *
 * A record is
 *		varint zigzag(day - day before) << 1 | explicit
 *		zigzag amount of 10^-scale (up to 128 bits)
 *		if explicit: zigzag purchases, zigzag other rows
 * in any order of days; where there are orders, it is
 *		varint zigzag(day - day before) << 2 | ORDER | explicit
 *		if ORDER: the tag, eight bytes, and zigzag lines
 *		zigzag amount
 *		if explicit: the same two
 * and the lines of an order that come one after the other share one.  A full log doubles
 * while it is small; a larger one is first condensed to one record a day or order, so that
 * its size is bounded by these and not by the rows.  Sums have 128 bits on the way: whether they fit is asked
 * when the log is closed, and so does not depend on the order of rows.
 */
#include "ledger/ledger_log.h"

#define LOG_START		128		/* bytes of a new log, head included */
#define LOG_CONDENSE	512		/* from here on a full log is condensed */
#define LOG_SCALE		2		/* money mostly has two decimals */
#define RECORD_MAX		(3 * VARINT_MAX64 + VARINT_MAX128)
#define RECORD_TYPICAL	8
#define LINE_TYPICAL	16

#define EXPLICIT		1
#define ORDER			2		/* where there are orders */
#define TAG_SIZE		sizeof(int64)
#define STACK_ENTRIES	32

/* the open forms of both versions of a ledger */
#define OPEN_TAG(ordered, scale) \
	(LEDGER_TAG((ordered) ? LEDGER_WITH_ORDERS : LEDGER_VERSION, scale) | LEDGER_OPEN)

static inline bool
has_orders(const LedgerLog *log)
{
	return log->tag >> 4 == LEDGER_WITH_ORDERS;
}

static LedgerLog *
log_alloc(Size size, uint8 tag)
{
	LedgerLog  *log;

	log = alloc_state(size, LEDGER_TOO_LARGE);
	SET_VARSIZE(log, size);
	log->tag = tag;
	log->last_line = 0;
	memset(log->pad, 0, sizeof(log->pad));
	log->used = 0;
	log->last_day = 0;
	return log;
}

LedgerLog *
ct_log_new(void)
{
	return log_alloc(LOG_START, OPEN_TAG(false, LOG_SCALE));
}

/* what follows the tag of a line; its record ends the log */
static inline void
put_line(LedgerLog *log, uint8 *tag, int64 lines, int128 amount)
{
	uint8	   *p = put_varint(tag + TAG_SIZE, zigzag(lines));

	p = put_varint128(p, amount);
	log->last_line = p - tag;
	log->used = p - log->log;
}

/* the log has orders, if the entry is of one */
static void
put_record(LedgerLog *log, const LedgerEntry *e)
{
	uint8	   *p = log->log + log->used;
	uint64		step = zigzag((int64) e->day - log->last_day);
	bool		one;

	log->last_day = e->day;
	if (e->ordered)
	{
		p = put_varint(p, step << 2 | ORDER);
		memcpy(p, &e->tag, TAG_SIZE);
		put_line(log, p, e->lines, e->amount);
		return;
	}
	one = ledger_entry_is_one_row(e);
	p = put_varint(p, step << (has_orders(log) ? 2 : 1) | (one ? 0 : EXPLICIT));
	p = put_varint128(p, e->amount);
	if (!one)
	{
		p = put_varint(p, zigzag(e->purchases));
		p = put_varint(p, zigzag(e->others));
	}
	log->used = p - log->log;
	log->last_line = 0;
}

/* a record takes two bytes at least */
static inline int64
max_entries(const LedgerLog *log)
{
	if (log->used < 0 || log->used > LEDGER_LOG_ROOM(log))
		ct_ledger_corrupt();
	return log->used / 2;
}

/* room for max_entries() is the caller's; returns how many there are */
static int64
log_decode(const LedgerLog *log, LedgerEntry *e)
{
	const uint8 *p = log->log;
	const uint8 *end = p + log->used;
	int			flags = has_orders(log) ? 2 : 1;
	DateADT		day = 0;
	int64		n = 0;

	while (p < end)
	{
		uint64		key;
		uint64		lines = 0;
		uint64		purchases;
		uint64		others;
		bool		ordered;

		if ((p = get_varint(p, end, &key)) == NULL)
			ct_ledger_corrupt();
		day = (DateADT) (day + unzigzag(key >> flags));
		ordered = flags > 1 && (key & ORDER);
		if (ordered)
		{
			if (end - p < TAG_SIZE)
				ct_ledger_corrupt();
			memcpy(&e[n].tag, p, TAG_SIZE);
			if ((p = get_varint(p + TAG_SIZE, end, &lines)) == NULL)
				ct_ledger_corrupt();
		}
		if ((p = get_varint128(p, end, &e[n].amount)) == NULL)
			ct_ledger_corrupt();
		e[n].day = day;
		e[n].ordered = ordered;
		e[n].spread = false;
		if (ordered)
		{
			e[n].purchases = 0;
			e[n].lines = unzigzag(lines);
		}
		else if (key & EXPLICIT)
		{
			if ((p = get_varint(p, end, &purchases)) == NULL ||
				(p = get_varint(p, end, &others)) == NULL)
				ct_ledger_corrupt();
			e[n].purchases = unzigzag(purchases);
			e[n].others = unzigzag(others);
		}
		else
			ledger_entry_one_row(&e[n]);
		CHECK_AT_STEP(n);
		n++;
	}
	return n;
}

/*
 * Room for another record, also of an order if that is asked for, at a scale that is not
 * below the given one: in place where condensing what is there makes enough of it.
 */
static LedgerLog *
make_room(LedgerLog *log, int scale, bool ordered)
{
	int			old_scale = log->tag & LEDGER_SCALE_MASK;
	Size		size = VARSIZE(log);
	uint8		tag;
	LedgerLog  *result;
	LedgerEntry *e;
	int64		n;

	ordered |= has_orders(log);
	if (scale <= old_scale && ordered == has_orders(log) && size < LOG_CONDENSE)
	{
		result = log_alloc(size * 2, log->tag);
		result->used = log->used;
		result->last_day = log->last_day;
		result->last_line = log->last_line;
		memcpy(result->log, log->log, log->used);
		return result;
	}

	e = alloc_array(max_entries(log), sizeof(LedgerEntry));
	n = ct_entries_condense(e, log_decode(log, e));
	if (scale > old_scale)
		ct_entries_rescale(e, n, scale - old_scale);
	else
		scale = old_scale;
	tag = OPEN_TAG(ordered, scale);
	/* at least half of the room is free again, or the log doubles */
	while (size / 2 < offsetof(LedgerLog, log) + n * (ordered ? LINE_TYPICAL : RECORD_TYPICAL) + RECORD_MAX)
		size *= 2;
	for (;;)
	{
		int64		i;

		result = size > VARSIZE(log) ? log_alloc(size, tag) : log;
		result->tag = tag;
		result->used = 0;
		result->last_day = 0;
		result->last_line = 0;
		for (i = 0; i < n && LEDGER_LOG_ROOM(result) - result->used >= 2 * RECORD_MAX; i++)
		{
			CHECK_AT_STEP(i);
			put_record(result, &e[i]);
		}
		if (i == n)
			break;
		size *= 2;				/* records longer than is typical */
	}
	pfree(e);
	return result;
}

LedgerLog *
ct_log_add_entry(LedgerLog *log, const LedgerEntry *entry, int scale)
{
	LedgerEntry e = *entry;
	int			log_scale = log->tag & LEDGER_SCALE_MASK;

	if (scale > log_scale || LEDGER_LOG_ROOM(log) - log->used < RECORD_MAX || (e.ordered && !has_orders(log)))
	{
		log = make_room(log, scale, e.ordered);
		log_scale = log->tag & LEDGER_SCALE_MASK;
	}
	ct_entries_rescale(&e, 1, log_scale - scale);
	put_record(log, &e);
	return log;
}

/*
 * All of a ledger, open or closed, or its negative.  Logs on the way are freed;
 * the first one is the caller's.
 */
LedgerLog *
ct_log_add_ledger(LedgerLog *log, Datum d, bool negate)
{
	LedgerLog  *first = log;
	LedgerLog  *next;
	LedgerReader r;
	LedgerEntry e;

	ct_ledger_read(ct_get_ledger(d), &r);
	while (ct_ledger_next(&r, &e))
	{
		if (negate)
			ledger_entry_negate(&e);
		next = ct_log_add_entry(log, &e, r.head.scale);
		if (next != log && log != first)
			pfree(log);
		log = next;
	}
	return log;
}

/* one row less */
LedgerLog *
ct_log_undo_row(LedgerLog *log, DateADT day, Amount amount)
{
	LedgerEntry e;

	e.day = day;
	e.amount = amount.value;
	ledger_entry_one_row(&e);
	ledger_entry_negate(&e);
	return ct_log_add_entry(log, &e, amount.scale);
}

/*
 * A line of an order more, or one less where "lines" is -1 and the amount is negated.  It
 * joins the last record if that is of the same order and day.
 */
static LedgerLog *
change_line(LedgerLog *log, DateADT day, int64 tag, Amount amount, int lines)
{
	LedgerEntry e;

	if (log->last_line > 0 && log->last_line <= log->used && log->last_day == day &&
		(log->tag & LEDGER_SCALE_MASK) == amount.scale && LEDGER_LOG_ROOM(log) - log->used >= RECORD_MAX)
	{
		const uint8 *end = log->log + log->used;
		uint8	   *line = log->log + log->used - log->last_line;
		uint64		before;

		if (memcmp(line, &tag, TAG_SIZE) == 0)
		{
			const uint8 *p = get_varint(line + TAG_SIZE, end, &before);

			if (p == NULL || get_varint128(p, end, &e.amount) == NULL)
				ct_ledger_corrupt();
			put_line(log, line, unzigzag(before) + lines, e.amount + amount.value);
			return log;
		}
	}
	e.day = day;
	e.ordered = true;
	e.spread = false;
	e.tag = tag;
	e.purchases = 0;
	e.lines = lines;
	e.amount = amount.value;
	return ct_log_add_entry(log, &e, amount.scale);
}

/*
 * ct_log_add_line
 *		One line of an order.
 */
LedgerLog *
ct_log_add_line(LedgerLog *log, DateADT day, int64 tag, Amount amount)
{
	return change_line(log, day, tag, amount, 1);
}

/*
 * ct_log_undo_line
 *		One line of an order less.
 */
LedgerLog *
ct_log_undo_line(LedgerLog *log, DateADT day, int64 tag, Amount amount)
{
	amount.value = -amount.value;
	return change_line(log, day, tag, amount, -1);
}

/*
 * Most logs are short and in order, one sale a day, and need no smaller scale:
 * what the encoder would do is then done on the way.  NULL for all others.
 */
static Ledger *
close_in_order(const LedgerLog *log)
{
	uint8		entries[LOG_CONDENSE + VARINT_ROOM];
	uint8	   *out = entries;
	const uint8 *p = log->log;
	const uint8 *used = p + log->used;
	const uint8 *end = p + LEDGER_LOG_ROOM(log);
	LedgerHead	h = {0};
	bool		whole = true;

	if (log->used > LOG_CONDENSE || has_orders(log))
		return NULL;
	h.scale = log->tag & LEDGER_SCALE_MASK;
	while (p < used)
	{
		uint64		key;
		uint64		zigzagged;
		int64		gap;
		int64		amount;

		if ((p = get_varint(p, end, &key)) == NULL ||
			(p = get_varint(p, end, &zigzagged)) == NULL || (key & 1))
			return NULL;
		gap = unzigzag(key >> 1);
		amount = unzigzag(zigzagged);
		whole = whole && amount % 10 == 0;
		if (h.entries++ == 0)
		{
			h.first_day = h.last_day = (DateADT) gap;
			gap = 0;
		}
		else if (gap <= 0)
			return NULL;
		h.last_day += gap;
		if (pg_add_s64_overflow(h.total, amount, &h.total))
			return NULL;
		if (amount > 0)
		{
			if (h.purchase_days++ == 0)
				h.first_purchase = h.last_day;
			h.last_purchase = h.last_day;
		}
		out = put_varint(out, (uint64) gap << 1);
		out = put_varint(out, zigzagged);
	}
	if (whole || h.total == PG_INT64_MIN)
		return NULL;
	h.purchases = h.purchase_days;
	return ct_ledger_make(&h, entries, out - entries);
}

Ledger *
ct_log_close(const LedgerLog *log)
{
	LedgerEntry stack[STACK_ENTRIES];
	LedgerEntry *e = stack;
	int64		n = max_entries(log);
	Ledger	   *result = close_in_order(log);

	if (result != NULL)
		return result;

	if (n > STACK_ENTRIES)
		e = alloc_array(n, sizeof(LedgerEntry));
	n = log_decode(log, e);
	result = ct_ledger_normalize(e, n, log->tag & LEDGER_SCALE_MASK);
	if (e != stack)
		pfree(e);
	return result;
}

/* a ledger argument: packed where it can be, always closed */
Ledger *
ct_get_ledger(Datum d)
{
	struct varlena *v = PG_DETOAST_DATUM_PACKED(d);

	if (unlikely(ledger_is_open(v)))
		return ct_log_close((LedgerLog *) PG_DETOAST_DATUM(PointerGetDatum(v)));
	return v;
}
