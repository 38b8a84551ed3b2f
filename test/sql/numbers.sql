-- Tests that numbers stay exact, do not depend on settings, and that the limits of results raise warnings.
SET client_min_messages = warning;
SET datestyle = 'ISO, MDY';
CREATE SCHEMA t_numbers;
SET search_path = t_numbers, test, public, customer_tier, customer_tier_internal;

--
-- Weighted scores: of the decimals that were written, correctly rounded
--
SELECT weighted_score('{0, 0.025, 0.025}', '{0.5, 0.2, 0.1}') AS sum_of_two,
  weighted_score('{0, 0, 0.075}', '{0.5, 0.2, 0.1}') AS one,
       weighted_score('{0.1, 0.7}', '{3, 1}') = weighted_score('{0.1, 0.7}', '{0.3, 0.1}') AS scale,
       weighted_score('{0.1, 0.7}', '{0.75, 0.25}') AS quarters;
-- what no arithmetic of doubles tells: sums that cancel, numbers far apart, the middle of two doubles
SELECT weighted_score('{0.1, 0.2, -0.3}', '{1, 1, 1}') AS cancels,
  weighted_score('{1e300, 1}', '{1, 1e300}') AS far_apart,
  weighted_score('{9007199254740992, 9007199254740994}', '{1, 1}') AS middle,
  weighted_score('{5e-324, 0}', '{1, 1}') AS least,
       weighted_score('{1e308, 1e308}', '{1e308, 1e308}') AS most,
       weighted_score('{1e-7, 3e-7}', '{1e-7, 1e-7}') AS small;
-- 20000 of them against numeric, whose sums are exact
CREATE TABLE weighing AS
SELECT g, array_agg(CASE g % 5 WHEN 0 THEN round(u(g * 10 + i, 1)::numeric, 1 + g % 6)::float8
  WHEN 1 THEN u(g * 10 + i, 1) WHEN 2 THEN floor(1e6 * u(g * 10 + i, 1)) / 999999 WHEN 3 THEN 6 * u(g * 10 + i, 1) - 3
                              ELSE u(g * 10 + i, 1) * 10::float8 ^ floor(30 * u(g * 10 + i, 3) - 15) END) AS measures,
       array_agg(CASE g % 3 WHEN 0 THEN round(u(g * 10 + i, 2)::numeric, 3)::float8 + 0.001
         WHEN 1 THEN 1 + floor(99 * u(g * 10 + i, 2)) ELSE u(g * 10 + i, 2) + 0.1 END) AS weights
FROM generate_series(1, 20000) AS g, generate_series(1, 1 + g % 6) AS i GROUP BY g;
SELECT count(*) AS scores, count(*) FILTER (WHERE weighted_score(measures, weights) IS DISTINCT FROM exact) AS otherwise
FROM weighing, LATERAL (SELECT (sum(round(m::text::numeric * w::text::numeric,
  400)) / sum(w::text::numeric))::float8 AS exact FROM unnest(measures, weights) AS x(m, w)) AS n;
-- the scores of customers whose sums are equal are equal, however they come about
SELECT count(DISTINCT weighted_score(ARRAY[a, b, (100 - 5 * i - 2 * j) / 1000.0::float8], '{0.5, 0.2, 0.1}')) AS scores,
  count(*) AS sums
FROM generate_series(0, 10) AS i, generate_series(0, 20) AS j,
  LATERAL (SELECT (i / 1000.0)::float8 AS a, (j / 1000.0)::float8 AS b) AS v;

