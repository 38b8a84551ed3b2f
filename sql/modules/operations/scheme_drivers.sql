-- Why the revenue of tiers changed.

CREATE FUNCTION drivers(scheme regclass, before daterange, after daterange, by text DEFAULT 'tier', OUT part text,
  OUT heads_before bigint, OUT active_rate_before double precision, OUT orders_per_active_before double precision,
  OUT average_order_before numeric, OUT revenue_before numeric, OUT heads_after bigint,
  OUT active_rate_after double precision, OUT orders_per_active_after double precision,
  OUT average_order_after numeric, OUT revenue_after numeric, OUT change numeric, OUT by_heads numeric,
  OUT by_active_rate numeric, OUT by_orders_per_active numeric, OUT by_average_order numeric, OUT reason text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s record;
  range daterange;
  template text := '';
BEGIN
  IF by IS NULL OR by NOT IN ('tier', 'group') THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'revenue is explained by tier or by group';
  END IF;
  SELECT * INTO s FROM customer_tier_internal.scheme_parts($1);
  FOREACH range IN ARRAY ARRAY[before, after] LOOP
    IF isempty(range) IS NOT FALSE OR NOT coalesce(isfinite(lower(range)) AND isfinite(upper(range)), false) THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'a period has no first or no last day',
        HINT = 'For example ''[2026-01-01,2026-04-01)''.';
    END IF;
    template := template || format($q$%s
      SELECT %s AS n, h.%I AS part, count(*) AS heads, count(*) FILTER (WHERE o.orders > 0) AS active,
             coalesce(sum(o.orders), 0)::bigint AS orders, coalesce(sum(o.revenue), 0) AS revenue
      FROM %s AS h
        LEFT JOIN %s AS l ON l.customer %s h.customer
        CROSS JOIN LATERAL (
          SELECT coalesce(customer_tier.orders(l.ledger, r.days), 0) AS orders,
                 coalesce(customer_tier.total(l.ledger, r.days), 0) AS revenue
          FROM (SELECT daterange(%s, %s) AS days) AS r) AS o
      WHERE h.valid_from < %8$s AND h.valid_to >= %8$s AND h.tier IS NOT NULL
      GROUP BY GROUPING SETS ((h.%3$I), ())$q$,
      CASE template WHEN '' THEN '' ELSE ' UNION ALL ' END, CASE template WHEN '' THEN 0 ELSE 1 END,
      CASE by WHEN 'tier' THEN 'tier' ELSE 'customer_group' END, s.history, s.ledgers, s.equal,
      customer_tier_internal.date_sql(lower(range)), customer_tier_internal.date_sql(upper(range)));
  END LOOP;
  RETURN QUERY
  SELECT x.part, d.*
  FROM (
    SELECT y.part, coalesce(max(heads) FILTER (WHERE n = 0), 0) AS heads_0,
           coalesce(max(active) FILTER (WHERE n = 0), 0) AS active_0,
           coalesce(max(orders) FILTER (WHERE n = 0), 0) AS orders_0,
           coalesce(max(revenue) FILTER (WHERE n = 0), 0) AS revenue_0,
           coalesce(max(heads) FILTER (WHERE n = 1), 0) AS heads_1,
           coalesce(max(active) FILTER (WHERE n = 1), 0) AS active_1,
           coalesce(max(orders) FILTER (WHERE n = 1), 0) AS orders_1,
           coalesce(max(revenue) FILTER (WHERE n = 1), 0) AS revenue_1
    FROM customer_tier_internal.as_owner(s.tier_table, template)
      AS y(n int, part text, heads bigint, active bigint, orders bigint, revenue numeric)
    GROUP BY y.part) AS x
  CROSS JOIN LATERAL customer_tier.drivers(x.heads_0, x.active_0, x.orders_0, x.revenue_0,
                                           x.heads_1, x.active_1, x.orders_1, x.revenue_1) AS d
  ORDER BY x.part;
END $$;
COMMENT ON FUNCTION drivers(regclass, daterange, daterange, text) IS
  'why the revenue of each tier, or group, of a scheme changed between two periods, each of the customers who were '
  'graded in it on the last day of the period; the total, a part of null, is taken apart by itself';
