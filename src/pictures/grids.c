/*
 * grids.c
 *		Grids of cells: scores by scores, and cohorts by age.
 */
#include "pictures/canvas.h"

#include <math.h>

#include "pictures/input.h"
#include "pictures/number.h"
#include "pictures/text.h"

PG_FUNCTION_INFO_V1(ct_svg_heat);
PG_FUNCTION_INFO_V1(ct_svg_cohorts);

#define MAX_SCORE	20
#define MAX_COHORTS	120
#define MAX_AGE		60

/* from here on a cell is so dark that its text is white in both themes */
#define DARK_FROM	0.72

/* a cell whose shade says how much of the greatest it has */
static void
draw_cell(Canvas *c, double x, double y, double w, double h, double part, const char *tip)
{
	ct_rect(c, x, y, w, h, psprintf("class=\"ct-he\" fill-opacity=\"%s\"", ct_fixed(0.06 + 0.94 * part, 2)), tip);
}

static TextStyle
style_over(double part, bool small)
{
	if (part < DARK_FROM)
		return small ? TEXT_SMALL_PLAIN : TEXT_STRONG;
	return small ? TEXT_SMALL_OVER : TEXT_OVER;
}


/*
 * svg_heat(x, y, heads, value, labels, options): a cell for each pair of scores, the highest
 * at the top right.  The large figure is the heads, the small one the value, which gives
 * the shade (by its root: money is skew); without a value the heads do.
 */
