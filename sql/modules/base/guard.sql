-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION customer_tier" to load this file. \quit

-- Both schemas are members of the extension and the superuser's: nobody else puts anything
-- into them, they are not dumped, and they leave with the extension.
CREATE SCHEMA customer_tier;
COMMENT ON SCHEMA customer_tier IS 'customer tiers from tables of sales: what users call';
GRANT USAGE ON SCHEMA customer_tier TO PUBLIC;
CREATE SCHEMA customer_tier_internal;
COMMENT ON SCHEMA customer_tier_internal IS 'support of customer_tier: what its own functions, views and triggers call';
GRANT USAGE ON SCHEMA customer_tier_internal TO PUBLIC;
SET LOCAL search_path = customer_tier, pg_temp;

