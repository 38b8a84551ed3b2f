-- Tests 25 random histories of tracked tables; psql variable: seed
SET client_min_messages = warning;
SET search_path = t_history, t_history_there, test, public, customer_tier;
CALL histories(:seed * 1000, :seed * 1000 + 24);
SELECT * FROM wrong;
DO $$
BEGIN
  IF EXISTS (SELECT FROM wrong) THEN
    RAISE EXCEPTION 'ledgers differ from their sales';
  END IF;
END $$;