Datum
ct_svg_heat(PG_FUNCTION_ARGS)
{
	static const char *const own[] = {"x", "y", "figures", NULL};
	Canvas		c;
	int			n;
	int			n_y;
	int			n_heads;
	int			n_value;
	int			n_labels;
	int		   *x = ct_get_integers(fcinfo, 0, "x", &n);
	int		   *y = ct_get_integers(fcinfo, 1, "y", &n_y);
	double	   *heads = ct_get_positive(fcinfo, 2, "heads", &n_heads);
	double	   *value = ct_get_numbers(fcinfo, 3, "value", &n_value);
	char	  **labels = ct_get_texts(fcinfo, 4, "labels", &n_labels);
	int			columns = 0;
	int			rows = 0;
	double		most = 0;
	double		width;
	double		height;
	double		left = MARGIN + 34;
	double		top;
	bool		narrow;
	bool		seen[MAX_SCORE + 1][MAX_SCORE + 1] = {{false}};

	ct_canvas_begin(&c, PG_ARGISNULL(5) ? NULL : PG_GETARG_JSONB_P(5), "Customers by their scores", own);
	ct_check_lengths(n_y, n, "y", "x");
	ct_check_lengths(n_heads, n, "heads", "x");
	if (n_value > 0)
		ct_check_lengths(n_value, n, "value", "x");
	if (n_labels > 0)
		ct_check_lengths(n_labels, n, "labels", "x");
	if (n == 0)
	{
		ct_nothing(&c, "There are no customers yet.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}
	for (int i = 0; i < n; i++)
	{
		double		shown = n_value > 0 ? value[i] : heads[i];

		if (x[i] < 1 || x[i] > MAX_SCORE || y[i] < 1 || y[i] > MAX_SCORE)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a score of the picture is not between 1 and %d", MAX_SCORE),
					 errhint("Scores are small numbers, 1 the lowest.")));
		if (seen[x[i]][y[i]])
			ereport(ERROR,
					(errcode(ERRCODE_CARDINALITY_VIOLATION),
					 errmsg("the cell of scores %d and %d is there twice", x[i], y[i]),
					 errhint("Group by both scores.")));
		seen[x[i]][y[i]] = true;
		columns = Max(columns, x[i]);
		rows = Max(rows, y[i]);
		if (shown > most)
			most = shown;
	}
	width = Min((SHEET_RIGHT - left) / columns, columns <= 3 ? 210 : 130);
	height = Min(Max(width * 0.62, 42), 72);
	narrow = width * columns < 300;
	top = c.top + 14;
	ct_text(&c, MARGIN, c.top, START, TEXT_MUTED, SHEET_WIDTH - 2 * MARGIN,
			psprintf("\xe2\x86\x91 %s", ct_option_label(&c, "y", "score")));
	for (int i = 1; i <= rows; i++)
		ct_text(&c, left - 10, top + height * (rows - i) + height / 2 + 4.5, END, TEXT_MUTED, 0, psprintf("%d", i));
	for (int i = 1; i <= columns; i++)
		ct_text(&c, left + width * (i - 0.5), top + height * rows + 18, MIDDLE, TEXT_MUTED, 0, psprintf("%d", i));
	for (int i = 0; i < n; i++)
	{
		double		shown = n_value > 0 ? value[i] : heads[i];
		double		part = shown > 0 && most > 0 ? sqrt(shown / most) : 0;
		double		at_x = left + width * (x[i] - 1);
		double		at_y = top + height * (rows - y[i]);
		double		middle = at_x + (width - 3) / 2;
		double		room = width - 8;
		const char *figure = ct_number(c.chinese, heads[i]);
		bool		labelled = n_labels > 0 && labels[i] != NULL && height >= 42;
		bool		valued = n_value > 0 && !isnan(value[i]);
		bool		fits = ct_text_width(figure, 13, true) <= room;
		const char *mean = valued ? ct_number(c.chinese, value[i]) : "";
		double		line = at_y + (height - 3) / 2 + 4.5 - (labelled ? -8 : 0) - (valued ? 8 : 0);

		/* half a number is none: what does not fit is smaller, or shown by the mouse alone */
		draw_cell(&c, at_x, at_y, width - 3, height - 3, part,
				  fits && ct_text_width(mean, 11, false) <= room ? NULL : psprintf("%s  %s", figure, mean));
		if (labelled)
			ct_text(&c, middle, line - 17, MIDDLE, style_over(part, true), room, labels[i]);
		if (fits || ct_text_width(figure, 11, false) <= room + 4)
			ct_text(&c, middle, line, MIDDLE, style_over(part, !fits), 0, figure);
		if (valued && ct_text_width(mean, 11, false) <= room)
			ct_text(&c, middle, line + 16, MIDDLE, style_over(part, true), 0, mean);
		appendStringInfo(&c.data, "%d/%d: %s", x[i], y[i], figure);
		appendStringInfo(&c.data, valued ? " (%s); " : "; ", mean);
	}
	ct_text(&c, narrow ? left : left + width * columns - 3, top + height * rows + 38, narrow ? START : END, TEXT_MUTED,
			narrow ? SHEET_RIGHT - left : width * columns,
			psprintf("%s \xe2\x86\x92", ct_option_label(&c, "x", "score")));
	ct_text(&c, left, top + height * rows + 58, START, TEXT_SMALL, SHEET_RIGHT - left,
			ct_option_label(&c, "figures", n_value == 0 ? "customers" :
							"customers; below, the mean value, which gives the shade"));
	PG_RETURN_DATUM(ct_canvas_end(&c));
}

/*
 * svg_cohorts(cohorts, ages, retention, heads, options): a row for each cohort, in the order
 * in which they are given, a column for each age, and what part of the cohort is left.
 */
