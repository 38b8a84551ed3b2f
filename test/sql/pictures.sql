-- Pictures: what is drawn, what is refused, and the pictures of a scheme.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
\set VERBOSITY terse
CREATE SCHEMA t_pictures;
SET search_path = t_pictures, test, public, customer_tier;

-- an element of a picture a line, without the style, which is the same in all
CREATE FUNCTION body(svg text) RETURNS SETOF text LANGUAGE sql AS $$
SELECT line
FROM regexp_split_to_table(regexp_replace(svg, '<style>.*</style>', ''), '(?=<(?:rect|line|text|path|circle|g |desc))')
  WITH ORDINALITY AS u(line, i)
ORDER BY i
$$;

--
-- What is drawn
--
SELECT regexp_split_to_table(svg_bars('{a}', '{1}'), '(?=</?(?:style|rect)|\.ct-(?:bg|0)|@media)') AS whole;
SELECT body(svg_pyramid('{C,B,A}', '{700,250,50}', '{100,200.5,700}', '{NULL,teal,#1b7837}'));
SELECT body(svg_lorenz(lorenz(v, 4), gini(v))) FROM unnest('{1,2,3,10}'::float8[]) AS v;
SELECT body(svg_whale(whale_curve(v, 4), '{"title": "Profit"}')) FROM unnest('{10,5,-2,-3}'::float8[]) AS v;
SELECT body(svg_flow('{A,B,B,NULL,A}', '{A,B,A,B,NULL}', '{10,20,5,7,1}', '{B,A}', '{NULL,#1b7837}',
  '{"from": "June", "to": "July"}'));
-- those who stayed are left out where the others would be hairs
SELECT body(svg_flow('{A,B}', '{A,A}', '{1000,5}', '{B,A}')) LIKE '%not drawn%' AS without, count(*)
FROM body(svg_flow('{A,B}', '{A,A}', '{1000,5}', '{B,A}', options => '{"stayed": true}')) GROUP BY 1;
SELECT body(svg_heat('{1,2,2}', '{1,1,2}', '{10,5,1}', '{4,NULL,16}', '{x,y,z}', '{"x": "frequency", "y": "recency"}'));
SELECT body(svg_quadrant('{1,2,3,NULL}', '{1,2,9,4}', 2, 5, '{{low,more},{much,most}}'));
SELECT body(svg_trend('{2026-01-31,2026-01-31,2026-02-28}', '{A,B,A}', '{10,20,15}', '{B,A}'));
SELECT body(svg_cohorts('{2026-01,2026-01,2026-02}', '{0,1,0}', '{1,0.255,1}', '{200,200,5}'));
SELECT body(svg_funnel('{seen,asked,bought}', '{1000,400,100}'));
SELECT body(svg_bars('{gain,loss,nothing}', '{1234.5,-12,0}', options => '{"title": "Bars"}'));
SELECT body(svg_bars('{2025,customers,orders,2026}', '{1000,200,-50,NULL}', options => '{"waterfall": true}'));
-- many points are a density of few paths
SELECT count(*) FILTER (WHERE b LIKE '<path%') BETWEEN 4 AND 8 AS few, bool_or(b LIKE '%logarithmic%') AS logarithmic
FROM generate_series(1, 5000) AS i, LATERAL (SELECT 1) AS l,
  body((SELECT svg_quadrant(array_agg(u(1, j)), array_agg(exp(10 * u(2, j))), 0.5, 100)
        FROM generate_series(1, 5000) AS j)) AS b
WHERE i = 1;

--
-- Words, numbers, looks
--
-- any text stays text, control characters are none, and what is not ASCII is a reference
SELECT body(svg_bars(ARRAY['<a href="x">&''' || chr(1) || chr(9), NULL, ''], '{1,2,3}',
                     options => '{"title": "</title><script>", "note": "]]>"}'));
SELECT getdatabaseencoding() IN ('UTF8', 'SQL_ASCII', 'EUC_CN') AS has_chinese \gset
SELECT outcome($$SELECT svg LIKE '%>&#23458;&#25143;</text>%' AND svg ~ '^[ -~]*$'
  FROM svg_funnel(ARRAY[convert_from(decode('e5aea2e688b7', 'hex'), 'UTF8')], '{1}') AS svg$$)
  LIKE CASE WHEN :'has_chinese' THEN 'true' ELSE '22P05 %' END AS "right";
