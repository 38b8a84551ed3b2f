-- Tests cuts, classes and cumulative shares against plain SQL in numeric.
SET client_min_messages = warning;
CREATE SCHEMA t_cuts;
SET search_path = t_cuts, test, public, customer_tier;


--
-- By hand
--
-- 50 and 30 are 80 of 100: "before" 30 is 0.5, with it 0.8
SELECT share_cuts(v, '{0.8, 0.95}') AS fill, share_cuts(v, '{0.8, 0.95}', 'fill') AS fill_named,
  share_cuts(v, '{0.8, 0.95}', 'fit') AS fit, head_cuts(v, '{0.2, 0.5}') AS heads,
  head_cuts(v, '{0.2, 0.5}', 'fit') AS heads_fit
FROM unnest(ARRAY[50, 30, 10, 6, 4]) AS v;
-- one holds 90 %: with fit nobody is in the first class, with fill it is
SELECT share_cuts(v, '{0.8, 0.95}') AS fill, share_cuts(v, '{0.8, 0.95}', 'fit') AS fit, pareto_share(v, 0.1) AS top
FROM unnest(ARRAY[90, 2, 2, 1, 1, 1, 1, 1, 0.5, 0.5]) AS v;
-- one customer; all equal; nothing above zero; nobody
SELECT share_cuts(v, '{0.8, 0.95}') AS fill, share_cuts(v, '{0.8, 0.95}', 'fit') AS fit,
  head_cuts(v, '{0.01, 0.2}') AS heads, head_cuts(v, '{0.01, 0.2}', 'fit') AS heads_fit, pareto_share(v, 0.2) AS top
FROM unnest(ARRAY[7]) AS v;
SELECT share_cuts(v, '{0.8, 1}') AS fill, share_cuts(v, '{0.8, 1}', 'fit') AS fit, head_cuts(v, '{0.5, 1}') AS heads,
  head_cuts(v, '{0.5, 1}', 'fit') AS heads_fit, pareto_share(v, 0.2) AS top FROM unnest(ARRAY[7, 7, 7, 7, 7]) AS v;
SELECT share_cuts(v, '{0.8}') AS fill, share_cuts(v, '{0.8}', 'fit') AS fit, head_cuts(v, '{0.5}') AS heads,
  pareto_share(v, 0.5) AS top FROM unnest(ARRAY[0, -5, -5]) AS v;
SELECT share_cuts(v, '{0.8}') AS fill, head_cuts(v, '{0.5}') AS heads, pareto_share(v, 0.5) AS top
FROM (SELECT 1 AS v) AS none WHERE false;
SELECT share_cuts(NULL, '{0.8}') AS fill, head_cuts(NULL, '{0.5}') AS heads, pareto_share(NULL, 0.5) AS top,
  share_cuts(v, '{0.5}') AS with_nulls, share_cuts(v, '{}') AS no_cuts, head_cuts(v, '{}', 'fit') AS no_heads
FROM unnest(ARRAY[1, NULL, 3]) AS v;
-- values <= 0 are no part of the total, but are heads
SELECT share_cuts(v, '{0.8, 1}') AS fill, head_cuts(v, '{0.5, 0.8}') AS heads, pareto_share(v, 0.2) AS top
FROM unnest(ARRAY[8, 2, 0, -3, -100]) AS v;
-- shares as they are written: 8 of 10 equal values are 0.8, 7 of 100 heads 0.07
SELECT share_cuts(v, '{0.8}', 'fit') AS fit, share_cuts(v, '{0.8}') AS fill
FROM (SELECT 0.1 AS v FROM generate_series(1, 8) UNION ALL SELECT 0.05 FROM generate_series(1, 4)) AS v;
SELECT head_cuts(v, '{0.07, 0.14, 0.29, 0.57, 0.58}', 'fit') AS fit,
  head_cuts(v, '{0.07, 0.14, 0.29, 0.57, 0.58}') AS fill FROM generate_series(1, 100) AS v;
SELECT bool_and(head_cuts = ARRAY[101 - i]::float8[]) AS fit, count(*)
FROM (SELECT i, head_cuts(v, ARRAY[i / 100.0]::float8[], 'fit')
  FROM generate_series(1, 100) AS i, generate_series(1, 100) AS v GROUP BY i) AS h;
