/*
 * allocate.c
 *		share_out(): customers and owners from queries, and who turns to whom for a statement.
 *
 * One pass: customers run into columns and are put into the order in which they are placed, the
 * rows in force are read once, as a stream, and owners are found in memory, see allocation.c.
 * What the statement reads are two relations that exist while it runs, see turned.c:
 *
 *	turned	a row for each customer whose row has to be written
 *		customer, owner, previous_owner, reason, note	as they have to be
 *		now			the owner in the row in force
 *		place		of that row, null if there is none
 *		begun		whether the row began on the day, which is decided again
 *		turns		whether the owner is another one than before the day
 *	shared	one row
 *		assigned, moved, released, unassigned, loads
 */
#include "base/compat.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/query.h"
#include "base/steps.h"
#include "operations/customer_order.h"

PG_FUNCTION_INFO_V1(ct_share_out);

#define FIRST_ROOM		1024
#define ROWS_A_RESET	1024	/* rows whose detoasted values may wait to be freed */
#define MEMORY_FACTOR	64		/* times work_mem and hash_mem_multiplier */
#define MOST_CLASSES	10000000
#define MOST_TIERS		10001	/* ranks of a rule, and 0 */
#define ANY_CUSTOMER	InvalidOid	/* in a list of types, that of customers */

/* argument numbers of share_out() */
enum
{
	ARG_MEMBERS, ARG_OWNERS, ARG_PINS, ARG_HELD, ARG_DAY, ARG_MOST, ARG_SLACK, ARG_NEW, ARG_COMMAND
};

static void
check_columns(const Sharing *s, TupleDesc desc, const Oid *type, int n)
{
	if (desc->natts != n)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a query of an allocation has %d columns, not %d", desc->natts, n)));
	for (int i = 0; i < n; i++)
	{
		Oid			expected = type[i] == ANY_CUSTOMER ? s->customer : type[i];

		if (TupleDescAttr(desc, i)->atttypid != expected)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("%s of an allocation is of type %s, not %s", NameStr(TupleDescAttr(desc, i)->attname),
							format_type_be(TupleDescAttr(desc, i)->atttypid), format_type_be(expected))));
	}
}

/* takes a row apart, in memory that is reset now and then; its first columns must not be null */
static MemoryContext
start_row(Sharing *s, TupleTableSlot *slot, int columns)
{
	slot_getallattrs(slot);
	for (int i = 0; i < columns; i++)
		if (slot->tts_isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s of an allocation must not be null",
							NameStr(TupleDescAttr(slot->tts_tupleDescriptor, i)->attname))));
	if (++s->rows % ROWS_A_RESET == 0)
		MemoryContextReset(s->scratch);
	return MemoryContextSwitchTo(s->scratch);
}

static int32
number_of(Dictionary *d, Datum key)
{
	return (int32) ct_dictionary_number(d, dictionary_key(d, key));
}

/*
 * Owners
 */

static void
start_owners(void *arg, TupleDesc desc)
{
	static const Oid type[] = {TEXTOID, FLOAT8OID, TEXTOID, TEXTOID};
	Sharing    *s = arg;

	check_columns(s, desc, type, lengthof(type));
	s->owner_room = FIRST_ROOM;
	s->load = alloc_array(s->owner_room, sizeof(Load));
	s->owner_group = alloc_array(s->owner_room, sizeof(int32));
	s->owner_role = alloc_array(s->owner_room, sizeof(int32));
}

static void
refuse_owner(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 errhint("Each owner has one row, with a capacity above zero.")));
}

