# Tests that long operations end soon after a cancel: functions of a ledger of millions of days,
# and aggregates over millions of rows.  Each is run to its end, and then cancelled at fractions of
# that time.  Times are CPU times of the backend, which do not depend on the load of the machine.
use strict;
use warnings;

use IPC::Run;
use List::Util qw(min);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

plan skip_all => 'CPU times of a process are read from /proc' unless -r "/proc/$$/stat";

# ms; the least of several attempts counts
my $limit = 120;
my $attempts = 6;

my $node = PostgreSQL::Test::Cluster->new('cancel');
$node->init;
$node->append_conf('postgresql.conf', 
	"fsync = off\njit = off\nautovacuum = off\nsearch_path = 'customer_tier, customer_tier_internal, public'");
$node->start;

# States are kept, so that what is done with them is nearly all of a run.  Days come in no order, and
# the first one alone needs the third decimal.
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION customer_tier;
CREATE AGGREGATE log_of(date, numeric) (sfunc = ledger_agg_date_numeric, stype = ledger, initcond = '{}');
CREATE UNLOGGED TABLE sample AS SELECT hashint4(i)::float8 AS value FROM generate_series(1, 1000000) AS i;
CREATE UNLOGGED TABLE state (log ledger, ledger ledger, customers bytea);
ALTER TABLE state ALTER log SET STORAGE EXTERNAL, ALTER ledger SET STORAGE EXTERNAL,
  ALTER customers SET STORAGE EXTERNAL;
INSERT INTO state (log)
SELECT log_of(date '0001-01-01' + (i * 7919 % 2000003)::int, 0.25 + (i = 0)::int * 0.001 + i % 7)
FROM generate_series(0::bigint, 2000002) AS i;
UPDATE state SET ledger = ledger_final(log),
  customers = (SELECT customer_counts(1 + (hashint4(i) & 15), i / 9.0) FROM generate_series(1, 1500000) AS i);
SQL

my ($in, $out) = ('', '');
my $session = IPC::Run::start([ 'psql', '-X', '-q', '-A', '-t', '-d', $node->connstr('postgres') ],
	'<', \$in, '>', \$out, '2>&1', IPC::Run::timeout(900));

sub ask
{
	my ($sql) = @_;
	$out = '';
	$in .= "$sql;\n\\echo ready\n";
	$session->pump_nb;
	return;
}

sub answer
{
	$session->pump until $out =~ /^ready$/m;
	return $out =~ s/^ready\n//mr;
}

ask('SELECT pg_backend_pid()');
my $pid = answer() + 0;

# in ms, to a tick of 10
sub cpu
{
	my @field = split / /, slurp_file("/proc/$pid/stat") =~ s/.*\) //r;
	return 10 * ($field[11] + $field[12]);
}

# the time that a statement takes to its end, or after it has run for so long and is cancelled;
# undef if it ends before
sub run_for
{
	my ($sql, $until) = @_;
	my $start = cpu();
	ask($sql);
	if (defined $until)
	{
		while (cpu() - $start < $until)
		{
			$session->pump_nb;
			return if $out =~ /^ready$/m;
			usleep(1000);
		}
		$start = cpu();
		kill 'INT', $pid;
	}
	my $answer = answer();
	die $answer if $answer =~ /ERROR/ && $answer !~ /canceling statement/;
	return defined $until && $answer !~ /ERROR/ ? undef : cpu() - $start;
}

foreach my $case (
	# the server's copying of the text, at its end, cannot be cancelled
	[ 'text of a ledger', 'SELECT octet_length(ledger::text) FROM state', 0.2, 0.4 ],
	[ 'slice that encodes anew', "SELECT is_empty(slice(ledger, daterange('0001-01-02', NULL))) FROM state" ],
	[ '-ledger', 'SELECT is_empty(-ledger) FROM state' ],
	[ 'ledger + ledger', 'SELECT is_empty(ledger + ledger) FROM state' ],
	[ 'rollup', 'SELECT is_empty(rollup(ledger)) FROM state' ],
	[ 'ledger_agg of one group, at its end', 'SELECT is_empty(log) FROM state' ],
	[ 'gini and the like', 'SELECT (concentration(value)).heads FROM sample, generate_series(1, 6)', 0.8, 0.9 ],
	[ 'a fit',
		q{SELECT cardinality(fit_derivatives('gamma_gamma', customers, '{6, 4, 15}')) FROM state}, 0.2, 0.35, 0.5 ],
	# half of the customers are with one owner
	[ 'an allocation', q{SELECT n FROM share_out(
		'SELECT n, (n % 5)::int, n % 2 || '''', NULL::text, (n % 999)::float8 FROM generate_series(1, 400000) AS n',
		'SELECT n::text, 1.0::float8 + n % 7, n % 2 || '''', NULL::text
		 FROM generate_series(1, 500) AS n ORDER BY 3, 1',
		'SELECT 1, ''1''::text, ''''::text WHERE false',
		'SELECT ''(0,1)''::tid, n, false, ''''::text, (1 + n % 2)::text, NULL::text
		 FROM generate_series(1, 200000) AS n',
		'2026-01-01', 0.4, 0.1, NULL, 'SELECT count(*) FROM turned') AS x(n bigint)},
		0.15, 0.3, 0.45, 0.6, 0.75, 0.9 ])
{
	my ($name, $sql, @parts) = @$case;
	@parts = (0.3, 0.6) unless @parts;
	my $whole = min(run_for($sql), run_for($sql));
	my ($worst, $cancelled) = (0, 0);
	foreach my $part (@parts)
	{
		my $least;
		for (1 .. $attempts)
		{
			my $late = run_for($sql, $part * $whole);
			next unless defined $late;
			$cancelled = 1;
			$least = $late if !defined $least || $late < $least;
			last if $least <= $limit;
		}
		$worst = $least if defined $least && $least > $worst;
		last if $worst > $limit;
	}
	ok($cancelled && $worst <= $limit, "$name ends within $limit ms of a cancel");
	note("$name: $whole ms, cancelled at most $worst ms late");
}

$in .= "\\q\n";
$session->finish;
$node->stop;
done_testing();
