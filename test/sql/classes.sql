-- Tests grids, the names of segments, and normalisation.
SET client_min_messages = warning;
CREATE SCHEMA t_classes;
SET search_path = t_classes, test, public, customer_tier;

--
-- Grids
--
-- nine: A for the highest y, 1 for the highest x
SELECT y, string_agg(grid_class(x, y, '{10, 20}', '{100, 200}'), ' ' ORDER BY x) AS codes
FROM unnest(ARRAY[5, 10, 25]) AS x, unnest(ARRAY[99, 100, 250]) AS y GROUP BY y ORDER BY y DESC;
-- sixteen; four by two
SELECT y, string_agg(grid_class(x, y, '{1, 2, 3}', '{1, 2, 3}'), ' ' ORDER BY x) AS codes
FROM generate_series(0, 3) AS x, generate_series(0, 3) AS y GROUP BY y ORDER BY y DESC;
SELECT string_agg(grid_class(x, y, '{1, 2, 3}', '{1}'), ' ' ORDER BY y DESC, x) AS codes
FROM generate_series(0, 3) AS x, generate_series(0, 1) AS y;
SELECT grid_class(1, 1, '{}', '{}') AS one_cell, grid_class(5, 5, '{1, Infinity}', '{}') AS "2";
-- labels: rows go with y, columns with x, low first
SELECT x, y, grid_class(x, y, '{10, 20}', '{100}', '{{a,b,c},{d,e,f}}')
FROM unnest(ARRAY[5, 15, 25]) AS x, unnest(ARRAY[50, 150]) AS y ORDER BY y, x;
SELECT count(*) AS same FROM generate_series(0, 20) AS x, generate_series(0, 20) AS y
WHERE grid_class(x, y, '{10}', '{15}', '{{low_value,ordinary},{potential,key}}') = quadrant_class(x, y, 10, 15);
SELECT grid_class(NULL, 1, '{1}', '{1}'), grid_class(1, NULL, '{1}', '{1}'), grid_class(1, 1, NULL, '{1}'),
  grid_class(1, 1, '{1}', '{1}', NULL);

--
-- A quadrant of a partition's own
--
SELECT x, y, quadrant_class(x, y) OVER (), quadrant_class(x, y, '{{a,b},{c,d}}') OVER (),
  quadrant_class(x, y, x_cut, y_cut) AS by_hand
FROM (VALUES (1, 9), (2, 2), (2, 7), (5, 1), (9, 9), (NULL, 4), (3, NULL)) AS v(x, y),
  (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) AS x_cut,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY y) AS y_cut
  FROM (VALUES (1, 9), (2, 2), (2, 7), (5, 1), (9, 9), (NULL, 4), (3, NULL)) AS v(x, y)) AS c;
SELECT quadrant_class(x, y) OVER () AS one, quadrant_class(x, NULL) OVER () AS nothing,
  quadrant_class(x, y, NULL) OVER () AS no_labels FROM (VALUES (1, 1)) AS v(x, y);
SELECT count(*) AS values, count(*) FILTER (WHERE a = e) AS whole, count(*) FILTER (WHERE b = e) AS framed
FROM (SELECT g, quadrant_class(v, u(i, g)) OVER (PARTITION BY g) AS a,
  quadrant_class(v, u(i, g)) OVER (PARTITION BY g ORDER BY i ROWS 1 PRECEDING) AS b,
             CASE WHEN v >= x THEN CASE WHEN u(i, g) >= y THEN 'key' ELSE 'ordinary' END ELSE CASE
               WHEN u(i, g) >= y THEN 'potential' ELSE 'low_value' END END AS e
      FROM val JOIN (SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY v) AS x,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY u(i, g)) AS y FROM val GROUP BY g) AS m USING (g)) AS q;

