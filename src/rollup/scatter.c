/*
 * scatter.c
 *		Groups the sales of many customers into ledgers, in any order and in bounded memory.
 *
 * A hash table of a million groups misses the cache for every row, which takes most of the
 * time of an ordinary hash aggregate.  Here a row is first appended to one of a few hundred
 * partitions, by the upper bits of its customer's hash.  Then the partitions are rolled up
 * one by one, each with a hash table that fits into the cache.
 *
 * When memory is full, blocks of the partitions go to temporary files.  When the hash table
 * of a partition fills the memory, it still takes sales of its customers; the sales of
 * others are scattered again by the next bits of the hash, and rolled up afterwards.
 */
#include "rollup/scatter.h"

#include "lib/stringinfo.h"
#include "storage/buffile.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/customer_context.h"
#include "rollup/sale_bytes.h"

#define HASH_BITS			CUSTOMER_HASH_BITS
#define BATCH				32
#define MAX_PARTITION_BITS	8
#define LEAST_MEMORY		(256 * 1024)
#define BLOCK_SIZE			8192
/* a partition that has spilled keeps a block and its file's buffer */
#define SPILLED_SIZE		(2 * BLOCK_SIZE)

/*
 * The remaining cost is first-touched memory, so sales are encoded in few bytes.  In a block:
 *		customer: zigzag if by value, else its bytes, for a varlena after their number
 *		the rest of the sale, see sale_bytes.h
 */
typedef struct ScatteredSale
{
	Sale		sale;
	uint32		hash;			/* of its customer */
} ScatteredSale;

#define SALE_MAX			(VARINT_MAX64 + SALE_BYTES_MAX) /* without bytes of the customer */

typedef struct SaleBlock
{
	struct SaleBlock *next;
	Size		size;			/* of data */
	Size		used;			/* once another block has taken its place */
	uint8		data[FLEXIBLE_ARRAY_MEMBER];
} SaleBlock;

typedef struct Partition
{
	uint8	   *at;				/* where the next sale goes, in the newest block */
	uint8	   *end;
	SaleBefore	before;			/* in that block */
	SaleBlock  *blocks;			/* the newest first */
	BufFile    *file;
} Partition;

struct Scatter
{
	const CustomerType *type;
	MemoryContext context;
	ResourceOwner owner;		/* of files */
	Size		memory;			/* limit of all memory */
	Size		room;			/* limit of the blocks, before they spill */
	Size		used;
	bool		spilled;
	int			bits;			/* of the hash that choose the partition */
	int			shift;			/* number of hash bits below these */
	uint32		groups;			/* the most customers that a partition had */
	Partition	partition[FLEXIBLE_ARRAY_MEMBER];
};