-- many fractions at once give the lines that each gives by itself, with ties and where only parts are sorted
CREATE TEMP TABLE sample AS
SELECT round((1000 * u(i, 8) ^ 4)::numeric, 1)::float8 AS v FROM generate_series(1, 20000) AS i;
SELECT rule, head_cuts = each_heads AS heads, share_cuts = each_share AS shares, cardinality(head_cuts) AS lines
FROM unnest('{fill, fit}'::text[]) AS rule,
  LATERAL (SELECT head_cuts(v, f, rule), share_cuts(v, f, rule)
           FROM sample, (SELECT array_agg(i / 200.0::float8 ORDER BY i) AS f FROM generate_series(1, 200) AS i) AS f
           ) AS at_once,
  LATERAL (SELECT array_agg(heads[1] ORDER BY i DESC) AS each_heads, array_agg(share[1] ORDER BY i DESC) AS each_share
           FROM (SELECT i, head_cuts(v, ARRAY[i / 200.0::float8], rule) AS heads,
                        share_cuts(v, ARRAY[i / 200.0::float8], rule) AS share
                 FROM sample, generate_series(1, 200) AS i GROUP BY i) AS x) AS one_by_one;
-- 0.34 of 0.85 is 0.4, whatever binary makes of it; all that is above zero is the top 1.0
SELECT share_cuts(v, '{0.4}') AS fill, share_cuts(v, '{0.4}', 'fit') AS fit,
  share_cuts(v::numeric, '{0.4}') AS "numeric" FROM unnest(ARRAY[0.34, 0.19, 0.14, 0.14, 0.04]::float8[]) AS v;
SELECT share_cuts(v, '{0.9}', 'fit') AS fit FROM unnest(ARRAY[0.035, 0.025, 0.012, 0.008]::float8[]) AS v;
SELECT share_cuts(v, '{1}') AS fill, share_cuts(v, '{1}', 'fit') AS fit
FROM unnest(ARRAY[1e17, 3, 0.01]::float8[]) AS v;
-- random decimals, and the limit just what the top three hold
WITH c AS (SELECT s, cents, row_number() OVER (PARTITION BY s ORDER BY cents DESC) AS place
  FROM (SELECT s, (1 + floor(u(s * 100 + n, 6) * 4000))::numeric AS cents
  FROM generate_series(1, 3000) AS s, generate_series(1, 7) AS n) AS c),
     l AS (SELECT s, ARRAY[sum(cents) FILTER (WHERE place <= 3) / sum(cents)]::float8[] AS lim,
       (min(cents) FILTER (WHERE place <= 3) / 100)::float8 AS line FROM c GROUP BY s
       HAVING min(cents) FILTER (WHERE place <= 3) > max(cents) FILTER (WHERE place > 3))
SELECT count(*) > 2900 AS many, count(*) = count(*) FILTER (WHERE fill = ARRAY[line]) AS fill,
  count(*) = count(*) FILTER (WHERE fit = ARRAY[line]) AS fit
FROM (SELECT s, line, share_cuts(cents::float8 / 100, lim) AS fill, share_cuts(cents / 100, lim, 'fit') AS fit FROM c
  JOIN l USING (s) GROUP BY s, line) AS x;
-- the top is rounded up
SELECT bool_and(abs(p - (100 * k - k * (k - 1) / 2) / 5050.0) < 1e-15), count(*)
FROM (SELECT f, ceil(f * 100)::int AS k, pareto_share(v, f::float8) AS p
  FROM (SELECT i / 1000.0 AS f FROM generate_series(1, 1000) AS i) AS f, generate_series(1, 100) AS v GROUP BY f) AS p;
SELECT pareto_share(v, 0.5) AS ties_are_cut_by_heads FROM unnest(ARRAY[4, 4, 4]) AS v;
SELECT v, pareto_share(v) OVER (ORDER BY v DESC) FROM unnest(ARRAY[50, 20, 20, 10, 0, -5, NULL]) AS v
ORDER BY v DESC NULLS LAST;
SELECT v, pareto_share(v) OVER () FROM unnest(ARRAY[0, -5]) AS v;
-- classes
SELECT v, score(v, '{10, 20, 20, 30}'), classify(v, '{10, 20}', '{C, B, A}'), quadrant_class(v, 15, 20, 15),
  quadrant_class(v, 14.9, 20, 15, '{{a,b},{c,d}}'), score(v, '{}') AS no_cuts, classify(v, '{}', '{all}')
