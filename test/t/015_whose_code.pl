# Tests which user runs which code: functions, operators, types and names that another user
# planted, and effects of writers, readers and lock holders on others.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('code');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nautovacuum = off");
$node->start;

# before 14, composite types cannot be hashed, so customers are of another type
my $composite = $node->safe_psql('postgres', 'SHOW server_version_num') >= 140000;
sub fit
{
	my ($sql) = @_;
	return $sql if $composite;
	$sql =~ s/CREATE TYPE lair.pair AS \(a lair.fine, b text\)/CREATE DOMAIN lair.pair AS lair.fine[]/;
	return $sql =~ s/ROW\((\w+), 'x'\)/ARRAY[$1]/gr;
}

# the superuser of a private server may have any name
sub as_role
{
	my ($role) = @_;
	return extra_params => $role eq 'superuser' ? [] : [ '-U', $role ];
}

# as a role; what it says, notices and errors included
sub told
{
	my ($role, $sql) = @_;
	my ($ret, $out, $err) = $node->psql('evil', fit("SET statement_timeout = '30s';\n$sql"), on_error_stop => 0,
		as_role($role));
	return "$out$err";
}

sub sql
{
	my ($role, $sql) = @_;
	my ($ret, $out, $err) = $node->psql('evil', fit($sql), on_error_stop => 1, as_role($role));
	$ret == 0 or fail("$role: $sql: $err");
	return $out;
}

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE mallory LOGIN;
CREATE ROLE shop LOGIN;
CREATE ROLE writer LOGIN;
CREATE ROLE stranger LOGIN;
CREATE DATABASE evil OWNER mallory;
SQL
sql('mallory', 'CREATE EXTENSION customer_tier; CREATE SCHEMA lair; GRANT USAGE, CREATE ON SCHEMA lair TO PUBLIC');
sql('superuser', <<'SQL');
CREATE SCHEMA crm AUTHORIZATION shop;
GRANT USAGE ON SCHEMA crm TO writer, stranger;
SET ROLE shop;
CREATE TABLE crm.sale (customer text, day date, amount numeric);
INSERT INTO crm.sale VALUES ('anna', '2026-01-01', 5);
GRANT INSERT, TRUNCATE ON crm.sale TO writer;
CALL customer_tier.track('crm.sale', 'customer', 'amount', 'day');
CREATE TABLE crm.secret AS SELECT 'secret' AS s;
SQL

# functions that tell when they run as another than who planted them
sql('mallory', <<'SQL');
CREATE FUNCTION lair.tell() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF current_user <> 'mallory' THEN
    RAISE WARNING 'stolen as %', current_user;
  END IF;
