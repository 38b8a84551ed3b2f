-- Tests what a refresh keeps of everybody, _spread and _cells, against plain SQL over the view of the customers.
SET client_min_messages = warning;
CREATE SCHEMA t_spread;
SET search_path = t_spread, test, public, customer_tier;
SET datestyle = ISO;

-- returns, nothing at all, few values that many have, and values of all sizes
CREATE TABLE sale (customer int, amount numeric, sold_on date);
INSERT INTO sale
SELECT i, CASE i % 7 WHEN 0 THEN 0 WHEN 1 THEN -20 WHEN 2 THEN 10
                     ELSE round((exp(8 * u(i, 1)) - 3)::numeric, 2) END,
       date '2026-01-01' + (u(i, 2) * 300)::int
FROM generate_series(1, 4000) AS i;
CREATE TABLE member (customer int PRIMARY KEY, weight float8);
INSERT INTO member
SELECT i, CASE WHEN i % 5 > 0 THEN 10 ^ (280 * u(i, 3) - 140) END FROM generate_series(1, 5000) AS i;
CALL track('sale', 'customer', 'amount', 'sold_on');
SELECT create_scheme('three', 'sale', attributes => 'member',
  axes => ARRAY[axis('money', 'total(ledger)', by => 'share', at => '{0.8, 0.95}'),
                axis('days', 'recency(ledger, as_of)', by => 'heads', at => '{0.2, 0.5}', better => 'lower'),
                axis('weight', 'weight', by => 'median')],
  tier => $$CASE WHEN money = 3 THEN 'high' ELSE 'low' END$$, tiers => '{low, high}', unrated => 'none');
SELECT customers FROM refresh_scheme('three', '2026-10-28');
SELECT count(*) FROM three_spread WHERE as_of = '2026-10-28';
SELECT customers FROM refresh_scheme('three', '2026-10-30');

-- what is kept is that of the last refresh
SELECT DISTINCT as_of FROM three_spread UNION ALL SELECT DISTINCT as_of FROM three_cells;
SELECT as_of, spread IS NULL AS forgotten, cells IS NULL AS too FROM three__refresh ORDER BY as_of;

-- each customer with a value is in one bin of its axis, and a bin has the heads and the sum that it says
CREATE TEMP TABLE graded AS
SELECT customer, axis, v
FROM three, LATERAL (VALUES ('money', money), ('days', days), ('weight', weight)) AS a(axis, v)
WHERE v IS NOT NULL;
SELECT axis, count(*) > 20 AS many, count(*) <= 1000 AS not_too_many,
       count(*) FILTER (WHERE s.heads <> n OR s.low <> least OR s.high <> most
                              OR abs(s.total - t) > 1e-12 * size) AS wrong,
       sum(heads) = (SELECT count(*) FROM graded AS g WHERE g.axis = s.axis) AS everybody
FROM three_spread AS s, LATERAL (
  SELECT count(*) AS n, min(v) AS least, max(v) AS most, sum(v) AS t, sum(abs(v)) AS size
  FROM graded AS g WHERE g.axis = s.axis AND v BETWEEN s.low AND s.high) AS g
GROUP BY axis ORDER BY axis;
-- sixteen to a doubling, unless there are too many
SELECT axis, max(high / low) FILTER (WHERE low > 0) < 1.0626 AS narrow, bool_or(low = 0 AND high = 0) AS has_zero
FROM three_spread GROUP BY axis ORDER BY axis;

-- the cells are the groups of scores
SELECT count(*) FILTER (WHERE c.heads IS DISTINCT FROM g.n) AS wrong,
       count(*) FILTER (WHERE abs(c.money - g.money) > 1e-9 OR abs(c.days - g.days) > 1e-9
                              OR abs(c.weight / g.weight - 1) > 1e-9 OR (c.weight IS NULL) <> (w = 0)) AS wrong_means,
       count(*) > 10 AS many, bool_or(w = 0) AS with_nulls
FROM (SELECT *, coalesce(days_score, 0) AS d, coalesce(weight_score, 0) AS w FROM three_cells) AS c
  FULL JOIN (SELECT money_score, coalesce(days_score, 0) AS d, coalesce(weight_score, 0) AS w, count(*) AS n,
                    avg(money) AS money, avg(days) AS days, avg(weight) AS weight
             FROM three GROUP BY 1, 2, 3) AS g USING (money_score, d, w);

-- the same day again, with nothing new, writes nothing
SELECT xmin AS written FROM three__refresh WHERE as_of = '2026-10-30' \gset
SELECT customers FROM refresh_scheme('three', '2026-10-30');
SELECT xmin = :'written' AS untouched FROM three__refresh WHERE as_of = '2026-10-30';
-- in groups, too, and of nobody
SELECT create_scheme('grouped', 'sale', preset => 'abc', attributes => 'member',
  per => 'CASE WHEN weight > 1 THEN 1 END');
SELECT customers FROM refresh_scheme('grouped', '2026-10-30');
SELECT sum(heads) FROM grouped_spread;
SELECT sum(heads) FROM grouped_cells;
SELECT customers FROM refresh_scheme('grouped', '2026-10-31');
CREATE TABLE nobody (customer int, amount numeric, sold_on date);
CALL track('nobody', 'customer', 'amount', 'sold_on');
SELECT create_scheme('empty', 'nobody', preset => 'abc');
SELECT customers FROM refresh_scheme('empty', '2026-10-30');
SELECT count(*) FROM empty_spread;
SELECT count(*) FROM empty_cells;
SELECT drop_scheme(s) FROM unnest('{three, grouped, empty}'::regclass[]) AS s;
SELECT count(*) FROM pg_class WHERE relnamespace = 't_spread'::regnamespace AND relname ~ '^(three|grouped|empty)';
