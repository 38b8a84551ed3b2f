-- Schemes: axes with cuts give scores, scores give a tier.  A scheme is declared by a table beside the data, with
-- one row and a column of this domain.  The defaults of its columns name the parts of the scheme, and its row has
-- the rule in force.  Expressions are columns of views, so that they follow renames:
--
--	attributes	a row for each listed customer; null without attributes
--	input		the row that measures are computed from: customer, ledger, as_of, listed, and the attributes
--	measures	customer, customer_group and, for each axis, an array of its measures
--	scores		a column for each axis, as the expression of the tier names them
--	rating		the expression of the tier; null if tiers are a list or a matrix

CREATE DOMAIN customer_tier.is_scheme AS boolean CHECK (VALUE);
COMMENT ON DOMAIN customer_tier.is_scheme IS 'marks the table that declares a scheme';

CREATE TYPE customer_tier_internal.spread AS (
  axis smallint, low double precision, high double precision, heads bigint, total double precision
);
COMMENT ON TYPE customer_tier_internal.spread IS 'customers whose values of an axis are near to each other';

CREATE TYPE customer_tier_internal.cell AS (scores smallint[], heads bigint, means double precision[]);
COMMENT ON TYPE customer_tier_internal.cell IS 'customers of the same scores, and the mean of each axis';

CREATE TYPE customer_tier_internal.scheme AS (
  declaration regclass,
  owner oid,
  ledger regclass,
  attributes regclass,
  input regclass,
  measures regclass,
  scores regclass,
  rating regclass,
  state regclass,
  history regclass,
  thresholds regclass,
  refreshes regclass,
  tier_table regclass,
  pins regclass,
  releases regclass,
  trend regclass,
  moves regclass,
  rules regclass,
  current_view regclass,
  scheme regclass,
  history_view regclass,
  summary_view regclass,
  migration_view regclass,
  trend_view regclass,
  progress_view regclass,
  thresholds_view regclass,
  spread_view regclass,
  cells_view regclass,
  sources regclass[],
  preset text,
  as_of date,
  version integer,
  axes jsonb,
  sizes integer[],
  map integer[],
  tiers text[],
  matrix text[],
  unrated text,
  calibrate text,
  downgrade text,
  hold interval,
  keep double precision,
  returns numeric,
  review text[],
  calibrated integer,
  measured integer,
  note text,
  author text,
  made_at timestamptz
);
COMMENT ON TYPE customer_tier_internal.scheme IS
  'a scheme as it is found: its parts, null if they are gone, and what its row says';

CREATE FUNCTION customer_tier_internal.find_schemes(whose oid DEFAULT 0::oid)
RETURNS SETOF customer_tier_internal.scheme
AS 'MODULE_PATHNAME', 'ct_find_schemes'
LANGUAGE C STABLE PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION customer_tier_internal.find_schemes(oid) IS
  'the schemes of which the caller may read a view or the declaration: those of one owner, or all but those that '
  'somebody keeps locked';

CREATE TYPE customer_tier_internal.rule AS (
  version integer,
  axes jsonb,
  sizes integer[],
  map integer[],
  tiers text[],
  matrix text[],
  tier text,
  unrated text,
  per text,
  calibrate text,
  downgrade text,
  hold interval,
  keep double precision,
  returns numeric,
  review text[],
  calibrated integer,
  measured integer,
  note text,
  author text,
  made_at timestamptz
);
COMMENT ON TYPE customer_tier_internal.rule IS 'a version of the rule of a scheme, with its expressions';

-- finds a scheme by its view or by its declaration
CREATE FUNCTION customer_tier_internal.scheme_or_null(scheme regclass) RETURNS customer_tier_internal.scheme
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT f
FROM customer_tier_internal.find_schemes((SELECT relowner FROM pg_class WHERE oid = $1)) AS f
WHERE $1 IN (f.scheme, f.declaration)
ORDER BY f.declaration
LIMIT 1
$$;
COMMENT ON FUNCTION customer_tier_internal.scheme_or_null(regclass) IS
  'support of schemes: a scheme, also where parts of it are gone; null if there is none';

