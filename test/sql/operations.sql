-- Operations that need no scheme: fair shares, referrals, points, drivers, cohorts, funnels, surveys.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
\set VERBOSITY terse
CREATE SCHEMA t_operations;
SET search_path = t_operations, test, public, customer_tier;

--
-- balance
--
SELECT w, balance(w, '{1, 1, 1}') OVER (ORDER BY w DESC) AS owner FROM unnest('{5, 5, 4, 4, 3, 3, 3}'::int[]) AS w;
-- capacities of 1 and 3; weights below zero count as 0, a null has no owner
SELECT w, balance(w, '{1, 3}') OVER (ORDER BY i) AS owner
FROM unnest('{4, 3, -2, NULL, 2, 1, 0}'::numeric[]) WITH ORDINALITY AS u(w, i) ORDER BY i;
-- of equal weights nobody is preferred: heads are fair, too
SELECT owner, count(*)
FROM (SELECT balance(0, '{1, 2, 1}') OVER (ORDER BY i) AS owner FROM generate_series(1, 400) AS i) AS b
GROUP BY owner ORDER BY owner;

-- 300 random partitions: the bound of each owner, by the last that was placed there; the order of rows does not show
CREATE TABLE weight AS SELECT g, i, v::float8 AS w FROM val;
CREATE TABLE capacity AS
SELECT g, array_agg((1 + floor(u(g * 100 + j, 16) * 9))::float8 / 4 ORDER BY j) AS c
FROM generate_series(1, 300) AS g, generate_series(1, 1 + g % 7) AS j GROUP BY g;
CREATE TABLE shared AS
SELECT g, i, greatest(w, 0) AS w, c, balance(w, c) OVER (PARTITION BY g ORDER BY i) AS owner
FROM weight JOIN capacity USING (g);
SELECT count(*) > 1000 AS many,
  count(*) FILTER (WHERE load / c[owner] > mean + (cardinality(c) - 1) * least / total + 1e-9) AS above_bound
FROM (
  SELECT g, owner, c, sum(w) AS load, min(w) AS least, (SELECT sum(x) FROM unnest(c) AS x) AS total,
    (SELECT sum(w) FROM shared AS o WHERE o.g = s.g) / (SELECT sum(x) FROM unnest(c) AS x) AS mean
  FROM shared AS s GROUP BY g, owner, c) AS o;
SELECT count(*) AS differ FROM shared JOIN (
  SELECT g, i, balance(w, c) OVER (PARTITION BY g ORDER BY i) AS owner
  FROM (SELECT * FROM weight JOIN capacity USING (g) ORDER BY u(i, g)) AS shuffled) AS again USING (g, i)
WHERE again.owner <> shared.owner;
-- as plain SQL places them
CREATE FUNCTION placed(weights float8[], capacities float8[]) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  load float8[] := array_fill(0, ARRAY[cardinality(capacities)]);
  heads int[] := array_fill(0, ARRAY[cardinality(capacities)]);
  result int[] := array_fill(0, ARRAY[cardinality(weights)]);
  mean float8 := (SELECT sum(greatest(w, 0)) FROM unnest(weights) AS w) / (SELECT sum(c) FROM unnest(capacities) AS c)
    * (1 + 1e-12);
  r record;
  best int;
BEGIN
  FOR r IN SELECT greatest(w, 0) AS w, i FROM unnest(weights) WITH ORDINALITY AS u(w, i) ORDER BY w DESC, i LOOP
    best := (SELECT j FROM generate_subscripts(capacities, 1) AS j
             WHERE r.w > 0 OR load[j] <= mean * capacities[j]
             ORDER BY CASE WHEN r.w > 0 THEN (load[j] + r.w) / capacities[j] END, heads[j] / capacities[j], j LIMIT 1);
    load[best] := load[best] + r.w;
    heads[best] := heads[best] + 1;
    result[r.i] := best;
  END LOOP;
  RETURN result;
