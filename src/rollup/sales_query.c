/*
 * sales_query.c
 *		Every customer's ledger from a query of customer, day, amount.
 *
 * The query's rows go straight to the scatter: no tuple is formed, stored or sorted
 * on the way.
 */
#include "rollup/sales_query.h"

#include "base/query.h"

#define SALE_COLUMNS	3			/* and a fourth, undo, if the query has it */
#define ROWS_A_RESET	1024	/* rows whose detoasted values may wait to be freed */

typedef struct Receiver
{
	const SalesQuery *query;
	SaleType	type;
	MemoryContext scratch;
	Scatter    *scatter;
	uint64		rows;
	uint64		no_customer;
	uint64		no_value;		/* no day, or no amount */
} Receiver;

static void
start_sales(void *arg, TupleDesc desc)
{
	Receiver   *r = arg;
	const SalesQuery *q = r->query;

	if (desc->natts != SALE_COLUMNS + q->undo)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the query of %s must return three columns, not %d", q->function, desc->natts),
				 errhint("Let it select customer, day and amount, in this order.")));
	ct_sale_type(&r->type,
							TupleDescAttr(desc, 0)->atttypid, TupleDescAttr(desc, 0)->attcollation,
							TupleDescAttr(desc, 1)->atttypid, TupleDescAttr(desc, 2)->atttypid, q->time_zone);
	q->start(q->arg, &r->type);
	r->scatter = ct_scatter_begin(&r->type.customer);
}

static void
receive_sale(void *arg, TupleTableSlot *slot)
{
	Receiver   *r = arg;
	MemoryContext old;
	Datum		customer;
	DateADT		day;

	slot_getallattrs(slot);
	if (unlikely(slot->tts_isnull[0]))
	{
		r->no_customer++;
		return;
	}
	if (unlikely(slot->tts_isnull[1] || slot->tts_isnull[2]))
	{
		r->no_value++;
		return;
	}
	old = MemoryContextSwitchTo(r->scratch);
	if (unlikely(++r->rows % ROWS_A_RESET == 0))
		MemoryContextReset(r->scratch);
	day = sale_day(&r->type, slot->tts_values[1]);
	if (day <= r->query->until)
	{
		customer = slot->tts_values[0];
		if (r->type.customer.len == -1)
			customer = PointerGetDatum(PG_DETOAST_DATUM_PACKED(customer));
		ct_scatter_add(r->scatter, customer, day, sale_amount(&r->type, slot->tts_values[2]),
								  r->query->undo && DatumGetBool(slot->tts_values[3]));
	}
	MemoryContextSwitchTo(old);
}

static void
report_left_out(const Receiver *r)
{
	if (r->no_customer > 0)
		ereport(NOTICE,
				(errmsg_plural("%llu row without a customer is left out",
							   "%llu rows without a customer are left out",
							   (unsigned long) r->no_customer,
							   (unsigned long long) r->no_customer)));
	if (r->no_value > 0)
		ereport(NOTICE,
				(errmsg_plural("%llu row without a day or an amount is left out",
							   "%llu rows without a day or an amount are left out",
							   (unsigned long) r->no_value,
							   (unsigned long long) r->no_value)));
}

/*
 * ct_roll_up_query
 *		Calls start with the types of the query's columns, then emit with each customer.
 *
 * The query runs under the caller's own rights.  Customers come in no particular order.
 */
void
ct_roll_up_query(const SalesQuery *q)
{
	Receiver   *r = palloc0(sizeof(Receiver));

	r->query = q;
	r->scratch = AllocSetContextCreate(CurrentMemoryContext, "customer_tier row", ALLOCSET_DEFAULT_SIZES);
	ct_run_query(q->sql, q->function, start_sales, receive_sale, r);
	ct_scatter_end(r->scatter, q->emit, q->arg);
	if (!q->undo)
		report_left_out(r);
}
