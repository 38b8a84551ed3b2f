/*
 * scatter.c
 *		Sales of many customers, in any order, to one ledger each, in bounded memory.
 *
 * A hash table of a million groups misses the cache for every row, and that is
 * what an ordinary hash aggregate spends its time on.  Here a row is first
 * appended to one of a few hundred partitions, by the upper bits of its
 * customer's hash; the partitions are then rolled up one by one, each with a
 * table that fits the cache.
 *
 * Over its memory the partitions go to temporary files, a block at a time.  When
 * the table of a partition fills the memory, it goes on for the customers it
 * has; the sales of others are scattered again, by the next bits of the hash,
 * and have their turn afterwards.
 */
#include "scatter.h"

#include "common/hashfn.h"
#include "storage/buffile.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#define HASH_BITS			29
#define MAX_PARTITION_BITS	8
#define BLOCK_SIZE			8192
/* a partition that has spilled keeps a block and its file's buffer */
#define SPILLED_SIZE		(2 * BLOCK_SIZE)

typedef struct Sale
{
	int64		amount;
	DateADT		day;
	uint32		hash:HASH_BITS;
	uint32		scale:3;
	/* the customer follows: a Datum if by value, else its bytes */
} Sale;

typedef struct Block
{
	struct Block *next;
	Size		size;			/* of data */
	Size		used;
	char		data[FLEXIBLE_ARRAY_MEMBER];
} Block;

typedef struct Partition
{
	Block	   *blocks;			/* the newest first; only that one has room */
	BufFile    *file;
} Partition;

struct Scatter
{
	const CustomerType *type;
	MemoryContext context;
	Size		memory;			/* what blocks, and later groups, may take */
	Size		used;
	bool		spilled;
	int			bits;			/* of the hash, that choose the partition */
	int			shift;			/* and those below them */
	Partition	partition[FLEXIBLE_ARRAY_MEMBER];
};

typedef struct CustomerGroup
{
	Datum		customer;
	LedgerLog  *log;
	uint32		hash;
	char		status;
} CustomerGroup;

static bool same_customer(const CustomerType *type, Datum a, Datum b);

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

static inline uint32
hash_customer(const CustomerType *type, Datum customer)
{
	uint32		hash;

	if (likely(type->integer))
		return (uint64) customer * UINT64CONST(0x9E3779B97F4A7C15) >> (64 - HASH_BITS);
	hash = DatumGetUInt32(FunctionCall1Coll((FmgrInfo *) &type->hash, type->collation, customer));
	return murmurhash32(hash) >> (32 - HASH_BITS);
}

static inline bool
same_customer(const CustomerType *type, Datum a, Datum b)
{
	if (type->integer)
		return a == b;
	return datumIsEqual(a, b, type->byval, type->len) ||
		DatumGetBool(FunctionCall2Coll((FmgrInfo *) &type->eq, type->collation, a, b));
}

#include "lib/simplehash.h"

static inline Size
customer_size(const CustomerType *type, Datum customer)
{
	return type->byval ? sizeof(Datum) : datumGetSize(customer, false, type->len);
}

static inline Datum
sale_customer(const CustomerType *type, const Sale *sale)
{
	return type->byval ? *(const Datum *) (sale + 1) : PointerGetDatum(sale + 1);
}

static inline Size
sale_size(const CustomerType *type, const Sale *sale)
{
	return MAXALIGN(sizeof(Sale) + customer_size(type, sale_customer(type, sale)));
}

/* NULL if the hash has no more bits than the "left" that others have not used */
static Scatter *
scatter_new(const CustomerType *type, Size memory, int left)
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
	s->type = type;
	s->memory = memory;
	s->bits = bits;
	s->shift = left - bits;
	return s;
}

Scatter *
customer_tier_scatter_begin(const CustomerType *type, Size memory)
{
	return scatter_new(type, memory, HASH_BITS);
}

