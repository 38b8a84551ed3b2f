-- Several sources of one table, several sources in one scheme, and attributes that change.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
\set VERBOSITY terse
CREATE SCHEMA t_several;
SET search_path = t_several, test, public, customer_tier;

CREATE TABLE line (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, buyer int, product text, day date, price numeric,
  cost numeric);
INSERT INTO line (buyer, product, day, price, cost)
VALUES (1, 'tea', '2026-01-05', 100, 40), (1, 'cup', '2026-01-20', 50, 55), (2, 'tea', '2026-01-06', 100, 90),
  (3, 'cup', '2026-01-07', 10, 1), (4, 'pot', '2026-02-10', 500, 100);

--
-- Sources of one table: each is captured, by the triggers of one
--
CREATE VIEW capturing AS
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'line'::regclass AND NOT tgisinternal;
CALL track('line', 'buyer', 'price', 'day');
TABLE capturing;
CALL track('line', 'buyer', 'cost', 'day', name => 'cost');
TABLE capturing;
CALL track('line', 'product', 'price', 'day', name => 'assortment');
TABLE capturing;
INSERT INTO line (buyer, product, day, price, cost) VALUES (5, 'tea', '2026-01-09', 5, 5);
UPDATE line SET cost = 45, product = 'mug' WHERE product = 'cup' AND buyer = 1;
DELETE FROM line WHERE buyer = 5;
SELECT source, pending FROM sources WHERE sales = 'line'::regclass ORDER BY source::text;
SELECT s, count(v) AS differ
FROM unnest('{line_sale, cost, assortment}'::regclass[]) AS s LEFT JOIN LATERAL verify_source(s) AS v ON true
GROUP BY s
ORDER BY s::text;
CALL refresh_all();
SELECT customer, total(ledger) FROM assortment_ledger ORDER BY 1;
-- one goes, the others stay
CALL untrack('assortment');
INSERT INTO line (buyer, product, day, price, cost) VALUES (5, 'tea', '2026-01-09', 5, 4);
SELECT source, capturing, pending FROM sources WHERE sales = 'line'::regclass ORDER BY source::text;

--
-- A scheme over several: profit, a log of visits, and a survey
--
CREATE TABLE visit (who int, day date);
INSERT INTO visit VALUES (1, '2026-01-05'), (1, '2026-01-06'), (2, '2026-03-01'), (9, '2026-01-06');
CREATE TABLE survey (who int, day date, mark int);
INSERT INTO survey VALUES (1, '2026-01-31', 9), (2, '2026-01-31', 4), (3, '2026-02-28', 10);
CALL track('visit', 'who', '1', 'day');
CALL track('survey', 'who', 'mark', 'day');
SELECT create_scheme('bond', 'line_sale', sources => '{"visits": "visit", "marks": "survey", "cost": "cost"}',
  axes => ARRAY[axis('profit', 'total(ledger) - total(cost)', 'value', '{50}'),
                axis('seen', 'orders(visits)', 'value', '{1}'),
                axis('mark', 'total(marks) / nullif(orders(marks), 0)', 'value', '{8}')],
  tier => 'CASE WHEN profit + seen = 4 THEN ''friend'' WHEN mark = 2 THEN ''fan'' ELSE ''guest'' END',
  tiers => '{guest, fan, friend}', unrated => 'unasked');
