-- Tests the value models on real customers against published figures, exact maxima, and
-- values of 40 digits.  Run with -v data=DIRECTORY; a difference is an error.
\set ON_ERROR_STOP 1
\set QUIET 1
SET search_path = public, customer_tier;
CREATE TABLE weeks (id int, x int, t_x float8, t float8, m float8, holdout int);
CREATE TABLE days (id int, x int, t_x float8, t float8, m float8, holdout int);
CREATE TABLE sample_sale (master_id int, customer_id int, day date, cds int, dollars numeric);
CREATE TABLE donors (x int, t_x int, n int, customers int, holdout int);
CREATE TABLE ce (kind text, r float8, a float8, b float8, x float8, w float8, e text);
CREATE TABLE pn (r float8, alpha float8, s float8, beta float8, x float8, t_x float8, t float8, ll text, p_alive text,
  dert text, delta float8);
\cd :data
\copy weeks FROM 'cdnow_sample_summary_weeks.csv' CSV HEADER
\copy days FROM 'cdnow_sample_summary.csv' CSV HEADER
\copy sample_sale FROM 'cdnow_sample.csv' CSV HEADER
\copy donors FROM 'donations_bgbb.csv' CSV HEADER
\copy ce FROM PROGRAM 'gzip -dc ce_test_points.csv.gz' CSV HEADER
\copy pn FROM PROGRAM 'gzip -dc pnbd_test_points.csv.gz' CSV HEADER
-- money in exact cents
CREATE TABLE spending AS
SELECT customer_id, count(*) AS x, sum(dollars) / count(*) AS m
FROM (SELECT customer_id, day, sum(dollars) AS dollars, row_number() OVER (PARTITION BY customer_id ORDER BY day) AS nth
  FROM sample_sale WHERE day <= '1997-09-30' GROUP BY 1, 2) AS s
WHERE nth > 1 GROUP BY customer_id;

CREATE TABLE fit AS
SELECT (SELECT bgnbd_fit(x, t_x, t) FROM weeks) AS bg, (SELECT mbgnbd_fit(x, t_x, t) FROM weeks) AS mbg,
  (SELECT pareto_nbd_fit(x, t_x, t) FROM weeks) AS pareto,
       (SELECT bgbb_fit(x, t_x, n) FROM donors, generate_series(1, customers)) AS bgbb,
       (SELECT gamma_gamma_fit(x, m) FILTER (WHERE m > 0) FROM spending) AS spend,
       (SELECT bgnbd_fit(x, t_x / 7, t / 7) FROM days) AS bg_days,
       (SELECT mbgnbd_fit(x, t_x / 7, t / 7) FROM days) AS mbg_days,
       (SELECT pareto_nbd_fit(x, t_x / 7, t / 7) FROM days) AS pareto_days;

