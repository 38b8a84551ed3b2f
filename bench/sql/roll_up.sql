SELECT count(ledger)
FROM roll_up('SELECT customer_id, sold_at, amount FROM sales', 'UTC') AS (customer_id bigint, ledger ledger);