SELECT * FROM refresh_scheme('bond', '2026-01-31');
SELECT customer, tier, profit, seen, mark FROM bond ORDER BY 1;
-- who has visits alone is no customer of the scheme; days after the refresh do not count
SELECT count(*) FROM bond WHERE customer = 9;
SELECT source, sources FROM schemes;
SELECT grading_sql('bond', '2026-01-31') ~ 'slice\(visits, daterange\(NULL, date ''2026-01-31''' AS of_the_day;
-- a refresh merges all of them
INSERT INTO survey VALUES (4, '2026-02-28', 10);
INSERT INTO visit VALUES (4, '2026-02-28');
UPDATE line SET cost = 20 WHERE buyer = 2;
SELECT * FROM refresh_scheme('bond', '2026-03-05');
SELECT customer, tier, profit, seen, mark FROM bond ORDER BY 1;
SELECT sum(pending) FROM sources WHERE source::text ~ 'line|cost|visit|survey';
SELECT tier, heads, value FROM bond_summary ORDER BY tier_rank;
-- what came since is seen in the values, and in whether they have changed
INSERT INTO visit VALUES (3, '2026-03-01');
CALL refresh_source('visit');
SELECT customer, seen, seen_score, changed FROM bond WHERE customer = 3;
-- back then, what if, and anew
SELECT customer, tier FROM tiers_as_of('bond', '2026-01-31') ORDER BY 1;
SELECT * FROM simulate('bond', axes => ARRAY[axis('profit', 'total(ledger) - 2 * total(cost)', 'value', '{50}'),
  axis('seen', NULL, 'value', '{2}'), axis('mark', NULL, 'value', '{8}')]) ORDER BY 1;
SELECT backfill('bond', '2026-01-31', '2026-03-31', '1 month');
SELECT customer, tier, valid_from, reason FROM bond_history ORDER BY 1, 3;
SELECT tier, profit, seen, mark FROM bond WHERE customer = 1;
SELECT axis, measure, value, score FROM explain('bond', 3);
-- a measure of another source is changed like any other
SELECT alter_scheme('bond', axes => ARRAY[axis('profit', 'total(ledger) - total(cost)', 'value', '{50}'),
  axis('seen', 'recency(visits, as_of)', 'value', '{30}'), axis('mark', 'total(marks)', 'value', '{8}')]);
SELECT customer, tier, seen FROM bond WHERE customer = 2;
SELECT drop_scheme('bond');
SELECT count(*) AS ledgers FROM pg_class WHERE relname ~ '_ledger$' AND relnamespace = 't_several'::regnamespace;

-- groups by another source; presets see them, too; the own one has another name
SELECT create_scheme('net', 'line_sale', 'whale', per => 'CASE WHEN is_empty(v) THEN ''unseen'' ELSE ''seen'' END',
  options => '{"profit": "total(ledger) - total(c)"}', sources => '{"v": "visit", "c": "cost", "self": "line_sale"}');
SELECT * FROM refresh_scheme('net', '2026-03-05');
SELECT customer, customer_group, tier FROM net ORDER BY 1;
-- a source that is used is not dropped by chance
SELECT outcome('CALL untrack(''cost'')');
-- each is warned of that may have missed writes
ALTER TABLE visit DISABLE TRIGGER ALL;
ALTER TABLE line DISABLE TRIGGER ALL;
SELECT customers FROM refresh_scheme('net', '2026-03-06');
SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tgrelid::regclass, tgname)
FROM pg_trigger WHERE tgrelid IN ('visit'::regclass, 'line'::regclass) AND NOT tgisinternal
ORDER BY tgrelid::regclass::text COLLATE "C", tgname
\gexec
CALL rebuild_source('visit');
-- readers ask what they may ask of any scheme; what it reads stays its owner's
CREATE ROLE regress_customer_tier_bi;
GRANT USAGE ON SCHEMA t_several, test TO regress_customer_tier_bi;
GRANT SELECT ON net TO regress_customer_tier_bi;
SET ROLE regress_customer_tier_bi;
SELECT count(*) FROM net;
SELECT count(*) FROM tiers_as_of('net', '2026-03-05');
SELECT axis, value FROM explain('net', 1);
SELECT scheme, sources FROM schemes;
SELECT outcome(sql)
FROM unnest(ARRAY['SELECT count(*) FROM visit_ledger', 'SELECT count(*) FROM net__input',
  $$SELECT count(*) FROM simulate('net', axes => ARRAY[axis('profit', 'total(v)', 'value', '{0}')])$$,
  $$SELECT refresh_scheme('net', '2026-04-05')$$]) AS sql;
RESET ROLE;
SELECT drop_scheme('net');

