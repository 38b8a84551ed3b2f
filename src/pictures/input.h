/*
 * input.h
 *		What pictures are given: arrays of equal length.
 */
#ifndef CUSTOMER_TIER_INPUT_H
#define CUSTOMER_TIER_INPUT_H

#include "base/compat.h"

extern double *ct_get_numbers(FunctionCallInfo fcinfo, int arg, const char *name, int *n);
extern double *ct_get_positive(FunctionCallInfo fcinfo, int arg, const char *name, int *n);
extern int *ct_get_integers(FunctionCallInfo fcinfo, int arg, const char *name, int *n);
extern char **ct_get_texts(FunctionCallInfo fcinfo, int arg, const char *name, int *n);
extern char **ct_get_colours(FunctionCallInfo fcinfo, int arg, int n);
extern void ct_check_lengths(int n, int expected, const char *name, const char *of);
extern void ct_check_classes(int n, int most, const char *what);
extern int	ct_find_text(char **texts, int n, const char *text);

#endif							/* CUSTOMER_TIER_INPUT_H */