END $$;
SELECT count(*) AS differ
FROM (SELECT g, c, array_agg(w ORDER BY i) AS weights, array_agg(owner ORDER BY i) AS owners
      FROM shared GROUP BY g, c) AS s
WHERE owners <> placed(weights, c);

--
-- referrals
--
SELECT * FROM referrals($$VALUES (1, NULL, 10.5), (2, 1, 20), (3, 1, 30), (4, 2, 5), (5, 99, 1)$$, NULL::int)
ORDER BY customer;
SELECT customer, referrer, root, depth FROM referrals($$VALUES ('b', 'a'), ('c', 'b'), (NULL, 'c')$$) ORDER BY customer;
SELECT outcome(q) FROM unnest(ARRAY[
  $$SELECT referrals('VALUES (1, 1)')$$,
  $$SELECT referrals('VALUES (7, 3), (3, 5), (5, 7), (9, 3), (2, 4), (4, 2)')$$,
  $$SELECT referrals('SELECT i, i % 30 + 1 FROM generate_series(1, 30) AS i')$$,
  $$SELECT referrals('VALUES (1, 2), (1, 3)')$$,
  $$SELECT referrals('VALUES (1, ''a'')')$$,
  $$SELECT referrals('VALUES (1, 2)', NULL::text)$$,
  $$SELECT referrals('VALUES (1, 2)', NULL::bigint)$$,
  $$SELECT referrals('VALUES (1)')$$,
  $$SELECT referrals('VALUES (1, 2, 0.5::float8)')$$,
  $$SELECT referrals(NULL)$$,
  $$SELECT referrals('DELETE FROM weight')$$]) AS q;

-- random forests against a recursive query, random circles named
CREATE PROCEDURE forests(seed bigint, n int) LANGUAGE plpgsql AS $$
DECLARE
  k bigint;
  differ bigint;
  message text;
BEGIN
  FOR f IN 1..n LOOP
    k := seed * 1000 + f;
    DROP TABLE IF EXISTS forest;
    -- who is referred is younger than the referrer: no circle
    CREATE TEMP TABLE forest AS
    SELECT i AS customer, CASE WHEN u(i, k) < 0.85 THEN floor(u(i, k + 1) * i)::int END AS referrer,
      round((u(i, k + 2) * 100 - 10)::numeric, 2) AS value
    FROM generate_series(1, 1 + floor(u(f, seed) * 200)::int) AS i WHERE u(i, k + 3) < 0.9;
    UPDATE forest SET referrer = NULL WHERE referrer = customer;
    SELECT count(*) INTO differ
    FROM referrals('SELECT customer, referrer, value FROM forest', NULL::int) AS r
      FULL JOIN (
        WITH RECURSIVE node AS (
          SELECT customer, referrer, value FROM forest
          UNION ALL
          SELECT DISTINCT referrer, NULL::int, 0::numeric FROM forest
          WHERE referrer NOT IN (SELECT customer FROM forest)),
        up AS (
          SELECT customer, customer AS above, 0 AS depth FROM node
          UNION ALL
          SELECT u.customer, n.referrer, u.depth + 1 FROM up AS u JOIN node AS n ON n.customer = u.above
          WHERE n.referrer IS NOT NULL)
        SELECT n.customer, n.referrer,
          (SELECT above FROM up WHERE up.customer = n.customer ORDER BY depth DESC LIMIT 1) AS root,
          (SELECT max(depth) FROM up WHERE up.customer = n.customer) AS depth,
          (SELECT count(*) FROM node AS d WHERE d.referrer = n.customer) AS direct,
          (SELECT count(*) FROM up WHERE up.above = n.customer AND up.depth > 0) AS descendants,
          (SELECT coalesce(sum(d.value), 0) FROM up JOIN node AS d ON d.customer = up.customer
           WHERE up.above = n.customer AND up.depth > 0) AS brought
        FROM node AS n) AS p USING (customer)
    WHERE (r.referrer, r.root, r.depth, r.direct, r.descendants, r.brought)
      IS DISTINCT FROM (p.referrer, p.root, p.depth, p.direct, p.descendants, p.brought);
    IF differ > 0 THEN
      RAISE EXCEPTION 'seed %, forest %: % differ', seed, f, differ;
    END IF;
    -- a root who is referred by one of the own descendants closes a circle
    UPDATE forest SET referrer = d.customer
    FROM (SELECT customer, root FROM referrals('SELECT customer, referrer FROM forest', NULL::int)
          WHERE depth > 0 AND root IN (SELECT customer FROM forest) ORDER BY depth DESC, customer LIMIT 1) AS d
    WHERE forest.customer = d.root;
    IF FOUND THEN
      message := outcome('SELECT count(*) FROM referrals(''SELECT customer, referrer FROM forest'')');
      -- of everybody who comes back to the own place
      IF message NOT LIKE '22023 customers have referred each other in a circle: '
        || (WITH RECURSIVE walk AS (
              SELECT customer AS start, referrer AS at, 1 AS n FROM forest WHERE referrer IS NOT NULL
              UNION ALL
              SELECT w.start, f2.referrer, w.n + 1 FROM walk AS w JOIN forest AS f2 ON f2.customer = w.at
              WHERE w.at <> w.start AND f2.referrer IS NOT NULL AND w.n < 300)
            SELECT min(start::text COLLATE "C") FROM walk WHERE at = start) || '%' THEN
        RAISE EXCEPTION 'seed %, forest %: %', seed, f, message;
      END IF;
    END IF;
  END LOOP;
