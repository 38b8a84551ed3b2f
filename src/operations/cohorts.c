/*
 * cohorts.c
 *		What became of the customers who came in the same period, and the numbers of periods.
 *
 * One walk over the ledgers adds up, for each cohort and each period since, how many bought and
 * what they brought.  Amounts are integers of 10^-scale, and sums are kept by scale: they are
 * exact, and 2^63 amounts do not overflow 128 bits.
 */
#include "base/compat.h"

#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"

#include "base/day.h"
#include "base/names.h"
#include "base/query.h"
#include "capture/live_ledger.h"
#include "ledger/ledger_log.h"

PG_FUNCTION_INFO_V1(ct_period_number);
PG_FUNCTION_INFO_V1(ct_cohorts);

#define ROWS_A_RESET	1024	/* rows whose detoasted values may wait to be freed */
#define MEMORY_FACTOR	64		/* times work_mem and hash_mem_multiplier */
#define FIRST_CELLS		1024
#define MONDAY			2		/* 2000-01-03, in days since 2000-01-01 */

/* a period is of whole months, or of whole days */
typedef struct Period
{
	int			months;			/* 0 if it is of days */
	int			days;
} Period;

typedef struct CellKey
{
	int32		number;			/* of the period in which the cohort came */
	int32		age;			/* periods since */
	int32		scale;
} CellKey;

typedef struct Cell
{
	CellKey		key;
	int64		active;
	int128		amount;			/* of 10^-scale */
} Cell;

typedef struct Cohorts
{
	DateADT		as_of;
	Period		period;
	HTAB	   *cells;
	int64		rows;
	MemoryContext scratch;
} Cohorts;

static int64
floor_quotient(int64 n, int64 by)
{
	return n >= 0 ? n / by : -((-n + by - 1) / by);
}

static Period
get_period(FunctionCallInfo fcinfo, int arg)
{
	Period		p = {PG_GETARG_INT32(arg), PG_GETARG_INT32(arg + 1)};

	if (p.months < 0 || (p.months == 0 && p.days < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a period has a month or a day at least")));
	return p;
}

/* months are counted from a January, 1 BC is the year 0; days from a Monday */
static int32
period_number(const Period *p, DateADT day)
{
	int			year;
	int			month;
	int			day_of_month;

	if (p->months == 0)
		return (int32) floor_quotient((int64) day - MONDAY, p->days);
	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
	return (int32) floor_quotient((int64) year * MONTHS_PER_YEAR + month - 1, p->months);
}

/*
 * period_number(day, months, days)
 *		The number of the calendar's period that a day is in.
 */
Datum
ct_period_number(PG_FUNCTION_ARGS)
{
	Period		p = get_period(fcinfo, 1);

	PG_RETURN_INT32(period_number(&p, ct_get_as_of(fcinfo, 0)));
}

static void
add_to_cell(Cohorts *c, const CellKey *key, bool active, int128 amount)
{
	bool		found;
	Cell	   *cell = hash_search(c->cells, key, HASH_ENTER, &found);

	if (!found)
	{
		cell->active = 0;
		cell->amount = 0;
		if (hash_get_num_entries(c->cells) * (double) sizeof(Cell) >
			work_mem * 1024.0 * hash_mem_multiplier * MEMORY_FACTOR)
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("too many cohorts and periods for the memory that cohorts may take"),
					 errhint("Ask for longer periods, or raise work_mem.")));
	}
	cell->active += active;
	cell->amount += amount;
}

/* What came before the first purchase counts in its period; who has none is in no cohort. */
static void
add_ledger(Cohorts *c, const Ledger *ledger)
{
	LedgerReader r;
	LedgerEntry e;
	CellKey		key = {0};
	int128		amount = 0;
	int64		purchases = 0;
	bool		came = false;

	/* an order is judged by what is known of it on the day */
	ct_ledger_read_until(ledger, &r, (int64) c->as_of + 1);
	key.scale = r.head.scale;
	while (ct_ledger_next(&r, &e) && e.day <= c->as_of)
	{
		CHECK_AT_STEP(r.left);
		if (came || e.purchases > 0)
		{
			int32		number = period_number(&c->period, e.day);

			if (!came)
			{
				key.number = number;
				came = true;
			}
			else if (number - key.number != key.age)
			{
				add_to_cell(c, &key, purchases > 0, amount);
				key.age = number - key.number;
				amount = purchases = 0;
			}
		}
		amount += e.amount;
		if (came)
			purchases += e.purchases;
	}
	if (came)
		add_to_cell(c, &key, purchases > 0, amount);
}

static void
start_ledgers(void *arg, TupleDesc desc)
{
	if (desc->natts != 1 || TupleDescAttr(desc, 0)->atttypid != ct_type("ledger"))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a query of cohorts has one column, of type ledger")));
}

static void
receive_ledger(void *arg, TupleTableSlot *slot)
{
	Cohorts    *c = arg;
	MemoryContext old = MemoryContextSwitchTo(c->scratch);
	bool		isnull;
	Datum		ledger = slot_getattr(slot, 1, &isnull);

	if (!isnull)
		add_ledger(c, ct_get_ledger(ledger));
	MemoryContextSwitchTo(old);
	if (++c->rows % ROWS_A_RESET == 0)
		MemoryContextReset(c->scratch);
}

static Datum
sum_numeric(int128 sum, int scale)
{
	const int64 unit = INT64CONST(1000000000000000000); /* 10^18 */
	Datum		high = ct_amount_to_numeric((int64) (sum / unit), 0);
	Datum		low = ct_amount_to_numeric((int64) (sum % unit), scale);
	Datum		scaled = ct_amount_to_numeric(unit / ct_pow10[scale], 0);

	return DirectFunctionCall2(numeric_add, DirectFunctionCall2(numeric_mul, high, scaled), low);
}

/*
 * cohorts(live, as_of, months, days)
 *		number, age, active, value: a row for each cohort, age and scale of amounts.
 *
 * For who may read the view of live ledgers, as its owner.
 */
Datum
ct_cohorts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Cohorts		c = {.as_of = ct_get_as_of(fcinfo, 1), .period = get_period(fcinfo, 2)};
	HASHCTL		control = {.keysize = sizeof(CellKey), .entrysize = sizeof(Cell), .hcxt = CurrentMemoryContext};
	HASH_SEQ_STATUS scan;
	Cell	   *cell;
	OwnerSwitch saved;
	const char *name;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	c.cells = hash_create("customer_tier cohorts", FIRST_CELLS, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	c.scratch = AllocSetContextCreate(CurrentMemoryContext, "customer_tier row", ALLOCSET_DEFAULT_SIZES);
	name = ct_read_live_as_owner(PG_GETARG_OID(0), &saved);
	ct_run_query(psprintf("SELECT ledger::" CT_SCHEMA ".ledger FROM %s", name), "cohorts", start_ledgers,
				 receive_ledger, &c);
	ct_resign(&saved);

	hash_seq_init(&scan, c.cells);
	while ((cell = hash_seq_search(&scan)) != NULL)
	{
		Datum		values[] = {
			Int32GetDatum(cell->key.number), Int32GetDatum(cell->key.age), Int64GetDatum(cell->active),
			sum_numeric(cell->amount, cell->key.scale)
		};
		bool		nulls[lengthof(values)] = {false};

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	hash_destroy(c.cells);
	MemoryContextDelete(c.scratch);
	return (Datum) 0;
}
