-- Tests the aggregates ledger_agg and rollup.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_ledger_agg;
SET search_path = t_ledger_agg, test, public, customer_tier, customer_tier_internal;

\set seed 20261122
\echo seed :seed

--
-- Every variant
--
SELECT ledger_agg(d, a) FROM (VALUES (date '2026-01-06', 2.50), ('2026-01-05', 1), ('2026-01-05', 0.5),
  ('2026-01-05', -1.25), ('2026-01-06', 0)) AS v(d, a);
SELECT ledger_agg(d, a) FROM (VALUES (date '2026-01-06', 3::bigint), ('2026-01-05', 1), ('2026-01-05', -2),
  ('2026-01-06', 0)) AS v(d, a);
SELECT ledger_agg(d, a) FROM (VALUES (date '2026-01-06', 3::int), ('2026-01-05', 1), ('2026-01-05', -2),
  ('2026-01-06', 0)) AS v(d, a);
SELECT ledger_agg(d, a) FROM (VALUES (date '2026-01-06', 3::smallint), ('2026-01-05', 1::smallint),
  ('2026-01-05', (-32768)::smallint), ('2026-01-06', 0::smallint)) AS v(d, a);
SELECT ledger_agg(t, a) FROM (VALUES (timestamp '2026-01-06 00:00', 2.50), ('2026-01-05 23:59:59.999999', 1),
  ('2026-01-05', 0.5), ('2026-01-06 00:00:00.000001', -1.25)) AS v(t, a);
SELECT ledger_agg(t, a) AS bigint, ledger_agg(t, a::int) AS int
FROM (VALUES (timestamp '2026-01-06 00:00', 2::bigint), ('2026-01-05 23:59:59.999999', 1)) AS v(t, a);
SELECT ledger_agg(t, a, 'UTC') AS utc, ledger_agg(t, a, 'Asia/Shanghai') AS shanghai,
  ledger_agg(t, a, 'America/New_York') AS new_york
FROM (VALUES (timestamptz '2026-01-05 15:59:59.999999+00', 2.50), ('2026-01-05 16:00+00', 1),
  ('2026-01-06 04:59:59+00', 0.5), ('2026-01-06 05:00+00', -7)) AS v(t, a);
SELECT ledger_agg(t, a, 'UTC') AS bigint, ledger_agg(t, a::int, 'UTC') AS int
FROM (VALUES (timestamptz '2026-01-06 00:00+00', 2::bigint)) AS v(t, a);
-- the session's zone has no say
SET timezone = 'Pacific/Auckland';
SELECT ledger_agg(timestamptz '2026-01-05 15:59:59.999999+00', 2.5, 'Asia/Shanghai') AS shanghai,
  ledger_agg(timestamp '2026-01-05 23:00', 1) AS no_zone;
RESET timezone;
-- no purchase on a day is none; counts and amount are apart
SELECT * FROM entries((SELECT ledger_agg(d, a)
  FROM (VALUES (date '2026-01-05', 0), ('2026-01-05', 0), ('2026-01-06', -3), ('2026-01-06', 3)) AS v(d, a)));
-- rows without a day or an amount are passed over, and nothing is an empty ledger
SELECT ledger_agg(d, a) FROM (VALUES (date '2026-01-05', 1.0), (NULL, 2.0), ('2026-01-06', NULL), (NULL, NULL)) AS v(d,
  a);
SELECT ledger_agg(t, a, z) FROM (VALUES (timestamptz '2026-01-05 12:00+00', 1.0, 'UTC'),
  ('2026-01-06 12:00+00', 1, NULL), (NULL, 1, 'UTC'), ('2026-01-06 12:00+00', NULL, 'UTC')) AS v(t, a, z);
SELECT ledger_agg(NULL::date, 1) AS date, ledger_agg(NULL::timestamp, 1) AS timestamp,
  ledger_agg(NULL::timestamptz, 1, 'UTC') AS timestamptz, rollup(NULL) AS rollup;
SELECT ledger_agg(d, 1) AS date, ledger_agg(d::timestamp, 1) AS timestamp,
  ledger_agg(d::timestamptz, 1, 'UTC') AS timestamptz, rollup('{}') AS rollup FROM (SELECT current_date AS d) AS none
