-- Policy: what a tier brings.  Its columns are those of the table of tiers.

CREATE FUNCTION set_policy(scheme regclass, tier text, contacts_min integer DEFAULT NULL,
  contacts_max integer DEFAULT NULL, every interval DEFAULT NULL, coverage double precision DEFAULT NULL,
  channel text DEFAULT NULL, owner_role text DEFAULT NULL, priority integer DEFAULT NULL, credit numeric DEFAULT NULL,
  discount double precision DEFAULT NULL, unset text[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
DECLARE
  s record;
  known constant text[] :=
    '{contacts_min, contacts_max, every, coverage, channel, owner_role, priority, credit, discount}'::text[];
  said constant text[] := ARRAY[quote_nullable(contacts_min), quote_nullable(contacts_max), quote_nullable(every),
    coalesce(quote_literal(customer_tier_internal.json_numbers(ARRAY[coverage]) ->> 0), 'NULL'),
    quote_nullable(channel), quote_nullable(owner_role), quote_nullable(priority), quote_nullable(credit),
    coalesce(quote_literal(customer_tier_internal.json_numbers(ARRAY[discount]) ->> 0), 'NULL')];
  now record;
BEGIN
  SELECT * INTO s FROM customer_tier_internal.scheme_parts($1);
  IF every IS NOT NULL THEN
    PERFORM customer_tier_internal.check_every(every);
  END IF;
  IF NOT coalesce(contacts_min >= 0, true) OR NOT coalesce(contacts_max >= 0, true) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a number of contacts is not below zero';
  ELSIF NOT coalesce(coverage BETWEEN 0 AND 1, true) OR NOT coalesce(discount BETWEEN 0 AND 1, true) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a coverage or a discount is from 0 to 1',
      HINT = '60 % is 0.6.';
  ELSIF NOT coalesce(credit >= 0 AND credit::text ~ '^[0-9.]+$', true) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a credit is a number not below zero';
  ELSIF NOT coalesce(unset, '{}') <@ known THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = 'unset names a part that a policy does not have',
      HINT = 'Its parts are ' || array_to_string(known, ', ') || '.';
  END IF;
  SELECT x.* INTO now
  FROM customer_tier_internal.as_owner(s.tier_table, format(
      'UPDATE %s SET %s WHERE tier = %L RETURNING contacts_min, contacts_max, every', s.tier_table,
      (SELECT string_agg(CASE WHEN k = ANY (unset) THEN format('%I = NULL', k)
                              ELSE format('%1$I = coalesce(%2$s, %1$I)', k, v) END, ', ')
       FROM unnest(known, said) AS u(k, v)), $2)) AS x(contacts_min int, contacts_max int, every interval);
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('%s has no tier "%s"', $1, $2),
      HINT = format('SELECT tier FROM customer_tier.scheme_tiers(%L); has them.', $1);
  ELSIF now.contacts_min > now.contacts_max THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('at least %s contacts are more than at most %s', now.contacts_min, now.contacts_max);
  ELSIF coalesce(now.contacts_min, now.contacts_max) IS NOT NULL AND now.every IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a number of contacts needs a period',
      HINT = 'For example every => ''1 month''.';
  END IF;
END $$;
COMMENT ON FUNCTION set_policy(regclass, text, integer, integer, interval, double precision, text, text, integer,
  numeric, double precision, text[]) IS
  'what a tier brings: wanted contacts in a period, coverage, channel, role of the owner, priority in conflicts of '
  'orders (lower first), credit, discount; what is null stays as it is, what is named in "unset" becomes null';

CREATE FUNCTION scheme_tiers(scheme regclass, OUT tier text, OUT rank integer, OUT name text, OUT description text,
  OUT colour text, OUT hold interval, OUT contacts_min integer, OUT contacts_max integer, OUT every interval,
  OUT coverage double precision, OUT channel text, OUT owner_role text, OUT priority integer, OUT credit numeric,
  OUT discount double precision, OUT policy jsonb) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s record;
BEGIN
  SELECT * INTO s FROM customer_tier_internal.scheme_parts($1);
  RETURN QUERY
  SELECT *
  FROM customer_tier_internal.as_owner(s.tier_table, format(
      'SELECT tier, rank, name, description, colour, hold, contacts_min, contacts_max, every, coverage, channel,
         owner_role, priority, credit, discount, policy
       FROM %s ORDER BY rank DESC NULLS LAST, tier', s.tier_table))
    AS x(tier text, rank int, name text, description text, colour text, hold interval, contacts_min int,
         contacts_max int, every interval, coverage float8, channel text, owner_role text, priority int, credit numeric,
         discount float8, policy jsonb);
END $$;
COMMENT ON FUNCTION scheme_tiers(regclass) IS
  'the tiers of a scheme, the highest first, and what each brings; a rank of null: a tier of an earlier rule';
