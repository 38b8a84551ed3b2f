/*
 * customer_context.h
 *		Adds the customer to the context of errors about its ledger.
 */
#ifndef CUSTOMER_TIER_CUSTOMER_CONTEXT_H
#define CUSTOMER_TIER_CUSTOMER_CONTEXT_H

#include "base/customer.h"

/* while this is pushed, errors name the customer */
typedef struct CustomerContext
{
	ErrorContextCallback callback;
	Oid			output;			/* the type's output function; InvalidOid if it is not the server's */
	Datum		customer;
} CustomerContext;

extern void ct_push_customer(CustomerContext *c, const CustomerType *type);
extern void ct_pop_customer(const CustomerContext *c);

#endif							/* CUSTOMER_TIER_CUSTOMER_CONTEXT_H */
