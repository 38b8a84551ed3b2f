-- Why revenue changed: customers x active rate x orders of an active customer x average order.

CREATE TYPE drivers AS (
  heads_before bigint, active_rate_before double precision, orders_per_active_before double precision,
  average_order_before numeric, revenue_before numeric,
  heads_after bigint, active_rate_after double precision, orders_per_active_after double precision,
  average_order_after numeric, revenue_after numeric,
  change numeric, by_heads numeric, by_active_rate numeric, by_orders_per_active numeric, by_average_order numeric,
  reason text
);
COMMENT ON TYPE drivers IS 'four factors of revenue in two periods, and what each of them did to the change';
COMMENT ON COLUMN drivers.heads_before IS 'customers, in the first period';
COMMENT ON COLUMN drivers.active_rate_before IS 'part of them with a purchase, 0 to 1';
COMMENT ON COLUMN drivers.orders_per_active_before IS 'purchases of a customer who had one';
COMMENT ON COLUMN drivers.average_order_before IS 'revenue of a purchase';
COMMENT ON COLUMN drivers.revenue_before IS 'the product of the four';
COMMENT ON COLUMN drivers.heads_after IS 'customers, in the second period';
COMMENT ON COLUMN drivers.active_rate_after IS 'part of them with a purchase, 0 to 1';
COMMENT ON COLUMN drivers.orders_per_active_after IS 'purchases of a customer who had one';
COMMENT ON COLUMN drivers.average_order_after IS 'revenue of a purchase';
COMMENT ON COLUMN drivers.revenue_after IS 'the product of the four';
COMMENT ON COLUMN drivers.change IS 'revenue_after - revenue_before';
COMMENT ON COLUMN drivers.by_heads IS 'what the number of customers did to it; the four effects sum to the change';
COMMENT ON COLUMN drivers.by_active_rate IS 'what the active rate did';
COMMENT ON COLUMN drivers.by_orders_per_active IS 'what the purchases of an active customer did';
COMMENT ON COLUMN drivers.by_average_order IS 'what the average order did';
COMMENT ON COLUMN drivers.reason IS 'why there are no effects: a factor that is not above zero; else null';

/*
 * Logarithmic mean Divisia index (Ang 2004): an effect is L(R1, R0) ln(f1 / f0), with
 * L(a, b) = (a - b) / (ln a - ln b) and L(a, a) = a.  The numbers have 50 decimals on the way,
 * so that the last digit of an effect is right.  What rounding leaves goes to the absolutely
 * largest effect, of equals to the first.
 */
CREATE FUNCTION drivers(heads_before bigint, active_before bigint, orders_before bigint, revenue_before numeric,
  heads_after bigint, active_after bigint, orders_after bigint, revenue_after numeric) RETURNS drivers
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  d customer_tier.drivers;
  names constant text[] := '{customers, active customers, purchases, revenue}'::text[];
  before numeric[] := ARRAY[heads_before, active_before, orders_before, revenue_before];
  after numeric[] := ARRAY[heads_after, active_after, orders_after, revenue_after];
  logs numeric[];
  mean numeric;
  effect numeric[];
  rest numeric;
  largest integer;
BEGIN
  IF least(heads_before, active_before, orders_before, heads_after, active_after, orders_after) < 0
    OR active_before > heads_before OR active_after > heads_after
    OR active_before > orders_before OR active_after > orders_after THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = 'the numbers of customers, active customers and purchases do not fit together',
      HINT = 'Active customers are some of the customers, and each has a purchase at least.';
  ELSIF revenue_before::text !~ '^-?[0-9.]+$' OR revenue_after::text !~ '^-?[0-9.]+$' THEN
    RAISE EXCEPTION USING ERRCODE = 'numeric_value_out_of_range', MESSAGE = 'revenue must be a finite number';
  END IF;
  d := ROW(heads_before, active_before / nullif(heads_before, 0)::float8,
           orders_before / nullif(active_before, 0)::float8, revenue_before / nullif(orders_before, 0), revenue_before,
           heads_after, active_after / nullif(heads_after, 0)::float8,
           orders_after / nullif(active_after, 0)::float8, revenue_after / nullif(orders_after, 0), revenue_after,
           revenue_after - revenue_before, NULL, NULL, NULL, NULL, NULL);
  FOR i IN 1..8 LOOP
    IF d.reason IS NULL AND round((before || after)[i], 50) <= 0 THEN
      d.reason := format('the %s period has no %s', CASE WHEN i <= 4 THEN 'first' ELSE 'second' END,
                         names[(i - 1) % 4 + 1]);
    END IF;
  END LOOP;
  IF d.reason IS NOT NULL THEN
    RETURN d;
  END IF;
  FOR i IN 1..4 LOOP
    logs[i] := ln(round(after[i], 50)) - ln(round(before[i], 50));
  END LOOP;
  mean := CASE logs[4] WHEN 0 THEN revenue_before ELSE round(d.change, 50) / logs[4] END;
  FOR i IN 1..4 LOOP
    effect[i] := mean * (logs[i] - CASE i WHEN 1 THEN 0 ELSE logs[i - 1] END);
  END LOOP;
  largest := (SELECT i FROM unnest(effect) WITH ORDINALITY AS e(x, i) ORDER BY abs(round(x, 40)) DESC, i LIMIT 1);
  effect := ARRAY(SELECT round(x, scale(d.change)) FROM unnest(effect) WITH ORDINALITY AS e(x, i) ORDER BY i);
  rest := d.change - (SELECT sum(x) FROM unnest(effect) AS e(x));
  effect[largest] := effect[largest] + rest;
  d.by_heads := effect[1];
  d.by_active_rate := effect[2];
  d.by_orders_per_active := effect[3];
  d.by_average_order := effect[4];
  RETURN d;
END $$;
COMMENT ON FUNCTION drivers(bigint, bigint, bigint, numeric, bigint, bigint, bigint, numeric) IS
  'why revenue changed between two periods, from the customers, those with a purchase, their purchases and the '
  'revenue of each: the effect of each factor; the effects sum to the change exactly';
