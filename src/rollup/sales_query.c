/*
 * sales_query.c
 *		Every customer's ledger from a query of customer, day, amount and optionally order.
 *
 * The query's rows go straight to the scatter: no tuple is formed, stored or sorted
 * on the way.
 */
#include "rollup/sales_query.h"

#include "base/query.h"

/* customer, day, amount; an order may follow, and undo on demand */
#define SALE_COLUMNS	3
#define ROWS_A_RESET	1024	/* rows whose detoasted values are freed at once */

typedef struct Receiver
{
	const SalesQuery *query;
	SaleType	type;
	int			undo;			/* number of the column, or 0 */
	MemoryContext scratch;
	Scatter    *scatter;
	uint64		magnitude;		/* of all amounts together, if that is within 64 bits */
	bool		no_sums;		/* customers need ledgers */
	uint64		rows;
	uint64		no_customer;
	uint64		no_value;		/* no day, or no amount */
} Receiver;

static void
start_sales(void *arg, TupleDesc desc)
{
	Receiver   *r = arg;
	const SalesQuery *q = r->query;
	int			n = desc->natts - q->undo;

	if (n != SALE_COLUMNS && n != SALE_COLUMNS + 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the query of %s must return three or four columns, not %d", q->function, n),
				 errhint("Let it select customer, day and amount, in this order, and of lines of orders the order.")));
	ct_sale_type(&r->type, TupleDescAttr(desc, 0)->atttypid, TupleDescAttr(desc, 0)->attcollation,
				 TupleDescAttr(desc, 1)->atttypid, TupleDescAttr(desc, 2)->atttypid,
				 n > SALE_COLUMNS ? TupleDescAttr(desc, SALE_COLUMNS)->atttypid : InvalidOid, q->time_zone);
	r->undo = q->undo ? n : 0;
	q->start(q->arg, &r->type);
	r->scatter = ct_scatter_begin(&r->type.customer);
}

static void
receive_sale(void *arg, TupleTableSlot *slot)
{
	Receiver   *r = arg;
	MemoryContext old;
	Sale		sale = {0};

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
	sale.day = sale_day(&r->type, slot->tts_values[1]);
	if (sale.day <= r->query->until)
	{
		sale.customer = slot->tts_values[0];
		if (r->type.customer.len == -1)
			sale.customer = PointerGetDatum(PG_DETOAST_DATUM_PACKED(sale.customer));
		sale.amount = sale_amount(&r->type, slot->tts_values[2]);
		if (OidIsValid(r->type.order))
			sale_order(&r->type, slot->tts_values[SALE_COLUMNS], slot->tts_isnull[SALE_COLUMNS], &sale);
		sale.undo = r->undo > 0 && DatumGetBool(slot->tts_values[r->undo]);
		r->magnitude += sale.amount.value < 0 ? -sale.amount.value : sale.amount.value;
		r->no_sums |= sale.amount.scale != SUMS_SCALE || r->magnitude > PG_INT64_MAX;
		ct_scatter_add(r->scatter, &sale);
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
 * Or emit_sums, if all amounts have one scale and sum up within 64 bits whatever their signs: then
 * so does every sum that a ledger would have.  The query runs under the caller's own rights.
 * Customers come in no particular order.
 */
void
ct_roll_up_query(const SalesQuery *q)
{
	Receiver   *r = palloc0(sizeof(Receiver));

	r->query = q;
	r->scratch = AllocSetContextCreate(CurrentMemoryContext, "customer_tier row", ALLOCSET_DEFAULT_SIZES);
	ct_run_query(q->sql, q->function, start_sales, receive_sale, r);
	if (q->emit_sums && !r->no_sums && r->undo == 0 && !OidIsValid(r->type.order))
		ct_scatter_end_sums(r->scatter, q->emit_sums, q->arg);
	else
		ct_scatter_end(r->scatter, q->emit, q->arg);
	if (!q->undo)
		report_left_out(r);
}