/* owner, capacity, customer_group, role */
static void
receive_owner(void *arg, TupleTableSlot *slot)
{
	Sharing    *s = arg;
	MemoryContext old = start_row(s, slot, 0);
	Datum	   *d = slot->tts_values;
	int32		number;
	double		capacity;

	if (slot->tts_isnull[0] || slot->tts_isnull[2])
		refuse_owner(slot->tts_isnull[0] ? "an owner is null" : "an owner's group is null");
	number = number_of(&s->names, d[0]);
	capacity = slot->tts_isnull[1] ? 0 : DatumGetFloat8(d[1]);
	if (number != s->owners)
		refuse_owner(psprintf("owner \"%s\" is listed twice", TextDatumGetCString(d[0])));
	if (!(capacity > 0) || isinf(capacity))
		refuse_owner(psprintf("owner \"%s\" has no capacity above zero", TextDatumGetCString(d[0])));
	if (s->owners == s->owner_room)
	{
		s->owner_room *= 2;
		s->load = repalloc_huge(s->load, s->owner_room * sizeof(Load));
		s->owner_group = repalloc_huge(s->owner_group, s->owner_room * sizeof(int32));
		s->owner_role = repalloc_huge(s->owner_role, s->owner_room * sizeof(int32));
	}
	s->load[number] = (Load) {0, capacity, 0};
	s->owner_group[number] = number_of(&s->groups, d[2]);
	s->owner_role[number] = slot->tts_isnull[3] ? -1 : number_of(&s->roles, d[3]);
	s->owners++;
	MemoryContextSwitchTo(old);
}

/*
 * Customers
 */

static void
start_members(void *arg, TupleDesc desc)
{
	static const Oid type[] = {ANY_CUSTOMER, INT4OID, TEXTOID, TEXTOID, FLOAT8OID};
	Sharing    *s = arg;

	s->customer = TupleDescAttr(desc, 0)->atttypid;
	check_columns(s, desc, type, lengthof(type));
	ct_dictionary_begin(&s->customers, s->customer, TupleDescAttr(desc, 0)->attcollation);
	s->room = FIRST_ROOM;
	s->weight = alloc_array(s->room, sizeof(double));
	s->tier = alloc_array(s->room, sizeof(int32));
	s->group = alloc_array(s->room, sizeof(int32));
	s->tier_role = alloc_array(MOST_TIERS, sizeof(int32));
}

static void
make_room(Sharing *s)
{
	Size		each = sizeof(double) * 2 + sizeof(int32) * 6 + sizeof(uint8) + sizeof(Held) + 3 * sizeof(Datum);

	s->room *= 2;
	if (s->room * each + s->customers.used > (Size) (work_mem * 1024.0 * hash_mem_multiplier * MEMORY_FACTOR))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("too many customers for the memory that an allocation may take"),
				 errdetail("%lld customers take more than %d times work_mem and hash_mem_multiplier.",
						   (long long) s->room / 2, MEMORY_FACTOR),
				 errhint("Raise work_mem.")));
	s->weight = repalloc_huge(s->weight, s->room * sizeof(double));
	s->tier = repalloc_huge(s->tier, s->room * sizeof(int32));
	s->group = repalloc_huge(s->group, s->room * sizeof(int32));
}

