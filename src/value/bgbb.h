/*
 * bgbb.h
 *		The BG/BB model.
 */
#ifndef CUSTOMER_TIER_BGBB_H
#define CUSTOMER_TIER_BGBB_H

#include "value/btyd.h"

extern const Model ct_bgbb;

#endif							/* CUSTOMER_TIER_BGBB_H */
