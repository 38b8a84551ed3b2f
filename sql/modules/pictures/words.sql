-- Words and numbers of pictures and reports.

CREATE FUNCTION customer_tier_internal.picture_word(word text, language text) RETURNS text
AS 'MODULE_PATHNAME', 'ct_picture_word'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.picture_word(text, text) IS
  'support of picture: an English text in another language';

CREATE FUNCTION customer_tier_internal.picture_number(value double precision, language text) RETURNS text
AS 'MODULE_PATHNAME', 'ct_picture_number'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.picture_number(double precision, text) IS
  'support of picture: a number with the digits that count';

CREATE FUNCTION customer_tier_internal.picture_percent(share double precision) RETURNS text
AS 'MODULE_PATHNAME', 'ct_picture_percent'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.picture_percent(double precision) IS
  'support of picture: a fraction as per cent';

CREATE FUNCTION customer_tier_internal.xml_text(content text) RETURNS text
AS 'MODULE_PATHNAME', 'ct_xml_text'
LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION customer_tier_internal.xml_text(text) IS
  'support of report: a text as XML has it, in ASCII';

CREATE FUNCTION customer_tier_internal.say(sentence text, language text, VARIADIC arguments text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT format(customer_tier_internal.picture_word(sentence, language), VARIADIC arguments) $$;
COMMENT ON FUNCTION customer_tier_internal.say(text, text, text[]) IS
  'support of picture: a sentence in a language, with what belongs into it';