FROM unnest(ARRAY[-1, 9.999, 10, 19, 20, 29, 30, 31]::float8[]) AS v;
SELECT score(-1e308, '{-Infinity, 1}') AS always, score(1e308, '{1, Infinity}') AS nobody_reaches,
  score(-0.0, '{0}') AS zero, classify(5, '{1, Infinity}', '{"", b c, "d,\"e"}') AS label,
  classify(0, '{1}', ARRAY['lowest', repeat('x', 5)]) AS other;
SELECT score(NULL, '{1}'), score(1, NULL), classify(NULL, '{1}', '{a,b}'), classify(1, NULL, '{a,b}'),
  classify(1, '{1}', NULL), quadrant_class(NULL, 1, 1, 1), quadrant_class(1, 1, 1, NULL),
  quadrant_class(1, 1, 1, 1, NULL), rfm_segment(NULL, 1, 1), rfm_segment(1, 1, NULL);
SELECT x, y, quadrant_class(x, y, 5, 5), quadrant_class(x, y, 5, 5, '{{low x low y,high x low y},{low x high y,both}}')
FROM unnest(ARRAY[4, 5]) AS x, unnest(ARRAY[4, 5]) AS y ORDER BY y, x;
SELECT classify(7, '[0:1]={5,10}', '[3:5]={a,b,c}') AS any_bounds,
  classify(5, ARRAY[1.0, 2], ARRAY['a', 'b', 'c']) AS "numeric";

-- what is refused
SELECT s AS call, outcome('SELECT ' || s || ' FROM (VALUES (1::float8), (2), (3)) AS v(v)') AS outcome
FROM unnest(ARRAY[
  $$share_cuts('NaN', '{0.8}')$$, $$share_cuts('Infinity', '{0.8}')$$, $$share_cuts('-Infinity', '{0.8}')$$,
    $$head_cuts('NaN', '{0.8}')$$, $$pareto_share('NaN', 0.5)$$, $$pareto_share('Infinity', 0.5)$$,
  $$share_cuts(v, '{0}')$$, $$share_cuts(v, '{-0.1}')$$, $$share_cuts(v, '{1.1}')$$, $$share_cuts(v, '{80, 95}')$$,
    $$share_cuts(v, '{NaN}')$$, $$share_cuts(v, '{0.95, 0.8}')$$, $$share_cuts(v, '{0.8, 0.8}')$$,
    $$share_cuts(v, '{0.8, NULL}')$$, $$share_cuts(v, '{{0.8}, {0.9}}')$$,
  $$head_cuts(v, '{0}')$$, $$head_cuts(v, '{0.5, 0.2}')$$, $$head_cuts(v, '{0.5}', 'FIT')$$,
    $$share_cuts(v, '{0.5}', '')$$, $$share_cuts(v, '{0.5}', 'fill ')$$,
    $$share_cuts(v, (SELECT array_agg(i / 2000.0)::float8[] FROM generate_series(1, 1001) AS i))$$,
  $$share_cuts(v, ARRAY[v / 10])$$, $$head_cuts(v, '{0.5}', CASE WHEN v = 1 THEN 'fit' ELSE 'fill' END)$$,
    $$pareto_share(v, v / 10)$$, $$pareto_share(v, 0)$$, $$pareto_share(v, 1.5)$$, $$pareto_share(v, 'NaN')$$,
  $$min(score('NaN', '{1}'))$$, $$min(score('Infinity', '{1}'))$$, $$min(quadrant_class(1, '-Infinity', 1, 1))$$,
    $$min(score(v, '{2, 1}'))$$, $$min(score(v, '{NaN}'))$$, $$min(score(v, '{1, NULL}'))$$,
    $$min(score(v, '{{1}, {2}}'))$$,
  $$min(classify(v, '{1, 2}', '{a, b}'))$$, $$min(classify(v, '{1, 2}', '{a, b, c, d}'))$$,
    $$min(classify(v, '{1}', '{}'))$$, $$min(classify(v, '{1}', '{a, NULL}'))$$,
    $$min(classify(v, '{1}', '{{a, b}}'))$$, $$min(classify('NaN', '{1}', '{a, b}'))$$,
  $$min(quadrant_class('NaN', 1, 1, 1))$$, $$min(quadrant_class(1, 1, 1, 'NaN'))$$,
    $$min(quadrant_class(1, 1, 1, 1, '{a, b, c, d}'))$$, $$min(quadrant_class(1, 1, 1, 1, '{{a, b}}'))$$,
    $$min(quadrant_class(1, 1, 1, 1, '{{a, b}, {c, NULL}}'))$$,
  $$min(rfm_segment(0, 1, 1))$$, $$min(rfm_segment(1, 6, 1))$$, $$min(rfm_segment(1, 1, -2147483648))$$
]) WITH ORDINALITY AS i(s, o) ORDER BY o;
SELECT outcome($$SELECT sum(p)
  FROM (SELECT pareto_share(v) OVER () AS p FROM unnest(ARRAY[1, 'NaN'::float8]) AS v) AS p$$), outcome($$SELECT sum(p)
  FROM (SELECT pareto_share(v) OVER () AS p FROM unnest(ARRAY[1, '-Infinity'::float8]) AS v) AS p$$);
