/*
 * options.h
 *		The options of a picture: an object of JSON.
 */
#ifndef CUSTOMER_TIER_OPTIONS_H
#define CUSTOMER_TIER_OPTIONS_H

#include "base/compat.h"

#include "utils/jsonb.h"

extern void ct_check_options(Jsonb *options, const char *const *common, const char *const *own);
extern char *ct_option_choice(const Jsonb *options, const char *name, const char *choices);
extern char *ct_option_text(const Jsonb *options, const char *name);
extern double ct_option_number(const Jsonb *options, const char *name, double otherwise);
extern bool ct_option_flag(const Jsonb *options, const char *name, bool otherwise);

#endif							/* CUSTOMER_TIER_OPTIONS_H */
