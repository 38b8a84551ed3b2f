-- Tests natural breaks against all possible breaks, and against a slow exact algorithm.
SET client_min_messages = warning;
CREATE SCHEMA t_natural;
SET search_path = t_natural, test, public, customer_tier;

--
-- By hand
--
-- three groups that everyone sees
SELECT natural_cuts(v, 3), natural_cuts(v, 2) AS two, natural_cuts(v, 1) AS one,
  natural_cuts(v::numeric, 3) AS "numeric" FROM unnest(ARRAY[-1, 2, -1, 2, 4, 5, 6, -1, 2, -1]) AS v;
SELECT classes, goodness, cuts FROM unnest((SELECT natural_fit(v, 5) FROM unnest(ARRAY[1, 2, 4, 5, 9, 10]) AS v))
ORDER BY classes;
-- squared errors by hand: {1 2}{4 5}{9 10} leave 1.5 of 66.8333
SELECT round((1 - goodness)::numeric * 401 / 6, 10) AS error
FROM unnest((SELECT natural_fit(v, 3) FROM unnest(ARRAY[1, 2, 4, 5, 9, 10]) AS v)) WHERE classes = 3;
-- fewer values than classes: the lines above are not reached
SELECT natural_cuts(v, 4), classify(v, natural_cuts(v, 4), '{d, c, b, a}') AS class FROM unnest(ARRAY[3, 3, 3]) AS v
GROUP BY v;
SELECT natural_cuts(v, 5), natural_cuts(v, 2) AS two FROM unnest(ARRAY[3, 7, 3]) AS v;
SELECT natural_fit(v, 5) AS all_equal FROM unnest(ARRAY[3, 3]) AS v;
SELECT natural_fit(v, 5) FROM unnest(ARRAY[3, 7]) AS v;
SELECT natural_cuts(v, 3) AS nothing, natural_fit(v, 3) AS no_fit FROM unnest(ARRAY[NULL]::float8[]) AS v;
SELECT natural_cuts(v, 2) AS with_nulls FROM unnest(ARRAY[1, NULL, 9, NULL]) AS v;
-- one holds nearly all
SELECT natural_cuts(v, 2), natural_cuts(v, 3) AS three FROM unnest(ARRAY[90, 2, 2, 1, 1, 1, 1, 1, 0.5, 0.5]) AS v;
-- far from zero, near to each other; very large, very small
SELECT natural_cuts(1e9 + v / 1024.0, 3) AS shifted FROM unnest(ARRAY[1, 2, 4, 5, 9, 10]) AS v;
SELECT natural_cuts(v * '1e300'::float8, 3) AS large, natural_cuts(v * '1e-300'::float8, 3) AS small
FROM unnest(ARRAY[1, 2, 4, 5, 9, 10]) AS v;
-- a few units in the last place apart: sums of decimals
SELECT classes, goodness, cuts
FROM unnest((SELECT natural_fit(v, 3) FROM unnest(ARRAY[0.3::float8, 0.1::float8 + 0.2::float8]) AS v));
SELECT classes, goodness, cuts
FROM unnest((SELECT natural_fit(v, 2)
  FROM unnest(ARRAY['1', '1.0000000000000002', '1.0000000000000004']::float8[]) AS v));
SELECT count(*) AS fits, count(*) FILTER (WHERE abs(f.goodness - e.goodness) < 1e-13) AS same,
  count(*) FILTER (WHERE f.cuts = ARRAY(SELECT 1e9::float8 + x * 2 ^ -20 FROM unnest(e.cuts) AS x)) AS same_cuts
FROM unnest((SELECT natural_fit(1e9::float8 + (i % 31) * 2 ^ -20, 6) FROM generate_series(1, 4500) AS i)) AS f
JOIN unnest((SELECT natural_fit(i % 31, 6) FROM generate_series(1, 4500) AS i)) AS e USING (classes);
-- cuts and fit agree
SELECT count(*) AS groups, count(*) FILTER (WHERE fit[4].cuts = cuts) AS same
FROM (SELECT g, natural_fit(v / 10, 5) AS fit, natural_cuts(v / 10, 5) AS cuts FROM val GROUP BY g
  HAVING count(DISTINCT v) >= 5) AS f;