-- All parts of a scheme must belong to the owner of its ledgers; the hint has the missing ALTERs.
CREATE FUNCTION customer_tier_internal.check_scheme_owner(declaration regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  named regclass[] := customer_tier_internal.named_parts($1);
  heir oid;
  stray regclass;
  mends text;
BEGIN
  SELECT relowner INTO heir
  FROM pg_attribute
       JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
       JOIN pg_class AS c ON c.oid = (customer_tier_internal.relations_in(adbin))[1]
  WHERE attrelid = $1 AND attname = 'ledger';
  SELECT min(c.oid::oid)::regclass,
         string_agg(CASE
             WHEN source.sales IS NULL THEN
               format('ALTER %s %s OWNER TO %I;', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
                      c.oid::regclass, r.rolname)
             ELSE format('ALTER TABLE %s OWNER TO %I; CALL customer_tier.alter_source(%L);', source.sales, r.rolname,
                         customer_tier_internal.source_name(source))
           END, ' ' ORDER BY c.oid)
  INTO stray, mends
  FROM pg_class AS c
       JOIN pg_roles AS r ON r.oid = heir
       -- the ledgers of another source follow the owner of its sales
       LEFT JOIN LATERAL customer_tier_internal.source_or_null(c.oid) AS source
         ON relkind = 'r' AND source.ledger = c.oid
  WHERE c.oid = ANY (named || $1) AND relowner <> heir;
  IF stray IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('%s does not belong to the owner of the ledgers of its scheme', stray), HINT = mends;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_scheme_owner(regclass) IS
  'support of schemes: an error if something that a declaration names does not belong to the owner of the ledgers';

CREATE FUNCTION customer_tier_internal.check_whole_scheme(s customer_tier_internal.scheme, without_views boolean)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  views text[] := '{current_view, scheme, history_view, summary_view, migration_view, trend_view, progress_view,
                    thresholds_view, spread_view, cells_view}'::text[];
  lost text;
  mends text;
BEGIN
  PERFORM customer_tier_internal.check_scheme_owner(s.declaration);
  SELECT string_agg(CASE part WHEN 'version' THEN 'its rule' ELSE part END, ', ' ORDER BY part),
         CASE
           WHEN bool_and(part = ANY (views)) THEN
             format('SELECT customer_tier.alter_scheme(%L); makes them again.', s.declaration)
           ELSE format('SELECT customer_tier.drop_scheme(%L); drops what is left.', s.declaration)
         END
  INTO lost, mends
  FROM unnest('{ledger, input, measures, scores, rating, state, history, thresholds, refreshes, tier_table, pins,
                releases, trend, moves, rules, version}'::text[] || views) AS part
  WHERE to_jsonb(s) -> part = 'null' AND NOT (without_views AND part = ANY (views));
  IF lost IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('scheme %s has lost what it calls %s', coalesce(s.scheme, s.declaration), lost), HINT = mends;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_whole_scheme(customer_tier_internal.scheme, boolean) IS
  'support of schemes: an error for a scheme that has lost one of its parts, or its rule';

CREATE FUNCTION customer_tier_internal.scheme_of(scheme regclass, without_views boolean DEFAULT false)
RETURNS customer_tier_internal.scheme
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.scheme_or_null($1);
BEGIN
  IF s.declaration IS NULL THEN
    IF customer_tier_internal.is_owner($1) IS FALSE THEN
      PERFORM customer_tier_internal.check_owner($1);
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'undefined_object',
      MESSAGE = format('%s is not a scheme', coalesce($1::text, 'null')),
      HINT = 'The view customer_tier.schemes has them; SELECT customer_tier.create_scheme(...) makes one.';
  END IF;
  PERFORM customer_tier_internal.check_whole_scheme(s, $2);
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.scheme_of(regclass, boolean) IS
  'support of schemes: a scheme that is whole, or has lost no more than its views; an error if it is none';

CREATE FUNCTION customer_tier_internal.own_scheme(scheme regclass, without_views boolean DEFAULT false)
RETURNS customer_tier_internal.scheme
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s customer_tier_internal.scheme := customer_tier_internal.scheme_of($1, $2);
BEGIN
  PERFORM customer_tier_internal.check_owner(coalesce(s.scheme, s.declaration));
  RETURN s;
END $$;
COMMENT ON FUNCTION customer_tier_internal.own_scheme(regclass, boolean) IS
  'support of schemes: the same, and an error for who has not the rights of its owner';

-- Any user can create a declaration with any JSON.  "wait": see view_expressions.
CREATE FUNCTION customer_tier_internal.rule_of(s customer_tier_internal.scheme, wait boolean DEFAULT true)
RETURNS customer_tier_internal.rule
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT s.version,
  (SELECT jsonb_agg(CASE
                      WHEN jsonb_typeof(a) <> 'object' THEN a
                      WHEN a ? 'weights' THEN a || jsonb_build_object('measures', m.expressions)
                      ELSE a || jsonb_build_object('value', m.expressions[1])
                    END ORDER BY i)
   FROM jsonb_array_elements(CASE jsonb_typeof(s.axes) WHEN 'array' THEN s.axes END) WITH ORDINALITY AS x(a, i)
        LEFT JOIN customer_tier_internal.view_expressions(s.measures, wait)
          WITH ORDINALITY AS m(name, expressions, n) ON n = i + 2),
  s.sizes, s.map, s.tiers, s.matrix,
  (SELECT nullif(expressions[1], 'NULL::text')
   FROM customer_tier_internal.view_expressions(s.rating, wait)
   LIMIT 1),
  s.unrated,
  (SELECT nullif(expressions[1], 'NULL::text')
   FROM customer_tier_internal.view_expressions(s.measures, wait) WITH ORDINALITY AS m(name, expressions, n)
   WHERE n = 2),
  s.calibrate, s.downgrade, s.hold, s.keep, s.returns, s.review, s.calibrated, s.measured, s.note, s.author, s.made_at