Datum
ct_svg_cohorts(PG_FUNCTION_ARGS)
{
	static const char *const own[] = {"x", NULL};
	Canvas		c;
	int			n;
	int			n_ages;
	int			n_retention;
	int			n_heads;
	char	  **given = ct_get_texts(fcinfo, 0, "cohorts", &n);
	int		   *ages = ct_get_integers(fcinfo, 1, "ages", &n_ages);
	double	   *retention = ct_get_numbers(fcinfo, 2, "retention", &n_retention);
	double	   *heads = ct_get_numbers(fcinfo, 3, "heads", &n_heads);
	char	  **cohorts = palloc(sizeof(char *) * (n + 1));
	double	   *size;
	int		   *row = palloc(sizeof(int) * (n + 1));
	int			rows = 0;
	int			oldest = 0;
	int			youngest = MAX_AGE;
	double		left;
	double		width;
	double		height;
	double		room = 40;
	double		top;

	ct_canvas_begin(&c, PG_ARGISNULL(4) ? NULL : PG_GETARG_JSONB_P(4), "Who stayed, by when they came", own);
	ct_check_lengths(n_ages, n, "ages", "cohorts");
	ct_check_lengths(n_retention, n, "retention", "cohorts");
	if (n_heads > 0)
		ct_check_lengths(n_heads, n, "heads", "cohorts");
	for (int i = 0; i < n; i++)
	{
		char	   *cohort = given[i] != NULL ? given[i] : "?";

		if (ages[i] < 0 || ages[i] > MAX_AGE)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("an age is not between 0 and %d", MAX_AGE),
					 errhint("Ages count periods since the cohort began; longer periods make fewer.")));
		if (retention[i] < 0 || retention[i] > 1.0000001)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a retention is not between 0 and 1"),
					 errhint("It is the part of the cohort that is active: 0.25 for a quarter.")));
		row[i] = ct_find_text(cohorts, rows, cohort);
		if (row[i] < 0)
		{
			ct_check_classes(rows + 1, MAX_COHORTS, "cohorts");
			row[i] = rows;
			cohorts[rows++] = cohort;
			room = Max(room, ct_text_width(cohort, 13, false));
		}
		oldest = Max(oldest, ages[i]);
		youngest = Min(youngest, ages[i]);
	}
	if (n == 0)
	{
		ct_nothing(&c, "There are no customers yet.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}
	size = palloc0(sizeof(double) * rows);
	for (int i = 0; i < n; i++)
		if (n_heads > 0 && heads[i] > size[row[i]])
			size[row[i]] = heads[i];
	room = Min(room, 150);
	left = MARGIN + room + 12 + (n_heads > 0 ? 54 : 0);
	width = Min((SHEET_RIGHT - left) / (oldest - youngest + 1), 64);
	height = Min(Max(width * 0.7, 22), 30);
	top = c.top + 28;
	ct_text(&c, left, c.top, START, TEXT_MUTED, SHEET_RIGHT - left,
			ct_option_label(&c, "x", "part that is still there, in %, by periods since"));
	for (int i = youngest; i <= oldest; i += width < 22 ? 5 : 1)
		ct_text(&c, left + width * (i - youngest + 0.5), top - 8, MIDDLE, TEXT_SMALL, 0, psprintf("%d", i));
	for (int i = 0; i < rows; i++)
	{
		double		line = top + height * i + height / 2 + 3.5;

		ct_text(&c, MARGIN, line, START, TEXT_PLAIN, room, cohorts[i]);
		if (n_heads > 0)
			ct_text(&c, left - 12, line, END, TEXT_SMALL, 54, ct_number(c.chinese, size[i]));
	}
	for (int i = 0; i < n; i++)
	{
		double		x = left + width * (ages[i] - youngest);
		double		y = top + height * row[i];

		CHECK_FOR_INTERRUPTS();
		if (isnan(retention[i]))
			continue;
		draw_cell(&c, x, y, width - 2, height - 2, retention[i],
				  width < 28 ? psprintf("%s + %d: %s", cohorts[row[i]], ages[i], ct_percent(retention[i])) : NULL);
		if (width >= 28)
			ct_text(&c, x + (width - 2) / 2, y + height / 2 + 3, MIDDLE, style_over(retention[i], true), 0,
					ct_fixed(100 * retention[i], 0));
		if (i < 400)
			appendStringInfo(&c.data, "%s + %d: %s; ", cohorts[row[i]], ages[i], ct_percent(retention[i]));
	}
	PG_RETURN_DATUM(ct_canvas_end(&c));
}