END $$;
\echo seed 20261116
CALL forests(20261116, 15);

SELECT * FROM referred_share($$VALUES (1, NULL, '{2025-01-10:1:100, 2026-02-01:1:50}'::ledger),
  (2, 1, '{2026-02-01:1:30}'), (3, NULL, '{2026-03-01:1:20}'), (4, 1, '{2026-07-01:1:20}'), (5, NULL, NULL)$$,
  '[2026-01-01,2026-07-01)');
SELECT outcome($$SELECT referred_share('VALUES (1, 2, 3)', '(,2026-01-01)')$$),
  outcome($$SELECT referred_share('SELECT 1', '[2026-01-01,2026-02-01)')$$);
SELECT * FROM referred_share('SELECT 1, 2, NULL::ledger WHERE false', '[2026-01-01,2026-07-01)');

--
-- Points
--
CREATE TABLE points AS SELECT '{2025-01-10:1:100, 2025-06-01:1:50, 2025-07-01:0+1:-30}'::ledger AS l;
SELECT day, points_balance(l, day, '1 year') FROM points,
  unnest('{2025-01-09, 2025-12-31, 2026-01-10, 2026-01-11, 2026-06-01, 2026-06-02}'::date[]) AS day;
SELECT points_expiring(l, '2025-12-31', '30 days', '1 year') AS within_30_days,
  points_expiring(l, '2025-12-31', '10 days', '1 year') AS up_to_the_tenth,
  points_expiring(l, '2025-12-31', '11 days', '1 year') AS up_to_the_eleventh FROM points;
-- more redeemed than there is: later points fill it, and do not expire twice
SELECT day, points_balance('{2025-01-10:1:100, 2025-02-01:0+1:-150, 2025-03-01:1:80}', day, '1 month')
FROM unnest('{2025-02-01, 2025-03-01, 2025-04-01, 2025-04-02}'::date[]) AS day;
SELECT points_balance('{}', '2025-01-01', '1 year'), points_expiring('{}', '2025-01-01', '1 year', '1 year'),
  open_since('{}', '2025-01-01'), overdue('{}', '2025-01-01', '0');
-- who pays late: sales less payments
SELECT day, open_since(l, day), overdue(l, day, '30 days')
FROM (SELECT '{2026-01-10:1:100, 2026-02-20:1:60, 2026-02-25:0+1:-130}'::ledger AS l) AS l,
  unnest('{2026-02-09, 2026-02-10, 2026-02-25, 2026-03-22, 2026-03-23}'::date[]) AS day;
