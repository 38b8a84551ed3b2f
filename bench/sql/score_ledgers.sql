SELECT sum(expected_purchases((SELECT model FROM fitted), btyd(ledger, DATE '2026-01-01'), 273)) FROM ledgers;
