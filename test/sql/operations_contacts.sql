-- Policies of tiers, contacts against the plan, who falls when, and why the revenue of tiers changed.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
\set VERBOSITY terse
CREATE SCHEMA t_contacts;
SET search_path = t_contacts, test, public, customer_tier;

CREATE TABLE sale (customer int, day date, amount numeric);
INSERT INTO sale VALUES (1, '2026-01-05', 800), (2, '2026-01-06', 150), (3, '2026-01-07', 40), (4, '2026-01-08', 10);
CALL track('sale', 'customer', 'amount', 'day');
SELECT create_scheme('t_contacts.abc', 'sale', preset => 'abc');
SELECT customers FROM refresh_scheme('abc', '2026-01-31');

--
-- Policy
--
SELECT set_policy('abc', 'A', contacts_min => 4, contacts_max => 6, every => '1 month', coverage => 1, priority => 1,
  channel => 'visit', owner_role => 'key account', credit => 10000, discount => 0.1);
SELECT set_policy('abc', 'B', contacts_min => 2, contacts_max => 4, every => '1 month', coverage => 0.6, priority => 2);
SELECT set_policy('abc', 'C', contacts_max => 2, every => '1 month', coverage => 0.3);
SELECT set_policy('abc', 'A', contacts_max => 7, unset => '{credit, discount}');
SELECT * FROM scheme_tiers('abc');
SELECT set_policy('abc', 'A', contacts_max => 6);
SELECT outcome(format('SELECT set_policy(''abc'', %s)', a)) FROM unnest(ARRAY[
  $$'D', priority => 1$$, $$'A', contacts_min => -1$$, $$'A', contacts_min => 9$$, $$'C', unset => '{every}'$$,
  $$'A', every => '3 hours'$$, $$'A', every => '1 month 3 days'$$, $$'A', coverage => 2$$, $$'A', coverage => 'NaN'$$,
  $$'A', credit => -5$$, $$'A', credit => 'NaN'$$, $$'A', unset => '{tier}'$$]) AS a;
SELECT outcome($$SELECT set_policy('sale', 'A', priority => 1)$$);

--
-- The worked example: 4 to 6 contacts a month, the last on 20 March
--
CREATE TABLE visit (customer int, visited_on date, cost numeric);
CALL track('visit', 'customer', 'cost', 'visited_on');
INSERT INTO visit VALUES (1, '2026-03-20', 1), (2, '2026-03-02', 1), (2, '2026-03-17', 1), (3, '2026-03-01', 1),
  (3, '2026-03-05', 1), (3, '2026-03-09', 1), (3, '2026-04-02', 1), (4, '2026-03-31', 0), (9, '2026-03-08', 1),
  (NULL, '2026-03-08', 1);
SELECT * FROM contact_plan('abc', '2026-03-31', contacts => 'visit');
SELECT customer, due_on, days_overdue, state FROM contact_plan('abc', '2026-04-01', 'visit', calendar => true);
SELECT customer, state FROM contact_plan('abc', '2026-03-31', 'visit', daily => 2);
-- a tier as of a day before the first refresh: nobody has one
SELECT count(*) FROM contact_plan('abc', '2026-01-30', 'visit');
SELECT tier, heads, seen, coverage, target, gap, contacts, round(contact_share::numeric, 3) AS contact_share,
  value_share, on_plan