CREATE TABLE figure AS
SELECT f.* FROM fit, bgbb_model(1.204, .750, .657, 2.783) AS donor, gamma_gamma_model(6.25, 3.74, 15.44) AS spender,
  LATERAL (VALUES
  ('BG/NBD r', (bg).r, .242592907204, 1e-6), ('alpha', (bg).alpha, 4.41353156121, 1e-6),
  ('a', (bg).a, .792886148099, 1e-6), ('b', (bg).b, 2.42575343649, 1e-6),
  ('log-likelihood', (bg).log_likelihood, -9582.425560567, 1e-10),
  ('standard error of r', (bg).se_r, .01256, 4e-4), ('of alpha', (bg).se_alpha, .3782, 2e-4),
  ('of a', (bg).se_a, .1857, 3e-4), ('of b', (bg).se_b, .7053, 1e-4),
  ('MBG/NBD r', (mbg).r, .524837983666, 1e-6), ('alpha', (mbg).alpha, 6.18299201967, 1e-6),
  ('a', (mbg).a, .891356155332, 1e-6), ('b', (mbg).b, 1.61399933473, 1e-6),
  ('log-likelihood', (mbg).log_likelihood, -9582.132684900, 1e-10),
  ('Pareto/NBD r', (pareto).r, .55327550869, 1e-6), ('alpha', (pareto).alpha, 10.5776122387, 1e-6),
  ('s', (pareto).s, .606213568674, 1e-6), ('beta', (pareto).beta, 11.6679112379, 1e-6),
  ('log-likelihood', (pareto).log_likelihood, -9594.973929827, 1e-10),
  ('Gamma-Gamma p', (spend).p, 6.24957227132, 1e-6), ('q', (spend).q, 3.74422466713, 1e-6),
  ('gamma', (spend).gamma, 15.4435209626, 1e-6), ('log-likelihood', (spend).log_likelihood, -4055.917694802, 1e-10),
  ('customers', (spend).customers, 946, 0),
  ('BG/BB alpha', (bgbb).alpha, 1.2035223516, 1e-6), ('beta', (bgbb).beta, .749716358173, 1e-6),
  ('gamma', (bgbb).gamma, .656718208442, 1e-6), ('delta', (bgbb).delta, 2.78344223258, 1e-6),
  ('log-likelihood', (bgbb).log_likelihood, -33225.581274347, 1e-10),
  ('exact days: BG/NBD r', (bg_days).r, .24259452243, 1e-6), ('alpha', (bg_days).alpha, 4.41360201901, 1e-6),
  ('a', (bg_days).a, .792922017226, 1e-6), ('b', (bg_days).b, 2.42590677683, 1e-6),
  ('log-likelihood', (bg_days).log_likelihood, -9582.429206674, 1e-10),
  ('exact days: MBG/NBD log-likelihood', (mbg_days).log_likelihood, -9582.135715554, 1e-10),
  ('exact days: Pareto/NBD log-likelihood', (pareto_days).log_likelihood, -9594.976178940, 1e-10),
  ('published BG/NBD r', round((bg).r::numeric, 3), .243, 0), ('alpha', round((bg).alpha::numeric, 3), 4.414, 0),
  ('a', round((bg).a::numeric, 3), .793, 0), ('b', round((bg).b::numeric, 3), 2.426, 0),
  ('log-likelihood', round((bg).log_likelihood::numeric, 1), -9582.4, 0),
  ('published MBG/NBD r', round((mbg).r::numeric, 3), .525, 0), ('alpha', round((mbg).alpha::numeric, 3), 6.183, 0),
  ('a', round((mbg).a::numeric, 3), .891, 0), ('b', round((mbg).b::numeric, 3), 1.614, 0),
  ('published Pareto/NBD r', round((pareto).r::numeric, 3), .553, 0),
  ('alpha', round((pareto).alpha::numeric, 3), 10.578, 0), ('s', round((pareto).s::numeric, 3), .606, 0),
  ('log-likelihood', round((pareto).log_likelihood::numeric, 1), -9595.0, 0),
  ('published Gamma-Gamma p', round((spend).p::numeric, 2), 6.25, 0), ('q', round((spend).q::numeric, 2), 3.74, 0),
  ('gamma', round((spend).gamma::numeric, 2), 15.44, 0),
  ('log-likelihood', round((spend).log_likelihood::numeric, 4), -4055.9177, 0),
  ('published BG/BB alpha', round((bgbb).alpha::numeric, 3), 1.204, 0),
  ('beta', round((bgbb).beta::numeric, 3), .750, 0), ('gamma', round((bgbb).gamma::numeric, 3), .657, 0),
  ('delta', round((bgbb).delta::numeric, 3), 2.783, 0),
  ('E[Z] of customer 1', (SELECT expected_spend(spender, x, m) FROM weeks WHERE id = 1), 24.663713910761155, 1e-13),
  ('2', (SELECT expected_spend(spender, x, m) FROM weeks WHERE id = 2), 18.916852057842047, 1e-13),
  ('3', (SELECT expected_spend(spender, x, m) FROM weeks WHERE id = 3), 35.218978102189781, 1e-13),
  ('6', (SELECT expected_spend(spender, x, m) FROM weeks WHERE id = 6), 71.46967089696709, 1e-13),
  ('9', (SELECT expected_spend(spender, x, m) FROM weeks WHERE id = 9), 27.288385826771654, 1e-13),
  ('all donors, 5 more opportunities', (SELECT sum(customers * expected_purchases(donor, x, t_x, n, 5)) FROM donors),
    12882.268491149048, 1e-13),
  ('E[X(78)]', expected_purchases(bg, 78), 1.857972, 3e-7),
  ('39 weeks, BG/NBD', (SELECT sum(expected_purchases(bg, x, t_x, t, 39)) FROM weeks), 1653.423259804, 1e-8),
  ('39 weeks, MBG/NBD', (SELECT sum(expected_purchases(mbg, x, t_x, t, 39)) FROM weeks), 1576.735735100, 1e-8),
  ('39 weeks, Pareto/NBD', (SELECT sum(expected_purchases(pareto, x, t_x, t, 39)) FROM weeks), 1665.534231520, 1e-8),
  ('39 weeks, actual', (SELECT sum(holdout) FROM weeks), 1882, 0)
) AS f(what, got, wanted, within);
-- from the sales themselves, where a sale of 0 is no purchase
CREATE VIEW history AS SELECT customer_id, btyd(ledger_agg(day, 1), '1997-09-30') AS b FROM sample_sale
GROUP BY customer_id;
INSERT INTO figure SELECT 'customers with other x, t_x, t by their ledgers', count(*), 0, 0 FROM days
JOIN history ON customer_id = id WHERE ((b).x, (b).t_x, (b).t) IS DISTINCT FROM (days.x::float8, days.t_x, days.t);

