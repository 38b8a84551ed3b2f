-- Keeping: who buys again, and what becomes of those who came in the same period.

CREATE FUNCTION repurchase(ledger, as_of date, within interval) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
  WHEN until <= as_of THEN customer_tier.purchase_days($1, daterange(first_day, until, '(]')) > 0
END
FROM (SELECT customer_tier.first_day($1) AS first_day, (customer_tier.first_day($1) + within)::date AS until) AS f
$$;
COMMENT ON FUNCTION repurchase(ledger, date, interval) IS
  'whether the customer bought again, on a later day, within the interval after the first purchase; null while the '
  'interval is not over, or if there is no purchase';

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
  WITH member AS (
    SELECT customer_tier_internal.period_number(customer_tier.first_day(l.ledger), months, days) AS number, l.ledger
    FROM customer_tier_internal.live_ledgers(s.live) AS l
    WHERE customer_tier.first_day(l.ledger) <= $2),
  -- what came before the first purchase counts in its period
  bought AS (
    SELECT m.number, b.age, count(*) FILTER (WHERE b.purchases > 0) AS active, sum(b.amount) AS value
    FROM member AS m,
      LATERAL (SELECT greatest(customer_tier_internal.period_number(e.day, months, days) - m.number, 0) AS age,
                      sum(e.purchases) AS purchases, sum(e.amount) AS amount
               FROM customer_tier.entries(m.ledger) AS e
               WHERE e.day <= $2
               GROUP BY 1) AS b
    GROUP BY m.number, b.age),
  came AS (SELECT number, count(*) AS heads FROM member GROUP BY number)
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
