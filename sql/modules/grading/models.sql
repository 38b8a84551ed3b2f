-- Kept models, and the quality of their predictions.  A model is a table beside the data, with one row and a
-- column of this domain; the name of the table is that of the model.

CREATE DOMAIN customer_tier.is_model AS boolean CHECK (VALUE);
COMMENT ON DOMAIN customer_tier.is_model IS 'marks the table that keeps a model';

CREATE TYPE model AS (
  name regclass,
  owner regrole,
  ledger regclass,
  as_of date,
  unit_days double precision,
  kind text,
  bgnbd bgnbd_model,
  mbgnbd mbgnbd_model,
  pareto_nbd pareto_nbd_model,
  gamma_gamma gamma_gamma_model
);
COMMENT ON TYPE model IS 'a model that fit_model keeps';
COMMENT ON COLUMN model.name IS 'the table that keeps it: what p_alive, expected_purchases and clv take';
COMMENT ON COLUMN model.owner IS 'whose it is';
COMMENT ON COLUMN model.ledger IS 'the ledgers it was fitted on';
COMMENT ON COLUMN model.as_of IS 'the last day that the fit saw';
COMMENT ON COLUMN model.unit_days IS 'days in its unit of time';
COMMENT ON COLUMN model.kind IS 'bgnbd, mbgnbd or pareto_nbd: which of the columns is set';
COMMENT ON COLUMN model.bgnbd IS 'the BG/NBD';
COMMENT ON COLUMN model.mbgnbd IS 'the MBG/NBD';
COMMENT ON COLUMN model.pareto_nbd IS 'the Pareto/NBD';
COMMENT ON COLUMN model.gamma_gamma IS 'the model of spending; null if nobody came back';

CREATE FUNCTION customer_tier_internal.find_models(whose oid DEFAULT 0::oid) RETURNS SETOF model
AS 'MODULE_PATHNAME', 'ct_find_models'
LANGUAGE C STABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION customer_tier_internal.find_models(oid) IS
  'the models whose tables the caller may read: those of one owner, or all but those that somebody keeps locked';

CREATE VIEW models AS SELECT * FROM customer_tier_internal.find_models();
GRANT SELECT ON models TO PUBLIC;
COMMENT ON VIEW models IS 'the models that fit_model keeps, as far as their tables may be read';
COMMENT ON COLUMN models.name IS 'the table that keeps it: what p_alive, expected_purchases and clv take';
COMMENT ON COLUMN models.owner IS 'whose it is';
COMMENT ON COLUMN models.ledger IS 'the ledgers it was fitted on';
COMMENT ON COLUMN models.as_of IS 'the last day that the fit saw';
COMMENT ON COLUMN models.unit_days IS 'days in its unit of time';
COMMENT ON COLUMN models.kind IS 'bgnbd, mbgnbd or pareto_nbd: which of the columns is set';
COMMENT ON COLUMN models.bgnbd IS 'the BG/NBD';
COMMENT ON COLUMN models.mbgnbd IS 'the MBG/NBD';
COMMENT ON COLUMN models.pareto_nbd IS 'the Pareto/NBD';
COMMENT ON COLUMN models.gamma_gamma IS 'the model of spending; null if nobody came back';

CREATE FUNCTION customer_tier_internal.model_of(model regclass) RETURNS model
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m customer_tier.model;
BEGIN
  SELECT f.* INTO m
  FROM customer_tier_internal.find_models((SELECT relowner FROM pg_class WHERE oid = $1)) AS f
  WHERE f.name = $1;
  IF m.name IS NULL AND has_table_privilege($1, 'SELECT') IS FALSE THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('permission denied for table %s', $1);
  ELSIF m.kind IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('%s is not a model', $1),
      HINT = 'SELECT customer_tier.fit_model(''crm.shop_model'', source => ..., as_of => ...); makes one.';
  END IF;
  RETURN m;
END $$;
COMMENT ON FUNCTION customer_tier_internal.model_of(regclass) IS
  'support of models: what a table keeps of a model; an error if it keeps none, or may not be read';

