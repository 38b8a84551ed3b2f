/*
 * error_context.c
 *		Errors without the SQL that the extension is made of.
 *
 * Much of the extension is functions that call one another, and statements that are made as
 * text.  The context of an error names each of them, which says nothing to a user.  As an error
 * is reported, those lines are taken out of its context; what is a user's own stays.
 */
#include "base/compat.h"

#include "base/error_context.h"
#include "base/names.h"

static emit_log_hook_type next_hook;

/* what the first line of each level of a context begins with */
static bool
begins_level(const char *line)
{
	static const char *const begin[] = {
		"SQL statement \"", "SQL expression \"", "SQL function \"", "PL/pgSQL ", "COPY ", "capture of ",
		"ledger of customer "
	};

	for (int i = 0; i < lengthof(begin); i++)
		if (strncmp(line, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

static char *
end_of_level(char *level)
{
	char	   *end = level;

	do
		end += strcspn(end, "\n") + (end[strcspn(end, "\n")] == '\n');
	while (*end != '\0' && !begins_level(end));
	return end;
}

static bool
begins_with(const char *text, const char *begin)
{
	return strncmp(text, begin, strlen(begin)) == 0;
}

/* a function of ours, by its qualified name; SQL functions are named without a schema */
static bool
is_our_function(const char *level)
{
	return begins_with(level, "PL/pgSQL function " CT_SCHEMA ".") ||
		begins_with(level, "PL/pgSQL function " CT_INTERNAL_SCHEMA ".");
}

/* a statement, if a function of ours runs it */
static bool
is_ours(char *level, const char *end)
{
	char	   *inside = strstr(level, CT_INTERNAL_SCHEMA ".");

	return is_our_function(level) || (inside != NULL && inside < end) ||
		(!begins_with(level, "PL/pgSQL function ") && is_our_function(end));
}

static void
leave_out_ours(ErrorData *edata)
{
	if (edata->elevel == ERROR && edata->context != NULL && strstr(edata->context, CT_SCHEMA) != NULL)
	{
		char	   *kept = edata->context;
		char	   *level = edata->context;

		/* where in a statement of ours */
		if (is_our_function(level))
		{
			edata->internalquery = NULL;
			edata->internalpos = 0;
		}
		while (*level != '\0')
		{
			char	   *end = end_of_level(level);
			Size		length = end - level;
			bool		ours = is_ours(level, end);

			if (!ours)
			{
				memmove(kept, level, length);
				kept += length;
			}
			level = end;
		}
		if (kept > edata->context && kept[-1] == '\n')
			kept--;
		*kept = '\0';
		if (kept == edata->context)
			edata->context = NULL;
	}
	if (edata->elevel == ERROR && edata->internalquery != NULL &&
		strstr(edata->internalquery, CT_INTERNAL_SCHEMA ".") != NULL)
	{
		edata->internalquery = NULL;
		edata->internalpos = 0;
	}
	if (next_hook != NULL)
		next_hook(edata);
}

/*
 * ct_install_error_context
 *		From here on, errors that this session reports are without what is ours.
 */
void
ct_install_error_context(void)
{
	next_hook = emit_log_hook;
	emit_log_hook = leave_out_ours;
}
