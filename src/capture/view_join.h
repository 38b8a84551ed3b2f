/*
 * view_join.h
 *		The tables that a view joins, the equalities that tie them, and what it asks of them.
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

/* a table of the view, and how it is tied */
typedef struct Table
{
	int			varno;
	Oid			relid;
	bool		nullable;		/* an outer join may put nulls for its rows */
	bool		tied;
	int			parent;			/* of the list; -1 for the one with the customer */
	AttrNumber	key;			/* the column that ties it */
	AttrNumber	parent_key;
	Oid			operator;		/* parent's column, then its own */
} Table;

typedef struct Tables
{
	Query	   *query;
	List	   *tables;
	List	   *links;
	List	   *quals;			/* those of the joins and of WHERE, implicitly ANDed */
	bool		good;
	bool		inner;			/* nothing but inner joins of whole tables */
} Tables;

extern Query *ct_view_query(Oid viewoid);
extern void ct_join_tables(Tables *t);
extern int	ct_table_at(Tables *t, int varno);
extern bool ct_add_varnos(Node *node, void *context);
extern Var *ct_column_of(Node *node);
extern char *ct_operator_text(Oid operator);
extern Datum ct_column_name(Oid relid, AttrNumber column);

#endif							/* CUSTOMER_TIER_VIEW_JOIN_H */
