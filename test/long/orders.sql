-- Histories of order lines, 15 of them from the psql variable seed on, against plain SQL.
SET client_min_messages = warning;
SET search_path = t_orders, test, public, customer_tier, customer_tier_internal;
CALL order_histories(:seed * 1000, :seed * 1000 + 14);
