SELECT count(ledger)
FROM roll_up('SELECT customer_id, sold_at, amount, order_id FROM lines', 'UTC') AS (customer_id bigint, ledger ledger);