FROM contact_coverage('abc', 'visit', '[2026-03-01,2026-04-01)');
SELECT sum(contacts) = (SELECT count(*) FROM visit WHERE customer IS NOT NULL AND cost > 0) AS all_contacts
FROM contact_coverage('abc', 'visit', '(,2027-01-01)');
SELECT outcome(sql) FROM unnest(ARRAY[
  $$SELECT contact_plan('abc', NULL, 'visit')$$, $$SELECT contact_plan('abc', 'infinity', 'visit')$$,
  $$SELECT contact_plan('abc', '5874897-12-31', 'visit')$$, $$SELECT contact_plan('abc', '4714-11-24 BC', 'visit')$$,
  $$SELECT contact_coverage('abc', 'visit', '(,5874897-12-30]')$$,
  $$SELECT contact_plan('abc', '2026-03-31', NULL)$$, $$SELECT contact_plan('abc', '2026-03-31', 'abc')$$,
  $$SELECT contact_plan('abc', '2026-03-31', 'visit', daily => 0)$$,
  $$SELECT contact_plan('sale', '2026-03-31', 'visit')$$,
  $$SELECT contact_plan('abc', '2026-03-31', 'visit', allocation => 'abc')$$,
  $$SELECT contact_coverage('abc', 'visit', 'empty')$$,
  $$SELECT contact_coverage('abc', 'visit', '[2026-01-01,)')$$,
  $$SELECT contact_coverage('abc', 'visit', NULL)$$]) AS sql;

--
-- Random logs, against plain SQL
--
INSERT INTO sale
SELECT 10 + (u(i, 1) * 120)::int, date '2026-01-01' + (u(i, 2) * 30)::int, round((u(i, 3) ^ 4 * 900 - 5)::numeric, 2)
FROM generate_series(1, 400) AS i;
SELECT customers FROM refresh_scheme('abc', '2026-02-15');
INSERT INTO sale SELECT 10 + (u(i, 11) * 120)::int, '2026-03-10', 400 FROM generate_series(1, 20) AS i;
SELECT customers FROM refresh_scheme('abc', '2026-03-15');
CREATE FUNCTION plain_plan(as_of date, on_calendar boolean) RETURNS TABLE (customer text, tier text, done bigint,
  last_contact date, due_on date, days_overdue int, state text) LANGUAGE sql AS $$
WITH member AS (SELECT h.customer, h.tier FROM abc_history AS h WHERE h.valid_from <= as_of AND h.valid_to > as_of),
wanted AS (
  SELECT t.tier, t.contacts_min, t.contacts_max,
    CASE WHEN on_calendar AND t.every = '1 month' THEN date_trunc('month', as_of)::date
         WHEN on_calendar AND t.every = '3 months' THEN date_trunc('quarter', as_of)::date
         WHEN on_calendar THEN date_trunc('week', as_of)::date ELSE (as_of + 1 - t.every)::date END AS first_day,
    CASE WHEN on_calendar AND t.every = '1 month' THEN (date_trunc('month', as_of) + t.every)::date
         WHEN on_calendar AND t.every = '3 months' THEN (date_trunc('quarter', as_of) + t.every)::date
         WHEN on_calendar THEN (date_trunc('week', as_of) + t.every)::date ELSE as_of + 1 END AS next_day
  FROM scheme_tiers('abc') AS t WHERE t.contacts_min IS NOT NULL OR t.contacts_max IS NOT NULL),
seen AS (
  SELECT m.customer, w.*, (SELECT count(*) FROM visit AS v WHERE v.customer = m.customer AND v.cost > 0
                           AND v.visited_on >= w.first_day AND v.visited_on <= as_of) AS done,
    (SELECT max(visited_on) FROM visit AS v
     WHERE v.customer = m.customer AND v.cost > 0 AND visited_on <= as_of) AS last_contact
  FROM member AS m JOIN wanted AS w USING (tier)),
due AS (
  SELECT *,
    CASE WHEN contacts_min > 0 THEN coalesce(last_contact + (next_day - first_day) / contacts_min, as_of) END AS due_on
  FROM seen)
SELECT customer::text, tier, done, last_contact, due_on, greatest(as_of - due_on, 0),
  CASE WHEN done > contacts_max THEN 'over' WHEN contacts_min > 0 AND last_contact IS NULL THEN 'never'
       WHEN due_on < as_of THEN 'overdue' WHEN due_on = as_of THEN 'due' ELSE 'on plan' END
