-- Customers shared out fairly.

CREATE FUNCTION balance(weight double precision, capacities double precision[]) RETURNS integer
AS 'MODULE_PATHNAME', 'ct_balance'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION balance(double precision, double precision[]) IS
  'window function: the number of the owner whom a row goes to, so that the sums of weights are fair to the '
  'capacities; equal weights go in the order of the window';
