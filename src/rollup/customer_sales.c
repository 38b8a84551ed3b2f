/*
 * customer_sales.c
 *		Computes the ledger of each customer, or sums, from scattered sales.
 *
 * When the hash table of a partition fills the memory, it still takes sales of its customers;
 * the sales of others are scattered again by the next bits of the hash, and rolled up afterwards.
 */
#include "rollup/customer_sales.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "base/customer_context.h"

#define BATCH	32

typedef struct ScatteredSale
{
	Sale		sale;
	uint32		hash;			/* of its customer */
} ScatteredSale;

typedef struct CustomerGroup
{
	Datum		customer;
	union
	{
		LedgerLog  *log;
		SaleSums   *sums;
	};
	uint32		hash;
	char		status;
} CustomerGroup;

#define SH_PREFIX			groups
#define SH_ELEMENT_TYPE		CustomerGroup
#define SH_KEY_TYPE			Datum
#define SH_KEY				customer
#define SH_HASH_KEY(tb, key)	hash_customer((tb)->private_data, key)
#define SH_EQUAL(tb, a, b)	same_customer((tb)->private_data, a, b)
#define SH_SCOPE			static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)	(a)->hash
#define SH_DECLARE
#define SH_DEFINE

#include "lib/simplehash.h"

/* the callback for each customer: one of the two */
typedef struct Consumer
{
	EmitLedger	ledger;
	EmitSums	sums;
	void	   *arg;
} Consumer;

/* the roll-up of one partition */
typedef struct RollUp
{
	const Consumer *consumer;
	const CustomerType *type;
	MemoryContext context;		/* the groups and their logs */
	MemoryContext outer;
	groups_hash *groups;
	Size		memory;
	bool		bounded;		/* false where the hash has no bits left */
	int			left;			/* those bits */
	Scatter    *rest;			/* sales of customers that found no room */
	StringInfoData customer;	/* of the sale at hand, if not by value */
} RollUp;

static inline void
sums_add(SaleSums *s, const Sale *sale)
{
	s->total += sale->amount.value;
	if (sale->amount.value > 0)
	{
		s->last_purchase = s->purchases == 0 ? sale->day : Max(s->last_purchase, sale->day);
		s->purchases++;
	}
}

static void
add_sale(RollUp *r, const Sale *sale, uint32 hash)
{
	const CustomerType *type = r->type;
	CustomerGroup *g;
	LedgerLog  *log;
	bool		found = true;

	if (unlikely(r->rest != NULL))
	{
		g = groups_lookup_hash(r->groups, sale->customer, hash);
		if (g == NULL)
		{
			ct_scatter_append(r->rest, sale, hash);
			return;
		}
	}
	else
		g = groups_insert_hash(r->groups, sale->customer, hash, &found);
	if (!found)
	{
		g->customer = datumCopy(sale->customer, type->byval, type->len);
		if (r->consumer->sums)
			g->sums = palloc0(sizeof(SaleSums));
		else
			g->log = ct_log_new();
		if (r->bounded && MemoryContextMemAllocated(r->context, false) > r->memory / 2)
		{
			MemoryContextSwitchTo(r->outer);
			r->rest = ct_scatter_new(type, r->memory, r->memory / 2, r->left);
			r->bounded = r->rest != NULL;
			MemoryContextSwitchTo(r->context);
		}
	}
	else if (unlikely(!type->byval && stands_before(type, sale->customer, g->customer)))
		g->customer = datumCopy(sale->customer, type->byval, type->len);

	if (r->consumer->sums)
	{
		sums_add(g->sums, sale);
		return;
	}
	log = log_add_sale(g->log, sale);
	if (log != g->log)
	{
		pfree(g->log);
		g->log = log;
	}
}

pg_noreturn static void
corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("could not read a sale back from its partition")));
}

/* reads the next sale of a block; a customer not passed by value is in r->customer until then */
static inline const uint8 *
next_sale(RollUp *r, const uint8 *p, const uint8 *end, SaleBefore *before, ScatteredSale *s)
{
	const CustomerType *type = r->type;
	uint64		v = type->len;

	if ((type->byval || type->len < 0) && unlikely((p = get_varint(p, end, &v)) == NULL))
		corrupt();
	if (type->byval)
		s->sale.customer = (Datum) unzigzag(v);
	else
	{
		Size		header = type->len > 0 ? 0 : VARHDRSZ;

		resetStringInfo(&r->customer);
		enlargeStringInfo(&r->customer, header + v);
		memcpy(r->customer.data + header, p, v);
		if (header > 0)
			SET_VARSIZE(r->customer.data, header + v);
		p += v;
		s->sale.customer = PointerGetDatum(r->customer.data);
	}
	s->hash = hash_customer(type, s->sale.customer);
	if (unlikely((p = get_sale(p, end, before, &s->sale)) == NULL))
		corrupt();
	return p;
}

