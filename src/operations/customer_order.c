/*
 * customer_order.c
 *		The order in which customers are placed: by tiers, the highest first, by weight, the
 *		heaviest first, and by customer.
 */
#include "operations/customer_order.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

#include "base/steps.h"
#include "cuts/select_sorted.h"

typedef struct CustomerOrder
{
	const Datum *key;
	bool		integer;
	FmgrInfo	cmp;
	Oid			collation;
} CustomerOrder;

static int
compare_customers(const void *a, const void *b, void *arg)
{
	const CustomerOrder *o = arg;
	Datum		x = o->key[*(const uint32 *) a];
	Datum		y = o->key[*(const uint32 *) b];

	check_in_sort();
	if (o->integer)
		return (int64) x < (int64) y ? -1 : (int64) x > (int64) y;
	return DatumGetInt32(FunctionCall2Coll((FmgrInfo *) &o->cmp, o->collation, x, y));
}

/* no locale has a say in it */
static CustomerOrder
customer_order(const Sharing *s)
{
	const CustomerType *type = &s->customers.type;
	TypeCacheEntry *entry = lookup_type_cache(type->type, TYPECACHE_CMP_PROC_FINFO);
	CustomerOrder o = {.key = s->customers.key, .integer = type->integer && type->type != OIDOID};

	if (!OidIsValid(entry->cmp_proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("customers of type %s have no order", format_type_be(type->type)),
				 errhint("Cast the customer to text.")));
	fmgr_info_copy(&o.cmp, &entry->cmp_proc_finfo, CurrentMemoryContext);
	o.collation = OidIsValid(type->collation) ? C_COLLATION_OID : InvalidOid;
	return o;
}

/*
 * ct_find_order
 *		Fills s->order.
 */
void
ct_find_order(Sharing *s)
{
	int64		n = s->customers.n;
	double	   *weight = alloc_array(n, sizeof(double));
	uint32	   *place = alloc_array(n, sizeof(uint32));
	int64	   *next = alloc_array(s->tiers + 1, sizeof(int64));
	CustomerOrder order = customer_order(s);
	int64		first = 0;

	copy_in_steps(weight, s->weight, n * sizeof(double));
	ct_sort_descending(weight, place, n);
	clear_in_steps(next, (s->tiers + 1) * sizeof(int64));
	FOR_STEPS(i, 0, n)
	{
		next[s->tiers - 1 - s->tier[i] + 1]++;
	}
	for (int t = 0; t < s->tiers; t++)
		next[t + 1] += next[t];
	s->order = alloc_array(n, sizeof(uint32));
	FOR_STEPS(i, 0, n)
	{
		s->order[next[s->tiers - 1 - s->tier[place[i]]]++] = place[i];
	}
	FOR_STEPS(i, 0, n)
	{
		uint32		a = s->order[first];
		uint32		b = i + 1 < n ? s->order[i + 1] : a;

		if (i + 1 < n && s->tier[a] == s->tier[b] && s->weight[a] == s->weight[b])
			continue;
		qsort_arg(s->order + first, i + 1 - first, sizeof(uint32), compare_customers, &order);
		first = i + 1;
	}
	pfree(weight);
	pfree(place);
	pfree(next);
}
