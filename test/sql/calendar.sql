-- Tests calendars, which give ranges of days for measures.
SET search_path = t_setup, customer_tier, public;
SET datestyle = iso;

SELECT calendar_year('2026-06-30'), calendar_year('2026-01-01'), calendar_year('2026-12-31');
-- a year that begins in April
SELECT calendar_year('2026-06-30', 4), calendar_year('2026-03-31', 4), calendar_year('2026-04-01', 4);
SELECT calendar_year('2026-06-30', 13);
SELECT calendar_year('infinity');
SELECT anniversary_year('-infinity', '2026-06-30');
SELECT anniversary_year('2026-06-30', 'infinity');
SELECT calendar_year('5874897-12-31');
SELECT calendar_year('4714-11-24 BC');
-- there is no year 0
SELECT calendar_year('0001-02-01', 4), anniversary_year('0044-03-15 BC', '2026-06-30');
SELECT calendar_year(NULL), calendar_year('2026-06-30', NULL);

SELECT anniversary_year('2020-05-17', '2026-06-30'), anniversary_year('2020-05-17', '2026-05-16'),
  anniversary_year('2020-05-17', '2026-05-17');
-- the first year, the day itself, and before it
SELECT anniversary_year('2026-02-01', '2026-06-30'), anniversary_year('2026-02-01', '2026-02-01'),
  anniversary_year('2026-02-01', '2026-01-31');
SELECT anniversary_year('2024-02-29', '2025-02-27'), anniversary_year('2024-02-29', '2025-02-28'),
  anniversary_year('2024-02-29', '2028-02-28'), anniversary_year('2024-02-29', '2028-02-29');
-- every day lies in its own year, which is at most 366 days long
SELECT count(*),
  count(*) FILTER (WHERE joined + 365 > as_of AND lower(year) <> joined) AS first_year,
  count(*) FILTER (WHERE NOT (as_of <@ year AND upper(year) = as_of + 1)) AS outside,
  count(*) FILTER (WHERE upper(year) - lower(year) > 366) AS too_long
FROM generate_series(date '2023-01-01', '2025-01-01', '1 day') AS j(t), generate_series(0, 1500, 7) AS n,
  LATERAL (SELECT t::date AS joined, t::date + n AS as_of) AS d,
  LATERAL (SELECT anniversary_year(joined, as_of) AS year) AS y;

SELECT same_period_last_year('[2026-01-01,2026-07-01)'), same_period_last_year('[2024-02-01,2024-02-29]'),
  same_period_last_year('[2025-02-01,2025-02-28]');
SELECT same_period_last_year('empty'), same_period_last_year('(,2026-07-01)'), same_period_last_year(NULL);

-- no setting changes them
SET datestyle = 'German, DMY';
SET intervalstyle = iso_8601;
SET timezone = 'Asia/Kathmandu';
SELECT lower(calendar_year('2026-06-30', 4)) = make_date(2026, 4, 1) AS calendar,
  lower(anniversary_year(make_date(2020, 5, 17), make_date(2026, 6, 30))) = make_date(2026, 5, 17) AS anniversary;
SET datestyle = iso;
RESET intervalstyle;
RESET timezone;

-- in a measure: this year so far beside the same days of the year before
SELECT total(l, year) AS this_year, total(l, same_period_last_year(year)) AS last_year
FROM (SELECT ledger_agg(d, 10) AS l FROM unnest('{2025-03-01, 2025-12-01, 2026-01-05, 2026-05-01}'::date[]) AS d) AS s,
  calendar_year('2026-06-30') AS year;
