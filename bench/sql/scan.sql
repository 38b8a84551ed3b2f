SELECT count(ledger) FROM ledgers;
