-- Every kind of picture with little, much and odd data, with short, long and Chinese
-- labels: a line of JSON each, {"name", "svg"}.  For pictures.mjs.
\set ON_ERROR_STOP on
\pset format unaligned
\t on
SET client_min_messages = warning;
SET search_path = customer_tier, pg_temp;

-- labels, titles and the language that go with them
CREATE TEMP TABLE voice AS
SELECT *
FROM (VALUES
  ('short', 'en', NULL, '%s', '{}'::jsonb),
  ('long', 'en',
   'A title that is so long that it has to be broken into more than one line, for it says everything at once',
   'Customers of the %s. tier with a very long name indeed',
   '{"subtitle": "A subtitle that goes on and on, with the name of the shop, the days that it is about, '
   'what was left out, and why it was left out", '
   '"note": "Source: sales of the shop. A note may be long, too, and is broken into lines as well as the title '
   'and the subtitle above it."}'),
  ('wide', 'en', 'WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW',
   'WWWWMMMM%s', '{"x": "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"}'),
  ('chinese', 'zh', NULL, '第%s级重要价值客户', '{"note": "数据来源：销售表。不含已取消的订单，也不含没有客户编号的销售。"}'),
  ('odd', 'zh', '<b>&"客户"'' ' || chr(1) || chr(27), '<%s>&"' || chr(9), '{}'))
  AS v(voice, language, title, pattern, options);

CREATE TEMP TABLE sample AS
SELECT n, ARRAY(SELECT i FROM generate_series(1, n) AS i) AS i
FROM unnest('{1, 3, 11, 20}'::int[]) AS n;

CREATE FUNCTION pg_temp.labels(label text, n int) RETURNS text[] LANGUAGE sql AS
$$ SELECT array_agg(pg_catalog.format(label, i) ORDER BY i) FROM pg_catalog.generate_series(1, n) AS i $$;

