# shellcheck shell=bash
# Functions that the scripts share: installing packages, and running a private server.
#
# The server runs from a private copy of the installed programs.  PostgreSQL finds its
# library and share directories relative to its program, so the extension is installed
# into that copy, and the system is not changed.

# settings of the caller's shell, and libpq's environment, must not affect the server
unset CDPATH
for variable in $(compgen -e PG); do
	[ "$variable" = PG_CONFIG ] || unset "$variable"
done
umask 022
# root by plain su lacks these
PATH=$PATH:/usr/sbin:/sbin

initdb_options=()
top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
die() { printf 'customer_tier: %s\n' "$*" >&2; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -p '[sudo] password of %p, to install packages: ' "$@"; fi
}

# install REASON PACKAGE...: with the distribution's package manager
#
# While apt-get runs, its packages are kept from creating clusters and starting services.
install() {
	local reason=$1 told
	shift
	command -v apt-get >/dev/null ||
		die "this needs $reason; install the equivalent of Debian's: $*"
	as_root true 2>/dev/null ||
		die "this needs $reason; as root: apt-get install $*"
	say "Installing $* (needed: $reason)"
	# shellcheck disable=SC2016
	told=$(as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 sh -c '
		policy=/usr/sbin/policy-rc.d
		clusters=/etc/postgresql-common/createcluster.d
		made=:
		trap "eval \"\$made\"" EXIT
		trap "exit 1" HUP INT TERM
		if [ ! -e $policy ]; then
			made="rm -f $policy"
			printf "#!/bin/sh\nexit 101\n" >$policy
			chmod 755 $policy
		fi
		[ -d $clusters ] || made="$made; rmdir $clusters"
		made="rm -f $clusters/customer_tier.conf; $made"
		mkdir -p $clusters
		echo "create_main_cluster = false" >$clusters/customer_tier.conf
		apt-get -qq -o DPkg::Lock::Timeout=600 update
		apt-get -qq -o DPkg::Lock::Timeout=600 install --no-install-recommends "$@"' sh "$@" 2>&1 </dev/null) ||
		die "apt-get could not install: $*
$told"
}

# Debian's pg_config, without a server's headers, only prints which package to install
works() { [[ $("$1" --version 2>/dev/null) == PostgreSQL\ [0-9]* ]]; }

major() { "$1" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/'; }

has_server() { [ -x "$("$1" --bindir)/initdb" ]; }

has_headers() { [ -e "$("$1" --includedir-server)/postgres.h" ] && [ -e "$("$1" --pgxs)" ]; }

# the pg_config of the first PostgreSQL with a server and headers, else of the first with a server
find_pg_config() {
	local candidate candidates server=
	if [ -n "${PG_CONFIG:-}" ]; then
		candidates=$PG_CONFIG
	else
		# the one of PATH, then Debian's majors from the newest
		candidates=$(echo pg_config; printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -rV)
	fi
	while read -r candidate; do
		candidate=$(command -v "$candidate" || true)
		if [ -z "$candidate" ] || ! works "$candidate"; then continue; fi
		[ -z "${PG_CONFIG:-}" ] || server=$candidate
		has_server "$candidate" || continue
		if has_headers "$candidate"; then
			server=$candidate
			break
		fi
		server=${server:-$candidate}
	done <<<"$candidates"
	printf '%s' "${server:+$(realpath -s "$server")}"
}

# the major version of the distribution's PostgreSQL; nothing if it is unknown
distribution_major() {
	command -v apt-cache >/dev/null || return 0
	local try
	for try in 1 2; do
		LC_ALL=C apt-cache policy postgresql 2>/dev/null |
			sed -n 's/^  Candidate: \([0-9][0-9]*\).*/\1/p' | grep . && return
		[ "$try" = 2 ] || as_root apt-get -qq update >/dev/null 2>&1 || true
	done
}

# packages for need_server to install; a script that needs others adds them first
missing=()

# finds, or installs, a server with headers and a compiler; sets pg_config, bindir and server_user
need_server() {
	local version
	pg_config=$(find_pg_config)
	if [ -n "$pg_config" ]; then
		version=$(major "$pg_config")
	else
		[ -z "${PG_CONFIG:-}" ] || command -v "$PG_CONFIG" >/dev/null || die "there is no $PG_CONFIG"
		version=$(distribution_major)
	fi
	if [ -z "$pg_config" ] || ! has_server "$pg_config"; then
		missing+=("postgresql${version:+-$version}")
	fi
	if [ -z "$pg_config" ] || ! has_headers "$pg_config"; then
		missing+=("postgresql-server-dev-${version:-all}")
	fi
	command -v gcc >/dev/null || command -v cc >/dev/null || missing+=(gcc libc6-dev)
	if [ ${#missing[@]} -gt 0 ]; then
		install "PostgreSQL with server headers, a C compiler, and test tools" "${missing[@]}"
		pg_config=$(find_pg_config)
	fi
	if [ -z "$pg_config" ] || ! has_server "$pg_config" || ! has_headers "$pg_config"; then
		die "${pg_config:-pg_config} leads to no server with headers: PG_CONFIG=path chooses another"
	fi
	bindir=$("$pg_config" --bindir)
	server_user=$(id -un)
	if [ "$server_user" = root ]; then
		# a server refuses to run as root
		server_user=nobody
		! id postgres >/dev/null 2>&1 || server_user=postgres
	fi
}

as_server() {
	if [ "$server_user" = "$(id -un)" ]; then "$@"; else runuser -u "$server_user" -- "$@"; fi
}

# files that are kept between runs are in the checkout, or in the user's cache if that is read-only
state=$top/tmp
if ! mkdir -p "$state" 2>/dev/null || [ ! -w "$state" ]; then
	state=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/customer_tier/$(cksum <<<"$top" | cut -d ' ' -f 1)
	mkdir -p "$state" 2>/dev/null || die "neither $top/tmp nor $state can be written"
fi

# private NAME: creates a directory for a server, $dir, and a link $state/NAME to it
private() {
	local base
	tear_down "$1"
	for base in "$state" "${TMPDIR:-/tmp}" /tmp; do
		# the path of a socket is limited, and make does not handle spaces
		[[ ${#base} -lt 60 && $base =~ ^/[A-Za-z0-9_./-]*$ ]] || continue
		dir=$(mktemp -d "$base/customer_tier.XXXXXX" 2>/dev/null) || continue
		chown "$server_user" "$dir"
		if as_server test -w "$dir" 2>/dev/null; then
			ln -s "$dir" "$state/$1"
			return
		fi
		rmdir "$dir"
	done
	die "found no directory for a server; set TMPDIR to one with a short path without spaces"
}

# tear_down NAME: stops the server of "private NAME", and removes its directory
tear_down() {
	local real
	real=$(readlink -f "$state/$1") || return 0
	stop_server "$real"
	rm -rf "$real" "${state:?}/$1"
}

# builds the extension from a copy of the sources, and installs it into a private copy of the server
private_install() {
	root=$dir/root
	tree=$state/build
	# keep objects, and remove files that are no longer in the checkout, which may be read-only
	mkdir -p "$tree"
	find "$tree" -type f ! -name '*.o' ! -name .built_for -delete
	tar -C "$top" -c --mode=u+w --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
		Makefile customer_tier.control src sql expected test |
		tar -C "$tree" -x --no-same-owner
	local lib share
	lib=$("$pg_config" --pkglibdir)
	share=$("$pg_config" --sharedir)
	mkdir -p "$root$bindir" "$root$lib" "$root$share"
	cp -a "$bindir/." "$root$bindir"
	# programs are copied and the rest linked; the directory of extensions must be our own
	ln -s "$lib"/* "$root$lib"
	ln -s "$share"/* "$root$share"
	rm -f "$root$share/extension"
	cp -as "$share/extension" "$root$share/extension"
	rm -f "$root$lib"/customer_tier.so "$root$share"/extension/customer_tier*
	make -s -j "$(nproc)" --no-print-directory -C "$tree" PG_CONFIG="$pg_config" with_llvm=no all
	make -s --no-print-directory -C "$tree" PG_CONFIG="$pg_config" with_llvm=no DESTDIR="$root" install >/dev/null
	bindir=$root$bindir
}

# start_server [SETTING...]: creates a cluster in $dir, with initdb_options, and starts it
start_server() {
	export PGHOST=$dir PGUSER=postgres PGPORT=5432
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

# stop_server [DIRECTORY]: stops the server in DIRECTORY, by default $dir
stop_server() {
	local in=${1:-$dir} pid i
	[ -f "$in/data/postmaster.pid" ] || return 0
	pid=$(head -n 1 "$in/data/postmaster.pid")
	# fast shutdown, then immediate; after a crash the process number may belong to another program
	for ((i = 0; i < 300; i++)); do
		grep -qsF "$in/data" "/proc/$pid/cmdline" || break
		[ "$i" != 0 ] || kill -INT "$pid" 2>/dev/null || true
		[ "$i" != 100 ] || kill -QUIT "$pid" 2>/dev/null || true
		sleep 0.1
	done
}
