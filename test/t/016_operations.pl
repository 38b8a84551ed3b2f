# Allocations and plans go with a dump, with renames, and with a new owner; they work where
# everything is published; and nobody's code runs as somebody else, nor does a stranger's table
# stand for one of theirs.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('operations');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nautovacuum = off");
$node->start;

sub sql
{
	my ($db, $sql, %how) = @_;
	my ($ret, $out, $err) = $node->psql($db, $sql, on_error_stop => 1);
	$ret == 0 or $how{fails} or fail("$sql: $err");
	return $how{fails} ? $err : $out;
}

sql('postgres', "CREATE ROLE $_ LOGIN") for qw(shop heir stranger);
sql('postgres', "CREATE DATABASE $_ OWNER shop") for qw(shop copy);
sql('shop', <<'SQL');
CREATE EXTENSION customer_tier;
SET ROLE shop;
CREATE SCHEMA crm;
GRANT USAGE ON SCHEMA crm TO PUBLIC;
CREATE TABLE crm.sale (id int PRIMARY KEY, customer int, day date, amount numeric);
CREATE TABLE crm.visit (id int PRIMARY KEY, customer int, day date);
CREATE TABLE crm.manager (owner text PRIMARY KEY, capacity int);
INSERT INTO crm.sale SELECT i, i, '2026-01-10', i * 10 FROM generate_series(1, 40) AS i;
INSERT INTO crm.visit SELECT i, i, '2026-01-15' FROM generate_series(1, 20) AS i;
INSERT INTO crm.manager VALUES ('Ann', 1), ('Bob', 2);
CALL customer_tier.track('crm.sale', 'customer', 'amount', 'day');
CALL customer_tier.track('crm.visit', 'customer', '1', 'day');
SELECT customer_tier.create_scheme('crm.abc', 'crm.sale', 'abc');
SELECT customer_tier.refresh_scheme('crm.abc', '2026-01-31');
RESET ROLE;
CREATE PUBLICATION everything FOR ALL TABLES;
SET ROLE shop;
SELECT customer_tier.set_policy('crm.abc', 'A', contacts_min => 2, every => '1 month');
SELECT customer_tier.create_allocation('crm.owners', 'crm.abc', 'crm.manager', weight => 'value');
SELECT customer_tier.allocate('crm.owners', '2026-02-01');
SELECT customer_tier.allocate('crm.owners', '2026-02-01');
SELECT customer_tier.pin_owner('crm.owners', '40', 'Ann', 'a friend', '2026-02-02');
SELECT customer_tier.create_operation_views('crm.abc', 'crm.visit', allocation => 'crm.owners');
SQL
my $state = <<'SQL';
SELECT (SELECT string_agg(h::text, ' ' ORDER BY customer, valid_from) FROM crm.owners_history AS h),
  (SELECT string_agg(p::text, ' ' ORDER BY customer) FROM crm.abc_plan AS p),
  (SELECT string_agg(c::text, ' ' ORDER BY tier) FROM crm.abc_coverage AS c)
SQL
my $shop = sql('shop', $state);
like($shop, qr/Ann.*overdue/s, 'allocated and planned, though everything is published');

# a dump by the owner of the data, into another database
my $dump = $node->basedir . '/shop.sql';
command_ok(['pg_dump', '-h', $node->host, '-p', $node->port, '-N', 'public', '-f', $dump, 'shop'], 'pg_dump');
command_ok(['psql', '-X', '-q', '-h', $node->host, '-p', $node->port, '-v', 'ON_ERROR_STOP=1', '-f', $dump, 'copy'],
	'restore');
is(sql('copy', $state), $shop, 'the copy has the same history, plan and coverage');
my $day = "SELECT assigned, moved FROM customer_tier.allocate('crm.owners', '2026-02-02')";
is(sql('copy', $day), sql('shop', $day), 'and goes on in the same way');

# renames, another schema, another owner
sql('shop', <<'SQL');
ALTER VIEW crm.owners RENAME TO "Who's";
ALTER TABLE crm.manager RENAME TO "mana ger";
ALTER TABLE crm.owners__assigned RENAME TO "assi gned";
ALTER SCHEMA crm RENAME TO "C R M";
REASSIGN OWNED BY shop TO heir;
SQL
my $theirs = q{'"C R M"."Who''s"'};
is(sql('shop', "SET ROLE heir; SELECT moved FROM customer_tier.allocate($theirs, '2026-02-03')"), '0',
	'renamed and inherited');
like(sql('shop', "SET ROLE shop; SELECT customer_tier.allocate($theirs, '2026-02-04')", fails => 1), qr/must be owner/,
	'the owner before may not');