/* customer, tier_rank, customer_group, role, weight */
static void
receive_member(void *arg, TupleTableSlot *slot)
{
	Sharing    *s = arg;
	MemoryContext old = start_row(s, slot, 3);
	Datum	   *d = slot->tts_values;
	int64		n = s->customers.n;
	double		weight;
	int32		tier;

	tier = DatumGetInt32(d[1]);
	if (n == s->room)
		make_room(s);
	if (tier < 0 || tier >= MOST_TIERS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d is no rank of a tier", tier)));
	/* the view has each customer once */
	ct_dictionary_append(&s->customers, dictionary_key(&s->customers, d[0]));
	for (; s->tiers <= tier; s->tiers++)
		s->tier_role[s->tiers] = -1;
	s->tier[n] = tier;
	if (!slot->tts_isnull[3])
		s->tier_role[tier] = number_of(&s->roles, d[3]);
	s->group[n] = number_of(&s->groups, d[2]);
	weight = slot->tts_isnull[4] ? 0 : DatumGetFloat8(d[4]);
	if (!isfinite(weight))
	{
		Oid			output;
		bool		is_varlena;

		getTypeOutputInfo(s->customer, &output, &is_varlena);
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the weight of customer %s is not a finite number", OidOutputFunctionCall(output, d[0]))));
	}
	s->weight[n] = Max(weight, 0);
	MemoryContextSwitchTo(old);
}

/*
 * Rows in force, and pins
 */

static void
start_held(void *arg, TupleDesc desc)
{
	static const Oid type[] = {TIDOID, ANY_CUSTOMER, BOOLOID, TEXTOID, TEXTOID, TEXTOID};

	check_columns(arg, desc, type, lengthof(type));
}

static uint8
reason_of(Datum name)
{
	for (int i = FIRST; i <= BALANCE; i++)
		if (strcmp(TextDatumGetCString(name), ct_reason_name(i)) == 0)
			return i;
	return STAYS;
}

/* place, customer, begun, reason, owner, previous_owner */
static void
receive_held(void *arg, TupleTableSlot *slot)
{
	Sharing    *s = arg;
	MemoryContext old = start_row(s, slot, 4);
	Datum	   *d = slot->tts_values;
	Datum		customer = dictionary_key(&s->customers, d[1]);
	int64		number = ct_dictionary_find_next(&s->customers, customer, &s->next);
	Held		held;

	held.place = *(ItemPointer) DatumGetPointer(d[0]);
	held.begun = DatumGetBool(d[2]);
	held.reason = held.begun ? reason_of(d[3]) : STAYS;
	held.owner = slot->tts_isnull[4] ? NOBODY : number_of(&s->names, d[4]);
	held.before = held.owner;
	if (held.begun)
		held.before = slot->tts_isnull[5] ? NOBODY : number_of(&s->names, d[5]);
	if (number < 0)
		ct_turn_gone(s, d[1], &held);
	else
		s->held[number] = held;
	MemoryContextSwitchTo(old);
}

static void
start_pins(void *arg, TupleDesc desc)
{
	static const Oid type[] = {ANY_CUSTOMER, TEXTOID, TEXTOID};
	Sharing    *s = arg;

	check_columns(s, desc, type, lengthof(type));
}

/* customer, owner, note; a pin to who is no owner any longer says nothing */
static void
receive_pin(void *arg, TupleTableSlot *slot)
{
	Sharing    *s = arg;
	MemoryContext old = start_row(s, slot, 3);
	Datum	   *d = slot->tts_values;
	int64		number = ct_dictionary_find(&s->customers, dictionary_key(&s->customers, d[0]));
	int64		owner = ct_dictionary_find(&s->names, dictionary_key(&s->names, d[1]));

	if (number >= 0 && owner >= 0 && owner < s->owners)
	{
		MemoryContextSwitchTo(GetMemoryChunkContext(s));
		s->pin[number] = (int32) owner;
		s->note[number] = PointerGetDatum(PG_DETOAST_DATUM_COPY(d[2]));
	}
	MemoryContextSwitchTo(old);
}

/* what is known of customers beside the query of members: nothing yet */
static void
start_customers(Sharing *s)
{
	int64		n = s->customers.n;

	s->held = alloc_array(n, sizeof(Held));
	s->pin = alloc_array(n, sizeof(int32));
	s->note = alloc_array(n, sizeof(Datum));
	s->owner = alloc_array(n, sizeof(int32));
	s->reason = alloc_array(n, sizeof(uint8));
	FOR_STEPS(i, 0, n)
	{
		s->held[i] = (Held) {.owner = NOBODY, .before = NOBODY};
		ItemPointerSetInvalid(&s->held[i].place);
		s->pin[i] = NOBODY;
		s->note[i] = (Datum) 0;
	}
}

/*
 * The function
 */

/* everybody's owner and the reason */
static void
find_owners(Sharing *s, double most, double slack)
{
	int64		n = s->customers.n;
	double	   *weight = alloc_array(n, sizeof(double));
	int32	   *number = alloc_array(4 * n, sizeof(int32));
	Allocation	a = {
		.n = n, .weight = weight, .tier = number, .group = number + n, .pin = number + 2 * n,
		.now = number + 3 * n, .owners = s->owners, .owner = s->load, .owner_group = s->owner_group,
		.owner_role = s->owner_role, .tiers = s->tiers, .tier_role = s->tier_role,
		.groups = (int) s->groups.n, .most = most, .slack = slack
	};
	Placement  *p;

	if (s->groups.n * s->tiers > MOST_CLASSES || (int64) s->owners * s->tiers > MOST_CLASSES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many groups, tiers and owners for one allocation"),
				 errhint("Make an allocation for each group.")));
	FOR_STEPS(i, 0, n)
	{
		uint32		customer = s->order[i];
		int32		before = s->held[customer].before;

		weight[i] = s->weight[customer];
		number[i] = s->tier[customer];
		number[n + i] = s->group[customer];
		number[2 * n + i] = s->pin[customer];
		number[3 * n + i] = before < s->owners ? before : SOMEBODY;
	}
	p = ct_allocate(&a);
	FOR_STEPS(i, 0, n)
	{
		s->owner[s->order[i]] = p->owner[i];
		s->reason[s->order[i]] = ct_allocation_reason(&a, p, i);
	}
	s->load = p->load;
}

