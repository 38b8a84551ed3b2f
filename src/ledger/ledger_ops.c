/*
 * ledger_ops.c
 *		The group of ledgers, equality and order, and the entries as rows.
 */
#include "ledger/ledger.h"

#include "common/hashfn.h"

#include "ledger/day_window.h"
#include "ledger/ledger_log.h"

PG_FUNCTION_INFO_V1(ct_ledger_add);
PG_FUNCTION_INFO_V1(ct_ledger_subtract);
PG_FUNCTION_INFO_V1(ct_ledger_negate);
PG_FUNCTION_INFO_V1(ct_ledger_eq);
PG_FUNCTION_INFO_V1(ct_ledger_ne);
PG_FUNCTION_INFO_V1(ct_ledger_cmp);
PG_FUNCTION_INFO_V1(ct_ledger_lt);
PG_FUNCTION_INFO_V1(ct_ledger_le);
PG_FUNCTION_INFO_V1(ct_ledger_ge);
PG_FUNCTION_INFO_V1(ct_ledger_gt);
PG_FUNCTION_INFO_V1(ct_ledger_hash);
PG_FUNCTION_INFO_V1(ct_ledger_hash_extended);
PG_FUNCTION_INFO_V1(ct_is_empty);
PG_FUNCTION_INFO_V1(ct_slice);
PG_FUNCTION_INFO_V1(ct_entries);

static void
next_at_scale(LedgerReader *r, LedgerEntry *e, bool *more, int scale, bool negate)
{
	*more = ct_ledger_next(r, e);
	if (!*more)
		return;
	if (negate)
		ledger_entry_negate(e);
	ct_entries_rescale(e, 1, scale - r->head.scale);
}

/* a + b, or a - b: one walk over both */
static Ledger *
merge(const Ledger *a, const Ledger *b, bool negate)
{
	LedgerReader ra;
	LedgerReader rb;
	LedgerEntry ea;
	LedgerEntry eb;
	LedgerEntry *e;
	Ledger	   *result;
	bool		more_a;
	bool		more_b;
	int			scale;
	int64		n = 0;

	ct_ledger_read(a, &ra);
	ct_ledger_read(b, &rb);
	scale = Max(ra.head.scale, rb.head.scale);
	e = alloc_array((int64) ra.head.entries + rb.head.entries, sizeof(LedgerEntry));
	next_at_scale(&ra, &ea, &more_a, scale, false);
	next_at_scale(&rb, &eb, &more_b, scale, negate);
	while (more_a || more_b)
	{
		if (more_a && (!more_b || ledger_entry_cmp(&ea, &eb) <= 0))
		{
			e[n++] = ea;
			next_at_scale(&ra, &ea, &more_a, scale, false);
		}
		else
		{
			e[n++] = eb;
			next_at_scale(&rb, &eb, &more_b, scale, negate);
		}
	}
	result = ct_ledger_normalize(e, n, scale);
	pfree(e);
	return result;
}

Datum
ct_ledger_add(PG_FUNCTION_ARGS)
{
	PG_RETURN_LEDGER(merge(PG_GETARG_LEDGER(0), PG_GETARG_LEDGER(1), false));
}

Datum
ct_ledger_subtract(PG_FUNCTION_ARGS)
{
	PG_RETURN_LEDGER(merge(PG_GETARG_LEDGER(0), PG_GETARG_LEDGER(1), true));
}

Datum
ct_ledger_negate(PG_FUNCTION_ARGS)
{
	LedgerReader r;
	LedgerEntry *e;
	int64		n;

	ct_ledger_read(PG_GETARG_LEDGER(0), &r);
	e = alloc_array(r.head.entries, sizeof(LedgerEntry));
	for (n = 0; ct_ledger_next(&r, &e[n]); n++)
		ledger_entry_negate(&e[n]);
	PG_RETURN_LEDGER(ct_ledger_encode(e, n, r.head.scale));
}