static void
write_block(Partition *p, Block *b)
{
	if (p->file == NULL)
		p->file = BufFileCreateTemp(false);
	BufFileWrite(p->file, &b->used, sizeof(b->used));
	BufFileWrite(p->file, b->data, b->used);
	b->used = 0;
}

/* all but one block of each partition to its file */
static void
spill(Scatter *s)
{
	for (int i = 0; i < 1 << s->bits; i++)
	{
		Partition  *p = &s->partition[i];
		Block	   *b = p->blocks;

		CHECK_FOR_INTERRUPTS();
		if (b == NULL)
			continue;
		while (b->next != NULL)
		{
			Block	   *next = b->next;

			write_block(p, b);
			pfree(b);
			b = next;
		}
		if (b->used > 0)
			write_block(p, b);
		p->blocks = b;
	}
	s->spilled = true;
}

/* a block with room for "size" more bytes */
static pg_noinline Block *
block_with_room(Scatter *s, Partition *p, Size size)
{
	MemoryContext old = MemoryContextSwitchTo(s->context);
	Block	   *b = p->blocks;
	Size		room = Max(size, BLOCK_SIZE - offsetof(Block, data));

	if (!s->spilled && s->used + room > s->memory && s->used > 0)
		spill(s);
	b = p->blocks;
	if (s->spilled && b != NULL)
	{
		if (b->used > 0)
			write_block(p, b);
		if (b->size < size)
		{
			pfree(b);
			b = p->blocks = NULL;
		}
	}
	else
		b = NULL;
	if (b == NULL)
	{
		b = MemoryContextAllocHuge(s->context, offsetof(Block, data) + room);
		b->size = room;
		b->used = 0;
		b->next = p->blocks;
		p->blocks = b;
		s->used += offsetof(Block, data) + room;
	}
	MemoryContextSwitchTo(old);
	return b;
}

static inline Sale *
append(Scatter *s, uint32 hash, Size size)
{
	Partition  *p = &s->partition[(hash >> s->shift) & ((1 << s->bits) - 1)];
	Block	   *b = p->blocks;
	Sale	   *sale;

	if (unlikely(b == NULL || b->size - b->used < size))
		b = block_with_room(s, p, size);
	sale = (Sale *) (b->data + b->used);
	b->used += size;
	return sale;
}

void
customer_tier_scatter_add(Scatter *s, Datum customer, DateADT day, Amount amount)
{
	const CustomerType *type = s->type;
	uint32		hash = hash_customer(type, customer);
	Size		key = type->byval ? sizeof(Datum) : customer_size(type, customer);
	Sale	   *sale = append(s, hash, MAXALIGN(sizeof(Sale) + key));

	sale->amount = amount.value;
	sale->scale = amount.scale;
	sale->day = day;
	sale->hash = hash;
	if (type->byval)
		*(Datum *) (sale + 1) = customer;
	else
		memcpy(sale + 1, DatumGetPointer(customer), key);
}

/* What rolls up one partition. */
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
} RollUp;

/*
 * Where an equality holds customers equal that look different (citext, numeric
 * 1.0 and 1.00), the one with the lesser bytes stands for them, so that the
 * order of rows does not show.
 */
static void
prefer_lesser(const CustomerType *type, CustomerGroup *g, Datum customer)
{
	Size		a = customer_size(type, g->customer);
	Size		b = customer_size(type, customer);
	int			cmp = memcmp(DatumGetPointer(customer), DatumGetPointer(g->customer), Min(a, b));

	if (cmp < 0 || (cmp == 0 && b < a))
		g->customer = datumCopy(customer, type->byval, type->len);
}

