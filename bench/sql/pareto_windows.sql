SELECT sum(share) FROM (SELECT sum(total) OVER (ORDER BY total DESC) / sum(total) OVER () AS share
  FROM summary) AS shares;
