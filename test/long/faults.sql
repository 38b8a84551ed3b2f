-- Tests that random histories find the seeded faults of the suite faults; psql variable: seed
SET search_path = t_history, t_history_there, test, public, customer_tier;
SET client_min_messages = error;
UPDATE fault SET seed = NULL, found = NULL;
CALL seed_faults(:seed * 1000, :seed * 1000 + 199);
RESET session_replication_role;
CALL restore();
SET client_min_messages = notice;
DO $$
DECLARE
  f fault;
  bad boolean := false;
BEGIN
  FOR f IN SELECT * FROM fault ORDER BY id LOOP
    IF (f.found IS NULL) <> (f.fault = 'none') THEN
      bad := true;
      RAISE WARNING 'fault "%" %: %', f.fault, f.variant, coalesce('seed ' || f.seed || ', ' || f.found, 'not found');
    ELSE
      RAISE NOTICE 'fault "%" %: %', f.fault, f.variant,
        coalesce('seed ' || f.seed || ', ' || f.found, 'rightly nothing');
    END IF;
  END LOOP;
  IF bad THEN
    RAISE EXCEPTION 'histories do not tell faults from none';
  END IF;
END $$;
