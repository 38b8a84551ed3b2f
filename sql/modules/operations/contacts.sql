-- Contacts against the plan.

/*
 * The plan, as a query.  A contact is a row above zero of the ledgers {contacts}; "value" is what
 * the customer has brought by the day.  {day} is an expression, {owner} one that names the owner
 * of "h", for which {owners} joins what it needs.  {members} are the rows of the history of which
 * {held} selects the day; as of the last refresh the state has them, which is much smaller.
 */
CREATE FUNCTION customer_tier_internal.contact_plan_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
SELECT h.customer, h.tier, {owner} AS owner, m.done, t.contacts_min, t.contacts_max, m.last_contact, d.due_on,
       greatest(t.day - d.due_on, 0) AS days_overdue, s.state, t.priority,
       coalesce(customer_tier.total(v.ledger, t.until), 0) AS value
FROM (
    SELECT x.*, d.day, customer_tier_internal.period_of(d.day, x.every, {calendar}) AS period,
           daterange(NULL, d.day, '[]') AS until
    FROM (SELECT {day} AS day) AS d, {tiers} AS x
    WHERE x.contacts_min IS NOT NULL OR x.contacts_max IS NOT NULL
    OFFSET 0) AS t
  JOIN {members} AS h ON h.tier = t.tier{held}
  LEFT JOIN {contacts} AS c ON c.customer {equal} h.customer
  LEFT JOIN {ledgers} AS v ON v.customer {equal} h.customer{owners}
  -- OFFSET 0: each is computed once; the value is not among them, so that who does not ask for it joins no ledgers
  CROSS JOIN LATERAL (
    SELECT coalesce(customer_tier.orders(c.ledger, t.period * t.until), 0) AS done,
           customer_tier.last_day(customer_tier.slice(c.ledger, t.until)) AS last_contact
    OFFSET 0) AS m
  CROSS JOIN LATERAL (
    SELECT CASE
             WHEN t.contacts_min > 0
             THEN coalesce(m.last_contact + (upper(t.period) - lower(t.period)) / t.contacts_min, t.day)
           END AS due_on
    OFFSET 0) AS d
  CROSS JOIN LATERAL (
    SELECT CASE
             WHEN m.done > t.contacts_max THEN 'over'
             WHEN t.contacts_min > 0 AND m.last_contact IS NULL THEN 'never'
             WHEN d.due_on < t.day THEN 'overdue'
             WHEN d.due_on = t.day THEN 'due'
             ELSE 'on plan'
           END AS state
    OFFSET 0) AS s
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.contact_plan_template() IS 'support of contact_plan: its query';

-- How often the customers of each tier were contacted: {during} is a range of days, {plan} the plan as of its end.
CREATE FUNCTION customer_tier_internal.contact_coverage_template() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $body$ SELECT $$
WITH r AS (SELECT {during} AS during),
member AS (
  SELECT h.customer, h.tier, h.customer_group, coalesce(customer_tier.total(v.ledger, r.during), 0) AS value
  FROM r
    JOIN {members} AS h ON h.tier IS NOT NULL{held_at_end}
    LEFT JOIN {ledgers} AS v ON v.customer {equal} h.customer),
contacted AS (
  SELECT c.customer, customer_tier.orders(c.ledger, r.during) AS contacts
  FROM r, {contacts} AS c
  WHERE customer_tier.orders(c.ledger, r.during) > 0),
tier_seen AS (
  SELECT m.tier, m.customer_group, count(m.customer) AS heads, count(c.customer) AS seen,
         coalesce(sum(c.contacts), 0)::bigint AS contacts, sum(greatest(m.value, 0)) AS held,
         count(p.customer) FILTER (WHERE p.state IN ('due', 'on plan')) AS on_plan
  FROM member AS m
    FULL JOIN contacted AS c ON c.customer {equal} m.customer
    LEFT JOIN ({plan}) AS p ON p.customer {equal} m.customer
  GROUP BY m.tier, m.customer_group)
