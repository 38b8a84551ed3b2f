/*
 * flow.c
 *		Who moved between two days: ribbons as wide as the heads that went.
 */
#include "pictures/canvas.h"

#include "pictures/input.h"
#include "pictures/number.h"
#include "pictures/options.h"
#include "pictures/words.h"

PG_FUNCTION_INFO_V1(ct_svg_flow);

#define MAX_NODES	40
#define NODE_WIDTH	12.0
#define NODE_GAP	9.0
#define LABEL_GAP	17.0
#define SIDE_ROOM	190.0
#define LEFT		(MARGIN + SIDE_ROOM)
#define RIGHT		(SHEET_RIGHT - SIDE_ROOM)

/*
 * A matrix of heads by the place from which and to which they went.  Place 0 is outside,
 * the tiers follow, the lowest first: so the highest is drawn on top, and outside below.
 */
typedef struct Moves
{
	int			n;				/* places, outside included */
	double	   *heads;			/* n by n */
	char	  **names;
	char	  **paint;
	double		rose;
	double		fell;
	double		stayed;
	double		came;
	double		left;
} Moves;

#define HEADS(m, from, to)	((m)->heads[(from) * (m)->n + (to)])

/* the place of a tier; a null is outside */
static int
place_of(const Moves *m, const char *tier)
{
	int			at;

	if (tier == NULL)
		return 0;
	at = ct_find_text(m->names + 1, m->n - 1, tier);
	if (at < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a tier of a move is not one of \"tiers\""),
				 errhint("\"tiers\" lists all of them, the lowest first; who is not graded has a null.")));
	return at + 1;
}

static void
count_moves(Moves *m, char **from, char **to, const double *heads, int n)
{
	for (int i = 0; i < n; i++)
	{
		int			a = place_of(m, from[i]);
		int			b = place_of(m, to[i]);

		if (a == 0 && b == 0)
			continue;
		HEADS(m, a, b) += heads[i];
		if (a == 0)
			m->came += heads[i];
		else if (b == 0)
			m->left += heads[i];
		else if (a == b)
			m->stayed += heads[i];
		else if (b > a)
			m->rose += heads[i];
		else
			m->fell += heads[i];
	}
}

/* heads of a place that are drawn, on the side of those who came from it or went to it */
static double
side_sum(const Moves *m, int place, bool from)
{
	double		sum = 0;

	for (int i = 0; i < m->n; i++)
		sum += from ? HEADS(m, place, i) : HEADS(m, i, place);
	return sum;
}

/* the top of each place's node, from the highest down, for those that have anything */
static int
stack_nodes(const Moves *m, bool from, double top, double scale, double *y)
{
	int			shown = 0;

	for (int i = m->n; i-- > 0;)
	{
		double		sum = side_sum(m, i, from);

		y[i] = top;
		if (sum <= 0)
			continue;
		top += sum * scale + NODE_GAP;
		shown++;
	}
	return shown;
}

/* names and heads beside the nodes of a side, moved apart where they would lie upon another */
static void
label_nodes(Canvas *c, const Moves *m, bool from, double scale, const double *y, const double *all, double bottom)
{
	double		at[MAX_NODES + 1];
	int			place[MAX_NODES + 1];
	int			n = 0;

	for (int i = m->n; i-- > 0;)
	{
		double		sum = side_sum(m, i, from);

		if (sum <= 0)
			continue;
		ct_rect(c, from ? LEFT : RIGHT - NODE_WIDTH, y[i], NODE_WIDTH, Max(sum * scale, 1),
				i == 0 ? "class=\"ct-sm\"" : m->paint[i - 1], NULL);
		place[n] = i;
		at[n++] = y[i] + sum * scale / 2 + 4.5;
	}
	ct_spread(at, n, LABEL_GAP, c->top + 18, bottom);
	for (int k = 0; k < n; k++)
	{
		const char *figure = ct_number(c->chinese, all[place[k]]);
		const char *name = place[k] > 0 ? m->names[place[k]] : ct_word(c->chinese, from ? "new" : "left");

		ct_two_texts(c, from ? LEFT - 8 : RIGHT + 8, at[k], from ? END : START, SIDE_ROOM - 8,
					 place[k] > 0 ? TEXT_STRONG : TEXT_MUTED, name, TEXT_SMALL, figure);
	}
}

