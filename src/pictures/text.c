/*
 * text.c
 *		Text of a picture: its characters, its width, its lines.
 */
#include "pictures/text.h"

#include "mb/pg_wchar.h"

/* what XML 1.0 knows as a character and a reader can see */
static bool
is_shown(pg_wchar ch)
{
	return ch >= 0x20 && (ch < 0x7f || ch >= 0xa0) && (ch < 0xd800 || ch > 0xdfff) &&
		ch != 0x2028 && ch != 0x2029 && (ch & 0xfffe) != 0xfffe && ch <= 0x10ffff;
}

/*
 * A text of the database as UTF-8, palloc'd.  Control characters become blanks; bytes that
 * are no UTF-8, which a database without an encoding may have, become U+FFFD.
 */
char *
ct_utf8(const char *string)
{
	int			length = strlen(string);
	const unsigned char *in;
	const unsigned char *end;
	StringInfoData out;

	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		string = pg_server_to_any(string, length, PG_UTF8);
	in = (const unsigned char *) string;
	end = in + strlen(string);
	initStringInfo(&out);
	while (in < end)
	{
		int			n = pg_utf_mblen(in);

		if (n > end - in || !pg_utf8_islegal(in, n))
		{
			appendStringInfoString(&out, "\xef\xbf\xbd");
			n = 1;
		}
		else if (is_shown(utf8_to_unicode(in)))
			appendBinaryStringInfo(&out, (const char *) in, n);
		else
			appendStringInfoChar(&out, ' ');
		in += n;
	}
	return out.data;
}

/* The width of a character of size 1, rather more than less: fonts differ. */
static double
char_width(const char *ch)
{
	unsigned char c = *ch;

	if (c >= 0x80)
	{
		int			cells = pg_encoding_dsplen(PG_UTF8, ch);

		return cells >= 2 ? 1.03 : cells == 1 ? 0.72 : 0;
	}
	if (strchr("iljI.,:;'|! ", c) != NULL)
		return 0.34;
	if (strchr("ftr()-[]/\\{}\"*", c) != NULL)
		return 0.44;
	if (strchr("mwMW%@&", c) != NULL)
		return 0.97;
	return c >= 'A' && c <= 'Z' ? 0.74 : 0.63;
}

/* The width of UTF-8 in pixels, rather more than less. */
double
ct_text_width(const char *string, double size, bool bold)
{
	double		width = 0;

	for (; *string != '\0'; string += pg_utf_mblen((const unsigned char *) string))
		width += char_width(string);
	return width * size * (bold ? 1.09 : 1);
}

/* The text, or as much of it as fits with an ellipsis. */
char *
ct_fit(const char *string, double size, bool bold, double room)
{
	double		left = room - ct_text_width("\xe2\x80\xa6", size, bold);
	const char *at = string;

	if (ct_text_width(string, size, bold) <= room)
		return pstrdup(string);
	while (*at != '\0')
	{
		left -= char_width(at) * size * (bold ? 1.09 : 1);
		if (left < 0)
			break;
		at += pg_utf_mblen((const unsigned char *) at);
	}
	while (at > string && at[-1] == ' ')
		at--;
	return psprintf("%.*s\xe2\x80\xa6", (int) (at - string), string);
}

/*
 * The next line of what is left of a text, and what is left then.  A line breaks after a
 * blank, before or after a wide character, or anywhere if a word alone is too wide.
 */
char *
ct_next_line(const char **rest, double size, bool bold, double room)
{
	const char *start = *rest;
	const char *at = start;
	const char *fits = NULL;
	double		width = 0;
	int			length;

	while (*at != '\0')
	{
		int			n = pg_utf_mblen((const unsigned char *) at);

		if (at > start && (at[-1] == ' ' || (n >= 3 && pg_encoding_dsplen(PG_UTF8, at) >= 2)))
			fits = at;
		width += char_width(at) * size * (bold ? 1.09 : 1);
		/* a blank may hang over */
		if (width > room && *at != ' ' && at > start)
			break;
		at += n;
	}
	if (*at != '\0' && fits != NULL)
		at = fits;
	*rest = at;
	for (length = at - start; length > 0 && start[length - 1] == ' '; length--)
		;
	return pnstrdup(start, length);
}

/* Appends UTF-8 as the text of XML, in ASCII. */
void
ct_escape(StringInfo out, const char *string)
{
	for (; *string != '\0'; string += pg_utf_mblen((const unsigned char *) string))
	{
		unsigned char c = *string;

		if (c >= 0x80)
			appendStringInfo(out, "&#%u;", utf8_to_unicode((const unsigned char *) string));
		else if (c == '&')
			appendStringInfoString(out, "&amp;");
		else if (c == '<')
			appendStringInfoString(out, "&lt;");
		else if (c == '>')
			appendStringInfoString(out, "&gt;");
		else if (c == '"')
			appendStringInfoString(out, "&quot;");
		else
			appendStringInfoChar(out, c);
	}
}