SELECT outcome(format('SELECT points_balance(''{}'', %L, %L)', day, valid))
FROM (VALUES ('2026-01-01', '0'), ('2026-01-01', '-1 day'), ('2026-01-01', '1 month -1 day'),
  ('2026-01-01', '12 hours'), ('2026-01-01', '2000 years'), ('infinity', '1 year')) AS v(day, valid);

-- day by day, as a clerk would
CREATE FUNCTION clerk(l ledger, as_of date, valid interval) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
  lots numeric[] := '{}';
  days date[] := '{}';
  debt numeric := 0;
  x numeric;
  taken numeric;
BEGIN
  FOR d IN 0..as_of - date '2025-01-01' LOOP
    FOR i IN 1..cardinality(lots) LOOP
      IF (days[i] + valid)::date < date '2025-01-01' + d THEN
        lots[i] := 0;
      END IF;
    END LOOP;
    x := (SELECT amount FROM entries(l) WHERE day = date '2025-01-01' + d);
    IF x > 0 THEN
      taken := least(x, debt);
      debt := debt - taken;
      lots := lots || (x - taken);
      days := days || (date '2025-01-01' + d);
    ELSIF x < 0 THEN
      x := -x;
      FOR i IN 1..cardinality(lots) LOOP
        taken := least(lots[i], x);
        lots[i] := lots[i] - taken;
        x := x - taken;
      END LOOP;
      debt := debt + x;
    END IF;
  END LOOP;
  RETURN (SELECT coalesce(sum(v), 0) FROM unnest(lots) AS v) - debt;
END $$;
CREATE PROCEDURE clerks(seed bigint, n int) LANGUAGE plpgsql AS $$
DECLARE
  l ledger;
  day date;
  valid interval;
  k bigint;
  later int;
BEGIN
  FOR i IN 1..n LOOP
    k := seed * 10000 + i;
    SELECT ledger_agg(date '2025-01-01' + (u(j, k) * 400)::int, round((u(j, k + 1) * 200 - 80)::numeric, (i % 3)))
    INTO l FROM generate_series(1, 1 + (u(i, seed) * 40)::int) AS j;
    day := date '2025-01-01' + (u(i, seed + 1) * 450)::int;
    valid := (ARRAY['1 month', '45 days', '3 months', '1 year', '1 day', '1 month 10 days'])[1 + i % 6]::interval;
    later := (u(i, seed + 2) * 60)::int;
    IF points_balance(l, day, valid) <> clerk(l, day, valid) THEN
      RAISE EXCEPTION 'seed %, ledger %: % as of %, valid %', seed, i, l, day, valid;
    -- what expires is what the balance loses if nothing else happens
    ELSIF points_expiring(l, day, make_interval(days => later), valid)
      <> clerk(l, day, valid) - clerk(slice(l, daterange(NULL, day, '[]')), day + later, valid) THEN
      RAISE EXCEPTION 'seed %, ledger %: % expires from % within %, valid %', seed, i, l, day, later, valid;
    END IF;
  END LOOP;
END $$;
CALL clerks(20261116, 40);

--
-- Drivers
--
SELECT by_heads, by_active_rate, by_orders_per_active, by_average_order, change,
  by_heads + by_active_rate + by_orders_per_active + by_average_order = change AS exact
FROM drivers(1000, 400, 800, 50000.00, 1100, 418, 919, 56000.00);
-- the same in agents, policies, premium
SELECT d.heads_after, d.active_rate_after, d.orders_per_active_after, round(d.average_order_after) AS premium, d.change,
  d.by_heads
FROM drivers(50, 40, 400, 1200000, 55, 44, 396, 1306800) AS d;
-- one factor alone has all of it; of equal effects the first has the rest
SELECT by_heads, by_active_rate, by_orders_per_active, by_average_order, change
FROM (VALUES (10, 5, 10, 100.0, 20, 10, 20, 200.0), (10, 5, 10, 100, 10, 5, 10, 100), (8, 1, 1, 3, 16, 2, 4, 24),
  (1, 1, 1, 1, 2, 2, 4, 10)) AS v(a, b, c, d, e, f, g, h), drivers(a, b, c, d, e, f, g, h);
