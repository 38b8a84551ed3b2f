-- The life of a customer base: holds that end, customers who turn out to be one, who is forgotten, and days
-- that are closed.
SET client_min_messages = error;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_life;
SET search_path = t_life, test, public, customer_tier;

--
-- release
--
CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int, day date, amount numeric);
CALL track('sale', 'customer', 'amount', 'day');
INSERT INTO sale (customer, day, amount)
  VALUES (1, '2026-01-10', 1000), (2, '2026-01-10', 1000), (3, '2026-01-10', 1000), (4, '2026-01-10', 50);
SELECT create_scheme('club', 'sale', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{100, 900}')],
  tiers => '{C, B, A}', hold => '1 year', downgrade => 'one_level', review => '12-31');
SELECT outcome($$SELECT release('club', 1, 'too early')$$);
SELECT * FROM refresh_scheme('club', '2026-01-31');
-- refunds
INSERT INTO sale (customer, day, amount)
  VALUES (1, '2026-02-10', -990), (2, '2026-02-10', -500), (3, '2026-02-10', -990);
SELECT release('club', 1, 'refund', '2026-02-20');
SELECT customers, up, down FROM refresh_scheme('club', '2026-02-15');
SELECT customer, tier, status, held_until FROM club ORDER BY 1;
SELECT customers, up, down FROM refresh_scheme('club', '2026-02-28');
-- ends on the day after the last refresh
SELECT release('club', 2, 'asked for it');
-- who is not held keeps the tier
SELECT release('club', 4, 'for nothing', '2026-03-15');
-- of two of one customer the later one is the note
SELECT release('club', 3, 'first', '2026-03-10'), release('club', 3, 'mistaken', '2026-03-11'),
  release('club', 3, 'second', '2026-03-11');
SELECT customer, released_on, reason FROM club__release ORDER BY 1, 2;
SELECT customers, up, down FROM refresh_scheme('club', '2026-03-31');
SELECT customers, up, down FROM refresh_scheme('club', '2026-03-31');
-- it has ended one hold, and not the next
INSERT INTO sale (customer, day, amount) VALUES (1, '2026-04-10', 2000);
SELECT customers, up, down FROM refresh_scheme('club', '2026-04-30');
INSERT INTO sale (customer, day, amount) VALUES (1, '2026-05-10', -2000);
SELECT customers, up, down FROM refresh_scheme('club', '2026-05-31');
CREATE FUNCTION chain(scheme text) RETURNS TABLE (customer int, tier text, valid_from date, valid_to date,
  previous_tier text, change text, reason text, status text, note text)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT customer::int, tier, valid_from, valid_to, previous_tier, change, reason, status, '
    'replace(note, session_user, ''AUTHOR'') FROM %I ORDER BY 1, 3', scheme || '_history');
END $$;
SELECT * FROM chain('club');
-- the same days again give the same
CREATE TABLE chain_before AS SELECT * FROM chain('club');
SELECT backfill('club', d, d, '1 day'), d FROM (VALUES ('2026-01-31'::date)) AS v(d);
SELECT count(refresh_scheme('club', d))
  FROM unnest('{2026-02-15, 2026-02-28, 2026-03-31, 2026-04-30, 2026-05-31}'::date[]) AS d;
(TABLE chain_before EXCEPT ALL SELECT * FROM chain('club'))
UNION ALL
(SELECT * FROM chain('club') EXCEPT ALL TABLE chain_before);
SELECT outcome(sql) FROM unnest(ARRAY[
  $$SELECT release('club', 1, ' ')$$,
  $$SELECT release('club', NULL::text, 'why')$$,
  $$SELECT release('club', 1, 'why', 'infinity')$$,
  $$SELECT release('club', 1, 'why', '2026-05-31')$$,
  $$SELECT release('club', 17, 'why')$$,
  $$SELECT release('club', 'nobody', 'why')$$,
  $$SELECT release('sale', 1, 'why')$$]) AS sql;
-- a tier given by hand is stronger
SELECT pin('club', 1, 'B', 'friend', '2026-06-01'), refresh_scheme('club', '2026-06-01');
SELECT outcome($$SELECT release('club', 1, 'why')$$);
SELECT unpin('club', 1), release('club', 3, 'nothing to end');
SELECT customers, up, down FROM refresh_scheme('club', '2026-06-30');
SELECT * FROM chain('club') WHERE valid_from >= '2026-06-01';
SELECT drop_scheme('club');

--
-- Returns that break a hold
--
TRUNCATE sale;
SELECT create_scheme('club', 'sale', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{100, 900}')],
  tiers => '{C, B, A}', hold => '1 year', keep => 0.9, returns => 0.3, review => '12-31');
SELECT hold, keep, returns, review FROM schemes WHERE scheme = 'club'::regclass;
INSERT INTO sale (customer, day, amount)
  VALUES (1, '2026-01-10', 1000), (2, '2026-01-10', 1000), (3, '2024-01-10', 1000), (4, '2026-01-10', 1500),
         (4, '2026-01-31', -500), (5, '2026-01-10', 1000);
SELECT * FROM refresh_scheme('club', '2026-01-31');
INSERT INTO sale (customer, day, amount)
  VALUES (1, '2026-02-10', -300),	-- not above 30 %
         (2, '2026-02-10', -300.01),
         (3, '2026-02-10', -150),	-- of nothing that was bought within a year
         (4, '2026-02-10', -449),	-- what was returned before the tier was reached does not count
         (5, '2026-02-10', -600), (5, '2026-02-20', 1000), (5, '2026-03-05', -1380);
SELECT customers, up, down FROM refresh_scheme('club', '2026-02-28');
SELECT customers, up, down FROM refresh_scheme('club', '2026-03-31');
SELECT * FROM chain('club');
-- 1 breaks none
SELECT alter_scheme('club', returns => 1);
SELECT returns FROM schemes WHERE scheme = 'club'::regclass;
INSERT INTO sale (customer, day, amount) VALUES (4, '2026-04-10', -500);
SELECT customers, up, down FROM refresh_scheme('club', '2026-04-30');
SELECT alter_scheme('club', returns => 0.5);
SELECT customers, up, down FROM refresh_scheme('club', '2026-05-01');
-- a tier with a hold of its own, and one that is held no longer
SELECT alter_tier('club', 'A', hold => '1 month');
INSERT INTO sale (customer, day, amount) VALUES (1, '2026-05-02', -699);
SELECT customers, up, down FROM refresh_scheme('club', '2026-05-31');
SELECT customer, tier, status FROM club ORDER BY 1;
SELECT outcome(sql) FROM unnest(ARRAY[
  $$SELECT alter_scheme('club', returns => -0.1)$$,
  $$SELECT alter_scheme('club', returns => 1.1)$$,
  $$SELECT alter_scheme('club', returns => 'NaN')$$]) AS sql;
SELECT drop_scheme('club');
