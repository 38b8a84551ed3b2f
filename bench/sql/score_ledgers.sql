SELECT sum(expected_purchases(model, btyd(ledger, DATE '2026-01-01'), 273)) FROM ledgers, fitted;
