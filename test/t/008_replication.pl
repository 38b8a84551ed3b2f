# Tests logical replication.  An apply worker fires row triggers but no statement triggers, so
# a subscriber needs a partitioned table or capture => 'row'.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "fsync = off\njit = off");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('postgres', 'CREATE DATABASE reports');

my $tables = 'CREATE TABLE sale (id int PRIMARY KEY, customer int, day date, amount numeric);
	CREATE TABLE late (id int PRIMARY KEY, customer int, day date, amount numeric);';
$node->safe_psql('shop', "$tables
	CREATE TABLE part (id int, customer int, day date, amount numeric, PRIMARY KEY (id, day));
	INSERT INTO sale SELECT i, i % 20, date '2026-01-01' + i % 90, i FROM generate_series(1, 500) AS i;
	INSERT INTO part SELECT * FROM sale;
	CREATE PUBLICATION all_of_it FOR TABLE sale, part, late;");
$node->safe_psql('reports', "$tables
	CREATE EXTENSION customer_tier;
	CREATE TABLE part (id int, customer int, day date, amount numeric, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (MINVALUE) TO ('2026-02-01');
	CREATE TABLE part_2 PARTITION OF part DEFAULT;
	CALL customer_tier.track('sale', 'customer', 'amount', 'day', capture => 'row');
	CALL customer_tier.track('part', 'customer', 'amount', 'day');
	CALL customer_tier.track('late', 'customer', 'amount', 'day');");
$node->safe_psql('shop', "SELECT pg_create_logical_replication_slot('reports', 'pgoutput')");
my $shop = $node->connstr . ' dbname=shop';
$node->safe_psql('reports',
	"CREATE SUBSCRIPTION reports CONNECTION '$shop' PUBLICATION all_of_it
		WITH (create_slot = false, slot_name = 'reports')");
$node->poll_query_until('reports', "SELECT count(*) = 3 FROM pg_subscription_rel WHERE srsubstate = 'r'")
	or die 'tables are not copied';

sub is_right
{
	my ($what, @names) = @_;
	$node->wait_for_catchup('reports', 'replay', $node->safe_psql('shop', 'SELECT pg_current_wal_lsn()'));
	for my $name (@names)
	{
		is($node->safe_psql('reports', "SELECT * FROM customer_tier.verify_source('$name')"), '',
			"$what: ledgers of $name are right");
		my $sums = 'SELECT count(*), sum(amount) FROM';
		is($node->safe_psql('reports',
			"SELECT sum(customer_tier.orders(ledger)), sum(customer_tier.total(ledger)) FROM ${name}_ledger_live"),
			$node->safe_psql('shop', "$sums $name"), "$what: they are those of the publisher's $name");
	}
}

is_right('copied', 'sale', 'part');
$node->safe_psql('shop', "INSERT INTO sale SELECT i, i % 30, date '2026-02-01' + i % 9, 5 FROM generate_series(1001,
	1200) AS i;
	INSERT INTO part SELECT * FROM sale WHERE id > 1000");
is_right('inserted', 'sale', 'part');
$node->safe_psql('shop', "UPDATE sale SET amount = amount + 1, customer = customer + 1 WHERE id % 3 = 0;
	UPDATE part SET day = day + 20 WHERE id % 3 = 0;
	DELETE FROM sale WHERE id % 7 = 0; DELETE FROM part WHERE id % 7 = 0");
is_right('changed', 'sale', 'part');
$node->safe_psql('reports', "CALL customer_tier.refresh_source('sale')");
$node->safe_psql('reports', "CALL customer_tier.refresh_source('part')");
$node->safe_psql('shop', "TRUNCATE sale, part;
INSERT INTO sale VALUES (1, 1, '2026-01-05', 3);
INSERT INTO part TABLE sale");
is_right('truncated', 'sale', 'part');

# as the page says, a plain table's triggers for statements miss it; verify does not
$node->safe_psql('shop', "INSERT INTO late VALUES (1, 1, '2026-01-05', 3)");
$node->wait_for_catchup('reports', 'replay', $node->safe_psql('shop', 'SELECT pg_current_wal_lsn()'));
is($node->safe_psql('reports', "SELECT * FROM customer_tier.verify_source('late', repair => true)"),
	'1|{}|{2026-01-05:1:3}', 'verify finds what triggers for statements miss');
is_right('repaired', 'late');

$node->safe_psql('reports', 'ALTER SUBSCRIPTION reports DISABLE; ALTER SUBSCRIPTION reports SET (slot_name = NONE);
	DROP SUBSCRIPTION reports');
$node->stop('fast');
done_testing();
