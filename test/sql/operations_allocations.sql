-- Allocations: customers to owners, fair, dispersed, and with few moves.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
\set VERBOSITY terse
CREATE SCHEMA t_allocations;
SET search_path = t_allocations, test, public, customer_tier;

--
-- The rules, on random bases of customers and owners, by a checker that knows nothing of how it is done
--
CREATE TABLE base (n int, weight float8, tier int, grp int, pin int, now int, owner int, reason int);
CREATE TABLE boss (o int, capacity float8, grp int, role int);
CREATE TABLE rank (tier int, role int);

-- who may have whom; what each owner has of all and of each tier; how much that may be
CREATE VIEW eligible AS
SELECT b.n, b.tier, b.grp, b.weight, b.pin, o.o FROM base AS b JOIN rank USING (tier)
JOIN boss AS o ON o.grp = b.grp AND (rank.role = -1 OR o.role = rank.role);
CREATE VIEW load AS
SELECT o, grp, capacity, (SELECT coalesce(sum(weight), 0) FROM base AS b WHERE b.owner = o) AS weight FROM boss;
CREATE VIEW fair AS
SELECT l.*, capacity * (SELECT sum(weight) / sum(capacity) FROM load AS x WHERE x.grp = l.grp) AS mean FROM load AS l;
CREATE VIEW disperse AS
SELECT tier, grp, sum(weight) AS weight, max(weight) AS heaviest,
  (SELECT count(*) FROM boss AS o WHERE o.grp = b.grp AND (r.role = -1 OR o.role = r.role)) AS m
FROM base AS b JOIN rank AS r USING (tier) GROUP BY tier, grp, r.role;
CREATE VIEW part AS
SELECT d.tier, d.grp, d.weight, d.heaviest, d.m, o.o,
  (SELECT coalesce(sum(weight), 0) FROM base AS b WHERE b.owner = o.o AND b.tier = d.tier) AS has
FROM disperse AS d JOIN boss AS o USING (grp) WHERE m > 0;

CREATE FUNCTION broken(most float8, slack float8) RETURNS TABLE (rule text, what text) LANGUAGE sql AS $$
SELECT 'pin', format('%s has %s', n, owner) FROM base WHERE pin >= 0 AND owner <> pin
UNION ALL
SELECT 'role', format('%s has %s', n, owner) FROM base AS b
WHERE pin < 0 AND owner >= 0 AND NOT EXISTS (SELECT FROM eligible AS e WHERE e.n = b.n AND e.o = b.owner)
UNION ALL
SELECT 'nobody', n::text FROM base AS b WHERE owner < 0 AND EXISTS (SELECT FROM eligible AS e WHERE e.n = b.n)
UNION ALL
-- too much of a tier, though somebody of it could go to who has less
SELECT DISTINCT 'dispersion', format('%s of tier %s', p.o, p.tier)
FROM part AS p JOIN base AS b ON b.owner = p.o AND b.tier = p.tier AND b.grp = p.grp AND b.pin < 0 AND b.weight > 0
  JOIN eligible AS e ON e.n = b.n AND e.o <> p.o JOIN part AS q ON q.tier = p.tier AND q.grp = p.grp AND q.o = e.o
WHERE p.has > greatest(most * p.weight, p.weight / p.m + p.heaviest) * (1 + 1e-6)
  AND q.has + b.weight < greatest(most * p.weight, p.weight / p.m + p.heaviest) * (1 - 1e-6)
UNION ALL
-- too much of all, though somebody could go to who stays within, and within what there may be of the tier
SELECT DISTINCT 'fairness', l.o::text
FROM fair AS l JOIN base AS b ON b.owner = l.o AND b.pin < 0 AND b.weight > 0
  JOIN eligible AS e ON e.n = b.n AND e.o <> l.o JOIN fair AS t ON t.o = e.o
  JOIN part AS q ON q.tier = b.tier AND q.grp = b.grp AND q.o = e.o
