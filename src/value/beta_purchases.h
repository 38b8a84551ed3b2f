/*
 * beta_purchases.h
 *		Expected purchases of a customer who may drop out after each purchase.
 */
#ifndef CUSTOMER_TIER_BETA_PURCHASES_H
#define CUSTOMER_TIER_BETA_PURCHASES_H

extern double ct_beta_purchases(double s, double a, double b, double w);

#endif							/* CUSTOMER_TIER_BETA_PURCHASES_H */
