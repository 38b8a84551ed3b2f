-- Tests random lives of a customer base, after the suite with "keep"; psql variable: seed
SET client_min_messages = error;
SET search_path = t_lives, test, public, customer_tier;
SELECT format('CALL closed(%s)', :seed * 10 + i) FROM generate_series(0, 9) AS i \gexec
SELECT format('CALL lives(%s)', :seed * 10 + i) FROM generate_series(0, 9) AS i \gexec
