-- Tests the type ledger: text, binary, operators, entries, slice.
\set VERBOSITY default
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_ledger;
SET search_path = t_ledger, test, public, customer_tier, customer_tier_internal;


--
-- Text
--
SELECT t AS input, t::ledger AS ledger FROM unnest(ARRAY[
  '{}',
  ' { } ',
  '{2026-01-05:1:49.90, 2026-02-11:2+1:80.10}',
  '{2026-01-05:1:49.90,2026-02-11:2+1:80.1}',
  E'\t{\n2026-01-05:1:49.9 ,\r\n 2026-02-11:2+1:80.1\n}\n',
  '{2026-02-11:2+1:80.1, 2026-01-05:1:49.9}',
  '{2026-01-05:1:20, 2026-02-11:2+1:80.1, 2026-01-05:0:29.9}',
  '{2026-01-05:1:10, 2026-01-05:2+3:20.5, 2026-01-05:-1-1:-0.5}',
  '{2026-01-05:1:10, 2026-01-05:-1:-10}',
  '{2026-01-05:0:0}',
  '{2026-01-05:0+0:0.000}',
  '{2026-01-05:1:0}',
  '{2026-01-05:0+1:0}',
  '{2026-01-05:0+1:-7.25}',
  '{2026-01-05:-2:-7.25}',
  '{2026-01-05:-2-3:7.25}',
  '{2026-01-05:0-1:7.25}',
  '{2026-01-05:0:-0.01}',
  '{2026-01-05:+1:+7}',
  '{2026-01-05:1:.5, 2026-01-06:1:3.}',
  '{2026-01-05:1:-.5}',
  '{2026-01-05:1:0.000001, 2026-01-06:1:1.1}',
  '{2026-01-05:1:1.100000, 2026-01-06:1:2.200000}',
  '{2026-01-05:1:9223372036854775807}',
  '{2026-01-05:1:-9223372036854775807}',
  '{2026-01-05:1:92233720368547758.07}',
  '{2026-01-05:1:9223372036854.775807}',
  '{2026-01-05:1:9223372036854775807.000000}',
  '{2026-1-5:1:1}',
  '{0044-03-15 BC:1:1, 0001-01-01:1:1, 0001-12-31 BC:1:1, 0001-02-29 BC:1:3}',
  '{4714-11-24 BC:1:1, 5874897-12-31:1:2}',
  '{10000-01-01:1:1, 9999-12-31:1:1}',
  '{2024-02-29:1:1, 2000-02-29:1:1}'
]) WITH ORDINALITY AS i(t, o) ORDER BY o;

-- whatever is not a ledger
SELECT '{2026-01-05}'::ledger;
SELECT t AS input,
       CASE outcome(format('SELECT %L::ledger', t))
       WHEN '22P02 invalid input syntax for type ledger: "' || t
         || '" / A ledger is written {2026-01-05:1:49.90, 2026-02-11:2+1:80.10}: '
            'day, purchases and other rows, amount.' THEN 'invalid syntax'
       ELSE outcome(format('SELECT %L::ledger', t)) END AS outcome FROM unnest(ARRAY[
  '', ' ', '{', '}', '{{}}', '{}x', 'x{}', '{} {}', '[]', 'null',
  '{,}', '{2026-01-05:1:1,}', '{,2026-01-05:1:1}', '{2026-01-05:1:1;2026-01-06:1:1}',
  '{2026-01-05:1:1 2026-01-06:1:1}', '{2026-01-05:1:1', '2026-01-05:1:1',
  '{2026-01-05}', '{2026-01-05:1}', '{2026-01-05:1:}', '{2026-01-05::1}', '{:1:1}', '{2026-01-05:1:1:1}',
  '{2026-01-05 :1:1}', '{2026-01-05: 1:1}', '{2026-01-05:1 +1:1}', '{2026-01-05:1: 1}',
  '{2026-13-01:1:1}', '{2026-00-01:1:1}', '{2026-01-00:1:1}', '{2026-01-32:1:1}', '{2026-02-29:1:1}',
  '{1900-02-29:1:1}', '{0000-01-01:1:1}', '{0000-01-01 BC:1:1}', '{-2026-01-01:1:1}', '{2026-01-01 AD:1:1}',
  '{2026/01/01:1:1}', '{20260101:1:1}', '{2026-001-01:1:1}', '{infinity:1:1}', '{-infinity:1:1}',
  '{4714-11-23 BC:1:1}', '{5874898-01-01:1:1}', '{9999999-01-01:1:1}', '{99999999-01-01:1:1}',
  '{2026-01-05:one:1}', '{2026-01-05:1.5:1}', '{2026-01-05:1+:1}', '{2026-01-05:1++1:1}', '{2026-01-05:1+1+1:1}',
  '{2026-01-05:--1:1}', '{2026-01-05:1000000000000000000000:1}',
  '{2026-01-05:1:abc}', '{2026-01-05:1:1e5}', '{2026-01-05:1:NaN}', '{2026-01-05:1:Infinity}', '{2026-01-05:1:.}',
  '{2026-01-05:1:-}', '{2026-01-05:1:--1}', '{2026-01-05:1:1.2.3}', '{2026-01-05:1:1,5}', '{2026-01-05:1:$5}',
  '{2026-01-05:1:1.0000001}', '{2026-01-05:1:0x10}',
  '{2026-01-05:1:9223372036854775808}', '{2026-01-05:1:-9223372036854775809}',
  '{2026-01-05:1:92233720368547758.08}', '{2026-01-05:1:9223372036854775807, 2026-01-06:1:0.1}',
  '{2026-01-05:1:9223372036854775807, 2026-01-05:1:1}', '{2026-01-05:1:9223372036854775807, 2026-01-06:1:1}',
  '{2026-01-05:1:99999999999999999999999999999999999999999999999999}'
]) WITH ORDINALITY AS i(t, o) ORDER BY o;

