# Tests hostile roles: the owner of the database, who created the extension, roles that may create
# objects, owners of tables, writers, readers, and others.  None must gain a right, or prevent
# others from using their sources.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('attacks');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nautovacuum = off");
$node->start;

sub sql
{
	my ($db, $sql, %how) = @_;
	my ($ret, $out, $err) = $node->psql($db, $sql, on_error_stop => 1, %how);
	$ret == 0 or fail("$sql: $err");
	return $out;
}

# what each statement of a role gives: its first line, or its SQLSTATE
sub states
{
	my ($db, $role, @statements) = @_;
	my $script = join("\n", map { "$_;\n\\echo \@ :SQLSTATE" } @statements);
	my ($ret, $out, $err) = $node->psql($db, "SET statement_timeout = '20s';\n$script", on_error_stop => 0,
		extra_params => [ '-U', $role ]);
	return join(' ', $out =~ /^@ (\S+)/mg);
}

sub are
{
	my ($db, $role, $state, $what, @statements) = @_;
	is(states($db, $role, @statements), join(' ', ($state) x @statements), $what);
}

# the user that initdb was run by; there may be no role postgres
my $superuser = sql('postgres', 'SELECT current_user');
sql('postgres', <<'SQL');
CREATE ROLE mallory LOGIN;
CREATE ROLE maker LOGIN;
CREATE ROLE shop LOGIN;
CREATE ROLE writer LOGIN;
CREATE ROLE stranger LOGIN;
CREATE ROLE monitor LOGIN IN ROLE pg_monitor; CREATE ROLE idle LOGIN NOINHERIT IN ROLE shop; CREATE ROLE reader LOGIN;
CREATE DATABASE evil OWNER mallory; CREATE DATABASE early OWNER mallory;
GRANT CREATE ON DATABASE evil TO maker; GRANT CREATE ON DATABASE early TO maker;
SQL

# schemas made before
are('early', 'maker', '00000', 'a schema is made before', 'CREATE SCHEMA customer_tier',
	'CREATE FUNCTION customer_tier.unnest(regclass[]) RETURNS SETOF regclass
		LANGUAGE sql AS $$ SELECT NULL::regclass $$');
are('early', $superuser, '42P06', 'CREATE EXTENSION takes over no schema', 'CREATE EXTENSION customer_tier',
	'CREATE EXTENSION IF NOT EXISTS customer_tier');
are('early', 'maker', '00000', 'the other one', 'DROP SCHEMA customer_tier CASCADE',
	'CREATE SCHEMA customer_tier_internal');
are('early', 'mallory', '42P06', 'nor that', 'CREATE EXTENSION customer_tier');
is(sql('early', "SELECT count(*) FROM pg_extension WHERE extname = 'customer_tier'"), '0', 'nothing is installed');

# who created the extension owns nothing of it
sql('evil', 'CREATE EXTENSION customer_tier', extra_params => [ '-U', 'mallory' ]);
for my $role (qw(mallory maker))
{
	are('evil', $role, '42501', "$role changes nothing of ours",
		'ALTER SCHEMA customer_tier RENAME TO mine', 'ALTER SCHEMA customer_tier_internal RENAME TO mine',
		'ALTER SCHEMA customer_tier OWNER TO mallory',
		'CREATE FUNCTION customer_tier.total(text) RETURNS numeric LANGUAGE sql AS $$ SELECT 1.0 $$',
		'CREATE FUNCTION customer_tier_internal.run(regclass, unknown) RETURNS void LANGUAGE sql AS $$ SELECT $$',
		'CREATE OR REPLACE FUNCTION customer_tier_internal.is_owner(relation regclass) RETURNS boolean
			LANGUAGE sql AS $$ SELECT true $$',
		'CREATE OPERATOR customer_tier.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)',
		'CREATE TABLE customer_tier.t (i int)', 'CREATE VIEW customer_tier_internal.t AS SELECT 1',
		'ALTER PROCEDURE customer_tier.untrack_all() RENAME TO x',
		'ALTER FUNCTION customer_tier_internal.is_owner(regclass) SECURITY DEFINER',
		'DROP FUNCTION customer_tier_internal.capture()',
		'CREATE OR REPLACE VIEW customer_tier.sources AS SELECT 1 AS source',
		'ALTER DOMAIN customer_tier.is_source DROP CONSTRAINT is_source_check',
		'ALTER DOMAIN customer_tier.is_scheme DROP CONSTRAINT is_scheme_check',
		'CREATE OR REPLACE VIEW customer_tier.schemes AS SELECT 1 AS scheme',
		'CREATE OR REPLACE FUNCTION customer_tier_internal.answer_explain(relation regclass, details jsonb)
			RETURNS SETOF record LANGUAGE sql AS $$ SELECT 1 $$',
		'ALTER TYPE customer_tier.model ADD ATTRIBUTE x int');
}
# what the catalog says
is(sql('evil', <<'SQL'), '0|0|0|0|0|0', 'no definer, row security or configuration; paths pinned');
WITH ours AS (SELECT classid, objid FROM pg_depend
  WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'customer_tier')),
