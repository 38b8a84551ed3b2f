-- Tests ledgers of random sales, returns and deletions against their rows; psql variable: seed
-- A difference is an error.
SET search_path = public, customer_tier, customer_tier_internal;
SET client_min_messages = warning;
SELECT setseed(:seed / 1000.0) \g /dev/null

DROP TABLE IF EXISTS history;
CREATE TABLE history AS
SELECT customer,
       date '2020-01-01' + (CASE customer % 4 WHEN 0 THEN random() * 10 WHEN 1 THEN random() * 1e6 - 7e5
                                              ELSE random() * 1500 END)::int AS day,
       (CASE WHEN random() < 0.15 THEN -1 ELSE 1 END * CASE customer % 5
          WHEN 0 THEN round((random() * 100)::numeric, 2)
          WHEN 1 THEN round((random() * 10)::numeric, (random() * 6)::int)
          WHEN 2 THEN (random() * 3)::int
          WHEN 3 THEN round((random() * 1e9)::numeric, 3)
          ELSE round((exp(random() * 12))::numeric, 2) END)::numeric AS amount,
       random() < 0.3 AS deleted, random() AS shuffle
FROM (SELECT (random() ^ 2 * 2000)::int AS customer FROM generate_series(1, 60000)) AS c;

CREATE OR REPLACE FUNCTION pg_temp.expect_none(what text, differing bigint, compared bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF differing > 0 OR compared = 0 THEN
    RAISE EXCEPTION '%: % of % differ', what, differing, compared;
  END IF;
END $$;

-- any order of rows, and the bulk way: the same bytes
CREATE TEMP TABLE built AS
SELECT customer, ledger_agg(day, amount ORDER BY day) AS sorted, ledger_agg(day, amount ORDER BY shuffle) AS shuffled,
       ledger_agg(day, amount) FILTER (WHERE deleted) AS gone,
       ledger_agg(day, amount ORDER BY shuffle DESC) FILTER (WHERE NOT deleted) AS survivors
FROM history GROUP BY customer;

SELECT pg_temp.expect_none('orders of rows', count(*) FILTER (WHERE ledger_send(sorted) <> ledger_send(shuffled)),
  count(*)),
       pg_temp.expect_none('deletions', count(*) FILTER (WHERE ledger_send(sorted - gone) <> ledger_send(survivors)),
         count(*)),
       pg_temp.expect_none('insertions', count(*) FILTER (WHERE ledger_send(survivors + gone) <> ledger_send(sorted)),
         count(*)),
       pg_temp.expect_none('nothing left', count(*) FILTER (WHERE sorted - shuffled <> '{}'), count(*)),
       pg_temp.expect_none('text', count(*) FILTER (WHERE sorted::text::ledger <> sorted), count(*))
FROM built \g /dev/null

SET work_mem = '64kB';
SELECT pg_temp.expect_none('roll_up', count(*) FILTER (WHERE r.ledger IS DISTINCT FROM b.sorted), count(*))
FROM built AS b FULL JOIN roll_up('SELECT customer, day, amount FROM history ORDER BY shuffle')
  AS r (customer int, ledger ledger) USING (customer) \g /dev/null
RESET work_mem;

-- the rows themselves
SELECT pg_temp.expect_none('entries', count(*) FILTER (WHERE e IS DISTINCT FROM g), count(*))
FROM (SELECT customer, day, purchases, other_rows, amount FROM built, entries(sorted)) AS e
FULL JOIN (SELECT customer, day, count(*) FILTER (WHERE amount > 0) AS purchases,
                  count(*) FILTER (WHERE amount <= 0) AS other_rows, sum(amount) AS amount
           FROM history GROUP BY customer, day) AS g USING (customer, day, purchases, other_rows, amount) \g /dev/null

-- a moving frame takes rows back out
SELECT pg_temp.expect_none('moving frames', count(*) FILTER (WHERE moving <> again), count(*))
FROM (SELECT moving, (SELECT ledger_agg(d, a) FROM unnest(days, amounts) AS u (d, a)) AS again
      FROM (SELECT ledger_agg(day, amount) OVER w AS moving,
                   array_agg(day) OVER w AS days, array_agg(amount) OVER w AS amounts
            FROM history WHERE customer % 10 = 0
            WINDOW w AS (PARTITION BY customer
              ORDER BY shuffle ROWS BETWEEN 7 PRECEDING AND CURRENT ROW)) AS w) AS f \g /dev/null
