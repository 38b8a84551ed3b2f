-- Customers and models of the value models, and the aggregates that fit them.

CREATE TYPE btyd_customer AS (x double precision, t_x double precision, t double precision, m double precision);
COMMENT ON TYPE btyd_customer IS 'what the value models know of a customer';
COMMENT ON COLUMN btyd_customer.x IS 'repeat purchases: days with a purchase after the first one';
COMMENT ON COLUMN btyd_customer.t_x IS 'time from the first purchase to the last one';
COMMENT ON COLUMN btyd_customer.t IS 'time from the first purchase to as_of';
COMMENT ON COLUMN btyd_customer.m IS
  'mean value of a repeat purchase after returns; 0 without repeat purchases, or if nothing is left';

CREATE FUNCTION btyd(ledger, as_of date, unit_days double precision DEFAULT 1) RETURNS btyd_customer
AS 'MODULE_PATHNAME', 'ct_btyd'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 3;
COMMENT ON FUNCTION btyd(ledger, date, double precision) IS
  'x, t_x, t and m of a ledger as of a day, times in units of unit_days; null without a purchase by then';

-- Models.  The parameters have the names of the papers.

CREATE TYPE bgnbd_model AS (r double precision, alpha double precision, a double precision, b double precision,
  log_likelihood double precision, customers bigint, repeat_customers bigint, iterations integer, converged boolean,
  remark text, se_r double precision, se_alpha double precision, se_a double precision, se_b double precision);
COMMENT ON TYPE bgnbd_model IS 'BG/NBD (Fader, Hardie and Lee 2005)';