-- sums may leave 64 bits on their way, in any order of the entries
SELECT '{2026-01-05:1:9223372036854775807, 2026-01-05:1:9223372036854775807, '
  '2026-01-05:1:-9223372036854775807}'::ledger;
SELECT '{2026-01-05:1:-9223372036854775807, 2026-01-05:1:9223372036854775807, '
  '2026-01-05:1:9223372036854775807}'::ledger;
SELECT '{2026-01-05:1:9223372036854775807, 2026-01-06:1:9223372036854775807, '
  '2026-01-07:1:-9223372036854775807}'::ledger;
SELECT '{2026-01-05:1:9223372036854775807, 2026-01-05:1:0.000001, 2026-01-05:0:-0.000001}'::ledger;

--
-- Operators
--
SELECT '{2026-01-05:1:10, 2026-01-07:1:5}'::ledger + '{2026-01-06:1:2.5, 2026-01-07:1+1:1}' AS added,
       '{2026-01-05:1:10, 2026-01-07:1:5}'::ledger - '{2026-01-06:1:2.5, 2026-01-07:1:5}' AS subtracted,
       - '{2026-01-05:1:10, 2026-01-07:2+1:-5}'::ledger AS negated;
SELECT '{2026-01-05:1:0.1}'::ledger + '{2026-01-05:1:0.9}' AS scale_shrinks,
       '{2026-01-05:1:1}'::ledger + '{2026-01-05:1:0.000001}' AS scale_grows,
       '{2026-01-05:1:1.5}'::ledger - '{2026-01-05:1:1.5}' AS nothing,
       '{}'::ledger + '{}' AS empty;
SELECT '{2026-01-05:1:1.50}'::ledger = '{2026-01-05:1:1.5}' AS equal,
       '{2026-01-05:1:1.5}'::ledger = '{2026-01-05:2:1.5}' AS other_count,
       '{2026-01-05:1:1.5}'::ledger = '{2026-01-05:1+1:1.5}' AS other_rows,
       '{2026-01-05:1:1.5}'::ledger = '{2026-01-06:1:1.5}' AS other_day,
       '{2026-01-05:1:1.5}'::ledger = '{2026-01-05:1:15}' AS other_amount,
       '{2026-01-05:1:1.5}'::ledger <> '{2026-01-05:1:1.5}' AS not_equal,
       '{}'::ledger = '{}' AS empty_equal, '{}'::ledger <> '{2026-01-05:1:1}' AS empty_not_equal;
