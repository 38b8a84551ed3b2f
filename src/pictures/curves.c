/*
 * curves.c
 *		Curves of concentration: Lorenz, from the best customer down, and the whale.
 */
#include "pictures/canvas.h"

#include <math.h>

#include "pictures/input.h"
#include "pictures/number.h"
#include "pictures/options.h"
#include "pictures/text.h"
#include "pictures/words.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ct_svg_lorenz);
PG_FUNCTION_INFO_V1(ct_svg_whale);

#define PLOT_LEFT	72.0
#define PLOT_SIZE	420.0
#define WHALE_WIDTH	600.0
#define WHALE_HEIGHT 330.0

typedef struct Point
{
	double		x;
	double		y;
} Point;

/* A point of two numbers; a level that is null makes none. */
static bool
get_point(Datum element, Point *p)
{
	HeapTupleHeader row = DatumGetHeapTupleHeader(element);
	bool		no_x;
	bool		no_y;
	Datum		x = GetAttributeByNum(row, 1, &no_x);
	Datum		y = GetAttributeByNum(row, 2, &no_y);

	if (no_x || no_y)
		return false;
	p->x = DatumGetFloat8(x);
	p->y = DatumGetFloat8(y);
	return true;
}

/* The points of an array of rows, ascending by heads from 0 to 1. */
static Point *
get_points(ArrayType *array, int *n)
{
	Datum	   *elements;
	bool	   *nulls;
	int			length;
	Point	   *points;

	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &elements, &nulls, &length);
	ct_check_classes(length, 100001, "points");
	points = palloc(sizeof(Point) * (length + 2));
	*n = 0;
	for (int i = 0; i < length; i++)
	{
		Point	   *p = points + *n;

		if (nulls[i] || !get_point(elements[i], p))
			continue;
		if (!isfinite(p->x) || !isfinite(p->y) || p->x < 0 || p->x > 1 || (*n > 0 && p->x < p[-1].x))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("point %d does not continue the curve", i + 1),
					 errhint("Heads go from 0 to 1 and never back, as lorenz() and whale_curve() give them.")));
		(*n)++;
	}
	return points;
}

/* where on the curve the value y is reached first, between two points */
static double
reached_at(const Point *points, int n, double y)
{
	for (int i = 1; i < n; i++)
		if (points[i].y >= y)
			return points[i].y > points[i - 1].y && points[i - 1].y < y ?
				points[i - 1].x + (points[i].x - points[i - 1].x) * (y - points[i - 1].y) /
				(points[i].y - points[i - 1].y) : points[i - 1].x;
	return 1;
}

/* the value of the curve at x */
static double
height_at(const Point *points, int n, double x)
{
	for (int i = 1; i < n; i++)
		if (points[i].x >= x)
			return points[i].x > points[i - 1].x ?
				points[i - 1].y + (points[i].y - points[i - 1].y) * (x - points[i - 1].x) /
				(points[i].x - points[i - 1].x) : points[i].y;
	return n > 0 ? points[n - 1].y : 0;
}

/* a square of per cent, with lines every fifth */
static void
draw_square(Canvas *c, double top)
{
	double		bottom = top + PLOT_SIZE;

	for (int i = 0; i <= 5; i++)
	{
		double		at = PLOT_SIZE * i / 5;

		ct_line(c, PLOT_LEFT, bottom - at, PLOT_LEFT + PLOT_SIZE, bottom - at, i == 0 ? "ct-ax" : "ct-gr");
		ct_text(c, PLOT_LEFT - 8, bottom - at + 4, END, TEXT_SMALL, 0, ct_percent(i / 5.0));
		ct_text(c, PLOT_LEFT + at, bottom + 17, MIDDLE, TEXT_SMALL, 0, ct_percent(i / 5.0));
	}
}

/* a figure beside the plot, with what it is below; returns where the next one may be */
static double
draw_figure(Canvas *c, double y, const char *figure, const char *meaning)
{
	double		x = PLOT_LEFT + PLOT_SIZE + 28;

	ct_text(c, x, y, START, TEXT_TITLE, SHEET_RIGHT - x, figure);
	return ct_paragraph(c, x, y + 19, TEXT_MUTED, SHEET_RIGHT - x, 4, meaning) + 18;
}

/*
 * svg_lorenz(curve, gini, options): lorenz() goes from the poorest up; it is drawn from the
 * best down, which is how the question is asked, with the point where the share of the
 * option (80 %) is reached.
 */
