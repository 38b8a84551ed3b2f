# Tests the ledgers on a hot standby while the primary is written to, refreshed, rebuilt and
# truncated, and after the standby is promoted.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $seed = $ENV{SEED} || 20261123;
note("seed $seed");

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf',
	"fsync = off\njit = off\nautovacuum_naptime = 1\nmax_standby_streaming_delay = -1\nhot_standby_feedback = on");
$primary->start;
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'wal_receiver_status_interval = 1');
$standby->start;

$primary->safe_psql('postgres', <<"SQL");
CREATE EXTENSION customer_tier;
CREATE TABLE sale (id serial PRIMARY KEY, customer int, day date, amount numeric);
CREATE TABLE part (id int GENERATED ALWAYS AS IDENTITY, customer int, day date,
  amount numeric) PARTITION BY RANGE (day);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (MINVALUE) TO ('2026-02-01');
CREATE TABLE part_2 PARTITION OF part DEFAULT;
INSERT INTO sale (customer, day, amount) SELECT i % 50, date '2026-01-01' + i % 90, i
FROM generate_series(1, 2000) AS i;
INSERT INTO part (customer, day, amount) SELECT i % 50, date '2026-01-01' + i % 90, i
FROM generate_series(1, 2000) AS i;
CALL customer_tier.track('sale', 'customer', 'amount', 'day', filter => 'amount <> 7');
CALL customer_tier.track('part', 'customer', 'amount', 'day');
CREATE PROCEDURE write(who int) LANGUAGE plpgsql AS \$\$
BEGIN
  PERFORM setseed(($seed + who) % 1000 / 1000.0);
  LOOP
    INSERT INTO sale (customer, day, amount) SELECT (random() * 60)::int, date '2026-01-01' + (random() * 90)::int,
    round((random() * 100)::numeric, 2) FROM generate_series(1, 1 + (random() * 20)::int);
    INSERT INTO part (customer, day, amount) SELECT (random() * 60)::int, date '2026-01-01' + (random() * 90)::int,
    round((random() * 100)::numeric, 2) FROM generate_series(1, 1 + (random() * 5)::int);
    IF random() < 0.2 THEN ROLLBACK; ELSE COMMIT; END IF;
    UPDATE sale SET amount = amount + 1, customer = (random() * 60)::int WHERE id % 97 = who + (random() * 90)::int;
    UPDATE part SET day = date '2026-01-01' + (random() * 90)::int WHERE id % 97 = who + (random() * 90)::int;
    COMMIT;
    DELETE FROM sale WHERE id % 89 = (random() * 88)::int;
    DELETE FROM part WHERE id % 89 = (random() * 88)::int;
    COMMIT;
    IF who = 1 AND random() < 0.03 THEN TRUNCATE sale; COMMIT; END IF;
    IF who = 1 AND random() < 0.03 THEN TRUNCATE part; COMMIT; END IF;
  END LOOP;
END \$\$;
CREATE PROCEDURE refresh_all() LANGUAGE plpgsql AS \$\$
BEGIN
  PERFORM setseed($seed % 1000 / 1000.0);
  LOOP
    CALL customer_tier.refresh_source('sale');
    COMMIT;
    CALL customer_tier.refresh_source('part');
    COMMIT;
    IF random() < 0.05 THEN CALL customer_tier.rebuild_source('sale'); COMMIT; END IF;
    PERFORM pg_sleep(random() / 50);
  END LOOP;
END \$\$;
SQL

