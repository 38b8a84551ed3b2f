/*
 * scatter.h
 *		Distributes the sales of many customers to partitions, in any order and in bounded memory.
 */
#ifndef CUSTOMER_TIER_SCATTER_H
#define CUSTOMER_TIER_SCATTER_H

#include "base/compat.h"

#include "storage/buffile.h"
#include "utils/resowner.h"

#include "rollup/sale_bytes.h"

/*
 * The remaining cost is first-touched memory, so sales are encoded in few bytes.  In a block:
 *		customer: zigzag if by value, else its bytes, for a varlena after their number
 *		the rest of the sale, see sale_bytes.h
 */
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

typedef struct Scatter
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
} Scatter;

extern Scatter *ct_scatter_begin(const CustomerType *type);
extern Scatter *ct_scatter_new(const CustomerType *type, Size memory, Size room, int left);
extern void ct_scatter_add(Scatter *s, const Sale *sale);
extern void ct_scatter_append(Scatter *s, const Sale *sale, uint32 hash);
extern SaleBlock *ct_partition_blocks(Partition *p);

#endif							/* CUSTOMER_TIER_SCATTER_H */
