/*
 * balance.h
 *		Weights shared out to owners of different capacities.
 */
#ifndef CUSTOMER_TIER_BALANCE_H
#define CUSTOMER_TIER_BALANCE_H

#include "operations/pool.h"

#include "utils/array.h"

extern Load *ct_get_capacities(ArrayType *array, int *n);
extern double ct_check_weight(double weight);
extern void ct_check_weights(double load, double capacity);

#endif							/* CUSTOMER_TIER_BALANCE_H */
