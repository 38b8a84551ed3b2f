/*
 * noted_rows.c
 *		Rows of joined tables as writers note them, and read back.
 *
 * A row is noted as one text of the columns that the view uses, in the escapes of COPY,
 * so that it means the same after a dump, in another encoding, too.  It goes through the
 * queue as a customer would, with an amount of one: what came and went is the total.
 */
#include "compat.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/supportnodes.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "as_owner.h"
#include "packed_sales.h"
#include "scatter.h"

PG_FUNCTION_INFO_V1(ct_packed_row);
PG_FUNCTION_INFO_V1(ct_noted_rows);
PG_FUNCTION_INFO_V1(ct_noted_rows_support);

#define SEPARATOR	'\t'
#define ESCAPE		'\\'
/* rows of a page of a queue, and the least that is planned for: a plan may be kept while the queue grows */
#define ROWS_A_PAGE	300
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

/* packed_row(VARIADIC "any"): a row's columns as one text, which depends on settings that the caller fixes */
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

/* reads noted rows back */
typedef struct NotedRows
{
	ReturnSetInfo *result;
	int			n;				/* of columns; the first says whether the row went */
	FmgrInfo   *input;
	Oid		   *io_param;
	Datum	   *values;
	bool	   *nulls;
	MemoryContext each;
} NotedRows;

pg_noreturn static void
corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("rows in the queue are not what capture wrote"),
			 errhint("CALL customer_tier.rebuild_source(...) makes the ledgers anew from the sales.")));
}

/* takes the escapes out of a value in place; returns where the next begins, NULL behind the last */
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

/* a row, as often as it came more than it went, or the other way round */
static void
put_rows(void *arg, Datum row, Ledger *ledger)
{
	NotedRows  *r = arg;
	MemoryContext old;
	LedgerHead	head;
	char	   *p;

	customer_tier_ledger_head(ledger, &head);
	if (head.total == 0)
		return;
	MemoryContextReset(r->each);
	old = MemoryContextSwitchTo(r->each);
	p = TextDatumGetCString(row);
	r->values[0] = BoolGetDatum(head.total < 0);
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
	for (int64 n = Abs(head.total); n > 0; n--)
	{
		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(r->result->setResult, r->result->setDesc, r->values, r->nulls);
	}
}

static void
begin_rows(NotedRows *r, ReturnSetInfo *result)
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

		/* a domain's constraints were met when the row was written */
		getTypeInputInfo(getBaseType(TupleDescAttr(desc, i)->atttypid), &function, &r->io_param[i]);
		fmgr_info(function, &r->input[i]);
	}
	r->each = AllocSetContextCreate(CurrentMemoryContext, "customer_tier noted row", ALLOCSET_SMALL_SIZES);
}

/*
 * noted_rows(packs, queue) AS (undo boolean, columns): the rows of a joined table that came, and with undo those
 * that went; what came and went again is left out.  The queue is what the packs are
 * from, so that plans can tell how many they are.
 */
Datum
ct_noted_rows(PG_FUNCTION_ARGS)
{
	CustomerType type;
	PackCustomer pack;
	NotedRows	r;
	ArrayIterator it;
	Scatter    *scatter;
	OwnerSwitch saved;
	Datum		value;
	bool		isnull;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	ct_customer_type(&type, TEXTOID, C_COLLATION_OID);
	ct_pack_customer(&pack, &type);
	/* values are read as they were written, whatever the settings are; the user stays */
	ct_become_owner(&saved, GetUserId());
	begin_rows(&r, (ReturnSetInfo *) fcinfo->resultinfo);
	scatter = customer_tier_scatter_begin(&type);
	it = array_create_iterator(PG_GETARG_ARRAYTYPE_P(0), 0, NULL);
	while (array_iterate(it, &value, &isnull))
		if (!isnull)
			ct_scatter_pack(scatter, &pack, value);
	array_free_iterator(it);
	customer_tier_scatter_end(scatter, put_rows, &r);
	ct_resign(&saved);
	return (Datum) 0;
}

/* how many rows noted_rows returns, by the size of its queue */
Datum
ct_noted_rows_support(PG_FUNCTION_ARGS)
{
	SupportRequestRows *request = (SupportRequestRows *) PG_GETARG_POINTER(0);
	Node	   *queue;
	Relation	rel;

	if (!IsA(request, SupportRequestRows) || !IsA(request->node, FuncExpr))
		PG_RETURN_POINTER(NULL);
	queue = lsecond(((FuncExpr *) request->node)->args);
	if (!IsA(queue, Const) || ((Const *) queue)->constisnull ||
		(rel = try_relation_open(DatumGetObjectId(((Const *) queue)->constvalue), AccessShareLock)) == NULL)
		PG_RETURN_POINTER(NULL);
	if (rel->rd_rel->relkind == RELKIND_RELATION)
		request->rows = Max((double) RelationGetNumberOfBlocks(rel) * ROWS_A_PAGE, ROWS_LEAST);
	else
		request = NULL;
	relation_close(rel, AccessShareLock);
	PG_RETURN_POINTER(request);
}
