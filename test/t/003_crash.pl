# Tests that no sale is lost or counted twice if writers and a refresh are killed.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{SEED} || 20261123;
srand($seed);
note("seed $seed");

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nautovacuum_naptime = 1\nrestart_after_crash = on");
$node->start;

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION customer_tier;
CREATE TABLE sale (id serial PRIMARY KEY, customer int, day date, amount numeric);
INSERT INTO sale (customer, day, amount) SELECT i % 50, date '2026-01-01' + i % 90, i
FROM generate_series(1, 2000) AS i;
CALL customer_tier.track('sale', 'customer', 'amount', 'day');
CREATE PROCEDURE write(who int) LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    INSERT INTO sale (customer, day, amount) SELECT (random() * 60)::int, date '2026-01-01' + (random() * 90)::int,
      round((random() * 100)::numeric, 2) FROM generate_series(1, 1 + (random() * 20)::int);
    UPDATE sale SET amount = amount + 1, customer = (random() * 60)::int WHERE id % 97 = who + (random() * 90)::int;
    IF random() < 0.2 THEN ROLLBACK; ELSE COMMIT; END IF;
    DELETE FROM sale WHERE id % 89 = (random() * 88)::int;
    COMMIT;
  END LOOP;
END $$;
CREATE PROCEDURE refresh_all() LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    CALL customer_tier.refresh_source('sale');
    COMMIT;
    IF random() < 0.05 THEN CALL customer_tier.rebuild_source('sale'); COMMIT; END IF;
  END LOOP;
END $$;
SQL

my $refreshed = 0;
foreach my $round (1 .. 6)
{
	my @sessions = map { IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-c', $_ ], '<',
		\undef, '>', \my $out, '2>', \my $err) }
		('CALL write(1)', 'CALL write(2)', 'CALL refresh_all()');
	select(undef, undef, undef, 0.3 + rand);
	# a reader at the same time: what is kept, what is pending and what was sold, in one snapshot
	is($node->safe_psql('postgres', "SELECT count(*) FROM customer_tier.verify_source('sale')"), '0',
		"while all work, round $round");
	if ($round % 2)
	{
		$node->stop('immediate');
		$node->start;
	}
	else
	{
		# one of them dies: the server ends all, recovers and goes on
		my @pids = split /\n/, $node->safe_psql('postgres',
			"SELECT pid FROM pg_stat_activity WHERE query LIKE 'CALL%' ORDER BY query");
		kill 'KILL', $pids[$round / 2 % @pids];
		select(undef, undef, undef, 0.2);
		$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
	}
	$_->finish foreach @sessions;
	is($node->safe_psql('postgres', "SELECT count(*) FROM customer_tier.verify_source('sale')"), '0',
		"after the crash, round $round");
	is($node->safe_psql('postgres',
		"CALL customer_tier.refresh_source('sale');
		SELECT (SELECT count(*) FROM customer_tier.verify_source('sale')) + (SELECT count(*) FROM sale_delta)"), '0',
		"and after a refresh, round $round");
}
cmp_ok($node->safe_psql('postgres', 'SELECT last_value FROM sale_id_seq'), '>', 2100, 'much was written');

$node->stop;
done_testing();
