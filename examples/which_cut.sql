-- What doc/which_cut.md shows, from the database that make demo leaves:
--   psql ... demo -f examples/which_cut.sql
-- It reads the table customers (customer_id, ledger, total, orders) of report.sql.
\pset null '-'
\pset footer off
CREATE TEMP VIEW buyer AS SELECT *, last_day(ledger) AS last_day FROM customers WHERE orders > 0;

\echo '== The same customers, cut in five ways =='
WITH line AS (
  SELECT share_cuts(total, '{0.80, 0.95}') AS share, head_cuts(total, '{0.05, 0.20}') AS heads,
         natural_cuts(total, 3) AS natural, mean_cut(total) AS mean, median_cut(total) AS median
  FROM buyer),
way AS (
  SELECT v.* FROM line, LATERAL (VALUES (1, 'share_cuts 80/95', share), (2, 'head_cuts 5/20', heads),
    (3, 'natural_cuts 3', "natural"), (4, 'mean_cut', mean), (5, 'median_cut', median)) AS v (n, way, cuts))
SELECT way, score(total, cuts) AS score, round(cuts[score(total, cuts) - 1]::numeric, 2) AS from_total,
       count(*) AS heads, round(100 * sum(total) / sum(sum(total)) OVER (PARTITION BY way), 1) AS value_pct
FROM way, buyer GROUP BY n, way, cuts, score(total, cuts) ORDER BY n, score(total, cuts) DESC;

\echo '== fill and fit: the group that crosses the line =='
SELECT rule, cut[1] AS orders_from, count(*) AS heads,
       round(sum(orders) / (SELECT sum(orders) FROM buyer), 3) AS share_of_orders
FROM (SELECT 'fill' AS rule, share_cuts(orders, '{0.8}') AS cut FROM buyer
      UNION ALL SELECT 'fit', share_cuts(orders, '{0.8}', 'fit') FROM buyer) AS c, buyer
WHERE orders >= cut[1] GROUP BY rule, cut ORDER BY rule;

\echo '== How many levels, and where? =='
SELECT classes, round(goodness::numeric, 3) AS goodness, ARRAY(SELECT round(x::numeric) FROM unnest(cuts) AS x) AS cuts
FROM unnest((SELECT natural_fit(total, 7) FROM buyer)) ORDER BY classes;

\echo '== Mistake: NTILE parts equal customers =='
SELECT orders, f AS ntile, count(*) AS heads
FROM (SELECT orders, ntile(5) OVER (ORDER BY orders) AS f FROM buyer) AS n
WHERE orders <= 3 GROUP BY orders, f ORDER BY orders, f;
\echo '== Right: a score by lines =='
SELECT orders, score(orders, cuts) AS score, count(*) AS heads
FROM buyer, (SELECT head_cuts(orders, '{0.2, 0.4, 0.6, 0.8}', 'fit') AS cuts FROM buyer) AS c
WHERE orders <= 3 GROUP BY orders, cuts ORDER BY orders;

\echo '== Mistake: who never bought is the most recent =='
SELECT r AS ntile, count(*) AS heads, count(*) FILTER (WHERE orders = 0) AS never_bought
FROM (SELECT orders, ntile(5) OVER (ORDER BY last_day(ledger)) AS r FROM customers) AS n
GROUP BY r ORDER BY r DESC;
\echo '== Right: no purchase, no score =='
SELECT score(-recency, cuts) AS score, count(*) AS heads, count(*) FILTER (WHERE orders = 0) AS never_bought
FROM customers, (SELECT head_cuts(-recency, '{0.2, 0.4, 0.6, 0.8}', 'fit') AS cuts FROM customers) AS c
GROUP BY 1 ORDER BY 1 DESC;

\echo '== Mistake: a frame of ROWS parts equal customers =='
SELECT orders, class, count(*) AS heads FROM (
  SELECT orders, CASE WHEN sum(orders) OVER (ORDER BY orders DESC ROWS UNBOUNDED PRECEDING)
                           <= 0.8 * sum(orders) OVER () THEN 'A' ELSE 'B' END AS class
  FROM buyer) AS c
WHERE orders <= 3 GROUP BY orders, class ORDER BY orders, class;
\echo '== Right: one line =='
SELECT orders, classify(orders, cuts, '{B, A}') AS class, count(*) AS heads
FROM buyer, (SELECT share_cuts(orders, '{0.8}', 'fit') AS cuts FROM buyer) AS c
WHERE orders <= 3 GROUP BY orders, cuts ORDER BY orders;

\echo '== Mistake: an integer divided by an integer =='
SELECT count(*) FILTER (WHERE place / heads <= 0.2) AS top_20_percent, count(*) AS heads
FROM (SELECT row_number() OVER (ORDER BY total DESC) AS place, count(*) OVER () AS heads FROM buyer) AS r;
\echo '== Right =='
SELECT count(*) FILTER (WHERE total >= cut[1]) AS top_20_percent, count(*) AS heads
FROM buyer, (SELECT head_cuts(total, '{0.2}') AS cut FROM buyer) AS c;
