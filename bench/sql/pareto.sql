SELECT sum(share) FROM (SELECT pareto_share(total) OVER () AS share FROM summary) AS shares;
