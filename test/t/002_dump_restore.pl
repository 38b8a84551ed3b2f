# Tests ledgers in a dump, and who may create and drop the extension.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off");
$node->start;

$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', <<'SQL');
CREATE EXTENSION customer_tier;
CREATE SCHEMA crm;
CREATE FUNCTION crm.u(i bigint, k bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
'SELECT (hashint8extended(i, k) & 4294967295)::float8 / 4294967296';
CREATE TABLE crm.sale AS
SELECT i AS id, (crm.u(i, 1) * 500)::int AS customer, date '2015-01-01' + (crm.u(i, 2) * 4000)::int AS day,
  round(((crm.u(i, 3) - 0.1) * 10 ^ (i % 6))::numeric, i % 7) AS amount FROM generate_series(1, 20000) AS i;
CREATE TABLE crm.book (customer int PRIMARY KEY, ledger customer_tier.ledger NOT NULL DEFAULT '{}',
  history customer_tier.ledger[], CHECK (customer_tier.orders(ledger) >= 0));
INSERT INTO crm.book SELECT customer, customer_tier.ledger_agg(day, amount),
  ARRAY[customer_tier.ledger_agg(day, amount) FILTER (WHERE day < '2020-01-01'), NULL, '{}'] FROM crm.sale
GROUP BY customer;
INSERT INTO crm.book VALUES (-1, DEFAULT, NULL),
  (-2, '{4714-11-24 BC:1:1, 5874897-12-31:5-5:-9223372036854775807}', '{}');
INSERT INTO crm.book SELECT -4, customer_tier.ledger_agg(day, amount, 'N' || (id / 3) % 5000), NULL FROM crm.sale;
INSERT INTO crm.book SELECT -3, customer_tier.ledger_agg(date '1990-01-01' + i, i * 1.000001), NULL
FROM generate_series(1, 10000) AS i;
CREATE INDEX ON crm.book USING hash (ledger customer_tier.ledger_hash_ops);
CREATE INDEX by_last_day ON crm.book (customer_tier.last_day(ledger));
CREATE VIEW crm.value AS SELECT customer, customer_tier.total(ledger) AS total,
  customer_tier.status(ledger, '2026-01-01') AS status,
  customer_tier.total(ledger, customer_tier.trailing_months('2026-01-01', 12)) AS year FROM crm.book;
CREATE TABLE crm.tracked (customer text, at timestamptz, amount numeric);
CREATE TABLE crm.parts (customer int, day date, amount numeric) PARTITION BY RANGE (day);
CREATE TABLE crm.parts_old PARTITION OF crm.parts FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE crm.parts_new PARTITION OF crm.parts DEFAULT;
CALL customer_tier.track('crm.tracked', 'customer', 'amount', 'at', filter => 'amount <> 13',
  time_zone => 'Asia/Shanghai');
CALL customer_tier.track('crm.parts', 'customer', 'amount', 'day');
INSERT INTO crm.tracked SELECT 'c' || customer, day + interval '17 hours', amount FROM crm.sale WHERE id <= 500;
INSERT INTO crm.parts SELECT customer, day, amount FROM crm.sale WHERE id <= 500;
CALL customer_tier.refresh_source('crm.tracked');
DELETE FROM crm.tracked WHERE amount < 0;
SELECT (customer_tier.fit_model('crm.model', 'crm.tracked', '2026-01-01')).name;
CREATE MATERIALIZED VIEW crm.abc AS SELECT customer_tier.share_cuts(customer_tier.total(ledger), '{0.8, 0.95}') AS cuts,
  customer_tier.rollup(ledger) AS everything FROM crm.book WHERE customer >= 0;
SELECT customer_tier.create_scheme('crm.grade', 'crm.parts', 'abc', hold => '1 month'),
  customer_tier.create_scheme('crm.segment', 'crm.parts', 'rfm');
SELECT customer_tier.refresh_scheme('crm.grade', '2025-01-31'),
  customer_tier.refresh_scheme('crm.segment', '2025-01-31');
SELECT customer_tier.pin('crm.grade', '7', 'A', 'because', '2025-02-01'),
  customer_tier.alter_scheme('crm.grade', keep => 0.9),
  customer_tier.alter_tier('crm.grade', 'A', 'best', hold => '1 year', policy => '{"a": [1]}');
INSERT INTO crm.parts SELECT customer + 1, '2025-02-03', amount * 3 FROM crm.sale WHERE id % 3 = 0 AND id <= 500;
SELECT customer_tier.refresh_scheme('crm.grade', '2025-02-28'),
  customer_tier.refresh_scheme('crm.segment', '2025-02-28');
CREATE MATERIALIZED VIEW crm.number AS SELECT count(*) AS n FROM crm.parts;
SELECT customer_tier.refresh_on_change('crm.number');
CALL customer_tier.refresh_stale();
SQL

my $contents = <<'SQL';
SELECT md5(string_agg(customer || encode(customer_tier_internal.ledger_send(ledger), 'hex')
  || coalesce(history::text, '-'), ' ' ORDER BY customer)) FROM crm.book
UNION ALL SELECT md5(string_agg(v::text, ' ' ORDER BY customer)) FROM crm.value AS v
UNION ALL SELECT cuts::text || encode(customer_tier_internal.ledger_send(everything), 'hex') FROM crm.abc
UNION ALL SELECT md5(string_agg(l::text, ' ' ORDER BY customer)) FROM crm.tracked_ledger_live AS l
UNION ALL SELECT md5(string_agg(l::text, ' ' ORDER BY customer)) FROM crm.parts_ledger_live AS l
UNION ALL SELECT string_agg(s::text, ' ' ORDER BY source::text)
FROM (SELECT source, sales, ledger, queue, live, pending, capturing, changed, last_error
  FROM customer_tier.sources) AS s
UNION ALL SELECT string_agg(s::text, ' ' ORDER BY scheme::text) FROM (SELECT * FROM customer_tier.schemes) AS s
UNION ALL SELECT md5(string_agg(g::text, ' ' ORDER BY customer)) FROM crm.grade AS g
UNION ALL SELECT md5(string_agg(g::text, ' ' ORDER BY customer, valid_from)) FROM crm.grade_history AS g
UNION ALL SELECT md5(string_agg(g::text, ' ' ORDER BY customer)) FROM crm.segment AS g
UNION ALL SELECT md5(string_agg(e::text, ' ' ORDER BY axis)) FROM customer_tier.explain('crm.grade', '7') AS e
UNION ALL SELECT string_agg(m::text, ' ')
  || (SELECT sum(customer_tier.p_alive('crm.model', ledger, '2026-01-01') ORDER BY customer) FROM crm.tracked_ledger)
FROM customer_tier.models AS m
UNION ALL SELECT count(*)::text FROM crm.book
SQL
my $before = $node->safe_psql('shop', $contents);
like($before, qr/\n504$/, 'there is something to keep: ' . (split /\n/, $before)[-1] . ' ledgers');

my $dir = $node->basedir;
foreach my $format (qw(plain custom))
{
	foreach my $inserts ('', '--inserts')
	{
		my $name = "shop_$format" . ($inserts ? '_inserts' : '');
		$node->command_ok([ 'pg_dump', "--format=$format", ($inserts ? $inserts : ()), '--file', "$dir/$name",
			$node->connstr('shop') ], "pg_dump $format $inserts");
		$node->safe_psql('postgres', "CREATE DATABASE $name");
		$node->command_ok($format eq 'plain'
			? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$name", $node->connstr($name) ]
			: [ 'pg_restore', '--exit-on-error', '--jobs=2', '-d', $node->connstr($name), "$dir/$name" ],
			"restore $format $inserts");
		is($node->safe_psql($name, $contents), $before, "byte for byte the same: $format $inserts");
		# tracked tables go on being tracked
		is($node->safe_psql($name, <<'SQL'), "0\n0\n0\n0\n1\n0\n0", "capture after the restore: $format $inserts");
INSERT INTO crm.tracked VALUES ('c1', '2026-01-01', 5), ('new', '2026-01-01', 5);
UPDATE crm.parts SET day = '2025-01-01', amount = amount + 1 WHERE customer % 5 = 0;
SELECT count(*) FROM customer_tier.verify_source('crm.tracked');
SELECT count(*) FROM customer_tier.verify_source('crm.parts');
CALL customer_tier.refresh_source('crm.tracked');
CALL customer_tier.refresh_source('crm.parts');
SELECT count(*) FROM customer_tier.verify_source('crm.tracked');
SELECT (SELECT count(*) FROM customer_tier.verify_source('crm.parts')) + (SELECT sum(pending)
  FROM customer_tier.sources);
SELECT count(*) FROM customer_tier.stale WHERE watching;
SELECT up - up FROM customer_tier.refresh_scheme('crm.grade', '2025-03-31');
SELECT count(*) FROM (SELECT customer::text, earned_tier FROM crm.grade EXCEPT SELECT customer, tier
  FROM customer_tier.tiers_as_of('crm.grade', '2025-03-31')) AS d;
SQL
		is($node->safe_psql($name, 'SET enable_seqscan = off;
			SELECT count(*) FROM crm.book AS a WHERE EXISTS (SELECT FROM crm.book AS b
			WHERE b.ledger OPERATOR(customer_tier.=) a.ledger)'), '504', 'the hash index finds them');
	}
}
unlike(slurp_file("$dir/shop_plain"), qr/CREATE FUNCTION customer_tier\.|CREATE TYPE customer_tier\./,
	'a dump has the extension, not its members');
like(slurp_file("$dir/shop_plain"), qr/CREATE EXTENSION IF NOT EXISTS customer_tier/, 'and has it by name');

# DROP EXTENSION
my ($ret, $out, $err) = $node->psql('shop_plain', 'DROP EXTENSION customer_tier');
isnt($ret, 0, 'not dropped while a table needs it');
like($err, qr/cannot drop extension customer_tier because other objects depend on it/, 'and says so');
like($err, qr/column ledger of table crm\.book depends on type customer_tier\.ledger/, 'and names the column');
$node->safe_psql('shop_plain', 'DROP EXTENSION customer_tier CASCADE');
is($node->safe_psql('shop_plain',
	"SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute
	WHERE attrelid = 'crm.book'::regclass AND attnum > 0 AND NOT attisdropped"), 'customer',
	'CASCADE drops the columns');
is($node->safe_psql('shop_plain', 'SELECT count(*) FROM crm.book'), '504', 'and keeps the rows');
is($node->safe_psql('shop_plain',
	"INSERT INTO crm.tracked VALUES ('c1', '2026-01-01', 5); UPDATE crm.parts SET amount = 1 WHERE customer = 5;
	DELETE FROM crm.parts; TRUNCATE crm.tracked; SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), '0',
	'what was tracked is written to as before');
is($node->safe_psql('shop_plain',
	"SELECT count(*) FROM pg_proc WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'customer_tier')"),
	'0', 'nothing of it is left');
$node->safe_psql('shop_plain', 'CREATE EXTENSION customer_tier');
is($node->safe_psql('shop_plain', "SELECT customer_tier.total('{2026-01-05:1:5}')"), '5', 'and it comes back');

# trusted: who may create in the database may have it
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN; CREATE ROLE guest LOGIN; CREATE DATABASE owned OWNER owner');
($ret, $out, $err) = $node->psql('owned', 'CREATE EXTENSION customer_tier', extra_params => [ '-U', 'guest' ]);
isnt($ret, 0, 'a guest may not');
like($err, qr/permission denied/, 'for want of a right');
($ret, $out, $err) = $node->psql('owned', 'CREATE EXTENSION customer_tier', extra_params => [ '-U', 'owner' ]);
is($ret, 0, 'the owner of a database may, without being a superuser') or diag($err);
is($node->safe_psql('owned', 'SELECT extowner::regrole FROM pg_extension WHERE extname = \'customer_tier\''), 'owner',
	'and owns it');
is($node->safe_psql('owned', "CREATE TABLE t AS SELECT customer_tier.ledger_agg(date '2026-01-05', 5) AS l;
	SELECT customer_tier.total(l) FROM t", extra_params => [ '-U', 'owner' ]), '5', 'and uses it');
($ret, $out, $err) = $node->psql('owned', "SELECT customer_tier.total(customer_tier.ledger_agg(date '2026-01-05', 5))",
	extra_params => [ '-U', 'guest' ]);
note("a guest without rights on the schema: " . ($ret == 0 ? $out : $err));
is($node->psql('owned', 'DROP TABLE t; DROP EXTENSION customer_tier', extra_params => [ '-U', 'owner' ]), 0,
	'and drops it');
is($node->safe_psql('owned', "SELECT count(*) FROM pg_depend WHERE refobjid = (SELECT oid FROM pg_namespace
	WHERE nspname = 'customer_tier')"), '0', 'and its schema is empty');

$node->stop;
done_testing();
