-- Tests each measure against plain SQL over the sales.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_measures;
SET search_path = t_measures, test, public, customer_tier;

\set seed 20261122
\echo seed :seed

--
-- By hand
--
CREATE TABLE hand (name text, l ledger);
INSERT INTO hand VALUES ('empty', '{}'), ('one', '{2026-01-31:1:10}'), ('return only', '{2026-01-31:0+1:-10}'),
  ('zero row', '{2026-01-31:0+1:0}'),
  ('two', '{2026-01-05:2:30, 2026-01-15:1:5.5}'),
  ('returns around', '{2026-01-01:0+1:-5, 2026-01-05:1+1:30, 2026-01-15:1:6, 2026-02-20:0+2:-7.75}'),
  ('taken back', '{2026-01-05:-1:-30}');
SELECT name, total(l), orders(l), purchase_days(l), first_day(l), last_day(l),
  round(average_order(l), 6) AS average_order, mean_interval(l),
       recency(l, '2026-01-31'), tenure(l, '2026-01-31'),
       round(monthly_average(l, '2026-01-31', 2), 6) AS monthly_average, status(l, '2026-01-31') FROM hand
       ORDER BY name COLLATE "C";
SELECT total(NULL::ledger), total(NULL, '(,)'), total('{}', NULL), orders(NULL::ledger), orders('{}', NULL),
  purchase_days(NULL::ledger), purchase_days('{}', NULL), first_day(NULL), last_day(NULL),
       recency('{2026-01-05:1:1}', NULL), recency(NULL, '2026-01-05'), tenure('{2026-01-05:1:1}', NULL),
       tenure(NULL, '2026-01-05'), average_order(NULL), mean_interval(NULL),
       monthly_average('{}', NULL, 1), monthly_average('{}', '2026-01-05', NULL),
       monthly_average(NULL, '2026-01-05', 1), growth('{}', NULL, 1), growth('{}', '2026-01-05', NULL),
       growth(NULL, '2026-01-05', 1),
       trend('{}', NULL, 2), trend('{}', '2026-01-05', NULL), trend(NULL, '2026-01-05', 2), status('{}', NULL),
       status(NULL, '2026-01-05'), status('{}', '2026-01-05', NULL, 1, 1, 1), status('{}', '2026-01-05', 1, 1, 1, NULL),
       trailing_months(NULL, 1), trailing_months('2026-01-05', NULL);
-- as_of is the close of the day
SELECT as_of::date, recency('{2026-01-05:1:10, 2026-01-15:1:20}', as_of::date),
  tenure('{2026-01-05:1:10, 2026-01-15:1:20}', as_of::date)
FROM unnest(ARRAY['2026-01-04', '2026-01-05', '2026-01-06', '2026-01-14', '2026-01-15', '2026-01-16']) AS as_of;
-- the ends of months
SELECT as_of::date, m AS months, trailing_months(as_of::date, m)
FROM unnest(ARRAY['2026-01-30', '2026-01-31', '2026-02-27', '2026-02-28', '2024-02-28', '2024-02-29', '2026-03-30',
  '2026-03-31', '2026-12-31']) AS as_of, unnest(ARRAY[1, 2, 12]) AS m ORDER BY 1, 2;
-- the months of a window fit together: a sale of 1 a day, year by year
SELECT bool_and(monthly_average(l, d::date, 1) = upper(w) - lower(w)) AS one_month,
  bool_and(round(monthly_average(l, d::date, 12) * 12, 6) = upper(y) - lower(y)) AS one_year, count(*)
FROM (SELECT ledger_agg(day::date, 1) AS l
  FROM generate_series(timestamp '2020-01-01', '2027-12-31', '1 day') AS day) AS l,
  generate_series(timestamp '2023-01-01', '2026-12-31', '1 day') AS d,
     LATERAL trailing_months(d::date, 1) AS w, LATERAL trailing_months(d::date, 12) AS y;
