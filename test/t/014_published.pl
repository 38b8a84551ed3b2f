# Tests a publication of all tables, with subscribers that track the same tables: no write must
# fail, and no sale be counted twice.  Tests queries on a standby as well.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('publisher');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nautovacuum = off");
$node->start;

sub sql
{
	my ($db, $sql, %how) = @_;
	my ($ret, $out, $err) = ($how{on} // $node)->psql($db, $sql, on_error_stop => 1);
	$ret == 0 or fail("$sql: $err");
	return $out;
}

sql('postgres', 'CREATE ROLE shop LOGIN');
sql('postgres', "CREATE DATABASE $_ OWNER shop") for qw(shop copy plain);
my $tables = <<'SQL';
CREATE EXTENSION customer_tier; SET ROLE shop; CREATE SCHEMA crm;
CREATE TABLE crm.sale (id int PRIMARY KEY, customer int, day date, amount numeric);
CREATE TABLE crm.part (id int, customer int, day date, amount numeric, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE crm.part_1 PARTITION OF crm.part FOR VALUES FROM (MINVALUE) TO ('2026-02-01');
CREATE TABLE crm.part_2 PARTITION OF crm.part DEFAULT;
CREATE TABLE crm.head (id int PRIMARY KEY, customer int, day date);
CREATE TABLE crm.line (id int PRIMARY KEY, head int, amount numeric);
SQL
my $track = <<'SQL';
CREATE VIEW crm.order_sale AS SELECT customer, day AS sold_at, amount FROM crm.head JOIN crm.line ON head = head.id;
CALL customer_tier.track('crm.sale', 'customer', 'amount', 'day', capture => 'row');
CALL customer_tier.track('crm.part', 'customer', 'amount', 'day');
CALL customer_tier.track('crm.order_sale', capture => 'row');
SQL
my @sources = qw(crm.sale crm.part crm.order_sale);
sql('shop', $tables . $track . "RESET ROLE; CREATE PUBLICATION everything FOR ALL TABLES");
sql('copy', $tables . $track);
# the default capture does not see what a subscription writes, and says so
sql('plain', "$tables CALL customer_tier.track('crm.sale', 'customer', 'amount', 'day')");

my $writes = <<'SQL';
SET ROLE shop;
INSERT INTO crm.sale SELECT i, i % 7, date '2026-01-01' + i % 60, i FROM generate_series(1, 50) AS i;
INSERT INTO crm.part TABLE crm.sale;
INSERT INTO crm.head SELECT i, i % 7, date '2026-01-01' + i % 60 FROM generate_series(1, 20) AS i;
INSERT INTO crm.line SELECT i, i % 20 + 1, i FROM generate_series(1, 40) AS i;
SQL
my $more = <<'SQL';
SET ROLE shop;
UPDATE crm.sale SET amount = amount + 1, customer = customer + 1 WHERE id % 3 = 0;
DELETE FROM crm.sale WHERE id % 5 = 0;
UPDATE crm.part SET day = day + 20 WHERE id % 3 = 0;
DELETE FROM crm.part WHERE id % 5 = 0;
UPDATE crm.head SET customer = 9 WHERE id = 3;
DELETE FROM crm.line WHERE id = 7;
SQL
my $refresh = join(' ', map { "CALL customer_tier.refresh_source('$_');" } @sources);
my $verify = join(' ', map { "SELECT '$_', v FROM customer_tier.verify_source('$_') AS v;" } @sources);

# the publisher
my ($ret, $out, $err) = $node->psql('shop',
	"$writes $refresh $more $refresh $verify TRUNCATE crm.sale; INSERT INTO crm.sale VALUES (1, 1, '2026-01-01', 5);
	SELECT capturing, pending > 0 FROM customer_tier.sources WHERE source = 'crm.sale_sale'::regclass;
	$refresh $verify", on_error_stop => 1);
is("$out$err", 't|t', 'FOR ALL TABLES: writes and refreshes do not fail, nor TRUNCATE');
is(sql('shop', "SELECT string_agg(relname,
	' ') FROM pg_class AS c WHERE relnamespace = 'crm'::regnamespace AND relkind = 'r' AND relreplident = 'd'
	AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)"), '',
	'all tables of ours have a replica identity');
sql('shop', "CALL customer_tier.rebuild_source('crm.sale'); SET ROLE shop; CALL customer_tier.alter_source('crm.sale');
	CALL customer_tier.untrack('crm.part'); CALL customer_tier.track('crm.part', 'customer', 'amount', 'day')");

# the subscriber that tracks as well: the tables of the sales, and what we keep beside them
my $publisher = $node->connstr . ' dbname=shop';
sql('shop', "SELECT pg_create_logical_replication_slot('copy', 'pgoutput');
	SELECT pg_create_logical_replication_slot('plain', 'pgoutput'); CREATE PUBLICATION sales FOR TABLE crm.sale");
sql('copy', "CREATE SUBSCRIPTION copy CONNECTION '$publisher' PUBLICATION everything
	WITH (create_slot = false, slot_name = 'copy', copy_data = false)");
sql('plain',
	"CREATE SUBSCRIPTION plain CONNECTION '$publisher' PUBLICATION sales
		WITH (create_slot = false, slot_name = 'plain', copy_data = false)");
# what is there is the same on both sides before it begins
sub caught_up { $node->wait_for_catchup($_, 'replay', sql('shop', 'SELECT pg_current_wal_lsn()')) for qw(copy plain) }
$node->poll_query_until($_, "SELECT count(*) > 0 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel")
	or die 'not synchronised' for qw(copy plain);
sql('shop', "SET ROLE shop; DELETE FROM crm.sale; DELETE FROM crm.part; DELETE FROM crm.head; DELETE FROM crm.line;
	$refresh $writes");
caught_up();
my $sums = 'SELECT sum(customer_tier.orders(ledger)), sum(customer_tier.total(ledger)) FROM crm.';
for my $step ('written', 'refreshed', 'changed', 'refreshed again')
{
	sql('shop', $more) if $step eq 'changed';
	sql('shop', "SET ROLE shop; $refresh") if $step =~ /refreshed/;
	caught_up();
	is(sql('copy', "$sums${_}_ledger_live"), sql('shop', "$sums${_}_ledger_live"),
		"$step: the subscriber's $_ counts nothing twice") for qw(sale part order);
}
is(sql('plain', "SELECT capturing FROM customer_tier.sources"), 'f',
	'triggers for statements and a subscription: sources says so');
is(sql('plain', "SELECT count(*) > 0 FROM customer_tier.verify_source('crm.sale', repair => true);
	SELECT * FROM customer_tier.verify_source('crm.sale')"), 't', 'and verify_source repairs it');
for my $db (qw(copy plain))
{
	sql($db, "ALTER SUBSCRIPTION $db DISABLE; ALTER SUBSCRIPTION $db SET (slot_name = NONE)");
	sql($db, "DROP SUBSCRIPTION $db");
	$node->poll_query_until('postgres', "SELECT NOT active FROM pg_replication_slots WHERE slot_name = '$db'");
	sql('shop', "SELECT pg_drop_replication_slot('$db')");
}

# a standby
sql('shop', "INSERT INTO crm.sale VALUES (1001, 77, '2026-03-01', 5)");
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
sql('shop', "INSERT INTO crm.sale VALUES (1002, 77, '2026-03-02', 6);
	INSERT INTO crm.head VALUES (100, 77, '2026-03-02'); INSERT INTO crm.line VALUES (100, 100, 6)");
$node->wait_for_catchup($standby);
is(sql('shop', "SELECT customer_tier.ledger_of('crm.sale', 77), customer_tier.ledger_of('crm.order_sale', 77)",
	on => $standby), '{2026-03-01:1:5, 2026-03-02:1:6}|{2026-03-02:1:6}', 'a standby: ledger_of');
is(sql('shop', "$sums$_", on => $standby), sql('shop', "$sums$_"), "a standby: $_")
	for qw(sale_ledger_live part_ledger_live order_ledger_live);
is(sql('shop', 'SELECT source, capturing, changed, pending FROM customer_tier.sources ORDER BY 1', on => $standby),
	sql('shop', 'SELECT source, capturing, changed, pending FROM customer_tier.sources ORDER BY 1'),
	'a standby: sources');
($ret, $out, $err) = $standby->psql('shop', "CALL customer_tier.refresh_source('crm.sale')");
like($err, qr/read-only transaction|during recovery/, 'a standby: no refresh');

$standby->stop('immediate');
$node->stop('immediate');
done_testing();
