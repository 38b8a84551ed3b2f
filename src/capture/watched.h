/*
 * watched.h
 *		The state of a watched materialized view, and what it names.
 */
#ifndef CUSTOMER_TIER_WATCHED_H
#define CUSTOMER_TIER_WATCHED_H

#include "base/compat.h"

#include "utils/rel.h"

typedef struct Watched
{
	Oid			state;
	Oid			owner;
	Oid			matview;		/* of any owner; InvalidOid if it is gone */
	Oid			marks;			/* of the same owner; InvalidOid if there are none */
	Oid			others_marks;	/* of another owner; InvalidOid if there are none */
	List	   *reads;			/* of any owner */
} Watched;

extern bool ct_read_watched(Oid state, bool wait, Watched *w, Relation *rel);
extern bool ct_has_marks_columns(Relation rel);

#endif							/* CUSTOMER_TIER_WATCHED_H */
