/*
 * first_refresh.h
 *		The first refresh of a scheme, written as COPY does.
 */
#ifndef CUSTOMER_TIER_FIRST_REFRESH_H
#define CUSTOMER_TIER_FIRST_REFRESH_H

#include "grading/grading.h"

extern void ct_write_all(Grading *g, Oid state, Oid history, int version);

#endif							/* CUSTOMER_TIER_FIRST_REFRESH_H */
