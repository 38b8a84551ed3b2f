/*
 * module.c
 *		The shared library's own business.
 */
#include "compat.h"

PG_MODULE_MAGIC;