-- refused, by name
CREATE TABLE named (name text, day date);
CALL track('named', 'name', '1', 'day');
CREATE TABLE others (who int, day date);
ALTER TABLE others OWNER TO regress_customer_tier_bi;
GRANT CREATE ON SCHEMA t_several TO regress_customer_tier_bi;
CALL track('others', 'who', '1', 'day');
SELECT outcome(format('SELECT create_scheme(''x'', ''line_sale'', ''abc'', sources => %L)', s))
FROM unnest(ARRAY['[]', '"visit"', '{"visits": "nowhere"}', '{"visits": null}', '{"visits": "capturing"}',
  '{"ledger": "visit"}', '{"two words": "visit"}', '{"": "visit"}', '{"n": "named"}', '{"o": "others"}',
  '{"l": "line"}']) AS s;
SELECT outcome($$SELECT create_scheme('x', 'line_sale', sources => '{"v": "visit"}',
  axes => ARRAY[axis('a', 'total(w)', 'mean')], tiers => '{b, a}')$$);
SELECT outcome($$SELECT create_scheme('x', 'line_sale', sources => '{"v": "visit"}',
  axes => ARRAY[axis('a', 'v', 'mean')], tiers => '{b, a}')$$);
SELECT count(*) AS left_over FROM pg_class WHERE relname LIKE 'x%' AND relnamespace = 't_several'::regnamespace;

-- a weighted score, split by its measures
SELECT create_scheme('weighed', 'line_sale', sources => '{"visits": "visit", "cost": "cost"}', axes => ARRAY[
    weighted_axis('w', '{total(ledger) - total(cost), orders(visits)}', '{3, 1}', 'min_max', at => '{0.5}'),
    axis('t', 'total(ledger)', 'mean'),
    weighted_axis('z', '{total(ledger), total(visits)}', '{0.5, 0.5}', 'z_score', at => '{0.5}'),
    weighted_axis('p', '{total(cost), orders(visits)}', '{1, 2}', 'percentile', at => '{0.5}')],
  tier => 'CASE WHEN w = 2 THEN ''high'' ELSE ''low'' END', tiers => '{low, high}');
SELECT count(*) FROM refresh_scheme('weighed', '2026-03-05');
SELECT axis, measure, value::numeric(10,3), score, weight, part::numeric(10,3) FROM explain('weighed', 4);
SELECT axis, bool_and(n = 3 AND abs(whole - parts) < 1e-12) AS parts_are_the_whole
FROM (SELECT c.customer, axis, count(*) AS n, sum(value) FILTER (WHERE part IS NULL) AS whole, sum(part) AS parts
      FROM weighed AS c, explain('weighed', c.customer)
      WHERE axis <> 't'
      GROUP BY c.customer, axis) AS x
GROUP BY axis
ORDER BY axis;
SELECT drop_scheme('weighed');

--
-- Attributes: a view of them, and columns that are added later
--
CREATE TABLE person (id int, region text, worth numeric);
INSERT INTO person VALUES (1, 'north', 10), (2, 'south', 20), (7, 'south', 30), (NULL, 'east', 0);
CREATE VIEW known AS SELECT id, region, worth FROM person;
SELECT outcome($$SELECT create_scheme('rich', 'line_sale', attributes => 'known',
  axes => ARRAY[axis('v', 'worth', 'value', '{15}')], tiers => '{b, a}')$$);
SELECT create_scheme('rich', 'line_sale', attributes => 'known', key => 'id', sources => '{"cost": "cost"}',
  per => 'region', axes => ARRAY[axis('v', 'worth', 'value', '{15}')], tiers => '{b, a}', unrated => 'unknown');
SELECT * FROM refresh_scheme('rich', '2026-03-05');
SELECT customer, customer_group, tier, v FROM rich ORDER BY 1;
-- what changed in them is graded again
UPDATE person SET worth = 5, region = 'north' WHERE id = 2;
DELETE FROM person WHERE id = 7;
SELECT * FROM refresh_scheme('rich', '2026-03-06');
SELECT customer, customer_group, tier, v FROM rich ORDER BY 1;
SELECT customer, tier, valid_from, change FROM rich_history WHERE customer IN (2, 7) ORDER BY 1, 3;
-- a customer who is there twice is named
INSERT INTO person VALUES (2, 'west', 1);
SELECT outcome(sql)
FROM unnest(ARRAY[$$SELECT refresh_scheme('rich', '2026-03-07')$$, $$SELECT tiers_as_of('rich', '2026-03-07')$$,
  $$SELECT simulate('rich')$$]) AS sql;