SELECT is_empty('{}'), is_empty('{2026-01-05:1:1}'), is_empty('{2026-01-05:1:1, 2026-01-05:-1:-1}'), is_empty(NULL);
SELECT outcome($$SELECT '{2026-01-05:1:9223372036854775807}'::ledger + '{2026-01-05:1:1}'$$);
SELECT outcome($$SELECT '{2026-01-05:1:9223372036854775807}'::ledger + '{2026-01-06:1:1}'$$);
SELECT outcome($$SELECT '{2026-01-05:1:9223372036854775807}'::ledger - '{2026-01-06:1:-1}'$$);
SELECT outcome($$SELECT '{2026-01-05:1:9223372036854775807}'::ledger + '{2026-01-06:1:0.1}'$$);
SELECT '{2026-01-05:1:9223372036854775807}'::ledger - '{2026-01-05:1:9223372036854775806}' AS small;
SELECT '{2026-01-05:1:-9223372036854775807}'::ledger - '{2026-01-05:1:-9223372036854775807}' AS nothing;

-- an order: by the total, among equal totals by the bytes; whatever differs has one, and what is equal none
CREATE TABLE ordered AS
SELECT l::ledger
FROM unnest('{"{}", "{2026-01-05:1:5}", "{2026-01-05:1:5.00}", "{2026-01-06:1:5}", "{2026-01-05:0+1:-7}", '
  '"{2026-01-05:2:5}", "{2026-01-05:1:4.999999}", "{2026-01-05:1:9223372036854775807}", '
  '"{2026-01-05:1:-9223372036854775807}", "{2026-01-05:1:10, 2026-02-05:0+1:-5}"}'::text[]) AS l;
SELECT l, total(l) FROM ordered ORDER BY l;
SELECT count(*) AS pairs, count(*) FILTER (WHERE (a.l < b.l)::int + (a.l = b.l)::int + (a.l > b.l)::int <> 1) AS
  not_one, count(*) FILTER (WHERE (a.l <= b.l) <> (a.l < b.l OR a.l = b.l) OR (a.l >= b.l) <> (b.l <= a.l)) AS differ,
       count(*) FILTER (WHERE total(a.l) < total(b.l) AND NOT a.l < b.l) AS not_by_total
       FROM ordered AS a, ordered AS b;
SELECT count(*) AS not_transitive FROM ordered AS a, ordered AS b, ordered AS c
WHERE a.l < b.l AND b.l < c.l AND NOT a.l < c.l;
CREATE INDEX ON ordered (l);
SET enable_seqscan = off; SET enable_sort = off;
SELECT array_agg(l ORDER BY l) = (SELECT array_agg(l) FROM (SELECT l FROM ordered ORDER BY l) AS o) AS same,
  count(DISTINCT l) AS different FROM ordered;
RESET enable_seqscan; RESET enable_sort;

--
-- Entries and slice
--
SELECT * FROM entries('{2026-02-11:2+1:80.1, 2026-01-05:1:49.90, 2026-01-06:0-1:3, 0044-03-15 BC:0+1:-7}');
SELECT * FROM entries('{}');
SELECT pg_typeof(day) AS day, pg_typeof(purchases) AS purchases, pg_typeof(other_rows) AS other_rows,
  pg_typeof(amount) AS amount
FROM entries('{2026-02-11:2+1:80.1}');
SELECT count(*) FROM entries(NULL);

SELECT r AS days, slice('{2026-01-05:1:1, 2026-01-06:1:2.5, 2026-01-08:1:3}', r::daterange) FROM unnest(ARRAY[
  'empty', '(,)', '[2026-01-05,2026-01-08]', '[2026-01-05,2026-01-08)', '(2026-01-05,2026-01-08)',
  '(2026-01-05,2026-01-08]',
  '[2026-01-06,2026-01-06]', '[2026-01-07,2026-01-07]', '[2026-01-06,)', '(2026-01-06,)', '(,2026-01-06]',
  '(,2026-01-06)',
  '[-infinity,infinity]', '[2026-01-06,infinity)', '[-infinity,2026-01-06)', '[2025-01-01,2026-01-05)',
  '[2026-01-09,2027-01-01)',
  '[2026-01-05,2026-01-05)', '[4714-11-24 BC,5874897-12-31)'
]) WITH ORDINALITY AS i(r, o) ORDER BY o;
SELECT slice('{4714-11-24 BC:1:1, 5874897-12-31:1:2}', '(,)') AS all_days,
       slice('{4714-11-24 BC:1:1, 5874897-12-31:1:2}', '[4714-11-24 BC,4714-11-24 BC]') AS first,
       slice('{4714-11-24 BC:1:1, 5874897-12-31:1:2}', '[5874897-12-31,)') AS last,
       slice('{4714-11-24 BC:1:1, 5874897-12-31:1:2}', '[5874897-12-31,infinity]') AS last_too;
