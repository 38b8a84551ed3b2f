SELECT sum(clv(model, spend, btyd(ledger, DATE '2026-01-01'), 52, 0.002)) FROM ledgers, fitted;
