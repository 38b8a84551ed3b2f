# Tests a refresh by pg_cron, if that is installed.  Before version 1.5 its shortest interval
# is a minute, so this test runs only if CRON_TEST is set.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

chomp(my $share = `pg_config --sharedir`);
plan skip_all => 'pg_cron is not installed' unless -e "$share/extension/pg_cron.control";
my ($version) = slurp_file("$share/extension/pg_cron.control") =~ /default_version = '([^']*)'/;
my ($major, $minor) = $version =~ /^(\d+)\.(\d+)/;
my $seconds = $major > 1 || $minor >= 5;
plan skip_all => "pg_cron $version takes a minute: set CRON_TEST=1" unless $seconds || $ENV{CRON_TEST};

my $node = PostgreSQL::Test::Cluster->new('cron');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off");
$node->append_conf('postgresql.conf',
	"shared_preload_libraries = 'pg_cron'\ncron.database_name = 'postgres'\n"
	. "cron.use_background_workers = on\ncron.log_run = on");
$node->start;
note("pg_cron $version");

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION customer_tier;
CREATE EXTENSION pg_cron;
CREATE TABLE sale (id serial PRIMARY KEY, customer int, day date, amount numeric);
CREATE TABLE part (id int, customer int, day date, amount numeric) PARTITION BY RANGE (day);
CREATE TABLE part_1 PARTITION OF part DEFAULT;
INSERT INTO sale (customer, day, amount) SELECT i % 50, date '2026-01-01' + i % 90, i
FROM generate_series(1, 2000) AS i;
CALL customer_tier.track('sale', 'customer', 'amount', 'day');
CALL customer_tier.track('part', 'customer', 'amount', 'day');
UPDATE sale SET amount = amount + 1, customer = customer + 1 WHERE id % 3 = 0;
INSERT INTO part SELECT * FROM sale WHERE id % 4 = 0;
SQL
cmp_ok($node->safe_psql('postgres', 'SELECT min(pending) FROM customer_tier.sources'), '>', 0,
	'both have changes pending');

# as the documentation says it; and one that fails: its ledgers refuse a customer
my $when = $seconds ? '1 seconds' : '* * * * *';
$node->safe_psql('postgres', <<"SQL");
SELECT cron.schedule('refresh sale', '$when', \$\$CALL customer_tier.refresh_source('public.sale')\$\$);
SELECT cron.schedule('refresh part', '$when', \$\$CALL customer_tier.refresh_source('public.part')\$\$);
CREATE TABLE gone (customer int, day date, amount numeric);
CALL customer_tier.track('gone', 'customer', 'amount', 'day');
INSERT INTO gone VALUES (1, '2026-01-01', 1);
ALTER TABLE gone_ledger ADD CHECK (customer <> 1);
SELECT cron.schedule('refresh gone', '$when', \$\$CALL customer_tier.refresh_source('public.gone')\$\$);
SQL
ok($node->poll_query_until('postgres',
	"SELECT count(DISTINCT jobid) = 3 FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')"),
	'the jobs were run');
my $unschedule = "SELECT count(cron.unschedule(jobid)) FROM cron.job";
is($node->safe_psql('postgres', $unschedule), '3', 'and are no more');
is($node->safe_psql('postgres',
	"SELECT jobname, string_agg(DISTINCT status, ' ') FROM (SELECT split_part(command, '''', 2) AS jobname,
	status FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')) AS r GROUP BY 1 ORDER BY 1"),
	"public.gone|failed\npublic.part|succeeded\npublic.sale|succeeded", 'each as it should');
is($node->safe_psql('postgres', "SELECT sales, pending FROM customer_tier.sources ORDER BY sales::text"),
	"gone|1\npart|0\nsale|0", 'what could be refreshed is');
is($node->safe_psql('postgres',
	"SELECT (SELECT count(*) FROM customer_tier.verify_source('sale')) + (SELECT count(*)
	FROM customer_tier.verify_source('part')) + (SELECT count(*) FROM customer_tier.verify_source('gone'))"), '0',
	'and right');
like($node->safe_psql('postgres', "SELECT last_error FROM customer_tier.sources WHERE sales = 'gone'::regclass"),
	qr/violates check constraint/, 'sources says why one could not');
like($node->safe_psql('postgres',
	"SELECT return_message FROM cron.job_run_details WHERE command ~ 'gone' AND status = 'failed' LIMIT 1"),
	qr/violates check constraint/, 'and so does pg_cron');

$node->stop;
done_testing();
