# Tests materialised views that are refreshed on change: dumps and restores by owners who are not
# superusers, renames, publications, subscribers, and attacks.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nmax_prepared_transactions = 2");
$node->start;
my $dir = $node->basedir;

sub sql
{
	my ($db, $user, $sql) = @_;
	return $node->safe_psql($db, $sql, extra_params => [ '-U', $user ]);
}

sub outcome
{
	my ($db, $user, $sql) = @_;
	my ($ret, $out, $err) = $node->psql($db, $sql, extra_params => [ '-U', $user ]);
	return $ret == 0 ? "done: $out" : $err;
}

$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE ROLE heir LOGIN; CREATE ROLE clerk LOGIN;
	CREATE ROLE crook LOGIN');
$node->safe_psql('postgres', "CREATE DATABASE $_ OWNER keeper") foreach qw(shop again);
$node->safe_psql('postgres', 'CREATE DATABASE moved OWNER heir');

# one of each kind: deferred and at commit, of a table, a partitioned one, of each other, of a source
sql('shop', 'keeper', <<'SQL');
CREATE EXTENSION customer_tier;
CREATE SCHEMA crm;
CREATE TABLE crm.sale (id int PRIMARY KEY, customer int, day date, amount numeric);
CREATE TABLE crm.part (day date, amount numeric) PARTITION BY RANGE (day);
CREATE TABLE crm.part_1 PARTITION OF crm.part DEFAULT;
INSERT INTO crm.sale SELECT i, i % 5, '2026-01-01', i FROM generate_series(1, 20) AS i;
INSERT INTO crm.part SELECT day, amount FROM crm.sale;
CALL customer_tier.track('crm.sale', 'customer', 'amount', 'day');
CREATE MATERIALIZED VIEW crm.by_customer AS SELECT customer, sum(amount) AS total FROM crm.sale GROUP BY customer;
CREATE UNIQUE INDEX ON crm.by_customer (customer);
CREATE MATERIALIZED VIEW crm.best AS SELECT max(total) AS best FROM crm.by_customer;
CREATE MATERIALIZED VIEW crm.parts AS SELECT sum(amount) AS total FROM crm.part;
CREATE MATERIALIZED VIEW crm.worth AS SELECT customer, customer_tier.total(ledger) FROM crm.sale_ledger;
SELECT customer_tier.refresh_on_change('crm.by_customer', 'commit'),
  customer_tier.refresh_on_change('crm.best', 'commit'),
       customer_tier.refresh_on_change('crm.parts'), customer_tier.refresh_on_change('crm.worth');
CALL customer_tier.refresh_stale();
GRANT USAGE ON SCHEMA crm TO clerk;
GRANT INSERT, SELECT ON ALL TABLES IN SCHEMA crm TO clerk;
SQL

my $stale = "SELECT string_agg(format('%s %s %s %s', matview, mode, since IS NOT NULL, watching),
	', ' ORDER BY matview::text) FROM customer_tier.stale";
my $all = <<'SQL';
SELECT string_agg(format('%s: %s of %s, %s', state, matview, reads, marks), E'\n' ORDER BY state::text)
FROM customer_tier_internal.find_watched()
SQL