WHERE false;
-- FILTER, DISTINCT
SELECT ledger_agg(d, a) FILTER (WHERE a < 3) AS filtered, ledger_agg(DISTINCT d, a) AS "distinct"
FROM (VALUES (date '2026-01-05', 1.0), ('2026-01-05', 1.0), ('2026-01-05', 3)) AS v(d, a);

--
-- What is refused
--
SELECT s AS statement, outcome('SELECT ledger_agg(' || s || ')') AS outcome FROM unnest(ARRAY[
  $$date '2026-01-05', 'NaN'::numeric$$,
  $$date 'infinity', 1$$, $$date '-infinity', 1.5$$, $$date 'infinity', 1::bigint$$,
  $$timestamp 'infinity', 1$$, $$timestamp '-infinity', 1$$,
  $$timestamptz 'infinity', 1, 'UTC'$$, $$timestamptz '-infinity', 1, 'UTC'$$,
  $$date '2026-01-05', 0.0000001$$, $$date '2026-01-05', -1.1234567$$, $$date '2026-01-05', 123456789012.1234567$$,
  $$timestamp '2026-01-05', 0.0000001$$, $$timestamptz '2026-01-05', 0.0000001, 'UTC'$$,
  $$date '2026-01-05', 9223372036854775808$$, $$date '2026-01-05', -9223372036854775809$$,
  $$date '2026-01-05', 92233720368547758.08$$, $$date '2026-01-05', 9223372036854.775808$$,
    $$date '2026-01-05', 1e30$$, $$date '2026-01-05', -1e131071$$,
  $$date '2026-01-05', (-9223372036854775808)::bigint$$, $$date '2026-01-05', (-9223372036854775808)::numeric$$,
  $$timestamptz '2026-01-05', 1, 'Mars/Olympus'$$, $$timestamptz '2026-01-05', 1, ''$$,
    $$timestamptz '2026-01-05', 1, 'Asia/Shanghai '$$
]) WITH ORDINALITY AS i(s, o) ORDER BY o;
-- an infinite numeric exists from PostgreSQL 14 on
SELECT CASE WHEN current_setting('server_version_num')::int < 140000
  OR outcome('SELECT ledger_agg(date ''2026-01-05'', ''Infinity''::numeric)') ~
  '^22003 amount must be a finite number / NaN and'
                 AND outcome('SELECT ledger_agg(date ''2026-01-05'', ''-Infinity''::numeric)') ~
                   '^22003 amount must be a finite number / NaN and' THEN 'refused' END AS infinity;
-- neither a rounded amount nor a day without a zone has a way in
SELECT s AS statement, left(outcome('SELECT ledger_agg(' || s || ')'), 5) AS state FROM unnest(ARRAY[
  $$date '2026-01-05', 1.5::float8$$, $$date '2026-01-05', 1.5::real$$,
    $$timestamp '2026-01-05', 1.5::float8$$, $$timestamptz '2026-01-05', 1.5::float8, 'UTC'$$,
  $$timestamptz '2026-01-05', 1.5$$, $$timestamptz '2026-01-05', 1$$, $$timestamptz '2026-01-05', 1::bigint$$,
  $$date '2026-01-05'$$
]) WITH ORDINALITY AS i(s, o) ORDER BY o;

--
-- Decimals and borders of 64 bits
--
SELECT ledger_agg(date '2026-01-05', a)
FROM unnest(ARRAY[1.0000000, 2.500000000000, 1000000.00000000000000000000, 0.0000000, -3.1415920000]) AS a;
SELECT a AS amount, ledger_agg(date '2026-01-05', a)
FROM unnest(ARRAY[0.000001, -0.000001, 123456.654321, 9999.9999, 10000.0001, 0.1, 0.01, 0.001, 0.0001, 0.00001,
  1e18, 1e-6, 9223372036854775807, -9223372036854775807, 92233720368547758.07, 9223372036854.775807,
  -9223372036854.775807, 9223372036854775807.0000, 9223372036854775800.0000000000]) WITH ORDINALITY AS i(a, o)
  GROUP BY a, o ORDER BY o;
