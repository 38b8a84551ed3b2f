-- A table for a CSV file, by its header line; all columns are text at first.
SELECT format('CREATE TABLE csv (%s)',
              string_agg(format('%I text', coalesce(nullif(btrim(name, ' "'), ''), 'column_' || n)), ', ' ORDER BY n))
FROM unnest(string_to_array(:'header', :'delimiter')) WITH ORDINALITY AS c (name, n)
\gexec
