-- Sources: sales tables whose ledgers are kept.

-- tables and views that belong to users call what is here
GRANT USAGE ON SCHEMA customer_tier TO PUBLIC;

CREATE TABLE source (
  relation regclass PRIMARY KEY,
  customer text NOT NULL,
  amount text NOT NULL,
  sold_at text NOT NULL,
  filter text,
  time_zone text,
  capture text NOT NULL CHECK (capture IN ('trigger', 'row', 'none')),
  ledger regclass NOT NULL,
  queue regclass NOT NULL,
  live regclass NOT NULL,
  refreshed_at timestamptz,
  error text,
  failed_at timestamptz
);
COMMENT ON TABLE source IS 'the sales tables that are tracked; see the view sources';
COMMENT ON COLUMN source.relation IS 'the sales table';
COMMENT ON COLUMN source.customer IS 'expression over its row: whose sale it is';
COMMENT ON COLUMN source.amount IS 'expression: what it brought';
COMMENT ON COLUMN source.sold_at IS 'expression: when it was';
COMMENT ON COLUMN source.filter IS 'expression: whether it counts; null for always';
COMMENT ON COLUMN source.time_zone IS 'in which a timestamptz has its day';
COMMENT ON COLUMN source.capture IS 'trigger: writes are captured; row: by a trigger for each row; none: the ledgers are only rebuilt';
COMMENT ON COLUMN source.ledger IS 'table of one ledger for each customer, as of the last refresh';
COMMENT ON COLUMN source.queue IS 'what has been written since';
COMMENT ON COLUMN source.live IS 'view of both together: right at any moment';
COMMENT ON COLUMN source.refreshed_at IS 'when the ledgers were refreshed or rebuilt last';
COMMENT ON COLUMN source.error IS 'why that failed since';
COMMENT ON COLUMN source.failed_at IS 'and when';
SELECT pg_catalog.pg_extension_config_dump('source', '');
-- who owns the sales, or could, writes of them; who may read them sees how they are tracked
ALTER TABLE source ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION is_owner(relation regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT pg_catalog.pg_has_role(relowner, 'MEMBER') FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) $1 $$;
COMMENT ON FUNCTION is_owner(regclass) IS 'support of sources: whether the current user is the owner of a table, or could be; null if it is gone';

-- nobody registers what is somebody else's: it would be written to, or dropped, with that one's rights
CREATE POLICY owner ON source USING (coalesce(customer_tier.is_owner(relation), customer_tier.is_owner(ledger)))
  WITH CHECK (customer_tier.is_owner(relation) AND customer_tier.is_owner(ledger) AND customer_tier.is_owner(queue) AND customer_tier.is_owner(live));
CREATE POLICY reader ON source FOR SELECT USING (pg_catalog.has_table_privilege(relation, 'SELECT'));
GRANT SELECT, INSERT, UPDATE, DELETE ON source TO PUBLIC;

CREATE FUNCTION sale_expression(relation regclass, expression text, purpose text) RETURNS text
AS 'MODULE_PATHNAME', 'customer_tier_sale_expression'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION sale_expression(regclass, text, text) IS 'an expression over a row of sales (customer, amount, sold_at or filter) or of customers (measure or group), checked, with all names qualified';

CREATE FUNCTION expression_uses(relation regclass, expression text, "column" text) RETURNS boolean
AS 'MODULE_PATHNAME', 'customer_tier_expression_uses'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION expression_uses(regclass, text, text) IS 'support of sources: whether an expression over a row asks for a column, by its name or in the whole row';

