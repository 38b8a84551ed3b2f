SELECT count(total(ledger)) FROM ledgers;
