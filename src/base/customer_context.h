/*
 * customer_context.h
 *		Whose ledger an error is about.
 */
#ifndef CUSTOMER_TIER_CUSTOMER_CONTEXT_H
#define CUSTOMER_TIER_CUSTOMER_CONTEXT_H

#include "base/customer.h"

/* while it is pushed, errors name the customer */
typedef struct CustomerContext
{
	ErrorContextCallback callback;
	Oid			output;			/* InvalidOid: the type's function is not the server's, and is not called */
	Datum		customer;
} CustomerContext;

extern void ct_push_customer(CustomerContext *c, const CustomerType *type);
extern void ct_pop_customer(const CustomerContext *c);

#endif							/* CUSTOMER_TIER_CUSTOMER_CONTEXT_H */
