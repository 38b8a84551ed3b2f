-- Columns of a CSV file get the types their values have, and rows become sales.

DO $$
DECLARE
  c record;
  whole boolean;
  number boolean;
BEGIN
  FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = 'csv'::regclass AND attnum > 0
  LOOP
    -- a code with leading zeros stays text
    EXECUTE format('SELECT bool_and(%1$I ~ ''^-?(0|[1-9][0-9]{0,17})$''),
                           bool_and(%1$I ~ ''^-?(0|[1-9][0-9]*)?([.][0-9]+)?$'' AND %1$I <> '''')
                    FROM csv', c.attname) INTO whole, number;
    BEGIN
      EXECUTE format('ALTER TABLE csv ALTER %1$I TYPE %2$s USING %1$I::%2$s', c.attname,
                     CASE WHEN whole THEN 'bigint' WHEN number THEN 'numeric' ELSE 'timestamp' END);
    EXCEPTION WHEN data_exception OR datetime_field_overflow THEN
      NULL; -- text it is
    END;
  END LOOP;
END $$;

CREATE TABLE sales AS
  SELECT :customer AS customer_id, (:at)::timestamp AS sold_at, (:amount)::numeric AS amount FROM csv;
ANALYZE sales;