typedef struct CustomerGroup
{
	Datum		customer;
	LedgerLog  *log;
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

/* uses the next of the "left" unused bits of the hash; NULL if there are none */
static Scatter *
scatter_new(const CustomerType *type, Size memory, Size room, int left)
{
	MemoryContext context;
	Scatter    *s;
	int			bits = MAX_PARTITION_BITS;

	/* once spilled, the partitions together keep to half of the memory */
	while (bits > 2 && ((Size) SPILLED_SIZE << bits) > memory / 2)
		bits--;
	if (left < bits)
		return NULL;
	context = AllocSetContextCreate(CurrentMemoryContext, "customer_tier scatter",
									ALLOCSET_DEFAULT_SIZES);
	s = MemoryContextAllocZero(context, offsetof(Scatter, partition) +
							   (sizeof(Partition) << bits));
	s->context = context;
	s->owner = CurrentResourceOwner;
	s->type = type;
	s->memory = memory;
	s->room = room;
	s->bits = bits;
	s->shift = left - bits;
	s->groups = 256;
	return s;
}

/* begins a scatter, limited to the memory that a hash table of the executor may take */
Scatter *
ct_scatter_begin(const CustomerType *type)
{
	Size		memory = Max((Size) (work_mem * 1024.0 * hash_mem_multiplier), LEAST_MEMORY);

	return scatter_new(type, memory, memory, HASH_BITS);
}

/* reverses the list, so that the oldest sales come first: appending later days to a ledger is fast */
static SaleBlock *
reverse(SaleBlock *b)
{
	SaleBlock  *reversed = NULL;

	for (int64 n = 0; b != NULL; n++)
	{
		SaleBlock  *next = b->next;

		CHECK_AT_STEP(n);
		b->next = reversed;
		reversed = b;
		b = next;
	}
	return reversed;
}

/* makes an empty block the newest of a partition */
static void
use_block(Partition *p, SaleBlock *b)
{
	p->at = b->data;
	p->end = b->data + b->size;
	memset(&p->before, 0, sizeof(SaleBefore));
}

static void
close_block(Partition *p)
{
	if (p->blocks != NULL)
		p->blocks->used = p->at - p->blocks->data;
}

static void
write_block(Scatter *s, Partition *p, SaleBlock *b)
{
	CHECK_FOR_INTERRUPTS();
	if (p->file == NULL)
	{
		ResourceOwner old = CurrentResourceOwner;

		CurrentResourceOwner = s->owner;
		p->file = BufFileCreateTemp(false);
		CurrentResourceOwner = old;
	}
	BufFileWrite(p->file, &b->used, sizeof(b->used));
	BufFileWrite(p->file, b->data, b->used);
}

/* writes all blocks to the files of their partitions; each partition keeps one empty block */
static void
spill(Scatter *s)
{
	for (int i = 0; i < 1 << s->bits; i++)
	{
		Partition  *p = &s->partition[i];

		close_block(p);
		p->blocks = reverse(p->blocks);
		for (SaleBlock *b = p->blocks; b != NULL; b = p->blocks)
		{
			write_block(s, p, b);
			if (b->next == NULL)
			{
				use_block(p, b);
				break;
			}
			p->blocks = b->next;
			pfree(b);
		}
	}
	s->spilled = true;
}

/* gives a partition an empty block of at least "size" bytes */
static pg_noinline void
next_block(Scatter *s, Partition *p, Size size)
{
	MemoryContext old = MemoryContextSwitchTo(s->context);
	SaleBlock  *b;

	size = Max(size, BLOCK_SIZE - offsetof(SaleBlock, data));
	close_block(p);
	if (!s->spilled && s->used + size > s->room && s->used > 0)
		spill(s);
	else if (s->spilled && p->blocks != NULL)
	{
		write_block(s, p, p->blocks);
		use_block(p, p->blocks);
	}
	b = p->blocks;
	if (s->spilled && b != NULL && b->size < size)
	{
		pfree(b);
		b = p->blocks = NULL;
	}
	if (!s->spilled || b == NULL)
	{
		b = MemoryContextAllocHuge(s->context, offsetof(SaleBlock, data) + size);
		b->size = size;
		b->next = p->blocks;
		p->blocks = b;
		s->used += offsetof(SaleBlock, data) + size;
		use_block(p, b);
	}
	MemoryContextSwitchTo(old);
}

static inline void
append(Scatter *s, const Sale *sale, uint32 hash)
{
	const CustomerType *type = s->type;
	Partition  *p = &s->partition[(hash >> s->shift) & ((1 << s->bits) - 1)];
	const char *bytes = NULL;
	Size		nbytes = type->byval ? 0 : customer_bytes(type, sale->customer, &bytes);
	uint8	   *at;

	if (unlikely(p->end - p->at < (ptrdiff_t) (SALE_MAX + nbytes)))
		next_block(s, p, SALE_MAX + nbytes);
	at = p->at;
	if (type->byval)
		at = put_varint(at, zigzag((int64) sale->customer));
	else
	{
		if (type->len < 0)
			at = put_varint(at, nbytes);
		memcpy(at, bytes, nbytes);
		at += nbytes;
	}
	p->at = put_sale(at, &p->before, sale);
}

/*
 * ct_scatter_add
 *		Adds a sale; with "undo" takes one back, even if it was not added here.
 */
void
ct_scatter_add(Scatter *s, const Sale *sale)
{
	append(s, sale, hash_customer(s->type, sale->customer));
}

/* the roll-up of one partition */
typedef struct RollUp
{
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
			append(r->rest, sale, hash);
			return;
		}
	}
	else
		g = groups_insert_hash(r->groups, sale->customer, hash, &found);
	if (!found)
	{
		g->customer = datumCopy(sale->customer, type->byval, type->len);
		g->log = ct_log_new();
		if (r->bounded && MemoryContextMemAllocated(r->context, false) > r->memory / 2)
		{
			MemoryContextSwitchTo(r->outer);
			r->rest = scatter_new(type, r->memory, r->memory / 2, r->left);
			r->bounded = r->rest != NULL;
			MemoryContextSwitchTo(r->context);
		}
	}
	else if (unlikely(!type->byval && stands_before(type, sale->customer, g->customer)))
		g->customer = datumCopy(sale->customer, type->byval, type->len);

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
emit_groups(RollUp *r, EmitLedger emit, void *arg)
{
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
		emit(arg, g->customer, ct_log_close(g->log));
		MemoryContextReset(each);
	}
	ct_pop_customer(&context);
	MemoryContextSwitchTo(r->outer);
	MemoryContextDelete(each);
}

static void
roll_up_partition(Scatter *s, Partition *p, EmitLedger emit, void *arg)
{
	RollUp		r = {0};

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
	close_block(p);
	for (SaleBlock *b = reverse(p->blocks); b != NULL;)
	{
		SaleBlock  *next = b->next;

		add_block(&r, b->data, b->used);
		pfree(b);
		b = next;
	}
	MemoryContextSwitchTo(r.outer);

	emit_groups(&r, emit, arg);
	s->groups = Max(s->groups, r.groups->members);
	MemoryContextDelete(r.context);
	if (r.rest != NULL)
		ct_scatter_end(r.rest, emit, arg);
}

/* passes every customer's ledger to emit, in no particular order, and ends the scatter */
void
ct_scatter_end(Scatter *s, EmitLedger emit, void *arg)
{
	check_stack_depth();
	for (int i = 0; i < 1 << s->bits; i++)
		if (s->partition[i].blocks != NULL)
			roll_up_partition(s, &s->partition[i], emit, arg);
	MemoryContextDelete(s->context);
}
