-- Tests that suggest() gives statements for an unknown table, and that they run.
CREATE SCHEMA t_suggest;
SET search_path = t_suggest, customer_tier, public;
SET timezone = 'UTC';
\pset tuples_only
\pset format unaligned

CREATE TABLE plain (id bigint PRIMARY KEY, customer_id int, sold_at date, amount numeric);
SELECT suggest('plain');

-- lines of invoices, names as a spreadsheet has them, moments of a time zone
CREATE TABLE "Lines" ("InvoiceNo" text, "StockCode" text, "Quantity" int, "InvoiceDate" timestamptz,
  "UnitPrice" numeric, "CustomerID" bigint, "Status" text);
SELECT suggest('"Lines"');

-- what looks like something else
CREATE TABLE shipped (id serial PRIMARY KEY, shipped_on date, updated_at timestamptz, ordered_on date, tax numeric,
  net_amount float8, buyer uuid, order_no int UNIQUE);
SELECT suggest('shipped');

-- nothing that looks like a customer
CREATE TABLE odd (a text, b boolean);
SELECT suggest('odd');

-- names that end a comment, a literal, an identifier
CREATE TABLE "o'dd" (U&"customer\000ADROP TABLE plain; --" int, "d""ay" date, "amount'" numeric);
SELECT suggest('"o''dd"');

-- what has no rows, and what is not there
CREATE SEQUENCE s;
SELECT suggest('s');
SELECT suggest(99999999::regclass);

-- the statements run as they are
CREATE FUNCTION run_all(statements text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  statement text;
BEGIN
  FOREACH statement IN ARRAY regexp_split_to_array(regexp_replace(statements, '^--[^\n]*$', '', 'gn'), ';\n') LOOP
    IF btrim(statement, E' \n') <> '' THEN
      EXECUTE statement;
    END IF;
  END LOOP;
END $$;
INSERT INTO plain SELECT i, i % 20, date '2026-01-01' + i % 97, i FROM generate_series(1, 500) AS i;
INSERT INTO "Lines"
SELECT 'I' || i / 3, 'S' || i % 7, i % 5 - 1, timestamptz '2026-01-01 12:00+00' + i / 3 % 97 * interval '1 day', 2.5,
  i / 3 % 20, 'ok'
FROM generate_series(1, 500) AS i;
INSERT INTO shipped (ordered_on, net_amount, buyer, order_no)
SELECT date '2026-01-01' + i % 97, i, md5((i % 20)::text)::uuid, i FROM generate_series(1, 500) AS i;
INSERT INTO "o'dd" SELECT i % 20, date '2026-01-01' + i % 97, i FROM generate_series(1, 500) AS i;
CREATE VIEW seen AS SELECT * FROM "Lines";
SELECT run_all(suggest('plain'));
SELECT run_all(suggest('"Lines"'));
SELECT run_all(suggest('shipped'));
SELECT run_all(suggest('"o''dd"'));
SELECT run_all(suggest('seen'));
SELECT scheme, as_of FROM schemes WHERE scheme::text ~ '(rfm|abc)' ORDER BY scheme::text COLLATE "C";
SELECT count(*) FROM plain;

-- who may only read
CREATE ROLE regress_customer_tier_reader;
GRANT USAGE ON SCHEMA t_suggest, customer_tier TO regress_customer_tier_reader;
GRANT SELECT ON plain TO regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT run_all(substring(suggest('plain') FROM '^.*?;\n'));
RESET ROLE;
DROP OWNED BY regress_customer_tier_reader;
DROP ROLE regress_customer_tier_reader;

-- later suites list all sources
SET client_min_messages = warning;
DROP SCHEMA t_suggest CASCADE;