SELECT slice('{}', '(,)') AS nothing, slice(NULL, '(,)') AS null_ledger, slice('{}', NULL) AS null_days;
-- a part of a ledger whose sum fits may have one that does not
SELECT slice('{2026-01-05:1:9223372036854775807, 2026-01-06:1:-9223372036854775807, 2026-01-07:1:5}', '(,2026-01-07)');
SELECT outcome($$SELECT slice('{2026-01-05:1:9223372036854775807, 2026-01-06:1:5, 2026-01-07:1:-10}',
  '(,2026-01-07)')$$);

--
-- Random ledgers
--
\set seed 20261122
\echo seed :seed
-- 400 customers of up to 59 rows; some rows are returns, some decimals are long
CREATE TABLE sale AS
SELECT c, c * 1000 + i AS id,
       CASE WHEN c % 20 = 0 THEN date '0002-01-01 BC' + (u(c * 1000 + i, :seed) * 900)::int
            ELSE date '2020-01-01' + (u(c * 1000 + i, :seed) * (10 + 5 * c))::int END AS day,
       round(((u(c * 1000 + i, :seed + 1) - 0.25) * 10 ^ (c % 9))::numeric, c % 7) AS amount
FROM generate_series(0, 399) AS c, generate_series(1, c % 60) AS i;
CREATE INDEX ON sale (c);
ANALYZE sale;
-- the entries by plain SQL, and how they are written
CREATE TABLE expected AS
SELECT c, count(*) AS days, sum(purchases) AS purchases, sum(amount) AS total, min(day) AS first, max(day) AS last,
       '{' || string_agg(day || ':' || purchases || CASE
         WHEN others = 0 THEN '' ELSE '+' || others END || ':' || round(amount, scale),
                         ', ' ORDER BY day) || '}' AS txt
FROM (SELECT *, max(min_scale(amount)) OVER (PARTITION BY c) AS scale
      FROM (SELECT c, day, count(*) FILTER (WHERE amount > 0) AS purchases,
        count(*) FILTER (WHERE amount <= 0) AS others, sum(amount) AS amount
            FROM sale GROUP BY c, day) AS e) AS e
GROUP BY c;
CREATE TABLE book AS
SELECT c, coalesce(txt, '{}')::ledger AS l FROM generate_series(0, 399) AS c LEFT JOIN expected USING (c);

-- text is what it should be; out, in and out again change nothing
SELECT count(*) AS ledgers, count(*) FILTER (WHERE l::text = coalesce(txt, '{}')) AS right_text,
       count(*) FILTER (WHERE ledger_send(l::text::ledger) = ledger_send(l)) AS same_bytes
FROM book LEFT JOIN expected USING (c);
-- entries in any order, and one entry a row, are the same ledger
SELECT count(*) AS ledgers, count(*) FILTER (WHERE l.l = s.l AND ledger_send(l.l) = ledger_send(s.l)) AS same
FROM book AS l
JOIN (SELECT c, ('{' || string_agg(day || ':' || CASE WHEN amount > 0 THEN '1' ELSE '0+1' END || ':' || amount, ','
                                   ORDER BY u(id, :seed + 2)) || '}')::ledger AS l
      FROM sale GROUP BY c) AS s USING (c);
-- entries() gives the entries back
SELECT count(*) AS entries, count(*) FILTER (WHERE e.purchases = s.purchases AND e.other_rows = s.others
  AND e.amount = s.amount) AS right_entries
FROM (SELECT c, (entries(l)).* FROM book) AS e
FULL JOIN (SELECT c, day, count(*) FILTER (WHERE amount > 0) AS purchases,
  count(*) FILTER (WHERE amount <= 0) AS others, sum(amount) AS amount
           FROM sale GROUP BY c, day) AS s USING (c, day);
-- slice is a filter on the day
SELECT count(*) AS slices, count(*) FILTER (WHERE sliced = filtered) AS right_slices,
  count(*) FILTER (WHERE NOT is_empty(sliced)) > 1000 AS many_not_empty
