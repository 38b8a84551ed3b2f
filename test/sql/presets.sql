-- Presets: ties, lines of one's own, the textbook's prospects and contact groups, reviews by anniversary.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_presets;
SET search_path = t_presets, test, public, customer_tier;

CREATE TABLE sale (customer int, day date, amount numeric);
\set q 'SELECT customer, day, amount FROM sale'
CREATE FUNCTION segments(options jsonb DEFAULT '{}', preset text DEFAULT 'rfm')
RETURNS TABLE (segment text, heads bigint)
LANGUAGE sql AS $$
SELECT tier, count(*)
FROM tiers('SELECT customer, day, amount FROM t_presets.sale', preset, '2026-07-01', options)
GROUP BY tier
ORDER BY tier
$$;

--
-- Ties: the highest value has the best score
--
INSERT INTO sale SELECT i, '2026-07-01', 10 FROM generate_series(1, 100) AS i;
SELECT * FROM segments();
SELECT * FROM segments('{}', 'rfm8');
SELECT * FROM segments('{"rule": "fill"}');
SELECT * FROM segments('{"rule": "fit"}');
DELETE FROM sale WHERE customer > 1;
SELECT * FROM segments();
SELECT * FROM segments('{}', 'rfm8');
-- 30 of 100 are the best on all axes
TRUNCATE sale;
INSERT INTO sale SELECT i, '2026-06-30', 100 FROM generate_series(1, 30) AS i;
INSERT INTO sale SELECT i, '2026-07-01', 100 FROM generate_series(1, 30) AS i;
INSERT INTO sale SELECT i, '2026-01-01'::date + i, i FROM generate_series(31, 100) AS i;
SELECT * FROM segments();
-- without ties, and with lines that are reached, fit_top is fit
SELECT count(*) AS differ
FROM generate_series(1, 8) AS seed,
  LATERAL (SELECT 'SELECT ' || quote_literal(seed) || '::int * 0 + i, date ''2026-01-01'' + i * 3 % 150, i * i % 997
                   FROM generate_series(1, 40 + ' || seed || ') AS i' AS query) AS q,
  LATERAL (SELECT customer, scores
           FROM tiers(query, 'rfm', '2026-07-01', '{"rule": "fit", "frequency": "total(ledger)"}')
           EXCEPT
           SELECT customer, scores FROM tiers(query, 'rfm', '2026-07-01', '{"frequency": "total(ledger)"}')) AS d;
-- by the definition: a score of fit, but for who has the highest value
CREATE FUNCTION by_hand(vals numeric[]) RETURNS int[] LANGUAGE sql AS $$
SELECT array_agg(CASE
  WHEN v = (SELECT max(x) FROM unnest(vals) AS x) THEN 5
  ELSE 1 + (SELECT count(*) FROM unnest('{0.2, 0.4, 0.6, 0.8}'::float8[]) AS part
            WHERE (SELECT count(*) FROM unnest(vals) AS x WHERE x >= v) <= part * cardinality(vals))
  END::int ORDER BY i)
FROM unnest(vals) WITH ORDINALITY AS u(v, i)
$$;
SET client_min_messages = error;
SELECT seed
FROM generate_series(1, 60) AS seed,
  LATERAL (SELECT array_agg((1 + (i * 7919 + seed * 104729) % (1 + seed % 9))::numeric ORDER BY i) AS vals
           FROM generate_series(1, 5 + seed) AS i) AS v,
  LATERAL (SELECT array_agg(scores[3]::int ORDER BY customer) AS scores
           FROM tiers(format('SELECT i, date ''2026-06-01'', v
                              FROM unnest(%L::numeric[]) WITH ORDINALITY AS u(v, i)', vals),
                      'rfm', '2026-07-01', '{}', customer => NULL::bigint)) AS t
WHERE scores <> by_hand(vals);
SET client_min_messages = warning;

--
-- Own lines, other numbers of scores
--
TRUNCATE sale;
INSERT INTO sale
SELECT i, date '2026-07-01' - i * 5 - j * 3, i * 10 + j
FROM generate_series(1, 40) AS i, generate_series(0, i % 6) AS j;
SELECT customer, scores, vals
FROM tiers(:'q', 'rfm', '2026-07-01',
  '{"recency_at": [30, 60, 90, 180], "frequency_at": [2, 3, 4, 6], "monetary_at": [100, 200, 500, 1000]}')
WHERE customer IN ('1', '12', '18', '19', '36')
ORDER BY customer::int;
SELECT min(scores[1]), max(scores[1]), min(scores[2]), max(scores[2]), min(scores[3]), max(scores[3])
FROM tiers(:'q', 'rfm', '2026-07-01', '{"bins": 3, "segments": "codes"}');
SELECT tier, scores
FROM tiers(:'q', 'rfm', '2026-07-01', '{"bins": 4, "monetary_at": [250], "segments": "codes"}')
WHERE customer IN ('5', '24')
ORDER BY tier;
SELECT * FROM tiers(:'q', 'rfm', '2026-07-01', '{"bins": 3}');
SELECT * FROM tiers(:'q', 'rfm', '2026-07-01', '{"bins": 2.5}');
SELECT * FROM tiers(:'q', 'rfm', '2026-07-01', '{"recency_at": [30, 60]}');
SELECT * FROM tiers(:'q', 'rfm', '2026-07-01', '{"recency_at": [90, 60, 30, 10]}');
SELECT * FROM tiers(:'q', 'rfm', '2026-07-01', '{"recency_at": 30}');
SELECT * FROM tiers(:'q', 'rfm', '2026-07-01', '{"rule": "best"}');
SELECT * FROM tiers(:'q', 'abc', '2026-07-01', '{"shares": [0.95, 0.8]}');

--
-- A score that nobody has: said at the first refresh, and where lines are cut otherwise
--
CREATE TABLE once (customer int, day date, amount numeric);
INSERT INTO once SELECT i, date '2026-06-01' + i % 20, i FROM generate_series(1, 50) AS i;
INSERT INTO once SELECT i, date '2026-05-01', i FROM generate_series(1, 4) AS i;
CALL track('once', 'customer', 'amount', 'day');
SELECT create_scheme('rfm', 'once', 'rfm') IS NOT NULL AS made;
SELECT customers FROM refresh_scheme('rfm', '2026-06-30');
SELECT customers FROM refresh_scheme('rfm', '2026-07-01');
SELECT alter_scheme('rfm', axes => ARRAY[axis('r', NULL, 'heads', '{0.2, 0.4, 0.6, 0.8}', 'fit_top', 'lower'),
  axis('f', NULL, 'heads', '{0.1, 0.4, 0.6, 0.8}', 'fit_top'), axis('m', NULL, 'heads', '{0.2, 0.4, 0.6, 0.8}')]);
SELECT customers FROM refresh_scheme('rfm', '2026-07-02');

--
-- Presets of the textbook
--
CREATE TABLE person (id int PRIMARY KEY, need bool, budget bool, authority bool, interested bool, undecided bool,
  vip bool, brand text, influence numeric, joined date);
INSERT INTO person VALUES
  (1, true, true, true, true, false, false, 'gold', 0, '2024-03-10'),
  (101, true, true, true, true, false, false, 'gold', 0, '2024-03-10'),
  (102, true, NULL, true, false, true, false, NULL, 0.9, '2024-02-29'),
  (103, false, true, false, false, false, false, NULL, NULL, '2025-05-20'),
  (104, NULL, NULL, NULL, false, false, true, NULL, 0.1, NULL);
SELECT create_scheme(name, 'once', preset, attributes => 'person') IS NOT NULL AS made
FROM (VALUES ('prospects', 'prospects'), ('contacts', 'contact_groups')) AS v(name, preset);
SELECT customers FROM refresh_scheme('prospects', '2026-06-30');
SELECT customer, tier FROM prospects WHERE customer IN (1, 101, 102, 103, 104) ORDER BY customer;
SELECT customers FROM refresh_scheme('contacts', '2026-06-30');
SELECT customer, tier FROM contacts WHERE customer IN (1, 101, 102, 103, 104) ORDER BY customer;
-- products are customers of their sales
CREATE TABLE line (product text, day date, amount numeric);
INSERT INTO line VALUES ('tea', '2026-01-01', 700), ('cup', '2026-02-01', 200), ('pot', '2026-03-01', 100),
  ('jar', '2024-01-01', 900), ('lid', '2026-01-01', 5), ('lid', '2026-01-02', -5);
CALL track('line', 'product', 'amount', 'day');
SELECT create_scheme('products', 'line', 'abc_products') IS NOT NULL AS made;
SELECT customers FROM refresh_scheme('products', '2026-06-30');
SELECT customer, tier FROM products ORDER BY customer;
-- stars: by calendar years, or brand, or influence
SELECT create_scheme('star', 'once', 'stars', attributes => 'person',
  options => '{"year": "calendar", "points_at": [10, 20, 30, 40, 50], "monthly_at": [1000, 2000, 3000, 4000, 5000],
               "or": {"5": "brand = ''gold''", "6": "influence > 0.8"}}') IS NOT NULL AS made;
SELECT customers FROM refresh_scheme('star', '2026-06-30');
SELECT customer, tier FROM star WHERE customer IN (1, 5, 15, 50, 102, 103) ORDER BY customer;
SELECT customers FROM refresh_scheme('star', '2027-01-01');
SELECT customer, tier FROM star WHERE customer IN (1, 5, 15, 50, 102, 103) ORDER BY customer;
-- the option that would mend it
SELECT preset('stars', '{"or": {"7": "true"}}');
SELECT preset('stars', '{"year": "calendar", "points": "1"}');
SELECT create_scheme('x', 'once', 'stars', options => '{"or": {"5": "famous"}}');
SELECT create_scheme('x', 'once', 'prospects');
SELECT create_scheme('x', 'once', 'sixteen_grid');
SELECT create_scheme('x', 'once', 'sixteen_grid', attributes => 'person');
SELECT create_scheme('x', 'once', 'sixteen_grid', attributes => 'person', options => '{"potential": "influence"}')
  IS NOT NULL AS made;

--
-- Reviews by the anniversary of a day
--
CREATE TABLE point (customer int, day date, amount numeric);
INSERT INTO point VALUES (1, '2026-01-15', 100), (102, '2026-01-15', 100), (103, '2026-01-15', 100),
  (104, '2026-01-15', 100), (7, '2025-12-24', 100), (7, '2026-01-15', 100);
CALL track('point', 'customer', 'amount', 'day');
\set month 'total(ledger, trailing_months(as_of, 1))'
SELECT create_scheme('yearly', 'point', axes => ARRAY[axis('v', :'month', 'value', '{50}')],
  tiers => '{low, high}', attributes => 'person', review => 'anniversary of joined') IS NOT NULL AS made;
SELECT create_scheme('first', 'point', axes => ARRAY[axis('v', :'month', 'value', '{50}')],
  tiers => '{low, high}', review => 'anniversary of first_day') IS NOT NULL AS made;
SELECT backfill(name::regclass, '2026-01-31', '2027-01-31', '1 month') FROM unnest('{yearly, first}'::text[]) AS name;
SELECT customer, valid_from, tier, change, reason FROM yearly_history WHERE customer <> 101 ORDER BY 1, 2;
SELECT customer, valid_from, tier, change, reason FROM first_history ORDER BY 1, 2;
SELECT review FROM schemes WHERE scheme = 'yearly'::regclass;
-- the column is renamed; the scheme goes on
ALTER TABLE person RENAME COLUMN joined TO member_since;
SELECT customers FROM refresh_scheme('yearly', '2027-02-28');
SELECT alter_scheme('yearly', review => 'anniversary of nothing');
SELECT alter_scheme('yearly', review => 'anniversary of brand');
SELECT alter_scheme('yearly', review => 'anniversary of joined, 06-30');
SELECT alter_scheme('yearly', review => '{06-30, 12-31}');
SELECT alter_scheme('yearly', review => '{}');
SELECT review FROM schemes WHERE scheme = 'yearly'::regclass;
SELECT customer_tier_internal.is_anniversary(day, after, until), day, after, until
FROM (VALUES (date '2024-02-29', date '2026-02-27', date '2026-02-28'), ('2024-02-29', '2026-02-28', '2026-03-01'),
  ('2024-02-29', '2027-12-31', '2028-02-29'), ('2026-05-01', '2026-04-30', '2026-05-02'),
  ('2027-01-01', '2026-01-01', '2026-12-31'), ('infinity', '2026-01-01', '2026-12-31'),
  ('-infinity', '2026-01-01', '2026-12-31'), (NULL, '2026-01-01', '2026-01-02'),
  ('2024-01-01', NULL, '2026-01-02')) AS v(day, after, until);

--
-- Currency: the rate is in the row
--
CREATE TABLE foreign_sale (customer int, day date, amount numeric, currency text, rate numeric);
CREATE TABLE rate (currency text, day date, rate numeric, PRIMARY KEY (currency, day));
INSERT INTO rate VALUES ('USD', '2026-01-01', 7.0), ('USD', '2026-02-01', 7.2), ('CNY', '2000-01-01', 1);
CREATE FUNCTION put_rate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.rate := (SELECT r.rate FROM t_presets.rate AS r
               WHERE r.currency = NEW.currency AND r.day <= NEW.day ORDER BY r.day DESC LIMIT 1);
  IF NEW.rate IS NULL THEN
    RAISE EXCEPTION 'no rate of % on %', NEW.currency, NEW.day;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER put_rate BEFORE INSERT OR UPDATE OF currency, day ON foreign_sale
  FOR EACH ROW EXECUTE FUNCTION put_rate();
CALL track('foreign_sale', 'customer', 'round(amount * rate, 2)', 'day');
INSERT INTO foreign_sale VALUES (1, '2026-01-15', 10, 'USD'), (1, '2026-02-15', 10, 'USD'),
  (2, '2026-02-15', 10, 'CNY');
CALL refresh_source('foreign_sale');
SELECT customer, total(ledger) FROM foreign_sale_ledger ORDER BY customer;
-- a rate that is corrected later corrects its sales
UPDATE rate SET rate = 7.5 WHERE currency = 'USD' AND day = '2026-02-01';
UPDATE foreign_sale SET day = day WHERE currency = 'USD' AND day >= '2026-02-01';
UPDATE foreign_sale SET day = day, amount = 20 WHERE customer = 2;
CALL refresh_source('foreign_sale');
SELECT customer, total(ledger) FROM foreign_sale_ledger ORDER BY customer;
SELECT count(*) FROM verify_source('foreign_sale');
INSERT INTO foreign_sale VALUES (3, '2026-01-15', 10, 'EUR');

DROP SCHEMA t_presets CASCADE;
