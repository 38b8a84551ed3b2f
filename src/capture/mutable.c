/*
 * mutable.c
 *		Names the part of an expression that depends on more than its row, and a remedy.
 */
#include "capture/mutable.h"

#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

#define READ_DATE "make_date(left(d, 4)::int, substr(d, 6, 2)::int, right(d, 2)::int) reads YYYY-MM-DD."

typedef struct Mutable
{
	char		volatility;		/* allowed besides immutable */
	Oid			function;		/* the innermost that is not allowed, or InvalidOid */
	bool		clock;			/* CURRENT_DATE or another SQLValueFunction */
} Mutable;

static bool
is_mutable(Oid function, void *context)
{
	Mutable    *m = context;
	char		volatility = func_volatile(function);

	if (volatility == PROVOLATILE_IMMUTABLE || volatility == m->volatility)
		return false;
	m->function = function;
	return true;
}

/* visits the arguments of a function before the function */
static bool
find_mutable(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (expression_tree_walker(node, find_mutable, context))
		return true;
	if (IsA(node, SQLValueFunction))
	{
		((Mutable *) context)->clock = true;
		return true;
	}
	return check_functions_in_node(node, is_mutable, context);
}

/*
 * ct_mutable_part
 *		The name of the mutable part of an expression; of the volatile part if "stable_will_do".
 */
char *
ct_mutable_part(Node *expr, bool stable_will_do)
{
	Mutable		m = {.volatility = stable_will_do ? PROVOLATILE_STABLE : PROVOLATILE_IMMUTABLE};

	(void) find_mutable(expr, &m);
	return OidIsValid(m.function) ? psprintf("Function %s", format_procedure(m.function)) :
		m.clock ? pstrdup("CURRENT_DATE, or another constant of the session,") : pstrdup("What it gives");
}

/*
 * ct_mutable_remedy
 *		A hint that says what to write instead, in an expression over sales or over a customer.
 */
const char *
ct_mutable_remedy(Node *expr, bool of_sales)
{
	static const struct
	{
		const char *function;	/* of the server, with its arguments */
		const char *remedy;
	}			known[] = {
		{"timestamptz(date)",
		"Cast the day to timestamp, which has no time zone: date_trunc('year', day::timestamp)."},
		{"timestamptz(timestamp without time zone)", "A timestamp is turned into a day by a cast: sold_at::date."},
		{"to_date(text,text)", READ_DATE},
		{"date_in(cstring)", READ_DATE},
		{"cash_in(cstring)", "The text of money depends on lc_monetary: cast to numeric instead."},
		{"cash_out(money)", "The text of money depends on lc_monetary: cast to numeric instead."},
		{"money(numeric)", "Money depends on lc_monetary: leave the cast out, or cast to numeric."},
		{"money(integer)", "Money depends on lc_monetary: leave the cast out, or cast to numeric."},
		{"money(bigint)", "Money depends on lc_monetary: leave the cast out, or cast to numeric."},
		{"\"numeric\"(money)", "Money depends on lc_monetary: store amounts as numeric."},
		{"textanycat(text,anynonarray)", "Cast to text before: 'K' || n::text."},
		{"anytextcat(anynonarray,text)", "Cast to text before: n::text || 'K'."},
		{"concat(\"any\")", "Write n::text || 'K' instead of concat, with coalesce where null is possible."}
	};
	Mutable		m = {.volatility = PROVOLATILE_IMMUTABLE};
	char	   *name;

	(void) find_mutable(expr, &m);
	name = OidIsValid(m.function) ? format_procedure(m.function) : "";
	for (int i = 0; i < lengthof(known); i++)
		if (strcmp(name, known[i].function) == 0)
			return known[i].remedy;
	if (of_sales)
		return strstr(name, "timestamp with time zone") != NULL && strstr(name, "_out(") == NULL ?
			"A timestamptz needs no cast to a day: give the column, and time_zone => 'Asia/Shanghai'." :
			"Leave it out, or give a function of your own that is declared IMMUTABLE and always gives the same.";
	return m.clock || strstr(name, "now()") != NULL ? "The day is as_of." :
		"The day is as_of, without a time zone. Else give a function of your own that is declared IMMUTABLE.";
}
