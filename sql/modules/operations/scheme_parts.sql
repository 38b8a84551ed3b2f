-- What operations ask of a scheme.  Nothing else here knows how a scheme is kept.

CREATE FUNCTION customer_tier_internal.scheme_parts(INOUT scheme regclass, OUT ledgers regclass,
  OUT tier_table regclass, OUT state regclass, OUT history text, OUT thresholds regclass, OUT refreshes regclass,
  OUT attributes regclass, OUT key name, OUT current_view regclass, OUT equal text, OUT as_of date, OUT grouped boolean,
  OUT releases regclass)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.scheme_of(scheme);
BEGIN
  scheme := s.scheme;
  ledgers := s.ledger;
  tier_table := s.tier_table;
  state := s.state;
  history := customer_tier_internal.stretches_sql(s.history);
  thresholds := s.thresholds;
  refreshes := s.refreshes;
  attributes := s.attributes;
  key := 'customer';
  current_view := s.current_view;
  releases := s.releases;
  equal := customer_tier_internal.equal_of(s);
  as_of := s.as_of;
  grouped := EXISTS (SELECT FROM pg_attribute WHERE attrelid = s.scheme AND attname = 'customer_group');
END $$;
COMMENT ON FUNCTION customer_tier_internal.scheme_parts(regclass) IS
  'the relations of a scheme, how its customers are compared, and the day of its last refresh; an error if it is none';

CREATE FUNCTION customer_tier_internal.scheme_discipline(scheme regclass, OUT axes jsonb, OUT sizes integer[],
  OUT map integer[], OUT tiers text[], OUT unrated text, OUT keep double precision, OUT hold interval,
  OUT review text[], OUT downgrade text)
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
AS $$
SELECT r.axes, r.sizes, r.map, r.tiers, r.unrated, r.keep, r.hold, r.review, r.downgrade
FROM customer_tier_internal.scheme_of($1) AS r
$$;
COMMENT ON FUNCTION customer_tier_internal.scheme_discipline(regclass) IS
  'the rule of a scheme: how scores lead to tiers, and when customers fall';

CREATE FUNCTION customer_tier_internal.check_refreshed(scheme regclass, as_of date) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF as_of IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = format('%s has no tiers yet', $1),
      HINT = format('SELECT * FROM customer_tier.refresh_scheme(%L, as_of => ...);', $1);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_refreshed(regclass, date) IS
  'support of operations: an error if a scheme was not refreshed yet';
