-- Random lives of a customer base, by a seed, against plain SQL: closed days; and holds, releases, returns, pins and
-- customers who turn out to be one.
SET client_min_messages = error;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_lives;
SET search_path = t_lives, test, public, customer_tier;

CREATE PROCEDURE check_none(what text, seed int, step int, query text) LANGUAGE plpgsql AS $$
DECLARE
  wrong text;
BEGIN
  EXECUTE format('SELECT string_agg(d::text, '' '') FROM (SELECT * FROM (%s) AS q LIMIT 5) AS d', query) INTO wrong;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'seed %, step %: %: %', seed, step, what, wrong;
  END IF;
END $$;

--
-- Closed days.  "counted" has what counts: sales of closed days that were deleted, too.
--
CREATE PROCEDURE closed(seed int) LANGUAGE plpgsql AS $$
DECLARE
  partitioned boolean := seed % 2 = 0;
  ordered boolean := seed % 3 = 0;
  until date;
  what float8;
  n int := 0;
  picked text;
  refused boolean;
  part text;
BEGIN
  DROP TABLE IF EXISTS sale, counted CASCADE;
  CREATE TABLE counted (id int, customer int, day date, amount numeric, bill text);
  EXECUTE 'CREATE TABLE sale (LIKE counted, note text)'
    || CASE WHEN partitioned THEN ' PARTITION BY RANGE (day)' ELSE '' END;
  IF partitioned THEN
    EXECUTE string_agg(format('CREATE TABLE sale_%s PARTITION OF sale FOR VALUES FROM (%L) TO (%L);', m,
      make_date(2026, m, 1), make_date(2026, m + 1, 1)), ' ') FROM generate_series(1, 6) AS m;
  END IF;
  IF ordered THEN
    CALL track('sale', 'customer', 'amount', 'day', order_id => 'bill', filter => 'customer <> 9');
  ELSE
    CALL track('sale', 'customer', 'amount', 'day', filter => 'customer <> 9');
  END IF;
  FOR step IN 1 .. 40 LOOP
    what := u(seed, step);
    picked := format('u(id, %s) < 0.2', seed * 100 + step);
    IF what < 0.3 OR step = 1 THEN
      WITH new AS (
        SELECT n + i AS id, (u(seed * 100 + step, i) * 9)::int AS customer,
               date '2026-01-01' + (u(seed * 100 + step, i + 100) * 180)::int AS day,
               (u(seed * 100 + step, i + 200) * 20 - 5)::numeric(6, 1) AS amount,
               'b' || (u(step, i + 300) * 30)::int AS bill
        FROM generate_series(1, 15) AS i),
      inserted AS (INSERT INTO sale SELECT * FROM new)
      INSERT INTO counted SELECT * FROM new;
      n := n + 15;
    ELSIF what < 0.45 THEN
      EXECUTE format('DELETE FROM sale WHERE %s', picked);
      EXECUTE format('DELETE FROM counted WHERE %s AND day > %L', picked, coalesce(until, '-infinity'));
    ELSIF what < 0.6 THEN
      -- open sales change, picked of them to closed days; closed ones are touched
      FOREACH part IN ARRAY '{sale, counted}'::text[] LOOP
        EXECUTE format('UPDATE %s SET amount = amount + 1, customer = (customer + 1) %% 10, '
          'day = date ''2026-01-01'' + (day - date ''2026-01-01'' + 37) %% 180 WHERE %s AND day > %L', part, picked,
          coalesce(until, '-infinity'));
      END LOOP;
      UPDATE sale SET note = step;
    ELSIF what < 0.7 AND until IS NOT NULL THEN
      -- each of these changes a closed sale that counts, if there is one
      FOREACH picked IN ARRAY '{amount = amount + 1, customer = customer + 10, day = ''2026-06-30''}'::text[] LOOP
        refused := false;
        BEGIN
          EXECUTE format('UPDATE sale SET %s WHERE day <= %L AND customer <> 9', picked, until);
        EXCEPTION WHEN object_not_in_prerequisite_state THEN
          refused := true;
        END;
        IF refused <> EXISTS (SELECT FROM sale WHERE day <= until AND customer <> 9) THEN
          RAISE EXCEPTION 'seed %, step %: % of closed days was %', seed, step, picked,
            CASE WHEN refused THEN 'refused' ELSE 'done' END;
        END IF;
      END LOOP;
    ELSIF what BETWEEN 0.7 AND 0.78 THEN
      until := greatest(until, date '2026-01-01' + (step * 4 + u(seed, step + 500) * 20)::int);
      CALL close_source('sale', until);
    ELSIF what BETWEEN 0.78 AND 0.85 THEN
      CALL refresh_source('sale');
    ELSIF what BETWEEN 0.85 AND 0.9 THEN
      CALL rebuild_source('sale');
    ELSIF what > 0.9 AND partitioned AND until IS NOT NULL THEN
      -- partitions of closed days go, one way or another, and come again empty
      FOR part IN SELECT c::text FROM pg_inherits, LATERAL (SELECT inhrelid::regclass) AS x(c)
                   WHERE inhparent = 'sale'::regclass
                     AND make_date(2026, right(c::text, 1)::int + 1, 1) <= until + 1 LOOP
        CASE (u(seed, step + right(part, 1)::int) * 3)::int
          WHEN 0 THEN EXECUTE format('DROP TABLE %s', part);
          WHEN 1 THEN EXECUTE format('TRUNCATE %s', part);
          WHEN 2 THEN EXECUTE format('ALTER TABLE sale DETACH PARTITION %1$s; DROP TABLE %1$s', part);
          ELSE EXECUTE format('DELETE FROM %s', part);
        END CASE;
        IF to_regclass(part) IS NULL THEN
          EXECUTE format('CREATE TABLE %s PARTITION OF sale FOR VALUES FROM (%L) TO (%L)', part,
            make_date(2026, right(part, 1)::int, 1), make_date(2026, right(part, 1)::int + 1, 1));
        END IF;
      END LOOP;
    END IF;
    CALL check_none('ledgers', seed, step, CASE
      WHEN ordered THEN 'SELECT customer, l.ledger, m.ledger
        FROM sale_ledger_live AS l
          FULL JOIN (SELECT customer, ledger_agg(day, amount, bill) AS ledger FROM counted WHERE customer <> 9
                     GROUP BY customer) AS m USING (customer)
        WHERE l.ledger IS DISTINCT FROM m.ledger'
      ELSE '(SELECT customer, day, purchases, other_rows, amount FROM sale_ledger_live, entries(ledger)
        EXCEPT ALL
        SELECT customer, day, count(*) FILTER (WHERE amount > 0), count(*) FILTER (WHERE amount <= 0), sum(amount)
        FROM counted WHERE customer <> 9 GROUP BY customer, day)
        UNION ALL
        (SELECT customer, day, count(*) FILTER (WHERE amount > 0), count(*) FILTER (WHERE amount <= 0), sum(amount)
        FROM counted WHERE customer <> 9 GROUP BY customer, day
        EXCEPT ALL
        SELECT customer, day, purchases, other_rows, amount FROM sale_ledger_live, entries(ledger))' END);
    CALL check_none('verify_source', seed, step, 'SELECT * FROM verify_source(''sale'')');
  END LOOP;
  CALL untrack('sale', drop_closed => true);
