SELECT count(recency(ledger, DATE '2026-01-01')) FROM ledgers;