DELETE FROM person WHERE region = 'west';
-- columns that came since; one that was renamed stays what it was, and its old name may be another's
CREATE OR REPLACE VIEW known AS SELECT id, region, worth, worth * 10 AS potential, id AS ledger, id AS cost FROM person;
ALTER VIEW known RENAME COLUMN worth TO value;
SELECT alter_scheme('rich', axes => ARRAY[axis('v', 'potential - total(cost)', 'value', '{15}')]);
SELECT * FROM refresh_scheme('rich', '2026-03-07');
SELECT customer, tier, v FROM rich ORDER BY 1;
SELECT alter_scheme('rich', axes => ARRAY[axis('v', 'potential + worth', 'value', '{15}')]);
SELECT * FROM refresh_scheme('rich', '2026-03-08');
SELECT customer, tier, v FROM rich ORDER BY 1;
SELECT attname FROM pg_attribute WHERE attrelid = 'rich__input'::regclass AND attnum > 0 ORDER BY attnum;
SELECT customer, tier FROM tiers_as_of('rich', '2026-01-31') ORDER BY 1;
SELECT drop_scheme('rich');
-- of a table, and of a materialized view
DELETE FROM person WHERE id IS NULL;
ALTER TABLE person ADD PRIMARY KEY (id);
SELECT create_scheme('rich', 'line_sale', attributes => 'person',
  axes => ARRAY[axis('v', 'worth', 'value', '{8}')], tiers => '{b, a}', unrated => 'unknown');
ALTER TABLE person ADD vip boolean, ADD region_code int DEFAULT 1;
UPDATE person SET vip = true WHERE id = 2;
SELECT alter_scheme('rich', axes => ARRAY[axis('v', 'CASE WHEN vip THEN 100 ELSE worth END', 'value', '{8}')]);
SELECT count(*) FROM refresh_scheme('rich', '2026-03-08');
SELECT customer, tier, v FROM rich WHERE v IS NOT NULL ORDER BY 1;
SELECT drop_scheme('rich');
CREATE MATERIALIZED VIEW snapshot AS SELECT id, worth FROM person UNION ALL SELECT 3, 3 UNION ALL SELECT 3, 4;
SELECT create_scheme('rich', 'line_sale', attributes => 'snapshot', key => 'id',
  axes => ARRAY[axis('v', 'worth', 'value', '{8}')], tiers => '{b, a}');
SELECT outcome($$SELECT refresh_scheme('rich', '2026-03-08')$$);
SELECT drop_scheme('rich');

--
-- Random histories of two tables and three sources, against plain SQL
--
CALL track('line', 'product', 'price', 'day', name => 'assortment');
-- share of the profit by a window, visits by a subquery
CREATE FUNCTION by_hand(d date, OUT customer int, OUT tier text) RETURNS SETOF record LANGUAGE sql AS $$
SELECT buyer, CASE WHEN v >= 2 THEN 'seen ' ELSE 'unseen ' END
              || CASE WHEN value <= 0 OR coalesce(above, 0) >= 0.95 * whole THEN 'C'
                   WHEN coalesce(above, 0) >= 0.80 * whole THEN 'B' ELSE 'A' END
FROM (SELECT buyer, value, (SELECT count(*) FROM visit WHERE who = buyer AND day <= d) AS v,
        sum(value) FILTER (WHERE value > 0) OVER () AS whole,
        sum(value) FILTER (WHERE value > 0) OVER (ORDER BY value DESC GROUPS BETWEEN UNBOUNDED PRECEDING
          AND 1 PRECEDING) AS above
      FROM (SELECT buyer, sum(price - cost) AS value FROM line WHERE day <= d GROUP BY buyer) AS s) AS w
$$;
CREATE PROCEDURE check_equal(what text, seed int, left_query text, right_query text) LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) AS d', left_query,
    right_query) INTO n;
  IF n > 0 THEN
    RAISE EXCEPTION 'seed %: % differ in % rows', seed, what, n;
  END IF;
