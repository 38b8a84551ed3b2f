/*
 * canvas.c
 *		The sheet that pictures are drawn on.
 *
 * Colours are classes, so that one picture serves light and dark: the style of every
 * picture is the same, and pictures may stand side by side in a page.  Shades of blue rank
 * the tiers, blue and orange tell up from down: both are told apart by everybody.
 */
#include "pictures/canvas.h"

#include <math.h>

#include "pictures/number.h"
#include "pictures/options.h"
#include "pictures/text.h"
#include "pictures/words.h"
#include "utils/builtins.h"

static const struct
{
	const char *class;
	double		size;
	bool		bold;
}			styles[] = {
	[TEXT_TITLE] = {"ct-fg ct-b ct-l", 19, true},
	[TEXT_PLAIN] = {"ct-fg", 13, false},
	[TEXT_STRONG] = {"ct-fg ct-b", 13, true},
	[TEXT_MUTED] = {"ct-mu", 13, false},
	[TEXT_SMALL] = {"ct-mu ct-s", 11, false},
	[TEXT_SMALL_PLAIN] = {"ct-fg ct-s", 11, false},
	[TEXT_ACCENT] = {"ct-ac ct-b", 13, true},
	[TEXT_OVER] = {"ct-ov ct-b", 13, true},
	[TEXT_SMALL_OVER] = {"ct-ov ct-s", 11, false}
};

static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};

typedef struct Theme
{
	const char *background;
	const char *text;
	const char *muted;
	const char *axis;
	const char *grid;
	const char *up;
	const char *down;
	const char *accent;
	const char *heat;			/* the darkest cell; a lighter one is less of it */
	const char *shade[SHADES];
} Theme;

static const Theme light = {
	"#fff", "#1f2328", "#59636e", "#818b98", "#e4e7eb", "#2a78b5", "#d9741c", "#b0500a", "#0f5597",
	{"#d5dade", "#c3d3dd", "#b1cbdc", "#9ac1da", "#7eb2d4", "#62a3cf",
	"#4c92c5", "#3581ba", "#246da9", "#175690", "#0a3f78"}
};

static const Theme dark = {
	"#16191d", "#e6e9ed", "#9aa4af", "#6b7580", "#2d333a", "#5db0e6", "#ef9440", "#f5a452", "#2f7fc4",
	{"#40464d", "#405261", "#415f75", "#416c8a", "#40799f", "#3f86b4",
	"#4b97c8", "#57a8dc", "#71baeb", "#98cdf5", "#bfe1ff"}
};

static void
write_colours(StringInfo out, const Theme *t)
{
	appendStringInfo(out, ".ct-bg{fill:%s}.ct-fg{fill:%s}.ct-mu{fill:%s}.ct-ac{fill:%s}", t->background, t->text,
					 t->muted, t->accent);
	appendStringInfo(out, ".ct-ax{stroke:%s}.ct-gr{stroke:%s}.ct-ed{stroke:%s}.ct-li{stroke:%s}.ct-al{stroke:%s}",
					 t->axis, t->grid, t->background, t->up, t->accent);
	appendStringInfo(out, ".ct-up{fill:%s}.ct-dn{fill:%s}.ct-sm{fill:%s}.ct-he{fill:%s}", t->up, t->down, t->axis,
					 t->heat);
	for (int i = 0; i < SHADES; i++)
		appendStringInfo(out, ".ct-%d{fill:%s}", i, t->shade[i]);
}

