/*
 * options.c
 *		The options of a picture: an object of JSON.
 */
#include "pictures/options.h"

#include "lib/stringinfo.h"
#include "pictures/text.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

static bool
is_known(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static void
write_names(StringInfo out, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++)
		appendStringInfo(out, "%s%s", out->len > 0 ? ", " : "", *names);
}

/* An object, whose keys a picture knows. */
void
ct_check_options(Jsonb *options, const char *const *common, const char *const *own)
{
	JsonbIterator *it;
	JsonbValue	v;
	JsonbIteratorToken token;
	StringInfoData known;

	if (options == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(options))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options must be a JSON object"),
				 errhint("For example '{\"title\": \"Our customers\", \"language\": \"zh\"}'.")));
	it = JsonbIteratorInit(&options->root);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		char	   *name;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(v.val.string.val, v.val.string.len);
		if (is_known(common, name) || is_known(own, name))
			continue;
		initStringInfo(&known);
		write_names(&known, own);
		write_names(&known, common);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no option \"%s\" of this picture", name),
				 errhint("Its options are %s.", known.data)));
	}
}

/* the option, or NULL if it is not there or null */
static JsonbValue *
find_option(const Jsonb *options, const char *name)
{
	JsonbValue	key = {.type = jbvString};
	JsonbValue *found;

	if (options == NULL)
		return NULL;
	key.val.string.val = unconstify(char *, name);
	key.val.string.len = strlen(name);
	found = findJsonbValueFromContainer(unconstify(JsonbContainer *, &options->root), JB_FOBJECT, &key);
	return found == NULL || found->type == jbvNull ? NULL : found;
}

pg_noreturn static void
refuse_option(const char *name, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" is not %s", name, wanted)));
}

/* An option as UTF-8, or NULL. */
char *
ct_option_text(const Jsonb *options, const char *name)
{
	JsonbValue *v = find_option(options, name);

	if (v == NULL)
		return NULL;
	if (v->type != jbvString)
		refuse_option(name, "a text");
	return ct_utf8(pnstrdup(v->val.string.val, v->val.string.len));
}

/* One of some words, the first if nothing is said. */
char *
ct_option_choice(const Jsonb *options, const char *name, const char *choices)
{
	char	   *chosen = ct_option_text(options, name);
	const char *rest = choices;

	do
	{
		const char *end = strchr(rest, ',');
		char	   *choice = end == NULL ? pstrdup(rest) : pnstrdup(rest, end - rest);

		if (chosen == NULL || strcmp(chosen, choice) == 0)
			return choice;
		rest = end == NULL ? NULL : end + 2;
	} while (rest != NULL);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown %s \"%s\"", name, chosen),
			 errhint("It is one of %s.", choices)));
}

double
ct_option_number(const Jsonb *options, const char *name, double otherwise)
{
	JsonbValue *v = find_option(options, name);

	if (v == NULL)
		return otherwise;
	if (v->type != jbvNumeric)
		refuse_option(name, "a number");
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(v->val.numeric)));
}

bool
ct_option_flag(const Jsonb *options, const char *name, bool otherwise)
{
	JsonbValue *v = find_option(options, name);

	if (v == NULL)
		return otherwise;
	if (v->type != jbvBool)
		refuse_option(name, "true or false");
	return v->val.boolean;
}
