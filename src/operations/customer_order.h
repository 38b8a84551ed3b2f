/*
 * customer_order.h
 *		The order in which customers are placed.
 */
#ifndef CUSTOMER_TIER_CUSTOMER_ORDER_H
#define CUSTOMER_TIER_CUSTOMER_ORDER_H

#include "operations/turned.h"

extern void ct_find_order(Sharing *s);

#endif							/* CUSTOMER_TIER_CUSTOMER_ORDER_H */
