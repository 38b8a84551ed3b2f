# Closed days, releases and merged customers go with a dump, with renames and with a new owner; they work where
# everything is published; and nobody but the owner of the sales closes, merges, forgets or releases.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('life');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nautovacuum = off\nclient_min_messages = error");
$node->start;

sub sql
{
	my ($db, $sql, %how) = @_;
	my ($ret, $out, $err) = $node->psql($db, $sql, on_error_stop => 1,
		$how{role} ? (extra_params => [ '-U', $how{role} ]) : ());
	$ret == 0 or $how{fails} or fail("$sql: $err");
	return $how{fails} ? $err : $out;
}

sql('postgres', "CREATE ROLE $_ LOGIN") for qw(shop heir stranger writer reader);
sql('postgres', "CREATE DATABASE $_ OWNER shop") for qw(shop copy);
sql('shop', <<'SQL');
CREATE EXTENSION customer_tier;
CREATE PUBLICATION everything FOR ALL TABLES;
SET ROLE shop;
CREATE SCHEMA crm;
GRANT USAGE ON SCHEMA crm TO PUBLIC;
CREATE TABLE crm.sale (id int, customer int, day date, amount numeric, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE crm.sale_2024 PARTITION OF crm.sale FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE crm.sale_2025 PARTITION OF crm.sale FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE crm.sale_2026 PARTITION OF crm.sale FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO crm.sale
  SELECT i, i % 10, make_date(2024 + i % 3, 1 + i % 12, 1 + i % 28), i * 10 FROM generate_series(1, 90) AS i;
CALL customer_tier.track('crm.sale', 'customer', 'amount', 'day');
SELECT customer_tier.create_scheme('crm.new', 'crm.sale', 'abc');
SELECT customer_tier.create_scheme('crm.club', 'crm.sale',
  axes => ARRAY[customer_tier.axis('value', 'total(ledger)', 'value', '{1000, 3000}')], tiers => '{C, B, A}',
  hold => '1 year', returns => 0.5);
SELECT customer_tier.refresh_scheme('crm.club', '2026-12-31');
CALL customer_tier.close_source('crm.sale', '2025-12-31');
DROP TABLE crm.sale_2024;
DELETE FROM crm.sale WHERE day = (SELECT min(day) FROM crm.sale);
INSERT INTO crm.sale VALUES (1000, 77, '2025-07-07', 77);	-- pending
SELECT customer_tier.release('crm.club', 1, 'asked', '2027-01-05');
UPDATE crm.sale SET customer = 4 WHERE customer = 3 AND day >= '2026-01-01';
CALL customer_tier.merge_customers('crm.sale', 3, 4);
UPDATE crm.sale SET customer = 4 WHERE customer = 5 AND day >= '2026-01-01';
DELETE FROM crm.sale WHERE customer = 5;
CALL customer_tier.forget_customer('crm.sale', 5);
GRANT INSERT, UPDATE, DELETE, SELECT, TRUNCATE ON crm.sale TO writer;
GRANT SELECT ON crm.club, crm.sale_ledger_live, crm.sale_source TO reader;
SQL
my $ledgers = "SELECT string_agg(customer || ' ' || ledger::text, E'\\n' ORDER BY customer) FROM %s.sale_ledger_live";
my $kept = sql('shop', sprintf $ledgers, 'crm');
like($kept, qr/2024-/, 'sales that were dropped are in the ledgers');
like($kept, qr/^77 /m, 'late ones, too');

# rights
for my $role (qw(stranger writer reader))
{
	for my $call ("CALL customer_tier.close_source('crm.sale', '2026-01-01')",
		"CALL customer_tier.close_source('crm.sale', NULL)",
		"CALL customer_tier.merge_customers('crm.sale', 2, 1)", "CALL customer_tier.forget_customer('crm.sale', 2)",
		"SELECT customer_tier.release('crm.club', 2, 'why')")
	{
		like(sql('shop', $call, role => $role, fails => 1), qr/must be owner|is not a scheme/, "$role: $call");
	}
}
is(sql('shop', "SELECT closed FROM customer_tier.sources", role => 'reader'), '2025-12-31',
	'who may read the state sees the day');
like(sql('shop', "UPDATE crm.sale SET amount = 1 WHERE day < '2026-01-01'", role => 'writer', fails => 1),
	qr/a sale of 2025-.* cannot be changed: days until 2025-12-31 are closed/, 'a writer is told of closed days');
like(sql('shop', 'TRUNCATE crm.sale', role => 'writer', fails => 1), qr/cannot truncate table/,
	'nor do they empty the table');
sql('shop', 'BEGIN; DELETE FROM crm.sale WHERE day < DATE $$2025-03-01$$; COMMIT', role => 'writer');
is(sql('shop', sprintf $ledgers, 'crm'), $kept, 'what a writer deletes of them stays');
is(sql('shop', "SELECT count(*) FROM pg_proc WHERE prosecdef AND pronamespace IN
	('customer_tier'::regnamespace, 'customer_tier_internal'::regnamespace)"), '0',
	'nothing runs with others\' rights');

# a dump by the owner, into another database
my $dump = $node->basedir . '/life.sql';
$node->command_ok([ 'pg_dump', '-U', 'shop', '-f', $dump, '--no-publications', 'shop' ], 'dumped by the owner');
my ($ret, undef, $err) = $node->psql('copy', '', on_error_stop => 0, extra_params => [ '-U', 'shop', '-f', $dump ]);
is(sql('copy', sprintf $ledgers, 'crm'), $kept, 'restored');
is(sql('copy', 'SELECT closed, capturing, changed FROM customer_tier.sources'), '2025-12-31|t|f', 'closed as before');
my $again = <<'SQL';
DELETE FROM PLACE.sale WHERE day < '2025-06-01';
INSERT INTO PLACE.sale VALUES (2000, 78, '2025-08-08', 78);
CALL customer_tier.rebuild_source('PLACE.sale');
SELECT count(*) FROM customer_tier.verify_source('PLACE.sale');
SELECT count(*) FROM PLACE.sale_ledger WHERE customer = 78;
SELECT string_agg(customer || ' ' || ledger::text, E'\n' ORDER BY customer) FROM PLACE.sale_ledger_live
WHERE customer <> 78
SQL
is(sql('copy', $again =~ s/PLACE/crm/gr, role => 'shop'), "0\n1\n$kept", 'deleted and rebuilt there');
is(sql('copy', "SELECT up, down FROM customer_tier.refresh_scheme('crm.club', '2027-01-31');
	SELECT count(*) FROM crm.club__release", role => 'shop'), sql('shop', "SELECT up, down
	FROM customer_tier.refresh_scheme('crm.club', '2027-01-31'); SELECT count(*) FROM crm.club__release"),
	'and graded as where it came from');

# renamed, and given to another
sql('shop', <<'SQL');
ALTER SCHEMA crm RENAME TO trade;
ALTER TABLE trade.sale RENAME COLUMN day TO sold;
ALTER TABLE trade.sale RENAME TO sales;
ALTER TABLE trade.sales RENAME TO sale;
ALTER TABLE trade.sale_source RENAME TO kept_source;
ALTER TABLE trade.sale OWNER TO heir; ALTER TABLE trade.sale_2025 OWNER TO heir;
ALTER TABLE trade.sale_2026 OWNER TO heir;
SELECT format('ALTER %s %s OWNER TO heir', CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, oid::regclass)
FROM pg_class WHERE relnamespace = 'trade'::regnamespace AND relkind IN ('r', 'v') AND relname ~ '^(club|new)' \gexec
ALTER SCHEMA trade OWNER TO heir;
CALL customer_tier.alter_source('trade.sale');
SQL
is(sql('shop', sprintf($ledgers, 'trade') =~ s{sale_ledger_live}{kept_ledger_live}r), $kept,
	'kept by another owner, under other names');
like(sql('shop', "UPDATE trade.sale SET amount = 1 WHERE sold < '2026-01-01'", role => 'heir', fails => 1),
	qr/are closed/, 'closed there, too');
$again = ($again =~ s{PLACE}{trade}gr) =~ s{day <}{sold <}r =~ s{sale_ledger_live}{kept_ledger_live}r;
is(sql('shop', $again, role => 'heir'), "0\n1\n$kept", 'and rebuilt');

# a default of something else closes nothing, and runs nothing
sql('shop', <<'SQL', role => 'heir');
CREATE FUNCTION trade.boom() RETURNS date LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'boom'; END $$;
ALTER TABLE trade.kept_source ALTER closed SET DEFAULT trade.boom();
DELETE FROM trade.sale WHERE id = 2000;
SQL
is(sql('shop', 'SELECT closed IS NULL FROM customer_tier.sources'), 't', 'nonsense is no day');
is(sql('shop', 'SELECT count(*) FROM trade.kept_ledger_live WHERE customer = 78'), '0', 'and closes none');

# untrack asks before it drops what is known of closed days; untrack_all, before DROP EXTENSION, does not
sql('shop', <<'SQL', role => 'heir');
ALTER TABLE trade.kept_source ALTER closed SET DEFAULT date '2025-12-31';
SELECT customer_tier.drop_scheme(scheme) FROM customer_tier.schemes;
SQL
like(sql('shop', "CALL customer_tier.untrack('trade.sale')", role => 'heir', fails => 1),
	qr/has closed days, until 2025-12-31.*drop_closed => true/s, 'untrack asks');
sql('shop', 'CALL customer_tier.untrack_all()', role => 'heir');
is(sql('shop', 'SELECT count(*) FROM customer_tier.sources'), '0', 'untrack_all does not');

$node->stop;
done_testing();
