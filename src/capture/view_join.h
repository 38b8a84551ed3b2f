/*
 * view_join.h
 *		The tables that a view joins, the equalities that link them, and its conditions.
 */
#ifndef CUSTOMER_TIER_VIEW_JOIN_H
#define CUSTOMER_TIER_VIEW_JOIN_H

#include "nodes/parsenodes.h"

/* one equality of two columns */
typedef struct Link
{
	Var		   *left;
	Var		   *right;
	Oid			operator;
} Link;

/* a table of the view, and its link to its parent */
typedef struct Table
{
	int			varno;
	Oid			relid;
	bool		nullable;		/* an outer join may replace its rows by nulls */
	bool		tied;
	int			parent;			/* index of the table it is linked to; -1 for the table with the customer */
	AttrNumber	key;			/* its column of the link */
	AttrNumber	parent_key;
	Oid			operator;		/* parent's column OPERATOR own column */
} Table;

typedef struct Tables
{
	Query	   *query;
	List	   *tables;
	List	   *links;
	List	   *quals;			/* conditions of joins and WHERE, implicitly ANDed */
	bool		good;
	bool		inner;			/* only inner joins, and no ONLY */
} Tables;

extern Query *ct_view_query(Oid viewoid);
extern void ct_join_tables(Tables *t);
extern int	ct_table_at(Tables *t, int varno);
extern bool ct_add_varnos(Node *node, void *context);
extern Var *ct_column_of(Node *node);
extern char *ct_operator_text(Oid operator);
extern Datum ct_column_name(Oid relid, AttrNumber column);

#endif							/* CUSTOMER_TIER_VIEW_JOIN_H */