--
-- RFM
--
SELECT string_agg(DISTINCT rfm_grid_segment(r, f), ', ' ORDER BY rfm_grid_segment(r, f)) AS names
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f;
-- a partition of the 25 codes
CREATE TABLE grid (name text, pattern text);
INSERT INTO grid VALUES ('Hibernating', '[12][12]'), ('At Risk', '[12][34]'), ('Cannot Lose', '[12]5'),
  ('About To Sleep', '3[12]'), ('Need Attention', '33'), ('Loyal', '[34][45]'), ('Promising', '41'), ('New', '51'),
  ('Potential Loyalist', '[45][23]'), ('Champions', '5[45]');
SELECT count(*) AS codes, count(DISTINCT (r, f)) AS distinct_codes,
  count(*) FILTER (WHERE rfm_grid_segment(r, f) = name) AS "right"
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f JOIN grid ON true
WHERE r || '' || f ~ ('^' || pattern || '$');
SELECT rfm_grid_segment(NULL, 1) AS no_r, outcome('SELECT rfm_grid_segment(0, 1)'),
  outcome('SELECT rfm_grid_segment(1, 6)');
-- the eight, 1 for high
SELECT code, rfm_class8(r, f, m)
FROM (VALUES ('111'), ('101'), ('011'), ('001'), ('110'), ('100'), ('010'), ('000')) AS v(code),
     LATERAL (SELECT code LIKE '1__' AS r, code LIKE '_1_' AS f, code LIKE '__1' AS m) AS b;
SELECT r, f, m, rfm_class8(r, f, m) OVER () AS mean, rfm_class8(r, f, m, high => 'median') OVER () AS median,
  rfm_class8(r >= 4, f >= 4, m >= 4) AS from_4
FROM (VALUES (1, 1, 5), (2, 1, 4), (3, 1, 3), (4, 1, 2), (5, 5, 1), (NULL, 2, 2)) AS v(r, f, m);
SELECT rfm_class8(NULL, true, true), rfm_class8(true, true, NULL, 'zh'), rfm_class8(1, 1, 1, NULL) OVER (),
  rfm_class8(1, 1, 1, 'mean', NULL) OVER (), rfm_class8(1, 1, 1) OVER () AS nobody_is_above_the_mean;
SELECT count(*) AS values, count(*) FILTER (WHERE a = rfm_class8(v > mean, i > mean_i, w > mean_w)) AS by_mean,
  count(*) FILTER (WHERE b = rfm_class8(v > med, i > med_i, w > med_w)) AS by_median
FROM (SELECT g, i, v, u(i, g) AS w, rfm_class8(v, i, u(i, g)) OVER (PARTITION BY g ORDER BY i) AS a,
  rfm_class8(v, i, u(i, g), 'median') OVER (PARTITION BY g) AS b FROM val) AS c
JOIN (SELECT g, avg(v::numeric) AS mean, avg(i::numeric) AS mean_i, avg(u(i, g)) AS mean_w,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY v) AS med, percentile_cont(0.5) WITHIN GROUP (ORDER BY i) AS med_i,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY u(i, g)) AS med_w FROM val GROUP BY g) AS m USING (g);

--
-- Weights and normalisers
--
-- 50/20/10/10/10
SELECT weighted_score('{1, 0.5, 1, 0, 1}', '{50, 20, 10, 10, 10}') AS score,
  weighted_score('{1, 0.5, 1, 0, 1}', '{0.5, 0.2, 0.1, 0.1, 0.1}') AS same,
  weighted_score(ARRAY[3, 7], ARRAY[1, 0]) AS one, weighted_score('{0.1, 0.1, 0.1}', '{1, 1, 1}') AS equal,
  weighted_score('{1, NULL}', '{1, 1}') AS unknown, weighted_score(NULL, '{1}'), weighted_score('{1}', NULL);
SELECT v, min_max(v) OVER (), z_score(v) OVER (), percentile_score(v) OVER ()
FROM unnest(ARRAY[2, 4, 4, NULL, 4, 5, 5, 7, 9]) AS v;
SELECT v, min_max(v::numeric) OVER (), z_score(v::numeric) OVER (), percentile_score(v::numeric) OVER (),
  pareto_share(v::numeric) OVER () FROM unnest(ARRAY[6, -1, NULL, -1, 2]) AS v;
