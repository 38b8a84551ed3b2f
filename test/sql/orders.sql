-- Tests ledgers of orders, from lines that have the key of an order.
SET client_min_messages = warning;
SET datestyle = ISO, YMD;
CREATE SCHEMA t_orders;
SET search_path = t_orders, test, public, customer_tier, customer_tier_internal;

\if :{?seed} \else
\set seed 20261127
\endif
\echo seed :seed

--
-- What an order is
--
CREATE TABLE line (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int, day date, amount numeric, no text);
INSERT INTO line (customer, day, amount, no) VALUES
  (1, '2026-01-05', 40.00, 'A1'), (1, '2026-01-05', 9.90, 'A1'), (1, '2026-01-05', 12.00, 'A2'),
  (1, '2026-01-20', -9.90, 'A1'),               -- a part comes back
  (1, '2026-01-21', -12.00, 'A2'),              -- a whole order comes back
  (1, '2026-02-11', 80.10, 'A3'), (1, '2026-02-12', -80.10, 'C3'),  -- a credit note with a number of its own
  (1, '2026-02-13', 5.00, NULL), (1, '2026-02-13', 6.00, NULL), (1, '2026-02-13', -1.00, NULL),
  (2, '2026-01-05', 0.00, 'B1'), (2, '2026-01-07', 0.00, 'B1'), (2, '2026-01-09', 3.00, 'B1');
CREATE VIEW made AS SELECT customer, ledger_agg(day, amount, no) AS l FROM line GROUP BY customer;
SELECT customer, e.* FROM made, entries(l) AS e ORDER BY customer, day, order_tag NULLS FIRST;
SELECT customer, total(l), orders(l), purchase_days(l), first_day(l), last_day(l),
  round(average_order(l), 2) AS average, mean_interval(l), status(l, '2026-03-01'), btyd(l, '2026-03-01', 1)
FROM made ORDER BY 1;
-- as of a day, by the lines up to there
SELECT d::date AS as_of, orders(l, daterange(NULL, d, '[]')), recency(l, d), tenure(l, d), status(l, d),
  orders(slice(l, daterange(NULL, d, '[]'))) AS sliced
FROM made, unnest('{2026-01-04, 2026-01-05, 2026-01-20, 2026-01-21, 2026-02-11, 2026-02-13}'::date[]) AS d
WHERE customer = 1 ORDER BY d;
-- of some days, judged at their end by the whole ledger; a slice forgets the rest
SELECT w, orders(l, w), purchase_days(l, w), orders(slice(l, w)) AS sliced, total(l, w)
FROM made, unnest(ARRAY['[2026-01-06,)', '[2026-01-05,2026-01-21)', '[2026-01-05,2026-01-22)',
  '[2026-01-20,2026-01-21)', '[2026-02-12,)', 'empty']::daterange[]) AS w WHERE customer = 1;
-- an order of two customers is one of both together
SELECT orders(rollup(l)), count(*), sum(orders(l))
FROM (SELECT customer, ledger_agg(day, amount, no) AS l
      FROM (VALUES (1, date '2026-01-05', 5, 'S'), (2, '2026-01-05', 6, 'S'), (3, '2026-01-06', 1, 'T')) AS v(customer,
        day, amount, no)
      GROUP BY customer) AS c;
-- what sums above zero, falls below and rises again counts on the first of these days
SELECT ledger_agg(d, a, 7) AS l, orders(ledger_agg(d, a, 7)), first_day(ledger_agg(d, a, 7)),
  orders(ledger_agg(d, a, 7), '(,2026-01-06]') AS below, orders(ledger_agg(d, a, 7), '[2026-01-06,)') AS later
FROM (VALUES (date '2026-01-05', 1.0), ('2026-01-06', -2), ('2026-01-07', 4)) AS v(d, a);