END $$;
-- rows of a day up to "until", which may lie before the last refresh
CREATE PROCEDURE write(seed int, step int, until date) LANGUAGE sql AS $$
INSERT INTO line (buyer, product, day, price, cost)
SELECT 1 + (u(seed * 10 + step, i) ^ 2 * 30)::int, 'p' || i % 3, until - (u(seed * 10 + step, i + 1000) * 60)::int,
  round((u(seed * 10 + step, i + 2000) ^ 3 * 300 - 8)::numeric, 2), round((u(seed, i + 3000) * 40)::numeric, 2)
FROM generate_series(1, 40) AS i;
INSERT INTO visit
SELECT 1 + (u(seed * 10 + step, i + 4000) * 40)::int, until - (u(seed * 10 + step, i + 5000) * 60)::int
FROM generate_series(1, 30) AS i;
UPDATE line SET cost = cost + 7, buyer = 1 + id % 31 WHERE u(seed, id + step) < 0.1;
UPDATE line SET product = 'p9' WHERE u(seed, id + step + 20) < 0.1;
UPDATE visit SET who = who % 30 + 1, day = day - 1 WHERE u(seed, who * 100 + extract(day FROM day)::int + step) < 0.1;
DELETE FROM line WHERE u(seed, id + step + 50) < 0.05;
DELETE FROM visit WHERE u(seed, who * 100 + extract(day FROM day)::int + step + 60) < 0.05;
$$;
CREATE PROCEDURE history(seed int) LANGUAGE plpgsql AS $$
DECLARE
  d date := '2026-01-31';
  past date;
BEGIN
  TRUNCATE line, visit;
  PERFORM create_scheme('bond', 'line_sale', sources => '{"visits": "visit", "cost": "cost"}',
    axes => ARRAY[axis('profit', 'total(ledger) - total(cost)', 'share', '{0.8, 0.95}'),
                  axis('seen', 'orders(visits)', 'value', '{2}')],
    tiers => '{{unseen C, unseen B, unseen A}, {seen C, seen B, seen A}}');
  FOR step IN 1 .. 5 LOOP
    CALL write(seed, step, d + CASE WHEN step % 2 = 0 THEN 20 ELSE 0 END);
    IF step = 3 THEN
      CALL refresh_source('visit');
    END IF;
    PERFORM refresh_scheme('bond', d);
    CALL check_equal('tiers as of ' || d, seed, 'SELECT customer, tier FROM bond',
      format('SELECT * FROM by_hand(%L)', d));
    CALL check_equal('sums as of ' || d, seed, 'SELECT tier, heads FROM bond_summary WHERE heads > 0',
      format('SELECT tier, count(*) FROM by_hand(%L) GROUP BY tier', d));
    FOREACH past IN ARRAY ARRAY[d - 45, d - 10, d + 15] LOOP
      CALL check_equal('replay of ' || past, seed,
        format('SELECT customer::int, tier FROM tiers_as_of(''bond'', %L)', past),
        format('SELECT * FROM by_hand(%L)', past));
    END LOOP;
    d := d + 5 + (u(seed, step + 400) * 60)::int;
  END LOOP;
  -- anew, and each day is what the sales of now say of it
  PERFORM backfill('bond', '2026-01-15', d, '17 days');
  FOR past IN SELECT as_of FROM bond__refresh LOOP
    CALL check_equal('backfill of ' || past, seed,
      format('SELECT customer, tier FROM bond_history WHERE valid @> %L::date AND tier IS NOT NULL', past),
      format('SELECT * FROM by_hand(%L)', past));
  END LOOP;
  PERFORM drop_scheme('bond');
END $$;
SET client_min_messages = error;
DO $$
BEGIN
  FOR seed IN 1 .. 6 LOOP
    CALL history(seed);
  END LOOP;
END $$;
SELECT s, count(v) AS differ
FROM unnest('{line_sale, cost, assortment, visit}'::regclass[]) AS s LEFT JOIN LATERAL verify_source(s) AS v ON true
GROUP BY s
ORDER BY s::text;

CALL untrack_all();
DROP SCHEMA t_several CASCADE;
DROP OWNED BY regress_customer_tier_bi;
DROP ROLE regress_customer_tier_bi;
