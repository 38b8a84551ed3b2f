# Tests binary input of mutated bytes: each value must be refused, or be the ledger that its
# bytes describe.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION customer_tier');

my $file = $node->data_dir . '/hostile.bin';
$node->safe_psql('postgres', <<"SQL");
CREATE TABLE hostile (id serial, kind text, bytes bytea, state text, message text, fault text);
CREATE TABLE taken (l customer_tier.ledger);

-- one value as a row of COPY BINARY: signature, flags, one field, trailer
CREATE FUNCTION give(kind text, bytes bytea) RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE
  large oid;
  h hostile;
  l customer_tier.ledger;
BEGIN
  h.kind := kind; h.bytes := bytes;
  large := lo_from_bytea(0, decode('5047434f50590aff0d0a00' || '00000000' || '00000000' || '0001'
    || lpad(to_hex(length(bytes)), 8, '0'), 'hex') || bytes || '\\xffff');
  PERFORM lo_export(large, '$file');
  PERFORM lo_unlink(large);
  TRUNCATE taken;
  BEGIN
    COPY taken FROM '$file' (FORMAT binary);
    SELECT t.l INTO l FROM taken AS t;
    h.state := 'accepted';
    IF customer_tier_internal.ledger_send(l) <> bytes THEN h.fault := 'sent otherwise'; END IF;
    IF customer_tier_internal.ledger_send(l::text::customer_tier.ledger) <> bytes THEN h.fault := 'text says otherwise';
    END IF;
    IF (SELECT coalesce(sum(e.amount), 0) <> customer_tier.total(l)
      OR coalesce(sum(e.purchases), 0) <> customer_tier.orders(l)
            OR count(DISTINCT e.day) FILTER (WHERE e.purchases > 0) <> customer_tier.purchase_days(l)
              OR min(e.day) FILTER (WHERE e.purchases > 0) IS DISTINCT FROM customer_tier.first_day(l)
            OR max(e.day) FILTER (WHERE e.purchases > 0) IS DISTINCT FROM customer_tier.last_day(l)
        FROM customer_tier.entries(l) AS e) THEN h.fault := 'head and entries differ'; END IF;
    IF NOT customer_tier.is_empty(l OPERATOR(customer_tier.-) l) THEN h.fault := 'no inverse'; END IF;
  EXCEPTION WHEN OTHERS THEN
    h.fault := CASE WHEN h.state = 'accepted' THEN 'accepted, but then: ' || SQLERRM
      WHEN SQLSTATE <> '22P03' THEN SQLSTATE || ' ' || SQLERRM END;
    h.state := SQLSTATE; h.message := SQLERRM;
  END;
  INSERT INTO hostile (kind, bytes, state, message, fault) VALUES (h.kind, h.bytes, h.state, h.message, h.fault);
END \$\$;

