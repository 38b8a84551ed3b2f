-- Columns of a CSV file get the types their values have, and rows become sales.
-- psql variables: customer, amount, at, and datestyle, the order of day, month and year.

SET datestyle = :'datestyle';
SET datestyle = ISO; -- for what is shown

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

-- A column's name is taken as it is written in the file.  In expressions SQL folds CustomerID
-- to customerid: a column has that name as well, unless another column has it or folds to it.
SELECT coalesce(max(quote_ident(attname)) FILTER (WHERE attname = :'customer'), :'customer') AS customer,
       coalesce(max(quote_ident(attname)) FILTER (WHERE attname = :'amount'), :'amount') AS amount,
       coalesce(max(quote_ident(attname)) FILTER (WHERE attname = :'at'), :'at') AS at,
       coalesce(string_agg(format(', %I AS %I', attname, folded), '')
                FILTER (WHERE attname <> folded AND claims = 1), '') AS folded
FROM (SELECT attname, folded, count(*) OVER (PARTITION BY folded) AS claims
      FROM pg_attribute, lower(attname::text COLLATE "C") AS folded
      WHERE attrelid = 'csv'::regclass AND attnum > 0) AS c
\gset
SELECT set_config('csv.sales', format(
  'CREATE TABLE sales AS
   SELECT %s AS customer_id, (%s)::timestamp AS sold_at, (%s)::numeric AS amount
   FROM (SELECT *%s FROM csv) AS csv', :'customer', :'at', :'amount', :'folded'), false) AS sales
\gset

DO $$
BEGIN
  EXECUTE current_setting('csv.sales');
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format THEN
  RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM,
    HINT = 'Dates with the day first, as 31.12.2026, need DATESTYLE=DMY.';
END $$;
ANALYZE sales;
