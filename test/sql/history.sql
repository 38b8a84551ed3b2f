-- Tests random histories of a tracked table: after each statement the live ledgers must
-- equal those that the sales give.
SET client_min_messages = warning;
CREATE SCHEMA t_history;
-- what moves between two schemas is found in either
SET search_path = t_history, t_history_there, test, public, customer_tier;

-- so many customers, few enough to meet each other
CREATE FUNCTION some_sales(n int, s bigint) RETURNS TABLE (customer int, amount numeric, day date) LANGUAGE sql AS $$
SELECT CASE WHEN u(i, s) < 0.05 THEN NULL ELSE (u(i, s + 1) * 12)::int END,
       CASE WHEN u(i, s + 2) < 0.03 THEN NULL
         WHEN u(i, s + 2) < 0.2 THEN -1 ELSE 1 END * round((u(i, s + 3) * 50)::numeric, (u(i, s + 4) * 3)::int),
       date '2026-01-01' + (u(i, s + 5) * 89)::int
FROM generate_series(1, n) AS i $$;

-- of the sources of the histories alone
CREATE PROCEDURE let_go() LANGUAGE plpgsql AS $$
DECLARE
  s regclass;
BEGIN
  FOR s IN SELECT f.state FROM customer_tier_internal.find_sources() AS f JOIN pg_class AS c ON c.oid = f.state
    JOIN pg_namespace AS n ON n.oid = relnamespace WHERE nspname IN ('t_history', 't_history_there') LOOP
    CALL untrack(s);
  END LOOP;
END $$;