--
-- Expected purchases of BG/NBD: values of 40 digits, s = r + x, at t = 0
--
SELECT count(*) AS points, max(abs(expected_purchases(bgnbd_model(s, 1, a, b), 0, 0, 0,
  w)::text::numeric / m - 1)) < 1e-14 AS exact FROM (VALUES
  (7.170228183329079::float8, 0.00010034910197543378::float8, 0.007738895929372248::float8, 189.86353399590527::float8,
    1343.028346518093824183505),
  (0.0092837831097036076, 0.010820733432400807, 0.00013774901785725053, 1082.4892232727921, 0.180455332755808199657583),
  (110.51638736096129, 0.092235175379592221, 0.20908492001480283, 35745529.59939301, 385279415.8372954542443166),
  (321.9418641373249, 0.20997535867875619, 4.5256507504138206, 8610911.2069461234, 49189494.54518116779223021),
  (0.00030780809119749982, 17.978287086793642, 0.00014385703309816147, 17610810.238531116, 0.005122354149884177919241),
  (5.3041484626195663, 0.48808177329825853, 5.0011772662298064, 74160765.91576834, 102506.2998349507864325013),
  (2.7822654564377793, 424.28102754979579, 2.0087661274318931, 1.1866050038102238, 0.889974348988933842264985),
  (10038.430497261588, 0.40435257873373798, 10001.552971618967, 2809.5456000132413, 1889911.439389875056403077),
  (58.425146179239782, 3.1878299346595913, 8564.2119358630916, 1986705.9532383289, 3915.477899717983501398610),
  (1.8047312506132269, 23.146766660628948, 1.0105617369411413, 0.00024544303784287627, 0.000442812675563520310710),
  (370.03626681278217, 41.988969789164443, 5.3936453707765715, 0.00057950302160193442,
    0.195251668997894088768247)) AS v(s, a, b, w, m);
-- where the forms meet nothing jumps: in steps of a thousandth of w it grows by less than that
SELECT count(*) AS steps, count(*) FILTER (WHERE m < before * (1 - 1e-14) OR m > before * 1.001 * (1 + 1e-14)) AS jumps
FROM (SELECT m, lag(m) OVER (PARTITION BY a, s ORDER BY k) AS before
  FROM unnest('{0.0001, 0.3, 0.999, 1, 3, 60}'::float8[]) AS a, unnest('{0.1, 4.9, 5.1, 200}'::float8[]) AS s,
  generate_series(0, 1200) AS k,
  LATERAL expected_purchases(bgnbd_model(s, 1, a, 2.5), 0, 0, 0, 3 * 1.001::float8 ^ k) AS m) AS x
  WHERE before IS NOT NULL;

--
-- Fits end at their limit where nobody drops out
--
-- the last purchase is never long ago
CREATE TABLE stays AS
SELECT x, t * x / (x + 0.5) AS t_x, t
FROM (SELECT 20 + i % 30 AS t, floor(-(20 + i % 30) / 8.0 * ln(1 - u(i, 6))) AS x
  FROM generate_series(1, 600) AS i) AS p;
CREATE TABLE stay AS SELECT customer_counts(x, t_x, t) AS counts, bgnbd_fit(x, t_x, t) AS bg,
  pareto_nbd_fit(x, t_x, t) AS pareto FROM stays;
SELECT f.model, f.converged, f.remark, f.no_error, abs(f.likelihood - (pareto).log_likelihood) < 1e-6 AS as_pareto
FROM stay, LATERAL (VALUES ('bgnbd', (bg).converged, (bg).remark, (bg).r, (bg).alpha, (bg).log_likelihood,
  (bg).se_a IS NULL), ('pareto_nbd', (pareto).converged, (pareto).remark, (pareto).r, (pareto).alpha,
  (pareto).log_likelihood, (pareto).se_s IS NULL)) AS f(model, converged, remark, r, alpha, likelihood, no_error);
-- no start leads further
SELECT max((fit_from('pareto_nbd', counts,
  ARRAY[0.5 + s % 4, 10, 1 / s::float8, 10 * s]))[5] - (pareto).log_likelihood) < 1e-6 AS none
FROM stay, generate_series(1, 8) AS s;
SELECT p_alive(pareto, 2, 5, 40) AS alive,
  abs(expected_purchases(pareto, 2, 5, 40, 10) / (((pareto).r + 2) / ((pareto).alpha + 40) * 10) - 1) < 1e-14 AS as_nbd
FROM stay;

--
-- No setting changes a tier, a line or what is kept of them
--
CREATE TABLE sale (customer bigint, day date, amount numeric);

INSERT INTO sale SELECT c, date '2026-01-01' + floor(150 * u(c * 100 + k, 11))::int,
  1 + floor(9999 * u(c * 100 + k, 12)) / 100 FROM generate_series(1, 40) AS c, generate_series(1, 1 + c % 9) AS k;
