/*
 * quadrant.c
 *		Customers on two axes, as a density, and the lines that part them in four.
 */
#include "pictures/canvas.h"

#include <math.h>

#include "pictures/input.h"
#include "pictures/number.h"
#include "pictures/words.h"

PG_FUNCTION_INFO_V1(ct_svg_quadrant);

#define LEFT		72.0
#define WIDTH		(SHEET_RIGHT - LEFT)
#define HEIGHT		396.0
#define CELL		6.0
#define COLUMNS		((int) (WIDTH / CELL))
#define ROWS		((int) (HEIGHT / CELL))
#define LEVELS		8
#define FEW			200			/* so many are drawn as dots */

/* how values become places from 0 to 1; what lies outside is drawn at the edge */
typedef struct Scale
{
	bool		logarithmic;
	double		from;
	double		to;
} Scale;

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/*
 * The scale of some values and a line: without the outermost in two hundred; logarithmic
 * if most are positive and the greatest is far above the median.
 */
static Scale
scale_of(const double *values, int n, double line)
{
	double	   *sorted = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * n);
	double		low;
	double		high;
	double		margin;
	int			positive = 0;
	Scale		s = {false};

	memcpy(sorted, values, sizeof(double) * n);
	qsort(sorted, n, sizeof(double), compare);
	while (positive < n && sorted[positive] <= 0)
		positive++;
	low = sorted[n / 200];
	high = sorted[n - 1 - n / 200];
	if (positive < n / 2 && line > 0 && high > 10 * sorted[positive + (n - positive) / 2])
	{
		s.logarithmic = true;
		low = sorted[positive + (n - positive) / 200];
		s.from = log10(Min(low, line)) - 0.1;
		s.to = log10(Max(high, line)) + 0.1;
	}
	else
	{
		s.from = Min(low, line);
		s.to = Max(high, line);
		margin = s.to > s.from ? (s.to - s.from) * 0.04 : Max(fabs(s.to) * 0.5, 1);
		s.to += margin;
		/* zero is an edge, not a place beside it */
		s.from = s.from >= 0 && s.from < margin ? 0 : s.from - margin;
	}
	pfree(sorted);
	return s;
}

static double
place(const Scale *s, double value)
{
	double		at;

	if (s->logarithmic)
		at = value > 0 ? (log10(value) - s->from) / (s->to - s->from) : 0;
	else
		at = (value - s->from) / (s->to - s->from);
	return Min(Max(at, 0), 1);
}

static void
draw_tick(Canvas *c, const Scale *s, double value, bool upright, double top)
{
	double		at = place(s, value);
	const char *figure = ct_number(c->chinese, value);

	if (upright)
		ct_text(c, LEFT - 8, top + HEIGHT * (1 - at) + 4, END, TEXT_SMALL, LEFT - 10, figure);
	else if (at > 0.01 && at < 0.97)
		ct_text(c, LEFT + WIDTH * at, top + HEIGHT + 16, MIDDLE, TEXT_SMALL, 0, figure);
}

static void
draw_ticks(Canvas *c, const Scale *s, bool upright, double top)
{
	if (s->logarithmic)
	{
		double		decade = 1;

		while (log10(decade) > s->from)
			decade /= 10;
		while (log10(decade) < s->from)
			decade *= 10;
		/* of many powers of ten every second or third */
		for (double step = pow(10, 1 + floor((s->to - s->from) / 7)); log10(decade) <= s->to; decade *= step)
			draw_tick(c, s, decade, upright, top);
	}
	else
	{
		double		step = ct_tick_step(s->to - s->from, upright ? 5 : 7);

		for (int64 i = (int64) ceil(s->from / step - 1e-9); i * step <= s->to; i++)
			draw_tick(c, s, i * step, upright, top);
	}
}

/* the shade of a cell: 0 if it is empty, else by the logarithm of its count */
static int
level_of(int count, int most)
{
	return count == 0 ? 0 : most == 1 ? LEVELS : 1 + (int) (log(count) / log(most) * (LEVELS - 1) + 1e-9);
}

/* cells of equal shade are one path, and those beside each other one piece of it */
static void
draw_density(Canvas *c, const int *count, int most, double top)
{
	for (int level = 1; level <= LEVELS; level++)
	{
		StringInfoData path;

		initStringInfo(&path);
		for (int row = 0; row < ROWS; row++)
			for (int column = 0; column < COLUMNS; column++)
			{
				const int  *cell = count + row * COLUMNS;
				int			end = column;

				while (end < COLUMNS && level_of(cell[end], most) == level)
					end++;
				if (end == column)
					continue;
				appendStringInfo(&path, "M%d %dh%dv6h-%dz", (int) (LEFT + CELL * column),
								 (int) (top + HEIGHT - CELL * (row + 1)), (int) CELL * (end - column),
								 (int) CELL * (end - column));
				column = end;
			}
		if (path.len > 0)
			ct_path(c, path.data, psprintf("class=\"ct-up\" fill-opacity=\"%s\"", ct_fixed(level * 0.12, 2)), NULL);
	}
}

/*
 * svg_quadrant(x, y, x_line, y_line, names, options): names are of the four, as in the
 * matrix of a scheme: low x low y, high x low y, low x high y, high x high y.
 */