# what each has to do in a database, by names that may have changed
sub goes_on
{
	my ($what, $db, $user, $schema, $sale, $best) = @_;
	is(sql($db, $user, $stale), '', "$what: nothing is stale, and all are watched");
	sql($db, $user, "INSERT INTO $schema.$sale SELECT max(id) + 1, max(id) + 1, '2026-01-02',
		100000 + max(id) FROM $schema.$sale");
	is(sql($db, $user, "SELECT best = (SELECT max(amount) FROM $schema.$sale) FROM $schema.$best"), 't',
		"$what: refreshed at commit, through another view");
	sql($db, $user, "INSERT INTO $schema.part_1 VALUES ('2026-01-01', 5)");
	is(sql($db, $user, $stale), "$schema.parts deferred t t", "$what: a partition marks");
	sql($db, $user, "CALL customer_tier.refresh_source('$schema.$sale')");
	is(sql($db, $user, $stale), "$schema.parts deferred t t, $schema.worth deferred t t",
		"$what: the refresh of a source marks");
	sql($db, $user, 'CALL customer_tier.refresh_stale()');
	is(sql($db, $user, $stale), '', "$what: refreshed");
	is(sql($db, $user, "SELECT (SELECT total FROM $schema.parts) - (SELECT sum(amount)
		FROM $schema.part) + (SELECT sum(total) FROM $schema.worth) - (SELECT sum(amount) FROM $schema.$sale)"), '0',
		"$what: and right");
}

goes_on('made', 'shop', 'keeper', 'crm', 'sale', 'best');

# renamed, and moved
sql('shop', 'keeper', <<'SQL');
ALTER SCHEMA crm RENAME TO "C R M";
ALTER TABLE "C R M".sale RENAME TO sold;
ALTER MATERIALIZED VIEW "C R M".best RENAME TO "Best";
ALTER TABLE "C R M".best_stale RENAME TO "state of best";
CREATE SCHEMA marks;
ALTER TABLE "C R M".best_stale_marks SET SCHEMA marks;
SQL
goes_on('renamed', 'shop', 'keeper', '"C R M"', 'sold', '"Best"');

# dumped and restored by an owner who is no superuser, and by another one
sql('shop', 'keeper', q{INSERT INTO "C R M".part VALUES ('2026-01-01', 7)});
my $before = sql('shop', 'keeper', $all);
like($before, qr/"state of best": "C R M"\."Best" of .*by_customer.*, marks\.best_stale_marks/,
	'a state names the parts by their names of now');
# of what the extension keeps in tables of its own, schemes and models, nothing is here
$node->command_ok([ 'pg_dump', '-U', 'keeper', '--format=custom', '--file', "$dir/shop.dump", $node->connstr('shop') ],
	'its owner dumps it');
$node->command_ok([ 'pg_restore', '-U', 'keeper', '--exit-on-error', '-d', $node->connstr('again'), "$dir/shop.dump" ],
	'its owner restores it');
$node->command_ok([ 'pg_restore', '-U', 'heir', '--exit-on-error', '--no-owner', '-d', $node->connstr('moved'),
	"$dir/shop.dump" ], 'another one, too');
foreach my $where ([ 'again', 'keeper' ], [ 'moved', 'heir' ])
{
	my ($db, $user) = @$where;
	is(sql($db, $user, $all), $before, "$db: all is known");
	is(sql($db, $user, $stale), '"C R M".parts deferred t t', "$db: what was stale is stale");
	sql($db, $user, 'CALL customer_tier.refresh_stale()');
	goes_on("$db", $db, $user, '"C R M"', 'sold', '"Best"');
}

# all tables published: what is deleted from has a replica identity
sql('shop', 'keeper', 'CALL customer_tier.refresh_stale()');
$node->safe_psql('shop', 'CREATE PUBLICATION everything FOR ALL TABLES');
goes_on('published', 'shop', 'keeper', '"C R M"', 'sold', '"Best"');
$node->safe_psql('shop', 'DROP PUBLICATION everything');

# a mark outlives a prepared transaction
is(sql('shop', 'keeper', q{BEGIN; INSERT INTO "C R M".part VALUES ('2026-01-01', 7); PREPARE TRANSACTION 'p';
	CALL customer_tier.refresh_stale(); } . $stale), '', 'prepared, not yet stale');
is(sql('shop', 'keeper', "COMMIT PREPARED 'p'; $stale"), '"C R M".parts deferred t t', 'committed, stale');
sql('shop', 'keeper', 'CALL customer_tier.refresh_stale()');

#
# Attacks
#
$node->safe_psql('shop', 'GRANT CREATE ON DATABASE shop TO crook; GRANT USAGE ON SCHEMA "C R M", marks TO crook');
my $start = $node->safe_psql('shop', $all);
sql('shop', 'crook', <<'SQL');
CREATE SCHEMA den;
CREATE TABLE den.loot (a int);
-- a state that names somebody's view, and their table
CREATE TABLE den.forged (is_watched customer_tier.is_watched, matview regclass DEFAULT '"C R M".parts'::regclass,
  marks regclass DEFAULT '"C R M".parts_stale_marks'::regclass,
  reads regclass[] DEFAULT ARRAY['"C R M".sold'::regclass, 'den.loot'], error text, failed_at timestamptz);
INSERT INTO den.forged VALUES (true, NULL, NULL, NULL, 'broken', now());
GRANT ALL ON den.forged TO PUBLIC;
CREATE TRIGGER forge AFTER INSERT ON den.loot FOR EACH ROW WHEN ('den.forged'::regclass IS NOT NULL)
EXECUTE FUNCTION customer_tier_internal.mark_stale();
-- and the real one
CREATE TRIGGER forge_2 AFTER UPDATE ON den.loot FOR EACH STATEMENT WHEN ('"C R M".parts_stale'::regclass IS NOT NULL)
EXECUTE FUNCTION customer_tier_internal.mark_stale();
CREATE TRIGGER forge_3 AFTER TRUNCATE ON den.loot
FOR EACH STATEMENT WHEN (ARRAY['"C R M".parts_stale'::regclass, 'den.forged'] IS NOT NULL)
EXECUTE FUNCTION customer_tier_internal.mark_stale();
CREATE TRIGGER forge_4 BEFORE DELETE ON den.loot FOR EACH STATEMENT WHEN ('den.forged'::regclass IS NOT NULL)
EXECUTE FUNCTION customer_tier_internal.mark_stale();
SQL
like(outcome('shop', 'crook', 'INSERT INTO den.loot VALUES (1)'),
	qr/the marks of materialized view "parts" do not belong to the owner of its state/, 'a forged state marks nothing');
like(outcome('shop', 'crook', 'UPDATE den.loot SET a = 1'), qr/has not named table "loot" as one that it reads/,
	'a real one serves only the tables that it names');
like(outcome('shop', 'crook', 'TRUNCATE den.loot'), qr/has not named table "loot" as one that it reads/,
	'nor through another state');
like(outcome('shop', 'crook', 'DELETE FROM den.loot'), qr/mark_stale is called by the triggers/, 'nor before');
like(outcome('shop', 'crook', 'CREATE TRIGGER t AFTER INSERT ON "C R M".sold FOR EACH STATEMENT
	EXECUTE FUNCTION customer_tier_internal.mark_stale()'), qr/permission denied/, 'nor on a table of others');
like(outcome('shop', 'crook', q{SELECT customer_tier.stop_refresh_on_change('"C R M".parts')}), qr/done/,
	'who lets go of a forged state lets go of that');
is($node->safe_psql('shop', $all), $start, 'and of nothing else');
is(sql('shop', 'keeper', $stale), '', 'nothing was marked');

# names of others' triggers keep nobody from letting go
sql('shop', 'crook', q{CREATE TRIGGER forge_5 AFTER INSERT ON den.loot
	FOR EACH STATEMENT WHEN (ARRAY['"C R M".parts_stale'::regclass,
	'"C R M".parts_stale_marks'] IS NOT NULL) EXECUTE FUNCTION customer_tier_internal.mark_stale()});
like(outcome('shop', 'keeper',
	q{SELECT customer_tier.refresh_on_change('"C R M".parts'); CALL customer_tier.refresh_stale()}), qr/done/,
	'a view is watched anew though somebody names its state');
is($node->safe_psql('shop', $all), $start, 'as it was');

# a state that cannot be read, or not now, keeps nobody from seeing the others
sql('shop', 'crook', <<'SQL');
CREATE MATERIALIZED VIEW den.sight AS SELECT count(*) AS n FROM den.loot;
SELECT customer_tier.refresh_on_change('den.sight');
CREATE TABLE den.odd (LIKE den.sight_stale INCLUDING ALL);
CREATE TABLE den.small (is_watched customer_tier.is_watched);
CREATE VIEW den.seen AS SELECT * FROM den.odd;
ALTER TABLE den.odd ENABLE ROW LEVEL SECURITY;
SQL
my $crook = $node->background_psql('shop', extra_params => [ '-U', 'crook' ]);
$crook->query_safe('BEGIN; LOCK TABLE den.sight_stale, den.sight_stale_marks');
is($node->safe_psql('shop', "SET statement_timeout = '30s'; $stale"), '',
	'a lock that somebody holds on what is theirs is waited for by nobody who looks');
is(sql('shop', 'keeper', "SET statement_timeout = '30s'; CALL customer_tier.refresh_stale(); $stale"), '',
	'nor by who refreshes what is not theirs');
$crook->query_safe('ROLLBACK; BEGIN; LOCK TABLE den.sight_stale_marks');
is($node->safe_psql('shop', "SET statement_timeout = '30s'; $stale"), 'den.sight deferred t t',
	'marks that cannot be read are taken for some');
like(outcome('shop', 'crook', 'BEGIN; LOCK TABLE "C R M".by_customer_stale IN SHARE UPDATE EXCLUSIVE MODE'),
	qr/permission denied/, 'the lock of a refresh is for the owner alone');
$crook->query_safe('ROLLBACK');
$crook->quit;

# what an owner plants runs as that owner, and leaves nothing behind in a superuser's transaction
sql('shop', 'crook', <<'SQL');
CREATE TABLE den.bomb (a int);
CREATE FUNCTION den.explode() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN ALTER ROLE crook SUPERUSER;
RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER bomb AFTER INSERT ON den.bomb DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
EXECUTE FUNCTION den.explode();
CREATE FUNCTION den.plant() RETURNS int LANGUAGE plpgsql AS $$BEGIN INSERT INTO den.bomb VALUES (1); RETURN 1; END $$;
CREATE FUNCTION den.plant_by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO den.bomb VALUES (1);
RETURN OLD;
END $$;
CREATE MATERIALIZED VIEW den.planted AS SELECT den.plant() AS n, count(*) AS loot FROM den.loot WITH NO DATA;
SELECT customer_tier.refresh_on_change('den.planted', 'deferred');
CREATE TRIGGER plant BEFORE DELETE ON den.sight_stale_marks FOR EACH ROW EXECUTE FUNCTION den.plant_by_trigger();
DROP TRIGGER IF EXISTS forge ON den.loot; DROP TRIGGER IF EXISTS forge_4 ON den.loot;
SQL
my ($ret, $out, $err) = $node->psql('shop', 'CALL customer_tier.refresh_stale()');
my $refused = 'cannot fire deferred trigger within security-restricted operation';
like($err, qr/WARNING:  materialized view den\.planted could not be refreshed: $refused/,
	'a view plants no deferred trigger');
like($err, qr/WARNING:  materialized view den\.sight could not be refreshed: $refused/, 'nor do its marks');
sql('shop', 'crook', q{DROP TRIGGER plant ON den.sight_stale_marks;
	SELECT customer_tier.stop_refresh_on_change('den.sight');
	CREATE OR REPLACE FUNCTION den.plant() RETURNS int LANGUAGE sql AS 'SELECT 1';
		SELECT customer_tier.refresh_on_change('den.planted', 'commit');
	CREATE OR REPLACE FUNCTION den.plant() RETURNS int LANGUAGE plpgsql AS $$BEGIN INSERT INTO den.bomb VALUES (1);
	RETURN 1; END $$});
($ret, $out, $err) = $node->psql('shop', 'INSERT INTO den.loot VALUES (1)');
like($err, qr/cannot fire deferred trigger within security-restricted operation/, 'nor at commit');
is($node->safe_psql('shop', "SELECT rolsuper FROM pg_roles WHERE rolname = 'crook'"), 'f', 'nobody has gained a right');
sql('shop', 'crook', 'CALL customer_tier.untrack_all()');
is(sql('shop', 'crook',
	"SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_stale%' AND relowner = 'crook'::regrole"), '0',
	'each lets go of what is theirs');
is($node->safe_psql('shop', $all), $start, 'and of nothing else');

# who writes needs no right to views or marks
is(outcome('shop', 'clerk', q{INSERT INTO "C R M".sold VALUES (1000, 1, '2026-01-01', 1)}), 'done: ',
	'a writer without any right to the view');
like(outcome('shop', 'clerk', q{INSERT INTO "C R M".parts_stale_marks VALUES (now())}), qr/permission denied/,
	'and none to the marks');

#
# A subscriber: the server fires no triggers of statements for what is applied
#
$node->safe_psql('postgres', 'CREATE DATABASE reports');
$node->safe_psql('shop', "CREATE TABLE plain (id int PRIMARY KEY); CREATE PUBLICATION plain FOR TABLE plain;
	SELECT pg_create_logical_replication_slot('reports', 'pgoutput')");
$node->safe_psql('reports', 'CREATE EXTENSION customer_tier; CREATE TABLE plain (id int PRIMARY KEY);
	CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM plain;
	SELECT customer_tier.refresh_on_change(\'n\'); CALL customer_tier.refresh_stale();');
my $shop = $node->connstr . ' dbname=shop';
$node->safe_psql('reports',
	"CREATE SUBSCRIPTION reports CONNECTION '$shop' PUBLICATION plain
		WITH (create_slot = false, slot_name = 'reports')");
$node->poll_query_until('reports', "SELECT count(*) = 1 FROM pg_subscription_rel WHERE srsubstate = 'r'")
	or die 'the table is not copied';
is($node->safe_psql('reports', "CALL customer_tier.refresh_stale(); $stale"), 'n deferred f f',
	'made before the subscription: not watching');
$node->safe_psql('reports', "SELECT customer_tier.refresh_on_change('n'); CALL customer_tier.refresh_stale();");
$node->safe_psql('shop', 'INSERT INTO plain VALUES (1), (2)');
$node->wait_for_catchup('reports', 'replay', $node->safe_psql('shop', 'SELECT pg_current_wal_lsn()'));
is($node->safe_psql('reports', $stale), 'n deferred t t', 'made after it: what is applied marks');
$node->safe_psql('reports', 'ALTER SUBSCRIPTION reports DISABLE; ALTER SUBSCRIPTION reports SET (slot_name = NONE);
	DROP SUBSCRIPTION reports');
$node->safe_psql('shop', "SELECT pg_drop_replication_slot('reports')");

# the way out, and the rude one
sql('again', 'keeper', 'SET client_min_messages = error; DROP MATERIALIZED VIEW "C R M".worth CASCADE;
	CALL customer_tier.untrack_all()');
is(outcome('again', 'keeper', 'DROP EXTENSION customer_tier'), 'done: ', 'nothing is left that needs the extension');
sql('moved', 'heir', 'SET client_min_messages = error; DROP EXTENSION customer_tier CASCADE');
is(outcome('moved', 'heir', q{INSERT INTO "C R M".sold VALUES (9999, 1, '2026-01-01', 1); DELETE FROM "C R M".part;
	TRUNCATE "C R M".sold}), 'done: ', 'without it the tables are written to as before');

$node->stop;
done_testing();
