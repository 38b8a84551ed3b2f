-- Orders and their lines in two tables, and their join as a source: ten lines a customer.
-- psql variable: customers
CREATE TABLE orders AS
SELECT i AS id, 1 + i % :customers AS customer_id, date '2026-01-01' + (i % 300)::int AS ordered_on
FROM generate_series(1, 5 * :customers::bigint) AS i;
ALTER TABLE orders ADD PRIMARY KEY (id);
CREATE INDEX ON orders (customer_id);
CREATE TABLE order_line AS
SELECT 1 + i % (5 * :customers::bigint) AS order_id, ((i % 9000) / 100.0)::numeric(10, 2) AS amount
FROM generate_series(1, 10 * :customers::bigint) AS i;
CREATE INDEX ON order_line (order_id);
ALTER TABLE order_line ADD FOREIGN KEY (order_id) REFERENCES orders;
VACUUM ANALYZE orders, order_line;
CREATE VIEW shop AS
SELECT o.customer_id AS customer, o.ordered_on AS sold_at, l.amount
FROM orders AS o JOIN order_line AS l ON l.order_id = o.id;
CALL track('shop');
