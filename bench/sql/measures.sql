SELECT sum(orders(ledger)), count(recency(ledger, DATE '2026-01-01')), sum(total(ledger)) FROM ledgers;
