-- Tests the value models: published figures, unusual customers, fits of simulated customers.
SET client_min_messages = warning;
CREATE SCHEMA t_value;
SET search_path = t_value, test, public, customer_tier, customer_tier_internal;

--
-- By formula
--
SELECT clv(50, 520) AS ten_years, word_of_mouth(clv(50, 520), 5, 0.2) AS satisfied,
  word_of_mouth(clv(50, 520), 10, 0.2, satisfied => false) AS dissatisfied;
-- against the sum it stands for
SELECT n, retention, rate, abs(clv(100, n, 0.3, retention, rate,
  25) - (SELECT sum(30 * (retention / (1 + rate)) ^ k) - 25 FROM generate_series(0, n - 1) AS k)) < 1e-9 AS same
FROM (VALUES (1, 0.8, 0.1), (10, 0.8, 0.1), (520, 0.9999, 0.0001), (7, 1, 0), (7, 0, 0.1), (30, 1, -0.02)) AS v(n,
  retention, rate);
SELECT clv(100, 0) AS none, clv(100, 'Infinity', 1, 0.75) AS forever, clv(100, 'Infinity', 1, 1, 0.1) AS perpetuity,
  round(clv(100, 1e6, 1, 0.75)::numeric, 9) AS nearly_forever;
SELECT outcome('SELECT clv(100, ''Infinity'')'), outcome('SELECT clv(100, -1)'), outcome('SELECT clv(100, ''NaN'')'),
  outcome('SELECT clv(''NaN'', 1)'), outcome('SELECT clv(1, 1, 1, 1.2)'), outcome('SELECT clv(1, 1, 1, 1, -1)');
-- five points less churn, at ten percent interest
SELECT round(new_churn::numeric, 9) AS new_churn, round(worth::numeric, 6) AS worth,
  round(new_worth::numeric, 6) AS new_worth, round(gain::numeric, 6) AS gain,
  round(relative_gain::numeric, 9) AS relative_gain
FROM retention_effect(1000, 100, 0.20, -0.05, margin => 0.5, rate => 0.1);
SELECT outcome('SELECT retention_effect(10, 100, 0.02, -0.05)');
-- realised, with interest
SELECT round(clv('{2025-01-01:1:100, 2026-01-01:1:10}'::ledger, '2026-01-01', 0.1)::numeric, 9) AS with_interest,
  clv('{2025-01-01:1:100, 2026-01-01:1:10}'::ledger, '2025-12-31', 0) AS before,
  clv('{}'::ledger, '2026-01-01', 0.1) AS nothing;
SELECT outcome('SELECT clv(''{}''::ledger, ''infinity'', 0.1)'),
  outcome('SELECT clv(''{}''::ledger, ''2026-01-01'', -1)');

--
-- What the models know of a ledger
--
SELECT as_of, (btyd(l, as_of)).*, (btyd(l, as_of, 7)).t AS weeks
FROM (SELECT '{2026-01-01:2:30, 2026-01-11:0+1:-5, 2026-01-15:1:20.5, 2026-02-01:1:9, 2026-02-03:0+1:0}'::ledger AS
  l) AS l,
     unnest('{2025-12-31,2026-01-01,2026-01-12,2026-01-15,2026-02-01,2026-02-05}'::date[]) AS as_of;
-- what is given back
SELECT btyd('{2026-01-01:1:30, 2026-01-11:1:5, 2026-01-15:0+1:-20}'::ledger, '2026-02-01'),
  btyd('{}'::ledger, '2026-02-01'), btyd('{2026-01-01:0+1:-3}'::ledger, '2026-02-01');
SELECT outcome('SELECT btyd(''{}''::ledger, ''2026-02-01'', 0)'), outcome('SELECT btyd(''{}''::ledger, ''infinity'')'),
  outcome('SELECT btyd(''{}''::ledger, ''2026-02-01'', ''NaN'')');

