-- Tiers that stay right: the sample shop is tracked, graded by three schemes, goes on
-- selling for a month, and is graded again.

\pset null '-'
\pset format aligned
\pset border 1
SET client_min_messages = warning;
SET work_mem = '64MB';

\echo
\echo '== Track the sales; make an ABC, an RFM and a quadrant; grade as of 30 June 2026 =='
CALL track('sales', customer => 'customer_id', amount => 'amount', sold_at => 'sold_at');
CREATE SCHEMA crm;
SELECT create_scheme('crm.abc', 'sales', preset => 'abc',
  options => '{"value": "total(ledger, trailing_months(as_of, 12))"}'),
       create_scheme('crm.rfm', 'sales', preset => 'rfm'),
       create_scheme('crm.relation', 'sales', preset => 'quadrant', attributes => 'customer', hold => '6 months');
DO $$BEGIN PERFORM customer_tier.alter_tier('crm.relation', 'key', name => '重要客户 key', colour => '#1b7837',
  policy => '{"account manager": true}');
END $$;
SELECT scheme, r.* FROM schemes, refresh_scheme(scheme, '2026-06-30') AS r ORDER BY scheme::text;
SELECT tier, heads, round(100 * head_share::numeric, 1) AS heads_pct, value,
  round(100 * value_share::numeric, 1) AS value_pct,
       orders, round(average_order::numeric, 2) AS average_order, round(100 * active_share::numeric) AS active_pct
FROM crm.abc_summary ORDER BY tier_rank DESC;
SELECT tier_name, heads, round(100 * head_share::numeric, 1) AS heads_pct, value,
  round(100 * value_share::numeric, 1) AS value_pct
FROM crm.relation_summary ORDER BY tier_rank DESC;

\echo '== July: new orders, a wholesale order that comes back, a customer who is deleted, a correction =='
INSERT INTO sales (customer_id, sold_at, amount)
SELECT customer_id, sold_at + interval '30 days', round(amount * (0.7 + 0.6 * (customer_id % 10) / 9), 2)
FROM sales WHERE sold_at >= '2026-06-02' AND amount > 0 AND customer_id % 3 <> 0;
INSERT INTO sales (customer_id, sold_at, amount)
SELECT customer_id, '2026-07-20 10:00', -amount FROM sales WHERE customer_id % 500 = 0 AND amount > 0
ORDER BY amount DESC, customer_id LIMIT 1;
DELETE FROM sales WHERE customer_id = 1500;
SELECT current_setting('server_version_num')::int >= 150000 AS has_merge \gset
\if :has_merge
MERGE INTO sales USING (VALUES (500::bigint, timestamp '2026-07-05 09:00', 2500.00)) AS correction (customer_id,
  sold_at, amount)
  ON sales.customer_id = correction.customer_id AND sales.sold_at >= '2026-07-01'
  WHEN MATCHED THEN UPDATE SET amount = correction.amount
  WHEN NOT MATCHED THEN INSERT (customer_id, sold_at, amount)
  VALUES (correction.customer_id, correction.sold_at, correction.amount);
\endif
SELECT pending, capturing, (SELECT count(*) FROM verify_source('sales')) AS differ_from_the_sales FROM sources;

\echo '== Grade again: who moved, and why =='
SELECT scheme, r.* FROM schemes, refresh_scheme(scheme, '2026-07-31') AS r ORDER BY scheme::text;
SELECT from_tier, to_tier, heads, change FROM crm.abc_migration ORDER BY from_tier, to_tier;
SELECT change, reason, count(*) AS customers FROM crm.abc_history WHERE valid_from = '2026-07-31'
GROUP BY change, reason ORDER BY change, reason;
SELECT customer, previous_tier, tier, reason, round(value::numeric, 2) AS value FROM crm.abc_history
WHERE valid_from = '2026-07-31' AND change IN ('up', 'down') ORDER BY abs(value) DESC, customer LIMIT 5;
SELECT as_of, axis, score, round(line::numeric, 2) AS line, reached_by FROM crm.abc_thresholds ORDER BY as_of, score;
\echo '== One of them, explained =='
SELECT tier, status, since, axis, round(value::numeric, 2) AS value, score,
  round(line_to_stay::numeric, 2) AS line_to_stay, round(margin::numeric, 2) AS margin,
       round(line_to_rise::numeric, 2) AS line_to_rise, round(gap::numeric, 2) AS gap
FROM explain('crm.abc', (SELECT customer::text FROM crm.abc_history WHERE valid_from = '2026-07-31' AND change = 'up'
  ORDER BY value DESC, customer LIMIT 1));
\echo '== Whoever would fall is held for half a year =='
SELECT status, count(*) AS customers FROM crm.relation GROUP BY status ORDER BY status;

\echo '== Key customers have a manager, who sees them every quarter: whom to visit, and who falls when =='
CALL track('visit', customer => 'customer_id', amount => '1', sold_at => 'visited_on');
SELECT set_policy('crm.relation', 'key', contacts_min => 1, every => '3 months', coverage => 0.5,
                  priority => 1) \g /dev/null
SELECT create_allocation('crm.managers', 'crm.relation', owners => 'manager', per => 'region') \g /dev/null
SELECT assigned, moved, unassigned FROM allocate('crm.managers', '2026-07-31');
SELECT create_operation_views('crm.relation', 'visit', every => '3 months',
                              allocation => 'crm.managers') \g /dev/null
SELECT owner, state, count(*) AS customers FROM crm.relation_plan GROUP BY owner, state ORDER BY owner, state;
SELECT falls_on, tier, falls_to, count(*) AS customers
FROM crm.relation_falling
GROUP BY falls_on, tier, falls_to ORDER BY falls_on, tier, falls_to;

\echo '== The same tiers a year ago, from the ledgers alone =='
SELECT tier, count(*) FILTER (WHERE day = '2025-07-31') AS on_31_july_2025,
  count(*) FILTER (WHERE day = '2026-07-31') AS on_31_july_2026
FROM unnest('{2025-07-31, 2026-07-31}'::date[]) AS day, LATERAL tiers_as_of('crm.abc', day)
GROUP BY tier ORDER BY tier;
\echo '== What if A were the best 500? =='
SELECT * FROM simulate_migration('crm.abc',
  axes => ARRAY[axis('value', 'total(ledger, trailing_months(as_of, 12))', by => 'count', at => '{500, 5000}')]);
