-- What a customer is worth: by formula, and by models of purchases to come.

CREATE FUNCTION clv(value double precision, periods double precision, margin double precision DEFAULT 1,
  retention double precision DEFAULT 1,
                    rate double precision DEFAULT 0, acquisition_cost double precision DEFAULT 0)
                    RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_formula'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION clv(double precision, double precision, double precision, double precision, double precision,
  double precision)
  IS 'worth of a customer who brings a value each period: times margin, kept at the retention, discounted at the '
    'rate, the first period in full; periods may be Infinity';

CREATE FUNCTION clv(ledger, as_of date, rate double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_realised'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 5;
COMMENT ON FUNCTION clv(ledger, date, double precision) IS
  'realised value: the amounts up to as_of, each with interest at a yearly rate since its day';

-- plain SQL, which the planner folds
CREATE FUNCTION word_of_mouth(worth double precision, told double precision, conversion double precision,
  satisfied boolean DEFAULT true) RETURNS double precision
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$SELECT (CASE WHEN satisfied THEN worth
  ELSE OPERATOR(pg_catalog.-) worth END) OPERATOR(pg_catalog.*)
  (1 OPERATOR(pg_catalog.+) (told OPERATOR(pg_catalog.*) conversion))$$;
COMMENT ON FUNCTION word_of_mouth(double precision, double precision, double precision, boolean)
  IS 'worth with those who are told: each converted one brings as much again; a dissatisfied customer takes its own '
    'and theirs away';

CREATE FUNCTION retention_effect(customers double precision, value double precision, churn double precision,
  change double precision,
                                 margin double precision DEFAULT 1, rate double precision DEFAULT 0,
                                 periods double precision DEFAULT 'Infinity',
                                 OUT new_churn double precision, OUT worth double precision,
                                 OUT new_worth double precision,
                                 OUT base_worth double precision, OUT new_base_worth double precision,
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
  IS 'what another churn does to the worth of so many customers: change is added to it, -0.05 for five points less';

CREATE TYPE btyd_customer AS (x double precision, t_x double precision, t double precision, m double precision);
COMMENT ON TYPE btyd_customer IS 'what the value models know of a customer';
COMMENT ON COLUMN btyd_customer.x IS 'repeat purchases: days with a purchase after the first one';
COMMENT ON COLUMN btyd_customer.t_x IS 'time from the first purchase to the last one';
COMMENT ON COLUMN btyd_customer.t IS 'time from the first purchase to as_of';
COMMENT ON COLUMN btyd_customer.m IS
  'mean value of a repeat purchase, returns taken off; 0 without any, or if nothing is left';

CREATE FUNCTION btyd(ledger, as_of date, unit_days double precision DEFAULT 1) RETURNS btyd_customer
AS 'MODULE_PATHNAME', 'ct_btyd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION btyd(ledger, date, double precision) IS
  'x, t_x, t and m of a ledger as of a day, times in units of so many days; null without a purchase by then';

-- Models: their parameters with the names of the papers, and how they were found.

CREATE TYPE bgnbd_model AS (r double precision, alpha double precision, a double precision, b double precision,
  log_likelihood double precision, customers bigint, repeat_customers bigint, iterations integer, converged boolean,
  remark text, se_r double precision, se_alpha double precision, se_a double precision, se_b double precision);
COMMENT ON TYPE bgnbd_model IS 'BG/NBD (Fader, Hardie and Lee 2005)';
COMMENT ON COLUMN bgnbd_model.r IS 'shape of the purchase rates (Gamma)';
COMMENT ON COLUMN bgnbd_model.alpha IS 'scale of the purchase rates: their mean is r / alpha';
COMMENT ON COLUMN bgnbd_model.a IS 'first parameter of the probabilities to drop out (Beta): their mean is a / (a + b)';
COMMENT ON COLUMN bgnbd_model.b IS 'second parameter of the probabilities to drop out';
COMMENT ON COLUMN bgnbd_model.log_likelihood IS 'log-likelihood of the customers it was fitted on';
COMMENT ON COLUMN bgnbd_model.customers IS 'how many they were';
COMMENT ON COLUMN bgnbd_model.repeat_customers IS 'how many of them came back';
COMMENT ON COLUMN bgnbd_model.iterations IS 'steps of the fit';
COMMENT ON COLUMN bgnbd_model.converged IS 'whether the greatest likelihood was found';
COMMENT ON COLUMN bgnbd_model.remark IS 'what to beware of; null if nothing';
COMMENT ON COLUMN bgnbd_model.se_r IS 'standard error of r';
COMMENT ON COLUMN bgnbd_model.se_alpha IS 'standard error of alpha';
COMMENT ON COLUMN bgnbd_model.se_a IS 'standard error of a';
COMMENT ON COLUMN bgnbd_model.se_b IS 'standard error of b';

CREATE FUNCTION bgnbd_model(r double precision, alpha double precision, a double precision, b double precision)
RETURNS bgnbd_model
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$SELECT ROW($1, $2, $3, $4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL)::customer_tier.bgnbd_model$$;
COMMENT ON FUNCTION bgnbd_model(double precision, double precision, double precision, double precision) IS
  'a model from known parameters';

CREATE TYPE mbgnbd_model AS (r double precision, alpha double precision, a double precision, b double precision,
  log_likelihood double precision, customers bigint, repeat_customers bigint, iterations integer, converged boolean,
  remark text, se_r double precision, se_alpha double precision, se_a double precision, se_b double precision);
COMMENT ON TYPE mbgnbd_model IS 'MBG/NBD (Batislam, Denizel and Filiztekin 2007; Hoppe and Wagner 2007)';
COMMENT ON COLUMN mbgnbd_model.r IS 'shape of the purchase rates (Gamma)';
COMMENT ON COLUMN mbgnbd_model.alpha IS 'scale of the purchase rates: their mean is r / alpha';
COMMENT ON COLUMN mbgnbd_model.a IS
  'first parameter of the probabilities to drop out (Beta): their mean is a / (a + b)';
COMMENT ON COLUMN mbgnbd_model.b IS 'second parameter of the probabilities to drop out';
COMMENT ON COLUMN mbgnbd_model.log_likelihood IS 'log-likelihood of the customers it was fitted on';
COMMENT ON COLUMN mbgnbd_model.customers IS 'how many they were';
COMMENT ON COLUMN mbgnbd_model.repeat_customers IS 'how many of them came back';
COMMENT ON COLUMN mbgnbd_model.iterations IS 'steps of the fit';
COMMENT ON COLUMN mbgnbd_model.converged IS 'whether the greatest likelihood was found';
COMMENT ON COLUMN mbgnbd_model.remark IS 'what to beware of; null if nothing';
COMMENT ON COLUMN mbgnbd_model.se_r IS 'standard error of r';
COMMENT ON COLUMN mbgnbd_model.se_alpha IS 'standard error of alpha';
COMMENT ON COLUMN mbgnbd_model.se_a IS 'standard error of a';
COMMENT ON COLUMN mbgnbd_model.se_b IS 'standard error of b';

CREATE FUNCTION mbgnbd_model(r double precision, alpha double precision, a double precision, b double precision)
  RETURNS mbgnbd_model
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$SELECT ROW($1, $2, $3, $4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL)::customer_tier.mbgnbd_model$$;
COMMENT ON FUNCTION mbgnbd_model(double precision, double precision, double precision, double precision) IS
  'a model from known parameters';

CREATE TYPE pareto_nbd_model AS (r double precision, alpha double precision, s double precision, beta double precision,
  log_likelihood double precision, customers bigint, repeat_customers bigint, iterations integer, converged boolean,
  remark text, se_r double precision, se_alpha double precision, se_s double precision, se_beta double precision);
COMMENT ON TYPE pareto_nbd_model IS 'Pareto/NBD (Schmittlein, Morrison and Colombo 1987)';
COMMENT ON COLUMN pareto_nbd_model.r IS 'shape of the purchase rates (Gamma)';
COMMENT ON COLUMN pareto_nbd_model.alpha IS 'scale of the purchase rates: their mean is r / alpha';
COMMENT ON COLUMN pareto_nbd_model.s IS 'shape of the rates to drop out (Gamma)';
COMMENT ON COLUMN pareto_nbd_model.beta IS 'scale of the rates to drop out: their mean is s / beta';
COMMENT ON COLUMN pareto_nbd_model.log_likelihood IS 'log-likelihood of the customers it was fitted on';
COMMENT ON COLUMN pareto_nbd_model.customers IS 'how many they were';
COMMENT ON COLUMN pareto_nbd_model.repeat_customers IS 'how many of them came back';
COMMENT ON COLUMN pareto_nbd_model.iterations IS 'steps of the fit';
COMMENT ON COLUMN pareto_nbd_model.converged IS 'whether the greatest likelihood was found';
COMMENT ON COLUMN pareto_nbd_model.remark IS 'what to beware of; null if nothing';
COMMENT ON COLUMN pareto_nbd_model.se_r IS 'standard error of r';
COMMENT ON COLUMN pareto_nbd_model.se_alpha IS 'standard error of alpha';
COMMENT ON COLUMN pareto_nbd_model.se_s IS 'standard error of s';
COMMENT ON COLUMN pareto_nbd_model.se_beta IS 'standard error of beta';

CREATE FUNCTION pareto_nbd_model(r double precision, alpha double precision, s double precision, beta double precision)
RETURNS pareto_nbd_model
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$SELECT ROW($1, $2, $3, $4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL)::customer_tier.pareto_nbd_model$$;
COMMENT ON FUNCTION pareto_nbd_model(double precision, double precision, double precision, double precision) IS
  'a model from known parameters';

CREATE TYPE bgbb_model AS (alpha double precision, beta double precision, gamma double precision,
  delta double precision, log_likelihood double precision, customers bigint, repeat_customers bigint,
  iterations integer, converged boolean, remark text, se_alpha double precision, se_beta double precision,
  se_gamma double precision, se_delta double precision);
COMMENT ON TYPE bgbb_model IS 'BG/BB (Fader, Hardie and Shang 2010)';
COMMENT ON COLUMN bgbb_model.alpha IS
  'first parameter of the probabilities to buy (Beta): their mean is alpha / (alpha + beta)';
COMMENT ON COLUMN bgbb_model.beta IS 'second parameter of the probabilities to buy';
COMMENT ON COLUMN bgbb_model.gamma IS
  'first parameter of the probabilities to drop out (Beta): their mean is gamma / (gamma + delta)';
COMMENT ON COLUMN bgbb_model.delta IS 'second parameter of the probabilities to drop out';
COMMENT ON COLUMN bgbb_model.log_likelihood IS 'log-likelihood of the customers it was fitted on';
COMMENT ON COLUMN bgbb_model.customers IS 'how many they were';
COMMENT ON COLUMN bgbb_model.repeat_customers IS 'how many of them came back';
COMMENT ON COLUMN bgbb_model.iterations IS 'steps of the fit';
COMMENT ON COLUMN bgbb_model.converged IS 'whether the greatest likelihood was found';
COMMENT ON COLUMN bgbb_model.remark IS 'what to beware of; null if nothing';
COMMENT ON COLUMN bgbb_model.se_alpha IS 'standard error of alpha';
COMMENT ON COLUMN bgbb_model.se_beta IS 'standard error of beta';
COMMENT ON COLUMN bgbb_model.se_gamma IS 'standard error of gamma';
COMMENT ON COLUMN bgbb_model.se_delta IS 'standard error of delta';

CREATE FUNCTION bgbb_model(alpha double precision, beta double precision, gamma double precision,
  delta double precision) RETURNS bgbb_model
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$SELECT ROW($1, $2, $3, $4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::customer_tier.bgbb_model$$;
COMMENT ON FUNCTION bgbb_model(double precision, double precision, double precision, double precision) IS
  'a model from known parameters';

CREATE TYPE gamma_gamma_model AS (p double precision, q double precision, gamma double precision,
  log_likelihood double precision, customers bigint, repeat_customers bigint, iterations integer, converged boolean,
  remark text, se_p double precision, se_q double precision, se_gamma double precision);
COMMENT ON TYPE gamma_gamma_model IS 'Gamma-Gamma model of spending (Fader and Hardie 2013)';
COMMENT ON COLUMN gamma_gamma_model.p IS 'shape of a customer''s purchases (Gamma)';
COMMENT ON COLUMN gamma_gamma_model.q IS 'shape of the customers'' scales (Gamma)';
COMMENT ON COLUMN gamma_gamma_model.gamma IS 'scale of the customers'' scales: the mean over all is p gamma / (q - 1)';
COMMENT ON COLUMN gamma_gamma_model.log_likelihood IS 'log-likelihood of the customers it was fitted on';
COMMENT ON COLUMN gamma_gamma_model.customers IS 'how many they were';
COMMENT ON COLUMN gamma_gamma_model.repeat_customers IS 'how many of them came back';
COMMENT ON COLUMN gamma_gamma_model.iterations IS 'steps of the fit';
COMMENT ON COLUMN gamma_gamma_model.converged IS 'whether the greatest likelihood was found';
COMMENT ON COLUMN gamma_gamma_model.remark IS 'what to beware of; null if nothing';
COMMENT ON COLUMN gamma_gamma_model.se_p IS 'standard error of p';
COMMENT ON COLUMN gamma_gamma_model.se_q IS 'standard error of q';
COMMENT ON COLUMN gamma_gamma_model.se_gamma IS 'standard error of gamma';

CREATE FUNCTION gamma_gamma_model(p double precision, q double precision, gamma double precision)
RETURNS gamma_gamma_model
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$SELECT ROW($1, $2, $3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::customer_tier.gamma_gamma_model$$;
COMMENT ON FUNCTION gamma_gamma_model(double precision, double precision, double precision) IS
  'a model from known parameters';

-- Fits.  State: the different customers, counted.

CREATE FUNCTION customer_tier_internal.customer_accumulate(bytea, double precision, double precision, double precision)
  RETURNS bytea
AS 'MODULE_PATHNAME', 'ct_customer_accumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.customer_accumulate(bytea, double precision, double precision,
  double precision) IS 'aggregate support: counts one customer';

CREATE FUNCTION customer_tier_internal.spend_accumulate(bytea, double precision, double precision) RETURNS bytea
AS 'MODULE_PATHNAME', 'ct_spend_accumulate'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.spend_accumulate(bytea, double precision, double precision) IS
  'aggregate support: counts one customer';

CREATE FUNCTION customer_tier_internal.customer_combine(bytea, bytea) RETURNS bytea
AS 'MODULE_PATHNAME', 'ct_customer_combine'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.customer_combine(bytea, bytea) IS
  'aggregate support: the customers of two states';

CREATE AGGREGATE customer_counts(x double precision, t_x double precision, t double precision) (
  STYPE = bytea, SFUNC = customer_tier_internal.customer_accumulate,
    COMBINEFUNC = customer_tier_internal.customer_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE customer_counts(double precision, double precision, double precision) IS
  'the customers counted, for fit_from and fit_derivatives';

CREATE AGGREGATE customer_counts(x double precision, m double precision) (
  STYPE = bytea, SFUNC = customer_tier_internal.spend_accumulate, COMBINEFUNC = customer_tier_internal.customer_combine,
    INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE customer_counts(double precision, double precision) IS
  'the customers and their spending counted, for fit_from and fit_derivatives';

CREATE FUNCTION fit_from(model text, counts bytea, start double precision[]) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_fit_from'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION fit_from(text, bytea, double precision[]) IS
  'a fit from a start of one''s own: parameters, log-likelihood, iterations, and 1 if it converged';

CREATE FUNCTION fit_derivatives(model text, counts bytea, parameters double precision[]) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_fit_derivatives'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION fit_derivatives(text, bytea, double precision[]) IS
  'log-likelihood of customers counted, its gradient and Hessian by the logarithms of the parameters';

CREATE FUNCTION customer_tier_internal.bgnbd_fit_final(bytea) RETURNS bgnbd_model
AS 'MODULE_PATHNAME', 'ct_bgnbd_fit_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.bgnbd_fit_final(bytea) IS 'aggregate support: fits the model';

CREATE AGGREGATE bgnbd_fit(x double precision, t_x double precision, t double precision) (
  STYPE = bytea, SFUNC = customer_tier_internal.customer_accumulate, FINALFUNC = customer_tier_internal.bgnbd_fit_final,
  COMBINEFUNC = customer_tier_internal.customer_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE bgnbd_fit(double precision, double precision, double precision) IS
  'fits the BG/NBD (Fader, Hardie and Lee 2005); null without customers';

CREATE FUNCTION customer_tier_internal.mbgnbd_fit_final(bytea) RETURNS mbgnbd_model
AS 'MODULE_PATHNAME', 'ct_mbgnbd_fit_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.mbgnbd_fit_final(bytea) IS 'aggregate support: fits the model';

CREATE AGGREGATE mbgnbd_fit(x double precision, t_x double precision, t double precision) (
  STYPE = bytea, SFUNC = customer_tier_internal.customer_accumulate,
    FINALFUNC = customer_tier_internal.mbgnbd_fit_final,
  COMBINEFUNC = customer_tier_internal.customer_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE mbgnbd_fit(double precision, double precision, double precision) IS
  'fits the MBG/NBD (Batislam, Denizel and Filiztekin 2007; Hoppe and Wagner 2007); null without customers';

CREATE FUNCTION customer_tier_internal.pareto_nbd_fit_final(bytea) RETURNS pareto_nbd_model
AS 'MODULE_PATHNAME', 'ct_pareto_nbd_fit_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.pareto_nbd_fit_final(bytea) IS 'aggregate support: fits the model';

CREATE AGGREGATE pareto_nbd_fit(x double precision, t_x double precision, t double precision) (
  STYPE = bytea, SFUNC = customer_tier_internal.customer_accumulate,
    FINALFUNC = customer_tier_internal.pareto_nbd_fit_final,
  COMBINEFUNC = customer_tier_internal.customer_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE pareto_nbd_fit(double precision, double precision, double precision) IS
  'fits the Pareto/NBD (Schmittlein, Morrison and Colombo 1987); null without customers';

CREATE FUNCTION customer_tier_internal.bgbb_fit_final(bytea) RETURNS bgbb_model
AS 'MODULE_PATHNAME', 'ct_bgbb_fit_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.bgbb_fit_final(bytea) IS 'aggregate support: fits the model';

CREATE AGGREGATE bgbb_fit(x double precision, t_x double precision, n double precision) (
  STYPE = bytea, SFUNC = customer_tier_internal.customer_accumulate, FINALFUNC = customer_tier_internal.bgbb_fit_final,
  COMBINEFUNC = customer_tier_internal.customer_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE bgbb_fit(double precision, double precision, double precision) IS
  'fits the BG/BB (Fader, Hardie and Shang 2010); null without customers';

CREATE FUNCTION customer_tier_internal.gamma_gamma_fit_final(bytea) RETURNS gamma_gamma_model
AS 'MODULE_PATHNAME', 'ct_gamma_gamma_fit_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.gamma_gamma_fit_final(bytea) IS 'aggregate support: fits the model';

CREATE AGGREGATE gamma_gamma_fit(x double precision, m double precision) (
  STYPE = bytea, SFUNC = customer_tier_internal.spend_accumulate,
    FINALFUNC = customer_tier_internal.gamma_gamma_fit_final,
  COMBINEFUNC = customer_tier_internal.customer_combine, INITCOND = '', PARALLEL = SAFE
);
COMMENT ON AGGREGATE gamma_gamma_fit(double precision, double precision) IS
  'fits the Gamma-Gamma model of spending (Fader and Hardie 2013); null without customers';

-- Predictions, of a model and a customer.  Null if the model could not be fitted.

CREATE FUNCTION p_alive(model bgnbd_model, x double precision, t_x double precision, t double precision)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION p_alive(bgnbd_model, double precision, double precision, double precision) IS
  'probability that the customer is still there';

CREATE FUNCTION p_alive(model bgnbd_model, customer btyd_customer) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION p_alive(bgnbd_model, btyd_customer) IS 'probability that the customer is still there';

CREATE FUNCTION expected_purchases(model bgnbd_model, x double precision, t_x double precision, t double precision,
  horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(bgnbd_model, double precision, double precision, double precision,
  double precision) IS 'purchases to expect within the horizon, counting that the customer may be gone';

CREATE FUNCTION expected_purchases(model bgnbd_model, customer btyd_customer, horizon double precision)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(bgnbd_model, btyd_customer, double precision) IS
  'purchases to expect within the horizon, counting that the customer may be gone';

CREATE FUNCTION expected_purchases(model bgnbd_model, horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(bgnbd_model, double precision) IS
  'purchases to expect of a new customer, after the first one';

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
  'probability that the customer is still there';

CREATE FUNCTION p_alive(model mbgnbd_model, customer btyd_customer) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION p_alive(mbgnbd_model, btyd_customer) IS 'probability that the customer is still there';

CREATE FUNCTION expected_purchases(model mbgnbd_model, x double precision, t_x double precision, t double precision,
  horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(mbgnbd_model, double precision, double precision, double precision,
  double precision) IS 'purchases to expect within the horizon, counting that the customer may be gone';

CREATE FUNCTION expected_purchases(model mbgnbd_model, customer btyd_customer, horizon double precision)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(mbgnbd_model, btyd_customer, double precision) IS
  'purchases to expect within the horizon, counting that the customer may be gone';

CREATE FUNCTION expected_purchases(model mbgnbd_model, horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(mbgnbd_model, double precision) IS
  'purchases to expect of a new customer, after the first one';

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
  'probability that the customer is still there';

CREATE FUNCTION p_alive(model pareto_nbd_model, customer btyd_customer) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION p_alive(pareto_nbd_model, btyd_customer) IS 'probability that the customer is still there';

CREATE FUNCTION expected_purchases(model pareto_nbd_model, x double precision, t_x double precision, t double precision,
  horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(pareto_nbd_model, double precision, double precision, double precision,
  double precision) IS 'purchases to expect within the horizon, counting that the customer may be gone';

CREATE FUNCTION expected_purchases(model pareto_nbd_model, customer btyd_customer, horizon double precision)
  RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(pareto_nbd_model, btyd_customer, double precision) IS
  'purchases to expect within the horizon, counting that the customer may be gone';

CREATE FUNCTION expected_purchases(model pareto_nbd_model, horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(pareto_nbd_model, double precision) IS
  'purchases to expect of a new customer, after the first one';

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
  'probability that the customer is still there for opportunity n + 1';

CREATE FUNCTION expected_purchases(model bgbb_model, x double precision, t_x double precision, n double precision,
  horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_bgbb'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(bgbb_model, double precision, double precision, double precision,
  double precision) IS 'purchases to expect at the next opportunities, counting that the customer may be gone';

CREATE FUNCTION expected_purchases(model bgbb_model, horizon double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_bgbb'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(bgbb_model, double precision) IS 'purchases to expect of a new customer';

CREATE FUNCTION probability_of_n(model bgbb_model, n integer, n_opportunities double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_probability_of_n_bgbb'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION probability_of_n(bgbb_model, integer, double precision) IS
  'probability that a new customer makes n purchases at so many opportunities';

CREATE FUNCTION dert(model pareto_nbd_model, x double precision, t_x double precision, t double precision,
  delta double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_dert'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION dert(pareto_nbd_model, double precision, double precision, double precision, double precision) IS
  'discounted expected residual transactions: all purchases to come, delta the continuous rate of discount';

CREATE FUNCTION dert(model pareto_nbd_model, customer btyd_customer, delta double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_dert'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 50;
COMMENT ON FUNCTION dert(pareto_nbd_model, btyd_customer, double precision) IS
  'discounted expected residual transactions: all purchases to come, delta the continuous rate of discount';

CREATE FUNCTION expected_spend(model gamma_gamma_model, x double precision, m double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_spend'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION expected_spend(gamma_gamma_model, double precision, double precision) IS
  'mean value to expect of a purchase';

CREATE FUNCTION expected_spend(model gamma_gamma_model, customer btyd_customer) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_spend'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 2;
COMMENT ON FUNCTION expected_spend(gamma_gamma_model, btyd_customer) IS 'mean value to expect of a purchase';

CREATE FUNCTION clv(model bgnbd_model, spend gamma_gamma_model, x double precision, t_x double precision,
  t double precision, m double precision, horizon double precision, rate double precision,
  margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(bgnbd_model, gamma_gamma_model, double precision, double precision, double precision,
  double precision, double precision, double precision,
  double precision) IS 'worth of the purchases to expect within the horizon, discounted at the rate of a period';

CREATE FUNCTION clv(model bgnbd_model, spend gamma_gamma_model, customer btyd_customer, horizon double precision,
  rate double precision, margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_bgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(bgnbd_model, gamma_gamma_model, btyd_customer, double precision, double precision,
  double precision) IS 'worth of the purchases to expect within the horizon, discounted at the rate of a period';

CREATE FUNCTION clv(model mbgnbd_model, spend gamma_gamma_model, x double precision, t_x double precision,
  t double precision, m double precision, horizon double precision, rate double precision,
  margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(mbgnbd_model, gamma_gamma_model, double precision, double precision, double precision,
  double precision, double precision, double precision,
  double precision) IS 'worth of the purchases to expect within the horizon, discounted at the rate of a period';

CREATE FUNCTION clv(model mbgnbd_model, spend gamma_gamma_model, customer btyd_customer, horizon double precision,
  rate double precision, margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_mbgnbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(mbgnbd_model, gamma_gamma_model, btyd_customer, double precision, double precision,
  double precision) IS 'worth of the purchases to expect within the horizon, discounted at the rate of a period';

CREATE FUNCTION clv(model pareto_nbd_model, spend gamma_gamma_model, x double precision, t_x double precision,
  t double precision, m double precision, horizon double precision, rate double precision,
  margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(pareto_nbd_model, gamma_gamma_model, double precision, double precision, double precision,
  double precision, double precision, double precision,
  double precision) IS
  'worth of the purchases to expect within the horizon, discounted at the rate of a period; '
  'the horizon may be Infinity';

CREATE FUNCTION clv(model pareto_nbd_model, spend gamma_gamma_model, customer btyd_customer, horizon double precision,
  rate double precision, margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_pareto_nbd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(pareto_nbd_model, gamma_gamma_model, btyd_customer, double precision, double precision,
  double precision) IS
  'worth of the purchases to expect within the horizon, discounted at the rate of a period; '
  'the horizon may be Infinity';