SELECT change, by_heads, reason
FROM (VALUES (0, 0, 0, 0, 10, 5, 10, 100), (10, 0, 0, -5, 10, 5, 10, 100), (10, 5, 10, 100, 10, 5, 10, 0),
  (10, 5, 10, 100, 9, 0, 0, 0)) AS v(a, b, c, d, e, f, g, h), drivers(a, b, c, d, e, f, g, h);
SELECT outcome(format('SELECT drivers(%s)', a)) FROM unnest(ARRAY['1, 2, 3, 1, 1, 1, 1, 1', '-1, 0, 0, 1, 1, 1, 1, 1',
  '3, 2, 1, 1, 1, 1, 1, 1', '1, 1, 1, 1, 1, 1, 1, ''NaN''']) AS a;
-- random pairs of periods: the sum is exact, each effect as the formula in double precision says
CREATE PROCEDURE pairs(seed bigint, n int) LANGUAGE plpgsql AS $$
DECLARE
  d drivers;
  h bigint[]; a bigint[]; o bigint[]; r numeric[];
  l float8;
BEGIN
  FOR i IN 1..n LOOP
    FOR p IN 1..2 LOOP
      h[p] := 1 + (exp(u(i, seed + p) * 14))::bigint;
      a[p] := greatest(1, (h[p] * u(i, seed + 10 + p))::bigint);
      o[p] := a[p] + (a[p] * u(i, seed + 20 + p) * 5)::bigint;
      r[p] := round((o[p] * exp(u(i, seed + 30 + p) * 6))::numeric, i % 4) + 0.01;
    END LOOP;
    IF i % 10 = 0 THEN
      h[2] := h[1]; a[2] := a[1]; o[2] := o[1];
    END IF;
    IF i % 20 = 0 THEN
      r[2] := r[1];
    END IF;
    d := drivers(h[1], a[1], o[1], r[1], h[2], a[2], o[2], r[2]);
    IF d.by_heads + d.by_active_rate + d.by_orders_per_active + d.by_average_order <> r[2] - r[1]
      OR d.reason IS NOT NULL
      OR greatest(scale(d.by_heads), scale(d.by_active_rate), scale(d.by_orders_per_active),
                  scale(d.by_average_order)) > scale(r[2] - r[1]) THEN
      RAISE EXCEPTION 'seed %, pair %: %', seed, i, d;
    END IF;
    l := CASE WHEN r[1] = r[2] THEN r[1] ELSE (r[2] - r[1])::float8 / ln(r[2]::float8 / r[1]::float8) END;
    IF abs(d.by_heads - l * ln(h[2]::float8 / h[1])) > 0.02 + 1e-9 * l
      OR abs(d.by_active_rate - l * ln((a[2]::float8 / h[2]) / (a[1]::float8 / h[1]))) > 0.02 + 1e-9 * l
      OR abs(d.by_orders_per_active - l * ln((o[2]::float8 / a[2]) / (o[1]::float8 / a[1]))) > 2 + 1e-9 * l
      OR abs(d.by_average_order - l * ln((r[2]::float8 / o[2]) / (r[1]::float8 / o[1]))) > 2 + 1e-9 * l THEN
      RAISE EXCEPTION 'seed %, pair %: %, % % % %', seed, i, d, h, a, o, r;
    END IF;
  END LOOP;
END $$;
CALL pairs(20261116, 100);

--
-- Keeping
--
SELECT day, repurchase('{2025-01-10:1:100, 2025-02-01:1:50}', day, '1 month') AS within_a_month,
  repurchase('{2025-01-10:1:100, 2025-02-01:1:50}', day, '20 days') AS within_20_days,
  repurchase('{2025-01-10:2:100}', day, '1 month') AS twice_on_a_day
