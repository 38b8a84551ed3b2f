/*
 * table_writer.c
 *		Writes rows of a plain table, with its indexes, constraints and triggers.
 *
 * Uses the executor without a plan, as logical replication applies rows.  Statement
 * triggers fire as for one statement that inserts, updates and deletes.
 */
#include "capture/table_writer.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "utils/snapmgr.h"

/*
 * ct_writer_begin
 *		Begins to write to "rel", which is open with RowExclusiveLock at least.
 *
 * Needs an active snapshot, which decides which rows can be updated.
 */
void
ct_writer_begin(TableWriter *w, Relation rel)
{
	TriggerDesc *triggers;

	w->rel = rel;
	w->estate = CreateExecutorState();
	w->estate->es_snapshot = GetActiveSnapshot();
	w->estate->es_output_cid = GetCurrentCommandId(true);
	w->result = ct_result_relation(w->estate, rel);
	ct_epq_init(&w->epq, w->estate);
	ExecOpenIndices(w->result, false);
	w->slot = table_slot_create(rel, NULL);
	triggers = w->result->ri_TrigDesc;
	AfterTriggerBeginQuery();
	if (triggers == NULL)
		return;
	if (triggers->trig_insert_new_table || triggers->trig_update_old_table ||
		triggers->trig_update_new_table || triggers->trig_delete_old_table)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("table \"%s\" has a trigger with transition tables", RelationGetRelationName(rel)),
				 errhint("Make it a trigger for each row, or one without transition tables.")));
	ExecBSInsertTriggers(w->estate, w->result);
	ExecBSUpdateTriggers(w->estate, w->result);
	ExecBSDeleteTriggers(w->estate, w->result);
}

/*
 * ct_writer_insert
 *		Inserts the row that the caller has stored in the writer's slot.
 */
void
ct_writer_insert(TableWriter *w)
{
	ct_simple_insert(w->result, w->estate, w->slot);
	ResetPerTupleExprContext(w->estate);
}

/*
 * ct_writer_update
 *		Replaces the row "old" by the one in the writer's slot.
 */
void
ct_writer_update(TableWriter *w, TupleTableSlot *old)
{
	ct_simple_update(w->result, w->estate, &w->epq, old, w->slot);
	ResetPerTupleExprContext(w->estate);
}

/*
 * ct_writer_delete
 *		Deletes the row "old".
 */
void
ct_writer_delete(TableWriter *w, TupleTableSlot *old)
{
	ct_simple_delete(w->result, w->estate, &w->epq, old);
	ResetPerTupleExprContext(w->estate);
}

/*
 * ct_writer_end
 *		Fires the pending triggers and frees the writer; the relation stays open.
 */
void
ct_writer_end(TableWriter *w)
{
	if (w->result->ri_TrigDesc != NULL)
	{
		ExecASDeleteTriggers(w->estate, w->result, NULL);
		ExecASUpdateTriggers(w->estate, w->result, NULL);
		ExecASInsertTriggers(w->estate, w->result, NULL);
	}
	AfterTriggerEndQuery(w->estate);
	ct_close_trigger_relations(w->estate);
	EvalPlanQualEnd(&w->epq);
	ExecCloseIndices(w->result);
	ExecDropSingleTupleTableSlot(w->slot);
	ExecResetTupleTable(w->estate->es_tupleTable, false);
	FreeExecutorState(w->estate);
}