Datum
ct_svg_lorenz(PG_FUNCTION_ARGS)
{
	static const char *const own[] = {"share", "x", "y", NULL};
	Canvas		c;
	StringInfoData line;
	Point	   *given;
	Point	   *points;
	int			n = 0;
	double		share;
	double		knee;
	double		top;
	double		y;
	char	   *of_heads;

	ct_canvas_begin(&c, PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2), "How concentrated the value is", own);
	given = PG_ARGISNULL(0) ? NULL : get_points(PG_GETARG_ARRAYTYPE_P(0), &n);
	if (n == 0)
	{
		ct_nothing(&c, "No customer has a value above zero.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}
	/* backwards, from (0, 0) to (1, 1) */
	points = palloc(sizeof(Point) * (n + 2));
	points[0].x = points[0].y = 0;
	for (int i = 0; i < n; i++)
	{
		points[i + 1].x = 1 - given[n - 1 - i].x;
		points[i + 1].y = Min(Max(1 - given[n - 1 - i].y, 0), 1);
	}
	n++;
	points[n].x = points[n].y = 1;
	n++;

	share = ct_option_number(c.options, "share", 0.8);
	if (!(share > 0 && share < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"share\" is not between 0 and 1"),
				 errhint("It is the part of the value to be marked: 0.8 for 80 %%.")));
	knee = reached_at(points, n, share);
	of_heads = ct_percent(knee);
	top = c.top + 22;
	ct_text(&c, MARGIN, c.top, START, TEXT_MUTED, PLOT_SIZE,
			ct_option_label(&c, "y", "share of the value"));
	draw_square(&c, top);
	initStringInfo(&line);
	for (int i = 0; i < n; i++)
		ct_point(&line, i == 0 ? 'M' : i == 1 ? 'L' : 0, PLOT_LEFT + PLOT_SIZE * points[i].x,
				 top + PLOT_SIZE * (1 - points[i].y));
	ct_path(&c, psprintf("%sZ", line.data), "class=\"ct-up\" fill-opacity=\"0.14\"", NULL);
	ct_line(&c, PLOT_LEFT, top + PLOT_SIZE, PLOT_LEFT + PLOT_SIZE, top, "ct-ax ct-da");
	ct_text(&c, PLOT_LEFT + PLOT_SIZE * 0.66, top + PLOT_SIZE * 0.44, START, TEXT_SMALL, PLOT_SIZE * 0.33,
			ct_word(c.chinese, "if all were equal"));
	ct_path(&c, line.data, "class=\"ct-no ct-li\" stroke-width=\"2.5\" stroke-linejoin=\"round\"", NULL);
	ct_line(&c, PLOT_LEFT, top + PLOT_SIZE * (1 - share), PLOT_LEFT + PLOT_SIZE * knee, top + PLOT_SIZE * (1 - share),
			"ct-al");
	ct_line(&c, PLOT_LEFT + PLOT_SIZE * knee, top + PLOT_SIZE * (1 - share), PLOT_LEFT + PLOT_SIZE * knee,
			top + PLOT_SIZE, "ct-al");
	ct_dot(&c, PLOT_LEFT + PLOT_SIZE * knee, top + PLOT_SIZE * (1 - share), 5, "class=\"ct-ac\"");
	ct_text(&c, PLOT_LEFT + PLOT_SIZE / 2, top + PLOT_SIZE + 38, MIDDLE, TEXT_MUTED, PLOT_SIZE,
			ct_option_label(&c, "x", "customers, the best first"));

	y = draw_figure(&c, top + 24, of_heads,
					psprintf(ct_word(c.chinese, "of the customers bring %s of the value"), ct_percent(share)));
	y = draw_figure(&c, y + 8, ct_percent(height_at(points, n, 0.2)),
					ct_word(c.chinese, "of the value comes from the best 20%"));
	appendStringInfo(&c.data, ct_word(c.chinese, "%s of the customers bring %s of the value."), of_heads,
					 ct_percent(share));
	if (!PG_ARGISNULL(1) && isfinite(PG_GETARG_FLOAT8(1)))
	{
		char	   *gini = ct_fixed(Min(Max(PG_GETARG_FLOAT8(1), -1), 1), 2);

		draw_figure(&c, y + 8, gini,
					ct_word(c.chinese, "Gini coefficient: 0 if all bring the same, 1 if one brings all"));
		appendStringInfo(&c.data, ct_word(c.chinese, " The Gini coefficient is %s."), gini);
	}
	PG_RETURN_DATUM(ct_canvas_end(&c));
}