INSERT INTO sale SELECT c, date '2026-06-10', 5.55 * c FROM generate_series(1, 40, 7) AS c;
CREATE TABLE shop (customer bigint PRIMARY KEY, region text, annual_potential numeric);
INSERT INTO shop SELECT c, CASE c % 3 WHEN 0 THEN NULL WHEN 1 THEN E'a\\b' ELSE 'north' END, 10 + c * 37 % 1000
FROM generate_series(1, 45) AS c;
CALL track('sale', customer => 'customer', amount => 'amount', sold_at => 'day');

-- one scheme for each way of saying a number; called with every name qualified, search_path may be empty
CREATE FUNCTION declare_all() RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
  PERFORM customer_tier.fit_model('t_numbers.numbers', 't_numbers.sale', DATE '2026-04-30', 6.123456789012345,
    'mbgnbd');
  PERFORM customer_tier.create_scheme('t_numbers.s1', 't_numbers.sale',
    axes => ARRAY[customer_tier.axis('v', 'customer_tier.total(ledger)', 'share',
    ARRAY[0.1::float8 + 0.2::float8, 0.6543210987654321, 0.95])], tiers => '{D, C, B, A}', keep => 0.8123456789012345,
    hold => '1 month -3 days', returns => 0.1234567890123456);
  PERFORM customer_tier.create_scheme('t_numbers.s2', 't_numbers.sale', preset => 'rfm',
    options => '{"segments": "codes", "frequency": "customer_tier.purchase_days(ledger)"}');
  PERFORM customer_tier.create_scheme('t_numbers.s3', 't_numbers.sale', preset => 'weighted',
    options => '{"weights": [0.5123456789012345, 0.2, 0.1, 0.1000000000000001, 0.1], '
      '"heads": [0.1234567890123456, 0.5]}',
    tiers => '{C, B, A}');
  PERFORM customer_tier.create_scheme('t_numbers.s4', 't_numbers.sale',
    axes => ARRAY[customer_tier.axis('days', 'customer_tier.recency(ledger, as_of) + 0.123456789::float8', 'value',
    '{20.123456789, 60.12345678901234}', better => 'lower')], tiers => '{late, ok, fresh}', unrated => 'none');
  PERFORM customer_tier.create_scheme('t_numbers.s5', 't_numbers.sale',
    axes => ARRAY[customer_tier.axis('n', 'customer_tier.total(ledger)', 'count', '{15, 40}'),
    customer_tier.axis('c', 'customer_tier.total(ledger)', 'natural', '{25}')], tier => 'greatest(n, c / 9 + 1)::text',
    tiers => '{1, 2, 3}');
  PERFORM customer_tier.create_scheme('t_numbers.s6', 't_numbers.sale',
    axes => ARRAY[customer_tier.axis('w', $$CASE WHEN customer_tier.last_day(ledger) >= '2026-06-01'::date
    AND as_of - '2026-03-04'::date > 0 THEN customer_tier.total(ledger) * '1.2345678901234567'::float8
    ELSE customer_tier.orders(ledger) END$$, 'heads', '{0.3}')], tiers => '{B, A}',
    attributes => 't_numbers.shop',
      per => $$CASE WHEN region = E'a\\b' THEN E'\\' ELSE region END$$, unrated => 'none', review => '{06-30, 12-31}');
  PERFORM customer_tier.create_scheme('t_numbers.s7', 't_numbers.sale', preset => 'at_risk',
    options => '{"model": "t_numbers.numbers", "rate": 0.0012345678901234, "margin": 0.3}');
  PERFORM customer_tier.create_scheme('t_numbers.s8', 't_numbers.sale', preset => 'quadrant',
    attributes => 't_numbers.shop');
