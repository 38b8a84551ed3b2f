-- Tests every preset on ten random histories; psql variable: seed
SET client_min_messages = warning;
SET search_path = t_replay, test, public, customer_tier;
SELECT format('CALL history(%s)', :seed * 10 + i) FROM generate_series(0, 9) AS i \gexec
SELECT format('CALL same_day(%s)', :seed * 10 + i) FROM generate_series(0, 9) AS i \gexec