# how many customers are not what their sales give, by the rules of verify; and by
# plain SQL.  The lock comes before the snapshot, or a TRUNCATE would come between.
sub differ
{
	my ($t, $filter) = @_;
	return <<"SQL";
BEGIN;
LOCK TABLE $t IN ACCESS SHARE MODE;
SELECT count(*) FROM customer_tier.roll_up('SELECT customer, day, amount FROM $t WHERE $filter',
  NULL) AS f (customer int, ledger customer_tier.ledger)
  FULL JOIN ${t}_ledger_live AS l USING (customer)
WHERE coalesce(l.ledger, '{}') OPERATOR(customer_tier.<>) coalesce(f.ledger, '{}');
SELECT count(*) FROM (SELECT customer, sum(amount) AS total, count(*) FILTER (WHERE amount > 0) AS orders FROM $t
  WHERE $filter GROUP BY customer) AS s
  FULL JOIN ${t}_ledger_live AS l USING (customer)
WHERE (s.total, s.orders) IS DISTINCT FROM (customer_tier.total(l.ledger), customer_tier.orders(l.ledger))
  AND NOT (l.ledger IS NULL AND s.total = 0 AND s.orders = 0);
COMMIT;
SQL
}
my $differ = differ('sale', 'amount <> 7') . differ('part', 'true');
my $right = "0\n0\n0\n0";

$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', 'SELECT pg_is_in_recovery()'), 't', 'the standby is one');
is($standby->safe_psql('postgres', $differ), $right, 'right after track');
is($standby->safe_psql('postgres', 'SELECT sales, pending, capturing FROM customer_tier.sources ORDER BY sales::text'),
	"part|0|t\nsale|0|t", 'sources is read there');

# what is pending, before and after a refresh
my $live = "SELECT md5(string_agg(l::text, ' ' ORDER BY customer)) FROM sale_ledger_live AS l";
my $kept = "SELECT md5(string_agg(l::text, ' ' ORDER BY customer)) FROM sale_ledger AS l";
$primary->safe_psql('postgres',
	"INSERT INTO sale (customer, day, amount) VALUES (3, '2026-01-05', 5), (1000, '2026-01-06', 6);
	DELETE FROM sale WHERE customer = 4");
$primary->wait_for_catchup($standby);
my $before = $standby->safe_psql('postgres', $live);
is($standby->safe_psql('postgres', $differ), $right, 'right before the refresh');
is($standby->safe_psql('postgres', "SELECT pending FROM customer_tier.sources WHERE sales = 'sale'::regclass"), '42',
	'which is pending');
isnt($standby->safe_psql('postgres', $kept), $before, 'the ledgers are of before');
$primary->safe_psql('postgres', "CALL customer_tier.refresh_source('sale')");
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres',
	"$live; $kept; SELECT pending FROM customer_tier.sources WHERE sales = 'sale'::regclass"), "$before\n$before\n0",
	'after it the ledgers are what the view was');
my ($ret, $out, $err) = $standby->psql('postgres', "CALL customer_tier.refresh_source('sale')");
like($err, qr/recovery|read-only/, 'a refresh on the standby says why not');
is($standby->safe_psql('postgres', "SELECT count(*) FROM customer_tier.verify_source('sale')"), '0',
	'verify works there');