-- a fresh tracked table, plain or in partitions by month
CREATE PROCEDURE begin_history(partitioned boolean) LANGUAGE plpgsql AS $$
BEGIN
  CALL let_go();
  DROP SCHEMA IF EXISTS t_history_there CASCADE;
  DROP TABLE IF EXISTS sale, buyer, spare CASCADE;
  CREATE SCHEMA t_history_there;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'regress_customer_tier_history') THEN
    CREATE ROLE regress_customer_tier_history;
  END IF;
  GRANT USAGE, CREATE ON SCHEMA t_history, t_history_there TO regress_customer_tier_history;
  CREATE TABLE buyer (customer int PRIMARY KEY);
  GRANT ALL ON buyer TO regress_customer_tier_history;
  INSERT INTO buyer SELECT generate_series(0, 12);
  EXECUTE 'CREATE TABLE sale (id int NOT NULL, customer int REFERENCES buyer ON DELETE CASCADE ON UPDATE CASCADE, '
      'amount numeric, day date NOT NULL, '
    'note text DEFAULT '''', guest int, cost numeric, PRIMARY KEY (id, day))'
          || CASE WHEN partitioned THEN ' PARTITION BY RANGE (day)' ELSE '' END;
  IF partitioned THEN
    CREATE TABLE sale_1 PARTITION OF sale FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE TABLE sale_2 (note text DEFAULT '', cost numeric, day date NOT NULL, id int NOT NULL, gone int,
      amount numeric, guest int, customer int);
    ALTER TABLE sale_2 DROP COLUMN gone;
    ALTER TABLE sale ATTACH PARTITION sale_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
  END IF;
  CREATE SEQUENCE IF NOT EXISTS sale_id;
  IF partitioned THEN
    CREATE TABLE sale_3 PARTITION OF sale DEFAULT;
  END IF;
  INSERT INTO sale SELECT nextval('sale_id'), customer, amount, day FROM some_sales(20, 1);
  COMMIT;
  CALL track('sale', customer => 'customer', amount => 'amount * 2', sold_at => 'day', filter => 'amount <> 7',
    capture => coalesce(nullif(current_setting('test.capture', true), ''), 'statement'));
END $$;

-- one statement of a kind; s is what is random about it
CREATE PROCEDURE statement(kind int, s bigint, partitioned boolean) LANGUAGE plpgsql AS $$
DECLARE
  c CURSOR FOR SELECT * FROM sale WHERE id % 3 = s % 3 ORDER BY id FOR UPDATE;
  who int := (u(s, 1) * 12)::int;
  other int := (u(s, 2) * 12)::int;
  month text := 1 + s % 3;
  part text;
  state regclass := (customer_tier_internal.source_of('sale')).state;
BEGIN
  CASE kind
    WHEN 1 THEN INSERT INTO sale SELECT nextval('sale_id'), x.* FROM some_sales(1 + (s % 60)::int, s) AS x;
    WHEN 2 THEN INSERT INTO sale VALUES (nextval('sale_id'), who, 9.5, '2026-02-03');
    WHEN 3 THEN EXECUTE format('COPY sale (id, customer, amount, day) FROM PROGRAM %L',
      format('printf "%s\t%s\t3.25\t2026-01-09\n%s\t%s\t-1\t2026-03-01\n"', nextval('sale_id'), who, nextval('sale_id'),
      other));
    WHEN 4 THEN UPDATE sale SET amount = amount + 1 WHERE customer = who OR id % 7 = s % 7;
    WHEN 5 THEN UPDATE sale SET customer = other WHERE customer = who;
    WHEN 6 THEN UPDATE sale SET day = date '2026-01-01' + (u(s, 4) * 89)::int WHERE id % 5 = s % 5;
    WHEN 7 THEN DELETE FROM sale WHERE customer = who OR id % 11 = s % 11;
    WHEN 8 THEN INSERT INTO sale SELECT id, other, 4, day FROM sale WHERE id % 4 = s % 4
      UNION ALL SELECT nextval('sale_id'), who, 5, '2026-01-20'
                ON CONFLICT (id, day) DO UPDATE SET amount = sale.amount * 2, customer = excluded.customer;
    WHEN 9 THEN IF current_setting('server_version_num')::int >= 150000 THEN
                  EXECUTE format($q$MERGE INTO sale USING (SELECT id, day FROM sale WHERE id %% 3 = %s
                    UNION ALL SELECT nextval('sale_id'), '2026-03-07') AS m ON m.id = sale.id AND m.day = sale.day
                    WHEN MATCHED AND sale.id %% 2 = 0 THEN UPDATE SET day = sale.day + %s, amount = 6 WHEN MATCHED
                      AND sale.id %% 5 = 0 THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (m.id, %s, 8, m.day)$q$,
                      s % 3, CASE WHEN partitioned THEN 25 ELSE 0 END, who);
                END IF;
    WHEN 10 THEN TRUNCATE sale;
    WHEN 11 THEN DELETE FROM buyer WHERE customer = who;
                 INSERT INTO buyer VALUES (who) ON CONFLICT DO NOTHING;
    WHEN 12 THEN UPDATE buyer SET customer = customer + 100 WHERE customer = who;
                 UPDATE buyer SET customer = customer - 100 WHERE customer = who + 100;
    WHEN 13 THEN BEGIN
                   INSERT INTO sale SELECT nextval('sale_id'), x.* FROM some_sales(5, s) AS x;
                   IF s % 3 = 0 THEN TRUNCATE sale; END IF;
                   DELETE FROM sale WHERE id % 2 = 0;
                   RAISE EXCEPTION 'back' USING ERRCODE = 'T0001';
                 EXCEPTION WHEN SQLSTATE 'T0001' THEN
                   DELETE FROM sale WHERE id % 13 = s % 13;
                 END;
    WHEN 14 THEN WITH gone AS (DELETE FROM sale WHERE id % 6 = s % 6 RETURNING *),
      came AS (INSERT INTO sale SELECT nextval('sale_id'), other, amount, day FROM gone RETURNING id)
                 UPDATE sale SET amount = -amount WHERE id % 9 = s % 9 AND id % 6 <> s % 6;
    WHEN 15 THEN FOR r IN c LOOP
                   IF r.id % 2 = 0 THEN UPDATE sale SET amount = r.amount - 1 WHERE CURRENT OF c;
                   ELSE DELETE FROM sale WHERE CURRENT OF c;
                   END IF;
                 END LOOP;
    WHEN 16 THEN IF s % 2 = 0 THEN ALTER TABLE sale DROP COLUMN IF EXISTS note;
    ELSE ALTER TABLE sale ADD COLUMN IF NOT EXISTS note text DEFAULT 'new';
    END IF;
                 UPDATE sale SET amount = 7 WHERE id % 8 = s % 8;
    WHEN 17 THEN UPDATE sale SET amount = 0 WHERE false;
                 UPDATE sale SET note = note WHERE s % 5 = 0;
    WHEN 18 THEN IF partitioned THEN
                   EXECUTE format('INSERT INTO sale_%s (id, customer, amount, day) '
                       'VALUES (nextval(''sale_id''), %s, 11, %L)',
                     month, who, date '2026-01-10' + (s % 3)::int * 31);
                   EXECUTE format('UPDATE sale_%s SET amount = amount + 3 WHERE id %% 4 = 1', month);
                   EXECUTE format('DELETE FROM sale_%s WHERE id %% 10 = 1', month);
                 END IF;
    WHEN 19 THEN IF partitioned THEN
                   -- what no trigger sees: the ledgers are made anew
                   ALTER TABLE sale DETACH PARTITION sale_3;
                   DELETE FROM sale_3 WHERE id % 2 = 0;
                   ALTER TABLE sale ATTACH PARTITION sale_3 DEFAULT;
                   CALL rebuild_source('sale');
                 END IF;
    WHEN 20 THEN CALL refresh_source('sale');
    WHEN 21 THEN CALL rebuild_source('sale');
    WHEN 22 THEN -- columns change their names, crosswise: another one is called so from now on
                 part := CASE WHEN s % 2 = 0 THEN 'amount cost' ELSE 'customer guest' END;
                 EXECUTE format('ALTER TABLE sale RENAME COLUMN %I TO was', split_part(part, ' ', 1));
                 INSERT INTO sale SELECT nextval('sale_id'), x.* FROM some_sales(3, s) AS x;
                 EXECUTE format('ALTER TABLE sale RENAME COLUMN %I TO %I', split_part(part, ' ', 2),
                   split_part(part, ' ', 1));
                 EXECUTE format('ALTER TABLE sale RENAME COLUMN was TO %I', split_part(part, ' ', 2));
                 UPDATE sale SET cost = coalesce(cost, 1) + 1 WHERE id % 4 = s % 4;
    WHEN 23 THEN -- the sales or a part of them move to another schema, or back
                 part := (ARRAY['TABLE sale', 'VIEW sale_sale', 'VIEW sale_capture', 'TABLE sale_delta',
                   'TABLE sale_ledger', 'VIEW sale_ledger_live', 'TABLE sale_source'])[1 + s % 7];
                 INSERT INTO sale VALUES (nextval('sale_id'), who, 2.5, '2026-02-05');
                 EXECUTE format('ALTER %s SET SCHEMA %I', part,
                   (SELECT CASE relnamespace WHEN 't_history'::regnamespace THEN 't_history_there'
                   ELSE 't_history' END FROM pg_class WHERE oid = split_part(part, ' ', 2)::regclass));
                 DELETE FROM sale WHERE id % 12 = s % 12;
    WHEN 24 THEN -- another name for a while
                 part := (ARRAY['TABLE sale', 'VIEW sale_sale', 'VIEW sale_capture', 'TABLE sale_delta',
                   'TABLE sale_ledger', 'TABLE sale_source', 'SCHEMA t_history_there'])[1 + s % 7];
                 EXECUTE format('ALTER %s RENAME TO otherwise', part);
                 EXECUTE format('INSERT INTO %s VALUES (nextval(''sale_id''), %s, 12, ''2026-02-06'')', CASE part
                   WHEN 'TABLE sale' THEN 'otherwise' ELSE (SELECT oid::regclass::text FROM pg_class
                   WHERE relname = 'sale' AND relnamespace IN (SELECT oid FROM pg_namespace
                   WHERE nspname IN ('t_history', 't_history_there', 'otherwise'))) END, who);
                 CASE s % 3 WHEN 0 THEN CALL refresh_all(); WHEN 1 THEN CALL rebuild_source(state); ELSE NULL; END CASE;
                 EXECUTE format('ALTER %s otherwise RENAME TO %I', split_part(part, ' ', 1), split_part(part, ' ', 2));
    WHEN 25 THEN -- another owner, who takes the parts as well
                 FOR part IN SELECT format('ALTER TABLE %s OWNER TO %I', p.relid, CASE pg_get_userbyid(relowner)
                   WHEN current_user THEN 'regress_customer_tier_history' ELSE current_user END)
                     FROM pg_partition_tree('sale') AS p, pg_class WHERE pg_class.oid = 'sale'::regclass LOOP
                   EXECUTE part;
                 END LOOP;
                 CALL alter_source('sale');
                 INSERT INTO sale SELECT nextval('sale_id'), x.* FROM some_sales(3, s) AS x;
    WHEN 26 THEN TRUNCATE sale;
                 INSERT INTO sale SELECT nextval('sale_id'), x.* FROM some_sales(9, s) AS x;
                 TRUNCATE sale;
                 INSERT INTO sale SELECT nextval('sale_id'), x.* FROM some_sales(5, s + 9) AS x;
    ELSE NULL;
  END CASE;
EXCEPTION WHEN undefined_column THEN
  -- note may be dropped
  IF kind <> 17 THEN
    RAISE;
  END IF;
END $$;

CREATE PROCEDURE end_histories() LANGUAGE plpgsql AS $$
BEGIN
  CALL let_go();
  DROP TABLE sale, buyer CASCADE;
  DROP OWNED BY regress_customer_tier_history;
  DROP ROLE regress_customer_tier_history;
END $$;

CREATE TABLE wrong (seed bigint, partitioned boolean, step int, kind int, what text);
CREATE PROCEDURE history(seed bigint, partitioned boolean, steps int) LANGUAGE plpgsql AS $$
DECLARE
  kind int;
  n bigint;
BEGIN
  CALL begin_history(partitioned);
  FOR step IN 0..steps LOOP
    IF step > 0 THEN
      kind := 1 + floor(u(seed * 1000 + step, 99) * 27);
      CALL statement(kind, seed * 1000 + step, partitioned);
      COMMIT;
    END IF;
    SELECT count(*) INTO n FROM verify_source('sale');
    IF n > 0 THEN
      INSERT INTO wrong VALUES (seed, partitioned, step, kind, n || ' differ');
      EXIT;
    END IF;
    -- by plain SQL, with no function that verify uses
    -- whatever the columns are called now
    EXECUTE format($q$
      SELECT count(*)
      FROM (SELECT %1$I AS customer, sum(%2$I * 2) AS total, count(*) FILTER (WHERE %2$I > 0) AS orders FROM sale
        WHERE %1$I IS NOT NULL AND %2$I <> 7 GROUP BY %1$I) AS s
           FULL JOIN sale_ledger_live AS l USING (customer)
      WHERE (s.total, s.orders) IS DISTINCT FROM (total(ledger), orders(ledger))
        AND NOT (ledger IS NULL AND total = 0 AND s.orders = 0)
      $q$, (SELECT attname FROM pg_attribute WHERE attrelid = 'sale'::regclass AND attnum = 2),
        (SELECT attname FROM pg_attribute WHERE attrelid = 'sale'::regclass AND attnum = 3)) INTO n;
    IF n > 0 THEN
      INSERT INTO wrong VALUES (seed, partitioned, step, kind, n || ' differ from plain SQL');
      EXIT;
    END IF;
  END LOOP;
END $$;
CREATE PROCEDURE histories(first int, last int) LANGUAGE plpgsql AS $$
BEGIN
  FOR seed IN first..last LOOP
    PERFORM set_config('test.capture', CASE seed % 3 WHEN 0 THEN 'row' END, false);
    CALL history(seed, seed % 2 = 0, 25);
  END LOOP;
END $$;

\set seed 1
\echo seeds :seed to 12
CALL histories(:seed, 12);
SELECT * FROM wrong;
CALL end_histories();
