-- Predictions from a model for a customer.  They are null if the model could not be fitted.

CREATE FUNCTION p_alive(model bgnbd_model, x double precision, t_x double precision, t double precision)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION p_alive(bgnbd_model, double precision, double precision, double precision) IS
  'probability that the customer is alive';

CREATE FUNCTION p_alive(model bgnbd_model, customer btyd_customer) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION p_alive(bgnbd_model, btyd_customer) IS 'probability that the customer is alive';

CREATE FUNCTION expected_purchases(model bgnbd_model, x double precision, t_x double precision, t double precision,
  horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(bgnbd_model, double precision, double precision, double precision, double
  precision) IS
  'expected purchases within the horizon; allows for the customer not being alive';

CREATE FUNCTION expected_purchases(model bgnbd_model, customer btyd_customer, horizon double precision)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(bgnbd_model, btyd_customer, double precision) IS
  'expected purchases within the horizon; allows for the customer not being alive';

CREATE FUNCTION expected_purchases(model bgnbd_model, horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(bgnbd_model, double precision) IS
  'expected purchases of a new customer, after the first one';

CREATE FUNCTION probability_of_n(model bgnbd_model, n integer, t double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_probability_of_n_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION probability_of_n(bgnbd_model, integer, double precision) IS
  'probability that a new customer makes n purchases within t after the first one';

CREATE FUNCTION p_alive(model mbgnbd_model, x double precision, t_x double precision, t double precision)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION p_alive(mbgnbd_model, double precision, double precision, double precision) IS
  'probability that the customer is alive';

CREATE FUNCTION p_alive(model mbgnbd_model, customer btyd_customer) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION p_alive(mbgnbd_model, btyd_customer) IS 'probability that the customer is alive';

CREATE FUNCTION expected_purchases(model mbgnbd_model, x double precision, t_x double precision, t double precision,
  horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(mbgnbd_model, double precision, double precision, double precision, double
  precision) IS
  'expected purchases within the horizon; allows for the customer not being alive';

CREATE FUNCTION expected_purchases(model mbgnbd_model, customer btyd_customer, horizon double precision)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(mbgnbd_model, btyd_customer, double precision) IS
  'expected purchases within the horizon; allows for the customer not being alive';

CREATE FUNCTION expected_purchases(model mbgnbd_model, horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(mbgnbd_model, double precision) IS
  'expected purchases of a new customer, after the first one';

CREATE FUNCTION probability_of_n(model mbgnbd_model, n integer, t double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_probability_of_n_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION probability_of_n(mbgnbd_model, integer, double precision) IS
  'probability that a new customer makes n purchases within t after the first one';

CREATE FUNCTION p_alive(model pareto_nbd_model, x double precision, t_x double precision, t double precision)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION p_alive(pareto_nbd_model, double precision, double precision, double precision) IS
  'probability that the customer is alive';

CREATE FUNCTION p_alive(model pareto_nbd_model, customer btyd_customer) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION p_alive(pareto_nbd_model, btyd_customer) IS 'probability that the customer is alive';

CREATE FUNCTION expected_purchases(model pareto_nbd_model, x double precision, t_x double precision, t double precision,
  horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(pareto_nbd_model, double precision, double precision, double precision,
  double precision) IS
  'expected purchases within the horizon; allows for the customer not being alive';

CREATE FUNCTION expected_purchases(model pareto_nbd_model, customer btyd_customer, horizon double precision)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(pareto_nbd_model, btyd_customer, double precision) IS
  'expected purchases within the horizon; allows for the customer not being alive';

CREATE FUNCTION expected_purchases(model pareto_nbd_model, horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(pareto_nbd_model, double precision) IS
  'expected purchases of a new customer, after the first one';

CREATE FUNCTION probability_of_n(model pareto_nbd_model, n integer, t double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_probability_of_n_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION probability_of_n(pareto_nbd_model, integer, double precision) IS
  'probability that a new customer makes n purchases within t after the first one';

CREATE FUNCTION p_alive(model bgbb_model, x double precision, t_x double precision, n double precision)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_bgbb'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION p_alive(bgbb_model, double precision, double precision, double precision) IS
  'probability that the customer is alive at opportunity n + 1';

CREATE FUNCTION expected_purchases(model bgbb_model, x double precision, t_x double precision, n double precision,
  horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_bgbb'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(bgbb_model, double precision, double precision, double precision, double
  precision) IS
  'expected purchases at the next opportunities; allows for the customer not being alive';

CREATE FUNCTION expected_purchases(model bgbb_model, horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_bgbb'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(bgbb_model, double precision) IS 'expected purchases of a new customer';

CREATE FUNCTION probability_of_n(model bgbb_model, n integer, n_opportunities double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_probability_of_n_bgbb'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION probability_of_n(bgbb_model, integer, double precision) IS
  'probability that a new customer makes n purchases at n_opportunities opportunities';

CREATE FUNCTION dert(model pareto_nbd_model, x double precision, t_x double precision, t double precision,
  delta double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_dert'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION dert(pareto_nbd_model, double precision, double precision, double precision, double precision) IS
  'discounted expected residual transactions: all future purchases, discounted at the continuous rate delta';

CREATE FUNCTION dert(model pareto_nbd_model, customer btyd_customer, delta double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_dert'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION dert(pareto_nbd_model, btyd_customer, double precision) IS
  'discounted expected residual transactions: all future purchases, discounted at the continuous rate delta';

CREATE FUNCTION expected_spend(model gamma_gamma_model, x double precision, m double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_spend'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION expected_spend(gamma_gamma_model, double precision, double precision) IS
  'expected mean value of a purchase';

CREATE FUNCTION expected_spend(model gamma_gamma_model, customer btyd_customer) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_spend'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION expected_spend(gamma_gamma_model, btyd_customer) IS 'expected mean value of a purchase';

CREATE FUNCTION clv(model bgnbd_model, spend gamma_gamma_model, x double precision, t_x double precision,
  t double precision, m double precision, horizon double precision, rate double precision,
  margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(bgnbd_model, gamma_gamma_model, double precision, double precision, double precision,
  double precision, double precision, double precision, double precision) IS
  'value of the expected purchases within the horizon, discounted at the rate per period';

CREATE FUNCTION clv(model bgnbd_model, spend gamma_gamma_model, customer btyd_customer, horizon double precision,
  rate double precision, margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(bgnbd_model, gamma_gamma_model, btyd_customer, double precision, double precision, double
  precision) IS
  'value of the expected purchases within the horizon, discounted at the rate per period';

CREATE FUNCTION clv(model mbgnbd_model, spend gamma_gamma_model, x double precision, t_x double precision,
  t double precision, m double precision, horizon double precision, rate double precision,
  margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(mbgnbd_model, gamma_gamma_model, double precision, double precision, double precision,
  double precision, double precision, double precision, double precision) IS
  'value of the expected purchases within the horizon, discounted at the rate per period';

CREATE FUNCTION clv(model mbgnbd_model, spend gamma_gamma_model, customer btyd_customer, horizon double precision,
  rate double precision, margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(mbgnbd_model, gamma_gamma_model, btyd_customer, double precision, double precision, double
  precision) IS
  'value of the expected purchases within the horizon, discounted at the rate per period';

CREATE FUNCTION clv(model pareto_nbd_model, spend gamma_gamma_model, x double precision, t_x double precision,
  t double precision, m double precision, horizon double precision, rate double precision,
  margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(pareto_nbd_model, gamma_gamma_model, double precision, double precision, double precision,
  double precision, double precision, double precision,
  double precision) IS
  'value of the expected purchases within the horizon, discounted at the rate per period; '
  'the horizon may be Infinity';

CREATE FUNCTION clv(model pareto_nbd_model, spend gamma_gamma_model, customer btyd_customer, horizon double precision,
  rate double precision, margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(pareto_nbd_model, gamma_gamma_model, btyd_customer, double precision, double precision,
  double precision) IS
  'value of the expected purchases within the horizon, discounted at the rate per period; '
  'the horizon may be Infinity';
