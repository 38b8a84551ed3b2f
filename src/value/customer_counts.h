/*
 * customer_counts.h
 *		The distinct customers of a fit, with their counts.
 *
 * The models know nothing of a customer but x, t_x and t, and many customers share
 * these.  The state of the fitting aggregates is an array of distinct customers.
 */
#ifndef CUSTOMER_TIER_CUSTOMER_COUNTS_H
#define CUSTOMER_TIER_CUSTOMER_COUNTS_H

#include "base/compat.h"

/* x, t_x or t is 0 if the model does not use it; the model of spending keeps m in t */
typedef struct CustomerCount
{
	double		x;
	double		t_x;
	double		t;
	double		n;
} CustomerCount;

/* the state of the fitting aggregates */
typedef struct Counts Counts;

/* the distinct customers, sorted by x, t_x, t, and totals */
typedef struct Customers
{
	const CustomerCount *group;
	int64		groups;
	double		n;				/* number of customers */
	double		repeaters;		/* number of those with x > 0 */
	double		mean_t;
	int64		most;			/* greatest x */
} Customers;

#define MOST_PURCHASES	1000000 /* of one customer, in a fit */

extern bool ct_get_customers(Counts *state, Customers *c);
extern bool ct_get_counted(const bytea *bytes, Customers *c);

/* Doubles of small integers differ in their upper bits only, so these are mixed into the lower ones. */
static inline uint64
ct_hash_doubles(double x, double y, double z)
{
	union
	{
		double		d[3];
		uint64		u[3];
	}			bits = {{x, y, z}};
	uint64		h = 0;

	for (int i = 0; i < 3; i++)
	{
		h ^= bits.u[i] ^ bits.u[i] >> 32;
		h *= UINT64CONST(0x9E3779B97F4A7C15);
		h ^= h >> 32;
	}
	h *= UINT64CONST(0xC2B2AE3D27D4EB4F);
	return h ^ h >> 29;
}

extern void ct_check_history(double x, double t_x, double t);
extern double ct_check_finite(double value, const char *what);

#endif							/* CUSTOMER_TIER_CUSTOMER_COUNTS_H */
