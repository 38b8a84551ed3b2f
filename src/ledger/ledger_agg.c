/*
 * ledger_agg.c
 *		Sales to ledgers, ledgers to ledgers: transition, inverse, combine, final.
 *
 * The state is a ledger, open from the first row on, and is changed in place;
 * the caller's aggregate context keeps it.  Transition functions are strict and
 * start from '{}': rows without a day or an amount are passed over.
 */

#include "base/day.h"
#include "ledger/ledger_log.h"

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
