-- Compares each value with the lines of 80 and 95 % of the total.
SELECT class, count(*) FROM (
  SELECT classify(total, cuts, '{C, B, A}') AS class
  FROM summary, (SELECT share_cuts(total, '{0.80, 0.95}', 'fit') AS cuts FROM summary) AS c) AS classes
GROUP BY class;
