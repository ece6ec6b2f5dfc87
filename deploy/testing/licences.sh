#!/bin/sh
# Checks the licence of every Go module that is linked into the program, and
# fails on any that is not on the list below: no GPL or AGPL code in the binary.
# With -update it writes the list of them to docs/licences.csv, which has to be
# up to date.
set -eu
cd "$(dirname "$0")/../.."
allowed="Apache-2.0,BSD-2-Clause,BSD-3-Clause,ISC,MIT,MPL-2.0,Unlicense,CC0-1.0,EUPL-1.2,Zlib,BSL-1.0,0BSD"
# Licences that the classifier does not recognise and a person has read.
by_hand='s/^modernc.org\/mathutil,Unknown$/modernc.org\/mathutil,BSD-3-Clause/'
report=$(mktemp)
trap 'rm -f "$report"' EXIT
.cache/tools/go-licenses report ./cmd/blattwerk --ignore blattwerk 2>/dev/null | awk -F, '{print $1 "," $3}' |
	sed "$by_hand" | sort >"$report"
[ "$(wc -l <"$report")" -gt 20 ] || {
	echo "the licence report is too short to be true" >&2
	exit 1
}
bad=$(awk -F, -v allowed="$allowed" 'BEGIN {n = split(allowed, a, ","); for (i = 1; i <= n; i++) ok[a[i]] = 1} !($2 in ok)' "$report")
[ -z "$bad" ] || {
	echo "licences that are not on the list:" >&2
	echo "$bad" >&2
	exit 1
}
if [ "${1:-}" = -update ]; then
	cp "$report" docs/licences.csv
fi
diff -u docs/licences.csv "$report" || {
	echo "run deploy/testing/licences.sh -update" >&2
	exit 1
}
