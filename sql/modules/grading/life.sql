-- The life of a customer base: holds that end, and customers who turn out to be one.

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
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a hold is ended for a reason',
      HINT = 'It is kept in the history: reason => ''...''.';
  ELSIF customer IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'a release needs a customer';
  ELSIF NOT isfinite(released_on) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a hold is ended on a day',
      HINT = 'For example released_on => ''2026-11-30''.';
  ELSIF released_on <= s.as_of THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('%s was refreshed as of %s already', $1, s.as_of),
      HINT = 'A hold ends after that. Without released_on it ends the day after.';
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
      MESSAGE = format('customer %s has a tier that was given by hand', $2), HINT = 'unpin ends that.';
  END IF;
  PERFORM customer_tier_internal.run(s.ledger, format($q$
    INSERT INTO %s AS r (customer, released_on, reason, author)
    VALUES (%L, %L, %L, %L)
    ON CONFLICT (customer, released_on) DO UPDATE SET reason = EXCLUDED.reason, author = EXCLUDED.author
    $q$, s.releases, $2, released_on, $3, session_user));
END $$;
COMMENT ON FUNCTION release(regclass, text, text, date) IS
  'ends what holds a customer''s tier, at the first refresh on or after a day: the tier is then the one that is earned';

CREATE FUNCTION release(scheme regclass, customer anyelement, reason text, released_on date DEFAULT NULL) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT customer_tier.release($1, to_json($2) #>> '{}', $3, $4) $$;
COMMENT ON FUNCTION release(regclass, anyelement, text, date) IS
  'the same for a customer of the type that customers have';