$$;
COMMENT ON FUNCTION customer_tier_internal.rule_of(customer_tier_internal.scheme, boolean) IS
  'support of schemes: the rule of a scheme that is in force, with its expressions as its views have them now';

-- the table below the scheme's view of attributes, and its column of customers
CREATE FUNCTION customer_tier_internal.attributes_of(view regclass, OUT attributes regclass, OUT key name)
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT a.attrelid::regclass, a.attname
FROM (SELECT DISTINCT d.refobjid
      FROM pg_rewrite AS r
           JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      WHERE r.ev_class = $1 AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> $1) AS x,
     (SELECT expressions[1] FROM customer_tier_internal.view_expressions($1, false) LIMIT 1) AS e(key),
     pg_attribute AS a
WHERE a.attrelid = x.refobjid AND a.attnum > 0 AND NOT a.attisdropped AND quote_ident(a.attname) = e.key
$$;
COMMENT ON FUNCTION customer_tier_internal.attributes_of(regclass) IS
  'support of schemes: the table of attributes, and its column that says whose they are';

-- whether no unique index ensures one row for each customer
CREATE FUNCTION customer_tier_internal.may_repeat(attributes regclass, key name) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT NOT EXISTS (SELECT FROM pg_index
                        JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
                   WHERE indrelid = $1 AND attname = $2 AND indisunique AND indisvalid AND indimmediate
                     AND indnkeyatts = 1 AND indpred IS NULL)
$$;
COMMENT ON FUNCTION customer_tier_internal.may_repeat(regclass, name) IS
  'support of schemes: whether attributes have no unique index that says whose they are';

-- attributes must have one row for each customer, or a customer would be counted twice
CREATE FUNCTION customer_tier_internal.check_attributes(attributes regclass, key name) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF $1 IS NULL THEN
    RETURN;
  ELSIF NOT EXISTS (SELECT FROM pg_attribute
                    WHERE attrelid = $1 AND attname = $2 AND attnum > 0 AND NOT attisdropped) THEN
    RAISE EXCEPTION USING ERRCODE = 'undefined_column',
      MESSAGE = CASE
        WHEN $2 IS NULL THEN format('attributes %s have no primary key of one column', $1)
        ELSE format('attributes %s have no column "%s"', $1, $2)
      END,
      HINT = 'key => names the column that says whose attributes they are; without it, it is the primary key.';
  ELSIF customer_tier_internal.may_repeat($1, $2)
    AND (SELECT relkind IN ('r', 'p') FROM pg_class WHERE oid = $1) THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_table_definition',
      MESSAGE = format('attributes %s may have more than one row with the same %s', $1, $2),
      HINT = CASE (SELECT relkind FROM pg_class WHERE oid = $1)
               WHEN 'v' THEN 'A view has no unique index. Take its table, or a materialized view of the same query '
                             'with a unique index.'
               ELSE format('First CREATE UNIQUE INDEX ON %s (%I);', $1, $2)
             END;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_attributes(regclass, name) IS
  'support of schemes: an error if attributes cannot be read';

-- A view has no unique index, so this is checked before each grading.
CREATE FUNCTION customer_tier_internal.check_listed_once(s customer_tier_internal.scheme) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a record;
  twice text;
BEGIN
  SELECT * INTO a FROM customer_tier_internal.attributes_of(s.attributes);
  IF a.attributes IS NULL OR NOT customer_tier_internal.may_repeat(a.attributes, a.key) THEN
    RETURN;
  END IF;
  SELECT x INTO twice
  FROM customer_tier_internal.as_owner(s.ledger, format(
      'SELECT min(customer::text) FROM %s GROUP BY customer HAVING count(*) > 1 ORDER BY 1 LIMIT 1', s.attributes))
    AS y(x text);
  IF twice IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'cardinality_violation',
      MESSAGE = format('attributes %s have customer %s more than once', a.attributes, twice),
      HINT = format('Each customer has one row: see SELECT %I, count(*) FROM %s GROUP BY 1 HAVING count(*) > 1;',
                    a.key, a.attributes);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_listed_once(customer_tier_internal.scheme) IS
  'support of schemes: an error if a view of attributes has a customer twice';

