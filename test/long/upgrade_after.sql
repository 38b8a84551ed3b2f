-- After pg_upgrade: what was pending is still, and writes are captured as before.
SET ROLE owner;
SET search_path = crm, customer_tier;
SET client_min_messages = warning;
SELECT 'pending after: ' || string_agg(source || ' ' || pending, ', ' ORDER BY source::text) FROM sources;
CREATE TEMP TABLE wrong AS
SELECT s.source::text, v.customer FROM sources AS s, LATERAL verify_source(s.source) AS v;
INSERT INTO sales (buyer, kind, day, amount) VALUES ('new', 'bob', '2026-03-01 12:00+00', 9.75);
UPDATE part SET buyer = 2 WHERE buyer = 9;
DELETE FROM lines WHERE order_id = 5;
INSERT INTO wrong SELECT s.source::text, v.customer FROM sources AS s, LATERAL verify_source(s.source) AS v;
CALL refresh_all();
INSERT INTO wrong SELECT s.source::text, v.customer FROM sources AS s, LATERAL verify_source(s.source) AS v;
INSERT INTO wrong
SELECT source::text, 'is not captured'
FROM sources
WHERE capturing IS NOT TRUE OR changed OR pending <> 0 OR last_error IS NOT NULL;
SELECT * FROM wrong;
CALL untrack_all();
SELECT CASE WHEN (SELECT count(*) FROM wrong) = 0 AND NOT EXISTS (SELECT FROM sources)
         THEN 'all is right' ELSE 'WRONG' END;