-- volatile: the command may be any
CREATE FUNCTION as_owner(relation regclass, command text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'customer_tier_as_owner'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION as_owner(regclass, text) IS 'runs a command as the owner of a table, security-restricted, for those who could become the owner';

CREATE FUNCTION capture() RETURNS trigger
AS 'MODULE_PATHNAME', 'customer_tier_capture'
LANGUAGE C;
COMMENT ON FUNCTION capture() IS 'the trigger on a tracked sales table; made by track';

-- NULL with a hint is what a caller gets who names a table that is not tracked
CREATE FUNCTION tracked(relation regclass) RETURNS source
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier.source;
BEGIN
  SELECT * INTO s FROM customer_tier.source AS x WHERE x.relation = $1;
  IF s.relation IS NULL AND NOT pg_has_role((SELECT relowner FROM pg_class WHERE oid = $1), 'MEMBER') THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('must be owner of table %s', $1);
  ELSIF s.relation IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('table %s is not tracked', $1),
      HINT = format('CALL customer_tier.track(%L, customer => ..., amount => ..., sold_at => ...);', $1);
  END IF;
  RETURN s;
END $$;
COMMENT ON FUNCTION tracked(regclass) IS 'how a sales table is tracked; an error if it is not';

CREATE FUNCTION sale_query(s source) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT %s, %s, %s FROM %s%s', s.customer, s.sold_at, s.amount,
              s.relation, ' WHERE ' || s.filter)
$$;
COMMENT ON FUNCTION sale_query(source) IS 'support of sources: the query of customer, day and amount that a source stands for';