-- what is refused
SELECT s AS call, outcome('SELECT ' || s) FROM unnest(ARRAY[
  $$monthly_average('{}', '2026-01-05', 0)$$, $$monthly_average('{}', '2026-01-05', -1)$$,
    $$monthly_average('{}', '2026-01-05', 12001)$$, $$monthly_average('{}', '2026-01-05', 2147483647)$$,
  $$growth('{}', '2026-01-05', 0)$$, $$growth('{}', '2026-01-05', 12001)$$, $$growth('{}', '2026-01-05', -2147483648)$$,
  $$trend('{}', '2026-01-05', 1)$$, $$trend('{}', '2026-01-05', 0)$$, $$trend('{}', '2026-01-05', 12001)$$,
  $$recency('{}', 'infinity')$$, $$recency('{}', '-infinity')$$, $$tenure('{}', 'infinity')$$,
    $$status('{}', 'infinity')$$, $$status('{}', '-infinity', 1, 1, 1, 1)$$,
  $$monthly_average('{}', 'infinity', 1)$$, $$growth('{}', '-infinity', 1)$$, $$trend('{}', 'infinity', 2)$$,
  $$status('{}', '2026-01-05', -1, 1, 1, 1)$$, $$status('{}', '2026-01-05', 0, 0, 1, 1)$$,
    $$status('{}', '2026-01-05', 0, 1, -1, 1)$$, $$status('{}', '2026-01-05', 0, 1, 2, 1)$$,
  $$monthly_average('{}', '4714-11-24 BC', 1)$$, $$growth('{}', '4714-12-01 BC', 1)$$,
  $$total('{2026-01-05:1:9223372036854775807, 2026-01-06:1:5, 2026-01-07:1:-10}', '(,2026-01-07)')$$
]) WITH ORDINALITY AS i(s, o) ORDER BY o;
-- and what is not
SELECT monthly_average('{}', '2026-01-05', 12000) AS average, growth('{}', '2026-01-05', 12000),
  trend('{}', '2026-01-05', 12000), status('{}', '2026-01-05', 0, 1, 0, 0),
  status('{2026-01-05:1:1}', '2026-01-05', 0, 1, 0, 0);
SELECT recency('{4714-11-24 BC:1:1}', '5874897-12-31') AS recency,
  tenure('{4714-11-24 BC:1:1, 5874897-12-31:1:1}', '5874897-12-31') AS tenure,
  mean_interval('{4714-11-24 BC:1:1, 5874897-12-31:1:1}') AS mean_interval,
       date '5874897-12-31' - date '4714-11-24 BC' AS all_days,
       status('{4714-11-24 BC:1:1}', '5874897-12-31', 2147483647, 2147483647, 2147483647, 2147483647),
       recency('{2026-01-05:1:1}', '4714-11-24 BC') AS before;
SELECT total(l, '(,)') AS all_days, total(l, 'empty') AS none, total(l, '[-infinity,infinity]') AS infinite,
  orders(l, '[2026-01-05,2026-01-05]') AS one_day, purchase_days(l, '(2026-01-05,)') AS after, scale(total(l)) AS scale
FROM (SELECT '{2026-01-05:2:30, 2026-01-15:1:5.5}'::ledger AS l) AS l;

