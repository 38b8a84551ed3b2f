-- The textbook formula over ranks.
SELECT sum((2 * i - n - 1) * total) / (max(n) * sum(total))
FROM (SELECT total, row_number() OVER (ORDER BY total) AS i, count(*) OVER () AS n
      FROM (SELECT greatest(total, 0) AS total FROM summary) AS heads) AS ranked;
