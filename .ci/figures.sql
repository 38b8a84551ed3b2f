-- Figures of the demo's tables that its report leaves out.
SET search_path = public, customer_tier;
SELECT format('ABC fit %s %s %s', cuts[2], cuts[1], string_agg(heads::text, '/' ORDER BY class))
FROM (SELECT cuts, classify(total, cuts, '{C, B, A}') AS class, count(*) AS heads
      FROM customers, (SELECT share_cuts(total, '{0.80, 0.95}', 'fit') AS cuts FROM customers) AS c GROUP BY cuts, class) AS c GROUP BY cuts;
SELECT format('holders %s total %s', (c).holders, (c).total) FROM (SELECT concentration(total) AS c FROM customers) AS c;
SELECT format('%s %s', axis, string_agg((SELECT count(*) FROM rfm WHERE CASE axis WHEN 'R' THEN r WHEN 'F' THEN f ELSE m END = score)::text, '/' ORDER BY score))
FROM unnest('{R, F, M}'::text[]) AS axis, generate_series(1, 5) AS score GROUP BY axis;
