-- Checks, before anything is timed, that both ways from sales to tiers agree: exactly on
-- purchases; on classes, except for customers below zero, whom our total leaves out; and on
-- scores, except for equal values, which ntile() separates.
-- psql variables: ours, windows (files)
SET work_mem = '1GB';
\i :ours
ALTER TABLE result RENAME TO ours;
\i :windows
SELECT count(*) FILTER (WHERE (ours.total, ours.orders, ours.last_day)
                              IS DISTINCT FROM (result.total, result.orders, result.last_day)) AS bought,
       count(*) FILTER (WHERE ours.class <> result.class) > 0.01 * count(*) AS class,
       count(*) FILTER (WHERE ours.m <> result.m) > 0.01 * count(*) AS m
FROM ours FULL JOIN result USING (customer_id)
\gset differ_
DROP TABLE ours, result;
SELECT :differ_bought > 0 OR :'differ_class' OR :'differ_m' AS wrong \gset
\if :wrong
\echo customers that differ: bought :differ_bought; too many: class :differ_class, m :differ_m
DO $$ BEGIN RAISE 'the two ways to tiers do not agree'; END $$;
\endif
