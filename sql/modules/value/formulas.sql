-- Customer value by formula.

CREATE FUNCTION clv(value double precision, periods double precision, margin double precision DEFAULT 1,
  retention double precision DEFAULT 1, rate double precision DEFAULT 0, acquisition_cost double precision DEFAULT 0)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_formula'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION clv(double precision, double precision, double precision, double precision, double precision,
  double precision)
  IS 'worth of a customer who brings a value in each period, multiplied by margin, retained at the retention rate and '
    'discounted at the rate from the second period on; periods may be Infinity';

CREATE FUNCTION clv(ledger, as_of date, rate double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_realised'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION clv(ledger, date, double precision) IS
  'realised value: the amounts up to as_of, each with interest at a yearly rate since its day';

-- in SQL, so that the planner can inline it
CREATE FUNCTION word_of_mouth(worth double precision, told double precision, conversion double precision,
  satisfied boolean DEFAULT true) RETURNS double precision
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$
SELECT (CASE WHEN satisfied THEN worth ELSE OPERATOR(pg_catalog.-) worth END)
  OPERATOR(pg_catalog.*) (1 OPERATOR(pg_catalog.+) (told OPERATOR(pg_catalog.*) conversion))
$$;
COMMENT ON FUNCTION word_of_mouth(double precision, double precision, double precision, boolean)
  IS 'worth of a customer and of those it tells: each converted one is worth as much again; the worth of a '
    'dissatisfied customer and of those it tells is lost';

CREATE FUNCTION retention_effect(customers double precision, value double precision, churn double precision,
  change double precision, margin double precision DEFAULT 1, rate double precision DEFAULT 0,
  periods double precision DEFAULT 'Infinity', OUT new_churn double precision, OUT worth double precision,
  OUT new_worth double precision, OUT base_worth double precision, OUT new_base_worth double precision,
  OUT gain double precision, OUT relative_gain double precision) RETURNS record
LANGUAGE plpgsql STRICT IMMUTABLE PARALLEL SAFE COST 20 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  new_churn := churn + change;
  worth := customer_tier.clv(value, periods, margin, 1 - churn, rate);
  new_worth := customer_tier.clv(value, periods, margin, 1 - new_churn, rate);
  base_worth := customers * worth;
  new_base_worth := customers * new_worth;
  gain := new_base_worth - base_worth;
  relative_gain := gain / nullif(base_worth, 0);
END $$;
COMMENT ON FUNCTION retention_effect(double precision, double precision, double precision, double precision,
  double precision, double precision, double precision)
  IS 'effect of a change of churn on the worth of a number of customers; change is added to churn: -0.05 is five '
    'points less';