SELECT coalesce(s.tier, t.tier) AS tier, t.rank AS tier_rank, s.customer_group, coalesce(s.heads, 0) AS heads,
       coalesce(s.seen, 0) AS seen, s.seen / nullif(s.heads, 0)::float8 AS coverage, t.coverage AS target,
       t.coverage - s.seen / nullif(s.heads, 0)::float8 AS gap, coalesce(s.contacts, 0) AS contacts,
       (s.contacts / nullif(sum(s.contacts) OVER (), 0))::float8 AS contact_share,
       (s.held / nullif(sum(s.held) OVER (), 0))::float8 AS value_share,
       CASE WHEN coalesce(t.contacts_min, t.contacts_max) IS NOT NULL THEN coalesce(s.on_plan, 0) END AS on_plan
FROM {tiers} AS t
  FULL JOIN tier_seen AS s ON s.tier = t.tier
WHERE t.rank IS NOT NULL OR s.customer_group IS NOT NULL OR s.contacts > 0
$$ $body$;
COMMENT ON FUNCTION customer_tier_internal.contact_coverage_template() IS 'support of contact_coverage: its query';

-- the pieces of both; "contacts" are ledgers, or a view of them; "last": as of the last refresh
CREATE FUNCTION customer_tier_internal.contact_pieces(scheme regclass, contacts regclass, day text, calendar boolean,
  allocation regclass, last boolean DEFAULT false) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object('day', day, 'calendar', calendar, 'contacts', contacts,
  'members', CASE WHEN last THEN s.state::text ELSE s.history END,
  'held', CASE WHEN last THEN '' ELSE ' AND h.valid_from <= t.day AND h.valid_to > t.day' END,
  'held_at_end',
  CASE WHEN last THEN '' ELSE ' AND h.valid_from < upper(r.during) AND h.valid_to >= upper(r.during)' END,
  'tiers', s.tier_table, 'ledgers', s.ledgers, 'equal', s.equal,
  'owner', CASE WHEN allocation IS NULL THEN 'NULL::text' ELSE 'o.owner' END,
  'owners', CASE WHEN allocation IS NULL THEN '' ELSE format(
    E'\n    LEFT JOIN %s AS o ON o.customer %s h.customer AND o.valid_from <= t.day AND o.valid_to > t.day',
    (customer_tier_internal.allocation_of(allocation)).assigned, s.equal) END)
FROM customer_tier_internal.scheme_parts($1) AS s
$$;
COMMENT ON FUNCTION customer_tier_internal.contact_pieces(regclass, regclass, text, boolean, regclass, boolean) IS
  'support of contact_plan: the pieces of its query';

-- what is not known of them yet counts, too
CREATE FUNCTION customer_tier_internal.live_contacts(contacts regclass) RETURNS regclass
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF contacts IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the contacts are null',
      HINT = 'Name a source of contacts, such as contacts => ''crm.visits''.';
  END IF;
  RETURN (customer_tier_internal.live_source(contacts)).live;
END $$;
COMMENT ON FUNCTION customer_tier_internal.live_contacts(regclass) IS
  'support of contact_plan: the live ledgers of a source';

-- The order of work is one number, so that rows are compared by few columns, which come first in what is sorted.
CREATE FUNCTION contact_plan(scheme regclass, as_of date, contacts regclass, calendar boolean DEFAULT false,
  daily integer DEFAULT NULL, allocation regclass DEFAULT NULL, OUT customer text, OUT tier text, OUT owner text,
  OUT done bigint, OUT contacts_min integer, OUT contacts_max integer, OUT last_contact date, OUT due_on date,
  OUT days_overdue integer, OUT state text, OUT priority integer, OUT value numeric) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s record;