--
-- Published parameters
--
CREATE TABLE published AS
SELECT bgnbd_model(.243, 4.414, .793, 2.426) AS bg, mbgnbd_model(.525, 6.183, .891, 1.614) AS mbg,
  pareto_nbd_model(.553, 10.578, .606, 11.669) AS pareto,
       bgbb_model(1.204, .750, .657, 2.783) AS bgbb, gamma_gamma_model(6.25, 3.74, 15.44) AS spend;
CREATE TABLE figure AS
SELECT f.* FROM published, LATERAL (VALUES
  ('BG/NBD E[Y(39)], 2 30.43 38.86', expected_purchases(bg, 2, 30.43, 38.86, 39), 1.2260281747671444),
  ('BG/NBD P(alive)', p_alive(bg, 2, 30.43, 38.86), .72657857008067291),
  ('BG/NBD E[Y(52)], 26 30.86 31', expected_purchases(bg, 26, 30.86, 31, 52), 25.758195936483515),
  ('BG/NBD P(alive)', p_alive(bg, 26, 30.86, 31), .96891564971752508),
  ('BG/NBD E[X(52)]', expected_purchases(bg, 52), 1.4460505953964037),
  ('BG/NBD E[X(1)]', expected_purchases(bg, 1), .05326789117165828),
  ('BG/NBD P(X(39) = 0)', probability_of_n(bg, 0, 39), .57378635209600941),
  ('BG/NBD P(X(39) = 2)', probability_of_n(bg, 2, 39), .085429759539060759),
  ('MBG/NBD E[Y(39)], 2 30.43 38.86', expected_purchases(mbg, 2, 30.43, 38.86, 39), 1.2629606232673657),
  ('MBG/NBD P(alive)', p_alive(mbg, 2, 30.43, 38.86), .70620226511848728),
  ('MBG/NBD P(alive), 0 0 38.86', p_alive(mbg, 0, 0, 38.86), .3897350809187629),
  ('Pareto/NBD E[Y(39)], 2 30.43 38.86', expected_purchases(pareto, 2, 30.43, 38.86, 39), 1.4551231932576024),
  ('Pareto/NBD P(alive)', p_alive(pareto, 2, 30.43, 38.86), .86916755915301119),
  ('Pareto/NBD E[Y(52)], 26 30.86 31', expected_purchases(pareto, 26, 30.86, 31, 52), 25.458472951428768),
  ('Pareto/NBD P(alive)', p_alive(pareto, 26, 30.86, 31), .99791873105515829),
  ('Pareto/NBD DERT, 2', dert(pareto, 2, 30.43, 38.86, .0027), 6.4837735677307385),
  ('Pareto/NBD DERT, 26', dert(pareto, 26, 30.86, 31, .0027), 86.056493601164475),
  ('Pareto/NBD DERT, 0', dert(pareto, 0, 0, 38.86, .0027), .47713622903219526),
  ('BG/BB P(alive at 7), 6 6', p_alive(bgbb, 6, 6, 6), .93040254237288136),
  ('BG/BB P(alive at 7), 2 4', p_alive(bgbb, 2, 4, 6), .58951411643369789),
  ('BG/BB P(alive at 7), 0 0', p_alive(bgbb, 0, 0, 6), .1080165841686742),
  ('busy for long', expected_purchases(bgnbd_model(.5, 10, .8, 2.5), 5000, 155.95, 156, 104), 2552.9806699520442),
  ('a = 1', expected_purchases(bgnbd_model(.243, 4.414, 1, 2.426), 2, 30.43, 38.86, 39), 1.1021367860399558),
  ('a + b < 1', expected_purchases(bgnbd_model(.11, 2.24, .31, .5), 0, 0, 1, 30), .5645886155327847)
) AS f(what, got, wanted);
SELECT what, got, wanted FROM figure WHERE (abs(got / wanted - 1) < 2e-14) IS NOT TRUE;
SELECT count(*) AS figures FROM figure;
-- a purchase: what it brings to who bought; nobody came back, the mean of all
SELECT round(expected_spend(spend, 0, 0)::numeric, 9) AS of_all,
  round((6.25 * 15.44 / 2.74)::numeric, 9) AS p_gamma_by_q_less_1,
  round(expected_spend(spend, 1e6, 80)::numeric, 3) AS of_many FROM published;
