SELECT count(orders(ledger)) FROM ledgers;