/* ticks of a level, with a line each */
static void
draw_levels(Canvas *c, double top, double low, double high, double scale)
{
	double		step = ct_tick_step(high - low, 6);

	for (int i = (int) ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
	{
		double		level = i * step;
		double		y = top + (high - level) * scale;

		ct_line(c, PLOT_LEFT, y, PLOT_LEFT + WHALE_WIDTH, y, i == 0 ? "ct-ax" : "ct-gr");
		ct_text(c, PLOT_LEFT - 8, y + 4, END, TEXT_SMALL, 0, ct_percent(level));
	}
}

/* svg_whale(curve, options): cumulative profit, the peak, and what is lost after it */
Datum
ct_svg_whale(PG_FUNCTION_ARGS)
{
	static const char *const own[] = {"x", "y", NULL};
	Canvas		c;
	StringInfoData line;
	Point	   *points = NULL;
	Point		peak = {0, 0};
	int			n = 0;
	double		low = 0;
	double		high = 1;
	double		scale;
	double		top;
	double		x;
	char	   *said;

	ct_canvas_begin(&c, PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1), "Who makes the profit, and who eats it", own);
	if (!PG_ARGISNULL(0))
	{
		HeapTupleHeader curve = PG_GETARG_HEAPTUPLEHEADER(0);
		bool		no_peak;
		bool		no_place;
		bool		no_points;
		Datum		level = GetAttributeByNum(curve, 3, &no_peak);
		Datum		place = GetAttributeByNum(curve, 4, &no_place);
		Datum		array = GetAttributeByNum(curve, 6, &no_points);

		if (!no_points && !no_peak)
			points = get_points(DatumGetArrayTypeP(array), &n);
		/* the peak lies between two points of the curve */
		if (!no_peak && !no_place && isfinite(DatumGetFloat8(level)) && isfinite(DatumGetFloat8(place)))
		{
			peak.x = Min(Max(DatumGetFloat8(place), 0), 1);
			peak.y = DatumGetFloat8(level);
		}
	}
	if (n == 0)
	{
		ct_nothing(&c, "There is no profit, and so no whale curve.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}
	high = Max(high, peak.y);
	for (int i = 0; i < n; i++)
	{
		low = Min(low, points[i].y);
		high = Max(high, points[i].y);
	}
	high += (high - low) * 0.04;
	top = c.top + 44;
	scale = WHALE_HEIGHT / (high - low);
	ct_text(&c, MARGIN, c.top, START, TEXT_MUTED, PLOT_SIZE,
			ct_option_label(&c, "y", "cumulative profit, 100% is all of it"));
	draw_levels(&c, top, low, high, scale);
	for (int i = 0; i <= 5; i++)
		ct_text(&c, PLOT_LEFT + WHALE_WIDTH * i / 5, top + WHALE_HEIGHT + 17, MIDDLE, TEXT_SMALL, 0,
				ct_percent(i / 5.0));
	initStringInfo(&line);
	ct_point(&line, 'M', PLOT_LEFT, top + high * scale);
	for (int i = 0; i < n; i++)
	{
		if (peak.y > 0 && points[i].x > peak.x && (i == 0 || points[i - 1].x < peak.x))
			ct_point(&line, 'L', PLOT_LEFT + WHALE_WIDTH * peak.x, top + (high - peak.y) * scale);
		ct_point(&line, 'L', PLOT_LEFT + WHALE_WIDTH * points[i].x, top + (high - points[i].y) * scale);
	}
	ct_path(&c, psprintf("%sL%s %sZ", line.data, ct_fixed(PLOT_LEFT + WHALE_WIDTH * points[n - 1].x, 1),
						 ct_fixed(top + high * scale, 1)),
			"class=\"ct-up\" fill-opacity=\"0.14\"", NULL);
	ct_line(&c, PLOT_LEFT, top + (high - 1) * scale, PLOT_LEFT + WHALE_WIDTH, top + (high - 1) * scale, "ct-ax ct-da");
	ct_path(&c, line.data, "class=\"ct-no ct-li\" stroke-width=\"2.5\" stroke-linejoin=\"round\"", NULL);
	ct_text(&c, PLOT_LEFT + WHALE_WIDTH / 2, top + WHALE_HEIGHT + 38, MIDDLE, TEXT_MUTED, WHALE_WIDTH,
			ct_option_label(&c, "x", "customers, the most profitable first"));
	x = PLOT_LEFT + WHALE_WIDTH * peak.x;
	ct_dot(&c, x, top + (high - peak.y) * scale, 5, "class=\"ct-ac\"");
	said = psprintf(ct_word(c.chinese, "peak: %s of the profit, from %s of the customers"), ct_percent(peak.y),
					ct_percent(peak.x));
	x = Max(x, MARGIN + ct_text_width(said, 13, true) / 2);
	x = Min(x, SHEET_RIGHT - ct_text_width(said, 13, true) / 2);
	ct_text(&c, x, top + (high - peak.y) * scale - 12, MIDDLE, TEXT_ACCENT, 0, said);
	if (peak.y > 1.0005)
		ct_text(&c, PLOT_LEFT + WHALE_WIDTH - 10, top + (high - 1) * scale + 24, END, TEXT_MUTED, 300,
				psprintf(ct_word(c.chinese, "the others lose %s of it again"), ct_percent(peak.y - 1)));
	appendStringInfoString(&c.data, said);
	PG_RETURN_DATUM(ct_canvas_end(&c));
}