# a snapshot that is older than a refresh, a rebuild and more writes, on the standby
my ($in, $said, $told) = ('', '', '');
my $reader = IPC::Run::start([ 'psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d',
	$standby->connstr('postgres') ], '<', \$in, '>', \$said, '2>', \$told,
	IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
sub say_to_reader
{
	my ($sql) = @_;
	$said = '';
	$in .= "$sql;\n\\echo done\n";
	$reader->pump until $said =~ /done\n/ || !$reader->pumpable;
	$said =~ s/\n?done\n//;
	return $said;
}
$primary->safe_psql('postgres', "INSERT INTO sale (customer, day, amount) VALUES (3, '2026-01-05', 5)");
$primary->wait_for_catchup($standby);
my $saw = say_to_reader("BEGIN ISOLATION LEVEL REPEATABLE READ; $live");
$primary->safe_psql('postgres',
	"CALL customer_tier.refresh_source('sale'); UPDATE sale SET amount = amount + 1 WHERE customer = 3;
	CALL customer_tier.rebuild_source('sale')");
$primary->wait_for_catchup($standby);
is(say_to_reader($live), $saw, 'an old snapshot sees what it saw');
isnt(say_to_reader("COMMIT; $live"), $saw, 'a new one what came since');

# TRUNCATE that is open, rolled back, committed
my ($in2, $out2, $err2) = ('', '', '');
my $truncater = IPC::Run::start([ 'psql', '-X', '-q', '-A', '-t', '-d', $primary->connstr('postgres') ], '<', \$in2,
	'>', \$out2, '2>', \$err2, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
foreach my $end ('ROLLBACK', 'COMMIT')
{
	my $was = $standby->safe_psql('postgres', $live);
	$out2 = '';
	$in2 .= "BEGIN; TRUNCATE sale; "
		. "INSERT INTO sale (customer, day, amount) VALUES (5, '2026-02-01', 50), (6, '2026-02-01', 60);\n"
		. "\\echo truncated\n";
	$truncater->pump until $out2 =~ /truncated/;
	$primary->wait_for_catchup($standby);
	is($standby->safe_psql('postgres', $live), $was, "nothing is seen of a TRUNCATE that is open: $end");
	$out2 = '';
	$in2 .= "$end;\n\\echo ended\n";
	$truncater->pump until $out2 =~ /ended/;
	$primary->wait_for_catchup($standby);
	is($standby->safe_psql('postgres', $differ), $right, "right after TRUNCATE and $end");
	is($standby->safe_psql('postgres', 'SELECT count(*) FROM sale_ledger_live'), '2', 'two customers are left')
		if $end eq 'COMMIT';
}
$truncater->finish;
$primary->safe_psql('postgres', "CALL customer_tier.refresh_source('sale')");
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $differ), $right, 'and after a refresh of it');
say_to_reader('SELECT 1');
$in .= "\\q\n";
$reader->finish;
is($told, '', 'the reader met no error');

# under load
my @sessions = map { IPC::Run::start([ 'psql', '-X', '-q', '-d', $primary->connstr('postgres'), '-c', $_ ], '<', \undef,
	'>', \my $o, '2>', \my $e) }
	('CALL write(1)', 'CALL write(2)', 'CALL refresh_all()');
my ($times, $wrong, $pending) = (0, '', 0);
my $end = time + 4;
while (time < $end)
{
	my ($some, $found) = split /\n/,
	$standby->safe_psql('postgres', "SELECT sum(pending) > 0 FROM customer_tier.sources; $differ"), 2;
	$wrong = $found if $found ne $right;
	$pending++ if $some eq 't';
	$times++;
	usleep(20_000);
}
is($wrong, '', "right whenever looked at under load: $times times, $pending with sales pending");
cmp_ok($pending, '>', 0, 'which says something');

# the primary dies in the midst of it; the standby takes over
$primary->stop('immediate');
$_->finish foreach @sessions;
$standby->promote;
is($standby->safe_psql('postgres', $differ), $right, 'right after promotion');
is($standby->safe_psql('postgres',
	"SELECT count(*) FROM customer_tier.verify_source('sale');
	SELECT count(*) FROM customer_tier.verify_source('part')"), "0\n0", 'so says verify');
is($standby->safe_psql('postgres', <<'SQL'), "0\n0\n0\nt", 'it captures, refreshes and rebuilds');
INSERT INTO sale (customer, day, amount) VALUES (3, '2026-01-05', 5), (1000, '2026-01-06', 6);
UPDATE part SET day = day + 31, customer = customer + 1 WHERE customer % 3 = 0;
CALL customer_tier.refresh_source('sale');
CALL customer_tier.refresh_source('part');
SELECT count(*) FROM customer_tier.verify_source('sale');
SELECT count(*) FROM customer_tier.verify_source('part');
CALL customer_tier.rebuild_source('part');
SELECT sum(pending) FROM customer_tier.sources;
SELECT bool_and(capturing) FROM customer_tier.sources;
SQL

$standby->stop;
done_testing();