WHERE l.weight > (1 + slack) * l.mean * (1 + 1e-6) AND t.weight + b.weight < (1 + slack) * t.mean * (1 - 1e-6)
  AND q.has + b.weight < greatest(most * q.weight, q.weight / q.m + q.heaviest) * (1 - 1e-6) $$;
-- owners above a limit, whether that can be helped or not
CREATE FUNCTION above(most float8, slack float8) RETURNS bigint LANGUAGE sql AS $$
SELECT (SELECT count(*) FROM fair WHERE weight > (1 + slack) * mean * (1 + 1e-6))
  + (SELECT count(*) FROM part WHERE has > greatest(most * weight, weight / m + heaviest) * (1 + 1e-6)) $$;

CREATE PROCEDURE share_out(most float8, slack float8, anew boolean DEFAULT false) LANGUAGE plpgsql AS $$
BEGIN
  UPDATE base SET owner = CASE WHEN anew THEN -1 ELSE greatest(now, -1) END, reason = 0;
  UPDATE base SET owner = coalesce(x.owner::int, -1),
    reason = array_position('{first, pinned, left, tier, capacity, balance}'::text[], x.reason)
  FROM customer_tier_internal.share_out(
      'SELECT n, tier, lpad(grp::text, 2), CASE role WHEN -1 THEN NULL ELSE role::text END, weight
       FROM base JOIN rank USING (tier) ORDER BY u(n, 3)',
      'SELECT lpad(o::text, 2), capacity, lpad(grp::text, 2), role::text FROM boss ORDER BY 3, 1',
      'SELECT n, lpad(pin::text, 2), ''a note'' FROM base WHERE pin >= 0',
      format('SELECT ctid, n, false, ''first'', lpad(now::text, 2), NULL::text FROM base WHERE now <> -1 AND NOT %L',
             anew),
      '2026-01-01', most, slack, NULL, 'SELECT customer, owner, reason FROM turned')
    AS x(customer int, owner text, reason text)
  WHERE x.customer = n;
END $$;

CREATE PROCEDURE bases(seed bigint, n int) LANGUAGE plpgsql AS $$
DECLARE
  k bigint;
  most float8;
  slack float8;
  moves bigint;
  over bigint;
  wrong text;
