-- The queues of a source, and the triggers that write them.
--
-- In a join, each table has a queue of its own.  For an inner join, the queue has the used columns of
-- added and removed rows, from which the changed sales are computed.  For another join, it has the
-- customers of the touched rows, or keys that lead to customers.  The array "touches" begins with the
-- view of these sales or customers, if there is one, followed by a view and a queue for each table.

CREATE FUNCTION customer_tier_internal.capture() RETURNS trigger
AS 'MODULE_PATHNAME', 'ct_capture'
LANGUAGE C;
COMMENT ON FUNCTION customer_tier_internal.capture() IS
  'the trigger on the table of a source; made by track';

CREATE FUNCTION customer_tier_internal.by_row(sales regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT EXISTS (SELECT FROM pg_trigger
               WHERE tgrelid = $1
                 AND tgfoid = 'customer_tier_internal.capture()'::regprocedure
                 AND tgname = 'customer_tier_change')
$$;
COMMENT ON FUNCTION customer_tier_internal.by_row(regclass) IS
  'whether writes to a table are captured by a trigger for each row';

-- one set of triggers serves all sources of a table
CREATE FUNCTION customer_tier_internal.make_triggers(sales regclass, capture text, leaving regclass DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  by_row boolean := coalesce(capture, CASE WHEN customer_tier_internal.by_row($1) THEN 'row' END) = 'row'
    OR (SELECT relkind = 'p' FROM pg_class WHERE oid = $1);
  parts text;
  t record;
BEGIN
  PERFORM customer_tier_internal.run($1, format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', $1));
  PERFORM customer_tier_internal.drop_triggers($1);
  SELECT string_agg(format('%L::pg_catalog.regclass, %L::pg_catalog.regclass, %L::pg_catalog.regclass',
                           f.capture, f.queue, f.state), ', ' ORDER BY f.view)
  INTO parts
  FROM (SELECT c.capture, c.queue, f.state, f.view
        FROM customer_tier_internal.find_sources((SELECT relowner FROM pg_class WHERE oid = $1)) AS f,
             LATERAL customer_tier_internal.captures(f) AS c
        WHERE c.base = $1
          AND f.owner = (SELECT relowner FROM pg_class WHERE oid = $1)
          AND f.state IS DISTINCT FROM $3) AS f;
  IF parts IS NULL THEN
    RETURN;
  END IF;
  FOR t IN SELECT split_part(how, ': ', 1) AS name, split_part(how, ': ', 2) AS event
           FROM unnest(CASE WHEN by_row
             -- row triggers, as transition tables are wrong if MERGE moves a row; and the begin and end of statements
             THEN ARRAY['begin: BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT',
                        'change: AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW',
                        'end: AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT',
                        'truncate: BEFORE TRUNCATE ON %s FOR EACH STATEMENT']
             ELSE ARRAY['insert: AFTER INSERT ON %s REFERENCING NEW TABLE AS came FOR EACH STATEMENT',
                        'update: AFTER UPDATE ON %s REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT',
                        'delete: AFTER DELETE ON %s REFERENCING OLD TABLE AS went FOR EACH STATEMENT',
                        'truncate: BEFORE TRUNCATE ON %s FOR EACH STATEMENT'] END) AS how LOOP
    PERFORM customer_tier_internal.run($1,
      format('CREATE TRIGGER %I %s WHEN (ARRAY[%s] IS NOT NULL) EXECUTE FUNCTION customer_tier_internal.capture()',
        'customer_tier_' || t.name, format(t.event, $1), parts));
    PERFORM customer_tier_internal.run($1,
      format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', $1, 'customer_tier_' || t.name));
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_triggers(regclass, text, regclass) IS
  'the triggers on a table of sales, for all of its sources but one that leaves; none if it has none';

CREATE FUNCTION customer_tier_internal.drop_triggers(sales regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT tgname
           FROM pg_trigger
           WHERE tgrelid = $1 AND tgfoid = 'customer_tier_internal.capture()'::regprocedure LOOP
    PERFORM customer_tier_internal.run($1, format('DROP TRIGGER %I ON %s', t.tgname, $1));
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.drop_triggers(regclass) IS
  'support of untrack: the triggers of a table of sales';

CREATE FUNCTION customer_tier_internal.make_queue(relation regclass, place text, name text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  command text;
BEGIN
  FOREACH command IN ARRAY ARRAY[
      'CREATE TABLE %1$s.%2$I (written_at timestamptz NOT NULL, epoch integer NOT NULL, sales integer NOT NULL, '
        'pack bytea) WITH (toast_tuple_target = 8160)',
      'ALTER TABLE %1$s.%2$I ALTER pack SET STORAGE EXTERNAL',
      -- lets a refresh delete rows where a publication has all tables
      'ALTER TABLE %1$s.%2$I REPLICA IDENTITY FULL',
      'CREATE INDEX ON %1$s.%2$I (epoch) WHERE pack IS NULL',
      'GRANT SELECT (written_at, sales) ON %1$s.%2$I TO pg_monitor'] LOOP
    PERFORM customer_tier_internal.run($1, format(command, place, name));
  END LOOP;
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_queue(regclass, text, text) IS
  'support of track: a table that writers append to';

CREATE FUNCTION customer_tier_internal.queue_health(queue regclass, OUT pending bigint, OUT oldest timestamptz)
AS 'MODULE_PATHNAME', 'ct_queue_health'
LANGUAGE C STRICT STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION customer_tier_internal.queue_health(regclass) IS
  'sales in a queue, and when the oldest was written; null if the caller may not read its columns sales and written_at';

CREATE FUNCTION customer_tier_internal.merge_queue(queue regclass, ledger regclass) RETURNS bigint
AS 'MODULE_PATHNAME', 'ct_merge_queue'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION customer_tier_internal.merge_queue(regclass, regclass) IS
  'takes the queue, adds it to the ledgers, and returns how many changed';

CREATE FUNCTION customer_tier_internal.group_sales(packs bytea[]) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_group_sales'
LANGUAGE C STRICT STABLE PARALLEL SAFE ROWS 1000;
COMMENT ON FUNCTION customer_tier_internal.group_sales(bytea[]) IS
  'what packed sales say of each customer: customer, ledger; an empty ledger where they undo each other';

CREATE FUNCTION customer_tier_internal.packed_row(VARIADIC columns "any") RETURNS text
AS 'MODULE_PATHNAME', 'ct_packed_row'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.packed_row("any") IS
  'a row of a joined table as its queue notes it';

CREATE FUNCTION customer_tier_internal.noted_rows_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_noted_rows_support'
LANGUAGE C STRICT PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.noted_rows_support(internal) IS
  'planner support of noted_rows: how many there are';

CREATE FUNCTION customer_tier_internal.noted_rows(packs bytea[], queue regclass) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_noted_rows'
LANGUAGE C STABLE PARALLEL SAFE SUPPORT customer_tier_internal.noted_rows_support;
COMMENT ON FUNCTION customer_tier_internal.noted_rows(bytea[], regclass) IS
  'the rows of a joined table that came and, with undo, those that went: undo, columns; what came and went again is '
  'left out';

CREATE FUNCTION customer_tier_internal.merge_changes(query text, ledger regclass) RETURNS bigint
AS 'MODULE_PATHNAME', 'ct_merge_changes'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION customer_tier_internal.merge_changes(text, regclass) IS
  'adds to the ledgers what a query of customer, day, amount, order if there is one, and undo says, and returns how '
  'many changed';

-- Let N be a table now and C its changes, with signs.  Then the sales of a join were
-- (N1 - C1)(N2 - C2) ... and are N1 N2 ...  For two tables, the difference is C1 N2 + N1 C2 - C1 C2; in
-- general it has a join for each set of changed tables, subtracted if the set is even.  The order of
-- changes does not matter, because all data is of one snapshot.  Where one table changed, K has its
-- distinct keys in order, because old and new rows of one order often come together.
CREATE FUNCTION customer_tier_internal.changes_sql(view regclass, queues text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH t AS (SELECT * FROM customer_tier_internal.view_tables($1)),
changed AS (
  SELECT string_agg(
    format('c%1$s AS MATERIALIZED (SELECT * FROM customer_tier_internal.noted_rows((SELECT array_agg(pack) FROM %2$s), '
           '%2$L::pg_catalog.regclass) AS t(customer_tier_undo boolean, %3$s))', n, queues[n + 1], definitions)
    || CASE WHEN key IS NULL THEN ''
            ELSE format(', k%1$s AS MATERIALIZED (SELECT DISTINCT %2$s AS key FROM c%1$s ORDER BY key)', n, key) END,
    ', ' ORDER BY n) AS sql
  FROM t),
joined AS (
  SELECT s, format('SELECT %s, %s AS undo FROM %s WHERE %s', t.sale,
    CASE count(*) FILTER (WHERE s >> n & 1 = 1)
      WHEN 1 THEN format('t%s.customer_tier_undo', min(n) FILTER (WHERE s >> n & 1 = 1))
      ELSE string_agg(format('t%s.customer_tier_undo::integer', n), ' # ' ORDER BY n) FILTER (WHERE s >> n & 1 = 1)
        || format(' # %s = 1', (count(*) FILTER (WHERE s >> n & 1 = 1) + 1) % 2) END,
    string_agg(CASE WHEN s >> n & 1 = 1 THEN format('c%1$s AS t%1$s', n)
                    ELSE format('%s AS t%s', customer_tier_internal.qualified(relation), n) END
               || CASE WHEN s = 1 << n AND asked IS NOT NULL THEN format(', k%s AS k', n) ELSE '' END, ', ' ORDER BY n),
    t.condition || coalesce(max(' AND ' || asked || ' k.key') FILTER (WHERE s = 1 << n), '')
      -- changed rows met the conditions on their own table when they were noted
      || coalesce(string_agg(' AND ' || filter, '' ORDER BY n) FILTER (WHERE s >> n & 1 = 0), '')) AS sql
  FROM generate_series(1, (1 << (SELECT count(*) FROM t)::integer) - 1) AS s, t
  GROUP BY s, t.sale, t.condition)
SELECT format('WITH %s %s', changed.sql, (SELECT string_agg(sql, ' UNION ALL ' ORDER BY s) FROM joined))
FROM changed
$$;
COMMENT ON FUNCTION customer_tier_internal.changes_sql(regclass, text[]) IS
  'support of track: SQL for the sales of an inner join that came and, with undo, those that went; null for another '
  'view';

CREATE FUNCTION customer_tier_internal.make_touches(s customer_tier_internal.source, place text, name text)
RETURNS regclass[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  touches regclass[] := ARRAY[]::regclass[];
  touched text[] := ARRAY[]::text[];
  queues text[] := ARRAY[]::text[];
  by_rows boolean := EXISTS (SELECT FROM customer_tier_internal.view_tables(s.view));
  by_keys boolean := NOT by_rows AND EXISTS (SELECT FROM customer_tier_internal.view_links(s.view));
  t record;
  key_type text;
  view text;
  queue text;
BEGIN
  FOR t IN
      SELECT v.n, v.relation, format('customer_tier_internal.packed_row(%s) COLLATE pg_catalog."C"', v.columns) AS key,
             v.filter, NULL::integer AS parent, NULL AS operator
      FROM customer_tier_internal.view_tables(s.view) AS v
      UNION ALL
      SELECT l.n, l.relation, l.key, 'true', l.parent, l.operator
      FROM customer_tier_internal.view_links(s.view) AS l
      WHERE by_keys
      UNION ALL
      -- if customers cannot be found, a queue only notes that its table was touched
      SELECT (row_number() OVER (ORDER BY b))::integer, b, '0', 'true', NULL, NULL
      FROM unnest(customer_tier_internal.tables_of(s.view)) AS b
           JOIN pg_class AS c ON c.oid = b
      WHERE NOT by_rows
        AND NOT by_keys
        AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition
        AND c.relpersistence <> 't'
        AND c.relnamespace <> 'pg_catalog'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid AND c.relkind = 'r' OR inhrelid = c.oid)
        AND c.relowner = (SELECT relowner FROM pg_class WHERE oid = s.view)
      ORDER BY 1 LOOP
    view := format('%s.%I', place, name || '_touch' || t.n);
    queue := format('%s.%I', place, name || '_queue' || t.n);
    PERFORM customer_tier_internal.run(s.view,
      format('CREATE VIEW %s AS SELECT %s AS customer, ''2000-01-01''::pg_catalog.date AS sold_at, 0 AS amount '
             'FROM %s AS t%s%s', view, t.key, customer_tier_internal.qualified(t.relation), t.n,
             ' WHERE ' || nullif(t.filter, 'true')));
    PERFORM customer_tier_internal.run(s.view,
      format('COMMENT ON VIEW %s IS %L', view, format('what is noted of a row of %s that is touched', t.relation)));
    PERFORM customer_tier_internal.make_queue(s.view, place, name || '_queue' || t.n);
    PERFORM customer_tier_internal.run(s.view,
      format('COMMENT ON TABLE %s IS %L', queue,
        format('rows of %s that were touched since the last refresh', t.relation)));
    touches := touches || view::regclass || queue::regclass;
    queues := queues || queue;
    key_type := (SELECT format_type(atttypid, NULL)
                 || coalesce((SELECT format(' COLLATE %I.%I', nspname, collname)
                              FROM pg_collation AS c
                                   JOIN pg_namespace AS n ON n.oid = collnamespace
                              WHERE c.oid = attcollation
                                AND attcollation <> (SELECT typcollation FROM pg_type WHERE oid = atttypid)), '')
                 FROM pg_attribute
                 WHERE attrelid = view::regclass AND attnum = 1);
    touched := touched || CASE
      WHEN t.parent IS NULL
      THEN format('SELECT k.key AS customer '
                  'FROM customer_tier_internal.group_sales((SELECT array_agg(pack) FROM %s)) '
                  'AS k(key %s, ledger customer_tier.ledger)', queue, key_type)
      ELSE format('SELECT m.customer FROM (%s) AS m '
                  'JOIN customer_tier_internal.group_sales((SELECT array_agg(pack) FROM %s)) '
                  'AS k(key %s, ledger customer_tier.ledger) ON m.key %s k.key',
                  customer_tier_internal.path_sql(s.view, t.n), queue, key_type, t.operator) END;
  END LOOP;
  IF by_rows OR by_keys THEN
    view := format('%s.%I', place, name || CASE WHEN by_rows THEN '_changes' ELSE '_touched' END);
    PERFORM customer_tier_internal.run(s.view,
      format('CREATE VIEW %s AS %s', view, CASE WHEN by_rows THEN customer_tier_internal.changes_sql(s.view, queues)
                                                ELSE array_to_string(touched, ' UNION ') END));
    PERFORM customer_tier_internal.run(s.view,
      format('COMMENT ON VIEW %s IS %L', view,
        CASE WHEN by_rows THEN 'the sales that came and, with undo, those that went since the last refresh'
             ELSE 'the customers whose sales were touched since the last refresh' END));
    touches := view::regclass || touches;
  END IF;
  RETURN nullif(touches, '{}');
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_touches(customer_tier_internal.source, text, text) IS
  'support of track: what notes the rows of joined tables that are touched';

CREATE FUNCTION customer_tier_internal.changes_view(s customer_tier_internal.source) RETURNS regclass
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT attrelid FROM pg_attribute WHERE attrelid = customer_tier_internal.touched_view(s) AND attname = 'undo'
$$;
COMMENT ON FUNCTION customer_tier_internal.changes_view(customer_tier_internal.source) IS
  'of an inner join: the view of the sales that came and went; null if they cannot be found';

CREATE FUNCTION customer_tier_internal.all_touched_sql(s customer_tier_internal.source) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT string_agg(format('EXISTS (SELECT FROM %s%s)', queue,
                         CASE WHEN customer_tier_internal.touched_view(s) IS NOT NULL
                           THEN ' WHERE pack IS NULL' END), ' OR ')
FROM customer_tier_internal.captures(s)
$$;
COMMENT ON FUNCTION customer_tier_internal.all_touched_sql(customer_tier_internal.source) IS
  'of a join: SQL for whether everybody''s sales may have changed';

CREATE FUNCTION customer_tier_internal.ledger_agg_sql(s customer_tier_internal.source) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('customer_tier.ledger_agg(sold_at::date, amount::numeric%s)',
  customer_tier_internal.order_column(coalesce(s.capture, s.view)))
$$;
COMMENT ON FUNCTION customer_tier_internal.ledger_agg_sql(customer_tier_internal.source) IS
  'of a join: SQL for the ledger of the sales of a customer';

CREATE FUNCTION customer_tier_internal.touched_ledgers_sql(s customer_tier_internal.source, touched text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT customer, %s AS ledger FROM %s WHERE %s', customer_tier_internal.ledger_agg_sql(s),
  coalesce(s.capture, s.view),
  coalesce('customer IN (' || touched || ')', '(SELECT all_touched FROM emptied)'))
$$;
COMMENT ON FUNCTION customer_tier_internal.touched_ledgers_sql(customer_tier_internal.source, text) IS
  'of a join: SQL for the ledgers of some customers, from the sales';

CREATE FUNCTION customer_tier_internal.grouped_sql(s customer_tier_internal.source) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format(' GROUP BY customer HAVING customer IS NOT NULL AND NOT customer_tier.is_empty(%s)',
  customer_tier_internal.ledger_agg_sql(s))
$$;
COMMENT ON FUNCTION customer_tier_internal.grouped_sql(customer_tier_internal.source) IS
  'the end of touched_ledgers_sql';

CREATE FUNCTION customer_tier_internal.live_query(s customer_tier_internal.source, columns text, equal text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN s.queue IS NOT NULL THEN format($q$
    WITH emptied AS (SELECT max(epoch) AS epoch FROM %2$s WHERE pack IS NULL),
    pending AS MATERIALIZED (
      SELECT customer, ledger
      FROM customer_tier_internal.group_sales((
        SELECT array_agg(pack)
        FROM %2$s
        WHERE pack IS NOT NULL AND epoch >= coalesce((SELECT epoch FROM emptied), 0))) AS %3$s),
    kept AS NOT MATERIALIZED (SELECT customer, ledger FROM %1$s WHERE (SELECT epoch FROM emptied) IS NULL)
    SELECT k.customer,
      CASE WHEN p.customer IS NULL THEN k.ledger ELSE k.ledger OPERATOR(customer_tier.+) p.ledger END AS ledger
    FROM kept AS k LEFT JOIN pending AS p ON p.customer %4$s k.customer
    WHERE p.customer IS NULL OR NOT customer_tier.is_empty(k.ledger OPERATOR(customer_tier.+) p.ledger)
    UNION ALL
    SELECT p.customer, p.ledger FROM pending AS p
    WHERE NOT customer_tier.is_empty(p.ledger) AND NOT EXISTS (SELECT FROM kept AS k WHERE k.customer %4$s p.customer)
    $q$, s.ledger, s.queue, columns, equal)
  WHEN s.touches IS NULL THEN format('SELECT customer, ledger FROM %s', s.ledger)
  -- subqueries, so that the planner can push down a condition on the customer
  WHEN customer_tier_internal.changes_view(s) IS NOT NULL THEN format($q$
    WITH emptied AS MATERIALIZED (SELECT %4$s AS all_touched)
    SELECT coalesce(k.customer, p.customer) AS customer,
      CASE WHEN p.customer IS NULL THEN k.ledger
           WHEN k.customer IS NULL THEN p.ledger
           ELSE k.ledger OPERATOR(customer_tier.+) p.ledger END AS ledger
    FROM (SELECT customer, ledger FROM %1$s WHERE NOT (SELECT all_touched FROM emptied)) AS k
         FULL JOIN
         (SELECT customer,
            %6$s FILTER (WHERE NOT undo) OPERATOR(customer_tier.-) %6$s FILTER (WHERE undo) AS ledger
          FROM %2$s
          WHERE customer IS NOT NULL AND NOT (SELECT all_touched FROM emptied)
          GROUP BY customer) AS p ON k.customer %3$s p.customer
    WHERE p.customer IS NULL
      OR NOT customer_tier.is_empty(coalesce(k.ledger, '{}'::customer_tier.ledger) OPERATOR(customer_tier.+) p.ledger)
    UNION ALL
    (%5$s)
    $q$, s.ledger, customer_tier_internal.changes_view(s), equal, customer_tier_internal.all_touched_sql(s),
    customer_tier_internal.touched_ledgers_sql(s, NULL) || customer_tier_internal.grouped_sql(s),
    customer_tier_internal.ledger_agg_sql(s))
  -- ledgers of touched customers are computed from the sales; all ledgers, if the customers are not known
  ELSE format($q$
    WITH emptied AS MATERIALIZED (SELECT %5$s AS all_touched),
    touched AS MATERIALIZED (%6$s)
    SELECT customer, ledger FROM %1$s AS l
    WHERE NOT (SELECT all_touched FROM emptied)
      AND NOT EXISTS (SELECT FROM touched AS t WHERE t.customer %4$s l.customer)
    UNION ALL
    (%7$s)
    $q$, s.ledger, NULL, columns, equal, customer_tier_internal.all_touched_sql(s),
    coalesce('SELECT customer FROM ' || customer_tier_internal.touched_view(s),
             format('SELECT customer FROM %s WHERE false', s.ledger)),
    customer_tier_internal.touched_ledgers_sql(s, 'SELECT customer FROM touched')
      || ' OR (SELECT all_touched FROM emptied)'
      || customer_tier_internal.grouped_sql(s)) END
$$;
COMMENT ON FUNCTION customer_tier_internal.live_query(customer_tier_internal.source, text, text) IS
  'support of track: the query of ledgers and queue together';
