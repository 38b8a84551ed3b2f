SELECT sum(clv((SELECT model FROM fitted), (SELECT spend FROM fitted), btyd(ledger, DATE '2026-01-01'), 52, 0.002))
FROM ledgers;