SELECT left(outcome('SELECT pareto_share(1)'), 5) AS no_window;

--
-- The eleven segments: a partition of the 125 codes
--
CREATE TABLE segment (name text, codes text);
INSERT INTO segment VALUES
  ('Champions', '555 554 544 545 454 455 445'),
  ('Loyal', '543 444 435 355 354 345 344 335'),
  ('Potential Loyalist',
    '553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 333 323'),
  ('New', '512 511 422 421 412 411 311'),
  ('Promising', '525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313'),
  ('Need Attention', '535 534 443 434 343 334 325 324'),
  ('About To Sleep', '331 321 312 221 213 231 241 251'),
  ('At Risk', '255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124'),
  ('Cannot Lose', '155 154 144 214 215 115 114 113'),
  ('Hibernating', '332 322 233 232 223 222 132 123 122 212 211'),
  ('Lost', '111 112 121 131 141 151');
SELECT name, count(*) AS codes,
  count(*) FILTER (WHERE rfm_segment(substr(code, 1, 1)::int, substr(code, 2, 1)::int,
  substr(code, 3, 1)::int) = name) AS "right"
FROM segment, unnest(string_to_array(codes, ' ')) AS code GROUP BY name ORDER BY name COLLATE "C";
SELECT count(*) AS codes, count(DISTINCT (r, f, m)) AS distinct_codes,
  count(*) FILTER (WHERE ' ' || codes || ' ' LIKE '% ' || r || f || m || ' %') AS right_segment
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f, generate_series(1, 5) AS m JOIN segment ON true
WHERE name = rfm_segment(r, f, m);

--
-- Random values: ties, negatives, skew
--
CREATE TABLE lim AS SELECT g, CASE g % 5 WHEN 0 THEN '{0.8, 0.95}' WHEN 1 THEN '{0.2, 0.4, 0.6, 0.8}'
  WHEN 2 THEN '{0.01, 0.05, 0.2}' WHEN 3 THEN '{0.1, 0.3, 0.5, 0.7, 0.9, 1}' ELSE '{0.5}' END::float8[] AS l
FROM generate_series(1, 300) AS g;
-- each group of equal values: shares before and with it, divided exactly and rounded once
CREATE TABLE grp AS
SELECT g, v, ((round(tot - amt, 40)) / nullif(pos, 0))::float8 AS before,
  (round(tot, 40) / nullif(pos, 0))::float8 AS with_it,
  (round((heads - n)::numeric, 40) / nall)::float8 AS heads_before,
  (round(heads::numeric, 40) / nall)::float8 AS heads_with
FROM (SELECT g, v, n, amt, sum(amt) OVER w AS tot, sum(n) OVER w AS heads, sum(amt) OVER (PARTITION BY g) AS pos,
  sum(n) OVER (PARTITION BY g) AS nall
      FROM (SELECT g, v, count(*) AS n, sum(greatest(v, 0)::numeric) AS amt FROM val GROUP BY g, v) AS d
        WINDOW w AS (PARTITION BY g ORDER BY v DESC)) AS c;
CREATE TABLE line AS
SELECT g, array_agg(sfill ORDER BY x DESC) AS sfill, array_agg(sfit ORDER BY x DESC) AS sfit,
  array_agg(hfill ORDER BY x DESC) AS hfill, array_agg(hfit ORDER BY x DESC) AS hfit