Datum
ct_slice(PG_FUNCTION_ARGS)
{
	Ledger	   *l = PG_GETARG_LEDGER(0);
	DayWindow	w = ct_get_window(fcinfo, 1);

	PG_RETURN_LEDGER(ct_ledger_slice(l, w.lower, w.upper));
}

/* equal contents have equal bytes */
static bool
same_bytes(FunctionCallInfo fcinfo)
{
	Ledger	   *a = PG_GETARG_LEDGER(0);
	Ledger	   *b = PG_GETARG_LEDGER(1);

	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

Datum
ct_ledger_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_bytes(fcinfo));
}

Datum
ct_ledger_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_bytes(fcinfo));
}

/* by the total, and among equal totals by the bytes, so that all that differs has an order */
static int
compare(FunctionCallInfo fcinfo)
{
	Ledger	   *a = PG_GETARG_LEDGER(0);
	Ledger	   *b = PG_GETARG_LEDGER(1);
	LedgerHead	ha;
	LedgerHead	hb;
	int128		ta;
	int128		tb;
	int			cmp;

	ct_ledger_head(a, &ha);
	ct_ledger_head(b, &hb);
	ta = (int128) ha.total * ct_pow10[AMOUNT_MAX_SCALE - ha.scale];
	tb = (int128) hb.total * ct_pow10[AMOUNT_MAX_SCALE - hb.scale];
	if (ta != tb)
		return ta < tb ? -1 : 1;
	cmp = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(VARSIZE_ANY_EXHDR(a), VARSIZE_ANY_EXHDR(b)));
	if (cmp == 0)
		cmp = (int) VARSIZE_ANY_EXHDR(a) - (int) VARSIZE_ANY_EXHDR(b);
	return cmp < 0 ? -1 : cmp > 0;
}

Datum
ct_ledger_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

Datum
ct_ledger_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

Datum
ct_ledger_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

Datum
ct_ledger_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

Datum
ct_ledger_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}

Datum
ct_ledger_hash(PG_FUNCTION_ARGS)
{
	Ledger	   *l = PG_GETARG_LEDGER(0);

	return hash_any((unsigned char *) VARDATA_ANY(l), VARSIZE_ANY_EXHDR(l));
}

Datum
ct_ledger_hash_extended(PG_FUNCTION_ARGS)
{
	Ledger	   *l = PG_GETARG_LEDGER(0);

	return hash_any_extended((unsigned char *) VARDATA_ANY(l), VARSIZE_ANY_EXHDR(l),
							 PG_GETARG_INT64(1));
}

Datum
ct_is_empty(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ledger_is_empty(PG_GETARG_LEDGER(0)));
}

/* entries(ledger) -> (day, purchases, other_rows, amount, order_tag, lines) */
Datum
ct_entries(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	LedgerReader *r;
	LedgerEntry e;
	Datum		values[6];
	bool		nulls[6] = {false};

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &call->tuple_desc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		BlessTupleDesc(call->tuple_desc);
		r = palloc(sizeof(LedgerReader));
		/* a copy: the argument may not live as long as the rows are asked for */
		ct_ledger_read_until((Ledger *) PG_DETOAST_DATUM_COPY(PointerGetDatum(PG_GETARG_LEDGER(0))), r,
							 PG_INT64_MAX);
		call->user_fctx = r;
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	r = call->user_fctx;
	if (!ct_ledger_next(r, &e))
		SRF_RETURN_DONE(call);
	values[0] = DateADTGetDatum(e.day);
	values[1] = Int64GetDatum(e.purchases);
	values[2] = Int64GetDatum(e.ordered ? 0 : e.others);
	values[3] = ct_amount_to_numeric((int64) e.amount, r->head.scale);
	values[4] = Int64GetDatum(e.tag);
	values[5] = Int64GetDatum(e.lines);
	nulls[4] = nulls[5] = !e.ordered;
	SRF_RETURN_NEXT(call, HeapTupleGetDatum(heap_form_tuple(call->tuple_desc, values, nulls)));
}