-- one; all equal; nothing
SELECT v, min_max(v) OVER w, z_score(v) OVER w, percentile_score(v) OVER w
FROM (VALUES (1, 7), (2, 0.1), (2, 0.1), (2, 0.1), (3, NULL)) AS t(g, v) WINDOW w AS (PARTITION BY g);
SELECT v, min_max(v) OVER (), z_score(v) OVER (), percentile_score(v) OVER ()
FROM unnest(ARRAY['1e300', '-1e300', '5e-324']::float8[]) AS v;
-- near each other and far from zero: the mean is not rounded away
SELECT z_score(v) OVER () FROM unnest(ARRAY[1000000.01, 1000000.02, 1000000.04]::float8[]) AS v;
SELECT z_score(v) OVER () FROM unnest(ARRAY[0.3::float8, 0.1::float8 + 0.2::float8]) AS v;
SELECT min_max('-0'::float8) OVER () AS zero, z_score('-0'::float8) OVER () AS no_minus;
-- against plain SQL, however the window is ordered and framed
CREATE TABLE placed AS
SELECT g, i, v, min_max(v) OVER w AS mm, z_score(v) OVER w AS z, percentile_score(v) OVER w AS p,
  pareto_share(v) OVER w AS s FROM val WINDOW w AS (PARTITION BY g);
SELECT count(*) AS values, count(*) FILTER (WHERE abs(mm - coalesce((v - least) / nullif(greatest - least, 0),
  0)) < 1e-15) AS min_max, count(*) FILTER (WHERE abs(z - coalesce((v - mean) / nullif(sd, 0), 0)) < 1e-13) AS z_score
FROM placed JOIN (SELECT g, min(v) AS least, max(v) AS greatest, avg(v::numeric)::float8 AS mean,
  sqrt(round(sum(v::numeric ^ 2) - sum(v::numeric) ^ 2 / count(*), 30) / count(*))::float8 AS sd FROM val
  GROUP BY g) AS m USING (g);
SELECT count(*) AS values, count(*) FILTER (WHERE p = e) AS percentile_score
FROM (SELECT p, percent_rank() OVER (PARTITION BY g ORDER BY v) AS e FROM placed) AS p;
SELECT count(*) AS values, count(*) FILTER (WHERE a = mm AND b = z AND c = p AND d = s) AS framed,
  count(*) FILTER (WHERE an = mm AND bn = z AND cn = p AND dn = s) AS "numeric"
FROM (SELECT g, i, min_max(v) OVER w AS a, z_score(v) OVER w AS b, percentile_score(v) OVER w AS c,
  pareto_share(v) OVER w AS d, min_max(v::numeric) OVER w AS an, z_score(v::numeric) OVER w AS bn,
  percentile_score(v::numeric) OVER w AS cn, pareto_share(v::numeric) OVER w AS dn
      FROM val WINDOW w AS (PARTITION BY g ORDER BY u(i, 8) ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)) AS f
      JOIN placed USING (g, i);
-- so many that the radix sort is used, with ties and nulls
SELECT count(*) AS values, count(*) FILTER (WHERE p = e OR v IS NULL AND p IS NULL) AS percentile_score,
  count(*) FILTER (WHERE abs(s - t) < 1e-14 OR v IS NULL AND s IS NULL) AS pareto_share
FROM (SELECT v, percentile_score(v) OVER (PARTITION BY v IS NULL OR i > 0 ORDER BY i) AS p,
  pareto_share(v) OVER () AS s, CASE
  WHEN v IS NOT NULL THEN (rank() OVER (ORDER BY v) - 1) / (count(v) OVER () - 1)::float8 END AS e,
             CASE WHEN v > 0 THEN sum(greatest(v, 0)) OVER (ORDER BY v DESC NULLS LAST) / sum(greatest(v, 0)) OVER ()
               ELSE 1 END AS t
      FROM (SELECT i, CASE WHEN i % 11 > 0 THEN floor(exp(u(i, 4) * 9)) - 5 END AS v
        FROM generate_series(1, 20000) AS i) AS v) AS p;

