/*
 * error_context.h
 *		Errors without the SQL that the extension is made of.
 */
#ifndef CUSTOMER_TIER_ERROR_CONTEXT_H
#define CUSTOMER_TIER_ERROR_CONTEXT_H

extern void ct_install_error_context(void);

#endif							/* CUSTOMER_TIER_ERROR_CONTEXT_H */
