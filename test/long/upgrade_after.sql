-- Tests, after pg_upgrade, that pending sales are kept and that writes are captured.
SET ROLE owner;
SET search_path = crm, customer_tier;
SET client_min_messages = warning;
SELECT 'pending after: ' || string_agg(source || ' ' || pending, ', ' ORDER BY source::text) FROM sources;
CREATE TEMP TABLE now AS
SELECT 'grade' AS scheme, h::text AS row FROM grade_history AS h
UNION ALL SELECT 'regional', r::text FROM regional AS r
UNION ALL SELECT 'model', p_alive('model', ledger, '2026-02-20')::text FROM sales_ledger
UNION ALL SELECT 'rule', (to_jsonb(s) - '{made_at}'::text[])::text FROM schemes AS s;
CREATE TEMP TABLE differs AS
(SELECT * FROM kept EXCEPT ALL SELECT * FROM now) UNION ALL (SELECT * FROM now EXCEPT ALL SELECT * FROM kept);
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
INSERT INTO wrong SELECT scheme || ' differs', row FROM differs;
-- the schemes go on: pinned, and as the ledgers have it
SELECT refresh_scheme('grade', '2026-03-02'), refresh_scheme('regional', '2026-03-02'),
       alter_scheme('grade', note => 'upgraded'), alter_scheme('regional', note => 'upgraded');
INSERT INTO wrong
SELECT 'grade', customer FROM (SELECT customer, earned_tier FROM grade
                               EXCEPT SELECT customer, tier FROM tiers_as_of('grade', '2026-03-02')) AS d
UNION ALL
SELECT 'regional', customer FROM (SELECT customer::text, tier FROM regional
                                  EXCEPT SELECT customer, tier FROM tiers_as_of('regional', '2026-03-02')) AS d
UNION ALL
SELECT 'pin', e.tier FROM explain('grade', 'b3') AS e WHERE (tier, status) <> ('Champions', 'pinned');
INSERT INTO wrong SELECT 'no grade', NULL WHERE (SELECT count(*) FROM grade) < 5 OR (SELECT count(*) FROM regional) < 5;
SELECT * FROM wrong;
SELECT drop_scheme(scheme) FROM schemes;
SELECT drop_model('model');
CALL untrack_all();
SELECT CASE WHEN (SELECT count(*) FROM wrong) = 0 AND NOT EXISTS (SELECT FROM sources)
              AND NOT EXISTS (SELECT FROM schemes) AND NOT EXISTS (SELECT FROM models)
         THEN 'all is right' ELSE 'WRONG' END;