END $f$;
CREATE FUNCTION use_all() RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  n integer;
BEGIN
  PERFORM customer_tier.pin('t_numbers.s1', '3', 'A', 'promised', DATE '2026-02-03', DATE '2026-05-04');
  PERFORM customer_tier.pin('t_numbers.s2', '4', '555', 'promised', DATE '2026-02-03');
  FOR n IN 1..8 LOOP
    PERFORM customer_tier.refresh_scheme('t_numbers.s' || n, DATE '2026-03-31'),
      customer_tier.refresh_scheme('t_numbers.s' || n, DATE '2026-05-31');
  END LOOP;
  PERFORM customer_tier.release('t_numbers.s1', '5', 'asked', DATE '2026-06-03');
  PERFORM customer_tier.alter_scheme('t_numbers.s1', keep => 0.7123456789012345, note => 'less');
  PERFORM customer_tier.alter_scheme('t_numbers.s8', hold => '-1 days 2 months');
  PERFORM customer_tier.alter_tier('t_numbers.s1', 'A', hold => '2 months -5 days',
    policy => '{"discount": 0.1234567890123456}');
  FOR n IN 1..8 LOOP
    PERFORM customer_tier.refresh_scheme('t_numbers.s' || n, DATE '2026-06-30');
  END LOOP;
END $f$;
-- what there is then, bytes of it: of tables, views, rules, and what answers questions
CREATE FUNCTION seen(OUT what text, OUT content text) RETURNS SETOF record LANGUAGE plpgsql AS $f$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT c.oid::regclass AS rel, c.relkind FROM pg_class AS c
    WHERE relnamespace = 't_numbers'::regnamespace AND relkind IN ('r', 'v') AND relname ~ '^s[0-9]'
    AND relname !~ '__(input|measure|scheme|touched)$' LOOP
    what := r.rel;
    EXECUTE format('SELECT string_agg(%s, E''\n'' ORDER BY x::text COLLATE "C") FROM %s AS x',
      CASE WHEN r.rel::text ~ '__rule$' THEN '(to_jsonb(x) - ''made_at'')::text' ELSE 'x::text' END, r.rel)
      INTO content;
    RETURN NEXT;
    IF r.relkind = 'v' THEN
      what := r.rel || ' as it is defined';
      content := pg_get_viewdef(r.rel);
      RETURN NEXT;
    END IF;
  END LOOP;
  RETURN QUERY SELECT 'scheme ' || scheme, (to_jsonb(x) - '{made_at, scheme, source, attributes}'::text[])::text
    FROM customer_tier.schemes AS x
    WHERE scheme::text ~ '^(t_numbers\.)?s[0-9]$';
END $f$;
CREATE TABLE answer (scheme text, what text, content text);
-- answers, as they are while the settings are in force
CREATE FUNCTION ask() RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
  INSERT INTO t_numbers.answer SELECT 's' || n, 'explain',
    ROW(e.tier, e.earned, e.pin, e.rule, e.axis, e.measure)::text || coalesce(encode(float8send(e.value), 'hex'), '')
    || coalesce(encode(float8send(e.margin), 'hex'), '') || coalesce(encode(float8send(e.line_to_rise), 'hex'), '')
    || coalesce(encode(float8send(e.gap), 'hex'), '')
    FROM generate_series(1, 8) AS n, unnest('{3, 4, 8, 29}'::text[]) AS c,
      customer_tier.explain('t_numbers.s' || n, c) AS e;
  INSERT INTO t_numbers.answer SELECT 's' || n, 'then', t::text
    FROM generate_series(1, 8) AS n, customer_tier.tiers_as_of('t_numbers.s' || n, DATE '2026-04-30') AS t;
  INSERT INTO t_numbers.answer SELECT 's1', 'if', t::text
    FROM customer_tier.simulate('t_numbers.s1',
    axes => ARRAY[customer_tier.axis('v', 'customer_tier.total(ledger)', 'heads',
    '{0.1111111111111111, 0.4, 0.7777777777777777}')]) AS t;
  INSERT INTO t_numbers.answer SELECT 's1', 'model',
    encode(float8send(sum(customer_tier.clv('t_numbers.numbers', ledger, DATE '2026-06-30', 52, 0.001))), 'hex')
    FROM (SELECT ledger FROM t_numbers.sale_ledger ORDER BY customer OFFSET 0) AS l;
END $f$;