-- every number of digits, against numeric itself
SELECT count(*) AS amounts, count(*) FILTER (WHERE total(ledger_agg) = a AND orders(ledger_agg) = (a > 0)::int
  AND scale(total(ledger_agg)) = min_scale(a)) AS right_amounts
FROM (SELECT a, ledger_agg(date '2026-01-05', a)
      FROM (SELECT DISTINCT sign * (digit * 10 ^ w::numeric + low * 10 ^ (w - l)::numeric) AS a
            FROM unnest(ARRAY[1, -1]) AS sign, generate_series(0, 9) AS digit, generate_series(-6, 17) AS w,
            generate_series(0, 9) AS low, generate_series(0, 18) AS l
            WHERE w - l BETWEEN -6 AND 17 AND w + 6 - least(6, 6) <= 17) AS d
      WHERE abs(a) * 10 ^ min_scale(a)::numeric <= 9223372036854775807
      GROUP BY a) AS g;
-- too much: by the sum of a day, by the total, by the decimals that others bring
SELECT s AS rows, outcome(format('SELECT ledger_agg(d::date, a::numeric) FROM (VALUES %s) AS v(d, a)', s)) AS outcome
FROM unnest(ARRAY[
  $$('2026-01-05', 9223372036854775807), ('2026-01-05', 1)$$,
  $$('2026-01-05', 9223372036854775807), ('2026-01-06', 1)$$,
  $$('2026-01-05', -9223372036854775807), ('2026-01-06', -1)$$,
  $$('2026-01-05', 9223372036854775807), ('2026-01-06', 0.1)$$,
  $$('2026-01-05', 9223372036854775807), ('2026-01-05', 0.1)$$,
  $$('2026-01-05', 92233720368547758.07), ('2026-01-06', 0.001)$$,
  $$('2026-01-05', 5000000000000000000), ('2026-01-05', 5000000000000000000), ('2026-01-06', -5000000000000000000)$$
]) WITH ORDINALITY AS i(s, o) ORDER BY o;
-- but sums may leave 64 bits and come back, in every order of the rows
CREATE TABLE three (n int, day date, amount numeric);
INSERT INTO three VALUES
  (1, '2026-01-05', 9223372036854775807), (2, '2026-01-05', 9223372036854775807),
  (3, '2026-01-05', -9223372036854775807), (4, '2026-01-06', -9223372036854775807),
  (5, '2026-01-05', 0.000001), (6, '2026-01-05', -0.000001), (7, '2026-01-06', 1);
SELECT count(*) AS orders_of_rows, min(l::text) AS ledger, count(DISTINCT ledger_send(l)) AS different
FROM (SELECT p, ledger_agg(day, amount ORDER BY u(n, p)) AS l FROM three, generate_series(1, 500) AS p GROUP BY p) AS o;
SELECT count(*) AS orders_of_rows, count(DISTINCT ledger_send(l)) AS different, min(total(l)) AS total,
  min(orders(l)) AS orders
FROM (SELECT p, ledger_agg(date '2026-01-05' + i % 7, CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END * 9223372036854775807
  ORDER BY u(i, p)) AS l
      FROM generate_series(0, 1399) AS i, generate_series(1, 20) AS p GROUP BY p) AS o;

--
-- Borders of time
--
SELECT ledger_agg(d, 1) FROM unnest(ARRAY[date '4714-11-24 BC', '0001-12-31 BC', '0001-01-01', '1969-12-31',
  '2000-01-01', '1999-12-31', '5874897-12-31']) AS d;
SELECT ledger_agg(t, 1) FROM unnest(ARRAY[timestamp '4714-11-24 00:00 BC', '0044-03-15 12:00 BC',
  '1999-12-31 23:59:59.999999', '2000-01-01', '1969-12-31 12:00', '294276-12-31 23:59:59.999999']) AS t;