BEGIN
  FOR f IN 1..n LOOP
    k := seed * 100000 + f * 20;
    most := (ARRAY[0.2, 0.4, 0.7, 1])[1 + f % 4];
    slack := (ARRAY[0, 0.05, 0.1, 0.5])[1 + f / 4 % 4];
    DELETE FROM base; DELETE FROM boss; DELETE FROM rank;
    INSERT INTO boss SELECT o, (1 + floor(u(o, k) * 12)) / 4, CASE WHEN f % 3 = 0 THEN o % 2 ELSE 0 END,
      floor(u(o, k + 1) * 3)::int - 1 FROM generate_series(0, 1 + floor(u(f, seed) * 7)::int) AS o;
    INSERT INTO rank SELECT t, CASE WHEN u(t, k + 2) < 0.3 THEN floor(u(t, k + 3) * 2)::int ELSE -1 END
    FROM generate_series(0, 3) AS t;
    -- in their order: by tiers, the highest first, and by weight; with ties, zeros and giants
    INSERT INTO base
    SELECT row_number() OVER (ORDER BY tier DESC, weight DESC, i), weight, tier, grp, pin, now
    FROM (
      SELECT i, CASE f % 5 WHEN 0 THEN 1 WHEN 1 THEN floor(exp(u(i, k + 4) * 8)) WHEN 2 THEN floor(u(i, k + 4) * 4)
                ELSE floor(u(i, k + 4) * 400) / 4 END AS weight,
        floor(u(i, k + 5) ^ 2 * 4)::int AS tier, CASE WHEN f % 3 = 0 THEN i % 2 ELSE 0 END AS grp,
        CASE WHEN f % 4 = 3 AND u(i, k + 6) < 0.1 THEN floor(u(i, k + 7) * b.owners)::int ELSE -1 END AS pin,
        CASE WHEN f % 7 = 0 OR u(i, k + 8) < 0.1 THEN -1 WHEN u(i, k + 8) < 0.15 THEN -2
             WHEN f % 7 < 3 THEN 0 ELSE floor(u(i, k + 9) * b.owners)::int END AS now
      FROM generate_series(1, 5 + floor(u(f, seed + 1) * 60)::int) AS i,
        (SELECT count(*) AS owners FROM boss) AS b) AS x;
    CALL share_out(most, slack);
    SELECT string_agg(rule || ': ' || what, '; ') INTO wrong FROM broken(most, slack);
    IF wrong IS NOT NULL THEN
      RAISE EXCEPTION 'seed %, base %: %', seed, f, wrong;
    END IF;
    IF EXISTS (SELECT FROM base WHERE (reason = 0) <> (owner = now)
               OR (reason = 1) <> (now = -1 AND owner >= 0 AND pin < 0)
               OR (reason = 2) <> (pin >= 0 AND now <> pin) OR reason NOT BETWEEN 0 AND 6) THEN
      RAISE EXCEPTION 'seed %, base %: a reason is wrong', seed, f;
    END IF;
    -- sharing out anew moves no fewer, or breaks more
    SELECT count(*) FILTER (WHERE now >= 0 AND owner <> now), above(most, slack) INTO moves, over FROM base;
    CREATE TEMP TABLE kept AS SELECT b.n, b.owner FROM base AS b;
    CALL share_out(most, slack, true);
    IF (SELECT count(*) FILTER (WHERE now >= 0 AND owner <> now) FROM base) < moves AND above(most, slack) <= over THEN
      RAISE EXCEPTION 'seed %, base %: % moves, and fewer would do', seed, f, moves;
    END IF;
    -- who was allocated once stays: nobody moves where no rule is broken
    UPDATE base SET now = kept.owner FROM kept WHERE kept.n = base.n;
    DROP TABLE kept;
    CALL share_out(most, slack);
    IF EXISTS (SELECT FROM base WHERE reason <> 0) THEN
      RAISE EXCEPTION 'seed %, base %: somebody moves again', seed, f;
    END IF;
  END LOOP;
END $$;
\echo seed 20261116
CALL bases(20261116, 40);
-- the checker finds what is wrong
CALL share_out(0.4, 0);
SELECT count(*) AS broken FROM broken(0.4, 0);
UPDATE base SET owner = (SELECT min(o) FROM eligible AS e WHERE e.n = base.n) WHERE pin < 0 AND owner >= 0;
SELECT DISTINCT rule FROM broken(0.4, 0) ORDER BY rule;
UPDATE base SET owner = (SELECT max(o) FROM boss) WHERE pin < 0;
SELECT DISTINCT rule FROM broken(0.4, 0) ORDER BY rule;

