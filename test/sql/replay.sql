-- Tests every preset on random histories of sales: a refresh must write what a grading from
-- scratch gives, and tiers_as_of must return it later.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_replay;
SET search_path = t_replay, test, public, customer_tier;

CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int, day date, amount numeric);
CREATE TABLE buyer (customer_id int PRIMARY KEY, region text, annual_potential numeric, vip boolean);
CALL track('sale', 'customer', 'amount', 'day');
-- what a refresh wrote
CREATE TABLE graded (scheme text, as_of date, customer int, tier text, earned text, values_then jsonb);
CREATE FUNCTION presets() RETURNS SETOF text
LANGUAGE sql
  AS $$SELECT unnest('{abc, pyramid, pyramid-1-19-30-50, rfm, rfm8, quadrant, '
       'nine_grid, sixteen_grid, stars, weighted, whale}'::text[])$$;
CREATE FUNCTION make(name text, preset text, seed int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- each history has a discipline of its own
  PERFORM create_scheme('t_replay.' || name, 'sale', preset, attributes => CASE
    WHEN preset IN ('quadrant', 'nine_grid', 'sixteen_grid', 'stars') OR seed % 2 = 0 THEN 'buyer'::regclass END,
    per => CASE WHEN seed % 4 = 0 THEN 'region' END, hold => CASE
      WHEN seed % 3 = 1 THEN interval '2 months' END, keep => CASE WHEN seed % 5 = 1 THEN 0.9 END, downgrade => CASE
      WHEN seed % 2 = 1 THEN 'one_level' ELSE 'direct' END,
    options => CASE preset WHEN 'stars' THEN '{"top": "coalesce(vip, false)"}'
      WHEN 'whale' THEN '{"profit": "total(ledger) - 100"}' ELSE '{}' END::jsonb);
END $$;
CREATE PROCEDURE check_equal(what text, seed int, left_query text, right_query text) LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) AS d', left_query,
    right_query) INTO n;
  IF n > 0 THEN
    RAISE EXCEPTION 'seed %: % differ in % rows: % against %', seed, what, n, left_query, right_query;
  END IF;
END $$;

-- what a view shows of the time before a refresh
CREATE FUNCTION shown_of_past() RETURNS text[] LANGUAGE sql IMMUTABLE AS
$$SELECT '{tier, tier_name, tier_rank, status, since, previous_tier, changed_on, held_until}'::text[]$$;

CREATE PROCEDURE history(seed int) LANGUAGE plpgsql AS $$
DECLARE
  p text;
  name text;
  d date := '2026-01-10';
  before date := '2025-01-01';
  step int;
