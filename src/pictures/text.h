/*
 * text.h
 *		Text of a picture: UTF-8 inside, whatever the database's encoding is; ASCII outside.
 */
#ifndef CUSTOMER_TIER_TEXT_H
#define CUSTOMER_TIER_TEXT_H

#include "base/compat.h"

#include "lib/stringinfo.h"

extern char *ct_utf8(const char *text);
extern double ct_text_width(const char *text, double size, bool bold);
extern char *ct_fit(const char *text, double size, bool bold, double room);
extern char *ct_next_line(const char **rest, double size, bool bold, double room);
extern void ct_escape(StringInfo out, const char *text);

#endif							/* CUSTOMER_TIER_TEXT_H */
