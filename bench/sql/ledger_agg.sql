-- the outer count reads the column, otherwise the planner removes the aggregate
SELECT count(ledger)
FROM (SELECT customer_id, ledger_agg(sold_at, amount, 'UTC') AS ledger
      FROM sales GROUP BY customer_id OFFSET 0) AS customers;
