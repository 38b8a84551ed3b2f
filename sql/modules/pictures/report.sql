-- report(scheme): a page with all pictures of a scheme, their readings and its tables.
-- It is ASCII, has nothing from outside, and runs no script: a file, or a part of a mail.

CREATE FUNCTION customer_tier_internal.report_style() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT '
:root{color-scheme:light dark}
body{margin:0;background:#fff;color:#1f2328;font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",
  Arial,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
main{max-width:720px;margin:0 auto;padding:32px 16px 64px}
h1{font-size:30px;line-height:1.2;margin:0 0 4px 24px}
.lead,figcaption,.note{margin-left:24px;margin-right:24px}
.lead,.note{color:#59636e}
.note{font-size:13px}
figure{margin:36px 0 0;border-top:1px solid #e4e7eb;padding-top:12px}
figcaption{margin-top:4px}
svg{display:block;max-width:100%;height:auto}
.draw{overflow-x:auto}
.scroll{overflow-x:auto;margin:36px 24px 0}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding-bottom:6px}
th,td{padding:5px 0 5px 16px;text-align:right;border-top:1px solid #e4e7eb;white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{border-top:0;color:#59636e;font-weight:400}
@media(prefers-color-scheme:dark){
body{background:#16191d;color:#e6e9ed}.lead,.note,thead th{color:#9aa4af}figure,th,td{border-color:#2d333a}}
@media(max-width:600px){main{padding:20px 10px 40px}h1{font-size:24px}h1,.lead,figcaption,.note,.scroll{margin-left:6px;
  margin-right:6px}.draw svg{min-width:480px}th,td{padding-left:10px}}
@media print{figure,tr{break-inside:avoid}}
'
$$;
COMMENT ON FUNCTION customer_tier_internal.report_style() IS 'support of report: how the page looks';

-- a table; texts are escaped here
CREATE FUNCTION customer_tier_internal.report_table(caption text, head text[], cells text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format(
  E'<div class="scroll"><table><caption>%s</caption><thead><tr>%s</tr></thead>\n<tbody>%s</tbody></table></div>\n',
  customer_tier_internal.xml_text(caption),
  (SELECT string_agg(format('<th scope="col">%s</th>', customer_tier_internal.xml_text(h)), '' ORDER BY i)
   FROM unnest(head) WITH ORDINALITY AS u(h, i)),
  (SELECT string_agg(
     CASE WHEN (i - 1) % cardinality(head) = 0 THEN '<tr>' ELSE '' END ||
     format('<td>%s</td>', customer_tier_internal.xml_text(coalesce(c, ''))) ||
     CASE WHEN i % cardinality(head) = 0 THEN E'</tr>\n' ELSE '' END, '' ORDER BY i)
   FROM unnest(cells) WITH ORDINALITY AS u(c, i)))
$$;
COMMENT ON FUNCTION customer_tier_internal.report_table(text, text[], text[]) IS
  'support of report: a table, from its cells row by row';

CREATE FUNCTION customer_tier_internal.report_of_tiers(scheme regclass, day date, language text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  head text[];
  cells text[];
BEGIN
  head := ARRAY(SELECT customer_tier_internal.picture_word(w, language)
                FROM unnest('{Tier, Customers, Part of them, Value, Part of it, Orders, Average order}'::text[])
                  WITH ORDINALITY AS u(w, i) ORDER BY i);
  SELECT array_agg(c ORDER BY place DESC, i) INTO cells
  FROM (SELECT *, sum(x.heads) OVER () AS all_heads, sum(x.held) OVER () AS all_held
        FROM customer_tier_internal.tiers_on(scheme, day) AS x) AS t,
    unnest(ARRAY[
      label, customer_tier_internal.picture_number(heads, language),
      customer_tier_internal.picture_percent(heads / nullif(all_heads, 0)),
      customer_tier_internal.picture_number(value, language),
      customer_tier_internal.picture_percent(held / nullif(all_held, 0)),
      customer_tier_internal.picture_number(orders, language),
      customer_tier_internal.picture_number(value / nullif(orders, 0), language)]) WITH ORDINALITY AS u(c, i);
  RETURN customer_tier_internal.report_table(
    customer_tier_internal.say('The tiers on %s', language, to_char(day, 'YYYY-MM-DD')), head, cells)
    || CASE
         WHEN EXISTS (SELECT FROM customer_tier_internal.tiers_on(scheme, day) AS x WHERE x.held > x.value) THEN
           format(E'<p class="note">%s</p>\n', customer_tier_internal.xml_text(customer_tier_internal.picture_word(
             'Part of the value: of what customers above zero brought. Those at zero or below hold nothing.',
             language)))
         ELSE ''
       END;
END $$;
COMMENT ON FUNCTION customer_tier_internal.report_of_tiers(regclass, date, text) IS
  'support of report: the table of tiers';

CREATE FUNCTION customer_tier_internal.report_of_moves(scheme regclass, day date, day_before date, last_day date,
  language text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  head text[];
  cells text[];
BEGIN
  IF day_before IS NULL THEN
    RETURN '';
  END IF;
  head := ARRAY(SELECT customer_tier_internal.picture_word(w, language)
                FROM unnest('{From, To, Customers}'::text[]) WITH ORDINALITY AS u(w, i) ORDER BY i);
  -- the largest moves; a scheme of many tiers has hundreds
  SELECT array_agg(c ORDER BY place, i) INTO cells
  FROM (
    SELECT row_number() OVER (ORDER BY m.heads DESC, a.place DESC NULLS LAST, b.place DESC NULLS LAST) AS place,
           coalesce(a.label, m.from_tier, customer_tier_internal.picture_word('new', language)) AS source,
           coalesce(b.label, m.to_tier, customer_tier_internal.picture_word('left', language)) AS target,
           customer_tier_internal.picture_number(m.heads, language) AS figure
    FROM customer_tier_internal.moves_on(scheme, day, day_before, last_day) AS m
      LEFT JOIN customer_tier_internal.tiers_on(scheme, day) AS a ON a.tier = m.from_tier
      LEFT JOIN customer_tier_internal.tiers_on(scheme, day) AS b ON b.tier = m.to_tier
    WHERE m.from_tier IS DISTINCT FROM m.to_tier
    ORDER BY place
    LIMIT 12) AS t, unnest(ARRAY[source, target, figure]) WITH ORDINALITY AS u(c, i);
  IF cells IS NULL THEN
    RETURN '';
  END IF;
  RETURN customer_tier_internal.report_table(
    customer_tier_internal.say('The largest moves since %s', language, to_char(day_before, 'YYYY-MM-DD')), head, cells);
END $$;
COMMENT ON FUNCTION customer_tier_internal.report_of_moves(regclass, date, date, date, text) IS
  'support of report: the table of moves';

-- The pictures that a scheme has, in the order in which they are read.  Values and scores
-- are those of the last refresh: a report of an earlier day goes without them.
CREATE FUNCTION customer_tier_internal.report_kinds(scheme regclass, day date, day_before date, last_day date)
RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  measures text[] := customer_tier_internal.measures_of(scheme);
  tiers bigint;
  customers double precision;
  worth text := customer_tier_internal.measure_to_show(scheme, NULL);
  with_losses boolean;
  small boolean;
BEGIN
  SELECT count(*), sum(heads) INTO tiers, customers FROM customer_tier_internal.tiers_on(scheme, day);
  -- a few returns make no whale
  EXECUTE format('SELECT sum(%1$I) FILTER (WHERE %1$I < 0) < -0.01 * sum(%1$I) FROM %2$s', worth, scheme)
    INTO with_losses;
  EXECUTE format('SELECT count(DISTINCT tier) <= 20 AND count(DISTINCT as_of) <= 2000 FROM %s WHERE as_of <= $1',
                 customer_tier_internal.view_beside(scheme, '_trend')) INTO small USING day;
  RETURN ARRAY(
    SELECT kind
    FROM (VALUES
      (1, 'pyramid', tiers <= 60),
      (2, 'lorenz', day = last_day),
      (3, 'whale', day = last_day AND with_losses),
      (4, 'flow', day_before IS NOT NULL AND tiers <= 20),
      (5, 'trend', day_before IS NOT NULL AND small),
      (6, 'drivers', day_before IS NOT NULL AND tiers <= 20),
      (7, 'bars', tiers <= 60),
      (8, 'heat', day = last_day AND cardinality(measures) >= 2),
      (9, 'quadrant', day = last_day AND cardinality(measures) = 2),
      (10, 'funnel', tiers <= 8),
      (11, 'cohorts', day_before IS NOT NULL),
      -- the exact breaks of a million values take a while: picture() has them
      (12, 'natural', day = last_day AND customers <= 200000)) AS k(i, kind, fits)
    WHERE fits
    ORDER BY i);
END $$;
COMMENT ON FUNCTION customer_tier_internal.report_kinds(regclass, date, date, date) IS
  'support of report: the pictures that a scheme has';

CREATE FUNCTION report(scheme regclass, as_of date DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  language text := coalesce(options ->> 'language', 'en');
  title text := coalesce(options ->> 'title', customer_tier_internal.say('Customer tiers: %s', language, scheme::text));
  d record;
  k text;
  unknown text;
  p record;
  o jsonb;
  body text := '';
  lead text;
BEGIN
  IF scheme IS NULL OR options IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT min(x) INTO unknown FROM jsonb_object_keys(options) AS x WHERE x NOT IN ('language', 'title', 'theme');
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('a report has no option "%s"', unknown),
      HINT = 'Its options are language, title, theme.';
  END IF;
  SELECT * INTO d FROM customer_tier_internal.refresh_days(scheme, as_of);
  SELECT customer_tier_internal.say('%s customers in %s tiers on %s; value %s.', language,
      customer_tier_internal.picture_number(sum(heads), language),
      customer_tier_internal.picture_number(count(*), language), to_char(d.day, 'YYYY-MM-DD'),
      customer_tier_internal.picture_number(sum(value), language))
    INTO lead
  FROM customer_tier_internal.tiers_on(scheme, d.day)
  WHERE heads > 0;
  FOREACH k IN ARRAY customer_tier_internal.report_kinds(scheme, d.day, d.day_before, d.last_day) LOOP
    o := options - '{title}'::text[] || '{"subtitle": null}';
    IF k NOT IN ('lorenz', 'whale', 'heat', 'quadrant', 'natural') THEN
      o := o || jsonb_build_object('as_of', to_char(d.day, 'YYYY-MM-DD'));
    END IF;
    SELECT * INTO p FROM customer_tier_internal.picture_and_reading(scheme, k, o);
    body := body || format(E'<figure><div class="draw">%s</div>\n<figcaption>%s</figcaption></figure>\n', p.svg,
                           customer_tier_internal.xml_text(coalesce(p.reading, '')));
    IF k = 'pyramid' THEN
      body := body || customer_tier_internal.report_of_tiers(scheme, d.day, language);
    ELSIF k = 'flow' THEN
      body := body || customer_tier_internal.report_of_moves(scheme, d.day, d.day_before, d.last_day, language);
    END IF;
  END LOOP;
  RETURN format('<!doctype html>
<html lang="%1$s"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>%2$s</title>
<style>%3$s</style></head>
<body><main><h1>%2$s</h1><p class="lead">%4$s</p>
%5$s<p class="note">%6$s</p></main></body></html>',
    CASE language WHEN 'zh' THEN 'zh-CN' ELSE 'en' END, customer_tier_internal.xml_text(title),
    customer_tier_internal.report_style(), customer_tier_internal.xml_text(lead), body,
    customer_tier_internal.xml_text(customer_tier_internal.say(CASE
      WHEN d.day = d.last_day THEN 'As of the refresh of %s.'
      ELSE 'As of the refresh of %s. What is drawn from values and scores is there for the last refresh only.'
    END, language, to_char(d.day, 'YYYY-MM-DD'))));
END $$;
COMMENT ON FUNCTION report(regclass, date, jsonb) IS
  'a page of HTML with all pictures of a scheme, in words as well, as of a day; options: language, title, theme';
