-- Lookups: established segments and presets, as rows.

CREATE FUNCTION rfm_segments(OUT r integer, OUT f integer, OUT m integer, OUT segment text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 125 SET search_path = pg_catalog, pg_temp
AS $$
SELECT r, f, m, customer_tier.rfm_segment(r, f, m)
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f, generate_series(1, 5) AS m
ORDER BY r, f, m
$$;
COMMENT ON FUNCTION rfm_segments() IS 'the eleven segments of the 125 codes of recency, frequency and monetary scores';

CREATE FUNCTION rfm_grid_segments(OUT r integer, OUT f integer, OUT segment text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 25 SET search_path = pg_catalog, pg_temp
AS $$
SELECT r, f, customer_tier.rfm_grid_segment(r, f)
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f
ORDER BY r, f
$$;
COMMENT ON FUNCTION rfm_grid_segments() IS 'the segments of the 25 codes of recency and frequency scores';

CREATE FUNCTION rfm_classes8(language text DEFAULT 'en', OUT r_high boolean, OUT f_high boolean, OUT m_high boolean,
  OUT class text) RETURNS SETOF record
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE ROWS 8 SET search_path = pg_catalog, pg_temp
AS $$
SELECT r, f, m, customer_tier.rfm_class8(r, f, m, $1)
FROM unnest('{true, false}'::boolean[]) AS r, unnest('{true, false}'::boolean[]) AS f,
  unnest('{true, false}'::boolean[]) AS m
ORDER BY m DESC, r DESC, f DESC
$$;
COMMENT ON FUNCTION rfm_classes8(text) IS
  'the eight classes, by which scores are high; in English (en) or Chinese (zh)';

CREATE FUNCTION pyramid_presets(OUT preset text, OUT tier integer, OUT label text, OUT heads double precision,
  OUT top double precision) RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 8 SET search_path = pg_catalog, pg_temp
AS $$
VALUES ('curry', 1, 'top', 0.01::float8, 0.01::float8),
       ('curry', 2, 'large', 0.04, 0.05),
       ('curry', 3, 'medium', 0.15, 0.2),
       ('curry', 4, 'small', 0.8, 1),
       ('1-19-30-50', 1, 'important', 0.01, 0.01),
       ('1-19-30-50', 2, 'secondary', 0.19, 0.2),
       ('1-19-30-50', 3, 'ordinary', 0.3, 0.5),
       ('1-19-30-50', 4, 'small', 0.5, 1)
$$;
COMMENT ON FUNCTION pyramid_presets() IS
  'customer pyramids: each tier''s part of the heads, and the part down to it, as head_cuts takes it';

CREATE FUNCTION abc_presets(OUT preset text, OUT tier integer, OUT label text, OUT share double precision,
  OUT top double precision) RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 6 SET search_path = pg_catalog, pg_temp
AS $$
VALUES ('80-95', 1, 'A', 0.8::float8, 0.8::float8),
       ('80-95', 2, 'B', 0.15, 0.95),
       ('80-95', 3, 'C', 0.05, 1),
       ('70-90', 1, 'A', 0.7, 0.7),
       ('70-90', 2, 'B', 0.2, 0.9),
       ('70-90', 3, 'C', 0.1, 1)
$$;
COMMENT ON FUNCTION abc_presets() IS
  'ABC analyses: each class''s share of the value, and the share down to it, as share_cuts takes it';
