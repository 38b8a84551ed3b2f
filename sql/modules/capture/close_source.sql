-- Closing days of a source, so that their sales can be archived.

-- The day is the default of a column of the state: it is dumped, and writers read it from the catalogs, whatever
-- their snapshot.  The lock on the sales waits for writers, so that the merge takes everything written before.
CREATE PROCEDURE customer_tier.close_source(source regclass, until date)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET datestyle = iso
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.own_source($1);
BEGIN
  PERFORM customer_tier_internal.require_read_committed();
  IF s.touches IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'feature_not_supported',
      MESSAGE = format('source %s is a join, and its days cannot be closed', customer_tier_internal.source_name(s)),
      HINT = 'A refresh computes the ledgers of a join from the present rows of its tables. Track a table that has '
             'the customer, the day and the amount of each sale.';
  ELSIF NOT isfinite(until) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'until is not a day',
      HINT = 'For example until => ''2025-12-31'', the last day that is closed; NULL opens all days again.';
  ELSIF s.refreshed_at IS NULL
    OR s.queue IS NOT NULL AND customer_tier_internal.capturing(s) IS NOT TRUE
    OR customer_tier_internal.changed(s) THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('%s may have sales that its ledgers do not know of', customer_tier_internal.source_name(s)),
      HINT = format('The view customer_tier.sources says more. CALL customer_tier.rebuild_source(%L) first.', s.view);
  END IF;
  IF s.queue IS NOT NULL THEN
    -- merges before it locks the sales, so that writers wait neither for this nor for another refresh
    CALL customer_tier_internal.merge(s.state);
    PERFORM customer_tier_internal.run(s.sales, format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', s.sales));
    CALL customer_tier_internal.merge(s.state);
    CALL customer_tier_internal.note(s.state, NULL);
  END IF;
  BEGIN
    PERFORM customer_tier_internal.run(s.state, format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', s.state));
  EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION USING ERRCODE = 'lock_not_available',
      MESSAGE = format('the state of %s is locked by another transaction', customer_tier_internal.source_name(s)),
      HINT = 'A transaction that has read the view customer_tier.sources, for example. Try again when it has ended.';
  END;
  PERFORM customer_tier_internal.run(s.state, format('ALTER TABLE %s ALTER closed %s', s.state,
    CASE WHEN until IS NULL THEN 'DROP DEFAULT' ELSE format('SET DEFAULT date %L', until) END));
END $$;
COMMENT ON PROCEDURE customer_tier.close_source(regclass, date) IS
  'closes the days of a source up to and including one: the ledgers keep their sales when these are deleted, inserted '
  'sales count, and updates are refused; null opens all days';
