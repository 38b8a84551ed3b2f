/*
 * trend.c
 *		Tiers over time: bands that lie upon each other, the lowest below.
 */
#include "pictures/canvas.h"

#include <math.h>

#include "pictures/input.h"
#include "pictures/number.h"
#include "pictures/options.h"
#include "pictures/text.h"
#include "pictures/words.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "catalog/pg_type.h"

PG_FUNCTION_INFO_V1(ct_svg_trend);

#define MAX_TIERS	30
#define MAX_DAYS	2000
#define LEFT		72.0
#define LABEL_ROOM	190.0		/* at most */
#define HEIGHT		340.0
#define LABEL_GAP	16.0

/* finite days, as integers */
static int *
get_days(FunctionCallInfo fcinfo, int arg, int *n)
{
	Datum	   *elements = NULL;
	bool	   *nulls = NULL;
	int		   *days;

	*n = 0;
	if (!PG_ARGISNULL(arg))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(arg), DATEOID, 4, true, TYPALIGN_INT, &elements, &nulls, n);
	days = palloc(sizeof(int) * (*n + 1));
	for (int i = 0; i < *n; i++)
	{
		days[i] = nulls[i] ? 0 : DatumGetDateADT(elements[i]);
		if (nulls[i] || DATE_NOT_FINITE(days[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"days\" has an infinite day at place %d", i + 1),
					 errhint("The days are those of the refreshes.")));
	}
	return days;
}

static int
compare(const void *a, const void *b)
{
	int			x = *(const int *) a;
	int			y = *(const int *) b;

	return (x > y) - (x < y);
}

static int
sort_distinct(int *days, int n)
{
	int			kept = 0;

	qsort(days, n, sizeof(int), compare);
	for (int i = 0; i < n; i++)
		if (i == 0 || days[i] != days[kept - 1])
			days[kept++] = days[i];
	return kept;
}

static int
find_day(const int *days, int n, int day)
{
	const int  *found = bsearch(&day, days, n, sizeof(int), compare);

	return found - days;
}

static char *
iso_day(int day)
{
	int			y;
	int			m;
	int			d;

	j2date(day + POSTGRES_EPOCH_JDATE, &y, &m, &d);
	return psprintf("%04d-%02d-%02d", y, m, d);
}

/* days below the plot: the first, the last, and between them those that have room */
static void
draw_days(Canvas *c, const int *days, int n, const double *x, double y)
{
	double		room = ct_text_width("2026-12-31", 11, false) + 12;
	double		last = 0;

	for (int i = 0; i < n; i++)
	{
		if (i > 0 && (x[i] - last < room || (i < n - 1 && x[n - 1] - x[i] < room)))
			continue;
		ct_line(c, x[i], y, x[i], y + 4, "ct-ax");
		ct_text(c, x[i], y + 17, MIDDLE, TEXT_SMALL, 0, iso_day(days[i]));
		last = x[i];
	}
}

/* names beside the last day, at the middle of their bands, moved apart where needed */
static void
draw_names(Canvas *c, char **tiers, const double *last, int n, double scale, double right, double bottom, bool share,
		   double all)
{
	double		at[MAX_TIERS];
	double		y = bottom - all * scale;

	for (int k = 0; k < n; k++)
	{
		double		height = last[n - 1 - k] * scale;

		at[k] = y + height / 2 + 4.5;
		y += height;
	}
	ct_spread(at, n, LABEL_GAP, bottom - HEIGHT + 4.5, bottom + 4.5);
	for (int k = 0; k < n; k++)
	{
		int			i = n - 1 - k;
		const char *figure = share ? ct_percent(all > 0 ? last[i] / all : 0) : ct_number(c->chinese, last[i]);

		ct_two_texts(c, right + 10, at[k], START, SHEET_RIGHT - right - 10, TEXT_STRONG,
					 tiers[i] != NULL ? tiers[i] : "?", TEXT_SMALL, figure);
	}
}

/*
 * svg_trend(days, tiers_then, heads, tiers, colours, options): a row for each day and tier;
 * tiers lists them, the lowest first.  A tier that has no row of a day had nobody.
 */