SELECT z, ledger_agg(t, 1, z) FROM unnest(ARRAY[timestamptz '4714-11-25 00:00+00 BC', '0044-03-15 12:00+00 BC',
  '294276-12-31 10:00:00+00', '294276-12-30 23:59:59.999999+00']) AS t,
  unnest(ARRAY['UTC', 'Asia/Shanghai']) AS z WHERE t < timestamptz '294276-12-31 00:00+00' OR z = 'UTC' GROUP BY z
  ORDER BY z COLLATE "C";
SELECT count(*) AS timestamps, count(*) FILTER (WHERE first_day(l) = t::date) AS right_days
FROM (SELECT t, ledger_agg(t, 1) AS l
      FROM (SELECT DISTINCT timestamp '2000-01-01' + make_interval(days => d, secs => s) AS t
            FROM (SELECT (u(i, 1) * 4e6 - 2.4e6)::int AS d FROM generate_series(1, 400) AS i
              UNION ALL SELECT generate_series(-10, 10)) AS d,
                 unnest(ARRAY[0, 0.000001, -0.000001, 43200, 86399.999999]) AS s) AS t
      GROUP BY t) AS l;

--
-- Days of a zone: as AT TIME ZONE has them
--
CREATE TABLE zone AS SELECT z, o
FROM unnest(ARRAY['Asia/Shanghai', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'UTC', 'EST', 'Pacific/Apia',
  'Australia/Lord_Howe',
  'America/Sao_Paulo', 'Africa/Casablanca', 'Asia/Tehran', 'Europe/Dublin', 'Pacific/Kiritimati', 'Antarctica/Troll',
  'asia/shanghai', 'utc', 'CET', 'Etc/GMT+12',
  'CET-1CEST', '<+0330>-3:30', 'PST8PDT', 'PST', 'MSK', 'GMT', '+08', '-03:30', 'UTC+5']) WITH ORDINALITY AS i(z, o);
CREATE TABLE moment AS
SELECT row_number() OVER () AS id, z, t
FROM (-- 1500 moments of 1900 to 2100 at local midnight, near it, and anywhere
      SELECT z, (d AT TIME ZONE z) + s AS t
      FROM zone, generate_series(1, 150) AS i,
      LATERAL (SELECT (date '1900-01-01' + (u(i, o) * 73000)::int)::timestamp AS d) AS d,
           unnest(ARRAY[interval '0', '1 microsecond', '-1 microsecond', '1 hour', '-1 hour', '1 second', '-1 second',
             '12:34:56', '5:30', '-7:00']) AS s
      UNION ALL
      -- the hours around each change of the clocks, some years
      SELECT z, t + h * interval '30 minutes' + s
      FROM (SELECT z, t, t AT TIME ZONE z AS here, lead(t AT TIME ZONE z) OVER (PARTITION BY z ORDER BY t) AS next
            FROM zone, generate_series(timestamptz '1985-01-01 00:00+00', '1988-01-01 00:00+00', interval '1 day') AS t
            UNION ALL
            SELECT z, t, t AT TIME ZONE z AS here, lead(t AT TIME ZONE z) OVER (PARTITION BY z ORDER BY t) AS next
            FROM zone, generate_series(timestamptz '2010-01-01 00:00+00', '2013-01-01 00:00+00',
              interval '1 day') AS t) AS c,
           generate_series(-1, 49) AS h, unnest(ARRAY[interval '0', '-1 microsecond']) AS s
      WHERE next - here <> interval '1 day') AS m;
SELECT count(*) FILTER (WHERE id <= 1500 * 27) AS anywhere, count(*) - 1500 * 27 > 10000 AS many_at_changes FROM moment;
-- one by one, the zones mixed
SELECT count(*) FILTER (WHERE d IS DISTINCT FROM (t AT TIME ZONE z)::date) AS wrong, count(*) > 50000 AS many
FROM (SELECT id, t, z, first_day(ledger_agg(t, 1, z)) AS d FROM moment GROUP BY id, t, z) AS d;
-- zone by zone, and all in one, in random order
SELECT count(*) AS zones, count(*) FILTER (WHERE ledger_send(l) = ledger_send(e)) AS same
FROM (SELECT z, ledger_agg(t, id::numeric, z ORDER BY u(id, 3)) AS l,
  ledger_agg((t AT TIME ZONE z)::date, id::numeric) AS e FROM moment GROUP BY z) AS g;
