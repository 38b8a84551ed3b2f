/*
 * scatter.c
 *		Distributes the sales of many customers to partitions, in any order and in bounded memory.
 *
 * A hash table of a million groups misses the cache for every row, which takes most of the
 * time of an ordinary hash aggregate.  Here a row is first appended to one of a few hundred
 * partitions, by the upper bits of its customer's hash.  Then customer_sales.c rolls up the
 * partitions one by one, each with a hash table that fits into the cache.
 *
 * When memory is full, blocks of the partitions go to temporary files.
 */
#include "rollup/scatter.h"

#include "utils/memutils.h"

#define HASH_BITS			CUSTOMER_HASH_BITS
#define MAX_PARTITION_BITS	8
#define LEAST_MEMORY		(256 * 1024)
#define BLOCK_SIZE			8192
/* a partition that has spilled keeps a block and its file's buffer */
#define SPILLED_SIZE		(2 * BLOCK_SIZE)

#define SALE_MAX			(VARINT_MAX64 + SALE_BYTES_MAX) /* without bytes of the customer */

/*
 * ct_scatter_new
 *		Begins a scatter that uses the next of the "left" unused bits of the hash.
 *
 * "memory" is the limit of all memory, and "room" that of the blocks, before they spill.  Returns
 * NULL if too few bits are left.
 */
Scatter *
ct_scatter_new(const CustomerType *type, Size memory, Size room, int left)
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

/*
 * ct_scatter_begin
 *		Begins a scatter, limited to the memory that a hash table of the executor may take.
 */
Scatter *
ct_scatter_begin(const CustomerType *type)
{
	Size		memory = Max((Size) (work_mem * 1024.0 * hash_mem_multiplier), LEAST_MEMORY);

	return ct_scatter_new(type, memory, memory, HASH_BITS);
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

/*
 * ct_scatter_append
 *		Adds a sale of a customer whose hash is known.
 */
void
ct_scatter_append(Scatter *s, const Sale *sale, uint32 hash)
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
	ct_scatter_append(s, sale, hash_customer(s->type, sale->customer));
}

/*
 * ct_partition_blocks
 *		Returns the blocks of a partition that are in memory, the oldest first; no sale may follow.
 */
SaleBlock *
ct_partition_blocks(Partition *p)
{
	close_block(p);
	return reverse(p->blocks);
}