static char *
text_arg(FunctionCallInfo fcinfo, int arg)
{
	return text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

/*
 * share_out(members, owners, pins, held, day, most, slack, new, command)
 *
 * The first four are queries; "command" is the statement whose rows are returned.  All run as
 * the caller.  With "new", a bare table of the caller, everybody's owner is written there, and
 * nobody is in turned.
 */
Datum
ct_share_out(PG_FUNCTION_ARGS)
{
	Sharing    *s = palloc0(sizeof(Sharing));
	double		most;
	double		slack;

	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i) && i != ARG_NEW)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument %d of share_out must not be null", i + 1)));
	most = PG_GETARG_FLOAT8(ARG_MOST);
	slack = PG_GETARG_FLOAT8(ARG_SLACK);
	if (!(most > 0 && most <= 1) || !(slack >= 0 && slack <= 1000))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"most\" is above 0 and at most 1, and \"slack\" is not below 0")));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	s->day = PG_GETARG_DATEADT(ARG_DAY);
	s->scratch = AllocSetContextCreate(CurrentMemoryContext, "customer_tier row", ALLOCSET_DEFAULT_SIZES);
	ct_dictionary_begin(&s->groups, TEXTOID, C_COLLATION_OID);
	ct_dictionary_begin(&s->roles, TEXTOID, C_COLLATION_OID);
	ct_dictionary_begin(&s->names, TEXTOID, C_COLLATION_OID);

	ct_run_query(text_arg(fcinfo, ARG_OWNERS), "share_out", start_owners, receive_owner, s);
	if (s->owners == 0)
		refuse_owner("there are no owners");
	ct_run_query(text_arg(fcinfo, ARG_MEMBERS), "share_out", start_members, receive_member, s);
	start_customers(s);
	ct_turn_begin(s);
	ct_run_query(text_arg(fcinfo, ARG_HELD), "share_out", start_held, receive_held, s);
	ct_run_query(text_arg(fcinfo, ARG_PINS), "share_out", start_pins, receive_pin, s);
	ct_find_order(s);
	find_owners(s, most, slack);
	if (PG_ARGISNULL(ARG_NEW))
	{
		FOR_STEPS(i, 0, s->customers.n)
			ct_turn(s, i);
	}
	else
		ct_write_first(s, PG_GETARG_OID(ARG_NEW));
	MemoryContextReset(s->scratch);

	SPI_connect();
	ct_offer_turned(s);
	spi_execute_into(text_arg(fcinfo, ARG_COMMAND), (ReturnSetInfo *) fcinfo->resultinfo);
	tuplestore_end(s->turned);
	tuplestore_end(s->result);
	SPI_finish();
	return (Datum) 0;
}
