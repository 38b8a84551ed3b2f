-- Points that expire, invoices that are paid: first in, first out.

CREATE FUNCTION points_balance(ledger, as_of date, valid interval) RETURNS numeric
AS 'MODULE_PATHNAME', 'ct_points_balance'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION points_balance(ledger, date, interval) IS
  'points at the close of a day: what was redeemed took the oldest that were valid, what nobody took has expired '
  '"valid" after its day; below zero if more was redeemed than there was';

CREATE FUNCTION points_expiring(ledger, as_of date, within interval, valid interval) RETURNS numeric
AS 'MODULE_PATHNAME', 'ct_points_expiring'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION points_expiring(ledger, date, interval, interval) IS
  'of the points at the close of a day, those that are no longer valid on as_of + within';

CREATE FUNCTION open_since(ledger, as_of date) RETURNS date
AS 'MODULE_PATHNAME', 'ct_open_since'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION open_since(ledger, date) IS
  'of a ledger of sales less payments: the day of the oldest sale that is not paid in full; null if all are';

CREATE FUNCTION overdue(ledger, as_of date, term interval) RETURNS numeric
AS 'MODULE_PATHNAME', 'ct_overdue'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION overdue(ledger, date, interval) IS
  'of a ledger of sales less payments: what is not paid at the close of a day, though its term has ended before it';