p AS (SELECT p.* FROM pg_proc AS p JOIN ours ON classid = 'pg_proc'::regclass AND objid = p.oid)
SELECT (SELECT count(*) FROM p WHERE prosecdef),
       (SELECT count(*) FROM pg_class JOIN ours ON classid = 'pg_class'::regclass AND objid = oid WHERE relrowsecurity),
       (SELECT count(*) FROM pg_extension, unnest(extconfig) AS c WHERE extname = 'customer_tier'),
       (SELECT count(*) FROM pg_namespace AS n, aclexplode(nspacl) AS a
         WHERE nspname LIKE 'customer_tier%' AND grantee <> nspowner AND privilege_type <> 'USAGE'),
       (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'customer_tier%' AND nspowner <> 10)
         + (SELECT count(*) FROM p WHERE proowner <> 10) + (SELECT count(*) FROM pg_class
           JOIN ours ON classid = 'pg_class'::regclass AND objid = oid WHERE relowner <> 10),
       -- SQL of ours is pinned, or may commit, or reads the names of its caller, all else qualified
       (SELECT count(*) FROM p JOIN pg_language AS l ON l.oid = prolang
         WHERE lanname IN ('sql', 'plpgsql') AND NOT coalesce(proconfig @> '{"search_path=pg_catalog, pg_temp"}', false)
          AND prosrc ~
            '(?n)(\m(FROM|JOIN|INTO|CALL|PERFORM)\s+(?!customer_tier|pg_catalog|unnest|LATERAL|ONLY)[a-z_]+\()' )
SQL

# the victim
sql('evil', <<'SQL');
CREATE SCHEMA crm AUTHORIZATION shop;
GRANT USAGE ON SCHEMA crm TO writer, reader, mallory, monitor, idle;
CREATE SCHEMA lair AUTHORIZATION mallory;
GRANT USAGE ON SCHEMA lair TO PUBLIC;
SET ROLE shop;
CREATE TABLE crm.sale (customer text, day date, amount numeric); GRANT INSERT ON crm.sale TO writer;
CREATE TABLE crm.secret AS SELECT 'secret' AS s;
INSERT INTO crm.sale VALUES ('anna', '2026-01-01', 5);
CALL customer_tier.track('crm.sale', 'customer', 'amount', 'day');
GRANT SELECT ON crm.sale_ledger_live TO reader;
INSERT INTO crm.sale VALUES ('bert', '2026-01-02', 6);
SQL
my $oid = sql('evil', "SELECT 'crm.secret'::regclass::oid");
my %part = map { split /\|/ } split /\n/,
	sql('evil', "SELECT relname, oid FROM pg_class WHERE relnamespace = 'crm'::regnamespace");

# functions called directly
my @direct = (
	"SELECT FROM customer_tier_internal.as_owner($part{sale}, 'DROP TABLE crm.secret') AS (x int)",
	"SELECT customer_tier_internal.run($part{sale}, 'SELECT 1')",
	"SELECT FROM customer_tier_internal.merge_queue($part{sale_delta}, $part{sale_ledger})",
	"SELECT customer_tier_internal.ledger_of_state($part{sale_source}, 'anna'::text)",
	"SELECT customer_tier.ledger_of($part{sale}, 'anna'::text)",
	"SELECT * FROM customer_tier.verify_source($part{sale})",
	"CALL customer_tier.refresh_source($part{sale})", "CALL customer_tier.rebuild_source($part{sale})",
	"CALL customer_tier.untrack($part{sale})", "CALL customer_tier.alter_source($part{sale})",
	"CALL customer_tier.track($part{sale}, 'customer', 'amount', 'day', name => 'x')",
	"CALL customer_tier.track($part{sale_sale})",
	"CALL customer_tier_internal.make_ledgers($part{sale})", "CALL customer_tier_internal.merge($part{sale})",
	"SELECT customer_tier_internal.drop_triggers($part{sale})",
	"SELECT customer_tier_internal.make_queue($part{sale}, 'lair', 'q')",
	"SELECT customer_tier_internal.type_of($part{sale}, '(SELECT s FROM crm.secret)')");
are('evil', $_, '42501', "$_ calls our functions directly", @direct) for qw(stranger writer mallory);
like(states('evil', 'stranger', "SELECT customer_tier_internal.give_parts($part{sale})",
	"SELECT customer_tier_internal.make_triggers($part{sale}, NULL)",
	"SELECT customer_tier_internal.drop_source(ROW($part{sale_source},1,
		$part{sale},$part{sale_sale},$part{sale_capture},
		$part{sale_ledger},$part{sale_delta},$part{sale_ledger_live},NULL,NULL,true,NULL,NULL,NULL))",
	"SELECT customer_tier_internal.capture()", "SELECT * FROM customer_tier_internal.queue_health($part{sale_delta})",
	q(SELECT * FROM customer_tier_internal.group_sales(ARRAY['\x11', '\x1100', '\x1100ffffffffffffffffffff', '',
		'\xff']::bytea[]) AS (c int, l customer_tier.ledger)),
	q(SELECT * FROM customer_tier_internal.group_sales(ARRAY['\x4406ff7f', '\x4406']::bytea[]) AS (c text,
		l customer_tier.ledger)),
	"SELECT * FROM customer_tier_internal.group_sales('{}') AS (c int)", "SELECT customer_tier_internal.find_sources()",
	"SELECT * FROM customer_tier_internal.find_sources(10)"),
	qr/^00000 42501 42501 39P01 00000 XX001 XX001 42804 00000 00000$/, 'nor do others break anything');
