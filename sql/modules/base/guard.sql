-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION customer_tier" to load this file. \quit

-- Both schemas are members of the extension: they are not dumped, and are dropped with it.  They
-- belong to a superuser, so that other users cannot create objects in them.
CREATE SCHEMA customer_tier;
COMMENT ON SCHEMA customer_tier IS 'customer tiers from tables of sales: functions and types for users';
GRANT USAGE ON SCHEMA customer_tier TO PUBLIC;
CREATE SCHEMA customer_tier_internal;
COMMENT ON SCHEMA customer_tier_internal IS 'support functions of customer_tier, not to be called by users';
GRANT USAGE ON SCHEMA customer_tier_internal TO PUBLIC;
SET LOCAL search_path = customer_tier, pg_temp;