CREATE FUNCTION customer_tier_internal.json_numbers(numbers double precision[]) RETURNS jsonb
AS 'MODULE_PATHNAME', 'ct_json_numbers'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.json_numbers(double precision[]) IS
  'support of models and schemes: numbers as JSON, each the shortest decimal that is read as it, whatever the settings';

CREATE FUNCTION customer_tier_internal.check_model_kind(kind text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (kind IN ('bgnbd', 'mbgnbd', 'pareto_nbd')) IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('unknown model "%s"', kind),
      HINT = 'The models of purchases are bgnbd, mbgnbd and pareto_nbd.';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_model_kind(text) IS
  'support of models: an error for what is no model of purchases';

CREATE FUNCTION customer_tier_internal.fit_query(customers text, kind text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('SELECT customer_tier.%I((b).x, (b).t_x, (b).t),
customer_tier.gamma_gamma_fit((b).x, (b).m) FILTER (WHERE (b).m > 0),
  max(last)
               FROM %s', kind || '_fit', customers)
$$;
COMMENT ON FUNCTION customer_tier_internal.fit_query(text, text) IS
  'support of models: the query of a model of purchases, one of spending and the day of the last sale, from whatever '
  'has columns b of btyd_customer and last';

-- remarks about doubtful parameters; null if there are none
CREATE FUNCTION customer_tier_internal.model_remark(m model, OUT purchases text, OUT spending text) RETURNS record
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN converged IS NOT TRUE OR remark IS NOT NULL THEN coalesce(remark, 'there are no customers') END,
       CASE WHEN (m.gamma_gamma).p IS NULL THEN coalesce((m.gamma_gamma).remark, 'no repeat purchase brought money')
         || ': worth is null'
            ELSE (m.gamma_gamma).remark || CASE WHEN (m.gamma_gamma).q <= 1
              AND (m.gamma_gamma).remark !~ '^q is' THEN '; q is at most 1: the mean over all customers is infinite'
              ELSE '' END END
FROM (SELECT CASE m.kind WHEN 'bgnbd' THEN (m.bgnbd).converged
  WHEN 'mbgnbd' THEN (m.mbgnbd).converged ELSE (m.pareto_nbd).converged END AS converged,
             CASE m.kind WHEN 'bgnbd' THEN (m.bgnbd).remark
               WHEN 'mbgnbd' THEN (m.mbgnbd).remark ELSE (m.pareto_nbd).remark END AS remark) AS fit
$$;
COMMENT ON FUNCTION customer_tier_internal.model_remark(model) IS
  'support of models: what to beware of in the model of purchases and in that of spending; null if nothing';

CREATE FUNCTION customer_tier_internal.warn_of_model(m model) RETURNS void
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  r record;
BEGIN
  SELECT * INTO r FROM customer_tier_internal.model_remark(m);
  IF r.purchases IS NOT NULL THEN
    RAISE WARNING USING MESSAGE = format('model %s: %s', m.name, r.purchases);
  END IF;
  IF r.spending IS NOT NULL THEN
    RAISE WARNING USING MESSAGE = format('model %s, spending: %s', m.name, r.spending);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.warn_of_model(model) IS 'support of models: warnings of what to beware of';

-- A month without any sale is unusual: either sales are missing, or the day is wrong.
CREATE FUNCTION customer_tier_internal.warn_of_silence(source regclass, last date, as_of date) RETURNS void
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
BEGIN
  IF as_of - 31 > last THEN
    RAISE WARNING USING MESSAGE = format('%s has no sale in the 31 days to %s: the last is of %s',
        coalesce(customer_tier_internal.source_name(customer_tier_internal.source_or_null($1)), $1::text), as_of, last),
      HINT = 'All customers count as silent since then. Is the day right, and are all sales there?';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.warn_of_silence(regclass, date, date) IS
  'support of models and schemes: a warning if as_of is more than 31 days past the last sale';

-- Splits a name into schema and name; the default schema is the caller's.  An error if a relation of this name
-- with one of the suffixes exists already.
CREATE FUNCTION customer_tier_internal.name_to_make(what text, name text, current text, suffixes text[] DEFAULT '{""}',
  OUT place text, OUT relname text, OUT taken regclass)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  names text[] := parse_ident($2);
BEGIN
  relname := names[cardinality(names)];
  IF cardinality(names) > 2 OR octet_length(relname) > 50 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_name', MESSAGE = format('"%s" is not a name for a %s', $2, what),
      HINT = 'It has a schema, if any, and at most 50 bytes.';
  END IF;
  place := quote_ident(CASE cardinality(names) WHEN 2 THEN names[1] ELSE current END);
  IF place IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_schema_name', MESSAGE = 'no schema has been selected to create in',
      HINT = format('Name one: crm.%s.', relname);
  END IF;
  SELECT to_regclass(format('%s.%I', place, relname || suffix)) AS relation INTO taken
  FROM unnest(suffixes) WITH ORDINALITY AS u(suffix, i)
  ORDER BY to_regclass(format('%s.%I', place, relname || suffix)) IS NULL, i
  LIMIT 1;
END $$;
COMMENT ON FUNCTION customer_tier_internal.name_to_make(text, text, text, text[]) IS
  'support of create_scheme and fit_model: the schema, quoted, and the name of what is to be made, and what has it';

-- Fitting again updates the table of the model, so that its privileges remain.
CREATE FUNCTION customer_tier_internal.make_model_table(s customer_tier_internal.source, place text, name text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  relation text := format('%s.%I', place, name);
BEGIN
  IF to_regclass(relation) IS NULL THEN
    PERFORM customer_tier_internal.run(s.ledger, format($q$
      CREATE TABLE %s (
        is_model customer_tier.is_model PRIMARY KEY,
        ledger regclass,
        as_of date,
        unit_days float8,
        kind text,
        bgnbd_model customer_tier.bgnbd_model,
        mbgnbd_model customer_tier.mbgnbd_model,
        pareto_nbd_model customer_tier.pareto_nbd_model,
        gamma_gamma_model customer_tier.gamma_gamma_model)
      $q$, relation));
    PERFORM customer_tier_internal.run(s.ledger, format('COMMENT ON TABLE %s IS %L', relation,
      'a model of purchases and one of spending, kept by customer_tier.fit_model'));
  ELSIF NOT EXISTS (SELECT FROM customer_tier_internal.find_models(s.owner) AS f
                    WHERE f.name = to_regclass(relation)) THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_table', MESSAGE = format('%s exists already', relation),
      HINT = 'It keeps no model of the owner of the sales. Take another name: it is that of a table.';
  END IF;
  PERFORM customer_tier_internal.run(s.ledger,
    format('ALTER TABLE %s ALTER ledger SET%s', relation, customer_tier_internal.default_of(s.ledger)));
  PERFORM customer_tier_internal.run(s.ledger, format('DELETE FROM %s', relation));
END $$;
COMMENT ON FUNCTION customer_tier_internal.make_model_table(customer_tier_internal.source, text, text) IS
  'support of fit_model: the table that keeps a model';

CREATE FUNCTION customer_tier_internal.fit_model(name text, source regclass, as_of date, unit_days double precision,
  kind text, current text) RETURNS model
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
#variable_conflict use_variable
DECLARE
  s customer_tier_internal.source := customer_tier_internal.live_source($2);
  n record;
  m customer_tier.model;
  last date;
BEGIN
  PERFORM customer_tier_internal.check_model_kind(kind);
  IF NOT pg_has_role(s.owner, 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
      MESSAGE = format('must be owner of %s', customer_tier_internal.source_name(s));
  END IF;
  SELECT * INTO n FROM customer_tier_internal.name_to_make('model', name, current);
  PERFORM customer_tier_internal.make_model_table(s, n.place, n.relname);
  -- the defaults name the parts, because a stored OID would not survive a dump
  SELECT f.l INTO last
  FROM customer_tier_internal.as_owner(s.ledger, format($q$
      WITH fit (purchases, spending, last) AS MATERIALIZED (%s),
      kept AS (
        INSERT INTO %s.%I (is_model, ledger, as_of, unit_days, kind, %I, gamma_gamma_model)
        SELECT true, NULL, %L::date, (%s)::double precision, %L, purchases, spending
        FROM fit)
      SELECT last FROM fit
      $q$, customer_tier_internal.fit_query(format($q$
        (SELECT customer_tier.btyd(ledger, %L::date, (%s)::double precision) AS b,
                customer_tier.last_day(ledger) AS last
         FROM %s
         OFFSET 0) AS l
        $q$, as_of, customer_tier_internal.json_numbers(ARRAY[unit_days]) -> 0, s.live), kind),
      n.place, n.relname, kind || '_model', as_of, customer_tier_internal.json_numbers(ARRAY[unit_days]) -> 0, kind))
    AS f(l date);
  m := customer_tier_internal.model_of(format('%s.%I', n.place, n.relname)::regclass);
  PERFORM customer_tier_internal.warn_of_model(m);
  PERFORM customer_tier_internal.warn_of_silence(s.view, last, as_of);
  RETURN m;
END $$;
COMMENT ON FUNCTION
  customer_tier_internal.fit_model(text, regclass, date, double precision, text, text) IS 'support of fit_model';

-- no SET search_path: the name is looked up in the caller's
CREATE FUNCTION fit_model(name text, source regclass, as_of date, unit_days double precision DEFAULT 7,
  kind text DEFAULT 'bgnbd') RETURNS model
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
AS $$ SELECT customer_tier_internal.fit_model($1, $2, $3, $4, $5, pg_catalog.current_schema()) $$;
COMMENT ON FUNCTION fit_model(text, regclass, date, double precision, text) IS
  'fits models of purchases and of spending on the ledgers of a source, as of a day, and keeps them in a table of this '
  'name';

CREATE FUNCTION drop_model(name regclass) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- a table without a row, as after the restore of a dump without data, is dropped, too
  IF NOT EXISTS (SELECT FROM customer_tier_internal.find_models((SELECT relowner FROM pg_class WHERE oid = $1)) AS f
                 WHERE f.name = $1) THEN
    PERFORM customer_tier_internal.model_of($1);
  END IF;
  PERFORM customer_tier_internal.run($1, format('DROP TABLE %s', $1));
END $$;
COMMENT ON FUNCTION drop_model(regclass) IS 'drops a model';

CREATE FUNCTION customer_tier_internal.model_parameters(model regclass, OUT kind text, OUT unit_days double precision,
  OUT parameters double precision[], OUT spend double precision[]) RETURNS record
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m customer_tier.model := customer_tier_internal.model_of($1);
BEGIN
  kind := m.kind;
  unit_days := m.unit_days;
  parameters := CASE m.kind
    WHEN 'bgnbd' THEN ARRAY[(m.bgnbd).r, (m.bgnbd).alpha, (m.bgnbd).a, (m.bgnbd).b]
    WHEN 'mbgnbd' THEN ARRAY[(m.mbgnbd).r, (m.mbgnbd).alpha, (m.mbgnbd).a, (m.mbgnbd).b]
    ELSE ARRAY[(m.pareto_nbd).r, (m.pareto_nbd).alpha, (m.pareto_nbd).s, (m.pareto_nbd).beta]
  END;
  spend := ARRAY[(m.gamma_gamma).p, (m.gamma_gamma).q, (m.gamma_gamma).gamma];
  IF array_position(parameters, NULL) IS NOT NULL THEN
    parameters := NULL;
  END IF;
  IF array_position(spend, NULL) IS NOT NULL THEN
    spend := NULL;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.model_parameters(regclass) IS
  'support of models: what is kept of a model, as numbers; an error if it is not there';

-- Measures by a kept model.  They are stable, because they read its table, once in a query.

CREATE FUNCTION p_alive(model regclass, ledger, as_of date) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_p_alive_named'
LANGUAGE C STRICT STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION p_alive(regclass, ledger, date) IS
  'probability that the customer is still there as of a day, by a model kept by fit_model; null without a purchase '
  'by then';

CREATE FUNCTION expected_purchases(model regclass, ledger, as_of date, horizon double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_expected_purchases_named'
LANGUAGE C STRICT STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION expected_purchases(regclass, ledger, date, double precision) IS
  'purchases to expect within the horizon after a day, in the model''s unit of time; null without a purchase by then';

CREATE FUNCTION clv(model regclass, ledger, as_of date, horizon double precision, rate double precision,
  margin double precision DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'ct_clv_named'
LANGUAGE C STRICT STABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION clv(regclass, ledger, date, double precision, double precision, double precision)
  IS 'worth of the purchases to expect within the horizon after a day, discounted at the rate of a period; null '
    'without a purchase by then, or a model of spending';

-- runs with the caller's privileges, except for the live view
CREATE FUNCTION calibrate_holdout(source regclass, as_of date, until date, unit_days double precision DEFAULT 7,
  kind text DEFAULT 'bgnbd',
                                  OUT customer text, OUT x bigint, OUT t_x double precision, OUT t double precision,
                                  OUT m double precision, OUT p_alive double precision,
                                  OUT predicted_purchases double precision, OUT actual_purchases bigint,
                                  OUT predicted_value double precision, OUT actual_value double precision)
                                  RETURNS SETOF record
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED ROWS 100000 SET search_path = pg_catalog, pg_temp SET datestyle = iso
SET intervalstyle = postgres
AS $$
#variable_conflict use_variable
DECLARE
  s customer_tier_internal.source := customer_tier_internal.live_source($1);
  warned boolean := false;
  last date;
  remark text;
  q double precision;
BEGIN
  PERFORM customer_tier_internal.check_model_kind(kind);
  IF NOT isfinite(as_of) OR NOT isfinite(until) OR until <= as_of THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'until must be after as_of',
      HINT = 'The model sees the sales up to as_of and is held against those from the next day to until.';
  END IF;
  FOR customer, x, t_x, t, m, p_alive, predicted_purchases, actual_purchases, predicted_value, actual_value, last,
    remark, q IN EXECUTE format($q$
    WITH l AS MATERIALIZED (
      SELECT customer, ledger, customer_tier.btyd(ledger, $1, $2) AS b, customer_tier.last_day(ledger) AS last
      FROM customer_tier_internal.live_ledgers(%L)),
    f (model, spend, last) AS MATERIALIZED (%s)
    SELECT customer, (b).x::bigint, (b).t_x, (b).t, (b).m, customer_tier.p_alive(model, b),
      customer_tier.expected_purchases(model, b, ($3 - $1) / $2),
           customer_tier.purchase_days(ledger, daterange($1 + 1, $3 + 1)),
           CASE WHEN (spend).q > 1 THEN customer_tier.expected_purchases(model, b,
             ($3 - $1) / $2) * customer_tier.expected_spend(spend, b) END,
           customer_tier.total(ledger, daterange($1 + 1, $3 + 1))::double precision, f.last, (model).remark, (spend).q
    FROM l, f WHERE (b).t IS NOT NULL
    $q$, s.live, customer_tier_internal.fit_query('l', kind))
    USING as_of, unit_days, until LOOP
    IF predicted_purchases IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'data_exception',
        MESSAGE = format('the sales of %s up to %s do not determine a model', customer_tier_internal.source_name(s),
                         as_of),
        HINT = 'No customer came back by then; choose a later day.';
    END IF;
    IF NOT warned THEN
      warned := true;
      IF remark IS NOT NULL THEN
        RAISE WARNING USING MESSAGE = format('the model of %s as of %s: %s', customer_tier_internal.source_name(s),
          as_of, remark);
      END IF;
      IF (q > 1) IS NOT TRUE THEN
        RAISE WARNING USING MESSAGE = format('no value is predicted: %s', CASE
          WHEN q IS NULL THEN 'no repeat purchase brought money'
          ELSE 'q of the model of spending is at most 1, the mean over all customers is infinite' END);
      END IF;
      IF until > last THEN
        RAISE WARNING USING MESSAGE =
          format('the last sale of %s is of %s: the days from then to %s are held against the model as days '
                 'without purchases', customer_tier_internal.source_name(s), last, until),
          HINT = format('until => %L is the latest day that all sales are there for, perhaps.', last);
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
COMMENT ON FUNCTION calibrate_holdout(regclass, date, date, double precision, text)
  IS 'fits a model on the sales up to as_of and shows, for each customer by then, what it foretells up to another '
    'day beside what came';

CREATE TYPE frequency_quality AS (x integer, customers bigint, predicted double precision, actual double precision);
COMMENT ON TYPE frequency_quality IS
  'support of models: prediction and outcome of the customers with as many repeat purchases';
COMMENT ON COLUMN frequency_quality.x IS 'repeat purchases up to as_of; 7 stands for 7 and more';
COMMENT ON COLUMN frequency_quality.customers IS 'how many customers they are';
COMMENT ON COLUMN frequency_quality.predicted IS 'mean of the purchases foretold';
COMMENT ON COLUMN frequency_quality.actual IS 'mean of the purchases made';

CREATE FUNCTION model_quality(source regclass, as_of date, until date, unit_days double precision DEFAULT 7,
  kind text DEFAULT 'bgnbd',
                              OUT customers bigint, OUT predicted double precision, OUT actual bigint,
                              OUT cumulative_error double precision, OUT mae double precision,
                              OUT rmse double precision,
                              OUT predicted_value double precision, OUT actual_value double precision,
                              OUT value_error double precision, OUT value_mae double precision,
                              OUT value_rmse double precision,
                              OUT by_frequency frequency_quality[]) RETURNS record
LANGUAGE sql STABLE STRICT PARALLEL RESTRICTED COST 1000000 SET search_path = pg_catalog, pg_temp
AS $$
WITH c AS MATERIALIZED (SELECT * FROM customer_tier.calibrate_holdout(source, as_of, until, unit_days, kind)),
f AS (SELECT least(x, 7)::integer AS x, count(*) AS customers,
  avg(predicted_purchases ORDER BY predicted_purchases) AS predicted, avg(actual_purchases)::double precision AS actual
  FROM c GROUP BY 1)
SELECT count(*), sum(predicted_purchases ORDER BY predicted_purchases), sum(actual_purchases)::bigint,
       sum(predicted_purchases ORDER BY predicted_purchases) / nullif(sum(actual_purchases), 0) - 1,
       avg(abs(predicted_purchases - actual_purchases) ORDER BY abs(predicted_purchases - actual_purchases)),
       sqrt(avg((predicted_purchases - actual_purchases) ^ 2 ORDER BY (predicted_purchases - actual_purchases) ^ 2)),
       sum(predicted_value ORDER BY predicted_value), sum(actual_value ORDER BY actual_value),
       sum(predicted_value ORDER BY predicted_value) / nullif(sum(actual_value ORDER BY actual_value), 0) - 1,
       avg(abs(predicted_value - actual_value) ORDER BY abs(predicted_value - actual_value)),
       sqrt(avg((predicted_value - actual_value) ^ 2 ORDER BY (predicted_value - actual_value) ^ 2)),
       (SELECT array_agg(ROW(f.x, f.customers, f.predicted, f.actual)::customer_tier.frequency_quality ORDER BY f.x)
         FROM f)
FROM c
$$;
COMMENT ON FUNCTION model_quality(regclass, date, date, double precision, text)
  IS 'how well a model fitted up to as_of foretells the time to another day: errors of all customers together, of '
    'each, and by repeat purchases';
