-- Commands that run as the owner of a relation, and catalog lookups.

CREATE FUNCTION customer_tier_internal.is_owner(relation regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = $1 $$;
COMMENT ON FUNCTION customer_tier_internal.is_owner(regclass) IS
  'whether the current user has the rights of the owner of a relation; null if it is gone';

CREATE FUNCTION customer_tier_internal.check_owner(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF customer_tier_internal.is_owner($1) IS NOT TRUE THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
      MESSAGE = format('must be owner of %s', coalesce($1::text, 'the relation'));
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_owner(regclass) IS
  'an error if the caller does not have the privileges of the owner of a relation';

CREATE FUNCTION customer_tier_internal.as_owner(relation regclass, command text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_as_owner'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION customer_tier_internal.as_owner(regclass, text) IS
  'runs a command as the owner of a relation, security-restricted, for those who have the rights of the owner';

CREATE FUNCTION customer_tier_internal.ask_owner(relation regclass, question text, details jsonb)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ct_ask_owner'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION customer_tier_internal.ask_owner(regclass, text, jsonb) IS
  'the rows of the function answer_QUESTION of ours, as the owner of a relation, security-restricted, for those who '
  'may read it';

-- runs a command that returns no rows
CREATE FUNCTION customer_tier_internal.run(relation regclass, command text) RETURNS void
LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM customer_tier_internal.as_owner(relation, command) AS (x integer);
END $$;
COMMENT ON FUNCTION customer_tier_internal.run(regclass, text) IS
  'as_owner for a command that returns nothing';

CREATE FUNCTION customer_tier_internal.type_of(relation regclass, expression text) RETURNS regtype
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT t
          FROM customer_tier_internal.as_owner($1,
            format('SELECT pg_typeof((SELECT %s FROM %s LIMIT 0))', expression, $1)) AS (t regtype));
END $$;
COMMENT ON FUNCTION customer_tier_internal.type_of(regclass, text) IS
  'the type of an expression over a row, for who has the rights of the owner';

CREATE FUNCTION customer_tier_internal.qualified(relation regclass) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('%I.%I', nspname, relname)
FROM pg_class AS c
     JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE c.oid = $1
$$;
COMMENT ON FUNCTION customer_tier_internal.qualified(regclass) IS
  'the name of a relation, with its schema';

-- the tables below nested views
CREATE FUNCTION customer_tier_internal.tables_of(view regclass) RETURNS regclass[]
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE used AS (
  SELECT $1::oid AS oid
  UNION
  SELECT d.refobjid
  FROM used JOIN pg_rewrite AS r ON r.ev_class = used.oid
       JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass
         AND d.objid = r.oid
         AND d.refclassid = 'pg_class'::regclass
         AND d.refobjid <> used.oid)
SELECT array_agg(DISTINCT c.oid::regclass ORDER BY c.oid::regclass)
FROM used JOIN pg_class AS c USING (oid)
WHERE c.relkind NOT IN ('v', 'S') AND c.oid <> $1
$$;
COMMENT ON FUNCTION customer_tier_internal.tables_of(regclass) IS
  'the tables that a view reads, through other views too; not those that its functions read';

-- unlike pg_partition_tree, takes no lock that it would have to wait for
CREATE FUNCTION customer_tier_internal.partitions(root regclass) RETURNS SETOF regclass
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE p AS (
  SELECT inhrelid FROM pg_inherits WHERE inhparent = $1
  UNION ALL
  SELECT i.inhrelid FROM p JOIN pg_inherits AS i ON i.inhparent = p.inhrelid)
SELECT inhrelid::regclass FROM p
$$;
COMMENT ON FUNCTION customer_tier_internal.partitions(regclass) IS
  'the partitions of a table, and theirs';

-- a type without an operator of its own, such as an enum or a domain, has a built-in one
CREATE FUNCTION customer_tier_internal.equality(type oid) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('OPERATOR(%s.%s)', coalesce(max(quote_ident(nspname)), 'pg_catalog'), coalesce(max(oprname), '='))
FROM pg_opclass
     JOIN pg_amop ON amopfamily = opcfamily
       AND amopstrategy = 1
       AND amoplefttype = opcintype
       AND amoprighttype = opcintype
     JOIN pg_operator AS o ON o.oid = amopopr JOIN pg_namespace AS n ON n.oid = oprnamespace
WHERE opcdefault AND opcmethod = (SELECT oid FROM pg_am WHERE amname = 'hash') AND opcintype = $1
$$;
COMMENT ON FUNCTION customer_tier_internal.equality(oid) IS
  'the operator by which a type is hashed, qualified';

CREATE FUNCTION customer_tier_internal.grants_on(relation regclass) RETURNS text[]
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT array_agg(format('GRANT %s ON %%s TO %s%s', privilege_type,
  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE replace(quote_ident(r.rolname), '%', '%%') END,
  CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END))
FROM pg_class AS c, aclexplode(relacl) LEFT JOIN pg_roles AS r ON r.oid = grantee
WHERE c.oid = $1 AND grantee <> relowner
$$;
COMMENT ON FUNCTION customer_tier_internal.grants_on(regclass) IS
  'support of alter_source: the privileges on a relation, as commands for format() with a name';

CREATE FUNCTION customer_tier_internal.stem(relname text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
SELECT left(relname, n)
FROM generate_series(length(relname), 1, -1) AS n
WHERE octet_length(left(relname, n)) <= 63 - 12
LIMIT 1
$$;
COMMENT ON FUNCTION customer_tier_internal.stem(text) IS
  'a name, shortened to leave room for _ledger_live';

CREATE FUNCTION customer_tier_internal.check_free(place oid, names text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  taken regclass := (SELECT oid
                     FROM pg_class
                     WHERE relnamespace = $1 AND relname = ANY ($2)
                     ORDER BY array_position($2, relname::text)
                     LIMIT 1);
BEGIN
  IF taken IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'duplicate_table',
      MESSAGE = format('relation %s, which would be made, exists already', taken),
      HINT = 'Rename it or drop it, or name the source: CALL customer_tier.track(..., name => ''...'').';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_free(oid, text[]) IS
  'an error if a relation to be created exists already';

CREATE FUNCTION customer_tier_internal.require_read_committed() RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION USING ERRCODE = 'active_sql_transaction',
      MESSAGE = 'a refresh works at isolation level read committed only',
      HINT = 'An older snapshot would not see what the refresh before it did.';
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.require_read_committed() IS
  'an error at another isolation level';

CREATE PROCEDURE customer_tier_internal.may_commit(INOUT possible boolean DEFAULT NULL)
AS 'MODULE_PATHNAME', 'ct_may_commit'
LANGUAGE C;
COMMENT ON PROCEDURE customer_tier_internal.may_commit(boolean) IS
  'whether the procedure that calls this may commit: neither within a transaction that somebody else began, '
  'nor where it catches errors';

-- each failure was a warning; the error makes a scheduler count the run as failed
CREATE FUNCTION customer_tier_internal.check_all_done(what text, done text, total integer, failures text[],
  kept boolean)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF cardinality(failures) > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format('%s of %s %s could not be %s', cardinality(failures), total, what, done),
      DETAIL = array_to_string(failures, E'\n'),
      HINT = CASE WHEN kept THEN format('What is not named here is %s.', done)
               ELSE format('Nothing is %s within a transaction of yours; call this by itself.', done) END;
  END IF;
END $$;
COMMENT ON FUNCTION customer_tier_internal.check_all_done(text, text, integer, text[], boolean) IS
  'support of refresh_all and untrack_all: an error at the end if some failed';
