-- The life of a customer base: ending holds, and merging customers in a scheme.

CREATE FUNCTION release(scheme regclass, customer text, reason text, released_on date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.own_scheme($1);
  now_status text;
BEGIN
  released_on := coalesce(released_on, s.as_of + 1);
  IF coalesce(btrim(reason), '') = '' THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a release needs a reason',
      HINT = 'The history shows it: reason => ''...''.';
  ELSIF customer IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'a release needs a customer';
  ELSIF NOT isfinite(released_on) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'released_on is not a day',
      HINT = 'For example released_on => ''2026-11-30''.';
  ELSIF released_on <= s.as_of THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('%s was refreshed as of %s already', $1, s.as_of),
      HINT = 'released_on must be a later day; by default it is the day after that refresh.';
  END IF;
  SELECT x INTO now_status
  FROM customer_tier_internal.as_owner(s.ledger, format('SELECT status FROM %s WHERE customer %s %L', s.state,
                                                        customer_tier_internal.equal_of(s), $2)) AS y(x text);
  IF now_status IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'no_data_found', MESSAGE = format('%s has no customer %s', $1, $2),
      HINT = CASE
        WHEN s.as_of IS NULL THEN
          format('It was not refreshed yet: SELECT * FROM customer_tier.refresh_scheme(%L, as_of => ...);', $1)
        ELSE format('Not as of %s, its last refresh.', s.as_of)
      END;
  ELSIF now_status = 'pinned' THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('the tier of customer %s is pinned', $2), HINT = 'Use unpin.';
  END IF;
  PERFORM customer_tier_internal.run(s.ledger, format($q$
    INSERT INTO %s AS r (customer, released_on, reason, author)
    VALUES (%L, %L, %L, %L)
    ON CONFLICT (customer, released_on) DO UPDATE SET reason = EXCLUDED.reason, author = EXCLUDED.author
    $q$, s.releases, $2, released_on, $3, session_user));
END $$;
COMMENT ON FUNCTION release(regclass, text, text, date) IS
  'ends the hold of a customer''s tier at the first refresh on or after a day: the customer gets the earned tier';

CREATE FUNCTION release(scheme regclass, customer anyelement, reason text, released_on date DEFAULT NULL) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT customer_tier.release($1, customer_tier_internal.customer_text($2), $3, $4) $$;
COMMENT ON FUNCTION release(regclass, anyelement, text, date) IS
  'the same for a customer of the type that customers have';

--
-- Merging customers
--

-- The caller has locked the ledgers, as everybody does before they lock the state of a scheme.
CREATE FUNCTION customer_tier_internal.locked_schemes_of(s customer_tier_internal.source)
RETURNS SETOF customer_tier_internal.scheme
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  scheme regclass;
  found customer_tier_internal.scheme;
BEGIN
  FOR scheme IN SELECT coalesce(f.scheme, f.declaration)
                FROM customer_tier_internal.find_schemes(s.owner) AS f
                WHERE f.ledger = s.ledger AND f.owner = s.owner
                ORDER BY coalesce(f.scheme, f.declaration)::text COLLATE "C" LOOP
    found := customer_tier_internal.own_scheme(scheme, true);
    PERFORM customer_tier_internal.run(s.ledger,
      format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', found.state));
    RETURN NEXT found;
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.locked_schemes_of(customer_tier_internal.source) IS
  'support of merge_customers and forget_customer: the schemes of the customers of a source, locked';

-- a refresh would grade the customer again because of the attributes
CREATE FUNCTION customer_tier_internal.check_not_listed(s customer_tier_internal.scheme, customer text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a record;
  listed boolean := false;
BEGIN
  IF s.attributes IS NOT NULL THEN
    SELECT x INTO listed
    FROM customer_tier_internal.as_owner(s.ledger, format('SELECT EXISTS (SELECT FROM %s WHERE customer %s %L)',
      s.attributes, customer_tier_internal.equal_of(s), $2)) AS y(x boolean);
  END IF;
  IF listed THEN
    SELECT * INTO a FROM customer_tier_internal.attributes_of(s.attributes);
    RAISE EXCEPTION USING ERRCODE = 'object_in_use',
      MESSAGE = format('customer %s is listed in the attributes %s of %s', $2, a.attributes,
                       coalesce(s.scheme, s.declaration)),
      HINT = format('First DELETE FROM %s WHERE %I = %L;', a.attributes, a.key, $2);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_not_listed(customer_tier_internal.scheme, text) IS
  'support of merge_customers and forget_customer: an error if a scheme would grade a customer without sales';

/*
 * {stays} is the customer whose history is kept; that of the other, {fills}, is kept for the days before it begins.
 */
CREATE FUNCTION customer_tier_internal.merged_history_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
WITH chain AS (
  DELETE FROM {history}
  WHERE customer {equal} {duplicate} OR customer {equal} {kept}
  RETURNING *),
begins AS (SELECT min(valid_from) AS day FROM chain WHERE customer {equal} {stays}),
earlier AS (
  SELECT c.*
  FROM chain AS c
    CROSS JOIN begins
  WHERE c.customer {equal} {fills} AND (day IS NULL OR valid_from < day)),
before AS (
  SELECT tier AS before_tier, array_position({tiers}, tier) AS before_rank
  FROM earlier
  ORDER BY valid_from DESC
  LIMIT 1)
INSERT INTO {history} (customer, customer_group, valid_from, tier, previous_tier, change, reason, note,
                       status, since, earned, rule_version, scores, vals)
SELECT {kept}, customer_group, valid_from, tier, previous_tier, change, reason, note, status, since, earned,
       rule_version, scores, vals
FROM earlier
UNION ALL
SELECT {kept}, customer_group, valid_from, tier,
       CASE WHEN joins THEN before_tier ELSE previous_tier END,
       CASE
         WHEN NOT joins OR tier IS NULL OR before_tier IS NULL THEN change
         WHEN tier = before_tier THEN 'same'
         WHEN before_rank IS NULL THEN 'replaced'
         WHEN array_position({tiers}, tier) > before_rank THEN 'up'
         ELSE 'down'
       END,
       CASE
         WHEN NOT joins OR tier IS NULL OR status = 'pinned' THEN reason
         WHEN before_tier IS NULL THEN 'returned'
         ELSE 'merged'
       END,
       note, status, since, earned, rule_version, scores, vals
FROM (SELECT c.*, b.*, is_there IS TRUE AND valid_from = day AS joins
      FROM chain AS c
        CROSS JOIN begins
        LEFT JOIN (SELECT before_tier, before_rank, true AS is_there FROM before) AS b ON true
      WHERE c.customer {equal} {stays}) AS x
ORDER BY 3
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.merged_history_template() IS
  'support of merge_customers: the statement that merges two histories';

-- Pins of the kept customer win; a pin of the duplicate ends where one of them begins, or is dropped.
CREATE FUNCTION customer_tier_internal.merged_pins_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
WITH gone AS (
  DELETE FROM {pins}
  WHERE customer {equal} {duplicate}
  RETURNING *)
INSERT INTO {pins} (customer, {what}, reason, author, pinned_from, until)
SELECT {kept}, {what}, reason, author, pinned_from,
       least(until, (SELECT min(pinned_from)
                     FROM {pins} AS k
                     WHERE k.customer {equal} {kept} AND k.pinned_from > gone.pinned_from))
FROM gone
WHERE NOT {dropped}
  AND NOT EXISTS (SELECT FROM {pins} AS k
                  WHERE k.customer {equal} {kept} AND k.pinned_from <= gone.pinned_from
                    AND (k.until IS NULL OR k.until > gone.pinned_from))
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.merged_pins_template() IS
  'support of merge_customers: the statement that merges the pins of a tier, or of an owner';

CREATE FUNCTION customer_tier_internal.merge_in_scheme(s customer_tier_internal.scheme, duplicate text, kept text,
  customer_type text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  tiers text := quote_literal(s.unrated || s.tiers) || '::text[]';
  pieces jsonb := to_jsonb(s) || jsonb_build_object('equal', customer_tier_internal.equal_of(s), 'tiers', tiers,
    'duplicate', quote_literal(duplicate), 'kept', format('%L::%s', kept, customer_type), 'what', 'tier',
    'dropped', 'false');
  duplicate_stays boolean;
  template text;
BEGIN
  PERFORM customer_tier_internal.check_not_listed(s, duplicate);
  -- the history with the better tier is kept, because the tier may be held; but a pin of the kept customer wins
  SELECT x INTO duplicate_stays
  FROM customer_tier_internal.as_owner(s.ledger, customer_tier_internal.interpolate($q$
      SELECT d.tier IS NOT NULL
        AND (k.tier IS NULL
             OR k.status <> 'pinned'
                AND coalesce(array_position({tiers}, d.tier), 0) > coalesce(array_position({tiers}, k.tier), 0))
      FROM (SELECT 1) AS one
        LEFT JOIN {state} AS d ON d.customer {equal} {duplicate}
        LEFT JOIN {state} AS k ON k.customer {equal} {kept}
      $q$, pieces)) AS y(x boolean);
  pieces := pieces || jsonb_build_object(
    'stays', quote_literal(CASE WHEN duplicate_stays THEN duplicate ELSE kept END),
    'fills', quote_literal(CASE WHEN duplicate_stays THEN kept ELSE duplicate END));
  FOREACH template IN ARRAY ARRAY[
      customer_tier_internal.merged_history_template(),
      'DELETE FROM {state} WHERE customer {equal} {fills}',
      'UPDATE {state} SET customer = {kept} WHERE customer {equal} {duplicate}',
      $q$
      WITH gone AS (
        DELETE FROM {releases}
        WHERE customer {equal} {duplicate}
        RETURNING *)
      INSERT INTO {releases} (customer, released_on, reason, author)
      SELECT {kept}, released_on, reason, author
      FROM gone
      ON CONFLICT (customer, released_on) DO NOTHING
      $q$,
      customer_tier_internal.merged_pins_template()] LOOP
    PERFORM customer_tier_internal.run(s.ledger, customer_tier_internal.interpolate(template, pieces));
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.merge_in_scheme(customer_tier_internal.scheme, text, text, text) IS
  'support of merge_customers: history, state, pins and releases of a scheme';

-- only closed days are left in the duplicate's ledger
CREATE FUNCTION customer_tier_internal.merge_ledgers(s customer_tier_internal.source, duplicate text, kept text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  p record;
  pieces jsonb;
BEGIN
  SELECT * INTO p FROM customer_tier_internal.source_parts(s);
  pieces := to_jsonb(s) || jsonb_build_object('equal', p.equal, 'kept', format('%L::%s', $3, p.customer_type),
                                              'duplicate', quote_literal($2));
  PERFORM customer_tier_internal.run(s.state, customer_tier_internal.interpolate($q$
    WITH gone AS (
      DELETE FROM {ledger}
      WHERE customer {equal} {duplicate}
      RETURNING ledger),
    added AS (
      UPDATE {ledger} AS l
      SET ledger = l.ledger OPERATOR(customer_tier.+) gone.ledger
      FROM gone
      WHERE l.customer {equal} {kept}
      RETURNING 1)
    INSERT INTO {ledger} (customer, ledger)
    SELECT {kept}, ledger
    FROM gone
    WHERE NOT EXISTS (SELECT FROM added)
    $q$, pieces));
  PERFORM customer_tier_internal.run(s.state, customer_tier_internal.interpolate(
    'DELETE FROM {ledger} WHERE customer {equal} {kept} AND customer_tier.is_empty(ledger)', pieces));
END $$;
COMMENT ON FUNCTION customer_tier_internal.merge_ledgers(customer_tier_internal.source, text, text) IS
  'support of merge_customers: adds the ledger of a customer to that of another';
