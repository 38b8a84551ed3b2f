-- Views of operations beside a scheme, as of the day of its last refresh.

CREATE FUNCTION customer_tier_internal.operations_comment(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '{"customer": "the customer", "tier": "the tier; null: people in no tier",
  "tier_rank": "its rank, 1 for the lowest",
  "owner": "who has the customer, by the allocation", "done": "contacts in the period", "status": "earned or held",
  "contacts_min": "how many are wanted at least", "contacts_max": "and at most; null for no limit",
  "last_contact": "the day of the last contact; null if there was none ever",
  "due_on": "the day on which the next is due; null if none is wanted",
  "days_overdue": "days since then; 0 if it is not over",
  "state": "over, never, overdue, due or on plan", "priority": "of the tier: lower comes first",
  "value": "what the customer has brought by the day", "customer_group": "the group whose lines count",
  "heads": "customers", "seen": "of them, those with a contact in the range", "coverage": "their part, 0 to 1",
  "target": "the part that is wanted", "gap": "what the part lacks of it; below zero if it is more",
  "contacts": "contacts in the range", "contact_share": "part of all contacts, 0 to 1",
  "value_share": "part of what customers above zero brought in the range, 0 to 1",
  "on_plan": "customers who are due or on plan at the end of the range", "since": "the day from which the tier is held",
  "falls_on": "the first day on which the tier may be taken away", "falls_to": "the tier after that",
  "missing": "what the value lacks of the line that keeps the tier; null if there are several axes",
  "valid_from": "first day", "valid_to": "the day after the last; 9999-12-31 if it holds now",
  "valid": "the days on which it held, or holds", "is_current": "whether it holds now",
  "previous_owner": "the owner before", "weight": "what the customer counts, or all of the owner count",
  "pinned": "whether the owner is given by hand", "capacity": "what the owner can take, relative to others",
  "load": "weight for each unit of capacity", "share": "part of the weight of the group, 0 to 1",
  "heads_by_tier": "customers by tier", "role": "the owner''s role", "note": "of a pin by whom, and why",
  "reason": "first, tier, capacity, balance, left, pinned or merged"}'::jsonb ->> $1
$$;
COMMENT ON FUNCTION customer_tier_internal.operations_comment(text) IS 'support of operations: what a column means';

CREATE FUNCTION customer_tier_internal.make_view(owner_of regclass, view text, query text, description text)
RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c record;
BEGIN
  PERFORM customer_tier_internal.run(owner_of, format('CREATE VIEW %s AS %s', view, query));
  PERFORM customer_tier_internal.run(owner_of, format('COMMENT ON VIEW %s IS %L', view, description));
  FOR c IN SELECT attname, customer_tier_internal.operations_comment(attname) AS about
           FROM pg_attribute WHERE attrelid = view::regclass AND attnum > 0 LOOP
    PERFORM customer_tier_internal.run(owner_of, format('COMMENT ON COLUMN %s.%I IS %L', view, c.attname, c.about));
  END LOOP;
  RETURN view::regclass;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_view(regclass, text, text, text) IS
  'support of operations: a view of the owner of a relation, with comments';

