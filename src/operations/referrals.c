/*
 * referrals.c
 *		referrals(query): who brought whom, and what has come of it.
 *
 * Every customer has at most one referrer, so that customers form trees.  Two passes over
 * them find everything: from the leaves to the roots, each adds what is below to the one
 * above; back from the roots, each learns the root and the depth.  Who is never reached from
 * the leaves lies on a circle.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "base/amount.h"
#include "base/query.h"
#include "base/steps.h"
#include "grading/columns.h"

PG_FUNCTION_INFO_V1(ct_referrals);

#define FIRST_ROOM		1024
#define MEMORY_FACTOR	64		/* times work_mem and hash_mem_multiplier */
#define CIRCLE_MAX		20		/* members of a circle that are named */
#define ROWS_A_RESET	1024	/* rows whose detoasted values may wait to be freed */
#define NONE			PG_UINT32_MAX

typedef struct Person
{
	uint32		referrer;		/* NONE for a root */
	uint32		direct;
	uint32		waiting;		/* how many of them have not been added yet */
	uint32		descendants;
	uint32		root;
	uint32		depth;
	Amount		value;			/* the person's own */
	int128		brought;		/* by all descendants, of 10^-scale */
	bool		listed;
} Person;

typedef struct Referrals
{
	Dictionary	people;
	Person	   *person;
	int64		room;
	int64		no_customer;
	int64		rows;
	int			scale;			/* of all values */
	Oid			value;			/* their type; InvalidOid if the query has none */
	Oid			result;			/* the type of customers that is asked for */
	bool		as_text;		/* if that is text, and theirs is another */
	FmgrInfo	output;
	MemoryContext context;		/* what lasts */
	MemoryContext scratch;
} Referrals;

static void
start_referrals(void *arg, TupleDesc desc)
{
	Referrals  *r = arg;
	Oid			type;
	Oid			output;
	bool		is_varlena;

	if (desc->natts != 2 && desc->natts != 3)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the query of referrals must return two or three columns, not %d", desc->natts),
				 errhint("Let it select customer, referrer and, if there is one, a value.")));
	type = getBaseType(TupleDescAttr(desc, 0)->atttypid);
	if (getBaseType(TupleDescAttr(desc, 1)->atttypid) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("customers are of type %s, and referrers of type %s", format_type_be(type),
						format_type_be(TupleDescAttr(desc, 1)->atttypid)),
				 errhint("Cast one to the type of the other.")));
	if (desc->natts == 3)
	{
		r->value = getBaseType(TupleDescAttr(desc, 2)->atttypid);
		if (r->value != NUMERICOID && r->value != INT8OID && r->value != INT4OID && r->value != INT2OID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("a value of referrals is of type %s, not an exact number",
							format_type_be(TupleDescAttr(desc, 2)->atttypid)),
					 errhint("Let it be numeric or an integer.")));
	}
	ct_dictionary_begin(&r->people, TupleDescAttr(desc, 0)->atttypid, TupleDescAttr(desc, 0)->attcollation);
	r->as_text = r->result == TEXTOID && type != TEXTOID;
	/* only a domain's own columns have passed its checks */
	if (!r->as_text &&
		(getBaseType(r->result) != r->people.type.type ||
		 (get_typtype(r->result) == TYPTYPE_DOMAIN &&
		  (TupleDescAttr(desc, 0)->atttypid != r->result || TupleDescAttr(desc, 1)->atttypid != r->result))))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("customers of the query are of type %s, not %s", format_type_be(type),
						format_type_be(r->result)),
				 errhint("Give their type: referrals(..., customer => NULL::%s).", format_type_be(type))));
	getTypeOutputInfo(r->people.type.type, &output, &is_varlena);
	fmgr_info(output, &r->output);
	r->room = FIRST_ROOM;
	r->person = alloc_array(r->room, sizeof(Person));
}

