-- Keeping: who buys again, and what becomes of those who came in the same period.

CREATE FUNCTION repurchase(ledger, as_of date, within interval) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN until <= as_of THEN customer_tier.purchase_days(known, daterange(first_day, until, '(]')) > 0
END
FROM (SELECT customer_tier.slice($1, daterange(NULL, as_of, '[]')) AS known OFFSET 0) AS k,
  LATERAL (SELECT customer_tier.first_day(known) AS first_day OFFSET 0) AS f,
  LATERAL (SELECT (first_day + within)::date AS until OFFSET 0) AS u
$$;
COMMENT ON FUNCTION repurchase(ledger, date, interval) IS
  'whether the customer bought again, on a later day, within the interval after the first purchase; null while the '
  'interval is not over, or if there is no purchase';

CREATE FUNCTION customer_tier_internal.cohorts(live regclass, as_of date, months integer, days integer,
  OUT number integer, OUT age integer, OUT active bigint, OUT value numeric) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_cohorts'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE COST 100000 ROWS 1000;
COMMENT ON FUNCTION customer_tier_internal.cohorts(regclass, date, integer, integer) IS
  'support of cohorts: sums by cohort, age and number of decimals, for who may read the live ledgers';

CREATE FUNCTION cohorts(source regclass, as_of date, every interval DEFAULT '1 month', OUT cohort date, OUT age integer,
  OUT heads bigint, OUT active bigint, OUT retention double precision, OUT value numeric, OUT cumulative_value numeric)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.source := customer_tier_internal.live_source($1);
  months integer := customer_tier_internal.months_of(customer_tier_internal.check_every($3));
  days integer := extract(day FROM $3);
  now integer;
BEGIN
  PERFORM customer_tier_internal.check_day($2);
  now := customer_tier_internal.period_number($2, months, days);
  RETURN QUERY
  WITH bought AS (
    SELECT x.number, x.age, sum(x.active)::bigint AS active, sum(x.value) AS value
    FROM customer_tier_internal.cohorts(s.live, $2, months, days) AS x
    GROUP BY x.number, x.age),
  -- everybody bought in the period of the first purchase
  came AS (SELECT b.number, b.active AS heads FROM bought AS b WHERE b.age = 0)
  SELECT customer_tier_internal.period_start(c.number, months, days), a, c.heads, coalesce(b.active, 0),
         coalesce(b.active, 0) / c.heads::float8, coalesce(b.value, 0),
         sum(coalesce(b.value, 0)) OVER (PARTITION BY c.number ORDER BY a)
  FROM came AS c
    CROSS JOIN LATERAL generate_series(0, now - c.number) AS a
    LEFT JOIN bought AS b ON b.number = c.number AND b.age = a
  ORDER BY c.number, a;
END $$;
COMMENT ON FUNCTION cohorts(regclass, date, interval) IS
  'the customers of a source by the period of their first purchase, a row for each period since (age): how many '
  'bought, their part of the cohort, what they brought in the period and up to it; as of a day';
