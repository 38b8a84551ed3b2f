/*
 * module.c
 *		The shared library's own business.
 */
#include "base/compat.h"

PG_MODULE_MAGIC;