static void
make_room(Referrals *r)
{
	Size		most = (Size) (work_mem * 1024.0 * hash_mem_multiplier * MEMORY_FACTOR);

	r->room *= 2;
	if (r->room * (sizeof(Person) + sizeof(Datum)) + r->people.used > most)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("too many customers for the memory that referrals may take"),
				 errdetail("%lld customers take more than %d times work_mem and hash_mem_multiplier.",
						   (long long) r->room / 2, MEMORY_FACTOR),
				 errhint("Raise work_mem.")));
	r->person = repalloc_huge(r->person, r->room * sizeof(Person));
}

static uint32
number_of(Referrals *r, Datum key)
{
	int64		before = r->people.n;
	MemoryContext old;
	uint32		number;

	if (r->people.type.len == -1)
		key = PointerGetDatum(PG_DETOAST_DATUM_PACKED(key));
	old = MemoryContextSwitchTo(r->context);
	number = ct_dictionary_number(&r->people, key);
	if (r->people.n > before)
	{
		if (number == r->room)
			make_room(r);
		memset(&r->person[number], 0, sizeof(Person));
		r->person[number].referrer = NONE;
	}
	else if (!r->people.type.byval && stands_before(&r->people.type, key, r->people.key[number]))
		r->people.key[number] = datumCopy(key, false, r->people.type.len);
	MemoryContextSwitchTo(old);
	return number;
}

static Amount
value_of(const Referrals *r, Datum d)
{
	switch (r->value)
	{
		case INT8OID:
			return amount_of_integer(DatumGetInt64(d));
		case INT4OID:
			return amount_of_integer(DatumGetInt32(d));
		case INT2OID:
			return amount_of_integer(DatumGetInt16(d));
		default:
			return ct_amount_from_numeric(d);
	}
}

static char *
name_of(Referrals *r, uint32 number)
{
	return OutputFunctionCall(&r->output, r->people.key[number]);
}

static void
receive_referral(void *arg, TupleTableSlot *slot)
{
	Referrals  *r = arg;
	MemoryContext old;
	uint32		customer;

	slot_getallattrs(slot);
	if (slot->tts_isnull[0])
	{
		r->no_customer++;
		return;
	}
	old = MemoryContextSwitchTo(r->scratch);
	if (++r->rows % ROWS_A_RESET == 0)
		MemoryContextReset(r->scratch);
	customer = number_of(r, slot->tts_values[0]);
	if (r->person[customer].listed)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("customer %s is listed twice", name_of(r, customer)),
				 errhint("A customer has one row, with one referrer or none.")));
	r->person[customer].listed = true;
	if (!slot->tts_isnull[1])
	{
		uint32		referrer = number_of(r, slot->tts_values[1]);

		r->person[customer].referrer = referrer;
		r->person[referrer].direct++;
	}
	if (OidIsValid(r->value) && !slot->tts_isnull[2])
	{
		r->person[customer].value = value_of(r, slot->tts_values[2]);
		r->scale = Max(r->scale, r->person[customer].value.scale);
	}
	MemoryContextSwitchTo(old);
}

/* of all circles the one with the least name, which begins with it */
static void
refuse_circle(Referrals *r)
{
	uint32		least = NONE;
	char	   *least_name = NULL;
	int64		members = 1;
	StringInfoData names;

	FOR_STEPS(i, 0, r->people.n)
	{
		char	   *name;

		if (r->person[i].waiting > 0)
		{
			name = name_of(r, (uint32) i);
			if (least_name == NULL || strcmp(name, least_name) < 0)
			{
				char	   *last = least_name;

				least_name = name;
				least = (uint32) i;
				name = last;
			}
			if (name != NULL)
				pfree(name);
		}
	}
	initStringInfo(&names);
	appendStringInfoString(&names, least_name);
	for (uint32 i = r->person[least].referrer; i != least; i = r->person[i].referrer)
	{
		CHECK_AT_STEP(members);
		if (++members <= CIRCLE_MAX)
			appendStringInfo(&names, ", %s", name_of(r, i));
	}
	if (members > CIRCLE_MAX)
		appendStringInfo(&names, " and %lld more", (long long) members - CIRCLE_MAX);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("customers have referred each other in a circle: %s", names.data),
			 errdetail("Each of them was referred by the next, and the last by the first."),
			 errhint("One of these referrals is wrong; leave it out.")));
}