CREATE TEMP TABLE picture AS
SELECT format('%s-%s-%s', kind, voice, n) AS name, svg
FROM voice, sample,
  LATERAL (SELECT options || jsonb_strip_nulls(jsonb_build_object('title', title, 'language', language)) AS o,
                  options - 'x' || jsonb_strip_nulls(jsonb_build_object('title', title, 'language', language)) AS p,
                  pg_temp.labels(pattern, n) AS label) AS d,
  LATERAL (VALUES
    ('pyramid', svg_pyramid(label, ARRAY(SELECT (1 + n - x)^3 FROM unnest(i) AS x),
                            ARRAY(SELECT x^4 FROM unnest(i) AS x), options => p)),
    ('pyramid_one_sided', svg_pyramid(label, ARRAY(SELECT CASE x WHEN 1 THEN 9999999 ELSE 0 END FROM unnest(i) AS x),
                                      ARRAY(SELECT 0 FROM unnest(i) AS x), options => p)),
    ('funnel', svg_funnel(label, ARRAY(SELECT 1e6 / x^2 FROM unnest(i) AS x), p)),
    ('bars', svg_bars(label, ARRAY(SELECT x * 1234.5 FROM unnest(i) AS x), options => o)),
    ('bars_signed', svg_bars(label, ARRAY(SELECT (x % 3 - 1) * 1e9 / x FROM unnest(i) AS x), options => o)),
    ('bars_negative', svg_bars(label, ARRAY(SELECT -1e12 / x FROM unnest(i) AS x), options => o)),
    ('bars_zero', svg_bars(label, ARRAY(SELECT 0 FROM unnest(i) AS x), options => o)),
    ('waterfall', svg_bars(
       label || ARRAY['a', 'z'], ARRAY[1e6] ||
       ARRAY(SELECT (x % 4 - 1.5) * 5e5 / x FROM unnest(i) AS x) || NULL::float8,
                           options => o || '{"waterfall": true}')),
    ('waterfall_small', svg_bars(
       label || ARRAY['a', 'z'], ARRAY[1e6] ||
       ARRAY(SELECT (x % 4 - 1.5) * 1e3 / x FROM unnest(i) AS x) || NULL::float8,
                                 options => o || '{"waterfall": true}')),
    ('waterfall_below', svg_bars(
       label || ARRAY['a', 'z'], ARRAY[-1e3] ||
       ARRAY(SELECT (x % 4 - 1.5) * 1e3 / x FROM unnest(i) AS x) || NULL::float8,
                                 options => o || '{"waterfall": true}')),
    ('flow', (SELECT svg_flow(array_agg(label[a]), array_agg(label[b]), array_agg(1 + (a * 7 + b * 13) % 50), label,
                              options => p || '{"from": "2026-06-30", "to": "2026-07-31"}')
              FROM generate_series(0, n) AS a, generate_series(0, n) AS b)),
    ('flow_few', svg_flow(ARRAY[NULL, label[1], label[n]], ARRAY[label[n], NULL, label[n]], '{3, 1, 99999}', label,
                          options => p)),
    ('heat', (SELECT svg_heat(array_agg(x), array_agg(y), array_agg(((x * 31 + y * 17) % 100)::float8 ^ 3),
                              array_agg(exp(x + y * 0.3)), array_agg(format(pattern, x)), o)
              FROM generate_series(1, n) AS x, generate_series(1, n) AS y)),
    ('heat_plain', (SELECT svg_heat(array_agg(x), array_agg(y), array_agg(x * y * 1000000), options => o)
                    FROM generate_series(1, n) AS x, generate_series(1, least(n, 5)) AS y)),
    ('cohorts', (SELECT svg_cohorts(array_agg(label[x]), array_agg(a), array_agg(1.0 / (1 + a)), array_agg(1000 * x), o)
                 FROM generate_series(1, n) AS x, generate_series(0, n - x) AS a)),
    ('trend', (SELECT svg_trend(array_agg('2026-01-31'::date + 30 * d), array_agg(label[x]),
                                array_agg(10 + x * d), label, options => p)
               FROM generate_series(0, n) AS d, generate_series(1, n) AS x)),
    ('trend_share', (SELECT svg_trend(array_agg('2026-01-31'::date), array_agg(label[x]), array_agg(x), label,
                                      options => p || '{"share": true}')
                     FROM generate_series(1, n) AS x)),
    ('quadrant', (SELECT svg_quadrant(array_agg(x % 97 / 50.0), array_agg(exp(x * 7919 % 101 / 12.0)), 0.5, 100,
                                      pg_temp.labels(pattern, 4), o)
                  FROM generate_series(1, n * n * n) AS x)),
    ('quadrant_odd', (SELECT svg_quadrant(array_agg(-5 * (x % 2)), array_agg(1e15), 0, -1e15, options => o)
                      FROM generate_series(1, n) AS x)),
    ('lorenz', (SELECT svg_lorenz(lorenz(x ^ 3, 50), gini(x ^ 3), o) FROM generate_series(1, n) AS x)),
    ('lorenz_equal', (SELECT svg_lorenz(lorenz(7.0, 50), 0, o || '{"share": 0.99}') FROM generate_series(1, n) AS x)),
    ('whale', (SELECT svg_whale(whale_curve(x ^ 3 - 200, 50), o) FROM generate_series(1, n + 3) AS x)),
    ('whale_plain', (SELECT svg_whale(whale_curve(x, 50), o) FROM generate_series(1, n) AS x))) AS k(kind, svg);

-- nothing to show
INSERT INTO picture
SELECT 'nothing-' || row_number() OVER (), svg
FROM unnest(ARRAY[
  svg_lorenz(NULL), svg_whale(NULL), svg_pyramid(NULL, NULL, NULL), svg_flow(NULL, NULL, NULL, NULL),
  svg_heat(NULL, NULL, NULL), svg_quadrant(NULL, NULL, NULL, NULL), svg_trend(NULL, NULL, NULL, NULL),
  svg_cohorts(NULL, NULL, NULL), svg_funnel(NULL, NULL), svg_bars(NULL, NULL)]) AS svg;

SELECT json_build_object('name', name, 'svg', svg) FROM picture ORDER BY name COLLATE "C";
