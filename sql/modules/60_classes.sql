-- Classes: a value against its lines.

CREATE FUNCTION score(value double precision, cuts double precision[]) RETURNS integer
AS 'MODULE_PATHNAME', 'customer_tier_score'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION score(double precision, double precision[]) IS '1 + the number of cut points reached';

CREATE FUNCTION score(value numeric, cuts double precision[]) RETURNS integer
AS 'MODULE_PATHNAME', 'customer_tier_score_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION score(numeric, double precision[]) IS '1 + the number of cut points reached';

CREATE FUNCTION classify(value double precision, cuts double precision[], labels text[]) RETURNS text
AS 'MODULE_PATHNAME', 'customer_tier_classify'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION classify(double precision, double precision[], text[]) IS 'the label of the class that the value reaches; labels from the lowest class up';

CREATE FUNCTION classify(value numeric, cuts double precision[], labels text[]) RETURNS text
AS 'MODULE_PATHNAME', 'customer_tier_classify_numeric'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION classify(numeric, double precision[], text[]) IS 'the label of the class that the value reaches; labels from the lowest class up';

CREATE FUNCTION quadrant_class(x double precision, y double precision, x_cut double precision, y_cut double precision) RETURNS text
AS 'MODULE_PATHNAME', 'customer_tier_quadrant_class'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION quadrant_class(double precision, double precision, double precision, double precision) IS 'low_value, ordinary (x reaches its cut), potential (y does) or key (both do)';

CREATE FUNCTION quadrant_class(x double precision, y double precision, x_cut double precision, y_cut double precision, labels text[]) RETURNS text
AS 'MODULE_PATHNAME', 'customer_tier_quadrant_class'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION quadrant_class(double precision, double precision, double precision, double precision, text[]) IS 'the label at the value''s place: rows of the labels go with y, columns with x, low first';

CREATE FUNCTION rfm_segment(r integer, f integer, m integer) RETURNS text
AS 'MODULE_PATHNAME', 'customer_tier_rfm_segment'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION rfm_segment(integer, integer, integer) IS 'the named segment of recency, frequency and monetary scores of 1 to 5, 5 the best';