-- how a source's statements name its parts
CREATE FUNCTION source_parts(s source, OUT sales text, OUT ledger text, OUT queue text, OUT live text, OUT customer_type text, OUT equal text, OUT lock_sales text, OUT rolled_up text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  sales := s.relation::text;
  ledger := s.ledger::text;
  queue := s.queue::text;
  live := s.live::text;
  SELECT format_type(atttypid, NULL), format('OPERATOR(%s.%s)', coalesce(quote_ident(nspname), 'pg_catalog'), coalesce(oprname, '=')) INTO customer_type, equal
  FROM pg_attribute AS a
       -- none of its own: an enum, a domain, an array and the like have the server's
       LEFT JOIN (pg_opclass AS c
                  JOIN pg_amop ON amopfamily = opcfamily AND amopstrategy = 1 AND amoplefttype = opcintype AND amoprighttype = opcintype
                  JOIN pg_operator AS o ON o.oid = amopopr JOIN pg_namespace AS n ON n.oid = oprnamespace)
         ON opcdefault AND opcmethod = (SELECT oid FROM pg_am WHERE amname = 'hash') AND opcintype = atttypid
  WHERE attrelid = s.ledger AND attnum = 1;
  -- what LOCK TABLE does not take, no TRUNCATE empties either
  lock_sales := CASE WHEN (SELECT relkind FROM pg_class WHERE oid = s.relation) IN ('r', 'p') THEN format('LOCK TABLE %s IN ACCESS SHARE MODE', sales) ELSE 'SELECT 1 WHERE false' END;
  rolled_up := format('customer_tier.roll_up(%L, %L) AS (customer %s, ledger customer_tier.ledger)',
                      customer_tier.sale_query(s), s.time_zone, customer_type);
END $$;
COMMENT ON FUNCTION source_parts(source) IS 'support of sources: the names of a source''s parts, as its statements write them';

CREATE FUNCTION require_read_committed() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION USING ERRCODE = 'active_sql_transaction', MESSAGE = 'a refresh works at isolation level read committed only',
      HINT = 'An older snapshot would not see what the refresh before it did.';
  END IF;
END $$;
COMMENT ON FUNCTION require_read_committed() IS 'support of sources: an error at another isolation level';

CREATE PROCEDURE make_ledgers(source regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier.source := customer_tier.tracked($1);
  p record;
BEGIN
  SELECT * INTO p FROM customer_tier.source_parts(s);
  PERFORM customer_tier.require_read_committed();
  -- locks before the snapshot: no TRUNCATE comes between, and there is one refresher
  PERFORM FROM customer_tier.as_owner(s.relation, p.lock_sales) AS (x int);
  PERFORM FROM customer_tier.as_owner(s.relation, format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', p.ledger)) AS (x int);
  -- one statement, one snapshot: the sales and the queue of that moment
  PERFORM FROM customer_tier.as_owner(s.relation, format($q$
    WITH consumed AS (DELETE FROM %1$s),
    differ AS MATERIALIZED (
      SELECT f.customer AS found, f.ledger, l.customer AS kept
      FROM (SELECT * FROM %2$s) AS f FULL JOIN %3$s AS l ON l.customer %4$s f.customer
      WHERE f.ledger IS NULL OR l.ledger IS NULL OR f.ledger OPERATOR(customer_tier.<>) l.ledger),
    gone AS (DELETE FROM %3$s AS l USING differ AS d WHERE d.ledger IS NULL AND d.kept %4$s l.customer),
    other AS (UPDATE %3$s AS l SET ledger = d.ledger FROM differ AS d WHERE d.found %4$s l.customer)%5$s
    INSERT INTO %3$s (customer, ledger) SELECT found, ledger FROM differ WHERE kept IS NULL ORDER BY found
    $q$, p.queue, p.rolled_up, p.ledger, p.equal, customer_tier.touch_sql(s.relation, 'SELECT coalesce(found, kept) FROM differ'))) AS (x int);
END $$;
COMMENT ON PROCEDURE make_ledgers(regclass) IS 'support of rebuild: sales to ledgers, in one statement';

CREATE PROCEDURE merge_queue(source regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier.source := customer_tier.tracked($1);
  p record;
BEGIN
  PERFORM customer_tier.require_read_committed();
  SELECT * INTO p FROM customer_tier.source_parts(s);
  -- a lock before the snapshot: one refresher at a time
  PERFORM FROM customer_tier.as_owner(s.relation, format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', p.ledger)) AS (x int);
  -- one statement, one snapshot: what is taken from the queue is what is merged.  A
  -- row without a customer says that all sales before it are gone.
  PERFORM FROM customer_tier.as_owner(s.relation, format($q$
    WITH consumed AS (DELETE FROM %1$s RETURNING id, customers, ledgers),
    emptied AS MATERIALIZED (SELECT max(id) AS at FROM consumed WHERE customers IS NULL),
    change AS MATERIALIZED (
      SELECT c.customer, customer_tier.rollup(c.ledger) AS ledger
      FROM consumed AS q, emptied, unnest(q.customers, q.ledgers) AS c(customer, ledger)
      WHERE at IS NULL OR q.id > at GROUP BY c.customer),
    merged AS MATERIALIZED (
      SELECT c.customer, l.customer IS NOT NULL AS there,
             CASE WHEN l.customer IS NULL OR at IS NOT NULL THEN c.ledger ELSE l.ledger OPERATOR(customer_tier.+) c.ledger END AS ledger
      FROM change AS c CROSS JOIN emptied LEFT JOIN %2$s AS l ON l.customer %3$s c.customer),
    gone AS (DELETE FROM %2$s AS l USING merged AS m WHERE m.there AND m.customer %3$s l.customer AND customer_tier.is_empty(m.ledger)),
    rest AS (DELETE FROM %2$s AS l WHERE (SELECT at FROM emptied) IS NOT NULL
             AND NOT EXISTS (SELECT FROM merged AS m WHERE m.customer %3$s l.customer) RETURNING customer),
    other AS (UPDATE %2$s AS l SET ledger = m.ledger FROM merged AS m
              WHERE m.there AND m.customer %3$s l.customer AND NOT customer_tier.is_empty(m.ledger))%4$s
    INSERT INTO %2$s (customer, ledger)
    SELECT customer, ledger FROM merged WHERE NOT there AND NOT customer_tier.is_empty(ledger)
    $q$, p.queue, p.ledger, p.equal, customer_tier.touch_sql(s.relation, 'SELECT customer FROM change UNION ALL SELECT customer FROM rest'))) AS (x int);
END $$;
COMMENT ON PROCEDURE merge_queue(regclass) IS 'support of refresh: queue to ledgers, in one statement';

CREATE PROCEDURE note(source regclass, error text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE customer_tier.source AS x
  SET refreshed_at = CASE WHEN $2 IS NULL THEN clock_timestamp() ELSE x.refreshed_at END,
      error = $2, failed_at = CASE WHEN $2 IS NOT NULL THEN clock_timestamp() END
  WHERE x.relation = $1;
END $$;
COMMENT ON PROCEDURE note(regclass, text) IS 'support of refresh and rebuild: how it went';

CREATE PROCEDURE may_commit(INOUT possible boolean DEFAULT NULL)
AS 'MODULE_PATHNAME', 'customer_tier_may_commit'
LANGUAGE C;
COMMENT ON PROCEDURE may_commit(boolean) IS 'support of sources: whether the procedure that calls this may commit: not within a transaction that somebody else began';

-- no search_path here: a procedure with one may not commit
CREATE PROCEDURE attempt(source regclass, anew boolean)
LANGUAGE plpgsql
AS $$
DECLARE
  state text;
  message text;
  detail text;
  context text;
  hint text;
  possible boolean;
BEGIN
  CALL customer_tier.may_commit(possible);
  BEGIN
    -- where the first fill did not come to its end, there is nothing to merge into
    IF anew OR (customer_tier.tracked($1)).refreshed_at IS NULL THEN
      CALL customer_tier.make_ledgers($1);
    ELSE
      CALL customer_tier.merge_queue($1);
    END IF;
    CALL customer_tier.note($1, NULL);
    RETURN;
  EXCEPTION WHEN OTHERS THEN
    -- the note of it would not outlive somebody else's transaction
    IF NOT possible THEN
      RAISE;
    END IF;
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, context = PG_EXCEPTION_CONTEXT, hint = PG_EXCEPTION_HINT;
  END;
  CALL customer_tier.note($1, message);
  COMMIT;
  -- who waited for an untrack hears of that below
  -- where it was, but for our own statements
  RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = coalesce(nullif(detail, ''), nullif(pg_catalog.rtrim(pg_catalog.split_part(context, 'SQL statement "SELECT FROM customer_tier.as_owner(', 1), E'\n'), ''), pg_catalog.format('In the sales of %s.', $1)),
    HINT = coalesce(nullif(hint, ''), CASE
      WHEN state = '42501' THEN 'All is as it was before.'
      WHEN (customer_tier.tracked($1)).refreshed_at IS NULL THEN pg_catalog.format('The table is tracked, but has no ledgers yet. CALL customer_tier.refresh(%L) tries again; if a sale is in the way that cannot be changed now, untrack, mend it, and track again.', $1)
      ELSE 'All is as it was before. The view customer_tier.sources keeps this error until it goes well.' END);
END $$;
COMMENT ON PROCEDURE attempt(regclass, boolean) IS 'support of refresh and rebuild: does it, or notes why not';

CREATE PROCEDURE rebuild(source regclass)
LANGUAGE plpgsql
AS $$
BEGIN
  CALL customer_tier.attempt($1, true);
END $$;
COMMENT ON PROCEDURE rebuild(regclass) IS 'makes the ledgers of a source anew from its sales; writes only what differs';

CREATE PROCEDURE refresh(source regclass)
LANGUAGE plpgsql
AS $$
BEGIN
  CALL customer_tier.attempt($1, false);
END $$;
COMMENT ON PROCEDURE refresh(regclass) IS 'merges what has been written to the sales of a source into its ledgers';

CREATE FUNCTION verify(source regclass, repair boolean DEFAULT false, OUT customer text, OUT kept ledger, OUT found ledger) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier.source := customer_tier.tracked($1);
  p record;
  n bigint;
BEGIN
  SELECT * INTO p FROM customer_tier.source_parts(s);
  -- the lock comes before the snapshot
  PERFORM FROM customer_tier.as_owner(s.relation, p.lock_sales) AS (x int);
  RETURN QUERY SELECT * FROM customer_tier.as_owner(s.relation, format($q$
    SELECT coalesce(f.customer, l.customer)::text, coalesce(l.ledger, '{}'), coalesce(f.ledger, '{}')
    FROM (SELECT * FROM %1$s) AS f FULL JOIN %2$s AS l ON l.customer %3$s f.customer
    WHERE coalesce(l.ledger, '{}') OPERATOR(customer_tier.<>) coalesce(f.ledger, '{}') ORDER BY 1
    $q$, p.rolled_up, p.live, p.equal)) AS (customer text, kept customer_tier.ledger, found customer_tier.ledger);
  GET DIAGNOSTICS n = ROW_COUNT;
  IF repair AND n > 0 THEN
    CALL customer_tier.rebuild($1);
  END IF;
END $$;
COMMENT ON FUNCTION verify(regclass, boolean) IS 'the customers whose ledger, with what is pending, is not what their sales give: none, unless writes were not captured; with repair they are mended';

CREATE FUNCTION stem(relname text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT left(relname, n) FROM generate_series(length(relname), 1, -1) AS n WHERE octet_length(left(relname, n)) <= 63 - 12 LIMIT 1
$$;
COMMENT ON FUNCTION stem(text) IS 'support of sources: of a name, what leaves room for _ledger_live';

-- what track makes beside the sales, as their owner
CREATE PROCEDURE make_source(source regclass, customer text, amount text, sold_at text, filter text, time_zone text, capture text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pg_class;
  place text;
  name text;
  arguments text;
  how text;
  s customer_tier.source;
  p record;
BEGIN
  PERFORM timestamptz 'epoch' AT TIME ZONE $6;	-- an error now, not at the first sale
  SELECT * INTO c FROM pg_class WHERE oid = $1;
  SELECT quote_ident(nspname) INTO place FROM pg_namespace WHERE oid = c.relnamespace;
  name := customer_tier.stem(c.relname);
  s := ROW($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, NULL);
  -- the tables: their customer is of the expression's type
  PERFORM FROM customer_tier.as_owner($1, format($q$
    CREATE TABLE %1$s.%2$I WITH (fillfactor = 90) AS SELECT %3$s AS customer, '{}'::customer_tier.ledger AS ledger FROM %4$s WITH NO DATA
    $q$, place, name || '_ledger', $2, $1)) AS (x int);
  s.ledger := format('%s.%I', place, name || '_ledger');
  IF EXISTS (SELECT FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = atttypid WHERE attrelid = s.ledger AND attnum = 1 AND typlen = -1 AND typelem <> 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch', MESSAGE = 'a customer cannot be an array',
      HINT = 'Make a row or a text of it.';
  END IF;
  PERFORM FROM customer_tier.as_owner($1, format('ALTER TABLE %s ADD PRIMARY KEY (customer), ALTER COLUMN ledger SET NOT NULL', s.ledger)) AS (x int);
  SELECT * INTO p FROM customer_tier.source_parts(s);
  PERFORM FROM customer_tier.as_owner($1, format('SELECT count(*) FROM customer_tier.roll_up(%L, %L) AS (customer %s, ledger customer_tier.ledger)',
    customer_tier.sale_query(s) || ' LIMIT 0', $6, p.customer_type)) AS (x bigint);
  PERFORM FROM customer_tier.as_owner($1, format($q$
    CREATE TABLE %1$s.%2$I (id bigint GENERATED ALWAYS AS IDENTITY, customers %3$s[], ledgers customer_tier.ledger[])
    WITH (toast_tuple_target = 8160)
    $q$, place, name || '_delta', p.customer_type)) AS (x int);
  s.queue := format('%s.%I', place, name || '_delta');
  PERFORM FROM customer_tier.as_owner($1, format($q$
    CREATE VIEW %1$s.%2$I AS
    WITH emptied AS (SELECT max(id) AS at FROM %4$s WHERE customers IS NULL)
    SELECT customer, customer_tier.rollup(ledger) AS ledger
    FROM (SELECT customer, ledger FROM %3$s WHERE (SELECT at FROM emptied) IS NULL
          UNION ALL
          SELECT c.customer, c.ledger FROM %4$s AS q, unnest(q.customers, q.ledgers) AS c(customer, ledger)
          WHERE q.id > coalesce((SELECT at FROM emptied), 0)) AS parts
    GROUP BY customer HAVING NOT customer_tier.is_empty(customer_tier.rollup(ledger))
    $q$, place, name || '_ledger_live', s.ledger, s.queue)) AS (x int);
  s.live := format('%s.%I', place, name || '_ledger_live');
  FOREACH how IN ARRAY ARRAY[
      format('COMMENT ON TABLE %s IS %L', s.ledger, format('ledgers of %s, as of the last refresh', $1)),
      format('COMMENT ON TABLE %s IS %L', s.queue, format('what has been written to %s since the last refresh', $1)),
      format('COMMENT ON VIEW %s IS %L', s.live, format('ledgers of %s, right at any moment', $1))] LOOP
    PERFORM FROM customer_tier.as_owner($1, how) AS (x int);
  END LOOP;
  IF capture <> 'none' THEN
    arguments := format('%L, %L, %L, %L, %L, %L', s.queue, $2, $3, $4, coalesce($5, ''), coalesce($6, ''));
    FOREACH how IN ARRAY CASE WHEN c.relkind = 'p' OR capture = 'row'
      -- rows, for transition tables are wrong if MERGE moves one; and the statement that they belong to
      THEN ARRAY['begin: BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT', 'change: AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW',
                 'end: AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT', 'truncate: BEFORE TRUNCATE ON %s FOR EACH STATEMENT']
      ELSE ARRAY['insert: AFTER INSERT ON %s REFERENCING NEW TABLE AS came FOR EACH STATEMENT',
                 'update: AFTER UPDATE ON %s REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT',
                 'delete: AFTER DELETE ON %s REFERENCING OLD TABLE AS went FOR EACH STATEMENT',
                 'truncate: BEFORE TRUNCATE ON %s FOR EACH STATEMENT'] END LOOP
      PERFORM FROM customer_tier.as_owner($1, format('CREATE TRIGGER %I %s EXECUTE FUNCTION customer_tier.capture(%s)',
        'customer_tier_' || split_part(how, ': ', 1), format(split_part(how, ': ', 2), $1), arguments)) AS (x int);
      PERFORM FROM customer_tier.as_owner($1, format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', $1, 'customer_tier_' || split_part(how, ': ', 1))) AS (x int);
    END LOOP;
  END IF;
  INSERT INTO customer_tier.source SELECT s.*;
END $$;
COMMENT ON PROCEDURE make_source(regclass, text, text, text, text, text, text) IS 'support of track: the tables, the view and the triggers of a source';

-- no search_path here: a procedure with one may not commit
CREATE PROCEDURE track(source regclass, customer text, amount text, sold_at text, filter text DEFAULT NULL, time_zone text DEFAULT NULL, capture text DEFAULT 'trigger')
LANGUAGE plpgsql
AS $$
BEGIN
  CALL customer_tier.check_source($1, $7);
  -- what is unqualified means what it means to the caller
  CALL customer_tier.make_source($1, customer_tier.sale_expression($1, $2, 'customer'), customer_tier.sale_expression($1, $3, 'amount'),
    customer_tier.sale_expression($1, $4, 'sold_at'), customer_tier.sale_expression($1, $5, 'filter'), $6, $7);
  -- writers wait for the triggers, not for the ledgers
  COMMIT;
  CALL customer_tier.rebuild($1);
END $$;
COMMENT ON PROCEDURE track(regclass, text, text, text, text, text, text) IS 'keeps the ledgers of a sales table: customer, amount, sold_at and filter are expressions over its row';

CREATE PROCEDURE check_source(source regclass, capture text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pg_class;
  what text;
  taken regclass;
  of regclass;
BEGIN
  SELECT * INTO c FROM pg_class WHERE oid = $1;
  IF c.oid IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = 'there is no table to track';
  END IF;
  IF capture IS NULL OR capture NOT IN ('trigger', 'row', 'none') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown capture "%s"', capture),
      HINT = 'Writes are captured by trigger, for each row (a subscriber of logical replication needs that), or not at all: trigger, row, none.';
  END IF;
  IF EXISTS (SELECT FROM customer_tier.source AS x WHERE x.relation = $1) THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_object', MESSAGE = format('table %s is tracked already', $1),
      HINT = format('CALL customer_tier.untrack(%L) first, to track it in another way.', $1);
  END IF;
  IF NOT pg_has_role(c.relowner, 'MEMBER') THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('must be owner of table %s', $1);
  END IF;
  SELECT o.oid::regclass, x.relation INTO taken, of
  FROM pg_class AS o LEFT JOIN customer_tier.source AS x ON o.oid IN (x.ledger, x.queue, x.live)
  WHERE o.relnamespace = c.relnamespace AND o.relname IN (customer_tier.stem(c.relname) || '_ledger', customer_tier.stem(c.relname) || '_delta', customer_tier.stem(c.relname) || '_ledger_live') ORDER BY o.relname LIMIT 1;
  IF taken IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_table', MESSAGE = format('relation %s, which would be made, exists already', taken),
      HINT = CASE WHEN of IS NULL THEN 'Rename it, or drop it.' ELSE format('It belongs to another source: CALL customer_tier.untrack(%s);', of::oid) END;
  END IF;
  what := CASE WHEN c.relpersistence = 't' THEN 'is temporary'
               WHEN capture = 'none' AND c.relkind IN ('v', 'm', 'f') THEN NULL
               WHEN c.relkind = 'v' THEN 'is a view' WHEN c.relkind = 'm' THEN 'is a materialized view' WHEN c.relkind = 'f' THEN 'is a foreign table'
               WHEN c.relkind NOT IN ('r', 'p') THEN 'is no table'
               WHEN c.relispartition THEN 'is a partition'
               WHEN capture <> 'none' AND c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE $1 IN (inhrelid, inhparent)) THEN 'inherits or is inherited from' END;
  IF what IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('%s %s', $1, what),
      HINT = CASE what WHEN 'is temporary' THEN 'Track a table that lasts.' WHEN 'is a partition' THEN 'Track the table it is a partition of.'
                       ELSE 'Its writes cannot be captured. Use capture => ''none'' and CALL customer_tier.rebuild when you need it.' END;
  END IF;
END $$;
COMMENT ON PROCEDURE check_source(regclass, text) IS 'support of track: refuses what cannot be tracked';

CREATE PROCEDURE untrack(source regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier.source := customer_tier.tracked($1);
  t record;
BEGIN
  SELECT string_agg(format('SELECT customer_tier.drop_scheme(%L);', scheme), ' ') AS drops INTO t FROM customer_tier.scheme AS x WHERE x.source = $1;
  IF t.drops IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_in_use', MESSAGE = format('table %s has schemes', $1), HINT = 'First ' || t.drops;
  END IF;
  FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = s.relation AND tgfoid = 'customer_tier.capture()'::regprocedure LOOP
    PERFORM FROM customer_tier.as_owner(s.relation, format('DROP TRIGGER %I ON %s', t.tgname, s.relation)) AS (x int);
  END LOOP;
  -- as far as they are there
  FOR t IN SELECT oid, format('DROP %s %s', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, oid::regclass) AS command
           FROM pg_class WHERE oid IN (s.live, s.ledger, s.queue) ORDER BY relkind = 'v' DESC, oid DESC LOOP
    PERFORM FROM customer_tier.as_owner(CASE WHEN EXISTS (SELECT FROM pg_class WHERE oid = s.relation) THEN s.relation ELSE s.ledger END, t.command) AS (x int);
  END LOOP;
  DELETE FROM customer_tier.source AS x WHERE x.relation = s.relation;
END $$;
COMMENT ON PROCEDURE untrack(regclass) IS 'lets go of a sales table: drops the triggers, the ledgers and the queue; of one that is gone by its OID, see sources';

-- counted as the owner: what the registry names might be a view of somebody's
CREATE FUNCTION pending(s source) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF pg_has_role((SELECT relowner FROM pg_class WHERE oid = s.relation), 'USAGE') THEN
    RETURN (SELECT n FROM customer_tier.as_owner(s.relation, format('SELECT coalesce(sum(coalesce(cardinality(customers), 1)), 0)::bigint FROM %s', s.queue)) AS (n bigint));
  END IF;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  -- nor does it keep others from seeing theirs
  RETURN NULL;
END $$;
COMMENT ON FUNCTION pending(source) IS 'ledgers in the queue of a source; null for all but its owner';

CREATE VIEW sources AS
SELECT relation, customer, amount, sold_at, filter, time_zone, capture, ledger, queue, live, refreshed_at, pending,
       CASE pending WHEN 0 THEN interval '0' ELSE pg_catalog.clock_timestamp() - refreshed_at END AS lag,
       capture = 'none' OR CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = relation)
         THEN (SELECT count(*) = 4 FROM pg_catalog.pg_trigger WHERE tgrelid = relation AND tgfoid = 'customer_tier.capture()'::regprocedure AND tgenabled = 'A') END AS capturing,
       error, failed_at
FROM customer_tier.source, LATERAL customer_tier.pending(source) AS pending
WHERE coalesce(pg_catalog.has_table_privilege(relation, 'SELECT'), customer_tier.is_owner(ledger));
ALTER VIEW sources SET (security_barrier);
GRANT SELECT ON sources TO PUBLIC;
COMMENT ON VIEW sources IS 'the sales tables that are tracked: how, and how far their ledgers lag behind';
COMMENT ON COLUMN sources.relation IS 'the sales table';
COMMENT ON COLUMN sources.customer IS 'expression over its row: whose sale it is';
COMMENT ON COLUMN sources.amount IS 'expression: what it brought';
COMMENT ON COLUMN sources.sold_at IS 'expression: when it was';
COMMENT ON COLUMN sources.filter IS 'expression: whether it counts; null for always';
COMMENT ON COLUMN sources.time_zone IS 'in which a timestamptz has its day';
COMMENT ON COLUMN sources.capture IS 'trigger, row or none';
COMMENT ON COLUMN sources.ledger IS 'table of one ledger for each customer, as of the last refresh';
COMMENT ON COLUMN sources.queue IS 'what has been written since';
COMMENT ON COLUMN sources.live IS 'view of both together: right at any moment';
COMMENT ON COLUMN sources.refreshed_at IS 'when the ledgers were refreshed or rebuilt last';
COMMENT ON COLUMN sources.pending IS 'changes of a customer that are in the queue; null for all but the owner of the sales';
COMMENT ON COLUMN sources.lag IS 'how old the ledgers are at most: since the last refresh, if anything is pending';
COMMENT ON COLUMN sources.capturing IS 'whether all triggers are there and always fire; null if the sales table is gone';
COMMENT ON COLUMN sources.error IS 'why the last refresh or rebuild failed; null if it did not';
COMMENT ON COLUMN sources.failed_at IS 'and when';
