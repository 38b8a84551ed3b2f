-- Tests the measures of concentration against their formulas in numeric.
SET client_min_messages = warning;
CREATE SCHEMA t_concentration;
SET search_path = t_concentration, test, public, customer_tier;

--
-- By hand
--
-- 1, 2, 3, 4: G = 1/4, HHI = (1 + 4 + 9 + 16) / 100
SELECT gini(v), hhi(v), decile_ratio(v), gini(v::numeric) AS gini_numeric, hhi(v::numeric) AS hhi_numeric,
  decile_ratio(v::numeric) AS decile_numeric FROM unnest(ARRAY[3, 1, 4, 2]) AS v;
SELECT * FROM unnest((SELECT lorenz(v, 4) FROM unnest(ARRAY[3, 1, 4, 2]) AS v));
-- a point within a head lies on the line through it
SELECT * FROM unnest((SELECT lorenz(v, 3) FROM unnest(ARRAY[3, 1, 4, 2]) AS v));
SELECT heads, share FROM unnest((SELECT lorenz(v::numeric, 1) FROM unnest(ARRAY[7]) AS v));
-- the whale: 5 + 4 - 1 - 3 = 5
SELECT (w).heads, (w).profit, (w).peak, (w).peak_at, (w).loss, (w).points
FROM (SELECT whale_curve(v, 4) AS w FROM unnest(ARRAY[-3, 5, -1, 4]) AS v) AS w;
SELECT heads, level FROM unnest((SELECT (whale_curve(v::numeric, 2)).points FROM unnest(ARRAY[-3, 5, -1, 4, 0]) AS v));
-- nobody loses; nothing but loss; as much loss as profit
SELECT (whale_curve(v, 2)).* FROM unnest(ARRAY[4, 1]) AS v;
SELECT (whale_curve(v, 2)).* FROM unnest(ARRAY[-4, -1]) AS v;
SELECT (whale_curve(v, 2)).* FROM unnest(ARRAY[-4, 4]) AS v;
\x on
SELECT (concentration(v)).* FROM unnest(ARRAY[-3, 5, -1, 4]) AS v;
-- a single one holds 90 %
SELECT (concentration(v)).* FROM unnest(ARRAY[90, 2, 2, 1, 1, 1, 1, 1, 0.5, 0.5]) AS v;
-- one customer; all equal; nothing above zero
SELECT (concentration(v)).* FROM unnest(ARRAY[7]) AS v;
SELECT (concentration(v)).* FROM unnest(ARRAY[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]::float8[]) AS v;
SELECT (concentration(v)).* FROM unnest(ARRAY[0, -5, -5]) AS v;
\x off
SELECT gini(v), hhi(v), decile_ratio(v), lorenz(v, 2), (whale_curve(v, 2)).peak FROM unnest(ARRAY[0, -5, -5]) AS v;
SELECT gini(v), hhi(v), decile_ratio(v), lorenz(v, 2) FROM unnest(ARRAY[6, 6, 6]) AS v;
-- values that are not above zero are heads that hold nothing
SELECT gini(v) = gini(greatest(v, 0)) AS gini, hhi(v) = hhi(greatest(v, 0)) AS hhi,
  lorenz(v, 5) = lorenz(greatest(v, 0), 5) AS lorenz, gini(v) > gini(v) FILTER (WHERE v > 0) AS more_than_of_the_holders
FROM unnest(ARRAY[8, 2, 0, -3, -100]) AS v;
-- nothing at all
SELECT gini(v), hhi(v), decile_ratio(v), lorenz(v, 2), whale_curve(v, 2), concentration(v)
FROM unnest(ARRAY[NULL]::float8[]) AS v;
SELECT gini(v), concentration(v) FROM (SELECT 1 AS v) AS none WHERE false;
SELECT gini(v), hhi(v), (concentration(v)).heads FROM unnest(ARRAY[NULL, 3, NULL, 1]) AS v;
-- decimals that cancel each other are no profit; the curve ends at 1 whatever the values
SELECT (whale_curve(v, 1)).*, (concentration(v)).net FROM unnest(ARRAY[0.1, 0.2, -0.3]::float8[]) AS v;
SELECT (whale_curve(v, 1)).*, (concentration(v)).peak
FROM unnest(ARRAY[1e6 + 0.01, -1e6, 0.1, 0.2, -0.3]::float8[]) AS v;
-- equal holdings are not less than equal
SELECT count(*) AS samples, count(*) FILTER (WHERE (c).hhi_normalised BETWEEN 0 AND 1e-16) AS none
FROM (SELECT n, concentration(19.99::float8) AS c FROM generate_series(2, 300) AS n, generate_series(1, n)
  GROUP BY n) AS c;