FROM unnest('{2025-01-09, 2025-01-30, 2025-02-09, 2025-02-10}'::date[]) AS day;
SELECT repurchase('{}', '2025-01-01', '1 month') AS no_purchase;
-- what is given back later was bought until then
SELECT day, repurchase('{2025-01-10:#1:100, 2025-01-20:#2:50, 2025-03-01:#1:-100}', day, '1 month') AS again
FROM unnest('{2025-02-28, 2025-03-01}'::date[]) AS day;
SELECT repeat_value, referred_value FROM referred_share(
  $$VALUES (1, 2, '{2025-01-10:#1:100, 2025-02-20:#2:50, 2025-03-10:#1:-100}'::ledger)$$, '[2025-02-01,2025-03-01)');

CREATE TABLE sale (customer int, day date, amount numeric);
INSERT INTO sale VALUES (1, '2026-01-05', 100), (1, '2026-03-05', 50), (2, '2026-01-31', 80), (2, '2026-02-01', 20),
  (2, '2026-02-10', -20), (3, '2026-02-03', 10), (3, '2026-01-01', -5), (4, '2026-05-01', 10), (5, '2026-01-01', -1);
CALL track('sale', 'customer', 'amount', 'day');
SELECT * FROM cohorts('sale', '2026-03-31');
SELECT cohort, age, heads, active, value FROM cohorts('sale', '2026-02-09', '7 days') WHERE age < 2;
-- from the first day that there is
INSERT INTO sale VALUES (6, '4714-11-24 BC', 1), (7, '0001-12-31 BC', 1), (8, '0001-01-01', 1);
SELECT every, cohort, age, active FROM unnest('{1 month, 12 years, 1000 years, 100000 days}'::text[]) AS e(every),
  cohorts('sale', '0001-01-01', every::interval) WHERE active > 0;
DELETE FROM sale WHERE day < '2000-01-01';
-- orders: what is given back later was bought until then
CREATE TABLE basket_line (customer int, day date, amount numeric, basket int);
INSERT INTO basket_line VALUES (1, '2026-01-05', 100, 1), (1, '2026-03-05', -100, 1), (1, '2026-03-06', 20, 2);
CALL track('basket_line', 'customer', 'amount', 'day', order_id => 'basket');
SELECT as_of, cohort, age, active, value FROM unnest('{2026-02-28, 2026-03-31}'::date[]) AS as_of,
  cohorts('basket_line', as_of) ORDER BY as_of, cohort, age;
SELECT outcome(format('SELECT count(*) FROM cohorts(''sale'', %L, %L)', day, every))
FROM (VALUES ('2026-01-01', '1 month 3 days'), ('2026-01-01', '0'), ('2026-01-01', '3 hours'), ('2026-01-01', NULL),
  (NULL, '1 month'), ('infinity', '1 month')) AS v(day, every);
-- against plain SQL over the sales
INSERT INTO sale
SELECT 10 + (u(i, 1) ^ 2 * 300)::int, date '2024-01-15' + (u(i, 2) * 800)::int, round((u(i, 3) * 120 - 20)::numeric, 2)
FROM generate_series(1, 3000) AS i;
CREATE PROCEDURE check_cohorts(as_of date) LANGUAGE plpgsql AS $$
DECLARE
  months int;
  differ bigint;
BEGIN
  FOREACH months IN ARRAY '{1, 3, 12}'::int[] LOOP
    WITH seen AS (SELECT * FROM sale WHERE day <= as_of),
    m AS (SELECT *, (extract(year FROM day)::int * 12 + extract(month FROM day)::int - 1) / months AS p FROM seen),
    f AS (SELECT customer, min(p) AS c FROM m WHERE amount > 0 GROUP BY 1),
    plain AS (
      SELECT c, greatest(p - c, 0) AS age, count(DISTINCT customer) FILTER (WHERE amount > 0) AS active,
        sum(amount) AS value
      FROM m JOIN f USING (customer) GROUP BY 1, 2)
    SELECT count(*) INTO differ
    FROM cohorts('sale', as_of, make_interval(months => months)) AS a
      FULL JOIN plain AS b
        ON b.age = a.age
          AND b.c = (extract(year FROM a.cohort)::int * 12 + extract(month FROM a.cohort)::int - 1) / months
    WHERE (a.active, a.value) IS DISTINCT FROM (coalesce(b.active, 0), coalesce(b.value, 0))
      OR a.heads <> (SELECT count(*) FROM f WHERE f.c = b.c) AND b.c IS NOT NULL
      OR abs(a.retention - b.active::float8 / a.heads) > 1e-12;
    IF differ > 0 THEN
      RAISE EXCEPTION 'as of %, % months: % differ', as_of, months, differ;
    END IF;
  END LOOP;
