/*
 * module.c
 *		The magic block, by which the server recognises a compatible library.
 */
#include "base/compat.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "customer_tier", .version = CUSTOMER_TIER_VERSION);
#else
PG_MODULE_MAGIC;
#endif
