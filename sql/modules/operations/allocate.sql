-- Sharing customers out, and writing who has another owner.

CREATE FUNCTION customer_tier_internal.allocate_arrays(weights double precision[], tiers integer[], groups integer[],
  pins integer[], now integer[], capacities double precision[], owner_groups integer[], owner_roles integer[],
  tier_roles integer[], most double precision, slack double precision, OUT owners integer[], OUT reasons integer[])
AS 'MODULE_PATHNAME', 'ct_allocate_arrays'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION customer_tier_internal.allocate_arrays(double precision[], integer[], integer[], integer[],
  integer[], double precision[], integer[], integer[], integer[], double precision, double precision) IS
  'support of allocate: the owner and the reason of each customer, see src/operations/allocation.h';

/*
 * Who turns to which owner on a day, as common table expressions:
 *
 *	given	customers in the order in which they are placed, with the numbers of what they are and have
 *	found	the same, with the owner found and why
 *	turned	of them, and of those who are in no tier any more, who gets another owner, or none
 */
CREATE FUNCTION customer_tier_internal.allocation_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
WITH owner AS MATERIALIZED (
  SELECT owner, capacity, customer_group, role, (row_number() OVER (ORDER BY owner) - 1)::int AS number
  FROM {owners}),
member AS MATERIALIZED (SELECT * FROM {customers} WHERE tier_rank IS NOT NULL),
groups AS MATERIALIZED (
  SELECT customer_group, (row_number() OVER (ORDER BY customer_group) - 1)::int AS number
  FROM (SELECT customer_group FROM owner UNION SELECT customer_group FROM member) AS g),
roles AS MATERIALIZED (
  SELECT role, (row_number() OVER (ORDER BY role) - 1)::int AS number
  FROM (SELECT role FROM owner UNION SELECT owner_role FROM {tiers}) AS r
  WHERE role IS NOT NULL),
tiers AS MATERIALIZED (
  SELECT array_agg(coalesce(r.number, -1) ORDER BY n) AS roles
  FROM generate_series(0, (SELECT max(rank) FROM {tiers})) AS n
    LEFT JOIN {tiers} AS t ON t.rank = n
    LEFT JOIN roles AS r ON r.role = t.owner_role),
pin AS (
  SELECT p.customer, o.number, format('by %s: %s', p.author, p.reason) AS note
  FROM {pins} AS p JOIN owner AS o ON o.owner = p.owner
  WHERE p.pinned_from <= {day} AND (p.until IS NULL OR p.until > {day})),
given AS MATERIALIZED (
  SELECT c.customer, c.weight, c.tier_rank AS tier, g.number AS grp, coalesce(p.number, -1) AS pin,
         CASE WHEN h.owner IS NULL THEN -1 ELSE coalesce(o.number, -2) END AS now
  FROM member AS c
    JOIN groups AS g ON g.customer_group = c.customer_group
    LEFT JOIN pin AS p ON p.customer {equal} c.customer
    LEFT JOIN {assigned} AS h ON h.customer {equal} c.customer AND h.valid_to = 'infinity'
    LEFT JOIN owner AS o ON o.owner = h.owner
  ORDER BY c.tier_rank DESC, c.weight DESC, c.customer),
lists AS (
  SELECT array_agg(customer) AS customers, coalesce(array_agg(weight), '{empty}') AS weights,
         coalesce(array_agg(tier), '{empty}') AS tiers, coalesce(array_agg(grp), '{empty}') AS groups,
         coalesce(array_agg(pin), '{empty}') AS pins, coalesce(array_agg(now), '{empty}') AS now
  FROM given),
found AS MATERIALIZED (
  SELECT u.customer, u.owner, u.reason
  FROM lists AS l
    CROSS JOIN (SELECT array_agg(capacity ORDER BY o.number) AS capacities,
                       array_agg(g.number ORDER BY o.number) AS groups,
                       array_agg(coalesce(r.number, -1) ORDER BY o.number) AS roles
                FROM owner AS o
                  JOIN groups AS g USING (customer_group)
                  LEFT JOIN roles AS r ON r.role = o.role) AS o
    CROSS JOIN tiers AS t
    CROSS JOIN LATERAL customer_tier_internal.allocate_arrays(l.weights, l.tiers, l.groups, l.pins, l.now, o.capacities,
      o.groups, o.roles, t.roles, {most}, {slack}) AS a
    CROSS JOIN LATERAL unnest(l.customers, a.owners, a.reasons) AS u(customer, owner, reason)),
