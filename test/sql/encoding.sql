-- Tests Chinese labels, and multibyte names, in the encodings that have them.
SELECT getdatabaseencoding() IN ('UTF8', 'SQL_ASCII', 'EUC_CN') AS has_chinese,
  getdatabaseencoding() IN ('UTF8', 'SQL_ASCII') AS three_bytes \gset
SET client_min_messages = warning;
CREATE SCHEMA t_encoding;
SET search_path = t_encoding, test, public, customer_tier;

\if :has_chinese
SET client_encoding = 'UTF8';
-- the eight classes, 1 for high
SELECT code, rfm_class8(r, f, m, 'zh') AS zh, name = rfm_class8(r, f, m, 'zh') AS "right"
FROM (VALUES ('111', '重要价值'), ('101', '重要发展'), ('011', '重要保持'), ('001', '重要挽留'), ('110', '一般价值'), ('100', '一般发展'),
  ('010', '一般保持'), ('000', '一般挽留')) AS v(code, name),
     LATERAL (SELECT code LIKE '1__' AS r, code LIKE '_1_' AS f, code LIKE '__1' AS m) AS b;
SELECT r, f, m, rfm_class8(r, f, m, language => 'zh') OVER () AS zh
FROM (VALUES (1, 1, 5), (2, 1, 4), (3, 1, 3), (4, 1, 2), (5, 5, 1), (NULL, 2, 2)) AS v(r, f, m);
SELECT count(*) AS values, count(*) FILTER (WHERE a = rfm_class8(v > mean, i > mean_i, w > mean_w, 'zh')) AS by_mean
FROM (SELECT g, i, v, u(i, g) AS w, rfm_class8(v, i, u(i, g), language => 'zh') OVER (PARTITION BY g ORDER BY i) AS a
  FROM val) AS c
JOIN (SELECT g, avg(v::numeric) AS mean, avg(i::numeric) AS mean_i, avg(u(i, g)) AS mean_w FROM val
  GROUP BY g) AS m USING (g);
SELECT array_agg(class) AS zh FROM rfm_classes8('zh');
\else
SELECT outcome($$SELECT rfm_class8(true, true, true, 'zh')$$) LIKE '22P05 %' AS said,
  rfm_class8(true, true, true, 'en') AS en;
\endif

\if :three_bytes
-- a name of 63 bytes: what is beside it is cut between letters
CREATE TABLE "名前がとても長い売上の表、六十三バイトまで" (id int, customer int, day date, amount numeric);
CALL track('"名前がとても長い売上の表、六十三バイトまで"', 'customer', 'amount', 'day');
INSERT INTO "名前がとても長い売上の表、六十三バイトまで" VALUES (1, 1, '2026-01-01', 5);
SELECT sales AS relation, ledger, pending FROM sources WHERE sales = '"名前がとても長い売上の表、六十三バイトまで"'::regclass;
CALL untrack('"名前がとても長い売上の表、六十三バイトまで"');
\endif

DROP SCHEMA t_encoding CASCADE;
