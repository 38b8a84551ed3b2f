/*
 * columns.c
 *		The customers of a grading in columns: customer, group, values and totals.
 */
#include "grading/columns.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/memutils.h"

#include "rollup/sale.h"

#define FIRST_ROOM		1024
#define COPIES_SIZE		(64 * 1024)
#define MEMORY_FACTOR	64		/* times work_mem and hash_mem_multiplier */

/*
 * ct_dictionary_begin
 *		An empty dictionary in the current memory context.
 */
void
ct_dictionary_begin(Dictionary *d, Oid type, Oid collation)
{
	memset(d, 0, sizeof(*d));
	ct_customer_type(&d->type, type, collation);
	d->context = CurrentMemoryContext;
	d->room = FIRST_ROOM;
	d->key = alloc_array(d->room, sizeof(Datum));
}

/* a copy that lasts as long as the dictionary */
static Datum
keep_key(Dictionary *d, Datum key)
{
	Size		size;
	char	   *copy;

	if (d->type.byval)
		return key;
	size = MAXALIGN(datumGetSize(key, false, d->type.len));
	if (unlikely((Size) (d->end - d->at) < size))
	{
		Size		bytes = Max(size, COPIES_SIZE);

		d->at = MemoryContextAllocHuge(d->context, bytes);
		d->end = d->at + bytes;
		d->used += bytes;
	}
	copy = d->at;
	d->at += size;
	memcpy(copy, DatumGetPointer(key), datumGetSize(key, false, d->type.len));
	return PointerGetDatum(copy);
}

static void
enter(Dictionary *d, int64 number)
{
	uint32		at = hash_customer(&d->type, d->key[number]) & d->mask;

	while (d->slot[at] != 0)
		at = (at + 1) & d->mask;
	d->slot[at] = (uint32) number + 1;
}

/* makes slots for the keys; at most half of them are used */
static void
make_slots(Dictionary *d)
{
	uint32		slots = FIRST_ROOM;

	while (slots < 2 * d->n)
		slots *= 2;
	if (d->slot != NULL)
		pfree(d->slot);
	d->used += (slots - (d->mask ? d->mask + 1 : 0)) * sizeof(uint32);
	d->mask = slots - 1;
	d->slot = MemoryContextAllocHuge(d->context, slots * sizeof(uint32));
	clear_in_steps(d->slot, slots * sizeof(uint32));
	FOR_STEPS(i, 0, d->n)
		enter(d, i);
}

/*
 * ct_dictionary_append
 *		Enters a key that is known to be new, before any key is looked for.
 */
void
ct_dictionary_append(Dictionary *d, Datum key)
{
	if (unlikely(d->n == d->room))
	{
		if (d->n >= PG_UINT32_MAX / 4)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many customers to be graded at once")));
		d->room *= 2;
		d->key = repalloc_huge(d->key, d->room * sizeof(Datum));
	}
	d->key[d->n++] = keep_key(d, key);
}

/*
 * ct_dictionary_find
 *		The number of a key, or -1.
 */
int64
ct_dictionary_find(Dictionary *d, Datum key)
{
	uint32		at;

	if (d->slot == NULL)
		make_slots(d);
	at = hash_customer(&d->type, key) & d->mask;
	while (d->slot[at] != 0)
	{
		if (same_customer(&d->type, d->key[d->slot[at] - 1], key))
			return d->slot[at] - 1;
		at = (at + 1) & d->mask;
	}
	return -1;
}

/*
 * ct_dictionary_find_next
 *		As ct_dictionary_find, for keys that mostly come in the order of their numbers.
 *
 * *next is the number that is tried first, initially 0.
 */
int64
ct_dictionary_find_next(Dictionary *d, Datum key, int64 *next)
{
	int64		number = *next < d->n && same_customer(&d->type, d->key[*next], key) ?
		*next : ct_dictionary_find(d, key);

	if (number >= 0)
		*next = number + 1;
	return number;
}

/*
 * ct_dictionary_number
 *		The number of a key, which is added if it is new.
 */
uint32
ct_dictionary_number(Dictionary *d, Datum key)
{
	int64		number = ct_dictionary_find(d, key);

	if (number >= 0)
		return (uint32) number;
	ct_dictionary_append(d, key);
	if (2 * d->n > d->mask)
		make_slots(d);
	else
		enter(d, d->n - 1);
	return (uint32) d->n - 1;
}

/*
 * ct_columns_begin
 *		Columns for customers of a type, in the current memory context; with their totals on demand.
 */
Columns *
ct_columns_begin(Oid customer, Oid collation, int nvalues, bool totals)
{
	Columns    *c = palloc0(sizeof(Columns));

	ct_dictionary_begin(&c->customers, customer, collation);
	ct_dictionary_begin(&c->groups, TEXTOID, C_COLLATION_OID);
	c->nvalues = nvalues;
	c->room = FIRST_ROOM;
	c->group = alloc_array(c->room, sizeof(uint32));
	if (totals)
		c->total = alloc_array(c->room, sizeof(CustomerTotal));
	c->value = palloc(Max(nvalues, 1) * sizeof(double *));
	for (int i = 0; i < nvalues; i++)
		c->value[i] = alloc_array(c->room, sizeof(double));
	c->most = (Size) (work_mem * 1024.0 * hash_mem_multiplier * MEMORY_FACTOR);
	return c;
}

static void
make_room(Columns *c)
{
	Size		each = sizeof(uint32) + (c->total ? sizeof(CustomerTotal) : 0) + sizeof(Datum) +
		c->nvalues * sizeof(double);

	c->room *= 2;
	if (c->room * each + c->customers.used + c->groups.used > c->most)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("too many customers for the memory that a grading may take"),
				 errdetail("%lld customers take more than %d times work_mem and hash_mem_multiplier.",
						   (long long) c->room / 2, MEMORY_FACTOR),
				 errhint("Raise work_mem.")));
	c->group = repalloc_huge(c->group, c->room * sizeof(uint32));
	if (c->total)
		c->total = repalloc_huge(c->total, c->room * sizeof(CustomerTotal));
	for (int i = 0; i < c->nvalues; i++)
		c->value[i] = repalloc_huge(c->value[i], c->room * sizeof(double));
}

/*
 * ct_columns_add
 *		Adds a customer, without checking for duplicates.
 *
 * The datums must be detoasted, and are copied.  Values are finite; NaN means null.  "total" may be
 * NULL if the columns have no totals.
 */
void
ct_columns_add(Columns *c, Datum customer, Datum group, const CustomerTotal *total, const double *value)
{
	int64		n = c->customers.n;

	if (unlikely(n == c->room))
		make_room(c);
	ct_dictionary_append(&c->customers, customer);
	/* mostly the group of the customer before */
	c->group[n] = n > 0 && same_customer(&c->groups.type, c->groups.key[c->group[n - 1]], group) ?
		c->group[n - 1] : ct_dictionary_number(&c->groups, group);
	if (c->total)
		c->total[n] = *total;
	for (int i = 0; i < c->nvalues; i++)
		c->value[i][n] = value[i];
}

/*
 * ct_customer_total
 *		The totals of a customer as of a day, from a ledger without later purchases.
 */
CustomerTotal
ct_customer_total(const Ledger *ledger, DateADT as_of)
{
	LedgerHead	head;
	CustomerTotal t;

	ct_ledger_head(ledger, &head);
	t.amount = head.total;
	t.orders = head.purchases;
	t.scale = head.scale;
	t.active = head.purchase_days > 0 && as_of - head.last_purchase < ACTIVE_DAYS;
	return t;
}
