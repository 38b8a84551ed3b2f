/*
 * customer_context.c
 *		Adds the customer to the context of errors about its ledger.
 *
 * A sum that is out of range stops a refresh until the sales are corrected, so the
 * error must tell whose sales they are.
 */
#include "base/customer_context.h"

#include "access/transam.h"
#include "utils/lsyscache.h"

static void
name_customer(void *arg)
{
	const CustomerContext *c = arg;

	if (OidIsValid(c->output))
		errcontext("ledger of customer %s", OidOutputFunctionCall(c->output, c->customer));
}

/*
 * ct_push_customer
 *		Makes errors name c->customer, which the caller sets, until ct_pop_customer.
 *
 * "c" must live until then.
 */
void
ct_push_customer(CustomerContext *c, const CustomerType *type)
{
	bool		varlena;

	getTypeOutputInfo(type->type, &c->output, &varlena);
	/* an output function of a user could fail */
	if (c->output >= FirstNormalObjectId)
		c->output = InvalidOid;
	c->callback.callback = name_customer;
	c->callback.arg = c;
	c->callback.previous = error_context_stack;
	error_context_stack = &c->callback;
}

/*
 * ct_pop_customer
 *		Ends what ct_push_customer began.
 */
void
ct_pop_customer(const CustomerContext *c)
{
	error_context_stack = c->callback.previous;
}
