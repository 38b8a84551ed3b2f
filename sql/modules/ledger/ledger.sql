-- The ledger: what one customer bought, by day.

CREATE TYPE ledger;

CREATE FUNCTION customer_tier_internal.ledger_in(cstring) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_in'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_in(cstring) IS
  'text to ledger; entries in any order, those of one day or order are added up';

CREATE FUNCTION customer_tier_internal.ledger_out(ledger) RETURNS cstring
AS 'MODULE_PATHNAME', 'ct_ledger_out'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_out(ledger) IS 'ledger to text, exactly';

CREATE FUNCTION customer_tier_internal.ledger_recv(internal) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_recv'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_recv(internal) IS
  'binary to ledger; anything but the canonical bytes is refused';

CREATE FUNCTION customer_tier_internal.ledger_send(ledger) RETURNS bytea
AS 'MODULE_PATHNAME', 'ct_ledger_send'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_send(ledger) IS
  'ledger to binary: its canonical bytes, a version byte first';

-- out of line but never compressed: the first slice of a long ledger has its sums
CREATE TYPE ledger (
  INPUT = customer_tier_internal.ledger_in,
  OUTPUT = customer_tier_internal.ledger_out,
  RECEIVE = customer_tier_internal.ledger_recv,
  SEND = customer_tier_internal.ledger_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = int4,
  STORAGE = external
);
COMMENT ON TYPE ledger IS
  'what one customer bought, by day and order: purchases, other rows or lines, and the exact amount';

CREATE FUNCTION customer_tier_internal.ledger_add(ledger, ledger) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_add'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION customer_tier_internal.ledger_add(ledger, ledger) IS 'implementation of + operator';

CREATE FUNCTION customer_tier_internal.ledger_subtract(ledger, ledger) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_subtract'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION customer_tier_internal.ledger_subtract(ledger, ledger) IS 'implementation of - operator';

CREATE FUNCTION customer_tier_internal.ledger_negate(ledger) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_ledger_negate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION customer_tier_internal.ledger_negate(ledger) IS 'implementation of - operator';

CREATE FUNCTION customer_tier_internal.ledger_eq(ledger, ledger) RETURNS boolean
AS 'MODULE_PATHNAME', 'ct_ledger_eq'
LANGUAGE C STRICT IMMUTABLE LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_eq(ledger, ledger) IS 'implementation of = operator';

CREATE FUNCTION customer_tier_internal.ledger_ne(ledger, ledger) RETURNS boolean
AS 'MODULE_PATHNAME', 'ct_ledger_ne'
LANGUAGE C STRICT IMMUTABLE LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_ne(ledger, ledger) IS 'implementation of <> operator';

CREATE FUNCTION customer_tier_internal.ledger_lt(ledger, ledger) RETURNS boolean
AS 'MODULE_PATHNAME', 'ct_ledger_lt'
LANGUAGE C STRICT IMMUTABLE LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_lt(ledger, ledger) IS 'implementation of < operator';

CREATE FUNCTION customer_tier_internal.ledger_le(ledger, ledger) RETURNS boolean
AS 'MODULE_PATHNAME', 'ct_ledger_le'
LANGUAGE C STRICT IMMUTABLE LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_le(ledger, ledger) IS 'implementation of <= operator';

CREATE FUNCTION customer_tier_internal.ledger_ge(ledger, ledger) RETURNS boolean
AS 'MODULE_PATHNAME', 'ct_ledger_ge'
LANGUAGE C STRICT IMMUTABLE LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_ge(ledger, ledger) IS 'implementation of >= operator';

CREATE FUNCTION customer_tier_internal.ledger_gt(ledger, ledger) RETURNS boolean
AS 'MODULE_PATHNAME', 'ct_ledger_gt'
LANGUAGE C STRICT IMMUTABLE LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_gt(ledger, ledger) IS 'implementation of > operator';

CREATE FUNCTION customer_tier_internal.ledger_cmp(ledger, ledger) RETURNS integer
AS 'MODULE_PATHNAME', 'ct_ledger_cmp'
LANGUAGE C STRICT IMMUTABLE LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_cmp(ledger, ledger) IS 'less, equal or greater';

CREATE FUNCTION customer_tier_internal.ledger_hash(ledger) RETURNS integer
AS 'MODULE_PATHNAME', 'ct_ledger_hash'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_hash(ledger) IS 'hash';

