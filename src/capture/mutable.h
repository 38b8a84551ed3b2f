/*
 * mutable.h
 *		What makes an expression depend on more than its row, in words.
 */
#ifndef CUSTOMER_TIER_MUTABLE_H
#define CUSTOMER_TIER_MUTABLE_H

#include "base/compat.h"

#include "nodes/nodes.h"

extern char *ct_mutable_part(Node *expr, bool stable_will_do);
extern const char *ct_mutable_remedy(Node *expr, bool of_sales);

#endif							/* CUSTOMER_TIER_MUTABLE_H */
