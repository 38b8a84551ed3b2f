SELECT count(state) FROM (
  SELECT s.customer, CASE
    WHEN done > contacts_max THEN 'over' WHEN contacts_min > 0 AND last IS NULL THEN 'never'
    WHEN contacts_min > 0 AND last + 31 / contacts_min < date '2026-01-01' THEN 'overdue' ELSE 'on plan' END AS state,
    row_number() OVER (ORDER BY priority, last NULLS FIRST, v.amount DESC, s.customer) AS place
  FROM abc__state AS s JOIN abc__tier USING (tier)
    JOIN (SELECT customer_id AS customer, sum(amount) AS amount FROM sales GROUP BY 1) AS v USING (customer)
    LEFT JOIN (SELECT customer, count(*) FILTER (WHERE visited_on > '2025-12-01') AS done, max(visited_on) AS last
               FROM visit WHERE visited_on <= '2026-01-01' GROUP BY customer) AS c USING (customer)) AS p