-- declared under these settings, used under those: what differs from what the defaults give
CREATE FUNCTION set_all(settings text[]) RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
  FOR i IN 1..coalesce(cardinality(settings), 0) LOOP
    BEGIN
      PERFORM pg_catalog.set_config(pg_catalog.split_part(settings[i], '=', 1),
        pg_catalog.substr(settings[i], pg_catalog.strpos(settings[i], '=') + 1), false);
    EXCEPTION WHEN invalid_parameter_value THEN NULL;	-- a locale that is not there
    END;
  END LOOP;
END $f$;
CREATE FUNCTION outcome_of(declared text[], used text[], OUT what text, OUT content text) RETURNS SETOF record
LANGUAGE plpgsql AS $f$
BEGIN
  PERFORM t_numbers.set_all(declared);
  PERFORM t_numbers.declare_all();
  RESET ALL;
  SET client_min_messages = error;
  PERFORM t_numbers.set_all(used);
  PERFORM t_numbers.use_all(), t_numbers.ask();
  RESET ALL;
  SET client_min_messages = error;
  SET search_path = t_numbers, public;
  SET extra_float_digits = 3;
  SET datestyle = 'ISO, MDY';
  SET intervalstyle = 'postgres';
  RETURN QUERY SELECT * FROM t_numbers.seen();
  RETURN QUERY SELECT scheme || ' ' || a.what, string_agg(a.content, E'\n' ORDER BY a.content COLLATE "C")
    FROM t_numbers.answer AS a GROUP BY scheme, a.what;
  PERFORM customer_tier.drop_scheme('t_numbers.s' || n) FROM generate_series(1, 8) AS n;
  TRUNCATE t_numbers.answer;
END $f$;
SET client_min_messages = error;
CREATE TABLE plain AS SELECT * FROM outcome_of(NULL, NULL);
SET search_path = t_numbers, test, public, customer_tier, customer_tier_internal;
SELECT count(*) AS things, min(what) FILTER (WHERE content IS NULL) AS empty FROM plain;
-- declared under these settings and used under those of the server, the other way round, or both under these
CREATE TABLE setting (n serial, declared boolean, used boolean, settings text[]);
INSERT INTO setting (declared, used, settings) VALUES
  (true, true, '{extra_float_digits=-15}'),
  (false, true, '{extra_float_digits=0,standard_conforming_strings=off,backslash_quote=off,escape_string_warning=off}'),
  (true, false,
    '{extra_float_digits=3,"DateStyle=SQL, '
    'DMY",IntervalStyle=sql_standard,lc_numeric=de_DE.UTF-8,search_path=,bytea_output=escape,TimeZone=Asia/Kathmandu}'),
  (true, true,
    '{extra_float_digits=-15,DateStyle=German,IntervalStyle=iso_8601,search_path=,standard_conforming_strings=off,'
    'escape_string_warning=off,'
    'quote_all_identifiers=on,array_nulls=off,transform_null_equals=on}'),
  (true, true,
    '{"DateStyle=Postgres, YMD",IntervalStyle=postgres_verbose,enable_hashagg=off,enable_hashjoin=off,work_mem=64kB,'
    'default_transaction_deferrable=on,default_transaction_isolation=serializable,default_transaction_read_only=on}');
CREATE TABLE differs (n int, what text);
DO $$
DECLARE
  s record;
BEGIN
  FOR s IN SELECT * FROM t_numbers.setting ORDER BY n LOOP
    INSERT INTO t_numbers.differs SELECT s.n, coalesce(o.what, p.what)
      FROM t_numbers.outcome_of(CASE WHEN s.declared THEN s.settings END, CASE WHEN s.used THEN s.settings END) AS o
      FULL JOIN t_numbers.plain AS p ON p.what = o.what
    WHERE o.content IS DISTINCT FROM p.content;
    COMMIT;	-- the locks of what was made are many
  END LOOP;
END $$;
SET client_min_messages = warning;
SET datestyle = 'ISO, MDY';
SET search_path = t_numbers, test, public, customer_tier, customer_tier_internal;
SELECT n, what FROM differs ORDER BY n, what COLLATE "C";
-- numbers of JSON are what they were
SELECT json_numbers(ARRAY[0.1::float8 + 0.2::float8, 0.3, -25, 'NaN', '-Infinity', NULL]) AS numbers,
  floats(json_numbers('{1e308, 5e-324, 1e-7, 9007199254740993}')) AS back, json_numbers('{}') AS none,
  json_numbers(NULL) AS unknown;