-- worth: the parts, put together
SELECT abs(clv(bg, spend, 2, 30.43, 38.86, 22.35, 3, 0.01,
  0.3) / (expected_spend(spend, 2,
  22.35) * 0.3 * (y1 / 1.01 + (y2 - y1) / 1.01 ^ 2 + (y3 - y2) / 1.01 ^ 3)) - 1) < 1e-13 AS sum_of_periods,
       abs(clv(bg, spend, 2, 30.43, 38.86, 22.35, 3,
         0) / (expected_spend(spend, 2, 22.35) * y3) - 1) < 1e-13 AS undiscounted,
       abs(clv(bg, spend, 2, 30.43, 38.86, 22.35, 1.5,
         0.01) / (expected_spend(spend, 2,
         22.35) * (y1 / 1.01 + (expected_purchases(bg, 2, 30.43, 38.86, 1.5) - y1) / 1.01 ^ 1.5)) - 1) < 1e-13 AS
         cut_short,
       clv(bg, spend, 2, 30.43, 38.86, 22.35, 0, 0.01) AS no_time
FROM published, expected_purchases(bg, 2, 30.43, 38.86, 1) AS y1, expected_purchases(bg, 2, 30.43, 38.86, 2) AS y2,
  expected_purchases(bg, 2, 30.43, 38.86, 3) AS y3;
SELECT abs(clv(pareto, spend, 2, 30.43, 38.86, 22.35, 'Infinity',
  exp(.0027) - 1) / (6.4837735677307385 * expected_spend(spend, 2, 22.35)) - 1) < 1e-10 AS forever_is_dert,
       abs(clv(pareto, spend, 2, 30.43, 38.86, 22.35, 30000, exp(.0027) - 1) / clv(pareto, spend, 2, 30.43, 38.86,
         22.35, 'Infinity', exp(.0027) - 1) - 1) < 0.002 AS near_a_long_time FROM published;
-- of the row that btyd gives, as of its columns; of a new customer, as of one who just came
SELECT p_alive(bg, c) = p_alive(bg, 2, 30.43, 38.86) AS p_alive,
  expected_purchases(mbg, c, 39) = expected_purchases(mbg, 2, 30.43, 38.86, 39) AS purchases,
  dert(pareto, c, .0027) = dert(pareto, 2, 30.43, 38.86, .0027) AS dert,
       expected_spend(spend, c) = expected_spend(spend, 2, 22.35) AS spend,
       clv(bg, spend, c, 52, .001) = clv(bg, spend, 2, 30.43, 38.86, 22.35, 52, .001) AS clv,
       expected_purchases(pareto, 39) = expected_purchases(pareto, 0, 0, 0, 39) AS of_new
FROM published, (SELECT ROW(2, 30.43, 38.86, 22.35)::btyd_customer AS c) AS c;
-- probabilities add up to one, and to the mean
SELECT abs(sum(probability_of_n(bg, n, 39)) - 1) < 1e-12 AS bg,
  abs(sum(probability_of_n(mbg, n, 39)) - 1) < 1e-12 AS mbg,
  abs(sum(probability_of_n(pareto, n, 39)) - 1) < 1e-12 AS pareto,
       abs(sum(n * probability_of_n(bg, n, 39)) / expected_purchases(any_bg, 39) - 1) < 1e-11 AS bg_mean,
       abs(sum(n * probability_of_n(mbg, n, 39)) / expected_purchases(any_mbg, 39) - 1) < 1e-11 AS mbg_mean,
       abs(sum(n * probability_of_n(pareto, n, 39)) / expected_purchases(any_pareto, 39) - 1) < 1e-11 AS pareto_mean
FROM generate_series(0, 1500) AS n,
  (SELECT bg, mbg, pareto, bg AS any_bg, mbg AS any_mbg, pareto AS any_pareto FROM published) AS p
GROUP BY any_bg, any_mbg, any_pareto;
SELECT abs(sum(probability_of_n(bgbb, n, 6)) - 1) < 1e-13 AS bgbb,
  abs(sum(n * probability_of_n(bgbb, n, 6)) / expected_purchases(any_bgbb, 6) - 1) < 1e-12 AS bgbb_mean,
  probability_of_n(any_bgbb, 7, 6) AS impossible
