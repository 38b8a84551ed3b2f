-- The cumulative share of each value; equal values get the same share.
SELECT class, count(*) FROM (
  SELECT CASE WHEN share <= 0.80 THEN 'A' WHEN share <= 0.95 THEN 'B' ELSE 'C' END AS class
  FROM (SELECT sum(total) OVER (ORDER BY total DESC) / sum(total) OVER () AS share FROM summary) AS s) AS classes
GROUP BY class;
