-- Scores of 1 to 5 on three axes, by three sorts.
SELECT count(r), count(f), count(m) FROM (
  SELECT ntile(5) OVER (ORDER BY last_day) AS r, ntile(5) OVER (ORDER BY orders) AS f,
  ntile(5) OVER (ORDER BY total) AS m
  FROM summary) AS scores;
