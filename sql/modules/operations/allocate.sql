-- Sharing customers out, and writing who has another owner.

CREATE FUNCTION customer_tier_internal.share_out(members text, owners text, pins text, held text, day date,
  most double precision, slack double precision, new regclass, command text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_share_out'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION customer_tier_internal.share_out(text, text, text, text, date, double precision, double precision,
  regclass, text) IS 'support of allocate: see src/operations/allocate.c';

/*
 * What allocate writes.  Another allocation of a day decides again, by what was before the day, and
 * corrects what that day has written.  Rows are found by their place (ctid), which share_out() has
 * read under the lock of the allocation; of a customer one end is open at any time.
 */
CREATE FUNCTION customer_tier_internal.allocation_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
WITH
removed AS (
  DELETE FROM {assigned}
  WHERE ctid = ANY (ARRAY(SELECT place FROM turned WHERE begun AND NOT turns))
  RETURNING 1),
corrected AS (
  UPDATE {assigned} AS h
  SET owner = t.owner, reason = t.reason, note = t.note
  FROM turned AS t
  WHERE h.ctid = ANY (ARRAY(SELECT place FROM turned WHERE begun AND turns)) AND t.customer {equal} h.customer),
ended AS (
  UPDATE {assigned}
  SET valid_to = {day}
  WHERE ctid = ANY (ARRAY(SELECT place FROM turned WHERE NOT begun))
  RETURNING 1),
reopened AS (
  UPDATE {assigned} AS h
  SET valid_to = 'infinity'
  FROM turned AS t
  WHERE NOT t.turns AND h.customer {equal} t.customer AND h.valid_to = {day}
    AND (SELECT count(*) FROM removed) >= 0),
written AS (
  INSERT INTO {assigned} (customer, owner, previous_owner, valid_from, reason, note)
  SELECT customer, owner, previous_owner, {day}, reason, note
  FROM turned
  WHERE turns AND NOT begun AND (SELECT count(*) FROM ended) >= 0),
dated AS (
  UPDATE {state}
  SET as_of = {day})
SELECT assigned, moved, released, unassigned, most, least, gini
FROM shared,
  LATERAL (SELECT max(load) AS most, min(load) AS least, customer_tier.gini(load) AS gini
           FROM unnest(loads) AS load) AS l
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.allocation_template() IS 'support of allocate: its statement';

CREATE FUNCTION customer_tier_internal.share_out_sql(a customer_tier_internal.allocation, as_of date,
  most double precision, slack double precision, first boolean, command text, columns text) RETURNS text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT * FROM customer_tier_internal.share_out(%L, %L, %L, %L, %s, %L, %L, %L, %L) AS x(%s)',
  format('SELECT customer, tier_rank, customer_group, role, weight FROM %s WHERE tier_rank IS NOT NULL', a.customers),
  format('SELECT owner, capacity, customer_group, role FROM %s ORDER BY customer_group COLLATE "C", owner COLLATE "C"',
         a.owners),
  format('SELECT customer, owner, format(''by %%s: %%s'', author, reason)
          FROM %s
          WHERE pinned_from <= %2$s AND (until IS NULL OR until > %2$s)
          ORDER BY pinned_from', a.pins, day),
  format('SELECT ctid, customer, valid_from = %s, reason, owner, previous_owner FROM %s WHERE valid_to = ''infinity''',
         day, a.assigned),
  day, numbers ->> 0, numbers ->> 1, CASE WHEN first THEN a.assigned END,
  customer_tier_internal.interpolate(command, jsonb_build_object('assigned', a.assigned, 'state', a.state,
    'equal', (customer_tier_internal.scheme_parts(a.scheme)).equal, 'day', day)),
  columns)
FROM customer_tier_internal.date_sql(as_of) AS day,
  customer_tier_internal.json_numbers(ARRAY[most, slack]) AS numbers
$$;
COMMENT ON FUNCTION customer_tier_internal.share_out_sql(customer_tier_internal.allocation, date, double precision,
  double precision, boolean, text, text) IS 'support of allocate: the call of share_out with a command';