turned AS MATERIALIZED (
  SELECT f.customer, o.owner, (ARRAY['first', 'pinned', 'left', 'tier', 'capacity', 'balance'])[f.reason] AS reason,
         CASE WHEN f.reason = 2 THEN p.note END AS note
  FROM found AS f
    LEFT JOIN owner AS o ON o.number = f.owner
    LEFT JOIN pin AS p ON f.reason = 2 AND p.customer {equal} f.customer
  WHERE f.reason > 0
  UNION ALL
  SELECT h.customer, NULL, 'left', NULL
  FROM {assigned} AS h
  WHERE h.valid_to = 'infinity' AND h.owner IS NOT NULL
    AND NOT EXISTS (SELECT FROM found AS f WHERE f.customer {equal} h.customer))
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.allocation_template() IS 'support of allocate: who gets another owner';

CREATE FUNCTION customer_tier_internal.allocation_sql(a customer_tier_internal.allocation, as_of date, most text,
  slack text, command text) RETURNS text
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT customer_tier_internal.interpolate(customer_tier_internal.allocation_template() || $5,
  jsonb_build_object('owners', a.owners, 'customers', a.customers, 'assigned', a.assigned, 'pins', a.pins,
    'state', a.state, 'tiers', s.tier_table, 'equal', s.equal, 'day', customer_tier_internal.date_sql($2),
    'most', $3, 'slack', $4, 'empty', '{}'))
FROM customer_tier_internal.scheme_parts(a.scheme) AS s
$$;
COMMENT ON FUNCTION customer_tier_internal.allocation_sql(customer_tier_internal.allocation, date, text, text, text) IS
  'support of allocate: a command over who gets another owner';

CREATE FUNCTION customer_tier_internal.check_owners(a customer_tier_internal.allocation) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong text;
BEGIN
  SELECT x INTO wrong
  FROM customer_tier_internal.as_owner(a.state, format($q$
    SELECT CASE
             WHEN count(*) = 0 THEN 'there are no owners'
             WHEN count(owner) < count(*) THEN 'an owner is null'
             WHEN count(DISTINCT owner) < count(*) THEN
               format('owner "%%s" is listed twice', (SELECT min(owner) FROM (SELECT owner FROM %1$s GROUP BY owner
                                                                             HAVING count(*) > 1) AS d))
             WHEN count(*) FILTER (WHERE capacity > 0 AND capacity < float8 'Infinity') < count(*) THEN
               format('owner "%%s" has no capacity above zero',
                      min(owner) FILTER (WHERE NOT coalesce(capacity > 0 AND capacity < float8 'Infinity', false)))
           END
    FROM %1$s$q$, a.owners)) AS y(x text);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = wrong,
      HINT = format('Each owner of %s has one row, with a capacity above zero.', a.allocation);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_owners(customer_tier_internal.allocation) IS
  'support of allocate: an error if owners are not what they should be';

-- nothing is ordered anew on the way into the arrays
CREATE FUNCTION allocate(allocation regclass, as_of date, OUT assigned bigint, OUT moved bigint, OUT released bigint,
  OUT unassigned bigint, OUT most_load double precision, OUT least_load double precision, OUT gini double precision)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
  a customer_tier_internal.allocation := customer_tier_internal.allocation_of($1);
  s record;
  before date;
  command text;
