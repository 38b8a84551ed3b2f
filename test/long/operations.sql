-- The random tests of operations in full, after the suites with "keep"; psql variable: seed
SET client_min_messages = warning;
SET search_path = t_operations, test, public, customer_tier;
CALL forests(:seed, 300);
CALL clerks(:seed, 1000);
CALL pairs(:seed, 1000);
SET search_path = t_allocations, test, public, customer_tier;
CALL bases(:seed, 300);
CALL decide_again(:seed, 60);
SET search_path = t_contacts, test, public, customer_tier;
CALL logs(:seed, 300);
