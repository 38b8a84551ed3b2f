-- Erasing a customer.

CREATE FUNCTION customer_tier_internal.allocations_of(scheme regclass)
RETURNS SETOF customer_tier_internal.allocation
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
SELECT a.*
FROM pg_attribute AS m
     JOIN pg_class AS c ON c.oid = m.attrelid,
     LATERAL customer_tier_internal.named_parts(c.oid) AS parts,
     LATERAL customer_tier_internal.allocation_of(parts[1]) AS a
WHERE m.atttypid = 'customer_tier.is_allocation'::regtype AND m.attname = 'is_allocation' AND NOT m.attisdropped
  AND c.relkind = 'r'
  AND c.relowner = (SELECT relowner FROM pg_class WHERE oid = $1)
  AND parts[2] = $1
$$;
COMMENT ON FUNCTION customer_tier_internal.allocations_of(regclass) IS
  'support of merge_customers and forget_customer: the allocations over a scheme';

CREATE PROCEDURE forget_customer(source regclass, customer text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
  p record;
  f customer_tier_internal.scheme;
  t regclass;
  tables regclass[] := ARRAY[s.ledger];
  remain boolean;
  n bigint;
  erased bigint := 0;
BEGIN
  IF customer IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'a customer is needed';
  END IF;
  SELECT * INTO p FROM customer_tier_internal.source_parts(s);
  -- empties the queue into the ledgers
  CALL customer_tier.refresh_source(s.state);
  SELECT x INTO remain
  FROM customer_tier_internal.as_owner(s.state, format('SELECT EXISTS (SELECT FROM %s WHERE customer %s %L)', s.view,
                                                       p.equal, $2)) AS y(x boolean);
  IF remain THEN
    RAISE EXCEPTION USING ERRCODE = 'object_in_use',
      MESSAGE = format('customer %s has sales in %s', $2, customer_tier_internal.source_name(s)),
      HINT = 'First delete these sales, or update them so that they have no customer.';
  END IF;
  FOR f IN SELECT * FROM customer_tier_internal.locked_schemes_of(s) LOOP
    PERFORM customer_tier_internal.check_not_listed(f, $2);
    tables := tables || ARRAY[f.state, f.history, f.pins, f.releases];
    tables := tables || ARRAY(SELECT unnest(ARRAY[a.assigned, a.pins])
                              FROM customer_tier_internal.allocations_of(f.scheme) AS a);
  END LOOP;
  FOREACH t IN ARRAY tables LOOP
    SELECT x INTO n
    FROM customer_tier_internal.as_owner(s.state, format(
        'WITH erased AS (DELETE FROM %s WHERE customer %s %L RETURNING 1) SELECT count(*) FROM erased', t, p.equal, $2))
      AS y(x bigint);
    erased := erased + n;
  END LOOP;
  IF erased = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'no_data_found',
      MESSAGE = format('nothing is known of customer %s in %s', $2, customer_tier_internal.source_name(s));
  END IF;
END $$;
COMMENT ON PROCEDURE forget_customer(regclass, text) IS
  'erases a customer without sales from the ledgers, the queue, and the state, history, pins, releases and '
  'allocations of all schemes over the source; counts are kept';

CREATE PROCEDURE forget_customer(source regclass, customer anyelement)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$ BEGIN CALL customer_tier.forget_customer($1, customer_tier_internal.customer_text($2)); END $$;
COMMENT ON PROCEDURE forget_customer(regclass, anyelement) IS 'the same for a customer of the type that customers have';