/*
 * The hash table of one partition can be larger than the L1 cache.  So a few sales are
 * processed at once, and their slots and then their logs are prefetched.
 */
static void
add_block(RollUp *r, const uint8 *p, Size used)
{
	const uint8 *end = p + used;
	int			batch = r->type->byval ? BATCH : 1;
	SaleBefore	before = {0};
	ScatteredSale s[BATCH];

	CHECK_FOR_INTERRUPTS();
	while (p < end)
	{
		CustomerGroup *slot = r->groups->data;
		uint32		mask = r->groups->sizemask;
		int			n;

		for (n = 0; n < batch && p < end; n++)
		{
			p = next_sale(r, p, end, &before, &s[n]);
			ct_prefetch(&slot[s[n].hash & mask]);
		}
		for (int i = 0; i < n; i++)
			ct_prefetch(slot[s[i].hash & mask].log);
		for (int i = 0; i < n; i++)
			add_sale(r, &s[i].sale, s[i].hash);
	}
}

static void
add_file(RollUp *r, BufFile *file)
{
	StringInfoData data;
	Size		used;

	if (BufFileSeek(file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind temporary file: %m")));
	initStringInfo(&data);
	while (BufFileRead(file, &used, sizeof(used)) == sizeof(used))
	{
		resetStringInfo(&data);
		enlargeStringInfo(&data, used);
		if (BufFileRead(file, data.data, used) != used)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read temporary file: %m")));
		add_block(r, (uint8 *) data.data, used);
	}
}

static void
emit_groups(RollUp *r)
{
	const Consumer *c = r->consumer;
	CustomerContext context;
	MemoryContext each = AllocSetContextCreate(r->outer, "customer_tier ledger",
											   ALLOCSET_DEFAULT_SIZES);
	groups_iterator it;
	CustomerGroup *g;

	MemoryContextSwitchTo(each);
	groups_start_iterate(r->groups, &it);
	ct_push_customer(&context, r->type);
	while ((g = groups_iterate(r->groups, &it)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		context.customer = g->customer;
		if (c->sums)
			c->sums(c->arg, g->customer, g->sums);
		else if (c->ledger)
			c->ledger(c->arg, g->customer, ct_log_close(g->log));
		MemoryContextReset(each);
	}
	ct_pop_customer(&context);
	MemoryContextSwitchTo(r->outer);
	MemoryContextDelete(each);
}

static void roll_up(Scatter *s, const Consumer *consumer);

static void
roll_up_partition(Scatter *s, Partition *p, const Consumer *consumer)
{
	RollUp		r = {0};

	r.consumer = consumer;
	r.type = s->type;
	r.outer = CurrentMemoryContext;
	r.context = AllocSetContextCreate(r.outer, "customer_tier groups", ALLOCSET_DEFAULT_SIZES);
	r.memory = s->memory;
	r.bounded = true;
	r.left = s->shift;
	r.groups = groups_create(r.context, s->groups, (void *) s->type);

	MemoryContextSwitchTo(r.context);
	if (!s->type->byval)
		initStringInfo(&r.customer);
	if (p->file != NULL)
	{
		add_file(&r, p->file);
		BufFileClose(p->file);
	}
	for (SaleBlock *b = ct_partition_blocks(p); b != NULL;)
	{
		SaleBlock  *next = b->next;

		add_block(&r, b->data, b->used);
		pfree(b);
		b = next;
	}
	MemoryContextSwitchTo(r.outer);

	emit_groups(&r);
	s->groups = Max(s->groups, r.groups->members);
	MemoryContextDelete(r.context);
	if (r.rest != NULL)
		roll_up(r.rest, consumer);
}

static void
roll_up(Scatter *s, const Consumer *consumer)
{
	check_stack_depth();
	for (int i = 0; i < 1 << s->bits; i++)
		if (s->partition[i].blocks != NULL)
			roll_up_partition(s, &s->partition[i], consumer);
	MemoryContextDelete(s->context);
}

/*
 * ct_scatter_end
 *		Passes every customer's ledger to emit, in no particular order, and ends the scatter.
 */
void
ct_scatter_end(Scatter *s, EmitLedger emit, void *arg)
{
	Consumer	consumer = {emit, NULL, arg};

	roll_up(s, &consumer);
}

/*
 * ct_scatter_end_sums
 *		Passes every customer's sums to emit, and ends the scatter.  No ledger is made.
 *
 * The sales must have one scale and no orders, none may be taken back, and no sum of some of them
 * may exceed 64 bits.
 */
void
ct_scatter_end_sums(Scatter *s, EmitSums emit, void *arg)
{
	Consumer	consumer = {NULL, emit, arg};

	roll_up(s, &consumer);
}
