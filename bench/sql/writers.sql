-- Tables to write to: not tracked, tracked by one source and by several, and with what one would write oneself;
-- each with a queue.
-- psql variables: rows, file
CREATE TABLE incoming AS SELECT customer_id, sold_at, amount
FROM (SELECT * FROM sales ORDER BY id DESC LIMIT :rows) AS s ORDER BY id;
COPY incoming TO :'file';
CREATE TABLE untracked (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id bigint, sold_at timestamptz,
  amount numeric(12,2));
CREATE TABLE tracked (LIKE untracked INCLUDING ALL);
CREATE TABLE row_trigger (LIKE untracked INCLUDING ALL);
CREATE TABLE partitioned (id bigint GENERATED ALWAYS AS IDENTITY, customer_id bigint, sold_at timestamptz,
  amount numeric(12,2)) PARTITION BY HASH (customer_id);
CREATE TABLE tracked_partitioned (id bigint GENERATED ALWAYS AS IDENTITY, customer_id bigint, sold_at timestamptz,
  amount numeric(12,2)) PARTITION BY HASH (customer_id);
SELECT format('CREATE TABLE %s_%s PARTITION OF %1$s FOR VALUES WITH (MODULUS 4, REMAINDER %2$s)', name, i)
FROM unnest(ARRAY['partitioned', 'tracked_partitioned']) AS name, generate_series(0, 3) AS i \gexec
CALL track('tracked', 'customer_id', 'amount', 'sold_at', time_zone => 'UTC');
CALL track('tracked_partitioned', 'customer_id', 'amount', 'sold_at', time_zone => 'UTC');
-- the same sales by two and by three sources
CREATE TABLE two_sources (LIKE untracked INCLUDING ALL);
CREATE TABLE three_sources (LIKE untracked INCLUDING ALL);
SELECT format('CALL track(%L, %L, %L, ''sold_at'', time_zone => ''UTC'', name => %L)', t, customer, amount, t || n)
FROM (VALUES (1, 'customer_id', 'amount'), (2, 'customer_id', 'amount / 2'), (3, 'customer_id % 1000', 'amount'))
       AS s(n, customer, amount),
  (VALUES ('two_sources', 2), ('three_sources', 3)) AS t(t, sources)
WHERE n <= sources
ORDER BY t, n \gexec
CREATE TABLE untracked_delta ();
CREATE TABLE partitioned_delta ();
CREATE TABLE row_trigger_delta (customer_id bigint, day date, amount numeric);
CREATE FUNCTION write_delta() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO row_trigger_delta VALUES (OLD.customer_id, (OLD.sold_at AT TIME ZONE 'UTC')::date, -OLD.amount);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO row_trigger_delta VALUES (NEW.customer_id, (NEW.sold_at AT TIME ZONE 'UTC')::date, NEW.amount);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER write_delta AFTER INSERT OR UPDATE OR DELETE ON row_trigger FOR EACH ROW EXECUTE FUNCTION write_delta();
