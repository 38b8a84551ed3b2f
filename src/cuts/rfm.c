/*
 * rfm.c
 *		Names of segments by recency, frequency and monetary scores.
 */
#include "cuts/rfm.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ct_rfm_segment);
PG_FUNCTION_INFO_V1(ct_rfm_grid_segment);
PG_FUNCTION_INFO_V1(ct_rfm_class8);

static int
get_rfm_score(FunctionCallInfo fcinfo, int arg)
{
	int			score = PG_GETARG_INT32(arg);

	if (score < 1 || score > 5)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an RFM score must be between 1 and 5, not %d", score)));
	return score;
}

static Datum
segment_name(char segment)
{
	static const char *const name[] = {
		['C'] = "Champions",
		['L'] = "Loyal",
		['P'] = "Potential Loyalist",
		['N'] = "New",
		['O'] = "Promising",
		['W'] = "Need Attention",
		['S'] = "About To Sleep",
		['R'] = "At Risk",
		['X'] = "Cannot Lose",
		['H'] = "Hibernating",
		['D'] = "Lost"
	};

	return PointerGetDatum(cstring_to_text(name[(unsigned char) segment]));
}

/* rfm_segment(r, f, m): each of the 125 codes is in one of eleven segments */
Datum
ct_rfm_segment(PG_FUNCTION_ARGS)
{
	static const char segment[5][5][6] = {
		{"DDXXX", "DHHRR", "DHRRR", "DRRXR", "DRRXX"},
		{"HHSXX", "SHHRR", "SHHRR", "SRRRR", "SRRRR"},
		{"NSOOO", "SHPWW", "SHPWL", "PPWLL", "PPPLL"},
		{"NNOOO", "NNPOO", "PPPWL", "PPWLC", "PPPCC"},
		{"NNOOO", "OOOOO", "PPPWW", "PPLCC", "PPPCC"}
	};
	int			r = get_rfm_score(fcinfo, 0);
	int			f = get_rfm_score(fcinfo, 1);
	int			m = get_rfm_score(fcinfo, 2);

	return segment_name(segment[r - 1][f - 1][m - 1]);
}

/* rfm_grid_segment(r, f): the segments without the monetary score, of 25 codes */
Datum
ct_rfm_grid_segment(PG_FUNCTION_ARGS)
{
	static const char segment[5][6] = {
		"HHRRX",
		"HHRRX",
		"SSWLL",
		"OPPLL",
		"NPPCC"
	};
	int			r = get_rfm_score(fcinfo, 0);
	int			f = get_rfm_score(fcinfo, 1);

	return segment_name(segment[r - 1][f - 1]);
}

/*
 * ct_class8
 *		The name of one of the eight classes as text, in the current memory context.
 *
 * "language" is a text, en or zh.  Fails for other languages, and if the server
 * encoding lacks the characters.
 */
Datum
ct_class8(bool r_high, bool f_high, bool m_high, Datum language)
{
	/* by r, f and m as binary digits */
	static const char *const english[] = {
		"General Win-back", "Important Win-back", "General Retention", "Important Retention",
		"General Development", "Important Development", "General Value", "Important Value"
	};
	static const char *const chinese[] = {
		"一般挽留", "重要挽留", "一般保持", "重要保持",
		"一般发展", "重要发展", "一般价值", "重要价值"
	};
	int			code = r_high << 2 | f_high << 1 | (int) m_high;
	char	   *code_of_language = TextDatumGetCString(language);

	if (strcmp(code_of_language, "en") == 0)
		return PointerGetDatum(cstring_to_text(english[code]));
	if (strcmp(code_of_language, "zh") == 0)
		return PointerGetDatum(cstring_to_text(pg_any_to_server(chinese[code], strlen(chinese[code]), PG_UTF8)));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown language \"%s\"", code_of_language),
			 errhint("The languages are en and zh.")));
}

/* rfm_class8(r_high, f_high, m_high, language) */
Datum
ct_rfm_class8(PG_FUNCTION_ARGS)
{
	return ct_class8(PG_GETARG_BOOL(0), PG_GETARG_BOOL(1), PG_GETARG_BOOL(2), PG_GETARG_DATUM(3));
}
