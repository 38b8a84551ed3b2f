-- What a window function that sees the whole partition takes at least.
SELECT count(share) FROM (SELECT count(total) OVER () AS share FROM summary) AS shares;
