/*
 * ledger_agg.c
 *		Sales to ledgers, ledgers to ledgers: transition, inverse, combine, final.
 *
 * The state is a ledger, open from the first row on, and is changed in place;
 * the caller's aggregate context keeps it.  Transition functions start from '{}'.
 * Rows without a day or an amount are passed over: most of the functions are strict.
 * Those of orders are not, for a row without an order counts by itself.
 */
#include "base/day.h"
#include "ledger/ledger_log.h"
#include "ledger/order_tag.h"

#include "catalog/pg_type.h"

PG_FUNCTION_INFO_V1(ct_ledger_agg_date_numeric);
PG_FUNCTION_INFO_V1(ct_ledger_agg_date_bigint);
PG_FUNCTION_INFO_V1(ct_ledger_agg_date_int);
PG_FUNCTION_INFO_V1(ct_ledger_agg_date_smallint);
PG_FUNCTION_INFO_V1(ct_ledger_agg_timestamp_numeric);
PG_FUNCTION_INFO_V1(ct_ledger_agg_timestamptz_numeric);
PG_FUNCTION_INFO_V1(ct_ledger_unagg_date_numeric);
PG_FUNCTION_INFO_V1(ct_ledger_unagg_date_bigint);
PG_FUNCTION_INFO_V1(ct_ledger_unagg_date_int);
PG_FUNCTION_INFO_V1(ct_ledger_unagg_date_smallint);
PG_FUNCTION_INFO_V1(ct_ledger_unagg_timestamp_numeric);
PG_FUNCTION_INFO_V1(ct_ledger_unagg_timestamptz_numeric);
PG_FUNCTION_INFO_V1(ct_ledger_accumulate);
PG_FUNCTION_INFO_V1(ct_ledger_unaccumulate);
PG_FUNCTION_INFO_V1(ct_ledger_final);

/* the state to append to: argument 0, opened if it is still '{}' or came by wire */
static LedgerLog *
get_state(FunctionCallInfo fcinfo)
{
	struct varlena *v = (struct varlena *) PG_GETARG_POINTER(0);

	if (unlikely(!AggCheckCallContext(fcinfo, NULL)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("aggregate function called in non-aggregate context"),
				 errhint("Use the aggregates ledger_agg and rollup, or the operators + and -.")));
	/* an aggregate of somebody's own may start from null */
	if (unlikely(PG_ARGISNULL(0)))
		return ct_log_new();
	if (likely(VARATT_IS_4B_U(v) && ledger_is_open(v)))
		return (LedgerLog *) v;
	v = (struct varlena *) PG_DETOAST_DATUM(PointerGetDatum(v));
	if (ledger_is_open(v))
		return (LedgerLog *) v;
	return ct_log_add_ledger(ct_log_new(), PointerGetDatum(v), false);
}

#define NUMERIC_ARG		ct_amount_from_numeric(PG_GETARG_DATUM(2))
#define DATE_ARG		day_of_date(PG_GETARG_DATEADT(1))
#define TIMESTAMP_ARG	day_of_timestamp(PG_GETARG_TIMESTAMP(1))
#define ZONED_ARG		ct_day_in_zone(PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TEXT_PP(3))

#define LEDGER_AGG(args, day, amount) \
Datum \
ct_ledger_agg_##args(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_POINTER(ledger_log_add_row(get_state(fcinfo), day, amount)); \
} \
Datum \
ct_ledger_unagg_##args(PG_FUNCTION_ARGS) \
{ \
	PG_RETURN_POINTER(ct_log_undo_row(get_state(fcinfo), day, amount)); \
}

LEDGER_AGG(date_numeric, DATE_ARG, NUMERIC_ARG)
LEDGER_AGG(date_bigint, DATE_ARG, amount_of_integer(PG_GETARG_INT64(2)))
LEDGER_AGG(date_int, DATE_ARG, amount_of_integer(PG_GETARG_INT32(2)))
LEDGER_AGG(date_smallint, DATE_ARG, amount_of_integer(PG_GETARG_INT16(2)))
LEDGER_AGG(timestamp_numeric, TIMESTAMP_ARG, NUMERIC_ARG)
LEDGER_AGG(timestamptz_numeric, ZONED_ARG, NUMERIC_ARG)

/* day and amount are arguments up to "order", which is the order */
#define LEDGER_AGG_ORDER(args, day, order, type) \
PG_FUNCTION_INFO_V1(ct_ledger_agg_##args); \
PG_FUNCTION_INFO_V1(ct_ledger_unagg_##args); \
Datum \
ct_ledger_agg_##args(PG_FUNCTION_ARGS) \
{ \
	LedgerLog  *log = get_state(fcinfo); \
	if (has_null(fcinfo, order)) \
		PG_RETURN_POINTER(log); \
	if (PG_ARGISNULL(order)) \
		PG_RETURN_POINTER(ledger_log_add_row(log, day, NUMERIC_ARG)); \
	PG_RETURN_POINTER(ct_log_add_line(log, day, ct_order_tag(type, PG_GETARG_DATUM(order)), NUMERIC_ARG)); \
} \
Datum \
ct_ledger_unagg_##args(PG_FUNCTION_ARGS) \
{ \
	LedgerLog  *log = get_state(fcinfo); \
	if (has_null(fcinfo, order)) \
		PG_RETURN_POINTER(log); \
	if (PG_ARGISNULL(order)) \
		PG_RETURN_POINTER(ct_log_undo_row(log, day, NUMERIC_ARG)); \
	PG_RETURN_POINTER(ct_log_undo_line(log, day, ct_order_tag(type, PG_GETARG_DATUM(order)), NUMERIC_ARG)); \
}

/* whether one of the arguments between the state and the order is null */
static inline bool
has_null(FunctionCallInfo fcinfo, int order)
{
	for (int i = 1; i < order; i++)
		if (PG_ARGISNULL(i))
			return true;
	return false;
}

LEDGER_AGG_ORDER(date_bigint_order, DATE_ARG, 3, INT8OID)
LEDGER_AGG_ORDER(date_text_order, DATE_ARG, 3, TEXTOID)
LEDGER_AGG_ORDER(date_uuid_order, DATE_ARG, 3, UUIDOID)
LEDGER_AGG_ORDER(timestamp_bigint_order, TIMESTAMP_ARG, 3, INT8OID)
LEDGER_AGG_ORDER(timestamp_text_order, TIMESTAMP_ARG, 3, TEXTOID)
LEDGER_AGG_ORDER(timestamp_uuid_order, TIMESTAMP_ARG, 3, UUIDOID)
LEDGER_AGG_ORDER(timestamptz_bigint_order, ZONED_ARG, 4, INT8OID)
LEDGER_AGG_ORDER(timestamptz_text_order, ZONED_ARG, 4, TEXTOID)
LEDGER_AGG_ORDER(timestamptz_uuid_order, ZONED_ARG, 4, UUIDOID)

/* rollup's transition, and what combines the states of every aggregate here */
Datum
ct_ledger_accumulate(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(ct_log_add_ledger(get_state(fcinfo), PG_GETARG_DATUM(1), false));
}

Datum
ct_ledger_unaccumulate(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(ct_log_add_ledger(get_state(fcinfo), PG_GETARG_DATUM(1), true));
}

Datum
ct_ledger_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_LEDGER(PG_GETARG_LEDGER(0));
}
