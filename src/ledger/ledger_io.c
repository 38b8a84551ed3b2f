/*
 * ledger_io.c
 *		A ledger as text and on the wire.
 *
 * Text: {2026-01-05:1:49.90, 2026-02-11:2+1:80.1} - day, purchases (and other
 * rows, signed, where there are any), amount.  Of an order {2026-01-05:#536365*3:49.90}:
 * its tag, the number of lines unless that is 1, amount.  It is exact: in and out are
 * inverse.  Input takes entries in any order and adds up those of one day or order.
 */
#include "ledger/ledger.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "ledger/ledger_log.h"

PG_FUNCTION_INFO_V1(ct_ledger_in);
PG_FUNCTION_INFO_V1(ct_ledger_out);
PG_FUNCTION_INFO_V1(ct_ledger_recv);
PG_FUNCTION_INFO_V1(ct_ledger_send);

#define COUNT_DIGITS	19		/* of the greatest 64-bit integer */

pg_noreturn static void bad_text(const char *str);

static void
bad_text(const char *str)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", "ledger", str),
			 errhint("A ledger is written {2026-01-05:1:49.90, 2026-02-11:2+1:80.10}: "
					 "day, purchases and other rows, amount.")));
}

static const char *
skip_space(const char *p)
{
	const char *start = p;

	for (; *p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'; p++)
		CHECK_AT_STEP(p - start);
	return p;
}

/* digits, and at most so many of them, up to 19; NULL if there are none or more */
static const char *
parse_digits(const char *p, int most, uint64 *v)
{
	const char *start = p;

	for (*v = 0; *p >= '0' && *p <= '9'; p++)
	{
		if (p - start >= most)
			return NULL;
		*v = *v * 10 + (*p - '0');
	}
	return p > start ? p : NULL;
}

/* year-month-day[ BC], the calendar's own days only */
static const char *
parse_day(const char *p, DateADT *day)
{
	uint64		digits;
	int			y;
	int			m;
	int			d;

	if ((p = parse_digits(p, 7, &digits)) == NULL || *p++ != '-')
		return NULL;
	y = (int) digits;
	if ((p = parse_digits(p, 2, &digits)) == NULL || *p++ != '-')
		return NULL;
	m = (int) digits;
	if ((p = parse_digits(p, 2, &digits)) == NULL)
		return NULL;
	d = (int) digits;
	if (strncmp(p, " BC", 3) == 0)
	{
		if (y == 0)
			return NULL;
		y = 1 - y;
		p += 3;
	}
	else if (y == 0)
		return NULL;
	if (m < 1 || m > 12 || d < 1 || d > day_tab[isleap(y)][m - 1] ||
		!IS_VALID_JULIAN(y, m, d))
		return NULL;
	*day = date2j(y, m, d) - POSTGRES_EPOCH_JDATE;
	return IS_VALID_DATE(*day) ? p : NULL;
}

static const char *
parse_count(const char *p, int64 *count)
{
	bool		negative = *p == '-';
	uint64		digits;

	if (*p == '-' || *p == '+')
		p++;
	if ((p = parse_digits(p, COUNT_DIGITS, &digits)) == NULL)
		return NULL;
	if (digits > PG_INT64_MAX)
		ct_count_overflow();
	*count = negative ? -(int64) digits : (int64) digits;
	return p;
}

/* a tag has all of 64 bits */
static const char *
parse_tag(const char *p, int64 *tag)
{
	bool		negative = *p == '-';
	uint64		digits;

	if ((p = parse_digits(p + negative, COUNT_DIGITS, &digits)) == NULL ||
		digits > (uint64) PG_INT64_MAX + negative)
		return NULL;
	*tag = (int64) (negative ? -digits : digits);
	return p;
}

/* what stands between the day and the amount: "#tag*lines", or "purchases+others" */
static const char *
parse_what(const char *p, LedgerEntry *e)
{
	e->ordered = *p == '#';
	e->spread = false;
	if (e->ordered)
	{
		e->purchases = 0;
		e->lines = 1;
		if ((p = parse_tag(p + 1, &e->tag)) != NULL && *p == '*')
			p = parse_count(p + 1, &e->lines);
		return p;
	}
	e->others = 0;
	if ((p = parse_count(p, &e->purchases)) != NULL && *p != ':')
		p = parse_count(p, &e->others);
	return p;
}

static const char *
parse_amount(const char *p, int128 *amount, int *scale)
{
	bool		negative = *p == '-';
	int			digits = 0;

	if (*p == '-' || *p == '+')
		p++;
	*amount = 0;
	*scale = -1;
	for (; (*p >= '0' && *p <= '9') || (*p == '.' && *scale < 0); p++)
	{
		if (*p == '.')
		{
			*scale = 0;
			continue;
		}
		if (++digits > 30 || (*scale >= 0 && ++*scale > AMOUNT_MAX_SCALE))
			return NULL;
		*amount = *amount * 10 + (*p - '0');
	}
	*scale = Max(*scale, 0);
	if (digits == 0)
		return NULL;
	for (; *scale > 0 && *amount % 10 == 0; (*scale)--)
		*amount /= 10;
	if (*amount > PG_INT64_MAX)
		ct_amount_overflow();
	if (negative)
		*amount = -*amount;
	return p;
}

Datum
ct_ledger_in(PG_FUNCTION_ARGS)
{
	const char *str = PG_GETARG_CSTRING(0);
	const char *p = skip_space(str);
	LedgerLog  *log = ct_log_new();

	if (*p++ != '{')
		bad_text(str);
	p = skip_space(p);
	if (*p != '}')
		for (;;)
		{
			LedgerEntry e;
			int			scale;

			CHECK_FOR_INTERRUPTS();
			if ((p = parse_day(p, &e.day)) == NULL || *p++ != ':' || (p = parse_what(p, &e)) == NULL)
				bad_text(str);
			if (*p++ != ':' || (p = parse_amount(p, &e.amount, &scale)) == NULL)
				bad_text(str);
			log = ct_log_add_entry(log, &e, scale);
			p = skip_space(p);
			if (*p == '}')
				break;
			if (*p++ != ',')
				bad_text(str);
			p = skip_space(p);
		}
	if (*skip_space(p + 1) != '\0')
		bad_text(str);
	PG_RETURN_LEDGER(ct_log_close(log));
}

Datum
ct_ledger_out(PG_FUNCTION_ARGS)
{
	LedgerReader r;
	LedgerEntry e;
	StringInfoData buf;
	const char *between = "";

	ct_ledger_read(PG_GETARG_LEDGER(0), &r);
	initStringInfo(&buf);
	appendStringInfoChar(&buf, '{');
	while (ct_ledger_next(&r, &e))
	{
		int64		unit = ct_pow10[r.head.scale];
		int64		amount = (int64) e.amount;
		int			y;
		int			m;
		int			d;

		j2date(e.day + POSTGRES_EPOCH_JDATE, &y, &m, &d);
		appendStringInfo(&buf, "%s%04d-%02d-%02d%s:", between, y > 0 ? y : 1 - y, m, d, y > 0 ? "" : " BC");
		if (e.ordered)
			appendStringInfo(&buf, "#" INT64_FORMAT, e.tag);
		else
			appendStringInfo(&buf, INT64_FORMAT, e.purchases);
		if (e.ordered && e.lines != 1)
			appendStringInfo(&buf, "*" INT64_FORMAT, e.lines);
		else if (!e.ordered && e.others != 0)
			appendStringInfo(&buf, "%+lld", (long long) e.others);
		appendStringInfo(&buf, ":%s%lld", amount < 0 ? "-" : "", llabs(amount / unit));
		if (r.head.scale > 0)
			appendStringInfo(&buf, ".%0*lld", r.head.scale, llabs(amount % unit));
		between = ", ";
	}
	appendStringInfoChar(&buf, '}');
	PG_RETURN_CSTRING(buf.data);
}

/* the closed form itself, whose first byte is its version; bytes have no order to swap */
Datum
ct_ledger_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			len = buf->len - buf->cursor;
	const uint8 *bytes = (const uint8 *) pq_getmsgbytes(buf, len);
	Ledger	   *result;

	if (!ct_ledger_valid(bytes, len))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary representation of type ledger"),
				 errdetail("The bytes are not the canonical form of version %d or %d.",
						   LEDGER_VERSION, LEDGER_WITH_ORDERS)));
	result = alloc_state(VARHDRSZ + len, LEDGER_TOO_LARGE);
	SET_VARSIZE(result, VARHDRSZ + len);
	copy_in_steps(VARDATA(result), bytes, len);
	PG_RETURN_LEDGER(result);
}

Datum
ct_ledger_send(PG_FUNCTION_ARGS)
{
	Ledger	   *l = PG_GETARG_LEDGER(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, VARDATA_ANY(l), VARSIZE_ANY_EXHDR(l));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