FROM generate_series(0, 6) AS n, (SELECT bgbb, bgbb AS any_bgbb FROM published) AS p GROUP BY any_bgbb;

--
-- Anywhere: finite, ordered, and no step between the ways to compute
--
CREATE TABLE anywhere AS
SELECT x, t_x, t, h, bg, p_alive(bg, x, t_x, t) AS bg_alive, expected_purchases(bg, x, t_x, t, h) AS bg_purchases,
  expected_purchases(bg, x, t_x, t, h * (1 + 1e-9)) AS bg_next,
       p_alive(mbg, x, t_x, t) AS mbg_alive, expected_purchases(mbg, x, t_x, t, h) AS mbg_purchases,
       p_alive(pareto, x, t_x, t) AS pareto_alive, expected_purchases(pareto, x, t_x, t, h) AS pareto_purchases,
       dert(pareto, x, t_x, t, 0.01) AS dert
FROM unnest('{0, 1, 2, 7, 26, 100, 999, 10000}'::float8[]) AS x, unnest('{0, 1e-9, 0.5, 1}'::float8[]) AS place,
  unnest('{0.01, 39, 5000}'::float8[]) AS t, unnest('{1e-6, 1, 52, 1e5}'::float8[]) AS h,
     LATERAL (SELECT CASE WHEN x = 0 THEN 0 ELSE t * place END) AS p(t_x),
     (SELECT bgnbd_model(r, alpha, a, b), mbgnbd_model(r, alpha, a, b), pareto_nbd_model(r, alpha, a, b)
      FROM unnest('{1e-3, 0.3, 40}'::float8[]) AS r, unnest('{1e-3, 5, 1e6}'::float8[]) AS alpha,
      unnest('{1e-6, 0.4, 1, 300}'::float8[]) AS a, unnest('{1e-6, 0.6, 1e7}'::float8[]) AS b
        OFFSET 0) AS m(bg, mbg, pareto)
WHERE NOT (x = 0 AND place > 0);
SELECT count(*) AS points, count(*) FILTER (WHERE bg_alive < 0 OR bg_alive > 1 OR mbg_alive < 0 OR mbg_alive > 1
  OR pareto_alive < 0 OR pareto_alive > 1) AS no_probability,
       count(*) FILTER (WHERE bg_purchases < 0 OR mbg_purchases < 0 OR pareto_purchases < 0 OR dert < 0) AS negative,
       count(*) FILTER (WHERE bg_purchases > 1e-290
         AND bg_purchases > bg_alive * ((bg).r + x) * h / ((bg).alpha + t) * (1 + 1e-12)) AS more_than_without_dropout,
       count(*) FILTER (WHERE bg_purchases > 1e-290
         AND (bg_next < bg_purchases * (1 - 1e-10) OR bg_next > bg_purchases * (1 + 1e-8))) AS steps FROM anywhere;
SELECT round(p_alive(bgnbd_model(1, 1, 1, 1), 5, 3, 3)::numeric, 12) AS just_now,
  p_alive(pareto_nbd_model(1, 1, 1, 1), 5, 3, 3) AS just_now,
  round(expected_purchases(bgnbd_model(1e100, 1e100, 1e-100, 1e100), 0, 0, 0, 1)::numeric, 12) AS huge,
       outcome('SELECT expected_purchases(bgnbd_model(1e300, 1e-300, 1, 1), 1e300)') AS overflow,
       round(p_alive(pareto_nbd_model(1e-300, 1e-300, 1e-300, 1e-300), 1, 1, 1e300)::numeric, 12) AS tiny,
       dert(pareto_nbd_model(1, 1, 2, 1e-300), 0, 0, 0, 1e-300) > 0 AS tiny,
       outcome('SELECT dert(pareto_nbd_model(1, 1, 1, 1e-300), 0, 0, 0, 1e-300)') AS endless;

