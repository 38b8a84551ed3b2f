/*
 * declarations.c
 *		The tables that declare schemes and kept models, and finding them.
 *
 * See state.c.  The column defaults of a scheme's declaration name its parts, and its row has
 * the rule in force.  The row of a model has its parameters.
 */
#include "base/compat.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "capture/state.h"

PG_FUNCTION_INFO_V1(ct_find_schemes);
PG_FUNCTION_INFO_V1(ct_find_models);

static const StateColumn scheme_column[] = {
	{"is_scheme", InvalidOid},
	{"ledger", REGCLASSOID},
	{"attributes", REGCLASSOID},
	{"input", REGCLASSOID},
	{"measures", REGCLASSOID},
	{"scores", REGCLASSOID},
	{"rating", REGCLASSOID},
	{"state", REGCLASSOID},
	{"history", REGCLASSOID},
	{"thresholds", REGCLASSOID},
	{"refreshes", REGCLASSOID},
	{"tier_table", REGCLASSOID},
	{"pins", REGCLASSOID},
	{"releases", REGCLASSOID},
	{"trend", REGCLASSOID},
	{"moves", REGCLASSOID},
	{"rules", REGCLASSOID},
	{"current_view", REGCLASSOID},
	{"scheme", REGCLASSOID},
	{"history_view", REGCLASSOID},
	{"summary_view", REGCLASSOID},
	{"migration_view", REGCLASSOID},
	{"trend_view", REGCLASSOID},
	{"progress_view", REGCLASSOID},
	{"thresholds_view", REGCLASSOID},
	{"spread_view", REGCLASSOID},
	{"cells_view", REGCLASSOID},
	{"sources", REGCLASSARRAYOID},
	{"preset", TEXTOID},
	{"as_of", DATEOID},
	{"version", INT4OID},
	{"axes", JSONBOID},
	{"sizes", INT4ARRAYOID},
	{"map", INT4ARRAYOID},
	{"tiers", TEXTARRAYOID},
	{"matrix", TEXTARRAYOID},
	{"unrated", TEXTOID},
	{"calibrate", TEXTOID},
	{"downgrade", TEXTOID},
	{"hold", INTERVALOID},
	{"keep", FLOAT8OID},
	{"returns", NUMERICOID},
	{"review", TEXTARRAYOID},
	{"calibrated", INT4OID},
	{"measured", INT4OID},
	{"note", TEXTOID},
	{"author", TEXTOID},
	{"made_at", TIMESTAMPTZOID}
};

static const StateColumn model_column[] = {
	{"is_model", InvalidOid},
	{"ledger", REGCLASSOID},
	{"as_of", DATEOID},
	{"unit_days", FLOAT8OID},
	{"kind", TEXTOID},
	{"bgnbd_model", InvalidOid},
	{"mbgnbd_model", InvalidOid},
	{"pareto_nbd_model", InvalidOid},
	{"gamma_gamma_model", InvalidOid}
};

static const StateKind scheme_kind = {scheme_column, lengthof(scheme_column)};
static const StateKind model_kind = {model_column, lengthof(model_column)};

#define MAX_COLUMNS		lengthof(scheme_column)

static bool
may_read_view(Oid relid)
{
	return get_rel_relkind(relid) == RELKIND_VIEW &&
		pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/*
 * Returns the declarations of a kind: the table, its owner, and its columns.  Those of one owner,
 * waiting for locks; or those of all owners except locked ones.  A role that may read a view of the
 * scheme sees all columns of its row; other roles see the columns that they may read.
 */
static Datum
find(FunctionCallInfo fcinfo, const StateKind *kind)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			whose = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, ct_states(kind))
	{
		Relation	rel;
		Datum		values[MAX_COLUMNS + 1] = {0};
		bool		nulls[MAX_COLUMNS + 1];
		bool		is_reader = false;
		int			i;

		CHECK_FOR_INTERRUPTS();
		if (OidIsValid(whose) && ct_owner_of(lfirst_oid(lc)) != whose)
			continue;
		if (!ct_state_open(kind, lfirst_oid(lc), OidIsValid(whose), &rel))
			continue;
		memset(nulls, true, sizeof(nulls));
		values[0] = ObjectIdGetDatum(RelationGetRelid(rel));
		values[1] = ObjectIdGetDatum(rel->rd_rel->relowner);
		nulls[0] = nulls[1] = false;
		for (i = 1; kind->column[i].type == REGCLASSOID; i++)
		{
			List	   *named = ct_state_names(rel, i, rel->rd_rel->relowner);

			nulls[i + 1] = named == NIL;
			if (named == NIL)
				continue;
			values[i + 1] = ObjectIdGetDatum(linitial_oid(named));
			is_reader = is_reader || may_read_view(linitial_oid(named));
		}
		/* the ledgers of other sources; their positions are wrong if one of them is missing */
		if (kind->column[i].type == REGCLASSARRAYOID)
		{
			List	   *all = ct_state_names(rel, i, InvalidOid);
			List	   *named = ct_state_names(rel, i, rel->rd_rel->relowner);

			values[i + 1] = ct_regclass_array(named);
			nulls[i + 1] = list_length(named) != list_length(all);
			i++;
		}
		if (is_reader || ct_may_read(RelationGetRelid(rel), 1))
		{
			ct_state_row(kind, rel, i, is_reader, &values[i + 1], &nulls[i + 1]);
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		}
		relation_close(rel, AccessShareLock);
	}
	return (Datum) 0;
}

/* find_schemes(whose) */
Datum
ct_find_schemes(PG_FUNCTION_ARGS)
{
	return find(fcinfo, &scheme_kind);
}

/* find_models(whose) */
Datum
ct_find_models(PG_FUNCTION_ARGS)
{
	return find(fcinfo, &model_kind);
}
