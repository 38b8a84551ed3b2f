SELECT sum(total(ledger)) FROM ledgers;
