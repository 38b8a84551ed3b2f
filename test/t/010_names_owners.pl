# Tests renames, changes of schemas and owners, and drops of the relations of a source.  After
# each, writes must be captured, or fail with a hint that names the command to repair it.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('names');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nautovacuum = off");
$node->start;

# like safe_psql, but goes on after an error
sub sql
{
	my ($db, $sql, %how) = @_;
	my ($ret, $out, $err) = $node->psql($db, $sql, on_error_stop => 1, %how);
	$ret == 0 or fail("$sql: $err");
	return $out;
}

sql('postgres', <<'SQL');
CREATE ROLE shop LOGIN; CREATE ROLE heir LOGIN; CREATE ROLE writer LOGIN;
CREATE DATABASE template_shop OWNER shop;
SQL
my @shop = (extra_params => [ '-U', 'shop' ]);
sql('template_shop', <<'SQL', @shop);
CREATE EXTENSION customer_tier;
CREATE SCHEMA crm; CREATE SCHEMA away;
GRANT USAGE ON SCHEMA crm, away TO writer, heir; GRANT CREATE ON SCHEMA crm, away TO heir;
CREATE TABLE crm.sale (customer int, other int, day date, amount numeric, note text);
GRANT SELECT, INSERT, UPDATE, DELETE ON crm.sale TO writer;
INSERT INTO crm.sale SELECT i % 7, i % 5, date '2026-01-01' + i % 50, i, 'n' FROM generate_series(1, 60) AS i;
CALL customer_tier.track('crm.sale', 'customer', 'amount', 'day');
SQL

my $n = 0;
# a database with the source in it; SQL as the owner of the sales
sub fresh
{
	my $name = 'shop_' . ++$n;
	sql('postgres', "CREATE DATABASE $name TEMPLATE template_shop OWNER shop");
	return $name;
}

my $write = "INSERT INTO SALE VALUES (1, 2, '2026-03-01', 5, 'w'); UPDATE SALE SET amount = amount + 1 WHERE note = 'w';
	DELETE FROM SALE WHERE amount = 30";

