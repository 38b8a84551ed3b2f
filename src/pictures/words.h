/*
 * words.h
 *		The words of pictures in the languages they have.
 */
#ifndef CUSTOMER_TIER_WORDS_H
#define CUSTOMER_TIER_WORDS_H

#include "base/compat.h"

extern const char *ct_word(bool chinese, const char *word) pg_attribute_format_arg(2);

#endif							/* CUSTOMER_TIER_WORDS_H */
