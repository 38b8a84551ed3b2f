# shellcheck shell=bash
# What the scripts share: packages, and a throw-away server of our own.
#
# The server runs from a private copy of the installed binaries: PostgreSQL
# finds its library and share directories relative to the program, so the
# extension is installed into that copy and nothing of the system changes.

initdb_options=()
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
die() { printf 'customer_tier: %s\n' "$*" >&2; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install REASON PACKAGE...: by the distribution's package manager
install() {
	local reason=$1
	shift
	command -v apt-get >/dev/null ||
		die "this needs $reason; install the equivalent of Debian's: $*"
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
		die "this needs $reason; as root: apt-get install $*"
	say "Installing $* (needed: $reason)"
	[ -n "${apt_updated:-}" ] || as_root apt-get -qq update
	apt_updated=1
	local told
	told=$(as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install --no-install-recommends "$@" 2>&1 </dev/null) ||
		die "apt-get could not install: $*
$told"
}

# A server with its headers, and a compiler; sets pg_config and what follows from it
need_server() {
	pg_config=${PG_CONFIG:-pg_config}
	local major
	if command -v "$pg_config" >/dev/null; then
		major=$("$pg_config" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	elif [ -n "${PG_CONFIG:-}" ]; then
		die "there is no $PG_CONFIG"
	else
		[ -n "${apt_updated:-}" ] || ! command -v apt-get >/dev/null || as_root apt-get -qq update
		apt_updated=1
		major=$(apt-cache show postgresql 2>/dev/null | sed -n 's/^Version: \([0-9]*\).*/\1/p' | sort -n | tail -n 1)
		[ -n "$major" ] || die "no PostgreSQL found: install one with its server headers, or say PG_CONFIG=path"
	fi
	local missing=()
	if ! command -v "$pg_config" >/dev/null || [ ! -e "$("$pg_config" --pgxs)" ]; then
		missing+=("postgresql-server-dev-$major")
	fi
	if ! command -v "$pg_config" >/dev/null || [ ! -x "$("$pg_config" --bindir)/initdb" ]; then
		missing+=("postgresql-$major")
	fi
	command -v gcc >/dev/null || command -v cc >/dev/null || missing+=(gcc libc6-dev)
	if [ ${#missing[@]} -gt 0 ]; then
		install "PostgreSQL $major, its headers and a C compiler" "${missing[@]}"
	fi
	[ -n "${PG_CONFIG:-}" ] || [ ! -x "/usr/lib/postgresql/$major/bin/pg_config" ] ||
		pg_config=/usr/lib/postgresql/$major/bin/pg_config
	bindir=$("$pg_config" --bindir)
	[ -x "$bindir/initdb" ] || die "$bindir has no server: PG_CONFIG must belong to an installed PostgreSQL server"
	server_user=$(id -un)
	if [ "$server_user" = root ]; then
		# a server does not run as root
		server_user=nobody
		! id postgres >/dev/null 2>&1 || server_user=postgres
	fi
}

as_server() {
	if [ "$server_user" = "$(id -un)" ]; then "$@"; else runuser -u "$server_user" -- "$@"; fi
}

# private NAME: a directory of the server's user, in the checkout where that user gets there
private() {
	dir=$top/tmp/$1
	stop_server
	rm -rf "$dir"
	mkdir -p "$dir"
	chown "$server_user" "$dir"
	if [ ${#dir} -gt 80 ] || ! as_server test -w "$dir" 2>/dev/null; then
		# too long for a socket's path, or behind a door that is closed to the server's user
		local elsewhere
		elsewhere=$(mktemp -d "${TMPDIR:-/tmp}/customer_tier.XXXXXX")
		chown "$server_user" "$elsewhere"
		rm -rf "$dir"
		ln -s "$elsewhere" "$dir"
		dir=$elsewhere
	fi
}

# Builds the extension and installs it into a private copy of the server
private_install() {
	root=$dir/root
	local lib share
	lib=$("$pg_config" --pkglibdir)
	share=$("$pg_config" --sharedir)
	mkdir -p "$root$bindir" "$root$lib" "$root$share"
	cp -a "$bindir/." "$root$bindir"
	cp -as "$lib/." "$root$lib"
	cp -as "$share/." "$root$share"
	rm -f "$root$lib"/customer_tier.so "$root$share"/extension/customer_tier*
	make -s -C "$top" PG_CONFIG="$pg_config" with_llvm=no all
	make -s -C "$top" PG_CONFIG="$pg_config" with_llvm=no DESTDIR="$root" install >/dev/null
	bindir=$root$bindir
}

# start_server [server options: a=b ...]; initdb's own are in initdb_options
start_server() {
	export PGHOST=$dir PGUSER=postgres PGPORT=5432 PGOPTIONS=
	unset PGDATABASE PGSERVICE
	as_server "$bindir/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
		"${initdb_options[@]}" >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; die "initdb failed"; }
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$dir'"
		echo "unix_socket_permissions = 0700"
		echo "fsync = off"
		printf '%s\n' "$@"
	} | as_server tee -a "$dir/data/postgresql.conf" >/dev/null
	as_server "$bindir/pg_ctl" -s -w -D "$dir/data" -l "$dir/server.log" start ||
		{ tail -n 20 "$dir/server.log" >&2; die "the server did not start"; }
}

# ends the server in $dir, and what a link leads to
stop_server() {
	[ -e "$dir" ] || return 0
	local real pid i
	real=$(readlink -f "$dir")
	if [ -f "$real/data/postmaster.pid" ]; then
		pid=$(head -n 1 "$real/data/postmaster.pid")
		# fast, and immediate if that does not help; after a crash the number may be another's
		for ((i = 0; i < 300; i++)); do
			grep -qsF "$real/data" "/proc/$pid/cmdline" || break
			[ "$i" != 0 ] || kill -INT "$pid" 2>/dev/null || true
			[ "$i" != 100 ] || kill -QUIT "$pid" 2>/dev/null || true
			sleep 0.1
		done
	fi
	[ "$real" = "$dir" ] || rm -rf "$real"
}