static void
add_sale(RollUp *r, const Sale *sale)
{
	const CustomerType *type = r->type;
	Datum		customer = sale_customer(type, sale);
	Amount		amount;
	LedgerLog  *log;
	CustomerGroup	   *g;
	bool		found = true;

	if (unlikely(r->rest != NULL))
	{
		g = groups_lookup_hash(r->groups, customer, sale->hash);
		if (g == NULL)
		{
			Size		size = sale_size(type, sale);

			memcpy(append(r->rest, sale->hash, size), sale, size);
			return;
		}
	}
	else
		g = groups_insert_hash(r->groups, customer, sale->hash, &found);
	if (!found)
	{
		g->customer = datumCopy(customer, type->byval, type->len);
		g->log = customer_tier_log_new();
		if (r->bounded && MemoryContextMemAllocated(r->context, false) > r->memory)
		{
			MemoryContextSwitchTo(r->outer);
			r->rest = scatter_new(type, r->memory, r->left);
			r->bounded = r->rest != NULL;
			MemoryContextSwitchTo(r->context);
		}
	}
	else if (unlikely(!type->byval &&
					  !datumIsEqual(g->customer, customer, false, type->len)))
		prefer_lesser(type, g, customer);

	amount.value = sale->amount;
	amount.scale = sale->scale;
	log = ledger_log_add_row(g->log, sale->day, amount);
	if (log != g->log)
	{
		pfree(g->log);
		g->log = log;
	}
}

static void
add_block(RollUp *r, const char *data, Size used)
{
	CHECK_FOR_INTERRUPTS();
	for (Size at = 0; at < used;)
	{
		const Sale *sale = (const Sale *) (data + at);

		at += sale_size(r->type, sale);
		add_sale(r, sale);
	}
}

static void
read_exactly(BufFile *file, void *to, Size size)
{
	if (BufFileRead(file, to, size) != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read temporary file: %m")));
}

static void
add_file(RollUp *r, BufFile *file)
{
	char	   *data = NULL;
	Size		size = 0;
	Size		used;

	if (BufFileSeek(file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind temporary file: %m")));
	while (BufFileRead(file, &used, sizeof(used)) == sizeof(used))
	{
		if (used > size)
		{
			if (data != NULL)
				pfree(data);
			data = MemoryContextAllocHuge(r->outer, used);
			size = used;
		}
		read_exactly(file, data, used);
		add_block(r, data, used);
	}
	if (data != NULL)
		pfree(data);
}

/* the oldest first: sales mostly come in the order of days, and so are appended */
static Block *
reverse(Block *b)
{
	Block	   *reversed = NULL;

	while (b != NULL)
	{
		Block	   *next = b->next;

		b->next = reversed;
		reversed = b;
		b = next;
	}
	return reversed;
}

static void
emit_groups(RollUp *r, EmitLedger emit, void *arg)
{
	MemoryContext each = AllocSetContextCreate(r->outer, "customer_tier ledger",
											   ALLOCSET_DEFAULT_SIZES);
	groups_iterator it;
	CustomerGroup	   *g;

	MemoryContextSwitchTo(each);
	groups_start_iterate(r->groups, &it);
	while ((g = groups_iterate(r->groups, &it)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		emit(arg, g->customer, customer_tier_log_close(g->log));
		MemoryContextReset(each);
	}
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
	r.memory = s->memory / 2;
	r.bounded = true;
	r.left = s->shift;
	r.groups = groups_create(r.context, 1024, (void *) s->type);

	MemoryContextSwitchTo(r.context);
	if (p->file != NULL)
	{
		add_file(&r, p->file);
		BufFileClose(p->file);
	}
	for (Block *b = reverse(p->blocks); b != NULL;)
	{
		Block	   *next = b->next;

		add_block(&r, b->data, b->used);
		pfree(b);
		b = next;
	}
	MemoryContextSwitchTo(r.outer);

	emit_groups(&r, emit, arg);
	MemoryContextDelete(r.context);
	if (r.rest != NULL)
		customer_tier_scatter_end(r.rest, emit, arg);
}

/* Hands every customer's ledger to emit, in no particular order, and ends the scatter. */
void
customer_tier_scatter_end(Scatter *s, EmitLedger emit, void *arg)
{
	check_stack_depth();
	for (int i = 0; i < 1 << s->bits; i++)
		if (s->partition[i].blocks != NULL)
			roll_up_partition(s, &s->partition[i], emit, arg);
	MemoryContextDelete(s->context);
}
