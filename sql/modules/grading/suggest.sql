-- suggest(): statements that make tiers from an unknown table.

-- How well each column fits each part of a sale, by its name and type; 0 means not at all.
CREATE FUNCTION customer_tier_internal.sale_columns(relation regclass,
  OUT part text, OUT name text, OUT type regtype, OUT fit integer) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH c AS (
  SELECT attname::text AS name, atttypid::regtype AS type, attnum,
    -- OrderDate and order-date become order_date
    lower(regexp_replace(regexp_replace(attname, '([[:lower:]])([[:upper:]])', '\1_\2', 'g'),
                         '[^[:alnum:]]+', '_', 'g')) AS word,
    CASE WHEN atttypid IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) THEN 'day'
      WHEN atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN 'integer'
      WHEN atttypid IN ('numeric'::regtype, 'float4'::regtype, 'float8'::regtype) THEN 'number'
      WHEN atttypid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'uuid'::regtype) THEN 'name'
    END AS kind,
    EXISTS (SELECT FROM pg_index
            WHERE indrelid = attrelid AND indisunique AND indnkeyatts = 1 AND indkey[0] = attnum) AS is_unique,
    EXISTS (SELECT FROM pg_constraint
            WHERE conrelid = attrelid AND contype = 'f' AND conkey = ARRAY[attnum]) AS is_foreign
  FROM pg_attribute
  WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
),
-- patterns of names, with the part of a sale that they indicate
w(part, kinds, pattern, fit) AS (VALUES
  ('customer', '{integer, name}'::text[], '^(customer|client|buyer|shopper|kunde|cliente?)', 10),
  ('customer', '{integer, name}', '(^|_)(customer|client|buyer|member|kunden?)(_|$|id|no|nr)', 8),
  ('customer', '{integer, name}', '(^|_)(user|account|patient|guest|company|contact|party)(_|$|id|no|nr)', 4),
  ('sold_at', '{day}', '(^|_)(order|sold|sale|purchase|invoice|bought|transaction|receipt|paid)', 10),
  ('sold_at', '{day}', '^(date|day|at|time|ts|timestamp|datum)$', 6),
  ('sold_at', '{day}', '(^|_)(created|booked|posted|placed)', 5),
  ('sold_at', '{day}', '.', 1),
  ('sold_at', '{day}',
    '(^|_)(updated|modified|deleted|cancel\w*|birth\w*|due|ship\w*|deliver\w*|expir\w*|until)(_|$)', -20),
  ('amount', '{integer, number}', '(^|_)(amount|total|revenue|turnover|sales|betrag|umsatz|dollars|spend)(_|$)', 10),
  ('amount', '{integer, number}', '(^|_)(net|gross|value|paid|sum)(_|$)', 6),
  ('amount', '{integer, number}', '(^|_)(tax|vat|discount|shipping|tip|id|quantity|unit)(_|$)', -20),
  ('quantity', '{integer, number}', '(^|_)(quantity|qty|units|pieces|menge)(_|$)', 10),
  ('price', '{integer, number}', '(^|_)(unit_?price|price_?each)(_|$)', 10),
  ('price', '{integer, number}', '(^|_)(price|preis)(_|$)', 6),
  ('order_id', '{integer, name}',
    '(^|_)(order|invoice|receipt|basket|ticket|bill)(_?(id|no|nr|num|number|code|key))?$', 10),
  ('order_id', '{integer, name}', '(^|_)(transaction|document|sale)_?(id|no|nr|num|number|code|key)$', 6),
  ('filter', '{name}', '(^|_)(status|state|kind|type)(_|$)', 1))
SELECT w.part, c.name, c.type, (sum(w.fit) + count(*) FILTER (WHERE w.part = 'customer' AND is_foreign))::integer
FROM c JOIN w ON c.kind = ANY (w.kinds) AND c.word ~ w.pattern
-- orders and customers repeat, so a unique column is neither
WHERE NOT (is_unique AND w.part IN ('order_id', 'customer'))
GROUP BY w.part, c.name, c.type, c.attnum
HAVING sum(w.fit) > 0
ORDER BY w.part, 4 DESC, c.attnum
$$;
COMMENT ON FUNCTION customer_tier_internal.sale_columns(regclass) IS
  'support of suggest: the columns that may be parts of a sale, the best first';

