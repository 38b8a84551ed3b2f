-- Tests stored models, measures that use them, and the quality of their predictions.
SET client_min_messages = warning;
CREATE SCHEMA t_models;
SET search_path = t_models, test, public, customer_tier;

-- a shop: 3000 customers over two years, ever fewer of them left
CREATE TABLE sale (id bigserial PRIMARY KEY, customer_id bigint, day date, amount numeric);
INSERT INTO sale (customer_id, day, amount)
SELECT c, date '2024-01-01' + c % 90, 10 + floor(20 * u(c, 4)) FROM generate_series(1, 3000) AS c
UNION ALL
SELECT c, day, round((5 + 40 * u(c, 4) * (0.5 + u(c * 1000 + j, 5)))::numeric, 2)
FROM (SELECT c, j, date '2024-01-01' + c::int % 90 + sum(1 + floor(-ln(1 - u(c * 1000 + j, 1)) * (14 + 200 * u(c,
  2) ^ 2)))  OVER (PARTITION BY c ORDER BY j)::int AS day,
             bool_or(u(c * 1000 + j, 3) < 0.6 * u(c, 6) ^ 4) OVER (PARTITION BY c ORDER BY j) AS gone
      FROM generate_series(1, 3000) AS c, generate_series(1, 40) AS j) AS s
WHERE NOT gone AND day < '2026-01-01';
CALL track('sale', customer => 'customer_id', amount => 'amount', sold_at => 'day');

SELECT outcome('SELECT fit_model(''shop'', ''t_models.sale'', ''2025-06-30'', kind => ''magic'')'),
  outcome('SELECT fit_model(''shop'', ''pg_class'', ''2025-06-30'')'),
  outcome('SELECT p_alive(''shop'', ''{}''::ledger, ''2025-06-30'')'),
  outcome('SELECT p_alive(''sale'', ''{}''::ledger, ''2025-06-30'')'),
  outcome('SELECT fit_model(''sale'', ''t_models.sale'', ''2025-06-30'')'),
  outcome('SELECT fit_model(''a.b.c'', ''t_models.sale'', ''2025-06-30'')');
SELECT name, ledger, as_of, unit_days, kind, (bgnbd).converged, (bgnbd).customers, mbgnbd IS NULL AS other,
  (gamma_gamma).converged AS spending, (gamma_gamma).remark FROM fit_model('shop', 'sale', '2025-06-30');
SELECT bgnbd = (SELECT bgnbd_fit((btyd(ledger, '2025-06-30', 7)).x, (btyd(ledger, '2025-06-30', 7)).t_x,
  (btyd(ledger, '2025-06-30', 7)).t) FROM sale_ledger_live) AS same FROM models WHERE name = 'shop'::regclass;
-- measures by name are those of the model's row
SELECT count(*) AS customers, count(*) FILTER (WHERE p_alive('shop', ledger,
  '2025-06-30') IS DISTINCT FROM p_alive(bgnbd, b)) AS p_alive,
  count(*) FILTER (WHERE expected_purchases('shop', ledger, '2025-06-30', 26) IS DISTINCT FROM expected_purchases(bgnbd,
  b, 26)) AS purchases,
       count(*) FILTER (WHERE clv('shop', ledger, '2025-06-30', 52, 0.002, 0.3) IS DISTINCT FROM clv(bgnbd, gamma_gamma,
         b, 52, 0.002, 0.3)) AS clv, count(*) FILTER (WHERE clv('shop', ledger, '2025-06-30', 52,
         0.002) <= 0) AS worthless
FROM sale_ledger_live, btyd(ledger, '2025-06-30', 7) AS b,
  (SELECT bgnbd, gamma_gamma FROM models WHERE name = 'shop'::regclass) AS m WHERE (b).t IS NOT NULL;
SELECT p_alive('shop', '{}'::ledger, '2025-06-30') AS no_purchase,
  p_alive('shop', '{2025-07-01:1:5}'::ledger, '2025-06-30') AS not_yet,
  outcome('SELECT p_alive(''shop'', ''{}''::ledger, ''infinity'')'),
  outcome('SELECT expected_purchases(''shop'', ''{}''::ledger, ''2025-06-30'', -1)');
