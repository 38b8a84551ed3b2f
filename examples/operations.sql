-- The sample shop at work: who looks after whom, visits, referrals, prospects, payments, contracts.
-- doc/operations.md and doc/cookbook.md ask it:
--	createdb shop && psql -d shop -f examples/shop.sql -f examples/operations.sql

CREATE EXTENSION IF NOT EXISTS customer_tier;
SELECT format('ALTER DATABASE %I SET search_path = public, customer_tier', current_database()) \gexec
SET search_path = public, customer_tier;
SET datestyle = ISO;
SET client_min_messages = warning;

-- a number in [0, 1), of customer i and purpose k
CREATE OR REPLACE FUNCTION pg_temp.u(i bigint, k bigint) RETURNS float8
LANGUAGE sql IMMUTABLE
AS 'SELECT (hashint8extended(i, k) & 4294967295) / 4294967296.0';

CREATE VIEW profit AS
SELECT customer_id AS customer, sold_at::date AS sold_at, round(amount * 0.35 - 9, 2) AS amount FROM sales;
COMMENT ON VIEW profit IS 'what an order or a return leaves: 35 % of the amount, less 9 to handle it';

CREATE VIEW cost AS
SELECT customer_id AS customer, sold_at::date AS sold_at, round(9 + abs(amount) * 0.02, 2) AS amount FROM sales;
COMMENT ON VIEW cost IS 'the cost to serve: 9 for each order or return, and 2 % of the amount';

CREATE TABLE referral (customer_id bigint PRIMARY KEY, referrer bigint);
COMMENT ON TABLE referral IS 'who brought a customer; null: came alone';
INSERT INTO referral
SELECT customer_id, CASE WHEN customer_id > 1 AND pg_temp.u(customer_id, 8000) < 0.3
                         THEN 1 + floor(pg_temp.u(customer_id, 8001) * (customer_id - 1))::bigint END
FROM customer;

CREATE TABLE opportunity (opportunity int NOT NULL, stage text NOT NULL, entered_on date NOT NULL);
COMMENT ON TABLE opportunity IS
  'prospects and the stages that they entered: contact, visit, offer, contract, or declined';
INSERT INTO opportunity
SELECT i, stage, date '2026-01-05' + (pg_temp.u(i, 9000) * 150 + n * (3 + pg_temp.u(i, 9001 + n) * 20))::int
FROM generate_series(1, 600) AS i,
  unnest('{contact, visit, offer, contract}'::text[]) WITH ORDINALITY AS s(stage, n)
WHERE pg_temp.u(i, 9010) < (0.55 ^ (n - 1));
INSERT INTO opportunity
SELECT opportunity, 'declined', max(entered_on) + 1 + (pg_temp.u(opportunity, 9020) * 30)::int
FROM opportunity GROUP BY opportunity
HAVING pg_temp.u(opportunity, 9021) < 0.4 AND NOT bool_or(stage = 'contract');

CREATE TABLE payment (customer_id bigint NOT NULL, paid_on date NOT NULL, amount numeric(12,2) NOT NULL);
COMMENT ON TABLE payment IS 'what the wholesale customers have paid; some pay late, some not all';
INSERT INTO payment
SELECT customer_id, sold_at::date + 10 + (pg_temp.u(customer_id, 9100) * 50)::int, amount
FROM sales WHERE customer_id % 500 = 0 AND amount > 0 AND pg_temp.u(sale_id, 9101) < 0.97;

CREATE TABLE contract (customer_id bigint PRIMARY KEY, renews_on date NOT NULL, premium numeric(12,2) NOT NULL);
COMMENT ON TABLE contract IS 'contracts that end unless they are renewed, with their yearly premium';
INSERT INTO contract
SELECT customer_id, date '2026-07-01' + (pg_temp.u(customer_id, 9200) * 364)::int,
  round((60 + 900 * pg_temp.u(customer_id, 9201) ^ 3)::numeric, 2)
FROM customer WHERE customer_id % 4 = 0;

CREATE TABLE answer (customer_id bigint PRIMARY KEY, score int NOT NULL);
COMMENT ON TABLE answer IS 'would you recommend us? 0 to 10';
INSERT INTO answer
SELECT customer_id, least(10, floor(4 + 4 * pg_temp.u(customer_id, 9300) + 3.4 * pg_temp.u(customer_id, 9301)))::int
FROM customer WHERE customer_id % 12 = 0;

ANALYZE;

CALL track('sales', customer => 'customer_id', amount => 'amount', sold_at => 'sold_at');
CALL track('profit');
CALL track('cost');
CALL track('visit', customer => 'customer_id', amount => '1', sold_at => 'visited_on');

CREATE SCHEMA crm;
SELECT create_scheme('crm.abc', 'sales_sale', preset => 'abc', attributes => 'customer', hold => '6 months',
  options => '{"value": "total(ledger, trailing_months(as_of, 12))"}');
SELECT scheme, customers FROM schemes, refresh_scheme(scheme, '2026-03-31')
WHERE scheme = 'crm.abc'::regclass;
SELECT scheme, customers, up, down FROM schemes, refresh_scheme(scheme, '2026-06-30')
WHERE scheme = 'crm.abc'::regclass;