SELECT substring(svg_pyramid('{B,A}', '{1,2}', '{3,4}', options => '{"language": "zh"}') FROM '<title>(.*?)</title>');
-- what is too long is shortened, and whole in a tip
SELECT regexp_matches(svg_funnel(ARRAY[repeat('long ', 20)], '{1}'), '<text[^>]*><title>([^<]*)</title>([^<]*)', 'g');
SELECT count(*) AS lines FROM regexp_matches(svg_bars('{a}', '{1}',
  options => jsonb_build_object('title', repeat('word ', 30))), 'ct-fg ct-b ct-l', 'g');
SELECT v AS number, customer_tier_internal.picture_number(v, 'en') AS en, customer_tier_internal.picture_percent(v)
FROM unnest('{0, 0.0004, 0.0049, 0.25, 0.9996, 1, 9.996, 12.345, 99.96, 999.4, 1000.5, 999499, 999500, 1234567, 1e9,
  -2.5e12, 1e15, 1.7e308, -0.001}'::float8[]) WITH ORDINALITY AS u(v, i) ORDER BY i;
SELECT substring(svg_bars('{a,b,c,d}', '{9999, 1234567, 234500000, 1.2e12}', options => '{"language": "zh"}')
  FROM '<desc>(.*?)</desc>') AS chinese;
-- light and dark by the reader's choice, or one of them
SELECT theme, svg LIKE '%prefers-color-scheme:dark%' AS both, svg LIKE '%#16191d%' AS dark,
  svg LIKE '%{fill:#fff}.ct-fg%' AS light
FROM unnest('{auto,light,dark}'::text[]) AS theme,
  LATERAL svg_bars('{a}', '{1}', options => jsonb_build_object('theme', theme)) AS svg;
-- no setting changes a byte
CREATE TABLE drawn AS
SELECT svg_pyramid('{B,A}', '{1e0,2.123456789}', '{3.14159265358979,4}') AS a,
  svg_trend('{2026-01-31,2026-02-28}', '{A,A}', '{10,15}', '{A}') AS b;
SET extra_float_digits = -15;
SET datestyle = 'SQL, DMY';
SET standard_conforming_strings = off;
SELECT a = svg_pyramid('{B,A}', '{1e0,2.123456789}', '{3.14159265358979,4}') AND
  b = svg_trend('{2026-01-31,2026-02-28}', '{A,A}', '{10,15}', '{A}') AS same FROM drawn;
RESET extra_float_digits;
SET datestyle = ISO, YMD;
RESET standard_conforming_strings;

--
-- Bad input
--
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT svg_pyramid('{A,B}', '{1}', '{1,2}');
SELECT svg_pyramid('{A,B}', '{1,NULL}', '{1,2}');
SELECT svg_pyramid('{A,B}', '{1,NaN}', '{1,2}');
SELECT svg_pyramid('{A,B}', '{1,-1}', '{1,2}');
SELECT svg_pyramid('{A}', '{1}', '{1}', '{"red\" onload=\"x"}');
SELECT svg_pyramid('{A}', '{1}', '{1}', '{"#12345"}');
SELECT svg_bars(array_agg(i::text), array_agg(i)) FROM generate_series(1, 10000) AS i;
SELECT svg_bars('{a}', '{Infinity}');
SELECT svg_bars('{a,b}', '{1.7e308,-1.7e308}');
SELECT svg_bars('{a}', '{1}', options => '{"colour": "red"}');
SELECT svg_bars('{a}', '{1}', options => '[]');
SELECT svg_bars('{a}', '{1}', options => '{"title": 1}');
SELECT svg_bars('{a}', '{1}', options => '{"language": "xx"}');
SELECT svg_bars('{a,b,c}', '{1,1,5}', options => '{"waterfall": true}');
SELECT svg_bars('{a}', '{1}', options => '{"waterfall": true}');
SELECT svg_flow('{A}', '{X}', '{1}', '{A,B}');
SELECT svg_heat('{1,1}', '{1,1}', '{1,2}');
SELECT svg_heat('{21}', '{1}', '{1}');
SELECT svg_trend('{infinity}', '{A}', '{1}', '{A}');
SELECT svg_trend('{2026-01-01}', '{X}', '{1}', '{A}');
SELECT svg_cohorts('{a}', '{0}', '{1.5}');
SELECT svg_cohorts('{a}', '{-1}', '{1}');
SELECT svg_quadrant('{1}', '{1}', 0, 0, '{a,b}');
SELECT svg_lorenz(ARRAY[ROW(0.5, 1)::curve_point, ROW(0.4, 1)::curve_point]);
SELECT svg_lorenz(ARRAY[ROW(0.5, 1)::curve_point], options => '{"share": 1}');
\set VERBOSITY terse
-- nothing is a picture, too
SELECT regexp_matches(svg, '<desc>(.*?)</desc>')
FROM unnest(ARRAY[svg_lorenz(NULL), svg_whale(NULL), svg_pyramid(NULL, NULL, NULL), svg_flow(NULL, NULL, NULL, NULL),
  svg_heat(NULL, NULL, NULL), svg_quadrant('{1}', '{1}', NULL, NULL), svg_trend('{}', '{}', '{}', '{}'),
  svg_cohorts(NULL, NULL, NULL), svg_funnel('{}', '{}'), svg_bars(NULL, NULL), svg_flow('{A}', '{A}', '{1}', '{A}'),
  svg_whale(ROW(2, -1, NULL, 0, 1, NULL)::whale_curve)]) AS svg;