--
-- Keys
--
SELECT ledger_agg(date '2026-01-05', 1, k) FROM unnest(ARRAY[0, 1, -1, 9223372036854775807, -9223372036854775808]) AS k;
SELECT k, ledger_agg(date '2026-01-05', 1, k)
FROM unnest(ARRAY['', 'A', 'INV-1', '536365', 'C536365', '123456789', repeat('x', 100)]) WITH ORDINALITY AS u(k, i)
GROUP BY k, i ORDER BY i;
SELECT ledger_agg(date '2026-01-05', 1, '00000000-0000-0000-0000-000000000001'::uuid) AS uuid,
  ledger_agg(date '2026-01-05', 1, 5::smallint) = ledger_agg(date '2026-01-05', 1, 5::bigint) AS integers,
  ledger_agg(date '2026-01-05', 1, 'A'::char(5)) = ledger_agg(date '2026-01-05', 1, 'A'::text) AS char,
  ledger_agg(date '2026-01-05', 1, 'A'::varchar) = ledger_agg(date '2026-01-05', 1, 'A'::text) AS varchar;
-- each variant; a row without a key is one without an order, and one without a day or an amount is passed over
SELECT ledger_agg(t, a, k) AS timestamp, ledger_agg(t AT TIME ZONE 'UTC', a, 'Asia/Shanghai', k) AS zoned,
  ledger_agg(t::date, a, k::text::bigint) AS date
FROM (VALUES (timestamp '2026-01-05 16:00', 1.5, '3'), ('2026-01-05 15:59', 2, '3'), ('2026-01-05', 7, NULL),
  (NULL, 1, '3'), ('2026-01-05', NULL, '3')) AS v(t, a, k);
SELECT ledger_agg(t, a, 3::bigint) = ledger_agg(t::date, a, 3) AS timestamp,
  ledger_agg(t, a, u) = ledger_agg(t::date, a, u) AS uuid,
  ledger_agg(t AT TIME ZONE 'UTC', a, 'UTC', u) = ledger_agg(t::date, a, u) AS zoned_uuid,
  ledger_agg(t AT TIME ZONE 'UTC', a, 'UTC', 3) = ledger_agg(t::date, a, 3) AS zoned_bigint
FROM (VALUES (timestamp '2026-01-05 16:00', 1.5, uuid '00000000-0000-0000-0000-00000000000a')) AS v(t, a, u);
SELECT ledger_send(ledger_agg(day, amount, NULL::text)) = ledger_send(ledger_agg(day, amount)) AS same_bytes FROM line;
SELECT outcome(format('SELECT ledger_agg(date ''2026-01-05'', 1, %s)', k)) AS refused
FROM unnest('{1.5, true, 1.5::float8, ''2026-01-05''::date, ''\\x00''::bytea}'::text[]) AS k;
SELECT outcome(format('SELECT * FROM roll_up(%L) AS (c int, l ledger)',
  format('SELECT 1, date ''2026-01-05'', 1, %s', k)))