END $$;
CREATE FUNCTION lair.num(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  PERFORM lair.tell();
  RETURN $1;
END $$;
CREATE FUNCTION lair.is_fine(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  PERFORM lair.tell();
  RETURN true;
END $$;
CREATE DOMAIN lair.fine AS int CHECK (lair.is_fine(VALUE));
CREATE TYPE lair.hue AS ENUM ('red', 'blue');
CREATE TYPE lair.pair AS (a lair.fine, b text);
SQL

#
# A superuser, or whoever has the rights of an owner, works on what is mallory's
#
sql('mallory', <<'SQL');
CREATE TABLE lair.sale (customer lair.fine, pair lair.pair, hue lair.hue, day date, amount numeric,
  twice numeric GENERATED ALWAYS AS (lair.num(amount) * 2) STORED);
CREATE TABLE lair.head (id int PRIMARY KEY, customer lair.fine, day date);
CREATE TABLE lair.line (head int, amount numeric);
INSERT INTO lair.sale SELECT i % 3, ROW(i, 'x')::lair.pair, 'red', date '2026-01-01' + i, i
FROM generate_series(1, 9) AS i;
INSERT INTO lair.head SELECT i, i % 3, date '2026-01-01' + i FROM generate_series(1, 9) AS i;
INSERT INTO lair.line SELECT i, i FROM generate_series(1, 9) AS i;
CREATE TABLE lair.person (id lair.fine PRIMARY KEY, kind lair.hue, worth int);
INSERT INTO lair.person VALUES (0, 'red', 1), (1, 'blue', 20), (7, 'red', 3);
CREATE FUNCTION lair.measure(customer_tier.ledger) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  PERFORM lair.tell();
  RETURN customer_tier.total($1);
END $$;
CREATE FUNCTION lair.named(int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  PERFORM lair.tell();
  RETURN chr(96 + $1);
END $$;
CREATE VIEW lair.join_sale AS SELECT h.customer, h.day AS sold_at, lair.num(amount) AS amount FROM lair.head AS h
JOIN lair.line ON head = id;
CREATE VIEW lair.whole AS SELECT customer, day AS sold_at, max(lair.num(amount)) AS amount FROM lair.sale GROUP BY 1, 2;
CREATE MATERIALIZED VIEW lair.sum AS SELECT sum(lair.num(amount)) FROM lair.sale;
SQL
my $work = join(' ',
	map { "CALL customer_tier.track($_);" } ("'lair.sale', 'customer', 'lair.num(amount)', 'day',
		filter => 'lair.is_fine(1)'",
		"'lair.sale', 'pair', 'twice', 'day', name => 'by_pair'",
	"'lair.sale', 'hue', 'amount', 'day', name => 'by_hue', capture => 'row'", "'lair.join_sale'", "'lair.whole'"))
	. " SELECT customer_tier.refresh_on_change('lair.sum');";
my $use = <<'SQL';
SELECT count(*) FROM customer_tier.sources;
SELECT count(*) FROM customer_tier.stale;
SELECT count(*) FROM customer_tier.verify_source('lair.sale_sale');
SELECT count(*) FROM customer_tier.verify_source('lair.join_sale');
SELECT customer_tier.orders(customer_tier.ledger_of('lair.join_sale', 1));
SELECT customer_tier.orders(customer_tier.ledger_of('lair.whole', 1));
SELECT customer_tier.orders(customer_tier.ledger_of('lair.sale_sale', 1));
SELECT customer_tier.orders(customer_tier.ledger_of('lair.by_pair', (SELECT pair FROM lair.sale LIMIT 1)));
SELECT customer_tier.orders(customer_tier.ledger_of('lair.by_hue', 'red'::lair.hue));
SELECT (customer_tier.fit_model('lair.m', 'lair.join_sale', '2026-01-20')).name;
SELECT name FROM customer_tier.models;
SELECT count(*) FROM customer_tier.calibrate_holdout('lair.join_sale', '2026-01-08', '2026-01-10');
CALL customer_tier.refresh_stale();
CALL customer_tier.refresh_source('lair.whole');
CALL customer_tier.refresh_all();
CALL customer_tier.rebuild_source('lair.by_pair');
CALL customer_tier.alter_source('lair.join_sale');
CALL customer_tier.alter_source('lair.by_hue');
SELECT customer_tier.create_scheme('lair.by_fine', 'lair.sale_sale', attributes => 'lair.person', per => 'kind',
  axes => ARRAY[customer_tier.axis('v', 'lair.measure(ledger)', 'heads', '{0.5}'),
    customer_tier.axis('w', 'lair.num(1.0) * worth', 'value', '{10}')], tiers => '{a, b}', tier => 'lair.named(v)');
SELECT customer_tier.create_scheme('lair.pairs', 'lair.by_pair', 'rfm');
SELECT customer_tier.create_scheme('lair.hues', 'lair.by_hue', axes => ARRAY[customer_tier.weighted_axis('v',
  '{lair.measure(ledger), orders(ledger)}', '{1, 2}', at => '{0.5}')], tiers => '{a, b}');
SELECT customer_tier.refresh_scheme(s, '2026-02-01'), customer_tier.refresh_scheme(s, '2026-02-02')
FROM unnest('{lair.by_fine, lair.pairs, lair.hues}'::regclass[]) AS s;
SELECT count(*) FROM customer_tier.schemes;
SELECT count(*) FROM customer_tier.explain('lair.by_fine', '1');
SELECT count(*) FROM customer_tier.explain('lair.hues', 'red');
SELECT customer_tier.pin('lair.by_fine', '1', 'a', 'x', '2026-02-02'), customer_tier.unpin('lair.by_fine', '1');
SELECT count(*) FROM unnest('{lair.by_fine, lair.pairs, lair.hues}'::regclass[]) AS s,
  customer_tier.tiers_as_of(s, '2026-02-01');
SELECT count(*) FROM customer_tier.simulate('lair.by_fine', tiers => '{{b, a}, {a, b}}');
SELECT count(*) FROM customer_tier.simulate('lair.by_fine', tiers => '{a, b}', tier => 'lair.named(w)');
SELECT count(*) FROM customer_tier.simulate_migration('lair.hues', axes => ARRAY[customer_tier.weighted_axis('v',
  NULL, '{2, 1}', at => '{0.3}')]);
SELECT customer_tier.alter_scheme(s, note => 'x', keep => 0.9), customer_tier.recalibrate(s)
FROM unnest('{lair.by_fine, lair.pairs, lair.hues}'::regclass[]) AS s;
SELECT length(customer_tier.grading_sql('lair.by_fine', '2026-02-01')) > 0;
SELECT count(*) FROM customer_tier.migration('lair.pairs', '2026-02-01', '2026-02-02');
SELECT customer_tier.backfill('lair.by_fine', '2026-02-01', '2026-02-03', '1 day');
CALL customer_tier.refresh_all('2026-02-04');
SELECT count(*) FROM lair.by_fine; SELECT count(*) FROM lair.pairs; SELECT count(*) FROM lair.hues_progress;
SELECT customer_tier.drop_scheme(scheme) FROM customer_tier.schemes;
SELECT customer_tier.drop_model('lair.m');
SQL
my $tracked = told('superuser', $work);
unlike($tracked, qr/ERROR/, 'a superuser tracks for an owner');
is(join(' ', $tracked =~ /stolen as \w+/g), '', 'a superuser who tracks runs nothing of the owner\'s');
sql('mallory', "INSERT INTO lair.sale VALUES (1, ROW(1, 'x'), 'blue', '2026-02-01', 5);
	INSERT INTO lair.line VALUES (1, 3)");
my $told = told('superuser', $use);
unlike($told, qr/stolen/, 'nor who uses what was tracked');
unlike($told, qr/ERROR/, 'and all of it works');
sql('mallory', 'CALL customer_tier.untrack_all()');

#
# Operators that fit better than the server's, in a schema of the caller's search_path
#
sql('mallory', <<'SQL');
DO $do$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT l, r FROM unnest('{oid, regclass, regtype, text, name, text[]}'::text[]) AS l,
    unnest('{oid, regclass, regtype, text, name, text[]}'::text[]) AS r LOOP
    EXECUTE format('CREATE FUNCTION lair.same(%1$s, %2$s) RETURNS boolean LANGUAGE plpgsql AS $f$
      BEGIN PERFORM lair.tell(); RETURN $1::text = $2::text; END $f$', t.l, t.r);
    EXECUTE format('CREATE OPERATOR lair.= (LEFTARG = %1$s, RIGHTARG = %2$s, FUNCTION = lair.same)', t.l, t.r);
    EXECUTE format('CREATE FUNCTION lair.joined(%1$s, %2$s) RETURNS text LANGUAGE plpgsql AS $f$
      BEGIN PERFORM lair.tell(); RETURN $1::text; END $f$', t.l, t.r);
    EXECUTE format('CREATE OPERATOR lair.|| (LEFTARG = %1$s, RIGHTARG = %2$s, FUNCTION = lair.joined)', t.l, t.r);
  END LOOP;
  FOR t IN SELECT l, r, op FROM unnest('{int, bigint, float8, numeric, date, interval}'::text[]) AS l,
    unnest('{int, bigint, float8, numeric, date, interval}'::text[]) AS r, unnest('{+, -, *, /, <, >, =}'::text[]) AS op
    LOOP
    EXECUTE format('CREATE FUNCTION lair.%3$I(%1$s, %2$s) RETURNS %4$s LANGUAGE plpgsql AS $f$
      BEGIN PERFORM lair.tell(); RETURN NULL; END $f$', t.l, t.r, t.op,
      CASE WHEN t.op IN ('<', '>', '=') THEN 'boolean' ELSE t.l END);
    EXECUTE format('CREATE OPERATOR lair.%3$s (LEFTARG = %1$s, RIGHTARG = %2$s, FUNCTION = lair.%3$I)', t.l, t.r, t.op);
  END LOOP;
  EXECUTE 'CREATE FUNCTION lair.format(text, text) RETURNS text LANGUAGE plpgsql AS $f$
    BEGIN PERFORM lair.tell(); RETURN $1; END $f$';
  EXECUTE 'CREATE FUNCTION lair.stem(name) RETURNS text LANGUAGE plpgsql AS $f$
    BEGIN PERFORM lair.tell(); RETURN $1; END $f$';
END $do$;
CREATE TABLE lair.pg_class (oid oid); CREATE TABLE lair.pg_roles (rolname name);
SQL
$told = told('shop', <<'SQL');
SET search_path = lair, crm, customer_tier;
CREATE TEMP TABLE pg_class (oid oid);
CREATE TEMP TABLE pg_trigger (oid oid);
CREATE TEMP TABLE scheme (scheme regclass);
CREATE TEMP TABLE model (name text);
CREATE TABLE crm.more (customer int, at timestamptz, local timestamp, day date, amount numeric);
CALL track('crm.more', 'customer', 'amount', 'at', filter => 'amount IS NOT NULL', time_zone => 'UTC', name => 'by_at');
CALL track('crm.more', 'customer', 'amount', 'local', name => 'by_local');
CALL track('crm.more', 'customer', 'amount', 'day', name => 'by_day', capture => 'none');
INSERT INTO crm.more VALUES (1, now(), now(), '2026-01-01', 5);
CALL refresh_all();
SELECT count(*) FROM sources;
SELECT count(*) FROM stale;
SELECT count(*) FROM verify_source('crm.by_at');
SELECT count(*) FROM verify_source('crm.by_day', repair => true);
SELECT is_empty(ledger_of('crm.by_at', 1)); SELECT ledger_of('crm.sale', 'anna'::text) IS NULL;
CALL rebuild_source('crm.by_local');
CALL alter_source('crm.by_local', 'customer', 'amount', 'at', time_zone => 'Asia/Shanghai');
CALL alter_source('crm.by_local', 'customer', 'amount', 'local');
CREATE MATERIALIZED VIEW crm.sums AS SELECT sum(amount) FROM crm.more;
SELECT refresh_on_change('crm.sums', 'commit'); INSERT INTO crm.more VALUES (1, now(), now(), '2026-01-01', 5);
SELECT refresh_on_change('crm.sums'); CALL refresh_stale(); SELECT stop_refresh_on_change('crm.sums');
SELECT word_of_mouth(1, 0.1, 0.5), trailing_months('2026-01-01', 2), retention_effect(100, 10, 0.2, 0.05),
  score(5, '{1, 2}'), (bgnbd_model(1, 1, 1, 1)).r;
SELECT (fit_model('crm.m', 'crm.sale', '2026-01-02')).name; SELECT count(*) FROM models; SELECT drop_model('crm.m');
CREATE TABLE crm.person (customer int PRIMARY KEY, region text, annual_potential numeric);
INSERT INTO crm.person VALUES (1, 'n', 10), (2, 's', 20);
INSERT INTO crm.more VALUES (1, '2026-01-05 12:00+00', '2026-01-05 12:00', '2026-01-05', 5);
SELECT create_scheme('crm.ours', 'crm.by_at', 'rfm'), create_scheme('crm.grid', 'crm.by_at', 'nine_grid',
  attributes => 'crm.person', per => 'region', unrated => 'none');
SELECT refresh_scheme('crm.ours', '2026-03-01'), refresh_scheme('crm.grid', '2026-03-01');
SELECT count(*) FROM schemes; SELECT count(*) FROM explain('crm.ours', 1);
SELECT count(*) FROM tiers_as_of('crm.grid', '2026-03-01'); SELECT count(*) FROM simulate('crm.grid');
SELECT count(*) FROM migration('crm.grid', '2026-03-01', '2026-03-01');
SELECT pin('crm.grid', 1, 'A1', 'x', '2026-03-01'), unpin('crm.grid', 1), alter_scheme('crm.ours', keep => 0.9);
SELECT alter_tier('crm.grid', 'A1', 'best'), recalibrate('crm.grid'), prune_history('crm.ours', '2026-01-01');
SELECT backfill('crm.ours', '2026-03-01', '2026-03-02'); SELECT count(*) FROM crm.grid_progress;
SELECT count(*) FROM tiers('SELECT customer, day, amount FROM crm.more', 'rfm', '2026-03-01');
SELECT drop_scheme('crm.ours'), drop_scheme('crm.grid');
CALL untrack('crm.by_at'); CALL untrack('crm.by_local'); CALL untrack('crm.by_day');
SQL
unlike($told, qr/stolen/, 'operators, functions and tables in the search_path are not what is called or read');
unlike($told, qr/ERROR/, 'and all of it works with them there');

#
# Names that change between a check and a command
#
sql('superuser', 'CREATE ROLE partner LOGIN; GRANT CREATE ON DATABASE evil TO partner;
	CREATE SCHEMA vault AUTHORIZATION mallory; GRANT USAGE, CREATE ON SCHEMA vault TO shop');
sql('shop', 'CREATE TABLE vault.gift_ledger AS SELECT 1 AS precious');
sql('mallory', "CREATE SCHEMA box; CREATE TABLE box.gift (customer int, day date, amount numeric);
	CALL customer_tier.track('box.gift', 'customer', 'amount', 'day')");
sql('superuser', 'ALTER TABLE box.gift OWNER TO partner; GRANT USAGE, CREATE ON SCHEMA box TO partner');
my $mallory = $node->background_psql('evil', extra_params => [ '-U', 'mallory' ]);
$mallory->query_safe('BEGIN; LOCK TABLE box.gift_ledger IN ACCESS SHARE MODE');
my $super = $node->background_psql('evil', on_error_stop => 0);
$super->query_until(qr/begun/, "\\echo begun\nCALL customer_tier.alter_source('box.gift');\n\\echo ended\n");
$node->poll_query_until('evil', "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
	or die 'nobody waits';
$mallory->query_safe('ALTER SCHEMA box RENAME TO gone; ALTER SCHEMA vault RENAME TO box; COMMIT');
$super->query_until(qr/ended/, "\n");
is(sql('superuser', "SELECT relowner::regrole FROM pg_class WHERE relname = 'gift_ledger' AND EXISTS (SELECT
	FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'precious')"), 'shop',
	'a name that was swapped meanwhile gives nothing away');
$super->quit;
$mallory->quit;

#
# Writers
#
# what no ledger takes is refused at the write, and keeps nobody from a refresh
for my $sale ("string_agg(md5(i::text), ''), '2026-01-01', 1 FROM generate_series(1, 400) AS i", "'x', 'infinity', 1",
	"'x', '2026-01-01', 'NaN'", "'x', '2026-01-01', 0.1234567", "'x', '2026-01-01', 1e30")
{
	like(told('writer', "INSERT INTO crm.sale SELECT $sale"),
		qr/ERROR:  (a customer is too long: 12800 bytes|the day of a sale must be finite|amount)/,
		"a writer of $sale is told");
}
sql('writer', "INSERT INTO crm.sale SELECT left(string_agg(md5(i::text), ''), 2500), '2026-01-01',
	1 FROM generate_series(1, 400) AS i;
	INSERT INTO crm.sale VALUES ('x', '5874897-12-31', 1), ('x', '4713-01-01 BC', 1),
	('', '2026-01-01', 999999999999)");
sql('shop', "CALL customer_tier.refresh_source('crm.sale')");
is(sql('shop', "SELECT count(*) FROM crm.sale_ledger; SELECT * FROM customer_tier.verify_source('crm.sale')"), '4',
	'and the rest is refreshed');

#
# Locks on what is theirs keep nobody from the others'
#
sql('mallory', <<'SQL');
CREATE TABLE lair.part (a int) PARTITION BY LIST (a); CREATE TABLE lair.part_1 PARTITION OF lair.part DEFAULT;
CREATE MATERIALIZED VIEW lair.parts AS SELECT count(*) FROM lair.part; GRANT SELECT ON lair.parts TO PUBLIC;
SELECT customer_tier.refresh_on_change('lair.parts');
CREATE TABLE lair.t (customer int, day date, amount numeric);
CALL customer_tier.track('lair.t', 'customer', 'amount', 'day');
GRANT SELECT ON lair.t_ledger_live, lair.t_source TO PUBLIC;
SQL
$mallory = $node->background_psql('evil', extra_params => [ '-U', 'mallory' ]);
$mallory->query_safe('BEGIN; LOCK TABLE lair.part_1, lair.t, lair.t_source, lair.t_ledger, lair.t_delta');
my $hurry = "SET statement_timeout = '5s';";
# a view that only says that it has ledgers
sql('mallory', "CREATE VIEW lair.fake AS SELECT 1 AS customer, 17 AS ledger; CREATE VIEW lair.bare AS SELECT 1 AS x");
like(told('mallory', "SELECT customer_tier_internal.live_ledger('lair.$_', 1);
	SELECT * FROM customer_tier_internal.live_ledgers('lair.$_')"), qr/^(?!.*server closed)(?=.*ERROR)/s,
	"$_ is no view of ledgers") for qw(fake bare t gone);
unlike(told('stranger', "$hurry SELECT count(*) FROM customer_tier.stale; SELECT count(*) FROM customer_tier.sources"),
	qr/ERROR/, 'a stranger sees health past their locks');
unlike(told('shop', "$hurry CALL customer_tier.refresh_all(); CALL customer_tier.refresh_stale();
	CALL customer_tier.rebuild_source('crm.sale'); CALL customer_tier.alter_source('crm.sale');
	SELECT count(*) FROM customer_tier.stale"), qr/ERROR/, 'an owner works past them');
unlike(told('writer', "$hurry INSERT INTO crm.sale VALUES ('x', '2026-01-01', 1); TRUNCATE crm.sale"), qr/ERROR/,
	'and a writer writes');
unlike(told('superuser', "$hurry SET ROLE shop;
	CALL customer_tier.track('crm.sale', 'customer', 'amount', 'day', name => 'once_more');
	CALL customer_tier.untrack('crm.once_more')"), qr/ERROR/, 'an owner tracks and untracks past them');
$mallory->query_safe('ROLLBACK');
$mallory->quit;
# states without end
sql('mallory', <<'SQL');
DO $do$
BEGIN
  FOR i IN 1 .. 300 LOOP
    EXECUTE format('CREATE TABLE lair.many_%s (is_source customer_tier.is_source, '
      'view regclass DEFAULT ''lair.t_sale'', '
      'capture regclass DEFAULT ''lair.t_capture'', '
      'ledger regclass DEFAULT ''lair.t_ledger'', queue regclass DEFAULT ''lair.t_delta'', '
      'live regclass DEFAULT ''lair.t_ledger_live'', '
      'touches regclass[] DEFAULT array_fill(''lair.t''::regclass, ARRAY[9]), closed date, made_view boolean, '
      'refreshed_at timestamptz, error text, failed_at timestamptz)', i);
    EXECUTE format('GRANT SELECT ON lair.many_%s TO PUBLIC', i);
  END LOOP;
END $do$;
SQL
is(sql('shop', "$hurry CALL customer_tier.refresh_source('crm.sale');
	SELECT count(*) FROM pg_locks AS l JOIN pg_class AS c ON c.oid = relation WHERE relname LIKE 'many%'; BEGIN;
	SELECT customer_tier.ledger_of('crm.sale', 'nobody'::text);
SELECT count(*) FROM pg_locks AS l JOIN pg_class AS c ON c.oid = relation WHERE relname LIKE 'many%';
COMMIT"), "0\n{}\n0", 'who works on a source of theirs reads nobody else\'s states');
cmp_ok(sql('stranger', "$hurry SELECT count(*) FROM customer_tier.sources"), '>=', 300, 'who asks for all sees them');

# attributes that are a view over functions of its owner
sql('mallory', <<'SQL');
CREATE SCHEMA den;
GRANT USAGE ON SCHEMA den TO writer;
CREATE TABLE den.sale (customer int, day date, amount numeric);
INSERT INTO den.sale SELECT i, '2026-01-01', i FROM generate_series(1, 3) AS i;
CALL customer_tier.track('den.sale', 'customer', 'amount', 'day');
CREATE VIEW den.inner_one AS SELECT customer, lair.num(amount) AS size FROM den.sale;
CREATE VIEW den.known AS SELECT * FROM den.inner_one;
SELECT customer_tier.create_scheme('den.tier', 'den.sale',
  axes => ARRAY[customer_tier.axis('size', 'size', 'value', '{2, 3}')], tiers => '{C, B, A}',
  attributes => 'den.known', key => 'customer');
SELECT customer_tier.refresh_scheme('den.tier', '2026-02-01');
GRANT SELECT ON ALL TABLES IN SCHEMA den TO writer;
SQL
$told = told('writer', q{SELECT customer, tier, size FROM den.tier ORDER BY customer;
	SELECT heads FROM den.tier_summary;
	SELECT value FROM customer_tier.explain('den.tier', 2);
	SELECT count(*) FROM customer_tier.tiers_as_of('den.tier', '2026-02-01')});
is($told, "1|C|1\n2|B|2\n3|A|3\n1\n1\n1\n2\n3", 'a reader of a scheme runs nothing of its attributes');

is(sql('superuser', "SELECT rolsuper FROM pg_roles WHERE rolname IN ('mallory', 'stranger', 'writer') GROUP BY 1"), 'f',
	'nobody has gained a right');
is(sql('shop', "SELECT capturing FROM customer_tier.sources WHERE source = 'crm.sale_sale'::regclass;
	SELECT * FROM customer_tier.verify_source('crm.sale')"), 't', 'and the source is whole');
$node->stop('fast');
done_testing();
