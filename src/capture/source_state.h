/*
 * source_state.h
 *		The state of a source: a table that names its parts.
 */
#ifndef CUSTOMER_TIER_SOURCE_STATE_H
#define CUSTOMER_TIER_SOURCE_STATE_H

#include "base/compat.h"

#include "utils/date.h"
#include "utils/rel.h"

/* columns of the state: is_source marks it, the defaults of view to touches name the parts */
enum
{
	STATE_IS_SOURCE, STATE_VIEW, STATE_CAPTURE, STATE_LEDGER, STATE_QUEUE, STATE_LIVE, STATE_TOUCHES,
	STATE_CLOSED, STATE_MADE_VIEW, STATE_REFRESHED_AT, STATE_ERROR, STATE_FAILED_AT, STATE_COLUMNS
};

typedef struct SourceState
{
	Oid			state;
	Oid			owner;
	Oid			part[STATE_LIVE + 1];	/* by column; InvalidOid for those that are gone */
	List	   *touches;		/* of a join: a view and a queue for each table */
} SourceState;

extern DateADT ct_closed_until(Relation state);
extern bool ct_read_state(Oid state, bool wait, SourceState *s, Relation *rel);

#endif							/* CUSTOMER_TIER_SOURCE_STATE_H */
