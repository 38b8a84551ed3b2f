/*
 * customer_counts.h
 *		Customers counted by what a value model knows of them.
 *
 * The typed state of the fitting aggregates is a flat bytea of different customers
 * and how many there are of each.
 */
#ifndef CUSTOMER_TIER_CUSTOMER_COUNTS_H
#define CUSTOMER_TIER_CUSTOMER_COUNTS_H

#include "base/compat.h"

/* what of x, t_x and t a model does not use is 0 */
typedef struct CustomerCount
{
	double		x;
	double		t_x;
	double		t;
	double		n;
} CustomerCount;

/* the same to work with, sorted by x, t_x, t */
typedef struct Customers
{
	CustomerCount *group;
	int64		groups;
	double		n;				/* customers */
	double		repeaters;		/* with x > 0 */
	double		mean_t;
	int64		most;			/* greatest x */
} Customers;

#define MOST_PURCHASES	1000000	/* of one customer, in a fit */

extern bool ct_get_customers(FunctionCallInfo fcinfo, int arg, Customers *c);

/* whole numbers have all that tells them apart in their upper bits: mix these down */
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

/* how a customer was told; an error if that cannot be */
extern void ct_check_history(double x, double t_x, double t);
extern double ct_check_finite(double value, const char *what);

#endif							/* CUSTOMER_TIER_CUSTOMER_COUNTS_H */