CREATE FUNCTION customer_tier_internal.beside(relation regclass, suffix text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text := (SELECT format('%I.%I', nspname, relname || suffix)
                FROM pg_class AS c
                     JOIN pg_namespace AS n ON n.oid = relnamespace
                WHERE c.oid = relation);
BEGIN
  IF octet_length((parse_ident(name))[2]) > 63 THEN
    RAISE EXCEPTION USING ERRCODE = 'name_too_long', MESSAGE = format('"%s" is too long for a name', name);
  END IF;
  RETURN name;
END $$;
COMMENT ON FUNCTION customer_tier_internal.beside(regclass, text) IS
  'support of operations: the name of a relation with a suffix';

-- Each of them reads the tiers of the scheme; another view that has the name is the user's own.
CREATE FUNCTION customer_tier_internal.operation_views(scheme regclass, tier_table regclass)
RETURNS SETOF regclass
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT c.oid::regclass
FROM unnest('{_coverage, _plan, _falling}'::text[]) WITH ORDINALITY AS u(suffix, i)
     JOIN pg_class AS c ON c.oid = to_regclass(customer_tier_internal.beside($1, suffix))
WHERE c.relkind = 'v'
  AND EXISTS (SELECT
              FROM pg_rewrite AS r
                   JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
              WHERE r.ev_class = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = tier_table)
ORDER BY i
$$;
COMMENT ON FUNCTION customer_tier_internal.operation_views(regclass, regclass) IS
  'support of operations: the views _coverage, _plan and _falling of a scheme, as far as there are any';

CREATE FUNCTION drop_operation_views(scheme regclass) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s record;
  view regclass;
BEGIN
  SELECT * INTO s FROM customer_tier_internal.scheme_parts($1);
  FOR view IN SELECT * FROM customer_tier_internal.operation_views($1, s.tier_table) LOOP
    PERFORM customer_tier_internal.run(s.tier_table, format('DROP VIEW %s', view));
  END LOOP;
END $$;
COMMENT ON FUNCTION drop_operation_views(regclass) IS 'drops the views _plan, _coverage and _falling of a scheme';

CREATE FUNCTION create_operation_views(scheme regclass, contacts regclass DEFAULT NULL,
  every interval DEFAULT '1 month', calendar boolean DEFAULT false, allocation regclass DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
DECLARE
  s record;
  pieces jsonb;
  day text;
  granted record;
  grants jsonb;
  taken text;
BEGIN
  SELECT * INTO s FROM customer_tier_internal.scheme_parts($1);
  PERFORM customer_tier_internal.check_owner(s.tier_table);
  PERFORM customer_tier_internal.check_every(every);
  SELECT jsonb_agg(jsonb_build_array(customer_tier_internal.qualified(v), g)) INTO grants
  FROM customer_tier_internal.operation_views($1, s.tier_table) AS v, unnest(customer_tier_internal.grants_on(v)) AS g;
  PERFORM customer_tier.drop_operation_views($1);
  SELECT name INTO taken
  FROM unnest('{_falling, _plan, _coverage}'::text[]) AS suffix, customer_tier_internal.beside($1, suffix) AS name
  WHERE to_regclass(name) IS NOT NULL
  LIMIT 1;
  IF taken IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_table', MESSAGE = format('relation %s exists already', taken),
      HINT = 'It was not made by create_operation_views. Rename it.';
  END IF;
  PERFORM customer_tier_internal.make_view(s.tier_table, customer_tier_internal.beside($1, '_falling'),
    customer_tier_internal.falling_sql($1),
    'customers whose values of now do not give the tier that they have: when they fall, and where to');
  IF contacts IS NOT NULL THEN
    day := format('(SELECT max(as_of) FROM %s)', s.refreshes);
    pieces := customer_tier_internal.contact_pieces($1, (customer_tier_internal.source_of(contacts)).ledger, day,
      coalesce(calendar, false), allocation, true);
    PERFORM customer_tier_internal.make_view(s.tier_table, customer_tier_internal.beside($1, '_plan'),
      customer_tier_internal.interpolate(customer_tier_internal.contact_plan_template(), pieces),
      'customers of the tiers that want contacts: contacts of the period, and when the next is due');
    pieces := pieces || jsonb_build_object(
      'plan', format('SELECT * FROM %s', customer_tier_internal.beside($1, '_plan')),
      'during', format('customer_tier_internal.period_of(%s, %L::interval, %L::boolean)',
        day, every, coalesce(calendar, false)));
    PERFORM customer_tier_internal.make_view(s.tier_table, customer_tier_internal.beside($1, '_coverage'),
      customer_tier_internal.interpolate(customer_tier_internal.contact_coverage_template(), pieces),
      'how many customers of each tier had a contact in the period, and how many should have');
  END IF;
  -- who could read a view before can read it again
  FOR granted IN SELECT g ->> 0 AS view, g ->> 1 AS command FROM jsonb_array_elements(grants) AS g LOOP
    IF to_regclass(granted.view) IS NOT NULL THEN
      PERFORM customer_tier_internal.run(s.tier_table, format(granted.command, granted.view));
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION create_operation_views(regclass, regclass, interval, boolean, regclass) IS
  'makes, or makes anew, the views _falling and, from a source of contacts, _plan and _coverage of a scheme, as of its '
  'last refresh; "every" is the period of _coverage';