-- very large values; one holder is all of a sample
SELECT gini(v) AS gini, (concentration(v)).gini_sample FROM unnest(ARRAY[1e308, 0, 0]::float8[]) AS v;
SELECT count(*) AS samples, count(*) FILTER (WHERE (c).gini_sample = 1) AS all_of_it
FROM (SELECT n, concentration(CASE i WHEN 1 THEN 0.7 * n / 3 ELSE 0 END::float8) AS c
  FROM generate_series(2, 300) AS n, generate_series(1, n) AS i GROUP BY n) AS c;
SELECT outcome('SELECT decile_ratio(v) FROM unnest(ARRAY[1e308, 1e-300]::float8[]) AS v');
-- what is refused
SELECT s AS call, outcome('SELECT ' || s || ' FROM (VALUES (1::float8), (2), (3)) AS v(v)') AS outcome
FROM unnest(ARRAY[
  $$gini('NaN'::float8)$$, $$gini('-Infinity'::float8)$$, $$hhi('NaN'::numeric)$$, $$concentration('NaN'::float8)$$,
    $$lorenz('NaN'::float8, 2)$$, $$whale_curve('Infinity'::float8, 2)$$,
  $$lorenz(v, 0)$$, $$lorenz(v, 10001)$$, $$whale_curve(v, -1)$$, $$lorenz(v, v::int)$$, $$gini(v * 1e308::float8)$$,
    $$concentration(-v * 1e308::float8)$$
]) WITH ORDINALITY AS i(s, o) ORDER BY o;

--
-- Random inputs
--
CREATE TABLE ranked AS
SELECT g, v::numeric AS v, h, row_number() OVER (PARTITION BY g ORDER BY h) AS up,
  row_number() OVER (PARTITION BY g ORDER BY v DESC) AS down, count(*) OVER (PARTITION BY g) AS n,
  sum(h) OVER (PARTITION BY g) AS total, sum(v::numeric) OVER (PARTITION BY g) AS net
FROM (SELECT g, v, greatest(v, 0)::numeric AS h FROM val) AS v;
CREATE TABLE formula AS
SELECT g, n, total, net, sum((2 * up - n - 1) * h) / nullif(n * total, 0) AS gini,
  sum((h / nullif(total, 0)) ^ 2) AS hhi,
       sum(h) FILTER (WHERE up > n - ceil(n / 10.0)) / nullif(sum(h) FILTER (WHERE up <= ceil(n / 10.0)),
         0) AS decile_ratio,
       sum(h) FILTER (WHERE down <= ceil(n * 0.01)) / nullif(total, 0) AS top_1,
       sum(h) FILTER (WHERE down <= ceil(n * 0.1)) / nullif(total, 0) AS top_10,
       sum(h) FILTER (WHERE down <= ceil(n * 0.2)) / nullif(total, 0) AS top_20,
       count(*) FILTER (WHERE v > 0) AS holders, coalesce(-sum(v) FILTER (WHERE v < 0), 0) AS loss