--
-- Against an independent computation, with random numbers
--
\set seed 42
SELECT setseed(:seed / 1000.0);
CREATE TABLE random_tier AS
SELECT run, i, 'tier ' || i AS tier, floor(random() * 1000) + 1 AS heads, floor(random() * 1000) + 1 AS value
FROM generate_series(1, 50) AS run, generate_series(1, 2 + run % 9) AS i;
-- bars of the pyramid are as long as their parts of both wholes; one pixel for rounding
WITH svg AS (
  SELECT run, svg_pyramid(array_agg(tier ORDER BY i), array_agg(heads ORDER BY i), array_agg(value ORDER BY i)) AS svg,
         count(*) AS n
  FROM random_tier GROUP BY run),
bar AS (
  SELECT run, n + 1 - (j + 1) / 2 AS i, j % 2 = 1 AS of_heads, m[1]::numeric AS width
  FROM svg, regexp_matches(svg, '<rect x="[-0-9.]+" y="[0-9.]+" width="([0-9.]+)"', 'g') WITH ORDINALITY AS u(m, j)),
part AS (
  SELECT run, i, heads / sum(heads) OVER w AS head_share, value / sum(value) OVER w AS value_share
  FROM random_tier WINDOW w AS (PARTITION BY run))
SELECT count(*) AS bars,
  count(*) FILTER (WHERE abs(width - longest * share / greatest_share) > 0.2) AS wrong
FROM (SELECT run, width, CASE WHEN of_heads THEN head_share ELSE value_share END AS share,
             max(width) OVER (PARTITION BY run) AS longest,
             max(CASE WHEN of_heads THEN head_share ELSE value_share END) OVER (PARTITION BY run) AS greatest_share
      FROM bar JOIN part USING (run, i)) AS b;
-- the Pareto point lies where a line between two points of the curve reaches 80 %
WITH value AS (
  SELECT run, random() ^ 4 * 1000 AS v FROM generate_series(1, 30) AS run, generate_series(1, 40) AS i),
curve AS (SELECT run, lorenz(v, 20) AS c FROM value GROUP BY run),
edge AS (
  SELECT run, 1 - p.heads AS x, 1 - p.share AS y, lead(1 - p.heads) OVER w AS x0, lead(1 - p.share) OVER w AS y0
  FROM curve, unnest(c) WITH ORDINALITY AS p(heads, share, i) WINDOW w AS (PARTITION BY run ORDER BY i))
SELECT count(*) AS curves,
  count(*) FILTER (WHERE abs(x0 + (x - x0) * (0.8 - y0) / (y - y0)
    - (substring(svg_lorenz(c) FROM '<circle cx="([0-9.]+)"')::float8 - 72) / 420) > 0.0003) AS wrong
FROM edge JOIN curve USING (run) WHERE y >= 0.8 AND y0 < 0.8;

--
-- Of a scheme, as who may only read its views
--
CREATE TABLE sale (customer int, day date, amount numeric);
INSERT INTO sale
SELECT 1 + (u(3, i) ^ 2 * 60)::int, date '2025-06-01' + (u(3, i + 5000) * 390)::int,
  round((u(3, i + 9000) ^ 3 * 500 + 1)::numeric, 2)
FROM generate_series(1, 900) AS i;
CALL track('sale', 'customer', 'amount', 'day');
SELECT create_scheme('abc', 'sale', 'abc'), create_scheme('rfm', 'sale', 'rfm'), create_scheme('empty', 'sale', 'abc');
SELECT backfill('abc', '2026-01-31', '2026-06-30', '1 month'), backfill('rfm', '2026-04-30', '2026-06-30', '1 month');
CREATE ROLE regress_customer_tier_reader;
GRANT USAGE ON SCHEMA t_pictures TO regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT picture('abc', 'pyramid');
RESET ROLE;
GRANT SELECT ON abc, abc_summary, abc_migration, abc_trend, abc_history, rfm, rfm_summary, rfm_migration, rfm_trend,
  rfm_history, empty, empty_trend, empty_summary TO regress_customer_tier_reader;
