/*
 * rows.c
 *		Pictures of rows: the pyramid, the funnel, bars and the waterfall.
 */
#include "pictures/canvas.h"

#include <math.h>

#include "pictures/input.h"
#include "pictures/number.h"
#include "pictures/options.h"
#include "pictures/text.h"
#include "pictures/words.h"

PG_FUNCTION_INFO_V1(ct_svg_pyramid);
PG_FUNCTION_INFO_V1(ct_svg_funnel);
PG_FUNCTION_INFO_V1(ct_svg_bars);

#define MAX_ROWS	150
#define LABEL_ROOM	190.0
#define FIGURE_ROOM	112.0

/* rows as high as their number allows */
static double
row_height(int n)
{
	return n <= 6 ? 46 : n <= 14 ? 32 : 22;
}

/* the label of row i, "?" for one that is null */
static const char *
label_of(char **labels, int i)
{
	return labels[i] != NULL ? labels[i] : "?";
}

/* room for the widest label, and not more than most */
static double
label_room(char **labels, int n, bool bold, double most)
{
	double		room = 20;

	for (int i = 0; i < n; i++)
		room = Max(room, ct_text_width(label_of(labels, i), 13, bold));
	return Min(room + 2, most);
}

static double
sum_of(const double *numbers, int n)
{
	double		sum = 0;

	for (int i = 0; i < n; i++)
		sum += numbers[i];
	return sum;
}

static double
greatest_of(const double *numbers, int n)
{
	double		most = 0;

	for (int i = 0; i < n; i++)
		most = Max(most, numbers[i]);
	return most;
}

/* part of a whole, and the number that it is */
static void
draw_part(Canvas *c, double x, double y, Anchor anchor, double part, double number)
{
	if (anchor == START)
		ct_two_texts(c, x, y, anchor, 0, TEXT_STRONG, ct_part(part), TEXT_SMALL, ct_number(c->chinese, number));
	else
		ct_two_texts(c, x, y, anchor, 0, TEXT_SMALL, ct_number(c->chinese, number), TEXT_STRONG, ct_part(part));
}

/*
 * svg_pyramid(tiers, heads, value, colours, options): what part of the heads a tier has, to
 * the left, and what part of the value, to the right, on one scale; the highest on top.
 */
