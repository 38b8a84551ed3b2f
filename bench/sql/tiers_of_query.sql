CREATE UNLOGGED TABLE result AS
SELECT * FROM tiers('SELECT customer_id, sold_at, amount FROM sales', 'rfm', '2026-01-01', '{}',
                    customer => NULL::bigint, time_zone => 'UTC');