CREATE FUNCTION u(i bigint, k bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
'SELECT (hashint8extended(i, k) & 4294967295)::float8 / 4294967296';
CREATE TABLE valid AS
SELECT i, customer_tier_internal.ledger_send(t::customer_tier.ledger) AS bytes, t FROM (
  SELECT i, '{' || coalesce(string_agg((date '2020-01-01' + (u(i * 100 + k, 1) * 400)::int) || ':'
    || (u(i * 100 + k, 2) * 3)::int || '+' || (u(i * 100 + k, 3) * 2)::int || ':'
    || round(((u(i * 100 + k, 4) - 0.2) * 10 ^ (i % 12))::numeric, i % 7), ', '), '') || '}' AS t
  FROM generate_series(1, 200) AS i LEFT JOIN generate_series(1, 12) AS k ON k <= i % 13 GROUP BY i) AS v
UNION ALL SELECT 2000 + i, customer_tier_internal.ledger_send(t::customer_tier.ledger), t FROM (
  SELECT i, '{' || string_agg((date '2020-01-01' + (u(i * 100 + k, 11) * 60)::int) || ':'
    || CASE WHEN k % 5 = 0 THEN (u(i * 100 + k, 12) * 3)::int::text
         ELSE '#' || CASE WHEN i % 3 = 0 THEN hashint8extended(k % 4, 13) ELSE (u(i * 100 + k, 14) * 6)::int - 2 END
           || '*' || (u(i * 100 + k, 15) * 3)::int END
    || ':' || round(((u(i * 100 + k, 16) - 0.3) * 10 ^ (i % 9))::numeric, i % 4), ', ') || '}' AS t
  FROM generate_series(1, 100) AS i, generate_series(1, 12) AS k WHERE k <= 1 + i % 12 GROUP BY i) AS v
UNION ALL SELECT 1000, customer_tier_internal.ledger_send(t::customer_tier.ledger), t
FROM unnest(ARRAY['{}', '{4714-11-24 BC:1:1, 5874897-12-31:-5+9:-9223372036854775807}',
  '{2026-01-05:0:9223372036854775807, 2026-01-06:0:-9223372036854775807}']) AS t;
SQL

# bytes by hand, as the head of ledger.h says
sub varint { my $v = shift; my $s = ''; while ($v >= 128) { $s .= chr($v & 127 | 128); $v >>= 7 } return $s . chr($v) }
sub zigzag { my $v = shift; return varint($v < 0 ? -2 * $v - 1 : 2 * $v) }

# ledger(scale, entries: [day, purchases, others, amount] ..., changes by name)
sub ledger
{
	my ($scale, $e, %change) = @_;
	my %h = (tag => chr(16 + $scale), n => varint(scalar @$e));
	return $h{tag} . ($change{n} // $h{n}) unless @$e;
	my ($purchases, $total, @p) = (0, 0);
	foreach (@$e) { $purchases += $_->[1]; $total += $_->[3]; push @p, $_->[0] if $_->[1] > 0 }
	$h{first} = zigzag($e->[0][0]);
	$h{span} = varint($e->[-1][0] - $e->[0][0]) if $e->[-1][0] >= $e->[0][0];
	$h{span} //= varint(0);
	$h{purchases} = zigzag($purchases);
	$h{days} = varint(scalar @p);
	$h{gaps} = @p ? varint($p[0] - $e->[0][0]) . varint($e->[-1][0] - $p[-1] < 0 ? 0 : $e->[-1][0] - $p[-1]) : '';
	$h{total} = zigzag($total);
	$h{body} = '';
	my $before = $e->[0][0];
	foreach (@$e)
	{
		my ($day, $p, $o, $a) = @$_;
		my $one = $p == ($a > 0 ? 1 : 0) && $o == ($a > 0 ? 0 : 1) && !$change{explicit};
		my $gap = $day - $before;
		$h{body} .= varint((($gap < 0 ? 0 : $gap) << 1) | ($one ? 0 : 1)) . zigzag($a);
		$h{body} .= zigzag($p) . zigzag($o) unless $one;
		$before = $day;
	}
	%h = (%h, %change);
	return join '', @h{qw(tag n first span purchases days gaps total body)};
}
# with_orders(scale, entries: [day, tag, spread, lines, amount] or [day, undef, 0, amount] for one row ...,
# changes by name); a tag of a string is eight bytes
sub with_orders
{
	my ($scale, $e, %change) = @_;
	my ($total, $spread, $before_tag, $body) = (0, 0, 0, '');
	my $before = $e->[0][0];
	foreach (@$e)
	{
		my ($day, $tag, $is_spread, @rest) = @$_;
		my $wide = defined $tag && $tag =~ /[^-0-9]/;
		my $kind = !defined $tag ? 0 : 2 | ($is_spread ? 1 : 0) | ($wide ? 4 : 0);
		$body .= varint(($day - $before) << 3 | $kind);
		if (defined $tag)
		{
			$body .= $wide ? $tag : zigzag($tag - $before_tag);
			$before_tag = $tag unless $wide;
		}
		$body .= zigzag($_) foreach @rest;
		$total += $rest[-1];
		$spread++ if $is_spread;
		$before = $day;
	}
	my %h = (tag => chr(32 + $scale), n => varint(scalar @$e), first => zigzag($e->[0][0]),
		span => varint($e->[-1][0] - $e->[0][0]), purchases => zigzag(1), days => varint(1),
		gaps => varint(0) . varint($e->[-1][0] - $e->[0][0]), total => zigzag($total), spread => varint($spread),
		body => $body);
	%h = (%h, %change);
	return join '', @h{qw(tag n first span purchases days gaps total spread body)};
}
my @two = ([ 9501, 1, 0, 499 ], [ 9538, 2, 1, 801 ]);
my $huge = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
my @by_hand = (
	[ 'good: two days', ledger(1, \@two), 1 ],
	[ 'good: empty', "\x10\x00", 1 ],
	[ 'good: a day of negative counts', ledger(0, [ [ 0, -3, -2, 7 ] ]), 1 ],
	[ 'good: first and last day', ledger(0, [ [ -2451545, 1, 0, 1 ], [ 2145031948, 1, 0, 1 ] ]), 1 ],
	[ 'zero length', '' ],
	[ 'open state', "\x18" . substr(ledger(1, \@two), 1) ],
	[ 'open state, alone', "\x18" ], [ 'open state, empty', "\x18\x00" ], [ 'open state of zeros', "\x1a" . "\0" x 60 ],
	[ 'scale 7', ledger(1, \@two, tag => "\x17") ], [ 'scale 7, empty', "\x17\x00" ],
	[ 'empty with a scale', "\x12\x00" ],
	[ 'version 0', ledger(1, \@two, tag => "\x01") ], [ 'version 2', ledger(1, \@two, tag => "\x21") ],
	[ 'version 15', "\xf0\x00" ],
	[ 'tag alone', "\x10" ], [ 'empty with more', "\x10\x00\x00" ],
	[ 'a scale too large', ledger(2, [ map { [ @$_[ 0 .. 2 ], $_->[3] * 10 ] } @two ]) ],
	[ 'wrong total', ledger(1, \@two, total => zigzag(1299)) ],
	[ 'wrong purchases', ledger(1, \@two, purchases => zigzag(4)) ],
	[ 'wrong purchase days', ledger(1, \@two, days => varint(1)) ],
	[ 'no purchase days', ledger(1, \@two, days => varint(0), gaps => '') ],
	[ 'wrong first purchase', ledger(1, \@two, gaps => "\x01\x00") ],
	[ 'wrong last purchase', ledger(1, \@two, gaps => "\x00\x01") ],
	[ 'wrong span', ledger(1, \@two, span => varint(38)) ],
	[ 'wrong first day', ledger(1, \@two, first => zigzag(9502), span => varint(36)) ],
	[ 'one entry more', ledger(1, \@two, n => "\x03") ], [ 'one entry less', ledger(1, \@two, n => "\x01") ],
	[ 'no entries, but a head', ledger(1, \@two, n => "\x00") ],
	[ 'the same day twice', ledger(0, [ [ 5, 1, 0, 1 ], [ 5, 1, 0, 2 ] ]) ],
	[ 'descending days', ledger(0, [ [ 9, 1, 0, 1 ], [ 5, 1, 0, 2 ] ], span => varint(4)) ],
	[ 'an empty entry', ledger(0, [ [ 5, 1, 0, 1 ], [ 6, 0, 0, 0 ], [ 7, 1, 0, 1 ] ]) ],
	[ 'only an empty entry', ledger(0, [ [ 5, 0, 0, 0 ] ]) ],
	[ 'needlessly explicit', ledger(0, [ [ 5, 1, 0, 1 ] ], explicit => 1) ],
	[ 'a day too early', ledger(0, [ [ -2451546, 1, 0, 1 ] ]) ],
	[ 'a day too late', ledger(0, [ [ 2145031949, 1, 0, 1 ] ]) ],
	[ 'minus infinity', ledger(0, [ [ -2147483648, 1, 0, 1 ] ]) ],
	[ 'infinity', ledger(0, [ [ 2147483647, 1, 0, 1 ] ]) ],
	[ 'beyond 32 bits', ledger(0, [ [ 4294967296 + 5, 1, 0, 1 ] ]) ],
	[ 'the last day too late', ledger(0, [ [ 2145031948, 1, 0, 1 ], [ 2145031949, 1, 0, 1 ] ]) ],
	[ 'span beyond 32 bits', ledger(1, \@two, span => varint(4294967296 + 37)) ],
	[ 'span beyond 64 bits', ledger(1, \@two, span => $huge) ],
	[ 'span and first day overflow', ledger(1, \@two, first => $huge, span => $huge) ],
	[ 'a gap beyond 64 bits', ledger(0, [ [ 5, 1, 0, 1 ] ], body => $huge . "\x02") ],
	[ 'amount of -2^63', ledger(0, [ [ 5, 0, 1, -1 ] ], total => $huge, body => "\x00" . $huge) ],
	[ 'total beyond 64 bits', ledger(0, [ [ 5, 1, 0, 1 ], [ 6, 1, 0, 1 ] ],
		body => "\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		total => zigzag(-2)) ],
	[ 'purchases of -2^63', ledger(0, [ [ 5, 0, 0, 1 ] ], purchases => $huge, body => "\x01\x02" . $huge . "\x00") ],
	(map { [ "trailing garbage of $_", ledger(1, \@two) . ("\0" x $_) ],
		[ "trailing noise of $_", ledger(1, \@two) . ("\xff" x $_) ] } 1 .. 12),
	(map { [ "entries: $_", ledger(1, \@two, n => varint($_)) ] } 4, 100, 65536, 10_000_000, 2147483647, 2147483648,
		4294967295, 4294967296, 9007199254740993),
	(map { [ "entries alone: $_", "\x10" . varint($_) ],
		[ "entries and zeros: $_", "\x10" . varint($_) . "\0" x 40 ] } 1, 100, 65536, 50_000_000, 4294967295,
		4294967296),
	[ 'entries beyond 64 bits', ledger(1, \@two, n => "\xff" x 10 . "\x01") ],
	[ 'entries of ten bytes', ledger(1, \@two, n => $huge) ],
);
# an order of two days, bought on the first of them; and a row without an order
my @spread = ([ 9501, 7, 1, 2, 499 ], [ 9538, 7, 1, 1, -101 ]);
my @mixed = ([ 9501, undef, 0, -50 ], [ 9501, 7, 0, 2, 499 ], [ 9538, 9, 0, 1, -101 ]);
my $far = "\x00\x00\x00\x00\x00\x00\x00\x40";
push @by_hand,
	[ 'good: an order of two days', with_orders(0, \@spread), 1 ],
	[ 'good: rows and orders', with_orders(0, \@mixed), 1 ],
	[ 'good: a tag of eight bytes', with_orders(0, [ [ 9501, $far, 0, 2, 499 ] ]), 1 ],
	[ 'good: no lines', with_orders(0, [ [ 9501, 7, 0, 0, 499 ] ]), 1 ],
	[ 'orders, but none', with_orders(0, [ [ 9501, undef, 0, 499 ] ]) ],
	[ 'orders, and empty', "\x20\x00" ], [ 'orders, open', "\x28" . substr(with_orders(0, \@spread), 1) ],
	[ 'orders without their version', with_orders(0, \@spread, tag => "\x10") ],
	[ 'orders of version 3', with_orders(0, \@spread, tag => "\x30") ],
	[ 'a scale of orders too large', with_orders(1, [ [ 9501, 7, 0, 2, 490 ] ]) ],
	[ 'spread, but one day', with_orders(0, [ [ 9501, 7, 1, 2, 499 ], [ 9538, 9, 0, 1, -101 ] ]) ],
	[ 'not spread, but two days', with_orders(0, [ [ 9501, 7, 0, 2, 499 ], [ 9538, 7, 0, 1, -101 ] ]) ],
	[ 'half spread', with_orders(0, [ [ 9501, 7, 1, 2, 499 ], [ 9538, 7, 0, 1, -101 ] ]) ],
	[ 'too few spread', with_orders(0, \@spread, spread => "\x01") ],
	[ 'too many spread', with_orders(0, \@spread, spread => "\x03") ],
	[ 'no spread', with_orders(0, \@spread, spread => "\x00") ],
	[ 'spread of mixed', with_orders(0, \@mixed, spread => "\x01") ],
	[ 'two purchases of an order', with_orders(0, [ [ 9501, 7, 1, 2, 499 ], [ 9538, 7, 1, 1, 101 ] ],
		purchases => zigzag(2)) ],
	[ 'a purchase of a returned order', with_orders(0, [ [ 9501, 7, 1, 2, 499 ], [ 9538, 7, 1, 1, -499 ] ]) ],
	[ 'two purchase days of an order', with_orders(0, [ [ 9501, 7, 1, 2, 499 ], [ 9538, 7, 1, 1, 101 ] ],
		days => varint(2), gaps => "\x00\x00") ],
	[ 'an order twice a day', with_orders(0, [ [ 9501, 7, 0, 2, 499 ], [ 9501, 7, 0, 1, -1 ] ]) ],
	[ 'descending orders', with_orders(0, [ [ 9501, 9, 0, 2, 499 ], [ 9501, 7, 0, 1, -1 ] ]) ],
	[ 'an order before rows', with_orders(0, [ [ 9501, 9, 0, 2, 499 ], [ 9501, undef, 0, -1 ] ]) ],
	[ 'two rows of a day', with_orders(0, [ [ 9501, undef, 0, -1 ], [ 9501, undef, 0, -2 ], [ 9501, 7, 0, 2, 499 ] ]) ],
	[ 'an empty order', with_orders(0, [ [ 9501, 7, 0, 2, 499 ], [ 9502, 8, 0, 0, 0 ] ]) ],
	[ 'needlessly wide', with_orders(0, [ [ 9501, "\x07" . "\0" x 7, 0, 2, 499 ] ]) ],
	[ 'needlessly narrow', with_orders(0, [ [ 9501, 7, 0, 2, 499 ] ],
		body => "\x02" . "\x80" x 8 . "\x01" . zigzag(2) . zigzag(499)) ],
	[ 'a wide row', with_orders(0, \@mixed, body => "\x04" . substr(with_orders(0, \@mixed), -19)) ],
	[ 'a tag cut off', with_orders(0, [ [ 9501, $far, 0, 2, 499 ] ], body => "\x06" . "\x01" x 5) ],
	[ 'a tag beyond 64 bits', with_orders(0, [ [ 9501, 7, 0, 2, 499 ] ],
		body => "\x02" . "\xff" x 9 . "\x02" . zigzag(2) . zigzag(499)) ],
	[ 'lines of -2^63', with_orders(0, [ [ 9501, 7, 0, 2, 499 ] ], body => "\x02\x0e" . $huge . zigzag(499)) ],
	(map { [ "orders: $_ entries", with_orders(0, \@spread, n => varint($_)) ] } 1, 3, 100, 65536, 10_000_000,
		4294967295),
	(map { [ "orders: $_ spread", with_orders(0, \@spread, n => varint($_), spread => varint($_)) ] } 3, 10_000_000,
		4294967295),
	(map { [ "orders, trailing garbage of $_", with_orders(0, \@spread) . ("\0" x $_) ] } 1 .. 9);

# each number of the head with a byte too many, and of eleven bytes
foreach my $field (qw(n first span purchases days gaps total body))
{
	my %h = (n => "\x02", first => zigzag(9501), span => varint(37), purchases => zigzag(3), days => "\x02",
		gaps => "\x00", total => zigzag(1300), body => "\x00");
	my $rest = $field eq 'gaps' ? "\x00" : $field eq 'body' ? substr(ledger(1, \@two), -8) : '';
	foreach my $pad (1 .. 10)
	{
		my $v = $h{$field};
		substr($v, -1) = chr(ord(substr($v, -1)) | 128);
		$v .= "\x80" x ($pad - 1) . "\x00";
		push @by_hand, [ "$field with $pad bytes too many", ledger(1, \@two, $field => $v . $rest) ];
	}
}

my $sql = "SET client_min_messages = warning;\n";
foreach (@by_hand)
{
	my ($kind, $bytes) = @$_;
	$sql .= "SELECT give('$kind', '\\x" . unpack('H*', $bytes) . "');\n";
}
$sql .= <<'SQL';
SELECT count(give('valid', bytes)) FROM valid;
SELECT count(give('cut off', substr(bytes, 1, n)))
FROM (SELECT * FROM valid WHERE i % 10 = 0 AND i < 2050) AS v, LATERAL generate_series(0, length(bytes) - 1) AS n;
SELECT count(give('bit', set_bit(bytes, n, 1 - get_bit(bytes, n))))
FROM (SELECT * FROM valid WHERE i IN (2, 13, 18, 31, 44, 57, 1000, 2003, 2004) AND length(bytes) < 120) AS v,
  LATERAL generate_series(0, 8 * length(bytes) - 1) AS n;
SELECT count(give('two bytes',
  set_byte(set_byte(bytes, (u(i * 50 + n, 5) * (length(bytes) - 1))::int, (u(i * 50 + n, 6) * 255)::int),
  (u(i * 50 + n, 7) * (length(bytes) - 1))::int, (u(i * 50 + n, 8) * 255)::int)))
FROM (SELECT * FROM valid WHERE i <= 40 OR i > 2085) AS v, generate_series(1, 20) AS n;
SELECT count(give('byte left out', substr(bytes, 1, n) || substr(bytes, n + 2)))
FROM (SELECT * FROM valid WHERE i BETWEEN 60 AND 70 OR i BETWEEN 2000 AND 2005) AS v,
  LATERAL generate_series(0, length(bytes) - 1) AS n;
SELECT count(give('random', substr(decode(md5(n::text) || md5((n + 5000)::text), 'hex'), 1, 1 + n % 32)))
FROM generate_series(1, 1000) AS n;
SELECT count(give('random with a tag',
  set_byte(substr(decode(md5(n::text) || md5((n + 5000)::text), 'hex'), 1, 1 + n % 32), 0, 16 + n % 24)))
FROM generate_series(1, 1000) AS n;
SELECT count(give('random and small',
  substring(set_byte(decode(translate(md5(n::text) || md5((n + 5000)::text), '456789abcdef', '012301230123'), 'hex'), 0,
  16 + 16 * (n % 2)) FROM 1 FOR 1 + n % 24))) FROM generate_series(1, 1000) AS n;
SQL
$node->psql('postgres', $sql, on_error_stop => 1, timeout => 2 * $PostgreSQL::Test::Utils::timeout_default,
	stdout => \my $out, stderr => \my $err);
is($err, '', 'every value was tried');

note("the values are the same every time; by kind: tried|accepted|refused");
note($node->safe_psql('postgres',
	"SELECT CASE WHEN kind IN (SELECT kind FROM hostile GROUP BY kind HAVING count(*) > 20) THEN kind
	ELSE 'by hand' END AS k, count(*) AS values, count(*) FILTER (WHERE state = 'accepted') AS accepted,
	count(*) FILTER (WHERE state = '22P03') AS refused FROM hostile GROUP BY 1 ORDER BY 1"));
my $tried = $node->safe_psql('postgres', 'SELECT count(*) FROM hostile');
cmp_ok($tried, '>', 5000, "several thousand values: $tried");
is($node->safe_psql('postgres', 'SELECT count(*) FROM hostile WHERE state IS NULL'), '0',
	'each was accepted or refused');
is($node->safe_psql('postgres',
	"SELECT kind, bytes, state, fault FROM hostile WHERE fault IS NOT NULL ORDER BY id LIMIT 20"), '',
	'what is refused is 22P03, what is accepted is right');
is($node->safe_psql('postgres',
	"SELECT count(*), count(*) FILTER (WHERE state = 'accepted') FROM hostile WHERE kind = 'valid'"), '303|303',
	'valid ledgers are accepted');
is($node->safe_psql('postgres', "SELECT count(*) FROM hostile WHERE kind IN ('cut off') AND state = 'accepted'"), '0',
	'nothing that is cut off is accepted');
my %state = map { split /\|/ } split /\n/, $node->safe_psql('postgres', 'SELECT kind, state FROM hostile');
foreach (@by_hand)
{
	my ($kind, $bytes, $good) = @$_;
	is($state{$kind}, $good ? 'accepted' : '22P03', $kind);
}

# a text key is its bytes in UTF-8, whatever the encoding of the database
foreach my $encoding (qw(UTF8 LATIN1 SQL_ASCII))
{
	my $database = 't_' . lc $encoding;
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'");
	is($node->safe_psql($database, "CREATE EXTENSION customer_tier; SET client_encoding = 'UTF8';
		SELECT customer_tier.ledger_agg(date '2026-01-05', 1, k)
		FROM (VALUES ('Gr\xc3\xb6\xc3\x9fe'), ('A1')) AS v(k)"),
		'{2026-01-05:#1459430639807753146:1, 2026-01-05:#8674735359360732072:1}', "a key in $encoding");
}

# the server lives, and needed no memory to speak of
my $log = slurp_file($node->logfile);
unlike($log, qr/terminated by signal|server process .* was terminated|out of memory|invalid memory alloc/i,
	'no crash, no large allocation');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_stat_activity WHERE pid = pg_backend_pid()'), '1',
	'the server answers');
$node->stop;
done_testing();