FROM unnest(ARRAY['1.5', 'true', '1.5::float8', '''2026-01-05''::date', 'ROW(1)', 'ARRAY[1]', '5::oid']) AS k;
-- keys of one length up to eight bytes never share a tag, and no bit of them is lost
SELECT count(*), count(DISTINCT t) AS tags, count(DISTINCT t & 65535) > 30000 AS spread
FROM (SELECT (entries(ledger_agg(date '2026-01-05', 1, lpad(i::text, 7, '0')))).order_tag AS t
      FROM generate_series(1, 50000) AS i GROUP BY i) AS k;

--
-- Text and bytes
--
SELECT t AS input, t::ledger AS ledger, encode(ledger_send(t::ledger), 'hex') AS bytes
FROM unnest(ARRAY['{2026-01-05:#5:1.5}', '{2026-01-05:#5*1:1.5}', '{2026-01-05:#-9223372036854775808*2:1}',
  '{2026-01-05:#9223372036854775807:1, 2026-01-05:#-9223372036854775808:1}',
  '{2026-01-05:#72057594037927935:1, 2026-01-05:#36028797018963967:1, 2026-01-06:#36028797018963968:1}',
  '{2026-01-07:#5:1.5, 2026-01-05:1:2, 2026-01-05:#5*3:-2.25, 2026-01-05:#4:0, 2026-01-05:2+1:3}',
  '{2026-01-05:#5:1, 2026-01-05:#5*-1:-1}', '{2026-01-05:#5*0:0}', '{2026-01-05:#5*0:1}', '{2026-01-05:#5:0}']) AS t;
SELECT t AS input, left(outcome(format('SELECT %L::ledger', t)), 5) AS state
FROM unnest(ARRAY['{2026-01-05:#:1}', '{2026-01-05:#x:1}', '{2026-01-05:#5*:1}', '{2026-01-05:#5+1:1}',
  '{2026-01-05:#5:}',
  '{2026-01-05:5#:1}', '{2026-01-05:##5:1}', '{2026-01-05:#+5:1}', '{2026-01-05:#9223372036854775808:1}',
  '{2026-01-05:#-9223372036854775809:1}', '{2026-01-05:#5*9223372036854775808:1}']) AS t;
SELECT outcome($$SELECT rollup('{2026-01-05:#5*9223372036854775807:1}'::ledger) FROM generate_series(1, 2)$$);

--
-- A group: random ledgers
--
CREATE FUNCTION ledger_of_lines(seed bigint, n int) RETURNS ledger LANGUAGE sql STABLE AS $$
SELECT ledger_agg(date '2026-01-01' + (u(seed, i) * 30)::int,
  round((u(seed, 100 + i) * 100 - 30)::numeric, (u(seed, 200 + i) * 3)::int),
  CASE WHEN u(seed, 300 + i) < 0.8
    THEN (u(seed, 400 + i) * 8)::bigint * CASE WHEN seed % 2 = 0 THEN 1 ELSE 600000000000000000 END END)
FROM generate_series(1, n) AS i
$$;
CREATE TABLE pair AS
SELECT i, ledger_of_lines(:seed + i, i % 25) AS a, ledger_of_lines(:seed + 1000 + i, i * 7 % 40) AS b
FROM generate_series(1, 300) AS i;
SELECT count(*), count(*) FILTER (WHERE a + b = b + a AND a + b - b = a AND a - a = '{}' AND a - b = -(b - a)
    AND -(-a) = a) AS "group",
  count(*) FILTER (WHERE a::text::ledger = a AND (a + b)::text::ledger = a + b) AS text,
  count(*) FILTER (WHERE (SELECT sum(purchases) FROM entries(a + b)) = orders(a + b)) AS heads
FROM pair WHERE a <> '{}' AND b <> '{}';
SELECT (SELECT rollup(a) FROM pair) - (SELECT rollup(a) FROM pair WHERE i > 100)
  = (SELECT rollup(a) FROM pair WHERE i <= 100) AS parts;
-- the head is what the entries say, and a slice of all is the ledger
SELECT count(*) AS slices, count(*) FILTER (WHERE slice(l, w) = (
    SELECT coalesce(rollup(format('{%s:%s:%s}', day, CASE WHEN order_tag IS NULL
      THEN purchases || to_char(other_rows, 'SGFM999')
      ELSE '#' || order_tag || '*' || lines END, amount)::ledger), '{}')
    FROM entries(l) WHERE day <@ w)) AS by_entries
FROM (SELECT a + b AS l, daterange(date '2026-01-01' + i % 20, date '2026-01-01' + i % 20 + 1 + i % 9) AS w
      FROM pair) AS s;
DROP TABLE pair;

--
-- Moving frames, workers and roll_up
--
CREATE TABLE many AS
SELECT i, i % 50 AS c, date '2026-01-01' + (u(i, 1) * 60)::int AS day,
  round((u(i, 2) * 50 - 12)::numeric, i % 4) AS amount,
  CASE WHEN u(i, 3) < 0.9 THEN 'N' || (u(i, 4) * 200)::int END AS no, (u(i, 5) * 1000000)::int AS shuffle
FROM generate_series(1, 6000) AS i;
SELECT count(*) AS frames, count(*) FILTER (WHERE moving = (
    SELECT ledger_agg(d, a, k) FROM unnest(days, amounts, nos) AS u(d, a, k))) AS same
FROM (SELECT ledger_agg(day, amount, no) OVER w AS moving, array_agg(day) OVER w AS days,
        array_agg(amount) OVER w AS amounts, array_agg(no) OVER w AS nos
      FROM many WHERE c < 10
      WINDOW w AS (PARTITION BY c ORDER BY shuffle ROWS BETWEEN 9 PRECEDING AND 2 FOLLOWING)) AS m;
CREATE TABLE grouped AS SELECT c, ledger_agg(day, amount, no) AS l FROM many GROUP BY c;
SELECT count(*), count(*) FILTER (WHERE g.l = s.l) AS sorted FROM grouped AS g
  JOIN (SELECT c, ledger_agg(day, amount, no ORDER BY shuffle) AS l FROM many GROUP BY c) AS s USING (c);
CALL workers(2);
SELECT is_parallel('SELECT c, ledger_agg(day, amount, no) FROM many GROUP BY c') AS parallel;
SELECT count(*) FILTER (WHERE g.l = p.l) AS workers FROM grouped AS g
  JOIN (SELECT c, ledger_agg(day, amount, no) AS l FROM many GROUP BY c) AS p USING (c);
CALL workers(NULL);
SET work_mem = '64kB';
SELECT count(*), count(*) FILTER (WHERE g.l = r.l) AS spilled
FROM (SELECT i * k % 2000 AS c, ledger_agg(day, amount, no) AS l FROM many, generate_series(1, 9) AS k GROUP BY 1) AS g
     FULL JOIN roll_up('SELECT i * k % 2000, day, amount, no FROM many, generate_series(1, 9) AS k')
       AS r (c int, l ledger) USING (c);
SELECT count(*) FILTER (WHERE g.l + g.l = r.l) AS by_text FROM grouped AS g
  JOIN roll_up('SELECT c::text, day, amount, no::varchar FROM many, generate_series(1, 2)')
    AS r (c text, l ledger) ON g.c::text = r.c;
RESET work_mem;
SELECT outcome($$SELECT * FROM roll_up('SELECT c, day FROM many') AS (c int, l ledger)$$) AS two,
  outcome($$SELECT * FROM roll_up('SELECT c, day, amount, no, i FROM many') AS (c int, l ledger)$$) AS five;
-- the frequency of presets is of orders
SELECT count(*), count(*) FILTER (WHERE vals[2] = n) AS by_orders
FROM tiers('SELECT c, day, amount, no FROM many', 'rfm', '2026-02-10', '{}', NULL::int) AS t
     JOIN (SELECT c, count(*) AS n
           FROM (SELECT c FROM many WHERE no IS NOT NULL AND day <= '2026-02-10' GROUP BY c, no HAVING sum(amount) > 0
                 UNION ALL SELECT c FROM many WHERE no IS NULL AND day <= '2026-02-10' AND amount > 0) AS p
           GROUP BY c) AS h ON h.c = t.customer;

--
-- Sources
--
CALL track('line', 'customer', 'amount', 'day', order_id => 'no');
-- columns are qualified or not by the version of the server
SELECT replace(pg_get_viewdef('line_sale', true), 'line.', '') AS view,
  replace(pg_get_viewdef('line_capture', true), 'line.', '') AS capture;
UPDATE line SET no = 'A3' WHERE no = 'C3';
DELETE FROM line WHERE day = '2026-01-21';
INSERT INTO line (customer, day, amount, no) VALUES (3, '2026-02-14', 2, 'A1'), (NULL, '2026-02-14', 2, 'A1');
CREATE TABLE written AS SELECT pack FROM line_delta ORDER BY length(pack) DESC LIMIT 1;
CREATE FUNCTION shown(live regclass) RETURNS TABLE (customer text, orders bigint, total numeric, entries bigint)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT customer::text, orders(ledger), total(ledger), '
    '(SELECT count(*) FROM entries(ledger)) FROM %s ORDER BY 1', live);
END $$;
SELECT * FROM shown('line_ledger_live');
SELECT orders(ledger_of('line', 1)), * FROM verify_source('line') RIGHT JOIN (VALUES (1)) AS v ON true;
CALL refresh_source('line');
SELECT * FROM shown('line_ledger');
-- packs that nobody wrote
SELECT state, count(*) > 20 AS many
FROM (SELECT CASE WHEN o ~ '^[0-9]+$' THEN 'read' ELSE left(o, 5) END AS state
      FROM written, generate_series(2, length(pack) - 1) AS n,
           unnest(ARRAY[set_byte(pack, n, 255), set_byte(pack, n, 23), set_byte(pack, n, 55), substr(pack, 1, n),
             set_byte(pack, n, get_byte(pack, n) # 8), set_byte(pack, n, get_byte(pack, n) # 128),
             substr(pack, 1, n) || '\xffffffffffffffffffffff' || substr(pack, n + 1)]) AS p,
           outcome(format('SELECT count(ledger) FROM group_sales(ARRAY[%L::bytea]) AS (c int, ledger ledger)', p)) AS o)
  AS x
GROUP BY state ORDER BY state COLLATE "C";
-- a view of one's own that gains the column: changed until it is taken over
CREATE VIEW own AS SELECT customer, day AS sold_at, amount FROM line;
CALL track('own');
SELECT orders(ledger_of('own', 1));
CREATE OR REPLACE VIEW own AS SELECT customer, day AS sold_at, amount, no AS order_id FROM line;
SELECT changed FROM sources WHERE source::regclass = 'own'::regclass;
CALL alter_source('own');
SELECT changed FROM sources WHERE source::regclass = 'own'::regclass;
SELECT orders(ledger_of('own', 1)), (SELECT count(*) FROM verify_source('own')) AS differ;
CALL untrack('own');
-- another key, and none
CALL alter_source('line_sale', 'customer', 'amount', 'day', order_id => 'id / 2');
SELECT * FROM shown('line_ledger');
CALL alter_source('line_sale', 'customer', 'amount', 'day');
SELECT * FROM shown('line_ledger');
SELECT outcome($$CALL alter_source('line_sale', 'customer', 'amount', 'day', order_id => 'amount')$$) AS amount,
  outcome($$CALL alter_source('line_sale', 'customer', 'amount', 'day', order_id => 'no || now()')$$) AS now,
  outcome($$CALL alter_source('line_sale', 'customer', 'amount', 'day', order_id => 'nothing')$$) AS nothing,
  outcome($$CALL track('line', name => 'again', order_id => 'no')$$) AS alone;
CALL untrack('line');

--
-- Random histories of lines, against plain SQL
--
CREATE TABLE plain (id int PRIMARY KEY, customer int, day date, amount numeric, no text);
CREATE TABLE parted (id int, customer int, day date, amount numeric, no text) PARTITION BY RANGE (day);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2026-01-20');
CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
CREATE TABLE head (no text PRIMARY KEY, customer int, day date);
CREATE TABLE item (id int PRIMARY KEY, no text, amount numeric);
CREATE INDEX ON item (no);
CREATE VIEW joined AS
  SELECT h.customer, h.day AS sold_at, i.amount, i.no AS order_id
  FROM head AS h JOIN item AS i ON i.no = h.no;
CALL track('plain', 'customer', 'amount', 'day', order_id => 'no');
CALL track('parted', 'customer', 'amount', 'day', order_id => 'no');
CALL track('joined');

-- By hand: an order of a customer whose lines up to a day sum above zero is one purchase, of the first
-- day on which they did; a line without a key is one if its amount is above zero.
CREATE FUNCTION purchase(lines text, as_of date) RETURNS TABLE (customer int, day date) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format($q$
    SELECT customer, min(day) FILTER (WHERE so_far > 0)
    FROM (SELECT customer, no, day, sum(sum(amount)) OVER (PARTITION BY customer, no ORDER BY day) AS so_far
          FROM (%1$s) AS x WHERE no IS NOT NULL AND day <= %2$L GROUP BY customer, no, day) AS d
    GROUP BY customer, no
    HAVING (customer, no) IN (SELECT customer, no FROM (%1$s) AS x WHERE day <= %2$L
                              GROUP BY customer, no HAVING sum(amount) > 0)
    UNION ALL
    SELECT customer, day FROM (%1$s) AS x WHERE no IS NULL AND day <= %2$L AND amount > 0
    $q$, lines, as_of);
END $$;
-- how a customer's measures differ from that
CREATE FUNCTION differ(lines text, ledgers regclass, as_of date) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format($q$
    WITH bought AS MATERIALIZED (SELECT * FROM purchase(%1$L, %3$L)),
    hand AS (
      SELECT customer, count(*) AS n, count(DISTINCT day) AS days, min(day) AS first_day, max(day) AS last_day,
        count(*) FILTER (WHERE day > %3$L::date - 10) AS recent
      FROM bought GROUP BY customer),
    money AS (
      SELECT customer, sum(amount) AS total,
        sum(amount) FILTER (WHERE day > (SELECT first_day FROM hand AS h WHERE h.customer = x.customer)) AS later
      FROM (%1$s) AS x WHERE day <= %3$L AND customer IS NOT NULL GROUP BY customer),
    asked AS (
      SELECT customer, ledger, slice(ledger, daterange(NULL, %3$L, '[]')) AS l, btyd(ledger, %3$L, 1) AS b FROM %2$s)
    SELECT format('%%s as of %%s: %%s', coalesce(a.customer, m.customer), %3$L, l)
    FROM asked AS a FULL JOIN money AS m USING (customer) LEFT JOIN hand AS h USING (customer)
    WHERE (coalesce(h.n, 0), coalesce(h.days, 0), h.first_day, h.last_day, coalesce(h.recent, 0), coalesce(m.total, 0),
           h.days - 1, (h.last_day - h.first_day)::float8, (%3$L::date - h.first_day)::float8)
        IS DISTINCT FROM
          (coalesce(orders(ledger, daterange(NULL, %3$L, '[]')), 0), coalesce(purchase_days(l), 0),
           first_day(l), last_day(l), coalesce(orders(ledger, daterange(%3$L::date - 9, %3$L, '[]')), 0),
           coalesce(total(ledger, daterange(NULL, %3$L, '[]')), 0), (b).x::bigint, (b).t_x, (b).t)
      OR orders(l) <> orders(ledger, daterange(NULL, %3$L, '[]'))
      OR recency(ledger, %3$L) IS DISTINCT FROM %3$L::date - h.last_day
      OR abs((b).m - CASE WHEN h.days > 1 THEN greatest(m.later, 0) / (h.days - 1) ELSE 0 END) > 1e-9
    $q$, lines, ledgers, as_of);
END $$;
CREATE FUNCTION change(seed bigint, step int, relation text, key text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  kind int := floor(u(seed * 100 + step, 7) * 10);
BEGIN
  EXECUTE CASE
    WHEN kind < 4 OR step = 1 THEN format($q$
      INSERT INTO %1$s (id, customer, day, amount, no)
      SELECT %2$s * 100 + i, nullif((u(%3$s, i) * 5)::int, 0), date '2026-01-01' + (u(%3$s, 20 + i) * 40)::int,
        round((u(%3$s, 40 + i) * 20 - 7)::numeric, (u(%3$s, 60 + i) * 2)::int),
        'N' || nullif((u(%3$s, 80 + i) * 9)::int, 0)
      FROM generate_series(1, 15) AS i $q$, relation, step, seed * 100 + step)
    WHEN kind = 4 THEN format('UPDATE %s SET no = ''N'' || nullif(id %% 7, 0) WHERE (id + %s) %% 5 = 0', relation, step)
    WHEN kind = 5 THEN format('UPDATE %s SET day = day + (id %% 9 - 4) WHERE (id + %s) %% 4 = 0', relation, step)
    WHEN kind = 6 THEN format('UPDATE %s SET customer = nullif(id %% 6, 0) WHERE (id + %s) %% 6 = 0', relation, step)
    WHEN kind = 7
    THEN format('UPDATE %s SET amount = 1 - amount, no = no || ''x'' WHERE (id + %s) %% 7 = 0', relation, step)
    WHEN kind = 8 THEN format('DELETE FROM %s WHERE (id + %s) %% 3 = 0', relation, step)
    ELSE format('DELETE FROM %s WHERE no = ''N%s''', relation, step) END;
END $$;
-- the lines of the last statement as orders and items of their own: an order has one customer and day
CREATE FUNCTION change_joined(seed bigint, step int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  kind int := floor(u(seed * 100 + step, 9) * 6);
BEGIN
  IF kind < 2 OR step = 1 THEN
    INSERT INTO head SELECT 'H' || step || '-' || i, nullif((u(seed * 100 + step, 200 + i) * 5)::int, 0),
      date '2026-01-01' + (u(seed * 100 + step, 210 + i) * 40)::int FROM generate_series(1, 4) AS i;
    INSERT INTO item SELECT step * 100 + i, (SELECT no FROM head ORDER BY md5(no || i || seed) LIMIT 1),
      (u(seed * 100 + step, 220 + i) * 20)::int - 6 FROM generate_series(1, 14) AS i;
  ELSIF kind = 2 THEN
    UPDATE head SET day = day + 3, customer = customer % 5 + 1 WHERE hashtext(no) % 3 = step % 3;
    UPDATE item SET amount = amount - 2 WHERE id % 4 = step % 4;
  ELSIF kind = 3 THEN
    UPDATE item SET no = (SELECT max(no) FROM head) WHERE id % 5 = step % 5;
  ELSIF kind = 4 THEN
    DELETE FROM item WHERE id % 4 = step % 4;
  ELSE
    DELETE FROM head WHERE no = (SELECT min(no) FROM head);
    UPDATE head SET no = no || 'z' WHERE no = (SELECT max(no) FROM head);
  END IF;
END $$;
CREATE PROCEDURE check_lines(seed bigint, step int) LANGUAGE plpgsql AS $$
DECLARE
  d date := date '2026-01-01' + (u(seed * 100 + step, 11) * 45)::int;
  wrong text;
BEGIN
  SELECT string_agg(w, '; ') INTO wrong
  FROM (SELECT 'plain ' || differ('SELECT customer, day, amount, no FROM plain', 'plain_ledger_live', at)
        FROM unnest(ARRAY[d, date '2026-03-31']) AS at
        UNION ALL
        SELECT 'parted ' || differ('SELECT customer, day, amount, no FROM parted', 'parted_ledger_live', d)
        UNION ALL
        SELECT 'joined ' || differ('SELECT customer, sold_at AS day, amount, order_id AS no FROM joined',
          'joined_ledger_live', at) FROM unnest(ARRAY[d, date '2026-03-31']) AS at
        UNION ALL
        SELECT 'parted is not as plain: ' || customer
        FROM plain_ledger_live AS a FULL JOIN parted_ledger_live AS b USING (customer)
        WHERE a.ledger IS DISTINCT FROM b.ledger) AS x(w);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'seed %, step %: %', seed, step, wrong;
  END IF;
END $$;
CREATE PROCEDURE order_history(seed bigint) LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN
  TRUNCATE plain, parted, head, item;
  FOR step IN 1 .. 8 LOOP
    PERFORM change(seed, step, 'plain', 'id');
    PERFORM change(seed, step, 'parted', 'id');
    PERFORM change_joined(seed, step);
    CALL check_lines(seed, step);
    IF u(seed * 100 + step, 12) < 0.4 THEN
      CALL refresh_source('plain');
      CALL refresh_source('parted');
      CALL refresh_source('joined');
      CALL check_lines(seed, step);
    END IF;
  END LOOP;
  SELECT count(*) INTO n
  FROM (SELECT customer FROM verify_source('plain')
        UNION ALL SELECT customer FROM verify_source('parted')
        UNION ALL SELECT customer FROM verify_source('joined')) AS v;
  IF n > 0 THEN
    RAISE EXCEPTION 'seed %: % ledgers are not what the lines give', seed, n;
  END IF;
END $$;
CREATE PROCEDURE order_histories(first bigint, last bigint) LANGUAGE plpgsql AS $$
BEGIN
  FOR seed IN first .. last LOOP
    CALL order_history(seed);
  END LOOP;
END $$;
CALL order_histories(:seed, :seed + 7);
-- and the test can fail
SELECT count(*) > 0 AS finds
FROM differ('SELECT customer, day, abs(amount) AS amount, no FROM plain', 'plain_ledger_live', '2026-03-31');
SELECT count(*) > 0 AS finds
FROM differ('SELECT customer, day, amount, id::text AS no FROM plain', 'plain_ledger_live', '2026-03-31');
