/*
 * compat.h
 *		What differs between PostgreSQL 13 and 18, in one place.
 */
#ifndef CUSTOMER_TIER_COMPAT_H
#define CUSTOMER_TIER_COMPAT_H

#include "postgres.h"

#include "executor/executor.h"
#include "executor/nodeHash.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/tcopprot.h"

#if PG_VERSION_NUM < 130000
#error "customer_tier needs PostgreSQL 13 or newer"
#endif

#ifndef HAVE_INT128
#error "customer_tier needs a compiler with 128-bit integers"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 15: the query string loses its own parameter types' variant name */
#if PG_VERSION_NUM < 150000
#define pg_analyze_and_rewrite_fixedparams(raw, sql, types, n, env) \
	pg_analyze_and_rewrite((raw), (sql), (types), (n), (env))
#endif

/* 15: what a hash table may take, in bytes; before that in kilobytes */
#if PG_VERSION_NUM < 150000
#define hash_memory()	((Size) get_hash_mem() * 1024)
#else
#define hash_memory()	get_hash_memory_limit()
#endif

/* 18: execute_once is gone */
#if PG_VERSION_NUM >= 180000
#define ExecutorRunOnce(qd)		ExecutorRun((qd), ForwardScanDirection, 0)
#else
#define ExecutorRunOnce(qd)		ExecutorRun((qd), ForwardScanDirection, 0, true)
#endif

/* 15: one call sets up a materialised set-returning function */
#if PG_VERSION_NUM < 150000
#define MAT_SRF_USE_EXPECTED_DESC 0x01
extern void customer_tier_init_materialized_srf(FunctionCallInfo fcinfo, bits32 flags);
#define InitMaterializedSRF(fcinfo, flags) \
	customer_tier_init_materialized_srf((fcinfo), (flags))
#endif

#endif							/* CUSTOMER_TIER_COMPAT_H */