BEGIN
  PERFORM customer_tier_internal.check_day($2);
  SELECT * INTO s FROM customer_tier_internal.scheme_parts($1);
  IF daily < 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a day has one contact at least',
      HINT = 'daily => 8 cuts the list to eight for each owner.';
  END IF;
  RETURN QUERY
  SELECT *
  FROM customer_tier_internal.as_owner(s.tier_table, format($q$
    SELECT customer::text, tier, owner, done, contacts_min, contacts_max, last_contact, due_on, days_overdue, state,
           priority, value
    FROM (SELECT work, value, customer, tier, owner, done, contacts_min, contacts_max, last_contact, due_on,
                 days_overdue, state, priority%s
          FROM (SELECT *,
                       (array_position(priorities, priority) * 2 + (state <> 'never')::int) * bigint '8589934592'
                         - coalesce(days_overdue, -1) AS work
                FROM (%s) AS p,
                  (SELECT array_agg(DISTINCT priority ORDER BY priority) AS priorities FROM %s) AS r
                OFFSET 0) AS p
          ORDER BY work, value DESC, customer
          OFFSET 0) AS p%s$q$,
    CASE WHEN daily IS NOT NULL
         THEN ', row_number() OVER (PARTITION BY owner ORDER BY work, value DESC, customer) AS place' ELSE '' END,
    customer_tier_internal.interpolate(customer_tier_internal.contact_plan_template(),
      customer_tier_internal.contact_pieces($1, customer_tier_internal.live_contacts($3),
        customer_tier_internal.date_sql($2), coalesce($4, false), $6)),
    s.tier_table, CASE WHEN daily IS NOT NULL THEN format(' WHERE place <= %s', daily) ELSE '' END))
    AS x(customer text, tier text, owner text, done bigint, contacts_min int, contacts_max int, last_contact date,
         due_on date, days_overdue int, state text, priority int, value numeric);
END $$;
COMMENT ON FUNCTION contact_plan(regclass, date, regclass, boolean, integer, regclass) IS
  'customers of the tiers that want contacts, in the order of work, with the contacts of the period and when the next '
  'is due: the trailing period or the calendar''s; "daily" cuts the list to so many for each owner of the allocation';

CREATE FUNCTION contact_coverage(scheme regclass, source regclass, during daterange, OUT tier text,
  OUT tier_rank integer, OUT customer_group text, OUT heads bigint, OUT seen bigint, OUT coverage double precision,
  OUT target double precision, OUT gap double precision, OUT contacts bigint, OUT contact_share double precision,
  OUT value_share double precision, OUT on_plan bigint) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s record;
  pieces jsonb;
BEGIN
  IF isempty(during) IS NOT FALSE OR NOT coalesce(isfinite(upper(during)), false) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'the range of days has no last day',
      HINT = 'For example during => ''[2026-03-01,2026-04-01)''.';
  END IF;
  PERFORM customer_tier_internal.check_day(upper(during) - 1);
  SELECT * INTO s FROM customer_tier_internal.scheme_parts($1);
  pieces := customer_tier_internal.contact_pieces($1, customer_tier_internal.live_contacts($2),
    customer_tier_internal.date_sql(upper(during) - 1), false, NULL);
  pieces := pieces || jsonb_build_object(
    'plan', customer_tier_internal.interpolate(customer_tier_internal.contact_plan_template(), pieces),
    'during', format('%L::daterange', CASE
      WHEN lower(during) IS NULL THEN format('(,%s)', to_json(upper(during)) #>> '{}')
      ELSE format('[%s,%s)', to_json(lower(during)) #>> '{}', to_json(upper(during)) #>> '{}') END));
  RETURN QUERY
  SELECT *
  FROM customer_tier_internal.as_owner(s.tier_table,
      customer_tier_internal.interpolate(customer_tier_internal.contact_coverage_template(), pieces)
        || ' ORDER BY tier_rank DESC NULLS LAST, customer_group')
    AS x(tier text, tier_rank int, customer_group text, heads bigint, seen bigint, coverage float8, target float8,
         gap float8, contacts bigint, contact_share float8, value_share float8, on_plan bigint);
END $$;
COMMENT ON FUNCTION contact_coverage(regclass, regclass, daterange) IS
  'for each tier, and group, as of the end of a range of days: how many customers had a contact in it, of how many, '
  'what is wanted, the tier''s part of all contacts beside its part of the value; contacts with people in no tier are '
  'a row of their own';