FROM due $$;
CREATE PROCEDURE logs(seed bigint, n int) LANGUAGE plpgsql AS $$
DECLARE
  day date;
  on_calendar boolean;
  differ bigint;
BEGIN
  FOR f IN 1..n LOOP
    DELETE FROM visit;
    INSERT INTO visit
    SELECT nullif((u(i, seed + f) * 160)::int, 0), date '2026-01-01' + (u(i, seed + f + 1000) * 110)::int,
      round((u(i, seed + f + 2000) * 5 - 1)::numeric, 1) FROM generate_series(1, 10 + f * 13 % 400) AS i;
    day := date '2026-02-15' + (u(f, seed) * 60)::int;
    on_calendar := f % 2 = 0;
    PERFORM set_policy('abc', 'B', contacts_min => f % 4, contacts_max => f % 4 + f % 3,
      every => (ARRAY['1 month', '3 months', '7 days'])[1 + f % 3]::interval);
    SELECT count(*) INTO differ FROM contact_plan('abc', day, 'visit', calendar => on_calendar) AS a
      FULL JOIN plain_plan(day, on_calendar) AS b USING (customer)
    WHERE (a.tier, a.done, a.last_contact, a.due_on, a.days_overdue, a.state)
      IS DISTINCT FROM (b.tier, b.done, b.last_contact, b.due_on, b.days_overdue, b.state);
    IF differ > 0 THEN
      RAISE EXCEPTION 'seed %, log %, as of %: % differ', seed, f, day, differ;
    END IF;
    -- coverage, and that nobody's contacts are lost
    SELECT count(*) INTO differ
    FROM contact_coverage('abc', 'visit', daterange(day - f % 40, day + 1)) AS a
      FULL JOIN (
        SELECT h.tier, count(DISTINCT h.customer) AS heads, count(DISTINCT v.customer) AS seen,
          count(v.customer) AS contacts
        FROM (SELECT * FROM abc_history WHERE valid_from <= day AND valid_to > day) AS h
          FULL JOIN (SELECT * FROM visit
                     WHERE customer IS NOT NULL AND cost > 0 AND visited_on BETWEEN day - f % 40 AND day) AS v
            USING (customer)
        GROUP BY h.tier) AS b ON coalesce(a.tier, '-') = coalesce(b.tier, '-')
    WHERE (a.heads, a.seen, a.contacts) IS DISTINCT FROM (b.heads, b.seen, b.contacts);
    IF differ > 0 THEN
      RAISE EXCEPTION 'seed %, log %, coverage as of %: % differ', seed, f, day, differ;
    END IF;
  END LOOP;
END $$;
\echo seed 20261116
CALL logs(20261116, 30);
SELECT set_policy('abc', 'B', contacts_min => 2, contacts_max => 4, every => '1 month');

--
-- Views, for who may not ask the functions; an allocation tells the owner
--
CREATE TABLE manager AS SELECT * FROM (VALUES ('Ann', 1.0), ('Bob', 2.0)) AS v(owner, capacity);
SELECT set_policy('abc', 'A', unset => '{owner_role}');
SELECT create_allocation('t_contacts.owners', 'abc', 'manager', weight => 'value');
SELECT assigned FROM allocate('owners', '2026-03-15');
SELECT create_operation_views('abc', 'visit', allocation => 'owners');
CALL refresh_source('visit');
SELECT count(*) > 0 AS many, count(*) FILTER (WHERE (v.tier, v.owner, v.done, v.due_on, v.state, v.value)
    IS DISTINCT FROM (f.tier, f.owner, f.done, f.due_on, f.state, f.value)) AS differ
FROM abc_plan AS v
  FULL JOIN contact_plan('abc', '2026-03-15', 'visit', allocation => 'owners') AS f ON f.customer = v.customer::text;
SELECT owner, count(*) FROM contact_plan('abc', '2026-03-15', 'visit', daily => 3, allocation => 'owners')
GROUP BY owner ORDER BY owner;
SELECT count(*) AS differ
FROM abc_coverage AS v
  FULL JOIN contact_coverage('abc', 'visit', trailing_months('2026-03-15', 1)) AS f
    ON coalesce(f.tier, '-') = coalesce(v.tier, '-')
