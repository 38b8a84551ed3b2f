/*
 * beta_purchases.h
 *		The purchases to come of who drops out after a purchase, by an integral.
 */
#ifndef CUSTOMER_TIER_BETA_PURCHASES_H
#define CUSTOMER_TIER_BETA_PURCHASES_H


extern double ct_beta_purchases(double s, double a, double b, double w);

#endif							/* CUSTOMER_TIER_BETA_PURCHASES_H */