Datum
ct_svg_quadrant(PG_FUNCTION_ARGS)
{
	static const char *const own[] = {"x", "y", NULL};
	Canvas		c;
	int			n;
	int			n_y;
	int			n_names;
	int			known = 0;
	int			heads[4] = {0};
	int			most = 0;
	int		   *count = palloc0(sizeof(int) * COLUMNS * ROWS);
	double	   *x = ct_get_numbers(fcinfo, 0, "x", &n);
	double	   *y = ct_get_numbers(fcinfo, 1, "y", &n_y);
	double		x_line;
	double		y_line;
	char	  **names = ct_get_texts(fcinfo, 4, "names", &n_names);
	Scale		x_scale;
	Scale		y_scale;
	double		top;

	ct_canvas_begin(&c, PG_ARGISNULL(5) ? NULL : PG_GETARG_JSONB_P(5), "Customers on two axes", own);
	ct_check_lengths(n_y, n, "y", "x");
	if (n_names != 0 && n_names != 4)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("\"names\" has %d elements, not four", n_names),
				 errhint("They are {{low x low y, high x low y}, {low x high y, high x high y}}.")));
	if (PG_ARGISNULL(2) || PG_ARGISNULL(3) || !isfinite(PG_GETARG_FLOAT8(2)) || !isfinite(PG_GETARG_FLOAT8(3)))
	{
		ct_nothing(&c, "There are no lines yet.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}
	x_line = PG_GETARG_FLOAT8(2);
	y_line = PG_GETARG_FLOAT8(3);
	for (int i = 0; i < n; i++)
		if (!isnan(x[i]) && !isnan(y[i]))
		{
			x[known] = x[i];
			y[known++] = y[i];
		}
	if (known == 0)
	{
		ct_nothing(&c, "There are no customers yet.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}
	x_scale = scale_of(x, known, x_line);
	y_scale = scale_of(y, known, y_line);
	if (!isfinite(x_scale.to - x_scale.from) || !isfinite(y_scale.to - y_scale.from))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the values are too large for a picture"),
				 errhint("Divide them by a common unit.")));

	top = c.top + 36;
	ct_text(&c, MARGIN, c.top, START, TEXT_MUTED, WIDTH, psprintf("\xe2\x86\x91 %s", ct_option_label(&c, "y", "y")));
	for (int i = 0; i < known; i++)
	{
		int			column = Min((int) (place(&x_scale, x[i]) * COLUMNS), COLUMNS - 1);
		int			row = Min((int) (place(&y_scale, y[i]) * ROWS), ROWS - 1);

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		heads[(x[i] >= x_line) + 2 * (y[i] >= y_line)]++;
		count[row * COLUMNS + column]++;
		most = Max(most, count[row * COLUMNS + column]);
		if (known <= FEW)
			ct_dot(&c, LEFT + WIDTH * place(&x_scale, x[i]), top + HEIGHT * (1 - place(&y_scale, y[i])), 3.5,
				   "class=\"ct-up\" fill-opacity=\"0.6\"");
	}
	if (known > FEW)
		draw_density(&c, count, most, top);
	ct_line(&c, LEFT, top, LEFT, top + HEIGHT, "ct-ax");
	ct_line(&c, LEFT, top + HEIGHT, LEFT + WIDTH, top + HEIGHT, "ct-ax");
	draw_ticks(&c, &x_scale, false, top);
	draw_ticks(&c, &y_scale, true, top);
	ct_line(&c, LEFT + WIDTH * place(&x_scale, x_line), top, LEFT + WIDTH * place(&x_scale, x_line), top + HEIGHT,
			"ct-al");
	ct_line(&c, LEFT, top + HEIGHT * (1 - place(&y_scale, y_line)), LEFT + WIDTH,
			top + HEIGHT * (1 - place(&y_scale, y_line)), "ct-al");

	/* above the plot and below it, at both sides */
	for (int i = 0; i < 4; i++)
	{
		const char *name = n_names == 4 && names[i] != NULL ? names[i] : "";
		char	   *figure = psprintf("%s (%s)", ct_number(c.chinese, heads[i]), ct_percent((double) heads[i] / known));

		ct_two_texts(&c, i % 2 == 0 ? LEFT : LEFT + WIDTH, i < 2 ? top + HEIGHT + 38 : top - 8,
					 i % 2 == 0 ? START : END, WIDTH / 2 - 12, TEXT_STRONG, name, TEXT_SMALL, figure);
		appendStringInfo(&c.data, "%s %s; ", name, figure);
	}
	ct_text(&c, LEFT + WIDTH, top + HEIGHT + 60, END, TEXT_MUTED, WIDTH - 240,
			psprintf("%s \xe2\x86\x92", ct_option_label(&c, "x", "x")));
	if (x_scale.logarithmic || y_scale.logarithmic)
		ct_text(&c, LEFT, top + HEIGHT + 60, START, TEXT_SMALL, 230,
				ct_word(c.chinese, x_scale.logarithmic && y_scale.logarithmic ? "both axes are logarithmic" :
						x_scale.logarithmic ? "the horizontal axis is logarithmic" :
						"the vertical axis is logarithmic"));
	PG_RETURN_DATUM(ct_canvas_end(&c));
}
