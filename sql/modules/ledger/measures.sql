-- Measures: what a ledger says of its customer.  as_of is the close of that day.

CREATE FUNCTION total(ledger) RETURNS numeric
AS 'MODULE_PATHNAME', 'ct_total'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION total(ledger) IS 'sum of all amounts, returns included';

CREATE FUNCTION total(ledger, days daterange) RETURNS numeric
AS 'MODULE_PATHNAME', 'ct_total_window'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION total(ledger, daterange) IS 'sum of the amounts within the days';

CREATE FUNCTION orders(ledger) RETURNS bigint
AS 'MODULE_PATHNAME', 'ct_orders'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION orders(ledger) IS
  'number of purchases: orders whose lines sum above zero, and rows without an order with an amount above zero';

CREATE FUNCTION orders(ledger, days daterange) RETURNS bigint
AS 'MODULE_PATHNAME', 'ct_orders_window'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION orders(ledger, daterange) IS
  'number of purchases within the days; orders are those of the ledger up to the end of the days';

CREATE FUNCTION purchase_days(ledger) RETURNS bigint
AS 'MODULE_PATHNAME', 'ct_purchase_days'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION purchase_days(ledger) IS 'number of days with a purchase';

CREATE FUNCTION purchase_days(ledger, days daterange) RETURNS bigint
AS 'MODULE_PATHNAME', 'ct_purchase_days_window'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION purchase_days(ledger, daterange) IS 'number of days with a purchase within the days';

CREATE FUNCTION first_day(ledger) RETURNS date
AS 'MODULE_PATHNAME', 'ct_first_day'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION first_day(ledger) IS 'day of the first purchase; null if there is none';

CREATE FUNCTION last_day(ledger) RETURNS date
AS 'MODULE_PATHNAME', 'ct_last_day'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION last_day(ledger) IS 'day of the last purchase; null if there is none';

CREATE FUNCTION recency(ledger, as_of date) RETURNS integer
AS 'MODULE_PATHNAME', 'ct_recency'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION recency(ledger, date) IS 'days from the last purchase up to as_of; null if there is none';

CREATE FUNCTION tenure(ledger, as_of date) RETURNS integer
AS 'MODULE_PATHNAME', 'ct_tenure'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION tenure(ledger, date) IS 'days from the first purchase up to as_of; null if there is none';

CREATE FUNCTION average_order(ledger) RETURNS numeric
AS 'MODULE_PATHNAME', 'ct_average_order'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION average_order(ledger) IS 'total by order or other purchase; null without one';

CREATE FUNCTION mean_interval(ledger) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_mean_interval'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION mean_interval(ledger) IS 'mean days between purchase days; null with fewer than two';

CREATE FUNCTION monthly_average(ledger, as_of date, months integer) RETURNS numeric
AS 'MODULE_PATHNAME', 'ct_monthly_average'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 4;
COMMENT ON FUNCTION monthly_average(ledger, date, integer) IS 'total of the trailing months by month';

CREATE FUNCTION growth(ledger, as_of date, months integer) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_growth'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 6;
COMMENT ON FUNCTION growth(ledger, date, integer) IS
  'total of the trailing months against the months before, as a fraction; null if that was not above zero';

CREATE FUNCTION trend(ledger, as_of date, months integer) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_trend'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 6;
COMMENT ON FUNCTION trend(ledger, date, integer) IS
  'slope of the monthly totals over the trailing months, amount per month (least squares)';

CREATE FUNCTION status(ledger, as_of date) RETURNS text
AS 'MODULE_PATHNAME', 'ct_status'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 4;
COMMENT ON FUNCTION status(ledger, date) IS
  'prospect, new, active, loyal, silent or churned, by the customer''s own rhythm';

CREATE FUNCTION status(ledger, as_of date, new_days integer, loyal_days integer, silent_days integer,
  churned_days integer) RETURNS text
AS 'MODULE_PATHNAME', 'ct_status'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 4;
COMMENT ON FUNCTION status(ledger, date, integer, integer, integer, integer) IS
  'prospect, new, active, loyal, silent or churned, by fixed numbers of days';
