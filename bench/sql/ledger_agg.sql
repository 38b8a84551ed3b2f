-- the outer count reads the column: without it the planner leaves the aggregate out
SELECT count(ledger)
FROM (SELECT customer_id, ledger_agg(sold_at, amount, 'UTC') AS ledger
      FROM sales GROUP BY customer_id OFFSET 0) AS customers;