/* a coloured square and what it stands for; returns where the next one may be */
static double
draw_key(Canvas *c, double x, double y, const char *paint, const char *word, double heads)
{
	char	   *text = psprintf("%s %s", ct_word(c->chinese, word), ct_number(c->chinese, heads));

	if (heads <= 0)
		return x;
	if (paint != NULL)
	{
		ct_rect(c, x, y - 10, 11, 11, paint, NULL);
		x += 17;
	}
	return x + ct_text(c, x, y, START, TEXT_PLAIN, 0, text) + 20;
}

/* all ribbons, those who stayed first: the others lie upon them */
static void
draw_ribbons(Canvas *c, const Moves *m, const double *left, const double *right, double scale)
{
	double		from_at[MAX_NODES + 1];
	double		to_at[MAX_NODES + 1];
	double		middle = (LEFT + RIGHT) / 2;

	for (int stayed = 1; stayed >= 0; stayed--)
	{
		memcpy(from_at, left, sizeof(double) * m->n);
		memcpy(to_at, right, sizeof(double) * m->n);
		for (int a = m->n; a-- > 0;)
			for (int b = m->n; b-- > 0;)
			{
				double		h = HEADS(m, a, b) * scale;
				StringInfoData path;

				if (h <= 0)
					continue;
				if ((a == b) == (stayed == 1))
				{
					initStringInfo(&path);
					ct_point(&path, 'M', LEFT + NODE_WIDTH, from_at[a]);
					ct_point(&path, 'C', middle, from_at[a]);
					ct_point(&path, 0, middle, to_at[b]);
					ct_point(&path, 0, RIGHT - NODE_WIDTH, to_at[b]);
					ct_point(&path, 'L', RIGHT - NODE_WIDTH, to_at[b] + h);
					ct_point(&path, 'C', middle, to_at[b] + h);
					ct_point(&path, 0, middle, from_at[a] + h);
					ct_point(&path, 0, LEFT + NODE_WIDTH, from_at[a] + h);
					ct_path(c, psprintf("%sZ", path.data),
							a == b ? "class=\"ct-sm\" fill-opacity=\"0.3\"" :
							a == 0 || b == 0 ? "class=\"ct-sm\" fill-opacity=\"0.55\"" :
							b > a ? "class=\"ct-up\" fill-opacity=\"0.75\"" : "class=\"ct-dn\" fill-opacity=\"0.75\"",
							psprintf("%s \xe2\x86\x92 %s: %s", a > 0 ? m->names[a] : ct_word(c->chinese, "new"),
									 b > 0 ? m->names[b] : ct_word(c->chinese, "left"),
									 ct_number(c->chinese, HEADS(m, a, b))));
				}
				from_at[a] += h;
				to_at[b] += h;
			}
	}
}

/*
 * svg_flow(from_tiers, to_tiers, heads, tiers, colours, options)
 *
 * Where nearly all stay, as from one month to the next, the others would be hairs: then
 * those who stayed are not drawn, which the key says.
 */