BEGIN
  TRUNCATE sale, buyer, graded;
  INSERT INTO buyer SELECT i, 'r' || (u(seed, i) * 3)::int, (1 + u(seed, i + 100) * 500)::numeric(8,2),
    u(seed, i + 200) < 0.05 FROM generate_series(1, 45) AS i WHERE u(seed, i + 300) < 0.9;
  FOR p IN SELECT * FROM presets() LOOP
    PERFORM make(replace('s_' || p, '-', '_'), p, seed);
  END LOOP;
  FOR step IN 1 .. 4 LOOP
    -- what is new lies after the last refresh, so that it can be replayed; some of it after this one
    INSERT INTO sale (customer, day, amount)
    SELECT 1 + (u(seed * 10 + step, i) ^ 2 * 40)::int,
      before + 1 + (u(seed * 10 + step, i + 1000) * (d - before - 1))::int + CASE
      WHEN i % 8 = 0 THEN 40 ELSE 0 END, round((u(seed * 10 + step, i + 2000) ^ 3 * 300 - 8)::numeric, 2)
      FROM generate_series(1, CASE step WHEN 1 THEN 120 ELSE 25 END) AS i;
    UPDATE sale SET amount = amount + 7, customer = 1 + id % 41 WHERE day > before AND u(seed, id + step) < 0.1;
    DELETE FROM sale WHERE day > before AND u(seed, id + step + 50) < 0.05;
    FOR p IN SELECT * FROM presets() LOOP
      name := replace('s_' || p, '-', '_');
      PERFORM refresh_scheme(('t_replay.' || name)::regclass, d);
      EXECUTE format('INSERT INTO graded SELECT %L, %L, customer, tier, earned, '
        'to_jsonb(x) - ''{tier, status, since}''::text[] '
        'FROM %I AS x',
        name, d, name || '__state');
      -- history says the same as the tiers
      CALL check_equal(p || ': history and tiers', seed, format('SELECT customer, tier FROM %I', name),
        format('SELECT customer, tier FROM %I WHERE is_current AND tier IS NOT NULL', name || '_history'));
    END LOOP;
    before := d;
    d := d + 5 + (u(seed, step + 400) * 60)::int;
  END LOOP;
  -- replay, from the ledgers of today
  FOR p, d IN SELECT DISTINCT g.scheme, g.as_of FROM graded AS g LOOP
    CALL check_equal(p || ': replay of ' || d, seed,
      format('SELECT customer::text, earned FROM graded WHERE scheme = %L AND as_of = %L', p, d),
      format('SELECT customer, tier FROM tiers_as_of(%L, %L)', 't_replay.' || p, d));
    CALL check_equal(p || ': history of ' || d, seed,
      format('SELECT customer, tier FROM graded WHERE scheme = %L AND as_of = %L', p, d),
      format('SELECT customer, tier FROM %I WHERE valid_from <= %L '
        'AND coalesce(valid_to, ''infinity'') > %2$L AND tier IS NOT NULL',
        p || '_history', d));
  END LOOP;
  -- now anything: old sales change, customers go, their attributes too
  d := before + 3;
  UPDATE sale SET amount = -amount WHERE u(seed, id + 600) < 0.1;
  DELETE FROM sale WHERE customer = 1 + (u(seed, 700) * 40)::int OR u(seed, id + 800) < 0.05;
  UPDATE buyer SET annual_potential = annual_potential * 3, region = 'r9' WHERE customer_id % 7 = 0;
  DELETE FROM buyer WHERE customer_id % 11 = 0;
  FOR p IN SELECT * FROM presets() LOOP
    name := replace('s_' || p, '-', '_');
    PERFORM refresh_scheme(('t_replay.' || name)::regclass, d);
    PERFORM make('scratch', p, seed);
    PERFORM refresh_scheme('scratch', d);
    CALL check_equal(p || ': values from scratch', seed,
      format('SELECT to_jsonb(x) - ''{tier, status, since}''::text[] FROM %I AS x', name || '__state'),
      'SELECT to_jsonb(x) - ''{tier, status, since}''::text[] FROM scratch__state AS x');
    CALL check_equal(p || ': values shown from scratch', seed,
      format('SELECT to_jsonb(x) - shown_of_past() FROM %I AS x', name),
      'SELECT to_jsonb(x) - shown_of_past() FROM scratch AS x');
    CALL check_equal(p || ': totals and tiers', seed,
      format('SELECT tier, heads FROM %I WHERE heads > 0', name || '_summary'),
      format('SELECT tier, count(*) FROM %I GROUP BY tier', name));
    CALL check_equal(p || ': totals and ledgers', seed,
      format('SELECT tier, value, orders FROM %I WHERE heads > 0', name || '_summary'),
      format('SELECT tier, sum(total(l)), sum(orders(l))::bigint '
             'FROM %I AS x LEFT JOIN sale_ledger AS i USING (customer), '
             'LATERAL (SELECT slice(coalesce(ledger, ''{}''), daterange(NULL, %L, ''[]'')) AS l) AS s '
             'GROUP BY tier', name, d));
    CALL check_equal(p || ': lines from scratch', seed,
      format('SELECT to_jsonb(x) - ''{as_of}''::text[] FROM (SELECT DISTINCT ON (customer_group, axis) * FROM %I '
        'WHERE customer_group IN (SELECT customer_group FROM scratch__threshold) '
        'ORDER BY customer_group, axis, as_of DESC) AS x',
        name || '__threshold'), 'SELECT to_jsonb(x) - ''{as_of}''::text[] FROM scratch__threshold AS x');
    PERFORM drop_scheme('scratch');
    IF p = 'abc' AND seed % 4 <> 0 THEN
      -- and from the sales, in plain SQL
      CALL check_equal('abc: plain SQL', seed, 'SELECT customer, earned FROM s_abc__state' || CASE
        WHEN seed % 2 = 0 THEN format(' WHERE customer IN (SELECT customer FROM sale WHERE day <= %L)', d) ELSE '' END,
        format($q$
        SELECT customer, CASE WHEN value <= 0 OR coalesce(above, 0) >= 0.95 * total THEN 'C'
          WHEN coalesce(above, 0) >= 0.80 * total THEN 'B' ELSE 'A' END
        FROM (SELECT customer, value, sum(value) FILTER (WHERE value > 0) OVER () AS total,
          sum(value) FILTER (WHERE value > 0) OVER (ORDER BY value DESC GROUPS BETWEEN UNBOUNDED PRECEDING
          AND 1 PRECEDING) AS above
              FROM (SELECT customer, sum(amount) AS value FROM sale WHERE day <= %L GROUP BY customer) AS s) AS w
        $q$, d));
    END IF;
    -- nothing new: nothing is written
    EXECUTE format('SELECT string_agg(ctid::text, '''' ORDER BY ctid) FROM %I', name || '__state') INTO p;
    PERFORM refresh_scheme(('t_replay.' || name)::regclass, d);
    CALL check_equal(name || ': what nothing new left alone', seed, format('SELECT %L::text', p),
      format('SELECT string_agg(ctid::text, '''' ORDER BY ctid) FROM %I', name || '__state'));
    PERFORM drop_scheme(('t_replay.' || name)::regclass);
  END LOOP;
END $$;
-- A day that is refreshed after each batch of sales ends as one that is refreshed once, whatever the discipline.
CREATE PROCEDURE same_day(seed int) LANGUAGE plpgsql AS $$
DECLARE
  name text;
  d date := '2026-01-31';