Datum
ct_svg_pyramid(PG_FUNCTION_ARGS)
{
	static const char *const own[] = {"heads", "value", NULL};
	Canvas		c;
	int			n;
	int			n_heads;
	int			n_value;
	char	  **tiers = ct_get_texts(fcinfo, 0, "tiers", &n);
	double	   *heads = ct_get_positive(fcinfo, 1, "heads", &n_heads);
	double	   *value = ct_get_positive(fcinfo, 2, "value", &n_value);
	char	  **paint;
	double		all_heads;
	double		all_value;
	double		room;
	double		wing;
	double		scale;
	double		left;
	double		right;
	double		height;

	ct_canvas_begin(&c, PG_ARGISNULL(4) ? NULL : PG_GETARG_JSONB_P(4), "Customers and their value, by tier", own);
	ct_check_lengths(n_heads, n, "heads", "tiers");
	ct_check_lengths(n_value, n, "value", "tiers");
	ct_check_classes(n, MAX_ROWS, "tiers");
	paint = ct_get_colours(fcinfo, 3, n);
	all_heads = sum_of(heads, n);
	all_value = sum_of(value, n);
	if (n == 0 || all_heads <= 0 || !isfinite(all_heads) || !isfinite(all_value))
	{
		ct_nothing(&c, "There are no customers yet.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}
	room = label_room(tiers, n, true, LABEL_ROOM);
	wing = (SHEET_WIDTH - 2 * MARGIN - room - 24) / 2;
	left = MARGIN + wing;
	right = left + room + 24;
	/* the widest bar has room for its figures */
	scale = (wing - FIGURE_ROOM) / Max(greatest_of(heads, n) / all_heads,
									   all_value > 0 ? greatest_of(value, n) / all_value : 0);
	height = row_height(n);

	ct_text(&c, left, c.top, END, TEXT_MUTED, wing,
			psprintf("%s %s", ct_number(c.chinese, all_heads), ct_option_label(&c, "heads", "customers")));
	ct_text(&c, right, c.top, START, TEXT_MUTED, wing,
			psprintf("%s %s", ct_option_label(&c, "value", "value"), ct_number(c.chinese, all_value)));
	for (int i = n - 1; i >= 0; i--)
	{
		double		y = c.top + 12 + height * (n - 1 - i);
		double		bar = height - (height > 30 ? 8 : 3);
		double		line = y + bar / 2 + 4.5;
		double		head_share = heads[i] / all_heads;
		double		value_share = all_value > 0 ? value[i] / all_value : 0;

		ct_rect(&c, left - scale * head_share, y, scale * head_share, bar, paint[i], NULL);
		ct_rect(&c, right, y, scale * value_share, bar, paint[i], NULL);
		ct_text(&c, (left + right) / 2, line, MIDDLE, TEXT_STRONG, room, label_of(tiers, i));
		draw_part(&c, left - scale * head_share - 6, line, END, head_share, heads[i]);
		draw_part(&c, right + scale * value_share + 6, line, START, value_share, value[i]);
		appendStringInfo(&c.data, ct_word(c.chinese, "%s: %s of the customers, %s of the value. "),
						 label_of(tiers, i), ct_part(head_share), ct_part(value_share));
	}
	PG_RETURN_DATUM(ct_canvas_end(&c));
}

/*
 * svg_funnel(stages, heads, options): how many reach each stage, and between two stages
 * what part goes on.
 */
Datum
ct_svg_funnel(PG_FUNCTION_ARGS)
{
	static const char *const own[] = {NULL};
	Canvas		c;
	int			n;
	int			n_heads;
	char	  **stages = ct_get_texts(fcinfo, 0, "stages", &n);
	double	   *heads = ct_get_positive(fcinfo, 1, "heads", &n_heads);
	double		most;
	double		room;
	double		left;
	double		scale;

	ct_canvas_begin(&c, PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2), "How far they come", own);
	ct_check_lengths(n_heads, n, "heads", "stages");
	ct_check_classes(n, 40, "stages");
	most = greatest_of(heads, n);
	if (n == 0 || most <= 0)
	{
		ct_nothing(&c, "There are no customers yet.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}
	room = label_room(stages, n, true, LABEL_ROOM + 50);
	left = MARGIN + room + 12;
	scale = (SHEET_RIGHT - left - FIGURE_ROOM) / most;
	for (int i = 0; i < n; i++)
	{
		double		y = c.top - 8 + 60 * i;
		double		width = scale * heads[i];

		ct_text(&c, left - 12, y + 22.5, END, TEXT_STRONG, room, label_of(stages, i));
		ct_rect(&c, left, y, width, 36, "class=\"ct-8\"", NULL);
		draw_part(&c, left + width + 8, y + 22.5, START, heads[i] / most, heads[i]);
		appendStringInfo(&c.data, ct_word(c.chinese, "%s: %s. "), label_of(stages, i), ct_number(c.chinese, heads[i]));
		if (i + 1 < n)
		{
			double		next = scale * heads[i + 1];
			StringInfoData path;

			initStringInfo(&path);
			ct_point(&path, 'M', left, y + 36);
			ct_point(&path, 'L', left + width, y + 36);
			ct_point(&path, 'L', left + next, y + 60);
			ct_point(&path, 'L', left, y + 60);
			ct_path(&c, psprintf("%sZ", path.data), "class=\"ct-8\" fill-opacity=\"0.16\"", NULL);
			if (heads[i] > 0)
				ct_text(&c, left + 8, y + 52, START, TEXT_SMALL, 0,
						psprintf(ct_word(c.chinese, "%s go on"), ct_percent(heads[i + 1] / heads[i])));
		}
	}
	PG_RETURN_DATUM(ct_canvas_end(&c));
}

/* what bars show: the number, and for a share per cent */
static char *
bar_figure(const Canvas *c, double value, bool percent, bool change)
{
	if (percent)
		return ct_percent(value);
	return change ? ct_signed(c->chinese, value) : ct_number(c->chinese, value);
}

/*
 * The values of a waterfall: the first is where it starts, the last where it ends (null:
 * to be computed), those between are changes.  ends[i] is the level after bar i.
 */
static double *
waterfall_levels(double *values, int n)
{
	double	   *ends = palloc(sizeof(double) * n);
	double		size = 0;

	if (n < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a waterfall has a start and an end"),
				 errhint("Its values are the start, the changes, and the end or null.")));
	for (int i = 0; i < n; i++)
	{
		ends[i] = i == 0 ? values[0] : i < n - 1 ? ends[i - 1] + values[i] : ends[i - 1];
		size = Max(size, fabs(ends[i]));
	}
	if (isnan(values[n - 1]))
		values[n - 1] = ends[n - 1];
	if (fabs(values[n - 1] - ends[n - 1]) > size * 1e-6)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the changes do not lead from the start to the end"),
				 errhint("The last value is the sum of the others; null has it computed.")));
	return ends;
}

/* how far apart the levels of a waterfall lie */
static double
spread_of(const double *ends, int n)
{
	double		low = ends[0];
	double		high = ends[0];

	for (int i = 1; i < n; i++)
	{
		low = Min(low, ends[i]);
		high = Max(high, ends[i]);
	}
	return high - low;
}

/*
 * svg_bars(labels, numbers, colours, options): a bar for each value, below zero to the left;
 * as a waterfall, how changes lead from a start to an end.
 */