END $$;
CALL check_cohorts('2026-03-31');
CALL check_cohorts('2025-02-14');
-- for who may read the live ledgers
CREATE ROLE regress_customer_tier_reader;
GRANT USAGE ON SCHEMA t_operations TO regress_customer_tier_reader;
GRANT SELECT ON sale_ledger_live TO regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT count(*) > 0 AS reads FROM cohorts('sale_ledger_live', '2026-03-31');
RESET ROLE;
REVOKE SELECT ON sale_ledger_live FROM regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT outcome($$SELECT count(*) FROM cohorts('sale_ledger_live', '2026-03-31')$$) LIKE '%is not tracked%'
  OR outcome($$SELECT count(*) FROM cohorts('sale_ledger_live', '2026-03-31')$$) LIKE '42501%' AS refused;
RESET ROLE;
REVOKE ALL ON SCHEMA t_operations FROM regress_customer_tier_reader;
DROP ROLE regress_customer_tier_reader;

--
-- Funnel
--
CREATE TABLE way (opportunity int, stage text, entered_on date);
INSERT INTO way VALUES (1, 'contact', '2026-01-01'), (1, 'offer', '2026-01-05'), (2, 'contract', '2026-01-10'),
  (3, 'contact', '2026-01-02'), (3, 'declined', '2026-01-12'), (4, 'contact', '2026-02-01'), (4, 'offer', '2026-02-11'),
  (4, 'contract', '2026-02-21'), (5, 'contact', '2026-03-01'), (6, 'declined', '2026-01-20'), (7, NULL, '2026-01-01'),
  (8, 'declined', '2026-01-03'), (8, 'offer', '2026-02-10');
SELECT * FROM funnel('TABLE way', '{contact, offer, contract}', '2026-02-25', '{declined}');
SELECT stage, entered, here, moved_on, lost
FROM funnel('SELECT * FROM way WHERE false', '{contact, offer}', '2026-02-25');
SELECT sum(entered) = sum(here + moved_on + lost) AS adds_up
FROM funnel('TABLE way', '{contact, offer, contract}', '2026-12-31', '{declined}');
SELECT outcome(format('SELECT count(*) FROM funnel(%s)', a)) FROM unnest(ARRAY[
  $$'TABLE way', '{contact, offer}', '2026-02-25'$$, $$'TABLE way', '{}', '2026-02-25'$$,
  $$'TABLE way', '{contact, contact}', '2026-02-25'$$,
  $$'TABLE way', '{contact, offer, contract}', NULL, '{declined}'$$,
  $$'SELECT 1', '{contact}', '2026-02-25'$$, $$'DELETE FROM way', '{contact}', '2026-02-25'$$,
  $$'TABLE way', '{contact, offer, contract}', '2026-02-25', '{contract}'$$]) AS a;

--
-- Surveys
--
SELECT nps(x) AS nps, csat(x, 8) AS csat FROM unnest('{10, 9, 9, 8, 7, 6, 0, 10, 9, 3}'::int[]) AS x;
SELECT nps(x), csat(x, 8) FROM unnest('{NULL}'::int[]) AS x;
SELECT nps(x) = 100.0 * (count(*) FILTER (WHERE x >= 9) - count(*) FILTER (WHERE x <= 6)) / count(*) AS nps,
  csat(x, 7) = count(*) FILTER (WHERE x >= 7) / count(*)::float8 AS csat