Datum
ct_svg_trend(PG_FUNCTION_ARGS)
{
	static const char *const own[] = {"share", "y", NULL};
	Canvas		c;
	int			n;
	int			n_then;
	int			n_heads;
	int			n_tiers;
	int			n_days;
	int		   *day_of = get_days(fcinfo, 0, &n);
	char	  **then = ct_get_texts(fcinfo, 1, "tiers_then", &n_then);
	double	   *heads = ct_get_positive(fcinfo, 2, "heads", &n_heads);
	char	  **tiers = ct_get_texts(fcinfo, 3, "tiers", &n_tiers);
	char	  **paint;
	int		   *days;
	double	   *matrix;			/* by day, then tier */
	double	   *all;
	double	   *below;
	double	   *x;
	double		most = 0;
	double		room = 40;		/* of the names, half a day is wider than the shortest */
	double		width;
	double		scale;
	double		step;
	double		top;
	double		bottom;
	bool		share;

	ct_canvas_begin(&c, PG_ARGISNULL(5) ? NULL : PG_GETARG_JSONB_P(5), "Tiers over time", own);
	ct_check_lengths(n_then, n, "tiers_then", "days");
	ct_check_lengths(n_heads, n, "heads", "days");
	ct_check_classes(n_tiers, MAX_TIERS, "tiers");
	paint = ct_get_colours(fcinfo, 4, n_tiers);
	days = palloc(sizeof(int) * (n + 1));
	memcpy(days, day_of, sizeof(int) * n);
	n_days = sort_distinct(days, n);
	ct_check_classes(n_days, MAX_DAYS, "days");
	share = ct_option_flag(c.options, "share", false);
	matrix = palloc0(sizeof(double) * (n_days * n_tiers + 1));
	all = palloc0(sizeof(double) * (n_days + 1));
	for (int i = 0; i < n; i++)
	{
		int			tier = then[i] == NULL ? -1 : ct_find_text(tiers, n_tiers, then[i]);
		int			day = find_day(days, n_days, day_of[i]);

		if (tier < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a tier of \"tiers_then\" is not one of \"tiers\""),
					 errhint("\"tiers\" lists all of them, the lowest first.")));
		matrix[day * n_tiers + tier] += heads[i];
		all[day] += heads[i];
		most = Max(most, all[day]);
	}
	if (n == 0 || most <= 0 || !isfinite(most))
	{
		ct_nothing(&c, "There are no customers yet.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}
	if (share)
	{
		for (int d = 0; d < n_days; d++)
			for (int i = 0; i < n_tiers && all[d] > 0; i++)
				matrix[d * n_tiers + i] /= all[d];
		for (int d = 0; d < n_days; d++)
			all[d] = all[d] > 0 ? 1 : 0;
		most = 1;
	}

	for (int i = 0; i < n_tiers; i++)
		room = Max(room, ct_text_width(tiers[i] != NULL ? tiers[i] : "?", 13, true) +
				   ct_text_width(ct_number(c.chinese, matrix[(n_days - 1) * n_tiers + i]), 11, false) + 18);
	width = SHEET_RIGHT - LEFT - Min(room, LABEL_ROOM);

	/* one day is a column */
	x = palloc(sizeof(double) * (n_days + 1));
	for (int d = 0; d < n_days; d++)
		x[d] = n_days == 1 ? LEFT + width / 2 :
			LEFT + width * ((double) days[d] - days[0]) / ((double) days[n_days - 1] - days[0]);
	top = c.top + 14;
	bottom = top + HEIGHT;
	scale = HEIGHT / most;
	ct_text(&c, MARGIN, c.top, START, TEXT_MUTED, width,
			ct_option_label(&c, "y", share ? "part of the customers" : "customers"));
	step = ct_tick_step(most, 5);
	for (int i = 0; i * step <= most * 1.0001; i++)
	{
		double		level = i * step;

		ct_line(&c, LEFT, bottom - level * scale, LEFT + width, bottom - level * scale, "ct-gr");
		ct_text(&c, LEFT - 8, bottom - level * scale + 4, END, TEXT_SMALL, LEFT - 10,
				share ? ct_percent(level) : ct_number(c.chinese, level));
	}
	below = palloc0(sizeof(double) * (n_days + 1));
	/* a hair between two bands, for shades that are near each other */
	appendStringInfoString(&c.body, "<g class=\"ct-ed\" stroke-width=\"0.8\">");
	for (int i = 0; i < n_tiers; i++)
	{
		StringInfoData path;
		double		half = n_days == 1 ? 40 : 0;

		initStringInfo(&path);
		for (int d = 0; d < n_days; d++)
		{
			double		y = bottom - (below[d] + matrix[d * n_tiers + i]) * scale;

			ct_point(&path, d == 0 ? 'M' : 'L', x[d] - half, y);
			if (half > 0)
				ct_point(&path, 'L', x[d] + half, y);
		}
		for (int d = n_days - 1; d >= 0; d--)
		{
			double		y = bottom - below[d] * scale;

			if (half > 0)
				ct_point(&path, 'L', x[d] + half, y);
			ct_point(&path, 'L', x[d] - half, y);
			below[d] += matrix[d * n_tiers + i];
		}
		ct_path(&c, psprintf("%sZ", path.data), paint[i],
				tiers[i] != NULL ? tiers[i] : "?");
		appendStringInfo(&c.data, ct_word(c.chinese, "%s: %s. "), tiers[i] != NULL ? tiers[i] : "?",
						 share ? ct_percent(matrix[(n_days - 1) * n_tiers + i]) :
						 ct_number(c.chinese, matrix[(n_days - 1) * n_tiers + i]));
	}
	appendStringInfoString(&c.body, "</g>");
	ct_line(&c, LEFT, bottom, LEFT + width, bottom, "ct-ax");
	draw_days(&c, days, n_days, x, bottom);
	draw_names(&c, tiers, matrix + (n_days - 1) * n_tiers, n_tiers, scale, LEFT + width, bottom, share,
			   all[n_days - 1]);
	PG_RETURN_DATUM(ct_canvas_end(&c));
}