Datum
ct_svg_bars(PG_FUNCTION_ARGS)
{
	static const char *const own[] = {"waterfall", "percent", "highlight", "x", NULL};
	Canvas		c;
	int			n;
	int			n_values;
	char	  **labels = ct_get_texts(fcinfo, 0, "labels", &n);
	double	   *values = ct_get_numbers(fcinfo, 1, "numbers", &n_values);
	double	   *ends = NULL;
	char	  **paint;
	char	   *highlight;
	bool		waterfall;
	bool		percent;
	double		low = 0;
	double		high = 0;
	double		base = 0;
	double		room;
	double		left;
	double		zero;
	double		scale;
	double		height;

	ct_canvas_begin(&c, PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3), "Comparison", own);
	ct_check_lengths(n_values, n, "numbers", "labels");
	ct_check_classes(n, MAX_ROWS, "bars");
	paint = ct_get_colours(fcinfo, 2, n);
	waterfall = ct_option_flag(c.options, "waterfall", false);
	percent = ct_option_flag(c.options, "percent", false);
	highlight = ct_option_text(c.options, "highlight");
	if (n == 0)
	{
		ct_nothing(&c, "There is nothing to show yet.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}
	for (int i = 0; i < n - (waterfall ? 1 : 0); i++)
		if (isnan(values[i]))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"numbers\" has a null at place %d", i + 1),
					 errhint("Leave out unknown values, or replace them: coalesce(..., 0).")));
	if (waterfall)
		ends = waterfall_levels(values, n);
	for (int i = 0; i < n; i++)
	{
		low = Min(low, waterfall ? ends[i] : values[i]);
		high = Max(high, waterfall ? ends[i] : values[i]);
	}
	if (!isfinite(high - low))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the values are too large for a picture"),
				 errhint("Divide them by a common unit.")));
	room = label_room(labels, n, waterfall, LABEL_ROOM + 50);
	/* changes that are small beside the whole would not be seen */
	if (waterfall && spread_of(ends, n) * 4 < high && spread_of(ends, n) > 0 && low >= 0)
		base = low = Max(high - spread_of(ends, n) * 2.5, 0);
	/* figures stand at the end of a bar, on both sides if there are bars to both sides */
	left = MARGIN + room + 12 + (low < 0 && !waterfall ? 78 : 0);
	scale = (SHEET_RIGHT - left - 84) / (high > low ? high - low : 1);
	zero = left - low * scale;
	height = row_height(n) * 0.8;
	if (ct_option_text(c.options, "x") != NULL)
	{
		ct_text(&c, MARGIN + room + 12, c.top, START, TEXT_MUTED, SHEET_RIGHT - MARGIN - room - 12,
				ct_option_text(c.options, "x"));
		c.top += 22;
	}
	for (int i = 0; i < n; i++)
	{
		double		y = c.top - 6 + height * i;
		double		bar = height - (height > 24 ? 8 : 4);
		double		line = y + bar / 2 + 4.5;
		bool		change = waterfall && i > 0 && i < n - 1;
		double		from = change ? ends[i - 1] : base;
		double		to = waterfall ? ends[i] : values[i];
		const char *fill = change ? values[i] < 0 ? "class=\"ct-dn\"" : "class=\"ct-up\"" :
			waterfall ? "class=\"ct-sm\"" :
			!PG_ARGISNULL(2) ? paint[i] :
			highlight != NULL && strcmp(highlight, label_of(labels, i)) != 0 ? "class=\"ct-2\"" :
			values[i] < 0 ? "class=\"ct-dn\"" : "class=\"ct-7\"";
		double		x = zero + Min(from, to) * scale;
		double		width = Max(fabs(to - from) * scale, change ? 1 : 0);
		char	   *figure = bar_figure(&c, values[i], percent, change);

		ct_text(&c, MARGIN + room, line, END, waterfall && !change ? TEXT_STRONG : TEXT_PLAIN, room,
				label_of(labels, i));
		ct_rect(&c, x, y, width, bar, fill, NULL);
		if (base > 0 && !change)
			ct_line(&c, x + 14, y + bar + 3, x + 22, y - 3, "ct-ed ct-br");
		if (values[i] < 0 && !waterfall)
			ct_text(&c, x - 6, line, END, TEXT_STRONG, 0, figure);
		else
			ct_text(&c, x + width + 6, line, START, TEXT_STRONG, 0, figure);
		if (waterfall && i + 1 < n)
			ct_line(&c, zero + to * scale, y + bar, zero + to * scale, y + height, "ct-ax");
		appendStringInfo(&c.data, ct_word(c.chinese, "%s: %s. "), label_of(labels, i), figure);
	}
	if (base == 0)
		ct_line(&c, zero, c.top - 8, zero, c.top - 6 + height * n, "ct-ax");
	else
		ct_text(&c, SHEET_RIGHT, c.top + height * n + 14, END, TEXT_SMALL, SHEET_RIGHT - left,
				ct_word(c.chinese, "the bars do not begin at zero"));
	PG_RETURN_DATUM(ct_canvas_end(&c));
}