BEGIN
  PERFORM customer_tier_internal.check_day($2);
  SELECT * INTO s FROM customer_tier_internal.scheme_parts(a.scheme);
  PERFORM customer_tier_internal.check_refreshed(a.scheme, s.as_of);
  SELECT x INTO before
  FROM customer_tier_internal.as_owner(a.state, format('SELECT as_of FROM %s FOR UPDATE', a.state)) AS y(x date);
  IF before > $2 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('%s is before the day of the last allocation, %s', to_json($2) #>> '{}',
                       to_json(before) #>> '{}'),
      HINT = 'The history goes forward.';
  END IF;
  PERFORM customer_tier_internal.check_owners(a);
  IF before = $2 THEN
    -- the day is decided again, by what was before it
    FOREACH command IN ARRAY ARRAY['DELETE FROM %s WHERE valid_from = %s',
                                   'UPDATE %s SET valid_to = ''infinity'' WHERE valid_to = %s'] LOOP
      PERFORM customer_tier_internal.run(a.state, format(command, a.assigned, customer_tier_internal.date_sql($2)));
    END LOOP;
  END IF;
  SELECT x.assigned, x.moved, x.released, x.unassigned INTO assigned, moved, released, unassigned
  FROM customer_tier_internal.as_owner(a.state, customer_tier_internal.allocation_sql(a, $2,
      format('(SELECT most FROM %s)', a.state), format('(SELECT slack FROM %s)', a.state), $q$,
    closed AS (
      UPDATE {assigned} AS h SET valid_to = {day}
      FROM turned AS t
      WHERE h.customer {equal} t.customer AND h.valid_to = 'infinity'
      RETURNING h.customer, h.owner),
    written AS (
      INSERT INTO {assigned} (customer, owner, previous_owner, valid_from, reason, note)
      SELECT t.customer, t.owner, c.owner, {day}, t.reason, t.note
      FROM turned AS t
        LEFT JOIN closed AS c ON c.customer {equal} t.customer
      RETURNING owner, previous_owner),
    dated AS (UPDATE {state} SET as_of = {day})
    SELECT count(*) FILTER (WHERE owner IS NOT NULL AND previous_owner IS NULL),
           count(*) FILTER (WHERE owner IS NOT NULL AND previous_owner IS NOT NULL),
           count(*) FILTER (WHERE owner IS NULL), (SELECT count(*) FROM found WHERE owner < 0)
    FROM written$q$)) AS x(assigned bigint, moved bigint, released bigint, unassigned bigint);
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = a.assigned AND contype = 'p') THEN
    PERFORM customer_tier_internal.run(a.state, format(
      'ALTER TABLE %s ADD PRIMARY KEY (customer, valid_from), ADD UNIQUE (customer, valid_to), '
      'REPLICA IDENTITY DEFAULT', a.assigned));
  END IF;
  SELECT x.most, x.least, x.gini INTO most_load, least_load, gini
  FROM customer_tier_internal.as_owner(a.state, format(
      'SELECT max(load), min(load), customer_tier.gini(load) FROM %s', a.views[3]))
    AS x(most float8, least float8, gini float8);
END $$;
COMMENT ON FUNCTION allocate(regclass, date) IS
  'gives the customers of an allocation their owners as of a day, with as few moves as the rules allow: how many got '
  'an owner, another one, or lost theirs, how many have none, and how even load / capacity is';

CREATE FUNCTION simulate_allocation(allocation regclass, as_of date, most double precision DEFAULT NULL,
  slack double precision DEFAULT NULL, OUT customer text, OUT owner_now text, OUT owner_then text, OUT reason text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
  a customer_tier_internal.allocation := customer_tier_internal.allocation_of($1);
BEGIN
  PERFORM customer_tier_internal.check_day($2);
  PERFORM customer_tier_internal.check_refreshed(a.scheme, (customer_tier_internal.scheme_parts(a.scheme)).as_of);
  IF NOT coalesce(most > 0 AND most <= 1, true) OR NOT coalesce(slack BETWEEN 0 AND 1000, true) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = '"most" is above 0 and at most 1, and "slack" is not below 0';
  END IF;
  PERFORM customer_tier_internal.check_owners(a);
  RETURN QUERY
  SELECT *
  FROM customer_tier_internal.as_owner(a.state, customer_tier_internal.allocation_sql(a, $2,
      coalesce((customer_tier_internal.json_numbers(ARRAY[most]) ->> 0) || '::float8',
               format('(SELECT most FROM %s)', a.state)),
      coalesce((customer_tier_internal.json_numbers(ARRAY[slack]) ->> 0) || '::float8',
               format('(SELECT slack FROM %s)', a.state)),
      $q$
    SELECT t.customer::text, h.owner, t.owner, t.reason
    FROM turned AS t
      LEFT JOIN {assigned} AS h ON h.customer {equal} t.customer AND h.valid_to = 'infinity'
    ORDER BY t.customer$q$)) AS x(customer text, owner_now text, owner_then text, reason text);
END $$;
COMMENT ON FUNCTION simulate_allocation(regclass, date, double precision, double precision) IS
  'who would get another owner if customers were allocated, or with other limits; writes nothing';
