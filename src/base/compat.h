/*
 * compat.h
 *		Differences between PostgreSQL 13 and 18.
 *
 * No other file tests PG_VERSION_NUM.  The number before a comment is the major
 * version that made the change.
 */
#ifndef CUSTOMER_TIER_COMPAT_H
#define CUSTOMER_TIER_COMPAT_H

#include "postgres.h"

#include "executor/executor.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_relation.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#if PG_VERSION_NUM < 130000
#error "customer_tier needs PostgreSQL 13 or newer"
#endif

#ifndef HAVE_INT128
#error "customer_tier needs a compiler with 128-bit integers"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#else
/* 16: one ownership check for all kinds of objects */
#define object_ownercheck(class, oid, role)	pg_class_ownercheck((oid), (role))
#endif

/* 15: pg_analyze_and_rewrite is renamed */
#if PG_VERSION_NUM < 150000
#define pg_analyze_and_rewrite_fixedparams(raw, sql, types, n, env) \
	pg_analyze_and_rewrite((raw), (sql), (types), (n), (env))
#endif

/* 18: execute_once is gone */
#if PG_VERSION_NUM >= 180000
#define ExecutorRunOnce(qd)		ExecutorRun((qd), ForwardScanDirection, 0)
#else
#define ExecutorRunOnce(qd)		ExecutorRun((qd), ForwardScanDirection, 0, true)
#endif

/* 18: pg_noreturn replaces pg_attribute_noreturn(), and stands before the declaration */
#ifndef pg_noreturn
#define pg_noreturn _Noreturn
#endif

/* 15: one call sets up a materialised set-returning function */
#if PG_VERSION_NUM < 150000
#define MAT_SRF_USE_EXPECTED_DESC	0x01

static inline void
InitMaterializedSRF(FunctionCallInfo fcinfo, bits32 flags)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext old;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
		!(rsinfo->allowedModes & SFRM_Materialize) || rsinfo->expectedDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	rsinfo->returnMode = SFRM_Materialize;
	rsinfo->setDesc = CreateTupleDescCopy(rsinfo->expectedDesc);
	rsinfo->setResult = tuplestore_begin_heap((rsinfo->allowedModes & SFRM_Materialize_Random) != 0,
											  false, work_mem);
	MemoryContextSwitchTo(old);
}
#endif

/* SPI cannot run some commands, such as COMMIT and COPY TO STDOUT. */
static inline void
spi_must_run(int result, const char *command)
{
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("this command cannot be run inside a function: %s", command),
				 errdetail_internal("%s", SPI_result_code_string(result))));
}

/* 14: SPI can send the rows of a command to a receiver, without a copy of its own */
static inline void
spi_execute_into(const char *command, ReturnSetInfo *rsinfo)
{
#if PG_VERSION_NUM >= 140000
	SPIExecuteOptions options = {0};

	options.dest = CreateDestReceiver(DestTuplestore);
	SetTuplestoreDestReceiverParams(options.dest, rsinfo->setResult,
									rsinfo->econtext->ecxt_per_query_memory, false, rsinfo->setDesc,
									"the column list of as_owner does not match its command");
	spi_must_run(SPI_execute_extended(command, &options), command);
#else
	spi_must_run(SPI_execute(command, false, 0), command);
	if (SPI_tuptable == NULL)
		return;
	for (int i = 0; i < Max(SPI_tuptable->tupdesc->natts, rsinfo->setDesc->natts); i++)
		if (i >= SPI_tuptable->tupdesc->natts || i >= rsinfo->setDesc->natts ||
			TupleDescAttr(SPI_tuptable->tupdesc, i)->atttypid != TupleDescAttr(rsinfo->setDesc, i)->atttypid)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("the column list of as_owner does not match its command")));
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(rsinfo->setResult, SPI_tuptable->vals[i]);
#endif
}