SET extra_float_digits = -15;
SELECT (json_numbers(ARRAY[1 / 3::float8]) -> 0)::float8 = 1 / 3::float8 AS same,
  axis('a', 'total(ledger)', 'share', ARRAY[1 / 3::float8]) -> 'at' AS at,
  weighted_axis('a', '{a, b}', ARRAY[1 / 3::float8, 2]) -> 'weights' AS weights;
-- a quarter of a line stays a quarter
CREATE TABLE kept (customer int, day date, amount numeric);
INSERT INTO kept VALUES (1, '2026-05-01', 150), (2, '2026-05-01', 150);
CALL track('kept', customer => 'customer', amount => 'amount', sold_at => 'day');
SELECT create_scheme('keeps', 'kept', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{100}')], tiers => '{B, A}',
  keep => 0.25);
SELECT * FROM refresh_scheme('keeps', '2026-05-15');
UPDATE kept SET amount = CASE customer WHEN 1 THEN 22 ELSE 26 END;
SELECT * FROM refresh_scheme('keeps', '2026-05-31');
SELECT customer, tier, status FROM keeps ORDER BY customer;
RESET extra_float_digits;

--
-- Shares lie within 0 and 1, where customers gave back more than they bought as well
--
CREATE TABLE returned (customer int, day date, amount numeric);
INSERT INTO returned VALUES (1, '2026-05-01', 900), (2, '2026-05-01', 100), (3, '2026-05-01', 10),
  (3, '2026-05-02', -15), (4, '2026-05-03', 40), (4, '2026-05-04', -40);
CALL track('returned', customer => 'customer', amount => 'amount', sold_at => 'day');
SELECT create_scheme('returns', 'returned', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{0, 500}')],
  tiers => '{costs, brings, best}');
SELECT * FROM refresh_scheme('returns', '2026-05-31');
SELECT tier, heads, value, value_share, head_share FROM returns_summary ORDER BY tier_rank;
SELECT bool_and(value_share BETWEEN 0 AND 1) AS within, sum(value_share) AS all FROM returns_summary;
UPDATE returned SET amount = -amount WHERE amount > 0;
SELECT * FROM refresh_scheme('returns', '2026-05-31');
SELECT tier, heads, value, value_share FROM returns_summary ORDER BY tier_rank;
-- a curve of profit passes 1 where losses follow, and is not called a share
SELECT heads, level FROM unnest((SELECT (whale_curve(v, 2)).points FROM unnest(ARRAY[3, -1]) AS v));
SELECT relative_gain FROM retention_effect(10, 100, 0.5, 0.25, periods => 10);
SELECT a.attrelid::regclass AS type, attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = attrelid
WHERE relnamespace = 'customer_tier'::regnamespace AND attname ~ 'share' AND attnum > 0 ORDER BY 1, 2;

--
-- The last refresh is that of an earlier day: of what a refresh counts, of its log and of the view
--
CREATE TABLE paid (customer int, day date, amount numeric);
INSERT INTO paid SELECT c, '2026-04-01', 10 * c FROM generate_series(1, 6) AS c;
CALL track('paid', customer => 'customer', amount => 'amount', sold_at => 'day');
SELECT create_scheme('twice', 'paid', axes => ARRAY[axis('v', 'total(ledger)', 'value', '{25, 45}')],
  tiers => '{C, B, A}');
SELECT * FROM refresh_scheme('twice', '2026-04-30');
INSERT INTO paid VALUES (7, '2026-05-01', 30);
UPDATE paid SET amount = 100 WHERE customer IN (1, 2);
SELECT * FROM refresh_scheme('twice', '2026-05-31');
-- the same day again: one comes back to where it was, one falls, one goes
UPDATE paid SET amount = 5 WHERE customer IN (1, 6);
DELETE FROM paid WHERE customer = 3;
SELECT * FROM refresh_scheme('twice', '2026-05-31');
SELECT * FROM refresh_scheme('twice', '2026-05-31');
SELECT * FROM twice_trend ORDER BY as_of, tier_rank;
SELECT sum(heads) FILTER (WHERE change = 'new') AS entered, sum(heads) FILTER (WHERE change = 'up') AS up,
  sum(heads) FILTER (WHERE change = 'down') AS down, sum(heads) FILTER (WHERE change = 'left') AS gone