# a stranger's table that says it is an allocation of theirs
sql('shop', 'CREATE SCHEMA AUTHORIZATION stranger; GRANT USAGE ON SCHEMA "C R M" TO stranger');
sql('shop', qq{SET ROLE stranger; CREATE TABLE stranger.fake (is_allocation customer_tier.is_allocation DEFAULT true,
	a regclass DEFAULT '"C R M"."Who''s"'::regclass, b regclass DEFAULT '"C R M".abc'::regclass)});
is(sql('shop', "SET ROLE heir; SELECT moved FROM customer_tier.allocate($theirs, '2026-02-04')"), '0',
	'a table of a stranger does not stand for it');
like(sql('shop', "SET ROLE stranger; SELECT customer_tier.allocate($theirs, '2026-02-05')", fails => 1),
	qr/must be owner/, 'a stranger may not allocate');
like(sql('shop', "SET ROLE stranger; SELECT customer_tier.allocate('stranger.fake', '2026-02-05')", fails => 1),
	qr/lost a part|is not an allocation/, 'nor by a table of their own');

# what the owner wrote runs as the owner, whoever calls
sql('shop', <<'SQL');
SET ROLE heir;
CREATE FUNCTION "C R M".who() RETURNS text LANGUAGE plpgsql AS
  $$BEGIN IF current_user <> 'heir' THEN RAISE 'runs as %', current_user; END IF; RETURN 'Ann'; END$$;
CREATE VIEW "C R M".sly AS SELECT text 'Ann' AS owner, 1 AS capacity;
SELECT customer_tier.create_allocation('"C R M".sly_owners', '"C R M".abc', '"C R M".sly');
CREATE OR REPLACE VIEW "C R M".sly AS SELECT "C R M".who() AS owner, 1 AS capacity;
SQL
is(sql('shop', q{SELECT assigned FROM customer_tier.allocate('"C R M".sly_owners', '2026-02-05')}), '40',
	'a superuser who allocates runs what the owner wrote as the owner');

# but readers run what their views call, so owners, groups and weights call nothing of a user's
sql('shop', <<'SQL');
SET ROLE heir;
CREATE TYPE "C R M".hue AS ENUM ('red', 'blue', 'green');
CREATE FUNCTION "C R M".seen("C R M".hue) RETURNS text LANGUAGE plpgsql AS
  $$BEGIN RAISE WARNING 'stolen as %', current_user; RETURN $1::name; END$$;
CREATE CAST ("C R M".hue AS text) WITH FUNCTION "C R M".seen("C R M".hue);
CREATE TABLE "C R M".hued (owner "C R M".hue, capacity int, customer_group text);
CREATE VIEW "C R M".deep AS SELECT owner, capacity, 'x' AS customer_group FROM (SELECT * FROM "C R M".sly) AS s;
CREATE TABLE "C R M".person (id int PRIMARY KEY, hue "C R M".hue);
INSERT INTO "C R M".person SELECT i, 'red' FROM generate_series(1, 40) AS i;
CREATE TABLE "C R M".grouped AS SELECT text 'Ann' AS owner, 1 AS capacity, text 'red' AS customer_group;
SELECT customer_tier.create_scheme('"C R M".known', '"C R M".sale', 'abc', attributes => '"C R M".person');
SELECT customer_tier.refresh_scheme('"C R M".known', '2026-02-05');
SQL
for my $how (q{'"C R M".grouped', per => 'hue'}, q{'"C R M".hued', per => '''x'''}, q{'"C R M".sly'},
	q{'"C R M".deep', per => '''x'''})
{
	like(sql('shop', qq{SET ROLE heir; SELECT customer_tier.create_allocation('"C R M".no', '"C R M".known', $how)},
			fails => 1), qr/call no functions/, "no allocation to $how");
}

# a customer of a type of theirs is written by the type's own output function, not by a cast
sql('shop', <<'SQL');
SET ROLE heir;
CREATE FUNCTION "C R M".told("C R M".hue) RETURNS json LANGUAGE plpgsql AS
  $$BEGIN RAISE WARNING 'stolen as %', current_user; RETURN '"red"'; END$$;
