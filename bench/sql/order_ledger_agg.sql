SELECT count(ledger)
FROM (SELECT customer_id, ledger_agg(sold_at, amount, 'UTC', order_id) AS ledger
      FROM lines GROUP BY customer_id OFFSET 0) AS customers;
