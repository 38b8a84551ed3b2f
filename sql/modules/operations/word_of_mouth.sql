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
    EXECUTE pg_catalog.format('SELECT pg_catalog.array_agg(q.r IS NOT NULL), '
      'pg_catalog.array_agg(q.l::customer_tier.ledger) FROM (%s) AS q(c, r, l) WHERE q.l IS NOT NULL', $1)
      INTO referred, ledgers;
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

-- A campaign leaves out the same customers whoever asks, on any server.
CREATE FUNCTION control_group(customer anyelement, share double precision, salt text) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
  SET intervalstyle = postgres SET bytea_output = hex SET timezone = utc SET extra_float_digits = 1
AS $$
DECLARE
  name text := to_json(customer) #>> '{}';
BEGIN
  -- 1.0 and 1.00 are one customer
  IF pg_typeof(customer) = 'numeric'::regtype THEN
    name := trim_scale(name::numeric);
  END IF;
  IF NOT (share BETWEEN 0 AND 1) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a share is from 0 to 1',
      HINT = 'control_group(customer, 0.1, ''spring campaign'') is a tenth.';
  END IF;
  RETURN (get_byte(h, 0) * 65536.0::float8 + get_byte(h, 1) * 256 + get_byte(h, 2)) / 16777216 < share
  FROM sha256(convert_to(format('%s %s', salt, name), 'UTF8')) AS h;
END $$;
COMMENT ON FUNCTION control_group(anyelement, double precision, text) IS
  'whether a customer is one of the share that a campaign leaves out: always the same of a customer and a salt';