FROM (SELECT g, x,
             coalesce((SELECT min(v) FROM grp WHERE grp.g = lim.g AND v > 0 AND before < x), 'Infinity') AS sfill,
             coalesce((SELECT min(v) FROM grp WHERE grp.g = lim.g AND v > 0 AND with_it <= x), 'Infinity') AS sfit,
             coalesce((SELECT min(v) FROM grp WHERE grp.g = lim.g AND heads_before < x), 'Infinity') AS hfill,
             coalesce((SELECT min(v) FROM grp WHERE grp.g = lim.g AND heads_with <= x), 'Infinity') AS hfit
      FROM lim, unnest(l) AS x) AS x GROUP BY g;
CREATE TABLE cut AS SELECT g, l, share_cuts(v, l) AS sfill, share_cuts(v, l, 'fit') AS sfit,
  head_cuts(v, l, 'fill') AS hfill, head_cuts(v, l, 'fit') AS hfit, pareto_share(v, 0.2) AS top FROM val
JOIN lim USING (g) GROUP BY g, l;
SELECT count(*) AS groups, count(*) FILTER (WHERE c.sfill = e.sfill) AS share_fill,
  count(*) FILTER (WHERE c.sfit = e.sfit) AS share_fit, count(*) FILTER (WHERE c.hfill = e.hfill) AS head_fill,
  count(*) FILTER (WHERE c.hfit = e.hfit) AS head_fit,
       count(*) FILTER (WHERE 'Infinity' = ANY (e.sfit)) > 20 AS many_infinite
FROM cut AS c FULL JOIN line AS e USING (g);
-- no order of the rows matters, nor does a numeric value
SELECT count(*) AS permutations,
  count(*) FILTER (WHERE p.sfill = c.sfill AND p.sfit = c.sfit AND p.hfill = c.hfill AND p.hfit = c.hfit
  AND p.top IS NOT DISTINCT FROM c.top AND p.num = c.sfill) AS same
FROM (SELECT g, share_cuts(v, l ORDER BY u(i, p)) AS sfill, share_cuts(v, l, 'fit' ORDER BY u(i, p)) AS sfit,
  head_cuts(v, l ORDER BY u(i, p)) AS hfill, head_cuts(v, l, 'fit' ORDER BY v) AS hfit,
  pareto_share(v, 0.2 ORDER BY u(i, p)) AS top, share_cuts(v::numeric, l) AS num
      FROM val JOIN lim USING (g), generate_series(1, 3) AS p GROUP BY g, p) AS p JOIN cut AS c USING (g);
-- the share of the top fifth of heads, rounded up
SELECT count(*) AS groups, count(*) FILTER (WHERE top = (round(e.top_sum, 40) / nullif(e.all_sum, 0))::float8
  OR top IS NULL AND e.all_sum = 0) AS same
FROM cut, LATERAL (SELECT coalesce(sum(greatest(v, 0)::numeric) FILTER (WHERE r <= ceil(0.2 * n)), 0) AS top_sum,
  sum(greatest(v, 0)::numeric) AS all_sum
                   FROM (SELECT v, row_number() OVER (ORDER BY v DESC) AS r, count(*) OVER () AS n FROM val
                     WHERE val.g = cut.g) AS r) AS e;
-- the cumulative share, however the window is ordered and framed
SELECT count(*) AS values, count(*) FILTER (WHERE a = e) AS descending, count(*) FILTER (WHERE b = e) AS unordered,
  count(*) FILTER (WHERE c = e) AS ascending, count(*) FILTER (WHERE d = e) AS shuffled,
  count(*) FILTER (WHERE f = e) AS framed
