/*
 * order_tag.h
 *		What stands for an order in a ledger: 64 bits made of its key.
 *
 * The tag of an integer is the integer itself.  That of a text is a hash of its bytes in
 * UTF-8, and that of a uuid one of its sixteen bytes.  It is the same on every platform, in
 * every encoding and version, for a line is taken back from a ledger by the tag that it was
 * added with, also after a dump.
 */
#ifndef CUSTOMER_TIER_ORDER_TAG_H
#define CUSTOMER_TIER_ORDER_TAG_H

#include "base/compat.h"

extern void ct_check_order_type(Oid type);
extern int64 ct_order_tag(Oid type, Datum key);

#endif							/* CUSTOMER_TIER_ORDER_TAG_H */