/*
 * ct_result_relation
 *		Prepares "rel" for the Exec functions that write rows without a plan.
 *
 * 14 and 16 changed where the executor keeps the relation and its permissions.
 */
static inline ResultRelInfo *
ct_result_relation(EState *estate, Relation rel)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	ResultRelInfo *result = makeNode(ResultRelInfo);
#if PG_VERSION_NUM >= 160000
	List	   *permissions = NIL;
#endif

	rte->rtekind = RTE_RELATION;
	rte->relid = RelationGetRelid(rel);
	rte->relkind = rel->rd_rel->relkind;
	rte->rellockmode = AccessShareLock;
#if PG_VERSION_NUM >= 180000
	addRTEPermissionInfo(&permissions, rte);
	ExecInitRangeTable(estate, list_make1(rte), permissions, bms_make_singleton(1));
#elif PG_VERSION_NUM >= 160000
	addRTEPermissionInfo(&permissions, rte);
	ExecInitRangeTable(estate, list_make1(rte), permissions);
#else
	ExecInitRangeTable(estate, list_make1(rte));
#endif
	InitResultRelInfo(result, rel, 1, NULL, 0);
#if PG_VERSION_NUM < 140000
	estate->es_result_relations = result;
	estate->es_num_result_relations = 1;
	estate->es_result_relation_info = result;
#endif
	return result;
}

#if PG_VERSION_NUM >= 160000
#define ct_epq_init(epq, estate)	EvalPlanQualInit((epq), (estate), NULL, NIL, -1, NIL)
#else
#define ct_epq_init(epq, estate)	EvalPlanQualInit((epq), (estate), NULL, NIL, -1)
#endif

#if PG_VERSION_NUM >= 140000
#define ct_simple_insert(result, estate, slot)	ExecSimpleRelationInsert((result), (estate), (slot))
#define ct_simple_update(result, estate, epq, old, slot) \
	ExecSimpleRelationUpdate((result), (estate), (epq), (old), (slot))
#define ct_simple_delete(result, estate, epq, old)	ExecSimpleRelationDelete((result), (estate), (epq), (old))
#define ct_close_trigger_relations(estate)	ExecCloseResultRelations(estate)
#else
#define ct_simple_insert(result, estate, slot)	ExecSimpleRelationInsert((estate), (slot))
#define ct_simple_update(result, estate, epq, old, slot) \
	ExecSimpleRelationUpdate((estate), (epq), (old), (slot))
#define ct_simple_delete(result, estate, epq, old)	ExecSimpleRelationDelete((estate), (epq), (old))
#define ct_close_trigger_relations(estate)	ExecCleanUpTriggerState(estate)
#endif

/* 18: a scan of an index can be instrumented */
#if PG_VERSION_NUM >= 180000
#define ct_index_beginscan(heap, index, snapshot, keys)	index_beginscan((heap), (index), (snapshot), NULL, (keys), 0)
#else
#define ct_index_beginscan(heap, index, snapshot, keys)	index_beginscan((heap), (index), (snapshot), (keys), 0)
#endif

/* 16: it has an argument for the planner's root, which may be NULL */
#if PG_VERSION_NUM >= 160000
#define ct_flatten_join_alias_vars(query, node)	flatten_join_alias_vars(NULL, (query), (Node *) (node))
#else
#define ct_flatten_join_alias_vars(query, node)	flatten_join_alias_vars((query), (Node *) (node))
#endif

/* 16: it has an argument for soft errors */
#if PG_VERSION_NUM >= 160000
#define ct_make_range(type, lower, upper)	make_range((type), (lower), (upper), false, NULL)
#else
#define ct_make_range(type, lower, upper)	make_range((type), (lower), (upper), false)
#endif

/* tells the processor that this address will be read soon */
#ifdef __GNUC__
#define ct_prefetch(p)	__builtin_prefetch(p)
#else
#define ct_prefetch(p)	((void) (p))
#endif

#endif							/* CUSTOMER_TIER_COMPAT_H */
