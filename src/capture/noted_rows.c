/*
 * noted_rows.c
 *		Writes rows of joined tables as text, and reads them back.
 *
 * A row is noted as one text of the columns that the view uses, with the escapes of COPY,
 * so that it keeps its meaning after a dump and restore in another encoding.  The queue
 * holds the text in place of the customer of a sale.
 */
#include "base/compat.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "nodes/supportnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "capture/as_owner.h"
#include "capture/packed_sales.h"
#include "capture/queue.h"

PG_FUNCTION_INFO_V1(ct_packed_row);
PG_FUNCTION_INFO_V1(ct_noted_rows);
PG_FUNCTION_INFO_V1(ct_noted_rows_support);

#define SEPARATOR	'\t'
#define ESCAPE		'\\'
/* a minimum for the planner, as a plan may be reused after the queue has grown */
#define ROWS_LEAST	1000

static void
append_value(StringInfo row, const char *value)
{
	for (; *value != '\0'; value++)
	{
		if (*value == SEPARATOR || *value == ESCAPE)
			appendStringInfoCharMacro(row, ESCAPE);
		appendStringInfoCharMacro(row, *value == SEPARATOR ? 't' : *value);
	}
}

/* packed_row(VARIADIC "any"): the columns of a row as one text; the caller fixes the settings of output functions */
Datum
ct_packed_row(PG_FUNCTION_ARGS)
{
	FmgrInfo   *output = fcinfo->flinfo->fn_extra;
	StringInfoData row;

	if (output == NULL)
	{
		output = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, PG_NARGS() * sizeof(FmgrInfo));
		for (int i = 0; i < PG_NARGS(); i++)
		{
			Oid			function;
			bool		is_varlena;

			getTypeOutputInfo(get_fn_expr_argtype(fcinfo->flinfo, i), &function, &is_varlena);
			fmgr_info_cxt(function, &output[i], fcinfo->flinfo->fn_mcxt);
		}
		fcinfo->flinfo->fn_extra = output;
	}
	initStringInfo(&row);
	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (i > 0)
			appendStringInfoChar(&row, SEPARATOR);
		if (PG_ARGISNULL(i))
			appendStringInfoString(&row, "\\N");
		else
			append_value(&row, OutputFunctionCall(&output[i], PG_GETARG_DATUM(i)));
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(row.data, row.len));
}

/* a row; n is how often it was added, less how often it was removed */
typedef struct NotedRow
{
	text	   *row;
	int64		n;
	uint32		hash;
	char		status;
} NotedRow;

#define SH_PREFIX			noted
#define SH_ELEMENT_TYPE		NotedRow
#define SH_KEY_TYPE			text *
#define SH_KEY				row
#define SH_HASH_KEY(tb, key)	hash_bytes((const unsigned char *) VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key))
#define SH_EQUAL(tb, a, b)	(VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) && \
							 memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0)
#define SH_SCOPE			static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)	(a)->hash
#define SH_DECLARE
#define SH_DEFINE

#include "lib/simplehash.h"

/* reads noted rows back */
typedef struct Reading
{
	ReturnSetInfo *result;
	int			n;				/* of columns; the first says whether the row was removed */
	FmgrInfo   *input;
	Oid		   *io_param;
	Datum	   *values;
	bool	   *nulls;
	MemoryContext each;
	MemoryContext context;		/* of the hash table of rows */
	noted_hash *rows;
} Reading;

pg_noreturn static void
corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("rows in the queue are not what capture wrote"),
			 errhint("CALL customer_tier.rebuild_source(...) makes the ledgers anew from the sales.")));
}

/* unescapes a value in place; returns where the next value begins, NULL after the last */
static char *
next_value(char *p, bool *isnull)
{
	char	   *to = p;

	*isnull = p[0] == ESCAPE && p[1] == 'N';
	while (*p != '\0' && *p != SEPARATOR)
	{
		bool		escaped = *p == ESCAPE;

		if (escaped && *++p == '\0')
			corrupt();
		*to++ = escaped && *p == 't' ? SEPARATOR : *p;
		p++;
	}
	p = *p == '\0' ? NULL : p + 1;
	*to = '\0';
	return p;
}

/* returns a row |n| times, as added or as removed */
static void
put_row(Reading *r, const NotedRow *row)
{
	MemoryContext old;
	char	   *p;

	if (row->n == 0)
		return;
	MemoryContextReset(r->each);
	old = MemoryContextSwitchTo(r->each);
	p = text_to_cstring(row->row);
	r->values[0] = BoolGetDatum(row->n < 0);
	for (int i = 1; i < r->n; i++)
	{
		char	   *value = p;

		if (p == NULL)
			corrupt();
		p = next_value(p, &r->nulls[i]);
		r->values[i] = InputFunctionCall(&r->input[i], r->nulls[i] ? NULL : value, r->io_param[i],
										 TupleDescAttr(r->result->setDesc, i)->atttypmod);
	}
	if (p != NULL)
		corrupt();
	MemoryContextSwitchTo(old);
	for (int64 n = llabs(row->n); n > 0; n--)
	{
		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(r->result->setResult, r->result->setDesc, r->values, r->nulls);
	}
}