Datum
ct_svg_flow(PG_FUNCTION_ARGS)
{
	static const char *const own[] = {"from", "to", "stayed", NULL};
	Canvas		c;
	Moves		m = {0};
	int			n;
	int			n_to;
	int			n_heads;
	char	  **from = ct_get_texts(fcinfo, 0, "from_tiers", &n);
	char	  **to = ct_get_texts(fcinfo, 1, "to_tiers", &n_to);
	double	   *heads = ct_get_positive(fcinfo, 2, "heads", &n_heads);
	char	  **tiers;
	double	   *before;
	double	   *after;
	double		drawn;
	double		left[MAX_NODES + 1];
	double		right[MAX_NODES + 1];
	double		top;
	double		height;
	double		scale;
	double		y;
	double		x = MARGIN;
	bool		draw_stayed;
	int			most;

	ct_canvas_begin(&c, PG_ARGISNULL(5) ? NULL : PG_GETARG_JSONB_P(5), "Who moved", own);
	ct_check_lengths(n_to, n, "to_tiers", "from_tiers");
	ct_check_lengths(n_heads, n, "heads", "from_tiers");
	tiers = ct_get_texts(fcinfo, 3, "tiers", &m.n);
	ct_check_classes(m.n, MAX_NODES, "tiers");
	m.paint = ct_get_colours(fcinfo, 4, m.n);
	m.names = palloc0(sizeof(char *) * (m.n + 1));
	for (int i = 0; i < m.n; i++)
		m.names[i + 1] = tiers[i] != NULL ? tiers[i] : "?";
	m.n++;
	m.heads = palloc0(sizeof(double) * m.n * m.n);
	count_moves(&m, from, to, heads, n);

	before = palloc(sizeof(double) * m.n);
	after = palloc(sizeof(double) * m.n);
	for (int i = 0; i < m.n; i++)
	{
		before[i] = side_sum(&m, i, true);
		after[i] = side_sum(&m, i, false);
	}
	drawn = m.rose + m.fell + m.came + m.left;
	draw_stayed = ct_option_flag(c.options, "stayed", m.stayed < 4 * drawn);
	if (draw_stayed)
		drawn += m.stayed;
	else
		for (int i = 0; i < m.n; i++)
			HEADS(&m, i, i) = 0;
	if (drawn + m.stayed <= 0 || drawn + m.stayed > 1e300)
	{
		ct_nothing(&c, "There are no customers yet.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}
	if (drawn <= 0)
	{
		ct_nothing(&c, "Nobody moved.");
		PG_RETURN_DATUM(ct_canvas_end(&c));
	}

	most = Max(stack_nodes(&m, true, 0, 0, left), stack_nodes(&m, false, 0, 0, right));
	height = Max(330, LABEL_GAP * most);
	top = c.top + 16;
	scale = (height - NODE_GAP * (most - 1)) / drawn;
	(void) stack_nodes(&m, true, top, scale, left);
	(void) stack_nodes(&m, false, top, scale, right);
	ct_text(&c, LEFT + NODE_WIDTH, c.top, END, TEXT_MUTED, SIDE_ROOM, ct_option_label(&c, "from", "before"));
	ct_text(&c, RIGHT - NODE_WIDTH, c.top, START, TEXT_MUTED, SIDE_ROOM, ct_option_label(&c, "to", "after"));
	draw_ribbons(&c, &m, left, right, scale);
	label_nodes(&c, &m, true, scale, left, before, top + height);
	label_nodes(&c, &m, false, scale, right, after, top + height);

	y = Max(top + height, c.bottom) + 32;
	x = draw_key(&c, x, y, "class=\"ct-up\" fill-opacity=\"0.75\"", "rose", m.rose);
	x = draw_key(&c, x, y, "class=\"ct-dn\" fill-opacity=\"0.75\"", "fell", m.fell);
	x = draw_key(&c, x, y, "class=\"ct-sm\" fill-opacity=\"0.55\"", "new", m.came);
	x = draw_key(&c, x, y, "class=\"ct-sm\" fill-opacity=\"0.55\"", "left", m.left);
	(void) draw_key(&c, x, y, draw_stayed ? "class=\"ct-sm\" fill-opacity=\"0.3\"" : NULL,
					draw_stayed ? "stayed" : "stayed (not drawn)", m.stayed);
	appendStringInfo(&c.data, ct_word(c.chinese, "%s rose, %s fell, %s came, %s left, %s stayed."),
					 ct_number(c.chinese, m.rose), ct_number(c.chinese, m.fell), ct_number(c.chinese, m.came),
					 ct_number(c.chinese, m.left),
					 ct_number(c.chinese, m.stayed));
	PG_RETURN_DATUM(ct_canvas_end(&c));
}
