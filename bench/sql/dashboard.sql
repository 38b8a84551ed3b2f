-- What the dashboard shows: customers with names, two schemes of two refreshes, visits.
SET work_mem = '64MB';
CREATE TABLE customer AS
SELECT customer_id, 'Customer ' || customer_id AS name,
       (ARRAY['Ann', 'Bob', 'Cid', 'Dee'])[1 + customer_id % 4] AS owner
FROM (SELECT DISTINCT customer_id FROM sales ORDER BY customer_id) AS c;
ALTER TABLE customer ADD PRIMARY KEY (customer_id);
CREATE TABLE visit AS
SELECT customer_id, date '2025-12-31' - (customer_id % 181)::int AS visited_on FROM customer WHERE customer_id % 5 = 0;
CALL track('sales', 'customer_id', 'amount', 'sold_at', time_zone => 'UTC');
CALL track('visit', 'customer_id', '1', 'visited_on');
SELECT create_scheme('abc', 'sales', preset => 'abc', attributes => 'customer', hold => '1 year',
         options => '{"value": "total(ledger, trailing_months(as_of, 12))"}'),
       create_scheme('rfm', 'sales', preset => 'rfm');
SELECT refresh_scheme(scheme, day)
FROM schemes, unnest('{2025-11-30, 2025-12-31}'::date[]) AS day ORDER BY scheme, day;
SELECT set_policy('abc', 'A', contacts_min => 1, every => '3 months', priority => 1);
SELECT create_operation_views('abc', 'visit');
VACUUM ANALYZE;