-- what is refused
SELECT s AS call, outcome('SELECT ' || s || ' FROM (VALUES (1::float8), (2), (3)) AS v(v)') AS outcome
FROM unnest(ARRAY[
  $$natural_cuts(v, 0)$$, $$natural_cuts(v, -1)$$, $$natural_cuts(v, 101)$$, $$natural_fit(v, 0)$$,
    $$natural_cuts('NaN'::float8, 2)$$, $$natural_cuts('Infinity'::float8, 2)$$, $$natural_cuts('NaN'::numeric, 2)$$,
    $$natural_cuts(v, v::int)$$
]) WITH ORDINALITY AS i(s, o) ORDER BY o;

--
-- All breaks there are, for the random inputs of up to nine values
--
CREATE TABLE point AS
SELECT g, v, n, row_number() OVER (PARTITION BY g ORDER BY v) AS place, count(*) OVER (PARTITION BY g) AS points
FROM (SELECT g, v::numeric, count(*) AS n
  FROM (SELECT g, v, dense_rank() OVER (PARTITION BY g ORDER BY v) AS r FROM val) AS r WHERE r <= 9 GROUP BY g, v) AS d;
-- bit i of a mask is a break above place i
CREATE TABLE breaks AS
SELECT g, mask, 1 + (SELECT count(*) FROM generate_series(0, 7) AS b WHERE mask >> b & 1 = 1) AS classes, error
FROM (SELECT g, mask, sum(error) AS error
      FROM (SELECT g, mask, class, sum(n * v * v) - sum(n * v) ^ 2 / sum(n) AS error
            FROM (SELECT g, mask, v, n, (SELECT count(*) FROM generate_series(1, place - 1) AS b
              WHERE mask >> (b::int - 1) & 1 = 1) AS class
                  FROM point, generate_series(0, (1 << (points::int - 1)) - 1) AS mask) AS p
                    GROUP BY g, mask, class) AS c GROUP BY g, mask) AS m;
CREATE TABLE best AS SELECT g, classes, min(error) AS error FROM breaks GROUP BY g, classes;
CREATE TABLE ours AS
SELECT c.g, k, cuts, (SELECT sum(error)
  FROM (SELECT sum(n * v * v) - sum(n * v) ^ 2 / sum(n) AS error FROM point WHERE point.g = c.g
  GROUP BY score(v, cuts)) AS e) AS error
FROM (SELECT g, k, natural_cuts(v, k) AS cuts FROM point, generate_series(1, n) AS i, generate_series(1, 9) AS k
  WHERE k <= points GROUP BY g, k) AS c(g, k, cuts);
SELECT count(*) AS inputs, count(DISTINCT ours.g) AS groups,
  count(*) FILTER (WHERE abs(ours.error - best.error) < 1e-12 * (1 + best.error)) AS as_good_as_the_best,
       count(*) FILTER (WHERE cardinality(cuts) = classes - 1 AND NOT 'Infinity' = ANY (cuts)) AS all_reached
FROM ours FULL JOIN best ON ours.g = best.g AND k = classes;
-- the fit, and each cut a value that is there
SELECT count(*) AS fits, count(*) FILTER (WHERE abs(goodness - (1 - best.error / nullif(whole.error, 0))) < 1e-12) AS
  same, count(*) FILTER (WHERE f.cuts = ours.cuts) AS same_cuts,
       count(*) FILTER (WHERE (SELECT bool_and(x::numeric IN (SELECT v FROM point WHERE point.g = f.g))
         FROM unnest(f.cuts) AS x)) AS values