CREATE FUNCTION customer_tier_internal.ledger_hash_extended(ledger, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'ct_ledger_hash_extended'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.ledger_hash_extended(ledger, bigint) IS 'hash';

CREATE OPERATOR + (LEFTARG = ledger, RIGHTARG = ledger, FUNCTION = customer_tier_internal.ledger_add, COMMUTATOR = +);
COMMENT ON OPERATOR + (ledger, ledger) IS 'both ledgers'' sales together';

CREATE OPERATOR - (LEFTARG = ledger, RIGHTARG = ledger, FUNCTION = customer_tier_internal.ledger_subtract);
COMMENT ON OPERATOR - (ledger, ledger) IS 'takes the right ledger''s sales out of the left one, exactly';

CREATE OPERATOR - (RIGHTARG = ledger, FUNCTION = customer_tier_internal.ledger_negate);
COMMENT ON OPERATOR - (NONE, ledger) IS 'the ledger that undoes this one';

CREATE OPERATOR = (
  LEFTARG = ledger, RIGHTARG = ledger, FUNCTION = customer_tier_internal.ledger_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR = (ledger, ledger) IS 'the same days, orders, counts and amounts';

CREATE OPERATOR <> (
  LEFTARG = ledger, RIGHTARG = ledger, FUNCTION = customer_tier_internal.ledger_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (ledger, ledger) IS 'any day, order, count or amount differs';

CREATE OPERATOR < (
  LEFTARG = ledger, RIGHTARG = ledger, FUNCTION = customer_tier_internal.ledger_lt,
  COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (ledger, ledger) IS 'less in total, or the same and before it by its bytes';

CREATE OPERATOR <= (
  LEFTARG = ledger, RIGHTARG = ledger, FUNCTION = customer_tier_internal.ledger_le,
  COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (ledger, ledger) IS 'less in total, or the same and not after it by its bytes';

CREATE OPERATOR >= (
  LEFTARG = ledger, RIGHTARG = ledger, FUNCTION = customer_tier_internal.ledger_ge,
  COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (ledger, ledger) IS 'more in total, or the same and not before it by its bytes';

CREATE OPERATOR > (
  LEFTARG = ledger, RIGHTARG = ledger, FUNCTION = customer_tier_internal.ledger_gt,
  COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (ledger, ledger) IS 'more in total, or the same and after it by its bytes';

-- tools order by all columns: by the total, and then by the bytes
CREATE OPERATOR CLASS ledger_ops DEFAULT FOR TYPE ledger USING btree AS
  OPERATOR 1 <,
  OPERATOR 2 <=,
  OPERATOR 3 =,
  OPERATOR 4 >=,
  OPERATOR 5 >,
  FUNCTION 1 customer_tier_internal.ledger_cmp(ledger, ledger);
COMMENT ON OPERATOR CLASS ledger_ops USING btree IS 'order of ledgers: by the total, and then by the bytes';

-- for DISTINCT, EXCEPT and hash joins
CREATE OPERATOR CLASS ledger_hash_ops DEFAULT FOR TYPE ledger USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 customer_tier_internal.ledger_hash(ledger),
  FUNCTION 2 customer_tier_internal.ledger_hash_extended(ledger, bigint);
COMMENT ON OPERATOR CLASS ledger_hash_ops USING hash IS 'equality of ledgers';

CREATE FUNCTION is_empty(ledger) RETURNS boolean
AS 'MODULE_PATHNAME', 'ct_is_empty'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION is_empty(ledger) IS 'true if nothing is left in the ledger';

CREATE FUNCTION slice(ledger, days daterange) RETURNS ledger
AS 'MODULE_PATHNAME', 'ct_slice'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION slice(ledger, daterange) IS 'the part of the ledger that lies within the days';

CREATE FUNCTION entries(ledger, OUT day date, OUT purchases bigint, OUT other_rows bigint, OUT amount numeric,
  OUT order_tag bigint, OUT lines bigint)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_entries'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 5 ROWS 10;
COMMENT ON FUNCTION entries(ledger) IS
  'the ledger''s days as rows: purchases (amount > 0), other rows (returns, credits), summed amount; of an order by '
  'its tag the lines and the amount of the day, and a purchase on the day on which it counts';