BEGIN
  TRUNCATE sale, buyer RESTART IDENTITY;
  INSERT INTO buyer SELECT i, 'r' || (u(seed, i) * 2)::int, 100, false FROM generate_series(1, 30) AS i;
  FOREACH name IN ARRAY '{once, often}'::text[] LOOP
    PERFORM create_scheme('t_replay.' || name, 'sale', axes => CASE seed % 4
      WHEN 0 THEN ARRAY[axis('v', 'total(ledger)', 'value', '{50, 150, 300}')]
      WHEN 1 THEN ARRAY[axis('v', 'total(ledger)', 'heads', '{0.2, 0.5, 0.8}')]
        WHEN 2 THEN ARRAY[axis('v', 'recency(ledger, as_of)', 'heads', '{0.2, 0.5, 0.8}', better => 'lower')]
          ELSE ARRAY[axis('v', 'CASE WHEN total(ledger) > 20 THEN total(ledger) END', 'share', '{0.5, 0.8, 0.95}')] END,
      tiers => '{D, C, B, A}', unrated => CASE WHEN seed % 5 = 0 THEN 'none' END, attributes => CASE
        WHEN seed % 3 = 0 THEN 'buyer'::regclass END, per => CASE WHEN seed % 6 = 0 THEN 'region' END,
      hold => CASE WHEN seed % 2 = 0 THEN interval '40 days' END, keep => CASE
        WHEN seed % 5 IN (1, 2) THEN 0.8 END, downgrade => CASE
        WHEN seed % 7 IN (1, 2, 5) THEN 'one_level' ELSE 'direct' END, review => CASE
        WHEN seed % 7 = 3 THEN '{02-28, 06-30}' END);
  END LOOP;
  FOR step IN 1 .. 6 LOOP
    IF step > 1 AND u(seed, step) < 0.5 THEN
      FOREACH name IN ARRAY '{once, often}'::text[] LOOP
        BEGIN
          PERFORM pin(name::regclass, (1 + (u(seed, step + 20) * 25)::int)::text, 'B', 'step ' || step,
            d - (u(seed, step + 10) * 9)::int, CASE
            WHEN u(seed, step + 30) < 0.7 THEN d + 1 + (u(seed, step + 40) * 60)::int END);
        EXCEPTION WHEN no_data_found THEN  -- nobody has that number
        END;
      END LOOP;
    END IF;
    FOR batch IN 1 .. 3 LOOP
      INSERT INTO sale (customer, day, amount) SELECT 1 + (u(seed * 50 + step * 5 + batch, i) ^ 2 * 28)::int,
        d - (u(seed * 50 + step * 5 + batch, i + 1000) * 40)::int,
        round((u(seed * 50 + step * 5 + batch, i + 2000) ^ 2 * 200 - 30)::numeric, 2) FROM generate_series(1, 8) AS i;
      DELETE FROM sale WHERE u(seed + step + 7 * batch, id) < 0.15
        OR customer = 1 + (u(seed, 60 + step * 5 + batch) * 28)::int;
      IF step > 2 AND u(seed, 90 + step * 5 + batch) < 0.15 THEN
        PERFORM alter_scheme(x::regclass, axes => CASE
          WHEN seed % 4 = 0 THEN ARRAY[axis('v', 'total(ledger)', 'value', ARRAY[40, 160 - 10 * step, 280])] END,
          note => 'step ' || step) FROM unnest('{once, often}'::text[]) AS x;
      END IF;
      PERFORM refresh_scheme('often'::text::regclass, d);
    END LOOP;
    PERFORM refresh_scheme('once'::text::regclass, d);
    CALL check_equal('state of ' || d, seed, 'SELECT x::text FROM once__state AS x',
      'SELECT x::text FROM often__state AS x');
    CALL check_equal('history of ' || d, seed, 'SELECT x::text FROM once__history AS x',
      'SELECT x::text FROM often__history AS x');
    CALL check_equal('trend of ' || d, seed, 'SELECT x::text FROM once_trend AS x',
      'SELECT x::text FROM often_trend AS x');
    CALL check_equal('migration of ' || d, seed, 'SELECT x::text FROM once_migration AS x',
      'SELECT x::text FROM often_migration AS x');
    CALL check_equal('migration by the history of ' || d, seed, 'SELECT from_tier, to_tier, heads FROM once_migration',
      format('SELECT * FROM migration(''once'', coalesce((SELECT max(as_of) FROM once__refresh WHERE as_of < %1$L), '
             '''-infinity''), %1$L)', d));
    CALL check_equal('log of ' || d, seed, 'SELECT x::text FROM once__refresh AS x',
      'SELECT x::text FROM often__refresh AS x');
    d := d + 1 + (u(seed, step + 400) * 35)::int;
  END LOOP;
  PERFORM drop_scheme(x::regclass) FROM unnest('{once, often}'::text[]) AS x;
END $$;
CALL history(1);
CALL history(2);
CALL history(3);
CALL history(4);
SELECT count(*) AS rows, count(DISTINCT scheme) AS schemes, count(DISTINCT as_of) AS days FROM graded;
DO $$BEGIN FOR seed IN 1 .. 12 LOOP CALL same_day(seed); COMMIT; END LOOP; END$$;