--
-- What bad input gets
--
CREATE TABLE bad(sql text);
INSERT INTO bad VALUES
 ('p_alive(bg, 1.5, 1, 2)'), ('p_alive(bg, -1, 1, 2)'), ('p_alive(bg, 1, 3, 2)'), ('p_alive(bg, 0, 1, 2)'),
 ('p_alive(bg, ''NaN'', 1, 2)'), ('p_alive(bg, 1, 1, ''Infinity'')'),
 ('expected_purchases(bg, 1, 1, 2, -1)'), ('expected_purchases(bg, ''Infinity''::float8)'),
 ('p_alive(bgnbd_model(0, 1, 1, 1), 1, 1, 2)'), ('p_alive(bgnbd_model(''NaN'', 1, 1, 1), 1, 1, 2)'),
 ('p_alive(NULL::bgnbd_model, 1, 1, 2)'),
 ('p_alive(ROW(NULL, 1, 1, 1, NULL, 1, 0, NULL, false, NULL, NULL, NULL, NULL, NULL)::bgnbd_model, 1, 1, 2)'),
 ('probability_of_n(bg, -1, 2)'), ('expected_spend(spend, 2, -1)'),
 ('expected_spend(gamma_gamma_model(1, 1, 1), 0, 0)'),
 ('clv(bg, spend, 1, 1, 2, 10, ''Infinity'', 0.1)'), ('clv(bg, spend, 1, 1, 2, 10, 1e9, 0.1)'),
 ('clv(bg, spend, 1, 1, 2, 10, 12, -1)'), ('clv(pareto, spend, 1, 1, 2, 10, ''Infinity'', 0)'),
 ('clv(bg, spend, 1, 1, 2, -10, 12, 0.1)'),
 ('p_alive(bgbb, 2, 1, 6)'), ('p_alive(bgbb, 1, 1.5, 6)'), ('expected_purchases(bgbb, 1, 1, 6, 1.5)'),
 ('dert(pareto, 1, 1, 2, 0)'), ('probability_of_n(pareto, 2000000000, 5000)'),
 ('(SELECT bgnbd_fit(1.5, 1, 2))'), ('(SELECT bgnbd_fit(1, 3, 2))'), ('(SELECT bgnbd_fit(''NaN'', 1, 2))'),
 ('(SELECT bgnbd_fit(1e7, 1, 2))'), ('(SELECT gamma_gamma_fit(1, 0))'), ('(SELECT gamma_gamma_fit(1, ''Infinity''))'),
 ('(SELECT bgbb_fit(2, 1, 6))'),
 ('fit_from(''bgnbd'', ''\x00'', ''{1,1,1,1}'')'),
 ('fit_from(''x'', '''', ''{1}'')'), ('fit_from(''bgnbd'', '''', ''{1}'')'),
 ('fit_from(''bgnbd'', '''', ''{1,1,1,0}'')'), ('fit_from(''bgnbd'', '''', ''{1,1,1,1}'')');
SELECT sql, outcome(format('SELECT %s FROM t_value.published', sql)) FROM bad;

--
-- Simulated customers, by shapes whose draws are simple: of whole numbers
--
CREATE FUNCTION exponential(i bigint, k bigint) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$SELECT -ln(1 - test.u(i, k))$$;
-- Beta(2, 3), the second of four; Beta(1, n), the first of n
CREATE FUNCTION beta_2_3(i bigint, k bigint) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$SELECT v FROM generate_series(1, 4) AS j, test.u(i, k + j) AS v ORDER BY v LIMIT 1
  OFFSET 1$$;
CREATE FUNCTION beta_1_n(i bigint, k bigint, n float8) RETURNS float8
  LANGUAGE sql IMMUTABLE AS $$SELECT 1 - (1 - test.u(i, k)) ^ (1 / n)$$;
CREATE FUNCTION simulate(kind text, i bigint, rate float8, gone float8, t float8, OUT x int, OUT t_x float8)
  LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  at float8 := 0;
  k bigint := 100;