FROM ranked GROUP BY g, n, total, net;
-- within 1e-15 of it, or both nothing
CREATE FUNCTION near(a float8, b numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$SELECT a IS NULL AND b IS NULL OR abs(a - b::float8) <= 2e-15 * (1 + abs(b::float8))$$;
SELECT count(*) AS groups, count(*) FILTER (WHERE near(c.gini, f.gini)) AS gini,
  count(*) FILTER (WHERE near(c.hhi, f.hhi)) AS hhi, count(*) FILTER (WHERE near(c.decile, decile_ratio)) AS decile,
  count(*) FILTER (WHERE f.gini IS NULL) AS without_total,
  count(*) FILTER (WHERE decile_ratio IS NULL) AS without_decile
FROM (SELECT g, gini(v), hhi(v), decile_ratio(v) AS decile FROM val GROUP BY g) AS c FULL JOIN formula AS f USING (g);
SELECT count(*) AS groups, count(*) FILTER (WHERE heads = n AND c.holders = f.holders AND near(c.total, f.total)
  AND near(c.net, f.net)) AS sums,
  count(*) FILTER (WHERE near(c.gini, f.gini) AND near(c.hhi, f.hhi) AND near(c.decile_ratio, f.decile_ratio)) AS same,
       count(*) FILTER (WHERE near(gini_sample, f.gini * n / nullif(n - 1, 0))) AS sample,
       count(*) FILTER (WHERE near(hhi_normalised, (f.hhi - 1.0 / n) / nullif(1 - 1.0 / n, 0))) AS normalised,
       count(*) FILTER (WHERE near(equivalent_heads, 1 / f.hhi)) AS equivalent,
       count(*) FILTER (WHERE near(top_1_share, top_1) AND near(top_10_share, top_10)
         AND near(top_20_share, top_20)) AS top,
       count(*) FILTER (WHERE near(peak, CASE WHEN f.net > 0 THEN f.total / f.net END)) AS peak,
       count(*) FILTER (WHERE near(peak_at, f.holders::numeric / n) AND near(c.loss, f.loss)) AS loss
FROM (SELECT g, (concentration(v)).* FROM val GROUP BY g) AS c FULL JOIN formula AS f USING (g);
-- curves at a tenth and at every head
CREATE TABLE curve AS
SELECT g, p.points, lorenz(v, p.points), whale_curve(v, p.points) AS whale, min(i.heads) AS heads FROM val
JOIN (SELECT g, count(*)::int AS heads FROM val GROUP BY g) AS i USING (g),
  LATERAL (SELECT DISTINCT unnest(ARRAY[7, 10, i.heads])) AS p(points) GROUP BY g, p.points;
CREATE FUNCTION curve_at(g int, x numeric, upwards boolean) RETURNS numeric LANGUAGE sql AS $$
SELECT sum(CASE WHEN upwards THEN h
  ELSE v END * greatest(0, least(1, x * n - (CASE WHEN upwards THEN up ELSE down END - 1)))) / nullif(CASE
  WHEN upwards THEN max(total) WHEN max(net) > 0 THEN max(net) END, 0) FROM ranked WHERE ranked.g = curve_at.g $$;
SELECT count(*) AS points, count(*) FILTER (WHERE near(share, curve_at(g, round(o - 1, 30) / points, true))) AS same,
  count(*) FILTER (WHERE x = ((o - 1)::numeric / points)::float8) AS places
FROM curve, unnest(lorenz) WITH ORDINALITY AS p(x, share, o) WHERE g % 7 = 0;
SELECT count(*) AS points, count(*) FILTER (WHERE near(share, curve_at(g, round(o - 1, 30) / points, false))) AS same
FROM curve, unnest((whale).points) WITH ORDINALITY AS p(x, share, o) WHERE g % 7 = 0;
SELECT count(*) AS curves, count(*) FILTER (WHERE (whale).heads = n AND near((whale).profit, net)
  AND near((whale).loss, loss) AND near((whale).peak_at, holders::numeric / n)
  AND near((whale).peak, CASE WHEN net > 0 THEN total / net END)) AS same FROM curve JOIN formula USING (g);
-- the area between the Lorenz curve and the diagonal is half the Gini coefficient
SELECT count(*) AS groups, count(*) FILTER (WHERE near(1 - 2 * area, formula.gini)) AS same
FROM (SELECT g, sum((share + before) / 2 / points) AS area
  FROM (SELECT g, c.points, share, lag(share) OVER (PARTITION BY g ORDER BY o) AS before
  FROM curve AS c, unnest(lorenz) WITH ORDINALITY AS p(x, share, o)
  WHERE c.points = c.heads AND NOT c.points IN (7, 10)) AS c GROUP BY g) AS a JOIN formula USING (g);
-- in any order, as numeric, in parallel: the same bits
SELECT count(*) AS groups, count(*) FILTER (WHERE a = b AND a = c) AS same
FROM (SELECT g, concentration(v) AS a, concentration(v ORDER BY u(i, 5)) AS b, concentration(v::numeric) AS c FROM val
  GROUP BY g) AS c;
CREATE TABLE many AS SELECT i % 3 AS g, round(exp(u(i, 1) * 10)::numeric, 2)::float8 - 3 AS v
FROM generate_series(1, 60000) AS i;
ALTER TABLE many SET (parallel_workers = 2);
ANALYZE many;
CALL workers(0);
CREATE TABLE serial AS SELECT g, concentration(v), lorenz(v, 9), whale_curve(v, 9), natural_fit(v, 3) FROM many
GROUP BY g;
SELECT (concentration).heads, abs((concentration).gini - f.gini) < 1e-14 AS gini,
  abs((concentration).hhi - f.hhi) < 1e-14 AS hhi
FROM serial JOIN (SELECT g, sum((2 * up - n - 1) * h) / (n * total) AS gini, sum((h / total) ^ 2) AS hhi
  FROM (SELECT g, h, row_number() OVER (PARTITION BY g ORDER BY h) AS up, count(*) OVER (PARTITION BY g) AS n,
  sum(h) OVER (PARTITION BY g) AS total FROM (SELECT g, greatest(v, 0)::numeric AS h FROM many) AS m) AS r
  GROUP BY g, n, total) AS f USING (g) ORDER BY g;
CALL workers(2);
SELECT 'SELECT g, concentration(v), lorenz(v, 9), whale_curve(v, 9), natural_fit(v, 3) FROM many GROUP BY g' AS
  sql \gset
SELECT is_parallel(:'sql');
SELECT count(*) AS groups, count(*) FILTER (WHERE p = s) AS same FROM (:sql) AS p JOIN serial AS s USING (g);
CALL workers(NULL);

DROP SCHEMA t_concentration CASCADE;
