# Tests that no sale is lost or counted twice if the server, or the backend, is killed at a
# given point of capture, refresh, rebuild, track and untrack.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('crash_points');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nautovacuum = off\nrestart_after_crash = on");
$node->start;

# point(n) waits if somebody holds it: whoever gets there is seen to be there
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION customer_tier;
CREATE FUNCTION point() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock_shared(7);
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE FUNCTION slow(n numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF n = 777 THEN
    PERFORM pg_catalog.pg_advisory_xact_lock_shared(7);
  END IF;
  RETURN n;
END $$;
SQL

# how the tables begin: plain and partitioned
my %table = (
	plain => 'CREATE TABLE sale (id serial PRIMARY KEY, customer int, day date, amount numeric)',
	partitioned => 'CREATE TABLE sale (id serial, customer int, day date, amount numeric) PARTITION BY RANGE (day);
		CREATE TABLE sale_1 PARTITION OF sale FOR VALUES FROM (MINVALUE) TO (\'2026-02-01\');
		CREATE TABLE sale_2 PARTITION OF sale DEFAULT');
my $track = "CALL customer_tier.track('sale', 'customer', 'public.slow(amount)', 'day')";
my $rows = "SELECT i % 500, date '2026-01-01' + i % 90,
	CASE WHEN i = 4000 THEN 777 ELSE i % 300 END FROM generate_series(1, 5000) AS i";

sub begin_anew
{
	my ($kind, $tracked) = @_;
	$node->safe_psql('postgres', "SET client_min_messages = warning; CALL customer_tier.untrack_all();
		DROP TABLE IF EXISTS sale CASCADE; $table{$kind}");
	$node->safe_psql('postgres', "INSERT INTO sale (customer, day, amount) SELECT i % 50, date '2026-01-01' + i % 90,
		i FROM generate_series(1, 500) AS i");
	return unless $tracked;
	$node->safe_psql('postgres', $track);
	# pending, of each kind
	$node->safe_psql('postgres', "INSERT INTO sale (customer, day, amount) VALUES (3, '2026-01-05', 5), (100,
		'2026-01-06', 6); DELETE FROM sale WHERE customer = 4; UPDATE sale SET amount = amount + 1 WHERE customer = 5");
	return;
}

# whoever holds the point; or a lock
sub hold
{
	my ($sql) = @_;
	my ($in, $out, $err) = ("$sql;\n\\echo held\n", '', '');
	my $holder = IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>',
		\$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$holder->pump until $out =~ /held/ || !$holder->pumpable;
	return $holder;
}

# what is written in all: customer and total by plain SQL, beside the live ledgers
my $differ = <<'SQL';
SELECT count(*) FROM customer_tier.verify_source('sale');
SELECT count(*) FROM (SELECT customer, sum(amount) AS total, count(*) FILTER (WHERE amount > 0) AS orders FROM sale
  GROUP BY customer) AS s FULL JOIN sale_ledger_live AS l USING (customer)
WHERE (s.total, s.orders) IS DISTINCT FROM (customer_tier.total(l.ledger), customer_tier.orders(l.ledger));
SQL

# point NAME: what is held, what is done meanwhile, until it waits; a crash; what is then.
# With CRASH_POINTS=all of each kind of table and crash, otherwise of them in turn.
my $points = 0;
sub point
{
	my ($name, %p) = @_;
	my @kinds = @{ $p{kinds} // [ 'plain', 'partitioned' ] };
	my @hows = ('backend killed', 'server stopped');
	my $n = $points++;
	unless (($ENV{CRASH_POINTS} // '') eq 'all')
	{
		@kinds = $kinds[$n % @kinds];
		@hows = $hows[$n / 2 % 2];
	}
	foreach my $kind (@kinds)
	{
		foreach my $how (@hows)
		{
			begin_anew($kind, !$p{untracked});
			$node->safe_psql('postgres', $p{before}) if $p{before};
			my $sales = $node->safe_psql('postgres', 'SELECT count(*) FROM sale');
			my $pending = $p{untracked} ? ''
				: $node->safe_psql('postgres', 'SELECT count(*), sum(sales), max(epoch) FROM sale_delta');
			my $holder = hold($p{hold} // 'BEGIN; SELECT pg_advisory_xact_lock(7)');
			my $worker = IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'),
				map { ('-c', $_) } @{ $p{work} } ],
				'<', \undef, '>', \my $out, '2>', \my $err,
				IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
			$node->poll_query_until('postgres',
				"SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
				or BAIL_OUT("$name was not reached");
			# others go on
			$node->safe_psql('postgres', $p{meanwhile}) if $p{meanwhile};
			# so that what was not committed is on disk, or is not
			if ($how eq 'backend killed')
			{
				$node->safe_psql('postgres', 'CHECKPOINT');
				kill 'KILL', $node->safe_psql('postgres',
					"SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
			}
			else
			{
				$node->stop('immediate');
			}
			# the server ends all sessions before it recovers
			$worker->finish;
			$holder->finish;
			$node->start if $how eq 'server stopped';
			$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');

			my $tracked = $node->safe_psql('postgres', "SELECT count(*) FROM customer_tier.sources");
			is($tracked, $p{gone} ? '0' : '1', "$name, $kind, $how: " . ($p{gone} ? 'not tracked' : 'tracked'));
			is($node->safe_psql('postgres', 'SELECT count(*) FROM sale'), $sales + ($p{more} // 0),
				"$name, $kind, $how: sales");
			if ($p{gone})
			{
				is($node->safe_psql('postgres',
					"SELECT count(*) FROM pg_class WHERE relname ~ '^sale_(ledger|delta|sale|capture|source)'"), '0',
					"$name, $kind, $how: nothing is left");
				$node->safe_psql('postgres', "INSERT INTO sale (customer, day, amount) VALUES (3, '2026-01-05', 5)");
				$node->safe_psql('postgres', $track);
			}
			elsif ($p{unfilled})
			{
				# the triggers are committed, the ledgers are not: that is said, and can be mended
				is($node->safe_psql('postgres', "SELECT refreshed_at IS NULL, capturing FROM customer_tier.sources"),
					't|t', "$name, $kind, $how: sources says so");
				is($node->safe_psql('postgres', "SELECT count(*) > 0 FROM customer_tier.verify_source('sale')"), 't',
					"$name, $kind, $how: so does verify");
				$node->safe_psql('postgres', "CALL customer_tier.refresh_source('sale')");
				is($node->safe_psql('postgres', "SELECT count(*) FROM customer_tier.verify_source('sale')"), '0',
					"$name, $kind, $how: a refresh fills them");
				$node->safe_psql('postgres', "CALL customer_tier.rebuild_source('sale')");
			}
			elsif (!$p{meanwhile})
			{
				is($node->safe_psql('postgres', 'SELECT count(*), sum(sales), max(epoch) FROM sale_delta'), $pending,
					"$name, $kind, $how: the queue is as it was");
			}
			is($node->safe_psql('postgres', $differ), "0\n0", "$name, $kind, $how: right");
			is($node->safe_psql('postgres',
				"INSERT INTO sale (customer, day, amount) VALUES (3, '2026-01-05', 5);
				CALL customer_tier.refresh_source('sale'); SELECT count(*) FROM sale_delta; $differ"), "0\n0\n0",
				"$name, $kind, $how: right when refreshed");
		}
	}
	return;
}

point('a statement in mid-capture', work => ["INSERT INTO sale (customer, day, amount) $rows"]);
point('a COPY in mid-capture', kinds => ['plain'], before => "COPY ($rows) TO '" . $node->basedir . "/rows'",
	work => [ "COPY sale (customer, day, amount) FROM '" . $node->basedir . "/rows'" ]);
point('captured, not committed', hold => 'BEGIN; SELECT pg_advisory_xact_lock(8)',
	work => [ 'BEGIN; UPDATE sale SET amount = amount + 1; DELETE FROM sale WHERE customer < 10;
	SELECT pg_advisory_xact_lock(8)' ]);
point('TRUNCATE, not committed', hold => 'BEGIN; SELECT pg_advisory_xact_lock(8)',
	work => [ "BEGIN; TRUNCATE sale; INSERT INTO sale (customer, day, amount) VALUES (1, '2026-01-01', 1);
	SELECT pg_advisory_xact_lock(8)" ]);

# a refresh: before its statement; when it has taken the queue; as it updates, inserts and
# deletes ledgers; when it is done and not committed
my $write = "INSERT INTO sale (customer, day, amount) VALUES (3, '2026-01-07', 8), (200, '2026-01-06', 6)";
point('refresh that waits', hold => 'BEGIN; LOCK TABLE sale_ledger IN SHARE UPDATE EXCLUSIVE MODE',
	work => ["CALL customer_tier.refresh_source('sale')"]);
foreach my $stage ('UPDATE ON sale_ledger FOR EACH STATEMENT', 'UPDATE ON sale_ledger FOR EACH ROW',
	'INSERT ON sale_ledger FOR EACH ROW', 'DELETE ON sale_ledger FOR EACH ROW')
{
	my $short = lc $stage;
	point("refresh at $short", before => "CREATE TRIGGER point BEFORE $stage EXECUTE FUNCTION point()",
		work => ["CALL customer_tier.refresh_source('sale')"]);
}
point('refresh while others write', kinds => ['plain'],
	before => 'CREATE TRIGGER point BEFORE INSERT ON sale_ledger FOR EACH ROW EXECUTE FUNCTION point()',
	work => ["CALL customer_tier.refresh_source('sale')"], meanwhile => $write, more => 2);
point('refresh, not committed', hold => 'BEGIN; SELECT pg_advisory_xact_lock(8)',
	work => [ "BEGIN; CALL customer_tier.refresh_source('sale'); SELECT pg_advisory_xact_lock(8)" ]);

point('rebuild that reads the sales',
	before => "INSERT INTO sale (customer, day, amount) VALUES (60, '2026-01-01', 777)",
	work => ["CALL customer_tier.rebuild_source('sale')"]);
point('rebuild that writes ledgers',
	before => 'CREATE TRIGGER point BEFORE INSERT OR UPDATE OR DELETE ON sale_ledger FOR EACH ROW
	EXECUTE FUNCTION point()', work => ["CALL customer_tier.rebuild_source('sale')"]);
point('rebuild while others write',
	before => 'CREATE TRIGGER point BEFORE INSERT OR UPDATE ON sale_ledger FOR EACH ROW EXECUTE FUNCTION point()',
	work => ["CALL customer_tier.rebuild_source('sale')"], meanwhile => $write, more => 2);

# track: before the triggers are committed, and in its first fill
point('track that waits', untracked => 1, gone => 1, hold => 'BEGIN; LOCK TABLE sale IN ROW EXCLUSIVE MODE',
	work => [$track]);
point('track that fills', untracked => 1, unfilled => 1,
	before => "INSERT INTO sale (customer, day, amount) VALUES (60, '2026-01-01', 777)", work => [$track],
	meanwhile => $write, more => 2);

# untrack: as it waits for a writer, for a reader, and not committed
point('untrack that waits for a writer', hold => 'BEGIN; LOCK TABLE sale IN ROW EXCLUSIVE MODE',
	work => ["CALL customer_tier.untrack('sale')"]);
point('untrack that waits for a reader', hold => 'BEGIN; LOCK TABLE sale_ledger IN ACCESS SHARE MODE',
	work => ["CALL customer_tier.untrack('sale')"]);
point('untrack, not committed', hold => 'BEGIN; SELECT pg_advisory_xact_lock(8)',
	work => [ "BEGIN; CALL customer_tier.untrack('sale'); SELECT pg_advisory_xact_lock(8)" ]);

unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal 11|TRAP:/, 'no crash but ours');
$node->stop;
done_testing();