-- they work in the workers as well
CALL workers(2); SET parallel_leader_participation = off;
SELECT is_parallel('SELECT sum(p_alive(''shop'', ledger, ''2025-06-30'')) FROM t_models.sale_ledger') AS parallel;
SELECT round(sum(p_alive('shop', ledger, '2025-06-30'))::numeric, 6) AS alive FROM sale_ledger;
CALL workers(NULL); RESET parallel_leader_participation;
SELECT round(sum(p_alive('shop', ledger, '2025-06-30'))::numeric, 6) AS alive FROM sale_ledger;
-- another fit is seen, in one transaction and one function
CREATE FUNCTION measure() RETURNS float8
LANGUAGE plpgsql AS $$BEGIN RETURN p_alive('shop', '{2025-01-01:1:5,2025-02-01:1:5}'::ledger, '2025-06-30');
END$$;
BEGIN;
SELECT measure() AS first_model \gset
SELECT kind, (pareto_nbd).converged FROM fit_model('shop', 'sale', '2025-06-30', unit_days => 1, kind => 'pareto_nbd');
SELECT measure() <> :first_model AS another;
ROLLBACK;
SELECT measure() = :first_model AS again;
SELECT kind, (mbgnbd).converged, bgnbd IS NULL AS other FROM fit_model('mod', 'sale', '2025-06-30', kind => 'mbgnbd');
SELECT kind, (pareto_nbd).converged FROM fit_model('par', 'sale', '2025-06-30', kind => 'pareto_nbd');
SELECT abs(sum(expected_purchases('par', ledger, '2025-06-30', 26)) / sum(expected_purchases('shop', ledger,
  '2025-06-30', 26)) - 1) < 0.1 AS near FROM sale_ledger;

-- what was foretold, and what came
SELECT kind, customers, abs(cumulative_error) < 0.15 AS near, mae < rmse AS mae_below_rmse, rmse < 5 AS fair,
  value_error IS NOT NULL AS money, (SELECT sum(f.customers) FROM unnest(by_frequency) AS f) AS in_table,
  (SELECT array_agg(f.x) FROM unnest(by_frequency) AS f) AS frequencies
FROM unnest('{bgnbd, mbgnbd, pareto_nbd}'::text[]) AS kind, model_quality('sale', '2025-06-30', '2025-12-31', 7, kind);
CREATE TABLE holdout AS SELECT * FROM calibrate_holdout('sale', '2025-06-30', '2025-12-31');
SELECT count(*) AS customers, sum(actual_purchases) = (SELECT count(DISTINCT (customer_id, day)) FROM sale
  WHERE day > '2025-06-30' AND customer_id IN (SELECT customer_id FROM sale WHERE day <= '2025-06-30')) AS counted,
       sum(actual_value)::numeric = (SELECT sum(amount) FROM sale WHERE day > '2025-06-30') AS paid FROM holdout;
SELECT count(*) FILTER (WHERE predicted_purchases IS DISTINCT FROM expected_purchases('shop', ledger, '2025-06-30',
  184 / 7.0) OR h.p_alive IS DISTINCT FROM p_alive('shop', ledger, '2025-06-30')) AS differ FROM holdout AS h
  JOIN sale_ledger AS l ON l.customer::text = h.customer;
SELECT q.customers, abs(q.predicted - h.predicted) < 1e-6 AS predicted, q.actual = h.actual AS actual,
  abs(q.mae - h.mae) < 1e-9 AS mae, abs(q.rmse - h.rmse) < 1e-9 AS rmse
FROM model_quality('sale', '2025-06-30', '2025-12-31') AS q,
  (SELECT sum(predicted_purchases) AS predicted, sum(actual_purchases) AS actual,
  avg(abs(predicted_purchases - actual_purchases)) AS mae,
  sqrt(avg((predicted_purchases - actual_purchases) ^ 2)) AS rmse FROM holdout) AS h;
SELECT outcome('SELECT count(*) FROM calibrate_holdout(''t_models.sale'', ''2025-06-30'', ''2025-06-30'')'),
  outcome('SELECT count(*) FROM calibrate_holdout(''t_models.sale'', ''2024-01-01'', ''2025-06-30'')'),
  outcome('SELECT count(*) FROM calibrate_holdout(''t_models.sale'', ''2020-01-01'', ''2025-06-30'')'),
       outcome('SELECT count(*) FROM calibrate_holdout(''pg_class'', ''2024-01-01'', ''2025-06-30'')'),
         outcome('SELECT model_quality(''t_models.sale'', ''2024-03-01'', ''infinity'')');