--
-- What is refused
--
SELECT s AS call, outcome('SELECT ' || s || ' FROM (VALUES (1::float8), (2), (3)) AS v(v) LIMIT 1') AS outcome
FROM unnest(ARRAY[
  $$grid_class('NaN', 1, '{1}', '{1}')$$, $$grid_class(1, 'NaN', '{1}', '{1}')$$, $$grid_class(v, v, '{2, 1}', '{1}')$$,
    $$grid_class(v, v, '{1}', '{1, NULL}')$$, $$grid_class(v, v, '{1}', '{1}', '{a, b, c, d}')$$,
    $$grid_class(v, v, '{1}', '{1, 2}', '{{a, b, c}, {d, e, f}}')$$,
    $$grid_class(v, v, '{1}', '{1}', '{{a, b}, {c, NULL}}')$$,
  $$grid_class(1, 1, '{1}', (SELECT array_agg(i::float8) FROM generate_series(1, 26) AS i))$$,
    $$quadrant_class(v, 'NaN') OVER ()$$, $$quadrant_class(v, v, '{a}') OVER ()$$,
  $$rfm_class8(true, true, true, 'de')$$, $$rfm_class8(v, v, v, 'top') OVER ()$$,
    $$rfm_class8(v, v, v, 'mean', 'EN') OVER ()$$, $$rfm_class8(v, v, 'NaN') OVER ()$$,
  $$weighted_score('{1, 2}', '{1}')$$, $$weighted_score('{}', '{}')$$, $$weighted_score('{1}', '{-1}')$$,
    $$weighted_score('{1}', '{NaN}')$$, $$weighted_score('{1}', '{Infinity}')$$, $$weighted_score('{1, 2}', '{0, 0}')$$,
    $$weighted_score('{NaN}', '{1}')$$, $$weighted_score('{1}', '{NULL}')$$, $$weighted_score('{{1}}', '{1}')$$,
  $$min_max('NaN'::float8) OVER ()$$, $$z_score('Infinity'::float8) OVER ()$$,
    $$percentile_score('NaN'::numeric) OVER ()$$, $$min_max(v * CASE v WHEN 1 THEN -1.7e308 ELSE 5e307 END) OVER ()$$,
    $$z_score(1.7e308::float8) OVER ()$$
]) WITH ORDINALITY AS i(s, o) ORDER BY o;

SELECT outcome($$SELECT max(c)
  FROM (SELECT rfm_class8(r, r, r, high) OVER () AS c FROM (VALUES (1, 'mean'), (2, 'median')) AS v(r, high)) AS c$$),
  outcome($$SELECT max(c) FROM (SELECT rfm_class8(r, r, r, high) OVER () AS c
  FROM (VALUES (1, 'mean'), (2, 'nonsense')) AS v(r, high)) AS c$$);

--
-- Lookups
--
SELECT count(*) AS codes, count(*) FILTER (WHERE segment = rfm_segment(r, f, m)) AS same,
  count(DISTINCT segment) AS segments FROM rfm_segments();
SELECT * FROM rfm_grid_segments();
SELECT * FROM rfm_classes8();
SELECT * FROM pyramid_presets();
SELECT * FROM abc_presets();
-- as the cuts take them: heads and shares of the line below each class but the last
SELECT preset, head_cuts(v, tops)
FROM generate_series(1, 1000) AS v,
  (SELECT preset, array_agg(top ORDER BY top) FILTER (WHERE top < 1) AS tops, sum(heads) AS whole FROM pyramid_presets()
  GROUP BY preset) AS p GROUP BY preset, tops ORDER BY preset DESC;
SELECT preset, share_cuts(v, tops)
FROM unnest(ARRAY[50, 30, 10, 6, 4]) AS v,
  (SELECT preset, array_agg(top ORDER BY top) FILTER (WHERE top < 1) AS tops FROM abc_presets() GROUP BY preset) AS p
GROUP BY preset, tops ORDER BY preset DESC;

DROP SCHEMA t_classes CASCADE;