END $$;

--
-- Discipline: a model in plain SQL of the tier of each customer.  Sales come behind the last refresh, so that a
-- backfill gives the same.
--
CREATE TABLE member (customer int PRIMARY KEY, tier int, status text, since date);
CREATE TABLE given (customer int, kind text, day date, until date, rank int);

-- a tier of one customer on a day; "last" is the refresh before
CREATE FUNCTION step_of(m member, c int, day date, last date, returns numeric, one_level boolean, review boolean)
RETURNS member LANGUAGE plpgsql AS $$
DECLARE
  hold interval := '3 months';
  value numeric := (SELECT sum(amount) FROM sale WHERE customer = c AND sale.day <= step_of.day);
  earned int := 1 + (value >= 100)::int + (value >= 300)::int + (value >= 600)::int;
  kept int := 1 + (value >= 80)::int + (value >= 240)::int + (value >= 480)::int;
  pinned int := (SELECT rank FROM given AS g WHERE g.customer = c AND kind = 'pin' AND g.day <= step_of.day
                   AND (until IS NULL OR until > step_of.day));
  now int := m.tier;
  next int;
  freed boolean;
BEGIN
  IF value IS NULL THEN
    RETURN NULL;
  END IF;
  freed := EXISTS (SELECT FROM given AS g WHERE g.customer = c AND kind = 'release' AND g.day <= step_of.day
                     AND g.day > coalesce(last, '-infinity'))
    OR returns IS NOT NULL AND step_of.day < m.since + hold AND (
      SELECT coalesce(sum(-x) FILTER (WHERE x < 0 AND d > m.since), 0)
             > returns * coalesce(sum(x) FILTER (WHERE x > 0), 0)
      FROM (SELECT s.day AS d, sum(amount) AS x FROM sale AS s
            WHERE customer = c AND s.day <= step_of.day AND s.day > m.since - hold GROUP BY s.day) AS net);
  next := CASE
    WHEN pinned IS NOT NULL THEN pinned
    WHEN m.tier IS NULL OR m.status = 'pinned' OR earned >= m.tier OR freed THEN earned
    WHEN kept >= m.tier OR step_of.day < m.since + hold OR NOT review THEN m.tier
    WHEN one_level THEN greatest(kept, m.tier - 1)
    ELSE kept
  END;
  RETURN (c, next, CASE WHEN pinned IS NOT NULL THEN 'pinned' WHEN next > earned THEN 'held' ELSE 'earned' END,
    CASE WHEN m.tier = next THEN m.since ELSE step_of.day END)::member;
