-- The views of sales: expressions over a row, the query over the base table, and the links between
-- joined tables.

CREATE FUNCTION customer_tier_internal.sale_expression(relation regclass, expression text, purpose text) RETURNS text
AS 'MODULE_PATHNAME', 'ct_sale_expression'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.sale_expression(regclass, text, text) IS
  'an expression over a row of sales (customer, amount, sold_at, order_id or filter), of customers (measure or group) '
  'or of scores (tier), checked, with all names qualified';

CREATE FUNCTION customer_tier_internal.expression_is_plain(relation regclass, expression text) RETURNS boolean
AS 'MODULE_PATHNAME', 'ct_expression_is_plain'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.expression_is_plain(regclass, text) IS
  'whether a measure calls no function but the server''s and ours';

CREATE FUNCTION customer_tier_internal.view_expressions(view regclass, wait boolean DEFAULT true, OUT name text,
  OUT expressions text[]) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_view_expressions'
LANGUAGE C STRICT STABLE PARALLEL SAFE ROWS 5;
COMMENT ON FUNCTION customer_tier_internal.view_expressions(regclass, boolean) IS
  'the columns of a view over one relation, each with its expressions, as text with all names qualified';

CREATE FUNCTION customer_tier_internal.sale_query(source regclass, customer text, amount text, sold_at text,
  order_id text, filter text, time_zone text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM '1970-01-01 00:00+00'::timestamptz AT TIME ZONE time_zone;	-- an error now, not at the first sale
  RETURN format('SELECT %s AS customer, %s AS sold_at, %s AS amount%s FROM %s%s', customer,
    CASE customer_tier_internal.type_of($1, sold_at)
      WHEN 'timestamp with time zone'::regtype THEN
        CASE WHEN time_zone IS NULL THEN sold_at
             ELSE format('((%s) AT TIME ZONE %L)::pg_catalog.date', sold_at, time_zone) END
      WHEN 'timestamp without time zone'::regtype THEN format('(%s)::pg_catalog.date', sold_at)
      ELSE sold_at END,
    amount, ', ' || order_id || ' AS order_id', customer_tier_internal.qualified($1), ' WHERE ' || filter);
END $$;
COMMENT ON FUNCTION customer_tier_internal.sale_query(regclass, text, text, text, text, text, text) IS
  'support of track: the query of the view that it writes, of qualified expressions';

-- No SET search_path: unqualified names in the expressions are looked up in the caller's.  So the body
-- must not depend on it, not even by an operator.
CREATE FUNCTION customer_tier_internal.sale_view(source regclass, customer text, amount text, sold_at text,
  order_id text, filter text, time_zone text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $$
BEGIN
  RETURN customer_tier_internal.sale_query($1,
    customer_tier_internal.sale_expression($1, $2, 'customer'),
    customer_tier_internal.sale_expression($1, $3, 'amount'),
    customer_tier_internal.sale_expression($1, $4, 'sold_at'),
    customer_tier_internal.sale_expression($1, $5, 'order_id'),
    customer_tier_internal.sale_expression($1, $6, 'filter'), $7);
END $$;
COMMENT ON FUNCTION customer_tier_internal.sale_view(regclass, text, text, text, text, text, text) IS
  'support of track: the query of the view that it writes';

CREATE FUNCTION customer_tier_internal.flat_view(view regclass, OUT base regclass, OUT query text,
  OUT sale_query text, OUT time_zone text)
AS 'MODULE_PATHNAME', 'ct_flat_view'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.flat_view(regclass) IS
  'the query of a view over its table itself; and the same for roll_up, with the time zone taken out';

CREATE FUNCTION customer_tier_internal.order_column(view regclass) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce((SELECT ', order_id' FROM pg_attribute
                 WHERE attrelid = $1 AND attname = 'order_id' AND NOT attisdropped), '')
$$;
COMMENT ON FUNCTION customer_tier_internal.order_column(regclass) IS
  'the fourth column of a view of sales, with a comma before it; nothing if its rows are no lines of orders';

CREATE FUNCTION customer_tier_internal.same_source(a regclass, b regclass) RETURNS boolean
AS 'MODULE_PATHNAME', 'ct_same_source'
LANGUAGE C STRICT STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION customer_tier_internal.same_source(regclass, regclass) IS
  'whether two views give the same sales from the same table; null if one of them cannot be captured';

CREATE FUNCTION customer_tier_internal.why_not_captured(view regclass) RETURNS text
AS 'MODULE_PATHNAME', 'ct_why_not_captured'
LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.why_not_captured(regclass) IS
  'why triggers cannot capture the sales of a view; null if they can';

CREATE FUNCTION customer_tier_internal.check_captured(view regclass) RETURNS void
AS 'MODULE_PATHNAME', 'ct_check_captured'
LANGUAGE C STRICT STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION customer_tier_internal.check_captured(regclass) IS
  'an error for a view of one table whose expressions are not of the row alone, or whose table belongs to '
  'another owner';

CREATE FUNCTION customer_tier_internal.view_links(view regclass, OUT n integer, OUT relation regclass, OUT key text,
  OUT parent integer, OUT parent_key text, OUT operator text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_view_links'
LANGUAGE C STRICT STABLE PARALLEL SAFE ROWS 3;
COMMENT ON FUNCTION customer_tier_internal.view_links(regclass) IS
  'the tables that a view joins: what is noted of a changed row of each, and how customers are found from it; '
  'no row if they cannot be';

CREATE FUNCTION customer_tier_internal.view_tables(view regclass, OUT n integer, OUT relation regclass,
  OUT columns text, OUT definitions text, OUT filter text, OUT asked text, OUT key text, OUT sale text,
  OUT condition text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_view_tables'
LANGUAGE C STRICT STABLE PARALLEL SAFE ROWS 3;
COMMENT ON FUNCTION customer_tier_internal.view_tables(regclass) IS
  'the tables of a view that is an inner join: what it uses of each, and its sale over them as t0, t1, ...; no row '
  'for another view';

-- finds customers by the keys of a table, through the links to its parents
CREATE FUNCTION customer_tier_internal.path_sql(view regclass, n integer) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE link AS (SELECT * FROM customer_tier_internal.view_links($1)),
path AS (
  SELECT l.n, NULL::text AS sql FROM link AS l WHERE l.parent IS NULL
  UNION ALL
  SELECT l.n, CASE WHEN p.parent IS NULL
      THEN format('SELECT %s AS customer, %s AS key FROM %s',
             p.key, l.parent_key, customer_tier_internal.qualified(p.relation))
      ELSE format('SELECT m.customer, t.%s AS key FROM %s AS t JOIN (%s) AS m ON m.key %s t.%s',
             l.parent_key, customer_tier_internal.qualified(p.relation), path.sql, p.operator, p.key) END
  FROM path JOIN link AS l ON l.parent = path.n JOIN link AS p ON p.n = path.n)
SELECT sql FROM path WHERE path.n = $2
$$;
COMMENT ON FUNCTION customer_tier_internal.path_sql(regclass, integer) IS
  'support of track: SQL for the customers of each key of a table of a join';