CREATE TABLE precise AS
SELECT 'expected purchases, ' || kind AS what, count(*) AS points,
  max(abs(got::numeric / e::numeric - 1))::float8 AS error
FROM (SELECT *, expected_purchases(model, x, 0, 0, w) / p_alive(model, x, 0, 0) AS got
  FROM (SELECT *, bgnbd_model(r, 1, a, b) AS model FROM ce OFFSET 0) AS c) AS c GROUP BY kind
UNION ALL
SELECT f.* FROM (SELECT pn.x, pn.p_alive, pn.dert, pn.ll,
  p_alive(ROW(model.*)::pareto_nbd_model, pn.x, pn.t_x, pn.t) AS alive,
  dert(ROW(model.*)::pareto_nbd_model, pn.x, pn.t_x, pn.t, pn.delta) AS residual,
                        (fit_derivatives('pareto_nbd',
                          (SELECT customer_counts(c.x, c.t_x, c.t) FROM (VALUES (pn.x, pn.t_x, pn.t)) AS c(x, t_x, t)),
                          ARRAY[pn.r, pn.alpha, pn.s, pn.beta]))[1] AS likelihood
                 FROM pn, pareto_nbd_model(pn.r, pn.alpha, pn.s, pn.beta) AS model) AS p, LATERAL (VALUES
  ('Pareto/NBD P(alive)', CASE WHEN p.p_alive::numeric > 1e-290
    THEN abs(alive::numeric / p.p_alive::numeric - 1)::float8 ELSE alive END),
  ('Pareto/NBD DERT', CASE WHEN p.dert::numeric > 1e-290 THEN abs(residual::numeric / p.dert::numeric - 1)::float8
    ELSE residual END),
  ('Pareto/NBD log-likelihood', abs(likelihood::numeric / p.ll::numeric - 1)::float8)) AS e(what, error),
  LATERAL (SELECT e.what, 1::bigint, e.error) AS f;

\pset footer off
SELECT what, sum(points) AS points, max(error) AS largest_error FROM precise GROUP BY what ORDER BY what COLLATE "C";
SELECT count(*) AS figures FROM figure;
SELECT what, got, wanted FROM figure WHERE (abs(got - wanted) <= within * abs(wanted)) IS NOT TRUE;
DO $$
BEGIN
  IF EXISTS (SELECT FROM figure WHERE (abs(got - wanted) <= within * abs(wanted)) IS NOT TRUE)
    OR EXISTS (SELECT FROM precise
    WHERE (error <= CASE WHEN what ~ '^expected' THEN 1e-13 ELSE 2e-13 END) IS NOT TRUE) THEN
    RAISE EXCEPTION 'a figure is not as published';
  END IF;
END $$;
-- compared with the actual purchases
CREATE TABLE sale AS SELECT customer_id, day, dollars FROM sample_sale;
CALL track('sale', customer => 'customer_id', amount => 'dollars', sold_at => 'day');
SELECT kind, customers, round(predicted::numeric, 1) AS predicted, actual,
  round(cumulative_error::numeric, 4) AS cumulative_error, round(mae::numeric, 4) AS mae,
  round(rmse::numeric, 4) AS rmse,
       round(value_error::numeric, 4) AS value_error
       FROM unnest('{bgnbd, mbgnbd, pareto_nbd}'::text[]) AS kind,
       model_quality('sale', '1997-09-30', '1998-06-30', 7, kind);
