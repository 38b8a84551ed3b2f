# Tests sources in dumps of every format, by users who may dump the data, restored into databases
# with other OIDs and owners, with sales pending.  Restored sources must capture writes.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dumps');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nautovacuum = off");
$node->start;

sub sql
{
	my ($db, $sql, %how) = @_;
	my ($ret, $out, $err) = $node->psql($db, $sql, on_error_stop => 1, %how);
	$ret == 0 or fail("$sql: $err");
	return $out;
}

# the user that initdb was run by; there may be no role postgres
my $superuser = sql('postgres', 'SELECT current_user');
sql('postgres', <<'SQL');
CREATE ROLE shop LOGIN; CREATE ROLE heir LOGIN; CREATE ROLE reader LOGIN;
CREATE DATABASE shop OWNER shop;
SQL
# 13 has no hash of a row: customers there are the text of it
my $pair = sql('shop', 'SHOW server_version_num') >= 140000 ? 'CREATE TYPE crm.pair AS (a int, b text)'
	: 'CREATE DOMAIN crm.pair AS text';
sql('shop', <<'SQL' =~ s/PAIR/$pair/r, extra_params => [ '-U', 'shop' ]);
CREATE EXTENSION customer_tier;
CREATE SCHEMA crm;
CREATE TYPE crm.kind AS ENUM ('b', 'a'); PAIR;
CREATE FUNCTION crm.twice(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
CREATE TABLE crm.sale (customer int, day date, amount numeric);
CREATE TABLE crm.by_kind (customer crm.kind, day date, amount numeric);
CREATE TABLE crm.by_pair (customer crm.pair, day date, amount numeric);
CREATE TABLE crm.by_uuid (customer uuid, day timestamptz, amount numeric);
CREATE TABLE crm.by_text (customer text COLLATE "C", day date, amount numeric);
CREATE TABLE crm.parts (customer int, day date, amount numeric) PARTITION BY RANGE (day);
CREATE TABLE crm.parts_1 PARTITION OF crm.parts FOR VALUES FROM (MINVALUE) TO ('2026-02-01');
CREATE TABLE crm.parts_2 PARTITION OF crm.parts DEFAULT;
CREATE TABLE crm.orders (id int PRIMARY KEY, customer int, day date);
CREATE TABLE crm.lines (order_id int, amount numeric);
INSERT INTO crm.sale SELECT i % 7, date '2026-01-01' + i % 50, i FROM generate_series(1, 60) AS i;
INSERT INTO crm.parts TABLE crm.sale;
INSERT INTO crm.by_kind SELECT CASE WHEN customer % 2 = 0 THEN 'a' ELSE 'b' END::crm.kind, day, amount FROM crm.sale;
INSERT INTO crm.by_pair SELECT ROW(customer, E'x, "\\' || customer)::crm.pair, day, amount FROM crm.sale;
INSERT INTO crm.by_uuid SELECT md5(customer::text)::uuid, day + interval '20 hours', amount FROM crm.sale;
INSERT INTO crm.by_text SELECT 'ü' || customer, day, amount FROM crm.sale;
INSERT INTO crm.orders SELECT i, i % 7, date '2026-01-01' + i % 50 FROM generate_series(1, 60) AS i;
INSERT INTO crm.lines SELECT i % 60 + 1, i FROM generate_series(1, 120) AS i;
CREATE VIEW crm.order_sale AS SELECT o.customer, o.day AS sold_at, l.amount FROM crm.orders AS o
JOIN crm.lines AS l ON l.order_id = o.id;
CALL customer_tier.track('crm.sale', 'customer', 'crm.twice(amount)', 'day');
CALL customer_tier.track('crm.sale', 'extract(month FROM day)::int', 'amount', 'day', name => 'by_month');
CALL customer_tier.track('crm.by_kind', 'customer', 'amount', 'day');
CALL customer_tier.track('crm.by_pair', 'customer', 'amount', 'day');
CALL customer_tier.track('crm.by_uuid', 'customer', 'amount', 'day', time_zone => 'Asia/Shanghai');
CALL customer_tier.track('crm.by_text', 'customer', 'amount', 'day', capture => 'row');
CALL customer_tier.track('crm.parts', 'customer', 'amount', 'day');
CALL customer_tier.track('crm.order_sale');
-- pending, with a marker of TRUNCATE and sales before and after it
INSERT INTO crm.sale VALUES (1, '2026-03-01', 7);
TRUNCATE crm.sale;
INSERT INTO crm.sale SELECT i % 5, date '2026-02-01' + i % 50, i FROM generate_series(1, 30) AS i;
INSERT INTO crm.by_kind VALUES ('a', '2026-03-01', 7); INSERT INTO crm.by_pair VALUES (ROW(NULL, ''), '2026-03-01', 7);
INSERT INTO crm.by_uuid VALUES (md5('n')::uuid, '2026-03-01', 7); INSERT INTO crm.by_text VALUES ('', '2026-03-01', 7);
CREATE FUNCTION crm.half(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
CREATE FUNCTION crm.level(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT (ARRAY[''low'', ''high''])[$1]';
CREATE TABLE crm.person (id int PRIMARY KEY, region text, potential numeric);
INSERT INTO crm.person SELECT i, 'r' || i % 2, i * 100 FROM generate_series(0, 9) AS i;
SELECT customer_tier.create_scheme('crm.grade', 'crm.parts', 'abc', hold => '1 month');
SELECT customer_tier.create_scheme('crm.regional', 'crm.parts', attributes => 'crm.person', per => 'region',
  axes => ARRAY[customer_tier.axis('share', 'crm.half(total(ledger)) / nullif(potential, 0)', 'heads', '{0.4}')],
  tiers => '{low, high}', tier => 'crm.level(share)', unrated => 'none');
SELECT customer_tier.create_scheme('crm.weighty', 'crm.parts', 'weighted');
SELECT customer_tier.refresh_scheme(s, '2026-02-01'), customer_tier.refresh_scheme(s, '2026-03-01')
FROM unnest('{crm.grade, crm.regional, crm.weighty}'::regclass[]) AS s;
SELECT customer_tier.pin('crm.grade', '3', 'A', 'a friend', '2026-03-02');
SELECT customer_tier.alter_scheme('crm.grade', keep => 0.9, note => 'mild'),
  customer_tier.alter_tier('crm.grade', 'A', 'best', policy => '{"discount": 0.1}');
SELECT (customer_tier.fit_model('crm.model', 'crm.sale_sale', '2026-03-01')).kind;
UPDATE crm.parts SET day = day + 20 WHERE customer = 3; UPDATE crm.orders SET customer = 99 WHERE id = 7;
SQL

# 14 has a role that reads everything
sql('shop', sql('shop', 'SHOW server_version_num') >= 140000 ? 'GRANT pg_read_all_data TO reader'
	: join('; ', map {
		"GRANT USAGE ON SCHEMA $_ TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA $_ TO reader;
		GRANT SELECT ON ALL SEQUENCES IN SCHEMA $_ TO reader" }
		qw(public crm customer_tier customer_tier_internal)));

my @live = qw(sale_ledger_live by_month_ledger_live by_kind_ledger_live by_pair_ledger_live by_uuid_ledger_live
	by_text_ledger_live parts_ledger_live order_ledger_live);
my $contents = join(' UNION ALL ',
	map { "SELECT '$_', md5(string_agg(l::text, ' ' ORDER BY customer)) FROM crm.$_ AS l" } @live)
	. "; SELECT source, sales, ledger, live, queue, capturing, changed,
		pending FROM customer_tier.sources ORDER BY source::text;
	SELECT * FROM customer_tier.schemes ORDER BY scheme::text; SELECT name, ledger, bgnbd FROM customer_tier.models;
	SELECT * FROM crm.grade ORDER BY 1; SELECT * FROM crm.regional ORDER BY 1;
	SELECT * FROM crm.grade_history ORDER BY 1, 4;
	SELECT version, note FROM crm.grade__rule ORDER BY 1; SELECT * FROM customer_tier.explain('crm.grade', 3);
	SELECT customer_tier.p_alive('crm.model', '{2026-01-01:1:5, 2026-02-01:1:5}', '2026-03-01')";
my $before = sql('shop', $contents, extra_params => [ '-U', 'shop' ]);
like($before, qr/^crm\.sale_sale\|crm\.sale\|.*\|t\|f\|\d+$/m, 'there is something to keep');
is(scalar(() = $before =~ /\|t\|f\|[1-9]/g), 8, 'all of it is capturing, with something pending');

# writes, refreshes and verifies all that was restored
my @sources = qw(crm.sale_sale crm.by_month crm.by_kind_sale crm.by_pair_sale crm.by_uuid_sale crm.by_text_sale
	crm.parts_sale crm.order_sale);
my $checks = join(' ', map {
	"SELECT '$_', v FROM customer_tier.verify_source('$_') AS v;
	CALL customer_tier.refresh_source('$_');
	SELECT '$_ merged', v FROM customer_tier.verify_source('$_') AS v;"
} @sources);
my $use = <<'SQL' . $checks . <<'SQL';
INSERT INTO crm.sale VALUES (77, '2026-04-01', 7); DELETE FROM crm.sale WHERE customer = 3;
INSERT INTO crm.by_kind VALUES ('b', '2026-04-01', 7);
INSERT INTO crm.by_pair VALUES (ROW(5, NULL), '2026-04-01', 7);
UPDATE crm.by_uuid SET amount = amount + 1;
INSERT INTO crm.by_text VALUES ('x', '2026-04-01', 1);
INSERT INTO crm.parts VALUES (77, '2026-01-01', 5), (78, '2026-04-01', 5);
DELETE FROM crm.lines WHERE order_id = 9;
UPDATE crm.orders SET day = day + 1 WHERE id = 3;
SQL
SELECT count(*), sum(pending), bool_and(capturing), bool_or(changed), max(last_error) FROM customer_tier.sources;
SELECT customer_tier.orders(customer_tier.ledger_of('crm.sale_sale', 77)),
	customer_tier.total(customer_tier.ledger_of('crm.order_sale', 99));
SQL
# the day after: everybody is as a first refresh would have it, but for the pin and the hold
my $grade = <<'SQL';
SELECT count(*) FROM unnest('{crm.grade, crm.regional, crm.weighty}'::regclass[]) AS s,
  customer_tier.refresh_scheme(s, '2026-03-02') AS r WHERE r.customers > 0;
SELECT tier, status, pin FROM customer_tier.explain('crm.grade', 3);
SELECT count(*) FROM (SELECT customer::text, earned_tier FROM crm.grade
  EXCEPT SELECT customer, tier FROM customer_tier.tiers_as_of('crm.grade', '2026-03-02')) AS d;
SELECT count(*) FROM (SELECT customer::text, tier FROM crm.regional
  EXCEPT SELECT customer, tier FROM customer_tier.tiers_as_of('crm.regional', '2026-03-02')) AS d;
SELECT customer_tier.alter_scheme(s, note => 'restored') FROM unnest('{crm.grade, crm.regional}'::regclass[]) AS s;
SQL
my $used_sources = "8|0|t|f|\n1|72";
my $used = "$used_sources\n3\nA|pinned|A, by shop, from 2026-03-02: a friend\n0\n0\n3\n2";

my $dir = $node->basedir;
my $n = 0;
sub dumped
{
	my ($as, @options) = @_;
	my $file = "$dir/dump_" . ++$n;
	$node->command_ok([ 'pg_dump', '-U', $as, @options, '--file', $file, $node->connstr('shop') ],
		"$as dumps: @options");
	return $file;
}

# a database in which the numbers of relations mean others
sub restored
{
	my ($what, $file, $owner, $as, $prepare, @options) = @_;
	my $db = 'restored_' . ++$n;
	sql('postgres', "CREATE DATABASE $db OWNER $owner");
	sql($db, "CREATE TABLE public.other AS SELECT i FROM generate_series(1, 3) AS i;
		CREATE VIEW public.v AS SELECT * FROM public.other; $prepare");
	$node->command_ok($options[0] eq 'psql'
		? [ 'psql', '-X', '-q', '-U', $as, '-v', 'ON_ERROR_STOP=1', '-f', $file, $node->connstr($db) ]
		: [ 'pg_restore', '-U', $as, '--exit-on-error', @options, '-d', $node->connstr($db), $file ],
		"$what: $as restores without errors");
	return $db;
}

sub is_whole
{
	my ($what, $db, $owner) = @_;
	is(sql($db, $contents, extra_params => [ '-U', $owner ]), $before, "$what: the same is there, and pending");
	is(sql($db, $use . $grade, extra_params => [ '-U', $owner ]), $used, "$what: captured, refreshed, verified");
	sql('postgres', "DROP DATABASE $db");
}

# by the owner, who is no superuser; comments on extensions are the superuser's
my $file = dumped('shop', '--format=custom');
is_whole('custom', restored('custom', $file, 'shop', 'shop', '', '--no-comments', '--jobs=2'), 'shop');
is_whole('into another owner', restored('into another owner', $file, 'heir', 'heir', '', '--no-comments', '--no-owner'),
	'heir');
is_whole('by a superuser', restored('by a superuser', $file, 'shop', $superuser, ''), 'shop');
$file = dumped('reader', '--format=directory', '--jobs=2');
is_whole('directory, dumped by a reader', restored('directory', $file, 'shop', $superuser, '', '--jobs=2'), 'shop');
$file = dumped('shop', '--format=tar');
is_whole('tar', restored('tar', $file, 'shop', 'shop', '', '--no-comments'), 'shop');
$file = dumped('shop', '--format=plain', '--no-comments');
is_whole('plain', restored('plain', $file, 'shop', 'shop', '', 'psql'), 'shop');
unlike(slurp_file($file), qr/CREATE (FUNCTION|TYPE|SCHEMA) customer_tier/, 'plain: the extension by its name alone');
$file = dumped('shop', '--format=plain', '--no-comments', '--inserts', '--enable-row-security');
is_whole('inserts', restored('inserts', $file, 'shop', 'shop', '', 'psql'), 'shop');
# the schema alone: the extension is there before
$file = dumped('shop', '--format=custom', '--schema=crm');
my $db = restored('-n crm', $file, 'shop', 'shop', 'CREATE EXTENSION customer_tier', '--no-comments');
is(sql($db, "SELECT count(*), bool_and(capturing) FROM customer_tier.sources; $use $grade",
	extra_params => [ '-U', 'shop' ]),
	"8|t\n$used", '-n crm: captured, refreshed, verified');

# no data: sources of nothing, which capture; their states have no row
$file = dumped('shop', '--format=plain', '--no-comments', '--schema-only');
$db = restored('-s', $file, 'shop', 'shop', '', 'psql');
is(sql($db, "SELECT count(*), bool_and(capturing), sum(pending) FROM customer_tier.sources",
	extra_params => [ '-U', 'shop' ]), '8|t|0', '-s: all capture');
is(sql($db, $use, extra_params => [ '-U', 'shop' ]), "8|0|t|f|\n1|0", '-s: captured, refreshed, verified');
my ($ret, $out, $err) = $node->psql($db, "SELECT customer_tier.refresh_scheme('crm.grade', '2026-03-02')",
	extra_params => [ '-U', 'shop' ]);
like($err, qr/scheme crm\.grade has lost what it calls its rule\nHINT:  SELECT customer_tier\.drop_scheme/,
	'-s: a scheme has no rule, and says so');
is(sql($db, "SELECT axes -> 0 ->> 'value', scheme FROM customer_tier.schemes WHERE axes IS NOT NULL;
	SELECT customer_tier.drop_scheme(scheme) FROM customer_tier.schemes; SELECT customer_tier.drop_model('crm.model');
	SELECT count(*) FROM customer_tier.sources WHERE refreshed_at IS NULL;
	CALL customer_tier.untrack_all(); SELECT count(*) FROM customer_tier.sources;
	SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'customer_tier_%';
	SELECT string_agg(relname,
		' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind IN ('r', 'v')",
	extra_params => [ '-U', 'shop' ]) =~ s/^\n+//r,
	"0\n0\n0\nby_kind by_pair by_text by_uuid lines order_sale orders parts_1 parts_2 person sale",
	'-s: refreshes are noted, and all is let go of');

$node->stop('fast');
done_testing();
