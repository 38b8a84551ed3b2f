/*
 * graded_relations.h
 *		What the statement of a refresh reads of a grading.
 */
#ifndef CUSTOMER_TIER_GRADED_RELATIONS_H
#define CUSTOMER_TIER_GRADED_RELATIONS_H

#include "grading/grading.h"

extern TupleDesc ct_graded_desc(Oid customer);
extern void ct_offer_relation(const char *name, TupleDesc desc, Tuplestorestate *store);
extern void ct_offer_relations(Grading *g);
extern void ct_withdraw_relations(Grading *g);

#endif							/* CUSTOMER_TIER_GRADED_RELATIONS_H */