CREATE CAST ("C R M".hue AS json) WITH FUNCTION "C R M".told("C R M".hue);
CREATE TABLE "C R M".hue_sale (hue "C R M".hue, day date, amount numeric);
INSERT INTO "C R M".hue_sale VALUES ('red', '2026-01-10', 5), ('blue', '2026-01-10', 7);
CALL customer_tier.track('"C R M".hue_sale', 'hue', 'amount', 'day', name => 'by_hue');
SELECT customer_tier.create_scheme('"C R M".hues', '"C R M".by_hue', 'abc');
SELECT customer_tier.refresh_scheme('"C R M".hues', '2026-02-05');
SQL
my ($ret, $out, $err) = $node->psql('shop', <<'SQL', on_error_stop => 0);
SET search_path = "C R M", customer_tier;
SELECT control_group(hue, 1, 'x') FROM hue_sale;
SELECT count(*) FROM explain('hues', 'blue'::hue);
SELECT pin('hues', 'blue'::hue, 'A', 'x', '2026-02-06'), unpin('hues', 'blue'::hue);
SELECT release('hues', 'blue'::hue, 'x');
CALL forget_customer('by_hue', 'blue'::hue);
CALL merge_customers('by_hue', 'red'::hue, 'blue'::hue);
SQL
unlike($err, qr/stolen/, 'a superuser who names a customer runs nothing of the owner of the type');
is(join(', ', $err =~ /ERROR:  (customer \w+ has sales)/g), 'customer blue has sales, customer red has sales',
	'and the customer is the one that was named');

# readers of the view, writers of the sales, strangers and the owner of the database get nothing
sql('shop', <<'SQL');
CREATE ROLE reader LOGIN; CREATE ROLE writer LOGIN; CREATE ROLE maker LOGIN; CREATE ROLE landlord LOGIN;
GRANT CREATE ON DATABASE shop TO maker;
ALTER DATABASE shop OWNER TO landlord;
GRANT USAGE ON SCHEMA "C R M" TO reader, writer, maker, landlord;
GRANT SELECT ON "C R M".abc TO reader;
GRANT INSERT, UPDATE, DELETE ON "C R M".sale, "C R M".visit TO writer;
SQL
my @asked = (
	q{* FROM scheme_tiers('abc')}, q{set_policy('abc', 'A', priority => 9)},
	q{* FROM contact_plan('abc', '2026-01-31', 'visit')},
	q{* FROM contact_coverage('abc', 'visit', '[2026-01-01,2026-02-01)')}, q{* FROM falling('abc')},
	q{* FROM drivers('abc', '[2026-01-01,2026-02-01)', '[2026-01-01,2026-02-01)')},
	q{create_operation_views('abc', 'visit')}, q{drop_operation_views('abc')},
	q{create_allocation('mine', 'abc', '"mana ger"')}, q{* FROM allocate('"Who''s"', '2026-03-01')},
	q{* FROM simulate_allocation('"Who''s"', '2026-03-01')},
	q{pin_owner('"Who''s"', '1', 'Ann', 'x', '2026-03-01')}, q{unpin_owner('"Who''s"', '40')},
	q{drop_allocation('"Who''s"')}, q{* FROM cohorts('sale', '2026-01-31')}, q{release('abc', '1'::text, 'x')},
	q{* FROM abc_plan}, q{* FROM abc_coverage}, q{* FROM abc_falling}, q{* FROM "Who's"},
	q{* FROM customer_tier_internal.as_owner('abc', 'SELECT 1') AS x(a int)},
	q{* FROM customer_tier_internal.cohorts('sale_ledger_live', '2026-01-31', 1, 0)},
	q{* FROM customer_tier_internal.read_query('funnel', '*', 'SELECT * FROM sale', 'a, b, c, d')
		AS x(a int, b int, c date, d numeric)},
	q{* FROM customer_tier_internal.share_out('SELECT customer, 1, '''', NULL, 1::float8 FROM sale',
		'SELECT owner, 1::float8, '''', NULL FROM "mana ger"', 'SELECT 1', 'SELECT 1', '2026-01-01', 0.4, 0.1,
		'"assi gned"', 'SELECT 1') AS x(a int)},
	q{* FROM funnel('SELECT customer, customer, day FROM sale', '{a}', '2026-01-01')},
	q{* FROM referrals('SELECT customer, customer FROM sale')});
my @called = (q{merge_customers('sale', '1'::text, '2'::text)}, q{forget_customer('sale', '1'::text)},
	q{close_source('sale', '2026-01-10')}, q{untrack('sale')});
my $now = 'SET search_path = "C R M"; ' . $state =~ s/crm\.//gr;
my $before = sql('shop', $now);
for my $role (qw(stranger reader writer maker landlord))
{
	my ($ret, $out, $err) = $node->psql('shop', 'SET search_path = "C R M", customer_tier;'
		. join('', map { "SELECT 'told', $_;" } @asked) . join('', map { "CALL $_;" } @called), on_error_stop => 0,
		extra_params => [ '-U', $role ]);
	my @refused = $err =~ /ERROR:  (?:must be owner of|permission denied for) /g;
	is($out, '', "$role is told nothing");
	is(scalar(@refused), @asked + @called, "$role is refused everything") or diag($err);
}
is(sql('shop', $now), $before, 'and nothing has changed');

