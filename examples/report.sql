-- What an analyst wants to see of a sales table:
--   sales (customer_id, sold_at timestamp, amount numeric)
-- psql variable as_of: the day of the report; empty for the day after the last sale.

\pset null '-'
\pset format aligned
\pset border 1

SELECT coalesce(nullif(:'as_of', '')::date, max(sold_at)::date + 1) AS as_of,
       format_type(atttypid, atttypmod) AS customer_type
FROM sales, pg_attribute
WHERE attrelid = 'sales'::regclass AND attname = 'customer_id'
GROUP BY atttypid, atttypmod
\gset

\echo
\echo '== Sales =='
SELECT :'as_of' AS as_of, count(*) AS rows, count(DISTINCT customer_id) AS customers,
       min(sold_at)::date AS first_day, max(sold_at)::date AS last_day, sum(amount) AS total,
       sum(amount) FILTER (WHERE customer_id IS NULL) AS of_nobody
FROM sales;

-- One ledger for each customer: all that follows asks these.  (roll_up would
-- notice the sales of nobody; the table above has them.)
SET client_min_messages = warning;
CREATE TABLE ledgers AS
  SELECT * FROM roll_up('SELECT customer_id, sold_at, amount FROM sales')
    AS (customer_id :customer_type, ledger ledger);
RESET client_min_messages;

-- where customers have a table of their own, those who never bought count as well
SELECT to_regclass('customer') IS NOT NULL AS has_customers \gset
\if :has_customers
INSERT INTO ledgers SELECT customer_id, '{}' FROM customer
WHERE customer_id NOT IN (SELECT customer_id FROM ledgers);
\endif

CREATE TABLE customers AS
  SELECT customer_id, ledger, total(ledger) AS total, orders(ledger) AS orders,
         recency(ledger, :'as_of') AS recency, status(ledger, :'as_of') AS status
  FROM ledgers;

\echo '== How concentrated is the value? =='
SELECT count(*) AS customers, count(*) FILTER (WHERE orders > 0) AS with_purchase,
       sum(total) AS total,
       round(pareto_share(total, 0.01)::numeric, 10) AS top_1_percent,
       round(pareto_share(total, 0.10)::numeric, 10) AS top_10_percent,
       round(pareto_share(total, 0.20)::numeric, 10) AS top_20_percent
FROM customers;

SELECT round(gini::numeric, 10) AS gini, round(hhi::numeric, 15) AS hhi,
       round(equivalent_heads::numeric) AS as_if_equal_customers,
       round(decile_ratio::numeric, 1) AS top_tenth_to_bottom_tenth,
       round(peak::numeric, 4) AS peak_of_cumulative_share, round(loss::numeric, 2) AS returned_beyond_purchases
FROM (SELECT (concentration(total)).* FROM customers) AS c;

\echo '== ABC: who brings 80 and 95 % of the value? =='
WITH cuts AS (SELECT share_cuts(total, '{0.80, 0.95}') AS line FROM customers),
     classes AS (SELECT classify(total, line, '{C, B, A}') AS class, total, orders, line
                 FROM customers, cuts)
SELECT class,
       CASE class WHEN 'A' THEN line[2] WHEN 'B' THEN line[1] END AS from_total,
       count(*) AS heads, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS heads_pct,
       sum(total) AS value, round(100 * sum(total) / sum(sum(total)) OVER (), 1) AS value_pct,
       round(avg(total), 2) AS mean
FROM classes GROUP BY class, line ORDER BY class;

\echo '== Pyramids: the top of the heads =='
SELECT preset, tier, label, to_char(100 * p.heads, 'FM990') || ' %' AS of_the_heads,
       CASE WHEN tier <= cardinality(line) THEN line[cardinality(line) + 1 - tier] END AS from_total,
       count(*) AS heads, sum(total) AS value,
       round(100 * sum(total) / sum(sum(total)) OVER (PARTITION BY preset), 1) AS value_pct
FROM pyramid_presets() AS p
     JOIN (SELECT preset, head_cuts(total, tops) AS line
           FROM customers, (SELECT preset, array_agg(top ORDER BY top) FILTER (WHERE top < 1) AS tops
                            FROM pyramid_presets() GROUP BY preset) AS t
           WHERE orders > 0 GROUP BY preset, tops) AS l USING (preset)
     LEFT JOIN customers ON orders > 0 AND score(total, line) = cardinality(line) + 2 - tier
GROUP BY preset, tier, label, p.heads, line ORDER BY preset DESC, tier;

