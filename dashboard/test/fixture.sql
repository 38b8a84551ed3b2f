-- Beside the sample shop: roles, and customers with names that mean something to HTML, SQL and spreadsheets.
SET client_min_messages = warning;
CREATE ROLE viewer LOGIN;
CREATE ROLE stranger LOGIN;
CREATE ROLE partly LOGIN;
GRANT USAGE ON SCHEMA crm TO viewer, partly;
GRANT SELECT ON crm.abc, crm.abc_summary, crm.relation TO viewer;
GRANT SELECT ON crm.abc TO partly;

ALTER TABLE customer ADD owner text;
GRANT SELECT (customer_id, name, owner) ON customer TO viewer;
UPDATE customer SET owner = CASE customer_id % 3 WHEN 0 THEN 'Ann' WHEN 1 THEN 'O''Neil "Bo"' ELSE '陈' END;
UPDATE customer SET name = x.name
FROM (VALUES (54, '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'),
             (230, 'Robert''); DROP TABLE sales; --'),
             (247, '=HYPERLINK("http://evil.example","x")'),
             (260, '100% _under\score "quoted", comma')) AS x(id, name)
WHERE customer_id = x.id;

-- customers that are text, of the worst kind; and a scheme whose name has to be quoted
CREATE TABLE odd (who text, day date, money numeric);
INSERT INTO odd VALUES ('<b>bold</b>', '2026-06-01', 100), ('''; DROP TABLE sales; --', '2026-06-02', 50),
  ('=1+1', '2026-06-03', 20), ('#?&/%', '2026-06-04', 10), ('', '2026-06-05', 5);
CALL customer_tier.track('odd', customer => 'who', amount => 'money', sold_at => 'day');
SELECT customer_tier.create_scheme('crm."Odd ""name"" <i>"', 'odd', preset => 'abc');
SELECT FROM customer_tier.refresh_scheme('crm."Odd ""name"" <i>"', '2026-06-30');
SELECT FROM customer_tier.fit_model('shop', 'sales', '2026-07-31');

-- a stranger's view of such a name is none of the scheme's
GRANT CREATE ON SCHEMA crm TO stranger;
SET ROLE stranger;
CREATE VIEW crm.abc_plan AS SELECT 'trap'::text AS customer;
RESET ROLE;
REVOKE CREATE ON SCHEMA crm FROM stranger;