FROM twice_migration;
SELECT obj_description('twice_migration'::regclass) AS view,
  col_description('twice_migration'::regclass, 1) AS from_tier;

--
-- What is at its limit says so
--
-- a day far from the sales, or from the last refresh
SELECT customers, entered FROM refresh_scheme('twice', '2026-06-01');
SELECT customers, entered FROM refresh_scheme('twice', '2026-06-02');
INSERT INTO paid VALUES (8, '2027-06-02', 1);
SELECT customers, entered FROM refresh_scheme('twice', '2027-06-03');
INSERT INTO paid VALUES (8, '2028-06-04', 1);
SELECT customers, entered FROM refresh_scheme('twice', '2028-06-04');
SELECT backfill('twice', '2026-04-30', '2028-07-31', '13 months');
\set VERBOSITY sqlstate
SELECT customers, entered FROM refresh_scheme('twice', '2099-01-01');
\set VERBOSITY default
-- a model without dropout, whose warning the presets repeat
CREATE TABLE bought (customer int, day date, amount numeric);
INSERT INTO bought SELECT i, date '2025-01-01' + i % 90 + (k * (330 - i % 90) / (x + 0.5))::int, 10 + i % 50
FROM (SELECT i, floor(-6 * ln(1 - u(i, 6)))::int AS x FROM generate_series(1, 400) AS i) AS c,
  generate_series(0, x) AS k;
CALL track('bought', customer => 'customer', amount => 'amount', sold_at => 'day');
SELECT (pareto_nbd).remark FROM fit_model('stay_model', 'bought', '2025-11-30', 7, 'pareto_nbd');
SELECT create_scheme('calls', 'bought', preset => 'at_risk', options => '{"model": "stay_model"}');
SELECT create_scheme('worths', 'bought', preset => 'clv', options => '{"model": "stay_model"}');
-- of spending without a mean, and without money
CREATE TABLE wild AS SELECT customer, day,
  round((10 / u(customer, 8) ^ 2 * (0.2 + 1.6 * u(customer * 1000 + (day - date '2025-01-01'), 9)))::numeric,
  2) AS amount FROM bought;
CREATE TABLE free AS SELECT customer, day, CASE
  WHEN day - min(day) OVER (PARTITION BY customer) > 0 THEN 0.01 ELSE 5 END AS amount FROM bought;
CALL track('wild', customer => 'customer', amount => 'amount', sold_at => 'day');
CALL track('free', customer => 'customer', amount => 'amount', sold_at => 'day');
INSERT INTO free SELECT customer, day, -10 FROM free WHERE amount = 0.01;
SELECT (gamma_gamma).q <= 1 AS no_mean FROM fit_model('wild_model', 'wild', '2025-11-30');
SELECT (gamma_gamma).p IS NULL AS no_model FROM fit_model('free_model', 'free', '2025-11-30');
SELECT outcome($$SELECT create_scheme('unworthy', 'free', preset => 'clv', options => '{"model": "free_model"}')$$);
SELECT predicted > 0 AS purchases, predicted_value FROM model_quality('wild', '2025-07-31', '2025-10-31');
SELECT predicted > 0 AS purchases, predicted_value FROM model_quality('free', '2025-07-31', '2025-10-31');
-- a holdout past the last sale, and a fit long after it
SELECT max(day) AS last FROM bought;
SELECT actual FROM model_quality('bought', '2025-07-31', (SELECT max(day) FROM bought));
SELECT actual FROM model_quality('bought', '2025-07-31', (SELECT max(day) + 1 FROM bought));
SELECT (bgnbd).customers FROM fit_model('late', 'bought', (SELECT max(day) + 32 FROM bought));
\set VERBOSITY sqlstate
SELECT actual FROM model_quality('bought', '2025-07-31', '2026-01-31', kind => 'pareto_nbd');
\set VERBOSITY default

DROP SCHEMA t_numbers CASCADE;
