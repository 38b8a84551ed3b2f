-- Queries that users pass.

CREATE FUNCTION customer_tier_internal.read_query(function text, columns text, query text, names text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_read_query'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION customer_tier_internal.read_query(text, text, text, text) IS
  'support of funnel and referred_share: columns of a query of the user, called q, whose columns get names';