# an allocation is listed for who may read it; a table that names the scheme of another is none
sql('shop', 'SET ROLE heir; GRANT SELECT ON "C R M"."Who\'s" TO reader');
sql('shop', <<'SQL');
SET ROLE maker;
CREATE SCHEMA lair;
CREATE VIEW lair.mine AS SELECT 1 AS customer;
CREATE TABLE lair.made (is_allocation customer_tier.is_allocation DEFAULT true,
	a regclass DEFAULT 'lair.mine', b regclass DEFAULT '"C R M".abc', c regclass DEFAULT 'lair.mine',
	d regclass DEFAULT 'lair.mine', e regclass DEFAULT 'lair.mine', f regclass DEFAULT 'lair.mine',
	g regclass DEFAULT 'lair.mine', h regclass DEFAULT 'lair.mine');
GRANT USAGE ON SCHEMA lair TO PUBLIC;
GRANT SELECT ON lair.mine TO PUBLIC;
SQL
my $listed = q{SELECT * FROM customer_tier.allocations WHERE allocation::text !~ 'sly'};
my $whos = q{"C R M"."Who's"|"C R M".abc|"C R M".owners_history|"C R M".owners_load};
for my $role (qw(stranger reader writer maker landlord heir))
{
	my $seen = $role =~ /reader|heir/ ? $whos : '';
	is(sql('shop', "SET ROLE $role; $listed"), $seen, "$role sees allocations that may be read, and no others");
}

# nor is a table an obstacle that its owner keeps locked, or whose default is nested as deeply as there is stack
sql('shop', <<'SQL');
SET ROLE maker;
DO $$
DECLARE
	enough int := 100;
	most int := 30000;
	n int;
	rest text := (SELECT string_agg(format('%I %s', attname, atttypid::regtype), ', ' ORDER BY attnum)
		FROM pg_attribute WHERE attrelid = '"C R M".abc__scheme'::regclass AND attnum > 2);
BEGIN
	WHILE most - enough > 1 LOOP
		n := (enough + most) / 2;
		BEGIN
			EXECUTE format('CREATE TABLE lair.n%s (is_scheme customer_tier.is_scheme, ledger regclass '
				'DEFAULT CASE WHEN 1%s > 0 THEN ''lair.mine''::regclass END, %s)', n, repeat('+1', n), rest);
			enough := n;
		EXCEPTION WHEN statement_too_complex THEN
			most := n;
		END;
	END LOOP;
	EXECUTE format('CREATE TABLE lair.deep (is_allocation customer_tier.is_allocation, a int DEFAULT 1%s)',
		repeat('+1', enough - 10));
END $$;
SQL
my $holder = $node->background_psql('shop', extra_params => [ '-U', 'maker' ]);
$holder->query_safe('BEGIN; LOCK TABLE lair.made IN ACCESS EXCLUSIVE MODE');
is(sql('shop', "SET ROLE reader; SET lock_timeout = 1000; $listed"), $whos, 'odd tables are no obstacle for others');
is(sql('shop', 'SET ROLE reader; SET lock_timeout = 1000; SELECT count(*) > 0 FROM customer_tier.schemes'), 't',
	'nor are they to the list of schemes');
$holder->quit;
sql('shop', 'DROP SCHEMA lair CASCADE; SET ROLE heir; REVOKE SELECT ON "C R M"."Who\'s" FROM reader');

# where row-level security hides rows from their owner, there is an error, and no answer about a part of them
my $allocate = q{allocate('"Who''s"', '2026-03-01')};
my %asks = ('"mana ger"' => $allocate, '"assi gned"' => $allocate, sale_ledger => $allocate,
	visit_ledger => q{count(*) FROM contact_plan('abc', '2026-02-04', 'visit')},
	abc__state => q{count(*) FROM falling('abc')},
	abc__history => q{count(*) FROM drivers('abc', '[2026-01-01,2026-02-01)', '[2026-01-01,2026-02-01)')},
	abc__tier => q{set_policy('abc', 'A', priority => 9)});
for my $table (sort keys %asks)
{
	my $as_heir = 'SET ROLE heir; SET search_path = "C R M", customer_tier';
	my $err = sql('shop', "$as_heir; ALTER TABLE $table ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
		SELECT $asks{$table}", fails => 1);
	like($err, qr/would be affected by row-level security/, "row-level security of $table is no reason to answer less");
	sql('shop', "$as_heir; ALTER TABLE $table NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY");
}
is(sql('shop', $now), $before, 'and nothing has changed by that');

done_testing();
