SELECT sum(orders), count(DATE '2026-01-01' - last_day), sum(total) FROM summary;
