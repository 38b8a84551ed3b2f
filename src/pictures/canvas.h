/*
 * canvas.h
 *		The sheet that pictures are drawn on.
 *
 * Every text is UTF-8 (ct_utf8) and leaves as ASCII; coordinates are written with one
 * decimal.  So a picture is the same under all settings and encodings.
 */
#ifndef CUSTOMER_TIER_CANVAS_H
#define CUSTOMER_TIER_CANVAS_H

#include "base/compat.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#define SHEET_WIDTH		720.0
#define MARGIN			24.0
#define SHEET_RIGHT		(SHEET_WIDTH - MARGIN)
#define SHADES			11		/* from the lowest tier to the highest */

/* a sheet that is drawn on; bottom is the lowest that was drawn */
typedef struct Canvas
{
	StringInfoData body;
	StringInfoData data;		/* the figures in words, for who does not see them */
	Jsonb	   *options;
	char	   *title;
	bool		chinese;
	double		top;
	double		bottom;
} Canvas;

typedef enum TextStyle
{
	TEXT_TITLE,
	TEXT_PLAIN,
	TEXT_STRONG,
	TEXT_MUTED,
	TEXT_SMALL,
	TEXT_SMALL_PLAIN,
	TEXT_ACCENT,
	TEXT_OVER,					/* over dark shades, in both themes */
	TEXT_SMALL_OVER
} TextStyle;

typedef enum Anchor
{
	START,
	MIDDLE,
	END
} Anchor;

extern void ct_canvas_begin(Canvas *c, Jsonb *options, const char *title, const char *const *own_options);
extern Datum ct_canvas_end(Canvas *c);
extern void ct_rect(Canvas *c, double x, double y, double w, double h, const char *paint, const char *tip);
extern void ct_line(Canvas *c, double x1, double y1, double x2, double y2, const char *class);
extern void ct_dot(Canvas *c, double x, double y, double r, const char *paint);
extern void ct_path(Canvas *c, const char *path, const char *paint, const char *tip);
extern void ct_point(StringInfo path, char command, double x, double y);
extern double ct_text(Canvas *c, double x, double y, Anchor anchor, TextStyle style, double room, const char *text);
extern void ct_two_texts(Canvas *c, double x, double y, Anchor anchor, double room, TextStyle style1, const char *text1,
						 TextStyle style2, const char *text2);
extern double ct_paragraph(Canvas *c, double x, double y, TextStyle style, double room, int lines, const char *text);
extern void ct_nothing(Canvas *c, const char *why);
extern const char *ct_shade(int i, int n);

extern const char *ct_option_label(const Canvas *c, const char *name, const char *otherwise);
extern void ct_spread(double *at, int n, double gap, double from, double to);

#endif							/* CUSTOMER_TIER_CANVAS_H */