--
-- Status, with its borders: by the customer's own rhythm
--
SELECT history, as_of::date - date '2026-01-01' AS day, status(history::ledger, as_of::date) AS status, expected,
  status(history::ledger, as_of::date) = expected AS ok FROM (VALUES
  -- never bought, or not yet, or only returned
  ('{}', '2026-01-01', 'prospect'), ('{2026-01-01:0+3:-5}', '2026-01-01', 'prospect'),
  ('{2026-01-02:1:5}', '2026-01-01', 'prospect'),
  -- one purchase day: the rhythm is taken for 90 days; new up to 90, silent after 180, churned after 360
  ('{2026-01-01:1:5}', '2026-01-01', 'new'), ('{2026-01-01:9:5}', '2026-04-01', 'new'),
  ('{2026-01-01:1:5}', '2026-04-02', 'active'), ('{2026-01-01:1:5}', '2026-06-30', 'active'),
  ('{2026-01-01:1:5}', '2026-07-01', 'silent'), ('{2026-01-01:1:5}', '2026-12-27', 'silent'),
  ('{2026-01-01:1:5}', '2026-12-28', 'churned'),
  -- every 100 days, last on 2026-04-11: silent after 200 more, churned after 400
  ('{2025-09-23:1:5, 2026-01-01:1:5, 2026-04-11:1:5}', '2026-04-11', 'active'),
  ('{2025-09-23:1:5, 2026-01-01:1:5, 2026-04-11:1:5}', '2026-10-28', 'active'),
  ('{2025-09-23:1:5, 2026-01-01:1:5, 2026-04-11:1:5}', '2026-10-29', 'silent'),
  ('{2025-09-23:1:5, 2026-01-01:1:5, 2026-04-11:1:5}', '2027-05-16', 'silent'),
  ('{2025-09-23:1:5, 2026-01-01:1:5, 2026-04-11:1:5}', '2027-05-17', 'churned'),
  -- the fourth purchase day makes loyal; a return makes nothing, and what comes later is not seen
  ('{2025-06-15:1:5, 2025-09-23:1:5, 2026-01-01:1:5, 2026-04-11:1:5}', '2026-04-11', 'loyal'),
  ('{2025-06-15:1:5, 2025-09-23:1:5, 2026-01-01:1:5, 2026-04-11:1:5}', '2026-04-10', 'active'),
  ('{2025-06-15:1:5, 2025-09-23:1:5, 2026-01-01:1:5, 2026-04-11:0+1:-5}', '2026-04-11', 'active'),
  ('{2025-06-15:1:5, 2025-09-23:1:5, 2026-01-01:1:5, 2026-04-11:1:5}', '2026-10-29', 'silent'),
  -- new before loyal: four purchase days within 90
  ('{2026-01-01:1:5, 2026-01-21:1:5, 2026-02-10:1:5, 2026-03-02:1:5}', '2026-03-02', 'new'),
  ('{2026-01-01:1:5, 2026-01-21:1:5, 2026-02-10:1:5, 2026-03-02:1:5}', '2026-04-01', 'new'),
  ('{2026-01-01:1:5, 2026-01-21:1:5, 2026-02-10:1:5, 2026-03-02:1:5}', '2026-04-02', 'loyal'),
  -- silent and churned before new: daily, the rhythm is at least 15 days
  ('{2026-01-01:1:5, 2026-01-02:1:5, 2026-01-03:1:5}', '2026-02-02', 'new'),
  ('{2026-01-01:1:5, 2026-01-02:1:5, 2026-01-03:1:5}', '2026-02-03', 'silent'),
  ('{2026-01-01:1:5, 2026-01-02:1:5, 2026-01-03:1:5}', '2026-03-04', 'silent'),
  ('{2026-01-01:1:5, 2026-01-02:1:5, 2026-01-03:1:5}', '2026-03-05', 'churned')
) AS v(history, as_of, expected);
-- and by fixed days: new up to 30, loyal from 3 purchase days, silent after 60, churned after 120
SELECT history, as_of::date - date '2026-01-01' AS day, status(history::ledger, as_of::date, 30, 3, 60, 120) AS status,
  expected, status(history::ledger, as_of::date, 30, 3, 60, 120) = expected AS ok FROM (VALUES
  ('{}', '2026-01-01', 'prospect'), ('{2026-01-02:1:5}', '2026-01-01', 'prospect'),
  ('{2026-01-01:1:5}', '2026-01-31', 'new'), ('{2026-01-01:1:5}', '2026-02-01', 'active'),
  ('{2026-01-01:1:5}', '2026-03-02', 'active'), ('{2026-01-01:1:5}', '2026-03-03', 'silent'),
  ('{2026-01-01:1:5}', '2026-05-01', 'silent'), ('{2026-01-01:1:5}', '2026-05-02', 'churned'),
  ('{2026-01-01:1:5, 2026-01-02:1:5, 2026-01-03:1:5}', '2026-01-31', 'new'),
  ('{2026-01-01:1:5, 2026-01-02:1:5, 2026-01-03:1:5}', '2026-02-01', 'loyal'),
  ('{2026-01-01:1:5, 2026-01-02:5:5}', '2026-02-01', 'active')
) AS v(history, as_of, expected);

--
-- Random histories, days and windows
--
CREATE TABLE sale AS
SELECT c, date '2022-01-01' + (u(c * 1000 + i, :seed) ^ (1 + c % 3) * (1 + 25 * c))::int AS day,
  round(((u(c * 1000 + i, :seed + 1) - 0.2) * 10 ^ (c % 6))::numeric, c % 7) AS amount
FROM generate_series(1, 60) AS c, generate_series(1, (c * 7) % 40) AS i;
-- sales at the ends of months
INSERT INTO sale SELECT 100 + k % 5, day::date + j, (k * 7 + j) % 11 - 2
FROM generate_series(0, 29) AS k, LATERAL (SELECT date '2022-03-01' + k * interval '1 month' AS day) AS d,
  generate_series(-2, 0) AS j WHERE (k + j) % 3 <> 0;
CREATE INDEX ON sale (c, day);
ANALYZE sale;
CREATE TABLE book AS SELECT c, coalesce(ledger_agg(day, amount) FILTER (WHERE s.c IS NOT NULL), '{}') AS l
FROM (SELECT generate_series(1, 60) UNION ALL SELECT generate_series(100, 104)) AS k(c) LEFT JOIN sale AS s USING (c)
GROUP BY c;