WHERE (v.heads, v.seen, v.contacts, v.on_plan) IS DISTINCT FROM (f.heads, f.seen, f.contacts, f.on_plan);
SELECT relname, attname FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
WHERE relnamespace = 't_contacts'::regnamespace AND relkind = 'v'
  AND relname ~ '^(abc_(plan|coverage|falling)|owners(_|$))'
  AND relname <> 'owners__input' AND attnum > 0 AND col_description(attrelid, attnum) IS NULL;
CREATE ROLE regress_customer_tier_reader;
GRANT USAGE ON SCHEMA t_contacts TO regress_customer_tier_reader;
GRANT SELECT ON abc_plan, abc_coverage, abc_falling TO regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT (SELECT count(*) FROM abc_plan) > 0 AS plan, (SELECT count(*) FROM abc_coverage) > 0 AS coverage,
  (SELECT count(*) FROM abc_falling) >= 0 AS falling;
SELECT outcome(sql) FROM unnest(ARRAY[$$SELECT count(*) FROM contact_plan('abc', '2026-03-31', 'visit')$$,
  $$SELECT contact_coverage('abc', 'visit', '[2026-01-01,2026-02-01)')$$,
  $$SELECT set_policy('abc', 'A', priority => 1)$$,
  $$SELECT scheme_tiers('abc')$$, $$SELECT falling('abc')$$, $$SELECT create_operation_views('abc')$$,
  $$SELECT drivers('abc', '[2026-01-01,2026-02-01)', '[2026-02-01,2026-03-01)')$$]) AS sql;
RESET ROLE;
-- made anew, they are granted as before; a view of one's own is neither dropped nor replaced
SELECT create_operation_views('abc', 'visit', allocation => 'owners');
SELECT relname, has_table_privilege('regress_customer_tier_reader', oid, 'SELECT') AS reads FROM pg_class
WHERE relnamespace = 't_contacts'::regnamespace AND relname ~ '^abc_(plan|coverage|falling)$' ORDER BY 1;
SELECT drop_operation_views('abc');
CREATE VIEW abc_plan AS SELECT 1 AS mine;
SELECT drop_operation_views('abc'), outcome($$SELECT create_operation_views('abc')$$);
TABLE abc_plan;
DROP VIEW abc_plan;
SELECT create_operation_views('abc', 'visit', allocation => 'owners');
DROP OWNED BY regress_customer_tier_reader;
DROP ROLE regress_customer_tier_reader;
SELECT outcome($$SELECT drop_scheme('abc')$$) LIKE '2BP01%' AS refused;
SELECT drop_operation_views('abc'), drop_allocation('owners');

--
-- Drivers by tier: as the sales themselves say
--
CREATE FUNCTION plain_factors(first_day date, last_day date) RETURNS TABLE (tier text, heads bigint, active bigint,
  orders bigint, revenue numeric) LANGUAGE sql AS $$
SELECT coalesce(h.tier, '-'), count(DISTINCT h.customer), count(DISTINCT h.customer) FILTER (WHERE amount > 0),
  count(*) FILTER (WHERE amount > 0), coalesce(sum(amount), 0)
FROM abc_history AS h LEFT JOIN sale AS s ON s.customer = h.customer AND day BETWEEN first_day AND last_day
WHERE h.valid_from <= last_day AND h.valid_to > last_day GROUP BY GROUPING SETS ((h.tier), ()) $$;
SELECT d.part, d.heads_before, d.heads_after, d.revenue_before, d.revenue_after, d.change, d.by_heads, d.by_active_rate,
  d.by_orders_per_active, d.by_average_order, d.reason
