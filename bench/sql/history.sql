-- Customers for the value models: BG/NBD with r = 1, alpha = 60 days, a = 1, b = 2.5,
-- observed for 273 to 638 days.  psql variable: customers
SELECT setseed(0.42);
CREATE TABLE history (x int, t_x float8, t float8);
INSERT INTO history
SELECT least(n, last), coalesce((SELECT at
  FROM (SELECT ceil(random() * t) AS at FROM generate_series(1, n)) AS purchases ORDER BY at LIMIT 1
  OFFSET least(n, last) - 1), 0), t
FROM (SELECT t, floor(ln(1 - random()) / ln(t / (t + 60)))::int AS n,
  least(1e6, ceil(ln(1 - random()) / ln(1 - p)))::int AS last
      FROM (SELECT 273 + floor(365 * random()) AS t, greatest(1 - (1 - random()) ^ 0.4, 1e-6) AS p
        FROM generate_series(1, :customers::bigint) OFFSET 0) AS c OFFSET 0) AS c
WHERE n > 0
UNION ALL
SELECT 0, 0, t FROM (SELECT 273 + floor(365 * random()) AS t FROM generate_series(1, :customers::bigint / 10)) AS c;