CREATE FUNCTION bgnbd_model(r double precision, alpha double precision, a double precision, b double precision)
  RETURNS bgnbd_model
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$
SELECT ROW($1, $2, $3, $4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::customer_tier.bgnbd_model
$$;
COMMENT ON FUNCTION bgnbd_model(double precision, double precision, double precision, double precision) IS
  'a model from known parameters';

CREATE TYPE mbgnbd_model AS (r double precision, alpha double precision, a double precision, b double precision,
  log_likelihood double precision, customers bigint, repeat_customers bigint, iterations integer, converged boolean,
  remark text, se_r double precision, se_alpha double precision, se_a double precision, se_b double precision);
COMMENT ON TYPE mbgnbd_model IS 'MBG/NBD (Batislam, Denizel and Filiztekin 2007; Hoppe and Wagner 2007)';

CREATE FUNCTION mbgnbd_model(r double precision, alpha double precision, a double precision, b double precision)
  RETURNS mbgnbd_model
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$
SELECT ROW($1, $2, $3, $4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::customer_tier.mbgnbd_model
$$;
COMMENT ON FUNCTION mbgnbd_model(double precision, double precision, double precision, double precision) IS
  'a model from known parameters';

CREATE TYPE pareto_nbd_model AS (r double precision, alpha double precision, s double precision, beta double precision,
  log_likelihood double precision, customers bigint, repeat_customers bigint, iterations integer, converged boolean,
  remark text, se_r double precision, se_alpha double precision, se_s double precision, se_beta double precision);
COMMENT ON TYPE pareto_nbd_model IS 'Pareto/NBD (Schmittlein, Morrison and Colombo 1987)';

CREATE FUNCTION pareto_nbd_model(r double precision, alpha double precision, s double precision, beta double precision)
  RETURNS pareto_nbd_model
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$
SELECT ROW($1, $2, $3, $4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::customer_tier.pareto_nbd_model
$$;
COMMENT ON FUNCTION pareto_nbd_model(double precision, double precision, double precision, double precision) IS
  'a model from known parameters';

CREATE TYPE bgbb_model AS (alpha double precision, beta double precision, gamma double precision,
  delta double precision, log_likelihood double precision, customers bigint, repeat_customers bigint,
  iterations integer, converged boolean, remark text, se_alpha double precision, se_beta double precision,
  se_gamma double precision, se_delta double precision);
COMMENT ON TYPE bgbb_model IS 'BG/BB (Fader, Hardie and Shang 2010)';

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

CREATE FUNCTION gamma_gamma_model(p double precision, q double precision, gamma double precision)
  RETURNS gamma_gamma_model
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE
AS $$SELECT ROW($1, $2, $3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::customer_tier.gamma_gamma_model$$;
COMMENT ON FUNCTION gamma_gamma_model(double precision, double precision, double precision) IS
  'a model from known parameters';

-- comments on the columns, many of which several models have
DO $$
DECLARE
  model text;
  model_column text;
  comment text;
BEGIN
  FOR model, model_column, comment IN
    SELECT unnest(c.models), c.name, c.comment
    FROM (VALUES
      ('{bgnbd_model, mbgnbd_model, pareto_nbd_model}'::text[], 'r', 'shape of the purchase rates (Gamma)'),
      ('{bgnbd_model, mbgnbd_model, pareto_nbd_model}', 'alpha',
        'scale of the purchase rates: their mean is r / alpha'),
      ('{bgnbd_model, mbgnbd_model}', 'a',
        'first parameter of the dropout probabilities (Beta): their mean is a / (a + b)'),
      ('{bgnbd_model, mbgnbd_model}', 'b', 'second parameter of the dropout probabilities'),
      ('{pareto_nbd_model}', 's', 'shape of the dropout rates (Gamma)'),
      ('{pareto_nbd_model}', 'beta', 'scale of the dropout rates: their mean is s / beta'),
      ('{bgbb_model}', 'alpha',
        'first parameter of the purchase probabilities (Beta): their mean is alpha / (alpha + beta)'),
      ('{bgbb_model}', 'beta', 'second parameter of the purchase probabilities'),
      ('{bgbb_model}', 'gamma',
        'first parameter of the dropout probabilities (Beta): their mean is gamma / (gamma + delta)'),
      ('{bgbb_model}', 'delta', 'second parameter of the dropout probabilities'),
      ('{gamma_gamma_model}', 'p', 'shape of the values of a customer''s purchases (Gamma)'),
      ('{gamma_gamma_model}', 'q', 'shape of the customers'' scales (Gamma)'),
      ('{gamma_gamma_model}', 'gamma', 'scale of the customers'' scales: the mean over all is p gamma / (q - 1)')
    ) AS c(models, name, comment)
    UNION ALL
    SELECT m.name, c.name, c.comment
    FROM unnest('{bgnbd_model, mbgnbd_model, pareto_nbd_model, bgbb_model, gamma_gamma_model}'::text[]) AS m(name),
      (VALUES
        ('log_likelihood', 'log-likelihood of the fit'),
        ('customers', 'number of customers of the fit'),
        ('repeat_customers', 'number of these with repeat purchases'),
        ('iterations', 'number of steps of the fit'),
        ('converged', 'whether the fit found the greatest likelihood'),
        ('remark', 'a warning about the fit; null if there is none')
      ) AS c(name, comment)
    UNION ALL
    SELECT t.typname, a.attname, 'standard error of ' || substr(a.attname, 4)
    FROM pg_type AS t
      JOIN pg_attribute AS a ON a.attrelid = t.typrelid
    WHERE t.typnamespace = 'customer_tier'::regnamespace
      AND t.typname LIKE '%\_model'
      AND a.attname LIKE 'se\_%'
  LOOP
    EXECUTE format('COMMENT ON COLUMN customer_tier.%I.%I IS %L', model, model_column, comment);
  END LOOP;
END $$;

-- Fits.  The state of the aggregates holds the distinct customers and their counts.

CREATE FUNCTION customer_tier_internal.customer_accumulate(internal, double precision, double precision,
  double precision) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_customer_accumulate'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.customer_accumulate(internal, double precision, double precision,
  double precision) IS 'aggregate support: counts one customer';

CREATE FUNCTION customer_tier_internal.spend_accumulate(internal, double precision, double precision) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_spend_accumulate'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.spend_accumulate(internal, double precision, double precision) IS
  'aggregate support: counts one customer';

CREATE FUNCTION customer_tier_internal.customer_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_customer_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.customer_combine(internal, internal) IS
  'aggregate support: the customers of two states';

CREATE FUNCTION customer_tier_internal.customer_serialize(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'ct_customer_serialize'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.customer_serialize(internal) IS
  'aggregate support: the distinct customers of a state, as one value';

CREATE FUNCTION customer_tier_internal.customer_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'ct_customer_deserialize'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.customer_deserialize(bytea, internal) IS
  'aggregate support: the state of such a value';

CREATE AGGREGATE customer_counts(x double precision, t_x double precision, t double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.customer_accumulate,
  FINALFUNC = customer_tier_internal.customer_serialize,
  COMBINEFUNC = customer_tier_internal.customer_combine, SERIALFUNC = customer_tier_internal.customer_serialize,
  DESERIALFUNC = customer_tier_internal.customer_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE customer_counts(double precision, double precision, double precision) IS
  'distinct customers with their counts, for fit_from and fit_derivatives; null without customers';

CREATE AGGREGATE customer_counts(x double precision, m double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.spend_accumulate,
  FINALFUNC = customer_tier_internal.customer_serialize,
  COMBINEFUNC = customer_tier_internal.customer_combine, SERIALFUNC = customer_tier_internal.customer_serialize,
  DESERIALFUNC = customer_tier_internal.customer_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE customer_counts(double precision, double precision) IS
  'distinct customers with their spending and their counts, for fit_from and fit_derivatives; null without customers';

CREATE FUNCTION fit_from(model text, counts bytea, start double precision[]) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_fit_from'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION fit_from(text, bytea, double precision[]) IS
  'a fit from a given start: parameters, log-likelihood, iterations, and 1 if it converged';

CREATE FUNCTION fit_derivatives(model text, counts bytea, parameters double precision[]) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'ct_fit_derivatives'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION fit_derivatives(text, bytea, double precision[]) IS
  'log-likelihood of the customers, and its gradient and Hessian by the logarithms of the parameters';

CREATE FUNCTION customer_tier_internal.bgnbd_fit_final(internal) RETURNS bgnbd_model
AS 'MODULE_PATHNAME', 'ct_bgnbd_fit_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.bgnbd_fit_final(internal) IS 'aggregate support: fits the model';

CREATE AGGREGATE bgnbd_fit(x double precision, t_x double precision, t double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.customer_accumulate,
  FINALFUNC = customer_tier_internal.bgnbd_fit_final,
  COMBINEFUNC = customer_tier_internal.customer_combine, SERIALFUNC = customer_tier_internal.customer_serialize,
  DESERIALFUNC = customer_tier_internal.customer_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE bgnbd_fit(double precision, double precision, double precision) IS
  'fits the BG/NBD (Fader, Hardie and Lee 2005); null without customers';

CREATE FUNCTION customer_tier_internal.mbgnbd_fit_final(internal) RETURNS mbgnbd_model
AS 'MODULE_PATHNAME', 'ct_mbgnbd_fit_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.mbgnbd_fit_final(internal) IS 'aggregate support: fits the model';

CREATE AGGREGATE mbgnbd_fit(x double precision, t_x double precision, t double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.customer_accumulate,
  FINALFUNC = customer_tier_internal.mbgnbd_fit_final,
  COMBINEFUNC = customer_tier_internal.customer_combine, SERIALFUNC = customer_tier_internal.customer_serialize,
  DESERIALFUNC = customer_tier_internal.customer_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE mbgnbd_fit(double precision, double precision, double precision) IS
  'fits the MBG/NBD (Batislam, Denizel and Filiztekin 2007; Hoppe and Wagner 2007); null without customers';

CREATE FUNCTION customer_tier_internal.pareto_nbd_fit_final(internal) RETURNS pareto_nbd_model
AS 'MODULE_PATHNAME', 'ct_pareto_nbd_fit_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.pareto_nbd_fit_final(internal) IS 'aggregate support: fits the model';

CREATE AGGREGATE pareto_nbd_fit(x double precision, t_x double precision, t double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.customer_accumulate,
  FINALFUNC = customer_tier_internal.pareto_nbd_fit_final,
  COMBINEFUNC = customer_tier_internal.customer_combine, SERIALFUNC = customer_tier_internal.customer_serialize,
  DESERIALFUNC = customer_tier_internal.customer_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE pareto_nbd_fit(double precision, double precision, double precision) IS
  'fits the Pareto/NBD (Schmittlein, Morrison and Colombo 1987); null without customers';

CREATE FUNCTION customer_tier_internal.bgbb_fit_final(internal) RETURNS bgbb_model
AS 'MODULE_PATHNAME', 'ct_bgbb_fit_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.bgbb_fit_final(internal) IS 'aggregate support: fits the model';

CREATE AGGREGATE bgbb_fit(x double precision, t_x double precision, n double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.customer_accumulate,
  FINALFUNC = customer_tier_internal.bgbb_fit_final,
  COMBINEFUNC = customer_tier_internal.customer_combine, SERIALFUNC = customer_tier_internal.customer_serialize,
  DESERIALFUNC = customer_tier_internal.customer_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE bgbb_fit(double precision, double precision, double precision) IS
  'fits the BG/BB (Fader, Hardie and Shang 2010); null without customers';

CREATE FUNCTION customer_tier_internal.gamma_gamma_fit_final(internal) RETURNS gamma_gamma_model
AS 'MODULE_PATHNAME', 'ct_gamma_gamma_fit_final'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.gamma_gamma_fit_final(internal) IS 'aggregate support: fits the model';

CREATE AGGREGATE gamma_gamma_fit(x double precision, m double precision) (
  STYPE = internal, SFUNC = customer_tier_internal.spend_accumulate,
  FINALFUNC = customer_tier_internal.gamma_gamma_fit_final,
  COMBINEFUNC = customer_tier_internal.customer_combine, SERIALFUNC = customer_tier_internal.customer_serialize,
  DESERIALFUNC = customer_tier_internal.customer_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE gamma_gamma_fit(double precision, double precision) IS
  'fits the Gamma-Gamma model of spending (Fader and Hardie 2013); null without customers';
