-- Tables to write to: not tracked, tracked, and with a handwritten row trigger; each with a queue.
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
