# Tests that a refresh notifies listeners after it is committed, and only then.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('notify');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION customer_tier;
CREATE TABLE sale (customer int, day date, amount numeric);
INSERT INTO sale SELECT i, '2026-01-01', i FROM generate_series(1, 10) AS i;
CALL customer_tier.track('sale', 'customer', 'amount', 'day');
SELECT customer_tier.create_scheme('public.abc', 'sale', 'abc');
SQL

sub heard { my ($sql) = @_;
return join "\n", map { s/ received from.*//r } grep { /notification/ } split /\n/,
	$node->safe_psql('postgres', "LISTEN customer_tier; $sql") }

is(heard("BEGIN; SELECT customer_tier.refresh_scheme('abc', '2026-01-31'); ROLLBACK;"), '',
	'nothing of what is rolled back');
my $first = heard("SELECT customer_tier.refresh_scheme('abc', '2026-01-31');");
like($first,
	qr/^Asynchronous\ notification\ "customer_tier"\ with\ payload\ "\{"scheme"\ :\ "public\.abc",
		\ "as_of"\ :\ "2026-01-31",\ "customers"\ :\ 10,\ "entered"\ :\ 10,
		\ "up"\ :\ 0,\ "down"\ :\ 0,\ "gone"\ :\ 0\}"$/x, 'who entered');
like(heard("SELECT customer_tier.refresh_scheme('abc', '2026-02-28');"),
	qr/"customers" : 10, "entered" : 0, "up" : 0, "down" : 0, "gone" : 0/, 'a refresh is told of if nobody moves, too');
like(heard("INSERT INTO sale VALUES (1, '2026-03-01', 1000); DELETE FROM sale WHERE customer = 2;
	SELECT customer_tier.refresh_scheme('abc', '2026-03-31');"),
	qr/"up" : 1, "down" : \d+, "gone" : 1\}"$/, 'who moves');

$node->stop;
done_testing();
