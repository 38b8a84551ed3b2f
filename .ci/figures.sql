-- Figures of the demo's tables that are not in its report.
SET search_path = public, customer_tier;
SELECT format('ABC fit %s %s %s', cuts[2], cuts[1], string_agg(heads::text, '/' ORDER BY class))
FROM (SELECT cuts, classify(total, cuts, '{C, B, A}') AS class, count(*) AS heads
      FROM customers, (SELECT share_cuts(total, '{0.80, 0.95}', 'fit') AS cuts FROM customers) AS c
        GROUP BY cuts, class) AS c GROUP BY cuts;
SELECT format('holders %s total %s', (c).holders, (c).total)
FROM (SELECT concentration(total) AS c FROM customers) AS c;
SELECT format('%s %s', axis, string_agg((SELECT count(*) FROM rfm
  WHERE CASE axis WHEN 'R' THEN r WHEN 'F' THEN f ELSE m END = score)::text, '/' ORDER BY score))
FROM unnest('{R, F, M}'::text[]) AS axis, generate_series(1, 5) AS score GROUP BY axis;
-- the same through schemes, and through capture: half of the sales come after the table is tracked
CREATE TABLE kept AS TABLE sales;
SELECT min(sold_at) + (max(sold_at) - min(sold_at)) / 2 AS half, max(sold_at)::date + 1 AS as_of,
  (SELECT sum(orders) > 1.5 * sum(purchase_days(ledger)) FROM customers) AS order_lines FROM sales \gset
DELETE FROM sales WHERE sold_at >= :'half';
SET client_min_messages = warning;
-- the schemes of the demo, and what is made of them
DROP SCHEMA IF EXISTS crm CASCADE;
CALL untrack_all();
CALL track('sales', 'customer_id', 'amount', 'sold_at');
SELECT create_scheme('s_abc', 'sales', 'abc'), create_scheme('s_pyramid', 'sales', 'pyramid'),
  create_scheme('s_textbook', 'sales', 'pyramid-1-19-30-50'),
       create_scheme('s_rfm', 'sales', 'rfm', options => CASE
         WHEN :'order_lines' THEN '{"frequency": "purchase_days(ledger)"}' ELSE '{}' END::jsonb),
       create_scheme('s_rfm8', 'sales', 'rfm8', options => CASE
         WHEN :'order_lines' THEN '{"frequency": "purchase_days(ledger)"}' ELSE '{}' END::jsonb);
INSERT INTO sales OVERRIDING SYSTEM VALUE SELECT * FROM kept WHERE sold_at >= :'half';
SELECT customers FROM schemes, refresh_scheme(scheme, :'as_of');
SELECT format('scheme %s %s', s, string_agg(heads::text, '/' ORDER BY tier_rank DESC))
FROM (SELECT 'abc' AS s, tier_rank, heads FROM s_abc_summary UNION ALL SELECT 'pyramid', tier_rank, heads
  FROM s_pyramid_summary WHERE tier_rank > 0 UNION ALL SELECT 'textbook', tier_rank, heads FROM s_textbook_summary
  WHERE tier_rank > 0) AS x GROUP BY s;
SELECT format('scheme rfm %s %s', axis,
  string_agg((SELECT count(*) FROM s_rfm
  WHERE CASE axis WHEN 'R' THEN r_score WHEN 'F' THEN f_score ELSE m_score END = score)::text, '/' ORDER BY score))
FROM unnest('{R, F, M}'::text[]) AS axis, generate_series(1, 5) AS score GROUP BY axis;
SELECT format('scheme rfm %s %s', tier, heads) FROM s_rfm_summary;
SELECT format('scheme rfm8 %s %s', tier, heads) FROM s_rfm8_summary;
SELECT format('verify %s', count(*)) FROM verify_source('sales');
