# shellcheck shell=bash
# Functions that the benchmarks share: the private server, medians, and a table of ratios.

# shellcheck source=../scripts/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../scripts/lib.sh"

sql() { "$bindir/psql" -X -q -v ON_ERROR_STOP=1 -d bench "$@"; }

median() {
	tr ' ' '\n' <<<"${1# }" | sort -n |
		awk '{ t[NR] = $1 } END { print (t[int((NR + 1) / 2)] + t[int(NR / 2) + 1]) / 2 }'
}

show() { printf '%-52s %10s %10s %7s %7s  %s\n' "$@"; }

# result TITLE OURS OTHER GOAL
result() {
	awk -v ours="$2" -v other="$3" -v goal="$4" 'BEGIN {
		ratio = ours / other
		printf "%.0f\t%.0f\t%.3f\t%s\n", ours, other, ratio,
			goal == "-" ? "" : ratio <= goal ? "met" : "not met" }' |
	while IFS=$'\t' read -r ours other ratio met; do
		show "$1" "$ours" "$other" "$ratio" "$4" "$met"
	done
}