# writes are captured, verified, refreshed and verified again; one session, for speed
sub captures
{
	my ($db, $what, $sale, $sql, $role) = @_;
	$role = $role // 'shop';
	($sql = $sql // $write) =~ s/SALE/$sale/g;
	my ($ret, $out, $err) = $node->psql($db, "SET ROLE writer; $sql; SET ROLE $role;
		SELECT 'capturing', capturing, changed, pending > 0 FROM customer_tier.sources;
			SELECT 'pending', v FROM customer_tier.verify_source('$sale') AS v;
		CALL customer_tier.refresh_source('$sale');
		SELECT 'refreshed', pending, last_error FROM customer_tier.sources;
		SELECT 'merged', v FROM customer_tier.verify_source('$sale') AS v", on_error_stop => 1);
	is("$out$err", "capturing|t|f|t\nrefreshed|0|", "$what: captured, and refreshed");
}

# runs the command of a hint
sub hinted
{
	my ($err, $what, $like) = @_;
	my ($hint) = $err =~ /HINT:\s+((?:CALL|ALTER|DROP) [^;\n]*?)(?:;| drops| mends|$)/m;
	like($hint // $err, $like, "$what: the hint names the command");
	return $hint // 'SELECT';
}

# names
my $db = fresh();
sql($db, <<'SQL', @shop);
ALTER SCHEMA crm RENAME TO "Sales 'n more";
ALTER TABLE "Sales 'n more".sale_delta RENAME TO "a queue";
ALTER VIEW "Sales 'n more".sale_capture RENAME TO "what's captured";
ALTER TABLE "Sales 'n more".sale_ledger RENAME TO ledgers;
ALTER VIEW "Sales 'n more".sale_ledger_live RENAME TO "live""ly";
ALTER TABLE "Sales 'n more".sale_source RENAME TO "state"; ALTER VIEW "Sales 'n more".sale_sale RENAME TO sold;
ALTER TABLE "Sales 'n more".sale RENAME TO "SALE";
SQL
sql($db, q{ALTER TABLE "Sales 'n more"."SALE" RENAME TO sale; ALTER SCHEMA "Sales 'n more" RENAME TO named}, @shop);
captures($db, 'all renamed', 'named.sale');
sql($db, 'ALTER TABLE named."a queue" SET SCHEMA away; ALTER VIEW named."what\'s captured" SET SCHEMA away;
	ALTER TABLE named.ledgers SET SCHEMA away;
	ALTER VIEW named."live""ly" SET SCHEMA away;
	ALTER TABLE named."state" SET SCHEMA away; ALTER VIEW named.sold SET SCHEMA away', @shop);
captures($db, 'parts in another schema', 'named.sale');
sql($db, 'ALTER TABLE named.sale SET SCHEMA away; DROP SCHEMA named', @shop);
captures($db, 'sales in another schema', 'away.sale');
is(sql($db, "SELECT customer_tier.orders(customer_tier.ledger_of('away.sold', 1)) > 0,
	customer_tier.orders(customer_tier.ledger_of('away.sale', 1)) > 0", @shop), 't|t', 'named by either');
sql($db, "CALL customer_tier.rebuild_source('away.sale'); ", @shop);
sql($db, "CALL customer_tier.alter_source('away.sale')", @shop);
captures($db, 'rebuilt and made anew', 'away.sale');

# columns: renamed crosswise within one transaction, and a column in use
$db = fresh();
sql($db, 'BEGIN; ALTER TABLE crm.sale RENAME customer TO x; ALTER TABLE crm.sale RENAME other TO customer;
	ALTER TABLE crm.sale RENAME x TO other; COMMIT', @shop);
captures($db, 'columns crosswise', 'crm.sale');
is(sql($db, "SELECT count(*) FROM (SELECT other, sum(amount) FROM crm.sale GROUP BY 1 EXCEPT SELECT customer,
	customer_tier.total(ledger) FROM crm.sale_ledger_live) AS d", @shop), '0',
	'columns crosswise: it is still the first column');
my ($ret, $out, $err) = $node->psql($db, 'ALTER TABLE crm.sale DROP COLUMN other', @shop);
like($err, qr/cannot drop column other of table crm\.sale because other objects depend on it/,
	'a column in use is not dropped');
($ret, $out, $err) = $node->psql($db, 'ALTER TABLE crm.sale ALTER amount TYPE numeric(14,3)', @shop);
like($err, qr/cannot alter type of a column used by a view or rule/, 'nor is its type changed behind the back');
sql($db, 'ALTER TABLE crm.sale DROP COLUMN customer, DROP COLUMN note, ADD COLUMN note text', @shop);
captures($db, 'other columns dropped', 'crm.sale',
	"INSERT INTO SALE (other, day, amount, note) VALUES (1, '2026-03-01', 5, 'w');
	UPDATE SALE SET amount = amount + 1 WHERE note = 'w'; DELETE FROM SALE WHERE amount = 30");
sql($db, qq{CALL customer_tier.alter_source('crm.sale', column_name => 'amount', column_type => 'numeric(14,3)')},
	@shop);
sql($db, qq{CALL customer_tier.alter_source('crm.sale', column_name => 'other', column_type => 'text',
	using_expression => '''c'' || other')}, @shop);
captures($db, 'types changed by alter_source', 'crm.sale',
	"INSERT INTO SALE (other, day, amount, note) VALUES ('cx', '2026-03-01', 5.125, 'x')");
is(sql($db, "SELECT customer_tier.ledger_of('crm.sale', 'cx'::text)", @shop), '{2026-03-01:1:5.125}',
	'and customers are of the new type');
($ret, $out, $err) = $node->psql($db,
	qq{CALL customer_tier.alter_source('crm.sale', column_name => 'amount', column_type => 'text')}, @shop);
isnt($ret, 0, 'no type that is no amount');
captures($db, 'a change that failed', 'crm.sale',
	"INSERT INTO SALE (other, day, amount, note) VALUES ('cx', '2026-03-01', 5.125, 'x')");

# the views behind our back
$db = fresh();
sql($db, "CREATE OR REPLACE VIEW crm.sale_sale AS SELECT customer, day AS sold_at,
	amount FROM crm.sale WHERE amount > 20", @shop);
sql($db, "INSERT INTO crm.sale VALUES (1, 2, '2026-03-01', 5, 'w'), (1, 2, '2026-03-01', 50, 'w')");
is(sql($db, "SELECT capturing, changed, pending FROM customer_tier.sources", @shop), 't|t|2',
	'a view replaced is noticed, and what is captured does not change half-way');
is(sql($db, "SELECT * FROM customer_tier.verify_source('crm.sale')", @shop), '',
	'what is captured is what is verified');
sql($db, "CALL customer_tier.refresh_source('crm.sale')", @shop);
is(sql($db, "SELECT sum(customer_tier.total(ledger)) = (SELECT sum(amount) FROM crm.sale) FROM crm.sale_ledger", @shop),
	't', 'a refresh goes on as before');
is(sql($db, "SELECT changed FROM customer_tier.sources", @shop), 't', 'and still says changed');
sql($db, "CALL customer_tier.alter_source('crm.sale')", @shop);
is(sql($db, "SELECT sum(customer_tier.total(ledger)) = (SELECT sum(amount) FROM crm.sale WHERE amount > 20)
	FROM crm.sale_ledger_live", @shop), 't', 'alter_source takes it over');
captures($db, 'a view taken over', 'crm.sale');
sql($db, "CREATE OR REPLACE VIEW crm.sale_capture AS SELECT customer, day AS sold_at,
	amount * 2 AS amount FROM crm.sale", @shop);
sql($db, "INSERT INTO crm.sale VALUES (1, 2, '2026-03-01', 5, 'w')");
is(sql($db, "SELECT changed FROM customer_tier.sources", @shop), 't', 'what is captured, replaced, is noticed');
isnt(sql($db, "SELECT * FROM customer_tier.verify_source('crm.sale')", @shop), '', 'and so it is by verify_source');
sql($db, "CALL customer_tier.rebuild_source('crm.sale')", @shop);
captures($db, 'rebuilt from the view', 'crm.sale');

# a view that became another kind of query
sql($db, "CREATE OR REPLACE VIEW crm.sale_sale AS SELECT customer, day AS sold_at,
	amount FROM crm.sale UNION ALL SELECT 1, '2026-01-01', 1", @shop);
is(sql($db, "SELECT changed FROM customer_tier.sources", @shop), 't', 'a view that is a UNION now is noticed');
sql($db, "CALL customer_tier.alter_source('crm.sale_sale')", @shop);
sql($db, "INSERT INTO crm.sale VALUES (1, 2, '2026-03-01', 5, 'w')", extra_params => [ '-U', 'writer' ]);
is(sql($db, "SELECT capturing, changed FROM customer_tier.sources", @shop)
	. sql($db, "SELECT * FROM customer_tier.verify_source('crm.sale_sale')", @shop), 't|f',
	'and taken over, touched as a whole');
sql($db, "CALL customer_tier.refresh_source('crm.sale_sale')", @shop);
is(sql($db, "SELECT sum(customer_tier.total(ledger)) = (SELECT sum(amount) + 1 FROM crm.sale) FROM crm.sale_ledger",
	@shop), 't', 'and refreshed');

# owners: the sales are given away
$db = fresh();
sql($db, 'ALTER TABLE crm.sale OWNER TO heir');
my $before = sql($db, 'SELECT count(*), sum(amount) FROM crm.sale');
($ret, $out, $err) = $node->psql($db, "INSERT INTO crm.sale VALUES (1, 2, '2026-03-01', 5, 'w')",
	extra_params => [ '-U', 'writer' ]);
isnt($ret, 0, 'sales given away: writes fail rather than being lost');
is(sql($db, 'SELECT count(*), sum(amount) FROM crm.sale'), $before, 'sales given away: nothing half done');
is(sql($db, "SELECT capturing FROM customer_tier.sources"), 'f', 'sales given away: sources does not say capturing');
my $mend = hinted($err, 'sales given away', qr/^CALL customer_tier\.alter_source\('crm\.sale'\)$/);
($ret, $out, $err) = $node->psql($db, $mend, extra_params => [ '-U', 'heir' ]);
like($err, qr/must be owner of/, 'sales given away: the heir alone takes nothing of what was not given');
sql($db, $mend);
is(sql($db, "SELECT string_agg(DISTINCT relowner::regrole::text,
	' ') FROM pg_class WHERE relnamespace = 'crm'::regnamespace"), 'heir', 'sales given away: all parts follow');
captures($db, 'sales given away and mended', 'crm.sale', undef, 'heir');
sql($db, 'REASSIGN OWNED BY heir TO shop');
captures($db, 'REASSIGN OWNED', 'crm.sale');

# a part is given away
for my $part (qw(sale_sale sale_capture sale_ledger sale_delta sale_ledger_live sale_source))
{
	sql($db, "ALTER TABLE crm.$part OWNER TO heir");
	($ret, $out, $err) = $node->psql($db, "INSERT INTO crm.sale VALUES (1, 2, '2026-03-01', 5, 'w')",
		extra_params => [ '-U', 'writer' ]);
	isnt(sql($db, "SELECT capturing FROM customer_tier.sources WHERE sales = 'crm.sale'::regclass"), 't',
		"$part given away: sources does not say capturing");
	# where the write is captured, refresh_source tells
	($ret, $out, $err) = $node->psql($db, "CALL customer_tier.refresh_source('crm.sale')") if $ret == 0;
	isnt($ret, 0, "$part given away: it is told");
	sql($db, hinted($err, "$part given away",
		$part eq 'sale_source' ? qr/^CALL customer_tier\.alter_source\('crm\.sale'\)$/
		: qr/^ALTER (TABLE|VIEW) crm\.$part OWNER TO shop$/));
	captures($db, "$part given away and mended", 'crm.sale');
}

# drops
($ret, $out, $err) = $node->psql($db, 'DROP TABLE crm.sale', @shop);
like($err, qr/cannot drop table crm\.sale because other objects depend on it/,
	'sales that are tracked are not dropped by chance');
sql($db, 'DROP TABLE crm.sale CASCADE', @shop);
is(sql($db, 'SELECT source, sales, capturing FROM customer_tier.sources', @shop), '||f',
	'sales dropped: sources shows what is left');
($ret, $out, $err) = $node->psql($db, "CALL customer_tier.refresh_source('crm.sale_ledger')", @shop);
sql($db, hinted($err, 'sales dropped', qr/^CALL customer_tier\.untrack\('crm\.sale_source'\)$/), @shop);
is(sql($db, "SELECT count(*) FROM pg_class WHERE relnamespace = 'crm'::regnamespace"), '0',
	'sales dropped: untrack takes all that is left');

for my $part (qw(sale_sale sale_capture sale_ledger sale_delta sale_ledger_live sale_source))
{
	$db = fresh();
	my $kind = $part =~ /sale_sale|capture|live/ ? 'VIEW' : 'TABLE';
	($ret, $out, $err) = $node->psql($db, "DROP $kind crm.$part", @shop);
	isnt($ret, 0, "$part is not dropped by chance");
	sql($db, "DROP $kind crm.$part CASCADE", @shop);
	($ret, $out, $err) = $node->psql($db, "INSERT INTO crm.sale VALUES (1, 2, '2026-03-01', 5, 'w')",
		extra_params => [ '-U', 'writer' ]);
	is($ret, 0, "$part dropped: sales are written") or diag($err);
	isnt(sql($db, "SELECT bool_or(capturing) FROM customer_tier.sources", @shop), 't',
		"$part dropped: sources does not say capturing");
	sql($db, sql($db, "SELECT count(*) FROM customer_tier.sources", @shop) ? 'CALL customer_tier.untrack_all()'
		: "SELECT", @shop);
	# without a state nothing is found
	sql($db, 'DROP VIEW crm.sale_ledger_live, crm.sale_capture, crm.sale_sale;
		DROP TABLE crm.sale_ledger, crm.sale_delta', @shop) if $part eq 'sale_source';
	($ret, $out, $err) = $node->psql($db, "CALL customer_tier.track('crm.sale', 'customer', 'amount', 'day')", @shop);
	is($ret, 0, "$part dropped: untracked, and tracked again") or diag($err);
	captures($db, "$part dropped and tracked again", 'crm.sale');
}

# schemes and models: renames of all, crosswise too; owners; drops
$db = fresh();
sql($db, <<'SQL', @shop);
CREATE TABLE crm.person (id int PRIMARY KEY, region text, other text, potential numeric);
INSERT INTO crm.person SELECT i, 'r' || i % 2, 'x', i * 10 FROM generate_series(0, 9) AS i;
CREATE FUNCTION crm.half(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
CREATE FUNCTION crm.level(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT (ARRAY[''low'', ''high''])[$1]';
SELECT customer_tier.create_scheme('crm.grade', 'crm.sale', 'abc');
SELECT customer_tier.create_scheme('crm.regional', 'crm.sale', attributes => 'crm.person', per => 'region',
  axes => ARRAY[customer_tier.axis('share', 'crm.half(total(ledger)) / nullif(potential, 0)', 'heads', '{0.4}')],
  tiers => '{low, high}', tier => 'crm.level(share)', unrated => 'none');
SELECT (customer_tier.fit_model('crm.model', 'crm.sale', '2026-03-01')).kind;
SELECT customer_tier.refresh_scheme(s, '2026-03-01') FROM unnest('{crm.grade, crm.regional}'::regclass[]) AS s;
SELECT customer_tier.pin('crm.grade', 3, 'A', 'a friend', '2026-03-01');
SQL
# a refresh of the day, and of one after it, writes what a scheme made now would have
sub grades
{
	my ($what, $grade, $regional, $model, $day, $role) = @_;
	my ($ret, $out, $err) = $node->psql($db, "SELECT count(*) FROM customer_tier.refresh_scheme('$grade', '$day');
		SELECT count(*) FROM customer_tier.refresh_scheme('$regional', '$day');
		SELECT tier, status FROM customer_tier.explain('$grade', 3);
		SELECT customer_tier.alter_scheme('$regional', note => '$what') > 0, customer_tier.alter_scheme('$grade') > 0;
		SELECT count(*), count(DISTINCT customer_group) FROM $regional WHERE changed;
		SELECT count(*) FROM (SELECT customer::text, tier FROM $regional
		  EXCEPT SELECT customer, tier FROM customer_tier.tiers_as_of('$regional', '$day')) AS d;
		SELECT count(*) FROM (SELECT customer::text, earned_tier FROM $grade
		  EXCEPT SELECT customer, tier FROM customer_tier.tiers_as_of('$grade', '$day')) AS d;
		SELECT customer_tier.p_alive('$model', '{2026-01-01:1:5, 2026-02-01:1:5}', '2026-03-01') > 0;
		SELECT count(*) FROM customer_tier.schemes WHERE source IS NOT NULL AND axes -> 0 ->> 'value' IS NOT NULL",
		on_error_stop => 1, extra_params => [ '-U', $role // 'shop' ]);
	is("$out$err", "1\n1\nA|pinned\nt|t\n0|0\n0\n0\nt\n2", "$what: schemes go on");
}
sub all_graded { return sql($db, "SELECT * FROM $_[0] ORDER BY 1", @shop) }
my $regional = all_graded('crm.regional');
grades('as made', 'crm.grade', 'crm.regional', 'crm.model', '2026-03-02');
sql($db, 'BEGIN; ALTER TABLE crm.person RENAME region TO x; ALTER TABLE crm.person RENAME other TO region;
	ALTER TABLE crm.person RENAME x TO other; ALTER TABLE crm.person RENAME potential TO worth; COMMIT;
	BEGIN; ALTER TABLE crm.sale RENAME customer TO x; ALTER TABLE crm.sale RENAME other TO customer;
	ALTER TABLE crm.sale RENAME x TO other; COMMIT;
	ALTER FUNCTION crm.half(numeric) RENAME TO middle; ALTER FUNCTION crm.level(int) SET SCHEMA away', @shop);
grades('columns crosswise', 'crm.grade', 'crm.regional', 'crm.model', '2026-03-03');
is(all_graded('crm.regional') =~ s/2026-03-0\d/2026-03-01/gr, $regional, 'columns crosswise: the same tiers');
is(sql($db, "SELECT axes -> 0 ->> 'value', tier, per FROM customer_tier.schemes
	WHERE scheme = 'crm.regional'::regclass", @shop),
	'(crm.middle(customer_tier.total(ledger)) / NULLIF(potential, (0)::numeric))|away.level(share)|region',
	'what is measured is shown as it is called now');
sql($db, q{ALTER SCHEMA crm RENAME TO "Sales 'n more"; ALTER VIEW "Sales 'n more".grade RENAME TO "a ""grade""";
	ALTER TABLE "Sales 'n more".grade__scheme RENAME TO "what's it";
	ALTER VIEW "Sales 'n more".grade_history RENAME TO h;
	ALTER TABLE "Sales 'n more".grade__history RENAME TO "H"; ALTER VIEW "Sales 'n more".grade__measure RENAME TO "m m";
	ALTER VIEW "Sales 'n more".regional__rating RENAME TO "the rating"; ALTER TABLE "Sales 'n more".model RENAME TO "M";
	ALTER VIEW "Sales 'n more".regional SET SCHEMA away; ALTER TABLE "Sales 'n more".regional__state SET SCHEMA away;
	ALTER TABLE "Sales 'n more".regional__scheme SET SCHEMA away;
	ALTER VIEW "Sales 'n more".regional__input SET SCHEMA away;
	ALTER TABLE "Sales 'n more".person RENAME TO "people"; ALTER SCHEMA "Sales 'n more" RENAME TO named}, @shop);
grades('all renamed', 'named."a ""grade"""', 'away.regional', 'named."M"', '2026-03-04');
is(sql($db, q{SELECT count(*) FROM customer_tier.migration('named."a ""grade"""', '2026-03-01', '2026-03-04');
	SELECT count(*) FROM pg_class WHERE relname IN ('grade', 'grade_history')}, @shop) =~ s/^\d+\n//r, '0',
	'and nothing is made beside what was renamed');
# owners
sql($db, 'ALTER VIEW away.regional OWNER TO heir');
($ret, $out, $err) = $node->psql($db, "SELECT customer_tier.refresh_scheme('away.regional__scheme', '2026-03-05')");
like($err, qr/HINT:  (ALTER VIEW away\.regional OWNER TO shop;)/, 'a view given away: the hint names what mends it');
sql($db, ($err =~ /HINT:  (.*)/)[0]);
sql($db, 'REASSIGN OWNED BY shop TO heir');
grades('REASSIGN OWNED', 'named."a ""grade"""', 'away.regional', 'named."M"', '2026-03-05', 'heir');
sql($db, 'REASSIGN OWNED BY heir TO shop; ALTER TABLE named.sale OWNER TO heir;
	GRANT USAGE, CREATE ON SCHEMA named, away TO heir; ALTER FUNCTION named.middle(numeric) OWNER TO heir');
sql($db, "CALL customer_tier.alter_source('named.sale')");
($ret, $out, $err) = $node->psql($db, "SELECT customer_tier.refresh_scheme('away.regional', '2026-03-06')");
like($err, qr/does not belong to the owner of the ledgers of its scheme\nHINT:  ALTER/, 'sales given away: it is told');
for my $scheme ('away.regional', 'named."what\'\'s it"')
{
	($ret, $out, $err) = $node->psql($db, "SELECT customer_tier.refresh_scheme('$scheme', '2026-03-06')");
	sql($db, ($err =~ /HINT:  (.*)/)[0]);
}
sql($db, 'ALTER TABLE named."M" OWNER TO heir; ALTER TABLE named.people OWNER TO heir');
grades('given away with the sales', 'named."a ""grade"""', 'away.regional', 'named."M"', '2026-03-06', 'heir');
($ret, $out, $err) = $node->psql($db, 'DROP VIEW away.regional');
like($err, qr/cannot drop view away\.regional because other objects depend on it/, 'a scheme is not dropped by chance');
($ret, $out, $err) = $node->psql($db, 'ALTER TABLE named.people DROP COLUMN worth');
like($err, qr/cannot drop column worth of table named\.people because other objects depend on it/,
	'nor is what it measures');
sql($db, 'DROP OWNED BY heir');
is(sql($db, "SELECT count(*) FROM pg_class WHERE relowner = 'heir'::regrole; SELECT count(*) FROM customer_tier.schemes;
	SELECT count(*) FROM customer_tier.models"), "0\n0\n0", 'DROP OWNED drops schemes whole');
sql('postgres', "GRANT CONNECT ON DATABASE $db TO heir");

# DROP OWNED; DROP EXTENSION
$db = fresh();
sql($db, "CREATE TABLE crm.kept AS SELECT 1; ALTER TABLE crm.kept OWNER TO heir;
	CREATE TABLE crm.other (customer int, sold_at date, amount numeric); ALTER TABLE crm.other OWNER TO heir");
sql($db, "CALL customer_tier.track('crm.other', 'customer', 'amount', 'sold_at')", extra_params => [ '-U', 'heir' ]);
sql($db, 'DROP OWNED BY heir');
is(sql($db, "SELECT count(*) FROM pg_class WHERE relowner = 'heir'::regrole"), '0', 'DROP OWNED drops a source whole');
sql($db, 'GRANT USAGE ON SCHEMA crm TO writer; GRANT SELECT, INSERT, UPDATE, DELETE ON crm.sale TO writer');
captures($db, 'DROP OWNED by another', 'crm.sale');
sql($db, "CREATE SEQUENCE crm.number; GRANT USAGE ON SEQUENCE crm.number TO writer", @shop);
is(sql($db, "SELECT nextval('crm.number'); INSERT INTO crm.sale VALUES (1, 2, '2026-03-01', 5, 'w'); SELECT lastval()",
	extra_params => [ '-U', 'writer' ]), "1\n1", 'lastval is the writer\'s own');
sql($db, "TRUNCATE crm.sale; SELECT nextval('crm.number')", @shop);
is(sql($db, "SELECT nextval('crm.number'); TRUNCATE crm.sale; SELECT lastval()", @shop), "3\n3",
	'also who empties the sales');

my $leftover = <<'SQL';
SELECT (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'customer_tier%'),
       (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal),
       (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'crm'::regnamespace),
       (SELECT count(*) FROM pg_depend AS d
         WHERE refclassid = 'pg_extension'::regclass AND NOT EXISTS (SELECT FROM pg_extension WHERE oid = refobjid))
SQL
($ret, $out, $err) = $node->psql($db, 'DROP EXTENSION customer_tier', @shop);
isnt($ret, 0, 'DROP EXTENSION does not take a source by chance');
sql($db, 'CALL customer_tier.untrack_all(); DROP EXTENSION customer_tier', @shop);
is(sql($db, $leftover), '0|0|number sale|0', 'untrack_all and DROP EXTENSION leave nothing');

$db = fresh();
sql($db, 'DROP EXTENSION customer_tier CASCADE', @shop);
like(sql($db, $leftover),
	qr/^0\|0\|sale sale_capture sale_delta sale_delta_epoch_idx sale_ledger sale_ledger_pkey sale_sale sale_source\|0$/,
	'CASCADE keeps the data');
sql($db, "INSERT INTO crm.sale VALUES (1, 2, '2026-03-01', 5, 'w'); UPDATE crm.sale SET amount = 1;
	DELETE FROM crm.sale", extra_params => [ '-U', 'writer' ]);
is(sql($db, 'SELECT count(*) FROM crm.sale'), '0', 'and the sales are written as before');

$node->stop('fast');
done_testing();