FROM drivers('abc', '[2026-01-20,2026-02-16)', '[2026-02-16,2026-03-16)') AS d;
SELECT count(*) AS differ
FROM drivers('abc', '[2026-01-20,2026-02-16)', '[2026-02-16,2026-03-16)') AS d
  FULL JOIN plain_factors('2026-01-20', '2026-02-15') AS b ON b.tier = coalesce(d.part, '-')
  FULL JOIN plain_factors('2026-02-16', '2026-03-15') AS a ON a.tier = coalesce(d.part, '-')
  CROSS JOIN LATERAL drivers(b.heads, b.active, b.orders, b.revenue, a.heads, a.active, a.orders, a.revenue) AS p
WHERE (d.heads_before, d.revenue_before, d.heads_after, d.revenue_after, d.by_heads, d.by_average_order)
  IS DISTINCT FROM (b.heads, b.revenue, a.heads, a.revenue, p.by_heads, p.by_average_order);
SELECT part, heads_after
FROM drivers('abc', '[2026-01-20,2026-02-16)', '[2026-02-16,2026-03-16)', by => 'group') ORDER BY part;
SELECT outcome(format('SELECT drivers(''abc'', %s)', a)) FROM unnest(ARRAY[
  $$'[2026-01-01,)', '[2026-01-01,2026-02-01)'$$,
  $$'empty', '[2026-01-01,2026-02-01)'$$,
  $$'[2026-01-01,2026-02-01)', '[2026-01-01,2026-02-01)', 'owner'$$,
  $$NULL, '[2026-01-01,2026-02-01)'$$]) AS a;

--
-- Who falls when: what the next refreshes do
--
CREATE TABLE buy (customer int, day date, amount numeric);
INSERT INTO buy SELECT i, '2026-01-10', i * 10 FROM generate_series(1, 20) AS i;
CALL track('buy', 'customer', 'amount', 'day');
SELECT create_scheme('t_contacts.gold', 'buy', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{50, 150}')],
  tiers => '{C, B, A}', hold => '2 months', keep => 0.9);
SELECT customers FROM refresh_scheme('gold', '2026-01-31');
SELECT count(*) AS nobody FROM falling('gold');
INSERT INTO buy VALUES (20, '2026-02-05', -110), (16, '2026-02-06', -20), (6, '2026-02-06', -30),
  (15, '2026-02-07', -100);
CALL refresh_source('buy');
-- 16 has 140: nine tenths of the line are enough
SELECT * FROM falling('gold');
SELECT customers, down FROM refresh_scheme('gold', '2026-02-28');
SELECT * FROM falling('gold');
SELECT create_operation_views('gold');
SELECT * FROM gold_falling ORDER BY customer;
SELECT down FROM refresh_scheme('gold', '2026-03-30');
SELECT down FROM refresh_scheme('gold', '2026-03-31');
SELECT customer, tier, previous_tier FROM gold WHERE changed_on = '2026-03-31' ORDER BY customer;
SELECT count(*) AS nobody FROM falling('gold');
SELECT drop_operation_views('gold');
-- with reviews, one level at a time, and a day of February that is none
SELECT alter_scheme('gold', review => '{06-30, 12-31}', downgrade => 'one_level');
INSERT INTO buy VALUES (19, '2026-04-05', -180), (20, '2026-04-06', 500);
CALL refresh_source('buy');
SELECT down, up FROM refresh_scheme('gold', '2026-04-30');
SELECT customer, tier, falls_on, falls_to, missing FROM falling('gold');
SELECT down FROM refresh_scheme('gold', '2026-06-29');
SELECT down FROM refresh_scheme('gold', '2026-06-30');
SELECT customer, tier, falls_on, falls_to, missing FROM falling('gold');
-- pinned customers do not fall
SELECT pin('gold', '19', 'B', 'a friend', '2026-07-01');
SELECT customers FROM refresh_scheme('gold', '2026-07-31');
SELECT count(*) AS nobody FROM falling('gold');

\if :{?keep}
\else
DROP SCHEMA t_contacts CASCADE;
\endif