FROM (SELECT slice(l, daterange(lo, hi, b)) AS sliced,
             (SELECT coalesce('{' || string_agg(day || ':' || CASE
               WHEN amount > 0 THEN '1' ELSE '0+1' END || ':' || amount, ',') || '}', '{}')
              FROM sale AS s WHERE s.c = book.c AND day <@ daterange(lo, hi, b))::ledger AS filtered
      FROM book, generate_series(1, 8) AS k, unnest(ARRAY['[)', '[]', '()', '(]']) AS b,
           LATERAL (SELECT date '2020-01-01' + (u(c * 8 + k, 3) * 5 * c)::int AS lo) AS lo,
           LATERAL (SELECT lo + (u(c * 8 + k, 4) * 400)::int AS hi) AS hi) AS s;

-- a commutative group
CREATE TABLE triple AS
SELECT i, a.l AS a, b.l AS b, c.l AS c
FROM generate_series(1, 2000) AS i
JOIN book AS a ON a.c = (u(i, 5) * 400)::int % 400
JOIN book AS b ON b.c = (u(i, 6) * 400)::int % 400
JOIN book AS c ON c.c = (u(i, 7) * 400)::int % 400;
SELECT count(*) AS triples,
       count(*) FILTER (WHERE ledger_send((a + b) + c) = ledger_send(a + (b + c))) AS associative,
       count(*) FILTER (WHERE ledger_send(a + b) = ledger_send(b + a)) AS commutative,
       count(*) FILTER (WHERE ledger_send(a + '{}') = ledger_send(a)) AS neutral,
       count(*) FILTER (WHERE ledger_send(a - a) = ledger_send('{}') AND is_empty(a - a)) AS inverse,
       count(*) FILTER (WHERE ledger_send(-(-a)) = ledger_send(a)) AS twice_negated,
       count(*) FILTER (WHERE ledger_send(a - b) = ledger_send(a + (-b))
         AND ledger_send(a - b) = ledger_send(-(b - a))) AS subtraction,
       count(*) FILTER (WHERE ledger_send((a + b) - b) = ledger_send(a)) AS undone,
       count(*) FILTER (WHERE (a = b) = (ledger_send(a) = ledger_send(b)) AND (a <> b) = NOT (a = b)) AS equality,
       count(*) FILTER (WHERE a <> b OR ledger_hash(a) = ledger_hash(b)
         AND ledger_hash_extended(a, 7) = ledger_hash_extended(b, 7)) AS hash
FROM triple;
-- negative counts and amounts are written and read, too
SELECT count(*) AS negatives, count(*) FILTER (WHERE ledger_send((b - a)::text::ledger) = ledger_send(b - a)) AS
  same_bytes,
       count(*) FILTER (WHERE total(b - a) = total(b) - total(a)) AS totals
FROM triple;

-- hash: DISTINCT, GROUP BY, EXCEPT, joins
CREATE TABLE twice AS SELECT l FROM book UNION ALL SELECT (l::text)::ledger FROM book;
ANALYZE twice;
SELECT count(*) AS rows, count(DISTINCT l::text) = (SELECT count(*)
  FROM (SELECT DISTINCT l FROM twice) AS d) AS distinct_right FROM twice;
SELECT count(*) = (SELECT count(DISTINCT l::text) FROM twice) AS groups_right, sum(n) AS rows
FROM (SELECT l, count(*) AS n FROM twice GROUP BY l) AS g;
SELECT count(*) AS left_over FROM (SELECT l FROM twice EXCEPT SELECT l FROM book) AS e;
SELECT count(*) = (SELECT count(DISTINCT l::text) FROM twice) AS all_common
FROM (SELECT l FROM twice INTERSECT SELECT l FROM book) AS e;
SET enable_nestloop = off;
SELECT count(*) = (SELECT count(*) FROM book AS a JOIN book AS b ON a.l::text = b.l::text) AS hash_join FROM book AS a
JOIN book AS b ON a.l = b.l;
RESET enable_nestloop;
CREATE INDEX ON book USING hash (l);
SET enable_seqscan = off;
SELECT count(*) AS found FROM book AS a WHERE EXISTS (SELECT FROM book AS b WHERE b.l = a.l);
RESET enable_seqscan;
SELECT count(*) FILTER (WHERE n > 1) < 40 AS hash_spreads
FROM (SELECT count(DISTINCT l::text) AS n FROM twice GROUP BY ledger_hash(l)) AS h;

