-- Scores of 1 to 5 on three axes: finds the lines, then compares.
SELECT count(r), count(f), count(m) FROM (
  SELECT score(last_day - DATE '2026-01-01', cuts_r) AS r, score(orders, cuts_f) AS f, score(total, cuts_m) AS m
  FROM summary, (SELECT head_cuts(last_day - DATE '2026-01-01', '{0.2, 0.4, 0.6, 0.8}', 'fit') AS cuts_r,
    head_cuts(orders, '{0.2, 0.4, 0.6, 0.8}', 'fit') AS cuts_f,
                        head_cuts(total, '{0.2, 0.4, 0.6, 0.8}', 'fit') AS cuts_m FROM summary) AS c) AS scores;
