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
CREATE VIEW "C R M".sly AS SELECT "C R M".who() AS owner, 1 AS capacity;
SELECT customer_tier.create_allocation('"C R M".sly_owners', '"C R M".abc', '"C R M".sly');
SQL
is(sql('shop', q{SELECT assigned FROM customer_tier.allocate('"C R M".sly_owners', '2026-02-05')}), '40',
	'a superuser who allocates runs what the owner wrote as the owner');

done_testing();