--
-- Binary: to a server file and back
--
SELECT current_setting('data_directory') || '/customer_tier_ledger.bin' AS file \gset
COPY (SELECT c, l FROM book UNION ALL SELECT 400 + i::bigint, b - a FROM triple) TO :'file' (FORMAT binary);
CREATE TABLE back (c bigint, l ledger);
COPY back FROM :'file' (FORMAT binary);
COPY (SELECT) TO PROGRAM 'cat && rm customer_tier_ledger.bin';
SELECT count(*) AS ledgers, count(*) FILTER (WHERE ledger_send(book.l) = ledger_send(back.l)
  AND book.l = back.l) AS same
FROM book JOIN back USING (c);
SELECT count(*) AS negatives, count(*) FILTER (WHERE ledger_send(t.l) = ledger_send(back.l)) AS same
FROM (SELECT 400 + i AS c, b - a AS l FROM triple) AS t JOIN back USING (c);
-- what is sent says its version first
SELECT get_byte(ledger_send('{}'), 0) AS empty, get_byte(ledger_send('{2026-01-05:1:1.25}'), 0) AS scale_2,
  length(ledger_send('{}'));

--
-- Stored: many days, in TOAST; in tables, arrays and rows
--
CREATE TABLE large AS
SELECT c, ('{' || string_agg((date '1990-01-01' + i) || ':' || i % 5 || '+' || i % 3 || ':' || c * i || '.'
  || lpad((i % 100)::text, 2, '0'), ',') || '}')::ledger AS l
FROM generate_series(1, 3) AS c, generate_series(0, 9999) AS i GROUP BY c;
SELECT c, pg_column_size(l) > 20000 AS is_large,
  pg_relation_size((SELECT reltoastrelid FROM pg_class WHERE oid = 'large'::regclass)) > 0 AS in_toast,
       orders(l), purchase_days(l), first_day(l), last_day(l), total(l),
       (SELECT sum(c * i + (i % 100) / 100.0) FROM generate_series(0, 9999) AS i) = total(l) AS right_total
FROM large ORDER BY c;
SELECT c, count(*), count(*) FILTER (WHERE purchases = (day - date '1990-01-01') % 5
  AND other_rows = (day - date '1990-01-01') % 3
                                       AND amount = c * (day - date '1990-01-01') + ((day - date '1990-01-01') % 100) /
                                         100.0) AS right_entries
FROM large, entries(l) GROUP BY c ORDER BY c;
SELECT c, slice(l, '[2000-02-28,2000-03-02)') FROM large ORDER BY c;
SELECT (a.l + b.l) = (b.l + a.l) AS commutes, is_empty(a.l - a.l), is_empty(a.l - b.l),
  is_empty((a.l + b.l) - b.l - a.l),
       ledger_send(a.l::text::ledger) = ledger_send(a.l) AS text_round_trip
FROM large AS a, large AS b WHERE a.c = 1 AND b.c = 2;
UPDATE large SET l = l + '{2030-01-01:1:0.001}' WHERE c = 2;
SELECT c, total(l), last_day(l), scale(total(l)) FROM large ORDER BY c;

CREATE TABLE many (a ledger[], r book, d ledger DEFAULT '{}' NOT NULL CHECK (orders(d) >= 0));
INSERT INTO many SELECT array_agg(l ORDER BY c), (SELECT b FROM book AS b WHERE b.c = 59), '{2026-01-05:1:5}' FROM book;
SELECT array_length(a, 1), (a[60]) = (r).l AS same, (r).l = (SELECT l FROM book WHERE c = 59) AS same_row, d FROM many;
INSERT INTO many DEFAULT VALUES;
SELECT d FROM many WHERE a IS NULL;
SELECT outcome('INSERT INTO many (d) VALUES (''{2026-01-05:-1:5}'')') ~ '^23514' AS refused;
CREATE DOMAIN income AS ledger CHECK (total(VALUE) >= 0);
SELECT '{2026-01-05:1:5}'::income, outcome($$SELECT '{2026-01-05:1:-5}'::income$$) ~ '^23514' AS refused;
SELECT outcome('SELECT ''{}''::ledger(3)') AS no_typmod;
SELECT typlen, typbyval, typalign, typstorage, typcategory FROM pg_type WHERE oid = 'ledger'::regtype;

DROP SCHEMA t_ledger CASCADE;

-- an amount that no sum could bring back is refused where it is read
SELECT '{2026-01-05:1:100000000000000000000}'::ledger;
SELECT '{2026-01-05:1:9223372036854775807.000000}'::ledger;