-- After the first allocation, for then it is an index build and no million insertions.
CREATE FUNCTION customer_tier_internal.constrain(a customer_tier_internal.allocation) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT customer_tier_internal.run(a.state, format('ALTER TABLE %s ADD PRIMARY KEY (customer, valid_to),
    ADD CHECK (valid_from < valid_to), REPLICA IDENTITY DEFAULT', a.assigned))
WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = a.assigned AND contype = 'p')
$$;
COMMENT ON FUNCTION customer_tier_internal.constrain(customer_tier_internal.allocation) IS
  'support of allocate: the keys of the history';

CREATE FUNCTION allocate(allocation regclass, as_of date, OUT assigned bigint, OUT moved bigint, OUT released bigint,
  OUT unassigned bigint, OUT most_load double precision, OUT least_load double precision, OUT gini double precision)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a customer_tier_internal.allocation := customer_tier_internal.allocation_of($1);
  now record;
  first boolean;
BEGIN
  PERFORM customer_tier_internal.check_day($2);
  PERFORM customer_tier_internal.check_refreshed(a.scheme, (customer_tier_internal.scheme_parts(a.scheme)).as_of);
  SELECT * INTO now
  FROM customer_tier_internal.as_owner(a.state, format('SELECT as_of, most, slack FROM %s FOR UPDATE', a.state))
    AS x(as_of date, most float8, slack float8);
  IF now.as_of > $2 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('%s is before the day of the last allocation, %s', to_json($2) #>> '{}',
                       to_json(now.as_of) #>> '{}'),
      HINT = 'The history goes forward.';
  END IF;
  SELECT x INTO first
  FROM customer_tier_internal.as_owner(a.state, format(
      'SELECT customer_tier_internal.is_bare_table(%1$L) AND NOT EXISTS (SELECT FROM %1$s)', a.assigned))
    AS y(x boolean);
  SELECT x.* INTO assigned, moved, released, unassigned, most_load, least_load, gini
  FROM customer_tier_internal.as_owner(a.state, customer_tier_internal.share_out_sql(a, $2, now.most, now.slack, first,
      customer_tier_internal.allocation_template(), 'assigned bigint, moved bigint, released bigint, '
      'unassigned bigint, most_load float8, least_load float8, gini float8'))
    AS x(assigned bigint, moved bigint, released bigint, unassigned bigint, most_load float8, least_load float8,
         gini float8);
  PERFORM customer_tier_internal.constrain(a);
END $$;
COMMENT ON FUNCTION allocate(regclass, date) IS
  'gives the customers of an allocation their owners as of a day, with as few moves as the rules allow: how many got '
  'an owner, another one, or lost theirs, how many have none, and how even load / capacity is';

CREATE FUNCTION simulate_allocation(allocation regclass, as_of date, most double precision DEFAULT NULL,
  slack double precision DEFAULT NULL, OUT customer text, OUT owner_now text, OUT owner_then text, OUT reason text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a customer_tier_internal.allocation := customer_tier_internal.allocation_of($1);
  now record;
BEGIN
  PERFORM customer_tier_internal.check_day($2);
  PERFORM customer_tier_internal.check_refreshed(a.scheme, (customer_tier_internal.scheme_parts(a.scheme)).as_of);
  SELECT * INTO now
  FROM customer_tier_internal.as_owner(a.state, format('SELECT most, slack FROM %s', a.state))
    AS x(most float8, slack float8);
  RETURN QUERY
  SELECT *
  FROM customer_tier_internal.as_owner(a.state, customer_tier_internal.share_out_sql(a, $2,
      coalesce(most, now.most), coalesce(slack, now.slack), false,
      $q$
      SELECT customer::text, now, owner_then, reason
      FROM turned, LATERAL (SELECT CASE WHEN turns THEN owner ELSE previous_owner END AS owner_then) AS t
      WHERE now IS DISTINCT FROM owner_then
      ORDER BY turned.customer$q$, 'customer text, owner_now text, owner_then text, reason text'))
    AS x(customer text, owner_now text, owner_then text, reason text);
END $$;
COMMENT ON FUNCTION simulate_allocation(regclass, date, double precision, double precision) IS
  'who would get another owner if customers were allocated, or with other limits; writes nothing';