FROM (SELECT floor(u(i, 5) * 11)::int AS x FROM generate_series(1, 5000) AS i) AS s;
SELECT outcome(format('SELECT nps(%s)', x)) FROM unnest('{11, -1, 8.5, ''NaN''}'::text[]) AS x;
SELECT outcome($$SELECT customer_tier_internal.nps_final('{1, 5, 5}')$$),
  outcome($$SELECT customer_tier_internal.survey_combine('{1}', '{1}')$$);
SELECT f AS "if it is there", string_agg(kano(f, d), ' ' ORDER BY d) AS "if it is missing"
FROM generate_series(1, 5) AS f, generate_series(1, 5) AS d GROUP BY f ORDER BY f;
SELECT outcome('SELECT kano(0, 3)');

--
-- Control groups: the same customers on every server, about so many of each tier
--
SELECT string_agg(i::text, ' ' ORDER BY i) AS left_out
FROM generate_series(1, 60) AS i WHERE control_group(i, 0.1, 'spring');
SELECT count(*) FILTER (WHERE control_group(i, 0.1, 'spring')) BETWEEN 900 AND 1100 AS a_tenth,
  count(*) FILTER (WHERE control_group(i, 0.1, 'spring') AND control_group(i, 0.1, 'autumn')) BETWEEN 60 AND 140
    AS independent,
  count(*) FILTER (WHERE control_group(i, 0.1, 'spring') AND NOT control_group(i, 0.2, 'spring')) AS grows,
  count(*) FILTER (WHERE control_group(i, 0, 'a') OR NOT control_group(i, 1, 'a')) AS wrong
FROM generate_series(1, 10000) AS i;
-- equal customers are in one group, whatever settings are
SELECT count(*) FILTER (WHERE control_group(i::numeric, 0.5, 'a') <> control_group(i::numeric(9, 2), 0.5, 'a'))
  AS differ
FROM generate_series(1, 50) AS i;
CREATE TABLE left_out AS
SELECT i, control_group(int4send(i), 0.5, 'a') AS b, control_group(i / 7.0::float8, 0.5, 'a') AS f,
  control_group(timestamptz '2026-01-01 00:00+00' + make_interval(hours => i), 0.5, 'a') AS t
FROM generate_series(1, 50) AS i;
SET bytea_output = 'escape';
SET timezone = 'Asia/Shanghai';
SET extra_float_digits = 0;
SELECT count(*) FILTER (WHERE b <> control_group(int4send(i), 0.5, 'a')) AS b,
  count(*) FILTER (WHERE f <> control_group(i / 7.0::float8, 0.5, 'a')) AS f,
  count(*) FILTER (WHERE t <> control_group(timestamptz '2026-01-01 00:00+00' + make_interval(hours => i), 0.5, 'a'))
    AS t
FROM left_out;
RESET bytea_output;
RESET timezone;
RESET extra_float_digits;
SELECT outcome('SELECT control_group(1, 2, ''a'')'), outcome('SELECT control_group(1, ''NaN'', ''a'')');

-- what they buy: shares, index and breadth are plain SQL over the sales
CREATE TABLE basket (customer int, tier text, category text, value numeric);
INSERT INTO basket VALUES (1, 'A', 'tea', 60), (1, 'A', 'cups', 40), (2, 'A', 'tea', 100), (3, 'B', 'cups', 90),
  (3, 'B', 'tea', 10);
SELECT tier, category, round(share, 3) AS share, round(share / of_all, 3) AS index
FROM (
  SELECT tier, category, sum(value) / sum(sum(value)) OVER (PARTITION BY tier) AS share,
    sum(sum(value)) OVER (PARTITION BY category) / sum(sum(value)) OVER () AS of_all
  FROM basket GROUP BY tier, category) AS m ORDER BY tier, category;
SELECT customer, count(*) AS breadth, (array_agg(category ORDER BY value DESC, category))[1] AS top
FROM basket GROUP BY customer ORDER BY customer;

-- test/long keeps the procedures
\if :{?keep}
\else
DROP SCHEMA t_operations CASCADE;
\endif
