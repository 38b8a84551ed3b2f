-- The same as rfm_ntile.sql, but equal values get equal scores.
SELECT count(r), count(f), count(m) FROM (
  SELECT 1 + floor(5 * percent_rank() OVER (ORDER BY last_day)) AS r,
  1 + floor(5 * percent_rank() OVER (ORDER BY orders)) AS f,
         1 + floor(5 * percent_rank() OVER (ORDER BY total)) AS m
  FROM summary) AS scores;
