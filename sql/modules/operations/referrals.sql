-- Word of mouth: who brought whom.

CREATE FUNCTION referrals(query text, INOUT customer anyelement, OUT referrer anyelement, OUT root anyelement,
  OUT depth integer, OUT direct bigint, OUT descendants bigint, OUT brought numeric) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_referrals'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 100000;
COMMENT ON FUNCTION referrals(text, anyelement) IS
  'who brought whom: a row for each customer of a query of customer, referrer [, value], and for each referrer who '
  'is not in it; "brought" is the value of all descendants; customers are of the type of "customer"';

CREATE FUNCTION referrals(query text, OUT customer text, OUT referrer text, OUT root text, OUT depth integer,
  OUT direct bigint, OUT descendants bigint, OUT brought numeric) RETURNS SETOF record
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 100000 ROWS 100000
AS $$ SELECT * FROM customer_tier.referrals($1, NULL::pg_catalog.text) $$;
COMMENT ON FUNCTION referrals(text) IS
  'who brought whom: a row for each customer of a query of customer, referrer [, value], and for each referrer who '
  'is not in it; "brought" is the value of all descendants';