is(sql('evil', "SELECT * FROM customer_tier_internal.queue_health($part{sale_delta});
	SELECT count(*) FROM customer_tier.sources", extra_params => [ '-U', 'stranger' ]), "|\n0",
	'a stranger sees no health and no source');
is(sql('evil', "SELECT count(*) FROM crm.sale_ledger_live;
	SELECT customer_tier.ledger_of('crm.sale_sale', 'bert'::text)", extra_params => [ '-U', 'reader' ]),
	"2\n{2026-01-02:1:6}", 'a reader of the live view has the ledgers');
are('evil', 'reader', '42501', 'and nothing else', 'SELECT * FROM crm.sale_ledger', 'SELECT * FROM crm.sale_delta',
	'SELECT * FROM crm.sale_sale', 'SELECT error FROM crm.sale_source',
	"CALL customer_tier.refresh_source('crm.sale_sale')");
is(sql('evil', 'SELECT capturing, pending, refreshed_at IS NOT NULL FROM customer_tier.sources',
	extra_params => [ '-U', 'monitor' ]), 't|1|t', 'pg_monitor sees the health');
are('evil', 'monitor', '42501', 'but neither customers nor errors', 'SELECT * FROM crm.sale_ledger_live',
	'SELECT pack FROM crm.sale_delta', 'SELECT error FROM crm.sale_source', 'SELECT * FROM crm.sale_sale',
	"SELECT customer_tier.ledger_of('crm.sale_sale', 'anna'::text)");
# a member that does not inherit: one clear answer, and none half done
my ($ret, $out, $err) = $node->psql('evil', "CALL customer_tier.refresh_source('crm.sale')",
	extra_params => [ '-U', 'idle' ]);
like($err, qr/^\S+ ERROR:  must be owner of crm\.sale$/m, 'NOINHERIT: must be owner');
is(sql('evil', "SET ROLE shop; CALL customer_tier.refresh_source('crm.sale');
	SELECT pending FROM customer_tier.sources", extra_params => [ '-U', 'idle' ]), '0', 'NOINHERIT: by SET ROLE');

# triggers that name others' parts
sub forged
{
	my ($name, $table, @parts) = @_;
	return "CREATE TRIGGER $name AFTER INSERT ON $table REFERENCING NEW TABLE AS came FOR EACH STATEMENT WHEN (ARRAY["
		. join(', ', map { "'$_'::regclass" } @parts)
		. "] IS NOT NULL) EXECUTE FUNCTION customer_tier_internal.capture()";
}
is(states('evil', 'mallory', 'CREATE TABLE lair.t (customer text, day date, amount numeric)',
	'CREATE VIEW lair.v AS SELECT customer, day AS sold_at, amount FROM lair.t',
	forged('a', 'lair.t', @part{qw(sale_capture sale_delta sale_source)}),
	"INSERT INTO lair.t VALUES ('anna', '2026-01-01', 1000)", 'DROP TRIGGER a ON lair.t',
	forged('a', 'lair.t', 'lair.v', @part{qw(sale_delta sale_source)}),
	"INSERT INTO lair.t VALUES ('anna', '2026-01-01', 1000)", 'DROP TRIGGER a ON lair.t',
	forged('a', 'lair.t', ('pg_class') x 3), "INSERT INTO lair.t VALUES ('anna', '2026-01-01', 1000)",
	'DROP TRIGGER a ON lair.t',
	"CREATE TRIGGER a AFTER INSERT ON lair.t FOR EACH ROW EXECUTE FUNCTION customer_tier_internal.capture()",
	"INSERT INTO lair.t VALUES ('anna', '2026-01-01', 1000)", 'DROP TRIGGER a ON lair.t'),
	'00000 00000 00000 42501 00000 00000 42501 00000 00000 42501 00000 00000 39P01 00000',
	'a forged trigger fails who forged it');
# a superuser who alters or rebuilds a source of theirs changes no owner of what is others'
sql('evil', "CALL customer_tier.track('lair.t', 'customer', 'amount', 'day')", extra_params => [ '-U', 'mallory' ]);
for my $parts ([ ($oid) x 3 ], [ @part{qw(sale_capture sale_delta sale_source)} ],
	[ @part{qw(sale_sale sale_ledger sale_source)} ])
{
	sql('evil', forged('z', 'lair.t', @$parts)
		. '; CREATE OR REPLACE VIEW lair.t_sale AS SELECT customer, day AS sold_at, amount FROM lair.t WHERE amount > '
		. scalar(@{$parts}) . " + $parts->[1]", extra_params => [ '-U', 'mallory' ]);
	$node->psql('evil', "CALL customer_tier.rebuild_source('lair.t')");
	$node->psql('evil', "CALL customer_tier.alter_source('lair.t')");
	is(sql('evil', "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'crm'::regnamespace"), 'shop',
		'nothing is given away by a trigger that names it');
	sql('evil', 'DROP TRIGGER IF EXISTS z ON lair.t', extra_params => [ '-U', 'mallory' ]);
}
# nor by a state
sql('evil', "DROP TABLE lair.t_source CASCADE;
	CREATE TABLE lair.s (is_source customer_tier.is_source PRIMARY KEY, view regclass DEFAULT 'lair.t_sale',
	capture regclass DEFAULT 'lair.t_capture', ledger regclass DEFAULT '$part{sale_ledger}',
	queue regclass DEFAULT '$part{sale_delta}', live regclass DEFAULT '$part{sale_ledger_live}', touches regclass[],
	closed date, made_view boolean, refreshed_at timestamptz, error text, failed_at timestamptz);
	INSERT INTO lair.s VALUES (true);"
	. forged('z', 'lair.t', 'lair.t_capture', $part{sale_delta}, 'lair.s'), extra_params => [ '-U', 'mallory' ]);
is(sql('evil', "SELECT ledger, queue, live FROM customer_tier.sources WHERE source = 'lair.t_sale'::regclass"), '||',
	'what belongs to another is no part');
$node->psql('evil', "CALL customer_tier.$_('lair.t_sale')") for qw(alter_source rebuild_source refresh_source untrack);
is(sql('evil', "SELECT string_agg(DISTINCT relowner::regrole::text, ' '),
	count(*) FILTER (WHERE relname LIKE 'sale%')
	FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind IN ('r', 'v')"), 'shop|7',
	'nothing is given away, or dropped, by a state that names it');

# nonsense states, views that fail, functions that hang, views in a circle: the others' are seen
sql('evil', <<'SQL', extra_params => [ '-U', 'mallory' ]);
DROP TABLE IF EXISTS lair.s CASCADE;
DROP TABLE IF EXISTS lair.t CASCADE;
DROP TABLE IF EXISTS lair.t_ledger, lair.t_delta CASCADE;
CREATE FUNCTION lair.boom(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'boom'; END $$;
CREATE FUNCTION lair.hang(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(1000);
RETURN $1;
END $$;
CREATE FUNCTION lair.steal(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF current_user <> 'mallory' THEN EXECUTE 'CREATE TABLE lair.stolen_' || current_user || ' AS SELECT current_user';
  END IF;
  RETURN $1;
END $$;
CREATE TABLE lair.t (customer text, day date, amount numeric); INSERT INTO lair.t VALUES ('m', '2026-01-01', 1);
CALL customer_tier.track('lair.t', 'customer', 'amount', 'day', name => 'boom');
CALL customer_tier.track('lair.t', 'customer', 'amount', 'day', name => 'hang');
CALL customer_tier.track('lair.t', 'customer', 'amount', 'day', name => 'circle');
CALL customer_tier.track('lair.t', 'customer', 'amount', 'day', name => 'zero');
CALL customer_tier.track('lair.t', 'lair.steal(customer)', 'amount', 'day', name => 'steal',
  filter => 'lair.steal(''x'') = ''x''');
CREATE OR REPLACE VIEW lair.boom AS SELECT lair.boom('x') AS customer, day AS sold_at, amount FROM lair.t;
CREATE OR REPLACE VIEW lair.hang AS SELECT lair.hang('x') AS customer, day AS sold_at, amount FROM lair.t;
CREATE OR REPLACE VIEW lair.zero AS SELECT customer, day AS sold_at, amount + 1 / 0 AS amount FROM lair.t;
CREATE VIEW lair.circle_2 AS SELECT * FROM lair.circle;
CREATE OR REPLACE VIEW lair.circle AS SELECT customer, sold_at, amount FROM lair.circle_2;
UPDATE lair.zero_source SET error = 'x' || repeat('ü', 10000);
CREATE TABLE lair.nonsense (is_source customer_tier.is_source, view regclass DEFAULT 'lair.t',
  capture regclass DEFAULT 'lair.nonsense', ledger regclass DEFAULT 'lair.hang',
  queue regclass DEFAULT 'lair.hang_ledger', live regclass DEFAULT 'lair.boom_delta_epoch_idx',
  touches regclass[] DEFAULT ARRAY['lair.t', 'lair.hang', 'lair.t', 'lair.boom_delta']::regclass[], closed date,
  made_view boolean, refreshed_at timestamptz, error text, failed_at timestamptz);
CREATE TABLE lair.few (is_source customer_tier.is_source); CREATE TABLE lair.many (LIKE lair.nonsense, x int);
CREATE VIEW lair.view AS SELECT * FROM lair.nonsense;
CREATE TABLE lair.child () INHERITS (lair.nonsense);
CREATE TABLE lair.secured (LIKE lair.nonsense INCLUDING DEFAULTS);
ALTER TABLE lair.secured ENABLE ROW LEVEL SECURITY;
DO $$ DECLARE r regclass;
BEGIN FOR r IN SELECT oid FROM pg_class WHERE relnamespace = 'lair'::regnamespace AND relkind IN ('r', 'v')
  LOOP EXECUTE format('GRANT SELECT ON %s TO PUBLIC', r);
END LOOP;
END $$;
SQL
for my $role ($superuser, qw(monitor shop stranger))
{
	is(sql('evil', "SET client_encoding = LATIN1; SET statement_timeout = '30s';
		SELECT count(*) FILTER (WHERE source::text LIKE 'crm.%'), count(*) > 4, count(*) FILTER (WHERE changed) > 3,
		sum(length(last_error)) > 0 FROM customer_tier.sources",
		extra_params => [ '-U', $role ]), ($role eq 'stranger' ? 0 : 1) . '|t|t|t', "$role sees the others' sources");
}
# while all of theirs is locked
my $lock = $node->background_psql('evil', extra_params => [ '-U', 'mallory' ]);
$lock->query_safe('BEGIN; DO $$ DECLARE r regclass;
	BEGIN FOR r IN SELECT oid FROM pg_class WHERE relnamespace = \'lair\'::regnamespace AND relkind IN (\'r\',
	\'v\') AND relname NOT LIKE \'steal%\' AND relname NOT LIKE \'circle%\'
	LOOP EXECUTE format(\'LOCK TABLE %s NOWAIT\', r); END LOOP; END $$');
is(sql('evil', "SET statement_timeout = '30s';
	SELECT count(*) FROM customer_tier.sources WHERE source = 'crm.sale_sale'::regclass;
	CALL customer_tier.refresh_source('crm.sale'); SELECT customer_tier.ledger_of('crm.sale', 'anna'::text)"),
	"1\n{2026-01-01:1:5}", 'locks of theirs keep nobody from the others\' sources');
is(states('evil', $superuser, "SET statement_timeout = '200ms'", "CALL customer_tier.refresh_source('lair.zero')"),
	'00000 57014', 'who asks for what they lock waits no longer than their own timeout');
$lock->query_safe('ROLLBACK');
# locks that a stranger could hold
sql('evil', "GRANT USAGE ON SCHEMA crm TO stranger");
my $held = $node->background_psql('evil', extra_params => [ '-U', 'stranger' ], on_error_stop => 0);
$held->query("BEGIN; SELECT customer_tier_internal.trigger_parts($part{sale}),
	customer_tier_internal.named_parts($part{sale_source}), customer_tier_internal.why_not_captured($part{sale_sale}),
	customer_tier_internal.flat_view($part{sale_capture}),
	customer_tier_internal.same_source($part{sale_sale}, $part{sale_capture})");
$held->query("SELECT customer_tier_internal.view_links($part{sale_sale}),
	customer_tier_internal.queue_health($part{sale_delta}),
	customer_tier_internal.sale_expression($part{sale}, 'amount', 'amount')");
$held->query("SELECT * FROM customer_tier.sources");
is($held->query('SELECT count(*) > 0 FROM pg_locks WHERE pid = pg_backend_pid()'), 't',
	'a stranger keeps a transaction open');
is(sql('evil', "SELECT string_agg(DISTINCT relname,
	' ') FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation WHERE c.relnamespace = 'crm'::regnamespace"), '',
	'and holds no lock that the owner waits for');
$held->quit;
$lock->quit;

# a superuser runs nothing of theirs as superuser
$node->psql('evil', "CALL customer_tier.$_('lair.steal')") for qw(refresh_source rebuild_source);
sql('evil', "INSERT INTO lair.t VALUES ('m', '2026-01-02', 1); SELECT * FROM customer_tier.sources;
	SELECT customer_tier.ledger_of('lair.steal', 'm'::text); SELECT * FROM customer_tier.verify_source('lair.steal');
	CALL customer_tier.refresh_source('lair.steal')");
sql('evil', "CREATE OR REPLACE VIEW lair.steal AS SELECT lair.steal(customer || '') AS customer, day AS sold_at,
	amount FROM lair.t WHERE lair.steal('y') = 'y'", extra_params => [ '-U', 'mallory' ]);
$node->psql('evil', "SELECT * FROM customer_tier.sources; CALL customer_tier.rebuild_source('lair.steal');
	CALL customer_tier.refresh_all(); CALL customer_tier.untrack('lair.steal')");
is(sql('evil', "SELECT count(*) FROM pg_class WHERE relname LIKE 'stolen%'"), '0', 'nothing of theirs ran as another');

# schemes and models: who may read a view asks what it stands for
sql('evil', "SELECT (customer_tier.fit_model('crm.model', 'crm.sale', '2026-03-01')).name;
	SELECT customer_tier.create_scheme('crm.grade', 'crm.sale', 'abc'),
	  customer_tier.create_scheme('crm.rfm', 'crm.sale', 'rfm');
	SELECT customer_tier.refresh_scheme('crm.grade', '2026-03-01'),
	  customer_tier.refresh_scheme('crm.rfm', '2026-03-01'),
	  customer_tier.pin('crm.grade', 'anna', 'A', 'a friend', '2026-03-01');
	GRANT SELECT ON crm.grade, crm.rfm TO reader; GRANT SELECT ON crm.grade_history TO monitor",
	extra_params => [ '-U', 'shop' ]);
my @asked = ("SELECT * FROM customer_tier.explain('crm.grade', 'anna')",
	"SELECT * FROM customer_tier.tiers_as_of('crm.grade', '2026-01-15')",
	"SELECT * FROM customer_tier.simulate('crm.grade')",
	"SELECT * FROM customer_tier.simulate('crm.grade',
		axes => ARRAY[customer_tier.axis('value', NULL, 'value', '{1, 6}')])",
	"SELECT * FROM customer_tier.simulate('crm.grade',
		axes => ARRAY[customer_tier.axis('value', 'total(ledger)', 'count', '{1}')], tiers => '{low, high}')",
	"SELECT * FROM customer_tier.simulate_migration('crm.rfm', tiers => '{other, best}',
		tier => 'CASE WHEN r = 5 THEN ''best'' ELSE ''other'' END')");
my @migration = ("SELECT * FROM customer_tier.migration('crm.grade', '2026-01-15', '2026-03-01')");
are('evil', 'reader', '00000', 'a reader of the view asks', @asked);
are('evil', 'monitor', '00000', 'a reader of the history asks of it', @migration);
are('evil', 'reader', '42501', 'a reader of the view asks nothing of the history', @migration);
are('evil', 'monitor', '42501', 'a reader of the history asks nothing of the view', @asked);
my @owned = ("SELECT customer_tier.refresh_scheme('crm.grade', '2026-03-02')",
	"SELECT customer_tier.alter_scheme('crm.grade', keep => 0.5)", "SELECT customer_tier.drop_scheme('crm.grade')",
	"SELECT customer_tier.pin('crm.grade', 'anna', 'A', 'me', '2026-01-01')",
	"SELECT customer_tier.unpin('crm.grade', 'anna')", "SELECT customer_tier.alter_tier('crm.grade', 'A', 'mine')",
	"SELECT customer_tier.backfill('crm.grade', '2026-01-01', '2026-01-02')",
	"SELECT customer_tier.prune_history('crm.grade', '2026-01-02')", "SELECT customer_tier.recalibrate('crm.grade')",
	"SELECT customer_tier.drop_model('crm.model')",
	"SELECT (customer_tier.fit_model('crm.model', 'crm.sale', '2026-03-01')).name",
	"SELECT customer_tier.p_alive('crm.model', '{2026-01-01:1:5}', '2026-03-01')",
	"SELECT customer_tier_internal.answer_explain('crm.grade', '{\"customer\": \"anna\"}')",
	"SELECT customer_tier_internal.answer_tiers_as_of('crm.grade', '{\"as_of\": \"2026-03-01\"}')",
	"SELECT customer_tier_internal.answer_simulate('crm.grade', '{}')",
	"SELECT * FROM crm.grade__scheme", "SELECT * FROM crm.grade__state", "SELECT * FROM crm.grade__measure",
	"SELECT * FROM crm.grade__rule", "SELECT * FROM crm.grade__pin", "SELECT * FROM crm.model",
	"SELECT customer_tier_internal.ask_owner('crm.secret', 'explain', '{}')",
	"SELECT customer_tier_internal.ask_owner('crm.grade__state', 'simulate', '{}')");
are('evil', 'reader', '42501', 'and does nothing of the owner\'s', @owned);
are('evil', $_, '42501', "$_ does, and asks, nothing", @owned, @asked, @migration) for qw(stranger mallory);
is(sql('evil', "SELECT count(*) FROM customer_tier.schemes; SELECT count(*) FROM customer_tier.models",
	extra_params => [ '-U', 'stranger' ]), "0\n0", 'a stranger sees no scheme and no model');
is(sql('evil', "SELECT scheme, source, axes -> 0 ->> 'value', tier FROM customer_tier.schemes ORDER BY 1",
	extra_params => [ '-U', 'reader' ]), "crm.grade|crm.sale_sale|customer_tier.total(ledger)|{C,B,A}\n"
	. 'crm.rfm|crm.sale_sale|CASE WHEN (customer_tier.orders(ledger) > 0) THEN customer_tier.recency(ledger, as_of) '
	. 'ELSE NULL::integer END|customer_tier.rfm_segment(r, f, m)', 'a reader sees the rule');
# what a reader gives is a value, or runs as the reader
is(sql('evil', "SELECT count(DISTINCT tier_then) FROM customer_tier.simulate('crm.rfm', tiers => '{reader}',
	tier => 'current_user')", extra_params => [ '-U', 'reader' ]), '1',
	'an expression of a reader\'s runs as the reader');
are('evil', 'reader', '42501', 'and what it measures is refused',
	"SELECT * FROM customer_tier.simulate('crm.grade',
		axes => ARRAY[customer_tier.axis('value', 'orders(ledger)', 'mean')], tiers => '{low, high}')",
	"SELECT * FROM customer_tier.simulate('crm.grade', tiers => '{a}', tier => '(SELECT s FROM crm.secret)')",
	"SELECT * FROM customer_tier.simulate('crm.rfm', tiers => '{a}',
		tier => 'CASE WHEN (SELECT true FROM crm.secret) THEN ''a'' END')");
like(states('evil', 'reader',
	"SELECT * FROM customer_tier.explain('crm.grade', \$\$' OR true; DROP TABLE crm.secret; --\$\$)",
	"SELECT customer_tier_internal.ask_owner('crm.grade', 'simulate(1)', '{}')",
	"SELECT * FROM customer_tier_internal.ask_owner('crm.grade', 'migration', '{}') AS x(a text, b text, c bigint)",
	"SELECT * FROM customer_tier_internal.ask_owner('crm.grade', 'simulate', \$\${\"axes\": [{\"value\":
		\"1 / (SELECT 0 FROM crm.secret)\", \"measures\": [\"1 / 0\"], \"by\": \"value\", \"at\": [1, 6],
		\"rule\": \"fill\"}], \"tier\": \"'A'\"}\$\$) AS x(a text, b text, c text, d text, e bigint, f numeric)",
	"SELECT * FROM customer_tier_internal.ask_owner('crm.grade', 'simulate', '{\"axes\": 17}')
		AS x(a text, b text, c text, d text, e bigint, f numeric)",
	"SELECT * FROM customer_tier_internal.ask_owner('crm.grade', 'simulate', '{\"labels\": \"{A,B,(SELECT 1)}\"}')
		AS x(a text, b text, c text, d text, e bigint, f numeric)",
	"SELECT * FROM customer_tier_internal.ask_owner('crm.grade', 'tiers_as_of', '{\"as_of\": \"infinity\"}')
		AS x(a text, b text, c int)"),
	qr/^P0002 22023 42809 00000 22023 22023 22023$/, 'a reader who asks otherwise breaks nothing');
is(sql('evil', 'SELECT s FROM crm.secret'), 'secret', 'and the owner\'s tables are there');

# what mallory declares runs as mallory, whoever asks
sql('evil', <<'SQL', extra_params => [ '-U', 'mallory' ]);
CREATE FUNCTION lair.one(text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN PERFORM lair.steal($1); RETURN 1; END $$;
CREATE FUNCTION lair.named(int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN PERFORM lair.steal('x'); RETURN 'a' || $1; END $$;
SELECT customer_tier.create_scheme('lair.grade', 'lair.zero',
  axes => ARRAY[customer_tier.axis('v', 'lair.one(''x'') + lair.one(customer) * orders(ledger)', 'value', '{2}')],
  tiers => '{a1, a2}', tier => 'lair.named(v)');
SELECT customer_tier.create_scheme('lair.plain', 'lair.zero', 'abc');
SELECT customer_tier.refresh_scheme('lair.grade', '2026-03-01');
SELECT (customer_tier.fit_model('lair.model', 'lair.zero', '2026-03-01')).kind;
GRANT SELECT ON lair.grade, lair.grade_history, lair.plain, lair.model TO PUBLIC;
SQL
my $use = "SELECT * FROM customer_tier.schemes; SELECT * FROM customer_tier.models;
	SELECT * FROM customer_tier.explain('lair.grade', 'm');
	SELECT * FROM customer_tier.tiers_as_of('lair.grade', '2026-03-01');
	SELECT * FROM customer_tier.migration('lair.grade', '2026-01-01', '2026-03-01'); SELECT * FROM lair.grade;
	SELECT * FROM customer_tier.simulate('lair.grade', axes => ARRAY[customer_tier.axis('v', NULL, 'value', '{1, 2}')],
		tiers => '{a1, a2, a3}'); SELECT * FROM customer_tier.simulate('lair.grade');";
for my $role ($superuser, 'reader')
{
	($ret, $out, $err) = $node->psql('evil', $use, on_error_stop => 1, extra_params => [ '-U', $role ]);
	is($ret, 0, "$role asks of what mallory declared") or diag($err);
}
sql('evil', "SELECT customer_tier.grading_sql('lair.grade', '2026-03-01');
	SELECT customer_tier.refresh_scheme('lair.grade', '2026-03-02'),
	  customer_tier.alter_scheme('lair.grade', keep => 0.9);
	SELECT customer_tier.refresh_scheme('lair.grade', '2026-03-03'), customer_tier.recalibrate('lair.grade'),
	  customer_tier.pin('lair.grade', 'm', 'a1', 'x', '2026-03-03');
	SELECT * FROM customer_tier.simulate('lair.grade', tiers => '{a1, a2}', tier => 'lair.named(v)');
	SELECT customer_tier.backfill('lair.grade', '2026-03-01', '2026-03-02')");
is(sql('evil', "SELECT count(*) FROM pg_class WHERE relname LIKE 'stolen%'"), '0', 'and none of it ran as another');
# declarations that name what is another's, or are nonsense
sql('evil', <<'SQL', extra_params => [ '-U', 'mallory' ]);
DO $do$
DECLARE
  part text;
BEGIN
  FOR i IN 1..6 LOOP
    EXECUTE format('CREATE TABLE lair.fake_%s (LIKE lair.grade__scheme INCLUDING ALL)', i);
    EXECUTE format('GRANT SELECT ON lair.fake_%s TO PUBLIC', i);
    EXECUTE format('INSERT INTO lair.fake_%s (is_scheme, axes, sizes, map, version) VALUES (true, %L, %L, %L, 1)', i,
      (ARRAY['17', '[1, "x", null]', '[{"name": "v", "weights": 1}]', '{}', '"x"', NULL])[i], '{{1},{2}}', '{NULL,-1}');
  END LOOP;
  FOREACH part IN ARRAY '{scheme, state, history, pins, rules, tier_table}'::text[] LOOP
    EXECUTE format('ALTER TABLE lair.fake_1 ALTER %I SET DEFAULT %L::regclass', part,
      'crm.grade' || CASE part WHEN 'scheme' THEN '' WHEN 'tier_table' THEN '__tier' WHEN 'pins' THEN '__pin'
        WHEN 'rules' THEN '__rule' ELSE '__' || part END);
  END LOOP;
  ALTER TABLE lair.fake_2 ALTER measures SET DEFAULT 'pg_class'::regclass,
    ALTER rating SET DEFAULT 'lair.t'::regclass, ALTER ledger SET DEFAULT 'crm.sale_ledger'::regclass;
  ALTER TABLE lair.fake_3 ALTER attributes SET DEFAULT 'pg_class'::regclass,
    ALTER sources SET DEFAULT ARRAY['crm.sale_ledger'::regclass, 'lair.t'::regclass, 'pg_class'::regclass],
    ALTER ledger SET DEFAULT 'lair.t'::regclass;
END $do$;
SQL
for my $role (qw(shop stranger mallory reader), $superuser)
{
	($ret, $out, $err) = $node->psql('evil', "SELECT count(*) FROM customer_tier.schemes", on_error_stop => 1,
		extra_params => [ '-U', $role ]);
	is($err, '', "$role sees schemes, whatever else is declared");
}
is(sql('evil', "SELECT tier FROM crm.grade WHERE customer = 'anna';
	SELECT entered FROM customer_tier.refresh_scheme('crm.grade', '2026-03-01');
	SELECT earned FROM customer_tier.explain('crm.grade', 'anna')", extra_params => [ '-U', 'shop' ]),
	"A\n2\nA", 'a scheme works beside declarations that name it');
$node->psql('evil', "SELECT customer_tier.$_") for ("refresh_scheme('lair.fake_1', '2026-03-01')",
	"alter_scheme('lair.fake_1')", map { "drop_scheme('lair.fake_$_')" } 1 .. 3);
is(sql('evil', "SELECT string_agg(DISTINCT relowner::regrole::text, ' '), count(*) FROM pg_class
	WHERE relname LIKE 'grade%' AND relnamespace = 'crm'::regnamespace AND relkind IN ('r', 'v')"), 'shop|25',
	'and nothing of it is dropped, or given away, with them');
# locks that mallory holds
my $locks = $node->background_psql('evil', extra_params => [ '-U', 'mallory' ]);
$locks->query_safe('BEGIN; LOCK TABLE lair.plain__scheme, lair.model, lair.fake_4');
$locks->query_safe('LOCK TABLE lair.grade__measure, lair.grade__rating, lair.grade');
are('evil', 'reader', '00000', 'a reader sees schemes past locks', "SET statement_timeout = '5s'",
	'SELECT count(*) FROM customer_tier.schemes', 'SELECT count(*) FROM customer_tier.models',
	"SELECT * FROM customer_tier.explain('crm.grade', 'anna')");
are('evil', 'shop', '00000', 'an owner refreshes past locks', "SET statement_timeout = '10s'",
	"CALL customer_tier.refresh_all('2026-03-02')");
$locks->quit;

# nothing of it was lost
is(sql('evil', "SELECT capturing, pending FROM customer_tier.sources WHERE source = 'crm.sale_sale'::regclass;
	SELECT * FROM customer_tier.verify_source('crm.sale')", extra_params => [ '-U', 'shop' ]), 't|0',
	'the victim\'s source is whole');
$node->stop('fast');
done_testing();