-- Replaces line ends in a name, which would end a comment.
CREATE FUNCTION customer_tier_internal.one_line(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT translate(name, E'\n\r', '  ') $$;
COMMENT ON FUNCTION customer_tier_internal.one_line(text) IS 'support of suggest: a name for a comment';

CREATE FUNCTION suggest(relation regclass) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $suggest$
DECLARE
  c record;
  names jsonb := '{}'::jsonb;
  types jsonb := '{}'::jsonb;
  customer text;
  amount text;
  day text;
  order_id text;
  place text;
  stem text;
  kind "char";
  zone text;
  query text;
  as_of text;
  sale text;
  told text;
BEGIN
  SELECT format('%I.%I', nspname, relname), relname, relkind, nspname INTO sale, stem, kind, place
  FROM pg_class AS r JOIN pg_namespace AS n ON n.oid = relnamespace
  WHERE r.oid = $1;
  IF kind IS NULL OR kind NOT IN ('r', 'p', 'v', 'm', 'f') THEN
    RAISE EXCEPTION USING ERRCODE = 'wrong_object_type',
      MESSAGE = CASE WHEN kind IS NULL THEN 'the relation does not exist'
        ELSE format('%s is not a table or view', sale) END,
      HINT = 'Name the table that has a row for each sale.';
  END IF;
  FOR c IN
    SELECT DISTINCT ON (part) part, name, type
    FROM customer_tier_internal.sale_columns($1)
    ORDER BY part, fit DESC
  LOOP
    names := names || jsonb_build_object(c.part, quote_ident(c.name));
    types := types || jsonb_build_object(c.part, c.type::text);
  END LOOP;
  customer := coalesce(names ->> 'customer', 'CUSTOMER');
  day := coalesce(names ->> 'sold_at', 'DAY');
  amount := CASE WHEN names ? 'amount' THEN names ->> 'amount'
    WHEN names ?& '{quantity, price}' THEN format('%s * %s', names ->> 'quantity', names ->> 'price')
    ELSE coalesce(names ->> 'price', 'AMOUNT') END;
  IF types ->> (CASE WHEN names ? 'amount' THEN 'amount' ELSE 'price' END) IN ('real', 'double precision') THEN
    amount := format('round((%s)::numeric, 2)', amount);
  END IF;
  order_id := names ->> 'order_id';
  IF types ->> 'sold_at' = 'timestamp with time zone' THEN
    zone := current_setting('timezone');
  END IF;
  told := format(E'-- %s is read like this.  Change what is wrong%s.\n',
    customer_tier_internal.one_line(sale),
    CASE WHEN NOT names ?& '{customer, sold_at}' OR amount = 'AMOUNT' THEN ', and what is in capitals' ELSE '' END)
    || (SELECT string_agg(format(E'--   %s %s\n', rpad(part, 8), customer_tier_internal.one_line(column_of)), ''
                          ORDER BY i)
        FROM (VALUES (1, 'customer', customer), (2, 'day', day), (3, 'amount', amount), (4, 'order', order_id))
          AS p(i, part, column_of)
        WHERE column_of IS NOT NULL)
    || CASE WHEN names ? 'filter' THEN format(E'-- Rows that are no sales can be left out: '
                       'WHERE %1$s <> ''...'', or filter => $$%1$s <> ''...''$$.\n',
                       customer_tier_internal.one_line(names ->> 'filter')) ELSE '' END;
  query := format('SELECT %s, %s, %s%s FROM %s',
                  customer, day, amount, coalesce(', ' || order_id, ''), sale);
  as_of := format('(SELECT max(%s)::date FROM %s)', day, sale);
  told := told || format(E'\n-- RFM segments now; SELECT on the table is all that this needs\n'
                         'SELECT *\nFROM customer_tier.tiers(%L,\n'
                         '  preset => ''rfm'', as_of => %s%s);\n', query, as_of,
                         coalesce(', time_zone => ' || quote_literal(zone), ''));
  IF kind IN ('r', 'p') THEN
    told := told || format(E'\n-- Or kept up to date, with a history; as the owner of the table\n'
      'CALL customer_tier.track(%L, customer => %L, amount => %L,\n  sold_at => %L%s%s);\n',
      sale, customer, amount, day,
      coalesce(', order_id => ' || quote_literal(order_id), ''),
      coalesce(', time_zone => ' || quote_literal(zone), ''));
  ELSIF kind = 'v' THEN
    told := told || format(E'\n-- Or kept up to date, with a history; as the owner of the view\n'
      'CREATE VIEW %1$I.%2$I AS\n  SELECT %3$s AS customer, %4$s AS sold_at, %5$s AS amount%6$s\n'
      '  FROM %7$s;\n'
      'CALL customer_tier.track(%8$L);\n', place, stem || '_sale', customer,
      CASE WHEN zone IS NOT NULL THEN format('(%s AT TIME ZONE %L)::date', day, zone) ELSE day END,
      amount, coalesce(', ' || order_id || ' AS order_id', ''), sale, format('%I.%I', place, stem || '_sale'));
    sale := format('%I.%I', place, stem || '_sale');
  ELSE
    RETURN told;
  END IF;
  RETURN told || (
    SELECT string_agg(format(E'SELECT customer_tier.create_scheme(%1$L, %2$L, preset => %3$L);\n'
                             'SELECT * FROM customer_tier.refresh_scheme(%1$L, as_of => %4$s);\n',
                             format('%I.%I', place, stem || '_' || preset), sale, preset, as_of), '' ORDER BY n)
    FROM unnest('{rfm, abc}'::text[]) WITH ORDINALITY AS p(preset, n));
END $suggest$;
COMMENT ON FUNCTION suggest(regclass) IS
  'statements that make tiers of a table of sales, as text to read, change and run: what its columns are taken for, '
  'tiers(), track() and two schemes';