SELECT ledger_send(ledger_agg(t, id::numeric, z
  ORDER BY u(id, 4))) = ledger_send(ledger_agg((t AT TIME ZONE z)::date, id::numeric)) AS same,
       ledger_send(ledger_agg(t, id::numeric, z
         ORDER BY t)) = ledger_send(ledger_agg((t AT TIME ZONE z)::date, id::numeric)) AS same_in_order
FROM moment;
-- an error in between leaves nothing behind
SELECT left(outcome($$SELECT ledger_agg(t, 1, CASE WHEN id = 500 THEN 'Nowhere' ELSE z END) FROM moment$$), 5) AS state;
SELECT count(*) FILTER (WHERE d IS DISTINCT FROM (t AT TIME ZONE z)::date) AS wrong
FROM (SELECT id, t, z, first_day(ledger_agg(t, 1, z)) AS d FROM moment WHERE id <= 5000 GROUP BY id, t, z) AS d;

--
-- Random histories
--
CREATE TABLE sale AS
SELECT c, c * 1000 + i AS id, date '2015-01-01' + (u(c * 1000 + i, :seed) ^ 2 * (1 + 20 * c))::int AS day,
       round(((u(c * 1000 + i, :seed + 1) - 0.2) * 10 ^ (c % 9))::numeric, c % 7) AS amount,
       u(c * 1000 + i, :seed + 2) < 0.3 AS deleted
FROM generate_series(1, 200) AS c, generate_series(1, 5 + (c * 37) % 300) AS i;
CREATE TABLE day AS
SELECT c, day, count(*) FILTER (WHERE amount > 0) AS purchases, count(*) FILTER (WHERE amount <= 0) AS others,
  sum(amount) AS amount FROM sale GROUP BY c, day;
CREATE TABLE expected AS
SELECT c, '{' || string_agg(day || ':' || purchases || CASE
  WHEN others = 0 THEN '' ELSE '+' || others END || ':' || round(amount, scale), ', ' ORDER BY day) || '}' AS txt
FROM (SELECT *, max(min_scale(amount)) OVER (PARTITION BY c) AS scale FROM day) AS e GROUP BY c;
SELECT count(*) AS ledgers, count(*) FILTER (WHERE l::text = txt) AS right_text
FROM (SELECT c, ledger_agg(day, amount) AS l FROM sale GROUP BY c) AS l FULL JOIN expected USING (c);
SELECT (SELECT count(*) FROM day) AS days, count(*) AS entries,
  count(*) FILTER (WHERE e.purchases = d.purchases AND other_rows = d.others AND e.amount = d.amount) AS right_entries
FROM (SELECT c, (entries(ledger_agg(day, amount))).* FROM sale GROUP BY c) AS e FULL JOIN day AS d USING (c, day);
SELECT count(*) AS totals, count(*) FILTER (WHERE total(l) = sum) AS right_totals,
  count(*) FILTER (WHERE orders(l) = n) AS right_orders
FROM (SELECT ledger_agg(day, amount) AS l, sum(amount), count(*) FILTER (WHERE amount > 0) AS n FROM sale
  GROUP BY c) AS t;
-- no order of the rows matters
SELECT count(*) AS permutations, count(DISTINCT (c, ledger_send(l))) AS different
FROM (SELECT c, ledger_agg(day, amount
  ORDER BY CASE p WHEN 0 THEN id WHEN 1 THEN day - date '2000-01-01' WHEN 2 THEN date '2000-01-01' - day
  WHEN 3 THEN amount::float8 ELSE u(id, p) END, id) AS l
      FROM sale, generate_series(0, 7) AS p GROUP BY c, p) AS p;
-- nor whether they come as dates or timestamps, one by one or in parts
SELECT count(*) AS ledgers,
       count(*) FILTER (WHERE ledger_send(d) = ledger_send(t)) AS timestamps,
         count(*) FILTER (WHERE ledger_send(d) = ledger_send(z)) AS zones