static void
walk_trees(Referrals *r)
{
	int64		n = r->people.n;
	uint32	   *order = alloc_array(n, sizeof(uint32));
	int64		reached = 0;

	FOR_STEPS(i, 0, n)
	{
		r->person[i].waiting = r->person[i].direct;
		if (r->person[i].waiting == 0)
			order[reached++] = (uint32) i;
	}
	for (int64 i = 0; i < reached; i++)
	{
		Person	   *p = &r->person[order[i]];
		Person	   *above;

		CHECK_AT_STEP(i);
		if (p->referrer == NONE)
			continue;
		above = &r->person[p->referrer];
		above->descendants += p->descendants + 1;
		above->brought += p->brought + (int128) p->value.value * ct_pow10[r->scale - p->value.scale];
		if (--above->waiting == 0)
			order[reached++] = p->referrer;
	}
	if (reached < n)
		refuse_circle(r);
	for (int64 i = n - 1; i >= 0; i--)
	{
		Person	   *p = &r->person[order[i]];

		CHECK_AT_STEP(i);
		p->root = p->referrer == NONE ? order[i] : r->person[p->referrer].root;
		p->depth = p->referrer == NONE ? 0 : r->person[p->referrer].depth + 1;
	}
	pfree(order);
}

static Datum
key_result(Referrals *r, uint32 number)
{
	return r->as_text ? CStringGetTextDatum(name_of(r, number)) : r->people.key[number];
}

static Datum
sum_result(int128 sum, int scale)
{
	for (; scale > 0 && sum % 10 == 0; scale--)
		sum /= 10;
	if (sum != (int64) sum || (int64) sum == PG_INT64_MIN)
		ct_amount_overflow();
	return ct_amount_to_numeric((int64) sum, scale);
}

/* customer, referrer, root, depth, direct, descendants, brought */
static void
put_people(Referrals *r, ReturnSetInfo *rsinfo)
{
	FOR_STEPS(i, 0, r->people.n)
	{
		const Person *p = &r->person[i];
		Datum		values[7];
		bool		nulls[7] = {false};
		MemoryContext old = MemoryContextSwitchTo(r->scratch);

		values[0] = key_result(r, (uint32) i);
		nulls[1] = p->referrer == NONE;
		values[1] = nulls[1] ? (Datum) 0 : key_result(r, p->referrer);
		values[2] = key_result(r, p->root);
		values[3] = Int32GetDatum(p->depth);
		values[4] = Int64GetDatum(p->direct);
		values[5] = Int64GetDatum(p->descendants);
		nulls[6] = !OidIsValid(r->value);
		values[6] = nulls[6] ? (Datum) 0 : sum_result(p->brought, r->scale);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		MemoryContextSwitchTo(old);
		if (i % ROWS_A_RESET == 0)
			MemoryContextReset(r->scratch);
	}
}

/*
 * referrals(query, customer)
 *		A row for each customer of a query of customer, referrer and, on demand, a value.
 *
 * A referrer who is not in the list has a row, too, as a root.  The query runs under the
 * caller's own rights.
 */
Datum
ct_referrals(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Referrals  *r = palloc0(sizeof(Referrals));

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the query of referrals must not be null")));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	r->result = TupleDescAttr(rsinfo->setDesc, 0)->atttypid;
	r->context = CurrentMemoryContext;
	r->scratch = AllocSetContextCreate(r->context, "customer_tier row", ALLOCSET_DEFAULT_SIZES);
	ct_run_query(text_to_cstring(PG_GETARG_TEXT_PP(0)), "referrals", start_referrals, receive_referral, r);
	if (r->no_customer > 0)
		ereport(NOTICE,
				(errmsg_plural("%lld row without a customer is left out",
							   "%lld rows without a customer are left out",
							   (unsigned long) r->no_customer, (long long) r->no_customer)));
	walk_trees(r);
	put_people(r, rsinfo);
	return (Datum) 0;
}