-- queries that nobody made
CREATE FUNCTION made(members text, owners text, held text, more text DEFAULT '0.5, 0.1') RETURNS text
LANGUAGE sql AS $$
SELECT outcome(format('SELECT * FROM customer_tier_internal.share_out(%L, %L, %L, %L, %L, %s, NULL, %L) AS x(n bigint)',
  'SELECT ' || members, 'SELECT ' || owners, 'SELECT 1, ''a''::text, ''''::text', 'SELECT ' || held, '2026-01-01', more,
  'SELECT assigned FROM shared')) $$;
\set nobody '$$''(0,1)''::tid, 1, false, ''''::text, ''''::text, ''''::text WHERE false$$'
\set ann '$$''Ann''::text, 1::float8, ''''::text, NULL::text$$'
SELECT made(m, :ann, :nobody) FROM unnest(ARRAY[
  $$1, 1, ''::text, NULL::text, 1::float8 WHERE false$$,
  $$1, 1, ''::text, NULL::text, 1::float8$$,
  $$1, 1, 'nobody has it'::text, NULL::text, 1::float8$$,
  $$1, -1, ''::text, NULL::text, 1::float8$$,
  $$1, 2000000000, ''::text, NULL::text, 1::float8$$,
  $$1, NULL::int, ''::text, NULL::text, 1::float8$$,
  $$1, 1, ''::text, NULL::text, 'NaN'::float8$$,
  $$1, 1, ''::text, NULL::text, -1::float8$$,
  $$n, 1, ''::text, NULL::text, 1e308::float8 FROM generate_series(1, 2) AS n$$,
  $$1, 1, ''::text, NULL::text$$,
  $$1, 1, ''::text, NULL::text, 1$$,
  $$'{}'::json, 1, ''::text, NULL::text, 1::float8$$]) AS m;
SELECT made($$1, 1, ''::text, NULL::text, 1e10::float8$$, o, :nobody) FROM unnest(ARRAY[
  $$'Ann'::text, 1e-300::float8, ''::text, NULL::text$$,
  $$n::text, 1e308::float8, ''::text, NULL::text FROM generate_series(1, 2) AS n$$,
  $$'Ann'::text, 1::float8, NULL::text, NULL::text$$,
  $$NULL::text, 1::float8, ''::text, NULL::text$$]) AS o;
SELECT made($$1, 1, ''::text, NULL::text, 1::float8$$, :ann, h) FROM unnest(ARRAY[
  $$NULL::tid, 1, false, ''::text, ''::text, ''::text$$,
  $$'(0,1)'::tid, 1::bigint, false, ''::text, ''::text, ''::text$$]) AS h;
SELECT made('1', '1', '1', '0, 0.1'), made('1', '1', '1', '0.5, ''NaN''');

--
-- An allocation, day by day
--
CREATE TABLE client (id int PRIMARY KEY, region text NOT NULL);
CREATE TABLE sale (customer int, day date, amount numeric);
INSERT INTO client SELECT i, CASE WHEN i % 3 = 0 THEN 'south' ELSE 'north' END FROM generate_series(1, 60) AS i;
INSERT INTO sale SELECT i, date '2026-01-01' + i % 28, (i * 37 % 61) * 10 FROM generate_series(1, 60) AS i;
CALL track('sale', 'customer', 'amount', 'day');
SELECT create_scheme('t_allocations.abc', 'sale', preset => 'abc', attributes => 'client');
CREATE TABLE manager (owner text, capacity numeric, customer_group text, role text);
INSERT INTO manager VALUES ('Ann', 1, 'north', 'key'), ('Bob', 1, 'north', 'key'), ('Cid', 2, 'north', NULL),
  ('Dee', 1, 'south', NULL), ('Eve', 1, 'south', NULL);
SELECT create_allocation('t_allocations.owners', 'abc', 'manager', weight => 'value', per => 'region', most => 0.6);
TABLE allocations;
SELECT outcome($$SELECT allocate('owners', '2026-02-01')$$);
SELECT customers FROM refresh_scheme('abc', '2026-01-31');
SELECT set_policy('abc', 'A', owner_role => 'key');
SELECT * FROM allocate('owners', '2026-02-01');
-- in the south nobody has the role that tier A wants
SELECT owner, customer_group, role, heads, weight, capacity, load, round(share::numeric, 3) AS share, heads_by_tier
FROM owners_load ORDER BY owner;
SELECT tier, customer_group, owner, count(*) FROM owners GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
INSERT INTO manager VALUES ('Fay', 1, 'south', 'key');
SELECT assigned, moved, released, unassigned FROM allocate('owners', '2026-02-01');
-- a quiet day
SELECT assigned, moved, released, unassigned FROM allocate('owners', '2026-02-02');
SELECT count(*) FROM owners_history WHERE valid_from = '2026-02-02';
-- a pin, an owner who is away, an owner who can take less
SELECT pin_owner('owners', customer::text, 'Cid', 'knows them', '2026-02-03', '2026-02-06')
FROM owners WHERE tier = 'A' AND owner = 'Ann' ORDER BY weight DESC LIMIT 1;
UPDATE manager SET capacity = 0.5 WHERE owner = 'Ann';
DELETE FROM manager WHERE owner = 'Eve';
SELECT reason, count(*), count(owner_then) AS to_somebody FROM simulate_allocation('owners', '2026-02-03')
GROUP BY reason ORDER BY reason;
SELECT count(*) FROM owners_history WHERE valid_from > '2026-02-02';
SELECT assigned, moved, released, unassigned FROM allocate('owners', '2026-02-03');
SELECT reason, replace(note, session_user, 'me') AS note, count(*),
  min(previous_owner) AS before, min(owner) AS after
FROM owners_history
WHERE valid_from = '2026-02-03' GROUP BY 1, 2 ORDER BY 1, 2;
-- another call of a day decides again, by what was before it
CREATE TABLE once AS SELECT customer, owner, valid_from, reason FROM owners_history;
SELECT assigned, moved, released, unassigned FROM allocate('owners', '2026-02-03');
SELECT count(*) AS differ FROM once FULL JOIN owners_history AS h USING (customer, valid_from)
WHERE (once.owner, once.reason) IS DISTINCT FROM (h.owner, h.reason);
-- customers who are graded no longer, and back again; tiers that change
UPDATE manager SET capacity = 1 WHERE owner = 'Ann';
DELETE FROM client WHERE id = 4;
DELETE FROM sale WHERE customer = 4;
UPDATE sale SET amount = 5000 WHERE customer IN (7, 8);
SELECT customers, up, down, gone FROM refresh_scheme('abc', '2026-02-04');
SELECT assigned, moved, released, unassigned FROM allocate('owners', '2026-02-04');
SELECT customer, previous_owner, owner, reason FROM owners_history WHERE valid_from = '2026-02-04' ORDER BY customer;
INSERT INTO client VALUES (4, 'south');
INSERT INTO sale VALUES (4, '2026-02-05', 20);
SELECT customers FROM refresh_scheme('abc', '2026-02-05');
SELECT assigned, moved, released, unassigned FROM allocate('owners', '2026-02-05');
SELECT customer, owner, valid_from, valid_to, is_current, reason FROM owners_history
WHERE customer = 4 ORDER BY valid_from;
-- a pin that has ended moves nobody by itself; but Cid has not the role that tier A wants
SELECT customer, owner, valid_from, reason FROM owners_history
WHERE customer IN (SELECT customer FROM owners_history WHERE reason = 'pinned') ORDER BY customer, valid_from;
SELECT moved FROM allocate('owners', '2026-02-06');
SELECT previous_owner, reason FROM owners_history WHERE valid_from = '2026-02-06';
-- one chain for each customer, and nothing changes without a row
SELECT count(*) AS gaps FROM (
  SELECT *, lag(valid_to) OVER w AS before, lag(owner) OVER w AS owner_before FROM owners_history
  WINDOW w AS (PARTITION BY customer ORDER BY valid_from)) AS h
WHERE before IS NOT NULL AND (before <> valid_from OR previous_owner IS DISTINCT FROM owner_before
                              OR owner IS NOT DISTINCT FROM owner_before);
SELECT count(*) = count(DISTINCT customer) AS one_owner FROM owners;
-- the order of rows does not show
CREATE TABLE other AS SELECT * FROM client ORDER BY u(id, 5);
ALTER TABLE other ADD PRIMARY KEY (id);
CREATE TABLE other_sale AS SELECT * FROM sale ORDER BY u(customer, 6);
CALL track('other_sale', 'customer', 'amount', 'day');
SELECT create_scheme('t_allocations.abc2', 'other_sale', preset => 'abc', attributes => 'other');
SELECT create_scheme('t_allocations.abc3', 'sale', preset => 'abc', attributes => 'client');
SELECT a.customers = b.customers AS same
FROM refresh_scheme('abc2', '2026-02-05') AS a, refresh_scheme('abc3', '2026-02-05') AS b;
CREATE TABLE manager2 AS SELECT * FROM manager ORDER BY owner DESC;
SELECT create_allocation('t_allocations.two', 'abc2', 'manager2', 'value', 'region'),
  create_allocation('t_allocations.three', 'abc3', 'manager', 'value', 'region');
SELECT a.assigned = b.assigned AS same FROM allocate('two', '2026-02-06') AS a, allocate('three', '2026-02-06') AS b;
SELECT count(*) AS differ FROM two FULL JOIN three USING (customer) WHERE two.owner IS DISTINCT FROM three.owner;

-- a day that is allocated several times, with other owners and pins in between, ends as if it were once
CREATE TABLE staff (owner text, capacity numeric, customer_group text, role text);
SELECT create_allocation('t_allocations.alone', 'abc3', 'staff', 'value', 'region', slack => 0.2),
  create_allocation('t_allocations.again', 'abc3', 'staff', 'value', 'region', slack => 0.2);
CREATE PROCEDURE hire(k bigint, on_day date) LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM staff;
  INSERT INTO staff SELECT i::text, 1 + floor(u(i, k) * 4), CASE WHEN i % 2 = 0 THEN 'south' ELSE 'north' END
  FROM generate_series(1, 7) AS i WHERE i < 3 OR u(i, k + 1) < 0.7;
  DELETE FROM again__pin; DELETE FROM alone__pin;
  INSERT INTO again__pin SELECT i, (SELECT min(owner) FROM staff), 'a friend', 'me', '2026-02-01', NULL
  FROM generate_series(1, 60) AS i WHERE u(i, k + 2) < 0.05;
  INSERT INTO alone__pin TABLE again__pin;
  -- who is graded, and by what
  UPDATE sale SET amount = floor(u(customer, k + 3) * 600), day = on_day WHERE u(customer, k + 4) < 0.2;
  DELETE FROM sale WHERE u(customer, k + 5) < 0.05;
  DELETE FROM client WHERE u(id, k + 5) < 0.05;
  INSERT INTO client SELECT i, 'north' FROM generate_series(1, 60) AS i WHERE u(i, k + 6) < 0.05
  ON CONFLICT DO NOTHING;
END $$;
CREATE PROCEDURE decide_again(seed bigint, n int) LANGUAGE plpgsql AS $$
DECLARE
  first date := greatest('2026-03-01', (SELECT max(as_of) FROM abc3_trend));
  day date;
  a record;
  b record;
BEGIN
  FOR f IN 1..n LOOP
    day := first + f;
    FOR i IN 0..f % 3 LOOP
      CALL hire(seed * 1000 + f * 100 + i * 10, day);
      PERFORM refresh_scheme('abc3', day);
      SELECT * INTO a FROM allocate('again', day);
    END LOOP;
    SELECT * INTO b FROM allocate('alone', day);
    IF a IS DISTINCT FROM b THEN
      RAISE EXCEPTION 'seed %, day %: % %', seed, f, a, b;
    END IF;
    IF EXISTS (TABLE again__assigned EXCEPT ALL TABLE alone__assigned)
      OR EXISTS (TABLE alone__assigned EXCEPT ALL TABLE again__assigned) THEN
      RAISE EXCEPTION 'seed %, day %: the histories differ', seed, f;
    END IF;
    IF EXISTS (SELECT FROM simulate_allocation('again', day)) THEN
      RAISE EXCEPTION 'seed %, day %: a third time differs', seed, f;
    END IF;
  END LOOP;
END $$;
\echo seed 20261127
CALL decide_again(20261127, 6);
SELECT count(DISTINCT reason) AS reasons, count(*) > 100 AS many, count(*) FILTER (WHERE owner IS NULL) > 0 AS gone
FROM again__assigned;

-- what is refused
CREATE FUNCTION own(float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
SELECT outcome(sql) FROM unnest(ARRAY[
  $$SELECT create_allocation(NULL, 'abc', 'manager')$$,
  $$SELECT create_allocation('x', 'sale', 'manager')$$,
  $$SELECT create_allocation('x', 'abc', 'client')$$,
  $$SELECT create_allocation('x', 'abc', 'manager')$$,
  $$SELECT create_allocation('x', 'abc', 'manager', weight => NULL, per => 'region')$$,
  $$SELECT create_allocation('x', 'abc', 'manager', weight => 'nothing', per => 'region')$$,
  $$SELECT create_allocation('x', 'abc', 'manager', weight => 'random()', per => 'region')$$,
  $$SELECT create_allocation('x', 'abc', 'manager', weight => '1 FROM sale; DROP TABLE sale', per => 'region')$$,
  $$SELECT create_allocation('x', 'abc', 'manager', weight => 'own(value)', per => 'region')$$,
  $$SELECT create_allocation('x', 'abc', 'manager', per => 'region', most => 0)$$,
  $$SELECT create_allocation('x', 'abc', 'manager', per => 'region', slack => -1)$$,
  $$SELECT create_allocation('owners', 'abc', 'manager', per => 'region')$$,
  $$SELECT create_allocation('a.b.c', 'abc', 'manager', per => 'region')$$,
  $$SELECT allocate('abc', '2026-03-01')$$, $$SELECT allocate('owners', '2026-02-01')$$,
  $$SELECT allocate('owners', NULL)$$, $$SELECT allocate('owners', 'infinity')$$,
  $$SELECT pin_owner('owners', '5', 'Zoe', 'a', '2026-03-01')$$,
  $$SELECT pin_owner('owners', '5', 'Ann', ' ', '2026-03-01')$$,
  $$SELECT pin_owner('owners', '999', 'Ann', 'a', '2026-03-01')$$,
  $$SELECT pin_owner('owners', '5', 'Ann', 'a', '2026-03-01', '2026-03-01')$$,
  $$SELECT pin_owner('owners', '5', 'Ann', 'a', 'infinity')$$,
  $$SELECT pin_owner('owners', '5', 'Ann', 'a', '-infinity')$$,
  $$SELECT pin_owner('owners', '5', 'Ann', 'a', '2026-03-01', 'infinity')$$,
  $$SELECT unpin_owner('owners', NULL)$$, $$SELECT unpin_owner('owners', '5', 'infinity')$$,
  $$SELECT allocate('owners', '9999-12-31')$$, $$SELECT allocate('owners', '0001-12-31 BC')$$,
  $$SELECT unpin_owner('owners', '5')$$, $$SELECT simulate_allocation('owners', '2026-03-01', 2)$$,
  $$SELECT drop_allocation('abc')$$]) AS sql;
UPDATE manager SET capacity = 0 WHERE owner = 'Ann';
SELECT outcome($$SELECT allocate('owners', '2026-03-01')$$);
UPDATE manager SET capacity = 1, owner = 'Bob' WHERE owner = 'Ann';
SELECT outcome($$SELECT allocate('owners', '2026-03-01')$$);
DELETE FROM manager;
SELECT outcome($$SELECT allocate('owners', '2026-03-01')$$);

-- others see what they are granted, and run nothing as the owner
CREATE ROLE regress_customer_tier_reader;
GRANT USAGE ON SCHEMA t_allocations TO regress_customer_tier_reader;
GRANT SELECT ON owners, owners_load TO regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT count(*) > 0 AS reads FROM owners;
SELECT outcome(sql) FROM unnest(ARRAY[$$SELECT allocate('owners', '2026-03-01')$$,
  $$SELECT simulate_allocation('owners', '2026-03-01')$$,
  $$SELECT pin_owner('owners', '5', 'Ann', 'a', '2026-03-01')$$,
  $$SELECT drop_allocation('owners')$$, $$SELECT count(*) FROM owners__assigned$$]) AS sql;
RESET ROLE;
DROP OWNED BY regress_customer_tier_reader;
DROP ROLE regress_customer_tier_reader;

SELECT drop_allocation(x) FROM unnest('{owners, two, three}'::regclass[]) AS x;
SELECT count(*) AS left FROM pg_class
WHERE relnamespace = 't_allocations'::regnamespace AND relname ~ '^(owners|two|three)';
\if :{?keep}
\else
DROP SCHEMA t_allocations CASCADE;
\endif