FROM (SELECT ledger_agg(day, amount) AS d, ledger_agg(day + time '00:00' + u(id, 9) * interval '86399 s', amount) AS t,
             ledger_agg((day + time '00:00' + u(id, 9) * interval '86399 s') AT TIME ZONE 'Asia/Kathmandu', amount,
               'Asia/Kathmandu') AS z
      FROM sale GROUP BY c) AS l;
SELECT count(*) AS ledgers, count(*) FILTER (WHERE ledger_send(n) = ledger_send(b)
  AND ledger_send(n) = ledger_send(i)) AS same
FROM (SELECT ledger_agg(day, trunc(amount)) AS n, ledger_agg(day, trunc(amount)::bigint) AS b,
  ledger_agg(day, trunc(amount)::int) AS i FROM sale GROUP BY c) AS l;
SELECT count(*) AS ledgers, count(*) FILTER (WHERE ledger_send(n) = ledger_send(s)) AS same
FROM (SELECT ledger_agg(day, id % 30000) AS n, ledger_agg(day, (id % 30000)::smallint) AS s FROM sale GROUP BY c) AS l;
-- rollup of parts is the whole
SELECT count(*) AS ledgers, count(*) FILTER (WHERE ledger_send(r.l) = ledger_send(a.l)) AS same
FROM (SELECT c, rollup(l ORDER BY u(h, 5)) AS l
  FROM (SELECT c, (u(id, 4) * 10)::int AS h, ledger_agg(day, amount) AS l FROM sale GROUP BY c, h) AS p GROUP BY c) AS r
JOIN (SELECT c, ledger_agg(day, amount) AS l FROM sale GROUP BY c) AS a USING (c);
SELECT ledger_send((SELECT rollup(l)
  FROM (SELECT ledger_agg(day, amount) AS l FROM sale GROUP BY c) AS p)) = ledger_send(ledger_agg(day, amount)) AS same,
       total(ledger_agg(day, amount)) = sum(amount) AS right_total
FROM sale;
SELECT total(rollup(l)) AS total, rollup(l) AS none
  FROM (SELECT ledger_agg(day, amount) AS l FROM sale UNION ALL SELECT - ledger_agg(day, amount) FROM sale) AS p;
-- deleted rows are taken out exactly
SELECT count(*) AS histories, count(*) FILTER (WHERE ledger_send(every - deleted) = ledger_send(rest)) AS same,
       count(*) FILTER (WHERE ledger_send(rest + deleted) = ledger_send(every)) AS put_back
FROM (SELECT ledger_agg(day, amount) AS every, ledger_agg(day, amount) FILTER (WHERE deleted) AS deleted,
  ledger_agg(day, amount) FILTER (WHERE NOT deleted) AS rest
      FROM sale GROUP BY c) AS l;
-- inserted, updated and deleted one row at a time, in random order
CREATE TABLE book (c int, l ledger);
DO $$
DECLARE
  e record;
  l ledger := '{}';
BEGIN
  FOR e IN SELECT sign, day, amount FROM (
             SELECT id, 1 AS sign, day + 1000 AS day, amount * 2 AS amount, 0 AS k FROM sale WHERE c IN (3, 60, 77)
             UNION ALL SELECT id, -1, day + 1000, amount * 2, 1 FROM sale WHERE c IN (3, 60, 77)
             UNION ALL SELECT id, 1, day, amount, 1 FROM sale WHERE c IN (3, 60, 77)
             UNION ALL SELECT id, -1, day, amount, 2 FROM sale WHERE c IN (3, 60, 77) AND deleted) AS e
           ORDER BY u(id, 6) + k * u(id, 7), k
  LOOP
    l := CASE WHEN e.sign > 0 THEN l + (SELECT ledger_agg(e.day, e.amount))
      ELSE l - (SELECT ledger_agg(e.day, e.amount)) END;
  END LOOP;
  INSERT INTO book VALUES (1, l);
END $$;
SELECT ledger_send(l) = (SELECT ledger_send(ledger_agg(day, amount)) FROM sale
  WHERE c IN (3, 60, 77) AND NOT deleted) AS same, NOT is_empty(l) AS filled FROM book WHERE c = 1;