BEGIN
  x := 0;
  t_x := 0;
  IF kind = 'mbgnbd' AND test.u(i, 99) < gone THEN
    RETURN;
  END IF;
  IF kind = 'pareto_nbd' THEN
    t := least(t, t_value.exponential(i, 99) / gone);
  END IF;
  LOOP
    at := at + t_value.exponential(i, k) / rate;
    EXIT WHEN at > t;
    x := x + 1;
    t_x := round(at::numeric, 2);
    EXIT WHEN kind <> 'pareto_nbd' AND test.u(i, k + 1) < gone;
    k := k + 2;
  END LOOP;
  -- rounding takes nobody past the end
  t_x := least(t_x, floor(t::numeric * 100) / 100);
END $$;
CREATE TABLE customer AS
SELECT i, 20 + i % 33 AS t, (exponential(i, 1) + exponential(i, 2)) / 10 AS rate, beta_2_3(i, 10) AS p,
  (exponential(i, 3) + exponential(i, 4)) / 60 AS death FROM generate_series(1, 8000) AS i;
CREATE TABLE bought AS
SELECT 'bgnbd' AS kind, i, t, s.* FROM customer, simulate('bgnbd', i, rate, p, t) AS s
UNION ALL SELECT 'mbgnbd', i, t, s.* FROM customer, simulate('mbgnbd', i, rate, p, t) AS s
UNION ALL SELECT 'pareto_nbd', i, t, s.* FROM customer, simulate('pareto_nbd', i, rate, death, t) AS s;
-- donors: opportunities 1 to 8
CREATE TABLE donor AS
SELECT i, count(*) FILTER (WHERE bought) AS x, coalesce(max(j) FILTER (WHERE bought), 0) AS t_x, 8 AS n
FROM (SELECT i, j, u(i, 300 + j) < beta_2_3(i, 20)
  AND NOT bool_or(u(i, 320 + j) < beta_1_n(i, 30, 4)) OVER (PARTITION BY i ORDER BY j) AS bought
  FROM generate_series(1, 8000) AS i, generate_series(1, 8) AS j) AS d GROUP BY i;
-- spending: p = 2, q = 4, gamma = 30
CREATE TABLE spender AS
SELECT i, x, (SELECT sum(exponential(i, 400 + j))
  FROM generate_series(1, 2 * x) AS j) / x / ((exponential(i, 391) + exponential(i, 392) + exponential(i,
  393) + exponential(i, 394)) / 30) AS m FROM (SELECT i, 1 + i % 6 AS x FROM generate_series(1, 4000) AS i) AS c;

CREATE TABLE fit AS
SELECT bgnbd_fit(x, t_x, t) FILTER (WHERE kind = 'bgnbd') AS bg,
  mbgnbd_fit(x, t_x, t) FILTER (WHERE kind = 'mbgnbd') AS mbg,
  pareto_nbd_fit(x, t_x, t) FILTER (WHERE kind = 'pareto_nbd') AS pareto,
       (SELECT bgbb_fit(x, t_x, n) FROM donor) AS bgbb, (SELECT gamma_gamma_fit(x, m) FROM spender) AS spend
         FROM bought;
-- found again, within four standard errors
SELECT 'BG/NBD' AS model, (bg).converged, (bg).remark, (bg).customers, abs((bg).r - 2) < 4 * (bg).se_r AS p1,
  abs((bg).alpha - 10) < 4 * (bg).se_alpha AS p2, abs((bg).a - 2) < 4 * (bg).se_a AS p3,
  abs((bg).b - 3) < 4 * (bg).se_b AS p4 FROM fit
UNION ALL SELECT 'MBG/NBD', (mbg).converged, (mbg).remark, (mbg).customers, abs((mbg).r - 2) < 4 * (mbg).se_r,
  abs((mbg).alpha - 10) < 4 * (mbg).se_alpha, abs((mbg).a - 2) < 4 * (mbg).se_a, abs((mbg).b - 3) < 4 * (mbg).se_b
  FROM fit
UNION ALL SELECT 'Pareto/NBD', (pareto).converged, (pareto).remark, (pareto).customers,
  abs((pareto).r - 2) < 4 * (pareto).se_r, abs((pareto).alpha - 10) < 4 * (pareto).se_alpha,
  abs((pareto).s - 2) < 4 * (pareto).se_s, abs((pareto).beta - 60) < 4 * (pareto).se_beta FROM fit
