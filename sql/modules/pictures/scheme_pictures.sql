-- picture(scheme, kind): the pictures of a scheme, each with what is to be read in it.
--
-- A function for each group of kinds, which gives the SVG and its reading in words; the
-- reading is the description of the SVG, too.  o are the options for svg_*().

CREATE FUNCTION customer_tier_internal.picture_of_tiers(scheme regclass, kind text, day date, o jsonb, language text,
  OUT svg text, OUT reading text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  labels text[];
  colours text[];
  heads double precision[];
  held double precision[];
  means double precision[];
  reached double precision[];
  top record;
  least record;
BEGIN
  -- the part of the value is that of _summary: who is at zero or below holds nothing
  SELECT array_agg(t.label ORDER BY place), array_agg(t.colour ORDER BY place), array_agg(t.heads ORDER BY place),
         array_agg(t.held ORDER BY place),
         array_agg(t.value / nullif(t.heads, 0) ORDER BY place),
         array_agg(t.above ORDER BY place)
    INTO labels, colours, heads, held, means, reached
  FROM (SELECT *, sum(x.heads) OVER (ORDER BY place DESC) AS above
        FROM customer_tier_internal.tiers_on(scheme, day) AS x) AS t;
  SELECT t.label, t.heads / nullif(t.all_heads, 0) AS head_share, t.held / nullif(t.all_held, 0) AS share
    INTO top
  FROM (SELECT *, sum(x.heads) OVER () AS all_heads, sum(x.held) OVER () AS all_held
        FROM customer_tier_internal.tiers_on(scheme, day) AS x) AS t
  WHERE t.heads > 0
  ORDER BY place DESC
  LIMIT 1;
  IF kind = 'pyramid' THEN
    IF top.share > 0 AND top.head_share < 1 THEN
      reading := customer_tier_internal.say(
        '%s, the highest tier, is %s of the customers and brings %s of the value: a customer %s times the average.',
        language, top.label, customer_tier_internal.picture_percent(top.head_share),
        customer_tier_internal.picture_percent(top.share),
        customer_tier_internal.picture_number(top.share / top.head_share, language));
    END IF;
    svg := customer_tier.svg_pyramid(labels, heads, held, colours,
                                     jsonb_build_object('description', reading) || o);
  ELSIF kind = 'bars' THEN
    SELECT t.label, t.value / t.heads AS mean INTO least
    FROM customer_tier_internal.tiers_on(scheme, day) AS t
    WHERE t.heads > 0
    ORDER BY place
    LIMIT 1;
    reading := customer_tier_internal.say(
      'A customer of %s brings %s on average, one of %s %s.', language, top.label,
      customer_tier_internal.picture_number(means[array_position(labels, top.label)], language), least.label,
      customer_tier_internal.picture_number(least.mean, language));
    svg := customer_tier.svg_bars(
      ARRAY(SELECT l FROM unnest(labels, means) WITH ORDINALITY AS u(l, m, i) WHERE m IS NOT NULL ORDER BY i DESC),
      ARRAY(SELECT m FROM unnest(means) WITH ORDINALITY AS u(m, i) WHERE m IS NOT NULL ORDER BY i DESC),
      options => jsonb_build_object(
        'title', customer_tier_internal.picture_word('What a customer brings, by tier', language),
        'description', reading) || o);
  ELSE
    reading := customer_tier_internal.say(
      'Of %s customers %s are in the highest tier, %s.', language,
      customer_tier_internal.picture_number(reached[1], language),
      customer_tier_internal.picture_number(heads[array_position(labels, top.label)], language), top.label);
    svg := customer_tier.svg_funnel(
      ARRAY(SELECT CASE i
                     WHEN 1 THEN customer_tier_internal.picture_word('all customers', language)
                     WHEN cardinality(labels) THEN l
                     ELSE customer_tier_internal.say('%s or higher', language, l)
                   END
            FROM unnest(labels) WITH ORDINALITY AS u(l, i) ORDER BY i),
      reached,
      jsonb_build_object('title', customer_tier_internal.picture_word('How far up the customers are', language),
                         'description', reading) || o);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.picture_of_tiers(regclass, text, date, jsonb, text) IS
  'support of picture: pyramid, bars and funnel';

CREATE FUNCTION customer_tier_internal.picture_of_time(scheme regclass, kind text, day date, day_before date,
  last_day date, o jsonb, language text, OUT svg text, OUT reading text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  days date[];
  labels_then text[];
  figures double precision[];
  labels text[];
  colours text[];
  first_day date;
  at_first double precision;
  at_last double precision;
  m record;
BEGIN
  IF kind = 'flow' THEN
    WITH t AS (SELECT * FROM customer_tier_internal.tiers_on(scheme, day)),
    -- a tier of before the rule was changed is none of now
    moves AS (
      SELECT v.from_tier IS NULL AS is_new, v.to_tier IS NULL AS is_gone, a.place AS a, b.place AS b,
             a.label AS from_label, b.label AS to_label, v.heads
      FROM customer_tier_internal.moves_on(scheme, day, day_before, last_day) AS v
        LEFT JOIN t AS a ON a.tier = v.from_tier
        LEFT JOIN t AS b ON b.tier = v.to_tier)
    SELECT array_agg(from_label ORDER BY a, b) AS from_labels, array_agg(to_label ORDER BY a, b) AS to_labels,
           array_agg(v.heads ORDER BY a, b) AS heads, ARRAY(SELECT label FROM t ORDER BY place) AS labels,
           ARRAY(SELECT colour FROM t ORDER BY place) AS colours,
           coalesce(sum(v.heads) FILTER (WHERE b > a), 0) AS rose,
           coalesce(sum(v.heads) FILTER (WHERE b < a), 0) AS fell,
           coalesce(sum(v.heads) FILTER (WHERE is_new), 0) AS came,
           coalesce(sum(v.heads) FILTER (WHERE is_gone), 0) AS gone
      INTO m
    FROM moves AS v;
    reading := customer_tier_internal.say(
      '%s customers rose, %s fell, %s are new and %s left.', language,
      customer_tier_internal.picture_number(m.rose, language), customer_tier_internal.picture_number(m.fell, language),
      customer_tier_internal.picture_number(m.came, language), customer_tier_internal.picture_number(m.gone, language));
    svg := customer_tier.svg_flow(m.from_labels, m.to_labels, m.heads, m.labels, m.colours,
      jsonb_build_object('from', coalesce(to_char(day_before, 'YYYY-MM-DD'), ''), 'to', to_char(day, 'YYYY-MM-DD'),
                         'description', reading) || o);
  ELSIF kind = 'trend' THEN
    EXECUTE format($q$
      WITH t AS (SELECT * FROM customer_tier_internal.tiers_on($1, $2)),
      counted AS (
        SELECT as_of, tier, sum(heads)::float8 AS heads
        FROM %s
        WHERE as_of <= $2
        GROUP BY as_of, tier
        HAVING sum(heads) > 0),
      old AS (SELECT DISTINCT tier FROM counted WHERE tier NOT IN (SELECT tier FROM t))
      SELECT array_agg(as_of ORDER BY as_of, tier) AS days,
             array_agg(coalesce(label, tier) ORDER BY as_of, tier) AS labels_then,
             array_agg(c.heads ORDER BY as_of, tier) AS heads,
             ARRAY(SELECT tier FROM old ORDER BY tier COLLATE "C") || ARRAY(SELECT label FROM t ORDER BY place)
               AS labels,
             ARRAY(SELECT NULL::text FROM old) || ARRAY(SELECT colour FROM t ORDER BY place) AS colours,
             min(as_of) AS first_day, sum(c.heads) FILTER (WHERE as_of = $2) AS at_last,
             (SELECT sum(x.heads) FROM counted AS x WHERE x.as_of = (SELECT min(as_of) FROM counted)) AS at_first
      FROM counted AS c
        LEFT JOIN t USING (tier)
      $q$, customer_tier_internal.view_beside(scheme, '_trend'))
      INTO days, labels_then, figures, labels, colours, first_day, at_last, at_first USING scheme, day;
    reading := customer_tier_internal.say(
      'There were %s customers on %s and %s on %s.', language,
      customer_tier_internal.picture_number(at_first, language), to_char(first_day, 'YYYY-MM-DD'),
      customer_tier_internal.picture_number(at_last, language), to_char(day, 'YYYY-MM-DD'));
    svg := customer_tier.svg_trend(days, labels_then, figures, labels, colours,
                                   jsonb_build_object('description', reading) || o);
  ELSE
    -- what each tier brings now, less what it brought before
    SELECT array_agg(label ORDER BY place DESC), array_agg(change ORDER BY place DESC), sum(before), sum(now)
      INTO labels, figures, at_first, at_last
    FROM (
      SELECT n.place, n.label, n.value AS now, coalesce(b.value, 0) AS before, n.value - coalesce(b.value, 0) AS change
      FROM customer_tier_internal.tiers_on(scheme, day) AS n
        LEFT JOIN customer_tier_internal.tiers_on(scheme, day_before) AS b USING (tier)) AS t;
    IF day_before IS NOT NULL THEN
      reading := customer_tier_internal.say(
        'The value went from %s to %s; between them, what each tier brings more or less, whoever is in it.', language,
        customer_tier_internal.picture_number(at_first, language),
        customer_tier_internal.picture_number(at_last, language));
      svg := customer_tier.svg_bars(
        to_char(day_before, 'YYYY-MM-DD') || labels || to_char(day, 'YYYY-MM-DD'),
        array_append(array_prepend(at_first, figures), NULL),
        options => jsonb_build_object('title', customer_tier_internal.picture_word('Where the value changed', language),
                                      'waterfall', true, 'description', reading) || o);
    ELSE
      svg := customer_tier.svg_bars(NULL, NULL, options => jsonb_build_object(
        'title', customer_tier_internal.picture_word('Where the value changed', language)) || o);
    END IF;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.picture_of_time(regclass, text, date, date, date, jsonb, text) IS
  'support of picture: flow, trend and drivers';

-- Of those who came to a tier at a refresh, who is in it at each later one.
CREATE FUNCTION customer_tier_internal.picture_of_cohorts(scheme regclass, day date, tier text, o jsonb, language text,
  OUT svg text, OUT reading text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  cohorts text[];
  ages integer[];
  retention double precision[];
  came double precision[];
  next_share double precision;
  label text;
BEGIN
  IF tier IS NULL THEN
    SELECT t.tier, t.label INTO tier, label
    FROM customer_tier_internal.tiers_on(scheme, day) AS t
    WHERE t.heads > 0
    ORDER BY place DESC
    LIMIT 1;
  ELSE
    SELECT t.label INTO label FROM customer_tier_internal.tiers_on(scheme, day) AS t WHERE t.tier = $3;
    IF label IS NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('%s has no tier "%s"', scheme, tier),
        HINT = format('Its tiers are %s.', (SELECT string_agg(t.tier, ', ' ORDER BY place)
                                            FROM customer_tier_internal.tiers_on(scheme, day) AS t));
    END IF;
  END IF;
  EXECUTE format($q$
    WITH days AS (
      SELECT as_of, row_number() OVER (ORDER BY as_of DESC) AS ago
      FROM (SELECT DISTINCT as_of FROM %1$s WHERE as_of <= $1) AS d),
    entered AS (
      SELECT h.customer, d.as_of, d.ago
      FROM %2$s AS h
        JOIN days AS d ON d.as_of = h.valid_from AND d.ago <= 24
      WHERE h.tier = $2 AND h.previous_tier IS DISTINCT FROM h.tier),
    present AS (
      SELECT e.as_of, e.ago - d.ago AS age, count(*)::float8 AS heads
      FROM entered AS e
        JOIN %2$s AS h ON h.customer = e.customer AND h.tier = $2
        JOIN days AS d ON d.as_of >= e.as_of AND d.as_of >= h.valid_from AND d.as_of < h.valid_to
      GROUP BY 1, 2),
    cell AS (
      SELECT c.as_of, c.ago - d.ago AS age, coalesce(p.heads, 0) AS heads, c.heads AS came
      FROM (SELECT as_of, ago, count(*)::float8 AS heads FROM entered GROUP BY 1, 2) AS c
        JOIN days AS d ON d.ago <= c.ago
        LEFT JOIN present AS p ON p.as_of = c.as_of AND p.age = c.ago - d.ago)
    SELECT array_agg(to_char(as_of, 'YYYY-MM-DD') ORDER BY as_of, age) AS cohorts,
           array_agg(age::int4 ORDER BY as_of, age) AS ages,
           array_agg(heads / came ORDER BY as_of, age) AS retention, array_agg(came ORDER BY as_of, age) AS came,
           sum(heads) FILTER (WHERE age = 1) / nullif(sum(came) FILTER (WHERE age = 1), 0) AS next_share
    FROM cell
    $q$, customer_tier_internal.view_beside(scheme, '_trend'), customer_tier_internal.view_beside(scheme, '_history'))
    INTO cohorts, ages, retention, came, next_share USING day, tier;
  reading := customer_tier_internal.say('Of those who came to %s, %s were in it one refresh later.', language, label,
                                        customer_tier_internal.picture_percent(next_share));
  svg := customer_tier.svg_cohorts(cohorts, ages, retention, came, jsonb_build_object(
    'title', customer_tier_internal.say('Who came to %s, and stayed', language, label),
    'x', customer_tier_internal.picture_word('part that is in it, in %, by refreshes since', language),
    'description', reading) || o);
END $$;
COMMENT ON FUNCTION customer_tier_internal.picture_of_cohorts(regclass, date, text, jsonb, text) IS
  'support of picture: cohorts';

CREATE FUNCTION customer_tier_internal.picture_of_values(scheme regclass, kind text, measure text, o jsonb,
  language text, OUT svg text, OUT reading text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  curve customer_tier.curve_point[];
  gini double precision;
  top_1 double precision;
  top_10 double precision;
  top_20 double precision;
  peak double precision;
  peak_at double precision;
  points customer_tier.whale_point[];
  classes text[];
  goodness double precision[];
  best integer;
BEGIN
  measure := customer_tier_internal.measure_to_show(scheme, measure);
  IF kind = 'lorenz' THEN
    EXECUTE format($q$
      SELECT curve, (c).gini, (c).top_1_share, (c).top_10_share, (c).top_20_share
      FROM (SELECT customer_tier.lorenz(%1$I, 200) AS curve, customer_tier.concentration(%1$I) AS c FROM %2$s) AS x
      $q$, measure, scheme) INTO curve, gini, top_1, top_10, top_20;
    reading := customer_tier_internal.say(
      'The best 1%% of the customers bring %s of the value, the best 10%% %s, the best 20%% %s.', language,
      customer_tier_internal.picture_percent(top_1), customer_tier_internal.picture_percent(top_10),
      customer_tier_internal.picture_percent(top_20));
    svg := customer_tier.svg_lorenz(curve, gini, jsonb_build_object('description', reading) || o);
  ELSIF kind = 'whale' THEN
    EXECUTE format($q$
      SELECT (w).peak, (w).peak_at, (w).points FROM (SELECT customer_tier.whale_curve(%I, 200) AS w FROM %s) AS x
      $q$, measure, scheme) INTO peak, peak_at, points;
    reading := CASE
      WHEN peak > 1.0005 THEN customer_tier_internal.say(
        '%s of the customers bring %s of the profit; the others cost what is above 100%%.', language,
        customer_tier_internal.picture_percent(peak_at), customer_tier_internal.picture_percent(peak))
      WHEN peak IS NOT NULL THEN
        customer_tier_internal.picture_word('No customer costs more than it brings.', language)
    END;
    svg := customer_tier.svg_whale(ROW(NULL, NULL, peak, peak_at, NULL, points)::customer_tier.whale_curve,
                                   jsonb_build_object('description', reading) || o);
  ELSE
    EXECUTE format($q$
      SELECT array_agg(classes::text ORDER BY classes), array_agg(goodness ORDER BY classes),
             min(classes) FILTER (WHERE goodness >= 0.9)
      FROM unnest((SELECT customer_tier.natural_fit(ln(%1$I), 8) FROM %2$s WHERE %1$I > 0))
      $q$, measure, scheme) INTO classes, goodness, best;
    reading := customer_tier_internal.say(
      'Natural breaks of the logarithm: from %s classes on they explain 90%% of the differences.', language,
      best::text);
    svg := customer_tier.svg_bars(classes, goodness, options => jsonb_build_object(
      'title', customer_tier_internal.picture_word('How many levels there are', language),
      'x', customer_tier_internal.picture_word('differences explained, by the number of classes', language),
      'percent', true, 'highlight', best::text, 'description', reading) || o);
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.picture_of_values(regclass, text, text, jsonb, text) IS
  'support of picture: lorenz, whale and natural';

-- The two axes of a grid: those that are asked for, frequency and recency, or the first two.
CREATE FUNCTION customer_tier_internal.axes_to_show(scheme regclass, asked jsonb, OUT x text, OUT y text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  measures text[] := customer_tier_internal.measures_of(scheme);
BEGIN
  IF asked IS NOT NULL THEN
    IF jsonb_typeof(asked) <> 'array' OR jsonb_array_length(asked) <> 2 THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'option "axes" is not two measures',
        HINT = 'For example "axes": ["f", "r"], the horizontal one first.';
    END IF;
    x := customer_tier_internal.measure_to_show(scheme, coalesce(asked ->> 0, ''));
    y := customer_tier_internal.measure_to_show(scheme, coalesce(asked ->> 1, ''));
  ELSIF cardinality(measures) < 2 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('%s has one axis', scheme),
      HINT = 'A grid is of two: ask for pyramid, lorenz or bars.';
  ELSIF measures @> '{r, f}' THEN
    x := 'f';
    y := 'r';
  ELSE
    x := measures[1];
    y := measures[2];
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.axes_to_show(regclass, jsonb) IS
  'support of picture: the two axes of a grid';

CREATE FUNCTION customer_tier_internal.axis_name(measure text, language text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT customer_tier_internal.picture_word(
  CASE measure WHEN 'r' THEN 'recency' WHEN 'f' THEN 'frequency' WHEN 'm' THEN 'money' ELSE measure END, language)
$$;
COMMENT ON FUNCTION customer_tier_internal.axis_name(text, text) IS 'support of picture: a measure as it is shown';

CREATE FUNCTION customer_tier_internal.picture_of_scores(scheme regclass, day date, axes jsonb, measure text, o jsonb,
  language text, OUT svg text, OUT reading text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a record;
  xs integer[];
  ys integer[];
  heads double precision[];
  means double precision[];
  labels text[];
  all_heads double precision;
  largest integer;
  x_name text;
  y_name text;
BEGIN
  SELECT * INTO a FROM customer_tier_internal.axes_to_show(scheme, axes);
  measure := customer_tier_internal.measure_to_show(scheme, measure);
  EXECUTE format($q$
    WITH cell AS (
      SELECT %1$I AS x, %2$I AS y, count(*)::float8 AS heads, avg(%3$I) AS value,
             CASE WHEN min(earned_tier) = max(earned_tier) THEN min(earned_tier) END AS tier
      FROM %4$s
      WHERE %1$I IS NOT NULL AND %2$I IS NOT NULL
      GROUP BY 1, 2)
    SELECT array_agg(x ORDER BY x, y) AS x, array_agg(y ORDER BY x, y) AS y,
           array_agg(c.heads ORDER BY x, y) AS heads, array_agg(c.value ORDER BY x, y) AS value,
           -- where two scores make the tier, each cell is of one
           CASE WHEN count(label) = count(*) THEN array_agg(label ORDER BY x, y) END AS labels,
           sum(c.heads) AS all_heads
    FROM cell AS c
      LEFT JOIN customer_tier_internal.tiers_on($1, $2) AS t USING (tier)
    $q$, a.x || '_score', a.y || '_score', measure, scheme) INTO xs, ys, heads, means, labels, all_heads
    USING scheme, day;
  x_name := customer_tier_internal.axis_name(a.x, language);
  y_name := customer_tier_internal.axis_name(a.y, language);
  SELECT i INTO largest FROM unnest(heads) WITH ORDINALITY AS u(n, i) ORDER BY n DESC, i LIMIT 1;
  reading := customer_tier_internal.say(
    'The largest group, %s of the customers, scores %s in %s and %s in %s. The best in both are %s of the customers.',
    language, customer_tier_internal.picture_percent(heads[largest] / all_heads), xs[largest]::text, x_name,
    ys[largest]::text, y_name,
    customer_tier_internal.picture_percent(coalesce(
      (SELECT n / all_heads FROM unnest(xs, ys, heads) AS u(x, y, n) ORDER BY (x + y) DESC, x DESC LIMIT 1), 0)));
  svg := customer_tier.svg_heat(xs, ys, heads, means, labels, jsonb_build_object(
    'x', customer_tier_internal.say('score of %s', language, x_name),
    'y', customer_tier_internal.say('score of %s', language, y_name),
    'figures', customer_tier_internal.say('customers; below, the mean of %s, which gives the shade', language,
                                          customer_tier_internal.axis_name(measure, language)),
    'description', reading) || o);
END $$;
COMMENT ON FUNCTION customer_tier_internal.picture_of_scores(regclass, date, jsonb, text, jsonb, text) IS
  'support of picture: heat';

CREATE FUNCTION customer_tier_internal.picture_of_quadrants(scheme regclass, day date, axes jsonb, o jsonb,
  language text, OUT svg text, OUT reading text)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  a record;
  xs double precision[];
  ys double precision[];
  x_line double precision;
  y_line double precision;
  names text[];
  heads bigint;
  high bigint;
  low bigint;
BEGIN
  SELECT * INTO a FROM customer_tier_internal.axes_to_show(scheme, axes);
  -- the line between the lower and the upper half of the scores; where less is better, the
  -- upper half has the smaller values
  EXECUTE format($q$
    WITH c AS (
      SELECT %1$I AS x, %2$I AS y, %3$I AS x_score, %4$I AS y_score, earned_tier
      FROM %5$s
      WHERE %1$I IS NOT NULL AND %2$I IS NOT NULL AND %3$I IS NOT NULL AND %4$I IS NOT NULL),
    half AS (SELECT max(x_score) / 2 AS x, max(y_score) / 2 AS y FROM c),
    line AS (
      SELECT min(c.x) FILTER (WHERE x_score > half.x) AS x_from, max(c.x) FILTER (WHERE x_score > half.x) AS x_to,
             max(c.x) FILTER (WHERE x_score <= half.x) AS x_below,
             min(c.y) FILTER (WHERE y_score > half.y) AS y_from, max(c.y) FILTER (WHERE y_score > half.y) AS y_to,
             max(c.y) FILTER (WHERE y_score <= half.y) AS y_below,
             max(x_score) = 2 AND max(y_score) = 2 AS four
      FROM c, half),
    tier AS (
      SELECT x_score, y_score, coalesce(label, earned) AS label
      FROM (SELECT x_score, y_score, min(earned_tier) AS earned
            FROM c
            GROUP BY x_score, y_score
            HAVING min(earned_tier) = max(earned_tier)) AS e
        LEFT JOIN customer_tier_internal.tiers_on($1, $2) AS t ON t.tier = e.earned)
    SELECT array_agg(c.x) AS x, array_agg(c.y) AS y,
           (SELECT CASE WHEN x_from >= x_below THEN x_from ELSE x_to END FROM line) AS x_line,
           (SELECT CASE WHEN y_from >= y_below THEN y_from ELSE y_to END FROM line) AS y_line,
           (SELECT CASE WHEN four AND x_from >= x_below AND y_from >= y_below THEN ARRAY(
              SELECT label
              FROM generate_series(1, 2) AS q, generate_series(1, 2) AS p
                LEFT JOIN tier ON true
              WHERE x_score = p AND y_score = q
              ORDER BY q, p) END FROM line) AS names,
           count(*) AS heads, count(*) FILTER (WHERE x_score > half.x AND y_score > half.y) AS both,
           count(*) FILTER (WHERE x_score <= half.x AND y_score <= half.y) AS neither
    FROM c, half
    $q$, a.x, a.y, a.x || '_score', a.y || '_score', scheme)
    INTO xs, ys, x_line, y_line, names, heads, high, low USING scheme, day;
  reading := customer_tier_internal.say(
    '%s of the customers score high in both %s and %s, %s in neither.', language,
    customer_tier_internal.picture_percent(high / nullif(heads, 0)::float8),
    customer_tier_internal.axis_name(a.x, language), customer_tier_internal.axis_name(a.y, language),
    customer_tier_internal.picture_percent(low / nullif(heads, 0)::float8));
  svg := customer_tier.svg_quadrant(xs, ys, x_line, y_line, CASE WHEN cardinality(names) = 4 THEN names END,
    jsonb_build_object('x', customer_tier_internal.axis_name(a.x, language),
                       'y', customer_tier_internal.axis_name(a.y, language), 'description', reading) || o);
END $$;
COMMENT ON FUNCTION customer_tier_internal.picture_of_quadrants(regclass, date, jsonb, jsonb, text) IS
  'support of picture: quadrant';