--
-- Parallel plans
--
CREATE TABLE wide AS
SELECT i AS id, (u(i, 1) * 500)::int AS c, date '2020-01-01' + (u(i, 2) * 2000)::int AS day,
  round((u(i, 3) * 1000 - 100)::numeric, i % 5) AS amount FROM generate_series(1, 60000) AS i;
ALTER TABLE wide SET (parallel_workers = 2);
ANALYZE wide;
CALL workers(0);
CREATE TABLE serial AS SELECT c, c % 7 AS g, ledger_agg(day, amount) AS l, ledger_agg(day::timestamp, amount) AS t,
  ledger_agg(day + time '12:00' AT TIME ZONE 'UTC', amount, 'Asia/Tehran') AS z, ledger_agg(day, id) AS b FROM wide
  GROUP BY c;
CALL workers(2);
SELECT $$SELECT c, ledger_agg(day, amount) AS l, ledger_agg(day::timestamp, amount) AS t,
ledger_agg(day + time '12:00' AT TIME ZONE 'UTC', amount, 'Asia/Tehran') AS z, ledger_agg(day, id) AS b FROM wide
GROUP BY c$$ AS sql \gset
SET parallel_leader_participation = off;
SELECT is_parallel(:'sql');
SELECT count(*) AS ledgers, count(*) FILTER (WHERE ledger_send(p.l) = ledger_send(s.l)) AS numeric,
  count(*) FILTER (WHERE ledger_send(p.t) = ledger_send(s.t)) AS timestamp,
       count(*) FILTER (WHERE ledger_send(p.z) = ledger_send(s.z)) AS timestamptz,
       count(*) FILTER (WHERE ledger_send(p.b) = ledger_send(s.b)) AS int
FROM (:sql) AS p FULL JOIN serial AS s USING (c);
SELECT is_parallel('SELECT ledger_agg(day, amount) FROM wide') AS one_group;
SELECT ledger_send(ledger_agg(day, amount)) = (SELECT ledger_send(rollup(l)) FROM serial) AS same FROM wide;
SET parallel_leader_participation = on;
SELECT count(*) AS ledgers, count(*) FILTER (WHERE ledger_send(p.l) = ledger_send(s.l)) AS same FROM (:sql) AS p
FULL JOIN serial AS s USING (c);
ALTER TABLE serial SET (parallel_workers = 2);
ANALYZE serial;
SELECT is_parallel('SELECT g, rollup(l) FROM serial GROUP BY g') AS rollup;
SELECT count(*) AS ledgers, count(*) FILTER (WHERE ledger_send(p.l) = ledger_send(s.l)) AS same
FROM (SELECT g, rollup(l) AS l FROM serial GROUP BY g) AS p
JOIN (SELECT c % 7 AS g, ledger_agg(day, amount) AS l FROM wide GROUP BY 1) AS s USING (g);
-- an error in a worker is one
SELECT left(outcome('SELECT ledger_agg(day, amount + CASE WHEN id = 59999 THEN 0.0000001 ELSE 0 END) FROM wide'),
  5) AS state;
CALL workers(NULL); RESET parallel_leader_participation;

--
-- Moving aggregates
--
CREATE TABLE move AS SELECT row_number() OVER (ORDER BY u(id, 11)) AS n, c % 3 AS c, day, amount
FROM (SELECT * FROM sale WHERE c <= 12 AND id % 3 < 2) AS s;
INSERT INTO move SELECT 100000 + i, i % 3, CASE WHEN i % 2 = 0 THEN date '2026-01-05' END, CASE
  WHEN i % 3 = 0 THEN 1 END FROM generate_series(1, 20) AS i;
DO $$
DECLARE
  frame text;
  compared bigint;
  wrong bigint;