UNION ALL SELECT 'BG/BB', (bgbb).converged, (bgbb).remark, (bgbb).customers,
  abs((bgbb).alpha - 2) < 4 * (bgbb).se_alpha, abs((bgbb).beta - 3) < 4 * (bgbb).se_beta,
  abs((bgbb).gamma - 1) < 4 * (bgbb).se_gamma, abs((bgbb).delta - 4) < 4 * (bgbb).se_delta FROM fit
UNION ALL SELECT 'Gamma-Gamma', (spend).converged, (spend).remark, (spend).customers,
  abs((spend).p - 2) < 4 * (spend).se_p, abs((spend).q - 4) < 4 * (spend).se_q,
  abs((spend).gamma - 30) < 4 * (spend).se_gamma, NULL FROM fit ORDER BY 1;
-- and what they foretell of new customers is near what came
SELECT abs((SELECT sum(expected_purchases(bg, t)) FROM fit, customer) / (SELECT sum(x) FROM bought
  WHERE kind = 'bgnbd') - 1) < 0.01 AS bg,
  abs((SELECT sum(expected_purchases(mbg, t)) FROM fit, customer) / (SELECT sum(x) FROM bought
  WHERE kind = 'mbgnbd') - 1) < 0.01 AS mbg,
       abs((SELECT sum(expected_purchases(pareto, t)) FROM fit, customer) / (SELECT sum(x) FROM bought
         WHERE kind = 'pareto_nbd') - 1) < 0.01 AS pareto,
         abs((SELECT 8000 * expected_purchases(bgbb, 8) FROM fit) / (SELECT sum(x) FROM donor) - 1) < 0.01 AS bgbb;

-- gradient and Hessian against finite differences
CREATE TABLE task AS
SELECT kind AS model, customer_counts(x, t_x, t) AS counts, '{0.7, 8, 0.6, 2.2}'::float8[] AS params FROM bought
  WHERE i % 20 = 0 GROUP BY kind
UNION ALL SELECT 'bgbb', customer_counts(x, t_x, n), '{0.9, 1.3, 0.5, 2}' FROM donor WHERE i % 20 = 0
UNION ALL SELECT 'gamma_gamma', customer_counts(x, m), '{1.1, 3, 17}' FROM spender WHERE i % 20 = 0;
WITH step AS (
  SELECT model, k, n, fit_derivatives(model, counts, params) AS at,
         fit_derivatives(model, counts, params[:k - 1] || params[k] * exp(1e-5) || params[k + 1:]) AS up,
           fit_derivatives(model, counts, params[:k - 1] || params[k] * exp(-1e-5) || params[k + 1:]) AS down
  FROM task, array_length(params, 1) AS n, generate_series(1, n) AS k)
SELECT model, count(*) AS params,
  max(abs((up[1] - down[1]) / 2e-5 - at[1 + k]) / (1 + abs(at[1 + k]))) < 1e-5 AS gradient,
       max((SELECT max(abs((up[1 + j] - down[1 + j]) / 2e-5 - at[1 + n + (k - 1) * n + j]) /
         (1 + abs(at[1 + n + (k - 1) * n + j]))) FROM generate_series(1, n) AS j)) < 1e-5 AS hessian
FROM step GROUP BY model ORDER BY model COLLATE "C";
-- a state that somebody else made is refused, or is one
CREATE TABLE broken AS SELECT set_byte(counts, i, v) AS s
  FROM task, generate_series(0, 150) AS i, unnest('{0, 1, 127, 128, 255}'::int[]) AS v WHERE model = 'bgbb'
UNION ALL SELECT substr(counts, 1, n) FROM task, generate_series(1, length(counts), 37) AS n WHERE model = 'bgbb';
SELECT model, count(*) > 500 AS many,
  count(*) FILTER (WHERE o NOT LIKE 'XX001 invalid state%' AND o NOT LIKE '{%' AND o NOT LIKE '22023%'
  AND o NOT LIKE '54000%' AND o <> 'null') AS otherwise