-- a fit that finds nothing says so, and its measures are null
SET client_min_messages = warning;
SELECT (bgnbd).remark FROM fit_model('early', 'sale', '2024-01-01');
SELECT p_alive('early', '{2024-01-01:1:5}'::ledger, '2024-01-01') AS nothing,
  clv('early', '{2024-01-01:1:5}'::ledger, '2024-01-01', 10, 0.1) AS nothing;

-- whose models they are
CREATE ROLE regress_customer_tier_reader;
CREATE ROLE regress_customer_tier_stranger;
GRANT USAGE ON SCHEMA t_models TO regress_customer_tier_reader, regress_customer_tier_stranger;
GRANT SELECT ON sale, sale_sale, sale_ledger_live, sale_ledger, shop TO regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT name FROM models;
SELECT p_alive('shop', '{2025-01-01:1:5}'::ledger, '2025-06-30') AS p_alive;
SELECT customers FROM model_quality('sale', '2025-06-30', '2025-12-31');
SELECT outcome('SELECT fit_model(''shop'', ''t_models.sale'', ''2025-06-30'')'), outcome('SELECT drop_model(''shop'')');
SET ROLE regress_customer_tier_stranger;
SELECT name FROM models;
SELECT outcome('SELECT p_alive(''shop'', ''{2025-01-01:1:5}''::ledger, ''2025-06-30'')'),
  outcome('SELECT count(*) FROM calibrate_holdout(''t_models.sale'', ''2025-06-30'', ''2025-12-31'')');
RESET ROLE;
-- a model's table is renamed as any other; a view that measures by it follows, and keeps it from being dropped
CREATE VIEW measured AS SELECT p_alive('shop', '{2025-01-01:1:5}', '2025-06-30') AS alive;
SELECT alive AS before FROM measured \gset
ALTER TABLE shop RENAME TO store;
SELECT alive = :before AS follows FROM measured;
SELECT outcome('SELECT drop_model(''store'')'), outcome('CALL untrack(''sale'')');
ALTER TABLE store RENAME TO shop;
DROP VIEW measured;
-- presets: tiers by what is to come, and by what is about to be lost; the model is written into the rule
SELECT create_scheme('worth', 'sale', 'clv', options => '{"model": "mod", "rate": 0.002}'),
  create_scheme('lost', 'sale', 'at_risk', options => '{"model": "mod", "horizon": 26}');
SELECT scheme, r.* FROM schemes, refresh_scheme(scheme, '2025-06-30') AS r ORDER BY scheme::text;
SELECT count(*) > 0 AS some, count(*) FILTER (WHERE w.worth IS DISTINCT FROM clv('mod', ledger, '2025-06-30', 52,
  0.002)) AS differ FROM worth AS w JOIN sale_ledger USING (customer);
SELECT count(*) FILTER (WHERE abs(w.worth - (1 - p_alive('mod', ledger, '2025-06-30')) * clv('mod', ledger,
  '2025-06-30', 26, 0)) > 1e-12) AS differ FROM lost AS w JOIN sale_ledger USING (customer);
SELECT tier, heads FROM lost_summary ORDER BY tier_rank;
SELECT (fit_model('mod', 'sale', '2025-03-31', kind => 'mbgnbd')).as_of;
SELECT r.up FROM schemes, refresh_scheme(scheme, '2025-06-30') AS r;
SELECT outcome($$SELECT create_scheme('x', 'sale', 'clv')$$), outcome($$SELECT create_scheme('x', 'sale', 'at_risk',
  options => '{"model": "none"}')$$);
SELECT drop_scheme(scheme) FROM schemes;
SELECT drop_model('shop'), drop_model('mod'), drop_model('par'), drop_model('early');
SELECT count(*) AS left_over FROM models;
SELECT outcome('SELECT drop_model(''shop'')');
CALL untrack('sale');
DROP OWNED BY regress_customer_tier_reader, regress_customer_tier_stranger;
DROP ROLE regress_customer_tier_reader, regress_customer_tier_stranger;
DROP SCHEMA t_models CASCADE;
