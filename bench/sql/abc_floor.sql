-- What the executor takes for an ABC analysis: two scans, a sum, and a count of each label.
SELECT class, count(*) FROM (
  SELECT CASE WHEN total < 100 THEN 'C' WHEN total < cut THEN 'B' ELSE 'A' END AS class
  FROM summary, (SELECT sum(total) / 1000 AS cut FROM summary) AS c) AS classes
GROUP BY class;