/* returns the rows in memory, and empties the hash table */
static void
put_rows(Reading *r)
{
	noted_iterator it;
	NotedRow   *row;

	noted_start_iterate(r->rows, &it);
	while ((row = noted_iterate(r->rows, &it)) != NULL)
		put_row(r, row);
	MemoryContextReset(r->context);
	r->rows = noted_create(r->context, 1024, NULL);
}

/* adds the rows of a pack; cancelling rows out only saves work, so it can stop when memory is full */
static void
add_pack(Reading *r, const PackCustomer *pack, Datum value)
{
	PackReader	reader;
	Sale		sale;

	CHECK_FOR_INTERRUPTS();
	ct_pack_read(&reader, pack, PG_DETOAST_DATUM_PACKED(value));
	while (ct_pack_next(&reader, &sale))
	{
		bool		found;
		NotedRow   *row = noted_insert(r->rows, (text *) DatumGetPointer(sale.customer), &found);

		if (!found)
		{
			row->row = (text *) MemoryContextAlloc(r->context, VARSIZE_ANY(row->row));
			memcpy(row->row, DatumGetPointer(sale.customer), VARSIZE_ANY(DatumGetPointer(sale.customer)));
			row->n = 0;
		}
		row->n += sale.undo ? -1 : 1;
	}
	if (MemoryContextMemAllocated(r->context, false) > (Size) (work_mem * 1024.0 * hash_mem_multiplier))
		put_rows(r);
}

static void
begin_rows(Reading *r, ReturnSetInfo *result)
{
	TupleDesc	desc = result->setDesc;

	if (TupleDescAttr(desc, 0)->atttypid != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the column list of noted_rows must begin with a boolean")));
	r->result = result;
	r->n = desc->natts;
	r->input = palloc(r->n * sizeof(FmgrInfo));
	r->io_param = palloc(r->n * sizeof(Oid));
	r->values = palloc(r->n * sizeof(Datum));
	r->nulls = palloc0(r->n * sizeof(bool));
	for (int i = 1; i < r->n; i++)
	{
		Oid			function;

		/* the row satisfied the constraints of domains when it was written */
		getTypeInputInfo(getBaseType(TupleDescAttr(desc, i)->atttypid), &function, &r->io_param[i]);
		fmgr_info(function, &r->input[i]);
	}
	r->each = AllocSetContextCreate(CurrentMemoryContext, "customer_tier noted row", ALLOCSET_SMALL_SIZES);
	r->context = AllocSetContextCreate(CurrentMemoryContext, "customer_tier noted rows", ALLOCSET_DEFAULT_SIZES);
	r->rows = noted_create(r->context, 1024, NULL);
}

/*
 * noted_rows(packs, queue) AS (undo boolean, columns): the rows that were added to a joined table, and with undo
 * those that were removed; rows that cancel out are left out.  The planner support function estimates the number
 * of rows from "queue", which the packs come from.
 */
Datum
ct_noted_rows(PG_FUNCTION_ARGS)
{
	CustomerType type;
	PackCustomer pack;
	Reading		r;
	ArrayIterator it;
	OwnerSwitch saved;
	Datum		value;
	bool		isnull;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	ct_customer_type(&type, TEXTOID, C_COLLATION_OID);
	ct_pack_customer(&pack, &type);
	/* only to fix the settings: values are read with those they were written with */
	ct_become_owner(&saved, GetUserId());
	begin_rows(&r, (ReturnSetInfo *) fcinfo->resultinfo);
	it = array_create_iterator(PG_GETARG_ARRAYTYPE_P(0), 0, NULL);
	while (array_iterate(it, &value, &isnull))
		if (!isnull)
			add_pack(&r, &pack, value);
	array_free_iterator(it);
	put_rows(&r);
	ct_resign(&saved);
	return (Datum) 0;
}

/* the planner support function of noted_rows: estimates as many rows as are in the queue */
Datum
ct_noted_rows_support(PG_FUNCTION_ARGS)
{
	SupportRequestRows *request = (SupportRequestRows *) PG_GETARG_POINTER(0);
	Node	   *queue;

	if (!IsA(request, SupportRequestRows) || !IsA(request->node, FuncExpr))
		PG_RETURN_POINTER(NULL);
	queue = lsecond(((FuncExpr *) request->node)->args);
	if (!IsA(queue, Const) || ((Const *) queue)->constisnull)
		PG_RETURN_POINTER(NULL);
	request->rows = Max(ct_queue_rows(DatumGetObjectId(((Const *) queue)->constvalue)), ROWS_LEAST);
	PG_RETURN_POINTER(request);
}