END $$;

-- what the merged chain of two customers has on a day
CREATE FUNCTION tier_on(c int, at date) RETURNS text LANGUAGE plpgsql AS
$$BEGIN RETURN (SELECT tier FROM club_history WHERE customer = c AND valid @> at); END$$;
CREATE FUNCTION first_on(c int) RETURNS date LANGUAGE plpgsql AS
$$BEGIN RETURN (SELECT min(valid_from) FROM club_history WHERE customer = c); END$$;

CREATE PROCEDURE merge_two(seed int, step int, gone int, kept int) LANGUAGE plpgsql AS $$
DECLARE
  a member := (SELECT m FROM member AS m WHERE customer = gone);
  b member := (SELECT m FROM member AS m WHERE customer = kept);
  stays int := CASE WHEN a.tier IS NOT NULL AND (b.tier IS NULL OR b.status <> 'pinned' AND a.tier > b.tier) THEN gone
                    ELSE kept END;
BEGIN
  UPDATE sale SET customer = kept WHERE customer = gone;
  IF NOT EXISTS (SELECT FROM sale WHERE customer = kept) THEN
    RETURN;
  END IF;
  DROP TABLE IF EXISTS expected;
  CREATE TABLE expected AS
    SELECT d::date AS day, CASE WHEN d >= first_on(stays) THEN tier_on(stays, d::date)
                                ELSE tier_on(gone + kept - stays, d::date) END AS tier
    FROM generate_series('2025-12-31'::date, '2026-12-31', '1 day') AS d;
  CALL merge_customers('sale', gone, kept);
  CALL check_none('merged history', seed, step,
    format('SELECT * FROM expected WHERE tier IS DISTINCT FROM tier_on(%s, day)', kept));
  CALL check_none('what is left', seed, step, format('SELECT customer FROM club WHERE customer = %1$s
    UNION ALL SELECT customer FROM club_history WHERE customer = %1$s UNION ALL SELECT customer FROM club__pin
    WHERE customer = %1$s UNION ALL SELECT customer FROM club__release WHERE customer = %1$s', gone));
  DELETE FROM member WHERE customer IN (gone, kept);
  INSERT INTO member SELECT kept, x.tier, x.status, x.since
    FROM (SELECT (CASE WHEN stays = gone THEN a ELSE b END).*) AS x WHERE x.tier IS NOT NULL;
  -- a pin of the one that is gone ends where one of the other begins, and there is none within another
  UPDATE given AS g
  SET until = least(until, (SELECT min(k.day) FROM given AS k
                            WHERE k.customer = kept AND k.kind = 'pin' AND k.day > g.day))
  WHERE customer = gone AND kind = 'pin';
  DELETE FROM given AS g
  WHERE customer = gone AND kind = 'pin' AND EXISTS (SELECT FROM given AS k
    WHERE k.customer = kept AND k.kind = 'pin' AND k.day <= g.day AND (k.until IS NULL OR k.until > g.day));
  UPDATE given SET customer = kept WHERE customer = gone;
END $$;

CREATE PROCEDURE lives(seed int) LANGUAGE plpgsql AS $$
DECLARE
  returns numeric := CASE seed % 3 WHEN 0 THEN 0.4 WHEN 1 THEN 0.1 END;
  one_level boolean := seed % 2 = 0;
  reviewed boolean := seed % 5 < 2;
  merges boolean := seed % 4 < 2;
  last date;
  at date := '2026-01-10';
  c int;
  r int;
BEGIN
  DROP TABLE IF EXISTS sale CASCADE;
  TRUNCATE member, given;
  CREATE TABLE sale (customer int, day date, amount numeric);
  CALL track('sale', 'customer', 'amount', 'day');
  PERFORM create_scheme('club', 'sale', axes => ARRAY[axis('value', 'total(ledger)', 'value', '{100, 300, 600}')],
    tiers => '{T1, T2, T3, T4}', hold => '3 months', keep => 0.8, returns => returns,
    downgrade => CASE WHEN one_level THEN 'one_level' ELSE 'direct' END,
    review => CASE WHEN reviewed THEN '{03-31, 06-30}' END);
  FOR step IN 1 .. 20 LOOP
    INSERT INTO sale
    SELECT 1 + (u(seed * 100 + step, i) * 9)::int,
           coalesce(last, at - 10) + 1 + (u(seed * 100 + step, i + 50) * 9)::int,
           round(((u(seed * 100 + step, i + 100) - 0.4) * 250)::numeric, 1)
    FROM generate_series(1, 8) AS i;
    FOR i IN 1 .. 2 LOOP
      c := 1 + (u(seed * 100 + step, 200 + i) * 9)::int;
      CONTINUE WHEN NOT EXISTS (SELECT FROM member WHERE customer = c);
      r := 1 + (u(seed * 100 + step, 210 + i) * 3)::int;
      IF u(seed * 100 + step, 220 + i) < 0.5 THEN
        IF EXISTS (SELECT FROM member WHERE customer = c AND status <> 'pinned') THEN
          PERFORM release('club', c, 'why', at + 10 * (i - 1));
          INSERT INTO given VALUES (c, 'release', at + 10 * (i - 1));
        END IF;
      ELSIF u(seed * 100 + step, 220 + i) < 0.7 THEN
        PERFORM pin('club', c, 'T' || r, 'why', at, at + 10 * r);
        UPDATE given AS g SET until = at
        WHERE customer = c AND kind = 'pin' AND g.day < at AND (until IS NULL OR until > at);
        DELETE FROM given AS g WHERE customer = c AND kind = 'pin' AND g.day >= at;
        INSERT INTO given VALUES (c, 'pin', at, at + 10 * r, r);
      END IF;
    END LOOP;
    IF merges AND u(seed * 100 + step, 300) < 0.5 THEN
      c := 1 + (u(seed * 100 + step, 301) * 9)::int;
      CALL merge_two(seed, step, c, c % 10 + 1);
    END IF;
    PERFORM refresh_scheme('club', at);
    DROP TABLE IF EXISTS next;
    CREATE TABLE next AS
      SELECT (step_of(m, s.customer, at, last, returns, one_level, NOT reviewed
              OR last IS NULL OR '2026-03-31' > last AND '2026-03-31' <= at
              OR '2026-06-30' > last AND '2026-06-30' <= at)).*
      FROM (SELECT DISTINCT customer FROM sale) AS s LEFT JOIN member AS m USING (customer);
    TRUNCATE member;
    INSERT INTO member SELECT * FROM next WHERE customer IS NOT NULL;
    CALL check_none('tiers', seed, step, '(SELECT customer, tier, status, since FROM club
      EXCEPT SELECT customer, ''T'' || tier, status, since FROM member)
      UNION ALL (SELECT customer, ''T'' || tier, status, since FROM member
      EXCEPT SELECT customer, tier, status, since FROM club)');
    CALL check_none('one chain', seed, step, 'SELECT customer, valid_from FROM (
      SELECT customer, valid_from, valid_to, lead(valid_from) OVER w, is_current, count(*) FILTER (WHERE is_current)
        OVER (PARTITION BY customer) AS open, tier, previous_tier, lag(tier) OVER w AS before
      FROM club_history WINDOW w AS (PARTITION BY customer ORDER BY valid_from)) AS h
      WHERE open <> 1 OR valid_to <> coalesce(lead, ''9999-12-31'') OR previous_tier IS DISTINCT FROM before');
    last := at;
    at := at + 10;
  END LOOP;
  IF NOT merges THEN
    CREATE TABLE by_day AS SELECT * FROM club_history;
    PERFORM backfill('club', '2026-01-10', last, '10 days');
    CALL check_none('backfill', seed, 0, '(TABLE by_day EXCEPT ALL TABLE club_history)
      UNION ALL (TABLE club_history EXCEPT ALL TABLE by_day)');
    DROP TABLE by_day;
  END IF;
  PERFORM drop_scheme('club');
  CALL untrack('sale', drop_closed => true);
END $$;

SELECT format('CALL closed(%s)', i) FROM generate_series(1, 4) AS i \gexec
SELECT format('CALL lives(%s)', i) FROM generate_series(1, 4) AS i \gexec
-- test/long keeps the procedures
\if :{?keep}
\else
DROP SCHEMA t_lives CASCADE;
\endif
