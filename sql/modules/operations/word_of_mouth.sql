-- Whose business it is: those who came back, those who were referred, those who came by themselves.

CREATE FUNCTION customer_tier_internal.referred_share(referred boolean[], ledgers ledger[], during daterange,
  OUT repeat_value numeric, OUT referred_value numeric, OUT other_value numeric, OUT repeat double precision,
  OUT referred_new double precision, OUT other_new double precision)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT r, n, o, (r / t)::float8, (n / t)::float8, (o / t)::float8
FROM (
  SELECT coalesce(sum(x) FILTER (WHERE before), 0) AS r,
         coalesce(sum(x) FILTER (WHERE NOT before AND u.referred), 0) AS n,
         coalesce(sum(x) FILTER (WHERE NOT before AND NOT u.referred), 0) AS o,
         nullif(sum(x), 0) AS t
  FROM unnest($1, $2) AS u(referred, ledger),
    LATERAL (SELECT customer_tier.total(u.ledger, $3) AS x,
                    coalesce(customer_tier.first_day(customer_tier.slice(u.ledger, daterange(NULL, upper($3))))
                               < lower($3), false) AS before
             OFFSET 0) AS l) AS s
$$;
COMMENT ON FUNCTION customer_tier_internal.referred_share(boolean[], ledger[], daterange) IS
  'support of referred_share';

-- no search_path here: names in the query mean what they mean to the caller
CREATE FUNCTION referred_share(query text, during daterange, OUT repeat_value numeric, OUT referred_value numeric,
  OUT other_value numeric, OUT repeat double precision, OUT referred_new double precision,
  OUT other_new double precision)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $$
DECLARE
  referred pg_catalog.bool[];
  ledgers customer_tier.ledger[];
BEGIN
  IF during IS NULL OR pg_catalog.isempty(during) OR pg_catalog.lower(during) IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'the period has no first day',
      HINT = 'For example ''[2026-01-01,2026-07-01)''.';
  END IF;
  BEGIN
    SELECT pg_catalog.array_agg(r), pg_catalog.array_agg(l)
    INTO referred, ledgers
    FROM customer_tier_internal.read_query('referred_share', 'q.r IS NOT NULL, q.l::customer_tier.ledger', $1,
        'c, r, l')
      AS x(r pg_catalog.bool, l customer_tier.ledger)
    WHERE l IS NOT NULL;
  EXCEPTION WHEN invalid_column_reference THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_column_reference',
      MESSAGE = 'the query of referred_share does not return three columns',
      HINT = 'Let it select customer, referrer and ledger, in this order.';
  END;
  SELECT * INTO repeat_value, referred_value, other_value, repeat, referred_new, other_new
  FROM customer_tier_internal.referred_share(referred, ledgers, $2);
END $$;
COMMENT ON FUNCTION referred_share(text, daterange) IS
  'of a query of customer, referrer, ledger: the business of a period with customers who bought before it (repeat), '
  'and with new ones who were referred and who were not; the three shares sum to 1';

-- The text of a customer, the same for equal customers.  No cast is called, which the owner of a type may have made.
CREATE FUNCTION customer_tier_internal.canonical_text(customer anyelement) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres SET bytea_output = hex SET timezone = utc SET extra_float_digits = 1
AS $$
DECLARE
  type regtype := pg_typeof(customer);
  name text := format('%s', customer);
  t record;
BEGIN
  IF type = ANY ('{int8, int4, int2, uuid, date, timestamp, timestamptz, bool, bytea, oid, name}'::regtype[]) THEN
    RETURN name;
  END IF;
  LOOP
    SELECT typname, typtype, typbasetype, typcollation INTO t FROM pg_type WHERE oid = type;
    EXIT WHEN t.typtype <> 'd';
    type := t.typbasetype;
  END LOOP;
  IF type = ANY ('{text, varchar, bpchar}'::regtype[]) OR t.typname = 'citext' THEN
    IF EXISTS (SELECT
               FROM pg_collation
               WHERE oid = CASE WHEN t.typcollation <> 0 THEN (collation for (customer))::regcollation END
                 AND NOT collisdeterministic) THEN
      RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
        MESSAGE = 'customers are compared by a collation that is not deterministic',
        HINT = 'Equal customers differ in their text. Give one of a fixed collation: lower(customer) COLLATE "C".';
    END IF;
    RETURN CASE WHEN type = 'bpchar'::regtype THEN rtrim(name, ' ') WHEN t.typname = 'citext' THEN lower(name) ELSE name
           END;
  ELSIF type = 'numeric'::regtype THEN
    RETURN trim_scale(name::numeric);
  ELSIF type = ANY ('{float8, float4}'::regtype[]) THEN
    RETURN CASE name WHEN '-0' THEN '0' ELSE name END;
  ELSIF t.typtype <> 'e' AND type <> '"char"'::regtype
    AND type <> ALL ('{int8, int4, int2, uuid, date, timestamp, timestamptz, bool, bytea, oid, name, inet, cidr,
                       macaddr, macaddr8, time}'::regtype[]) THEN
    RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
      MESSAGE = format('customers of type %s may be equal and differ in their text', type),
      HINT = 'Make a text of the customer that is the same for the same customer.';
  END IF;
  RETURN name;
END $$;
COMMENT ON FUNCTION customer_tier_internal.canonical_text(anyelement) IS
  'support of control_group: a customer as a text, whatever settings are; an error where equal ones may differ';

-- A campaign leaves out the same customers whoever asks, on any server.
CREATE FUNCTION control_group(customer anyelement, share double precision, salt text) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text := customer_tier_internal.canonical_text(customer);
BEGIN
  IF NOT (share BETWEEN 0 AND 1) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a share is from 0 to 1',
      HINT = 'control_group(customer, 0.1, ''spring campaign'') is a tenth.';
  END IF;
  RETURN (get_byte(h, 0) * 65536.0::float8 + get_byte(h, 1) * 256 + get_byte(h, 2)) / 16777216 < share
  FROM sha256(convert_to(format('%s %s', salt, name), 'UTF8')) AS h;
END $$;
COMMENT ON FUNCTION control_group(anyelement, double precision, text) IS
  'whether a customer is one of the share that a campaign leaves out: always the same of a customer and a salt';
