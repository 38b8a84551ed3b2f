-- The bulk way from sales to ledgers.

-- volatile and parallel unsafe: the query may be anything that reads
CREATE FUNCTION roll_up(query text, time_zone text DEFAULT NULL) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_roll_up'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 100000;
COMMENT ON FUNCTION roll_up(text, text) IS
  'every customer''s ledger from a query of customer, day, amount and, where the rows are lines of orders, order: '
  'FROM roll_up(query) AS (customer bigint, ledger ledger)';