\echo '== How many levels, and where? (natural breaks of the logarithm) =='
SELECT classes, round(goodness::numeric, 3) AS goodness_of_fit,
       ARRAY(SELECT round(exp(x)::numeric, 2) FROM unnest(cuts) AS x) AS from_total
FROM unnest((SELECT natural_fit(ln(total::float8), 6) FROM customers WHERE total > 0)) ORDER BY classes;

-- a table of order lines has many rows for one order: then a day with a purchase counts once
SELECT sum(orders) > 1.5 * sum(purchase_days(ledger)) AS order_lines FROM customers \gset
\if :order_lines
\set frequency 'purchase days'
CREATE VIEW scored AS SELECT *, purchase_days(ledger) AS frequency FROM customers WHERE orders > 0;
\else
\set frequency orders
CREATE VIEW scored AS SELECT *, orders AS frequency FROM customers WHERE orders > 0;
\endif

\echo '== RFM: eleven segments (days since the last purchase,' :frequency 'and total; fifths by heads) =='
CREATE TABLE rfm_lines AS
  SELECT head_cuts(-recency, '{0.2, 0.4, 0.6, 0.8}', 'fit') AS r,
         head_cuts(frequency, '{0.2, 0.4, 0.6, 0.8}', 'fit') AS f,
         head_cuts(total, '{0.2, 0.4, 0.6, 0.8}', 'fit') AS m
  FROM scored;
CREATE TABLE rfm AS
  SELECT *, rfm_segment(r, f, m) AS segment
  FROM (SELECT customer_id, total, recency, frequency, score(-recency, lines.r) AS r,
               score(frequency, lines.f) AS f, score(total, lines.m) AS m
        FROM scored, rfm_lines AS lines) AS scores;

SELECT axis, line[1] AS score_2, line[2] AS score_3, line[3] AS score_4, line[4] AS score_5
FROM rfm_lines, LATERAL (VALUES (1, 'R: days, at most', ARRAY[-r[1], -r[2], -r[3], -r[4]]),
                                (2, 'F: ' || :'frequency' || ', from', f),
                                (3, 'M: total, from', m)) AS axes (n, axis, line)
ORDER BY n;

SELECT segment, count(*) AS heads, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS heads_pct,
       sum(total) AS value, round(100 * sum(total) / sum(sum(total)) OVER (), 1) AS value_pct,
       round(avg(recency)) AS mean_recency, round(avg(frequency), 1) AS mean_frequency
FROM rfm GROUP BY segment ORDER BY min(array_position(ARRAY['Champions', 'Loyal', 'Potential Loyalist', 'New',
  'Promising', 'Need Attention', 'About To Sleep', 'At Risk', 'Cannot Lose', 'Hibernating', 'Lost'], segment));

\echo '== RFM: eight classes (high is above the mean score) =='
SELECT class, count(*) AS heads, sum(total) AS value,
       round(100 * sum(total) / sum(sum(total)) OVER (), 1) AS value_pct
FROM (SELECT total, rfm_class8(r, f, m) OVER () AS class FROM rfm) AS c
     JOIN rfm_classes8() WITH ORDINALITY USING (class)
GROUP BY class, ordinality ORDER BY ordinality;

\echo '== Quadrant: money against loyalty (both cut at the median) =='
SELECT quadrant, count(*) AS heads, sum(total) AS value,
       round(100 * sum(total) / sum(sum(total)) OVER (), 1) AS value_pct
FROM (SELECT total, quadrant_class(total, purchase_days(ledger),
                                   '{{small and rare, big ticket}, {small and often, key}}') OVER () AS quadrant
      FROM customers WHERE orders > 0) AS q
GROUP BY quadrant ORDER BY value DESC;

\echo '== Where is everyone? (by each customer''s own rhythm) =='
SELECT status, count(*) AS heads, sum(total) AS value
FROM customers GROUP BY status ORDER BY value DESC;

\echo '== The ten best =='
SELECT customer_id, round(total, 2) AS total, round((100 * pareto_share)::numeric, 2) AS share_so_far_pct,
       orders, last_day(ledger) AS last_purchase, status
FROM (SELECT *, pareto_share(total) OVER (ORDER BY total DESC) FROM customers) AS c
ORDER BY c.total DESC, customer_id LIMIT 10;

\echo '== The ten most worrying: worth much, and away for longer than they ever used to be =='
SELECT customer_id, round(total, 2) AS total, orders, last_day(ledger) AS last_purchase, recency AS days_away,
       round(mean_interval(ledger)::numeric, 1) AS used_to_come_every, status
FROM customers WHERE status IN ('silent', 'churned') AND orders > 1
ORDER BY status DESC, customers.total DESC, customer_id LIMIT 10;
