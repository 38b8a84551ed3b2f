-- Pictures of the sample shop, and a report of it: after shop.sql and schemes.sql.
--
--	psql -v directory=... -f examples/pictures.sql
--
-- The pictures of doc/img are these: scripts/check-pictures makes and compares them.

\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset footer off
SET client_min_messages = warning;

-- a year of month ends, as if the scheme had been refreshed on each
SELECT format('%s days', backfill('crm.abc', '2025-07-31', '2026-07-31', '1 month')) \g /dev/null
-- what is earned: an eighth of the sales, less what a customer and an order cost
SELECT create_scheme('crm.profit', 'sales', 'whale', options =>
  '{"profit": "0.125 * total(ledger) - 6 - 2.5 * orders(ledger)"}') \g /dev/null
SELECT customers FROM refresh_scheme('crm.profit', '2026-07-31') \g /dev/null

\set file :directory/pyramid.svg
\o :file
SELECT picture('crm.abc', 'pyramid', '{"title": "A fifth of the customers bring two thirds of the value",
  "subtitle": "Customers of the sample shop by tier, 31 July 2026"}');
\set file :directory/lorenz.svg
\o :file
SELECT picture('crm.abc', 'lorenz', '{"subtitle": "Sales of twelve months to 31 July 2026"}');
\set file :directory/whale.svg
\o :file
SELECT picture('crm.profit', 'whale',
  '{"subtitle": "An eighth of the sales, less what a customer and an order cost"}');
\set file :directory/flow.svg
\o :file
SELECT picture('crm.rfm', 'flow',
  '{"subtitle": "RFM segments of the sample shop, and who is in another a month later"}');
\set file :directory/trend.svg
\o :file
SELECT picture('crm.abc', 'trend');
\set file :directory/drivers.svg
\o :file
SELECT picture('crm.rfm', 'drivers');
\set file :directory/bars.svg
\o :file
SELECT picture('crm.rfm', 'bars');
\set file :directory/funnel.svg
\o :file
SELECT svg_funnel('{Customers, Have bought, Have bought twice, Five times or more, Ten times or more}',
                  ARRAY[count(*), count(*) FILTER (WHERE n > 0), count(*) FILTER (WHERE n > 1),
                        count(*) FILTER (WHERE n >= 5), count(*) FILTER (WHERE n >= 10)],
                  '{"title": "How many come back"}')
FROM (SELECT coalesce(orders(ledger), 0) AS n
      FROM customer LEFT JOIN sales_ledger ON customer = customer_id) AS c;
\set file :directory/cohorts.svg
\o :file
SELECT picture('crm.abc', 'cohorts');
\set file :directory/heat.svg
\o :file
SELECT picture('crm.rfm', 'heat');
\set file :directory/quadrant.svg
\o :file
SELECT picture('crm.relation', 'quadrant', '{"x": "our share of what the customer buys",
  "y": "what the customer buys in a year"}');
\set file :directory/natural.svg
\o :file
SELECT picture('crm.rfm', 'natural');
\set file :directory/report.html
\o :file
SELECT report('crm.abc', options => '{"title": "Customers of the sample shop"}');
\set file :directory/report.zh.html
\o :file
SELECT report('crm.rfm', options => '{"title": "示例商店的客户", "language": "zh"}');
\o
