-- Who falls when, with releases, reviews and anniversaries: as the refreshes do that really happen.
SET client_min_messages = error;
SET datestyle = ISO, YMD;
\set VERBOSITY terse
CREATE SCHEMA t_falling;
SET search_path = t_falling, test, public, customer_tier;
CREATE TABLE buy (customer int, day date, amount numeric);
CALL track('buy', 'customer', 'amount', 'day');

-- a release takes effect on its day, to what is earned, whatever is kept and whatever the review
INSERT INTO buy SELECT i, '2026-01-10', 100 FROM generate_series(1, 6) AS i;
SELECT create_scheme('t_falling.gold', 'buy', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{30, 60, 90}')],
  tiers => '{D, C, B, A}', hold => '1 year', keep => 0.9, review => '{12-31}', downgrade => 'one_level');
SELECT customers FROM refresh_scheme('gold', '2026-01-31');
-- 1 and 2 fall to what they earn, 3 stays by keep, but not if it is released; 4 falls by one; 5 does not fall at all
INSERT INTO buy SELECT i, '2026-02-05', -80 FROM generate_series(1, 2) AS i
UNION ALL VALUES (3, date '2026-02-05', -15), (4, '2026-02-05', -80), (6, '2026-02-05', -80);
SELECT customers FROM refresh_scheme('gold', '2026-02-10');
SELECT release('gold', i, 'refund', d) FROM (VALUES (1, date '2026-02-20'), (2, '2027-12-30'), (3, '2026-03-01'),
  (5, '2026-03-01'), (6, '2026-03-05')) AS v(i, d);
SELECT release('gold', 1, 'again', '2026-02-25');
SELECT pin('gold', 6, 'A', 'a friend', '2026-02-11');
SELECT customers FROM refresh_scheme('gold', '2026-02-11');
SELECT customer, tier, status, falls_on, falls_to, missing FROM falling('gold');
SELECT create_operation_views('gold');
SELECT count(*) AS same FROM gold_falling JOIN falling('gold') AS f USING (falls_on, falls_to)
WHERE gold_falling.customer::text = f.customer;
SELECT customers FROM refresh_scheme('gold', '2026-03-01');
SELECT customer, tier, reason FROM gold_history WHERE valid_from > '2026-02-11' ORDER BY customer;
SELECT customer, falls_on FROM falling('gold');
SELECT drop_operation_views('gold');
SELECT drop_scheme('gold');

-- anniversaries
SELECT d, f, customer_tier_internal.next_anniversary(d, f)
FROM (VALUES (date '2024-02-29', date '2025-02-28'), ('2024-02-29', '2025-03-01'), ('2024-02-29', '2027-12-01'),
  ('2026-03-01', '2026-03-01'), ('2027-03-01', '2026-05-01'), (NULL, '2026-05-01'), ('infinity', '2026-05-01'),
  ('2020-05-01', '2026-05-01'), ('2020-05-01', '-infinity')) AS v(d, f);

/*
 * Random values, holds, reviews and releases: what falling() says on a day, against the first falls in the
 * history of daily refreshes.  Nothing is bought meanwhile.
 */
CREATE PROCEDURE fall(seed int, rounds int) LANGUAGE plpgsql AS $$
DECLARE
  last constant date := '2026-04-22';
  today date;
  bad record;
  said bigint := 0;
  released bigint := 0;
BEGIN
  PERFORM setseed(seed / 1e9);
  FOR n IN 1..rounds LOOP
    DELETE FROM buy;
    INSERT INTO buy SELECT i, date '2025-03-01' + floor(random() * 300)::int, floor(random() * 120)
    FROM generate_series(1, 90) AS i;
    PERFORM create_scheme('t_falling.risk', 'buy',
      axes => ARRAY[axis('value', CASE WHEN random() < 0.5 THEN '' ELSE '120 - ' END || 'total(ledger)', 'value',
                         '{30, 60, 90}', better => CASE WHEN random() < 0.3 THEN 'lower' ELSE 'higher' END)],
      tiers => '{D, C, B, A}', hold => (15 + floor(random() * 60)) * interval '1 day',
      keep => CASE WHEN random() < 0.7 THEN 0.7 END,
      downgrade => CASE WHEN random() < 0.5 THEN 'one_level' ELSE 'direct' END,
      review => (ARRAY[NULL, '{03-31, 04-20, 05-05}', 'anniversary of first_day'])[1 + floor(random() * 3)::int]);
    PERFORM refresh_scheme('risk', '2026-02-01');
    FOR today IN SELECT x::date FROM generate_series(date '2026-02-10', '2026-03-10', '7 days') AS x LOOP
      INSERT INTO buy SELECT i, today, floor(random() * 120) - 70 FROM generate_series(1, 90) AS i WHERE random() < 0.5;
      PERFORM refresh_scheme('risk', today);
    END LOOP;
    today := '2026-03-10';
    PERFORM release('risk', customer, 'by chance', today + 1 + floor(random() * 60)::int)
    FROM risk, generate_series(1, 2) WHERE random() < 0.3;
    CREATE TEMP TABLE told AS SELECT customer::int, falls_on, falls_to FROM falling('risk');
    said := said + (SELECT count(*) FROM told WHERE falls_on <= last);
    FOR i IN 1 .. last - today LOOP
      PERFORM refresh_scheme('risk', today + i);
    END LOOP;
    released := released + (SELECT count(*) FROM risk_history WHERE reason = 'released');
    SELECT * INTO bad
    FROM (SELECT * FROM told WHERE falls_on <= last) AS t
      FULL JOIN (SELECT DISTINCT ON (customer) customer, valid_from, tier FROM risk_history
                 WHERE valid_from > today AND change = 'down' ORDER BY customer, valid_from) AS h USING (customer)
    WHERE (falls_on, falls_to) IS DISTINCT FROM (valid_from, tier) LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'seed %, round %: %', seed, n, bad;
    END IF;
    DROP TABLE told;
    PERFORM drop_scheme('risk');
  END LOOP;
  IF said < 10 * rounds OR released < 2 * rounds THEN
    RAISE EXCEPTION 'only % falls were told, % by releases', said, released;
  END IF;
END $$;
\echo seed 20261128
CALL fall(20261128, 4);
DROP SCHEMA t_falling CASCADE;