-- the whole ledger
SELECT count(*) AS ledgers, count(*) FILTER (WHERE total(l) = e.total) AS total,
  count(*) FILTER (WHERE orders(l) = e.orders) AS orders,
  count(*) FILTER (WHERE purchase_days(l) = e.days) AS purchase_days,
       count(*) FILTER (WHERE first_day(l) IS NOT DISTINCT FROM e.first) AS first_day,
       count(*) FILTER (WHERE last_day(l) IS NOT DISTINCT FROM e.last) AS last_day,
       count(*) FILTER (WHERE round(average_order(l), 10) IS NOT DISTINCT FROM round(e.total / nullif(e.orders, 0),
         10)) AS average_order,
       count(*) FILTER (WHERE mean_interval(l) IS NOT DISTINCT FROM (e.last - e.first)::float8 / nullif(e.days - 1, 0)
         OR mean_interval(l) IS NULL AND e.days < 2) AS mean_interval
FROM book, LATERAL (SELECT coalesce(sum(amount), 0) AS total, count(*) FILTER (WHERE amount > 0) AS orders,
  count(DISTINCT day) FILTER (WHERE amount > 0) AS days,
                           min(day) FILTER (WHERE amount > 0) AS first, max(day) FILTER (WHERE amount > 0) AS last
                             FROM sale AS s WHERE s.c = book.c) AS e;
-- windows
SELECT count(*) AS windows, count(*) FILTER (WHERE total(l, w) = e.total) AS total,
  count(*) FILTER (WHERE orders(l, w) = e.orders) AS orders,
  count(*) FILTER (WHERE purchase_days(l, w) = e.days) AS purchase_days,
  count(*) FILTER (WHERE e.orders > 0) > 1000 AS many_full
FROM book, generate_series(1, 100) AS i,
     LATERAL (SELECT date '2021-06-01' + (u(c * 1000 + i, 3) * 26 * c)::int AS lo) AS lo,
     LATERAL (SELECT lo + (u(c * 1000 + i, 4) ^ 2 * 1000)::int AS hi) AS hi,
     LATERAL (SELECT CASE i % 7 WHEN 0 THEN daterange(lo, NULL) WHEN 1 THEN daterange(NULL, hi)
       WHEN 2 THEN daterange(lo, hi, '[]') WHEN 3 THEN daterange(lo, hi, '()') ELSE daterange(lo, hi) END AS w) AS w,
     LATERAL (SELECT coalesce(sum(amount), 0) AS total, count(*) FILTER (WHERE amount > 0) AS orders,
       count(DISTINCT day) FILTER (WHERE amount > 0) AS days FROM sale AS s WHERE s.c = book.c AND day <@ w) AS e;
-- as of a day, among them the ends of months
CREATE TABLE ask AS
SELECT c, l, as_of, (ARRAY[1, 2, 3, 6, 12, 24])[1 + (u(c * 1000 + i, 6) * 6)::int % 6] AS months
FROM book, generate_series(1, 100) AS i,
     LATERAL (SELECT CASE i % 3 WHEN 0 THEN (date '2021-12-01' + (i || ' months')::interval)::date - 1
       WHEN 1 THEN (date '2022-01-01' + (i / 3 || ' months')::interval)::date + (u(i, 8) * 4)::int - 3
                     ELSE date '2021-12-01' + (u(c * 1000 + i, 5) * 30 * least(c, 60))::int END AS as_of) AS d;
SELECT count(*) AS asked, count(*) FILTER (WHERE recency(l, as_of) IS NOT DISTINCT FROM as_of - e.last) AS recency,
  count(*) FILTER (WHERE tenure(l, as_of) IS NOT DISTINCT FROM as_of - e.first) AS tenure,
       count(*) FILTER (WHERE status(l, as_of) = CASE
           WHEN e.days = 0 THEN 'prospect'
           WHEN as_of - e.last > 4 * rhythm THEN 'churned' WHEN as_of - e.last > 2 * rhythm THEN 'silent'
           WHEN as_of - e.first <= 90 THEN 'new' WHEN e.days >= 4 THEN 'loyal' ELSE 'active' END) AS status,
       count(*) FILTER (WHERE status(l, as_of, 30, 3, 45, 100) = CASE
           WHEN e.days = 0 THEN 'prospect'
           WHEN as_of - e.last > 100 THEN 'churned' WHEN as_of - e.last > 45 THEN 'silent'
           WHEN as_of - e.first <= 30 THEN 'new' WHEN e.days >= 3 THEN 'loyal' ELSE 'active' END) AS status_by_days,
       count(DISTINCT status(l, as_of)) AS states
