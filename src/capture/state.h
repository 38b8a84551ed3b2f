/*
 * state.h
 *		States: tables that name the parts of a source, a scheme or a watched view.
 */
#ifndef CUSTOMER_TIER_STATE_H
#define CUSTOMER_TIER_STATE_H

#include "base/compat.h"

#include "access/tableam.h"
#include "utils/rel.h"

typedef struct StateColumn
{
	const char *name;
	Oid			type;			/* InvalidOid: the type of this extension with the same name, such as the marker */
} StateColumn;

/* the columns of a kind of state; the first has the name of the marker domain */
typedef struct StateKind
{
	const StateColumn *column;
	int			columns;
} StateKind;

extern Node *ct_read_node(const char *nodes);
extern List *ct_relations_of(Node *expr);
extern List *ct_states(const StateKind *kind);
extern bool ct_state_open(const StateKind *kind, Oid state, bool wait, Relation *rel);
extern List *ct_state_names(Relation rel, int column, Oid owner);
extern void ct_state_row(const StateKind *kind, Relation rel, int first, bool all, Datum *values, bool *nulls);
extern TableScanDesc ct_scan_bounded(Relation rel);
extern Relation ct_open_relation(Oid relid, LOCKMODE lock);
extern bool ct_may_read(Oid relid, AttrNumber column);
extern Oid	ct_owner_of(Oid relid);
extern Datum ct_regclass_array(const List *oids);

#endif							/* CUSTOMER_TIER_STATE_H */