static void
write_style(StringInfo out, const char *theme)
{
	appendStringInfoString(out, "<style>.ct{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,"
						   "\"Helvetica Neue\",Arial,\"PingFang SC\",\"Microsoft YaHei\",\"Noto Sans CJK SC\","
						   "sans-serif;font-size:13px}.ct-b{font-weight:600}.ct-l{font-size:19px}.ct-s{font-size:11px}"
						   ".ct-ov{fill:#fff}.ct-no{fill:none}"
						   ".ct-da{stroke-dasharray:4 4}.ct-br{stroke-width:3px}");
	write_colours(out, strcmp(theme, "dark") == 0 ? &dark : &light);
	if (strcmp(theme, "auto") == 0)
	{
		appendStringInfoString(out, "@media(prefers-color-scheme:dark){");
		write_colours(out, &dark);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoString(out, "</style>");
}

/*
 * An empty sheet with the title and subtitle of the options; the picture's own title if
 * they have none.  own_options are what this kind of picture knows beside them.
 */
void
ct_canvas_begin(Canvas *c, Jsonb *options, const char *title, const char *const *own_options)
{
	static const char *const common[] = {"title", "subtitle", "note", "description", "language", "theme", NULL};
	char	   *language;
	char	   *subtitle;

	memset(c, 0, sizeof(*c));
	initStringInfo(&c->body);
	initStringInfo(&c->data);
	c->options = options;
	ct_check_options(options, common, own_options);
	language = ct_option_choice(c->options, "language", "en, zh");
	c->chinese = strcmp(language, "zh") == 0;
	c->title = ct_option_text(c->options, "title");
	if (c->title == NULL)
		c->title = pstrdup(ct_word(c->chinese, title));
	subtitle = ct_option_text(c->options, "subtitle");
	c->bottom = 12;
	if (c->title[0] != '\0')
		ct_paragraph(c, MARGIN, 38, TEXT_TITLE, SHEET_WIDTH - 2 * MARGIN, 3, c->title);
	if (subtitle != NULL)
		ct_paragraph(c, MARGIN, c->bottom + 18, TEXT_MUTED, SHEET_WIDTH - 2 * MARGIN, 3, subtitle);
	c->top = c->bottom + (subtitle != NULL ? 26 : 22);
}

/* The picture as text. */
Datum
ct_canvas_end(Canvas *c)
{
	StringInfoData out;
	char	   *note = ct_option_text(c->options, "note");
	char	   *description = ct_option_text(c->options, "description");
	char	   *height;

	if (note != NULL)
		ct_paragraph(c, MARGIN, c->bottom + 26, TEXT_SMALL, SHEET_WIDTH - 2 * MARGIN, 4, note);
	height = ct_fixed(c->bottom + 20, 0);
	initStringInfo(&out);
	appendStringInfo(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 %s\" width=\"720\" "
					 "height=\"%s\" class=\"ct\" role=\"img\"><title>", height, height);
	ct_escape(&out, c->title);
	appendStringInfoString(&out, "</title><desc>");
	ct_escape(&out, description != NULL ? description : c->data.data);
	appendStringInfoString(&out, "</desc>");
	write_style(&out, ct_option_choice(c->options, "theme", "auto, light, dark"));
	appendStringInfo(&out, "<rect class=\"ct-bg\" width=\"720\" height=\"%s\"/>", height);
	appendBinaryStringInfo(&out, c->body.data, c->body.len);
	appendStringInfoString(&out, "</svg>");
	return PointerGetDatum(cstring_to_text_with_len(out.data, out.len));
}

static char *
px(double value)
{
	char	   *number = ct_fixed(value, 1);
	int			length = strlen(number);

	if (strcmp(number + length - 2, ".0") == 0)
		number[length - 2] = '\0';
	return number;
}

static void
write_end(Canvas *c, const char *element, const char *tip)
{
	if (tip == NULL)
	{
		appendStringInfoString(&c->body, "/>");
		return;
	}
	appendStringInfoString(&c->body, "><title>");
	ct_escape(&c->body, tip);
	appendStringInfo(&c->body, "</title></%s>", element);
}

/* A rectangle; paint is its attributes, and tip what a mouse over it shows, or NULL. */
void
ct_rect(Canvas *c, double x, double y, double w, double h, const char *paint, const char *tip)
{
	appendStringInfo(&c->body, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" %s", px(x), px(y), px(w), px(h),
					 paint);
	write_end(c, "rect", tip);
	c->bottom = Max(c->bottom, y + h);
}

void
ct_line(Canvas *c, double x1, double y1, double x2, double y2, const char *class)
{
	appendStringInfo(&c->body, "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" class=\"%s\"/>", px(x1), px(y1), px(x2),
					 px(y2), class);
	c->bottom = Max(c->bottom, Max(y1, y2));
}

void
ct_dot(Canvas *c, double x, double y, double r, const char *paint)
{
	appendStringInfo(&c->body, "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" %s/>", px(x), px(y), px(r), paint);
}

void
ct_path(Canvas *c, const char *path, const char *paint, const char *tip)
{
	appendStringInfo(&c->body, "<path d=\"%s\" %s", path, paint);
	write_end(c, "path", tip);
}

/* A point of a path; the command 0 goes on with the last one. */
void
ct_point(StringInfo path, char command, double x, double y)
{
	if (command != 0)
		appendStringInfoChar(path, command);
	else
		appendStringInfoChar(path, ' ');
	appendStringInfo(path, "%s %s", px(x), px(y));
}

/*
 * A line of text at its base line, shortened if it is wider than room (0: as it is), and
 * then whole in its tip.  Returns its width.
 */
double
ct_text(Canvas *c, double x, double y, Anchor anchor, TextStyle style, double room, const char *text)
{
	double		size = styles[style].size;
	bool		bold = styles[style].bold;
	char	   *shown = room > 0 ? ct_fit(text, size, bold, room) : pstrdup(text);

	if (shown[0] == '\0')
		return 0;
	appendStringInfo(&c->body, "<text x=\"%s\" y=\"%s\"%s class=\"%s\">", px(x), px(y), anchors[anchor],
					 styles[style].class);
	if (strcmp(shown, text) != 0)
	{
		appendStringInfoString(&c->body, "<title>");
		ct_escape(&c->body, text);
		appendStringInfoString(&c->body, "</title>");
	}
	ct_escape(&c->body, shown);
	appendStringInfoString(&c->body, "</text>");
	c->bottom = Max(c->bottom, y + size * 0.3);
	return ct_text_width(shown, size, bold);
}

/*
 * Two texts on a line as one, each with its own style.  If they are wider than room
 * together, the one that is bold is shortened.
 */
void
ct_two_texts(Canvas *c, double x, double y, Anchor anchor, double room, TextStyle style1, const char *text1,
			 TextStyle style2, const char *text2)
{
	TextStyle	style[] = {style1, style2};
	const char *text[] = {text1, text2};

	appendStringInfo(&c->body, "<text x=\"%s\" y=\"%s\"%s>", px(x), px(y), anchors[anchor]);
	for (int i = 0; i < 2; i++)
	{
		int			other = 1 - i;
		double		left = room - ct_text_width(text[other], styles[style[other]].size, styles[style[other]].bold) - 5;
		char	   *shown = NULL;

		if (styles[style[i]].bold && room > 0)
			shown = ct_fit(text[i], styles[style[i]].size, true, left);
		if (shown != NULL && strcmp(shown, text[i]) != 0)
		{
			appendStringInfoString(&c->body, "<title>");
			ct_escape(&c->body, text[i]);
			appendStringInfoString(&c->body, "</title>");
		}
		appendStringInfo(&c->body, "<tspan class=\"%s\"%s>", styles[style[i]].class, i == 1 ? " dx=\"5\"" : "");
		ct_escape(&c->body, shown != NULL ? shown : text[i]);
		appendStringInfoString(&c->body, "</tspan>");
	}
	appendStringInfoString(&c->body, "</text>");
	c->bottom = Max(c->bottom, y + 4);
}

/* Text in at most so many lines, the first at y.  Returns where another line would be. */
double
ct_paragraph(Canvas *c, double x, double y, TextStyle style, double room, int lines, const char *text)
{
	double		size = styles[style].size;
	const char *rest = text;

	while (*rest != '\0' && lines-- > 0)
	{
		if (lines == 0)
			ct_text(c, x, y, START, style, room, rest);
		else
			ct_text(c, x, y, START, style, 0, ct_next_line(&rest, size, styles[style].bold, room));
		y += rint(size * 1.35);
	}
	return y;
}

/* A picture of no data. */
void
ct_nothing(Canvas *c, const char *why)
{
	ct_rect(c, MARGIN, c->top, SHEET_WIDTH - 2 * MARGIN, 120, "class=\"ct-0\" fill-opacity=\"0.35\"", NULL);
	ct_text(c, SHEET_WIDTH / 2, c->top + 65, MIDDLE, TEXT_MUTED, SHEET_WIDTH - 4 * MARGIN,
			ct_word(c->chinese, why));
	appendStringInfoString(&c->data, ct_word(c->chinese, why));
}

/* The shade of tier i, from 0, the lowest, of n. */
const char *
ct_shade(int i, int n)
{
	return psprintf("class=\"ct-%d\"", n < 2 ? SHADES - 1 : (i * (SHADES - 1) + (n - 1) / 2) / (n - 1));
}

/* A label of the options, or one of our own in the picture's language. */
const char *
ct_option_label(const Canvas *c, const char *name, const char *otherwise)
{
	char	   *label = ct_option_text(c->options, name);

	return label != NULL ? label : ct_word(c->chinese, otherwise);
}

/*
 * Moves ascending places as little as is needed for a gap between them, within from and
 * to; with less of a gap if there is no room for it.
 */
void
ct_spread(double *at, int n, double gap, double from, double to)
{
	if (n > 1)
		gap = Min(gap, (to - from) / (n - 1));
	for (int i = 0; i < n; i++)
		at[i] = Max(at[i], i == 0 ? from : at[i - 1] + gap);
	for (int i = n - 1; i >= 0; i--)
		at[i] = Min(at[i], i == n - 1 ? to : at[i + 1] - gap);
}