FROM ask, LATERAL (SELECT min(day) AS first, max(day) AS last, count(DISTINCT day) AS days FROM sale AS s
  WHERE s.c = ask.c AND amount > 0 AND day <= as_of) AS e,
     LATERAL (SELECT CASE WHEN days < 2 THEN 90
       ELSE greatest((last - first)::float8 / (days - 1), 15) END AS rhythm) AS r;
SELECT count(*) AS asked, count(*) FILTER (WHERE trailing_months(as_of, months) = w) AS trailing_months,
  count(*) FILTER (WHERE round(monthly_average(l, as_of, months), 10) = round(now / months, 10)) AS monthly_average,
       count(*) FILTER (WHERE growth(l, as_of, months) IS NOT DISTINCT FROM CASE
         WHEN before > 0 THEN ((now - before) / before)::float8 END
                           OR abs(growth(l, as_of, months) - CASE
                             WHEN before > 0 THEN ((now - before) / before)::float8 END) < 1e-12 * (1 + abs(growth(l,
                             as_of, months)))) AS growth,
       count(*) FILTER (WHERE before > 0) > 1000 AS many_growing
FROM ask, LATERAL (SELECT daterange((as_of + 1 - make_interval(months => months))::date, as_of, '[]') AS w,
  daterange((as_of + 1 - make_interval(months => 2 * months))::date,
  (as_of + 1 - make_interval(months => months))::date) AS w2) AS w,
     LATERAL (SELECT coalesce(sum(amount) FILTER (WHERE day <@ w), 0) AS now,
       coalesce(sum(amount) FILTER (WHERE day <@ w2), 0) AS before FROM sale AS s WHERE s.c = ask.c) AS e;
-- the slope of the monthly totals, months without a sale included
SELECT count(*) AS asked, count(*) FILTER (WHERE abs(trend(l, as_of, m) - slope) <= 1e-9 * (1 + abs(slope))) AS trend,
  count(*) FILTER (WHERE slope <> 0) > 1000 AS many_slopes
FROM (SELECT c, l, as_of, greatest(months, 2) AS m FROM ask) AS ask, LATERAL (
  SELECT regr_slope(coalesce(total, 0), m - i) AS slope
  FROM generate_series(0, m - 1) AS i,
       LATERAL (SELECT sum(amount)::float8 AS total FROM sale AS s
         WHERE s.c = ask.c AND day >= (as_of + 1 - make_interval(months => i + 1))::date
         AND day < (as_of + 1 - make_interval(months => i))::date) AS t) AS e;
-- as of a day is the ledger up to it
SELECT count(*) AS asked, count(*) FILTER (WHERE recency(l, as_of) IS NOT DISTINCT FROM as_of - last_day(s)
  AND tenure(l, as_of) IS NOT DISTINCT FROM as_of - first_day(s) AND status(l, as_of) = status(s, as_of)
                                             AND coalesce(abs(growth(l, as_of, months) - growth(s, as_of,
                                               months)) <= 1e-12 * abs(growth(l, as_of, months)),
                                               growth(s, as_of, months) IS NULL)
                                             AND abs(trend(l, as_of, months + 1) - trend(s, as_of,
                                               months + 1)) <= 1e-12 * abs(trend(l, as_of, months + 1))) AS same
FROM ask, LATERAL (SELECT slice(l, daterange(NULL, as_of, '[]')) AS s) AS s;

-- large numbers: whole up to the end
SELECT trend('{2026-01-15:1:9223372036854775807}', '2026-02-28', 2) AS falls,
  trend('{2026-01-15:1:9223372036854775807}', '2026-01-31', 2) AS rises,
  growth('{2025-12-15:1:0.000001, 2026-01-15:1:9223372036854}', '2026-01-31', 1) AS grows,
       total('{2026-01-05:1:9223372036854775807, 2026-01-06:1:9223372036854775807, 2026-01-07:1:-9223372036854775807}',
         '[2026-01-06,)') AS part;
-- a stored ledger out of line: the head alone and the entries say the same
CREATE TABLE large AS SELECT ledger_agg(date '1990-01-01' + i, (i % 7 - 2) * 1.25) AS l
FROM generate_series(1, 12000) AS i;
SELECT orders(l) = orders(l, '(,)') AND total(l) = (SELECT sum(amount) FROM entries(l))
  AND purchase_days(l) = (SELECT count(*) FROM entries(l) WHERE purchases > 0) AS same, total(l), orders(l),
  purchase_days(l, '[2000-01-01,2001-01-01)') FROM large;

DROP SCHEMA t_measures CASCADE;
