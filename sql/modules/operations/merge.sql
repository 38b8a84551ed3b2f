-- Merging customers: sources, schemes, and allocations.

/*
 * On each day the kept customer has the own owner, or else that of the duplicate.  Both histories
 * are without gaps from their first day on, so that a row lasts until the next one begins; rows that
 * do not change the owner are left out.
 */
CREATE FUNCTION customer_tier_internal.merged_owners_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
WITH chain AS (
  DELETE FROM {assigned}
  WHERE customer {equal} {duplicate} OR customer {equal} {kept}
  RETURNING *, customer {equal} {kept} AS own),
-- the days on which the kept customer has nobody
gap AS (
  SELECT valid_from, valid_to
  FROM chain
  WHERE own AND owner IS NULL
  UNION ALL
  SELECT '-infinity', coalesce(min(valid_from), 'infinity')
  FROM chain
  WHERE own),
piece AS (
  SELECT valid_from, owner, previous_owner, reason, note, true AS whole
  FROM chain
  WHERE own
  UNION ALL
  SELECT greatest(c.valid_from, g.valid_from), c.owner, c.previous_owner, c.reason, c.note, c.valid_from >= g.valid_from
  FROM gap AS g
    JOIN chain AS c ON NOT c.own AND c.valid_from < g.valid_to AND c.valid_to > g.valid_from),
begun AS (
  -- of two that begin on a day, the own one, unless it says that there is nobody
  SELECT DISTINCT ON (valid_from) *
  FROM piece
  ORDER BY valid_from, owner IS NULL, whole DESC),
changed AS (
  SELECT *
  FROM (SELECT *, lag(owner) OVER (ORDER BY valid_from) AS before FROM begun) AS b
  WHERE owner IS DISTINCT FROM before)
INSERT INTO {assigned} (customer, owner, previous_owner, valid_from, valid_to, reason, note)
SELECT {kept}, owner, before, valid_from, lead(valid_from, 1, 'infinity') OVER (ORDER BY valid_from),
       CASE
         WHEN owner IS NULL THEN 'left'
         WHEN before IS NULL OR whole AND (before = previous_owner OR reason = 'pinned') THEN reason
         ELSE 'merged'
       END,
       note
FROM changed
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.merged_owners_template() IS
  'support of merge_customers: the statement that merges two histories of owners';

CREATE FUNCTION customer_tier_internal.merge_in_allocation(a customer_tier_internal.allocation, equal text,
  duplicate text, kept text, customer_type text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  kept_customer text := format('%L::%s', kept, customer_type);
  pieces jsonb := jsonb_build_object('assigned', a.assigned, 'pins', a.pins, 'equal', equal,
    'duplicate', quote_literal(duplicate), 'kept', kept_customer, 'what', 'owner',
    -- it would take the kept customer from an own owner
    'dropped', format('EXISTS (SELECT FROM %s WHERE customer %s %s AND valid_to = ''infinity'' AND owner IS NOT NULL)',
                      a.assigned, equal, kept_customer));
  template text;
BEGIN
  PERFORM
  FROM customer_tier_internal.as_owner(a.state, format('SELECT 1 FROM %s FOR UPDATE', a.state)) AS x(x int);
  FOREACH template IN ARRAY ARRAY[customer_tier_internal.merged_pins_template(),
                                  customer_tier_internal.merged_owners_template()] LOOP
    PERFORM customer_tier_internal.run(a.state, customer_tier_internal.interpolate(template, pieces));
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.merge_in_allocation(customer_tier_internal.allocation, text, text, text,
  text) IS 'support of merge_customers: history and pins of an allocation';

CREATE PROCEDURE merge_customers(source regclass, duplicate text, kept text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET datestyle = iso
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
  p record;
  f customer_tier_internal.scheme;
  said record;
BEGIN
  IF duplicate IS NULL OR kept IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'two customers are needed to merge them';
  END IF;
  SELECT * INTO p FROM customer_tier_internal.source_parts(s);
  CALL customer_tier.refresh_source(s.state);
  SELECT * INTO said
  FROM customer_tier_internal.as_owner(s.state, format($q$
      SELECT %1$L::%3$s %4$s %2$L::%3$s OR EXISTS (SELECT FROM %5$s WHERE customer %4$s %1$L AND customer %4$s %2$L),
             EXISTS (SELECT
                     FROM %5$s
                     WHERE customer %4$s %1$L
                       AND NOT customer_tier.is_empty(customer_tier.slice(ledger, daterange(%6$L, NULL, '()')))),
             EXISTS (SELECT FROM %5$s WHERE customer %4$s %2$L)
      $q$, $2, $3, p.customer_type, p.equal, s.ledger, s.closed))
    AS x(are_same boolean, has_sales boolean, is_known boolean);
  IF said.are_same THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('%s and %s are one customer', $2, $3);
  ELSIF said.has_sales THEN
    RAISE EXCEPTION USING ERRCODE = 'object_in_use',
      MESSAGE = format('customer %s has sales in %s', $2, customer_tier_internal.source_name(s)),
      HINT = format('First update the sales so that their customer is %s.', $3)
             || CASE
                  WHEN s.closed IS NULL THEN ''
                  ELSE format(' Do not update sales until %s, which are closed; their ledgers are merged.', s.closed)
                END;
  ELSIF NOT said.is_known THEN
    RAISE EXCEPTION USING ERRCODE = 'no_data_found',
      MESSAGE = format('%s has no customer %s', customer_tier_internal.source_name(s), $3),
      HINT = 'The kept customer must have sales; those of the duplicate are updated first.';
  END IF;
  FOR f IN SELECT * FROM customer_tier_internal.locked_schemes_of(s) LOOP
    PERFORM customer_tier_internal.merge_in_scheme(f, $2, $3, p.customer_type);
    PERFORM customer_tier_internal.merge_in_allocation(a, p.equal, $2, $3, p.customer_type)
    FROM customer_tier_internal.allocations_of(f.scheme) AS a;
  END LOOP;
  PERFORM customer_tier_internal.merge_ledgers(s, $2, $3);
END $$;
COMMENT ON PROCEDURE merge_customers(regclass, text, text) IS
  'gives history, state, pins, releases, owners and ledgers of closed days of a duplicate to the kept customer, in all '
  'schemes over the source; the sales have been updated before';

CREATE PROCEDURE merge_customers(source regclass, duplicate anyelement, kept anyelement)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  CALL customer_tier.merge_customers($1, customer_tier_internal.customer_text($2),
                                     customer_tier_internal.customer_text($3));
END $$;
COMMENT ON PROCEDURE merge_customers(regclass, anyelement, anyelement) IS
  'the same for customers of the type that customers have';