SET ROLE regress_customer_tier_reader;
SELECT kind, substring(svg FROM '<title>(.*?)</title>') AS title, substring(svg FROM '<desc>(.*?)</desc>') AS reading
FROM unnest('{pyramid,lorenz,whale,flow,trend,drivers,bars,funnel,cohorts,natural}'::text[])
    WITH ORDINALITY AS u(kind, i),
  picture('abc', kind) AS svg ORDER BY i;
SELECT kind, substring(svg FROM '<title>(.*?)</title>') AS title, substring(svg FROM '<desc>(.*?)</desc>') AS reading
FROM unnest('{heat,quadrant}'::text[]) WITH ORDINALITY AS u(kind, i),
  picture('rfm', kind) AS svg ORDER BY i;
-- the numbers are those of the views
SELECT array_agg(m[1] ORDER BY i) =
  (SELECT array_agg(to_char(heads, 'FM999,999') ORDER BY tier_rank DESC) FROM abc_summary) AS same
FROM regexp_matches(picture('abc', 'pyramid'), 'text-anchor="end"><tspan class="ct-mu ct-s">([0-9,]+)<', 'g')
  WITH ORDINALITY AS u(m, i);
-- of an earlier day: the movement is that of the history
SELECT substring(picture('abc', 'flow', '{"as_of": "2026-05-15"}') FROM '<desc>(.*?)</desc>') AS april;
SELECT count(*) FILTER (WHERE change = 'up') AS up, count(*) FILTER (WHERE change = 'down') AS down,
  count(*) FILTER (WHERE change = 'new') AS new FROM abc_history WHERE valid_from = '2026-04-30';
SELECT picture('rfm', 'heat', '{"axes": ["m", "r"], "measure": "f", "title": "T"}') LIKE '%<title>T</title>%' AS done;
-- the page: one piece, ASCII, without scripts and anything from outside
CREATE TEMP TABLE page AS
SELECT 'en' AS language, report('abc') AS html UNION ALL SELECT 'en', report('rfm', '2026-05-01')
UNION ALL SELECT 'en', report('rfm', options => '{"title": "<&"}');
SELECT language, html ~ E'^[\\n -~]*$' AS ascii,
  html ~* '<script|<link|<img|https?://(?!www.w3.org/2000/svg)' AS outside,
  (SELECT count(*) FROM regexp_matches(html, '<svg ', 'g')) AS pictures,
  (SELECT count(*) FROM regexp_matches(html, '<table>', 'g')) AS tables, html LIKE '%<h1>&lt;&amp;</h1>%' AS titled
FROM page;
SELECT outcome($$SELECT html LIKE '%lang="zh-CN"%' AND html LIKE '%&#31561;&#32423;%' AND html ~ E'^[\\n -~]*$'
    AND html !~ 'customers|tiers' FROM report('rfm', options => '{"language": "zh", "title": "T"}') AS html$$)
  LIKE CASE WHEN :'has_chinese' THEN 'true' ELSE '22P05 %' END AS "right";
-- what is asked for in a wrong way
\set VERBOSITY default
SELECT picture('abc', 'pie');
SELECT picture('abc', 'heat');
SELECT picture('abc', 'lorenz', '{"measure": "x"}');
SELECT picture('abc', 'cohorts', '{"tier": "X"}');
SELECT picture('abc', 'pyramid', '{"as_of": "2020-01-01"}');
SELECT picture('abc', 'pyramid', '{"measure": "x"}');
SELECT picture('abc', 'pyramid', '[]');
SELECT picture('pg_class', 'pyramid');
SELECT picture('empty', 'pyramid');
SELECT report('empty');
SELECT report('abc', options => '{"colour": 1}');
\set VERBOSITY terse
RESET ROLE;
-- colours that tiers were given
DO $$BEGIN
  PERFORM alter_tier('abc', 'A', name => 'Best', colour => '#1b7837');
END $$;
SELECT picture('abc', 'pyramid') LIKE '%fill="#1b7837"%>Best</text>%' AS coloured;
-- a scheme whose view was renamed
ALTER VIEW abc RENAME TO customers_abc;
SELECT picture('customers_abc', 'pyramid', '{"subtitle": null}') IS NOT NULL AS found;
ALTER VIEW customers_abc RENAME TO abc;
DROP OWNED BY regress_customer_tier_reader;
DROP ROLE regress_customer_tier_reader;
SELECT drop_scheme(scheme) FROM unnest(ARRAY['abc', 'rfm', 'empty']::regclass[]) AS scheme;
DROP SCHEMA t_pictures CASCADE;
