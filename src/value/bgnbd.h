/*
 * bgnbd.h
 *		The models BG/NBD and MBG/NBD.
 */
#ifndef CUSTOMER_TIER_BGNBD_H
#define CUSTOMER_TIER_BGNBD_H

#include "value/btyd.h"

extern const Model ct_bgnbd;
extern const Model ct_mbgnbd;

extern double *ct_more_than(const Customers *c);
extern double ct_negative_binomial(double shape, double w, double n);

#endif							/* CUSTOMER_TIER_BGNBD_H */