FROM (SELECT g, (unnest(natural_fit(v, 9))).* FROM point, generate_series(1, n) GROUP BY g) AS f
JOIN best USING (g, classes) JOIN ours ON ours.g = f.g AND k = f.classes
JOIN best AS whole ON whole.g = f.g AND whole.classes = 1;
-- in any order
SELECT count(*) AS groups, count(*) FILTER (WHERE natural_cuts = any_order) AS same
FROM (SELECT g, natural_cuts(v, 4), natural_cuts(v, 4 ORDER BY u(i, 3)) AS any_order FROM val GROUP BY g) AS c;

--
-- More values: the same recursion, step by step in numeric
--
CREATE FUNCTION least_error(value numeric[], k int) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
  n int := cardinality(value);
  s numeric[] := ARRAY[0]; q numeric[] := ARRAY[0];  -- s[i + 1]: of the first i
  before numeric[]; now numeric[]; e numeric; least numeric;
BEGIN
  FOR i IN 1..n LOOP
    s := s || s[i] + value[i]; q := q || q[i] + value[i] ^ 2;
  END LOOP;
  FOR class IN 1..k LOOP
    now := NULL;
    FOR j IN 1..n LOOP
      least := NULL;
      FOR i IN (CASE class WHEN 1 THEN 0 ELSE class - 1 END)..(CASE class WHEN 1 THEN 0 ELSE j - 1 END) LOOP
        e := q[j + 1] - q[i + 1] - (s[j + 1] - s[i + 1]) ^ 2 / (j - i) + CASE class WHEN 1 THEN 0 ELSE before[i] END;
        least := least(least, e);
      END LOOP;
      now[j] := least;
    END LOOP;
    before := now;
  END LOOP;
  RETURN before[n];
END $$;
CREATE TABLE larger AS SELECT g,
  round((CASE g % 3 WHEN 0 THEN exp(u(i, g) * 9)
  WHEN 1 THEN 1e6 + 40 * u(i, g) ELSE 200 * u(i, g) - 100 + 1000 * (i % 3) END)::numeric, 2) AS v
FROM generate_series(1, 6) AS g, generate_series(1, 60) AS i;
SELECT g, k, abs(ours - least_error(array_agg(v ORDER BY v), k)) < 1e-9 * ours AS same
FROM larger JOIN (SELECT g, k,
  (SELECT sum(error) FROM (SELECT sum(v * v) - sum(v) ^ 2 / count(*) AS error FROM larger AS l WHERE l.g = c.g
  GROUP BY score(v, cuts)) AS e) AS ours
                  FROM (SELECT g, k, natural_cuts(v, k) AS cuts FROM larger, unnest(ARRAY[2, 4, 7]) AS k
                    GROUP BY g, k) AS c) AS c USING (g) GROUP BY g, k, ours ORDER BY g, k;
-- a hundred thousand distinct values: no move of one line by one value makes it better
CREATE TABLE many AS SELECT exp(u(i, 1) * 10) AS v FROM generate_series(1, 100000) AS i;
CREATE FUNCTION error_of(cuts float8[]) RETURNS float8
LANGUAGE sql AS $$SELECT sum(e) FROM (SELECT var_pop(v) * count(*) AS e FROM many GROUP BY score(v, cuts)) AS e$$;
SELECT count(*) AS moves, count(*) FILTER (WHERE error_of(cuts[1:i - 1] || moved
  || cuts[i + 1:4]) < best * (1 - 1e-12)) AS better
FROM (SELECT cuts, error_of(cuts) AS best FROM (SELECT natural_cuts(v, 5) AS cuts FROM many) AS c) AS c,
  generate_series(1, 4) AS i,
     LATERAL (VALUES ((SELECT max(v) FROM many WHERE v < cuts[i])),
       ((SELECT min(v) FROM many WHERE v > cuts[i]))) AS m(moved);

DROP SCHEMA t_natural CASCADE;