BEGIN
  FOREACH frame IN ARRAY ARRAY['0 PRECEDING', '1 PRECEDING', '5 PRECEDING', '50 PRECEDING', 'UNBOUNDED PRECEDING'] LOOP
    EXECUTE format($q$
      SELECT count(*), count(*) FILTER (WHERE ledger_send(w.l) IS DISTINCT FROM ledger_send(r.l)
        OR ledger_send(w.s) IS DISTINCT FROM ledger_send(r.l)
                                            OR ledger_send(w.t) IS DISTINCT FROM ledger_send(r.l)
                                              OR ledger_send(w.z) IS DISTINCT FROM ledger_send(r.l)
                                            OR ledger_send(w.b) IS DISTINCT FROM ledger_send(r.b)
                                              OR ledger_send(w.i) IS DISTINCT FROM ledger_send(r.b))
      FROM (SELECT c, row_number() OVER w AS k, ledger_agg(day, amount) OVER f AS l, rollup(one) OVER f AS s,
        ledger_agg(day::timestamp, amount) OVER f AS t,
                   ledger_agg(day::timestamp AT TIME ZONE 'Asia/Tokyo', amount, 'Asia/Tokyo') OVER f AS z,
                   ledger_agg(day, n::bigint) OVER f AS b, ledger_agg(day, n::int) OVER f AS i
            FROM (SELECT *, (SELECT ledger_agg(d, a) FROM (SELECT day, amount) AS v(d, a)) AS one FROM move) AS move
            WINDOW w AS (PARTITION BY c ORDER BY n), f AS (w ROWS BETWEEN %1$s AND CURRENT ROW)) AS w
      JOIN (SELECT a.c, a.k, ledger_agg(b.day, b.amount) AS l, ledger_agg(b.day, b.n) AS b
            FROM (SELECT *, row_number() OVER (PARTITION BY c ORDER BY n) AS k FROM move) AS a
            JOIN (SELECT *, row_number() OVER (PARTITION BY c ORDER BY n) AS k FROM move) AS b ON a.c = b.c
              AND b.k <= a.k AND b.k >= a.k - %2$s
            GROUP BY a.c, a.k) AS r USING (c, k)$q$,
      frame, CASE WHEN frame ~ '^UNB' THEN '1000000' ELSE split_part(frame, ' ', 1) END) INTO compared, wrong;
    RAISE WARNING '%: % frames, % wrong', frame, compared, wrong;
  END LOOP;
END $$;
-- a huge amount passes through the frame
SELECT n, ledger_agg(day, amount) OVER (ORDER BY n ROWS 1 PRECEDING)
FROM (VALUES (1, date '2026-01-05', 1.5), (2, '2026-01-05', 0.000001), (3, '2026-01-06', -7),
  (4, '2026-01-06', 9223372036854775807), (5, '2026-01-06', -2)) AS v(n, day, amount) ORDER BY n;

--
-- Many rows a day, and many days in random order
--
SELECT * FROM entries((SELECT ledger_agg(date '2026-01-05' + i % 3, (i % 100 - 10) / 100.0)
  FROM generate_series(1, 100000) AS i));
SELECT day, purchases, others, amount FROM (
  SELECT date '2026-01-05' + i % 3 AS day, count(*) FILTER (WHERE i % 100 > 10) AS purchases,
  count(*) FILTER (WHERE i % 100 <= 10) AS others, round(sum((i % 100 - 10) / 100.0), 2) AS amount
  FROM generate_series(1, 100000) AS i GROUP BY 1) AS d ORDER BY day;
SELECT count(*) AS days, count(*) FILTER (WHERE e.purchases = d.purchases AND e.other_rows = d.others
  AND e.amount = d.amount) AS right_days
FROM entries((SELECT ledger_agg(date '2006-01-01' + (u(i, 1) * 7305)::int, round((u(i, 2) * 100 - 10)::numeric, 2))
  FROM generate_series(1, 50000) AS i)) AS e
FULL JOIN (SELECT date '2006-01-01' + (u(i, 1) * 7305)::int AS day,
  count(*) FILTER (WHERE round((u(i, 2) * 100 - 10)::numeric, 2) > 0) AS purchases,
                  count(*) FILTER (WHERE round((u(i, 2) * 100 - 10)::numeric, 2) <= 0) AS others,
                  sum(round((u(i, 2) * 100 - 10)::numeric, 2)) AS amount
           FROM generate_series(1, 50000) AS i GROUP BY 1) AS d USING (day);

DROP SCHEMA t_ledger_agg CASCADE;