-- the view of a source, by its ledgers; takes no lock, and needs no privilege on the source
CREATE FUNCTION customer_tier_internal.source_of_ledger(ledger regclass) RETURNS regclass
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT (customer_tier_internal.relations_in(v.adbin))[1]
FROM pg_depend AS d
     JOIN pg_attrdef AS l ON l.oid = d.objid
     JOIN pg_class AS c ON c.oid = l.adrelid
     JOIN pg_attribute AS marker ON marker.attrelid = l.adrelid AND marker.atttypid = 'customer_tier.is_source'::regtype
     JOIN pg_attribute AS a ON a.attrelid = l.adrelid AND a.attname = 'view'
     JOIN pg_attrdef AS v ON v.adrelid = l.adrelid AND v.adnum = a.attnum
WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1
  AND c.relowner = (SELECT relowner FROM pg_class WHERE oid = $1)
ORDER BY l.adrelid
LIMIT 1
$$;
COMMENT ON FUNCTION customer_tier_internal.source_of_ledger(regclass) IS
  'support of schemes: the view of the source whose ledgers these are';

-- in the order of refresh_all, to avoid deadlocks
CREATE FUNCTION customer_tier_internal.ledgers_of(s customer_tier_internal.scheme) RETURNS SETOF regclass
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT DISTINCT l FROM unnest(s.sources || s.ledger) AS l ORDER BY l $$;
COMMENT ON FUNCTION customer_tier_internal.ledgers_of(customer_tier_internal.scheme) IS
  'support of schemes: the ledgers of all sources of a scheme';

-- in the form of create_scheme's argument
CREATE FUNCTION customer_tier_internal.sources_json(s customer_tier_internal.scheme) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_object_agg(attname, customer_tier_internal.source_of_ledger(ledger))
FROM unnest(s.sources) WITH ORDINALITY AS u(ledger, i)
     JOIN pg_attribute ON attrelid = s.input AND attnum = 4 + i
$$;
COMMENT ON FUNCTION customer_tier_internal.sources_json(customer_tier_internal.scheme) IS
  'support of schemes: the other sources of a scheme, by the names that measures have for them';

CREATE VIEW schemes AS
SELECT coalesce(s.scheme, s.declaration) AS scheme, customer_tier_internal.source_of_ledger(s.ledger) AS source,
  customer_tier_internal.sources_json(s) AS sources,
  (customer_tier_internal.attributes_of(s.attributes)).attributes, s.preset, s.version, s.as_of, r.axes, s.tiers,
  coalesce(s.matrix::pg_catalog.text, r.tier) AS tier, s.unrated, r.per, s.calibrate, s.downgrade, s.hold, s.keep,
  s.returns, s.review, s.note, s.author, s.made_at
FROM customer_tier_internal.find_schemes() AS s
  LEFT JOIN LATERAL customer_tier_internal.rule_of(s, false) AS r ON true;
GRANT SELECT ON schemes TO PUBLIC;
COMMENT ON VIEW schemes IS 'the schemes, each with the rule in force';
COMMENT ON COLUMN schemes.scheme IS
  'the view of its current tiers; if that is gone, the table that declares the scheme';
COMMENT ON COLUMN schemes.source IS 'the view of its source';
COMMENT ON COLUMN schemes.sources IS 'the views of its other sources, by their names in measures; null if it has none';
COMMENT ON COLUMN schemes.attributes IS 'table of attributes of customers';
COMMENT ON COLUMN schemes.preset IS 'what it was made from';
COMMENT ON COLUMN schemes.version IS 'the version of its rule';
COMMENT ON COLUMN schemes.as_of IS 'the day of its last refresh';
COMMENT ON COLUMN schemes.axes IS 'its axes';
COMMENT ON COLUMN schemes.tiers IS 'its tiers, lowest first';
COMMENT ON COLUMN schemes.tier IS 'how scores lead to tiers: a list, a matrix or an expression';
COMMENT ON COLUMN schemes.unrated IS 'the tier of customers who lack a score';
COMMENT ON COLUMN schemes.per IS 'the expression of groups, each of which has lines of its own';
COMMENT ON COLUMN schemes.calibrate IS 'when lines are found: every refresh, or fixed';
COMMENT ON COLUMN schemes.downgrade IS 'direct or one_level';
COMMENT ON COLUMN schemes.hold IS 'how long a tier is kept at least';
COMMENT ON COLUMN schemes.keep IS 'the part of a line that suffices to stay above it';
COMMENT ON COLUMN schemes.returns IS 'the part of what was bought whose return breaks a hold';
COMMENT ON COLUMN schemes.review IS 'the days of the year on which customers may fall';
COMMENT ON COLUMN schemes.note IS 'why this version was made';
COMMENT ON COLUMN schemes.author IS 'who made this version';
COMMENT ON COLUMN schemes.made_at IS 'when this version was made';
