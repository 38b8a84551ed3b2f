/*
 * module.c
 *		The magic block, by which the server recognises a compatible library, and its initialisation.
 */
#include "base/compat.h"

#include "base/error_context.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(
					.name = "customer_tier",
					.version = CUSTOMER_TIER_VERSION
);
#else
PG_MODULE_MAGIC;
#endif

void		_PG_init(void);

void
_PG_init(void)
{
	ct_install_error_context();
}
