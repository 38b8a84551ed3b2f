/*
 * predict.h
 *		What models foretell of a customer, for whoever has the two.
 */
#ifndef CUSTOMER_TIER_PREDICT_H
#define CUSTOMER_TIER_PREDICT_H

#include "btyd.h"

/* 22003 for what does not fit a double */
extern double customer_tier_check_prediction(double value);
extern double customer_tier_check_horizon(double horizon);
extern double customer_tier_predict_p_alive(const Model *model, const double *param, const Customer *c);
extern double customer_tier_predict_purchases(const Model *model, const double *param, const Customer *c, double horizon);
extern double customer_tier_predict_clv(const Model *model, const double *param, const double *spend, const Customer *c, double m,
										double horizon, double rate, double margin);

#endif							/* CUSTOMER_TIER_PREDICT_H */