FROM (SELECT pareto_share(v) OVER (PARTITION BY g ORDER BY v DESC) AS a, pareto_share(v) OVER (PARTITION BY g) AS b,
  pareto_share(v) OVER (PARTITION BY g ORDER BY v) AS c, pareto_share(v) OVER (PARTITION BY g ORDER BY u(i, g)) AS d,
             pareto_share(v) OVER (PARTITION BY g ORDER BY i ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS f, CASE
               WHEN v > 0 THEN with_it ELSE 1 END AS e
      FROM val JOIN grp USING (g, v)) AS p;
-- scores and classes are comparisons
SELECT count(*) AS values, count(*) FILTER (WHERE score(v, sfill) = 1 + (SELECT count(*) FROM unnest(sfill) AS x
  WHERE v >= x)) AS score,
       count(*) FILTER (WHERE classify(v, hfit,
         ARRAY(SELECT 'class ' || n FROM generate_series(0, cardinality(hfit)) AS n)) = 'class ' || (SELECT count(*)
         FROM unnest(hfit) AS x WHERE v >= x)) AS classify,
       count(*) FILTER (WHERE quadrant_class(v, i, 10, 20) = CASE WHEN v >= 10 AND i >= 20 THEN 'key'
         WHEN v >= 10 THEN 'ordinary' WHEN i >= 20 THEN 'potential' ELSE 'low_value' END) AS quadrant
FROM val JOIN cut USING (g);
-- fill never leaves the first class empty, fit never lets it hold more than its share
SELECT count(*) AS groups, count(*) FILTER (WHERE (SELECT max(v) FROM val
  WHERE val.g = cut.g) >= sfill[cardinality(sfill)]) AS filled,
       count(*) FILTER (WHERE (SELECT coalesce(sum(v::numeric), 0) FROM val
         WHERE val.g = cut.g AND v >= sfit[cardinality(sfit)]) <= l[1]::numeric * (SELECT sum(v::numeric) FROM val
         WHERE val.g = cut.g AND v > 0)) AS fits
FROM cut WHERE EXISTS (SELECT FROM val WHERE val.g = cut.g AND v > 0);

--
-- Many values; parallel plans
--
CREATE TABLE many AS SELECT i AS id, i % 3 AS g, floor(exp(u(i, 1) * 10)) AS v FROM generate_series(1, 50000) AS i;
ALTER TABLE many SET (parallel_workers = 2);
ANALYZE many;
CALL workers(0);
CREATE TABLE serial AS SELECT g, share_cuts(v, '{0.2, 0.8, 0.95}') AS a, share_cuts(v, '{0.2, 0.8, 0.95}', 'fit') AS b,
  head_cuts(v, '{0.01, 0.2}', 'fit') AS c, pareto_share(v, 0.2) AS d, mean_cut(v) AS e, median_cut(v) AS f FROM many
GROUP BY g;
WITH d AS (SELECT g, v, count(*) AS n, sum(v::numeric) AS amt FROM many GROUP BY g, v),
     e AS (SELECT g, v, amt, sum(amt) OVER w AS tot, sum(n) OVER w AS heads, sum(amt) OVER (PARTITION BY g) AS pos,
       sum(n) OVER (PARTITION BY g) AS nall FROM d WINDOW w AS (PARTITION BY g ORDER BY v DESC))
SELECT g, a = ARRAY[min(v) FILTER (WHERE tot - amt < 0.95 * pos), min(v) FILTER (WHERE tot - amt < 0.8 * pos),
  min(v) FILTER (WHERE tot - amt < 0.2 * pos)] AS fill,
       b = ARRAY[min(v) FILTER (WHERE tot <= 0.95 * pos), min(v) FILTER (WHERE tot <= 0.8 * pos),
         min(v) FILTER (WHERE tot <= 0.2 * pos)] AS fit,
       c = ARRAY[min(v) FILTER (WHERE heads <= 0.2 * nall), min(v) FILTER (WHERE heads <= 0.01 * nall)] AS head_fit
FROM e JOIN serial USING (g) GROUP BY g, a, b, c ORDER BY g;
CALL workers(2);
SELECT $$SELECT g, share_cuts(v, '{0.2, 0.8, 0.95}') AS a, share_cuts(v, '{0.2, 0.8, 0.95}', 'fit') AS b,
  head_cuts(v, '{0.01, 0.2}', 'fit') AS c, pareto_share(v, 0.2) AS d, mean_cut(v) AS e, median_cut(v) AS f FROM many
  GROUP BY g$$ AS sql \gset
SET parallel_leader_participation = off;
SELECT is_parallel(:'sql');
SELECT count(*) AS groups, count(*) FILTER (WHERE p.a = s.a AND p.b = s.b AND p.c = s.c AND p.d = s.d AND p.e = s.e
  AND p.f = s.f) AS same FROM (:sql) AS p FULL JOIN serial AS s USING (g);
CALL workers(NULL); RESET parallel_leader_participation;
-- moving frames work, too: an aggregate without inverse starts again
SELECT count(*) AS frames, count(*) FILTER (WHERE w = (SELECT head_cuts(v, '{0.5}') FROM many AS m
  WHERE m.id BETWEEN s.id - 4 AND s.id)) AS same
FROM (SELECT id, head_cuts(v, '{0.5}') OVER (ORDER BY id ROWS 4 PRECEDING) AS w FROM many WHERE id <= 200) AS s;

--
-- So many values that most are only counted: negatives, zeros, whole numbers of
-- very different size, large groups of equals
--
CREATE TABLE wide AS
SELECT g, i, CASE g WHEN 1 THEN floor(u(i, 7) * 2000) - 1000 WHEN 2 THEN floor(2 ^ (u(i, 7) * 33)) WHEN 3 THEN 5
  WHEN 4 THEN floor(u(i, 7) * 3) WHEN 5 THEN -1 - floor(u(i, 7) * 1000)
                    WHEN 6 THEN CASE WHEN i <= 3 THEN 2 ^ 34 ELSE i % 7 END ELSE (1 + i % 8) * 1024 END AS v
FROM generate_series(1, 7) AS g, generate_series(1, 20000 + 100 * g) AS i;
CREATE TABLE wide_group AS
SELECT g, v, heads, nall, (tot - amt) / nullif(pos, 0) AS before, tot / nullif(pos, 0) AS with_it,
  (heads - n)::numeric / nall AS heads_before, heads::numeric / nall AS heads_with
FROM (SELECT g, v, n, amt, sum(amt) OVER w AS tot, sum(n) OVER w AS heads, sum(amt) OVER (PARTITION BY g) AS pos,
  sum(n) OVER (PARTITION BY g) AS nall
      FROM (SELECT g, v, count(*) AS n, sum(greatest(v, 0)::numeric) AS amt FROM wide GROUP BY g, v) AS d
        WINDOW w AS (PARTITION BY g ORDER BY v DESC)) AS c;
SELECT g, share_cuts(v, l) = (SELECT array_agg(coalesce((SELECT min(v) FROM wide_group AS c
  WHERE c.g = wide.g AND v > 0 AND before < x::numeric), 'Infinity') ORDER BY x DESC)
  FROM unnest(l) AS x) AS share_fill,
       share_cuts(v, l, 'fit') = (SELECT array_agg(coalesce((SELECT min(v) FROM wide_group AS c
         WHERE c.g = wide.g AND v > 0 AND with_it <= x::numeric), 'Infinity') ORDER BY x DESC)
         FROM unnest(l) AS x) AS share_fit,
       head_cuts(v, l) = (SELECT array_agg(coalesce((SELECT min(v) FROM wide_group AS c
         WHERE c.g = wide.g AND heads_before < x::numeric), 'Infinity') ORDER BY x DESC)
         FROM unnest(l) AS x) AS head_fill,
       head_cuts(v, l, 'fit') = (SELECT array_agg(coalesce((SELECT min(v) FROM wide_group AS c
         WHERE c.g = wide.g AND heads_with <= x::numeric), 'Infinity') ORDER BY x DESC)
         FROM unnest(l) AS x) AS head_fit,
       head_cuts(v, l, 'fit') = head_cuts(v, l, 'fit' ORDER BY u(i, 9)) AS any_order,
       median_cut(v) = ARRAY[percentile_cont(0.5) WITHIN GROUP (ORDER BY v)] AS median,
       pareto_share(v, 0.2) IS NOT DISTINCT FROM (SELECT (sum(greatest(v,
         0)) FILTER (WHERE r <= ceil(0.2 * n)) / nullif(sum(greatest(v, 0)), 0))
         FROM (SELECT v, row_number() OVER (ORDER BY v DESC) AS r, count(*) OVER () AS n FROM wide AS w
         WHERE w.g = wide.g) AS w) AS top
FROM wide, (SELECT '{0.001, 0.125, 0.25, 0.5, 0.75, 0.875, 0.95, 1}'::float8[] AS l) AS l GROUP BY g, l ORDER BY g;
-- the smallest and the largest numbers there are
SELECT n, head_cuts(v, '{0.25, 0.75}') AS heads, median_cut(v) AS median, share_cuts(v, '{0.5}') AS share
FROM (VALUES (3), (9000)) AS n(n),
  LATERAL (SELECT unnest(ARRAY['-1e300', '-5e-324', '5e-324', '1e300']::float8[]) AS v FROM generate_series(1, n)) AS v
  GROUP BY n ORDER BY n;
SELECT outcome('SELECT share_cuts(v, ''{0.5}'') FROM unnest(ARRAY[1e308, 1e308]) AS v'),
  outcome('SELECT mean_cut(v) FROM unnest(ARRAY[1e308, 1e308]) AS v'), median_cut(v) AS median, median_cut(w) AS middle
  FROM unnest(ARRAY[1e308, 1e308], ARRAY[-1.7e308, 1.7e308]) AS v(v, w);

--
-- Mean and median
--
SELECT mean_cut(v), median_cut(v), mean_cut(v::numeric) AS mean_numeric, median_cut(v::numeric) AS median_numeric
  FROM unnest(ARRAY[1, 2, 4, 9]) AS v;
SELECT mean_cut(v) AS mean, median_cut(v) AS median FROM unnest(ARRAY[7.5]) AS v;
SELECT mean_cut(v) AS mean, median_cut(v) AS median FROM unnest(ARRAY[NULL, -3, NULL, 0, -4]) AS v;
SELECT mean_cut(v) AS mean, median_cut(v) AS median FROM unnest(ARRAY[NULL]::float8[]) AS v;
-- equal values reach their mean
SELECT count(*) AS samples, count(*) FILTER (WHERE reached) AS reached
  FROM (SELECT n, x, score(x, mean_cut(x)) = 2 AND score(x, median_cut(x)) = 2 AS reached
  FROM generate_series(1, 100) AS n, LATERAL (SELECT n / 7.0::float8 AS x FROM generate_series(1, n)) AS x
  GROUP BY n, x) AS s;
SELECT count(*) AS groups, count(*) FILTER (WHERE abs(mean[1] - exact) <= 1e-15 * abs(exact)) AS mean,
  count(*) FILTER (WHERE mean = numeric) AS mean_numeric, count(*) FILTER (WHERE median = ARRAY[middle]) AS median
FROM (SELECT g, mean_cut(v) AS mean, mean_cut(v::numeric) AS numeric, median_cut(v) AS median,
  avg(v::numeric)::float8 AS exact, percentile_cont(0.5) WITHIN GROUP (ORDER BY v) AS middle FROM val GROUP BY g) AS c;
-- in any order, even where the values cancel each other
SELECT count(*) AS samples, count(*) FILTER (WHERE up = down AND up = shuffled) AS same
FROM (SELECT s, mean_cut(v ORDER BY v) AS up, mean_cut(v ORDER BY v DESC) AS down, mean_cut(v ORDER BY n) AS shuffled
      FROM (SELECT s, n, CASE WHEN n = 10 THEN -sum(d) OVER (PARTITION BY s ORDER BY n) + d ELSE d END::float8 AS v
            FROM (SELECT s, n, round(((u(s * 100 + n, 3) - 0.5) * 10 ^ (s % 7))::numeric, 2) AS d
              FROM generate_series(1, 1500) AS s, generate_series(1, 10) AS n) AS d) AS v GROUP BY s) AS m;
SELECT outcome('SELECT mean_cut(v) FROM unnest(ARRAY[1, ''NaN''::float8]) AS v'),
  outcome('SELECT median_cut(v) FROM unnest(ARRAY[1, ''Infinity''::float8]) AS v'),
  outcome('SELECT mean_cut(v) FROM unnest(ARRAY[1, ''NaN''::numeric]) AS v');

-- numeric values are ranked as their casts to float8, of any size and number of decimals
CREATE TABLE number AS
SELECT i, round(((hashint8(i) / 7.0)::numeric / 10 ^ (i % 19)::numeric) * 10 ^ (i % 7 * 3)::numeric, i % 9) AS v
FROM generate_series(1, 20000) AS i;
SELECT count(*) AS values,
       count(*) FILTER (WHERE score(v, ARRAY[v::float8]) = 2) AS reached,
       count(*) FILTER (WHERE classify(v, ARRAY[v::float8], '{below, above}') = 'above') AS above,
       share_cuts(v, '{0.5, 0.9}') = share_cuts(v::float8, '{0.5, 0.9}') AS share_cuts,
       share_cuts(v, '{0.5, 0.9}', 'fit') = share_cuts(v::float8, '{0.5, 0.9}', 'fit') AS share_cuts_fit,
       head_cuts(v, '{0.01, 0.9}') = head_cuts(v::float8, '{0.01, 0.9}') AS head_cuts,
       head_cuts(v, '{0.01, 0.9}', 'fit') = head_cuts(v::float8, '{0.01, 0.9}', 'fit') AS head_cuts_fit
FROM number;
SELECT score('NaN'::numeric, '{1}');
SELECT head_cuts('NaN'::numeric, '{0.5}');

DROP SCHEMA t_cuts CASCADE;