FROM unnest('{bgnbd, mbgnbd, pareto_nbd, bgbb}'::text[]) AS model, broken,
  LATERAL outcome(format('SELECT customer_tier.fit_derivatives(%L, %L, ''{1,1,1,1}'')', model, s)) AS o GROUP BY model
  ORDER BY model COLLATE "C";
-- twenty starts lead to one end
SELECT model, count(*) AS starts, count(*) FILTER (WHERE f[n + 3] = 1) AS converged,
  max(f[n + 1]) - min(f[n + 1]) < 1e-6 AS same_likelihood, max(f[1]) / min(f[1]) < 1.00001 AS same_first,
  max(f[n]) / min(f[n]) < 1.00001 AS same_last
FROM task, array_length(params, 1) AS n, generate_series(1, 20) AS s,
  LATERAL (SELECT fit_from(model, counts,
  (SELECT array_agg(params[k] * 10 ^ (2 * u(s * 10 + k, 77) - 1) ORDER BY k)
  FROM generate_series(1, n) AS k)) AS f) AS f
GROUP BY model ORDER BY model COLLATE "C";
-- nor does the order of the customers matter, or who counts them
SELECT bgnbd_fit(x, t_x, t ORDER BY i) = bgnbd_fit(x, t_x, t ORDER BY i % 97, i DESC) AS same FROM bought
  WHERE kind = 'bgnbd';
CALL workers(2);
SELECT is_parallel('SELECT bgnbd_fit(x, t_x, t) FROM t_value.bought WHERE kind = ''bgnbd''') AS parallel,
  is_parallel('SELECT gamma_gamma_fit(x, m) FROM t_value.spender') AS parallel;
SELECT bgnbd_fit(x, t_x, t) FILTER (WHERE kind = 'bgnbd') = (SELECT bg FROM fit) AS same,
  pareto_nbd_fit(x, t_x, t) FILTER (WHERE kind = 'pareto_nbd') = (SELECT pareto FROM fit) AS same FROM bought;
CALL workers(NULL);
-- another unit of time is the same model
SELECT abs((f).r / (bg).r - 1) < 1e-8 AS r, abs((f).alpha / (bg).alpha / 7 - 1) < 1e-8 AS alpha,
  abs((f).b / (bg).b - 1) < 1e-8 AS b, (f).iterations = (bg).iterations AS iterations
  FROM fit, (SELECT bgnbd_fit(x, t_x * 7, t * 7) AS f FROM bought WHERE kind = 'bgnbd') AS f;
-- a model for each segment
SELECT i % 3 AS segment, (bgnbd_fit(x, t_x, t)).converged FROM bought WHERE kind = 'bgnbd' GROUP BY 1 ORDER BY 1;
-- those that cannot be fitted say so
SELECT g, (f).r IS NULL AS no_model, (f).customers, (f).repeat_customers, (f).converged, (f).remark,
  p_alive(f, 1, 1, 2) IS NULL AS no_prediction
FROM (SELECT g, bgnbd_fit(x, t_x, t) AS f
  FROM (VALUES ('nobody back', 0, 0, 10), ('nobody back', 0, 0, 20), ('all alike', 1, 5, 10), ('all alike', 1, 5, 10),
  ('at once', 3, 0, 0), ('at once', 5, 0, 0)) AS v(g, x, t_x, t) GROUP BY g) AS f ORDER BY g COLLATE "C";
-- nobody drops out: a pure NBD
SELECT (f).converged, (f).remark, (f).a / ((f).a + (f).b) < 0.001 AS next_to_none
  FROM (SELECT bgnbd_fit(x, t_x, t) AS f FROM customer, simulate('bgnbd', i, rate, 0, t) AS s WHERE i <= 2000) AS f;
SELECT bgnbd_fit(NULL, 1, 2) IS NULL AS no_customers, gamma_gamma_fit(0, 0) IS NULL AS is_null,
  (gamma_gamma_fit(0, 0)).remark FROM generate_series(1, 3);

DROP SCHEMA t_value CASCADE;
