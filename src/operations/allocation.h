/*
 * allocation.h
 *		Customers shared out to owners, who are numbers from 0.
 */
#ifndef CUSTOMER_TIER_ALLOCATION_H
#define CUSTOMER_TIER_ALLOCATION_H

#include "operations/placement.h"

extern Placement *ct_allocate(const Allocation *a);
extern Reason ct_allocation_reason(const Allocation *a, const Placement *p, int64 customer);

#endif							/* CUSTOMER_TIER_ALLOCATION_H */
